"""What a daily patient report reads: the sheet, its patients, their readings in it and those on record.

Readings of one patient at one moment, or on one day where the time is not known, are one set.
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, case, func, or_, select, type_coerce
from sqlalchemy.types import NullType

from webapp import words
from webapp.content.question import Question
from webapp.content.vitals.bands import OXYGEN
from webapp.content.vitals.daily import (
    ACVPU,
    AIR_OR_OXYGEN,
    DECIMALS,
    NUMBERS,
    OXYGEN_GIVEN,
    WORDS,
)
from webapp.errors import FiguresFailed
from webapp.models import Clinic, Measurement, Patient, Person, Upload

DAYS_BEFORE = 7
"""So many days before a patient's first day in the sheet are looked at."""

MOST_AT_ONCE = 10_000
"""Ids in one query: each is a parameter, of which SQLite takes 32,766 and PostgreSQL 65,535."""

GONE = "The sheet that this report is made from is no longer there. Bring it again."
FEWER = (
    "Some readings of this sheet came again with a newer one, or were changed by an import, so a report of it would "
    "lack them. Open the report of the newer sheet, or upload this one again."
)
TAKEN_BACK = "The readings of this sheet were taken back, so no report can be made of it. Upload the right sheet."
EMPTY = "There are no readings of this sheet on record any more. Bring it again."

FLOW_UNITS = ("L/min", "l/min")
_BY_LOINC = {loinc: measure for measure in NUMBERS.values() for loinc in measure.loincs}
_CODES = (*_BY_LOINC, *WORDS.values())


@dataclass(slots=True)
class Readings:
    """One set. `order` is its moment, or noon of its day where the time is not known, for there it is drawn. `at` is
    the cell of its time, `values` are by the names of NUMBERS, as they are shown. `flow` is oxygen in L/min, 0 on air.
    `scale` is that by which the saturation was to be scored when it was brought, where that is kept."""

    day: date
    moment: datetime | None
    order: datetime
    at: str
    is_of_sheet: bool
    values: dict[str, int | float] = field(default_factory=dict)
    oxygen_given: str | None = None
    consciousness: str | None = None
    flow: int | float | None = None
    scale: int | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def says_something(self) -> bool:
        return bool(self.values) or (self.oxygen_given or self.consciousness) is not None

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)


@dataclass(frozen=True, slots=True)
class Known:
    """A patient as the clinic's records know them, with the sets of the sheet; those on record from their first day to
    their last; and those of DAYS_BEFORE before, each in their order."""

    id: int
    family: str
    given: str
    mrn: str
    born: date | None
    precision: str
    sex: str
    scale: int
    own: list[Readings]
    beside: list[Readings]
    before: list[Readings]


@dataclass(frozen=True, slots=True)
class Read:
    """`told` is what was kept of the sheet when it was accepted. `more_charts` are the clinic's. `last_day` is
    that of the sheet's readings."""

    question: Question
    told: Mapping[str, Any]
    more_charts: tuple[str, ...]
    last_day: date
    patients: list[Known]


def count(connection: Connection, question: Question) -> tuple[int, str]:
    """The sets of the sheet."""
    day = case((Measurement.measured_at.is_(None), Measurement.local_day))
    sets = select(Measurement.patient_id, Measurement.measured_at, day).where(*_is_of_sheet(question)).distinct()
    return connection.scalar(select(func.count()).select_from(sets.subquery())) or 0, "readings"


def read(connection: Connection, question: Question) -> Read:
    """All that the report needs, in a handful of queries. Raises FiguresFailed."""
    sheet = of_clinic(connection, question)
    if sheet.status == "taken back":
        raise FiguresFailed("the readings of the upload were taken back", TAKEN_BACK)
    zone = ZoneInfo(question.timezone)
    told, of_sheet = _told(sheet.told), connection.execute(_of_sheet(question)).all()
    own = _sets(of_sheet, zone, is_of_sheet=True)
    if not own:
        raise FiguresFailed("the upload has no readings", EMPTY)
    had = told.get("readings")
    if isinstance(had, int) and len(of_sheet) < had:
        raise FiguresFailed("the upload has fewer readings than it had", FEWER)
    first = min(sets[0].day for sets in own.values())
    last = max(sets[-1].day for sets in own.values())
    others = _sets(connection.execute(_on_record(question, first, last)).all(), zone, is_of_sheet=False)
    people = _people(connection, question, sorted(own))
    patients = [_known(person, own[person.id], others.get(person.id, [])) for person in people]
    return Read(question, told, tuple((sheet.more_charts or "").split()), last, patients)


def of_clinic(connection: Connection, question: Question) -> Any:
    """The sheet: its file's name, who brought it and when, what is told of it, and the charts that the clinic has
    chosen. Raises FiguresFailed."""
    row = connection.execute(
        select(Upload.file_name, Upload.received_at, Upload.status, Upload.told, Person.name, Clinic.more_charts)
        .join(Person, Person.id == Upload.person_id)
        .join(Clinic, Clinic.id == Upload.clinic_id)
        .where(Upload.id == question.upload, Upload.clinic_id == question.clinic_id)
    ).one_or_none()
    if row is None:
        raise FiguresFailed("the upload is not there", GONE)
    return row


def brought_by(sheet: Any, zone: str) -> str:
    return f"{sheet.name}, {words.moment(sheet.received_at, zone)}"


def _people(connection: Connection, question: Question, ids: Sequence[int]) -> list[Row[Any]]:
    """By their ids: PostgreSQL, asked for those of the sheet, compares each of them with each of the clinic's."""
    found: list[Row[Any]] = []
    for at in range(0, len(ids), MOST_AT_ONCE):
        some = Patient.id.in_(ids[at : at + MOST_AT_ONCE])
        found += connection.execute(select(Patient.__table__).where(some, Patient.clinic_id == question.clinic_id))
    return found


def _told(text: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _is_of_sheet(question: Question) -> tuple[ColumnElement[bool], ...]:
    """The condition of readings of the sheet that have a day at least."""
    return (
        Measurement.clinic_id == question.clinic_id,
        Measurement.upload_id == question.upload,
        Measurement.loinc.in_(_CODES),
        or_(Measurement.measured_at.is_not(None), Measurement.local_day.is_not(None)),
    )


def _of_sheet(question: Question) -> Any:
    return _columns().where(*_is_of_sheet(question)).order_by(Measurement.id)


def _on_record(question: Question, first: date, last: date) -> Select[Any]:
    """What is not of the sheet, of its patients, near its days."""
    of_sheet = _patients_of_sheet(question)
    return (
        _columns()
        .join(of_sheet, of_sheet.c.patient_id == Measurement.patient_id)
        .where(
            Measurement.clinic_id + 0 == question.clinic_id,
            Measurement.loinc.in_(_CODES),
            Measurement.local_day.between(first - timedelta(days=DAYS_BEFORE), last),
            or_(Measurement.upload_id.is_(None), Measurement.upload_id != question.upload),
        )
        .order_by(Measurement.id)
    )


def _patients_of_sheet(question: Question) -> Subquery:
    """Each once, to be joined by their ids. Where the clinic is asked beside them it is in a sum, which no index has:
    by an index of the clinic's rows PostgreSQL would go through all of them for each patient."""
    of_sheet = Measurement.clinic_id == question.clinic_id, Measurement.upload_id == question.upload
    return select(Measurement.patient_id).where(*of_sheet).group_by(Measurement.patient_id).subquery()


def _columns() -> Any:
    """Times as the driver hands them over: a set has one, and seven or more rows, for which it is made out once."""
    return select(
        Measurement.patient_id,
        Measurement.loinc,
        Measurement.value,
        Measurement.unit,
        Measurement.text,
        Measurement.spo2_scale,
        type_coerce(Measurement.measured_at, NullType()).label("at"),
        type_coerce(Measurement.local_day, NullType()).label("day"),
    )


def _sets(rows: Sequence[Any], zone: ZoneInfo, *, is_of_sheet: bool) -> dict[int, list[Readings]]:
    """By patient. Of two readings of one measure in a set the later on record counts."""
    found: dict[tuple[int, Any], Readings] = {}
    for patient, loinc, value, unit, text, scale, at, day in rows:
        key = patient, at or day
        one = found.get(key)
        if one is None:
            one = found[key] = _begun(at, day, zone, is_of_sheet)
        if loinc in _BY_LOINC:
            _take_number(one, *_number(loinc, value, unit), scale)
        elif loinc == WORDS[OXYGEN_GIVEN]:
            _take_oxygen(one, value, unit, text)
        else:
            _take_consciousness(one, text)
    by_patient: dict[int, list[Readings]] = {}
    for (patient, _), one in found.items():
        if is_of_sheet or one.says_something:
            by_patient.setdefault(patient, []).append(one)
    for sets in by_patient.values():
        sets.sort(key=lambda one: one.order)
    return by_patient


def _begun(at: datetime | str | None, day: date | str, zone: ZoneInfo, is_of_sheet: bool) -> Readings:
    """SQLite keeps moments as text, in UTC, and days too."""
    if at is None:
        day = date.fromisoformat(day) if isinstance(day, str) else day
        noon = datetime.combine(day, time(12), zone).astimezone(UTC)
        return Readings(day, None, noon, day.isoformat(), is_of_sheet)
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC) if isinstance(at, str) else at
    there = moment.astimezone(zone)
    return Readings(there.date(), moment, moment.astimezone(UTC), there.isoformat(timespec="minutes"), is_of_sheet)


def _take_number(one: Readings, name: str, shown: int | float | None, scale: int | None) -> None:
    if shown is None:
        one.remark(f"{_said(name)} left out: not plausible, or in an unknown unit")
        return
    if one.values.setdefault(name, shown) != shown:
        one.remark(f"two values of {_said(name)}, the last one counts")
        one.values[name] = shown
    if name == OXYGEN.name:
        one.scale = scale


def _said(name: str) -> str:
    return NUMBERS[name].label.lower()


@functools.lru_cache(maxsize=10_000)
def _number(loinc: str, value: float | None, unit: str | None) -> tuple[str, int | float | None]:
    """The measure's name, and the value as it is shown: None for what cannot be used."""
    measure = _BY_LOINC[loinc]
    ours = None if value is None else measure.in_own_unit(value, unit)
    if ours is None or not measure.limits.hold(ours):
        return measure.name, None
    return measure.name, rounded(ours, DECIMALS.get(measure.name, 0))


def rounded(value: float, decimals: int) -> int | float:
    """To so many digits, a half upwards, as the bands have it; whole numbers as such."""
    if not decimals:
        return math.floor(value + 0.5 + _TRIFLE)
    steps = 10**decimals
    return math.floor(value * steps + 0.5 + _TRIFLE) / steps


_TRIFLE = 1e-6
"""What arithmetic with other units leaves of a half."""


def _take_oxygen(one: Readings, value: float | None, unit: str | None, text: str | None) -> None:
    flow = value if value is not None and unit in FLOW_UNITS and 0 <= value < math.inf else None
    word = (text or "").strip().casefold()
    air, oxygen = AIR_OR_OXYGEN
    if word not in AIR_OR_OXYGEN:
        if flow is None:
            one.remark("air or oxygen left out: neither is said")
            return
        word = oxygen if flow > 0 else air
    if one.oxygen_given not in (None, word):
        one.remark("both air and oxygen, the last one counts")
    one.oxygen_given = word
    one.flow = 0 if word == air else rounded(flow or 0, 1) or None


def _take_consciousness(one: Readings, text: str | None) -> None:
    word = (text or "").strip().casefold()
    if word not in ACVPU:
        one.remark("consciousness left out: an unknown word")
        return
    if one.consciousness not in (None, word):
        one.remark("two levels of consciousness, the last one counts")
    one.consciousness = word


def _known(person: Row[Any], own: list[Readings], on_record: list[Readings]) -> Known:
    first, last = own[0].day, own[-1].day
    return Known(
        id=person.id,
        family=person.family_name.strip(),
        given=person.given_name.strip(),
        mrn=(person.mrn or "").strip(),
        born=person.birth_date,
        precision=person.birth_precision,
        sex="" if person.sex == "unknown" else person.sex,
        scale=person.spo2_scale,
        own=own,
        beside=[one for one in on_record if first <= one.day <= last],
        before=[one for one in on_record if first - timedelta(days=DAYS_BEFORE) <= one.day < first],
    )
