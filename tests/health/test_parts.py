"""Each part up and down, with the real thing wherever it runs here."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import factories
import pytest
from apps import build_app, close
from flask import Flask
from gcp_storage_emulator.server import create_server

from tests.health.standins import Failing
from tools.processes import free_port
from tools.servers import redis_server
from webapp import clock, storage
from webapp.errors import StoreFault
from webapp.extensions import db
from webapp.health import parts
from webapp.health.looks import look_at
from webapp.health.parts import CHECKS
from webapp.models import FileMaking, Report
from webapp.storage.breaker import Guarded
from webapp.storage.local import LocalStorage
from webapp.storage.told import TOLD

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_all_that_works_says_so(well: Flask) -> None:
    with well.app_context():
        found = look_at(CHECKS)
    assert [part.name for part in found] == ["Database", "Redis", "Queue", "File store", "Temporary folder"]
    assert {part.state for part in found} == {"Working"}
    assert {part.to_do for part in found} == {""}


def add_file_that_waits(report: Report, format_name: str, why: str, **values: object) -> None:
    db.session.add(FileMaking(report_id=report.id, format=format_name, why=why, **values))
    db.session.commit()


class TestDatabase:
    def test_it_says_how_fast_it_is_and_of_which_kind(self, context_on_each: Flask) -> None:
        part = parts.database()
        kind = {
            "sqlite": "SQLite",
            "postgresql": "PostgreSQL, 1 of 10 connections of this process in use",
        }[db.engine.dialect.name]
        assert part.state == "Working"
        assert part.told.startswith("Answers in ")
        assert part.told.endswith(f" ms. {kind}.")

    @pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
    def test_one_that_is_not_there_is_down_and_told_by_the_kind_of_its_fault(self, tmp_path: Path, kind: str) -> None:
        nowhere = {
            "sqlite": f"sqlite:///{tmp_path}/nowhere/test.db",
            "postgresql": f"postgresql://somebody:secret@127.0.0.1:{free_port()}/x",
        }[kind]
        app = build_app(tmp_path, nowhere.replace("postgresql:", "postgresql+psycopg:"))
        with app.app_context():
            part, queue = parts.database(), parts.queue()
        assert (part.state, part.told) == ("Down", "It does not answer (OperationalError).")
        assert "DATABASE_URL" in part.to_do
        assert (queue.state, queue.told) == ("Waiting", "Waits for the database.")
        close(app)


class TestRedis:
    def test_it_is_up_until_it_is_stopped(self, tmp_path: Path, sqlite_url: str) -> None:
        (tmp_path / "redis").mkdir()
        with redis_server(tmp_path / "redis") as url:
            app = build_app(tmp_path, sqlite_url, redis_url=url)
            with app.app_context():
                up = parts.redis()
        with app.app_context():
            down, queue = parts.redis(), parts.queue()
        assert up.state == "Working"
        assert up.told.startswith("Answers in ")
        assert (down.state, down.verdict) == ("Down", "Redis cannot be reached: reports wait")
        assert "Start Redis again" in down.to_do
        assert (queue.state, queue.told) == (
            "Waiting",
            "No report waits. None is being made. No file waits. Waits for Redis.",
        )
        app.extensions["redis"].close()
        close(app)


class TestQueue:
    def test_it_says_what_waits_what_is_made_and_who_is_there(self, well: Flask) -> None:
        with well.app_context(), clock.stopped_at(NOON):
            person = factories.add_person("staff")
            for seconds in (90, 30):
                factories.add_report(person, asked_at=NOON - timedelta(seconds=seconds))
            held = {"status": "running", "claim_token": "token", "lease_until": NOON}
            factories.add_report(person, **held)
            part = parts.queue()
        assert part.state == "Working"
        assert (
            part.told == "2 reports wait, the longest for 1 minute. 1 is being made. No file waits. 1 worker is alive."
        )

    @pytest.mark.parametrize(("waited", "state"), [(timedelta(minutes=5), "Working"), (timedelta(hours=3), "Waiting")])
    def test_reports_that_wait_for_long_need_more_workers(self, well: Flask, waited: timedelta, state: str) -> None:
        with well.app_context(), clock.stopped_at(NOON):
            factories.add_report(factories.add_person("staff"), asked_at=NOON - waited)
            part = parts.queue()
        assert part.state == state
        assert ("Start more workers" in part.to_do) is (state == "Waiting")
        assert part.verdict == ("Reports wait for 3 hours" if state == "Waiting" else "")

    def test_without_a_worker_it_is_down(self, well: Flask, redis_url: str) -> None:
        with well.app_context():
            well.extensions["redis"].flushall()
            part = parts.queue()
        assert (part.state, part.verdict) == ("Down", "No worker is running: reports wait")
        assert "worker.py" in part.to_do

    def test_reports_that_wait_are_known_on_each_database(self, context_on_each: Flask) -> None:
        with clock.stopped_at(NOON):
            factories.add_report(factories.add_person("staff"), asked_at=NOON - timedelta(days=2))
            told = "1 report waits, for 2 days now. None is being made. No file waits. Waits for Redis."
            assert parts.queue().told == told

    def test_files_that_wait_are_told_with_since_when(self, context_on_each: Flask) -> None:
        with clock.stopped_at(NOON):
            report = factories.add_asked_report()
            for name, why, minutes in (("pdf", "missing", 1), ("csv", "first", 3), ("json", "store broken", 90)):
                add_file_that_waits(report, name, why, asked_at=NOON - timedelta(minutes=minutes))
            held = {"status": "running", "claim_token": "token", "lease_until": NOON}
            add_file_that_waits(report, "excel", "missing", asked_at=NOON - timedelta(days=1), **held)
            told = parts.queue().told
        assert "2 files wait to be made, the oldest since 22 November 2026, 11:57 UTC." in told
        assert "1 file waits to be put back into the store, since 22 November 2026, 10:30 UTC." in told

    @pytest.mark.parametrize(("due", "state"), [(timedelta(), "Working"), (timedelta(minutes=6), "Waiting")])
    def test_files_that_are_due_for_long_need_more_workers(self, well: Flask, due: timedelta, state: str) -> None:
        with well.app_context(), clock.stopped_at(NOON):
            long_ago = {"asked_at": NOON - timedelta(days=1), "not_before": NOON - due}
            add_file_that_waits(factories.add_asked_report(), "pdf", "store broken", **long_ago)
            part = parts.queue()
        assert (part.state, part.verdict) == (state, "Files wait for a worker" if state == "Waiting" else "")


class TestFileStore:
    def test_a_folder_is_written_read_and_left_as_it_was(self, context: Flask) -> None:
        part = parts.file_store()
        folder = context.config["SETTINGS"].files_folder
        assert part.state == "Working"
        assert part.told.startswith("Wrote, read back and removed in ")
        assert "Files are kept in a folder of this machine alone, with " in part.told
        assert [path for path in folder.rglob("*") if path.is_file()] == []

    def test_a_bucket_is_written_read_and_left_as_it_was(
        self, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = create_server("127.0.0.1", port := free_port(), in_memory=True, default_bucket="reports")
        server.start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        app = build_app(tmp_path, sqlite_url, storage_bucket="reports")
        with app.app_context():
            part = parts.file_store()
            left = list(storage.current()._store._bucket.list_blobs())  # type: ignore[attr-defined]
        assert part.state == "Working"
        assert part.told.endswith("ms. Google Cloud Storage, bucket reports.")
        assert left == []
        server.stop()
        close(app)

    @pytest.mark.parametrize("why", sorted(TOLD))
    def test_each_fault_is_told_in_its_words(self, context: Flask, tmp_path: Path, why: StoreFault) -> None:
        context.extensions["storage"] = Failing(tmp_path, "write", why)
        part = parts.file_store()
        assert part.state == "Down"
        assert part.told.startswith(TOLD[why].happened)
        assert part.to_do.endswith(TOLD[why].to_do)
        assert part.verdict == f"{TOLD[why].happened[:-1]}: downloads are made again from their figures"

    @pytest.mark.parametrize(
        ("step", "right"),
        [
            ("write", "storage.objects.create"),
            ("read", "storage.objects.get"),
            ("remove", "storage.objects.delete"),
        ],
    )
    def test_a_store_that_refuses_says_which_right_is_lacking(
        self, context: Flask, tmp_path: Path, step: str, right: str
    ) -> None:
        context.extensions["storage"] = Failing(tmp_path, step, "refused")
        part = parts.file_store()
        assert part.told.endswith(f" It did not let us {step} a file.")
        assert part.to_do.startswith(f"The right that is lacking is {right}. Give the service account the role ")

    def test_a_store_that_does_not_let_us_remove_does_not_fill_up(self, context: Flask, tmp_path: Path) -> None:
        context.extensions["storage"] = Failing(tmp_path / "bucket", "remove", "refused")
        for _ in range(3):
            parts.file_store()
        assert len([path for path in (tmp_path / "bucket").rglob("*") if path.is_file()]) == 1

    def test_a_store_that_rests_is_not_waited_for(self, context: Flask, tmp_path: Path) -> None:
        context.extensions["storage"] = Guarded(Failing(tmp_path, "write", "unreachable"))
        assert parts.file_store().told == TOLD["unreachable"].happened
        assert parts.file_store().told == TOLD["resting"].happened

    def test_bytes_that_come_back_changed_are_seen(self, context: Flask, tmp_path: Path) -> None:
        class Changing(LocalStorage):
            def put(self, key: str, *args: object, **kwargs: object) -> None:
                super().put(key, *args, **kwargs)  # type: ignore[arg-type]
                (self.folder / key).write_bytes(b"something else..")

        context.extensions["storage"] = Changing(tmp_path)
        assert parts.file_store().told == TOLD["altered"].happened

    def test_what_is_gone_as_soon_as_it_is_written_is_seen(self, context: Flask, tmp_path: Path) -> None:
        class Losing(LocalStorage):
            def put(self, *args: object, **kwargs: object) -> None:
                pass

        context.extensions["storage"] = Losing(tmp_path)
        assert parts.file_store().told == TOLD["altered"].happened

    def test_production_without_a_store_is_loud(self, tmp_path: Path, sqlite_url: str) -> None:
        app = build_app(tmp_path, sqlite_url, app_env="production")
        with app.app_context():
            part = parts.file_store()
        assert (part.state, part.verdict) == ("Not set up", "No file store is set up: files cannot be downloaded")
        assert part.told.startswith("No file store is set up: files cannot be downloaded.")
        assert part.to_do.startswith("Set STORAGE_BUCKET ")
        close(app)

    def test_a_disk_that_is_full_is_down(self, context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 9_000_000))
        part = parts.file_store()
        assert (part.state, part.told) == ("Down", "Only 9 MB are free.")


class TestTemporaryFolder:
    @pytest.fixture
    def folder(self, well: Flask) -> Path:
        return well.config["SETTINGS"].temp_folder

    def test_it_is_made_and_left_empty(self, well: Flask, folder: Path) -> None:
        with well.app_context():
            part = parts.temporary_folder()
        assert part.state == "Working"
        assert part.told.startswith("Can be written in, ")
        assert [path.name for path in folder.iterdir()] == ["spool"]

    def test_one_that_cannot_be_written_in_is_down(self, well: Flask, folder: Path) -> None:
        shutil.rmtree(folder)
        folder.write_text("a file where the folder should be")
        with well.app_context():
            part = parts.temporary_folder()
        assert (part.state, part.told) == ("Down", "It cannot be written in (File exists).")
        assert "TEMP_FOLDER" in part.to_do

    @pytest.mark.parametrize(
        ("free", "state", "told"),
        [
            (60_000_000, "Down", "Only 60 MB are free."),
            (300_000_000, "Waiting", "300 MB are free, and files on their way may need 537 MB."),
            (12_400_000_000, "Working", "Can be written in, 12.4 GB free."),
        ],
    )
    def test_it_says_how_much_room_there_is(
        self, well: Flask, monkeypatch: pytest.MonkeyPatch, free: int, state: str, told: str
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, free))
        with well.app_context():
            part = parts.temporary_folder()
        assert (part.state, part.told) == (state, told)
