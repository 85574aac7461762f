"""The file that somebody brings becomes a Workbook, or is refused in one sentence.

What reads it is another process with limits of its own, because a parser that meets a hostile file may take all memory,
never come back, or abort. It sees neither settings nor secrets, and says nothing but the Workbook or the sentence.

kinds.py      what a file is, by its content          zips.py   a zip before anything in it is believed
xlsx.py       a workbook, read by calamine            parts.py  its parts that name sheets and formats of cells
cells.py      what calamine does not tell of cells    delimited.py, letters.py  CSV: cells and characters
child.py      the other process                       limits.py what is too much
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from webapp.errors import SheetRefused
from webapp.uploads.reading.limits import Limits
from webapp.uploads.workbook import Workbook

PROJECT = Path(__file__).resolve().parents[3]

FOUND, REFUSED = b"W", b"R"
"""The first byte of an answer. Behind it a packed Workbook; or the kind of fault, a line end, the sentence."""

OUT_OF_MEMORY = 3
"""How the process that reads ends where Python itself finds no more memory; calamine aborts instead."""

_NEEDED_SETTINGS = ("PATH", "LANG", "LD_LIBRARY_PATH", "HOME", "TZ")
"""What a Python needs in order to start. Nothing else of our environment reaches the process that reads."""

_TOO_MUCH = (
    "This file needs more {what} than there is for reading one. Often a single cell far away from the others is the "
    "cause. Copy the table into a new workbook, save it as .xlsx, and upload that; or split it."
)


def read(path: Path, name: str, limits: Limits | None = None) -> Workbook:
    """The sheets of the file at `path`, which was called `name` by whoever brought it. Which kind of file it is, its
    content tells and never its name.

    Raises SheetRefused with a sentence for whoever brought it, within `limits.seconds`.
    """
    limits = limits or Limits()
    with tempfile.TemporaryFile(prefix="sheet-") as answer:
        status = _status_of_child(path, name, limits, answer)
        if status == 0:
            answer.seek(0)
            return _understood(answer)
    technical = f"the reader ended with {status}"
    if status in (None, -signal.SIGALRM, -signal.SIGXCPU):
        raise SheetRefused(technical, _TOO_MUCH.format(what="time"))
    if status in (OUT_OF_MEMORY, -signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGBUS):
        raise SheetRefused(technical, _TOO_MUCH.format(what="memory"))
    raise SheetRefused(technical)


def _status_of_child(path: Path, name: str, limits: Limits, answer: IO[bytes]) -> int | None:
    """How the process that reads has ended, as Popen tells it; None where its time was over. It is gone after this."""
    # A name may hold a patient's, and every user of a machine can read what processes are started with.
    told = [str(path.resolve()), Path(name).suffix.lower()[:6], *limits.as_words()]
    process = subprocess.Popen(  # noqa: S603 our own module, and a path of ours
        [sys.executable, "-m", "webapp.uploads.reading.child", *told],
        cwd=PROJECT,
        env={key: value for key, value in os.environ.items() if key in _NEEDED_SETTINGS or key.startswith("PYTHON")},
        stdin=subprocess.DEVNULL,
        stdout=answer,
        # What a parser says when it aborts may hold what it was reading.
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return _status_within(process, limits.seconds)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _status_within(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        # Popen's own waiting looks again after ever longer pauses, which takes as long as a small sheet.
        handle = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        # Another system than Linux, or a sandbox that does not know this call.
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.poll()
    try:
        select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
    return process.poll()


def _understood(answer: IO[bytes]) -> Workbook:
    kind, rest = answer.read(1), answer.read()
    if kind == FOUND:
        return Workbook.unpack(rest)
    technical, _, plain = rest.decode().partition("\n")
    raise SheetRefused(technical, plain)
