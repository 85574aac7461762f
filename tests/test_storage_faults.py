"""Each fault of a store is caused on purpose, between an app and a bucket: people get the right bytes or a plain
sentence, nothing is lost, and the alert and the log name the cause. What is seen here stands in docs/reliability.md."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import fault_proxy as faults
from tests.buckets import Bucket, google_bucket, s3_bucket
from tests.fault_proxy import fault_proxy
from tests.faulty_store import (
    KINDS,
    Cause,
    Seed,
    World,
    by_proxy,
    deleted_between_check_and_read,
    impatient,
    no_such_host,
    to_each_object,
    without_room,
)
from tests.reliability import Row, Table

FORMATS = ("csv", "json", "csv")
NO_ROOM, NO_ROOM_TO_DRAW = (
    "disk full in the temporary folder",
    "disk full there, and the file too large to draw in memory",
)
KILLED = "worker killed in the middle of an upload"

READING: dict[str, Cause] = {
    "none": by_proxy(faults.passing),
    "401 Unauthorized": by_proxy(faults.answering(401)),
    "403 Forbidden": by_proxy(faults.answering(403)),
    "404 Not Found": by_proxy(faults.answering(404), "read"),
    "408 Request Timeout": by_proxy(faults.answering(408)),
    "429 Too Many Requests, Retry-After 30": by_proxy(faults.answering(429, Retry_After="30")),
    "500 Internal Server Error": by_proxy(faults.answering(500)),
    "502 Bad Gateway": by_proxy(faults.answering(502)),
    "503 Service Unavailable": by_proxy(faults.answering(503)),
    "503 Service Unavailable, once": by_proxy(faults.answering(503), times=1),
    "connection refused": lambda world: world.proxy.refusing(),
    "no such host (DNS)": no_such_host,
    "time-out before the headers": impatient(by_proxy(faults.silent)),
    "stall in the middle of the body": impatient(by_proxy(faults.stalling, "get")),
    "body cut short": by_proxy(faults.cut_short, "get"),
    "body cut short, its length not announced": by_proxy(faults.cut_short_unannounced, "get"),
    "body altered on the way": by_proxy(faults.altered, "get"),
    "body altered on the way, checksum header absent": by_proxy(faults.altered_without_checksums, "get"),
    "checksum header absent": by_proxy(faults.without_checksums, "get"),
    "clock wrong by 20 minutes": by_proxy(faults.answering(403, "RequestTimeTooSkewed")),
    "signed URL refused for the clock": by_proxy(faults.answering(403, "RequestTimeTooSkewed"), "signed"),
    "signed URL expired, once": by_proxy(faults.answering(400, "ExpiredToken"), "signed", times=1),
    "signed URL expired, always": by_proxy(faults.answering(400, "ExpiredToken"), "signed"),
    "bucket deleted": by_proxy(faults.answering(404, "NoSuchBucket")),
    "object deleted": to_each_object(lambda bucket, key, _: bucket.remove(key)),
    "object deleted between the check and the read": deleted_between_check_and_read,
    "object damaged in the store": to_each_object(lambda bucket, key, data: bucket.write(key, b"?" + data[1:])),
    "object cut short in the store": to_each_object(lambda bucket, key, data: bucket.write(key, data[:100])),
    NO_ROOM: without_room(to_draw=True),
    NO_ROOM_TO_DRAW: without_room(to_draw=False),
}
"""Each fault while people download, by its name in the table."""

WRITING: dict[str, Cause] = {
    "none": by_proxy(faults.passing),
    "401 Unauthorized": by_proxy(faults.answering(401)),
    "403 Forbidden": by_proxy(faults.answering(403)),
    "404 Not Found": by_proxy(faults.answering(404), "upload"),
    "408 Request Timeout": impatient(by_proxy(faults.answering(408))),
    "429 Too Many Requests, Retry-After 30": impatient(by_proxy(faults.answering(429, Retry_After="30"))),
    "500 Internal Server Error": impatient(by_proxy(faults.answering(500))),
    "502 Bad Gateway": impatient(by_proxy(faults.answering(502))),
    "503 Service Unavailable": impatient(by_proxy(faults.answering(503))),
    "503 Service Unavailable, once": by_proxy(faults.answering(503), times=1),
    "connection refused": impatient(lambda world: world.proxy.refusing()),
    "no such host (DNS)": impatient(no_such_host),
    "time-out before the headers": impatient(by_proxy(faults.silent)),
    "clock wrong by 20 minutes": by_proxy(faults.answering(403, "RequestTimeTooSkewed")),
    "bucket deleted": by_proxy(faults.answering(404, "NoSuchBucket")),
    "upload cut half-way, once": by_proxy(faults.upload_cut, "upload", times=1),
    "upload cut half-way, always": impatient(by_proxy(faults.upload_cut, "upload")),
    "upload altered on the way": by_proxy(faults.upload_altered, "upload"),
    "answer of an upload lost": by_proxy(faults.answer_lost, "upload", times=1),
    NO_ROOM: without_room(to_draw=True),
    NO_ROOM_TO_DRAW: without_room(to_draw=False),
}
"""Each fault while a worker makes reports."""

S3_READING = (
    "none",
    "403 Forbidden",
    "429 Too Many Requests, Retry-After 30",
    "503 Service Unavailable",
    "connection refused",
    "no such host (DNS)",
    "time-out before the headers",
    "stall in the middle of the body",
    "body cut short",
    "body altered on the way, checksum header absent",
    "clock wrong by 20 minutes",
    "signed URL expired, once",
    "bucket deleted",
    "object deleted",
    "object damaged in the store",
)
S3_WRITING = (
    "none",
    "403 Forbidden",
    "503 Service Unavailable",
    "connection refused",
    "bucket deleted",
    "upload cut half-way, once",
    "upload altered on the way",
    "answer of an upload lost",
)

TABLES = {
    ("google", "reading"): Table("google, reading", list(READING)),
    ("google", "writing"): Table("google, writing", [*WRITING, KILLED]),
    ("s3", "reading"): Table("s3, reading", list(S3_READING)),
    ("s3", "writing"): Table("s3, writing", list(S3_WRITING)),
}


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with google_bucket(tmp_path_factory.mktemp("google")) as bucket:
        yield bucket


@pytest.fixture(scope="module")
def s3() -> Iterator[Bucket]:
    with s3_bucket() as bucket:
        yield bucket


@pytest.fixture
def service() -> str:
    return "google"


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    service: str,
    tmp_path: Path,
    sqlite_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    bucket: Bucket = request.getfixturevalue(service)
    bucket.clear()
    with fault_proxy(bucket.url) as proxy:
        world = World(tmp_path, sqlite_url, redis_url, proxy, bucket, monkeypatch)
        yield world
        world.close()


@pytest.fixture(scope="module")
def seeds() -> dict[str, Seed]:
    """By service."""
    return {}


@pytest.fixture
def seed(world: World, service: str, seeds: dict[str, Seed], tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """Three ready reports in the store, made once for all tests."""
    if service not in seeds:
        seeds[service] = world.seed(tmp_path_factory.mktemp("seed"), *FORMATS)
    return seeds[service]


def row_of(world: World, fault: str, came: list[tuple[str, list[str]]], alerts: list[str]) -> Row:
    """What is to be told of a fault that is over, after the jobs that waited for that."""
    world.put_back()
    outcomes = [outcome for outcome, _ in came]
    counts, (lost, twice) = Counter(outcomes), world.account()
    words = {"right": "the right bytes", "told": "a plain sentence", "wrong": "WRONG BYTES"}
    return Row(
        fault,
        gets=", ".join(words[outcome] for outcome in dict.fromkeys(outcomes)),
        means="; ".join(dict.fromkeys(" → ".join(tried) for _, tried in came)),
        alerts="; ".join(re.sub(r"A file could not be (read|written)\. ", "", alert) for alert in alerts) or "none",
        tried=len(came),
        right=counts["right"],
        told=counts["told"],
        wrong=counts["wrong"],
        lost=lost,
        twice=twice,
    )


def assert_all_is_well(world: World, asked: list[str], row: Row) -> None:
    """Nothing was lost, and from now on every file comes from the store."""
    assert (row.wrong, row.lost, row.twice) == (0, 0, 0)
    world.forget_copies()
    came = [world.download(report_id) for report_id in asked]
    assert came == [("told", ["report failed"]) if "report failed" in row.means else ("right", ["signed URL"])] * len(
        asked
    )


def assert_the_log_names_the_cause(world: World, alerts: list[str]) -> None:
    """With its traceback, besides the line that each alert has."""
    for alert in alerts:
        _, is_of_a_store, words = alert.partition("In its words: ")
        line = rf"^webapp\.\S+: {re.escape(words.rstrip('.'))}$"
        assert not is_of_a_store or re.search(line, world.log.getvalue(), re.MULTILINE), alert


@pytest.mark.parametrize(
    ("service", "fault"), [*(("google", fault) for fault in READING), *(("s3", fault) for fault in S3_READING)]
)
def test_a_download_under_a_fault(world: World, seed: Seed, service: str, fault: str) -> None:
    asked = world.load(seed)
    world.restarted()
    with READING[fault](world):
        came = [world.download(report_id) for report_id in [*asked, asked[0]]]
        alerts = world.alerts()
    assert_the_log_names_the_cause(world, alerts)
    row = row_of(world, fault, came, alerts)
    TABLES[service, "reading"].check(row)
    assert_all_is_well(world, asked, row)


@pytest.mark.parametrize(
    ("service", "fault"), [*(("google", fault) for fault in WRITING), *(("s3", fault) for fault in S3_WRITING)]
)
def test_a_report_made_under_a_fault(world: World, service: str, fault: str) -> None:
    asked = world.ask(*FORMATS)
    with WRITING[fault](world):
        for report_id in asked:
            world.make(report_id)
        alerts = world.alerts()
        came = [world.download(report_id) for report_id in asked]
    assert_the_log_names_the_cause(world, alerts)
    row = row_of(world, fault, came, alerts)
    TABLES[service, "writing"].check(row)
    assert_all_is_well(world, asked, row)


def test_a_worker_killed_in_the_middle_of_an_upload(world: World) -> None:
    (report_id,) = world.ask("csv")
    method, path = KINDS["google"]["upload"]
    world.proxy.when(faults.upload_held, method=method, path=path)
    with world.working(report_id) as worker:
        world.proxy.wait_for_held()
        worker.kill()
    world.proxy.mend()
    assert world.bucket.objects() == {}
    world.take_over()
    world.make(report_id)
    row = row_of(world, KILLED, [world.download(report_id)], world.alerts())
    TABLES["google", "writing"].check(row)
    assert_all_is_well(world, [report_id], row)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_the_page_tells_of_these_faults_and_no_others(table: Table) -> None:
    table.check_faults()
