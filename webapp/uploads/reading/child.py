"""The process that reads a file: `python -m webapp.uploads.reading.child PATH SUFFIX LIMIT ...`.

It holds itself to its limits before it opens the file, writes its answer to standard output, and ends with 0; or the
system ends it. Its imports are few, because it is started for each file.
"""

import gc
import math
import resource
import signal
import sys
from pathlib import Path

from webapp.errors import SheetRefused
from webapp.uploads.reading import FOUND, OUT_OF_MEMORY, REFUSED
from webapp.uploads.reading.kinds import kind_of
from webapp.uploads.reading.limits import TEXT, Limits
from webapp.uploads.workbook import TooLong, Workbook


def main() -> int:
    path, suffix, *words = sys.argv[1:]
    _hold_to(Limits.of(words))
    # Rows upon rows of plain values hold no circles, and looking for some takes a third of the time.
    gc.disable()
    try:
        answer = FOUND + read_here(Path(path), suffix).pack(most=TEXT)
    except SheetRefused as fault:
        answer = REFUSED + f"{fault}\n{fault.plain}".encode(errors="replace")
    except TooLong:
        sentence = f"This file holds more than {TEXT // 1_000_000} million characters. Split it into smaller files."
        answer = REFUSED + f"characters\n{sentence}".encode()
    except MemoryError:
        return OUT_OF_MEMORY
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


def _hold_to(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_FSIZE, limits.answer),
    ):
        # Of CPU the soft limit alone, whose signal tells what it was for; nothing here catches it.
        _, ceiling = resource.getrlimit(what)
        most = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(what, (most, ceiling if what == resource.RLIMIT_CPU else most))
    # Whoever started us ends us at the same moment, unless it is gone itself.
    signal.alarm(math.ceil(limits.seconds))


def read_here(path: Path, suffix: str) -> Workbook:
    """The file, read by this very process. Raises SheetRefused."""
    kind = kind_of(path, suffix)
    # Each brings libraries that the other does not need.
    if kind == "xlsx":
        from webapp.uploads.reading.xlsx import read_xlsx

        return read_xlsx(path, suffix)
    from webapp.uploads.reading.delimited import read_delimited

    return read_delimited(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
