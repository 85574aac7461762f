"""Two transactions of PostgreSQL that need the same rows take them in the same order, the head of the audit log last;
else each could hold what the other waits for, and one of them would be ended as a deadlock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import select, text, update

from tests.uploads.sheets import NOW, draft, moment, tried
from tools.processes import wait_until
from webapp import audit, clock, generate, report_requests, storage
from webapp.errors import ReportHeld
from webapp.extensions import db
from webapp.figures import Frozen
from webapp.generate import Drawn, gone, removal
from webapp.generate.claim import Claim
from webapp.models import (
    AuditHead,
    Clinic,
    Download,
    File,
    FrozenPart,
    LegalHold,
    Measurement,
    Patient,
    Person,
    Report,
    Upload,
)
from webapp.uploads.accepting import accept
from webapp.uploads.checking import Choices
from webapp.uploads.taking_back import take_back

PATIENCE = 60


@pytest.fixture
def app(tmp_path: Path, postgres_url: str) -> Iterator[Flask]:
    app = build_app(tmp_path, postgres_url)
    with app.app_context():
        yield app
    close(app)


@pytest.fixture
def made(app: Flask) -> Report:
    report = factories.add_asked_report()
    generate.make(report.id)
    db.session.refresh(report)
    return report


@contextmanager
def waiting_behind_us(app: Flask, work: Callable[[], object]) -> Iterator[None]:
    """`work` begins in a thread, and the block when it waits for a lock of ours; it must end well after the block."""
    db.session.flush()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                work()
        except BaseException as fault:  # noqa: BLE001 looked at below
            raised.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: raised or not thread.is_alive() or _somebody_waits(), PATIENCE, "a transaction that waits")
        assert thread.is_alive(), f"nothing was waited for: {raised}"
        yield
    finally:
        db.session.rollback()
        thread.join()
    assert raised == []


def _somebody_waits() -> bool:
    return bool(db.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def delete(report_id: str) -> None:
    report = db.session.get_one(Report, report_id)
    report_requests.delete(report, report.requester)


def test_a_worker_ends_a_retry_while_the_first_report_is_deleted(app: Flask, made: Report) -> None:
    retry = report_requests.ask_again(made.requester, made, limit=10)
    report_id = made.id
    Report.mark_enqueued(retry.id)
    with waiting_behind_us(app, lambda: delete(report_id)):
        audit.record("report.made", f"report:{retry.id}")
        db.session.commit()
    assert db.session.get(Report, report_id) is None


def test_a_report_is_downloaded_while_it_is_deleted(app: Flask, made: Report) -> None:
    report_id = made.id
    db.session.add(Download(report_id=report_id, person_id=made.requester_id, format="pdf", tier="folder"))
    with waiting_behind_us(app, lambda: delete(report_id)):
        audit.record("report.downloaded", f"report:{report_id}")
        db.session.commit()
    assert db.session.get(Report, report_id) is None


def test_a_report_is_downloaded_while_it_expires(app: Flask, made: Report) -> None:
    report_id = made.id
    Report.put_off(report_id, made.finished_at, "at once")
    db.session.commit()
    db.session.add(Download(report_id=report_id, person_id=made.requester_id, format="pdf", tier="folder"))
    db.session.execute(update(AuditHead).values(sha256=AuditHead.sha256))
    with waiting_behind_us(app, lambda: removal.expire(report_id)):
        audit.record("report.downloaded", f"report:{report_id}")
        db.session.commit()
    assert db.session.get_one(Report, report_id, populate_existing=True).status == "expired"


def test_a_file_is_kept_while_the_report_expires(app: Flask, made: Report) -> None:
    report_id = made.id
    Report.put_off(report_id, made.finished_at, "at once")
    db.session.commit()
    gone.lock(report_id)
    db.session.execute(update(File).values(size=File.size + 1))
    with waiting_behind_us(app, lambda: removal.expire(report_id)):
        audit.record("file.redrawn", f"report:{report_id}")
        db.session.commit()
    assert db.session.scalars(select(File)).all() == []


def test_a_hold_that_comes_while_a_report_expires_is_seen(app: Flask, made: Report) -> None:
    """PostgreSQL looks at the holds as they were before it waited for the report, so the report is locked first."""
    report_id = made.id
    Report.put_off(report_id, made.finished_at, "at once")
    db.session.commit()
    Report.lock(report_id, "ready")
    db.session.add(LegalHold(report_id=report_id, reason="A complaint", person_id=made.requester_id))
    with waiting_behind_us(app, lambda: removal.expire(report_id)):
        audit.record("report.held", f"report:{report_id}")
        db.session.commit()
    assert db.session.get_one(Report, report_id, populate_existing=True).status == "ready"


def test_a_hold_that_comes_while_a_report_is_deleted_is_seen(app: Flask, made: Report) -> None:
    report_id, person_id = made.id, made.requester_id
    Report.lock(report_id, "ready")
    db.session.add(LegalHold(report_id=report_id, reason="A complaint", person_id=person_id))

    def delete_held() -> None:
        with pytest.raises(ReportHeld):
            removal.delete(report_id, person_id)

    with waiting_behind_us(app, delete_held):
        audit.record("report.held", f"report:{report_id}")
        db.session.commit()
    assert db.session.scalars(select(File)).all()


def test_a_file_is_drawn_anew_by_two_at_once(app: Flask, made: Report) -> None:
    report_id = made.id
    db.session.execute(update(File).values(sha256="e" * 64, storage_key="reports/old"))
    db.session.commit()
    db.session.execute(update(File).values(size=File.size + 1))

    def keep() -> None:
        report = db.session.get_one(Report, report_id)
        drawn: Drawn = generate.draw(report, "pdf")
        with drawn.stream:
            generate.keep(report, "pdf", drawn)

    with waiting_behind_us(app, keep):
        audit.record("file.redrawn", f"report:{report_id}")
        db.session.commit()
    with storage.current().open(db.session.scalars(select(File.storage_key)).one()) as stored:
        assert stored.read(4) == b"%PDF"


def test_figures_are_frozen_while_the_same_are_deleted(app: Flask, made: Report) -> None:
    """The deletion of a report holds the row of its retry, which then names it no more, and then wants the parts."""
    retry_id = report_requests.ask_again(made.requester, made, limit=10).id
    parts = [db.session.get_one(FrozenPart, made.figures_sha256).frozen, Frozen("0" * 64, b""), Frozen("f" * 64, b"")]
    claim = Claim.take(retry_id)
    assert claim
    Report.advance(retry_id, claim._token, "as SET NULL does", 1)

    with waiting_behind_us(app, lambda: claim.freeze(parts[0], parts[1], parts[2])):
        db.session.execute(update(FrozenPart).values(body=FrozenPart.body))
        db.session.commit()
    assert db.session.get_one(Report, retry_id).figures_sha256 == parts[0].sha256


def test_a_cancel_meets_a_report_that_goes_back_in_line_meanwhile(app: Flask) -> None:
    report_id = factories.add_asked_report().id
    claim = Claim.take(report_id)
    assert claim
    Report.hand_back(report_id, claim._token, limit=3)
    asked: list[bool] = []

    def cancel() -> None:
        report = db.session.get_one(Report, report_id)
        asked.append(report_requests.cancel(report, report.requester))

    with waiting_behind_us(app, cancel):
        db.session.commit()
    assert asked == [True]
    assert db.session.get_one(Report, report_id, populate_existing=True).status == "cancelled"


def test_a_sheet_is_accepted_while_an_import_changes_what_it_says_too(app: Flask) -> None:
    clinic = factories.add_clinic()
    known = {"measured_at": moment("09:00"), "local_day": NOW.date()}
    measurement = factories.add_measurement(factories.add_patient(clinic, mrn="0417"), "8867-4", 80, "/min", **known)
    with clock.stopped_at(NOW):
        found = tried(clinic, draft(2, "0417", pulse=80))
        upload = factories.add_upload(factories.add_person("clinician", clinic), "checked", findings=found.pack())
        upload_id, person_id, clinic_id = upload.id, upload.person_id, clinic.id

        def press() -> None:
            accept(db.session.get_one(Upload, upload_id), db.session.get_one(Person, person_id), limit=5)

        db.session.execute(update(Measurement).where(Measurement.id == measurement.id).values(name="Pulse"))
        with waiting_behind_us(app, press):
            Clinic.records_changed(clinic_id)
            db.session.commit()
    assert db.session.get_one(Measurement, measurement.id, populate_existing=True).upload_id == upload_id


def test_a_sheet_is_accepted_while_one_with_the_same_patient_is_taken_back(app: Flask) -> None:
    """Who takes back has the patient, then the clinic; who accepted with the clinic in hand would want the patient."""
    clinic = factories.add_clinic()
    person = factories.add_person("clinician", clinic)
    with clock.stopped_at(NOW):
        sheets = []
        for pulse in (80, 90):
            at = f"{pulse // 10}:00".zfill(5)
            found = tried(clinic, draft(2, "0905", "Lim, Rosa", at=at, pulse=pulse), choices=Choices("add"))
            sheets.append(factories.add_upload(person, "checked", findings=found.pack()))
            if pulse == 80:
                accept(sheets[0], person, limit=5)
        wrong_id, right_id, person_id, clinic_id = sheets[0].id, sheets[1].id, person.id, clinic.id

        def press() -> None:
            accept(db.session.get_one(Upload, right_id), db.session.get_one(Person, person_id), limit=5)

        rosa = select(Patient.id).where(Patient.upload_id == wrong_id).with_for_update()
        assert db.session.scalars(rosa).one()
        with waiting_behind_us(app, press):
            Clinic.records_changed(clinic_id)
            db.session.commit()
        assert take_back(db.session.get_one(Upload, wrong_id), db.session.get_one(Person, person_id))
    assert db.session.get_one(Upload, right_id, populate_existing=True).status == "accepted"
    assert db.session.scalars(select(Measurement.value)).all() == [90]


def test_a_sheet_is_accepted_while_an_import_changes_its_patients(app: Flask) -> None:
    clinic = factories.add_clinic()
    patient = factories.add_patient(clinic, mrn="0417", sex="unknown", birth_date=None)
    with clock.stopped_at(NOW):
        found = tried(clinic, draft(2, "0417", sex="female", pulse=80))
        upload = factories.add_upload(factories.add_person("clinician", clinic), "checked", findings=found.pack())
        upload_id, person_id, clinic_id = upload.id, upload.person_id, clinic.id

        def press() -> None:
            accept(db.session.get_one(Upload, upload_id), db.session.get_one(Person, person_id), limit=5)

        db.session.execute(update(Patient).where(Patient.id == patient.id).values(sex="unknown"))
        with waiting_behind_us(app, press):
            Clinic.records_changed(clinic_id)
            db.session.commit()
    assert db.session.get_one(Upload, upload_id, populate_existing=True).status == "accepted"
