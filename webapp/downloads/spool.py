"""Copies of files on this machine's disk that were fetched or made a moment ago, each checked whenever it is opened.

All processes of a machine share one folder. One of them at a time fetches an object, by a lock of the operating system
that ends with its holder; the others wait and then find the copy. A copy is named by its SHA-256, lives for two
minutes after its last use, and goes earlier where there is no more room.
"""

import errno
import fcntl
import io
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from webapp import clock
from webapp.clock import Deadline
from webapp.errors import StorageBroken, StoreFault
from webapp.storage.measure import Measured, Measuring, chunks_of, measure

LIFETIME = 120.0
"""Seconds that an unused copy stays: long enough for a crowd that wants one file, and not a second store."""

IN_MEMORY = 2 * 1024 * 1024
"""Bytes up to which a file needs no disk."""

LONGEST_MAKING = 600.0
"""Seconds after which a copy that is still being made belongs to a process that was killed."""

PART = ".part"
"""The end of the name of a copy that is being made; before it stands how many bytes it will have."""

_LOOK_AGAIN = 0.05
_LOCKS = 256


class TurnNotHad(Exception):
    """Somebody else was busy with this object for all of the deadline."""


class Spool:
    """The folder, which is made when first needed, and holds at most `room` bytes."""

    def __init__(self, folder: Path, room: int, lifetime: float = LIFETIME) -> None:
        self.folder, self._room, self._lifetime = folder, room, lifetime
        self._cleaning: threading.Timer | None = None

    @contextmanager
    def turn(self, sha256: str, deadline: Deadline) -> Iterator[None]:
        """Hold the right to fetch or make this file here, alone on this machine. Raises TurnNotHad.

        Where there is a copy by now, nobody waits: to read and check a large one takes a while, and any number may do
        so at once. Where the folder cannot be used there are no turns: better that two fetch than that nobody can.
        """
        handle = self._lock_of(sha256)
        try:
            while handle is not None and not (self.folder / sha256).exists() and not _locked(handle):
                if deadline.has_passed:
                    raise TurnNotHad
                time.sleep(_LOOK_AGAIN)
            yield
        finally:
            if handle is not None:
                os.close(handle)

    def find(self, sha256: str, size: int) -> BinaryIO | None:
        """The copy of that file, from its start, where there is a right one."""
        path = self.folder / sha256
        try:
            copy = path.open("rb")
        except OSError:
            return None
        found = measure(copy)
        if (found.sha256, found.size) == (sha256, size):
            with suppress(OSError):
                _used_now(path)
            return copy
        copy.close()
        path.unlink(missing_ok=True)
        return None

    def fill(self, chunks: Iterable[bytes], *, size: int, sha256: str) -> tuple[Measured, BinaryIO]:
        """Take in at most `size` bytes, and one more to know of it; what they are, and they from their start.

        They are kept as a copy where they have the SHA-256. Raises StorageBroken ("full") where a disk is needed and
        has no room, and whatever the chunks raise.
        """
        if size > self._room:
            raise StorageBroken("the file is larger than SPOOL_MB", why="full", is_ours=True)
        measuring = Measuring()
        passing = measuring.passing(_at_most(chunks, size + 1))
        start = _first_of(passing)
        if len(start) < IN_MEMORY:
            stream: BinaryIO = io.BytesIO(start)
            if measuring.so_far.sha256 == sha256:
                with suppress(StorageBroken):
                    self._written([start], sha256, size, measuring).close()
        else:
            stream = self._written(chain([start], passing), sha256, size, measuring)
        stream.seek(0)
        return measuring.so_far, stream

    def keep(self, stream: BinaryIO, size: int, sha256: str) -> None:
        """Keep a copy of a file that was drawn just now, where there is room; the stream is at its start again."""
        with suppress(StorageBroken):
            measuring = Measuring()
            self._written(measuring.passing(chunks_of(stream)), sha256, size, measuring).close()
        stream.seek(0)

    def clean(self) -> None:
        """Remove what nobody has used for long."""
        self._make_room()

    def look_after(self) -> None:
        """Clean, and again in a while as long as there is anything: what another process left, too."""
        self._cleaning = None
        with suppress(OSError):
            self.clean()
            if any(self.folder.glob("[0-9a-f]*")):
                self._clean_later()

    def _written(self, chunks: Iterable[bytes], sha256: str, size: int, measuring: Measuring) -> BinaryIO:
        """The bytes as a file; it keeps its name only where they are what they should be."""
        part = self.folder / f"{sha256}.{os.getpid()}.{threading.get_ident()}.{size}{PART}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")
            try:
                if not self._make_room():
                    raise StorageBroken("copies being made take all of SPOOL_MB", why="full", is_ours=True)
                file.writelines(chunks)
                file.flush()
                if measuring.so_far.sha256 == sha256:
                    _used_now(part)
                    part.replace(self.folder / sha256)
                    self._clean_later()
            except BaseException:
                with suppress(OSError):
                    file.close()
                raise
            finally:
                part.unlink(missing_ok=True)
        except OSError as fault:
            why: StoreFault = "full" if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "failing"
            told = f"the temporary folder: {os.strerror(fault.errno or 0)}"
            raise StorageBroken(told, why=why, is_ours=True) from fault
        return file

    def _lock_of(self, sha256: str) -> int | None:
        # So many locks for all files: a lock file for each could not be removed while somebody waits for it.
        name = f"lock-{int(sha256[:8], 16) % _LOCKS:03d}"
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return None

    def _make_room(self) -> bool:
        """Remove copies, the longest unused first: those past their time, and as many more as those that are being
        made need; whether all of these have room. One that is being sent goes on being sent: its bytes go when it is
        closed."""
        now = clock.now().timestamp()
        copies, free = [], self._room
        for path in self.folder.glob("[0-9a-f]*"):
            with suppress(OSError):
                stat = path.stat()
                if path.suffix != PART:
                    copies.append((stat.st_mtime, stat.st_size, path))
                    free -= stat.st_size
                elif now - stat.st_mtime < LONGEST_MAKING:
                    free -= int(path.name.split(".")[-2])
                else:
                    # Of a process that was killed.
                    path.unlink(missing_ok=True)
        for used, size, path in sorted(copies):
            if free >= 0 and now - used < self._lifetime:
                break
            path.unlink(missing_ok=True)
            free += size
        return free >= 0

    def _clean_later(self) -> None:
        if self._cleaning is None or not self._cleaning.is_alive():
            self._cleaning = threading.Timer(self._lifetime + 1, self.look_after)
            self._cleaning.daemon = True
            self._cleaning.start()


def _at_most(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """So many bytes and no more: whoever sends without end is not listened to."""
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def _first_of(chunks: Iterator[bytes]) -> bytes:
    """As much as may be held in memory, or a little more."""
    start = bytearray()
    for chunk in chunks:
        start += chunk
        if len(start) >= IN_MEMORY:
            break
    return bytes(start)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _used_now(path: Path) -> None:
    now = clock.now().timestamp()
    os.utime(path, (now, now))
