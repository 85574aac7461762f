"""A report that is deleted, or expires, while somebody works with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from webapp.errors import FiguresDamaged, ReportExpired, ReportGone
from webapp.extensions import db
from webapp.models import Report
from webapp.models.report import STATUSES

CONSEQUENCES = (ObjectDeletedError, StaleDataError, IntegrityError, FiguresDamaged)
"""What a deleted row leads to: it cannot be read again or changed, nothing can name it, its figures are no more."""

_THERE = tuple(status for status in STATUSES if status != "expired")


@contextmanager
def unless_deleted(report: Report) -> Iterator[None]:
    """What goes wrong in the block because the report was deleted meanwhile, or has expired, is raised as
    errors.ReportGone."""
    (report_id,) = cast(tuple[str], inspect(report).identity)
    try:
        yield
    except CONSEQUENCES as fault:
        db.session.rollback()
        if gone := how_it_went(report_id):
            raise gone from fault
        raise


def lock(report_id: str) -> None:
    """Have the report to ourselves until the transaction ends, before anything is written that must go with it: an
    expired one has a row still, which would let us. Raises errors.ReportGone."""
    if not Report.lock(report_id, *_THERE):
        db.session.rollback()
        raise how_it_went(report_id) or ReportGone("came back while it was worked with")


def how_it_went(report_id: str) -> ReportGone | None:
    """The fault to raise about a report that is gone; None of one that is there."""
    status = db.session.scalar(select(Report.status).where(Report.id == report_id))
    if status is None:
        return ReportGone("deleted while it was worked with")
    return ReportExpired("expired while it was worked with") if status == "expired" else None
