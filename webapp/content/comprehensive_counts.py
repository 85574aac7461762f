"""The clinic on one page, read from the database: the counts behind the comprehensive analytics.

Most are grouped by day in SQL and added up here by period, calendar month and step. Steps are the 12 months up to the
last day of the period, whatever day of a month that is, so that the last of them is as long as the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, or_, select

from webapp.content import adoption, ages, comprehensive_work, coverage, findings, named, periods, tallies, vital_counts
from webapp.content.adoption import Team
from webapp.content.answer import OfPeriod
from webapp.content.comprehensive_work import Asked, Work
from webapp.content.counting import HAPPENED, how_many, month_key, visits_of
from webapp.content.named import Spelling
from webapp.content.patient_counts import on_the_books
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.tallies import Tally
from webapp.content.template import Step
from webapp.content.treatment_counts import NOT_HELD
from webapp.content.vital_bands import HIGH_PRESSURES, PRESSURE_CLASSES
from webapp.figures import Rows
from webapp.models import Diagnosis, Feedback, Patient, Treatment, Visit

FILTERS = ()
MOST_MONTHS = 60
MONTHS = 12
STEPS = 6

ByDay = Mapping[tuple[date, str], int]
"""How many rows of one day and kind: medical, a rating, an outcome."""

SUCCEEDED = ("successful", "improved")
KNOWN = (*SUCCEEDED, "unchanged", "worse")
RATINGS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class People:
    """Patients on the books, and those of them with a visit in the 12 months up to the last day."""

    patients: int = 0
    active: int = 0


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `people` are those of the period, of the earlier one, and of each step;
    `overdue` follow-ups likewise, as they stood at the end of its last day. `diagnoses` are those of the period and of
    the earlier one; `pressures` are readings by month, and how many of them are high. `records_begin` is the day of the
    clinic's first registration or visit, `reports_begin` that of the first report that is still on record."""

    question: Question
    rows: Rows
    people: tuple[People, ...]
    visits: ByDay
    registered: ByDay
    ratings: ByDay
    outcomes: ByDay
    overdue: tuple[int, ...]
    diagnoses: tuple[dict[Spelling, int], dict[Spelling, int]]
    pressures: dict[str, tuple[int, int]]
    teams: tuple[Team, ...]
    asked: tuple[Asked, ...]
    made: tuple[int, ...]
    work: Work
    work_before: Work
    records_begin: date | None
    reports_begin: date | None

    @property
    def team(self) -> Team:
        return adoption.together(self.teams)

    @property
    def months(self) -> dict[str, Period]:
        """The calendar months shown, none of them before the records begin; the last one up to the question's end."""
        first = {month_key(month): periods.month_of(month) for month in self._months()}
        last = month_key(self.question.end)
        whole = first | {last: (first[last][0], self.question.end)}
        return coverage.months(whole, self.records_begin)

    def _months(self) -> list[date]:
        return periods.months_up_to(*self.period, MOST_MONTHS)

    def steps(self) -> list[Period]:
        return steps(self.question.end)


def steps(end: date) -> list[Period]:
    """The 12 months up to that day, oldest first."""
    after = [periods.shifted(end + timedelta(days=1), -back) for back in range(MONTHS, -1, -1)]
    return [(first, later - timedelta(days=1)) for first, later in pairwise(after)]


def within(some: ByDay, period: Period, kinds: Iterable[str] | None = None) -> int:
    """How many rows on the days of the period, of those kinds or of all."""
    wanted = None if kinds is None else set(kinds)
    return sum(
        count
        for (day, kind), count in some.items()
        if period[0] <= day <= period[1] and (wanted is None or kind in wanted)
    )


def mean_rating(ratings: ByDay, period: Period) -> float | None:
    stars = sum(int(rating) * within(ratings, period, (rating,)) for rating in RATINGS)
    return findings.ratio(stars, within(ratings, period, RATINGS))


def success_rate(outcomes: ByDay, period: Period) -> float | None:
    return findings.share(within(outcomes, period, SUCCEEDED), within(outcomes, period, KNOWN))


def count(connection: Connection, question: Question) -> tuple[int, str]:
    taken_place = select(func.count()).select_from(Visit).where(HAPPENED, *visits_of(question, FILTERS, question.days))
    return connection.scalar(taken_place) or 0, "visits"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    rows, _ = tallies.of_period(connection, question, FILTERS)
    everything = (_since(question), question.end)
    visits = _by_kind(tallies.by_day(connection, question, FILTERS, everything))
    step(1, STEPS)
    people = _people(connection, question)
    step(2, STEPS)
    clinic = question.clinic_id
    registered = _by_day(connection, Patient.clinic_id == clinic, Patient.registered_on, None, everything)
    ratings = _by_day(connection, Feedback.clinic_id == clinic, Feedback.local_day, Feedback.rating, everything)
    outcomes = _by_day(connection, Treatment.clinic_id == clinic, Treatment.performed_on, Treatment.outcome, everything)
    overdue = _overdue(connection, question)
    step(3, STEPS)
    diagnoses = (_diagnoses(connection, question, question.days), _diagnoses(connection, question, question.earlier))
    teams = adoption.teams(connection, question, question.days)
    asked = comprehensive_work.asked(connection, question)
    made = comprehensive_work.made(connection, question, steps(question.end))
    step(4, STEPS)
    work, work_before = (
        comprehensive_work.of(connection, question, period, visits) for period in (question.days, question.earlier)
    )
    step(5, STEPS)
    return Answer(
        question,
        rows,
        people,
        visits,
        registered,
        ratings,
        outcomes,
        overdue,
        diagnoses,
        _pressures(connection, question),
        teams,
        asked,
        made,
        work,
        work_before,
        _records_begin(connection, clinic),
        comprehensive_work.reports_begin(connection, question),
    )


def _since(question: Question) -> date:
    """The first day of anything that is counted by day."""
    shown = periods.months_up_to(*question.days, MOST_MONTHS)
    return min(question.start, question.earlier[0], shown[0], steps(question.end)[0][0])


def _by_kind(daily: Iterable[Tally]) -> ByDay:
    return {(tally.day, tally.kind): tally.visits for tally in daily}


def _by_day(connection: Connection, of_clinic: ColumnElement[bool], day: Any, kind: Any, period: Period) -> ByDay:
    keys = (day,) if kind is None else (day, kind)
    query = select(func.count(), *keys).where(of_clinic, day.between(*period)).group_by(*keys)
    found: Counter[tuple[date, str]] = Counter()
    for number, on, *kinds in connection.execute(query):
        found[on, str(kinds[0]) if kinds else ""] += number
    return found


def _people(connection: Connection, question: Question) -> tuple[People, ...]:
    """Of the period, of the earlier one, and of each step.

    Of a patient's visits three days tell all: the last one up to the end of the first step, and the first one after
    it. The 12 months up to a step's end begin before that day and end on it or after it, so that they hold a visit
    where they hold one of these two. The third is any day in the 12 months up to the end of the earlier period.
    """
    shown, before = steps(question.end), periods.year_up_to(question.earlier[1])
    came = _days_of_visits(question, shown[0][1], before)

    def is_active(step: Period) -> ColumnElement[bool]:
        return or_(came.c.last_old >= periods.year_up_to(step[1])[0], came.c.first_new <= step[1])

    columns = []
    stretches = [(question.days, is_active(shown[-1])), (question.earlier, came.c.earlier.is_not(None))]
    for period, came_then in (*stretches, *((step, is_active(step)) for step in shown)):
        known = and_(*on_the_books(period))
        columns += [how_many(known), how_many(and_(known, came_then))]
    query = (
        select(*columns)
        .select_from(Patient)
        .outerjoin(came, came.c.patient_id == Patient.id)
        .where(Patient.clinic_id == question.clinic_id)
    )
    found = list(map(int, connection.execute(query).one()))
    return tuple(People(*found[at : at + 2]) for at in range(0, len(found), 2))


def _days_of_visits(question: Question, middle: date, earlier: Period) -> Subquery:
    """Of each patient the last day with a visit up to the middle day, the first one after it, and one in `earlier`."""
    day = Visit.local_day
    first = min(earlier[0], periods.year_up_to(middle)[0])
    last = max(earlier[1], question.end)
    return (
        select(
            Visit.patient_id,
            func.max(case((day <= middle, day))).label("last_old"),
            func.min(case((day > middle, day))).label("first_new"),
            func.max(case((day.between(*earlier), day))).label("earlier"),
        )
        .where(Visit.clinic_id == question.clinic_id, day.between(first, last), HAPPENED)
        .group_by(Visit.patient_id)
        .subquery()
    )


def _overdue(connection: Connection, question: Question) -> tuple[int, ...]:
    """At the end of the period, of the earlier one and of each step: due before that day, and neither done nor the
    patient dead by then."""
    due, done = Treatment.follow_up_due_on, Treatment.follow_up_done_on
    ends = [question.end, question.earlier[1], *(last for _, last in steps(question.end))]

    stopped = case((or_(done.is_(None), Patient.deceased_on < done), Patient.deceased_on), else_=done)
    open_ones = (
        select(due.label("due"), stopped.label("stopped"))
        .join(Patient, Patient.id == Treatment.patient_id)
        .where(Treatment.clinic_id == question.clinic_id, due < max(ends), or_(done.is_(None), done > min(ends)))
        .subquery()
    )

    def is_overdue(end: date) -> ColumnElement[bool]:
        return and_(open_ones.c.due < end, or_(open_ones.c.stopped.is_(None), open_ones.c.stopped > end))

    return tuple(map(int, connection.execute(select(*(how_many(is_overdue(end)) for end in ends))).one()))


def _diagnoses(connection: Connection, question: Question, period: Period) -> dict[Spelling, int]:
    """By spelling, without those that the patient turned out not to have."""
    status = Diagnosis.verification_status
    spelling = named.spelling_columns(Diagnosis)
    query = (
        select(func.count(), *spelling)
        .where(
            Diagnosis.clinic_id == question.clinic_id,
            Diagnosis.recorded_on.between(*period),
            or_(status.is_(None), status.not_in(list(NOT_HELD))),
        )
        .group_by(*spelling)
    )
    return {(system, code, name): number for number, system, code, name in connection.execute(query)}


def _pressures(connection: Connection, question: Question) -> dict[str, tuple[int, int]]:
    """By month, from the first one shown: blood pressures with a class, and those of them that are high."""
    first = periods.months_up_to(*question.days, MOST_MONTHS)[0]
    all_of_them, high = Counter[str](), Counter[str]()
    verdicts = vital_counts.Verdicts(ages.births(connection, question, FILTERS))
    vital_counts.add_pressures(connection, question, (first, question.end), verdicts)
    for readings in verdicts.readings(question):
        if readings.verdict in PRESSURE_CLASSES:
            all_of_them[readings.month] += readings.count
        if readings.verdict in HIGH_PRESSURES:
            high[readings.month] += readings.count
    return {month: (number, high[month]) for month, number in all_of_them.items()}


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    registered = connection.scalar(select(func.min(Patient.registered_on)).where(Patient.clinic_id == clinic_id))
    visited = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == clinic_id))
    return min(filter(None, (registered, visited)), default=None)
