"""By what means a file is had, each tried for the right reason, and what is written down of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from flask import Flask
from page_client import PageClient
from sqlalchemy import select

from tests.downloads.scripted_store import ScriptedStore
from webapp import generate
from webapp.errors import StoreFault
from webapp.extensions import db
from webapp.generate import drawing, making
from webapp.generate.drawing import Drawn
from webapp.models import Alert, AuditEntry, Download, DownloadTry, File, FileMaking, Report
from webapp.storage.breaker import Guarded

FAULTS: tuple[StoreFault, ...] = ("refused", "no bucket", "busy", "failing", "unreachable", "slow")


@pytest.fixture(autouse=True)
def store(app: Flask) -> ScriptedStore:
    """In the place of the app's folder."""
    store = ScriptedStore()
    app.extensions["storage"] = store
    return store


@pytest.fixture
def data(store: ScriptedStore, report: Report) -> bytes:
    """What the file is."""
    return next(iter(store.objects.values()))


def link(report: Report, format_name: str = "csv") -> str:
    return f"/reports/{report.id}/files/{format_name}"


def tried(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.execute(select(DownloadTry.tier, DownloadTry.outcome).order_by(DownloadTry.id)).all()
        return [(tier, outcome) for tier, outcome in rows]


def served_by(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Download.tier).order_by(Download.id)))


def open_alerts(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.execute(select(Alert.rule, Alert.subject).where(Alert.resolved_at.is_(None))).all()
        return sorted((rule, subject) for rule, subject in rows)


def forget_copies(app: Flask) -> None:
    for copy in app.extensions["spool"].folder.glob("[0-9a-f]*"):
        copy.unlink()


def waiting(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(row.why, row.status) for row in db.session.scalars(select(FileMaking))]


class TestStored:
    def test_it_comes_through_a_signed_url(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        assert client.get(link(report)).data == data
        assert tried(app) == [("signed URL", "served")]
        assert served_by(app) == ["signed URL"]
        assert store.calls == {"put": 1, "read_signed": 1}

    def test_the_next_one_who_asks_gets_the_copy(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        assert [client.get(link(report)).data for _ in range(3)] == [data] * 3
        assert served_by(app) == ["signed URL", "spool", "spool"]
        assert store.calls["read_signed"] == 1

    def test_without_a_key_the_client_fetches_it(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        store.can_sign = False
        assert client.get(link(report)).data == data
        assert tried(app) == [("client", "served")]
        assert open_alerts(app) == []

    def test_where_only_urls_are_refused_the_client_fetches_it_and_that_is_told(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        store.faults["signed"] = "refused"
        assert client.get(link(report)).data == data
        assert tried(app) == [("signed URL", "refused"), ("client", "served")]
        assert open_alerts(app) == [("signed-urls-refused", "")]
        assert waiting(app) == []

    def test_during_a_move_it_comes_from_the_old_folder(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes, old_folder: Path
    ) -> None:
        ((key, _),) = store.objects.items()
        (old_folder / key).parent.mkdir(parents=True)
        (old_folder / key).write_bytes(data)
        store.objects.clear()
        assert client.get(link(report)).data == data
        assert tried(app) == [("signed URL", "missing"), ("old folder", "served")]
        with app.app_context():
            db.session.execute(File.__table__.update().values(store="local"))
            db.session.commit()
        forget_copies(app)
        assert client.get(link(report)).data == data
        assert tried(app)[2:] == [("old folder", "served")]

    def test_what_the_browser_has_needs_no_store(
        self, client: PageClient, store: ScriptedStore, report: Report
    ) -> None:
        etag = client.get(link(report)).headers["ETag"]
        calls = store.calls.copy()
        assert client.get(link(report), headers={"If-None-Match": etag}).status_code == 304
        assert store.calls == calls

    def test_the_old_folder_says_nothing_of_the_bucket(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes, old_folder: Path
    ) -> None:
        ((key, _),) = store.objects.items()
        store.can_sign = False
        with app.app_context():
            db.session.execute(File.__table__.update().values(store="local"))
            db.session.commit()
        (old_folder / key).mkdir(parents=True)
        assert client.get(link(report)).data == data
        assert tried(app) == [("old folder", "failing"), ("client", "served")]
        assert open_alerts(app) == [("store-not-read", "failing")]


@pytest.fixture
def old_folder(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder where files were before there was the bucket."""
    settings = app.config["SETTINGS"]
    folder: Path = settings.files_folder
    folder.mkdir(exist_ok=True)
    app.config["SETTINGS"] = replace(settings, storage_bucket="reports")
    return folder


class TestMissing:
    def test_it_is_made_again_and_put_back(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        before = dict(store.objects)
        store.objects.clear()
        assert client.get(link(report)).data == data
        assert store.objects == before
        assert tried(app) == [("signed URL", "missing"), ("made again", "served")]
        assert waiting(app) == []
        assert open_alerts(app) == []

    def test_wrong_bytes_in_the_store_are_replaced(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        before = dict(store.objects)
        for key in store.objects:
            store.objects[key] = bytes([data[0] ^ 1]) + data[1:]
        assert client.get(link(report)).data == data
        assert store.objects == before
        assert tried(app) == [("signed URL", "corrupt"), ("made again", "served")]
        assert open_alerts(app) == [("file-corrupt", "")]

    def test_an_object_of_another_length_is_replaced(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        for key in store.objects:
            store.objects[key] = data + b"and more" * 1000
        assert client.get(link(report)).data == data
        assert list(store.objects.values()) == [data]
        assert tried(app)[0] == ("signed URL", "corrupt")

    def test_a_store_that_takes_nothing_gets_it_later(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        store.objects.clear()
        store.faults["write"] = "refused"
        assert client.get(link(report)).data == data
        assert open_alerts(app) == [("store-not-written", "refused")]
        assert waiting(app) == [("missing", "queued")]
        del store.faults["write"]
        put_back(app)
        assert list(store.objects.values()) == [data]
        assert waiting(app) == []
        assert open_alerts(app) == []

    def test_other_bytes_from_the_same_figures_are_sent_and_marked(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        with app.app_context():
            file = db.session.scalars(select(File)).one()
            was = file.sha256
            file.sha256 = "e" * 64
            db.session.commit()
        store.objects.clear()
        response = client.get(link(report))
        assert response.data == data
        assert response.headers["Clinic-Reports-File"] == "made again, same figures"
        assert tried(app) == [("signed URL", "missing"), ("made again", "other bytes")]
        with app.app_context():
            file = db.session.scalars(select(File)).one()
            assert (file.first_sha256, file.sha256) == ("e" * 64, was)
            entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "file.made_again")).one()
            assert "e" * 64 in entry.details
            assert was in entry.details
            assert '"identical":false' in entry.details
        assert "made again, same figures" in client.get(f"/reports/{report.id}").text


class TestBroken:
    @pytest.mark.parametrize("why", FAULTS)
    def test_it_is_made_again_at_once_and_put_back_later(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes, why: StoreFault
    ) -> None:
        store.objects.clear()
        store.faults = {"signed": why, "client": why, "write": why}
        puts = store.calls["put"]
        assert client.get(link(report)).data == data
        assert store.calls["put"] == puts, "the store was waited for"
        refused = [("client", "refused")] if why == "refused" else []
        assert tried(app) == [("signed URL", why), *refused, ("made again", "served")]
        assert open_alerts(app) == [("store-not-read", why)]
        assert waiting(app) == [("store broken", "queued")]
        store.faults.clear()
        put_back(app)
        assert list(store.objects.values()) == [data]
        assert waiting(app) == []
        forget_copies(app)
        client.get(link(report))
        assert open_alerts(app) == []

    @pytest.mark.parametrize(
        "changed",
        [lambda data: data[:-1], lambda data: data[:50], lambda data: b"", lambda data: b"x" + data[1:]],
        ids=["a byte short", "cut", "empty", "one byte altered"],
    )
    @pytest.mark.parametrize("has_checksums", [True, False])
    def test_bytes_changed_on_the_way_are_never_sent(
        self,
        app: Flask,
        client: PageClient,
        store: ScriptedStore,
        report: Report,
        data: bytes,
        changed: Callable[[bytes], bytes],
        has_checksums: bool,
    ) -> None:
        store.on_the_way, store.has_checksums = changed, has_checksums
        puts = store.calls["put"]
        assert client.get(link(report)).data == data
        assert tried(app) == [("signed URL", "altered"), ("made again", "served")]
        assert open_alerts(app) == [("store-not-read", "altered")]
        assert store.calls["put"] == puts

    def test_a_store_that_sends_without_end_is_not_listened_to(
        self, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        store.on_the_way = lambda data: data + bytes(10_000_000)
        assert client.get(link(report)).data == data

    def test_a_report_made_while_the_store_is_broken_is_ready_and_stored_later(
        self, app: Flask, store: ScriptedStore, report: Report
    ) -> None:
        store.faults["write"] = "unreachable"
        with app.app_context():
            requester = db.session.get_one(Report, report.id).requester
            second = factories.add_report(requester, question=report.question, format="json")
            generate.make(second.id)
            db.session.refresh(second)
            assert second.status == "ready"
        assert waiting(app) == [("store broken", "queued")]
        del store.faults["write"]
        put_back(app)
        assert len(store.objects) == 2

    def test_a_store_that_stays_broken_is_asked_less_and_less_often(
        self, app: Flask, store: ScriptedStore, client: PageClient, report: Report
    ) -> None:
        store.faults = {"signed": "failing", "write": "failing"}
        client.get(link(report))
        with app.app_context():
            waits = []
            for _ in range(8):
                row = db.session.scalars(select(FileMaking)).one()
                making.make_file(row.id)
                db.session.expire_all()
                row = db.session.scalars(select(FileMaking)).one()
                waits.append(round((row.not_before - row.asked_at).total_seconds() / 60))
            assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def put_back(app: Flask) -> None:
    """What the worker does when the time has come."""
    with app.app_context():
        for making_id in db.session.scalars(select(FileMaking.id)).all():
            making.make_file(making_id)


class TestRedirect:
    @pytest.fixture
    def _redirecting(self, app: Flask) -> None:
        settings = app.config["SETTINGS"]
        app.config["SETTINGS"] = replace(settings, download_mode="redirect")

    @pytest.mark.usefixtures("_redirecting")
    def test_the_browser_is_sent_to_the_store_for_what_is_there(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report
    ) -> None:
        response = client.get(link(report))
        assert response.status_code == 302
        assert response.location.startswith("https://store.example/reports/")
        assert response.headers["Cache-Control"] == "no-store"
        assert served_by(app) == ["signed URL"]

    @pytest.mark.usefixtures("_redirecting")
    def test_what_is_lost_or_wrong_is_streamed_from_a_new_drawing(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        store.objects.clear()
        assert client.get(link(report)).data == data
        for key in store.objects:
            store.objects[key] = b"wrong"
        forget_copies(app)
        assert client.get(link(report)).data == data
        assert client.get(link(report)).status_code == 302

    @pytest.mark.usefixtures("_redirecting")
    @pytest.mark.parametrize("broken", [True, False])
    def test_where_nothing_can_be_signed_or_asked_it_is_streamed(
        self, client: PageClient, store: ScriptedStore, report: Report, data: bytes, broken: bool
    ) -> None:
        store.can_sign = False
        if broken:
            store.faults["client"] = "failing"
        assert client.get(link(report)).data == data

    @pytest.mark.usefixtures("_redirecting")
    def test_a_broken_store_is_told_by_its_cause_in_this_mode_too(
        self, app: Flask, client: PageClient, store: ScriptedStore, report: Report, data: bytes
    ) -> None:
        app.extensions["storage"] = Guarded(store)
        store.faults = {"client": "refused", "signed": "refused"}
        assert client.get(link(report)).data == data
        assert open_alerts(app) == [("store-not-read", "refused")]
        assert tried(app) == [("signed URL", "refused"), ("signed URL", "resting"), ("made again", "served")]

    def test_without_the_setting_no_browser_sees_an_address_of_the_store(
        self, client: PageClient, report: Report
    ) -> None:
        response = client.get(link(report))
        assert "store.example" not in str(response.headers)


class TestNotSetUp:
    def test_a_file_is_refused_in_words_and_the_page_still_works(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        del app.extensions["storage"]
        response = client.get(link(report))
        assert response.status_code == 503
        assert "no file store is set up" in response.text
        assert open_alerts(app) == [("store-not-set-up", "")]
        page = client.get(f"/reports/{report.id}")
        assert page.status_code == 200
        assert "Headline figures" in page.text

    def test_a_report_is_made_without_a_store(self, app: Flask, report: Report) -> None:
        del app.extensions["storage"]
        with app.app_context():
            requester = db.session.get_one(Report, report.id).requester
            second = factories.add_report(requester, question=report.question)
            generate.make(second.id)
            db.session.refresh(second)
            assert second.status == "ready"
            assert [file.store for file in second.files] == [None]


def test_a_drawing_that_fails_is_written_down_as_one(
    app: Flask, client: PageClient, store: ScriptedStore, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Drawn:
        raise OSError("the renderer's own fault")

    store.objects.clear()
    monkeypatch.setattr(drawing, "draw", failing)
    assert client.get(link(report)).status_code == 500
    assert tried(app) == [("signed URL", "missing"), ("made again", "failed")]
    monkeypatch.undo()
    assert client.get(link(report)).status_code == 200
    assert waiting(app) == []
