"""The supervisor as people use it: a command in a folder with a Procfile, seen from outside."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.stack import PATIENCE
from tools.processes import Refused, wait_until
from tools.supervisor import read_procfile
from webapp.settings import PROJECT

STUB = """
import os, signal, sys, time
from pathlib import Path

what = sys.argv[1]
if what == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if what == "hasty":
    sys.exit(3)
if what == "worker" and os.fork() == 0:
    os.setpgrp()
    what = "job"
if what == "family" and os.fork() == 0:
    what = "child"
print("hello from", what, flush=True)
if what == "chatty":
    for number in range(20_000):
        print("line", number, "x" * 100)
Path(f"{what}.{os.getpid()}").touch()
signal.pause()
"""


@contextmanager
def supervising(
    folder: Path, *names: str, grace: float = 10, program: str = "python", stdout: int | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """The supervisor running the stubs `names`; at the end it is gone. It speaks to `stdout`, or the file `said`."""
    (folder / "stub.py").write_text(STUB)
    (folder / "Procfile").write_text("".join(f"{name}: {program} stub.py {name}\n" for name in ("release", *names)))
    with (
        (folder / "said").open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", "tools.supervisor", "--grace", str(grace)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=said if stdout is None else stdout,
            stderr=said,
            text=True,
        ) as supervisor,
    ):
        try:
            yield supervisor
        finally:
            supervisor.terminate()


def pid_of(folder: Path, name: str, but: int = 0) -> int:
    """The process that plays `name`, once it runs; `but` is an earlier one."""

    def found() -> int:
        pids = [int(path.suffix[1:]) for path in folder.glob(f"{name}.*") if path.suffix[1:].isdecimal()]
        return next((pid for pid in pids if pid != but), 0)

    return int(wait_until(found, PATIENCE, f"a process {name}"))


def test_it_runs_every_line_but_release(tmp_path: Path) -> None:
    with supervising(tmp_path, "web", "worker"):
        assert pid_of(tmp_path, "web")
        assert pid_of(tmp_path, "worker")
    assert not list(tmp_path.glob("release.*"))
    assert "web       | hello from web\n" in (tmp_path / "said").read_text()


def test_it_starts_a_killed_process_again_and_says_so(tmp_path: Path) -> None:
    with supervising(tmp_path, "web"):
        first = pid_of(tmp_path, "web")
        os.kill(first, signal.SIGKILL)
        assert pid_of(tmp_path, "web", but=first)
    assert "was ended by SIGKILL; starting it again" in (tmp_path / "said").read_text()


def test_what_a_killed_process_leaves_in_its_group_is_ended_before_it_is_started_again(
    tmp_path: Path, wait_for_end: Callable[[int], None]
) -> None:
    with supervising(tmp_path, "family"):
        first, child = pid_of(tmp_path, "family"), pid_of(tmp_path, "child")
        os.kill(first, signal.SIGKILL)
        wait_for_end(child)
        assert pid_of(tmp_path, "family", but=first)


def test_a_process_that_keeps_dying_is_started_again_ever_later(tmp_path: Path) -> None:
    def said(seconds: str) -> bool:
        return f"ended with exit code 3; starting it again in {seconds} s" in (tmp_path / "said").read_text()

    with supervising(tmp_path, "hasty"):
        for seconds in ("0.2", "0.4", "0.8"):
            wait_until(lambda seconds=seconds: said(seconds), PATIENCE, f"a pause of {seconds} s")


def test_it_goes_on_when_a_program_is_missing_for_a_while(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    with supervising(tmp_path, "web", program="./program") as supervisor:
        first = pid_of(tmp_path, "web")
        program.rename(tmp_path / "elsewhere")
        os.kill(first, signal.SIGKILL)
        wait_until(
            lambda: (tmp_path / "said").read_text().count("web       | could not be started") > 1, PATIENCE, "a word"
        )
        (tmp_path / "elsewhere").rename(program)
        assert pid_of(tmp_path, "web", but=first)
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0


def test_a_terminal_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    with supervising(tmp_path, "chatty", "web", stdout=subprocess.PIPE) as supervisor:
        pid_of(tmp_path, "chatty")
        first = pid_of(tmp_path, "web")
        os.kill(first, signal.SIGKILL)
        assert pid_of(tmp_path, "web", but=first)
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(PATIENCE) == 0
        assert supervisor.stdout is not None
        assert "chatty    | line 0 " in supervisor.stdout.read()


def test_it_buries_the_orphans_that_it_adopted(tmp_path: Path) -> None:
    with supervising(tmp_path, "worker"):
        first, job = pid_of(tmp_path, "worker"), pid_of(tmp_path, "job")
        os.kill(first, signal.SIGKILL)
        pid_of(tmp_path, "worker", but=first)
        os.kill(job, signal.SIGKILL)
        wait_until(lambda: not psutil.pid_exists(job), PATIENCE, "the end of the orphan, not as a zombie")
    assert "was ended by SIGKILL; starting it again" in (tmp_path / "said").read_text()


def test_it_buries_an_orphan_that_was_dead_when_it_came(tmp_path: Path) -> None:
    with supervising(tmp_path, "worker"):
        first, job = pid_of(tmp_path, "worker"), pid_of(tmp_path, "job")
        os.kill(job, signal.SIGKILL)
        wait_until(lambda: psutil.Process(job).status() == psutil.STATUS_ZOMBIE, PATIENCE, "a zombie of the worker")
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not psutil.pid_exists(job), PATIENCE, "the end of the zombie")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_behind_when_stopped(
    number: signal.Signals, tmp_path: Path, wait_for_end: Callable[[int], None]
) -> None:
    with supervising(tmp_path, "web", "worker") as supervisor:
        pids = [pid_of(tmp_path, name) for name in ("web", "worker", "job")]
        supervisor.send_signal(number)
        assert supervisor.wait(PATIENCE) == 0
    for pid in pids:
        wait_for_end(pid)


def test_it_stops_the_job_of_a_worker_that_was_killed_before(
    tmp_path: Path, wait_for_end: Callable[[int], None]
) -> None:
    with supervising(tmp_path, "worker") as supervisor:
        first, job = pid_of(tmp_path, "worker"), pid_of(tmp_path, "job")
        os.kill(first, signal.SIGKILL)
        pid_of(tmp_path, "worker", but=first)
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0
    wait_for_end(job)


def test_it_kills_what_does_not_end_within_the_grace(tmp_path: Path, wait_for_end: Callable[[int], None]) -> None:
    with supervising(tmp_path, "stubborn", grace=0.1) as supervisor:
        pid = pid_of(tmp_path, "stubborn")
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0
    wait_for_end(pid)


def test_its_processes_die_with_it_when_it_is_killed(tmp_path: Path, wait_for_end: Callable[[int], None]) -> None:
    with supervising(tmp_path, "web", "worker") as supervisor:
        pids = [pid_of(tmp_path, name) for name in ("web", "worker")]
        job = pid_of(tmp_path, "job")
        supervisor.kill()
        for pid in pids:
            wait_for_end(pid)
        # A job outlives its worker, by design: what it does is bounded by its own time limit.
        os.kill(job, signal.SIGKILL)


def test_it_says_in_a_sentence_that_a_program_is_missing(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: no-such-program\n")
    said = subprocess.run(
        [sys.executable, "-m", "tools.supervisor"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stderr == "web needs the program no-such-program, which is not installed. Run make setup.\n"


def test_a_procfile_is_read_in_order_with_its_quotes(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text('# processes\n\nweb: gunicorn "webapp:create_app()"\nworker: python worker.py\n')
    assert list(read_procfile(tmp_path / "Procfile").items()) == [
        ("web", ["gunicorn", "webapp:create_app()"]),
        ("worker", ["python", "worker.py"]),
    ]


def test_a_procfile_with_a_broken_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("gunicorn webapp\n")
    with pytest.raises(Refused, match="gunicorn webapp"):
        read_procfile(tmp_path / "Procfile")
