"""The tables of a patient: readings of the sheet, and the days before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from webapp import words
from webapp.content.daily_patients.cases import ON_RECORD, Case, Rated
from webapp.content.vitals.bands import NEWS2, OXYGEN
from webapp.content.vitals.daily import ACVPU, CONSCIOUSNESS, DECIMALS, GLUCOSE, OXYGEN_GIVEN, WEIGHT
from webapp.figures import Cell, Column, Kind, Table

READINGS, DAYS = "readings", "days"
FLOW, LEVEL = "oxygen_flow", "consciousness_level"
NO_TIME = "time not known"
EXTRAS = (GLUCOSE, WEIGHT)
"""Measures that are no part of NEWS2: shown where there are any."""


@dataclass(frozen=True, slots=True)
class _Part:
    column: Column
    cell: Callable[[Rated], Cell]


def _value(name: str, label: str, unit: str) -> _Part:
    column = Column(name, label, "number", unit, DECIMALS.get(name, 0))
    return _Part(column, lambda one: one.readings.values.get(name))


def _points(name: str, label: str) -> _Part:
    return _Part(Column(f"{name}_points", f"Points for {label}", "number"), lambda one: one.score.points[name])


def given(one: Rated) -> Cell:
    """ "air", "oxygen", "oxygen, 2 L/min"."""
    word, flow = one.readings.oxygen_given, one.readings.flow
    return f"{word}, {words.number(flow, int(flow % 1 > 0))} L/min" if word and flow else word


def _remark(one: Rated, scale: int) -> Cell:
    """`scale` is that of the latest oxygen saturation: of another it is said."""
    told = [
        "" if one.readings.is_of_sheet else ON_RECORD,
        NO_TIME if one.readings.moment is None else "",
        f"SpO2 by scale {one.scale}" if is_of_other_scale(one, scale) else "",
    ]
    return "; ".join(filter(None, [*told, *one.readings.remarks])) or None


def is_of_other_scale(one: Rated, scale: int) -> bool:
    return one.scale not in (None, scale) and one.score.points[OXYGEN.name] is not None


def _level(one: Rated) -> Cell:
    word = one.readings.consciousness
    return None if word is None else ACVPU.index(word)


_FIRST = (
    _Part(Column("at", "Time", "moment"), lambda one: one.at),
    _value("respiration", "Respiration", "per minute"),
    _points("respiration", "respiration"),
    _value("oxygen", "Oxygen saturation", "%"),
    _points("oxygen", "oxygen saturation"),
    _Part(Column(OXYGEN_GIVEN, "Air or oxygen"), given),
    _points(OXYGEN_GIVEN, "oxygen given"),
    _value("systolic", "Systolic pressure", "mm Hg"),
    _value("diastolic", "Diastolic pressure", "mm Hg"),
    _points("systolic", "systolic pressure"),
    _value("pulse", "Pulse", "per minute"),
    _points("pulse", "pulse"),
    _value("temperature", "Temperature", "°C"),
    _points("temperature", "temperature"),
    _Part(Column(CONSCIOUSNESS, "Consciousness"), lambda one: one.readings.consciousness),
    _points(CONSCIOUSNESS, "consciousness"),
)
_SCORE = _Part(Column("score", "NEWS2", "number"), lambda one: one.score.total)
_CHOSEN = {
    OXYGEN_GIVEN: _Part(Column(FLOW, "Oxygen flow", "number", "L/min", 1), lambda one: one.readings.flow),
    CONSCIOUSNESS: _Part(Column(LEVEL, "Level of consciousness", "number"), _level),
}
"""Columns that only a chart needs which the clinic has chosen."""

_EXTRAS = tuple(_value(measure.name, measure.label, measure.unit) for measure in EXTRAS)


def readings(case: Case, more_charts: tuple[str, ...], zone: str) -> Table:
    """A row for each set that is shown, the latest last."""
    optional = [*_EXTRAS, *(part for name, part in _CHOSEN.items() if name in more_charts)]
    some = [part for part in optional if any(part.cell(one) is not None for one in case.shown)]
    remark = _Part(Column("remark", "Remark"), lambda one: _remark(one, case.scale))
    parts = (*_FIRST, *some, _SCORE, remark)
    days = words.dates(case.shown[0].readings.day, case.shown[-1].readings.day)
    return Table(
        READINGS,
        "Readings",
        tuple(part.column for part in parts),
        tuple(tuple(part.cell(one) for part in parts) for one in case.shown),
        note=f"{days}, {words.city(zone)} time",
    )


def cells(table: Table, key: str) -> list[Cell]:
    """A column of it; nothing where it has none of that key."""
    place = next((at for at, column in enumerate(table.columns) if column.key == key), None)
    return [] if place is None else [row[place] for row in table.rows]


_OF_A_DAY: tuple[tuple[str, str, Kind], ...] = (
    ("day", "Day", "day"), ("readings", "Readings", "count"), ("highest", "Highest NEWS2", "number"),
    ("respiration", "Respiration", "text"), ("oxygen", "Oxygen saturation", "text"),
    ("systolic", "Systolic pressure", "text"), ("pulse", "Pulse", "text"), ("temperature", "Temperature", "text"),
)  # fmt: skip


def days(case: Case) -> Table | None:
    """A row for each of the days before the sheet's first one of the patient that has readings on record."""
    if not case.before:
        return None
    rows = tuple(_of_a_day(day, list(those)) for day, those in groupby(case.before, key=lambda one: one.readings.day))
    columns = tuple(Column(key, label, kind) for key, label, kind in _OF_A_DAY)
    return Table(DAYS, "Days before", columns, rows, note="Readings on record, from the lowest to the highest")


def _of_a_day(day: date, those: list[Rated]) -> tuple[Cell, ...]:
    totals = [one.score.total for one in those if one.score.total is not None]
    spans = (_span([one.readings.values.get(sign.name) for one in those], sign.name) for sign in NEWS2)
    return (day.isoformat(), len(those), max(totals, default=None), *spans)


def _span(values: list[int | float | None], name: str) -> Cell:
    """ "16–18", "36.6" where all are the same."""
    known = [value for value in values if value is not None]
    ends = [words.number(end, DECIMALS.get(name, 0)) for end in (min(known), max(known))] if known else []
    return "–".join(dict.fromkeys(ends)) or None
