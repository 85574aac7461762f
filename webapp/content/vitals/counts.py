"""Vital signs, classed: each reading by what the database tells of it (told.py) and the patient's age.

What a reading comes to is its verdict: a class, or the reason why it has none. Of several reasons the first in REASONS
counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection, func, select

from webapp.content import ages, filters, periods, sources
from webapp.content.columns import DAY, NO_DAY, Columns, looked_up, months_of
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.vitals.bands import PRESSURE_AGE, SINGLE, VITALS
from webapp.content.vitals.told import PRESSURE, TOLD
from webapp.models import Measurement

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


_BY_LOINC = {loinc: measure.name for measure in SINGLE for loinc in measure.loincs}
_FIRST_AGES = {measure.name: measure.first_age for measure in SINGLE} | {PRESSURE: PRESSURE_AGE}
_WHATEVER_AGE = ("no_number", "other_unit", "unpaired")


def single(measured: Columns, question: Question, everybody: Columns) -> list[Readings]:
    """Those among measurements that are one value: of loinc, day, patient and told. `everybody` are the patients asked
    about, with the day on which each was born."""
    found = _placed(measured.where(measured.is_one_of("loinc", _BY_LOINC)), question, everybody)
    return [
        _readings(_BY_LOINC[loinc], "", alike, count)
        for (loinc, *alike), count in found.counts("loinc", *_ALIKE).items()
    ]


def pressures(
    connection: Connection, question: Question, spans: Iterable[Period], everybody: Columns
) -> list[Readings]:
    """Blood pressures of those days by month; `everybody` as above."""
    names = (DAY, "patient", "told")
    readings = []
    for span in periods.joined(*spans):
        read = sources.PRESSURES.read(connection, question.clinic_id, names, span)
        found = _placed(sources.about(everybody, read) if question.chosen else read, question, everybody)
        by_month = found.having(month=months_of(found[DAY])).counts("month", *_ALIKE)
        readings += [
            _readings(PRESSURE, f"{np.datetime64(month, 'M')}", alike, count)
            for (month, *alike), count in by_month.items()
        ]
    return readings


_ALIKE = ("told", "place", "now", "earlier")


def _placed(readings: Columns, question: Question, everybody: Columns) -> Columns:
    """With how old the patient of each was on its day, see ages.places(), and the periods in which that day is."""
    born = looked_up(readings["patient"], everybody["patient"], everybody["born"], NO_DAY)
    now, earlier = (readings.is_within(period) for period in (question.days, question.earlier))
    return readings.having(place=ages.places(readings[DAY], born), now=now, earlier=earlier)


def _readings(measure: str, month: str, alike: Iterable[int], count: int) -> Readings:
    told, place, now, earlier = alike
    verdict = _verdict(measure, told, place)
    return Readings(measure, _age_group(place), verdict, month, bool(now), bool(earlier), count)


def _verdict(measure: str, told: int, place: int) -> str:
    verdict = TOLD[measure][told]
    if verdict in _WHATEVER_AGE:
        return verdict
    if place not in ages.KNOWN:
        return "age_unknown"
    return verdict if place in ages.completed(_FIRST_AGES[measure]) else "too_young"


def _age_group(place: int) -> str:
    """One of AGES; for those who have no class, it says nothing."""
    return next((age for age in reversed(AGES) if place in ages.completed(int(age))), min(AGES))


def records_begin(connection: Connection, clinic_id: int) -> date | None:
    """The day of the clinic's first reading of a vital sign."""
    # One by one each is the first row of an index, together they are all rows of it.
    firsts = (
        select(func.min(Measurement.local_day))
        .where(Measurement.clinic_id == clinic_id, Measurement.loinc == loinc)
        .scalar_subquery()
        for loinc in VITALS
    )
    return min(filter(None, connection.execute(select(*firsts)).one()), default=None)
