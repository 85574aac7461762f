"""Readings of a day as bubbles: what is ordinary, and what is odd on purpose. The bands are those of NEWS2 for the
respiration rate (Royal College of Physicians, 2017, chart 1)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from webapp.figures import SUPPRESSED, Cell, Chart, Column, Table, Zone
from webapp.gallery.case import Case

ZONES = (Zone(None, 8.5, 3), Zone(8.5, 11.5, 1), Zone(11.5, 20.5, 0), Zone(20.5, 24.5, 2), Zone(24.5, None, 3))
_FIRST = datetime(2026, 11, 21, 2, tzinfo=UTC)
_RATES = (16, 17, 18, 19, 21, 22, 25, 24, 20, 11, 8, 14)

Readings = Sequence[tuple[str, Cell, Cell]]


def cases() -> list[Case]:
    """All of them, the ordinary first."""
    return [
        _case("Ordinary", _every(2)),
        _case("Nothing", ()),
        _case("Nothing known", [(moment, None, None) for moment, *_ in _every(2)]),
        _case("One reading", _every(2)[:1]),
        _case("All equal", [(moment, 18, 0) for moment, *_ in _every(2)]),
        _case("Several days", _every(9)),
        _case("Over midnight", _every(1, _FIRST + timedelta(hours=17))),
        _case("A month", _every(24 * 3)),
        _case("Days without a time", [(moment[:10], value, grade) for moment, value, grade in _every(24)]),
        _case("At one moment", [(_every(2)[0][0], value, grade) for _, value, grade in _every(2)]),
        _case("Gaps", [(at, None if n % 3 == 1 else value, grade) for n, (at, value, grade) in enumerate(_every(2))]),
        _case("Not graded", [(moment, value, None) for moment, value, _ in _every(2)]),
        _case("Withheld", [(at, SUPPRESSED if n == 3 else value, g) for n, (at, value, g) in enumerate(_every(2))]),
        _case("Far out", [*_every(2), (_moment(_FIRST + timedelta(hours=20)), 400, 3)]),
        _case("Below zero", [(moment, -int(str(value)), grade) for moment, value, grade in _every(2)]),
        _case("Two hundred", [(_moment(_FIRST + timedelta(minutes=6 * at)), *_graded(at)) for at in range(200)]),
        _case("Without bands", _every(2), ()),
        _case("Without grades", _every(2), (), ("value",)),
    ]


def _case(
    name: str, readings: Readings, zones: tuple[Zone, ...] = ZONES, series: tuple[str, ...] = ("value", "points")
) -> Case:
    columns = (
        Column("at", "Time", "moment"),
        Column("value", "Respiration", "number", "per minute"),
        Column("points", "Points for respiration", "number"),
    )
    table = Table("table", name, columns, tuple(readings))
    subtitle = "Invented readings; number and area: points; shaded: 0 points"
    return Case(name, Chart("chart", "bubble", name, subtitle, "table", "at", series, zones=zones), table)


def _every(hours: int, first: datetime = _FIRST) -> list[tuple[str, Cell, Cell]]:
    return [(_moment(first + timedelta(hours=hours * at)), *_graded(at)) for at in range(len(_RATES))]


def _graded(at: int) -> tuple[int, int]:
    value = _RATES[at % len(_RATES)]
    return value, next(zone.grade for zone in ZONES if zone.high is None or value < zone.high)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}+08:00"
