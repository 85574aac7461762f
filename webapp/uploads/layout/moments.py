"""When the readings of a row were taken."""

from dataclasses import dataclass
from datetime import date, datetime, time, timezone

from webapp.uploads.drafts import Outcome
from webapp.uploads.layout import text
from webapp.uploads.layout.dates import day_of, on_the_clock, stamp
from webapp.uploads.layout.numbers import Unread, is_absent
from webapp.uploads.layout.plan import Plan
from webapp.uploads.layout.readers import UNCOUNTED
from webapp.uploads.layout.rows import Row
from webapp.uploads.workbook import Cell

At = datetime | date | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is wrong with a moment: a drafts.Fault without its row."""

    column: int | None
    kind: str
    given: str
    reason: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Found:
    at: At
    doubts: tuple[Doubt, ...] = ()


class Moments:
    """Reads when a group of columns was measured, row by row, on the clinic's clock."""

    def __init__(self, plan: Plan, group: str, zone: str, today: date) -> None:
        clocks = plan.clocks(group)
        day = clocks.get("moment") or clocks.get("day")
        self._zone, self._today = zone, today
        self._day = None if day is None else day.index
        self._keeps_time = "moment" in clocks
        self._is_said_first = plan.is_said_first(group)
        self._time = clocks["time"].index if "time" in clocks and not self._is_said_first else None
        self._order = plan.orders[day.index].order if day is not None else ""
        self._uncounted = plan.sheet.uncounted
        self._said_day, self._said_time = _said(plan, group)
        self._known: dict[tuple[type, Cell, type, Cell], Found] = {}

    def read(self, at: int, row: Row) -> Found:
        day = None if self._day is None else row[self._day]
        clock = None if self._time is None else row[self._time]
        if self._uncounted:
            for column in (self._day, self._time):
                if column is not None and (at, column) in self._uncounted:
                    outcome: Outcome = "rows left out"
                    return Found(None, (Doubt(column, UNCOUNTED.kind, "", UNCOUNTED.reason, outcome),))
        place = (day.__class__, day, clock.__class__, clock)
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = self._moment(day, clock)
        return found

    def _moment(self, day_cell: Cell, time_cell: Cell) -> Found:
        day, at, zone = self._said_day, self._said_time, None
        if self._day is not None:
            found = self._stamped(day_cell)
            if isinstance(found, Unread):
                return self._left_out(self._day, day_cell, found.reason)
            day, at, zone = found
            if at is None or self._is_said_first:
                at, zone = self._said_time, None
        if day is None:
            return self._left_out(self._time, time_cell, "The date is not known.")
        if self._time is not None and not (time_cell is None or is_absent(time_cell)):
            clock = stamp(time_cell, of_day=True)
            if isinstance(clock, Unread) or clock.at is None:
                reason = "This cannot be read as a time of day; the day alone is used."
                given = text.shown(time_cell)
                return Found(day, (Doubt(self._time, "time cannot be read", given, reason, "value left out"),))
            at, zone = clock.at, clock.zone
        if at is None:
            return Found(day)
        return self._on_the_clock(day, at, zone, day_cell if self._time is None else time_cell)

    def _on_the_clock(self, day: date, at: time, zone: timezone | None, cell: Cell) -> Found:
        column = self._day if self._time is None else self._time
        moment, noted = on_the_clock(day, at, zone, self._zone)
        if isinstance(moment, Unread):
            return self._left_out(column, cell, moment.reason)
        if noted:
            return Found(moment, (Doubt(column, "time came twice", text.shown(cell), noted, "noted"),))
        return Found(moment)

    def _stamped(self, cell: Cell) -> tuple[date, time | None, timezone | None] | Unread:
        if cell is None or is_absent(cell):
            return Unread("The date is missing.")
        found = stamp(cell)
        if isinstance(found, Unread):
            return found
        if not found.has_day:
            return Unread("The date is missing.")
        if found.precision != "day":
            return Unread("The day is missing.")
        day = day_of(found, self._order, self._today, in_the_past=False)
        if isinstance(day, Unread):
            return day
        midnight = found.at == time() and not self._keeps_time
        return day, None if midnight else found.at, found.zone

    def _left_out(self, column: int | None, cell: Cell, reason: str) -> Found:
        return Found(None, (Doubt(column, "date cannot be read", text.shown(cell), reason, "rows left out"),))


def _said(plan: Plan, group: str) -> tuple[date | None, time | None]:
    """The day and time of a group that the sheet does not tell row by row."""
    day, at = plan.answers.days.get(group), plan.answers.times.get(group)
    heading = plan.in_heading(group)
    return (date.fromisoformat(day) if day else heading.day), (time.fromisoformat(at) if at else heading.at)
