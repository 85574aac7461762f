"""When people come: weekdays, hours and days, and the peaks among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from webapp import words
from webapp.content import findings, periods
from webapp.content.counting import Conditions
from webapp.content.question import Question
from webapp.figures import Cell, Chart, Column, Table
from webapp.models import Visit

Hours = dict[tuple[int, int], int]
"""Visits by ISO weekday and hour of the day, in order; hours without visits are absent."""

PARTS = ("night", "morning", "afternoon", "evening")
"""Quarters of the day, from midnight."""

CLOSE = 0.95
"""A part of the week with at least this share of the visits of the highest is named beside it."""


@dataclass(frozen=True, slots=True)
class Day:
    """The day with the most visits: the first of the `tied` that share it."""

    first: date
    tied: int
    visits: int


@dataclass(frozen=True, slots=True)
class Busiest:
    """The weekday hour with the most visits: the first of the `tied` that share it. `times` is against the average
    weekday hour with visits."""

    weekday: int
    hour: int
    tied: int
    visits: int
    times: float

    @property
    def short(self) -> str:
        return f"{words.WEEKDAYS[self.weekday - 1][:3]} {self.hour}:00"

    @property
    def long(self) -> str:
        return f"{words.WEEKDAYS[self.weekday - 1]} {self.hour}:00"

    @property
    def note(self) -> str:
        told = words.plural(self.visits, "visit")
        if self.tied > 1:
            return f"{told}, as in {words.plural(self.tied - 1, 'other hour')}"
        return f"{told}, {self._against_average}" if self._against_average else told

    @property
    def sentence(self) -> str:
        if self.tied > 1:
            named = findings.first_and_more(self.long, self.tied)
            return f"The busiest hours were {named}, with {words.plural(self.visits, 'visit')} each."
        average = f", {self._against_average}" if self._against_average else ""
        return f"The busiest hour was {self.long}, with {words.plural(self.visits, 'visit')}{average}."

    @property
    def _against_average(self) -> str:
        return f"{words.number(self.times, 1)} times the average hour" if self.times > 1 else ""


def hours(connection: Connection, conditions: Conditions) -> Hours:
    """Other systems may give the day of a visit alone: those have no hour and are not here."""
    place = (Visit.local_weekday, Visit.local_hour)
    known = Visit.local_hour.is_not(None)
    query = select(func.count().label("visits"), *place).where(known, *conditions).group_by(*place).order_by(*place)
    return {(row.local_weekday, row.local_hour): row.visits for row in connection.execute(query)}


def busiest_day(connection: Connection, conditions: Conditions) -> Day | None:
    days = (
        select(Visit.local_day.label("day"), func.count().label("visits"))
        .where(*conditions)
        .group_by(Visit.local_day)
        .cte("days")
    )
    most = select(func.max(days.c.visits)).scalar_subquery()
    top = select(func.min(days.c.day), func.count(), func.max(days.c.visits)).where(days.c.visits == most)
    first, tied, visits = connection.execute(top).one()
    return Day(first, tied, visits) if first else None


def busiest_hour(counts: Hours) -> Busiest | None:
    if not counts:
        return None
    most = max(counts.values())
    tied = [place for place, visits in counts.items() if visits == most]
    times = findings.ratio(most * len(counts), sum(counts.values())) or 0.0
    return Busiest(*tied[0], len(tied), most, times)


def _open_hours(counts: Hours) -> range:
    return range(min(hour for _, hour in counts), max(hour for _, hour in counts) + 1)


def _open_weekdays(counts: Hours) -> list[int]:
    return sorted({weekday for weekday, _ in counts})


def hours_table(counts: Hours, noun: str, without_hour: int) -> Table:
    shown = _open_hours(counts)
    rows: list[tuple[Cell, ...]] = [
        (words.WEEKDAYS[weekday - 1], *(counts.get((weekday, hour), 0) for hour in shown))
        for weekday in _open_weekdays(counts)
    ]
    total: tuple[Cell, ...] = (
        "All days",
        *(sum(visits for (_, at), visits in counts.items() if at == hour) for hour in shown),
    )
    columns = (Column("weekday", "Weekday"), *(Column(f"h{hour:02}", f"{hour}:00", "count") for hour in shown))
    they = "of which only the day is recorded is" if without_hour == 1 else "of which only the day is recorded are"
    note = f"{words.plural(without_hour, 'visit')} {they} not in this table." if without_hour else ""
    return Table("hours", f"{noun} by weekday and hour", columns, tuple(rows), total, note)


def heat_map(counts: Hours, question: Question, noun: str, without_hour: int) -> Chart:
    return Chart(
        "hours",
        "heat",
        _heat_title(counts, is_one_week=(question.end - question.start).days < 7, is_all=not without_hour),
        f"{noun} by weekday and hour, {periods.label(question.start, question.end)}",
        "hours",
        "weekday",
        tuple(f"h{hour:02}" for hour in _open_hours(counts)),
    )


def _heat_title(counts: Hours, is_one_week: bool, is_all: bool) -> str:
    """Names the part of the week with the most visits, and another that is CLOSE to it. Where more are, or where the
    busiest hour, which the headline tells, lies in neither, it names that hour. A period of a week or less has one
    Monday morning, a longer one has several. `is_all` when no visit is without an hour."""
    parts: dict[tuple[int, int], int] = {}
    for (weekday, hour), visits in counts.items():
        parts[weekday, hour // 6] = parts.get((weekday, hour // 6), 0) + visits
    if is_all and sum(counts.values()) == 1:
        return f"The only visit came on a {_named([*parts], True)}"
    if is_all and len(parts) == 1:
        return f"All visits came on {_named([*parts], is_one_week)}"
    top = [part for part, visits in parts.items() if visits >= CLOSE * max(parts.values())]
    peaks = {(weekday, hour // 6) for (weekday, hour), visits in counts.items() if visits == max(counts.values())}
    if len(top) <= findings.MOST_NAMED and peaks.intersection(top):
        be = "was" if is_one_week and len(top) == 1 else "were"
        return f"{_named(top, is_one_week)} {be} the busiest"
    busiest = busiest_hour(counts)
    return f"{busiest.long} was the busiest hour" if busiest and busiest.tied == 1 else "No single time stood out"


def _named(parts: Sequence[tuple[int, int]], is_one_week: bool) -> str:
    """One or two parts of the week: "Monday mornings", "Monday and Tuesday mornings", "Monday mornings and
    afternoons"."""
    ending = "" if is_one_week else "s"
    days = [words.WEEKDAYS[weekday - 1] for weekday, _ in parts]
    times = [f"{PARTS[quarter]}{ending}" for _, quarter in parts]
    if len(parts) == 2 and times[0] == times[1]:
        return f"{days[0]} and {days[1]} {PARTS[parts[0][1]]}s"
    if len(parts) == 2 and days[0] == days[1]:
        return f"{days[0]} {times[0]} and {times[1]}"
    return words.listed([f"{day} {time}" for day, time in zip(days, times, strict=True)])


def peaks_table(
    counts: Hours, weekdays: Mapping[str, int], day: Day | None, days: int, months: Mapping[str, int]
) -> Table:
    """The highest hour, weekday, day and month. `weekdays` and `months` hold the visits of each in the period, `days`
    is on how many days there were visits; fewer than two months make no peak."""
    rows: list[tuple[Cell, ...]] = []
    hour = busiest_hour(counts)
    if hour:
        rows.append(("Hour of the week", findings.first_and_more(hour.long, hour.tied), hour.visits, hour.times))
    rows.append(_peak("Weekday", weekdays, sum(1 for visits in weekdays.values() if visits)))
    if day:
        times = findings.ratio(day.visits * days, sum(weekdays.values()))
        rows.append(("Day", findings.first_and_more(words.day(day.first), day.tied), day.visits, times))
    if len(months) > 1:
        rows.append(
            _peak("Month", {words.month(key, short=False): found for key, found in months.items()}, len(months))
        )
    columns = (
        Column("peak", "Busiest"),
        Column("when", "When"),
        Column("visits", "Visits", "count"),
        Column("times", "Times the average", "number", decimals=1),
    )
    return Table("peaks", "Peaks", columns, tuple(rows))


def _peak(name: str, counts: Mapping[str, int], among: int) -> tuple[Cell, ...]:
    """The row of the highest; the average is over `among` of them."""
    top = findings.leaders(counts)
    most = counts[top[0]]
    named = words.listed(top) if len(top) <= findings.MOST_NAMED else findings.first_and_more(top[0], len(top))
    return name, named, most, findings.ratio(most * among, sum(counts.values()))
