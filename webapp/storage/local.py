"""Files in a folder: the default, for one machine."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing
from webapp.storage.store import Incoming, Stored

CHUNK = 1024 * 1024


class LocalStorage:
    """Objects as files below `folder`, which is made when it is first written to."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        path = self._path(key)
        source.seek(0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _writing_in(path.parent):
                handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
                try:
                    with os.fdopen(handle, "wb") as file:
                        shutil.copyfileobj(source, file)
                        file.flush()
                        os.fsync(file.fileno())
                        if file.tell() != size:
                            raise StorageBroken("the source was shorter or longer than it said", why="altered")
                    Path(name).replace(path)
                except BaseException:
                    Path(name).unlink(missing_ok=True)
                    raise
        except OSError as fault:
            raise _broken("writing", fault) from fault

    def open(self, key: str) -> BinaryIO:
        """The file itself, unchecked, to be closed by who asks. Raises StorageMissing."""
        try:
            return self._path(key).open("rb")
        except (FileNotFoundError, NotADirectoryError) as fault:
            raise StorageMissing("no such file") from fault
        except OSError as fault:
            raise _broken("reading", fault) from fault

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with self.open(key) as file:
            yield Incoming(_chunks(file, deadline), os.fstat(file.fileno()).st_size, None)

    def read_signed(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        raise CannotSign("a folder has no URLs")

    def signed_url(self, key: str, *, seconds: int) -> str:
        raise CannotSign("a folder has no URLs")

    def stat(self, key: str) -> Stored:
        with self.open(key) as file:
            return Stored(key, os.fstat(file.fileno()).st_size, None)

    def list(self, folder: str = "reports") -> Iterator[Stored]:
        try:
            for inner in _sorted(self.folder / folder):
                for path in _sorted(inner):
                    # What is removed while we list was not there, and half of a file is none yet.
                    with suppress(FileNotFoundError):
                        if not path.name.startswith("."):
                            yield Stored(f"{folder}/{inner.name}/{path.name}", path.stat().st_size, None)
        except OSError as fault:
            raise _broken("listing", fault) from fault

    def delete(self, key: str) -> None:
        path = self._path(key)
        if not self.folder.is_dir():
            # Another machine may have it, and with it the file.
            raise StorageBroken("the folder is not on this machine", why="unreachable")
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as fault:
            raise _broken("removing", fault) from fault

    def _path(self, key: str) -> Path:
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise StorageMissing("a key outside the folder")
        return path


def _sorted(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing where that is no folder, or gone."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _chunks(file: BinaryIO, deadline: Deadline) -> Iterator[bytes]:
    try:
        while chunk := file.read(CHUNK):
            yield chunk
            if deadline.has_passed:
                raise StorageBroken("reading a file took too long", why="slow")
    except OSError as fault:
        raise _broken("reading", fault) from fault


@contextmanager
def _writing_in(folder: Path) -> Iterator[None]:
    """For as long as somebody writes in a folder they share its lock. Who can have the lock alone is the only one, so
    the half-written files there are of writers that were killed, and go."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Not every file system has such locks; without them nothing is cleared away, and nothing else changes.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _broken(what: str, fault: OSError) -> StorageBroken:
    """The cause without the path, which a log does not need."""
    told = os.strerror(fault.errno) if fault.errno else type(fault).__name__
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageBroken(f"{what} a file failed: {told}", why="full")
    if fault.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageBroken(f"{what} a file failed: {told}", why="refused")
    return StorageBroken(f"{what} a file failed: {told}")
