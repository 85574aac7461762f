"""When people come: weekdays, hours and days, and the peaks among them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from webapp import words
from webapp.content import findings, periods
from webapp.content.question import Question
from webapp.content.visit_trends.tallies import Tally
from webapp.figures import Cell, Chart, Column, Table

Hours = dict[tuple[int, int], int]
"""Visits by ISO weekday and hour of the day, in order; hours without visits are absent."""

PARTS = ("night", "morning", "afternoon", "evening")
"""Quarters of the day, from midnight."""

CLOSE = 0.95
"""A part of the week with at least this share of the visits of the highest is named beside it."""


@dataclass(frozen=True, slots=True)
class Day:
    """The days with the most visits: how many are `tied`, the first of them and the last."""

    first: date
    last: date
    tied: int
    visits: int


@dataclass(frozen=True, slots=True)
class Busiest:
    """The one or two weekday hours, as ISO weekday and hour, with the most visits. `times` is against the average
    weekday hour with visits."""

    places: tuple[tuple[int, int], ...]
    visits: int
    times: float

    @property
    def short(self) -> str:
        """ "Mon 9:00", "Tue 9:00 and 14:00"."""
        return _placed(self.places, 3)

    @property
    def long(self) -> str:
        """ "Monday 9:00", "Tuesday 9:00 and 14:00"."""
        return _placed(self.places)

    @property
    def note(self) -> str:
        """What the hour had: "22 visits, 2.8 times the average hour"."""
        return f"{words.plural(self.visits, 'visit')}{' each' if len(self.places) > 1 else ''}{self._against_average}"

    @property
    def sentence(self) -> str:
        hour_was = "hour was" if len(self.places) == 1 else "hours were"
        comma = "," if len(self.places) == 1 else ""
        return f"The busiest {hour_was} {self.long}{comma} with {self.note}."

    @property
    def _against_average(self) -> str:
        return f", {words.number(self.times, 1)} times the average hour" if self.times > 1 else ""


def _placed(places: Sequence[tuple[int, int]], letters: int | None = None) -> str:
    """One hour or two, with so many letters of the weekday: "Monday and Tuesday 9:00", "Monday 9:00 and 14:00"."""
    days = list(dict.fromkeys(words.WEEKDAYS[weekday - 1][:letters] for weekday, _ in places))
    times = list(dict.fromkeys(f"{hour}:00" for _, hour in places))
    if len(days) == 1 or len(times) == 1:
        return f"{words.listed(days)} {words.listed(times)}"
    return words.listed([f"{words.WEEKDAYS[weekday - 1][:letters]} {hour}:00" for weekday, hour in places])


def hours(tallies: Iterable[Tally]) -> Hours:
    """Other systems may give the day of a visit alone: those have no hour and are not here."""
    found: dict[tuple[int, int], int] = defaultdict(int)
    for tally in tallies:
        if tally.hour is not None:
            found[tally.day.isoweekday(), tally.hour] += tally.visits
    return dict(sorted(found.items()))


def busiest_day(tallies: Iterable[Tally]) -> Day | None:
    found: dict[date, int] = defaultdict(int)
    for tally in tallies:
        found[tally.day] += tally.visits
    most = max(found.values(), default=0)
    tied = [day for day, visits in found.items() if visits == most]
    return Day(min(tied), max(tied), len(tied), most) if tied else None


def busiest_hour(counts: Hours) -> Busiest | None:
    """None where no hour stands out: more than two are tied, or none has a second visit."""
    most = max(counts.values(), default=0)
    tied = tuple(place for place, visits in counts.items() if visits == most)
    if most < 2 or len(tied) > findings.MOST_NAMED:
        return None
    return Busiest(tied, most, findings.ratio(most * len(counts), sum(counts.values())) or 0.0)


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
    known = "" if is_all else " of known hour"
    if sum(counts.values()) == 1:
        return f"The only visit{known} came on a {_named([*parts], True)}"
    top = [part for part, visits in parts.items() if visits >= CLOSE * max(parts.values())]
    if len(top) == len(parts) <= findings.MOST_NAMED:
        return f"All visits{known} came on {_named(top, is_one_week)}"
    peaks = {(weekday, hour // 6) for (weekday, hour), visits in counts.items() if visits == max(counts.values())}
    if len(top) <= findings.MOST_NAMED and peaks.intersection(top):
        be = "was" if is_one_week and len(top) == 1 else "were"
        return f"{_named(top, is_one_week)} {be} the busiest"
    busiest = busiest_hour(counts)
    is_one = busiest and len(busiest.places) == 1
    return f"{busiest.long} was the busiest hour" if busiest and is_one else "No single time stood out"


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
) -> Table | None:
    """The highest hour, weekday, day and month, of those that stand out; None where none does. `weekdays` and `months`
    hold the visits of each in the period, `days` is on how many days there were visits."""
    peaks: list[tuple[Cell, ...] | None] = []
    hour = busiest_hour(counts)
    if hour and len(hour.places) < len(counts):
        peaks.append(("Hour of the week", hour.long, hour.visits, hour.times))
    peaks.append(_peak("Weekday", {name: visits for name, visits in weekdays.items() if visits}))
    if day and day.visits > 1 and day.tied <= findings.MOST_NAMED and day.tied < days:
        named = words.listed(list(dict.fromkeys((words.day(day.first), words.day(day.last)))))
        peaks.append(("Day", named, day.visits, findings.ratio(day.visits * days, sum(weekdays.values()))))
    peaks.append(_peak("Month", {words.month(key, short=False): visits for key, visits in months.items()}))
    rows = tuple(row for row in peaks if row)
    columns = (
        Column("peak", "Busiest"),
        Column("when", "When"),
        Column("visits", "Visits", "count"),
        Column("times", "Times the average", "number", decimals=1),
    )
    return Table("peaks", "Peaks", columns, rows) if rows else None


def _peak(name: str, counts: Mapping[str, int]) -> tuple[Cell, ...] | None:
    """The row of the highest, one or two; None where none stands out: all or more are tied, or none has a second visit.
    The average is over all that are given."""
    top = findings.leaders(counts)
    if len(top) == len(counts) or len(top) > findings.MOST_NAMED or counts[top[0]] < 2:
        return None
    return name, words.listed(top), counts[top[0]], findings.ratio(counts[top[0]] * len(counts), sum(counts.values()))
