"""`make run` for real: the app itself, in a data folder of its own."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import factories
import psutil
import pytest
from apps import close
from flask import Flask

from tests.stack import PATIENCE
from tools.processes import free_port, wait_until
from tools.run import inputs_of, page_answers
from webapp.extensions import db
from webapp.settings import PROJECT, Settings, redis_url_file

OUTSIDE = ("REDIS_URL", "DATABASE_URL", "STORAGE_BUCKET", "APP_ENV")


class Run:
    """One `make run`, past its set-up."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.output = folder / f"said-{port}"
        environ = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
        self.environ = {**environ, "DATA_DIR": str(folder / "data")}
        with self.output.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tools.run"],
                cwd=PROJECT,
                env={**self.environ, "PORT": str(port)},
                stdout=said,
                stderr=said,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        wait_until(lambda: "is ready" in self.said or self.process.poll() is not None, 3 * PATIENCE, "the sign-in page")
        assert "is ready" in self.said, self.said

    def told_elsewhere(self, *command: str) -> str:
        """What a flask command prints in another terminal."""
        command = (sys.executable, "-m", "flask", "--app", "webapp", *command)
        return subprocess.run(
            command, cwd=PROJECT, env=self.environ, capture_output=True, text=True, check=False
        ).stdout

    def family(self) -> list[int]:
        """Every process that it runs."""
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]

    def pid_of(self, part: str) -> int:
        """The process that it started with `part` in its command, once it is there."""

        def found() -> int:
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess):
                    if part in " ".join(child.cmdline()):
                        return child.pid
            return 0

        return int(wait_until(found, PATIENCE, part))

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path, free_port())
    yield run
    run.stop()


@pytest.fixture
def settings(app: Flask) -> Settings:
    """Those of an app that has a demo clinic and somebody of it."""
    with app.app_context():
        factories.add_person("staff", factories.add_clinic(is_demo=True), is_demo=True)
        db.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    close(app)
    found: Settings = app.config["SETTINGS"]
    return found


def test_it_starts_everything_restarts_what_dies_and_leaves_nothing_behind(
    running: Run, tmp_path: Path, wait_for_end: Callable[[int], None]
) -> None:
    running.wait_until_ready()
    assert f"Clinic Reports is ready:  {running.url}" in running.said
    assert re.search(r"\S+@\S+", running.said), "it does not say who can sign in"
    assert "Redis\tWorking\t" in running.told_elsewhere("health")

    second = Run(tmp_path, free_port())
    assert second.process.wait(PATIENCE) == 1
    assert f"Clinic Reports is running here already, as process {running.process.pid}." in second.said

    first = [running.pid_of(part) for part in ("redis-server", "gunicorn", "worker.py", "scheduler.py", "webapp watch")]
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    for name in ("redis", "web", "worker", "scheduler", "watch"):
        again = re.compile(rf"^{name} .*starting it again", re.MULTILINE)
        wait_until(lambda again=again: again.search(running.said), PATIENCE, name)
    wait_until(lambda: page_answers(running.url), PATIENCE, "the page, after everything was killed")

    pids = [*first, *running.family()]
    assert running.stop() == 0
    for pid in pids:
        wait_for_end(pid)
    assert not redis_url_file(tmp_path / "data").exists()


def test_a_prepared_database_is_known_again(app: Flask, settings: Settings) -> None:
    before = inputs_of(settings)
    assert before
    with app.app_context():
        factories.add_clinic("Riverside")
    assert inputs_of(settings) == before


@pytest.mark.parametrize(
    "older",
    [
        "DROP TABLE people",
        "DELETE FROM alembic_version",
        "UPDATE alembic_version SET version_num = '0000'",
        "DELETE FROM clinics",
        "DELETE FROM people",
    ],
)
def test_a_backup_copied_over_the_database_is_prepared_anew(settings: Settings, tmp_path: Path, older: str) -> None:
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    before, file = inputs_of(settings), path.stat().st_ino
    shutil.copy(path, tmp_path / "backup.db")
    with closing(sqlite3.connect(tmp_path / "backup.db", isolation_level=None)) as backup:
        backup.execute(older)
    shutil.copy(tmp_path / "backup.db", path)
    assert path.stat().st_ino == file
    assert inputs_of(settings) != before


def test_what_is_no_database_is_prepared_anew(settings: Settings) -> None:
    Path(settings.database_url.removeprefix("sqlite:///")).write_text("no database")
    assert inputs_of(settings) == []


def test_it_says_so_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(tmp_path, port)
        assert run.process.wait(PATIENCE) == 1
    assert run.said.strip() == (
        f"Port {port} is in use by another program. Stop it, or take another: PORT={port + 1} make run"
    )


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_it_says_so_when_the_port_is_no_port(port: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tools.run"],
        cwd=PROJECT,
        env={**os.environ, "PORT": port, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stderr.strip() == f"PORT must be a number from 1 to 65535, not '{port}'."
