"""The first byte of a small report: from the store, and made again, against the bare storage client.

One after the other, from a real gunicorn, with the store in a process of its own. The copies that the route keeps for a
moment are removed before each download, and for "made again" the object is removed from the store as well.
"""

import time
from collections.abc import Callable
from statistics import median, quantiles

import requests
from google.cloud.storage import Client

from benchmarks._store import BUCKET, Site, made_report, site_with_store
from tests.factories import PASSWORD
from tests.planted_clinic import EMAIL
from tests.stack import PATIENCE
from tests.visitor import Visitor
from webapp import storage
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.models import File

TIMES = 40
WARM_UP = 3

Times = list[float]


def main(times: int = TIMES) -> str:
    """A Markdown table: milliseconds to the first byte, and how many times the bare client."""
    with site_with_store(processes=1) as site:
        with site.stack.app.app_context():
            reports = {name: made_report(site, name) for name in ("pdf", "excel")}
        site.stack.start("web")
        visitor = Visitor(site.stack.url, EMAIL, PASSWORD)
        measured = {
            (name, way): _measured(ready, fetch, times)
            for name, report_id in reports.items()
            for way, ready, fetch in _ways(site, visitor, report_id, name)
        }
        return _table(measured, times)


def _ways(site: Site, visitor: Visitor, report_id: str, name: str) -> list[tuple[str, Callable[[], object], Callable]]:
    url = f"{site.stack.url}/reports/{report_id}/files/{name}"
    with site.stack.app.app_context():
        key = db.session.query(File.storage_key).filter_by(report_id=report_id).scalar()
    blob = Client().bucket(BUCKET).blob(key)

    def first_byte() -> None:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, cookies=visitor.cookies, stream=True, timeout=PATIENCE) as answer:
                answer.raise_for_status()
                assert next(answer.iter_content(1))

    def lose() -> None:
        site.forget_copies()
        with site.stack.app.app_context():
            storage.current().delete(key)

    return [
        ("the bare storage client", lambda: None, blob.download_as_bytes),
        ("from the store", site.forget_copies, first_byte),
        ("a copy is there", lambda: None, first_byte),
        ("made again", lose, first_byte),
    ]


def _measured(ready: Callable[[], object], fetch: Callable[[], object], times: int) -> Times:
    found = []
    for _ in range(times + WARM_UP):
        ready()
        began = time.perf_counter()
        fetch()
        found.append((time.perf_counter() - began) * 1000)
    return found[WARM_UP:]


def _table(measured: dict[tuple[str, str], Times], times: int) -> str:
    lines = [
        f"{times} times each.",
        "",
        "| report | how | p50, ms | p95, ms | times the bare client |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for (name, way), found in measured.items():
        floor = median(measured[name, "the bare storage client"])
        p95 = quantiles(found, n=20, method="inclusive")[-1]
        ratio = f"{median(found) / floor:.1f}"
        lines.append(f"| {FORMATS[name].label} | {way} | {median(found):.0f} | {p95:.0f} | {ratio} |")
    return "\n".join(lines)
