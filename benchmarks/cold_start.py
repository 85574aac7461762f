"""From `make run` in a fresh clone to a sign-in page that is served, and the same again when all is there.

The clone lies in a temporary folder and has no virtual environment and no data; packages come from pip's cache where
pip has them.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.processes import bound_to_us, free_port, stop, wait_until
from tools.run import page_answers
from webapp.settings import PROJECT, Settings

LONGEST = 900
WARM_STARTS = 3
OUTSIDE = {"VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", *map(str.upper, Settings.__slots__)}


def main() -> str:
    """A Markdown table in seconds, or a line that says why there is none."""
    with TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        clone = Path(name) / "clone"
        cloned = subprocess.run(["git", "clone", "-q", PROJECT, clone], capture_output=True, text=True, check=False)
        if cloned.returncode:
            return f"**Not measured: a clone could not be made** ({cloned.stderr.strip()})."
        try:
            cold = _seconds_to_the_page(clone)
        except RuntimeError as fault:
            return f"**Not measured: `make run` ended before there was a page** ({fault})."
        warm = [_seconds_to_the_page(clone) for _ in range(WARM_STARTS)]
    return "\n".join(
        [
            "| `make run` | seconds to a served sign-in page |",
            "| --- | ---: |",
            f"| cold: installs, builds the fonts, migrates, makes the demo clinics | {cold:.1f} |",
            f"| warm: the quickest and the slowest of {WARM_STARTS} | {min(warm):.1f} to {max(warm):.1f} |",
        ]
    )


def _seconds_to_the_page(clone: Path) -> float:
    """Start it, wait for the page, stop it. Raises RuntimeError when it ends by itself."""
    port = free_port()
    # Settings of Python's, too, would change what is measured: one of them forbids it to keep what it has compiled.
    environ = {name: value for name, value in os.environ.items() if name not in OUTSIDE and name[:6] != "PYTHON"}
    began = time.monotonic()
    with (clone.parent / "said").open("w+") as said:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env={**environ, "PORT": str(port)},
            stdout=said,
            stderr=said,
            process_group=0,
            preexec_fn=bound_to_us(),
        )
        try:
            wait_until(
                lambda: process.poll() is not None or page_answers(f"http://127.0.0.1:{port}"), LONGEST, "a page"
            )
            seconds = time.monotonic() - began
            if process.poll() is not None:
                said.seek(0)
                raise RuntimeError(" ".join(said.read().split())[-300:])
            return seconds
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            stop(process, signal.SIGINT, grace=60)
