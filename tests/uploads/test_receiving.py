"""A sheet arrives, and is kept or not."""

import hashlib
import io
import logging
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from tests.stocktaking.holdings import content
from webapp import alerts, storage
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, UnwantedObject, Upload
from webapp.storage.local import LocalStorage
from webapp.uploads import ending, receiving
from webapp.uploads.receiving import TooLarge, kept, refused, same_before, spooled
from webapp.uploads.workbook import Sheet, Workbook

BYTES = b"MRN,Pulse\n0417,80\n"
SHA256 = hashlib.sha256(BYTES).hexdigest()


WORKBOOK = Workbook((Sheet("", (("MRN",), ("0417",))),))
SAID = {"status": "asking", "answers": '{"layout": 1}', "findings": None, "told": "{}"}


def received(clinic: Clinic, data: bytes = BYTES, name: str = "Ward A, Ana Reyes.csv") -> Upload:
    with spooled(io.BytesIO(data)) as file:
        assert file.path.read_bytes() == data
        assert file.path.name == "sheet"
        upload = kept(factories.add_person("clinician", clinic), clinic, name, file, WORKBOOK, SAID)
    assert not file.path.exists()
    return upload


def test_it_is_written_down_and_stored_by_its_hash(clinic: Clinic) -> None:
    upload = received(clinic)
    assert (upload.status, upload.size, upload.sha256) == ("asking", len(BYTES), SHA256)
    assert (upload.store, upload.storage_key) == ("local", f"uploads/{upload.id}/{SHA256}")
    assert content(storage.current(), upload.storage_key or "") == BYTES


def test_no_transaction_is_open_while_it_is_stored(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    really, open_while = LocalStorage.put, []

    def put(*given: Any, **more: Any) -> object:
        open_while.append(db.session().in_transaction())
        return really(*given, **more)

    monkeypatch.setattr(LocalStorage, "put", put)
    received(clinic)
    assert open_while == [False]


def test_one_that_is_discarded_while_it_is_stored_leaves_no_object(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = LocalStorage.put

    def put(store: LocalStorage, key: str, *given: Any, **more: Any) -> object:
        upload = db.session.scalars(select(Upload).where(Upload.storage_key == key)).one()
        ending.discard(upload, upload.person)
        return really(store, key, *given, **more)

    monkeypatch.setattr(LocalStorage, "put", put)
    upload = received(clinic)
    assert content(storage.current(), storage.key_for_upload(upload.id, SHA256)) is None
    assert db.session.scalars(select(UnwantedObject.key)).all() == []


def test_its_name_stands_in_no_key_log_line_or_entry(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        upload = received(clinic)
    (entry,) = db.session.execute(select(AuditEntry.action, AuditEntry.subject, AuditEntry.details)).all()
    assert entry.action == "upload.received"
    assert SHA256 in entry.details
    assert "Reyes" not in f"{entry} {caplog.text} {upload.storage_key}"
    assert upload.file_name == "Ward A, Ana Reyes.csv"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\Ana\\vitals.xlsx", "vitals.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("", "sheet"),
        ("a\x00b\udcff.csv", "a�b�.csv"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
    ],
)
def test_of_its_name_the_last_part_is_kept(context: Flask, given: str, kept: str) -> None:
    assert received(factories.add_clinic(), name=given).file_name == kept


def test_one_that_is_too_large_is_not_kept(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = factories.add_clinic()
    monkeypatch.setattr(receiving, "MOST_BYTES", len(BYTES))
    received(clinic)
    with pytest.raises(TooLarge, match="split it"):
        received(clinic, BYTES + b"!")
    assert db.session.scalars(select(Upload.size)).all() == [len(BYTES)]


def test_a_broken_store_is_told_of_and_stops_nothing(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise StorageBroken("Permission denied", why="refused")

    monkeypatch.setattr(LocalStorage, "put", refused)
    upload = received(clinic)
    assert (upload.status, upload.store, upload.storage_key) == ("asking", None, None)
    assert [alert.rule for alert in alerts.open_alerts()] == ["store-not-written"]
    monkeypatch.undo()
    assert received(clinic).store == "local"
    assert alerts.open_alerts() == []


def test_without_a_store_there_is_only_the_row(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(context.extensions, "storage")
    assert received(factories.add_clinic()).storage_key is None


def test_one_that_cannot_be_read_keeps_a_sentence_and_no_file(clinic: Clinic) -> None:
    with spooled(io.BytesIO(BYTES)) as file:
        sentence = "This is a picture, not a sheet."
        upload = refused(factories.add_person("clinician", clinic), clinic, "a.csv", file, sentence)
    db.session.refresh(upload)
    assert (upload.status, upload.refusal, upload.store) == ("refused", sentence, None)
    assert content(storage.current(), storage.key_for_upload(upload.id, SHA256)) is None


def test_what_was_read_and_said_of_it_is_kept(clinic: Clinic) -> None:
    upload = received(clinic)
    assert Workbook.unpack(upload.workbook or b"") == WORKBOOK
    assert upload.answers == SAID["answers"]


def test_the_same_bytes_are_recognised_at_their_clinic_once_they_were_accepted(clinic: Clinic) -> None:
    person = factories.add_person("clinician", clinic)
    other = factories.add_person("clinician")
    factories.add_upload(person, "discarded", sha256=SHA256)
    factories.add_upload(other, sha256=SHA256)
    assert same_before(clinic, SHA256) is None
    upload = factories.add_upload(person, sha256=SHA256)
    before = same_before(clinic, SHA256)
    assert before is not None
    assert (before.upload.id, before.report) == (upload.id, None)
    report = factories.add_report(person, upload_id=upload.id)
    assert same_before(clinic, SHA256) == (upload, report)
