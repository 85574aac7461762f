"""A sheet's stored file goes with what it was kept for."""

import io
import threading
from contextlib import suppress
from datetime import timedelta

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from tests.stocktaking.holdings import content
from tests.uploads.conftest import add_clinic
from tests.uploads.sheets import NOW
from webapp import clock, generate, jobs, report_requests, retention, storage
from webapp.errors import QueueDown
from webapp.extensions import db
from webapp.generate import removal
from webapp.models import AuditEntry, Clinic, Report, Upload
from webapp.uploads import ending
from webapp.uploads.receiving import kept, spooled
from webapp.uploads.workbook import Workbook


def bring(clinic: Clinic, status: str = "accepted") -> Upload:
    person = factories.add_person("clinician", clinic)
    with spooled(io.BytesIO(b"0417,80")) as file:
        upload = kept(person, clinic, "a.csv", file, Workbook(()), {"told": "{}"})
    upload.status = status
    upload.accepted_at = clock.now() if status == "accepted" else None
    db.session.commit()
    return upload


def is_stored(upload: Upload) -> bool:
    """Whether the row names an object, which is there; neither may be without the other."""
    row = db.session.get_one(Upload, upload.id, populate_existing=True)
    there = content(storage.current(), storage.key_for_upload(row.id, row.sha256)) is not None
    assert there is (row.store is not None)
    return there


def add_report(upload: Upload, status: str = "ready") -> Report:
    """A report of the sheet that ended so just now."""
    made = {"upload_id": upload.id, "format": "csv"}
    report = factories.add_asked_report("clinician", db.session.get_one(Clinic, upload.clinic_id), **made)
    if status == "ready":
        generate.make(report.id)
    elif status == "cancelled":
        assert report_requests.cancel(report, report.requester)
    db.session.refresh(report)
    assert report.status == status
    return report


def audited() -> list[tuple[str, str, str]]:
    """The entries about sheets since they came."""
    entries = select(AuditEntry.action, AuditEntry.subject, AuditEntry.details).order_by(AuditEntry.number)
    about = entries.where(AuditEntry.action.startswith("upload."), AuditEntry.action != "upload.received")
    return [(entry.action, entry.subject, entry.details) for entry in db.session.execute(about)]


def test_it_goes_when_the_last_report_of_it_is_deleted(clinic: Clinic) -> None:
    upload, other = bring(clinic), bring(clinic)
    first, retry = add_report(upload), add_report(upload)
    report_requests.delete(first, first.requester)
    assert is_stored(upload)
    report_requests.delete(retry, retry.requester)
    assert not is_stored(upload)
    assert is_stored(other)
    assert audited() == [("upload.file_removed", f"upload:{upload.id}", "{}")]


def test_it_goes_when_the_last_report_of_it_has_expired(clinic: Clinic) -> None:
    upload = bring(clinic)
    early = add_report(upload)
    with clock.stopped_at(NOW + timedelta(days=5)):
        late = add_report(upload)
    with clock.stopped_at(NOW + timedelta(days=32)):
        retention.expire_due(at_any_hour=True)
        assert (status(early), is_stored(upload)) == ("expired", True)
    with clock.stopped_at(NOW + timedelta(days=36)):
        retention.expire_due(at_any_hour=True)
        assert (status(late), is_stored(upload)) == ("expired", False)


def test_with_a_report_in_flight_it_stays(clinic: Clinic) -> None:
    upload = bring(clinic)
    made = add_report(upload)
    add_report(upload, "queued")
    report_requests.delete(made, made.requester)
    assert is_stored(upload)


def test_after_a_report_that_never_was_ready_it_stays_for_a_day(clinic: Clinic) -> None:
    """In which somebody may ask for that report again."""
    upload = bring(clinic)
    add_report(upload, "cancelled")
    made = add_report(upload)
    report_requests.delete(made, made.requester)
    assert is_stored(upload)
    night = NOW.replace(hour=9) + timedelta(days=1)  # 01:00 of the server's clock
    with clock.stopped_at(night):
        retention.expire_due()
        assert is_stored(upload)
    with clock.stopped_at(night + timedelta(days=1)):
        retention.expire_due()
        assert not is_stored(upload)
        before = len(audited())
        retention.expire_due()
        assert len(audited()) == before


def test_of_two_reports_that_are_deleted_at_once_the_second_takes_it_along(context_on_each: Flask) -> None:
    clinic = add_clinic()
    upload = bring(clinic)
    ids = [add_report(upload).id for _ in range(2)]
    person_id, begin = upload.person_id, threading.Barrier(2)
    db.session.commit()

    def delete(report_id: str) -> None:
        with context_on_each.app_context():
            begin.wait(60)
            removal.delete(report_id, person_id)

    threads = [threading.Thread(target=delete, args=(report_id,)) for report_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.session.scalars(select(Report.id)).all() == []
    assert not is_stored(upload)


@pytest.mark.parametrize("state", ["asking", "checked"])
def test_who_discards_a_sheet_has_its_file_removed(clinic: Clinic, state: str) -> None:
    upload = bring(clinic, state)
    assert ending.discard(upload, upload.person)
    assert (status(upload), is_stored(upload)) == ("discarded", False)
    assert not ending.discard(upload, upload.person)
    assert audited() == [("upload.discarded", f"upload:{upload.id}", '{"why":"discarded by a person"}')]


def test_nothing_of_what_it_says_and_what_was_said_of_it_is_kept(clinic: Clinic) -> None:
    upload = bring(clinic, "checked")
    upload.answers = '{"names": {"0905": ["Lim", "Rosa"]}}'
    upload.told = '{"assumed": {"oxygen_given": "air"}}'
    upload.findings, upload.workbook = b"found", b"cells"
    db.session.commit()
    assert ending.discard(upload, upload.person)
    kept = db.session.get_one(Upload, upload.id, populate_existing=True)
    assert (kept.workbook, kept.findings, kept.answers, kept.told) == (None, None, "{}", "{}")


def test_one_that_was_accepted_cannot_be_discarded(clinic: Clinic) -> None:
    upload = bring(clinic)
    assert not ending.discard(upload, upload.person)
    assert (status(upload), is_stored(upload)) == ("accepted", True)


def test_what_nobody_goes_on_with_for_a_day_is_discarded_by_the_tick(clinic: Clinic) -> None:
    asked, checked, accepted = (bring(clinic, state) for state in ("asking", "checked", "accepted"))
    with clock.stopped_at(NOW + timedelta(days=1)):
        tick()
        assert status(asked) == "asking"
    with clock.stopped_at(NOW + timedelta(days=1, seconds=1)):
        tick()
        retention.expire_due()
    assert [status(one) for one in (asked, checked, accepted)] == ["discarded", "discarded", "accepted"]
    assert [is_stored(one) for one in (asked, checked, accepted)] == [False, False, True]
    assert {entry[2] for entry in audited()} == {'{"why":"left for a day"}'}


def tick() -> None:
    """Nothing answers at the queue of a test, which the tick tells of when all else is done."""
    with suppress(QueueDown):
        jobs.tick()


def status(row: Report | Upload) -> str:
    return db.session.get_one(type(row), row.id, populate_existing=True).status


def test_the_rows_of_those_of_which_nothing_came_go_after_a_day(clinic: Clinic) -> None:
    person = factories.add_person("clinician", clinic)
    refused = factories.add_upload(person, "refused", refusal="This is a picture, not a sheet.")
    discarded = factories.add_upload(person, "discarded")
    accepted = factories.add_upload(person)
    ids = {refused.id, discarded.id, accepted.id}
    ending.forget_old()
    assert set(db.session.scalars(select(Upload.id))) == ids
    with clock.stopped_at(NOW + timedelta(days=1, seconds=1)):
        ending.forget_old()
    assert db.session.scalars(select(Upload.id)).all() == [accepted.id]
