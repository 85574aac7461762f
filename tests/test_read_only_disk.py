"""Web and worker write to TEMP_FOLDER alone, as in a container: the main job works, the bucket has the files, and the
folder is empty again, whatever happens to the processes.

Shown in two ways: on disks that are mounted read-only but for that folder, where the kernel refuses everything else;
and, where nobody may mount, by a hook that sees each path that Python is about to write to.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from sqlalchemy import select, update

from tests.buckets import GoogleBucket, google_bucket
from tests.factories import PASSWORD
from tests.planted_clinic import EMAIL, fill
from tests.stack import PATIENCE, Stack, running
from tests.visitor import Visitor
from tools.processes import wait_until
from webapp import clock
from webapp.extensions import db
from webapp.files import FORMATS, fonts
from webapp.generate.sweep import sweep
from webapp.models import AuditEntry, Report

OCTOBER = {"period": "dates", "start": "2025-10-01", "end": "2025-10-31"}
# The folder becomes a mount of its own before all others are closed; the gate is by what a test holds a worker.
READ_ONLY = r"""
set -e
mount --make-rprivate /
for folder in "$TEMP_FOLDER" "$GATE"; do mount --bind "$folder" "$folder"; done
while read -r _ place _; do
    # Spaces and the like are written as octal numbers there.
    place=$(printf %b "$place")
    case $place in "$TEMP_FOLDER" | "$GATE" | /proc | /proc/* | /dev | /dev/*) ;;
    *) mount -o remount,bind,ro "$place" ;;
    esac
done < /proc/mounts
exec "$@"
"""
MOUNTED = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]
WATCHED = [sys.executable, str(Path(__file__).with_name("watched.py"))]


@pytest.fixture
def temp() -> Iterator[Path]:
    with TemporaryDirectory(prefix="only-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def bucket() -> Iterator[GoogleBucket]:
    with TemporaryDirectory(prefix="bucket-") as name, google_bucket(Path(name)) as bucket:
        yield bucket


@pytest.fixture(params=["read-only", "watched"])
def site(
    request: pytest.FixtureRequest,
    temp: Path,
    bucket: GoogleBucket,
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stack]:
    if request.param == "read-only":
        skip_unless_we_may_mount(temp)
    fonts.build()
    bucket.clear()
    for name, value in bucket.environ().items():
        monkeypatch.setenv(name, value)
    record = tmp_path / "watched"
    environ = {
        "TEMP_FOLDER": str(temp),
        "FONT_FOLDER": str(fonts.folder()),
        "SECRET_KEY": "k" * 40,
        "WEB_CONCURRENCY": "2",
        "WATCHED": str(record),
        # Settings of the test's own machine, which this one does not have.
        "DATA_DIR": "/nowhere/data",
        "HOME": "/nowhere/home",
    }
    with running(tmp_path, postgres_url, environ, storage_bucket="reports") as stack:
        fill(stack)
        for name, command in stack.commands.items():
            stack.commands[name] = [*(MOUNTED if request.param == "read-only" else WATCHED), *command]
        yield stack
    if request.param == "watched":
        assert written_elsewhere(record, temp, stack.gate) == []
    assert not os.path.exists("/nowhere")


def skip_unless_we_may_mount(folder: Path) -> None:
    environ = {**os.environ, "TEMP_FOLDER": str(folder), "GATE": str(folder)}
    try:
        tried = subprocess.run(
            [*MOUNTED, "touch", f"{folder}/here", f"{folder.parent}/not here"],
            env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("NO MOUNTS: unshare is not installed")
    if "Read-only file system" not in tried.stderr:
        pytest.skip(f"NO MOUNTS: no read-only disk can be made for a process; root may ({tried.stderr.strip()})")
    (folder / "here").unlink()


def written_elsewhere(record: Path, temp: Path, gate: Path) -> list[str]:
    """The paths that were written down and lie elsewhere; /dev is memory and devices, /proc the kernel."""
    paths = sorted({Path(line) for line in record.read_text().splitlines()})
    assert any(temp in path.parents for path in paths), "nothing was watched"
    allowed = (temp, gate, Path("/dev"), Path("/proc"))
    return [str(path) for path in paths if not any(path.is_relative_to(folder) for folder in allowed)]


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


def test_what_a_killed_job_or_worker_leaves_is_swept_away_and_its_report_is_made(site: Stack, temp: Path) -> None:
    site.start("web", "held worker")
    visitor = Visitor(site.url, EMAIL, PASSWORD)
    site.hold("drawing")
    report_id = visitor.ask("visit_trends", "excel", **OCTOBER)
    job = psutil.Process(site.wait_for_held("drawing"))
    assert len(left(temp)) == 1
    job.kill()
    wait_until(lambda: left(temp) == [], PATIENCE, "the end of what the job left, while its worker goes on")

    take_over(site)
    site.wait_for_held("drawing")
    site.kill("held worker")
    assert len(left(temp)) == 1
    site.release()
    site.start("worker")
    wait_until(lambda: left(temp) == [], PATIENCE, "the end of what the worker left, when another starts")

    take_over(site)
    site.wait_for_status(report_id, "ready")
    assert visitor.download(report_id, "excel")
    site.stop("web", "worker")
    assert [path.name for path in temp.iterdir()] == ["spool"]


def take_over(stack: Stack) -> None:
    """As the watch does when nobody has renewed the lease of a report."""
    for mark in stack.gate.glob("drawing.*"):
        mark.unlink()
    with stack.app.app_context():
        db.session.execute(update(Report).where(Report.status == "running").values(lease_until=clock.now()))
        db.session.commit()
        sweep()
