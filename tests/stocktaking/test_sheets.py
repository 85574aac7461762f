"""Sheets that people brought are moved and checked with the files of reports; what is lost of them stays lost."""

import hashlib

import factories
import pytest
from flask import Flask

from tests.stocktaking.conftest import Run
from tests.stocktaking.holdings import content, put, spoil
from webapp import storage
from webapp.extensions import db
from webapp.generate import sheets
from webapp.models import Upload
from webapp.storage import Storage

BYTES = b"MRN,Pulse\n0417,80\n"
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def sheet(moving: Flask, folder: Storage) -> Upload:
    """One that was brought when there was only the folder."""
    person = factories.add_person("clinician")
    upload = factories.add_upload(person, sha256=SHA256, size=len(BYTES), store="local")
    upload.storage_key = storage.key_for_upload(upload.id, SHA256)
    db.session.commit()
    put(folder, key(upload), BYTES)
    return upload


def key(upload: Upload) -> str:
    return upload.storage_key or ""


def where(upload: Upload) -> str | None:
    return db.session.get_one(Upload, upload.id, populate_existing=True).store


def test_it_moves_with_the_files_and_its_original_goes(
    flask: Run, made: list[int], sheet: Upload, folder: Storage, google: Storage
) -> None:
    said = flask("move", "--from", "local", "--to", "google", "--dry-run")
    assert (said.exit_code, where(sheet)) == (0, "local")
    done = flask("move", "--from", "local", "--to", "google", "--remove-originals")
    assert done.exit_code == 0, done.output
    assert "Moved                      4\n" in done.output
    assert (where(sheet), content(google, key(sheet)), content(folder, key(sheet))) == ("google", BYTES, None)
    assert flask("check", "--read").output == "4 files and 4 objects were looked at.\nAll is well.\n"


def test_an_original_that_was_kept_goes_with_a_later_move(
    flask: Run, sheet: Upload, folder: Storage, google: Storage
) -> None:
    flask("move", "--from", "local", "--to", "google")
    assert content(folder, key(sheet)) == BYTES
    flask("move", "--from", "local", "--to", "google", "--remove-originals")
    assert (content(folder, key(sheet)), content(google, key(sheet))) == (None, BYTES)


def test_one_that_is_released_meanwhile_leaves_nothing_behind(
    flask: Run, sheet: Upload, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, really = key(sheet), type(google).put

    def put_late(store: object, *given: object, **named: object) -> None:
        sheets.release(sheet.id)
        db.session.commit()
        really(store, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(google), "put", put_late)
    assert flask("move", "--from", "local", "--to", "google").exit_code == 0
    assert (where(sheet), content(google, name)) == (None, None)


@pytest.mark.parametrize("why", ["missing", "corrupt"])
def test_one_that_is_lost_is_told_and_repair_has_its_row_say_so(
    flask: Run, sheet: Upload, folder: Storage, why: str
) -> None:
    spoil(folder, key(sheet)) if why == "corrupt" else folder.delete(key(sheet))
    told = flask("check", "--read")
    assert (told.exit_code, "a sheet that somebody brought, is missing" in told.output) == (1, True)
    assert where(sheet) == "local"
    assert flask("check", "--read", "--repair").exit_code == 0
    assert where(sheet) is None
    assert flask("check").output.endswith("All is well.\n")


def test_a_lost_one_is_not_moved_and_told(flask: Run, sheet: Upload, folder: Storage) -> None:
    folder.delete(key(sheet))
    done = flask("move", "--from", "local", "--to", "google")
    assert (done.exit_code, where(sheet)) == (1, "local")
    assert "a sheet that somebody brought, was not moved" in done.output


def test_one_in_another_store_is_misplaced_and_its_row_is_put_right(
    flask: Run, sheet: Upload, folder: Storage, google: Storage
) -> None:
    put(google, key(sheet), BYTES)
    folder.delete(key(sheet))
    assert "lies in the google store" in flask("check").output
    assert flask("check", "--repair").exit_code == 0
    assert where(sheet) == "google"


def test_an_object_that_no_sheet_names_is_an_orphan(flask: Run, sheet: Upload, folder: Storage) -> None:
    orphan = storage.key_for_upload("0" * 32, SHA256)
    put(folder, orphan, BYTES)
    assert f"{orphan} in the local store belongs to no file" in flask("check").output
    assert flask("check", "--repair").exit_code == 0
    assert (content(folder, orphan), content(folder, key(sheet))) == (None, BYTES)
