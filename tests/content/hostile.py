"""Clinics as other systems hand them over at their worst: every kind of row, with whatever its columns may hold."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from tests.factories import add_clinic
from webapp import clock
from webapp.content import periods
from webapp.content.periods import Period
from webapp.extensions import db
from webapp.models import (
    Campaign,
    CampaignContact,
    Clinic,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Provider,
    Treatment,
    Visit,
)
from webapp.models.diagnosis import CLINICAL_STATUSES, VERIFICATION_STATUSES
from webapp.models.patient import PRECISIONS, SEXES
from webapp.models.treatment import OUTCOMES
from webapp.models.visit import KINDS, STATUSES

Row = dict[str, Any]
NEVER_TOLD = "Zephyrine-7319"
"""In every name of a patient."""

SAID = "Quillfeather-2746"
"""In every comment."""

CHANGES = {
    "Europe/Berlin": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/New_York": ("2024-03-10T07:00", "2024-11-03T06:00"),
    "Asia/Manila": ("2024-02-28T16:00", "2024-12-31T16:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2011-09-24T14:00"),
    "Australia/Lord_Howe": ("2024-04-06T15:00", "2024-10-05T15:30"),
}
"""Moments in UTC at which clocks were changed, two for each zone; Apia left out a day, Lord Howe changes by half an
hour, and Manila, which has no changes, its midnights."""

NAMES = (
    "Fever", "fever", "FEVER", " Fever ", "", " ", "None", "nan", "[c]", "All", "Total", "All others", "Unknown", "0",
    "x" * 400, "Wide word " * 40, "ก" * 200, "漢字" * 100, "עברית מימין לשמאל " * 10, "ضغط الدم المرتفع " * 11,
    "a" + "\u0301" * 150, "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "👩\u200d👩\u200d👧🏥" * 20, "नमस्ते", "\u202eright to left", "\u200b", "\ufeff",
    "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK('http://e.example')", "<script>alert(1)</script>", "&amp;<b>&#0;</b>",
    "]]>", "{{ 7*7 }}", "%s%n{0}", "bell\x07", "tab\tline\nbreak\r\n", "\x1b[31m", "\x85", "\ufffe", "\U0001ffff",
    "straße", "STRASSE", "İstanbul", "ﬁne", "e\u0301", "é", "'; DROP TABLE visits; --", "a,b;c\"d'e", "\\N", "1e309",
)  # fmt: skip

NUMBERS = (0.0, -0.0, 1.0, -1.0, 120.0, 80.0, 37.0, 98.6, 0.1 + 0.2, 5e-324, 1e-9, 99999.5, 1e15, -1e300, 1.7e308)
RATINGS = (None, 1, 2, 3, 4, 5, 5, 0, 6, -1, -(2**31), 2**31 - 1)
LOINC = (
    "8480-6", "8462-4", "85354-9", "8867-4", "8310-5", "9279-1", "2708-6", "59408-5", "29463-7", "8302-2", "39156-5",
    "2339-0", "4548-4", None, "", "not a code",
)  # fmt: skip
UNITS = (
    "mm[Hg]",
    "mmHg",
    "/min",
    "Cel",
    "[degF]",
    "%",
    "kg",
    "[lb_av]",
    "g",
    "cm",
    "m",
    "[in_i]",
    "kg/m2",
    None,
    "",
    "=kg",
)
SYSTEMS = (
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    None,
    "",
    "x",
)
CODES = ("I10", "J06.9", "K02.1", "38341003", "Z34", "", None, "i10", "I1 0", "ก", "0" * 64)
AGES = (0, 1, 5, 15, 25, 44, 45, 65, 119, 120, 129, 130)
FAR = (date(1, 1, 1), date(1904, 2, 29), date(1970, 1, 1), date(2199, 12, 31), date(9999, 12, 31))
STORABLE = (range(1, 0xD800), range(0xE000, 0x110000))


@dataclass(frozen=True)
class Rows:
    """The rows of one clinic, without ids: `patient`, `visit`, `provider`, `diagnosis` and `campaign` are places in the
    lists, counted round. Where there is no patient, there is nothing but providers and campaigns."""

    zone: str = "Asia/Manila"
    providers: tuple[Row, ...] = ()
    patients: tuple[Row, ...] = ()
    visits: tuple[Row, ...] = ()
    diagnoses: tuple[Row, ...] = ()
    treatments: tuple[Row, ...] = ()
    measurements: tuple[Row, ...] = ()
    feedback: tuple[Row, ...] = ()
    campaigns: tuple[Row, ...] = ()
    contacts: tuple[Row, ...] = ()


# -- At random ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dice:
    """What the columns of rows about a period may hold. `holes` is the part of them that is not known."""

    dice: random.Random
    zone: str
    period: Period
    holes: float

    def one_of(self, *values: Any) -> Any:
        return self.dice.choice(values)

    def maybe(self, value: Any) -> Any:
        return None if self.dice.random() < self.holes else value

    def place(self) -> int:
        return self.dice.randrange(1000)

    def day_inside(self) -> date:
        return self.period[0] + timedelta(days=self.dice.randrange((self.period[1] - self.period[0]).days + 1))

    def day(self) -> date:
        """In the period, around its ends and those of the periods it is compared with, or far off."""
        ends = (*self.period, *periods.before(*self.period), *periods.year_before(*self.period))
        near = self.one_of(*ends) + timedelta(days=self.one_of(-30, -1, 0, 0, 1, 7, 60))
        return self.one_of(*[self.day_inside()] * 5, near, near, near, self.one_of(*FAR))

    def birth(self) -> date:
        """To the day the ends of age bands, 120 years and more, or days to come."""
        end = self.one_of(*self.period) + timedelta(days=self.one_of(-1, 0, 1))
        return self.one_of(*[periods.shifted(end, -12 * self.one_of(*AGES))] * 5, self.one_of(*FAR))

    def moment(self) -> datetime:
        """At a change of clocks, at midnight on the clinic's clock, or at any hour; to the second."""
        if self.dice.random() < 0.2:
            at = datetime.fromisoformat(self.one_of(*CHANGES[self.zone])).replace(tzinfo=UTC)
            return at + timedelta(seconds=self.one_of(-1, 0, 1, 1799, 1800, 3599, 3600, -3600))
        day = self.one_of(self.day_inside(), self.one_of(*self.period))
        day += timedelta(days=self.one_of(0, 0, 0, 0, -1, 1, -7, -31, -365))
        hour, minute = self.one_of(0, 0, 2, 9, 9, 9, 14, 23), self.one_of(0, 0, 30, 59)
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def text(self, most: int) -> str:
        """What both databases store: all but NUL and lone surrogates."""
        if self.dice.random() < 0.9:
            return self.one_of(*NAMES)[:most]
        return "".join(chr(self.one_of(*map(self.dice.choice, STORABLE))) for _ in range(9))

    def coded(self) -> Row:
        return {"code_system": self.one_of(*SYSTEMS), "code": self.one_of(*CODES), "name": self.text(400)}


def providers(dice: Dice) -> Row:
    return {"name": dice.text(200)}


def patients(dice: Dice) -> Row:
    return {
        "sex": dice.one_of(*SEXES),
        "birth_date": dice.maybe(dice.birth()),
        "birth_precision": dice.one_of(*PRECISIONS),
        "registered_on": dice.maybe(dice.day()),
        "deceased_on": dice.one_of(None, None, None, dice.day()),
        "family_name": dice.text(150) + NEVER_TOLD,
    }


def visits(dice: Dice) -> Row:
    return {
        "patient": dice.place(),
        "provider": dice.maybe(dice.place()),
        "kind": dice.one_of(*KINDS),
        "status": dice.one_of("finished", "finished", dice.one_of(*STATUSES)),
        "started_at": dice.moment(),
        "has_hour": dice.maybe(True),
        "minutes": dice.maybe(dice.one_of(0, 20, 100_000)),
    }


def diagnoses(dice: Dice) -> Row:
    return {
        "patient": dice.place(),
        "visit": dice.maybe(dice.place()),
        **dice.coded(),
        "recorded_on": dice.maybe(dice.day()),
        "clinical_status": dice.maybe(dice.one_of(*CLINICAL_STATUSES)),
        "verification_status": dice.maybe(dice.one_of(*VERIFICATION_STATUSES)),
    }


def treatments(dice: Dice) -> Row:
    """A follow-up is done only where one is due."""
    due = dice.maybe(dice.day())
    return {
        "patient": dice.place(),
        "visit": dice.maybe(dice.place()),
        "diagnosis": dice.maybe(dice.place()),
        "kind": dice.one_of(*KINDS),
        **dice.coded(),
        "performed_on": dice.maybe(dice.day()),
        "outcome": dice.one_of(*OUTCOMES),
        "follow_up_due_on": due,
        "follow_up_done_on": due and dice.maybe(dice.day()),
    }


def measurements(dice: Dice) -> Row:
    return {
        "patient": dice.place(),
        "visit": dice.maybe(dice.place()),
        "loinc": dice.one_of(*LOINC),
        "name": dice.text(400),
        "value": dice.maybe(dice.one_of(*NUMBERS)),
        "unit": dice.one_of(*UNITS),
        "text": dice.maybe(dice.text(400)),
        "measured_at": dice.maybe(dice.moment()),
    }


def feedback(dice: Dice) -> Row:
    comment = f"{dice.text(80)} {SAID} " * dice.one_of(1, 1, 400)
    return {
        "patient": dice.maybe(dice.place()),
        "visit": dice.maybe(dice.place()),
        "category": dice.text(60),
        "rating": dice.one_of(*RATINGS),
        "comment": dice.maybe(comment) or "",
        "submitted_at": dice.moment(),
        "responded_at": dice.maybe(dice.moment()),
    }


def campaigns(dice: Dice) -> Row:
    start, end = sorted((dice.day(), dice.day()))
    return {"name": dice.text(200), "topic": dice.text(100), "started_on": start, "ended_on": dice.maybe(end)}


def contacts(dice: Dice) -> Row:
    return {
        "campaign": dice.place(),
        "patient": dice.place(),
        "contacted_at": dice.moment(),
        "opened_at": dice.maybe(dice.moment()),
        "responded_at": dice.maybe(dice.moment()),
        "attended_at": dice.maybe(dice.moment()),
    }


KINDS_OF_ROWS = (providers, patients, visits, diagnoses, treatments, measurements, feedback, campaigns, contacts)


def rows(dice: Dice, sizes: Iterable[int]) -> Rows:
    """So many rows of each kind, in the order of KINDS_OF_ROWS."""
    kinds = zip(KINDS_OF_ROWS, sizes, strict=True)
    return Rows(dice.zone, *(tuple(kind(dice) for _ in range(size)) for kind, size in kinds))


# -- Into the database -------------------------------------------------------------------------------------------------


def add(rows: Rows) -> Clinic:
    """A new clinic that has these rows."""
    clinic = add_clinic(timezone=rows.zone)
    providers = _kept(Provider, clinic, rows.providers)
    patients = _kept(Patient, clinic, rows.patients)
    if patients:
        ids = {"patient": patients, "provider": providers}
        visits = _kept(Visit, clinic, _linked(ids, map(partial(_visit, rows.zone), rows.visits)))
        ids["visit"] = visits
        ids["diagnosis"] = _kept(Diagnosis, clinic, _linked(ids, rows.diagnoses))
        _kept(Treatment, clinic, _linked(ids, rows.treatments))
        _kept(Measurement, clinic, _linked(ids, map(partial(_measurement, rows.zone), rows.measurements)))
        _kept(Feedback, clinic, _linked(ids, map(partial(_feedback, rows.zone), rows.feedback)))
        ids["campaign"] = _kept(Campaign, clinic, {row["name"]: row for row in rows.campaigns}.values())
        contacts = {(row["campaign_id"], row["patient_id"]): row for row in _linked(ids, rows.contacts)}
        known = [row for row in contacts.values() if row["campaign_id"]]
        _kept(CampaignContact, None, map(partial(_contact, rows.zone), known))
    db.session.commit()
    return clinic


def _kept(model: Any, clinic: Clinic | None, rows: Iterable[Row]) -> list[int]:
    """The ids of the rows."""
    of_clinic = {"clinic_id": clinic.id} if clinic else {}
    found = [{**of_clinic, **row} for row in rows]
    if not found:
        return []
    db.session.execute(insert(model), found)
    if clinic is None:
        return []
    query = select(model.id).order_by(model.id)
    return list(db.session.scalars(query.where(model.clinic_id == clinic.id)))


def _linked(ids: dict[str, list[int]], rows: Iterable[Row]) -> Iterable[Row]:
    """Places as ids; that of a list without rows is nobody."""
    for row in rows:
        kept = {name: value for name, value in row.items() if name not in _PLACES}
        for name in _PLACES & row.keys():
            those, at = ids.get(name, []), row[name]
            kept[f"{name}_id"] = None if at is None or not those else those[at % len(those)]
        yield kept


_PLACES = {"patient", "provider", "visit", "diagnosis", "campaign"}


def _visit(zone: str, row: Row) -> Row:
    wall, at = clock.local(row["started_at"], zone), row["started_at"]
    minutes = row.get("minutes")
    kept = {name: value for name, value in row.items() if name not in ("has_hour", "minutes")}
    return kept | {
        "ended_at": None if minutes is None else at + timedelta(minutes=minutes),
        "local_day": wall.day,
        "local_month": wall.month,
        "local_weekday": wall.weekday,
        "local_hour": wall.hour if row.get("has_hour", True) else None,
    }


def _measurement(zone: str, row: Row) -> Row:
    at = row.get("measured_at")
    return {**row, "local_day": clock.local(at, zone).day if at else None, "component": 0}


def _feedback(zone: str, row: Row) -> Row:
    return {"comment": "", "category": "", **row, "local_day": clock.local(row["submitted_at"], zone).day}


def _contact(zone: str, row: Row) -> Row:
    return {**row, "local_day": clock.local(row["contacted_at"], zone).day}
