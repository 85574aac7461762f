"""Runs a Python program, and writes down every path that it opens for writing, makes, renames or removes.

    python tests/watched.py PROGRAM ...

One path a line goes to the end of the file that WATCHED names, from forks of the program too. What a library in C does
by itself is not seen.
"""

import os
import runpy
import shutil
import sys
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which of an event's arguments are paths, and which are the folders that these are relative to, if they are.
PATHS = {
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((1, 3),),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
    "sqlite3.connect": ((0, None),),
}


def watch(record: int) -> None:
    """From now on and for ever: a hook cannot be taken away."""

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in PATHS:
            found = [(given[at], given[base] if base is not None else -1) for at, base in PATHS[event]]
        elif event == "open" and given[2] & WRITING:
            found = [(given[0], -1)]
        else:
            return
        for path, base in found:
            # What is open already was seen when it was opened.
            if not isinstance(path, int) and path != ":memory:":
                folder = os.readlink(f"/proc/self/fd/{base}") if base >= 0 else os.getcwd()
                os.write(record, f"{os.path.abspath(os.path.join(folder, os.fsdecode(path)))}\n".encode())

    sys.addaudithook(hook)


if __name__ == "__main__":
    # Python's own cache of compiled modules is no part of us, and does without a disk that it may write to.
    sys.dont_write_bytecode = True
    program, *sys.argv[1:] = sys.argv[1:]
    if os.path.basename(program).startswith("python"):
        program, *sys.argv[1:] = sys.argv[1:]
    sys.argv[0] = shutil.which(program) or program
    watch(os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT))
    runpy.run_path(sys.argv[0], run_name="__main__")
