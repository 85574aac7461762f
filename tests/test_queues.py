"""When Redis is there and no queue, or not there at all. What becomes of the reports then is in test_faults.py."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask
from redis import Redis

from webapp import queues
from webapp.errors import QueueDown
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
    return done.returncode, done.stderr.splitlines()


def test_something_else_under_the_queues_name_is_told_in_words(spoiled: Flask) -> None:
    for call in (lambda: queues.enqueue_report("a" * 32), queues.waiting_reports):
        with pytest.raises(QueueDown, match="something else lies under a name of the queue") as fault:
            call()
        assert "Maria" not in str(fault.value)


def test_any_other_fault_of_redis_goes_by_its_kind(context: Flask) -> None:
    with pytest.raises(QueueDown, match=r"^Redis: ConnectionError$"):
        queues.waiting_reports()


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
