"""The clinic's medical records, read from the database: the counts behind the medical statistics."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)  # fmt: skip

from webapp.content import coverage, filters, most_common, periods, vital_counts
from webapp.content.answer import OfPeriod
from webapp.content.counting import HAPPENED, Conditions, how_many, month_key, patients_of, visit_rows, visits_of
from webapp.content.most_common import Ranking
from webapp.content.periods import Period, shifted
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.content.vital_bands import BMI, BMI_AGE, PRESSURE_AGE, SYSTOLIC, VITALS
from webapp.content.vital_counts import FILTERS, REASONS, Readings
from webapp.figures import Excluded, Rows
from webapp.models import Diagnosis, Measurement, Patient, Treatment, Visit

MOST_MONTHS = 60
STEPS = 6

RECORDS = {
    "visits": "Medical visits",
    "diagnoses": "Diagnoses",
    "measurements": "Measurements",
    "treatments": "Medical treatments",
}
NOT_MEANT = {"refuted": "refuted", "entered-in-error": "entered in error"}
"""Verification statuses of diagnoses that are none, and how a reader is told."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one kind, the patients they are about, and the records of the earlier period."""

    count: int
    patients: int
    earlier: int


@dataclass(frozen=True, slots=True)
class Part:
    """How many of those that should have something on record have it."""

    of: int
    have: int


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `months` are those shown of blood pressures, none of them before the first
    vital sign. `records_begin` is the day of the clinic's first visit, or else of its first vital sign; `vitals_begin`
    that of its first vital sign."""

    question: Question
    rows: Rows
    records: dict[str, Records]
    of_patients: dict[str, Part]
    of_visits: dict[str, Part]
    readings: tuple[Readings, ...]
    months: tuple[str, ...]
    observations: Ranking
    treatments: Ranking
    records_begin: date | None
    vitals_begin: date | None

    @property
    def are_vitals_compared(self) -> bool:
        """Whether there are vital signs of the earlier period."""
        return coverage.is_in_part(self.earlier, self.vitals_begin)

    def verdicts(self, measure: str, age: str = "", month: str = "", is_earlier: bool = False) -> Counter[str]:
        """Readings of the period by verdict: all, or those of one age group; of `month` also those outside of it."""
        found: Counter[str] = Counter()
        for item in self.readings:
            is_meant = item.month == month if month else item.earlier if is_earlier else item.now
            if item.measure == measure and is_meant and item.age == (age or item.age):
                found[item.verdict] += item.count
        return found

    def classed(self, measure: str, age: str = "", month: str = "", is_earlier: bool = False) -> Counter[str]:
        """The same, without those that have no class."""
        found = self.verdicts(measure, age, month, is_earlier)
        return Counter({verdict: count for verdict, count in found.items() if verdict not in REASONS})


def count(connection: Connection, question: Question) -> tuple[int, str]:
    """How many records the report would be about."""
    return sum(_tally(connection, question, kind).count for kind in RECORDS), "records"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    rows, records = _records(connection, question)
    step(1, STEPS)
    of_patients = _of_patients(connection, question)
    of_visits = _of_visits(connection, question)
    step(2, STEPS)
    shown = [month_key(month) for month in periods.months_up_to(question.start, question.end, MOST_MONTHS)]
    first_shown = periods.month_named(shown[0])[0]
    readings = vital_counts.single(connection, question)
    step(3, STEPS)
    readings += vital_counts.pressures(connection, question, (first_shown, question.end))
    step(4, STEPS)
    vitals_begin = vital_counts.records_begin(connection, question.clinic_id)
    first_visit = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == question.clinic_id))
    months = tuple(coverage.months(dict.fromkeys(shown), vitals_begin))
    observations, treatments = _observations(connection, question), _treatments(connection, question)
    step(5, STEPS)
    return Answer(
        question, rows, records, of_patients, of_visits, readings, months, observations, treatments,
        first_visit or vitals_begin, vitals_begin,
    )  # fmt: skip


def _records(connection: Connection, question: Question) -> tuple[Rows, dict[str, Records]]:
    """What was read of all kinds together, and each kind."""
    found = {kind: _tally(connection, question, kind) for kind in RECORDS}
    visits = visit_rows(connection, _visits(question, question.days))
    excluded = Counter({item.reason: item.count for item in visits.excluded})
    status = func.coalesce(Diagnosis.verification_status, "")
    others = [*_diagnoses(question, question.days), status.in_(list(NOT_MEANT))]
    by_status = select(status, func.count()).select_from(Diagnosis).join(*_WITH_VISIT, isouter=True)
    for told, count in connection.execute(by_status.where(*others).group_by(status)):
        excluded[NOT_MEANT[told]] += count
    used = sum(item.count for item in found.values())
    left_out = tuple(Excluded(reason, count) for reason, count in sorted(excluded.items()))
    return Rows("records", used + sum(excluded.values()), used, left_out), found


_WITH_VISIT = (Visit, Visit.id == Diagnosis.visit_id)
_MEANT = func.coalesce(Diagnosis.verification_status, "").not_in(list(NOT_MEANT))


def _tally(connection: Connection, question: Question, kind: str) -> Records:
    """The records of one kind, of the period and of the earlier one in one look."""
    model, day = _TABLES[kind]
    narrowed: dict[str, Callable[[Question, Period], Conditions]] = {
        "visits": lambda asked, period: [HAPPENED, *_visits(asked, period)],
        "diagnoses": lambda asked, period: [_MEANT, *_diagnoses(asked, period)],
        "measurements": _measurements,
        "treatments": _medical_treatments,
    }
    now, earlier = (day.between(*span) for span in (question.days, question.earlier))
    both = periods.around(question.days, question.earlier)
    columns = how_many(now), func.count(case((now, model.patient_id)).distinct()), how_many(earlier)
    query = select(*columns).select_from(model)
    if kind == "diagnoses":
        query = query.join(*_WITH_VISIT, isouter=True)
    return Records(*connection.execute(query.where(*narrowed[kind](question, both), or_(now, earlier))).one())


_TABLES: dict[str, tuple[Any, Any]] = {
    "visits": (Visit, Visit.local_day),
    "diagnoses": (Diagnosis, Diagnosis.recorded_on),
    "measurements": (Measurement, Measurement.local_day),
    "treatments": (Treatment, Treatment.performed_on),
}


def _visits(question: Question, period: Period) -> Conditions:
    return [*visits_of(question, FILTERS, period), Visit.kind == "medical"]


def _diagnoses(question: Question, period: Period) -> Conditions:
    """Those not found at a dental visit; the query joins visits."""
    not_dental = or_(Visit.kind.is_(None), Visit.kind == "medical")
    return [*_of_clinic(question, Diagnosis, Diagnosis.recorded_on, period), not_dental]


def _medical_treatments(question: Question, period: Period) -> Conditions:
    return [*_of_clinic(question, Treatment, Treatment.performed_on, period), Treatment.kind == "medical"]


def _measurements(question: Question, period: Period) -> Conditions:
    return _of_clinic(question, Measurement, Measurement.local_day, period)


def _of_clinic(question: Question, model: Any, day: Any, period: Period) -> Conditions:
    conditions = [model.clinic_id == question.clinic_id, day.between(*period)]
    if question.chosen:
        conditions.append(model.patient_id.in_(select(Patient.id).where(*patients_of(question, FILTERS))))
    return conditions


def _of_patients(connection: Connection, question: Question) -> dict[str, Part]:
    """The patients who came to a medical visit in the period, and what is on record of them."""
    names = ("seen", "diagnosis", *_VITALS)
    seen = (
        Visit.clinic_id == question.clinic_id,
        Visit.local_day.between(*question.days),
        Visit.kind == "medical",
        HAPPENED,
    )
    by_the_end = or_(Diagnosis.recorded_on.is_(None), Diagnosis.recorded_on <= question.end)
    of_them = Diagnosis.patient_id.in_(select(Visit.patient_id).where(*seen))
    diagnosed = (Diagnosis.clinic_id == question.clinic_id, of_them, _MEANT, by_the_end)
    found = _gathered(
        names,
        _flagged(names, Visit.patient_id, seen=_YES).where(*seen),
        _flagged(names, Diagnosis.patient_id, diagnosis=_YES).where(*diagnosed),
        _flagged(names, Measurement.patient_id, **_VITALS).where(*_measured(question)),
    )
    adult, grown = (
        and_(filters.age_known(question.end), Patient.birth_date <= shifted(question.end, -12 * age))
        for age in (PRESSURE_AGE, BMI_AGE)
    )
    parts = {
        "birth_date": (None, Patient.birth_date.is_not(None)),
        "sex": (None, Patient.sex != "unknown"),
        "mrn": (None, func.coalesce(Patient.mrn, "") != ""),
        "diagnosis": (None, found.c.diagnosis == 1),
        "pressure": (adult, and_(adult, found.c.pressure == 1)),
        "bmi": (grown, and_(grown, found.c.bmi == 1)),
    }
    query = (
        select(*(column for of, have in parts.values() for column in (_those(of), how_many(have))))
        .select_from(found)
        .join(Patient, Patient.id == found.c.whose)
        .where(*patients_of(question, FILTERS))
    )
    return _as_parts(parts, connection.execute(query).one())


def _of_visits(connection: Connection, question: Question) -> dict[str, Part]:
    """The medical visits of the period, and what is on record of them."""
    names = ("seen", "provider", "ended", "diagnosis", *_VITALS)
    provider, ended = _flag(Visit.provider_id.is_not(None)), _flag(Visit.ended_at.is_not(None))
    visits = (HAPPENED, *_visits(question, question.days))
    of_them = Diagnosis.visit_id.in_(select(Visit.id).where(*visits))
    diagnosed = (Diagnosis.clinic_id == question.clinic_id, of_them, _MEANT)
    measured = (Measurement.visit_id.is_not(None), *_measured(question))
    found = _gathered(
        names,
        _flagged(names, Visit.id, seen=_YES, provider=provider, ended=ended).where(*visits),
        _flagged(names, Diagnosis.visit_id, diagnosis=_YES).where(*diagnosed),
        _flagged(names, Measurement.visit_id, **_VITALS).where(*measured),
    )
    parts = {name: (None, found.c[name] == 1) for name in ("provider", "ended", "diagnosis", "vitals", "pressure")}
    query = select(*(column for of, have in parts.values() for column in (_those(of), how_many(have))))
    return _as_parts(parts, connection.execute(query.select_from(found)).one())


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, _YES), else_=_NO)


# Written out, for a parameter has no type that the parts of a union could share.
_YES, _NO = literal_column("1", Integer), literal_column("0", Integer)
_VITALS = {
    "vitals": _YES,
    "pressure": _flag(Measurement.loinc == SYSTOLIC),
    "bmi": _flag(Measurement.loinc.in_(BMI.loincs)),
}


def _flagged(names: Iterable[str], whose: Any, **flags: ColumnElement[int]) -> Select[Any]:
    """Rows of a patient or visit (`whose`), each with a flag under each of `names`."""
    columns: list[Any] = [whose.label("whose"), *(flags.get(name, _NO).label(name) for name in names)]
    return select(*columns)


def _gathered(names: Iterable[str], *parts: Select[Any]) -> Subquery:
    """One row for each patient or visit that is "seen" in any of the parts, with all flags of all its rows. They are
    grouped together, because SQLite would look through a whole group for each row that it joins to it."""
    rows = union_all(*parts).subquery()
    flags = [func.max(rows.c[name]).label(name) for name in names]
    return select(rows.c.whose, *flags).group_by(rows.c.whose).having(func.max(rows.c.seen) == 1).subquery()


def _measured(question: Question) -> Conditions:
    """Vital signs of the period that say something."""
    return [
        Measurement.clinic_id == question.clinic_id,
        Measurement.loinc.in_(VITALS),
        Measurement.local_day.between(*question.days),
        or_(Measurement.value.is_not(None), Measurement.text.is_not(None)),
    ]


def _those(of: ColumnElement[bool] | None) -> ColumnElement[int]:
    return func.count() if of is None else how_many(of)


def _as_parts(names: Any, counts: Any) -> dict[str, Part]:
    return {name: Part(*counts[2 * place : 2 * place + 2]) for place, name in enumerate(names)}


def _observations(connection: Connection, question: Question) -> Ranking:
    conditions = _measurements(question, question.days)
    return most_common.rank(connection, Measurement.patient_id, Measurement.name, (Measurement.loinc,), conditions)


def _treatments(connection: Connection, question: Question) -> Ranking:
    conditions = _medical_treatments(question, question.days)
    codes = (Treatment.code_system, Treatment.code)
    return most_common.rank(connection, Treatment.patient_id, Treatment.name, codes, conditions)
