"""Clinics of random rows of every kind, written at once: as many as a test of any template needs, and no more."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from webapp.extensions import db
from webapp.models import Campaign, CampaignContact, Clinic, Diagnosis, Feedback, Measurement, Patient, Treatment, Visit
from webapp.models.diagnosis import CLINICAL_STATUSES
from webapp.models.treatment import OUTCOMES

FIRST = date(2026, 9, 1)
"""The first of two months: Tuesdays and Wednesdays, some hours, so that tables have few cells."""

WEEKS = (0, 1, 2, 3, 5, 5, 6, 6, 7, 8)
BORN = (1940, 1958, 1968, 1976, 1986, 1996, 2004, 2013, 2020, 2025)
READINGS = {
    "8480-6": ("Systolic pressure", "mm[Hg]", (105, 125, 150, 190)),
    "8462-4": ("Diastolic pressure", "mm[Hg]", (65, 82, 95)),
    "8867-4": ("Heart rate", "/min", (48, 70, 115)),
    "8310-5": ("Body temperature", "Cel", (34.5, 36.8, 39.2)),
    "39156-5": ("Body mass index", "kg/m2", (17, 22, 27, 33)),
}
"""LOINC code to name, unit and some values."""

Row = dict[str, Any]


class Dice(random.Random):
    """The dice of one clinic, loaded: what is common at one clinic is rare at the next, or chance would look like a
    rule."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.loads: dict[tuple[Any, ...], list[float]] = {}

    def of(self, *things: Any) -> Any:
        load = self.loads.setdefault(things, [0.2 + self.random() ** 3 for _ in things])
        return self.choices(things, load)[0]

    def day(self) -> date:
        return FIRST + timedelta(weeks=self.choice(WEEKS), days=self.of(0, 1))

    def moment(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, self.of(8, 9, 10), self.randrange(60), tzinfo=UTC)


def add_random_clinics(sizes: Sequence[int], seed: int) -> list[Clinic]:
    """A clinic for each size, with so many patients, about three visits for each, and as much of all else."""
    db.session.execute(insert(Clinic), [{"name": f"Random {seed} {at}", "timezone": "UTC"} for at in range(len(sizes))])
    found = select(Clinic).where(Clinic.name.like(f"Random {seed} %")).order_by(Clinic.id)
    clinics = list(db.session.scalars(found))
    dice = {clinic.id: Dice(seed + at) for at, clinic in enumerate(clinics)}
    of_size = {clinic.id: size for clinic, size in zip(clinics, sizes, strict=True)}
    _add(Patient, [_patient(dice[id_], id_) for id_, size in of_size.items() for _ in range(size)])
    people: dict[int, list[int]] = {id_: [] for id_ in of_size}
    for id_, clinic_id in db.session.execute(select(Patient.id, Patient.clinic_id).order_by(Patient.id)):
        people.get(clinic_id, []).append(id_)
    kinds = ((Visit, _visit, 3), (Feedback, _feedback, 1), (Diagnosis, _diagnosis, 1), (Treatment, _treatment, 2),
             (Measurement, _measurement, 2))  # fmt: skip
    for model, row, many in kinds:
        rows = []
        for id_, size in of_size.items():
            # Not the same for each patient, or the sums of all kinds would be in proportion.
            for _ in range(round(many * size * dice[id_].uniform(0.6, 1.4))):
                rows.append(row(dice[id_], id_, dice[id_].choice(people[id_])))
        _add(model, rows)
    _add_campaigns(dice, people)
    db.session.commit()
    return clinics


def _add(model: Any, rows: list[Row]) -> None:
    db.session.execute(insert(model), rows)


def _add_campaigns(dice: dict[int, Dice], people: dict[int, list[int]]) -> None:
    campaigns = [
        {"clinic_id": id_, "name": f"Campaign {at}", "topic": f"Topic {at % 2}", "started_on": FIRST}
        for id_ in people
        for at in range(3)
    ]
    _add(Campaign, campaigns)
    contacts = []
    for id_, clinic_id in db.session.execute(select(Campaign.id, Campaign.clinic_id).order_by(Campaign.id)).all():
        if clinic_id in people:
            some = len(people[clinic_id]) * dice[clinic_id].uniform(0.3, 0.8)
            reached = dice[clinic_id].sample(people[clinic_id], int(some))
            contacts += [_contact(dice[clinic_id], id_, patient) for patient in reached]
    _add(CampaignContact, contacts)


def _patient(dice: Dice, clinic: int) -> Row:
    return {
        "clinic_id": clinic,
        "sex": dice.of("female", "female", "male", "male", "other", "unknown"),
        "birth_date": date(dice.of(*BORN), 3, 14),
        "mrn": f"{dice.random()}" if dice.random() < 0.8 else None,
        "registered_on": dice.day() if dice.random() < 0.9 else date(2027, 1, 1),
        "deceased_on": dice.choice((date(2026, 8, 20), date(2026, 9, 20))) if dice.random() < 0.1 else None,
    }


def _visit(dice: Dice, clinic: int, patient: int) -> Row:
    day = dice.day()
    at = dice.moment(day)
    return {
        "clinic_id": clinic,
        "patient_id": patient,
        "kind": dice.of("medical", "dental"),
        "status": dice.choice(["finished"] * 12 + ["cancelled", "planned"]),
        "started_at": at,
        "ended_at": at + timedelta(minutes=20) if dice.random() < 0.7 else None,
        "local_day": day,
        "local_month": day.replace(day=1),
        "local_weekday": day.isoweekday(),
        "local_hour": at.hour if dice.random() < 0.95 else None,
    }


def _feedback(dice: Dice, clinic: int, patient: int) -> Row:
    day = dice.day()
    at = dice.moment(day)
    return {
        "clinic_id": clinic,
        "patient_id": patient,
        "category": dice.of("Staff", "Waiting", ""),
        "rating": dice.of(1, 2, 3, 4, 5, None),
        "submitted_at": at,
        "local_day": day,
        "responded_at": at + timedelta(hours=dice.randrange(1, 90)) if dice.random() < 0.6 else None,
    }


def _diagnosis(dice: Dice, clinic: int, patient: int) -> Row:
    name = dice.of("A", "B", "C", "D")
    return {
        "clinic_id": clinic,
        "patient_id": patient,
        "code": f"{name}00",
        "name": f"Condition {name}",
        "recorded_on": dice.day(),
        "clinical_status": dice.of(*CLINICAL_STATUSES),
    }


def _treatment(dice: Dice, clinic: int, patient: int) -> Row:
    name, day = dice.of("A", "B", "C", "D"), dice.day()
    due = day + timedelta(days=dice.randrange(1, 20)) if dice.random() < 0.6 else None
    return {
        "clinic_id": clinic,
        "patient_id": patient,
        "kind": dice.of("medical", "dental"),
        "code": f"{name}01",
        "name": f"Procedure {name}",
        "performed_on": day,
        "outcome": dice.of(*OUTCOMES),
        "follow_up_due_on": due,
        "follow_up_done_on": due + timedelta(days=dice.randrange(20)) if due and dice.random() < 0.6 else None,
    }


def _measurement(dice: Dice, clinic: int, patient: int) -> Row:
    day, loinc = dice.day(), dice.of(*READINGS)
    name, unit, values = READINGS[loinc]
    return {
        "clinic_id": clinic,
        "patient_id": patient,
        "loinc": loinc,
        "name": name,
        "value": float(dice.of(*values)),
        "unit": unit,
        "measured_at": dice.moment(day),
        "local_day": day,
    }


def _contact(dice: Dice, campaign: int, patient: int) -> Row:
    day = dice.day()
    at = dice.moment(day)
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
