"""Whether patients came back when they should have: follow-ups as they stood on the last day of a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection

from webapp import words
from webapp.content import findings, periods, sources
from webapp.content.columns import DAY, NO_DAY, Columns, Mask, looked_up
from webapp.content.counting import Conditions
from webapp.content.filters import Filter
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Chart, Column, Definition, Section, Table
from webapp.models import Patient

DELAYS: dict[str, int | None] = {
    "1 to 7 days": 7, "8 to 30 days": 30, "31 to 90 days": 90, "91 to 365 days": 365, "More than 365 days": None,
}  # fmt: skip
"""How long follow-ups are overdue: names and the most days."""
_MOST_DAYS = [most for most in DELAYS.values() if most is not None]

DEFINITION = Definition(
    "Follow-ups",
    "Due are those whose day due, as the treatment's record gives it, lies in the period. They are told as they stood "
    "at the end of the period's last day: what was done later was not done yet. Done on time: by the day due, or "
    "before. Late: after it. Overdue: not done, and the day due is before the last day; those due on that day are not "
    "yet overdue. Overdue in all counts those due before the period too. What was not done of a patient who has died "
    "by the last day is left out.",
)


@dataclass(frozen=True, slots=True)
class FollowUps:
    """`on_time`, `late`, `open` and `overdue` are those due in the period; `open` are due on its last day. `delays`
    are all that are overdue, by DELAYS. `recorded` are all that were ever due by the last day."""

    on_time: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0
    delays: tuple[int, ...] = (0,) * len(DELAYS)
    recorded: int = 0

    @property
    def due(self) -> int:
        return self.on_time + self.late + self.open + self.overdue

    @property
    def done(self) -> int:
        return self.on_time + self.late

    @property
    def overdue_in_all(self) -> int:
        return sum(self.delays)


def ask(
    connection: Connection, question: Question, about: tuple[Filter, ...], asked: Sequence[Period]
) -> list[FollowUps]:
    """As they stood at the end of each of those periods."""
    ever = date.min, max(end for _, end in asked)
    due = sources.treatments(connection, question, about, ever, DAY, "done", "patient", source=sources.FOLLOW_UPS)
    is_dead: Conditions = [Patient.deceased_on.is_not(None)]
    people = sources.PATIENTS.read(connection, question.clinic_id, ("patient", "died"), wanted=is_dead)
    died = looked_up(due["patient"], people["patient"], people["died"], NO_DAY)
    return [_as_they_stood(due.having(died=died), period) for period in asked]


def _as_they_stood(due: Columns, period: Period) -> FollowUps:
    start, end = (day.toordinal() for day in period)

    def has_happened(name: str) -> Mask:
        return (due[name] != NO_DAY) & (due[name] <= end)

    is_done = has_happened("done")
    is_recorded = (due[DAY] <= end) & (is_done | ~has_happened("died"))
    is_overdue = is_recorded & ~is_done & (due[DAY] < end)
    is_meant = is_recorded & (due[DAY] >= start)
    is_late = due["done"] > due[DAY]
    delays = np.searchsorted(_MOST_DAYS, end - due[DAY][is_overdue])
    return FollowUps(
        on_time=int((is_meant & is_done & ~is_late).sum()),
        late=int((is_meant & is_done & is_late).sum()),
        open=int((is_meant & ~is_done & ~is_overdue).sum()),
        overdue=int((is_meant & is_overdue).sum()),
        delays=tuple(np.bincount(delays, minlength=len(DELAYS)).tolist()),
        recorded=int(is_recorded.sum()),
    )


def section(follow_ups: FollowUps, period: Period) -> Section | None:
    if not (follow_ups.due or follow_ups.overdue_in_all):
        return None
    end = words.day(period[1])
    charts, tables = [], []
    if follow_ups.due:
        tables.append(_due_table(follow_ups))
        subtitle = f"Follow-ups due {periods.within(*period)}, as they stood on {end}"
        charts.append(Chart("follow_ups", "bar", _due_title(follow_ups), subtitle, "follow_ups", "state", ("count",)))
    if follow_ups.overdue_in_all:
        tables.append(_delays_table(follow_ups))
        subtitle = f"All follow-ups overdue on {end}, by days since they were due"
        charts.append(Chart("delays", "bar", _delays_title(follow_ups), subtitle, "delays", "delay", ("count",)))
    return Section("follow_ups", "Follow-ups", tuple(charts), tuple(tables))


def _due_table(follow_ups: FollowUps) -> Table:
    states = {"Done on time": follow_ups.on_time, "Done late": follow_ups.late}
    if follow_ups.open:
        states["Not yet overdue"] = follow_ups.open
    states["Overdue"] = follow_ups.overdue
    columns = (
        Column("state", "State"), Column("count", "Follow-ups", "count"),
        Column("share", "Share", "percent", decimals=1),
    )  # fmt: skip
    rows = tuple((state, count, findings.share(count, follow_ups.due)) for state, count in states.items())
    return Table("follow_ups", "Follow-ups due in the period", columns, rows, ("All due", follow_ups.due, 100.0))


def _due_title(follow_ups: FollowUps) -> str:
    due, done = follow_ups.due, follow_ups.done
    if done == due:
        return "Every follow-up due was done" if due > 1 else "The one follow-up due was done"
    if not done:
        return "No follow-up due was done" if due > 1 else "The one follow-up due was not done"
    overdue = follow_ups.overdue
    return f"{words.number(overdue)} of {words.number(due)} follow-ups due {'is' if overdue == 1 else 'are'} overdue"


def _delays_table(follow_ups: FollowUps) -> Table:
    everything = follow_ups.overdue_in_all
    columns = (
        Column("delay", "Overdue for"), Column("count", "Follow-ups", "count"),
        Column("share", "Share", "percent", decimals=1),
    )  # fmt: skip
    rows = tuple(
        (delay, count, findings.share(count, everything))
        for delay, count in zip(DELAYS, follow_ups.delays, strict=True)
    )
    return Table("delays", "Overdue in all, by how long", columns, rows, ("All overdue", everything, 100.0))


def _delays_title(follow_ups: FollowUps) -> str:
    top = findings.leaders(dict(zip(DELAYS, follow_ups.delays, strict=True)))
    one = follow_ups.overdue_in_all == 1
    told = f"{words.plural(follow_ups.overdue_in_all, 'follow-up')} {'is' if one else 'are'} overdue"
    delay = f"{top[0][0].lower()}{top[0][1:]}"
    return f"{told}, {'' if one else 'most often '}for {delay}" if len(top) == 1 else told


def sentences(follow_ups: FollowUps, period: Period) -> list[str]:
    """What a summary says of them."""
    if not (follow_ups.due or follow_ups.overdue_in_all):
        return []
    told = []
    if follow_ups.due:
        due, be = words.plural(follow_ups.due, "follow-up"), "was" if follow_ups.due == 1 else "were"
        states = [f"{words.number(follow_ups.on_time)} done on time", f"{words.number(follow_ups.late)} done late"]
        if follow_ups.open:
            states.append(f"{words.number(follow_ups.open)} still open on the day due")
        states.append(f"{words.number(follow_ups.overdue)} overdue")
        told.append(f"{due} {be} due {periods.within(*period)}: {words.listed(states)}.")
    older = follow_ups.overdue_in_all
    if older != follow_ups.overdue:
        be = "was" if older == 1 else "were"
        told.append(f"With those due before, {words.number(older)} {be} overdue on {words.day(period[1])}.")
    return told
