"""What a row may never hold, whoever writes it: on SQLite and on PostgreSQL."""

from datetime import timedelta
from typing import Any

import factories
import pytest
from sqlalchemy.exc import IntegrityError

from webapp.extensions import db
from webapp.models import Alert, Diagnosis, Measurement, Patient
from webapp.models.diagnosis import CLINICAL_STATUSES, VERIFICATION_STATUSES

pytestmark = pytest.mark.usefixtures("context_on_each")


@pytest.fixture
def patient() -> Patient:
    return factories.add_patient(factories.add_clinic())


def of(patient: Patient) -> dict[str, Any]:
    return {"clinic_id": patient.clinic_id, "patient_id": patient.id, "name": "Blood pressure"}


def add(*rows: Any) -> None:
    db.session.add_all(rows)
    db.session.commit()


@pytest.mark.parametrize("status", ["Active", "confirmed", "cured", ""])
def test_a_clinical_status_is_one_of_fhir(patient: Patient, status: str) -> None:
    add(*(Diagnosis(**of(patient), clinical_status=known) for known in (None, *CLINICAL_STATUSES)))
    with pytest.raises(IntegrityError):
        add(Diagnosis(**of(patient), clinical_status=status))


@pytest.mark.parametrize("status", ["Confirmed", "active", "sure", ""])
def test_a_verification_status_is_one_of_fhir(patient: Patient, status: str) -> None:
    add(*(Diagnosis(**of(patient), verification_status=known) for known in (None, *VERIFICATION_STATUSES)))
    with pytest.raises(IntegrityError):
        add(Diagnosis(**of(patient), verification_status=status))


def test_a_visit_ends_no_earlier_than_it_starts(patient: Patient) -> None:
    started = factories.add_visit(patient, "2026-10-05 09:30").started_at
    factories.add_visit(patient, "2026-10-05 09:30", ended_at=started)
    with pytest.raises(IntegrityError):
        factories.add_visit(patient, "2026-10-05 09:30", ended_at=started - timedelta(microseconds=1))


def test_components_are_numbered_from_0(patient: Patient) -> None:
    add(Measurement(**of(patient), component=0))
    with pytest.raises(IntegrityError):
        add(Measurement(**of(patient), component=-1))


def test_an_alert_happened_at_least_once() -> None:
    said = {"severity": "info", "message": "It was so.", "what_to_do": "Nothing."}
    add(Alert(rule="some rule", count=1, **said))
    with pytest.raises(IntegrityError):
        add(Alert(rule="another rule", count=0, **said))
