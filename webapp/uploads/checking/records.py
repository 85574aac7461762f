"""What is on record of the patients of a sheet, in a handful of queries, however large either is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from webapp.content.vitals.daily import NUMBERS, WORDS
from webapp.extensions import db
from webapp.models import Measurement, Patient

AT_ONCE = 900
"""So many values in one query: SQLite may be built to take a thousand."""

Value = TypeVar("Value")


class Known(NamedTuple):
    """A patient on record."""

    id: int
    mrn: str | None
    family_name: str
    given_name: str
    sex: str
    birth_date: date | None
    birth_precision: str
    deceased_on: date | None
    spo2_scale: int


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A reading on record, in the unit of its measure; `at` as in drafts.Draft, in UTC. `scale` is the SpO2 scale that
    was kept with it."""

    id: int
    measure: str
    value: float | None
    word: str
    at: datetime | date
    scale: int | None


def mrn_key(mrn: str | None) -> str:
    """What tells one MRN from another: neither spaces around it nor case. Leading zeros do."""
    return (mrn or "").strip().casefold()


def without_zeros(mrn: str | None) -> str:
    """For what looks like an MRN: the same without leading zeros, which spreadsheets drop, and signs between."""
    return "".join(char for char in mrn_key(mrn) if char.isalnum()).lstrip("0")


class Patients:
    """The patients of a clinic who may be meant by these MRNs and birth dates."""

    def __init__(self, clinic_id: int, mrns: set[str], births: set[date]) -> None:
        self._by_mrn: dict[str, list[int]] = defaultdict(list)
        self._alike: dict[str, list[int]] = defaultdict(list)
        self.known: dict[int, Known] = {}
        self._born: dict[date, list[Known]] = defaultdict(list)
        if not (mrns or births):
            return
        alike = {without_zeros(mrn) for mrn in mrns}
        of_clinic = select(Patient.id, Patient.mrn).where(Patient.clinic_id == clinic_id, Patient.mrn.is_not(None))
        for patient_id, mrn in db.session.execute(of_clinic.order_by(Patient.id)):
            if (key := mrn_key(mrn)) in mrns:
                self._by_mrn[key].append(patient_id)
            if (short := without_zeros(mrn)) and short in alike:
                self._alike[short].append(patient_id)
        wanted = {patient_id for ids in (*self._by_mrn.values(), *self._alike.values()) for patient_id in ids}
        for some in chunks(sorted(wanted)):
            self._read(Patient.id.in_(some))
        for some_days in chunks(sorted(births)):
            self._read(Patient.clinic_id == clinic_id, Patient.birth_date.in_(some_days))
        for patient in sorted(self.known.values()):
            if patient.birth_date:
                self._born[patient.birth_date].append(patient)

    def _read(self, *conditions: Any) -> None:
        columns = [getattr(Patient, name) for name in Known._fields]
        for row in db.session.execute(select(*columns).where(*conditions)):
            self.known[row[0]] = Known(*row)

    def of_mrn(self, key: str) -> list[Known]:
        return [self.known[patient_id] for patient_id in self._by_mrn.get(key, ())]

    def looking_like(self, mrn: str) -> list[Known]:
        """Those whose MRN differs by leading zeros or signs alone."""
        ids = self._alike.get(without_zeros(mrn), ())
        return [self.known[patient_id] for patient_id in ids if mrn_key(self.known[patient_id].mrn) != mrn_key(mrn)]

    def born(self, day: date) -> list[Known]:
        return self._born.get(day, [])


_MEASURES = {loinc: measure.name for measure in NUMBERS.values() for loinc in measure.loincs} | {
    loinc: name for name, loinc in WORDS.items()
}


def readings(patient_ids: Iterable[int], first: date, last: date) -> dict[tuple[int, str], list[OnRecord]]:
    """What was measured of these patients on those days, by patient and measure, in the order of the ids. What stands
    in a unit that we cannot turn into the measure's own is not read."""
    found: dict[tuple[int, str], list[OnRecord]] = defaultdict(list)
    columns = (
        Measurement.id, Measurement.patient_id, Measurement.loinc, Measurement.value, Measurement.unit,
        Measurement.text, Measurement.measured_at, Measurement.local_day, Measurement.spo2_scale,
    )  # fmt: skip
    says_something = or_(Measurement.value.is_not(None), Measurement.text.is_not(None))
    for some in chunks(sorted(patient_ids)):
        wanted = select(*columns).where(
            Measurement.patient_id.in_(some), Measurement.local_day.between(first, last), says_something
        )
        for row in db.session.execute(wanted.order_by(Measurement.id)):
            measure = _MEASURES.get(row.loinc or "")
            if measure is None:
                continue
            value = row.value
            if value is not None and measure in NUMBERS:
                value = NUMBERS[measure].in_own_unit(value, row.unit)
            word = (row.text or "") if measure in WORDS else ""
            if value is not None or word:
                at = row.measured_at or row.local_day
                found[row.patient_id, measure].append(OnRecord(row.id, measure, value, word, at, row.spo2_scale))
    return found


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))


def instant(at: datetime | date, zone: ZoneInfo) -> datetime:
    """The moment; of a day alone the one in which it begins."""
    return (at if isinstance(at, datetime) else datetime.combine(at, time(), zone)).astimezone(UTC)


def day_of(at: datetime | date, zone: ZoneInfo) -> date:
    """The day on the clinic's clock."""
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def same_moment(at: datetime | date) -> datetime | date:
    """What two readings of one moment share. A day alone is no moment of that day."""
    return at.astimezone(UTC) if isinstance(at, datetime) else at


A_WEEK = timedelta(days=7)
