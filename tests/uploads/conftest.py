"""The clock stands at 15:00 of 21 November 2026 in Manila, and the clinic has four patients."""

from collections.abc import Iterator
from datetime import date

import factories
import pytest
from flask import Flask

from tests.uploads.sheets import NOW
from webapp import clock
from webapp.models import Clinic, Patient


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with clock.stopped_at(NOW):
        yield


@pytest.fixture
def clinic(context_on_each: Flask) -> Clinic:
    """Once on each database."""
    return add_clinic()


def add_clinic() -> Clinic:
    clinic = factories.add_clinic("Riverside Clinic")
    people = (
        ("0417", "Reyes", "Ana", date(1990, 5, 20), "female"),
        ("0418", "Santos", "Maria Luisa", date(1954, 1, 2), "female"),
        ("A-7", "de la Cruz", "Juan Carlos", date(1948, 12, 31), "male"),
        (None, "Ocampo", "José", date(1971, 3, 9), "male"),
    )
    for mrn, family, given, born, sex in people:
        factories.add_patient(clinic, mrn=mrn, family_name=family, given_name=given, birth_date=born, sex=sex)
    other = factories.add_clinic("Another Clinic")
    factories.add_patient(other, mrn="0900", family_name="Reyes", given_name="Ana")
    return clinic


def patient(mrn: str | None) -> Patient:
    from sqlalchemy import select

    from webapp.extensions import db

    return db.session.scalars(select(Patient).where(Patient.mrn.is_(None) if mrn is None else Patient.mrn == mrn)).one()
