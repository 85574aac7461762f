"""What holds by whatever means a file is had: many who ask cost one drawing; a part of it can be had."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import func, select

from tests.downloads.scripted_store import ScriptedStore
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.generate import making
from webapp.models import AuditEntry, Download, File, FileMaking, Person, Report, UnwantedObject
from webapp.storage.local import LocalStorage

OTHER = "e" * 64
MANY = 6


@pytest.fixture
def bucket(app: Flask, report: Report) -> ScriptedStore:
    """A bucket with the file in the place of the folder; it fails whoever asks it for anything."""
    store = ScriptedStore()
    with app.app_context():
        file = db.session.scalars(select(File)).one()
        file.store = "google"
        with LocalStorage(app.config["SETTINGS"].files_folder).open(file.storage_key) as stored:
            store.objects[file.storage_key] = stored.read()
        db.session.commit()
    store.faults = {"signed": "failing", "client": "failing", "write": "failing"}
    app.extensions["storage"] = store
    return store


@pytest.fixture
def _broken_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise StorageBroken("scripted", why="refused")

    monkeypatch.setattr(LocalStorage, "open", refused)


def crowd(app: Flask, report: Report) -> set[bytes]:
    """What so many people get who ask at once."""
    with app.app_context():
        person = db.session.get_one(Person, report.requester_id)
        clients = [page_client(app).sign_in(person) for _ in range(MANY)]

    def ask(client: PageClient) -> bytes:
        answer = client.get(f"/reports/{report.id}/files/csv")
        assert answer.status_code == 200
        return answer.data

    with ThreadPoolExecutor(MANY) as pool:
        return set(pool.map(ask, clients))


def drawings(app: Flask) -> int:
    with app.app_context():
        made = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "file.made_again")
        return db.session.scalar(made) or 0


def upgrade_a_library(app: Flask) -> str:
    """From now on the figures are drawn with other bytes than the row says; the key of the object with the old ones."""
    with app.app_context():
        file = db.session.scalars(select(File)).one()
        file.sha256, file.storage_key = OTHER, file.storage_key.replace(file.sha256, OTHER)
        db.session.commit()
        return file.storage_key


def test_a_bucket_that_fails_costs_one_drawing(app: Flask, report: Report, bucket: ScriptedStore) -> None:
    assert crowd(app, report) == set(bucket.objects.values())
    assert drawings(app) == 1


@pytest.mark.usefixtures("_broken_folder")
def test_a_folder_that_fails_costs_one_drawing(app: Flask, report: Report) -> None:
    assert len(crowd(app, report)) == 1
    assert drawings(app) == 1


def test_so_does_a_bucket_that_fails_when_a_library_was_upgraded_and_nothing_is_left_behind(
    app: Flask, report: Report, bucket: ScriptedStore
) -> None:
    ((right, data),) = bucket.objects.items()
    old = upgrade_a_library(app)
    bucket.objects = {old: b"as the old library drew it"}
    assert crowd(app, report) == {data}
    assert drawings(app) == 1
    bucket.faults.clear()
    with app.app_context():
        making.make_file(db.session.scalars(select(FileMaking.id)).one())
        file = db.session.scalars(select(File)).one()
        assert (file.storage_key, file.first_sha256) == (right, OTHER)
        assert [(row.store, row.key) for row in db.session.scalars(select(UnwantedObject))] == [("google", old)]
    assert bucket.objects[right] == data


def test_an_object_that_is_named_once_more_need_not_go(app: Flask, report: Report, bucket: ScriptedStore) -> None:
    (right,) = bucket.objects
    old = upgrade_a_library(app)
    with app.app_context():
        db.session.add(UnwantedObject(store="google", key=right))
        db.session.commit()
    crowd(app, report)
    with app.app_context():
        assert [row.key for row in db.session.scalars(select(UnwantedObject))] == [old]


@pytest.mark.usefixtures("_broken_folder")
def test_so_does_a_folder_that_fails_when_a_library_was_upgraded(app: Flask, report: Report) -> None:
    upgrade_a_library(app)
    assert len(crowd(app, report)) == 1
    assert drawings(app) == 1


# -- Parts, and what the browser has, by whatever means the file is had ------------------------------------------------


@pytest.mark.parametrize("tier", ["spool", "signed URL", "client", "missing", "broken"])
def test_a_part_is_sent_and_what_the_browser_has_is_not(
    app: Flask, report: Report, bucket: ScriptedStore, tier: str
) -> None:
    ((key, data),) = bucket.objects.items()
    if tier != "broken":
        bucket.faults.clear()
    bucket.can_sign = tier != "client"
    with app.app_context():
        client = page_client(app).sign_in(db.session.get_one(Person, report.requester_id))
    link = f"/reports/{report.id}/files/csv"
    if tier == "spool":
        client.get(link)
    if tier == "missing":
        del bucket.objects[key]
    part = client.get(link, headers={"Range": "bytes=5-14"})
    assert (part.status_code, part.data) == (206, data[5:15])
    assert part.headers["Content-Range"] == f"bytes 5-14/{len(data)}"
    calls = dict(bucket.calls)
    again = client.get(link, headers={"If-None-Match": part.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert dict(bucket.calls) == calls


@pytest.mark.parametrize(("span", "counted"), [("bytes=0-99", 1), ("bytes=100-", 0), ("bytes=-5", 0), ("odd", 1)])
def test_a_later_part_that_the_browser_fetches_from_the_store_is_no_second_download(
    app: Flask, report: Report, bucket: ScriptedStore, span: str, counted: int
) -> None:
    bucket.faults.clear()
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], download_mode="redirect")
    with app.app_context():
        client = page_client(app).sign_in(db.session.get_one(Person, report.requester_id))
    assert client.get(f"/reports/{report.id}/files/csv", headers={"Range": span}).status_code == 302
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Download)) == counted


# -- Without a store ---------------------------------------------------------------------------------------------------


def test_a_production_that_names_neither_bucket_nor_folder_refuses_files_and_shows_reports(
    report: Report, tmp_path: Path, sqlite_url: str
) -> None:
    production = build_app(tmp_path, sqlite_url, app_env="production")
    with production.app_context():
        client = page_client(production).sign_in(db.session.get_one(Person, report.requester_id))
    refused = client.get(f"/reports/{report.id}/files/csv", base_url="https://localhost")
    assert refused.status_code == 503
    assert "no file store is set up" in refused.text
    assert client.get(f"/reports/{report.id}", base_url="https://localhost").status_code == 200
    close(production)
