"""When people come, read from the database: the counts behind the visit trends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, select

from webapp.content import busy_times, coverage, filters, periods
from webapp.content.answer import A_YEAR_EARLIER, THE_PERIOD_BEFORE, OfPeriod
from webapp.content.busy_times import Day, Hours
from webapp.content.counting import HAPPENED, how_many, month_key, visit_rows, visits_of
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Rows
from webapp.models import Visit

FILTERS = (filters.KIND, filters.PROVIDER, filters.AGE, filters.SEX)
MOST_MONTHS = 60
STEPS = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """Visits that took place: all of them, the medical and the dental ones, and on how many days."""

    all: int = 0
    medical: int = 0
    dental: int = 0
    days: int = 0

    def of(self, kinds: Iterable[str]) -> tuple[int, ...]:
        return tuple(getattr(self, kind) for kind in kinds)


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database.

    `before` is of the earlier period, and `other` of the other period that a report may be compared with: a year
    earlier beside the period before, and the period before beside a year earlier. It is None where the two overlap.
    `months` are in order, from month_key() to counts, none of them before the records begin. `weekdays` are those that
    occur in the period. `records_begin` is the day of the clinic's first visit of any status, None where it has none.
    """

    question: Question
    rows: Rows
    now: Counts
    before: Counts
    other: Counts | None
    months: dict[str, Counts]
    weekdays: dict[int, Counts]
    hours: Hours
    busiest_day: Day | None
    records_begin: date | None

    @property
    def other_period(self) -> Period:
        """The days of `other`."""
        return _other(self.question)

    @property
    def other_name(self) -> str:
        """What it is called in a title."""
        return THE_PERIOD_BEFORE if self.earlier_name == A_YEAR_EARLIER else A_YEAR_EARLIER

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds told apart: none where the report is of one kind alone."""
        return () if self.question.chosen.get("kind") in filters.KIND_WORDS else tuple(filters.KIND_WORDS)

    @property
    def noun(self) -> str:
        """ "Visits", "Dental visits": what is counted."""
        kind = filters.KIND_WORDS.get(self.question.chosen.get("kind", ""))
        return f"{kind} visits" if kind else "Visits"

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves something out that the noun does not tell; it tells the kind."""
        return bool(self.question.chosen.keys() - {"kind"})


def count(connection: Connection, question: Question) -> tuple[int, str]:
    return _totals(connection, question, (question.start, question.end)).all, "visits"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    asked, earlier, other = question.days, question.earlier, _other(question)
    rows = visit_rows(connection, visits_of(question, FILTERS, asked))
    now, before = (_totals(connection, question, period) for period in (asked, earlier))
    is_apart = periods.year_before(*asked)[1] < periods.before(*asked)[0]
    of_other = _totals(connection, question, other) if is_apart else None
    step(1, STEPS)
    first = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == question.clinic_id))
    months = coverage.months(_months(connection, question), first)
    step(2, STEPS)
    weekdays, hours, day = _times(connection, question)
    step(3, STEPS)
    return Answer(question, rows, now, before, of_other, months, weekdays, hours, day, first)


def _other(question: Question) -> Period:
    return periods.before(*question.days) if question.compare == "year" else periods.year_before(*question.days)


def _counted(question: Question, period: Period, *group: Any) -> Select[Any]:
    """The groups asked for, each with the columns of Counts."""
    kinds = [how_many(Visit.kind == kind) for kind in filters.KIND_WORDS]
    columns = [func.count(), *kinds, func.count(Visit.local_day.distinct())]
    asked = visits_of(question, FILTERS, period)
    return select(*group, *columns).select_from(Visit).where(HAPPENED, *asked).group_by(*group)


def _totals(connection: Connection, question: Question, period: Period) -> Counts:
    return Counts(*connection.execute(_counted(question, period)).one())


def _months(connection: Connection, question: Question) -> dict[str, Counts]:
    """The months of periods.months_up_to(), those without visits too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end, MOST_MONTHS)
    found = connection.execute(_counted(question, (shown[0], question.end), Visit.local_month))
    counts = {month_key(month): Counts(*figures) for month, *figures in found}
    return {key: counts.get(key, Counts()) for key in map(month_key, shown)}


def _times(connection: Connection, question: Question) -> tuple[dict[int, Counts], Hours, Day | None]:
    asked = (question.start, question.end)
    found = connection.execute(_counted(question, asked, Visit.local_weekday))
    counts = {weekday: Counts(*figures) for weekday, *figures in found}
    weekdays = {weekday: counts.get(weekday, Counts()) for weekday in periods.weekdays_in(*asked)}
    conditions = [HAPPENED, *visits_of(question, FILTERS, asked)]
    return weekdays, busy_times.hours(connection, conditions), busy_times.busiest_day(connection, conditions)
