"""Whether patients came again soon: visits after which the same patient came within 30 days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, and_, case, func, select

from webapp.content import filters, findings, named
from webapp.content.counting import HAPPENED, DaysBetween, visits_of
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Column, Definition, Section, Table
from webapp.models import Visit

DAYS = 30

DEFINITION = Definition(
    f"Came again within {DAYS} days",
    f"Visits that took place in the period, after which the same patient came again 1 to {DAYS} days later, for "
    "whatever reason and to medical or dental care: planned returns are among them, so it is no measure of quality by "
    "itself. A second visit on the same day is no return. Only visits that could be followed are in the share: those "
    f"at least {DAYS} days before the clinic's latest visit on record, which may lie after the period.",
)


@dataclass(frozen=True, slots=True)
class Revisits:
    """Visits of the period, those that could be followed for DAYS, and those of them after which the patient came
    again."""

    visits: int = 0
    followed: int = 0
    again: int = 0

    @property
    def share(self) -> float | None:
        return findings.share(self.again, self.followed)

    def __add__(self, other: "Revisits") -> "Revisits":
        return Revisits(self.visits + other.visits, self.followed + other.followed, self.again + other.again)


def ask(
    connection: Connection, question: Question, about: tuple[filters.Filter, ...], period: Period
) -> dict[str, Revisits]:
    """By kind of the first visit: the kinds asked for."""
    start, end = period
    kinds = [kind for kind in filters.KIND_WORDS if question.chosen.get("kind", kind) == kind]
    last = connection.scalar(select(func.max(Visit.local_day)).where(Visit.clinic_id == question.clinic_id, HAPPENED))
    if last is None or not kinds:
        return {}
    seen = visits_of(question, about, (start, end + timedelta(days=DAYS)))
    of_kinds = [func.sum(case((Visit.kind == kind, 1), else_=0)).label(kind) for kind in kinds]
    person, day = Visit.patient_id, Visit.local_day
    days = select(person, day, *of_kinds).where(HAPPENED, *seen).group_by(person, day).subquery()
    following = func.lead(days.c.local_day).over(partition_by=days.c.patient_id, order_by=days.c.local_day)
    steps = select(days, following.label("following")).subquery()
    is_followed = steps.c.local_day <= last - timedelta(days=DAYS)
    came_again = and_(
        is_followed,
        steps.c.following.is_not(None),
        DaysBetween(steps.c.local_day, steps.c.following) <= DAYS,
    )
    counted = [
        func.coalesce(func.sum(case((condition, steps.c[kind]), else_=0)), 0)
        for kind in kinds
        for condition in (steps.c.local_day <= end, is_followed, came_again)
    ]
    found = connection.execute(select(*counted).where(steps.c.local_day <= end)).one()
    return {kind: Revisits(*map(int, found[3 * at : 3 * at + 3])) for at, kind in enumerate(kinds)}


def total(by_kind: Mapping[str, Revisits]) -> Revisits:
    return sum(by_kind.values(), Revisits())


def section(by_kind: Mapping[str, Revisits]) -> Section | None:
    everything = total(by_kind)
    if not everything.followed:
        return None
    columns = (
        Column("kind", "Visits"),
        Column("visits", "Took place", "count"),
        Column("followed", f"Followed for {DAYS} days", "count"),
        Column("again", "Came again", "count"),
        Column("share", "Share of those followed", "percent", decimals=1),
    )
    rows = tuple((filters.KIND_WORDS[kind], *_cells(found)) for kind, found in by_kind.items())
    whole = (named.ALL, *_cells(everything)) if len(rows) > 1 else None
    table = Table("revisits", f"Visits after which the patient came again within {DAYS} days", columns, rows, whole)
    return Section("revisits", f"Came again within {DAYS} days", tables=(table,))


def _cells(found: Revisits) -> tuple[int | float | None, ...]:
    return found.visits, found.followed, found.again, found.share
