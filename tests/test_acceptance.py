"""The same acceptance on each store, with real processes: asked for, made, downloaded, lost, damaged, put back.

And with two machines that share nothing but the database, the queue and the bucket.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from sqlalchemy import func, select, update

from tests import fault_proxy as faults
from tests.buckets import Bucket, LocalBucket, google_bucket, s3_bucket
from tests.factories import PASSWORD
from tests.fault_proxy import FaultProxy, fault_proxy
from tests.planted_clinic import EMAIL, END, START, fill
from tests.stack import PATIENCE, Stack, running
from tests.visitor import Visitor
from tools.processes import wait_until
from webapp import audit, clock
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.generate.sweep import sweep
from webapp.models import AuditEntry, Download, FileMaking
from webapp.storage import key_for

STORES = ("local", "google", "s3")
SETTINGS = {"secret_key": "a key that all machines of these tests share"}


@pytest.fixture(params=STORES)
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bucket]:
    with opened(request.param, tmp_path) as bucket:
        yield bucket


@contextmanager
def opened(service: str, folder: Path) -> Iterator[Bucket]:
    if service == "local":
        yield LocalBucket(folder / "bucket")
    elif service == "google":
        with google_bucket(folder) as google:
            yield google
    else:
        with s3_bucket() as s3:
            yield s3


@contextmanager
def behind_proxy(bucket: Bucket) -> Iterator[FaultProxy | None]:
    """A folder has nothing before it."""
    if bucket.url:
        with fault_proxy(bucket.url) as proxy:
            yield proxy
    else:
        yield None


def ask(stack: Stack, visitor: Visitor, **choices: str) -> str:
    """A ready report on Visit trends of October 2025, whose PDF is made."""
    days = {"period": "dates", "start": START.isoformat(), "end": END.isoformat()}
    report_id = visitor.ask("visit_trends", "pdf", **days, **choices)
    stack.wait_for_status(report_id, "ready")
    return report_id


def download_all(visitor: Visitor, report_id: str) -> dict[str, bytes]:
    return {name: visitor.download(report_id, name) for name in FORMATS}


def keys_of(report_id: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """What the bucket should hold."""
    sha256 = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return {key_for(report_id, sha256[name], FORMATS[name].extension): data for name, data in files.items()}


def forget_copies(*stacks: Stack) -> None:
    """As after the two minutes for which a copy is kept."""
    for stack in stacks:
        for copy in (stack.folder / "temp" / "spool").glob("[0-9a-f]*"):
            copy.unlink()


def times(stack: Stack, action: str) -> int:
    with stack.app.app_context():
        found = db.session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action))
        return int(found or 0)


def makings(stack: Stack) -> list[tuple[str, str]]:
    with stack.app.app_context():
        return [(row.status, row.why) for row in db.session.scalars(select(FileMaking))]


def put_back(stack: Stack) -> int:
    """The worker does now what waits for the store to be well; how many files that was."""
    waiting = len(makings(stack))
    with stack.app.app_context():
        db.session.execute(update(FileMaking).values(not_before=clock.now()))
        db.session.commit()
        assert sweep().enqueued == waiting
    wait_until(lambda: not makings(stack), PATIENCE, "the files being put back")
    return waiting


def tiers(stack: Stack) -> Counter[str]:
    with stack.app.app_context():
        return Counter(db.session.scalars(select(Download.tier)))


def test_a_report_is_had_whatever_happens_to_its_files(tmp_path: Path, bucket: Bucket, migrated_sqlite: Path) -> None:
    database = shutil.copy(migrated_sqlite, tmp_path / "acceptance.db")
    with behind_proxy(bucket) as proxy:
        environ = bucket.environ(proxy.url if proxy else "")
        with running(tmp_path, f"sqlite:///{database}", environ, **SETTINGS) as stack:
            fill(stack)
            stack.start("web", "worker")
            visitor = Visitor(stack.url, EMAIL, PASSWORD)
            report_id = ask(stack, visitor)
            files = download_all(visitor, report_id)
            stored = keys_of(report_id, files)
            assert bucket.objects() == stored

            bucket.clear()
            forget_copies(stack)
            assert download_all(visitor, report_id) == files
            assert bucket.objects() == stored

            for key, data in stored.items():
                bucket.write(key, data[:-1] + b"?")
            forget_copies(stack)
            assert download_all(visitor, report_id) == files
            # moto's S3 tells no checksum, so what is wrong there may have gone wrong on the way: a worker puts it back.
            later = put_back(stack)
            assert later == (4 if bucket.service == "s3" else 0)
            assert bucket.objects() == stored

            forget_copies(stack)
            assert download_all(visitor, report_id) == files
            first, again = "folder" if bucket.service == "local" else "signed URL", "made again"
            assert tiers(stack) == {first: 5, "made": 3, again: 8}
            assert times(stack, "file.made_again") == 8 + later
            if proxy:
                assert_put_back_when_the_store_is_well(stack, visitor, proxy, bucket, report_id, files)
            with stack.app.app_context():
                assert list(audit.faults()) == []


def assert_put_back_when_the_store_is_well(
    stack: Stack, visitor: Visitor, proxy: FaultProxy, bucket: Bucket, report_id: str, files: dict[str, bytes]
) -> None:
    """All objects are lost while the store refuses everybody: made again at once, and put back by a worker later."""
    bucket.clear()
    forget_copies(stack)
    proxy.when(faults.answering(403))
    assert download_all(visitor, report_id) == files
    assert bucket.objects() == {}
    assert makings(stack) == [("queued", "store broken")] * 4
    proxy.mend()
    assert put_back(stack) == 4
    assert bucket.objects() == keys_of(report_id, files)


# -- Two machines ------------------------------------------------------------------------------------------------------


@pytest.fixture
def machines(tmp_path: Path, postgres_url: str) -> Iterator[SimpleNamespace]:
    """Two web servers of two processes each, on separate disks, and one worker; nobody has asked for anything yet."""
    with ExitStack() as parts:
        bucket = parts.enter_context(google_bucket(tmp_path))
        environ = {**bucket.environ(parts.enter_context(fault_proxy(bucket.url)).url), "WEB_CONCURRENCY": "2"}
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        one = parts.enter_context(running(tmp_path / "one", postgres_url, environ, **SETTINGS))
        queue = {"REDIS_URL": one.redis_url}
        two = parts.enter_context(closing(Stack(tmp_path / "two", postgres_url, {**environ, **queue}, **SETTINGS)))
        fill(one)
        two.start("web", ready=False)
        one.start("web", "worker")
        two.wait_for_web()
        yield SimpleNamespace(one=one, two=two, bucket=bucket)


def wipe(stack: Stack) -> None:
    """The disk of a machine is new, and its web server starts on it."""
    stack.stop("web")
    for path in stack.folder.iterdir():
        if path != stack.gate and path.suffix != ".log":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    stack.start("web")


def test_two_machines_serve_each_others_reports_and_one_drawing_serves_a_thousand(machines: SimpleNamespace) -> None:
    one, two, bucket = machines.one, machines.two, machines.bucket
    visitors = {stack: Visitor(stack.url, EMAIL, PASSWORD) for stack in (one, two)}
    report_id = ask(one, visitors[one])
    files = download_all(visitors[one], report_id)
    assert download_all(visitors[two], report_id) == files
    assert tiers(one) == {"made": 3, "signed URL": 5}

    wipe(two)
    assert download_all(visitors[two], report_id) == files
    assert tiers(one) == {"made": 3, "signed URL": 9}
    assert bucket.objects() == keys_of(report_id, files)

    bucket.clear()
    forget_copies(one, two)
    assert crowd_of(1000, visitors.values(), report_id, "pdf") == {hashlib.sha256(files["pdf"]).hexdigest(): 1000}
    assert times(one, "file.made_again") == 1
    assert list(bucket.objects().values()) == [files["pdf"]]

    # What is there is fetched once by each machine, whichever of its processes is asked.
    forget_copies(one, two)
    fetched = tiers(one)["signed URL"]
    assert crowd_of(200, visitors.values(), report_id, "pdf").total() == 200
    assert tiers(one)["signed URL"] == fetched + 2


def crowd_of(number: int, visitors: "list[Visitor]", report_id: str, format_name: str) -> Counter[str]:
    """So many people ask at once, on all servers; how often each SHA-256 came. One who is told to come back does."""

    def some(visitor: Visitor) -> Counter[str]:
        came: Counter[str] = Counter()
        with requests.Session() as session:
            session.trust_env = False
            session.cookies.update(visitor.cookies)
            while came.total() < number // 20:
                url = f"{visitor.url}/reports/{report_id}/files/{format_name}"
                answer = session.get(url, headers={"Accept": "application/pdf"}, timeout=PATIENCE)
                if answer.status_code != 202:
                    came[hashlib.sha256(answer.content).hexdigest() if answer.ok else str(answer.status_code)] += 1
        return came

    with ThreadPoolExecutor(20) as pool:
        asking = [visitor for visitor in visitors for _ in range(10)]
        return sum(pool.map(some, asking), Counter())
