"""The clinic's medical records, read from the database: the counts behind the medical statistics."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, or_, select

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
    return sum(_tally(connection, question, kind, question.days)[0] for kind in RECORDS), "records"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    rows, records = _records(connection, question)
    step(1, STEPS)
    of_patients = _of_patients(connection, question)
    of_visits = _of_visits(connection, question, records["visits"].count)
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
    found = {}
    for kind in RECORDS:
        count, patients = _tally(connection, question, kind, question.days)
        found[kind] = Records(count, patients, _tally(connection, question, kind, question.earlier)[0])
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


def _tally(connection: Connection, question: Question, kind: str, period: Period) -> tuple[int, int]:
    """Records of one kind in the period, and the patients they are about."""
    if kind == "visits":
        query, patient = select().select_from(Visit), Visit.patient_id
        conditions = [HAPPENED, *_visits(question, period)]
    elif kind == "diagnoses":
        query, patient = select().select_from(Diagnosis).join(*_WITH_VISIT, isouter=True), Diagnosis.patient_id
        conditions = [_MEANT, *_diagnoses(question, period)]
    elif kind == "measurements":
        query, patient = select().select_from(Measurement), Measurement.patient_id
        conditions = _of_clinic(question, Measurement, Measurement.local_day, period)
    else:
        query, patient = select().select_from(Treatment), Treatment.patient_id
        conditions = _medical_treatments(question, period)
    counted = query.add_columns(func.count(), func.count(patient.distinct())).where(*conditions)
    records, patients = connection.execute(counted).one()
    return records, patients


def _visits(question: Question, period: Period) -> Conditions:
    return [*visits_of(question, FILTERS, period), Visit.kind == "medical"]


def _diagnoses(question: Question, period: Period) -> Conditions:
    """Those not found at a dental visit; the query joins visits."""
    not_dental = or_(Visit.kind.is_(None), Visit.kind == "medical")
    return [*_of_clinic(question, Diagnosis, Diagnosis.recorded_on, period), not_dental]


def _medical_treatments(question: Question, period: Period) -> Conditions:
    return [*_of_clinic(question, Treatment, Treatment.performed_on, period), Treatment.kind == "medical"]


def _of_clinic(question: Question, model: Any, day: Any, period: Period) -> Conditions:
    conditions = [model.clinic_id == question.clinic_id, day.between(*period)]
    if question.chosen:
        conditions.append(model.patient_id.in_(select(Patient.id).where(*patients_of(question, FILTERS))))
    return conditions


def _of_patients(connection: Connection, question: Question) -> dict[str, Part]:
    """The patients who came to a medical visit in the period, and what is on record of them."""
    seen = (
        select(Visit.patient_id)
        .where(
            Visit.clinic_id == question.clinic_id, Visit.local_day.between(*question.days), Visit.kind == "medical",
            HAPPENED,
        )
        .distinct()
        .subquery()
    )  # fmt: skip
    diagnosed = (
        select(Diagnosis.patient_id)
        .where(
            Diagnosis.clinic_id == question.clinic_id, _MEANT,
            or_(Diagnosis.recorded_on.is_(None), Diagnosis.recorded_on <= question.end),
        )
        .distinct()
        .subquery()
    )  # fmt: skip
    measured = _measured(question, Measurement.patient_id)
    adult, grown = (
        and_(filters.age_known(question.end), Patient.birth_date <= shifted(question.end, -12 * age))
        for age in (PRESSURE_AGE, BMI_AGE)
    )
    has_pressure, has_bmi = measured.c.systolic == 1, measured.c.bmi == 1
    parts = {
        "birth_date": (None, Patient.birth_date.is_not(None)),
        "sex": (None, Patient.sex != "unknown"),
        "mrn": (None, func.coalesce(Patient.mrn, "") != ""),
        "diagnosis": (None, diagnosed.c.patient_id.is_not(None)),
        "pressure": (adult, and_(adult, has_pressure)),
        "bmi": (grown, and_(grown, has_bmi)),
    }
    columns = [column for of, have in parts.values() for column in (_those(of), how_many(have))]
    query = (
        select(*columns)
        .select_from(Patient)
        .join(seen, seen.c.patient_id == Patient.id)
        .outerjoin(diagnosed, diagnosed.c.patient_id == Patient.id)
        .outerjoin(measured, measured.c.patient_id == Patient.id)
        .where(*patients_of(question, FILTERS))
    )
    return _as_parts(parts, connection.execute(query).one())


def _of_visits(connection: Connection, question: Question, visits: int) -> dict[str, Part]:
    """The medical visits of the period, and what is on record of them."""
    measured = _measured(question, Measurement.visit_id)
    diagnosed = (
        select(Diagnosis.visit_id)
        .where(Diagnosis.clinic_id == question.clinic_id, Diagnosis.visit_id.is_not(None), _MEANT)
        .distinct()
        .subquery()
    )
    parts = {
        "provider": (None, Visit.provider_id.is_not(None)),
        "ended": (None, Visit.ended_at.is_not(None)),
        "diagnosis": (None, diagnosed.c.visit_id.is_not(None)),
        "vitals": (None, measured.c.visit_id.is_not(None)),
        "pressure": (None, measured.c.systolic == 1),
    }
    query = (
        select(*(column for of, have in parts.values() for column in (_those(of), how_many(have))))
        .select_from(Visit)
        .outerjoin(diagnosed, diagnosed.c.visit_id == Visit.id)
        .outerjoin(measured, measured.c.visit_id == Visit.id)
        .where(HAPPENED, *_visits(question, question.days))
    )
    return _as_parts(parts, connection.execute(query).one())


def _measured(question: Question, whose: Any) -> Subquery:
    """The patients or visits with a vital sign in the period, and whether the pressure and the body mass index are
    among them (1 or 0)."""
    return (
        select(
            whose,
            func.max(case((Measurement.loinc == SYSTOLIC, 1), else_=0)).label("systolic"),
            func.max(case((Measurement.loinc.in_(BMI.loincs), 1), else_=0)).label("bmi"),
        )
        .where(
            Measurement.clinic_id == question.clinic_id,
            Measurement.loinc.in_(VITALS),
            Measurement.local_day.between(*question.days),
            or_(Measurement.value.is_not(None), Measurement.text.is_not(None)),
            whose.is_not(None),
        )
        .group_by(whose)
        .subquery()
    )


def _those(of: ColumnElement[bool] | None) -> ColumnElement[int]:
    return func.count() if of is None else how_many(of)


def _as_parts(names: Any, counts: Any) -> dict[str, Part]:
    return {name: Part(*counts[2 * place : 2 * place + 2]) for place, name in enumerate(names)}


def _observations(connection: Connection, question: Question) -> Ranking:
    conditions = _of_clinic(question, Measurement, Measurement.local_day, question.days)
    return most_common.rank(connection, Measurement.patient_id, Measurement.name, (Measurement.loinc,), conditions)


def _treatments(connection: Connection, question: Question) -> Ranking:
    conditions = _medical_treatments(question, question.days)
    codes = (Treatment.code_system, Treatment.code)
    return most_common.rank(connection, Treatment.patient_id, Treatment.name, codes, conditions)
