"""From the click on Generate to a report that is ready, for each template and format, beside a job that does nothing.

Everything runs as in production: gunicorn, one forking worker, the watch, a Redis of its own; and the demo clinics on
SQLite. The moment before the form is sent is compared with the moment that the row became ready. The job that does
nothing runs in a plain worker of RQ, on the same Redis, in turn with the reports: the floor under what a queued job can
take.
"""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from rq import Queue
from sqlalchemy import select

from benchmarks._demo import demo_database
from tests.stack import PATIENCE, Stack, running
from tests.visitor import Visitor
from tools.processes import bound_to_us, stop, wait_until
from webapp import clock
from webapp.accounts.demo_people import DEMO_PEOPLE, PASSWORD
from webapp.content import CATALOGUE
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.models import Report, Visit

TIMES = 20
WARM_UP = 2


def main(times: int = TIMES) -> str:
    """A Markdown table: milliseconds, and how many times the job that does nothing."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with running(folder, demo_database(folder), log_level="warning") as stack:
            stack.start("web", "worker", "watch")
            manager = next(person for person in DEMO_PEOPLE if person.role == "manager")
            return _table(*_measured(stack, Visitor(stack.url, manager.email, PASSWORD), times), _visits(stack))


Times = list[float]


def _measured(stack: Stack, visitor: Visitor, times: int) -> tuple[dict[tuple[str, str], Times], Times]:
    """Milliseconds of each template and format, and of the job that does nothing."""
    combinations = [(template, format_name) for template in CATALOGUE for format_name in FORMATS]
    reports: dict[tuple[str, str], Times] = {combination: [] for combination in combinations}
    nothing: Times = []
    worker = subprocess.Popen(
        [sys.executable, "-m", "rq.cli", "worker", "--quiet", "--url", stack.redis_url, "nothing"],
        preexec_fn=bound_to_us(),
    )
    try:
        for turn in range(-WARM_UP, times):
            milliseconds = _nothing(stack)
            if turn >= 0:
                nothing.append(milliseconds)
            for combination in combinations:
                milliseconds = _report(stack, visitor, *combination)
                if turn >= 0:
                    reports[combination].append(milliseconds)
    finally:
        stop(worker)
    return reports, nothing


def _report(stack: Stack, visitor: Visitor, template: str, format_name: str) -> float:
    clicked = clock.now()
    report_id = visitor.ask(template, format_name, period="last_12_months")
    stack.wait_for_status(report_id, "ready")
    with stack.app.app_context():
        ready = db.session.scalars(select(Report.finished_at).where(Report.id == report_id)).one()
    assert ready is not None
    return (ready - clicked).total_seconds() * 1000


def _nothing(stack: Stack) -> float:
    began = clock.now()
    job = Queue("nothing", connection=stack.redis).enqueue("time.time")
    ended: datetime = wait_until(lambda: job.refresh() or job.ended_at, PATIENCE, "the end of nothing")
    return (ended.replace(tzinfo=ended.tzinfo or UTC) - began).total_seconds() * 1000


def _visits(stack: Stack) -> int:
    with stack.app.app_context():
        return db.session.query(Visit).count()


def _table(reports: dict[tuple[str, str], Times], nothing: Times, visits: int) -> str:
    floor = median(nothing)
    lines = [
        f"The last 12 months of a demo clinic ({visits:,} visits in the database), {len(nothing)} times each, after "
        f"{WARM_UP} rounds that do not count.",
        "",
        "| report | format | p50, ms | p95, ms | times the job that does nothing |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for (template, format_name), found in reports.items():
        title, label = CATALOGUE[template].title, FORMATS[format_name].label
        lines.append(f"| {title} | {label} | {median(found):.0f} | {_p95(found):.0f} | {median(found) / floor:.1f} |")
    lines.append(f"| a job that does nothing, in RQ alone | | {floor:.0f} | {_p95(nothing):.0f} | 1.0 |")
    return "\n".join(lines)


def _p95(found: Times) -> float:
    return quantiles(found, n=20, method="inclusive")[-1]
