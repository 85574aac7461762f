"""Dental visits, patients and procedures, read from the database: the counts behind the dental statistics."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from sqlalchemy import Connection, select

from webapp.content import ages, coverage, filters, findings, named, periods, presence, sources
from webapp.content.answer import OfPeriod
from webapp.content.columns import DAY, NO_DAY, Columns, Numbers, looked_up, numbered
from webapp.content.counting import Conditions, month_key, narrowed, rows_by_status, visit_rows, visits_of
from webapp.content.named import TopList
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Rows
from webapp.models import Treatment, Visit
from webapp.models.code_systems import CDT_SYSTEMS

FILTERS = (filters.PROVIDER, filters.AGE, filters.SEX)
KIND = "dental"
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
    dental = [Visit.kind == KIND, *visits_of(question, FILTERS, question.days)]
    rows = replace(visit_rows(connection, dental), noun=NOUN)
    return rows.used, rows.noun


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    came, rows = _came(connection, question)
    came = came.having(first=_firsts(connection, question, came))
    step(1, STEPS)
    groups, before = _groups(connection, question, came), _seen(came, question.earlier)
    begin = presence.first_visit(connection, question.clinic_id)
    months = coverage.months(_months(question, came), begin)
    step(2, STEPS)
    treated = _procedures(connection, question)
    given = named.by_spelling(treated.within(question.days), "patient")
    procedures, procedures_before = named.top_list(given), int(treated.is_within(question.earlier).sum())
    categories = _categories({spelling: len(patients) for spelling, patients in given.items()})
    step(3, STEPS)
    return Answer(question, rows, groups, before, months, procedures, procedures_before, categories, begin)


def _came(connection: Connection, question: Question) -> tuple[Columns, Rows]:
    """The dental visits that took place since the records begin; and those of the question's own days, of any
    status."""
    ever = date.min, question.end
    names, wanted = (DAY, "status", "kind", "patient"), [Visit.kind == KIND]
    visits = sources.visits(connection, question, FILTERS, ever, *names, wanted=wanted)
    dental = visits.where(visits.is_one_of("kind", [KIND]))
    rows = replace(rows_by_status(dental.within(question.days).counts("status")), noun=NOUN)
    return presence.took_place(dental), rows


def _firsts(connection: Connection, question: Question, came: Columns) -> Numbers:
    """Of each of these visits, the day of the patient's first dental visit at the clinic that took place, whoever was
    the provider."""
    every = came
    if filters.PROVIDER.name in question.chosen:
        others = {name: value for name, value in question.chosen.items() if name != filters.PROVIDER.name}
        every, _ = _came(connection, replace(question, filters=others))
    (who,), places = numbered(every["patient"])
    firsts = np.full(len(who), date.max.toordinal(), np.int32)
    np.minimum.at(firsts, places, every[DAY])
    return looked_up(came["patient"], who, firsts, NO_DAY)


def _seen(came: Columns, period: Period) -> Seen:
    visits = came.within(period)
    new = visits.where(visits["first"] >= period[0].toordinal())
    return Seen(len(visits.distinct("patient")), len(new.distinct("patient")), len(visits))


def _groups(connection: Connection, question: Question, came: Columns) -> tuple[Group, ...]:
    visits = came.within(question.days)
    everybody = sources.patients(connection, question, FILTERS, "sex", "patient", "born")
    everybody = everybody.having(
        band=ages.bands(everybody["born"], question.end),
        times=presence.times_came(everybody, visits, question.days),
        first=looked_up(everybody["patient"], visits["patient"], visits["first"], NO_DAY),
    )
    seen = everybody.where(everybody["times"] > 0)
    seen = seen.having(is_new=seen["first"] >= question.start.toordinal())
    found: dict[tuple[str, str, int, bool], list[int]] = defaultdict(lambda: [0, 0])
    for (band, sex, visits_each, is_new), patients in seen.counts("band", "sex", "times", "is_new").items():
        counts = found[ages.band(band), sex, min(visits_each, MOST_VISITS), bool(is_new)]
        counts[0] += patients
        counts[1] += patients * visits_each
    return tuple(Group(*key, *counts) for key, counts in sorted(found.items()))


def _months(question: Question, came: Columns) -> dict[str, Seen]:
    """The months of periods.months_up_to(), those without visits too; the last one up to the question's end."""
    shown = map(month_key, periods.months_up_to(question.start, question.end))
    return {key: _seen(came, periods.month_named(key)) for key in shown}


def _procedures(connection: Connection, question: Question) -> Columns:
    """Dental treatments of the period and the earlier one; where a provider is asked for, those of its visits."""
    period = min(question.start, question.earlier[0]), question.end
    asked: Conditions = []
    of_visits = narrowed(question, FILTERS, "visit")
    if of_visits:
        visits = select(Visit.id).where(Visit.clinic_id == question.clinic_id, *of_visits)
        asked.append(Treatment.visit_id.in_(visits))
    names = ("kind", *named.SPELLING, "patient", DAY)
    found = sources.TREATMENTS.read(connection, question.clinic_id, names, period, asked, [Treatment.kind == KIND])
    dental = found.where(found.is_one_of("kind", [KIND]))
    return sources.asked_about(connection, question, FILTERS, dental)


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
