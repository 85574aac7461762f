"""Children that cannot outlive us, and waiting for things with a deadline."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

# From linux/prctl.h.
_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36

# Loaded before any fork: a child between fork and exec must not open libraries.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Refused(Exception):
    """We cannot go on; the text is one plain sentence for the person at the terminal."""


def die_with_parent(number: int = signal.SIGTERM, parent: int | None = None) -> None:
    """Ask the kernel to send us `number` when the thread that started us is gone, even by kill -9. Linux only.

    `parent` is the process expected above us: if it has died before we could ask, we end here.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, number)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Grandchildren whose parent dies become our children, so that stop_children() finds them. Linux only."""
    if _LIBC is not None:
        _LIBC.prctl(_SET_CHILD_SUBREAPER, 1)


def bound_to_us(number: int = signal.SIGTERM) -> Callable[[], None]:
    """A preexec_fn: the child gets `number` when the calling thread ends."""
    us = os.getpid()
    return lambda: die_with_parent(number, us)


def children() -> list[int]:
    """Our direct children, dead ones not yet waited for included. Empty where there is no /proc."""
    us = str(os.getpid())
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The command's name stands in brackets and may hold spaces; the parent is the second word after it.
            if stat.read_text().rpartition(")")[2].split()[1] == us:
                found.append(int(stat.parent.name))
    return found


def kill_children() -> None:
    """Kill and wait for every child, and the children they leave to us, until none is left."""
    while left := children():
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def stop(process: subprocess.Popen[Any], number: int = signal.SIGTERM, grace: float = 10) -> None:
    """End one process politely, then by force after `grace` seconds."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], Any], seconds: float = 10, what: str = "condition") -> Any:
    """The first true value of `condition`. Raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:g} s")
        time.sleep(0.02)
    return value


def free_port() -> int:
    """A loopback TCP port that nobody has now, from below those that kernels give to outgoing connections: one of them
    would take it before its server does."""
    while port_in_use("127.0.0.1", port := random.SystemRandom().randrange(20_000, 32_768)):
        pass
    return port


def port_in_use(host: str, port: int) -> bool:
    """Whether a server could not bind there. Connections that are only closing do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
        return False
