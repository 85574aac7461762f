"""A report that somebody deletes while somebody else works with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from webapp.errors import FiguresDamaged, ReportGone
from webapp.extensions import db
from webapp.models import Report

CONSEQUENCES = (ObjectDeletedError, StaleDataError, IntegrityError, FiguresDamaged)
"""What a deleted row leads to: it cannot be read again or changed, nothing can name it, its figures are no more."""


@contextmanager
def unless_deleted(report: Report) -> Iterator[None]:
    """What goes wrong in the block because the report was deleted meanwhile is raised as errors.ReportGone."""
    (report_id,) = cast(tuple[str], inspect(report).identity)
    try:
        yield
    except CONSEQUENCES as fault:
        db.session.rollback()
        if db.session.scalar(select(Report.id).where(Report.id == report_id)) is None:
            raise ReportGone("deleted while it was worked with") from fault
        raise
