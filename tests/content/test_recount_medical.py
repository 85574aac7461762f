"""Random medical records of two clinics, and imported ones, counted twice: by the database, and in plain Python."""

import itertools
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from tests.clinic_data.fhir_cases import SAMPLES, Importer, samples_needed
from tests.content.raw_rows import raw, rows_of
from tests.content.reading import metric
from tests.content.recount import Asked, percent
from tests.content.recount_medical import Medical
from tests.content.test_recount import DAYS, FIRST, PERIODS, assert_numbers_are_told, build, fill, span, tables_of
from tests.factories import add_clinic
from webapp.extensions import db
from webapp.figures import Content
from webapp.models import Clinic, Diagnosis, Measurement, Patient, Treatment, Visit
from webapp.models.diagnosis import VERIFICATION_STATUSES
from webapp.models.visit import KINDS

CHOICES: list[dict[str, str]] = [{}, {"sex": "female"}, {"age": "25-44"}, {"age": "0-4"}, {"sex": "male", "age": "65+"}]
SIGNS = {
    "8867-4": ("/min", 30, 140, 0),
    "9279-1": ("/min", 5, 30, 0),
    "2708-6": ("%", 88, 101, 0),
    "59408-5": ("%", 88, 101, 1),
    "8310-5": ("Cel", 34.5, 39.6, 1),
    "8331-1": ("[degF]", 94, 104, 1),
    "39156-5": ("kg/m2", 11, 45, 1),
    "29463-7": ("kg", 3, 120, 1),
}
NAMES = ("Glucose", "glucose ", "GLUCOSE", "Lactate", "Größe", "", "x" * 150, "x" * 120)


def fill_medical(clinic: Clinic, dice: random.Random) -> None:
    fill(clinic, dice)
    people, visits = [row["id"] for row in raw(Patient, clinic)], raw(Visit, clinic)

    def some_day() -> date | None:
        return None if dice.random() < 0.1 else FIRST + timedelta(days=dice.randrange(DAYS))

    def somewhere() -> dict[str, Any]:
        """At a visit and on its day, at one on another day, or at none."""
        visit = dice.choice(visits) if dice.random() < 0.8 else None
        who, day = (visit["patient_id"], visit["local_day"]) if visit else (dice.choice(people), some_day())
        if dice.random() < 0.1:
            day = some_day()
        return {"clinic_id": clinic.id, "patient_id": who, "visit_id": visit and visit["id"], "day": day}

    for model, column, more in (
        (Diagnosis, "recorded_on", lambda: {
            "name": "Asthma", "verification_status": dice.choice([None, "confirmed", *VERIFICATION_STATUSES]),
        }),
        (Treatment, "performed_on", lambda: {
            "kind": dice.choice(KINDS), "outcome": "unknown", **dice.choice([
                {"code_system": "sct", "code": str(dice.randrange(12)), "name": dice.choice("AAB")},
                {"code_system": "other", "code": str(dice.randrange(2)), "name": dice.choice("AAB")},
                {"code_system": None, "code": None, "name": dice.choice(NAMES)},
            ]),
        }),
    ):  # fmt: skip
        rows = [{**somewhere(), **more()} for _ in range(500)]
        for row in rows:
            row[column] = row.pop("day")
        db.session.execute(insert(model), rows)
    db.session.execute(insert(Measurement), [row for _ in range(900) for row in readings(somewhere(), dice)])
    db.session.commit()


def readings(where: dict[str, Any], dice: random.Random) -> list[dict[str, Any]]:
    """One sign, or a blood pressure in one of the ways in which systems write it."""
    day = where.pop("day")
    hour = (
        datetime(day.year, day.month, day.day, dice.randrange(3), tzinfo=UTC) if day and dice.random() < 0.8 else None
    )
    usual = {**where, "local_day": day, "measured_at": hour, "component": 0, "source_id": None, "text": None}
    if dice.random() < 0.6:
        loinc = dice.choice([*SIGNS, None])
        unit, low, high, decimals = SIGNS[loinc] if loinc else ("mg/dL", 50, 200, 0)
        value: float | None = round(dice.uniform(low, high), decimals)
        told = {"loinc": loinc, "name": dice.choice(NAMES) if loinc is None else f"Observation {loinc}"}
        return [{**usual, **told, **spoiled(value, unit, dice)}]
    systolic = dice.choice([119, 120, 129, 130, 139, 140, 60, 90, 91, 100, 110, 111, 219, 220, 400, 0])
    diastolic = dice.choice([79, 79, 80, 89, 90, 50, 120, 300, 0])
    source = f"o{dice.randrange(10**9)}" if dice.random() < 0.5 else None
    parts = [("8480-6", systolic, 1), ("8462-4", diastolic, 2)]
    if dice.random() < 0.1:
        parts.remove(dice.choice(parts))
    if source is None and dice.random() < 0.5:
        parts = [(loinc, value, 0) for loinc, value, _ in parts]
    return [
        {**usual, "loinc": loinc, "name": "Blood pressure", "component": component, "source_id": source,
         **spoiled(float(value), "mm[Hg]", dice)}
        for loinc, value, component in parts
    ]  # fmt: skip


def spoiled(value: float | None, unit: str | None, dice: random.Random) -> dict[str, Any]:
    chance = dice.random()
    if chance < 0.03:
        return {"value": None, "unit": unit, "text": dice.choice([None, "<5"])}
    if chance < 0.06:
        return {"value": value, "unit": dice.choice([None, "furlong"]), "text": None}
    return {"value": value * 10 if value and chance < 0.08 else value, "unit": unit, "text": None}


def assert_same(figures: Content, count: Medical) -> None:
    expected = count.tables()
    assert tables_in(figures) == expected
    now = (count.asked.start, count.asked.end)
    readings, high = count.outside("Blood pressure", now)
    visits, vitals = len(count.between("Medical visits", now)), 0
    if visits:
        vitals = expected["complete_visits"][3][1]
    assert [item.value for item in figures.metrics] == [
        visits, len(count.between("Measurements", now)), percent(vitals, visits), percent(high, readings),
    ]  # fmt: skip
    used = sum(len(count.between(kind, now)) for kind in count.rows)
    assert (figures.rows.used, figures.rows.read) == (used, used + count.excluded().total())
    assert Counter({item.reason: item.count for item in figures.rows.excluded}) == count.excluded()
    if used:
        assert metric(figures, "visits").value == visits
    assert_numbers_are_told(figures)


def tables_in(figures: Content) -> dict[str, list[Any]]:
    """Without the words in front; of the most common, without their names."""
    of_words = {"outside", "records_compared", "complete_patients", "complete_visits"}
    of_words |= {"observations", "treatments"}
    return {key: [row[int(key in of_words) :] for row in rows] for key, rows in tables_of(figures).items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_medical_figure_is_that_of_a_plain_count(database: str, seed: int) -> None:
    dice = random.Random(seed)
    clinic = add_clinic(timezone="Asia/Manila")
    fill_medical(add_clinic(timezone="UTC"), dice)
    fill_medical(clinic, dice)
    rows = rows_of(clinic)
    people = {row["id"]: row for row in rows["patients"]}
    turn = itertools.cycle(["before", "year", "before"])
    for place, (period, *others, is_apart) in enumerate(PERIODS[seed - 1 :: 2]):
        for chosen in (CHOICES[0], CHOICES[1 + place % 4]):
            asked = Asked(*span(period), *map(span, others), is_apart, chosen, next(turn))
            assert_same(build("medical_statistics", clinic, asked), Medical(rows, people, asked))


@samples_needed
def test_the_sample_bundles_give_the_figures_of_a_plain_count(database: str, tmp_path: Path) -> None:
    clinic = add_clinic(timezone="Asia/Manila")
    Importer(tmp_path, clinic).path(SAMPLES / "synthea-25-bundles")
    rows = rows_of(clinic)
    people = {row["id"]: row for row in rows["patients"]}
    told = Counter()
    for year in (2012, 2017):
        days = date(year, 1, 1), date(year, 12, 31)
        before = date(year - 1, 1, 1), date(year - 1, 12, 31)
        asked = Asked(*days, before, before, False, {})
        figures = build("medical_statistics", clinic, asked)
        assert_same(figures, Medical(rows, people, asked))
        told.update({item.key: 1 for section in figures.sections for item in section.tables})
    assert {"pressures", "bmi", "scores", "observations", "treatments"} <= told.keys()
