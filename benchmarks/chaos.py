"""Reports asked for while workers are killed with -9 and Redis is emptied: how many are lost, how many made twice."""

import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._demo import demo_database
from tests import chaos
from tests.stack import running

REPORTS, KILLS, FLUSHES = 300, 100, 10
SETTINGS = {"lease_seconds": 5, "sweep_seconds": 2, "takeovers": 10, "log_level": "warning"}


def main(reports: int = REPORTS, kills: int = KILLS, flushes: int = FLUSHES) -> str:
    """A Markdown table of one run with a fixed seed."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with running(folder, demo_database(folder), **SETTINGS) as stack:
            began = time.monotonic()
            account = chaos.wreak(stack, reports=reports, kills=kills, flushes=flushes, seed=1)
            seconds = time.monotonic() - began
        shutil.rmtree(folder / "files", ignore_errors=True)
    return "\n".join(
        [
            f"Two workers; {kills} kills of a worker, of its report's process, of both, or of the watch, always with a "
            f"report in hand; {flushes} FLUSHALL; {reports // 4} copies of jobs planted.",
            "",
            "| reports asked for | lost | made twice | other faults | taken over | seconds |",
            "| ---: | ---: | ---: | ---: | ---: | ---: |",
            f"| {account.tried} | {account.lost} | {account.duplicated} | {len(account.faults)} | {account.takeovers} "
            f"| {seconds:.0f} |",
        ]
    )
