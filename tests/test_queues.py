"""The timetable, and when Redis is there and no queue, or not there at all. What becomes of the reports then is in
test_faults.py."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask, current_app
from redis import Redis

from webapp import clock, queues
from webapp.errors import QueueDown
from webapp.queues import Entry
from webapp.settings import PROJECT


@pytest.fixture
def spoiled(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Flask]:
    """An app in whose Redis a string lies where the queue should."""
    app = build_app(tmp_path, sqlite_url, redis_url=redis_url)
    with Redis.from_url(redis_url) as connection:
        connection.set("rq:queue:clicks", "Maria Santos")
    with app.app_context():
        yield app
    close(app)


def end_of(script: str, folder: Path, database_url: str, redis_url: str) -> tuple[int, list[str]]:
    """The exit code and the log of a process that ends by itself."""
    told = {"DATA_DIR": str(folder), "DATABASE_URL": database_url, "REDIS_URL": redis_url, "LOG_FORMAT": "text"}
    done = subprocess.run(
        [sys.executable, script], cwd=PROJECT, env=os.environ | told, capture_output=True, text=True, check=False
    )
    return done.returncode, [line for line in done.stderr.splitlines() if "NO BUCKET" not in line]


def test_something_else_under_the_queues_name_is_told_in_words(spoiled: Flask) -> None:
    for call in (lambda: queues.enqueue_report("a" * 32), queues.waiting):
        with pytest.raises(QueueDown, match="something else lies under a name of the queue") as fault:
            call()
        assert "Maria" not in str(fault.value)


def test_a_worker_that_is_handed_what_is_no_text_ends_with_one_line(
    tmp_path: Path, sqlite_url: str, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as connection:
        connection.rpush("rq:queue:clicks", b"\xff")
    code, lines = end_of("worker.py", tmp_path, sqlite_url, redis_url)
    assert (code, len(lines)) == (1, 1), lines
    assert "something else lies under a name of the queue" in lines[0]


def test_any_other_fault_of_redis_goes_by_its_kind(context: Flask) -> None:
    with pytest.raises(QueueDown, match=r"^Redis: ConnectionError$"):
        queues.waiting()


@pytest.mark.parametrize("script", ["worker.py", "scheduler.py"])
def test_a_process_without_redis_ends_with_one_line(script: str, tmp_path: Path, sqlite_url: str) -> None:
    code, lines = end_of(script, tmp_path, sqlite_url, "unix:///nowhere/redis.sock")
    assert code == 1
    assert lines == ["error   webapp.queues: Redis: ConnectionError; this process ends, to be started again"]


def test_a_worker_that_finds_something_else_under_the_queues_name_ends_with_one_line(
    spoiled: Flask, tmp_path: Path, sqlite_url: str, redis_url: str
) -> None:
    code, lines = end_of("worker.py", tmp_path, sqlite_url, redis_url)
    assert (code, len(lines)) == (1, 1), lines
    assert "something else lies under a name of the queue" in lines[0]


@pytest.fixture
def with_redis(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Flask]:
    app = build_app(tmp_path, sqlite_url, redis_url=redis_url)
    with app.app_context():
        yield app
    close(app)


def kept(*timetable: Entry) -> dict[str, tuple[str, int]]:
    """What stands in Redis after a round of a scheduler of that timetable: function and seconds by name."""
    with Redis.from_url(current_app.config["SETTINGS"].redis_url) as connection:
        scheduler = queues._Scheduler(timetable, connection)
        scheduler._keep_to_the_timetable()
        return {job.id: (job.func_name, job.meta["interval"]) for job in scheduler.get_jobs()}


def test_the_scheduler_keeps_to_its_timetable(with_redis: Flask) -> None:
    tick, often = Entry("tick", queues.TICK, timedelta(minutes=1)), Entry("tick", queues.TICK, timedelta(seconds=10))
    night = Entry("night", queues.TICK, timedelta(days=1))
    assert kept(tick) == {"timetable-tick": (queues.TICK, 60)}
    assert kept(tick, night) == {"timetable-tick": (queues.TICK, 60), "timetable-night": (queues.TICK, 86400)}
    assert kept(often, night) == {"timetable-tick": (queues.TICK, 10), "timetable-night": (queues.TICK, 86400)}
    assert kept(often) == {"timetable-tick": (queues.TICK, 10)}


def test_a_round_leaves_what_has_not_changed_as_it_stands(with_redis: Flask) -> None:
    tick = Entry("tick", queues.TICK, timedelta(minutes=1))
    redis = with_redis.extensions["redis"]
    with clock.stopped_at(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        kept(tick)
    due = redis.zscore("rq:scheduler:scheduled_jobs", "timetable-tick")
    kept(tick)
    assert redis.zscore("rq:scheduler:scheduled_jobs", "timetable-tick") == due == 1795348800
    redis.close()


def worker_in(redis: Redis) -> "queues._Worker":
    """A worker as run_worker() makes it, which does not work."""
    listens_to = [queues._queue(name, redis) for name in (queues.CLICKS, queues.SCHEDULED)]
    return queues._Worker(listens_to, connection=redis, job_class=queues.OurJob)


def test_a_worker_counts_from_its_birth_to_its_death_and_not_when_it_has_long_been_silent(with_redis: Flask) -> None:
    redis = with_redis.extensions["redis"]
    assert queues.workers_alive() == 0
    first, second = worker_in(redis), worker_in(redis)
    first.register_birth()
    second.register_birth()
    assert queues.workers_alive() == 2
    first.register_death()
    assert queues.workers_alive() == 1
    # Killed: its name stays in the list, and what it told runs out.
    redis.delete(second.key)
    assert queues.workers_alive() == 0
    redis.close()


def test_a_flushed_redis_learns_who_works_with_the_next_beat(with_redis: Flask) -> None:
    redis = with_redis.extensions["redis"]
    worker = worker_in(redis)
    worker.register_birth()
    redis.flushall()
    assert queues.workers_alive() == 0
    worker.heartbeat()
    assert queues.workers_alive() == 1
    redis.close()


def test_redis_that_answers_is_known_to(with_redis: Flask) -> None:
    queues.ping()
    with_redis.extensions["redis"].close()


@pytest.mark.parametrize("call", [queues.ping, queues.workers_alive])
def test_without_redis_nothing_is_known_of_it(context: Flask, call: Callable[[], object]) -> None:
    with pytest.raises(QueueDown, match=r"^Redis: ConnectionError$"):
        call()
