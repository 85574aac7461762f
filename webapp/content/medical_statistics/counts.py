"""The clinic's medical records, read from the database: the counts behind the medical statistics."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, or_, select

from webapp.content import ages, coverage, named, periods, presence, sources
from webapp.content.answer import OfPeriod
from webapp.content.columns import DAY, NO_DAY, UNKNOWN, Columns
from webapp.content.columns.source import Source
from webapp.content.counting import HAPPENED, Conditions, month_key, of_asked_patients, visits_of
from webapp.content.named import TopList
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.content.vitals import counts as vital_counts
from webapp.content.vitals.bands import BMI, BMI_AGE, PRESSURE_AGE, SYSTOLIC, VITALS
from webapp.content.vitals.counts import FILTERS, REASONS, Readings
from webapp.content.vitals.told import SAYS_NOTHING
from webapp.figures import Excluded, Rows
from webapp.models import Diagnosis, Measurement, Treatment, Visit
from webapp.models.code_systems import LOINC
from webapp.models.diagnosis import NOT_HELD
from webapp.models.visit import NOT_COUNTED

STEPS = 6

RECORDS = {
    "visits": "Medical visits",
    "diagnoses": "Diagnoses",
    "measurements": "Measurements",
    "treatments": "Medical treatments",
}


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
    observations: TopList
    treatments: TopList
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
    clinic, days = question.clinic_id, question.days
    queries = (
        select(func.count()).where(HAPPENED, *visits_of(question, FILTERS, days), Visit.kind == "medical"),
        select(func.count())
        .select_from(Diagnosis)
        .join(Visit, Visit.id == Diagnosis.visit_id, isouter=True)
        .where(
            Diagnosis.clinic_id == clinic,
            Diagnosis.recorded_on.between(*days),
            func.coalesce(Diagnosis.verification_status, "").not_in(list(NOT_HELD)),
            or_(Visit.kind.is_(None), Visit.kind == "medical"),
            *of_asked_patients(question, FILTERS, Diagnosis.patient_id),
        ),
        select(func.count()).where(
            Measurement.clinic_id == clinic,
            Measurement.local_day.between(*days),
            *of_asked_patients(question, FILTERS, Measurement.patient_id),
        ),
        select(func.count()).where(
            Treatment.clinic_id == clinic,
            Treatment.kind == "medical",
            Treatment.performed_on.between(*days),
            *of_asked_patients(question, FILTERS, Treatment.patient_id),
        ),
    )
    return sum(connection.scalar(query) or 0 for query in queries), "records"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    everybody = sources.patients(connection, question, FILTERS, "patient", "sex", "born", "has_mrn")
    clinic = _Clinic(connection, question, everybody)
    excluded: Counter[str] = Counter()
    came, visits = _visits(clinic, excluded)
    step(1, STEPS)
    diagnosed, diagnoses = _diagnoses(clinic, excluded)
    step(2, STEPS)
    vitals, measurements, observations, singles = _measurements(clinic)
    step(3, STEPS)
    shown = [month_key(month) for month in periods.months_up_to(question.start, question.end)]
    spans = ((periods.month_named(shown[0])[0], question.end), question.days, question.earlier)
    pressures = vital_counts.pressures(connection, question, spans, everybody)
    step(4, STEPS)
    treatments, given = _treatments(clinic)
    found = dict(zip(RECORDS, (visits, diagnoses, measurements, treatments), strict=True))
    used = sum(item.count for item in found.values())
    left_out = tuple(Excluded(reason, count) for reason, count in sorted(excluded.items()))
    vitals_begin = vital_counts.records_begin(connection, question.clinic_id)
    first_visit = presence.first_visit(connection, question.clinic_id)
    step(5, STEPS)
    return Answer(
        question,
        Rows("records", used + sum(excluded.values()), used, left_out),
        found,
        _of_patients(clinic, came, diagnosed, vitals),
        _of_visits(clinic, came, diagnosed, vitals),
        tuple(sorted((*singles, *pressures))),
        tuple(coverage.months(dict.fromkeys(shown), vitals_begin)),
        observations,
        given,
        first_visit or vitals_begin,
        vitals_begin,
    )


@dataclass(frozen=True, slots=True)
class _Clinic:
    """The clinic's records, for a question that asks about the patients `everybody`."""

    connection: Connection
    question: Question
    everybody: Columns

    def records(self, source: Source, period: Period | None, *names: str, wanted: Conditions | None = None) -> Columns:
        """Those of that source, of the days of the period or of all, of patients who are not asked about too."""
        return source.read(self.connection, self.question.clinic_id, names, period, wanted=wanted)

    def medical(self, source: Source, kind: Any, period: Period, *names: str) -> Columns:
        """The medical ones of that source and those days, of the patients asked about; `kind` is the model's."""
        found = self.records(source, period, "kind", "patient", *names, wanted=[kind == "medical"])
        return self.asked(found.where(found.is_one_of("kind", ["medical"])))

    def asked(self, records: Columns) -> Columns:
        return sources.about(self.everybody, records) if self.question.chosen else records


def _records(now: Columns, earlier: Columns) -> Records:
    return Records(len(now), len(now.distinct("patient")), len(earlier))


def _visits(clinic: _Clinic, excluded: Counter[str]) -> tuple[Columns, Records]:
    """Those of the period that took place, and their number."""
    now = clinic.medical(sources.VISITS, Visit.kind, clinic.question.days, "status", "visit", "provider")
    before = clinic.medical(sources.VISITS, Visit.kind, clinic.question.earlier, "status")
    _exclude(now, NOT_COUNTED, excluded)
    came, before = map(presence.took_place, (now, before))
    return came, _records(came, before)


def _exclude(records: Columns, reasons: Mapping[str, str], excluded: Counter[str]) -> None:
    for status, count in records.where(records.is_one_of("status", reasons)).counts("status").items():
        excluded[reasons[status]] += count


def _diagnoses(clinic: _Clinic, excluded: Counter[str]) -> tuple[Columns, Records]:
    """Those of any day, for a patient seen now may have been diagnosed long ago; and the number of those not found at a
    dental visit."""
    found = clinic.records(sources.DIAGNOSES, None, "status", "patient", "visit", DAY)
    visits = clinic.records(sources.VISITS, None, "kind", "visit", wanted=[Visit.kind == "dental"])
    dental = visits.where(visits.is_one_of("kind", ["dental"]))
    medical = clinic.asked(found.where(~np.isin(found["visit"], dental["visit"])))
    _exclude(medical.within(clinic.question.days), NOT_HELD, excluded)
    meant, counted = (some.where(~some.is_one_of("status", NOT_HELD)) for some in (found, medical))
    now, before = (counted.within(period) for period in (clinic.question.days, clinic.question.earlier))
    return meant, _records(now, before)


def _measurements(clinic: _Clinic) -> tuple[Columns, Records, TopList, list[Readings]]:
    """The vital signs of the period that say something; all measurements, their number and what they are; and what
    those come to that are one value."""
    spans = (clinic.question.earlier, clinic.question.days)
    names = ("loinc", "name", "patient", "visit", "told", DAY)
    everyones = [clinic.records(sources.MEASUREMENTS, span, *names) for span in periods.joined(*spans)]
    # The earlier period is of the first of these, and the present one of the last.
    found = everyones[-1].within(clinic.question.days)
    vitals = found.where(found.is_one_of("loinc", VITALS) & (found["told"] != SAYS_NOTHING))
    asked = [clinic.asked(some) for some in everyones]
    now, before = asked[-1].within(clinic.question.days), asked[0].within(clinic.question.earlier)
    observed = {
        (LOINC if loinc else None, loinc, name): patients
        for (loinc, name), patients in now.parted("patient", "loinc", "name").items()
    }
    singles = [item for some in asked for item in vital_counts.single(some, clinic.question, clinic.everybody)]
    return vitals, _records(now, before), named.top_list(observed), singles


def _treatments(clinic: _Clinic) -> tuple[Records, TopList]:
    now = clinic.medical(sources.TREATMENTS, Treatment.kind, clinic.question.days, *named.SPELLING)
    before = clinic.medical(sources.TREATMENTS, Treatment.kind, clinic.question.earlier)
    return _records(now, before), named.top_list(named.by_spelling(now, "patient"))


def _of_patients(clinic: _Clinic, came: Columns, diagnosed: Columns, vitals: Columns) -> dict[str, Part]:
    """The patients who came to a medical visit in the period, and what is on record of them."""
    seen = sources.about(came, clinic.everybody)
    last = clinic.question.end.toordinal()
    place = ages.places(np.full(len(seen), last), seen["born"])
    everyone = np.ones(len(seen), np.bool_)
    adult, grown = (np.isin(place, ages.completed(age)) for age in (PRESSURE_AGE, BMI_AGE))
    parts = {
        "birth_date": (everyone, seen["born"] != NO_DAY),
        "sex": (everyone, ~seen.is_one_of("sex", ["unknown"])),
        "mrn": (everyone, seen["has_mrn"] != 0),
        "diagnosis": (everyone, np.isin(seen["patient"], diagnosed["patient"][diagnosed[DAY] <= last])),
        "pressure": (adult, np.isin(seen["patient"], _of_code(vitals, SYSTOLIC)["patient"])),
        "bmi": (grown, np.isin(seen["patient"], _of_code(vitals, *BMI.loincs)["patient"])),
    }
    return {name: Part(int(of.sum()), int((of & have).sum())) for name, (of, have) in parts.items()}


def _of_code(measured: Columns, *loincs: str) -> Columns:
    return measured.where(measured.is_one_of("loinc", loincs))


def _of_visits(clinic: _Clinic, came: Columns, diagnosed: Columns, vitals: Columns) -> dict[str, Part]:
    """The medical visits of the period, and what is on record of them."""
    ended = clinic.records(sources.ENDED_VISITS, clinic.question.days, "visit")
    have = {
        "provider": came["provider"] != UNKNOWN,
        "ended": np.isin(came["visit"], ended["visit"]),
        "diagnosis": np.isin(came["visit"], diagnosed["visit"]),
        "vitals": np.isin(came["visit"], vitals["visit"]),
        "pressure": np.isin(came["visit"], _of_code(vitals, SYSTOLIC)["visit"]),
    }
    return {name: Part(len(came), int(visits.sum())) for name, visits in have.items()}
