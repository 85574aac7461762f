"""A sheet to begin with: the columns that are understood without asking. At a demo clinic it holds a day of invented
readings of twenty of its patients, so that the whole way can be tried."""

import io
from datetime import date, datetime, time
from random import Random
from typing import Any

import xlsxwriter
from sqlalchemy import select

from webapp.extensions import db
from webapp.models import Clinic, Patient

COLUMNS = (
    ("MRN", 14), ("Family name", 18), ("Given name", 18), ("Date of birth", 14), ("Sex", 9), ("Date", 14),
    ("Time", 8), ("Respiration (per minute)", 13), ("SpO2 (%)", 10), ("SpO2 scale", 9), ("Air or oxygen", 12),
    ("Blood pressure (mmHg)", 15), ("Pulse (per minute)", 11), ("Temperature (°C)", 13), ("Consciousness", 15),
)  # fmt: skip
"""Headings with their width in characters."""

NOTES = (
    "One row a patient and time. Columns may stand in any order, and those that you do not measure may be left out.",
    "SpO2 scale: 2 for patients with hypercapnic respiratory failure whose target a clinician has set to 88 to 92 %, "
    "otherwise 1 or nothing.",
    "Air or oxygen: air, oxygen, or the flow such as 2 L/min. Without it the NEWS2 score cannot be given.",
    "Consciousness: alert, confused (new confusion), voice, pain or unresponsive.",
    "Glucose and weight can be added as columns, with their unit in the heading.",
)

PATIENTS, TIMES = 20, (2, 6, 10, 14, 18, 22)
SEED = 417

_CREATED = datetime(2024, 1, 1)  # noqa: DTZ001  a workbook's dates have no zone; fixed, so that bytes do not change
_EXCEL_CANNOT = date(1900, 3, 1)


def example(clinic: Clinic, day: date) -> bytes:
    """The sheet as an Excel file: at a demo clinic with readings of `day`, else empty."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "Measurements", "author": "Clinic Reports", "created": _CREATED})
    sheet = book.add_worksheet("Measurements")
    head = book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#0F5C63", "text_wrap": True})
    for at, (label, width) in enumerate(COLUMNS):
        sheet.write_string(0, at, label, head)
        sheet.set_column(at, at, width)
    sheet.freeze_panes(1, 0)
    formats = {"day": book.add_format({"num_format": "d mmm yyyy"}), "time": book.add_format({"num_format": "hh:mm"})}
    if clinic.is_demo:
        for down, row in enumerate(_readings(clinic, day), 1):
            for at, value in enumerate(row):
                _write(sheet, down, at, value, formats)
    about = book.add_worksheet("How to fill it in")
    about.set_column(0, 0, 110)
    for down, note in enumerate(NOTES):
        about.write_string(down, 0, note)
    book.close()
    return buffer.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    if isinstance(value, date):
        if value < _EXCEL_CANNOT:
            sheet.write_string(row, column, value.isoformat())
        else:
            sheet.write_datetime(row, column, value, formats["day"])
    elif isinstance(value, time):
        sheet.write_datetime(row, column, value, formats["time"])
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    elif value is not None:
        sheet.write_number(row, column, value)


def _readings(clinic: Clinic, day: date) -> list[tuple[Any, ...]]:
    """A row for each time of the day and patient, in the order in which a round is made."""
    patients = [_Patient(patient, at, day) for at, patient in enumerate(_grown_up(clinic, day))]
    return [patient.at(day, hour, at) for at, hour in enumerate(TIMES) for patient in patients]


def _grown_up(clinic: Clinic, day: date) -> list[Patient]:
    """Twenty patients who have an MRN, two of them children, who are not scored."""
    known = select(Patient).where(
        Patient.clinic_id == clinic.id, Patient.mrn.is_not(None), Patient.birth_date.is_not(None),
        Patient.deceased_on.is_(None),
    ).order_by(Patient.id)  # fmt: skip
    grown_up_since = day.replace(year=day.year - 45, day=1)
    child_since = day.replace(year=day.year - 12, day=1)
    adults = db.session.scalars(known.where(Patient.birth_date < grown_up_since).limit(PATIENTS - 2)).all()
    children = db.session.scalars(known.where(Patient.birth_date > child_since).limit(2)).all()
    return [*adults, *children]


class _Patient:
    """Somebody with their usual figures, and how far they are from them by the evening."""

    def __init__(self, patient: Patient, number: int, day: date) -> None:
        self._random = Random(SEED * 100 + number + day.toordinal())  # noqa: S311  invented figures
        self._patient = patient
        self._illness = (0.0, 0.0, 0.15, 0.0, 0.9, 0.1, 0.35, 0.0, 0.6, 0.0)[number % 10]
        self._lungs = number == 3

    def at(self, day: date, hour: int, turn: int) -> tuple[Any, ...]:
        patient, jitter = self._patient, self._random.gauss
        ill = self._illness * turn / (len(TIMES) - 1)
        saturation = (90 if self._lungs else 97.5) - 6 * ill + jitter(0, 0.6)
        systolic = round(126 - 38 * ill + jitter(0, 4))
        is_on_oxygen = ill > 0.5
        return (
            patient.mrn, patient.family_name, patient.given_name, patient.birth_date, patient.sex, day,
            time(hour, 5 * self._random.randrange(6)), round(15 + 9 * ill + jitter(0, 1)), min(100, round(saturation)),
            2 if self._lungs else None, "2 L/min" if is_on_oxygen else "air",
            f"{systolic}/{round(systolic * 0.45 + 24 + jitter(0, 3))}", round(74 + 44 * ill + jitter(0, 4)),
            round(36.7 + 2.1 * ill + jitter(0, 0.15), 1), "confused" if ill > 0.85 else "alert",
        )  # fmt: skip
