"""Vital signs, classed by the database: each reading against the bands of its measure (vital_bands.py).

What a reading comes to is its verdict: a class, or the reason why it has none. Of several reasons the first in REASONS
counts.
"""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, null, or_, select

from webapp.content import ages, filters
from webapp.content.counting import Unindexed, in_one_of, month_key
from webapp.content.id_lists import ids, read
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.vital_bands import (
    DIASTOLIC,
    DIASTOLIC_LIMITS,
    MMHG,
    PRESSURE_AGE,
    PRESSURES,
    SINGLE,
    SYSTOLIC,
    SYSTOLIC_LIMITS,
    VITALS,
    Limits,
    Measure,
)  # fmt: skip
from webapp.models import Measurement

FILTERS = (filters.AGE, filters.SEX)
PRESSURE = "pressure"

REASONS = {
    "no_number": "No number",
    "other_unit": "Another unit or none",
    "unpaired": "One pressure alone",
    "age_unknown": "Age unknown",
    "too_young": "Too young",
    "implausible": "Implausible",
}
"""Why a reading has no class, in the order in which they are asked."""

AGES = {"18": "Under 45", "45": "45 to 64", "65": "65 or over"}
"""Age groups of adults on the day of the reading, by the age at which they begin."""


@dataclass(frozen=True, order=True, slots=True)
class Readings:
    """So many readings of one measure, age group and verdict. `month` is such as "2026-10", or empty where months are
    not told apart; a reading may lie in both periods, where they overlap."""

    measure: str
    age: str
    verdict: str
    month: str
    now: bool
    earlier: bool
    count: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of one code and day: for each its patient, its visit or 0, and what it was told to be: a place
    in TOLD, or of what is no single value whether it says anything."""

    loinc: str | None
    day: date
    patients: list[int]
    visits: list[int]
    told: list[int]


def measured(connection: Connection, question: Question) -> Iterator[Measured]:
    """All measurements of the period and of the earlier one, of patients who are not asked about too."""
    group = (Measurement.loinc, Measurement.local_day)
    visit_id = func.coalesce(Measurement.visit_id, 0)
    query = (
        select(*group, ids(Measurement.patient_id), ids(visit_id), ids(_single()))
        .where(
            Measurement.clinic_id == question.clinic_id,
            *in_one_of(Unindexed(Measurement.local_day), (question.days, question.earlier)),
        )
        .group_by(*group)
    )
    for loinc, day, *texts in connection.execute(query):
        assert day is not None, "asked for by its day"
        yield Measured(loinc, day, *map(read, texts))


class Verdicts:
    """Readings as the database told them, and how old their patients were: of each measure and day, how often which of
    TOLD and which place of ages.bounds() came together."""

    def __init__(self, born: array[int]) -> None:
        self._born = born
        self._bounds: dict[date, list[int]] = {}
        self._found: defaultdict[tuple[str, date], Counter[tuple[int, int]]] = defaultdict(Counter)

    def add(self, measure: str, day: date, patients: Iterable[int], told: Iterable[int]) -> None:
        """Readings of one measure and day: whose each is, and what it was told to be."""
        if day not in self._bounds:
            self._bounds[day] = ages.bounds(day)
        bounds, born = self._bounds[day], self._born
        places = [bisect_left(bounds, born[patient]) for patient in patients]
        self._found[measure, day].update(zip(told, places, strict=True))

    def add_single(self, some: Measured) -> None:
        """Nothing where a reading is no single value."""
        if some.loinc in SINGLE_BY_LOINC:
            self.add(SINGLE_BY_LOINC[some.loinc], some.day, some.patients, some.told)

    def readings(self, question: Question) -> tuple[Readings, ...]:
        spans = (question.days, question.earlier)
        alike: defaultdict[tuple[str, str, bool, bool], Counter[tuple[int, int]]] = defaultdict(Counter)
        for (measure, day), counts in self._found.items():
            now, earlier = (start <= day <= end for start, end in spans)
            alike[measure, month_key(day) if measure == PRESSURE else "", now, earlier].update(counts)
        found: Counter[tuple[str, str, str, str, bool, bool]] = Counter()
        for (measure, month, now, earlier), counts in alike.items():
            for (told, place), count in counts.items():
                if place != ages.NOBODY:
                    found[measure, _age_group(place), _verdict(measure, told, place), month, now, earlier] += count
        return tuple(sorted(Readings(*key, count) for key, count in found.items()))


TOLD = {
    measure.name: ("no_number", "no_number", "other_unit", "implausible", *map(str, range(len(measure.bands))))
    for measure in SINGLE
} | {PRESSURE: ("normal", *(name for *_, name in PRESSURES), "no_number", "other_unit", "unpaired", "implausible")}
"""What the database tells of a reading, by its place: a verdict that holds where the patient's age does not matter, or
is known and high enough. The first of a single value is that nothing was read at all."""

SINGLE_BY_LOINC = {loinc: measure.name for measure in SINGLE for loinc in measure.loincs}
_FIRST_AGES = {measure.name: measure.first_age for measure in SINGLE} | {PRESSURE: PRESSURE_AGE}
_WHATEVER_AGE = ("no_number", "other_unit", "unpaired")


def _verdict(measure: str, told: int, place: int) -> str:
    verdict = TOLD[measure][told]
    if verdict in _WHATEVER_AGE:
        return verdict
    if not ages.is_known(place):
        return "age_unknown"
    return verdict if ages.has_completed(place, _FIRST_AGES[measure]) else "too_young"


def _age_group(place: int) -> str:
    """One of AGES; for those who have no class, it says nothing."""
    return next((age for age in reversed(AGES) if ages.has_completed(place, int(age))), min(AGES))


def add_pressures(connection: Connection, question: Question, months: Period, verdicts: Verdicts) -> None:
    """Blood pressures of the days of `months` and of both periods.

    The systolic and the diastolic value of one observation belong together, or else those of one patient at one
    moment (on one day, where that alone is known). Of several the highest counts.
    """
    pair = _pairs(question, (months, question.days, question.earlier))
    columns = (pair.c.local_day, ids(pair.c.patient_id), ids(_pressure(pair)))
    for day, patients, told in connection.execute(select(*columns).group_by(pair.c.local_day)):
        verdicts.add(PRESSURE, day, read(patients), read(told))


def records_begin(connection: Connection, clinic_id: int) -> date | None:
    """The day of the clinic's first reading of a vital sign."""
    of_clinic = and_(Measurement.clinic_id == clinic_id, Measurement.loinc.in_(VITALS))
    return connection.scalar(select(func.min(Measurement.local_day)).where(of_clinic))


def _single() -> ColumnElement[int]:
    """What a measurement is told to be: see Measured."""
    has_no_text = case((Measurement.text.is_(None), 0), else_=1)
    by_measure = [(Measurement.loinc.in_(measure.loincs), _banded(measure)) for measure in SINGLE]
    return case((Measurement.value.is_(None), has_no_text), *by_measure, else_=1)


def _banded(measure: Measure) -> ColumnElement[int]:
    """The place in TOLD of a value that there is, by its unit: in ours, in one that can be turned into it, or in
    another."""
    value: Any = Measurement.value
    ours = (Measurement.unit.in_(measure.units), _band(measure, value))
    scaled = (
        (Measurement.unit == unit, _band(measure, (value - scale.zero) * scale.times / scale.by))
        for unit, scale in measure.scales.items()
    )
    return case(ours, *scaled, else_=TOLD[measure.name].index("other_unit"))


def _band(measure: Measure, value: ColumnElement[float]) -> ColumnElement[int]:
    told = TOLD[measure.name]
    bands = [
        (value < band.under, told.index(f"{at}")) for at, band in enumerate(measure.bands) if band.under is not None
    ]
    return case((_beyond(value, measure.limits), told.index("implausible")), *bands, else_=len(told) - 1)


def _beyond(value: ColumnElement[float], limits: Limits) -> ColumnElement[bool]:
    too_low = value < limits.low if limits.low_is_in else value <= limits.low
    return or_(too_low, value > limits.high if limits.high_is_in else value >= limits.high)


def _pairs(question: Question, spans: Iterable[Period]) -> Subquery:
    """One row for each blood pressure: the two values, NULL where there is none that can be true, and the trouble with
    others, as numbers that grow with the reasons. SQLite reads all measurements as they stand, which takes half as long
    as to look up each of these."""
    value: Any = Measurement.value
    is_systolic = Measurement.loinc == SYSTOLIC
    is_beyond = case((is_systolic, _beyond(value, SYSTOLIC_LIMITS)), else_=_beyond(value, DIASTOLIC_LIMITS))
    is_in_mmhg = Measurement.unit.in_(MMHG)
    troubles = case((value.is_(None), 1), (Measurement.unit.is_(None), 2), (~is_in_mmhg, 2), (is_beyond, 3), else_=0)
    systolic, diastolic = (
        case((and_(is_it, is_in_mmhg, ~_beyond(value, limits)), value))
        for is_it, limits in ((is_systolic, SYSTOLIC_LIMITS), (~is_systolic, DIASTOLIC_LIMITS))
    )
    # Sums are in no index: in the order of one, either database would look up each row in its place.
    patient_id = (Measurement.patient_id + 0).label("patient_id")
    together = (
        patient_id,
        Measurement.local_day,
        Measurement.measured_at,
        case((Measurement.component > 0, Measurement.source_id), else_=null()),
    )
    return (
        select(
            patient_id,
            Measurement.local_day,
            func.max(systolic).label("systolic"),
            func.max(diastolic).label("diastolic"),
            func.max(troubles).label("trouble"),
        )
        .where(
            Unindexed(Measurement.clinic_id) == question.clinic_id,
            Unindexed(Measurement.loinc).in_([SYSTOLIC, DIASTOLIC]),
            *in_one_of(Unindexed(Measurement.local_day), spans),
        )
        .group_by(*together)
        .subquery()
    )


def _pressure(pair: Subquery) -> ColumnElement[int]:
    """The place in TOLD of a pair."""
    systolic, diastolic, trouble = pair.c.systolic, pair.c.diastolic, pair.c.trouble
    has_no_pair = or_(systolic.is_(None), diastolic.is_(None))
    classes = [
        (systolic >= high if low is None else or_(systolic >= high, diastolic >= low), name)
        for high, low, name in PRESSURES
    ]
    told = (
        (and_(has_no_pair, trouble == 1), "no_number"),
        (and_(has_no_pair, trouble == 2), "other_unit"),
        (and_(has_no_pair, trouble == 0), "unpaired"),
        (or_(has_no_pair, diastolic >= systolic), "implausible"),
        *classes,
    )
    places = TOLD[PRESSURE]
    return case(*((condition, places.index(name)) for condition, name in told), else_=places.index("normal"))
