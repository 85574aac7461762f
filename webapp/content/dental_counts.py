"""Dental visits, patients and procedures, read from the database: the counts behind the dental statistics."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, case, func, select

from webapp.clinic_data.fhir.dental import CDT_SYSTEMS
from webapp.content import coverage, filters, findings, named, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import (
    HAPPENED,
    Conditions,
    how_many,
    month_key,
    narrowed,
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
    rows, groups = _rows(connection, question), _groups(connection, question)
    step(1, STEPS)
    before = _seen(connection, question, then)
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


def _came(question: Question, period: Period, *group: Any) -> Subquery:
    """Who had dental visits in the period that took place, and how many; for each of `group` apart."""
    keys = (Visit.patient_id, *group)
    query = select(*keys, func.count().label("visits")).where(HAPPENED, *_visits(question, period))
    return query.group_by(*keys).subquery()


def _firsts(question: Question, up_to: date) -> Subquery:
    """The day of each patient's first dental visit at the clinic that took place, whoever was the provider."""
    return (
        select(Visit.patient_id, func.min(Visit.local_day).label("day"))
        .where(Visit.clinic_id == question.clinic_id, Visit.kind == "dental", HAPPENED, Visit.local_day <= up_to)
        .group_by(Visit.patient_id)
        .subquery()
    )


def _columns(came: Subquery, is_new: ColumnElement[bool]) -> Iterable[ColumnElement[Any]]:
    """Those of Seen."""
    return func.count(), how_many(is_new), func.coalesce(func.sum(came.c.visits), 0)


def _seen(connection: Connection, question: Question, period: Period) -> Seen:
    came, firsts = _came(question, period), _firsts(question, period[1])
    query = select(*_columns(came, firsts.c.day >= period[0]))
    return Seen(*map(int, connection.execute(query.join_from(came, firsts, _same(came, firsts))).one()))


def _same(came: Subquery, firsts: Subquery) -> ColumnElement[bool]:
    return came.c.patient_id == firsts.c.patient_id


def _groups(connection: Connection, question: Question) -> tuple[Group, ...]:
    came, firsts = _came(question, question.days), _firsts(question, question.end)
    people = (
        select(
            filters.band_column(question.end).label("band"),
            Patient.sex,
            case((came.c.visits < MOST_VISITS, came.c.visits), else_=MOST_VISITS).label("times"),
            case((firsts.c.day >= question.start, 1), else_=0).label("is_new"),
            came.c.visits,
        )
        .join_from(came, firsts, _same(came, firsts))
        .join(Patient, Patient.id == came.c.patient_id)
        .subquery()
    )
    keys = (people.c.band, people.c.sex, people.c.times, people.c.is_new)
    query = select(*keys, func.count(), func.sum(people.c.visits)).group_by(*keys)
    found = [
        Group(band, sex, int(times), bool(is_new), patients, int(visits))
        for band, sex, times, is_new, patients, visits in connection.execute(query)
    ]
    return tuple(sorted(found, key=lambda group: (group.band, group.sex, group.times, group.is_new)))


def _months(connection: Connection, question: Question) -> dict[str, Seen]:
    """The months of periods.months_up_to(), those without visits too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end, MOST_MONTHS)
    came, firsts = _came(question, (shown[0], question.end), Visit.local_month), _firsts(question, question.end)
    month = came.c.local_month
    query: Select[Any] = select(month, *_columns(came, firsts.c.day >= month)).join_from(
        came, firsts, _same(came, firsts)
    )
    found = {month_key(day): Seen(*map(int, counts)) for day, *counts in connection.execute(query.group_by(month))}
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
