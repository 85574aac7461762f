"""Rows for tests: each function adds one with sensible values, commits, and needs an app context."""

import hashlib
import uuid
from datetime import date, datetime
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from werkzeug.security import generate_password_hash

from webapp import clock
from webapp.content.question import Question
from webapp.extensions import db
from webapp.models import (
    Campaign,
    CampaignContact,
    Clinic,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Person,
    Provider,
    Report,
    Treatment,
    Upload,
    Visit,
)
from webapp.models.person import ROLES_OF_A_CLINIC
from webapp.models.report import new_number

PASSWORD = "correct horse battery"
# With parameters that take a moment only; a sign-in hashes it anew with ours.
_QUICK_HASH = generate_password_hash(PASSWORD, "scrypt:1024:8:1")

_number = count(1)
Row = TypeVar(
    "Row",
    Campaign,
    CampaignContact,
    Clinic,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Person,
    Provider,
    Report,
    Treatment,
    Upload,
    Visit,
)


def add_clinic(name: str = "", **values: Any) -> Clinic:
    return _kept(Clinic(**{"name": name or f"Clinic {next(_number)}", "timezone": "Asia/Manila", **values}))


def add_person(role: str = "staff", clinic: Clinic | None = None, **values: Any) -> Person:
    """Somebody whose password is PASSWORD, of `clinic` or, where the role needs one, of a new one."""
    if clinic is None and role in ROLES_OF_A_CLINIC:
        clinic = add_clinic()
    number = next(_number)
    usual = {"email": f"person{number}@example.org", "name": f"Person {number}", "password_hash": _QUICK_HASH}
    return _kept(Person(**{**usual, "role": role, "clinic_id": clinic.id if clinic else None, **values}))


def add_provider(clinic: Clinic, name: str = "Ana Reyes") -> Provider:
    return _kept(Provider(clinic_id=clinic.id, name=name))


def add_patient(clinic: Clinic, **values: Any) -> Patient:
    usual = {"sex": "female", "birth_date": date(1990, 5, 20), "registered_on": date(2025, 1, 15)}
    return _kept(Patient(**{"clinic_id": clinic.id, **usual, **values}))


def add_visit(patient: Patient, at: str, **values: Any) -> Visit:
    """A visit that began `at` (such as "2026-10-05 09:30") on the clinic's own clock; medical and finished, if nothing
    else is said."""
    zone = db.session.get_one(Clinic, patient.clinic_id).timezone
    began = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    wall = clock.local(began, zone)
    usual = {
        "clinic_id": patient.clinic_id,
        "patient_id": patient.id,
        "kind": "medical",
        "started_at": began,
        "local_day": wall.day,
        "local_month": wall.month,
        "local_weekday": wall.weekday,
        "local_hour": wall.hour,
    }
    return _kept(Visit(**{**usual, **values}))


def add_diagnosis(patient: Patient, on: str | None, name: str = "Dental caries", **values: Any) -> Diagnosis:
    """A confirmed diagnosis recorded on that day, without a code if nothing else is said."""
    day = date.fromisoformat(on) if on else None
    usual = {"clinic_id": patient.clinic_id, "patient_id": patient.id, "verification_status": "confirmed"}
    return _kept(Diagnosis(**{**usual, "name": name, "recorded_on": day, **values}))


def add_treatment(
    patient: Patient, on: str | None, outcome: str = "successful", due: str = "", done: str = "", **values: Any
) -> Treatment:
    """A medical treatment given on that day, with the days on which a follow-up was due and done."""
    days = {"performed_on": on, "follow_up_due_on": due, "follow_up_done_on": done}
    usual = {"clinic_id": patient.clinic_id, "patient_id": patient.id, "name": "Wound care", "outcome": outcome}
    dates = {column: date.fromisoformat(day) if day else None for column, day in days.items()}
    return _kept(Treatment(**{**usual, **dates, **values}))


def add_feedback(clinic: Clinic, at: str, rating: int | None = 5, **values: Any) -> Feedback:
    """A response that came in `at` (such as "2026-10-05 09:30") on the clinic's own clock, about nobody and nothing in
    particular; `answered` is when the clinic answered, on the same clock."""

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(clinic.timezone))

    answered = values.pop("answered", None)
    usual = {
        "clinic_id": clinic.id,
        "rating": rating,
        "submitted_at": moment(at),
        "local_day": date.fromisoformat(at[:10]),
        "responded_at": moment(answered) if answered else None,
    }
    return _kept(Feedback(**{**usual, **values}))


def add_campaign(clinic: Clinic, name: str = "", **values: Any) -> Campaign:
    usual = {"name": name or f"Campaign {next(_number)}", "topic": "Vaccination", "started_on": date(2026, 10, 1)}
    return _kept(Campaign(**{"clinic_id": clinic.id, **usual, **values}))


def add_contact(campaign: Campaign, patient: Patient, at: str = "2026-10-05 10:00", **values: Any) -> CampaignContact:
    """A contact made `at` on the clinic's own clock, of which nothing came, if nothing else is said."""
    zone = db.session.get_one(Clinic, campaign.clinic_id).timezone
    made = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    usual = {"contacted_at": made, "local_day": clock.local(made, zone).day}
    return _kept(CampaignContact(**{"campaign_id": campaign.id, "patient_id": patient.id, **usual, **values}))


def add_measurement(patient: Patient, loinc: str, value: float | None, unit: str | None, **values: Any) -> Measurement:
    """A reading of 5 October 2026, at no visit and with no time, if nothing else is said."""
    usual = {
        "clinic_id": patient.clinic_id,
        "patient_id": patient.id,
        "loinc": loinc,
        "name": f"Observation {loinc}",
        "value": value,
        "unit": unit,
        "local_day": date(2026, 10, 5),
    }
    return _kept(Measurement(**{**usual, **values}))


def add_report(requester: Person, clinic: Clinic | None = None, **values: Any) -> Report:
    """A queued report that somebody asked for about their own clinic, or about `clinic`."""
    usual = {
        "number": new_number("VT"),
        "clinic_id": clinic.id if clinic else requester.clinic_id,
        "requester_id": requester.id,
        "template": "visit_trends",
        "title": "Visit trends, October 2026",
        "period_start": date(2026, 10, 1),
        "period_end": date(2026, 10, 31),
        "dates": "1 to 31 October 2026",
        "format": "pdf",
        "question": "{}",
        "question_sha256": hashlib.sha256(uuid.uuid4().bytes).hexdigest(),
    }
    return _kept(Report(**{**usual, **values}))


def add_upload(person: Person, status: str = "accepted", **values: Any) -> Upload:
    """A sheet that somebody brought to their clinic, accepted when it came, if nothing else is said."""
    usual = {
        "clinic_id": person.clinic_id,
        "person_id": person.id,
        "file_name": "measurements.xlsx",
        "size": 1024,
        "sha256": hashlib.sha256(uuid.uuid4().bytes).hexdigest(),
        "status": status,
        "accepted_at": clock.now() if status == "accepted" else None,
    }
    return _kept(Upload(**{**usual, **values}))


def add_asked_report(role: str = "staff", clinic: Clinic | None = None, **values: Any) -> Report:
    """A queued report about October 2026 that can be made: its clinic has one patient, and two visits in that month."""
    clinic = clinic or add_clinic("Riverside Clinic")
    patient = add_patient(clinic)
    add_visit(patient, "2026-10-05 10:00", kind="medical")
    add_visit(patient, "2026-10-06 11:00", kind="dental")
    question = Question("visit_trends", clinic.id, clinic.timezone, date(2026, 10, 1), date(2026, 10, 31))
    asked = {"question": question.to_json(), "question_sha256": question.sha256}
    return add_report(add_person(role, clinic), **{**asked, **values})


def _kept(row: Row) -> Row:
    db.session.add(row)
    db.session.commit()
    # Read back, so that it can be used after the session has gone.
    db.session.refresh(row)
    return row
