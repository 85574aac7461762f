"""A large file is made by a worker while the person watches, and a program is told to come back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from flask import Flask
from page_client import PageClient, page_client
from redis import Redis
from sqlalchemy import func, select, update

from webapp import clock, generate
from webapp.downloads import BeingMade
from webapp.errors import RenderFailed
from webapp.extensions import db
from webapp.generate import drawing, keeping, making, sweep
from webapp.models import Alert, AuditEntry, DownloadTry, FileMaking, Person, Report
from webapp.queues import run_worker
from webapp.storage.local import LocalStorage

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Flask]:
    """One for which every file is large."""
    app = build_app(tmp_path, sqlite_url, redis_url=redis_url, remake_kb=0)
    yield app
    close(app)


@pytest.fixture
def report(app: Flask) -> Report:
    """A ready report whose PDF was stored, and is lost."""
    with app.app_context():
        report = factories.add_asked_report()
        generate.make(report.id)
        db.session.refresh(report)
        stored(app).unlink()
        return report


def stored(app: Flask) -> Path:
    (path,) = (path for path in app.config["SETTINGS"].files_folder.rglob("*.pdf"))
    return path


def link(report: Report) -> str:
    return f"/reports/{report.id}/files/pdf"


def work(app: Flask) -> None:
    with app.app_context():
        run_worker(burst=True)


def row(app: Flask) -> FileMaking | None:
    with app.app_context():
        return db.session.scalars(select(FileMaking)).one_or_none()


def test_a_person_waits_on_a_page_that_then_starts_the_download(app: Flask, client: PageClient, report: Report) -> None:
    asked = client.get(link(report), headers=BROWSER)
    assert (asked.status_code, asked.location) == (303, f"{link(report)}/waiting")
    page = client.get(asked.location)
    assert "Waiting for its turn" in page.text
    assert "<progress" in page.text
    progress = client.get(f"{link(report)}/waiting/progress")
    assert "every 1s" in progress.text
    assert "HX-Refresh" not in progress.headers
    work(app)
    progress = client.get(f"{link(report)}/waiting/progress")
    assert progress.headers["HX-Refresh"] == "true"
    page = client.get(asked.location)
    assert f'content="0; url={link(report)}"' in page.text
    file = client.get(link(report))
    assert (file.status_code, file.data) == (200, stored(app).read_bytes())
    assert row(app) is None


@pytest.mark.parametrize("accepts", ["application/pdf", "application/json", "*/*", "*/*, text/html;q=0"])
def test_a_program_is_told_to_come_back(app: Flask, client: PageClient, report: Report, accepts: str) -> None:
    asked = client.get(link(report), headers={"Accept": accepts})
    assert (asked.status_code, asked.headers["Retry-After"]) == (202, "2")
    assert asked.json == {"type": "progress", "data": {"status": 202, "message": BeingMade.plain}}
    work(app)
    assert client.get(link(report), headers={"Accept": accepts}).status_code == 200


def test_many_who_ask_make_one_job(app: Flask, client: PageClient, report: Report, redis_url: str) -> None:
    for _ in range(5):
        client.get(link(report))
    with Redis.from_url(redis_url) as redis:
        assert redis.llen("rq:queue:clicks") == 1
    work(app)
    with app.app_context():
        made = select(func.count()).where(AuditEntry.action == "file.made_again")
        assert db.session.scalar(made) == 1


def test_a_small_file_is_made_at_once(app: Flask, client: PageClient, report: Report) -> None:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, remake_kb=2048)
    assert client.get(link(report)).status_code == 200


def test_a_file_that_cannot_be_made_says_so_and_can_be_tried_again(
    app: Flask, client: PageClient, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RenderFailed("a hole")

    client.get(link(report))
    waiting = row(app)
    assert waiting is not None
    monkeypatch.setattr(drawing, "draw", failing)
    with app.app_context(), pytest.raises(RenderFailed):
        making.make_file(waiting.id)
    monkeypatch.undo()
    page = client.get(f"{link(report)}/waiting")
    assert RenderFailed.plain in page.text
    assert client.get(link(report), headers=BROWSER).location == f"{link(report)}/waiting"
    told = client.get(link(report), headers={"Accept": "application/json"})
    assert (told.status_code, told.json["data"]["message"].strip()) == (500, RenderFailed.plain)
    again = client.submit(f"{link(report)}/waiting")
    assert again.status_code == 303
    work(app)
    assert client.get(link(report)).status_code == 200


def test_where_a_worker_cannot_store_it_the_download_makes_it(app: Flask, client: PageClient, report: Report) -> None:
    folder = app.config["SETTINGS"].files_folder
    client.get(link(report))
    # A file stands where the folder of the files should be.
    folder.rename(folder.with_name("away"))
    folder.write_bytes(b"")
    work(app)
    waiting = row(app)
    assert waiting is not None
    assert (waiting.status, waiting.tries) == ("queued", 1)
    page = client.get(f"{link(report)}/waiting")
    assert 'http-equiv="refresh"' in page.text
    file = client.get(link(report))
    assert (file.status_code, file.data[:5]) == (200, b"%PDF-")


def test_a_worker_that_dies_half_way_is_taken_over(app: Flask, client: PageClient, report: Report) -> None:
    client.get(link(report))
    with app.app_context():
        assert FileMaking.claim(report.id, "pdf", "missing", timedelta(seconds=30))
        db.session.commit()
        db.session.execute(update(FileMaking).values(lease_until=clock.now() - timedelta(seconds=1)))
        db.session.commit()
        sweep.sweep()
        waiting = db.session.scalars(select(FileMaking)).one()
        assert (waiting.status, waiting.takeovers) == ("queued", 1)


def test_one_that_kills_each_worker_is_given_up_in_words(app: Flask, client: PageClient, report: Report) -> None:
    client.get(link(report))
    with app.app_context():
        for _ in range(4):
            assert FileMaking.claim(report.id, "pdf", "missing", timedelta(seconds=-1))
            db.session.commit()
            sweep.sweep()
    assert making.GIVEN_UP in client.get(f"{link(report)}/waiting").text


def test_what_the_queue_lost_is_put_back(app: Flask, client: PageClient, report: Report, redis_url: str) -> None:
    client.get(link(report))
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        with app.app_context(), clock.stopped_at(clock.now() + timedelta(seconds=10)):
            sweep.sweep()
        assert redis.llen("rq:queue:clicks") == 1


def test_what_is_to_be_put_back_later_is_not_put_in_line_before(app: Flask, report: Report, redis_url: str) -> None:
    with app.app_context():
        keeping.put_back_later(db.session.get_one(Report, report.id), "pdf")
        with Redis.from_url(redis_url) as redis:
            sweep.sweep()
            assert redis.llen("rq:queue:clicks") == 0
            with clock.stopped_at(clock.now() + keeping.STORE_RESTS):
                sweep.sweep()
            assert redis.llen("rq:queue:clicks") == 1
    work(app)
    assert stored(app).read_bytes()[:5] == b"%PDF-"
    with app.app_context():
        assert db.session.scalars(select(Alert.rule).where(Alert.resolved_at.is_(None))).all() == []


def test_redis_down_is_a_delay_and_no_fault(tmp_path: Path, app: Flask, report: Report, sqlite_url: str) -> None:
    without = build_app(tmp_path, sqlite_url, remake_kb=0)
    with without.app_context():
        requester = db.session.get_one(Person, report.requester_id)
    client = page_client(without).sign_in(requester)
    assert client.get(link(report), headers=BROWSER).status_code == 303
    assert "Waiting for its turn" in client.get(f"{link(report)}/waiting").text
    close(without)


def test_a_stranger_sees_no_such_page(app: Flask, report: Report) -> None:
    with app.app_context():
        stranger = factories.add_person()
    client = page_client(app).sign_in(stranger)
    for path in ("waiting", "waiting/progress"):
        assert client.get(f"{link(report)}/{path}").status_code == 404
    assert client.submit(f"{link(report)}/waiting").status_code == 404


def test_a_file_that_kills_a_worker_is_not_made_in_the_request(app: Flask, client: PageClient, report: Report) -> None:
    client.get(link(report))
    with app.app_context():
        assert FileMaking.claim(report.id, "pdf", "missing", timedelta(seconds=-1))
        db.session.commit()
        sweep.sweep()
    assert client.get(link(report)).status_code == 202
    assert "Waiting for its turn" in client.get(f"{link(report)}/waiting").text


def test_what_must_go_back_into_the_store_is_never_given_up_for_good(app: Flask, report: Report) -> None:
    with app.app_context():
        keeping.put_back_later(db.session.get_one(Report, report.id), "pdf")
        for _ in range(4):
            assert FileMaking.claim(report.id, "pdf", "store broken", timedelta(seconds=-1))
            db.session.commit()
            sweep.sweep()
        assert db.session.scalars(select(FileMaking.status)).one() == "failed"
        with clock.stopped_at(clock.now() + timedelta(hours=1, minutes=1)):
            sweep.sweep()
            assert db.session.scalars(select(FileMaking.status)).one() == "queued"


def test_who_waits_for_another_machine_leaves_the_store_in_peace(
    app: Flask, client: PageClient, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, remake_kb=2048, fetch_seconds=1)
    with app.app_context():
        token = FileMaking.claim(report.id, "pdf", "missing", timedelta(seconds=60))
        db.session.commit()
    opened: list[str] = []
    really = LocalStorage.open
    monkeypatch.setattr(LocalStorage, "open", lambda store, key: (opened.append(key), really(store, key))[1])
    assert client.get(link(report)).status_code == 202
    assert len(opened) == 1
    with app.app_context():
        tried = db.session.execute(select(DownloadTry.tier, DownloadTry.outcome)).all()
        assert [tuple(row) for row in tried] == [("folder", "missing")]
        assert db.session.scalars(select(Alert)).all() == []
        FileMaking.finish(token or "")
        db.session.commit()
    assert client.get(link(report)).status_code == 200
