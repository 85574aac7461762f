"""The figures of each template on 100,000 patients and 1,000,000 visits, beside one scan of the visits, and pandas.

The floor is one sequential scan of the table of visits (SELECT count(*), sum(patient_id), with a condition that all
rows meet and no index may answer), on the same connection in turn with the figures. Pandas reads the rows that the
template is about, only the columns it needs, and counts the headline figures and the main tables (_by_pandas.py); they
must equal those of the report, or nothing is told. All is measured in a process of its own for each template and way.

Reports read the copies by column that the tick keeps (webapp/content/columns/), whose making is told beside the
tables; and once more without them, as in the minute after an import.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, func, make_url, select, text

from benchmarks import _large_clinic
from tests.apps import build_app, close
from tools.servers import postgres_server
from webapp import content
from webapp.content import CATALOGUE, sources
from webapp.content.periods import year_up_to
from webapp.content.question import Question
from webapp.extensions import db, snapshot
from webapp.figures import Content
from webapp.models import Clinic, ColumnPart
from webapp.settings import PROJECT

TIMES = 3
WAYS = ("build", "pandas")
SCAN = "SELECT count(*), sum(patient_id) FROM visits {hint} WHERE kind <> 'x'"

Found = dict[str, float]


def main() -> str:
    """A Markdown table for each database, or a line that says why there is none."""
    if find_spec("pandas") is None:
        return "**Not measured: pandas is not there.** `make bench` installs it."
    with TemporaryDirectory(prefix="bench-") as name, postgres_server() as server:
        folder = Path(name)
        with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("CREATE DATABASE large"))
        urls = {
            "SQLite": f"sqlite:///{folder / 'large.db'}",
            "PostgreSQL": make_url(server).set(database="large").render_as_string(hide_password=False),
        }
        kept = {name: _fill(folder, url) for name, url in urls.items()}
        told = (f"{name}; {kept[name]}:\n\n{_table(folder, url)}" for name, url in urls.items())
        return "\n\n".join(told) + f"\n\n{NOTE}"


NOTE = (
    f"The last 12 months against the 12 before, without filters; the best of {TIMES}. Without copies: in the minute "
    "after an import, or narrowed by a filter. More memory: how far the process grew above what it held at rest, at "
    "the highest; that of a PostgreSQL server is not in it."
)


def _fill(folder: Path, url: str) -> str:
    """Says what the copies take."""
    app = build_app(folder, url)
    with app.app_context():
        upgrade()
        _large_clinic.add()
        seconds = _seconds(sources.keep_up)
        size = db.session.scalar(select(func.sum(func.length(ColumnPart.numbers))))
        db.session.remove()
        if db.engine.dialect.name == "postgresql":
            # As autovacuum does in production; the server of the tests has none.
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    close(app)
    return f"copies of {size / 1e6:.0f} MB, made in {seconds:.1f} s"


def _outdate_copies(folder: Path, url: str) -> None:
    app = build_app(folder, url)
    with app.app_context():
        Clinic.records_changed(db.session.scalars(db.select(Clinic.id)).one())
        db.session.commit()
    close(app)


def _table(folder: Path, url: str) -> str:
    lines = [
        "| report | seconds | times one scan | without copies, times one scan | more memory, MB | pandas, seconds "
        "| pandas, times as long | pandas, more memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    found = {name: [_measured(folder, url, name, way) for way in WAYS] for name in CATALOGUE}
    _outdate_copies(folder, url)
    for name, (ours, theirs) in found.items():
        gathered = _measured(folder, url, name, "build")
        lines.append(
            f"| {CATALOGUE[name].title} | {ours['seconds']:.2f} | {ours['seconds'] / ours['scan']:.1f} "
            f"| {gathered['seconds'] / gathered['scan']:.1f} | {ours['grown']:.0f} | {theirs['seconds']:.2f} "
            f"| {theirs['seconds'] / ours['seconds']:.1f} | {theirs['grown']:.0f} |"
        )
    scans = [ours["scan"] for ours, _ in found.values()]
    lines.append(f"| one scan of the visits | {min(scans):.3f} to {max(scans):.3f} | 1.0 | | | | | |")
    return "\n".join(lines)


def _measured(folder: Path, url: str, template: str, way: str) -> Found:
    """In a child process; what it prints of itself."""
    command = [sys.executable, "-m", "benchmarks.figures", str(folder), url, template, way]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{template} by {way} on {make_url(url).get_backend_name()}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _child(folder: Path, url: str, template: str, way: str) -> None:
    app = build_app(folder, url)
    with app.app_context():
        clinic = db.session.scalars(db.select(Clinic)).one()
        question = Question(template, clinic.id, clinic.timezone, *year_up_to(_large_clinic.END))
        db.session.remove()
        with snapshot() as connection:
            print(json.dumps(_times(connection, question, way)))
    close(app)


def _times(connection: Connection, question: Question, way: str) -> Found:
    """Seconds of the scan and of the work, the best of so many in turn; and megabytes that the work needs on top."""
    if way == "pandas":
        # Here, so that the memory of ours is without it.
        from benchmarks._by_pandas import BY_PANDAS, Rows

        def work() -> dict[str, Any]:
            return BY_PANDAS[question.template](Rows(connection, question))
    else:

        def work() -> Content:
            return content.build(connection, question)

    scans, works = [], []
    at_rest = _forget_peak()
    for _ in range(TIMES):
        works.append(_seconds(work))
        scans.append(_scan(connection))
    grown = (_kilobytes("VmHWM") - at_rest) / 1024
    if way == "pandas":
        same(content.build(connection, question), work())
    return {"scan": min(scans), "seconds": min(works), "grown": grown}


def _scan(connection: Connection) -> float:
    """Seconds of a sequential scan of the visits."""
    is_sqlite = connection.dialect.name == "sqlite"
    planned = () if is_sqlite else ("indexscan", "indexonlyscan", "bitmapscan")
    for name in planned:
        connection.execute(text(f"SET LOCAL enable_{name} = off"))
    seconds = _seconds(lambda: connection.execute(text(SCAN.format(hint="NOT INDEXED" if is_sqlite else ""))).all())
    for name in planned:
        connection.execute(text(f"SET LOCAL enable_{name} = on"))
    return seconds


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _forget_peak() -> int:
    """The kilobytes that this process has now; the highest count starts again from there (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _kilobytes("VmRSS")


def _kilobytes(name: str) -> int:
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)[1])


def same(said: Content, found: dict[str, Any]) -> None:
    """Raises AssertionError where a figure is not that of the report, which has one decimal or none."""
    metrics = {metric.key: metric for metric in said.metrics}
    tables = {table.key: table for section in said.sections for table in section.tables}
    for key, value in found.items():
        name, _, column = key.partition(".")
        if not column:
            theirs, ours = [value], [metrics[name].value]
        elif column == "trend":
            theirs, ours = list(value), list(metrics[name].trend)
        else:
            place = [one.key for one in tables[name].columns].index(column)
            theirs, ours = list(value), [row[place] for row in tables[name].rows]
        assert len(theirs) == len(ours) > 0, f"{said.template} {key}: {theirs} by pandas, {ours} in the report"
        close_by = [abs(a - b) <= (0.05001 if isinstance(b, float) else 0) for a, b in zip(theirs, ours, strict=True)]
        assert all(close_by), f"{said.template} {key}: {theirs} by pandas, {ours} in the report"


if __name__ == "__main__":
    _child(Path(sys.argv[1]), *sys.argv[2:])
