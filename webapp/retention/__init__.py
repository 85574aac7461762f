"""How long reports stay, and that they go when their time is over.

expire_due() is all that runs by itself; the tick calls it each minute. Each part of it takes so many and no more, and
does no harm when it is lost, late, or done by several at once.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from webapp import alerts, clock
from webapp.clock import Deadline
from webapp.extensions import db
from webapp.generate import known, removal, sheets, unwanted
from webapp.models import Clinic, FrozenPart, Report, UnwantedObject
from webapp.models.report import NEVER_READY
from webapp.retention import keeping
from webapp.words import plural

__all__ = ["due", "expire_due"]

log = logging.getLogger(__name__)

AT_ONCE = 200
"""So many of anything in one round; the next is a minute later."""

NIGHT = range(1, 5)
"""The hours of a clinic's clock in which its reports go: from 01:00 until 05:00."""

A_DAY = timedelta(days=1)
"""So late, a report goes at any hour: the night was missed."""

STORE_SECONDS = 60
"""How long one round may take to remove objects, in all."""


def expire_due(*, at_any_hour: bool = False) -> int:
    """End what is kept no longer, expire the reports whose time is over, at night, and remove what they leave behind;
    how many expired."""
    _, failed = _each(keeping.ended(AT_ONCE), keeping.end)
    expired, failed_too = _each(due(at_any_hour=at_any_hour).limit(AT_ONCE), removal.expire)
    _tell_of(failed + failed_too)
    _clear_what_is_left_behind()
    _remove_unwanted_objects()
    if expired:
        log.info("reports expired", extra={"reports": expired})
    return expired


def due(*, at_any_hour: bool = False) -> Select[str]:
    """The ids of the reports that would expire now, those that are late the longest first."""
    now = clock.now()
    wanted = select(Report.id).where(*Report.is_over()).order_by(Report.expires_at)
    if at_any_hour:
        return wanted
    return wanted.where(or_(Report.clinic_id.in_(_clinics_at_night(now)), Report.expires_at <= now - A_DAY))


def _clinics_at_night(now: datetime) -> list[int]:
    zones = db.session.execute(select(Clinic.id, Clinic.timezone)).all()
    return [clinic.id for clinic in zones if clock.local(now, clinic.timezone).hour in NIGHT]


def _each(wanted: Select[str], work: Callable[[str], bool]) -> tuple[int, int]:
    """Do it to each report of that list; to how many it was done, and how many failed, which stops no other."""
    ids = db.session.scalars(wanted).all()
    db.session.commit()
    done = failed = 0
    for report_id in ids:
        try:
            done += work(report_id)
        except SQLAlchemyError as fault:
            db.session.rollback()
            failed += 1
            log.error("a report could not expire: %s", type(fault).__name__, extra={"report_id": report_id})
    return done, failed


def _tell_of(failed: int) -> None:
    if not failed:
        alerts.resolve_alert("report-not-expired")
        return
    alerts.raise_alert(
        "warning",
        "report-not-expired",
        message=f"{plural(failed, 'report')} could not expire, though the time is over.",
        what_to_do="Nothing, if it passes: it is tried again each minute. If it lasts, look for the fault of the "
        "database in the worker’s log.",
    )


def _clear_what_is_left_behind() -> None:
    """What reports left that were never ready, and figures that no report names. Once an hour of the night, since it
    looks at every frozen part; a round that is missed does no harm. Figures that are too old to be shared are forgotten
    with them."""
    now = clock.now()
    if now.hour not in NIGHT or now.minute != 0:
        return
    _each(_never_ready(now - A_DAY), removal.clear)
    FrozenPart.drop_unused(FrozenPart.left_behind(now - A_DAY, AT_ONCE))
    db.session.commit()
    known.forget_stale()


def _never_ready(before: datetime) -> Select[str]:
    """The ids of reports that failed or were cancelled before that moment, when something of them was there already."""
    leaves_something = or_(Report.figures_sha256.is_not(None), Report.files.any(), sheets.left_by())
    ended = (Report.status.in_(NEVER_READY), Report.finished_at < before)
    return select(Report.id).where(*ended, leaves_something).order_by(Report.finished_at).limit(AT_ONCE)


def _remove_unwanted_objects() -> None:
    """In any order, so that one which cannot be removed does not stand in the way of the others."""
    wanted = select(UnwantedObject.store, UnwantedObject.key).order_by(func.random()).limit(AT_ONCE)
    places = [(row.store, row.key) for row in db.session.execute(wanted)]
    db.session.commit()
    if not places:
        return
    unwanted.remove(places, Deadline(STORE_SECONDS))
    left = db.session.scalar(select(func.count()).where(UnwantedObject.since < clock.now() - A_DAY)) or 0
    db.session.commit()
    if left:
        alerts.raise_alert(
            "warning",
            "files-not-removed",
            message=f"{plural(left, 'file')} of removed reports could not be removed from the file store for a day.",
            what_to_do="Look at the file store on the operations page. It must let us remove files; a store that we no "
            "longer use must stay in the settings until they are gone. They are tried again each minute.",
        )
    else:
        alerts.resolve_alert("files-not-removed")
