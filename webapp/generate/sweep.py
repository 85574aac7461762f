"""The sweep: what the queue lost goes back into it, and what a dead worker held is taken over. It needs the database;
Redis only where there is something to put back."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from webapp import alerts, audit, clock, queues
from webapp.errors import QueueDown
from webapp.extensions import db
from webapp.generate import making
from webapp.models import Report
from webapp.models.report import CLOCKS_DIFFER

log = logging.getLogger(__name__)

GIVEN_UP = (
    "The computer making this report stopped several times, so we gave up. "
    "Your request is kept: try again, and tell your administrator if it fails again."
)
SETTLED = timedelta(seconds=5)
"""A report asked for this long ago should stand in the queue by now, or have been claimed."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many reports were put back into the queue, taken over from a dead worker, and given up."""

    enqueued: int = 0
    taken_over: int = 0
    given_up: int = 0


def sweep() -> Swept:
    """One round. Safe to run anywhere, any number of times, and several at once."""
    taken_over, given_up = _take_over_expired_leases()
    swept = Swept(enqueue_what_the_queue_lost(), taken_over, given_up)
    if swept != Swept():
        log.info(
            "swept", extra={"enqueued": swept.enqueued, "taken_over": swept.taken_over, "given_up": swept.given_up}
        )
    return swept


def watch(stop: threading.Event) -> None:
    """Sweep every few seconds until told to stop. No fault ends the watch: the next round may do better."""
    app = cast(Any, current_app)._get_current_object()
    while True:
        try:
            # A context a round: each gets a database session of its own.
            with app.app_context():
                sweep()
        except SQLAlchemyError as fault:
            log.error("the sweep could not use the database: %s", type(fault).__name__)
        except Exception:
            log.exception("a sweep failed")
        if stop.wait(app.config["SETTINGS"].sweep_seconds):
            return


def enqueue_what_the_queue_lost() -> int:
    """Put back the queued reports and files that the queue does not know; how many. Redis down: none, and an alert."""
    now = clock.now()
    # A moment that has not come yet was written by a clock that is wrong.
    in_time = Report.enqueued_at.between(now - SETTLED, now + CLOCKS_DIFFER)
    unseen = or_(Report.enqueued_at.is_(None), ~in_time)
    waiting = db.session.scalars(
        select(Report.id).where(Report.status == "queued", unseen).order_by(Report.asked_at)
    ).all()
    db.session.commit()
    try:
        lost = _not_in_line(waiting)
        for report_id in lost:
            enqueue(report_id)
        put_back = len(lost) + making.sweep_files(SETTLED)
    except QueueDown as fault:
        alerts.raise_alert(
            "critical",
            "queue-down",
            message=f"The queue does not answer ({fault}), and reports are waiting.",
            what_to_do="Check that Redis runs and that REDIS_URL is right. Nothing is lost: waiting reports start by "
            "themselves when it is back.",
        )
        return 0
    if put_back or waiting:
        alerts.resolve_alert("queue-down")
    return put_back


def _not_in_line(waiting: Sequence[str]) -> list[str]:
    """Those that the queue does not know; where there are none, it is not asked. Raises QueueDown."""
    known = queues.waiting() if waiting else set()
    return [report_id for report_id in waiting if report_id not in known]


def enqueue(report_id: str) -> None:
    """Put one report in line, and write down when. Raises QueueDown."""
    queues.enqueue_report(report_id)
    Report.mark_enqueued(report_id)
    db.session.commit()


def _take_over_expired_leases() -> tuple[int, int]:
    settings = current_app.config["SETTINGS"]
    limit, lease = settings.takeovers, timedelta(seconds=settings.lease_seconds)
    expired = db.session.scalars(select(Report.id).where(Report.status == "running", Report.lease_ran_out(lease))).all()
    db.session.commit()
    taken_over = given_up = 0
    for report_id in expired:
        if Report.take_over(report_id, lease, limit):
            audit.record("report.taken_over", f"report:{report_id}")
            db.session.commit()
            taken_over += 1
        elif Report.give_up(report_id, lease, limit, GIVEN_UP, f"the lease ran out {limit + 1} times"):
            audit.record("report.failed", f"report:{report_id}")
            db.session.commit()
            given_up += 1
            alerts.raise_alert(
                "critical",
                "report-given-up",
                subject=f"report:{report_id}",
                message=f"A report was given up after its worker died {limit + 1} times.",
                what_to_do="Look for this report in the worker's log: it may need more memory than the worker has.",
            )
        else:
            db.session.rollback()
    return taken_over, given_up
