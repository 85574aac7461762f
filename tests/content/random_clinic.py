"""A clinic of random rows of every kind, written at once: as many as a test of any template needs, and no more."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from tests.factories import add_clinic
from webapp.extensions import db
from webapp.models import Campaign, CampaignContact, Clinic, Diagnosis, Feedback, Measurement, Patient, Treatment, Visit
from webapp.models.diagnosis import CLINICAL_STATUSES
from webapp.models.treatment import OUTCOMES

FIRST = date(2026, 9, 1)
"""The first of two months: Tuesdays and Wednesdays, some hours, so that tables have few cells."""

BORN = (1940, 1958, 1968, 1976, 1986, 1996, 2004, 2013, 2020, 2025)
LOINC = ("8480-6", "8462-4", "8867-4", "8310-5", "39156-5")


def add_random_clinic(dice: random.Random, patients: int) -> Clinic:
    """About three visits, and as much of all else, for each patient."""
    clinic = add_clinic(timezone="UTC")
    _add(Patient, [_patient(dice, clinic) for _ in range(patients)])
    people = list(db.session.scalars(select(Patient.id).where(Patient.clinic_id == clinic.id)))
    _add(Visit, [_visit(dice, clinic, dice.choice(people)) for _ in range(3 * patients)])
    _add(Feedback, [_feedback(dice, clinic, dice.choice(people)) for _ in range(patients)])
    _add(Diagnosis, [_diagnosis(dice, clinic, dice.choice(people)) for _ in range(patients)])
    _add(Treatment, [_treatment(dice, clinic, dice.choice(people)) for _ in range(2 * patients)])
    _add(Measurement, [_measurement(dice, clinic, dice.choice(people)) for _ in range(2 * patients)])
    _add(Campaign, [{"clinic_id": clinic.id, "name": f"Campaign {at}", "topic": f"Topic {at % 2}", "started_on": FIRST}
                    for at in range(3)])  # fmt: skip
    for campaign in db.session.scalars(select(Campaign.id).where(Campaign.clinic_id == clinic.id)).all():
        reached = dice.sample(people, patients // 2)
        _add(CampaignContact, [_contact(dice, campaign, patient) for patient in reached])
    db.session.commit()
    return clinic


def _add(model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(model), rows)


def _day(dice: random.Random) -> date:
    """A Tuesday or Wednesday of two months, more of them in the second."""
    return FIRST + timedelta(weeks=dice.choice([0, 1, 2, 3, 5, 5, 6, 6, 7, 8]), days=dice.choice([0, 0, 1]))


def _moment(dice: random.Random, day: date) -> datetime:
    hour = dice.choice([8, 8, 8, 9, 9, 10])
    return datetime(day.year, day.month, day.day, hour, dice.randrange(60), tzinfo=UTC)


def _patient(dice: random.Random, clinic: Clinic) -> dict[str, Any]:
    return {
        "clinic_id": clinic.id,
        "sex": dice.choice(["female"] * 6 + ["male"] * 5 + ["other", "unknown"]),
        "birth_date": date(dice.choice(BORN), 3, 14),
        "registered_on": _day(dice) if dice.random() < 0.9 else date(2027, 1, 1),
    }


def _visit(dice: random.Random, clinic: Clinic, patient: int) -> dict[str, Any]:
    day = _day(dice)
    at = _moment(dice, day)
    return {
        "clinic_id": clinic.id,
        "patient_id": patient,
        "kind": dice.choice(["medical", "medical", "medical", "dental"]),
        "status": dice.choice(["finished"] * 12 + ["cancelled", "planned"]),
        "started_at": at,
        "local_day": day,
        "local_month": day.replace(day=1),
        "local_weekday": day.isoweekday(),
        "local_hour": at.hour if dice.random() < 0.95 else None,
    }


def _feedback(dice: random.Random, clinic: Clinic, patient: int) -> dict[str, Any]:
    day = _day(dice)
    at = _moment(dice, day)
    return {
        "clinic_id": clinic.id,
        "patient_id": patient,
        "category": dice.choice(["Staff", "Staff", "Waiting", ""]),
        "rating": dice.choice([1, 2, 3, 4, 4, 5, 5, 5, None]),
        "submitted_at": at,
        "local_day": day,
        "responded_at": at + timedelta(hours=dice.randrange(1, 90)) if dice.random() < 0.6 else None,
    }


def _diagnosis(dice: random.Random, clinic: Clinic, patient: int) -> dict[str, Any]:
    number = dice.choice([0, 0, 0, 1, 1, 2, 3])
    return {
        "clinic_id": clinic.id,
        "patient_id": patient,
        "code": f"A0{number}",
        "name": f"Condition {'ABCD'[number]}",
        "recorded_on": _day(dice),
        "clinical_status": dice.choice(CLINICAL_STATUSES),
    }


def _treatment(dice: random.Random, clinic: Clinic, patient: int) -> dict[str, Any]:
    number, day = dice.choice([0, 0, 0, 1, 1, 2, 3]), _day(dice)
    due = day + timedelta(days=dice.randrange(1, 20)) if dice.random() < 0.6 else None
    return {
        "clinic_id": clinic.id,
        "patient_id": patient,
        "kind": dice.choice(["medical", "dental"]),
        "code": f"B0{number}",
        "name": f"Procedure {'ABCD'[number]}",
        "performed_on": day,
        "outcome": dice.choice(OUTCOMES),
        "follow_up_due_on": due,
        "follow_up_done_on": due if due and dice.random() < 0.5 else None,
    }


def _measurement(dice: random.Random, clinic: Clinic, patient: int) -> dict[str, Any]:
    day = _day(dice)
    return {
        "clinic_id": clinic.id,
        "patient_id": patient,
        "loinc": dice.choice(LOINC),
        "name": "Reading",
        "value": float(dice.choice([18, 24, 31, 37, 60, 85, 95, 118, 135, 150])),
        "measured_at": _moment(dice, day),
        "local_day": day,
    }


def _contact(dice: random.Random, campaign: int, patient: int) -> dict[str, Any]:
    day = _day(dice)
    at = _moment(dice, day)
    opened = dice.random() < 0.7
    return {
        "campaign_id": campaign,
        "patient_id": patient,
        "contacted_at": at,
        "local_day": day,
        "opened_at": at if opened else None,
        "responded_at": at if opened and dice.random() < 0.5 else None,
        "attended_at": at if opened and dice.random() < 0.3 else None,
    }
