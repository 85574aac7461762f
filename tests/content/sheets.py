"""Sheets of measurements as they lie in the database once they are accepted, and reports asked of them."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from tests.factories import add_patient, add_person, add_upload
from webapp import content
from webapp.content import Question
from webapp.extensions import db, snapshot
from webapp.figures import Content, Section
from webapp.models import Clinic, Measurement, Patient, Upload

CODES = {
    "respiration": ("9279-1", "/min"),
    "oxygen": ("59408-5", "%"),
    "systolic": ("8480-6", "mm[Hg]"),
    "diastolic": ("8462-4", "mm[Hg]"),
    "pulse": ("8867-4", "/min"),
    "temperature": ("8310-5", "Cel"),
    "glucose": ("15074-8", "mmol/L"),
    "weight": ("29463-7", "kg"),
    "oxygen_given": ("3151-8", None),
    "consciousness": ("67775-7", None),
}
WELL: dict[str, Any] = {
    "respiration": 16, "oxygen": 97, "oxygen_given": "air", "systolic": 124, "diastolic": 78, "pulse": 72,
    "temperature": 36.8, "consciousness": "alert",
}  # fmt: skip
"""A set that scores 0."""

ILL = {**WELL, "respiration": 26, "oxygen": 93, "oxygen_given": "oxygen", "pulse": 104}
"""3 + 2 + 2 + 1 = 8."""


def add_sheet(clinic: Clinic, told: dict[str, Any] | str | None = None, **values: Any) -> Upload:
    text = told if isinstance(told, str) else json.dumps(told or {})
    return add_upload(add_person("clinician", clinic, name="Nurse Lim"), told=text, **values)


def add_set(
    patient: Patient, at: str, upload: Upload | None = None, spo2_scale: int | None = None, **readings: Any
) -> None:
    """Readings by name at a time such as "2026-11-21 14:05" on the clinic's clock, or on a day; a word with a flow is
    given as ("oxygen", 2.0), a number in another unit as (98.6, "[degF]")."""
    zone = db.session.get_one(Clinic, patient.clinic_id).timezone
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)) if len(at) > 10 else None
    set_at(patient, moment, date.fromisoformat(at[:10]), upload, readings, spo2_scale)


def set_at(
    patient: Patient, moment: datetime | None, day: date, upload: Upload | None, readings: dict[str, Any],
    scale: int | None = None,
) -> None:  # fmt: skip
    rows = [
        {**row, "spo2_scale": scale if row["name"] == "oxygen" else None}
        for row in _rows(patient, moment, day, upload, readings)
    ]
    db.session.execute(insert(Measurement), rows)
    db.session.commit()


def _rows(
    patient: Patient, moment: datetime | None, day: date, upload: Upload | None, readings: dict[str, Any]
) -> Iterable[dict[str, Any]]:
    for name, given in readings.items():
        if given is None:
            continue
        loinc, unit = CODES[name]
        value, other = given if isinstance(given, tuple) else (given, None)
        text = None
        if isinstance(value, str):
            text, value, unit = value, other, "L/min" if other is not None else None
        elif other is not None:
            unit = other
        yield {
            "clinic_id": patient.clinic_id, "patient_id": patient.id, "component": 0, "loinc": loinc,
            "name": name, "value": value, "unit": unit, "text": text, "measured_at": moment, "local_day": day,
            "upload_id": upload.id if upload else None,
        }  # fmt: skip


def asked(upload: Upload, day: str = "2026-11-21", last: str = "") -> Question:
    zone = db.session.get_one(Clinic, upload.clinic_id).timezone
    days = date.fromisoformat(day), date.fromisoformat(last or day)
    return Question("daily_patients", upload.clinic_id, zone, *days, upload=upload.id)


def report(upload: Upload, day: str = "2026-11-21", last: str = "") -> Content:
    with snapshot() as connection:
        return content.build(connection, asked(upload, day, last))


def cells(section: Section, table: str = "readings") -> list[dict[str, Any]]:
    """The rows of a patient's table by the keys of its columns."""
    found = section.table(table)
    return [dict(zip([column.key for column in found.columns], row, strict=True)) for row in found.rows]


def patients(figures: Content) -> dict[str, Section]:
    """The sections of patients by their name."""
    return {section.title: section for section in figures.sections if section.subject}


def add_named(clinic: Clinic, family: str, given: str = "Ana", **values: object) -> Patient:
    usual = {"family_name": family, "given_name": given, "mrn": f"MRN-{family}"}
    return add_patient(clinic, **{**usual, **values})


def only(figures: Content) -> Section:
    (section,) = patients(figures).values()
    return section
