"""How a report goes: by somebody who deletes it, or because its time is over; and what one leaves that never was ready.

Each way its files, its figures and what waits to be drawn go in one transaction, with an entry of the audit log that
is the record of it; then the stored objects. With the last report of a sheet goes the stored sheet. Only a deletion
removes the row, since the page of a report says how it ended.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import select

from webapp import audit, storage
from webapp.errors import ReportHeld
from webapp.extensions import db
from webapp.generate import sheets, unwanted
from webapp.generate.unwanted import Place
from webapp.models import AuditEntry, File, FileMaking, FrozenPart, Report
from webapp.models.report import NEVER_READY

RECORDS = ("report.expired", "report.deleted", "report.cleared")
"""The actions of the audit log that are records of a removal."""


def delete(report_id: str, person_id: int) -> None:
    """Remove an ended report for good. Deleted by somebody else at the same moment, it is gone all the same. Raises
    errors.ReportHeld, with nothing changed."""
    # Locked first, so that no download can add a file between our look at the files and their end.
    report = _row(report_id)
    if report is None:
        return
    told, hashes, upload_id = _told(report), _hashes(report), report.upload_id
    files, places = _take_files(report_id)
    if not Report.remove(report_id):
        db.session.rollback()
        if db.session.scalar(select(Report.id).where(Report.id == report_id)) is None:
            return
        raise ReportHeld("deletion of a held report")
    FrozenPart.drop_unused(hashes)
    places += sheets.release_after(report_id, upload_id)
    audit.record("report.deleted", f"report:{report_id}", person_id=person_id, files=files, **told)
    db.session.commit()
    unwanted.remove(places)


def expire(report_id: str) -> bool:
    """ready -> expired, where its time has passed and nobody holds or keeps it; whether it did. Its objects are written
    down as unwanted, for unwanted.remove()."""
    if not (Report.lock(report_id, "ready") and Report.expire(report_id)):
        db.session.rollback()
        return False
    report = db.session.get_one(Report, report_id, populate_existing=True)
    told, hashes, rule = _told(report), _hashes(report), report.expires_by
    files, _ = _take_files(report_id)
    Report.forget_figures(report_id)
    FrozenPart.drop_unused(hashes)
    sheets.release_after(report_id, report.upload_id)
    audit.record("report.expired", f"report:{report_id}", rule=rule, files=files, **told)
    db.session.commit()
    return True


def clear(report_id: str) -> bool:
    """Take away what a failed or cancelled report has frozen or stored before it ended so; whether there was anything.
    Its objects are written down as unwanted."""
    if not Report.lock(report_id, *NEVER_READY):
        db.session.rollback()
        return False
    report = db.session.get_one(Report, report_id, populate_existing=True)
    told, hashes = _told(report), _hashes(report)
    rule = f"1 day, as it {'failed' if report.status == 'failed' else 'was cancelled'}"
    files, _ = _take_files(report_id)
    Report.forget_figures(report_id)
    FrozenPart.drop_unused(hashes)
    sheet = sheets.release_after(report_id, report.upload_id)
    if not (hashes or files or sheet):
        db.session.rollback()
        return False
    audit.record("report.cleared", f"report:{report_id}", rule=rule, files=files, **told)
    db.session.commit()
    return True


def expired_at(report_id: str) -> datetime | None:
    """When a report expired, as its record says."""
    record = select(AuditEntry.at).where(AuditEntry.subject == f"report:{report_id}")
    return db.session.scalar(record.where(AuditEntry.action == "report.expired"))


def _row(report_id: str) -> Report | None:
    wanted = select(Report).where(Report.id == report_id).with_for_update()
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def _told(report: Report) -> dict[str, Any]:
    """What both records say of the report. Details are written in the order of their names, so the clinic comes first,
    and retention/records.py finds the records of a clinic by that."""
    return {
        "clinic": report.clinic_id,
        "number": report.number,
        "template": report.template,
        "figures_sha256": report.figures_sha256,
    }


def _hashes(report: Report) -> list[str]:
    named = (report.figures_sha256, report.provenance_sha256, report.presentation_sha256)
    return [sha256 for sha256 in named if sha256]


def _take_files(report_id: str) -> tuple[list[dict[str, str]], list[Place]]:
    """Remove the rows of a report's files, and what waits to be drawn of it; how the record tells of the files, and
    where the objects lie, which are written down as unwanted."""
    db.session.execute(delete_from(FileMaking).where(FileMaking.report_id == report_id))
    taken = db.session.execute(
        delete_from(File)
        .where(File.report_id == report_id)
        .returning(File.format, File.sha256, File.store, File.storage_key)
    ).all()
    # A file that was moved into a bucket may have left its original in the folder.
    others = ["local"] if storage.old_folder() else []
    places = [(store, file.storage_key) for file in taken for store in dict.fromkeys([file.store, *others]) if store]
    for place in places:
        unwanted.write_down(*place)
    files = [{"format": file.format, "sha256": file.sha256} for file in taken]
    return sorted(files, key=lambda file: file["format"]), places
