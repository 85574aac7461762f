"""Dental visits, patients and procedures, read from the database: the counts behind the dental statistics."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, or_, select

from webapp.clinic_data.fhir.dental import CDT_SYSTEMS
from webapp.content import coverage, filters, findings, named, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import (
    HAPPENED,
    Conditions,
    how_many,
    month_key,
    narrowed,
    patients_of,
    treatments_of,
    visit_rows,
    visits_of,
)
from webapp.content.named import TopList
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Rows
from webapp.models import Patient, Treatment, Visit
from webapp.models.visit import BY_PATIENT

FILTERS = (filters.PROVIDER, filters.AGE, filters.SEX)
MOST_MONTHS = 60
STEPS = 4
MOST_VISITS = 5
"""From this many visits on, patients are counted together."""

CATEGORIES = {
    "Diagnostic": (100, 999),
    "Preventive": (1000, 1999),
    "Restorative": (2000, 2999),
    "Endodontics": (3000, 3999),
    "Periodontics": (4000, 4999),
    "Prosthodontics, removable": (5000, 5899),
    "Maxillofacial prosthetics": (5900, 5999),
    "Implant services": (6000, 6199),
    "Prosthodontics, fixed": (6200, 6999),
    "Oral and maxillofacial surgery": (7000, 7999),
    "Orthodontics": (8000, 8999),
    "Adjunctive general services": (9000, 9999),
}
"""Categories of service and their codes, from D0100 to D9999: American Dental Association, CDT: Code on Dental
Procedures and Nomenclature."""
NOT_CDT = "No CDT code"


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of one age band and sex who came so many times (MOST_VISITS: or more), and their visits."""

    band: str
    sex: str
    times: int
    is_new: bool
    patients: int
    visits: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Patients with a dental visit, how many of them for the first time, and their visits."""

    patients: int = 0
    new: int = 0
    visits: int = 0

    @property
    def returning(self) -> int:
        return self.patients - self.new

    @property
    def visits_a_patient(self) -> float | None:
        return findings.ratio(self.visits, self.patients)


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database.

    `months` are in order, none of them before the records begin. `categories` has procedures by CATEGORIES and NOT_CDT,
    and is empty where none of them has a CDT code. What ends in `_before` is of the earlier period. `records_begin` is
    the day of the clinic's first visit of any kind and status.
    """

    question: Question
    rows: Rows
    groups: tuple[Group, ...]
    before: Seen
    months: dict[str, Seen]
    procedures: TopList
    procedures_before: int
    categories: dict[str, int]
    records_begin: date | None

    @property
    def now(self) -> Seen:
        return self.seen()

    def seen(self, **of: str | int) -> Seen:
        """The groups with those values together."""
        those = [group for group in self.groups if all(getattr(group, name) == value for name, value in of.items())]
        new = sum(group.patients for group in those if group.is_new)
        return Seen(sum(group.patients for group in those), new, sum(group.visits for group in those))


def count(connection: Connection, question: Question) -> tuple[int, str]:
    rows = _rows(connection, question)
    return rows.used, rows.noun


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    now, then = question.days, question.earlier
    rows = _rows(connection, question)
    groups, before = _groups(connection, question)
    step(1, STEPS)
    first = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == question.clinic_id))
    months = coverage.months(_months(connection, question), first)
    step(2, STEPS)
    given = select(Treatment.id).where(*_procedures(question, now))
    procedures = named.top_list(connection, Treatment, given, named.counted(connection, Treatment, given))
    categories = _categories(connection, given, procedures.records)
    given_before = select(func.count()).select_from(Treatment).where(*_procedures(question, then))
    procedures_before = connection.scalar(given_before) or 0
    step(3, STEPS)
    return Answer(question, rows, groups, before, months, procedures, procedures_before, categories, first)


def _visits(question: Question, period: Period) -> Conditions:
    """Dental visits of any status."""
    return [Visit.kind == "dental", *visits_of(question, FILTERS, period)]


def _rows(connection: Connection, question: Question) -> Rows:
    return replace(visit_rows(connection, _visits(question, question.days)), noun="dental visits")


def _procedures(question: Question, period: Period) -> Conditions:
    """Dental treatments; where a provider is asked for, those of its visits."""
    conditions = [
        *treatments_of(question, FILTERS), Treatment.kind == "dental", Treatment.performed_on.between(*period),
    ]  # fmt: skip
    of_visits = narrowed(question, FILTERS, "visit")
    if of_visits:
        visits = select(Visit.id).where(Visit.clinic_id == question.clinic_id, *of_visits)
        conditions.append(Treatment.visit_id.in_(visits))
    return conditions


def _patients(question: Question) -> Subquery:
    """Everybody with dental visits that took place: the day of the first one, whoever was the provider, and how many of
    those asked about were in the period and in the earlier one."""
    of_visits, day = narrowed(question, FILTERS, "visit"), Visit.local_day
    now, before = (how_many(and_(day.between(*days), *of_visits)) for days in (question.days, question.earlier))
    return (
        select(Visit.patient_id, func.min(day).label("first"), now.label("now"), before.label("before"))
        .with_hint(Visit, f"INDEXED BY {BY_PATIENT}", "sqlite")
        .where(Visit.clinic_id == question.clinic_id, Visit.kind == "dental", HAPPENED, day <= question.end)
        .group_by(Visit.patient_id)
        .subquery()
    )


def _groups(connection: Connection, question: Question) -> tuple[tuple[Group, ...], Seen]:
    """Who came in the period, and in the earlier one."""
    came = _patients(question)
    people = (
        select(
            filters.band_column(question.end).label("band"),
            Patient.sex,
            case((came.c.now < MOST_VISITS, came.c.now), else_=MOST_VISITS).label("times"),
            _flag(came.c.first >= question.start).label("is_new"),
            came.c.now,
            came.c.before,
            _flag(and_(came.c.before > 0, came.c.first >= question.earlier[0])).label("was_new"),
        )
        .join_from(came, Patient, Patient.id == came.c.patient_id)
        .where(*patients_of(question, FILTERS), or_(came.c.now > 0, came.c.before > 0))
        .subquery()
    )
    keys = (people.c.band, people.c.sex, people.c.times, people.c.is_new)
    before = (how_many(people.c.before > 0), func.sum(people.c.was_new), func.sum(people.c.before))
    query = select(*keys, func.count(), func.sum(people.c.now), *before).group_by(*keys)
    found, then = [], [0, 0, 0]
    for band, sex, times, is_new, patients, visits, *was in connection.execute(query):
        then = [mine + int(more) for mine, more in zip(then, was, strict=True)]
        if times:
            found.append(Group(band, sex, int(times), bool(is_new), patients, int(visits)))
    return tuple(sorted(found, key=lambda group: (group.band, group.sex, group.times, group.is_new))), Seen(*then)


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _months(connection: Connection, question: Question) -> dict[str, Seen]:
    """The months of periods.months_up_to(), those without visits too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end, MOST_MONTHS)
    keys = (Visit.patient_id, Visit.local_month)
    came = (
        select(*keys, func.count().label("visits"))
        .where(HAPPENED, *_visits(question, (shown[0], question.end)))
        .group_by(*keys)
        .subquery()
    )
    people, month = _patients(question), came.c.local_month
    query = (
        select(month, func.count(), how_many(people.c.first >= month), func.sum(came.c.visits))
        .join_from(came, people, came.c.patient_id == people.c.patient_id)
        .group_by(month)
    )
    found = {month_key(day): Seen(*map(int, counts)) for day, *counts in connection.execute(query)}
    return {key: found.get(key, Seen()) for key in map(month_key, shown)}


def _categories(connection: Connection, given: Select[Any], procedures: int) -> dict[str, int]:
    code = Treatment.code
    coded = given.with_only_columns(code, func.count()).where(Treatment.code_system.in_(sorted(CDT_SYSTEMS)))
    found = dict.fromkeys(CATEGORIES, 0)
    for text, count in connection.execute(coded.group_by(code)):
        category = category_of(text or "")
        if category:
            found[category] += count
    told = {category: count for category, count in found.items() if count}
    rest = procedures - sum(told.values())
    return told | ({NOT_CDT: rest} if told and rest else {})


def category_of(code: str) -> str | None:
    """The category of a CDT code such as D2391; None for what is none."""
    digits = code.upper().removeprefix("D")
    if not (len(digits) == 4 and digits.isascii() and digits.isdecimal()):
        return None
    return next((name for name, (first, last) in CATEGORIES.items() if first <= int(digits) <= last), None)
