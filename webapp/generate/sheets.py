"""The stored file of a sheet that reports were made from: it stays as long as one of them can be read."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import aliased

from webapp import audit, clock, storage
from webapp.extensions import db
from webapp.generate import unwanted
from webapp.generate.unwanted import Place
from webapp.models import Report, Upload
from webapp.models.report import NEVER_READY

A_DAY = timedelta(days=1)
"""For so long a report that failed or was cancelled may be tried again with its sheet still there."""


def release(upload_id: str) -> list[Place]:
    """Have a sheet name no stored file any more, in the running transaction; where that lies, which is written down as
    unwanted."""
    _lock(upload_id)
    named = select(Upload.store, Upload.storage_key).where(Upload.id == upload_id, Upload.store.is_not(None))
    found = db.session.execute(named).one_or_none()
    if found is None:
        return []
    db.session.execute(
        update(Upload).where(Upload.id == upload_id).values(store=None, storage_key=None),
        execution_options={"synchronize_session": False},
    )
    # One that was moved into a bucket may have left its original in the folder.
    others = ["local"] if storage.old_folder() else []
    places = [(store, found.storage_key) for store in dict.fromkeys([found.store, *others])]
    for place in places:
        unwanted.write_down(*place)
    return places


def release_after(report_id: str, upload_id: str | None) -> list[Place]:
    """The same when a report goes, unless another one made of the same sheet lives. Call it shortly before the record
    of that in the audit log."""
    if upload_id is None:
        return []
    # Of two that go at once, each would else take the other for one that lives.
    _lock(upload_id)
    others = select(Report.id).where(Report.upload_id == upload_id, Report.id != report_id, lives(Report))
    if db.session.scalars(others.limit(1)).first():
        return []
    if places := release(upload_id):
        audit.record("upload.file_removed", f"upload:{upload_id}")
    return places


def lives(report: Any) -> ColumnElement[bool]:
    """Whether a report needs its sheet; `report` is models.Report or an alias of it."""
    may_be_tried = and_(report.status.in_(NEVER_READY), report.finished_at > clock.now() - A_DAY)
    return or_(report.status.in_(("queued", "running", "ready")), may_be_tried)


def left_by() -> ColumnElement[bool]:
    """The condition of reports whose sheet is still stored, and of which no other lives."""
    other = aliased(Report)
    shares = (other.upload_id == Report.upload_id, other.id != Report.id, lives(other))
    stored = select(Upload.id).where(Upload.id == Report.upload_id, Upload.store.is_not(None))
    return and_(stored.exists(), ~select(other.id).where(*shares).exists())


def _lock(upload_id: str) -> None:
    db.session.execute(
        update(Upload).where(Upload.id == upload_id).values(size=Upload.size),
        execution_options={"synchronize_session": False},
    )
