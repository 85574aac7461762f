"""The clinic on one page, read from the database: the counts behind the comprehensive analytics.

Most are grouped by day and added up here by period, calendar month and step. Steps are the 12 months up to the last day
of the period, whatever day of a month that is, so that the last of them is as long as the others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Connection, func, select

from webapp.content import adoption, coverage, findings, follow_ups, periods, presence, sources
from webapp.content.adoption import Team
from webapp.content.answer import OfPeriod
from webapp.content.columns import DAY, Columns
from webapp.content.comprehensive import workload
from webapp.content.comprehensive.workload import Asked, Work
from webapp.content.counting import HAPPENED, month_key, rows_by_status, visits_of
from webapp.content.named import SPELLING, Spelling
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.sources import DIAGNOSES, OUTCOMES
from webapp.content.template import Step
from webapp.content.vitals import counts as vital_counts
from webapp.content.vitals.bands import HIGH_PRESSURES, PRESSURE_CLASSES
from webapp.figures import Rows
from webapp.models import Feedback, Visit
from webapp.models.diagnosis import NOT_HELD

FILTERS = ()
MONTHS = 12
STEPS = 6

ByDay = Mapping[date, Mapping[str, int]]
"""How many rows of each day are of each kind: medical, a sex, a rating, an outcome."""

SUCCEEDED = ("successful", "improved")
KNOWN = (*SUCCEEDED, "unchanged", "worse")
RATINGS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Patients:
    """Patients on the books, and those of them with a visit in the 12 months up to the last day."""

    known: int
    active: int


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


def by_kind(some: ByDay, period: Period) -> Counter[str]:
    """How many rows of each kind on the days of the period."""
    found: Counter[str] = Counter()
    for day, counts in some.items():
        if period[0] <= day <= period[1]:
            for kind, count in counts.items():
                found[kind] += count
    return found


def within(some: ByDay, period: Period, kinds: Iterable[str] | None = None) -> int:
    """How many rows on the days of the period, of those kinds or of all."""
    found = by_kind(some, period)
    return found.total() if kinds is None else sum(found[kind] for kind in kinds)


def mean_rating(ratings: ByDay, period: Period) -> float | None:
    found = by_kind(ratings, period)
    stars = sum(int(rating) * found[rating] for rating in RATINGS)
    return findings.ratio(stars, sum(found[rating] for rating in RATINGS))


def success_rate(outcomes: ByDay, period: Period) -> float | None:
    return findings.share(within(outcomes, period, SUCCEEDED), within(outcomes, period, KNOWN))


def count(connection: Connection, question: Question) -> tuple[int, str]:
    taken_place = select(func.count()).select_from(Visit).where(HAPPENED, *visits_of(question, FILTERS, question.days))
    return connection.scalar(taken_place) or 0, "visits"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    clinic, spans = question.clinic_id, (question.days, question.earlier, *steps(question.end))
    everything = (_since(question), question.end)
    visits = _visits(connection, question)
    rows = rows_by_status(visits.within(question.days).counts("status"))
    happened = presence.took_place(visits)
    step(1, STEPS)
    everybody = sources.patients(connection, question, FILTERS, "patient", "sex", "born", "registered", "died")
    patients = tuple(_patients(span, everybody, happened) for span in spans)
    step(2, STEPS)
    treatments = sources.treatments(connection, question, FILTERS, everything, DAY, "outcome", source=OUTCOMES)
    follow_ups_then = follow_ups.ask(connection, question, FILTERS, spans)
    ratings = _ratings(connection, question, everything)
    step(3, STEPS)
    diagnoses = _diagnoses(connection, question)
    teams = adoption.teams(connection, question, question.days)
    asked = workload.asked(connection, question)
    made = workload.made(connection, question, steps(question.end))
    step(4, STEPS)
    work, work_before = workload.of(connection, question, (question.days, question.earlier), happened)
    step(5, STEPS)
    return Answer(
        question,
        rows,
        patients,
        _by_day(happened, DAY, "kind", everything),
        _by_day(everybody, "registered", "sex", everything),
        ratings,
        _by_day(treatments, DAY, "outcome", everything),
        tuple(some.overdue_in_all for some in follow_ups_then),
        diagnoses,
        _pressures(connection, question, everybody),
        teams,
        asked,
        made,
        work,
        work_before,
        presence.records_begin(connection, clinic)[0],
        workload.reports_begin(connection, question),
    )


def _since(question: Question) -> date:
    """The first day of anything that is counted by day."""
    shown = periods.months_up_to(*question.days)
    return min(question.start, question.earlier[0], shown[0], steps(question.end)[0][0])


def _visits(connection: Connection, question: Question) -> Columns:
    """Those of all days that anything asks about, of any status."""
    first_ends = (question.earlier[1], steps(question.end)[0][1])
    since = min(_since(question), *(periods.year_up_to(end)[0] for end in first_ends))
    names = (DAY, "status", "kind", "patient", "provider")
    return sources.visits(connection, question, FILTERS, (since, question.end), *names)


def _patients(period: Period, everybody: Columns, happened: Columns) -> Patients:
    known = presence.is_on_the_books(everybody, period)
    active = known & presence.has_come(everybody, happened, periods.year_up_to(period[1]))
    return Patients(int(known.sum()), int(active.sum()))


def _by_day(some: Columns, day: str, kind: str, period: Period) -> ByDay:
    """Those of the days of the period; `day` and `kind` are the columns that have them."""
    counts = some.within(period, day).counts(day, kind)
    return _each_day((date.fromordinal(on), of, number) for (on, of), number in counts.items())


def _ratings(connection: Connection, question: Question, period: Period) -> ByDay:
    group = (Feedback.local_day, Feedback.rating)
    query = select(*group, func.count()).where(Feedback.clinic_id == question.clinic_id, group[0].between(*period))
    return _each_day((day, str(rating), number) for day, rating, number in connection.execute(query.group_by(*group)))


def _each_day(counts: Iterable[tuple[date, str, int]]) -> ByDay:
    found: defaultdict[date, dict[str, int]] = defaultdict(dict)
    for day, kind, number in counts:
        found[day][kind] = number
    return found


def _diagnoses(connection: Connection, question: Question) -> tuple[dict[Spelling, int], dict[Spelling, int]]:
    """By spelling, without those that the patient turned out not to have: of the period, and of the earlier one."""
    asked, names = periods.around(question.days, question.earlier), (*SPELLING, "status", DAY)
    recorded = DIAGNOSES.read(connection, question.clinic_id, names, asked)
    held = recorded.where(~recorded.is_one_of("status", NOT_HELD))
    return held.within(question.days).counts(*SPELLING), held.within(question.earlier).counts(*SPELLING)


def _pressures(connection: Connection, question: Question, everybody: Columns) -> dict[str, tuple[int, int]]:
    """By month, from the first one shown: blood pressures with a class, and those of them that are high."""
    first = periods.months_up_to(*question.days)[0]
    all_of_them, high = Counter[str](), Counter[str]()
    for readings in vital_counts.pressures(connection, question, [(first, question.end)], everybody):
        if readings.verdict in PRESSURE_CLASSES:
            all_of_them[readings.month] += readings.count
        if readings.verdict in HIGH_PRESSURES:
            high[readings.month] += readings.count
    return {month: (number, high[month]) for month, number in all_of_them.items()}
