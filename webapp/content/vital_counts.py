"""Vital signs, classed by the database: each reading against the bands of its measure (vital_bands.py).

What a reading comes to is its verdict: a class, or the reason why it has none. Of several reasons the first in REASONS
counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Label,
    Subquery,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from webapp.content import filters, periods
from webapp.content.counting import Conditions, month_key, patients_of
from webapp.content.periods import Period, shifted
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
from webapp.models import Measurement, Patient

FILTERS = (filters.AGE, filters.SEX)

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


class CompletedYears(FunctionElement[int]):
    """CompletedYears(birth date, day): whole years of age. Who was born on 29 February completes one on 1 March of a
    year without that day. Of use only where the day is not before the birth."""

    type = Integer()
    inherit_cache = True


@compiles(CompletedYears, "postgresql")
def _years_on_postgresql(element: CompletedYears, compiler: Any, **how: Any) -> str:
    born, day = (compiler.process(clause, **how) for clause in element.clauses)
    return f"CAST(EXTRACT(YEAR FROM AGE({day}, {born})) AS INTEGER)"


@compiles(CompletedYears, "sqlite")
def _years_on_sqlite(element: CompletedYears, compiler: Any, **how: Any) -> str:
    born, day = (compiler.process(clause, **how) for clause in element.clauses)
    # Days as whole numbers such as 20261031: the difference has the years before its last four digits.
    return f"((CAST(replace({day}, '-', '') AS INTEGER) - CAST(replace({born}, '-', '') AS INTEGER)) / 10000)"


def single(connection: Connection, question: Question) -> tuple[Readings, ...]:
    """The readings of one value each, of the question's days and of the earlier ones."""
    read = verdicts(question)
    keys = (read.c.measure, read.c.age, read.c.verdict, read.c.now, read.c.earlier)
    found = connection.execute(select(*keys, func.count()).group_by(*keys))
    return tuple(
        sorted(
            Readings(name, age, told, "", bool(now), bool(then), count) for name, age, told, now, then, count in found
        )
    )


def verdicts(question: Question) -> Subquery:
    """The same one by one: their day, measure, age group and verdict, and in which periods they lie."""
    spans = (question.days, question.earlier)
    day = Measurement.local_day
    measure = case(*((Measurement.loinc.in_(item.loincs), item.name) for item in SINGLE))
    verdict = case(*((Measurement.loinc.in_(item.loincs), _verdict(item, spans)) for item in SINGLE))
    codes = [loinc for item in SINGLE for loinc in item.loincs]
    return (
        select(
            day.label("day"),
            measure.label("measure"),
            _age_group(day, spans).label("age"),
            verdict.label("verdict"),
            *_which(day, question),
        )
        .select_from(Measurement)
        .join(Patient, Patient.id == Measurement.patient_id)
        .where(*_taken(question, codes, spans), *patients_of(question, FILTERS))
        .subquery()
    )


def pressures(connection: Connection, question: Question, months: Period) -> tuple[Readings, ...]:
    """Blood pressures by month, of the days of `months` and of both periods.

    The systolic and the diastolic value of one observation belong together, or else those of one patient at one
    moment (on one day, where that alone is known). Of several the highest counts.
    """
    read = pressure_verdicts(question, months)
    month = (extract("year", read.c.day), extract("month", read.c.day))
    keys = (read.c.age, read.c.verdict, *month, read.c.now, read.c.earlier)
    found = connection.execute(select(*keys, func.count()).group_by(*keys))
    return tuple(
        sorted(
            Readings("pressure", age, told, month_key(date(int(year), int(month), 1)), bool(now), bool(then), count)
            for age, told, year, month, now, then, count in found
        )
    )


def pressure_verdicts(question: Question, months: Period) -> Subquery:
    """The same one by one, without the measure."""
    spans = (months, question.days, question.earlier)
    pair = _pairs(question, spans)
    return (
        select(
            pair.c.local_day.label("day"),
            _age_group(pair.c.local_day, spans).label("age"),
            _pressure_verdict(pair, spans).label("verdict"),
            *_which(pair.c.local_day, question),
        )
        .select_from(pair)
        .join(Patient, Patient.id == pair.c.patient_id)
        .where(*patients_of(question, FILTERS))
        .subquery()
    )


def _which(day: Any, question: Question) -> tuple[Label[bool], Label[bool]]:
    """Whether a day lies in the period, and whether in the earlier one."""
    return day.between(*question.days).label("now"), day.between(*question.earlier).label("earlier")


def records_begin(connection: Connection, clinic_id: int) -> date | None:
    """The day of the clinic's first reading of a vital sign."""
    of_clinic = and_(Measurement.clinic_id == clinic_id, Measurement.loinc.in_(VITALS))
    return connection.scalar(select(func.min(Measurement.local_day)).where(of_clinic))


def _taken(question: Question, codes: Iterable[str], spans: Iterable[Period]) -> Conditions:
    spans = tuple(spans)
    return [
        Measurement.clinic_id == question.clinic_id,
        Measurement.loinc.in_(list(codes)),
        Measurement.local_day.between(*periods.around(*spans)),
        or_(*(Measurement.local_day.between(*span) for span in spans)),
    ]


def _verdict(measure: Measure, spans: Iterable[Period]) -> ColumnElement[str]:
    """The number of the band as text, or a reason."""
    value = _in_our_unit(measure)
    last = len(measure.bands) - 1
    bands = [(value < band.under, f"{place}") for place, band in enumerate(measure.bands) if band.under is not None]
    return case(
        (Measurement.value.is_(None), "no_number"),
        (value.is_(None), "other_unit"),
        *_unfit(Measurement.local_day, measure.first_age, spans),
        (_beyond(value, measure.limits), "implausible"),
        *bands,
        else_=f"{last}",
    )


def _in_our_unit(measure: Measure) -> ColumnElement[float]:
    """The value in the measure's unit; NULL where it is in one that cannot be turned into it, or in none."""
    value = cast(Measurement.value, Float)
    return case(
        (Measurement.unit.in_(measure.units), value),
        *(
            (Measurement.unit == unit, (value - scale.zero) * scale.times / scale.by)
            for unit, scale in measure.scales.items()
        ),
        else_=null(),
    )


def _beyond(value: ColumnElement[float], limits: Limits) -> ColumnElement[bool]:
    too_low = value < limits.low if limits.low_is_in else value <= limits.low
    return or_(too_low, value > limits.high if limits.high_is_in else value >= limits.high)


def _unfit(day: Any, first_age: int, spans: Iterable[Period]) -> list[tuple[ColumnElement[bool], str]]:
    return [
        (or_(Patient.birth_date.is_(None), Patient.birth_date > day), "age_unknown"),
        (_aged(filters.OLDEST, day, spans), "age_unknown"),
        (~_aged(first_age, day, spans), "too_young"),
    ]


def _aged(years: int, day: Any, spans: Iterable[Period]) -> ColumnElement[bool]:
    """Who has completed that many years on that day, which lies in one of `spans`. Years are counted only where it is
    not clear from the first and last of these days."""
    first, last = periods.around(*spans)
    on_first, on_last = (Patient.birth_date <= shifted(on, -12 * years) for on in (first, last))
    return or_(on_first, and_(on_last, CompletedYears(Patient.birth_date, day) >= years))


def _age_group(day: Any, spans: Iterable[Period]) -> ColumnElement[str]:
    """One of AGES; for those who have no class, it says nothing."""
    older = [(_aged(int(age), day, spans), age) for age in reversed(AGES) if age != "18"]
    return case(*older, else_=literal("18"))


def _pairs(question: Question, spans: Iterable[Period]) -> Subquery:
    """One row for each blood pressure: the two values, NULL where there is none that can be true, and the trouble with
    others, as numbers that grow with the reasons."""
    value = cast(Measurement.value, Float)
    is_systolic = Measurement.loinc == SYSTOLIC
    troubles = case(
        (Measurement.value.is_(None), 1),
        (or_(Measurement.unit.is_(None), Measurement.unit.not_in(MMHG)), 2),
        (and_(is_systolic, _beyond(value, SYSTOLIC_LIMITS)), 3),
        (and_(~is_systolic, _beyond(value, DIASTOLIC_LIMITS)), 3),
        else_=0,
    )
    together = (
        Measurement.patient_id,
        Measurement.local_day,
        Measurement.measured_at,
        case((Measurement.component > 0, Measurement.source_id), else_=null()),
    )
    return (
        select(
            Measurement.patient_id,
            Measurement.local_day,
            func.max(case((and_(is_systolic, troubles == 0), value))).label("systolic"),
            func.max(case((and_(~is_systolic, troubles == 0), value))).label("diastolic"),
            func.max(troubles).label("trouble"),
        )
        .where(*_taken(question, (SYSTOLIC, DIASTOLIC), spans))
        .group_by(*together)
        .subquery()
    )


def _pressure_verdict(pair: Subquery, spans: Iterable[Period]) -> ColumnElement[str]:
    systolic, diastolic, trouble = pair.c.systolic, pair.c.diastolic, pair.c.trouble
    has_no_pair = or_(systolic.is_(None), diastolic.is_(None))
    classes = [
        (systolic >= high if low is None else or_(systolic >= high, diastolic >= low), name)
        for high, low, name in PRESSURES
    ]
    return case(
        (and_(has_no_pair, trouble == 1), "no_number"),
        (and_(has_no_pair, trouble == 2), "other_unit"),
        (and_(has_no_pair, trouble == 0), "unpaired"),
        *_unfit(pair.c.local_day, PRESSURE_AGE, spans),
        (or_(has_no_pair, diastolic >= systolic), "implausible"),
        *classes,
        else_="normal",
    )
