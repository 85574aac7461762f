"""Temporary files lie in one folder and are gone with the process that made them, however it ends."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from apps import build_app, close

from tools.processes import bound_to_us
from webapp import temporary
from webapp.settings import PROJECT, BadSetting

# Each script starts like a process of ours, says what it was asked for, and stays until its input is closed.
BEGIN = """
import os, signal, sys, tempfile
from pathlib import Path
from webapp import temporary
temporary.use(Path(sys.argv[1]))
"""
STAY = "print(tempfile.gettempdir(), flush=True); sys.stdin.read()"


@contextmanager
def started(folder: Path, script: str = STAY) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process that runs `script`, and the line that it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN + script, str(folder)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=bound_to_us(signal.SIGKILL),
    )
    with process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def end(process: "subprocess.Popen[str]") -> None:
    process.communicate()
    assert process.returncode == 0


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()


def start_another(folder: Path) -> None:
    with started(folder) as (process, _):
        end(process)


# -- A folder for each process -----------------------------------------------------------------------------------------


def test_a_process_has_a_folder_of_its_own_that_is_open_to_nobody_else(tmp_path: Path) -> None:
    with started(tmp_path / "new" / "temp") as (_, one), started(tmp_path / "new" / "temp") as (_, two):
        assert one != two
        for path in map(Path, (one, two)):
            assert path.parent == tmp_path / "new" / "temp"
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "temp").stat().st_mode) == 0o700


def test_it_goes_when_the_process_ends_with_all_that_is_in_it(tmp_path: Path) -> None:
    with started(tmp_path, "tempfile.mkstemp(); tempfile.mkdtemp();" + STAY) as (process, own):
        assert len(list(Path(own).iterdir())) == 2
        end(process)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_when_another_starts_but_nothing_of_one_that_lives(tmp_path: Path) -> None:
    with started(tmp_path, "tempfile.mkstemp();" + STAY) as (_, living):
        with started(tmp_path, "tempfile.mkstemp();" + STAY) as (killed, left):
            kill(killed)
        assert Path(left).exists()
        start_another(tmp_path)
        assert not Path(left).exists()
        assert len(list(Path(living).iterdir())) == 1


def test_a_fork_holds_the_folder_that_it_was_born_with(tmp_path: Path) -> None:
    fork = "\nif not os.fork(): sys.stdin.read(); os._exit(0)\n"
    with started(tmp_path, fork + STAY) as (process, own):
        kill(process)
        start_another(tmp_path)
        assert Path(own).exists()
        # The fork ends when its input does, and then its output ends too.
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.read()
        start_another(tmp_path)
        assert not Path(own).exists()


def test_a_fork_can_have_one_of_its_own_and_leaves_that_of_its_parent(tmp_path: Path) -> None:
    fork = """
child = os.fork()
if not child:
    temporary.renew()
    print(tempfile.gettempdir(), flush=True)
    sys.exit(0)
os.waitpid(child, 0)
print(tempfile.gettempdir(), flush=True); sys.stdin.read()
"""
    with started(tmp_path, fork) as (process, of_the_fork):
        assert process.stdout
        own = process.stdout.readline().strip()
        assert of_the_fork != own
        assert [str(path) for path in tmp_path.iterdir()] == [own]


def test_sweeping_removes_what_a_killed_fork_left(tmp_path: Path) -> None:
    fork = """
child = os.fork()
if not child:
    temporary.renew()
    tempfile.mkstemp()
    print(tempfile.gettempdir(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
print(os.listdir(sys.argv[1]).__len__(), flush=True)
temporary.sweep()
print(os.listdir(sys.argv[1]).__len__(), flush=True)
"""
    with started(tmp_path, fork) as (process, of_the_fork):
        assert process.stdout
        assert of_the_fork
        assert process.stdout.read().split() == ["2", "1"]


def test_it_touches_nothing_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "somebody's file").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"{temporary.PREFIX}link").symlink_to(tmp_path / "elsewhere")
    start_another(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "fonts", "somebody's file", "elsewhere", f"{temporary.PREFIX}link",
    }  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="NO /proc: this system does not tell of open files")
def test_sqlite_sorts_there_too(tmp_path: Path) -> None:
    sort = """
import sqlite3
database = sqlite3.connect(":memory:")
database.execute("PRAGMA cache_size = 10")
numbers = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT randomblob(300) FROM n"
rows = database.execute(numbers + " ORDER BY 1")
next(rows)
files = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
print([str(path) for path in files if "etilqs" in path.name], flush=True); sys.stdin.read()
"""
    with started(tmp_path, sort) as (_, names):
        assert f"['{tmp_path}/{temporary.PREFIX}" in names


# -- The folder itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["a file/temp", "a file"])
def test_a_folder_that_cannot_be_made_stops_the_start_with_a_sentence(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(BadSetting, match=r"TEMP_FOLDER .+ cannot be used \(.+\)\. Name a folder"):
        build_app(tmp_path, "sqlite://", temp_folder=tmp_path / where)


def test_a_folder_that_cannot_be_written_stops_the_start_with_a_sentence() -> None:
    script = "from webapp import create_app; create_app(temp_folder=__import__('pathlib').Path('/proc'))"
    started = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert started.returncode == 1
    assert started.stderr.startswith("TEMP_FOLDER /proc cannot be used (")
    assert "Traceback" not in started.stderr


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(BadSetting, match="belongs to another user"):
        temporary.use(tmp_path)


# -- The spool ---------------------------------------------------------------------------------------------------------


def test_the_spool_is_one_for_all_and_open_to_nobody_else(tmp_path: Path) -> None:
    spool = "print(temporary.spool_folder(), flush=True); sys.stdin.read()"
    with started(tmp_path, spool) as (_, one), started(tmp_path, spool) as (_, two):
        assert one == two == str(tmp_path / "spool")
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    start_another(tmp_path)
    assert (tmp_path / "spool").is_dir()


def test_a_spool_that_others_can_open_is_refused(tmp_path: Path) -> None:
    temporary.use(tmp_path)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "spool").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadSetting, match="open to others"):
        temporary.spool_folder()
    (tmp_path / "spool").unlink()
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(0o755)
    with pytest.raises(BadSetting, match="open to others"):
        temporary.spool_folder()


# -- Nothing elsewhere -------------------------------------------------------------------------------------------------


def test_with_database_key_and_bucket_given_no_folder_is_made_for_data(tmp_path: Path) -> None:
    given = {"data_dir": tmp_path / "data", "storage_bucket": "reports", "temp_folder": tmp_path / "temp"}
    close(build_app(tmp_path, "postgresql+psycopg://nobody@nowhere.invalid/none", **given))
    assert {path.name for path in tmp_path.iterdir()} <= {"temp"}


def test_the_folder_for_data_is_made_for_a_database_that_lies_in_it(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    close(build_app(data, f"sqlite:///{data / 'clinic-reports.db'}"))
    assert stat.S_IMODE((data / "clinic-reports.db").stat().st_mode) == 0o600
