"""Where what is not to last lies: each process has a folder of its own in TEMP_FOLDER, and leaves nothing there.

The folder is locked for as long as the process lives, or a fork of it. Such a lock ends with its holders, however they
end, so what nobody holds is the folder of a dead process, and is swept away by the next one that starts.
"""

import atexit
import fcntl
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from webapp.settings import BadSetting

PREFIX = "process-"


class _Own:
    """A new folder of this process in `base`, locked."""

    def __init__(self, base: Path) -> None:
        self.base = base
        with _alone_in(base):
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
            self.handle = os.open(self.path, os.O_RDONLY)
            # Not every file system has such locks. Then nothing can be swept there, and all else goes on.
            with suppress(OSError):
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


_base: Path | None = None
_own: _Own | None = None


def use(folder: Path) -> None:
    """Give this process a folder of its own in `folder`, where from now on every temporary file of ours and of our
    libraries is made, and sweep away those of dead processes. A second app in a process shares the first one's.

    Raises BadSetting where the folder cannot be had.
    """
    global _base
    try:
        _base = _safe(folder)
        if _own is None:
            _take(folder)
            atexit.register(_leave)
            sweep()
    except OSError as fault:
        raise BadSetting(
            f"TEMP_FOLDER {folder} cannot be used ({os.strerror(fault.errno or 0)}). "
            "Name a folder that this process may write, or may make."
        ) from fault


def renew() -> None:
    """After a fork: give this process a folder of its own as well, so that what it leaves goes when it is gone."""
    if _own is not None:
        # Where there is no room for another, the one of the process above serves.
        with suppress(OSError):
            _take(_own.base)


def sweep() -> None:
    """Remove the folders that nobody holds any more."""
    if _own is None:
        return
    with suppress(OSError), _alone_in(_own.base):
        for path in _own.base.glob(f"{PREFIX}*"):
            with suppress(OSError):
                _remove_if_left(path)


def spool_folder() -> Path:
    """The folder for copies of files on their way, which all processes of this machine share. Needs use().

    Raises BadSetting where it is not ours alone.
    """
    assert _base is not None, "temporary.use() comes first"
    folder = _base / "spool"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as fault:
        raise BadSetting(f"TEMP_FOLDER: {folder} cannot be made ({os.strerror(fault.errno or 0)}).") from fault
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise BadSetting(
            f"TEMP_FOLDER: {folder} is open to others than the user that this process runs as, and files of reports "
            "would lie in it. Remove it, or name another TEMP_FOLDER."
        )
    return folder


def _safe(folder: Path) -> Path:
    """The folder, made where it is not there. Whoever owns it could put other files in the place of ours."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid not in (0, os.geteuid()):
        raise BadSetting(
            f"TEMP_FOLDER {folder} belongs to another user than this process runs as. Run it as that user, or name "
            "another folder."
        )
    return folder


def _take(base: Path) -> None:
    global _own
    _own = _Own(base)
    tempfile.tempdir = str(_own.path)
    # SQLite sorts on disk in a folder that it has chosen before we could.
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"PRAGMA temp_store_directory = '{str(_own.path).replace(chr(39), chr(39) * 2)}'")


def _leave() -> None:
    """At the end of a process. A folder that others hold too, as forks of one process do, stays with them."""
    if _own is not None:
        os.close(_own.handle)
        sweep()


def _remove_if_left(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)
    finally:
        os.close(handle)


@contextmanager
def _alone_in(base: Path) -> Iterator[None]:
    """One at a time makes a folder here or sweeps, so that none is swept between its making and its lock."""
    handle = os.open(base, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
