"""Dental visits, patients and procedures, read from the database: the counts behind the dental statistics."""

from array import array
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, select

from webapp.content import coverage, filters, findings, named, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import (
    Conditions,
    Unindexed,
    how_many,
    month_key,
    narrowed,
    patients_of,
    rows_by_status,
    treatments_of,
    visit_rows,
    visits_of,
)
from webapp.content.id_lists import ids, places, read
from webapp.content.named import TopList
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Rows
from webapp.models import Patient, Treatment, Visit
from webapp.models.code_systems import CDT_SYSTEMS
from webapp.models.visit import NOT_COUNTED

FILTERS = (filters.PROVIDER, filters.AGE, filters.SEX)
NOUN = "dental visits"
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
    rows = replace(visit_rows(connection, _visits(question, question.days)), noun=NOUN)
    return rows.used, rows.noun


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    came, rows = _came(connection, question)
    firsts = _firsts(connection, question, came)
    step(1, STEPS)
    groups, before = _groups(connection, question, came, firsts), _seen(came, firsts, question.earlier)
    begin = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == question.clinic_id))
    months = coverage.months(_months(question, came, firsts), begin)
    step(2, STEPS)
    given, procedures_before = _given(connection, question)
    procedures = named.top_list(given)
    categories = _categories({spelling: len(patients) for spelling, patients in given.items()})
    step(3, STEPS)
    return Answer(question, rows, groups, before, months, procedures, procedures_before, categories, begin)


def _visits(question: Question, period: Period) -> Conditions:
    """Dental visits of any status."""
    return [Visit.kind == "dental", *visits_of(question, FILTERS, period)]


def _procedures(question: Question, period: Period, *columns: Any) -> Select[Any]:
    """Dental treatments; where a provider is asked for, those of its visits."""
    query = select(*columns).select_from(Treatment)
    of_visits = narrowed(question, FILTERS, "visit")
    if of_visits:
        visits = select(Visit.id).where(Visit.clinic_id == question.clinic_id, *of_visits)
        query = query.where(Treatment.visit_id.in_(visits))
    return query.where(
        *treatments_of(question, FILTERS),
        Treatment.kind == "dental",
        Unindexed(Treatment.performed_on).between(*period),
    )


ByDay = list[tuple[date, list[int]]]
"""Who had a dental visit that took place, by id and once for each of them: the days in order."""


def _came(connection: Connection, question: Question) -> tuple[ByDay, Rows]:
    """Since the records begin; and the visits of the question's own days, of any status.

    The groups are those of ix_visits_figures, which the database reads as they stand. By patient it would have to sort
    all visits, for each count anew.
    """
    group = (Visit.local_day, Visit.status)
    ever = _visits(question, (date.min, question.end))
    query = select(*group, ids(Visit.patient_id)).where(*ever).group_by(*group).order_by(*group)
    statuses: defaultdict[str, int] = defaultdict(int)
    found: ByDay = []
    for day, status, text in connection.execute(query):
        patients = read(text)
        if day >= question.start:
            statuses[status] += len(patients)
        if status not in NOT_COUNTED:
            found.append((day, patients))
    return found, replace(rows_by_status(statuses), noun=NOUN)


def _firsts(connection: Connection, question: Question, came: ByDay) -> array[int]:
    """The day of each patient's first dental visit at the clinic that took place, as date.toordinal() counts it,
    whoever was the provider."""
    if filters.PROVIDER.name in question.chosen:
        others = {name: value for name, value in question.chosen.items() if name != filters.PROVIDER.name}
        came, _ = _came(connection, replace(question, filters=others))
    firsts = places(connection, Patient, 0)
    for day, patients in reversed(came):
        number = day.toordinal()
        for patient in patients:
            firsts[patient] = number
    return firsts


def _seen(came: ByDay, firsts: array[int], period: Period) -> Seen:
    those = [patients for day, patients in came if period[0] <= day <= period[1]]
    who = set().union(*those)
    since = period[0].toordinal()
    return Seen(len(who), len([1 for patient in who if firsts[patient] >= since]), sum(map(len, those)))


def _groups(connection: Connection, question: Question, came: ByDay, firsts: array[int]) -> tuple[Group, ...]:
    visits = places(connection, Patient, 0)
    for day, patients in came:
        if day >= question.start:
            for patient in patients:
                visits[patient] += 1
    group = (filters.band_column(question.end), Patient.sex)
    query = select(*group, ids(Patient.id)).where(*patients_of(question, FILTERS)).group_by(*group)
    found: dict[tuple[str, str, int, bool], list[int]] = defaultdict(list)
    for band, sex, text in connection.execute(query):
        for patient in read(text):
            if visits[patient]:
                is_new = firsts[patient] >= question.start.toordinal()
                found[band, sex, min(visits[patient], MOST_VISITS), is_new].append(visits[patient])
    return tuple(Group(*key, len(numbers), sum(numbers)) for key, numbers in sorted(found.items()))


def _months(question: Question, came: ByDay, firsts: array[int]) -> dict[str, Seen]:
    """The months of periods.months_up_to(), those without visits too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end)
    of_month: defaultdict[str, ByDay] = defaultdict(list)
    for day, patients in came:
        of_month[month_key(day)].append((day, patients))
    return {month_key(first): _seen(of_month[month_key(first)], firsts, (first, question.end)) for first in shown}


def _given(connection: Connection, question: Question) -> tuple[dict[named.Spelling, list[int]], int]:
    """The patients of the period's procedures, once for each; and how many procedures the earlier period had."""
    now, then = question.days, question.earlier
    day, group = Treatment.performed_on, named.spelling_columns(Treatment)
    patients, before = ids(Treatment.patient_id, day.between(*now)), how_many(day.between(*then))
    query = _procedures(question, (min(now[0], then[0]), now[1]), *group, patients, before).group_by(*group)
    given: dict[named.Spelling, list[int]] = {}
    given_before = 0
    for system, code, name, text, count in connection.execute(query):
        given_before += count
        treated = read(text)
        if treated:
            given[system, code, name] = treated
    return given, given_before


def _categories(procedures: Mapping[named.Spelling, int]) -> dict[str, int]:
    found = dict.fromkeys(CATEGORIES, 0)
    for (system, code, _), count in procedures.items():
        category = category_of(code or "") if system in CDT_SYSTEMS else None
        if category:
            found[category] += count
    told = {category: count for category, count in found.items() if count}
    rest = sum(procedures.values()) - sum(told.values())
    return told | ({NOT_CDT: rest} if told and rest else {})


def category_of(code: str) -> str | None:
    """The category of a CDT code such as D2391; None for what is none."""
    digits = code.upper().removeprefix("D")
    if not (len(digits) == 4 and digits.isascii() and digits.isdecimal()):
        return None
    return next((name for name, (first, last) in CATEGORIES.items() if first <= int(digits) <= last), None)
