"""The bytes come back: as stored, checked before the first one goes out, or made again from what was frozen."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import select

from webapp import alerts, audit, generate, storage
from webapp.errors import StorageBroken, StorageMissing
from webapp.extensions import db
from webapp.generate import Drawn
from webapp.generate.gone import unless_deleted
from webapp.models import Download, File, Report

__all__ = ["Fetched", "fetch", "record"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was checked: its bytes from the start, their number and SHA-256, and by what means they were had."""

    stream: BinaryIO
    size: int
    sha256: str
    tier: str


def fetch(report: Report, format_name: str) -> Fetched:
    """The bytes of one format of a ready report.

    Missing or wrong stored bytes are made again and put back; a broken store is told of and not waited for. Raises
    errors.RenderFailed, errors.FiguresDamaged, and errors.ReportGone where it is deleted meanwhile.
    """
    report_id = report.id
    file = db.session.scalar(select(File).where(File.report_id == report_id, File.format == format_name))
    if file is None:
        return _made(report, format_name, tier="made", put_back=True)
    try:
        stream = storage.current().open(file.storage_key)
    except StorageMissing:
        return _made_again(report, file, why="missing", put_back=True)
    except StorageBroken as fault:
        generate.tell_of_a_broken_store("read", fault)
        return _made_again(report, file, why="store broken", put_back=False)
    try:
        if _is(stream, file):
            alerts.resolve_alert("store-not-read")
            return Fetched(stream, file.size, file.sha256, "stored")
    except OSError as fault:
        log.warning("reading a stored file failed: %s", type(fault).__name__)
    stream.close()
    alerts.raise_alert(
        "warning",
        "file-corrupt",
        message="A stored file did not have the bytes that were written to it, and was made again from its figures. "
        f"The latest such file is of report {report_id}.",
        what_to_do="One such file is no harm. If there are more, check the disk or the bucket.",
    )
    return _made_again(report, file, why="corrupt", put_back=True)


def record(report: Report, format_name: str, fetched: Fetched, person_id: int, *, counts: bool) -> None:
    """Write down that this person was handed this file, or with `counts` off a later part of it, and by what means.
    Raises errors.ReportGone."""
    with unless_deleted(report):
        if counts:
            db.session.add(Download(report_id=report.id, person_id=person_id, format=format_name, tier=fetched.tier))
        audit.record(
            "report.downloaded" if counts else "report.downloaded_in_part",
            f"report:{report.id}",
            person_id=person_id,
            format=format_name,
            tier=fetched.tier,
            sha256=fetched.sha256,
        )
        db.session.commit()


def _is(stream: BinaryIO, file: File) -> bool:
    """Whether the bytes are those that were written; the stream is at its start again."""
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    size = stream.tell()
    stream.seek(0)
    return (size, digest) == (file.size, file.sha256)


def _made_again(report: Report, file: File, *, why: str, put_back: bool) -> Fetched:
    with unless_deleted(report):
        report_id, format_name, was = report.id, file.format, file.sha256
    tier = "made again" if put_back else "made again, not put back"
    fetched = _made(report, format_name, tier=tier, put_back=put_back)
    told: dict[str, Any] = {"format": format_name, "why": why, "identical": fetched.sha256 == was}
    audit.record("file.made_again", f"report:{report_id}", sha256=fetched.sha256, **told)
    db.session.commit()
    log.info("a file was made again", extra=told)
    return fetched


def _made(report: Report, format_name: str, *, tier: str, put_back: bool) -> Fetched:
    drawn: Drawn = generate.draw(report, format_name)
    if put_back:
        try:
            generate.keep(report, format_name, drawn)
        except StorageBroken as fault:
            generate.tell_of_a_broken_store("written", fault)
            tier = "made again, not put back"
        except BaseException:
            drawn.stream.close()
            raise
    return Fetched(drawn.stream, drawn.size, drawn.sha256, tier)
