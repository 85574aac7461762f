"""Whether patients came back when they should have: follow-ups as they stood on the last day of a period."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from webapp import words
from webapp.content import findings, periods
from webapp.content.counting import Conditions, how_many
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
    """`on_time`, `late`, `open` and `overdue` are those due in the period; `open` are due on its last day.
    `overdue_in_all` are those due before it too, and `delays` the same by DELAYS. `are_recorded` tells whether any was
    ever due by the last day."""

    on_time: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0
    overdue_in_all: int = 0
    delays: tuple[int, ...] = ()
    are_recorded: bool = False

    @property
    def due(self) -> int:
        return self.on_time + self.late + self.open + self.overdue

    @property
    def done(self) -> int:
        return self.on_time + self.late


def ask(
    connection: Connection, clinic_id: int, treatments: Conditions, now: Period, then: Period
) -> tuple[FollowUps, FollowUps]:
    """Those of the clinic's treatments that meet the conditions, as at the end of either period; of the earlier one
    without their delays."""
    due = Treatment.follow_up_due_on
    delays = [how_many(and_(due < now[1], _is_open(clinic_id, now[1]), delay)) for delay in _delays(now[1])]
    before = how_many(and_(due < then[1], _is_open(clinic_id, then[1])))
    # Looked through are those of all years that were open at the end of one of the periods, which few are.
    of_all_years = select(before, *delays).where(
        *treatments, due < max(now[1], then[1]), or_(_is_open(clinic_id, now[1]), _is_open(clinic_id, then[1]))
    )
    overdue_then, *by_delay = connection.execute(of_all_years).one()
    recorded = connection.scalar(select(Treatment.id).where(*treatments, due <= now[1]).limit(1))
    return (
        replace(
            _due(connection, clinic_id, treatments, now),
            overdue_in_all=sum(by_delay),
            delays=tuple(by_delay),
            are_recorded=recorded is not None,
        ),
        replace(_due(connection, clinic_id, treatments, then), overdue_in_all=overdue_then),
    )


def _due(connection: Connection, clinic_id: int, treatments: Conditions, period: Period) -> FollowUps:
    """Those due in the period by their state."""
    due, done, end = Treatment.follow_up_due_on, Treatment.follow_up_done_on, period[1]
    is_done, is_open = done <= end, _is_open(clinic_id, end)
    states = (
        and_(is_done, done <= due),
        and_(is_done, done > due),
        and_(is_open, due == end),
        and_(is_open, due < end),
    )
    counted = select(*map(how_many, states)).select_from(Treatment)
    found: Any = connection.execute(counted.where(*treatments, due.between(*period))).one()
    return FollowUps(*found)


def _is_open(clinic_id: int, end: date) -> ColumnElement[bool]:
    """Whether a follow-up was still to be done at the end of that day, by a patient who was alive."""
    done = Treatment.follow_up_done_on
    died = select(Patient.id).where(Patient.clinic_id == clinic_id, Patient.deceased_on <= end)
    return and_(or_(done.is_(None), done > end), Treatment.patient_id.not_in(died))


def _delays(end: date) -> list[ColumnElement[bool]]:
    """In SQL, which of DELAYS a day due lies back, for days before `end`."""
    due, after = Treatment.follow_up_due_on, 0
    found = []
    for most in DELAYS.values():
        begins = due < end - timedelta(days=after)
        found.append(begins if most is None else and_(begins, due >= end - timedelta(days=most)))
        after = most or 0
    return found


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
