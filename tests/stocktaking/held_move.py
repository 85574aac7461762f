"""flask storage move, except that it stops for good at its second file, in the place named by HELD, and leaves a mark.

putting    before the object is in the bucket             rewriting   before its row is rewritten
committed  before its original is removed             removed     after that
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.cli import main

from webapp.stocktaking import rows
from webapp.storage.google import GoogleStorage
from webapp.storage.local import LocalStorage

calls = 0


def held(function: Callable[..., Any], *, after: bool = False) -> Callable[..., Any]:
    """`function`, which does not come to its second call, or not back from it."""

    def once(*given: Any, **named: Any) -> Any:
        global calls
        calls += 1
        if after:
            function(*given, **named)
        if calls == 2:
            Path(os.environ["MARK"]).touch()
            signal.pause()
        return None if after else function(*given, **named)

    return once


if __name__ == "__main__":
    match os.environ["HELD"]:
        case "putting":
            GoogleStorage.put = held(GoogleStorage.put)  # type: ignore[method-assign]
        case "rewriting":
            rows.rewrite = held(rows.rewrite)
        case "committed":
            LocalStorage.delete = held(LocalStorage.delete)  # type: ignore[method-assign]
        case "removed":
            LocalStorage.delete = held(LocalStorage.delete, after=True)  # type: ignore[method-assign]
    sys.argv = ["flask", "--app", "webapp", "storage", "move", *sys.argv[1:]]
    main()
