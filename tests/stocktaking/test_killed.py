"""A move that is killed in the middle of a file, as a real process, and run again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask

from tests.stocktaking.conftest import make_files
from tests.stocktaking.holdings import audited, file, is_right, keys
from tools.processes import bound_to_us, stop, wait_until
from webapp import audit, storage
from webapp.settings import PROJECT

PATIENCE = 120
MOVE = ["--from", "local", "--to", "google", "--remove-originals"]
WHOLE = [sys.executable, "-m", "flask", "--app", "webapp", "storage", "move", *MOVE]
HELD = [sys.executable, str(Path(__file__).with_name("held_move.py")), *MOVE]


@pytest.fixture
def made(tmp_path: Path, sqlite_url: str) -> list[int]:
    return make_files(tmp_path, sqlite_url, 4)


@pytest.fixture
def environ(tmp_path: Path, sqlite_url: str, bucket: str) -> dict[str, str]:
    return os.environ | {
        "DATA_DIR": str(tmp_path),
        "TEMP_FOLDER": str(tmp_path / "temp"),
        "DATABASE_URL": sqlite_url,
        "STORAGE_BUCKET": bucket,
        "PYTHONPATH": str(PROJECT),
        "MARK": str(tmp_path / "mark"),
    }


@pytest.fixture
def moving(tmp_path: Path, sqlite_url: str, bucket: str) -> Iterator[Flask]:
    app = build_app(tmp_path, sqlite_url, storage_bucket=bucket)
    with app.app_context():
        yield app
    close(app)


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("putting", signal.SIGKILL),
        ("rewriting", signal.SIGKILL),
        ("committed", signal.SIGKILL),
        ("removed", signal.SIGKILL),
        ("rewriting", signal.SIGINT),
    ],
)
def test_nothing_is_lost_and_the_next_run_goes_on(
    made: list[int], moving: Flask, environ: dict[str, str], tmp_path: Path, place: str, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        HELD, cwd=PROJECT, env=environ | {"HELD": place}, preexec_fn=bound_to_us(), stdout=subprocess.DEVNULL
    )
    try:
        wait_until((tmp_path / "mark").exists, PATIENCE, "the second file")
        process.send_signal(number)
        assert process.wait(PATIENCE) == (-signal.SIGKILL if number == signal.SIGKILL else 1)
    finally:
        stop(process)
    folder, google = storage.by_name("local"), storage.by_name("google")
    assert all(is_right(google, file(one)) or is_right(folder, file(one)) for one in made)
    done = subprocess.run(WHOLE, cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(is_right(google, file(one)) for one in made)
    assert (len(keys(google)), keys(folder)) == (len(made), [])
    assert audited("file.made_again") == []
    assert list(audit.faults()) == []
    assert list((tmp_path / "temp").glob("process-*/*")) == []
