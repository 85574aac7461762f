"""When people come, read from the database: the counts behind the visit trends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from webapp.content import coverage, filters, periods, presence
from webapp.content.answer import A_YEAR_EARLIER, THE_PERIOD_BEFORE, OfPeriod
from webapp.content.counting import HAPPENED, month_key, visits_of
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.content.visit_trends import busy_times, tallies
from webapp.content.visit_trends.busy_times import Day, Hours
from webapp.content.visit_trends.tallies import Tally
from webapp.figures import Rows
from webapp.models import Visit

FILTERS = (filters.KIND, filters.PROVIDER, filters.AGE, filters.SEX)
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
    taken_place = select(func.count()).select_from(Visit).where(HAPPENED, *visits_of(question, FILTERS, question.days))
    return connection.scalar(taken_place) or 0, "visits"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    asked, earlier, other = question.days, question.earlier, _other(question)
    shown = periods.months_up_to(*asked)
    since = min(shown[0], earlier[0], other[0])
    rows, daily = tallies.read(connection, question, FILTERS, (since, question.end))
    step(1, STEPS)
    of_period = _within(daily, asked)
    step(2, STEPS)
    first = presence.first_visit(connection, question.clinic_id)
    step(3, STEPS)
    is_apart = periods.year_before(*asked)[1] < periods.before(*asked)[0]
    return Answer(
        question,
        rows,
        now=_added(of_period),
        before=_added(_within(daily, earlier)),
        other=_added(_within(daily, other)) if is_apart else None,
        months=coverage.months(_months(daily, shown), first),
        weekdays=_weekdays(of_period, asked),
        hours=busy_times.hours(of_period),
        busiest_day=busy_times.busiest_day(of_period),
        records_begin=first,
    )


def _other(question: Question) -> Period:
    return periods.before(*question.days) if question.compare == "year" else periods.year_before(*question.days)


def _added(some: Iterable[Tally]) -> Counts:
    of_kind, days = dict.fromkeys(filters.KIND_WORDS, 0), set()
    for tally in some:
        of_kind[tally.kind] += tally.visits
        days.add(tally.day)
    return Counts(sum(of_kind.values()), **of_kind, days=len(days))


def _within(some: Iterable[Tally], period: Period) -> list[Tally]:
    return [tally for tally in some if period[0] <= tally.day <= period[1]]


def _months(daily: Iterable[Tally], shown: Iterable[date]) -> dict[str, Counts]:
    """The months shown, those without visits too."""
    found: dict[date, list[Tally]] = {month: [] for month in shown}
    for tally in daily:
        found.get(tally.day.replace(day=1), []).append(tally)
    return {month_key(month): _added(some) for month, some in found.items()}


def _weekdays(of_period: Iterable[Tally], period: Period) -> dict[int, Counts]:
    found: dict[int, list[Tally]] = {weekday: [] for weekday in periods.weekdays_in(*period)}
    for tally in of_period:
        found[tally.day.isoweekday()].append(tally)
    return {weekday: _added(some) for weekday, some in found.items()}
