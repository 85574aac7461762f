"""Who the clinic's patients are, read from the database: the counts behind the patient summary."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, extract, func, not_, select

from webapp.content import coverage, filters, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import HAPPENED, Conditions, how_many, month_key, patients_of
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Excluded, Rows
from webapp.models import Patient, Visit

FILTERS = (filters.AGE, filters.SEX)
MOST_MONTHS = 60
STEPS = 4
MOST_VISITS = 5
"""From this many visits on, patients are counted together."""


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of one age band and sex, and how many of them were active."""

    band: str
    sex: str
    patients: int
    active: int


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `months` are new registrations, in order, none of them before the records
    begin; `by_visits` says how many patients came so many times in the period, the last for MOST_VISITS and more, with
    the visits of each. `records_begin` is the day of the clinic's first registration or visit, `visits_begin` that of
    its first visit of any status."""

    question: Question
    rows: Rows
    groups: tuple[Group, ...]
    new: int
    new_before: int
    undated: int
    median_age: float | None
    months: dict[str, int]
    by_visits: dict[int, tuple[int, int]]
    records_begin: date | None
    visits_begin: date | None

    @property
    def patients(self) -> int:
        return self.rows.used

    @property
    def active(self) -> int:
        return sum(group.active for group in self.groups)

    @property
    def came(self) -> int:
        """Patients with a visit in the period."""
        return sum(patients for patients, _ in self.by_visits.values())

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


def _on_the_books(question: Question) -> Conditions:
    """Known to the clinic by the last day, and alive on the first."""
    return [not_(_registered_later(question)), not_(_died_earlier(question))]


def _registered_later(question: Question) -> ColumnElement[bool]:
    return and_(Patient.registered_on.is_not(None), Patient.registered_on > question.end)


def _died_earlier(question: Question) -> ColumnElement[bool]:
    return and_(Patient.deceased_on.is_not(None), Patient.deceased_on < question.start)


def count(connection: Connection, question: Question) -> tuple[int, str]:
    conditions = [*patients_of(question, FILTERS), *_on_the_books(question)]
    return connection.scalar(select(func.count()).select_from(Patient).where(*conditions)) or 0, "patients"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    rows, new, new_before, undated = _headline(connection, question)
    step(1, STEPS)
    groups = _groups(connection, question)
    median = _median_age(connection, question, sum(g.patients for g in groups if g.band != filters.UNKNOWN_AGE))
    step(2, STEPS)
    first, first_visit = _records_begin(connection, question.clinic_id)
    months = coverage.months(_registrations(connection, question), first)
    by_visits = _by_visits(connection, question)
    step(3, STEPS)
    return Answer(question, rows, groups, new, new_before, undated, median, months, by_visits, first, first_visit)


def _headline(connection: Connection, question: Question) -> tuple[Rows, int, int, int]:
    """Rows, new registrations in the period and in the one before, and patients without a date of registration."""
    later, died = _registered_later(question), _died_earlier(question)
    undated = and_(Patient.registered_on.is_(None), not_(died))
    counted = select(
        func.count(),
        how_many(later),
        how_many(and_(died, not_(later))),
        how_many(_registered_in((question.start, question.end))),
        how_many(_registered_in(question.earlier)),
        how_many(undated),
    ).select_from(Patient)
    conditions = patients_of(question, FILTERS)
    read, came_later, gone, new, new_before, without = connection.execute(counted.where(*conditions)).one()
    reasons = ((came_later, "registered later"), (gone, "died earlier"))
    excluded = tuple(Excluded(reason, found) for found, reason in reasons if found)
    return Rows("patients", read, read - came_later - gone, excluded), new, new_before, without


def _records_begin(connection: Connection, clinic_id: int) -> tuple[date | None, date | None]:
    """The day of the first registration or visit, and that of the first visit."""
    registered = connection.scalar(select(func.min(Patient.registered_on)).where(Patient.clinic_id == clinic_id))
    visited = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == clinic_id))
    return min(filter(None, (registered, visited)), default=None), visited


def _registered_in(period: Period) -> ColumnElement[bool]:
    return and_(Patient.registered_on.is_not(None), Patient.registered_on.between(*period))


def _visitors(question: Question, period: Period) -> Subquery:
    """The clinic's patients with visits that took place in the period, and how many."""
    return (
        select(Visit.patient_id, func.count().label("visits"))
        .where(Visit.clinic_id == question.clinic_id, Visit.local_day.between(*period), HAPPENED)
        .group_by(Visit.patient_id)
        .subquery()
    )


def _groups(connection: Connection, question: Question) -> tuple[Group, ...]:
    active = _visitors(question, periods.year_up_to(question.end))
    people = (
        select(filters.band_column(question.end).label("band"), Patient.sex, active.c.patient_id.label("active"))
        .select_from(Patient)
        .outerjoin(active, active.c.patient_id == Patient.id)
        .where(*patients_of(question, FILTERS), *_on_the_books(question))
        .subquery()
    )
    keys = (people.c.band, people.c.sex)
    query = select(*keys, func.count(), func.count(people.c.active)).group_by(*keys).order_by(*keys)
    return tuple(Group(*row) for row in connection.execute(query))


def _median_age(connection: Connection, question: Question, known: int) -> float | None:
    """In completed years: that of the middle patient by birth date, or the mean of the middle two."""
    if not known:
        return None
    middle = (
        select(Patient.birth_date)
        .where(*patients_of(question, FILTERS), *_on_the_books(question), filters.age_known(question.end))
        .order_by(Patient.birth_date)
        .offset((known - 1) // 2)
        .limit(2 - known % 2)
    )
    ages = [filters.age(born, question.end) for born in connection.scalars(middle) if born]
    return sum(ages) / len(ages)


def _registrations(connection: Connection, question: Question) -> dict[str, int]:
    """New registrations by month, those without any too; the last month up to the question's end."""
    shown = periods.months_up_to(question.start, question.end, MOST_MONTHS)
    month = (extract("year", Patient.registered_on), extract("month", Patient.registered_on))
    query = (
        select(*month, func.count())
        .where(*patients_of(question, FILTERS), _registered_in((shown[0], question.end)))
        .group_by(*month)
    )
    found = {month_key(date(int(row[0]), int(row[1]), 1)): row[2] for row in connection.execute(query)}
    return {key: found.get(key, 0) for key in map(month_key, shown)}


def _by_visits(connection: Connection, question: Question) -> dict[int, tuple[int, int]]:
    visitors = _visitors(question, (question.start, question.end))
    people = (
        select(
            case((visitors.c.visits < MOST_VISITS, visitors.c.visits), else_=MOST_VISITS).label("times"),
            visitors.c.visits,
        )
        .select_from(Patient)
        .join(visitors, visitors.c.patient_id == Patient.id)
        .where(*patients_of(question, FILTERS), *_on_the_books(question))
        .subquery()
    )
    query = select(people.c.times, func.count(), func.sum(people.c.visits)).group_by(people.c.times)
    found = {int(row[0]): (int(row[1]), int(row[2])) for row in connection.execute(query)}
    return {times: found.get(times, (0, 0)) for times in range(1, MOST_VISITS + 1)}
