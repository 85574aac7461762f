"""A cancel and a time-out that strike while the database works, as they do with real workers: the making stops, the row
says so in the right words, and no connection is left in the middle of a command."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import factories
import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import select, text

from tools.processes import wait_until
from webapp import content, generate
from webapp.extensions import db, snapshot
from webapp.generate import TOO_SLOW, drawing
from webapp.generate.claim import Stopped
from webapp.models import Report
from webapp.queues import JobTimedOut

SLOW = text("SELECT pg_sleep(600)")
PATIENCE = 60


@pytest.fixture
def context(tmp_path: Path, postgres_url: str) -> Iterator[Flask]:
    app = build_app(tmp_path, postgres_url, lease_seconds=1)
    with app.app_context():
        yield app
    close(app)


@pytest.fixture
def _alarms_are_timeouts() -> Iterator[None]:
    """As RQ sets it up around a job."""

    def strike(_signal: int, _frame: FrameType | None) -> None:
        raise JobTimedOut("too long")

    before = signal.signal(signal.SIGALRM, strike)
    yield
    signal.signal(signal.SIGALRM, before)


def slow_figures(connection: Any, *_: object) -> None:
    connection.execute(SLOW)


def slow_session(*_: object) -> None:
    db.session.execute(SLOW)


def while_it_is_slow(app: Flask, act: Callable[[], object]) -> threading.Thread:
    """A thread that acts once when the slow query runs."""
    running = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'")

    def is_slow() -> bool:
        # A transaction of its own each time: within one, PostgreSQL shows the activity as it was at the first look.
        db.session.rollback()
        return bool(db.session.scalar(running))

    def wait_and_act() -> None:
        with app.app_context():
            wait_until(is_slow, PATIENCE, "the slow query")
            db.session.rollback()
            act()
            db.session.commit()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def ended(report_id: str) -> Report:
    assert [thread for thread in threading.enumerate() if thread.name == "heartbeat"] == []
    return db.session.scalars(select(Report).where(Report.id == report_id)).one()


def assert_the_pool_is_sound() -> None:
    with snapshot() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("room", ["figures", "session"])
def test_a_cancel_in_the_middle_of_a_query_ends_cancelled(
    context: Flask, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    report_id = factories.add_asked_report().id
    slow_down(monkeypatch, room)
    other = while_it_is_slow(context, lambda: Report.request_cancel(report_id))
    generate.make(report_id)
    other.join()
    assert ended(report_id).status == "cancelled"
    assert_the_pool_is_sound()


@pytest.mark.parametrize("room", ["figures", "session"])
@pytest.mark.usefixtures("_alarms_are_timeouts")
def test_a_timeout_in_the_middle_of_a_query_is_told_as_one(
    context: Flask, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    report_id = factories.add_asked_report().id
    slow_down(monkeypatch, room)
    other = while_it_is_slow(context, lambda: os.kill(os.getpid(), signal.SIGALRM))
    with pytest.raises(Exception) as raised:  # noqa: PT011 the driver chooses what it becomes
        generate.make(report_id)
    other.join()
    del raised
    report = ended(report_id)
    assert (report.status, report.failure) == ("failed", TOO_SLOW)
    assert_the_pool_is_sound()


def slow_down(monkeypatch: pytest.MonkeyPatch, room: str) -> None:
    if room == "figures":
        monkeypatch.setattr(content, "build", slow_figures)
    else:
        monkeypatch.setattr(drawing, "draw", slow_session)


def test_a_stop_into_which_a_library_writes_is_still_a_cancel(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ReportLab does it with whatever passes through it while a page is drawn."""
    report_id = factories.add_asked_report().id

    def annotated(_connection: Any, _question: object, step: Callable[[int, int], None]) -> None:
        Report.request_cancel(report_id)
        db.session.commit()
        try:
            step(1, 2)
        except Stopped as stopped:
            raise type(stopped)(f"handle_pageBegin args=() {stopped}") from None

    monkeypatch.setattr(content, "build", annotated)
    generate.make(report_id)
    assert ended(report_id).status == "cancelled"


def test_a_stop_hidden_by_a_failed_tidying_up_is_still_a_stop(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    report_id = factories.add_asked_report().id

    def cancelled_and_untidy(_connection: Any, _question: object, step: Callable[[int, int], None]) -> None:
        Report.request_cancel(report_id)
        db.session.commit()
        try:
            step(1, 2)
        finally:
            raise RuntimeError("cannot be tidied up now")

    monkeypatch.setattr(content, "build", cancelled_and_untidy)
    generate.make(report_id)
    assert ended(report_id).status == "cancelled"
