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

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from webapp.content import adoption, comprehensive_work, coverage, findings, named, periods, sources, vital_counts
from webapp.content.adoption import Team
from webapp.content.answer import OfPeriod
from webapp.content.comprehensive_people import Patients, Visitors
from webapp.content.comprehensive_work import Asked, Work
from webapp.content.counting import HAPPENED, Unindexed, how_many, in_one_of, month_key, rows_by_status, visits_of
from webapp.content.id_lists import ids, read
from webapp.content.named import Spelling
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.content.treatment_counts import NOT_HELD
from webapp.content.vital_bands import HIGH_PRESSURES, PRESSURE_CLASSES
from webapp.figures import Rows
from webapp.models import Diagnosis, Feedback, Patient, Treatment, Visit
from webapp.models.visit import NOT_COUNTED

FILTERS = ()
MONTHS = 12
STEPS = 6

ByDay = Mapping[tuple[date, str], int]
"""How many rows of one day and kind: medical, a rating, an outcome."""

SUCCEEDED = ("successful", "improved")
KNOWN = (*SUCCEEDED, "unchanged", "worse")
RATINGS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `patients` are those of the period, of the earlier one, and of each step;
    `overdue` follow-ups likewise, as they stood at the end of its last day. `diagnoses` are those of the period and of
    the earlier one; `pressures` are readings by month, and how many of them are high. `records_begin` is the day of the
    clinic's first registration or visit, `reports_begin` that of the first report that is still on record."""

    question: Question
    rows: Rows
    patients: tuple[Patients, ...]
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
        return periods.months_up_to(*self.period)

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
    visitors = Visitors(connection, question, steps(question.end))
    everything = (_since(question), question.end)
    rows, visits = _visits(connection, question, everything, visitors)
    step(1, STEPS)
    patients = visitors.patients()
    step(2, STEPS)
    clinic = question.clinic_id
    registered = _by_day(connection, Patient.clinic_id == clinic, Patient.registered_on, None, everything)
    ratings = _by_day(connection, Feedback.clinic_id == clinic, Feedback.local_day, Feedback.rating, everything)
    outcomes = _by_day(connection, Treatment.clinic_id == clinic, Treatment.performed_on, Treatment.outcome, everything)
    overdue = _overdue(connection, question)
    step(3, STEPS)
    diagnoses = _diagnoses(connection, question)
    teams = adoption.teams(connection, question, question.days)
    asked = comprehensive_work.asked(connection, question)
    made = comprehensive_work.made(connection, question, steps(question.end))
    step(4, STEPS)
    work, work_before = comprehensive_work.of(connection, question, (question.days, question.earlier), visits)
    step(5, STEPS)
    return Answer(
        question,
        rows,
        patients,
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
    shown = periods.months_up_to(*question.days)
    return min(question.start, question.earlier[0], shown[0], steps(question.end)[0][0])


def _visits(connection: Connection, question: Question, period: Period, visitors: Visitors) -> tuple[Rows, ByDay]:
    """Those of the question's own days, of any status, and by day those of `period` that took place, in one look at
    each; `visitors` hear who came."""
    group = (Visit.local_day, Visit.status, Visit.kind)
    since = min(period[0], visitors.since)
    query = select(*group, ids(Visit.patient_id)).where(*visits_of(question, FILTERS, (since, period[1])))
    by_status: Counter[str] = Counter()
    found: Counter[tuple[date, str]] = Counter()
    for day, status, kind, text in connection.execute(query.group_by(*group).order_by(Visit.local_day)):
        patients = read(text)
        if question.start <= day <= question.end:
            by_status[status] += len(patients)
        if status not in NOT_COUNTED:
            visitors.add(day, patients)
            found[day, kind] += len(patients)
    return rows_by_status(by_status), {key: number for key, number in found.items() if key[0] >= period[0]}


def _by_day(connection: Connection, of_clinic: ColumnElement[bool], day: Any, kind: Any, period: Period) -> ByDay:
    keys = (day,) if kind is None else (day, kind)
    query = select(func.count(), *keys).where(of_clinic, day.between(*period)).group_by(*keys)
    found: Counter[tuple[date, str]] = Counter()
    for number, on, *kinds in connection.execute(query):
        found[on, str(kinds[0]) if kinds else ""] += number
    return found


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


def _diagnoses(connection: Connection, question: Question) -> tuple[dict[Spelling, int], dict[Spelling, int]]:
    """By spelling, without those that the patient turned out not to have: of the period, and of the earlier one."""
    spans = (question.days, question.earlier)
    group = (*named.spelling_columns(Diagnosis), Diagnosis.verification_status)
    counts = (how_many(Diagnosis.recorded_on.between(*span)) for span in spans)
    query = select(*counts, *group).where(
        Diagnosis.clinic_id == question.clinic_id,
        *in_one_of(Unindexed(Diagnosis.recorded_on), spans),
    )
    found: tuple[Counter[Spelling], ...] = (Counter(), Counter())
    for *numbers, system, code, name, status in connection.execute(query.group_by(*group)):
        for number, spellings in zip(numbers, found, strict=True):
            if number and status not in NOT_HELD:
                spellings[system, code, name] += number
    now, earlier = map(dict, found)
    return now, earlier


def _pressures(connection: Connection, question: Question) -> dict[str, tuple[int, int]]:
    """By month, from the first one shown: blood pressures with a class, and those of them that are high."""
    first = periods.months_up_to(*question.days)[0]
    all_of_them, high = Counter[str](), Counter[str]()
    everybody = sources.patients(connection, question, FILTERS, "patient", "born")
    for readings in vital_counts.pressures(connection, question, [(first, question.end)], everybody):
        if readings.verdict in PRESSURE_CLASSES:
            all_of_them[readings.month] += readings.count
        if readings.verdict in HIGH_PRESSURES:
            high[readings.month] += readings.count
    return {month: (number, high[month]) for month, number in all_of_them.items()}


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    registered = connection.scalar(select(func.min(Patient.registered_on)).where(Patient.clinic_id == clinic_id))
    visited = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == clinic_id))
    return min(filter(None, (registered, visited)), default=None)
