"""The clinic's medical records, read from the database: the counts behind the medical statistics."""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import compress

from sqlalchemy import Connection, case, func, or_, select

from webapp.content import ages, coverage, named, periods, vital_counts
from webapp.content.answer import OfPeriod
from webapp.content.counting import (
    HAPPENED,
    Conditions,
    Unindexed,
    how_many,
    in_one_of,
    month_key,
    of_asked_patients,
    patients_of,
    visits_of,
)  # fmt: skip
from webapp.content.id_lists import ids, marks, read
from webapp.content.named import Spelling, TopList
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.content.vital_bands import BMI, BMI_AGE, PRESSURE_AGE, SYSTOLIC, VITALS
from webapp.content.vital_counts import FILTERS, REASONS, Measured, Readings
from webapp.figures import Excluded, Rows
from webapp.models import Diagnosis, Measurement, Patient, Treatment, Visit
from webapp.models.code_systems import LOINC
from webapp.models.visit import NOT_COUNTED

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
            func.coalesce(Diagnosis.verification_status, "").not_in(list(NOT_MEANT)),
            or_(Visit.kind.is_(None), Visit.kind == "medical"),
            *of_asked_patients(question, FILTERS, Diagnosis.patient_id),
        ),
        select(func.count()).where(
            Measurement.clinic_id == clinic,
            Measurement.local_day.between(*days),
            *of_asked_patients(question, FILTERS, Measurement.patient_id),
        ),
        select(func.count()).where(*_medical_treatments(question), Treatment.performed_on.between(*days)),
    )
    return sum(connection.scalar(query) or 0 for query in queries), "records"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    marks = _Marks(connection, ages.births(connection, question, FILTERS), bool(question.chosen))
    excluded: Counter[str] = Counter()
    visits = _visits(connection, question, marks, excluded)
    step(1, STEPS)
    diagnoses = _diagnoses(connection, question, marks, excluded)
    step(2, STEPS)
    verdicts = vital_counts.Verdicts(marks.born)
    measurements, observations = _measurements(connection, question, marks, verdicts)
    step(3, STEPS)
    shown = [month_key(month) for month in periods.months_up_to(question.start, question.end)]
    first_shown = periods.month_named(shown[0])[0]
    vital_counts.add_pressures(connection, question, (first_shown, question.end), verdicts)
    step(4, STEPS)
    treatments, given = _treatments(connection, question)
    found = dict(zip(RECORDS, (visits, diagnoses, measurements, treatments), strict=True))
    used = sum(item.count for item in found.values())
    left_out = tuple(Excluded(reason, count) for reason, count in sorted(excluded.items()))
    vitals_begin = vital_counts.records_begin(connection, question.clinic_id)
    first_visit = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == question.clinic_id))
    step(5, STEPS)
    return Answer(
        question,
        Rows("records", used + sum(excluded.values()), used, left_out),
        found,
        _of_patients(connection, question, marks),
        _of_visits(marks),
        verdicts.readings(question),
        tuple(coverage.months(dict.fromkeys(shown), vitals_begin)),
        observations,
        named.top_list(given),
        first_visit or vitals_begin,
        vitals_begin,
    )


class _Marks:
    """What is on record of whom, each a mark at the place of an id: of patients, of visits. `came` are the visits of
    the period that took place, `provided` and `ended` how many of them have a provider and an end."""

    def __init__(self, connection: Connection, born: array[int], is_narrowed: bool) -> None:
        self.born = born
        self._is_narrowed = is_narrowed
        of_patients, of_visits = marks(connection, Patient), marks(connection, Visit)
        self.seen, self.diagnosed, self.with_pressure, self.with_bmi = (bytearray(of_patients) for _ in range(4))
        self.dental, self.diagnosed_at, self.vitals_at, self.pressure_at = (bytearray(of_visits) for _ in range(4))
        self.came = array("i")
        self.provided = self.ended = 0

    def asked(self, patients: list[int]) -> list[int]:
        """Those of them whom the question is about."""
        return [who for who in patients if self.born[who] != ages.NOT_ASKED] if self._is_narrowed else patients


def _mark(those: bytearray, numbers: Iterable[int]) -> None:
    for number in numbers:
        those[number] = 1


class _Tally:
    """Records of one kind, counted up."""

    def __init__(self, question: Question) -> None:
        self._now, self._then = question.days, question.earlier
        self._count = self._earlier = 0
        self._patients: set[int] = set()

    def is_now(self, day: date | None) -> bool:
        return day is not None and self._now[0] <= day <= self._now[1]

    def add(self, day: date | None, patients: list[int]) -> None:
        if self.is_now(day):
            self._count += len(patients)
            self._patients.update(patients)
        if day is not None and self._then[0] <= day <= self._then[1]:
            self._earlier += len(patients)

    @property
    def records(self) -> Records:
        return Records(self._count, len(self._patients), self._earlier)


def _visits(connection: Connection, question: Question, on_record: _Marks, excluded: Counter[str]) -> Records:
    group, is_medical = (Visit.local_day, Visit.status), Visit.kind == "medical"
    now, then = (visits_of(question, FILTERS, period) for period in (question.days, question.earlier))
    before = connection.scalar(select(func.count()).where(HAPPENED, *then, is_medical)) or 0
    query = select(*group, ids(Visit.patient_id), ids(Visit.id), func.count(Visit.provider_id))
    tally = _Tally(question)
    for day, status, people, visits, provided in connection.execute(query.where(*now, is_medical).group_by(*group)):
        patients = read(people)
        if status in NOT_COUNTED:
            excluded[NOT_COUNTED[status]] += len(patients)
            continue
        tally.add(day, patients)
        _mark(on_record.seen, patients)
        on_record.came.extend(read(visits))
        on_record.provided += provided
    on_record.ended = _ended(connection, question)
    return replace(tally.records, earlier=before)


def _ended(connection: Connection, question: Question) -> int:
    """The medical visits of the period that have an end. No index has that, and SQLite reads all visits faster than
    it looks up a quarter of them."""
    query = select(func.count(Visit.ended_at)).where(
        Unindexed(Visit.clinic_id) == question.clinic_id,
        Unindexed(Visit.local_day).between(*question.days),
        Visit.kind == "medical",
        HAPPENED,
        *of_asked_patients(question, FILTERS, Visit.patient_id),
    )
    return connection.scalar(query) or 0


def _diagnoses(connection: Connection, question: Question, on_record: _Marks, excluded: Counter[str]) -> Records:
    """Those not found at a dental visit. Of any day, for a patient seen now may have been diagnosed long ago."""
    dental = select(ids(Visit.id)).where(Visit.clinic_id == question.clinic_id, Visit.kind == "dental")
    for text in connection.scalars(dental.group_by(Visit.local_day)):
        _mark(on_record.dental, read(text))
    group = (Diagnosis.recorded_on, Diagnosis.verification_status)
    visit_id = func.coalesce(Diagnosis.visit_id, 0)
    query = select(*group, ids(Diagnosis.patient_id), ids(visit_id)).where(Diagnosis.clinic_id == question.clinic_id)
    tally = _Tally(question)
    for day, status, people, at in connection.execute(query.group_by(*group)):
        patients, visits = read(people), read(at)
        medical = [who for who, visit in zip(patients, visits, strict=True) if not on_record.dental[visit]]
        if status in NOT_MEANT:
            excluded[NOT_MEANT[status]] += len(on_record.asked(medical)) if tally.is_now(day) else 0
            continue
        tally.add(day, on_record.asked(medical))
        _mark(on_record.diagnosed_at, visits)
        if day is None or day <= question.end:
            _mark(on_record.diagnosed, patients)
    return tally.records


def _measurements(
    connection: Connection, question: Question, on_record: _Marks, verdicts: vital_counts.Verdicts
) -> tuple[Records, TopList]:
    """Their number, and what is measured in the period; each goes to the marks and verdicts as well."""
    tally = _Tally(question)
    observed: defaultdict[str | None, array[int]] = defaultdict(lambda: array("i"))
    for some in vital_counts.measured(connection, question):
        asked, is_now = on_record.asked(some.patients), tally.is_now(some.day)
        tally.add(some.day, asked)
        verdicts.add_single(some)
        if is_now and some.loinc in VITALS:
            _mark_vitals(on_record, some)
        if is_now:
            observed[some.loinc].extend(asked)
    return tally.records, _observations(connection, question, observed)


def _observations(connection: Connection, question: Question, patients: Mapping[str | None, Sequence[int]]) -> TopList:
    """What was measured in the period, of whom: those with a code go by that, and are told once of all its names."""
    has_no_code = func.coalesce(Measurement.loinc, "") == ""
    group = (Measurement.loinc, Measurement.name)
    query = select(*group, func.count(), ids(case((has_no_code, Measurement.patient_id)))).where(
        Unindexed(Measurement.clinic_id) == question.clinic_id,
        Unindexed(Measurement.local_day).between(*question.days),
        *of_asked_patients(question, FILTERS, Measurement.patient_id),
    )
    records: dict[Spelling, int] = {}
    whose: dict[Spelling, Sequence[int]] = {}
    for loinc, name, count, text in connection.execute(query.group_by(*group)):
        spelling = (LOINC if loinc else None, loinc, name)
        records[spelling], whose[spelling] = count, patients[loinc] if loinc else read(text)
    return named.top_list(whose, records)


def _mark_vitals(on_record: _Marks, some: Measured) -> None:
    """Of vital signs that say something."""
    patients, visits = list(compress(some.patients, some.told)), list(compress(some.visits, some.told))
    _mark(on_record.vitals_at, visits)
    if some.loinc == SYSTOLIC:
        _mark(on_record.pressure_at, visits)
        _mark(on_record.with_pressure, patients)
    if some.loinc in BMI.loincs:
        _mark(on_record.with_bmi, patients)


def _medical_treatments(question: Question) -> Conditions:
    return [
        Treatment.clinic_id == question.clinic_id,
        Treatment.kind == "medical",
        *of_asked_patients(question, FILTERS, Treatment.patient_id),
    ]


def _treatments(connection: Connection, question: Question) -> tuple[Records, dict[Spelling, Sequence[int]]]:
    """Their number; and the patients of those of the period, once for each."""
    now, earlier = (Treatment.performed_on.between(*span) for span in (question.days, question.earlier))
    group = named.spelling_columns(Treatment)
    query = (
        select(*group, ids(case((now, Treatment.patient_id))), how_many(earlier))
        .where(
            *_medical_treatments(question),
            *in_one_of(Unindexed(Treatment.performed_on), (question.days, question.earlier)),
        )
        .group_by(*group)
    )
    given: dict[Spelling, Sequence[int]] = {}
    before = 0
    for system, code, name, text, of_earlier in connection.execute(query):
        before += of_earlier
        if patients := read(text):
            given[system, code, name] = patients
    everybody: set[int] = set().union(*given.values())
    return Records(sum(map(len, given.values())), len(everybody), before), given


def _of_patients(connection: Connection, question: Question, on_record: _Marks) -> dict[str, Part]:
    """The patients who came to a medical visit in the period, and what is on record of them."""
    told = (Patient.birth_date.is_not(None), Patient.sex != "unknown", func.coalesce(Patient.mrn, "") != "")
    flags = sum(case((condition, 1 << at), else_=0) for at, condition in enumerate(told))
    query = select(ids(Patient.id), ids(flags)).where(*patients_of(question, FILTERS))
    bounds = ages.bounds(question.end)
    alike: Counter[tuple[int, ...]] = Counter()
    on_record_of = (on_record.diagnosed, on_record.with_pressure, on_record.with_bmi)
    for people, about in connection.execute(query):
        alike.update(
            (which, bisect_left(bounds, on_record.born[who]), *(those[who] for those in on_record_of))
            for who, which in zip(read(people), read(about), strict=True)
            if on_record.seen[who]
        )
    parts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (which, place, diagnosed, pressure, bmi), patients in alike.items():
        adult, grown = (ages.is_known(place) and ages.has_completed(place, age) for age in (PRESSURE_AGE, BMI_AGE))
        for name, of, has in (
            ("birth_date", True, which & 1),
            ("sex", True, which & 2),
            ("mrn", True, which & 4),
            ("diagnosis", True, diagnosed),
            ("pressure", adult, pressure),
            ("bmi", grown, bmi),
        ):
            parts[name][0] += patients if of else 0
            parts[name][1] += patients if of and has else 0
    return {name: Part(*parts[name]) for name in ("birth_date", "sex", "mrn", "diagnosis", "pressure", "bmi")}


def _of_visits(on_record: _Marks) -> dict[str, Part]:
    """The medical visits of the period, and what is on record of them."""
    came = on_record.came
    have = {
        "provider": on_record.provided,
        "ended": on_record.ended,
        "diagnosis": sum(on_record.diagnosed_at[visit] for visit in came),
        "vitals": sum(on_record.vitals_at[visit] for visit in came),
        "pressure": sum(on_record.pressure_at[visit] for visit in came),
    }
    return {name: Part(len(came), count) for name, count in have.items()}
