"""Who the clinic's patients are, read from the database: the counts behind the patient summary."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, case, extract, func, not_, select, true

from webapp.content import coverage, filters, findings, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import Conditions, how_many, month_key, patients_of
from webapp.content.filters import Filter
from webapp.content.id_lists import ids, places, read
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.errors import FiguresFailed
from webapp.figures import Excluded, Rows
from webapp.models import Patient, Visit
from webapp.models.visit import NOT_COUNTED

STEPS = 4
MOST_VISITS = 5
"""From this many visits on, patients are counted together."""

USUAL_MONTHS = 12
ACTIVE_WORDS = {str(months): f"a visit in the last {months} months" for months in (3, 6, 24)}

ACTIVE = Filter(
    "active",
    "Counted as active",
    f"a visit in the last {USUAL_MONTHS} months",
    "report",
    choices=lambda _connection, _clinic_id: list(ACTIVE_WORDS.items()),
    condition=lambda _value, _on: true(),
    words_of=lambda _connection, _clinic_id, value: ACTIVE_WORDS.get(value, filters.NOT_OFFERED),
    phrases={value: f"active within {value} months" for value in ACTIVE_WORDS},
)
FILTERS = (filters.AGE, filters.SEX, ACTIVE)


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of one age band and sex, and how many of them were active."""

    band: str
    sex: str
    patients: int
    active: int


@dataclass(frozen=True, slots=True)
class Times:
    """How often patients came: `patients` has how many came so many times, in order, the rarest comers first."""

    patients: dict[int, int]

    @property
    def came(self) -> int:
        return sum(self.patients.values())

    @property
    def visits(self) -> int:
        return sum(times * patients for times, patients in self.patients.items())

    @property
    def mean(self) -> float | None:
        """Visits a patient who came."""
        return findings.ratio(self.visits, self.came)

    @property
    def median(self) -> float | None:
        """That of the middle patient by visits, or the mean of the middle two."""
        if not self.came:
            return None
        middle = ((self.came - 1) // 2, self.came // 2)
        return sum(self._of(place) for place in middle) / 2

    def _of(self, place: int) -> int:
        """The visits of the patient at that place, from 0, the rarest comers first."""
        passed = 0
        for times, patients in self.patients.items():
            passed += patients
            if place < passed:
                return times
        raise IndexError(place)

    def grouped(self) -> dict[int, tuple[int, int]]:
        """Patients who came so many times, with all their visits; the last stands for MOST_VISITS and more."""
        groups = {}
        for least in range(1, MOST_VISITS + 1):
            those = {t: n for t, n in self.patients.items() if t == least or t > least == MOST_VISITS}
            groups[least] = (sum(those.values()), sum(times * patients for times, patients in those.items()))
        return groups


@dataclass(frozen=True, slots=True)
class Before:
    """The same of the earlier period, as it stood on its last day. Of those whom an age was asked of, there is no
    median age: they are the same people, so many days younger."""

    patients: int
    active: int
    new: int
    median_age: float | None
    times: Times


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `months` are new registrations, in order, none of them before the records
    begin; `times` says how often patients came in the period. `records_begin` is the day of the clinic's first
    registration or visit, `visits_begin` that of its first visit of any status."""

    question: Question
    rows: Rows
    groups: tuple[Group, ...]
    new: int
    undated: int
    median_age: float | None
    months: dict[str, int]
    times: Times
    before: Before
    records_begin: date | None
    visits_begin: date | None

    @property
    def patients(self) -> int:
        return self.rows.used

    @property
    def active(self) -> int:
        return sum(group.active for group in self.groups)

    @property
    def span(self) -> str:
        """How long ago the last visit of an active patient may lie: "12 months"."""
        return f"{_active_months(self.question)} months"

    @property
    def active_in(self) -> Period:
        """The days on which active patients came."""
        return _active_up_to(self.period[1], self.question)

    @property
    def is_active_compared(self) -> bool:
        """Whether who was active on the earlier period's last day is known: visits are on record for long enough."""
        earlier = _active_up_to(self.earlier[1], self.question)
        return self.is_compared and coverage.is_whole(earlier, self.visits_begin)

    @property
    def are_visits_compared(self) -> bool:
        """Whether all visits of the earlier period are on record."""
        return self.is_compared and coverage.is_whole(self.earlier, self.visits_begin)

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves patients out."""
        return bool(self.question.chosen.keys() - {ACTIVE.name})

    @property
    def by(self) -> Literal["age", "sex", ""]:
        """What patients are told apart by: by nothing where both filters leave one choice."""
        chosen = self.question.chosen
        return "age" if "age" not in chosen else "sex" if "sex" not in chosen else ""

    def parts(self) -> dict[str, str]:
        """The age bands or sexes to show, name and label; those that hold nobody as a rule only where there are any."""
        known, labels = (
            ({band.name for band in filters.BANDS}, filters.AGE_WORDS)
            if self.by == "age"
            else ({"female", "male"}, filters.SEX_WORDS)
        )
        found = {group.band if self.by == "age" else group.sex for group in self.groups}
        return {name: label for name, label in labels.items() if name in known or name in found}

    def part(self, name: str) -> Group:
        """The patients of one of parts()."""
        return self.total(name) if self.by == "age" else self.total(sex=name)

    def total(self, band: str = "", sex: str = "") -> Group:
        """The groups of that band and sex together; an empty name stands for all."""
        those = [
            group for group in self.groups if group.band == (band or group.band) and group.sex == (sex or group.sex)
        ]
        return Group(band, sex, sum(group.patients for group in those), sum(group.active for group in those))


def on_the_books(period: Period) -> Conditions:
    """Known to the clinic by the last day, and alive on the first."""
    return [not_(_registered_later(period)), not_(_died_earlier(period))]


def _registered_later(period: Period) -> ColumnElement[bool]:
    return and_(Patient.registered_on.is_not(None), Patient.registered_on > period[1])


def _died_earlier(period: Period) -> ColumnElement[bool]:
    return and_(Patient.deceased_on.is_not(None), Patient.deceased_on < period[0])


def _registered_in(period: Period) -> ColumnElement[bool]:
    return and_(Patient.registered_on.is_not(None), Patient.registered_on.between(*period))


def _active_months(question: Question) -> int:
    """Raises FiguresFailed for a number that is not offered."""
    chosen = question.chosen.get(ACTIVE.name, "")
    if chosen and chosen not in ACTIVE_WORDS:
        raise FiguresFailed(
            f"no active patients of {chosen!r} months",
            "This report cannot tell active patients in that way. Choose it again from the list.",
        )
    return int(chosen or USUAL_MONTHS)


def _active_up_to(day: date, question: Question) -> Period:
    return periods.ending(day, _active_months(question))


def count(connection: Connection, question: Question) -> tuple[int, str]:
    _active_months(question)
    conditions = [*patients_of(question, FILTERS), *on_the_books(question.days)]
    return connection.scalar(select(func.count()).select_from(Patient).where(*conditions)) or 0, "patients"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    now, earlier = question.days, question.earlier
    alike = _alike(connection, question)
    step(1, STEPS)
    rows, new, undated, patients_before, new_before = _headline(connection, question)
    births = _births(connection, question)
    median = _median_age(((born, patients) for born, patients, _ in births), now[1])
    median_before = _median_age(((born, patients) for born, _, patients in births), earlier[1])
    if filters.AGE.name in question.chosen:
        median_before = None
    step(2, STEPS)
    first, first_visit = _records_begin(connection, question.clinic_id)
    months = coverage.months(_registrations(connection, question), first)
    step(3, STEPS)
    active_before = sum(some.before.patients for some in alike if some.before.is_active)
    times, times_before = _times(some.now for some in alike), _times(some.before for some in alike)
    before = Before(patients_before, active_before, new_before, median_before, times_before)
    groups = _groups(alike)
    return Answer(question, rows, groups, new, undated, median, months, times, before, first, first_visit)


def _headline(connection: Connection, question: Question) -> tuple[Rows, int, int, int, int]:
    """Rows, new registrations in the period, patients without a date of registration, and of the earlier period the
    patients and the new registrations."""
    later, died = _registered_later(question.days), _died_earlier(question.days)
    counted = select(
        func.count(),
        how_many(later),
        how_many(and_(died, not_(later))),
        how_many(_registered_in(question.days)),
        how_many(and_(Patient.registered_on.is_(None), not_(died))),
        how_many(and_(*on_the_books(question.earlier))),
        how_many(_registered_in(question.earlier)),
    ).select_from(Patient)
    conditions = patients_of(question, FILTERS)
    read, came_later, gone, *found = connection.execute(counted.where(*conditions)).one()
    reasons = ((came_later, "registered later"), (gone, "died earlier"))
    excluded = tuple(Excluded(reason, count) for count, reason in reasons if count)
    new, undated, patients_before, new_before = found
    rows = Rows("patients", read, read - came_later - gone, excluded)
    return rows, new, undated, patients_before, new_before


def _records_begin(connection: Connection, clinic_id: int) -> tuple[date | None, date | None]:
    """The day of the first registration or visit, and that of the first visit."""
    registered = connection.scalar(select(func.min(Patient.registered_on)).where(Patient.clinic_id == clinic_id))
    visited = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == clinic_id))
    return min(filter(None, (registered, visited)), default=None), visited


@dataclass(frozen=True, slots=True)
class _Then:
    """So many patients alike, as they stood in a period: 0 of them where they were not on the books then."""

    patients: int
    visits: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class _Alike:
    """Patients of one age band and sex who came as often in the period and in the earlier one."""

    band: str
    sex: str
    now: _Then
    before: _Then


def _alike(connection: Connection, question: Question) -> list[_Alike]:
    """All patients of the question in groups of those who are alike."""
    now, earlier = question.days, question.earlier
    came, came_then, last, last_then = _came(connection, question)
    since, since_then = (_active_up_to(end, question)[0].toordinal() for _, end in (now, earlier))
    are_there = [case((and_(*on_the_books(period)), 1), else_=0) for period in (now, earlier)]
    group = (filters.band_column(question.end).label("band"), Patient.sex, *are_there)
    asked: Select[Any] = select(*group, ids(Patient.id)).where(*patients_of(question, FILTERS)).group_by(*group)
    found = []
    for band, sex, is_now, was_then, text in connection.execute(asked):
        alike = Counter(
            (came[patient], came_then[patient], last[patient] >= since, last_then[patient] >= since_then)
            for patient in read(text)
        )
        for (visits, visits_then, active, active_then), patients in alike.items():
            here, then = _Then(patients * is_now, visits, active), _Then(patients * was_then, visits_then, active_then)
            found.append(_Alike(band, sex, here, then))
    return found


def _came(connection: Connection, question: Question) -> tuple[array[int], array[int], array[int], array[int]]:
    """Of each patient the visits that took place in the period and in the earlier one, and the day of the last up to
    the end of either, as date.toordinal() counts: 0 for none. Each visit is looked at once, in the order of days."""
    now, earlier = question.days, question.earlier
    since = min(now[0], earlier[0], *(_active_up_to(end, question)[0] for _, end in (now, earlier)))
    group = (Visit.local_day, Visit.status)
    of_days = (Visit.clinic_id == question.clinic_id, Visit.local_day.between(since, question.end))
    visits = select(*group, ids(Visit.patient_id)).where(*of_days).group_by(*group).order_by(*group)
    came = places(connection, Patient, 0)
    came_then, last = came[:], came[:]
    last_then = None
    for day, status, text in connection.execute(visits):
        if status in NOT_COUNTED:
            continue
        if last_then is None and day > earlier[1]:
            last_then = last[:]
        patients, number = read(text), day.toordinal()
        for counted, (start, end) in ((came, now), (came_then, earlier)):
            if start <= day <= end:
                for patient in patients:
                    counted[patient] += 1
        for patient in patients:
            last[patient] = number
    return came, came_then, last, last if last_then is None else last_then


def _groups(alike: Iterable[_Alike]) -> tuple[Group, ...]:
    found: dict[tuple[str, str], list[int]] = {}
    for some in alike:
        if some.now.patients:
            counts = found.setdefault((some.band, some.sex), [0, 0])
            counts[0] += some.now.patients
            counts[1] += some.now.patients * some.now.is_active
    return tuple(Group(*key, *counts) for key, counts in sorted(found.items()))


def _times(alike: Iterable[_Then]) -> Times:
    found: dict[int, int] = defaultdict(int)
    for some in alike:
        if some.visits and some.patients:
            found[some.visits] += some.patients
    return Times(dict(sorted(found.items())))


def _births(connection: Connection, question: Question) -> list[tuple[date, int, int]]:
    """Birth dates in order, each with the patients on the books in the period and in the earlier one."""
    then = [how_many(and_(*on_the_books(period))) for period in (question.days, question.earlier)]
    query = select(Patient.birth_date, *then).where(*patients_of(question, FILTERS), Patient.birth_date.is_not(None))
    found = connection.execute(query.group_by(Patient.birth_date).order_by(Patient.birth_date))
    return [(row[0], row[1], row[2]) for row in found if row[0]]


def _median_age(births: Iterable[tuple[date, int]], on: date) -> float | None:
    """In completed years on that day: that of the middle patient by birth date, or the mean of the middle two."""
    known = [(born, patients) for born, patients in births if filters.is_age_known(born, on)]
    total, passed = sum(patients for _, patients in known), 0
    middle = ((total - 1) // 2, total // 2)
    ages: list[int] = []
    for born, patients in known:
        ages += [filters.age(born, on) for place in middle if passed <= place < passed + patients]
        passed += patients
    return sum(ages) / 2 if total else None


def _registrations(connection: Connection, question: Question) -> dict[str, int]:
    """New registrations by month, those without any too; the last month up to the question's end."""
    shown = periods.months_up_to(question.start, question.end)
    month = (extract("year", Patient.registered_on), extract("month", Patient.registered_on))
    query = (
        select(*month, func.count())
        .where(*patients_of(question, FILTERS), _registered_in((shown[0], question.end)))
        .group_by(*month)
    )
    found = {month_key(date(int(row[0]), int(row[1]), 1)): row[2] for row in connection.execute(query)}
    return {key: found.get(key, 0) for key in map(month_key, shown)}
