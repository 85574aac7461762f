"""Keeps the Procfile's processes running: starts each, shows its output, starts it again when it dies.

    python -m tools.supervisor [--grace SECONDS] [name ...]

runs the named lines of the Procfile, or all but `release`, on a plain machine or in a container. A line is split into
words as a shell would, but no shell runs it: no variables, no pipes.
"""

import argparse
import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.console import Console
from tools.processes import Refused, adopt_orphans, bound_to_us, children, kill_children

# Seconds. A process that dies is started again almost at once, then ever later, up to the longest pause; one that has
# run for `STEADY` is forgiven its past.
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.2, 5.0, 10.0
GRACE = 10.0


class Stopped(Exception):
    """Somebody asked us to stop while we waited for something."""


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Name to command, in the file's order. Raises Refused where a line is not `name: command`."""
    lines = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, command = line.partition(":")
            if not name.strip() or not command.strip():
                raise Refused(f"{path.name} has a line that is not 'name: command': {line}")
            lines[name.strip()] = shlex.split(command)
    return lines


@dataclass
class _Kept:
    """A process that we keep. `last` ones are stopped after the others, which need them to end well."""

    name: str
    command: Sequence[str]
    last: bool
    pass_fds: tuple[int, ...]
    wanted: bool = True
    process: asyncio.subprocess.Process | None = None
    keeper: asyncio.Task[None] | None = None

    def signal(self, number: int) -> None:
        if self.process:
            _signal_group(self.process, number)


@dataclass
class Supervisor:
    """Lives in the event loop of a main thread, as children die with the thread that started them. All children of the
    process are taken for its own: it waits for those that die, and leaves none when it stops."""

    console: Console
    environ: Mapping[str, str]
    folder: Path
    grace: float = GRACE
    asked_to_stop: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: list[_Kept] = field(default_factory=list)
    _started: list[asyncio.subprocess.Process] = field(default_factory=list)
    _starting: int = 0

    def take_charge(self) -> None:
        """SIGINT, SIGTERM and SIGHUP set `asked_to_stop`, a second one cuts the grace short; and what our processes
        leave behind becomes ours to stop."""
        adopt_orphans()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._bury_orphans)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                asyncio.get_running_loop().add_signal_handler(number, self._on_signal)

    def _bury_orphans(self) -> None:
        """Wait for the dead that we adopted, which would stay in the process table for as long as we live. Those that
        we started are asyncio's to wait for: it would miss their exit codes."""
        if self._starting:
            # One of the children may be ours without our knowing its number yet; _spawn() comes back here.
            return
        self._started = [process for process in self._started if process.returncode is None]
        for pid in set(children()) - {process.pid for process in self._started}:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)

    def _on_signal(self) -> None:
        if self.asked_to_stop.is_set():
            self.grace = 0
            for kept in self._kept:
                kept.wanted = False
                kept.signal(signal.SIGKILL)
        self.asked_to_stop.set()

    def keep(self, name: str, command: Sequence[str], last: bool = False, pass_fds: tuple[int, ...] = ()) -> None:
        """Start a process, and start it again whenever it ends, until stop(). Raises Refused when there is no such
        program."""
        if not shutil.which(command[0], path=self.environ.get("PATH")):
            raise Refused(f"{name} needs the program {command[0]}, which is not installed. Run make setup.")
        kept = _Kept(name, command, last, pass_fds)
        kept.keeper = asyncio.create_task(self._keep(kept))
        self._kept.append(kept)

    async def _keep(self, kept: _Kept) -> None:
        pause = FIRST_PAUSE
        async with _pipe(lambda text: self.console.line(kept.name, text)) as output:
            while kept.wanted and not self.asked_to_stop.is_set():
                started = time.monotonic()
                ending = await self._run(kept, output)
                if kept.wanted and not self.asked_to_stop.is_set():
                    pause = FIRST_PAUSE if time.monotonic() - started > STEADY else pause
                    self.console.line(kept.name, f"{ending}; starting it again in {pause:g} s")
                    await self._pause(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    async def _run(self, kept: _Kept, output: int) -> str:
        """Run it to its end once. How that went, in words."""
        try:
            kept.process = await self._spawn(kept.command, output, kept.pass_fds)
        except (OSError, subprocess.SubprocessError) as fault:
            # Such as a program that is missing while it is being replaced.
            return f"could not be started ({fault})"
        if not kept.wanted:
            kept.signal(signal.SIGTERM)
        code = await kept.process.wait()
        # What it started in its own group would hold its port; a worker's job has a group of its own.
        kept.signal(signal.SIGTERM)
        kept.process = None
        return _ending(code)

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until we are asked to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.asked_to_stop.wait(), seconds)

    async def once(self, command: Sequence[str], each_line: Callable[[str], None]) -> int:
        """Run a command to its end. Returns its exit code. Raises Stopped."""
        async with _pipe(each_line) as output:
            process = await self._spawn(command, output)
            ended = asyncio.create_task(process.wait())
            asked = asyncio.create_task(self.asked_to_stop.wait())
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            if ended.done():
                return await ended
            _signal_group(process, signal.SIGTERM)
            await asyncio.wait({ended}, timeout=self.grace)
            _signal_group(process, signal.SIGKILL)
            await ended
            raise Stopped

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether `condition` came true within `seconds`. It is asked in a thread, so that output flows on meanwhile.
        Raises Stopped."""
        deadline = time.monotonic() + seconds
        while not self.asked_to_stop.is_set():
            if await asyncio.to_thread(condition):
                return True
            if time.monotonic() > deadline:
                return False
            await self._pause(0.1)
        raise Stopped

    async def stop(self) -> None:
        """Ask all to end, those marked `last` after the others; kill what is left after the grace, and whatever the
        processes left behind."""
        self.asked_to_stop.set()
        for last in (False, True):
            batch = [kept for kept in self._kept if kept.last == last]
            for number in (signal.SIGTERM, signal.SIGKILL):
                for kept in batch:
                    kept.wanted = False
                    kept.signal(number)
                keepers = [kept.keeper for kept in batch if kept.keeper and not kept.keeper.done()]
                if keepers:
                    await asyncio.wait(keepers, timeout=self.grace if number == signal.SIGTERM else None)
        kill_children()

    async def _spawn(
        self, command: Sequence[str], output: int, pass_fds: tuple[int, ...] = ()
    ) -> asyncio.subprocess.Process:
        self._starting += 1
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.folder,
                env=self.environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
                pass_fds=pass_fds,
                preexec_fn=bound_to_us(),
            )
            self._started.append(process)
            return process
        finally:
            self._starting -= 1
            self._bury_orphans()


def _signal_group(process: asyncio.subprocess.Process, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


@asynccontextmanager
async def _pipe(each_line: Callable[[str], None]) -> AsyncIterator[int]:
    """The writing end of a pipe whose lines go to `each_line`.

    It is ours, not a process's, as a grandchild may hold it long after the process that we wait for has ended.
    """
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0)
    )
    pump = asyncio.create_task(_pump(reader, each_line))
    try:
        yield writing
    finally:
        os.close(writing)
        await asyncio.wait({pump}, timeout=1)
        pump.cancel()
        transport.close()


async def _pump(reader: asyncio.StreamReader, each_line: Callable[[str], None]) -> None:
    rest = b""
    while data := await reader.read(65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            each_line(line.decode(errors="replace"))
    if rest:
        each_line(rest.decode(errors="replace"))


def with_our_programs(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ`, with the programs beside our Python (flask, gunicorn) found first; output comes line by line."""
    path = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
    return {**environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


async def _supervise(names: Sequence[str], grace: float) -> None:
    procfile = read_procfile(Path("Procfile"))
    for name in names:
        if name not in procfile:
            raise Refused(f"The Procfile has no line {name!r}: it has {', '.join(procfile)}.")
    with Console() as console:
        supervisor = Supervisor(console, with_our_programs(os.environ), Path.cwd(), grace)
        supervisor.take_charge()
        try:
            for name in names or [name for name in procfile if name != "release"]:
                supervisor.keep(name, procfile[name])
            await supervisor.asked_to_stop.wait()
        finally:
            await supervisor.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.supervisor", description="Keep the Procfile's processes running."
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help="a line of the Procfile; all but release if none is given"
    )
    parser.add_argument(
        "--grace", type=float, default=GRACE, help="seconds between asking a process to end and killing it"
    )
    given = parser.parse_args()
    try:
        asyncio.run(_supervise(given.names, given.grace))
    except Refused as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
