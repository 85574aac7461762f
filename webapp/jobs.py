"""All that a worker may run. queues.ALLOWED lists these names."""

import logging

from webapp import generate, retention
from webapp.content import sources
from webapp.downloads import rates
from webapp.extensions import db
from webapp.generate import making
from webapp.generate.sweep import sweep
from webapp.queues import JobTimedOut
from webapp.uploads import ending

log = logging.getLogger(__name__)


def make_report(report_id: str) -> None:
    """Make one report that somebody asked for."""
    generate.make(report_id)


def make_file(making_id: str) -> None:
    """Make one file of a report again, or put it back into the store."""
    making.make_file(making_id)


def tick() -> None:
    """Once a minute, whatever is due. A tick that is lost, late or doubled does no harm. A part that fails keeps none
    after it from its turn, and the first fault is then raised for the queue to know of it."""
    faults = []
    for part in (sweep, rates.watch, retention.expire_due, ending.forget_old, sources.keep_up):
        try:
            part()
        except JobTimedOut:
            raise
        except Exception as fault:
            log.exception("a part of the tick failed")
            db.session.rollback()
            faults.append(fault)
    if faults:
        raise faults[0]
