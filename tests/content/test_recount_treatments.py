"""Random diagnoses, treatments and follow-ups of two clinics, counted twice: by the database, and one by one."""

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle
from typing import Any

from sqlalchemy import insert, select

from tests.content.raw_rows import raw
from tests.content.reading import metric
from tests.content.recount import Asked
from tests.content.recount_dental_statistics import Dental
from tests.content.recount_treatment_outcomes import OUTCOMES, Treatments
from tests.content.test_recount import (
    PERIODS,
    assert_numbers_are_told,
    build,
    fill,
    span,
)  # fmt: skip
from tests.factories import add_clinic
from webapp.extensions import db
from webapp.figures import Content
from webapp.models import Clinic, Diagnosis, Patient, Treatment, Visit
from webapp.models.diagnosis import VERIFICATION_STATUSES
from webapp.models.visit import KINDS

NARROWED = ({"sex": "female"}, {"age": "25-44", "kind": "medical"}, {"kind": "dental"}, {"age": "unknown"})
SYSTEMS = ("http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10", None)


def named(dice: random.Random, word: str) -> dict[str, Any]:
    """One of many names, some of them with a code: the rare ones tie."""
    number = int(dice.triangular(0, 24, 2))
    system = dice.choice(SYSTEMS) if number % 3 == 0 else None
    code = f"C{number}" if number % 3 == 0 else dice.choice([None, ""])
    case = str.upper if number % 3 and dice.random() < 0.3 else str
    return {"code_system": system, "code": code, "name": case(f"{word} {number:02} {system or ''}")}


def fill_treatments(clinic: Clinic, dice: random.Random, theirs: list[int]) -> None:
    """Diagnoses and treatments with every kind of hole in them, some of which name another clinic's diagnosis."""
    visits = [(row["id"], row["patient_id"], row["local_day"]) for row in raw(Visit, clinic)]

    def some_day(near: date) -> date | None:
        return None if dice.random() < 0.1 else near + timedelta(days=dice.randrange(-3, 4))

    diagnoses = []
    for visit, patient, day in dice.choices(visits, k=900):
        status = dice.choice([None, "confirmed", "confirmed", "confirmed", *VERIFICATION_STATUSES])
        diagnoses.append(
            {"clinic_id": clinic.id, "patient_id": patient, "visit_id": dice.choice([visit, visit, None]),
             "recorded_on": some_day(day), "verification_status": status, **named(dice, "Condition")}
        )  # fmt: skip
    db.session.execute(insert(Diagnosis), diagnoses)
    known = db.session.scalars(select(Diagnosis.id).where(Diagnosis.clinic_id == clinic.id)).all()
    treatments = []
    for visit, patient, day in dice.choices(visits, k=900):
        due = day + timedelta(days=dice.randrange(1, 120)) if dice.random() < 0.6 else None
        done = due + timedelta(days=dice.randrange(-10, 40)) if due and dice.random() < 0.5 else None
        treatments.append(
            {"clinic_id": clinic.id, "patient_id": patient, "visit_id": visit, "kind": dice.choice(KINDS),
             "diagnosis_id": dice.choice([None, dice.choice(known), dice.choice(known), dice.choice([*theirs, None])]),
             "performed_on": some_day(day), "outcome": dice.choices(OUTCOMES, (50, 15, 15, 5, 15))[0],
             "follow_up_due_on": due, "follow_up_done_on": done, **named(dice, "Treatment")}
        )  # fmt: skip
    db.session.execute(insert(Treatment), treatments)
    db.session.commit()


def tables_of(figures: Content) -> dict[str, list[Any]]:
    """The rows without names, and without the codes of top lists."""
    found = {}
    for section in figures.sections:
        for item in section.tables:
            skip = 2 if item.key in ("diagnoses", "treatments", "procedures") else 0 if item.key == "months" else 1
            found[item.key] = [row[skip:] for row in item.rows]
    return found


def test_every_figure_is_that_of_a_plain_count(database: str) -> None:
    dice = random.Random(3)
    clinic, other = add_clinic(timezone="America/New_York"), add_clinic(timezone="UTC")
    fill(other, dice)
    fill_treatments(other, dice, [])
    theirs = [row["id"] for row in raw(Diagnosis, other)]
    fill(clinic, dice)
    fill_treatments(clinic, dice, theirs)
    people = {row["id"]: row for row in raw(Patient, clinic)}
    tables = {model.__tablename__: raw(model, clinic) for model in (Visit, Diagnosis, Treatment)}
    provider = str(min(visit["provider_id"] for visit in tables["visits"] if visit["provider_id"]))
    narrowed, turn = cycle(NARROWED), cycle(["before", "year", "year", "before"])
    for period, *others, is_apart in PERIODS[::2]:
        for chosen in ({}, next(narrowed)):
            asked = Asked(*span(period), *map(span, others), is_apart, chosen, next(turn))
            figures = build("treatment_outcomes", clinic, asked)
            assert_same(figures, Treatments(tables, people, asked))
            assert_numbers_are_told(figures)
            asked = replace(asked, filters=of_dental(chosen, provider))
            figures = build("dental_statistics", clinic, asked)
            assert_same_dental(figures, Dental(tables, people, asked))
            assert_numbers_are_told(figures)


def of_dental(chosen: dict[str, str], provider: str) -> dict[str, str]:
    """Filters that dental statistics have, in the place of the kind a provider or none."""
    others = {"medical": provider, "dental": "none"}
    return {{"kind": "provider"}.get(name, name): others.get(value, value) for name, value in chosen.items()}


def assert_same_dental(figures: Content, count: Dental) -> None:
    asked = count.asked
    assert tables_of(figures) == count.tables()
    visits, patients, new, _, procedures = count.counts(asked.start, asked.end)
    assert [item.value for item in figures.metrics] == [visits, patients, new, procedures]
    read = sum(asked.start <= visit["local_day"] <= asked.end for visit in count.read)
    assert (figures.rows.read, figures.rows.used) == (read, visits)


def assert_same(figures: Content, count: Treatments) -> None:
    asked = count.asked
    assert tables_of(figures) == count.tables()
    given, held = count.given(asked.start, asked.end), count.held(asked.start, asked.end)
    recorded = count.recorded(asked.start, asked.end)
    assert (figures.rows.read, figures.rows.used) == (len(recorded) + len(given), len(held) + len(given))
    assert metric(figures, "treatments").value == len(given)
    assert metric(figures, "success_rate").value == count.success(given)[2]
    assert metric(figures, "came_again").value == count.share_again(asked.start, asked.end)
    assert metric(figures, "overdue").value in (None, len(count.follow_ups(asked.start, asked.end)[1]))
