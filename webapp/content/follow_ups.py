"""Whether patients came back when they should have: follow-ups as they stood on the last day of a period."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from webapp import words
from webapp.content import findings, periods
from webapp.content.counting import Conditions
from webapp.content.periods import Period
from webapp.figures import Chart, Column, Definition, Section, Table
from webapp.models import Patient, Treatment

DELAYS: dict[str, int | None] = {
    "1 to 7 days": 7, "8 to 30 days": 30, "31 to 90 days": 90, "91 to 365 days": 365, "More than 365 days": None,
}  # fmt: skip
"""How long follow-ups are overdue: names and the most days."""

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


@dataclass(frozen=True, slots=True)
class _Alike:
    """So many follow-ups due on one day, and done on one, or not: None."""

    due: date
    done: date | None
    count: int

    def is_open(self, on: date) -> bool:
        """Whether they were not done by the end of that day."""
        return self.done is None or self.done > on


def ask(connection: Connection, clinic_id: int, treatments: Conditions, asked: Sequence[Period]) -> list[FollowUps]:
    """Those of the clinic's treatments that meet the conditions, as they stood at the end of each of those periods.

    A few thousand groups, which the index of days due has together, tell all of them. The dead are few: what they left
    open is asked for by itself, so that no patient has to be looked up for each treatment.
    """
    until = max(end for _, end in asked)
    days = (Treatment.follow_up_due_on, Treatment.follow_up_done_on)
    conditions = [*treatments, Treatment.follow_up_due_on <= until]
    counted = select(*days, func.count()).where(*conditions).group_by(*days)
    alike = [_Alike(due, done, count) for due, done, count in connection.execute(counted) if due]
    died = select(Patient.id, Patient.deceased_on).where(Patient.clinic_id == clinic_id, Patient.deceased_on <= until)
    died_on = {patient: day for patient, day in connection.execute(died)}  # noqa: C416
    left_open: list[tuple[date, _Alike]] = []
    if died_on:
        of_dead = Treatment.patient_id.in_(died.with_only_columns(Patient.id))
        query = select(Treatment.patient_id, *days).where(*conditions, of_dead)
        for patient, due, done in connection.execute(query):
            day = died_on[patient]
            if day and due:
                left_open.append((day, _Alike(due, done, -1)))
    found = []
    for start, end in asked:
        left_out = [one for day, one in left_open if day <= end and one.is_open(end)]
        found.append(_as_they_stood([*alike, *left_out], start, end))
    return found


def _as_they_stood(alike: Iterable[_Alike], start: date, end: date) -> FollowUps:
    found: Counter[str] = Counter()
    delays: Counter[str] = Counter()
    for those in alike:
        if those.due > end:
            continue
        found["recorded"] += those.count
        is_overdue = those.is_open(end) and those.due < end
        if is_overdue:
            delays[_delay((end - those.due).days)] += those.count
        if those.due >= start:
            found[_state(those, is_overdue, end)] += those.count
    return FollowUps(**found, delays=tuple(delays[delay] for delay in DELAYS))


def _state(those: _Alike, is_overdue: bool, end: date) -> str:
    """As FollowUps names it."""
    if is_overdue:
        return "overdue"
    if those.done is None or those.is_open(end):
        return "open"
    return "on_time" if those.done <= those.due else "late"


def _delay(days: int) -> str:
    """Which of DELAYS."""
    return next(delay for delay, most in DELAYS.items() if most is None or days <= most)


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
