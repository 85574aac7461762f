"""What the database tells of readings of vital signs: each against the bands of its measure (bands.py), as far as
the patient's age does not matter."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, null, or_, select

from webapp.content.counting import Conditions, Unindexed
from webapp.content.vitals.bands import (
    DIASTOLIC,
    DIASTOLIC_LIMITS,
    MMHG,
    PRESSURES,
    SINGLE,
    SYSTOLIC,
    SYSTOLIC_LIMITS,
    Limits,
    Measure,
)  # fmt: skip
from webapp.models import Measurement

PRESSURE = "pressure"

TOLD = {
    measure.name: ("no_number", "no_number", "other_unit", "implausible", *map(str, range(len(measure.bands))))
    for measure in SINGLE
} | {PRESSURE: ("normal", *(name for *_, name in PRESSURES), "no_number", "other_unit", "unpaired", "implausible")}
"""What the database tells of a reading, by its place: a verdict that holds where the patient's age does not matter, or
is known and high enough. The first of a single value is that nothing was read at all."""

SAYS_NOTHING = 0
"""The place in TOLD of a measurement of which nothing was read; also of one that is no vital sign."""


def single() -> ColumnElement[int]:
    """What a measurement is told to be: a place in TOLD, or of what is no single value whether it says anything."""
    has_no_text = case((Measurement.text.is_(None), SAYS_NOTHING), else_=1)
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


def pressures(conditions: Conditions) -> Select[Any]:
    """One row for each blood pressure of the measurements that meet the conditions: `patient_id`, `local_day`, and
    `told`, its place in TOLD.

    The systolic and the diastolic value of one observation belong together, or else those of one patient at one
    moment (on one day, where that alone is known). Of several the highest counts.
    """
    pair = _pairs(conditions)
    return select(pair.c.patient_id, pair.c.local_day, _pressure(pair).label("told"))


def _pairs(conditions: Conditions) -> Subquery:
    """The two values of each, NULL where there is none that can be true, and the trouble with others, as numbers that
    grow with the reasons. SQLite reads all measurements as they stand, which takes half as long as to look up each of
    these."""
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
        .where(Unindexed(Measurement.loinc).in_([SYSTOLIC, DIASTOLIC]), *conditions)
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
