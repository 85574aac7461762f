"""worker.py, except that a report stops where the test holds it: at a place whose name is a file in the folder GATE.

reading  before the figures are counted     drawing  before the file is drawn
storing  before the file is stored          ending   when all is done but the row does not say so yet
"""

import os
import runpy
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.processes import wait_until
from webapp import content
from webapp.generate import drawing
from webapp.generate.claim import Claim
from webapp.settings import PROJECT
from webapp.storage.local import LocalStorage

GATE = Path(os.environ["GATE"])
# Longer than a test waits for several things in turn.
LONGEST = 600


def held(place: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which waits while the gate's file is there, and leaves a mark with its process's number."""

    def waiting(*given: Any, **named: Any) -> Any:
        if (GATE / place).exists():
            # As a library leaves behind that is killed in the middle of its work.
            tempfile.mkstemp()
            (GATE / f"{place}.{os.getpid()}").touch()
            wait_until(lambda: not (GATE / place).exists(), LONGEST, f"the release of {place}")
        return function(*given, **named)

    return waiting


if __name__ == "__main__":
    content.build = held("reading", content.build)
    drawing.draw = held("drawing", drawing.draw)
    LocalStorage.put = held("storing", LocalStorage.put)  # type: ignore[method-assign]
    os.fsync = held("writing", os.fsync)
    Claim.succeed = held("ending", Claim.succeed)  # type: ignore[method-assign]
    runpy.run_path(str(PROJECT / "worker.py"), run_name="__main__")
