"""A 200 MB file through the download route, against `requests` straight from the store: throughput and memory.

The route fetches the object by a signed URL into its spool, checks size, CRC32C and SHA-256, and only then sends it: it
moves each byte twice where `requests` moves it once. Where a copy of a moment ago is there, it reads and checks that.
Every client hashes what it gets, and one that got other bytes fails the benchmark.
"""

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from statistics import median
from typing import BinaryIO, cast

import psutil
import requests

from benchmarks._store import Site, made_report, site_with_store
from tests.factories import PASSWORD
from tests.planted_clinic import EMAIL
from tests.stack import PATIENCE
from tests.visitor import Visitor
from webapp import storage
from webapp.extensions import db
from webapp.models import File
from webapp.storage.measure import Measured, measure

MEGABYTES = 200
TIMES = 5
AT_ONCE = 50
PIECE = 1024 * 1024

Times = list[float]


def main(megabytes: int = MEGABYTES, times: int = TIMES, at_once: int = AT_ONCE) -> str:
    """A Markdown table: megabytes a second, and how that compares with `requests`."""
    with site_with_store() as site, tempfile.TemporaryFile() as file:
        path, what = _stored(site, cast(BinaryIO, file), megabytes)
        site.stack.start("web")
        visitor = Visitor(site.stack.url, EMAIL, PASSWORD)
        clients = {
            "straight from the store": _client(_media_url(site, path), {}, what),
            "by the route, from the store": _client(_route(site, path), visitor.cookies, what),
            "by the route, a copy is there": _client(_route(site, path), visitor.cookies, what),
        }
        rested = _memory(site)
        with _peak(site) as alone:
            one: dict[str, Times] = {name: [] for name in clients}
            for _ in range(times):
                for name, client in clients.items():
                    if name != "by the route, a copy is there":
                        site.forget_copies()
                    one[name].append(_timed(client))
        site.forget_copies()
        together = {"straight from the store": _at_once(clients["straight from the store"], at_once)}
        with _peak(site) as crowded:
            together["by the route, from the store"] = _at_once(clients["by the route, from the store"], at_once)
        return _table(megabytes, at_once, one, together, [rested, alone[0], crowded[0]])


def _stored(site: Site, file: BinaryIO, megabytes: int) -> tuple[str, Measured]:
    """A report whose CSV is a large object in the store; the object's key after the report's id, and what it is."""
    for _ in range(megabytes):
        file.write(os.urandom(PIECE))
    what = measure(file)
    with site.stack.app.app_context():
        report_id = made_report(site, "csv")
        row = db.session.query(File).filter_by(report_id=report_id).one()
        row.size, row.sha256, row.crc32c = what.size, what.sha256, what.crc32c
        row.storage_key = storage.key_for(report_id, what.sha256, "csv")
        named = {"content_type": "text/csv", "download_name": "large.csv"}
        storage.current().put(row.storage_key, file, size=what.size, **named)
        key = row.storage_key
        db.session.commit()
    return key, what


def _media_url(site: Site, key: str) -> str:
    return f"{site.store_url}/download/storage/v1/b/reports/o/{key.replace('/', '%2F')}?alt=media"


def _route(site: Site, key: str) -> str:
    return f"{site.stack.url}/reports/{key.split('/')[1]}/files/csv"


def _client(url: str, cookies: dict[str, str], what: Measured) -> Callable[[], None]:
    def fetch() -> None:
        digest, size = hashlib.sha256(), 0
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, cookies=cookies, stream=True, timeout=10 * PATIENCE) as answer:
                answer.raise_for_status()
                for piece in answer.iter_content(PIECE):
                    digest.update(piece)
                    size += len(piece)
        assert (size, digest.hexdigest()) == (what.size, what.sha256), "other bytes than were stored"

    return fetch


def _timed(client: Callable[[], None]) -> float:
    began = time.perf_counter()
    client()
    return time.perf_counter() - began


def _at_once(client: Callable[[], None], number: int) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(client) for _ in range(number)]:
            done.result()
    return time.perf_counter() - began


def _memory(site: Site) -> float:
    """Megabytes that gunicorn's processes have for themselves, together."""
    total = 0
    for process in [psutil.Process(site.stack.pid("web")), *site.stack.children("web")]:
        with suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total / 1e6


@contextmanager
def _peak(site: Site) -> Iterator[list[float]]:
    """The most that they had at any look in the block."""
    peak, over = [_memory(site)], threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            peak[0] = max(peak[0], _memory(site))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        over.set()
        looking.join()


def _table(megabytes: int, at_once: int, one: dict[str, Times], together: dict[str, float], memory: list[float]) -> str:
    floor = median(one["straight from the store"])
    lines = [
        f"{megabytes} MB. One client: the median of {len(next(iter(one.values())))}; then {at_once} clients at once. "
        "Two web processes of eight threads.",
        "",
        "| clients | how | MB a second | times as long as straight from the store |",
        "| ---: | --- | ---: | ---: |",
    ]
    for name, times in one.items():
        lines.append(f"| 1 | {name} | {megabytes / median(times):,.0f} | {median(times) / floor:.2f} |")
    crowd = together["straight from the store"]
    for name, seconds in together.items():
        lines.append(f"| {at_once} | {name} | {at_once * megabytes / seconds:,.0f} | {seconds / crowd:.2f} |")
    rested, alone, crowded = memory
    lines += [
        "",
        f"Memory of the web processes together: {rested:.0f} MB before, at the most {alone:.0f} MB with one client and "
        f"{crowded:.0f} MB with {at_once}.",
    ]
    return "\n".join(lines)
