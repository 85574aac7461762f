"""Each end of each band, against tables written by hand from the sources that webapp/content/vitals/bands.py names."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from tests.factories import add_patient
from webapp.content import Question, sources
from webapp.content.vitals import bands as vital_bands
from webapp.content.vitals import counts as vital_counts
from webapp.extensions import db, snapshot
from webapp.models import Clinic, Measurement

FIRST = date(2026, 1, 1)
MM_HG, A_MINUTE = "mm[Hg]", "/min"

RESPIRATION = {
    0.4: 3, 8: 3, 8.4: 3, 8.5: 1, 9: 1, 11: 1, 11.4: 1, 11.5: 0, 12: 0, 16: 0, 20: 0, 20.4: 0, 20.5: 2, 21: 2, 24: 2,
    24.4: 2, 24.5: 3, 25: 3, 69.9: 3,
}  # fmt: skip
OXYGEN = {1: 3, 83: 3, 91: 3, 91.4: 3, 91.5: 2, 92: 2, 93: 2, 93.5: 1, 94: 1, 95: 1, 95.4: 1, 95.5: 0, 96: 0, 100: 0}
SYSTOLIC = {
    60: 3, 90: 3, 90.5: 2, 91: 2, 100: 2, 100.5: 1, 101: 1, 110: 1, 110.4: 1, 110.5: 0, 111: 0, 219: 0, 219.4: 0,
    219.5: 3, 220: 3, 399: 3,
}  # fmt: skip
PULSE = {
    1: 3, 40: 3, 40.5: 1, 41: 1, 50: 1, 50.4: 1, 50.5: 0, 51: 0, 90: 0, 90.5: 1, 91: 1, 110: 1, 110.5: 2, 111: 2,
    130: 2, 130.5: 3, 131: 3, 299: 3,
}  # fmt: skip
TEMPERATURE = {
    10.1: 3, 35.0: 3, 35.04: 3, 35.05: 1, 35.1: 1, 36.0: 1, 36.05: 0, 36.1: 0, 38.0: 0, 38.04: 0, 38.05: 1, 38.1: 1,
    39.0: 1, 39.04: 1, 39.05: 2, 39.1: 2, 49.9: 2,
}  # fmt: skip
FAHRENHEIT = {95.0: 3, 95.18: 1, 96.8: 1, 96.98: 0, 98.6: 0, 100.4: 0, 100.58: 1, 102.2: 1, 102.38: 2}
"""35.0, 35.1, 36.0, 36.1, 37.0, 38.0, 38.1, 39.0 and 39.1 °C."""
NEWS2 = [
    ("respiration", "9279-1", A_MINUTE, RESPIRATION),
    ("oxygen", "2708-6", "%", OXYGEN),
    ("oxygen", "59408-5", "%", OXYGEN),
    ("systolic", "8480-6", MM_HG, SYSTOLIC),
    ("pulse", "8867-4", A_MINUTE, PULSE),
    ("temperature", "8310-5", "Cel", TEMPERATURE),
    ("temperature", "8331-1", "Cel", TEMPERATURE),
    ("temperature", "8310-5", "[degF]", FAHRENHEIT),
]

BMI = {
    12: "Underweight", 15.9: "Underweight", 18.4: "Underweight", 18.49: "Underweight",
    18.5: "Normal range", 24.9: "Normal range", 24.99: "Normal range",
    25: "Pre-obesity", 29.9: "Pre-obesity", 29.99: "Pre-obesity",
    30: "Obesity class I,", 34.9: "Obesity class I,", 34.99: "Obesity class I,",
    35: "Obesity class II,", 39.9: "Obesity class II,", 39.99: "Obesity class II,",
    40: "Obesity class III", 65: "Obesity class III",
}  # fmt: skip

PRESSURES = {
    (90, 50): "normal", (119, 79): "normal", (119.9, 79.9): "normal",
    (120, 79): "elevated", (129, 79): "elevated", (129.9, 79.9): "elevated", (125, 60): "elevated",
    (130, 79): "stage_1", (139, 79): "stage_1", (139.9, 89.9): "stage_1", (119, 80): "stage_1", (110, 89): "stage_1",
    (120, 80): "stage_1", (129, 89): "stage_1", (130, 80): "stage_1",
    (140, 79): "stage_2", (180, 60): "stage_2", (119, 90): "stage_2", (129, 90): "stage_2", (139, 90): "stage_2",
    (140, 90): "stage_2", (399, 299): "stage_2", (200, 130): "stage_2",
    # What cannot be true.
    (0, 50): "implausible", (-5, 50): "implausible", (400, 90): "implausible", (120, 0): "implausible",
    (350, 300): "implausible", (120, 120): "implausible", (80, 120): "implausible",
}  # fmt: skip

IMPLAUSIBLE = [
    ("respiration", "9279-1", A_MINUTE, (0, -1, 70, 400)),
    ("oxygen", "2708-6", "%", (0, -1, 100.1, 980)),
    ("systolic", "8480-6", MM_HG, (0, -1, 400, 1200)),
    ("pulse", "8867-4", A_MINUTE, (0, -1, 300, 800)),
    ("temperature", "8310-5", "Cel", (0, 10, 50, 98.6)),
    ("temperature", "8310-5", "[degF]", (37, 50, 122)),
    ("bmi", "39156-5", "kg/m2", (0, 11.9, 65.1, 250)),
]

UNITS = [
    ("pulse", "8867-4", 70, ("/min", "{beats}/min", "beats/min", "beats/minute"), ("Hz", "/h", "bpm ", "", None)),
    ("respiration", "9279-1", 14, ("/min", "{breaths}/min", "breaths/minute"), ("/s", "%", None)),
    ("oxygen", "2708-6", 97, ("%",), ("1", "mm[Hg]", None)),
    ("systolic", "8480-6", 120, ("mm[Hg]", "mmHg"), ("kPa", "cm[H2O]", None)),
    ("temperature", "8310-5", 37, ("Cel", "°C", "degC"), ("K", "C", "cel", None)),
    ("temperature", "8310-5", 98.6, ("[degF]", "degF", "°F"), ("F", "[DEGF]")),
    ("bmi", "39156-5", 22, ("kg/m2", "kg/m²"), ("kg", "[lb_av]/[in_i]2", None)),
]

AGES = [
    ("pulse", "2010-06-15", "2026-06-14", False),
    ("pulse", "2010-06-15", "2026-06-15", True),
    ("pulse", "2008-02-29", "2024-02-28", False),
    ("pulse", "2008-02-29", "2024-02-29", True),
    ("systolic", "2010-12-31", "2026-12-30", False),
    ("systolic", "2010-01-01", "2026-01-01", True),
    ("bmi", "2006-06-15", "2026-06-14", False),
    ("bmi", "2006-06-15", "2026-06-15", True),
    ("pressure", "2008-06-15", "2026-06-14", False),
    ("pressure", "2008-06-15", "2026-06-15", True),
    # Who was born on a 29 February is a year older on 1 March of a year without it.
    ("pressure", "2008-02-29", "2026-02-28", False),
    ("pressure", "2008-02-29", "2026-03-01", True),
    # On a 29 February nobody is as old as on 1 March.
    ("pressure", "2010-03-01", "2028-02-29", False),
    ("pressure", "2010-02-28", "2028-02-29", True),
]


def verdicts(clinic: Clinic, measure: str, rows: list[list[dict[str, object]]]) -> list[str]:
    """What each of these readings comes to: each on a day of its own."""
    days = [FIRST + timedelta(days=ahead) for ahead in range(len(rows))]
    values = [
        {"clinic_id": clinic.id, "name": "reading", "unit": None, "component": 0, "local_day": day, **row}
        for day, together in zip(days, rows, strict=True)
        for row in together
    ]
    db.session.execute(insert(Measurement), values)
    db.session.commit()
    return [
        item.verdict
        for day in days
        for item in read(Question("medical_statistics", clinic.id, clinic.timezone, day, day))
        if item.measure == measure and item.now
    ]


def read(question: Question) -> list[vital_counts.Readings]:
    with snapshot() as connection:
        everybody = sources.patients(connection, question, vital_counts.FILTERS, "patient", "born")
        names = ("loinc", "patient", "told", "day")
        measured = sources.MEASUREMENTS.read(connection, question.clinic_id, names, question.days)
        pressures = vital_counts.pressures(connection, question, [question.days], everybody)
    return sorted([*vital_counts.single(measured, question, everybody), *pressures])


def alone(clinic: Clinic, measure: str, loinc: str, readings: list[tuple[float | None, str | None]]) -> list[str]:
    who = add_patient(clinic).id
    rows = [{"patient_id": who, "loinc": loinc, "value": value, "unit": unit} for value, unit in readings]
    return verdicts(clinic, measure, [[row] for row in rows])


def of(name: str) -> vital_bands.Measure:
    return next(measure for measure in vital_bands.SINGLE if measure.name == name)


@pytest.mark.parametrize(("measure", "loinc", "unit", "scores"), NEWS2)
def test_a_sign_scores_as_in_chart_1_of_news2(
    clinic: Clinic, measure: str, loinc: str, unit: str, scores: dict[float, int]
) -> None:
    told = alone(clinic, measure, loinc, [(value, unit) for value in scores])
    assert dict(zip(scores, (int(of(measure).bands[int(verdict)].grade) for verdict in told), strict=True)) == scores


def test_a_body_mass_index_is_of_a_class_of_the_who(clinic: Clinic) -> None:
    told = alone(clinic, "bmi", "39156-5", [(value, "kg/m2") for value in BMI])
    for (value, label), verdict in zip(BMI.items(), told, strict=True):
        assert vital_bands.BMI.bands[int(verdict)].label.startswith(label), value


def test_a_blood_pressure_is_of_the_higher_category_of_the_guideline(clinic: Clinic) -> None:
    who = add_patient(clinic).id
    rows = [
        [
            {"patient_id": who, "loinc": "8480-6", "value": systolic, "unit": MM_HG},
            {"patient_id": who, "loinc": "8462-4", "value": diastolic, "unit": MM_HG},
        ]
        for systolic, diastolic in PRESSURES
    ]
    assert dict(zip(PRESSURES, verdicts(clinic, "pressure", rows), strict=True)) == PRESSURES


@pytest.mark.parametrize(("measure", "loinc", "unit", "values"), IMPLAUSIBLE)
def test_what_cannot_be_true_has_no_class(
    clinic: Clinic, measure: str, loinc: str, unit: str, values: tuple[float, ...]
) -> None:
    assert alone(clinic, measure, loinc, [(value, unit) for value in values]) == ["implausible"] * len(values)


@pytest.mark.parametrize(("measure", "loinc", "value", "known", "others"), UNITS)
def test_only_readings_in_a_unit_that_is_known_have_a_class(
    clinic: Clinic, measure: str, loinc: str, value: float, known: tuple[str, ...], others: tuple[str | None, ...]
) -> None:
    told = alone(clinic, measure, loinc, [(value, unit) for unit in (*known, *others)] + [(None, known[0])])
    usual = [of(measure).bands[int(verdict)].grade for verdict in told[: len(known)]]
    assert usual == [of(measure).usual] * len(known)
    assert told[len(known) :] == ["other_unit"] * len(others) + ["no_number"]


@pytest.mark.parametrize(("measure", "born", "day", "is_old_enough"), AGES)
def test_bands_hold_from_an_age_on_the_day_of_the_reading(
    clinic: Clinic, measure: str, born: str, day: str, is_old_enough: bool
) -> None:
    on = date.fromisoformat(day)
    who = add_patient(clinic, birth_date=date.fromisoformat(born)).id
    loinc, unit = {"pulse": ("8867-4", A_MINUTE), "bmi": ("39156-5", "kg/m2")}.get(measure, ("8480-6", MM_HG))
    usual = {"clinic_id": clinic.id, "patient_id": who, "name": "reading", "component": 0, "local_day": on}
    readings = [{**usual, "loinc": loinc, "value": 60, "unit": unit}]
    if measure == "pressure":
        readings.append({**usual, "loinc": "8462-4", "value": 50, "unit": unit})
    db.session.execute(insert(Measurement), readings)
    db.session.commit()
    for days in ((on, on), (on - timedelta(days=900), on + timedelta(days=900))):
        question = Question("medical_statistics", clinic.id, clinic.timezone, *days)
        found = read(question)
        told = next(item.verdict for item in found if item.measure == measure and item.now)
        assert (told != "too_young") == is_old_enough
