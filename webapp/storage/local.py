"""Files in a folder: the default, for one machine."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from webapp.errors import StorageBroken, StorageMissing


class LocalStorage:
    """Objects as files below `folder`, which is made when it is first written to."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str) -> None:
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
                            raise StorageBroken("the source was shorter or longer than it said")
                    Path(name).replace(path)
                except BaseException:
                    Path(name).unlink(missing_ok=True)
                    raise
        except OSError as fault:
            raise StorageBroken(f"writing a file failed: {_told(fault)}") from fault

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as fault:
            raise StorageMissing("no such file") from fault
        except OSError as fault:
            raise StorageBroken(f"reading a file failed: {_told(fault)}") from fault

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as fault:
            raise StorageBroken(f"removing a file failed: {_told(fault)}") from fault

    def _path(self, key: str) -> Path:
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise StorageMissing("a key outside the folder")
        return path


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


def _told(fault: OSError) -> str:
    """The cause without the path, which a log does not need."""
    return os.strerror(fault.errno) if fault.errno else type(fault).__name__
