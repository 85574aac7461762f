"""Clinics are added, and moved to another zone with all that is stored by the old one's clock."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from tests.clinic_data.fhir_cases import Importer, encounter, every, observation, only, patient
from webapp import audit
from webapp.clinic_data import clinics
from webapp.clinic_data.clinics import ClinicRefused, add_clinic, clinic_called, set_timezone
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Measurement, Patient, Visit


def test_it_adds_a_clinic_and_says_so_in_the_audit_log(context: Flask) -> None:
    clinic = add_clinic(" Riverside\u0000 ", "Asia/Manila", "Letter")
    db.session.commit()
    assert (clinic.name, clinic.timezone, clinic.paper) == ("Riverside�", "Asia/Manila", "Letter")
    assert db.session.query(AuditEntry).one().action == "clinic.added"


@pytest.mark.parametrize(
    ("name", "zone", "paper", "said"),
    [
        ("Riverside", "Asia/Manilla", "A4", "Did you mean Asia/Manila"),
        ("Riverside", "PST8", "A4", "is not a time zone"),
        ("Riverside", "../../etc/passwd", "A4", "is not a time zone"),
        (" ", "Asia/Manila", "A4", "needs a name"),
        ("x" * 201, "Asia/Manila", "A4", "200 characters"),
        ("Riverside", "Asia/Manila", "A3", "A4 or Letter"),
    ],
)
def test_it_refuses_nonsense_plainly(context: Flask, name: str, zone: str, paper: str, said: str) -> None:
    with pytest.raises(ClinicRefused, match=said):
        add_clinic(name, zone, paper)


@pytest.mark.parametrize("zone", ["Mars/Base", "Mars", "Oz/Emerald City", "x"])
def test_a_zone_like_no_other_gets_no_suggestion(context: Flask, zone: str) -> None:
    with pytest.raises(ClinicRefused) as refusal:
        add_clinic("Riverside", zone)
    assert "Did you mean" not in str(refusal.value)


def test_it_refuses_a_second_clinic_of_a_name(context: Flask) -> None:
    add_clinic("Riverside", "Asia/Manila")
    with pytest.raises(ClinicRefused, match="already"):
        add_clinic("Riverside", "Asia/Tokyo")


def test_an_unknown_clinic_is_told_with_the_known_ones(context: Flask) -> None:
    with pytest.raises(ClinicRefused, match="flask clinics add"):
        clinic_called("Hillview")
    add_clinic("Riverside", "Asia/Manila")
    with pytest.raises(ClinicRefused, match="There is: Riverside"):
        clinic_called("Hillview")


def test_a_new_zone_moves_days_and_hours(fhir_on_each: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinics, "BATCH", 2)
    visits = [encounter(f"e{number}", "2026-02-28T20:30:00Z") for number in range(5)]
    fhir_on_each(patient(), *visits, observation(valueInteger=1, effectiveDateTime="2026-02-28T20:30:00Z"))
    assert {(row.local_day, row.local_hour) for row in every(Visit)} == {(date(2026, 3, 1), 4)}
    clinic = db.session.get_one(Clinic, fhir_on_each.clinic.id)
    assert set_timezone(clinic, "America/New_York") == 6
    db.session.commit()
    db.session.expire_all()
    assert {(row.local_day, row.local_month, row.local_weekday, row.local_hour) for row in every(Visit)} == {
        (date(2026, 2, 28), date(2026, 2, 1), 6, 15)
    }
    assert {row.started_at for row in every(Visit)} == {datetime(2026, 2, 28, 20, 30, tzinfo=UTC)}
    assert only(Measurement).local_day == date(2026, 2, 28)
    assert only(Patient).registered_on == date(2026, 2, 28)
    assert (clinic.timezone, list(audit.faults())) == ("America/New_York", [])


def test_a_day_alone_stays_that_day_in_a_new_zone(fhir: Importer) -> None:
    fhir(patient(), encounter(start="2026-03-01"), observation(valueInteger=1, effectiveDateTime="2026-03-01"))
    set_timezone(db.session.get_one(Clinic, fhir.clinic.id), "America/New_York")
    db.session.commit()
    db.session.expire_all()
    assert (only(Visit).local_day, only(Visit).local_hour) == (date(2026, 3, 1), None)
    assert only(Visit).started_at == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert only(Measurement).local_day == date(2026, 3, 1)


def test_a_new_zone_leaves_other_clinics_alone(fhir: Importer) -> None:
    other = Importer(fhir.folder, add_clinic("Harbour", "Asia/Manila"))
    db.session.commit()
    other(patient(), encounter(start="2026-02-28T20:30:00Z"))
    set_timezone(db.session.get_one(Clinic, fhir.clinic.id), "America/New_York")
    db.session.commit()
    db.session.expire_all()
    assert only(Visit).local_hour == 4
