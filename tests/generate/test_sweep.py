"""What the queue lost comes back; what a dead worker held is taken over."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from apps import build_app, close
from flask import Flask
from redis import Redis
from sqlalchemy import select

from webapp import clock, queues
from webapp.extensions import db
from webapp.generate import sweep as sweeping
from webapp.generate.sweep import SETTLED, Swept, enqueue, sweep
from webapp.models import Alert, Report

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + SETTLED + timedelta(seconds=1)
LEASE = timedelta(seconds=15)
OVER = NOON + LEASE + timedelta(seconds=1)


@pytest.fixture
def context(tmp_path, sqlite_url, redis_url):  # type: ignore[no-untyped-def]
    """Here there is a Redis, and the clock stands: how long a test takes is of no concern."""
    app: Flask = build_app(tmp_path, sqlite_url, redis_url=redis_url)
    with app.app_context(), clock.stopped_at(NOON):
        yield app
    close(app)


def test_a_report_that_never_reached_the_queue_is_put_there(report: Report) -> None:
    assert sweep() == Swept(enqueued=1)
    assert queues.waiting() == {report.id}


def test_a_report_that_stands_in_the_queue_is_left_there(report: Report) -> None:
    enqueue(report.id)
    with clock.stopped_at(LATER):
        assert sweep() == Swept()


def test_a_flushed_redis_gets_it_back(context: Flask, report: Report) -> None:
    enqueue(report.id)
    context.extensions["redis"].flushall()
    with clock.stopped_at(LATER):
        assert sweep() == Swept(enqueued=1)
    assert queues.waiting() == {report.id}


def test_a_report_just_enqueued_is_given_time(context: Flask, report: Report) -> None:
    enqueue(report.id)
    context.extensions["redis"].flushall()
    assert sweep() == Swept()


def test_an_expired_lease_goes_back_in_line(report: Report) -> None:
    Report.claim(report.id, LEASE)
    db.session.commit()
    assert sweep() == Swept()
    with clock.stopped_at(OVER):
        assert sweep() == Swept(enqueued=1, taken_over=1)
    assert queues.waiting() == {report.id}


def test_what_a_worker_with_a_wrong_clock_held_when_it_died_goes_back_in_line(report: Report) -> None:
    with clock.stopped_at(clock.now() + timedelta(hours=2)):
        Report.claim(report.id, LEASE)
        db.session.commit()
    assert sweep() == Swept(enqueued=1, taken_over=1)


def test_a_report_put_in_line_by_a_wrong_clock_and_lost_is_put_back(context: Flask, report: Report) -> None:
    with clock.stopped_at(clock.now() + timedelta(hours=2)):
        enqueue(report.id)
    context.extensions["redis"].flushall()
    assert sweep() == Swept(enqueued=1)


def test_a_report_handed_back_is_left_alone_for_a_while(report: Report) -> None:
    token = Report.claim(report.id, LEASE)
    assert token
    assert Report.hand_back(report.id, token, limit=3)
    db.session.commit()
    assert sweep() == Swept()
    with clock.stopped_at(LATER):
        assert sweep() == Swept(enqueued=1)


def test_what_is_no_text_in_the_queue_is_passed_over(context: Flask, report: Report) -> None:
    context.extensions["redis"].rpush("rq:queue:clicks", b"\xff")
    assert sweep() == Swept(enqueued=1)
    assert report.id in queues.waiting()


def test_no_fault_of_a_round_ends_the_watch(context: Flask, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, rounds = threading.Event(), []

    def faulty() -> Swept:
        rounds.append(1)
        if len(rounds) == 1:
            raise KeyError("unforeseen")
        stop.set()
        return Swept()

    monkeypatch.setattr(sweeping, "sweep", faulty)
    monkeypatch.setattr(stop, "wait", lambda _seconds: stop.is_set())
    sweeping.watch(stop)
    assert len(rounds) == 2


def test_a_report_that_kills_its_workers_is_given_up_with_an_alert(report: Report) -> None:
    report.takeovers = 3
    db.session.commit()
    Report.claim(report.id, LEASE)
    db.session.commit()
    with clock.stopped_at(OVER):
        assert sweep() == Swept(given_up=1)
    db.session.refresh(report)
    assert report.status == "failed"
    assert db.session.scalars(select(Alert.rule)).all() == ["report-given-up"]


def test_two_sweeps_at_once_do_no_harm(report: Report) -> None:
    sweep()
    sweep()
    assert queues.waiting() == {report.id}


def test_ended_reports_are_left_alone(report: Report) -> None:
    Report.request_cancel(report.id)
    db.session.commit()
    assert sweep() == Swept()


def test_redis_down_is_told_once_and_told_over_when_it_is_back(context: Flask, report: Report) -> None:
    working = context.extensions["redis"]
    context.extensions["redis"] = Redis.from_url("unix:///nowhere/redis.sock")
    sweep()
    sweep()
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.rule, alert.count, alert.resolved_at) == ("queue-down", 2, None)
    context.extensions["redis"] = working
    assert sweep() == Swept(enqueued=1)
    db.session.refresh(alert)
    assert alert.resolved_at is not None
