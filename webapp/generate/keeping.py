"""A drawn file goes into the store; where that fails, somebody is told, and a worker puts it there later."""

import logging
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp import alerts, audit, clock, storage
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.generate import gone, unwanted
from webapp.generate.drawing import Drawn
from webapp.generate.gone import unless_deleted
from webapp.models import File, FileMaking, Report
from webapp.storage.told import TOLD

log = logging.getLogger(__name__)

STORE_RESTS = timedelta(minutes=1)
"""After so long a store that failed is tried again by a worker; after each further failure, for twice as long."""


def keep(report: Report, format_name: str, drawn: Drawn) -> None:
    """Write down what the file is, commit, and then store it.

    In this order, because a row without bytes is made again, while bytes without a row would be lost. Without a store
    there is only the row. Raises StorageBroken, with the row kept, and errors.ReportGone, with nothing kept.
    """
    with unless_deleted(report):
        report_id = report.id
        key, replaced = _row_of(report, format_name, drawn)
        item = FORMATS[format_name]
        name = f"{report.number}.{item.extension}"
        db.session.commit()
    if not storage.is_set_up():
        return
    store = storage.current()
    try:
        store.put(key, drawn.stream, size=drawn.size, content_type=item.content_type, download_name=name)
        if replaced:
            store.delete(replaced[1])
        if db.session.scalar(select(File.id).where(File.storage_key == key)) is None:
            # A removal knows of the objects that were there, and came between the row and this one.
            unwanted.write_down(store.name, key)
            db.session.commit()
            unwanted.remove([(store.name, key)])
            if how := gone.how_it_went(report_id):
                raise how
            # Another version of us drew the same figures with other bytes just then; those are kept.
        db.session.commit()
    finally:
        drawn.stream.seek(0)
    alerts.resolve_alert("store-not-written")


def keep_or_tell(report: Report, format_name: str, drawn: Drawn) -> bool:
    """keep(), or, where the store is broken, say so and have a worker put the file there later; whether it is kept.
    Raises errors.ReportGone."""
    try:
        keep(report, format_name, drawn)
    except StorageBroken as fault:
        tell_of_a_broken_store("written", fault)
        put_back_later(report, format_name)
        return False
    return True


def name_anew(report: Report, format_name: str, drawn: Drawn) -> None:
    """Have the row name other bytes than before, while the store cannot be asked, so that whoever asks next finds the
    copy of them; a worker stores them later. Raises errors.ReportGone."""
    with unless_deleted(report):
        _, replaced = _row_of(report, format_name, drawn)
        if replaced:
            unwanted.write_down(*replaced)
        db.session.commit()


def put_back_later(report: Report, format_name: str) -> None:
    """Have a worker store a file that the store cannot be asked for now. Raises errors.ReportGone."""
    with unless_deleted(report):
        gone.lock(report.id)
        FileMaking.put_in_line(report.id, format_name, "store broken", clock.now() + STORE_RESTS)
        db.session.commit()


def tell_of_a_broken_store(what_failed: Literal["read", "written"], fault: StorageBroken) -> None:
    """Log it, and raise the alert that the next success resolves. One that only rests was told of before."""
    if fault.why == "resting":
        log.info("a file was not %s: %s", what_failed, fault)
        return
    log.error("a file could not be %s", what_failed, exc_info=fault)
    alerts.raise_alert(
        "critical",
        f"store-not-{what_failed}",
        subject=fault.why,
        message=f"A file could not be {what_failed}. {TOLD[fault.why].happened} In its words: {fault}.",
        what_to_do=TOLD[fault.why].to_do,
    )


def record_redrawn(report_id: str, format_name: str, *, was_sha256: str, sha256: str) -> None:
    """Audit, in the running transaction, that a file is kept with other bytes than before."""
    audit.record("file.redrawn", f"report:{report_id}", format=format_name, was_sha256=was_sha256, sha256=sha256)


def _row_of(report: Report, format_name: str, drawn: Drawn) -> tuple[str, unwanted.Place | None]:
    """Add the row of that file or bring it up to date, in the running transaction; its key, and where an object lies
    which it no longer names."""
    gone.lock(report.id)
    wanted = select(File).where(File.report_id == report.id, File.format == format_name)
    key = storage.key_for(report.id, drawn.sha256, FORMATS[format_name].extension)
    store = storage.current().name if storage.is_set_up() else None
    file = db.session.scalar(wanted)
    if file is None:
        file = File(
            report_id=report.id,
            format=format_name,
            size=drawn.size,
            sha256=drawn.sha256,
            crc32c=drawn.crc32c,
            store=store,
            storage_key=key,
        )
        try:
            with db.session.begin_nested():
                db.session.add(file)
        except IntegrityError:
            # Somebody else asked for the same format at the same moment, and drew the same bytes. Or there is no
            # report any more that the row could name.
            if (file := db.session.scalar(wanted)) is None:
                raise
    was, replaced = file.sha256, (file.store, file.storage_key)
    file.size, file.sha256, file.crc32c, file.store, file.storage_key = (
        drawn.size,
        drawn.sha256,
        drawn.crc32c,
        store,
        key,
    )
    if was != drawn.sha256:
        # The same figures drawn by another version of a library: both hashes are told.
        file.first_sha256 = file.first_sha256 or was
        record_redrawn(report.id, format_name, was_sha256=was, sha256=drawn.sha256)
    if store:
        # Named before, replaced, and named once more: as where a library is upgraded and put back.
        unwanted.forget(store, key)
    was_in, was_key = replaced
    return key, (was_in, was_key) if was_in and was_key != key else None
