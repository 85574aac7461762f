"""The file of a report of patients, as it is drawn in a making: how far it is, a cancel, and the wrong patient."""

from pathlib import Path
from typing import BinaryIO

import factories
import pytest
from apps import build_app, close
from sqlalchemy import select

from tests.files import daily_samples
from webapp import clock, generate
from webapp.errors import WrongPatient
from webapp.extensions import db
from webapp.figures import Document
from webapp.files import Format
from webapp.files.pdf_patients import Patient
from webapp.generate import drawing, telling
from webapp.generate.claim import Claim
from webapp.models import Alert, File, Report

PATIENCE = 60


@pytest.fixture(autouse=True)
def _of_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "document_of", lambda report: daily_samples.document(20, 3))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What is said of how far it is; after each time no transaction is open."""
    found: list[tuple[str, int]] = []
    advance = Claim.advance

    def noted(self: Claim, stage: str, percent: int) -> None:
        advance(self, stage, percent)
        assert not db.session().in_transaction()
        found.append((stage, percent))

    monkeypatch.setattr(Claim, "advance", noted)
    return found


def test_it_says_which_patient_it_draws(
    report: Report, told: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LEAST_SECONDS", 0)
    generate.make(report.id)
    assert report.status == "ready"
    drawn = [one for one in told if "patients" in one[0]]
    assert drawn == [(f"Drawing {at} of 20 patients", 65 + 23 * (at - 1) // 20) for at in range(1, 21)]
    assert [percent for _, percent in told] == sorted(percent for _, percent in told)


def test_a_quick_drawing_does_not_trouble_the_database(
    report: Report, told: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LEAST_SECONDS", 3600)
    generate.make(report.id)
    assert [stage for stage, _ in told if "patients" in stage] == []


def test_a_large_one_tells_every_twentieth_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "LEAST_SECONDS", 0)
    found: list[str] = []

    class Noted:
        def advance(self, stage: str, percent: int) -> None:
            found.append(stage)

    step = telling.step_of(Noted())  # type: ignore[arg-type]
    for number in range(1, 2001):
        step(number, 2000)
    assert found[0] == "Drawing 100 of 2,000 patients"
    assert len(found) == 20


def at_the_tenth(monkeypatch: pytest.MonkeyPatch, report_id: str, patience: float) -> None:
    """Somebody cancels while the tenth patient is drawn, which then takes so many seconds."""
    draw = Patient.draw

    def cancelled(self: Patient) -> None:
        assert self.number <= 11
        if self.number == 10:
            Report.request_cancel(report_id)
            db.session.commit()
            left = clock.Deadline(patience)
            while not left.has_passed:
                pass
        draw(self)

    monkeypatch.setattr(Patient, "draw", cancelled)


def test_a_cancel_is_heard_at_the_next_patient(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "LEAST_SECONDS", 0)
    at_the_tenth(monkeypatch, report.id, 0)
    generate.make(report.id)
    db.session.refresh(report)
    assert report.status == "cancelled"
    assert db.session.scalars(select(File)).all() == []


def test_a_cancel_interrupts_a_patient_that_takes_long(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build_app(tmp_path, postgres_url, lease_seconds=1)
    with app.app_context():
        report_id = factories.add_asked_report().id
        at_the_tenth(monkeypatch, report_id, PATIENCE)
        patience = clock.Deadline(PATIENCE)
        generate.make(report_id)
        assert not patience.has_passed
        assert db.session.get_one(Report, report_id).status == "cancelled"
        assert db.session.scalars(select(File)).all() == []
    close(app)


def test_a_page_of_the_wrong_patient_fails_the_report_with_an_alert(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = Format.render

    def of_others(form: Format, document: Document, out: BinaryIO, *_: object) -> None:
        render(form, daily_samples.document(20, 4), out)

    monkeypatch.setattr(Format, "render", of_others)
    with pytest.raises(WrongPatient):
        generate.make(report.id)
    db.session.refresh(report)
    assert (report.status, report.failure) == ("failed", WrongPatient.plain)
    assert db.session.scalars(select(File)).all() == []
    alert = db.session.scalars(select(Alert).where(Alert.rule == "wrong-patient")).one()
    assert alert.severity == "critical"
    subjects = [one.subject for one in daily_samples.document(20, 3).content.sections if one.subject]
    for text in (alert.message, report.failure_technical or ""):
        assert "page 2" in text
        assert not any(one.name in text or one.mrn in text for one in subjects)
