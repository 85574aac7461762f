"""The whole of Clinic Reports as real processes on a folder of their own, for tests and benchmarks to use and to break.

    with running(folder, database_url) as stack:
        stack.start("web", "worker", "watch")

The processes are the Procfile's, and die with the thread that started them. Waiting is for conditions, with deadlines.
"""

import base64
import binascii
import os
import re
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import requests
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from tools.processes import bound_to_us, free_port, stop, wait_until
from tools.servers import redis_server
from tools.supervisor import read_procfile, with_our_programs
from webapp import create_app
from webapp.extensions import db
from webapp.models import Report
from webapp.settings import PROJECT

PATIENCE = 120
"""Seconds after which a thing that should have happened is given up; a busy machine is no fault."""

HELD_WORKER = [sys.executable, str(Path(__file__).with_name("held_worker.py"))]


class Stack:
    """Processes by name, their logs, their Redis, and an app of ours on the same database and folder. `environ` is for
    the processes alone."""

    def __init__(
        self, folder: Path, database_url: str, environ: Mapping[str, str] = MappingProxyType({}), **settings: object
    ) -> None:
        self.folder, self.port, self.redis_port = folder, free_port(), free_port()
        self.url, self.redis_url = f"http://127.0.0.1:{self.port}", f"redis://127.0.0.1:{self.redis_port}/0"
        self.gate = folder / "gate"
        self.gate.mkdir()
        self._redis = ExitStack()
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._seen: set[psutil.Process] = set()
        self.commands = {**read_procfile(PROJECT / "Procfile"), "held worker": HELD_WORKER}
        told = {
            "log_level": "info",
            "temp_folder": folder / "temp",
            **settings,
            "data_dir": folder,
            "database_url": database_url,
        }
        self._environ = with_our_programs(os.environ) | {
            **{name.upper(): str(value) for name, value in told.items()},
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "GATE": str(self.gate),
            "PYTHONPATH": str(PROJECT),
            **environ,
        }
        self.app = create_app(**{**told, "log_level": "warning", "redis_url": self.redis_url})

    # -- Processes -----------------------------------------------------------------------------------------------------

    def start(self, *names: str, ready: bool = True) -> None:
        """Start lines of the Procfile; a second process of the same line is called "worker 2"."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self._parts[name] = subprocess.Popen(
                    self.commands[re.sub(r" \d$", "", name)],
                    cwd=PROJECT,
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                    preexec_fn=bound_to_us(),
                )
        if ready and "web" in names:
            self.wait_for_web()

    def wait_for_web(self) -> None:
        wait_until(self._answers, PATIENCE, "the sign-in page")

    def _answers(self) -> bool:
        assert self._parts["web"].poll() is None, self.log("web")
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        return False

    def children(self, name: str) -> list[psutil.Process]:
        """What a process has forked: a worker forks one for each report."""
        children = psutil.Process(self.pid(name)).children(recursive=True) if self.is_running(name) else []
        self._seen.update(children)
        return children

    def pid(self, name: str) -> int:
        return self._parts[name].pid

    def is_running(self, name: str) -> bool:
        return name in self._parts and self._parts[name].poll() is None

    def stop(self, *names: str) -> None:
        """Ask the processes to end, as a supervisor would, and wait until they have."""
        for name in names:
            self.children(name)
            self._parts[name].terminate()
        for name in names:
            stop(self._parts.pop(name), grace=PATIENCE)

    def kill(self, name: str, *, family: bool = True) -> None:
        """kill -9, with the children or leaving them orphans."""
        children = self.children(name)
        process = self._parts.pop(name)
        process.kill()
        process.wait()
        if family:
            self._end(children)

    @staticmethod
    def _end(processes: list[psutil.Process]) -> None:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, PATIENCE)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """The process stands still, as if its machine were very busy."""
        os.kill(self.pid(name), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid(name), signal.SIGCONT)

    def go_on(self) -> None:
        """Whatever stands still goes on."""
        for name in filter(self.is_running, self._parts):
            for process in [*self.children(name), psutil.Process(self.pid(name))]:
                process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Leave nothing running, whatever the test did."""
        for name in list(self._parts):
            self.kill(name)
        self._end(list(self._seen))
        self._redis.close()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    # -- Redis ---------------------------------------------------------------------------------------------------------

    def start_redis(self) -> None:
        """Redis on the port that everybody knows, with the data it had."""
        self._redis.enter_context(redis_server(self.folder / "redis", self.redis_port))

    def stop_redis(self) -> None:
        self._redis.close()

    @property
    def redis(self) -> "Redis[Any]":
        return Redis.from_url(self.redis_url)

    def redis_is_up(self) -> bool:
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def wait_for_listeners(self, number: int = 1) -> None:
        """Until so many workers have nothing to do but to wait for a job."""

        def listening() -> int:
            return sum(1 for client in self.redis.client_list() if client["cmd"] == "blpop")

        wait_until(lambda: listening() == number, PATIENCE, "waiting workers")

    # -- Holding a report half-way -------------------------------------------------------------------------------------

    def hold(self, place: str) -> None:
        """Every report that a held worker makes stops at `place` (see held_worker.py) until release()."""
        (self.gate / place).touch()

    def wait_for_held(self, place: str) -> int:
        """The process that stands at `place`, once there is one."""
        found = wait_until(lambda: list(self.gate.glob(f"{place}.*")), PATIENCE, f"a report held at {place}")
        return int(found[0].suffix[1:])

    def release(self) -> None:
        for mark in self.gate.iterdir():
            mark.unlink(missing_ok=True)

    # -- What there is to see ------------------------------------------------------------------------------------------

    def status(self, report_id: str) -> str:
        with self.app.app_context():
            status: str = db.session.scalars(select(Report.status).where(Report.id == report_id)).one()
            return status

    def wait_for_status(self, report_id: str, status: str, seconds: float = PATIENCE) -> None:
        wait_until(lambda: self.status(report_id) == status, seconds, f"a report that is {status}")

    def stored(self) -> list[Path]:
        """Everything in the store, half-written files too."""
        return sorted(path for path in (self.folder / "files").rglob("*") if path.is_file())

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def logs(self) -> dict[str, str]:
        return {path.name: path.read_text(errors="replace") for path in self.folder.rglob("*.log")}


@contextmanager
def running(
    folder: Path, database_url: str, environ: Mapping[str, str] = MappingProxyType({}), **settings: object
) -> Iterator[Stack]:
    """A stack on a migrated database, with Redis up and nothing else started yet."""
    stack = Stack(folder, database_url, environ, **settings)
    try:
        stack.start_redis()
        yield stack
    finally:
        stack.close()


def all_values(redis: "Redis[Any]") -> dict[str, str]:
    """Every key of a Redis and whatever it holds, as text; what RQ has compressed is unpacked."""
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": lambda key: [redis.get(key)],
        b"hash": lambda key: [part for pair in redis.hgetall(key).items() for part in pair],
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": lambda key: [part for _, pairs in redis.xrange(key) for pair in pairs.items() for part in pair],
    }
    found = {}
    for key in redis.scan_iter():
        kind = redis.type(key)
        if kind != b"none":
            found[key.decode()] = " ".join(_unpacked(value) for value in readers[kind](key) if value is not None)
    return found


def _unpacked(value: bytes) -> str:
    for decode in (bytes, partial(base64.b64decode, validate=True)):
        with suppress(zlib.error, binascii.Error):
            return zlib.decompress(decode(value)).decode(errors="replace")
    return value.decode(errors="replace")
