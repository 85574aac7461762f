"""Web and worker on a disk that can be written nowhere but in TEMP_FOLDER, as in a container: the main job works, the
bucket has the files, and the folder is empty again, whatever happens to the processes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from sqlalchemy import select

from tests.buckets import GoogleBucket, google_bucket
from tests.factories import PASSWORD
from tests.planted_clinic import EMAIL, fill
from tests.stack import Stack, running
from tests.visitor import Visitor
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.models import AuditEntry

OCTOBER = {"period": "dates", "start": "2025-10-01", "end": "2025-10-31"}


def alone(folder: Path, gate: Path) -> list[str]:
    """The beginning of a command whose every write outside of `folder` is refused, by mounts of its own; `gate` is by
    what a test holds a worker."""
    script = (
        'mount --make-rprivate / && mount --bind "$0" "$0" && mount --bind "$1" "$1" && mount -o remount,bind,ro / && '
        'if mountpoint -q /tmp; then mount -o remount,bind,ro /tmp; fi && shift && exec "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", script, str(folder), str(gate)]


@pytest.fixture(scope="module")
def temp() -> Iterator[Path]:
    with TemporaryDirectory(prefix="only-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def _needs_mounts(temp: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("NO MOUNTS: unshare is not installed")
    tried = subprocess.run(
        [*alone(temp, temp), "touch", f"{temp}/here", "/nowhere-to-be"], capture_output=True, check=False
    )
    if b"Read-only file system" not in tried.stderr:
        pytest.skip("NO MOUNTS: this user may not make a read-only disk for a process; root may")
    assert (temp / "here").exists()
    (temp / "here").unlink()


@pytest.fixture(scope="module")
def bucket() -> Iterator[GoogleBucket]:
    with TemporaryDirectory(prefix="bucket-") as name, google_bucket(Path(name)) as bucket:
        yield bucket


@pytest.fixture
def site(
    _needs_mounts: None,
    temp: Path,
    bucket: GoogleBucket,
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stack]:
    for name, value in bucket.environ().items():
        monkeypatch.setenv(name, value)
    environ = {
        "TEMP_FOLDER": str(temp),
        "SECRET_KEY": "k" * 40,
        "WEB_CONCURRENCY": "2",
        # Settings of the test's own machine, which this one does not have.
        "DATA_DIR": "/nowhere/data",
        "HOME": "/nowhere/home",
    }
    with running(tmp_path, postgres_url, environ, storage_bucket="reports", lease_seconds=3) as stack:
        fill(stack)
        for name in ("web", "worker", "held worker", "watch"):
            stack.commands[name] = [*alone(temp, stack.gate), *stack.commands[name]]
        yield stack


def left(temp: Path) -> list[str]:
    """What lies in the temporary folder, but for copies that are kept for a moment, and their locks."""
    return [str(path.relative_to(temp)) for path in temp.rglob("*") if path.is_file() and path.parent.name != "spool"]


def test_the_main_job_needs_no_disk(site: Stack, temp: Path, bucket: GoogleBucket) -> None:
    site.start("web", "worker", "watch")
    visitor = Visitor(site.url, EMAIL, PASSWORD)
    report_id = visitor.ask("visit_trends", "pdf", **OCTOBER)
    site.wait_for_status(report_id, "ready")
    files = {name: visitor.download(report_id, name) for name in FORMATS}
    assert sorted(bucket.objects().values()) == sorted(files.values())
    bucket.clear()
    for copy in (temp / "spool").glob("[0-9a-f]*"):
        copy.unlink()
    assert {name: visitor.download(report_id, name) for name in FORMATS} == files
    assert sorted(bucket.objects().values()) == sorted(files.values())
    with site.app.app_context():
        made = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "file.made_again")).all()
        assert len(made) == len(FORMATS)
    assert left(temp) == []
    assert "Read-only" not in "".join(site.logs().values())
    site.stop("web", "worker", "watch")
    assert [path.name for path in temp.iterdir()] == ["spool"]


def test_what_a_killed_worker_leaves_is_swept_away(site: Stack, temp: Path) -> None:
    site.start("held worker", "web", "watch")
    site.hold("drawing")
    report_id = Visitor(site.url, EMAIL, PASSWORD).ask("visit_trends", "excel", **OCTOBER)
    maker = psutil.Process(site.wait_for_held("drawing"))
    folders = {path.name for path in temp.iterdir()}
    maker.kill()
    site.kill("held worker")
    site.release()
    site.start("worker")
    site.wait_for_status(report_id, "ready")
    site.stop("worker", "web", "watch")
    assert [path.name for path in temp.iterdir()] == ["spool"]
    assert len(folders) > 1, "nothing was there to be swept away"
    assert not os.path.exists("/nowhere")
