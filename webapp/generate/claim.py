"""A worker's hold on the report it is making: a token, and a lease that a thread of its own renews."""

import _thread
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any, Literal, cast

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from webapp import audit, clock
from webapp.errors import causes_of
from webapp.extensions import db, leave_session, start_afresh
from webapp.figures import Frozen
from webapp.generate.expiry import rule_for
from webapp.models import FrozenPart, Report
from webapp.models.report import Beat
from webapp.queues import JobTimedOut

log = logging.getLogger(__name__)

INTERRUPT = signal.SIGUSR1

Why = Literal["cancel", "lost"]


class Stopped(BaseException):
    """The making must stop now: somebody cancelled, or the claim is another worker's. Not an Exception, so that no
    library's `except Exception` can swallow it; ReportLab writes words of its own into those that pass through it, so
    why it is stands in the claim."""


def timed_out(fault: BaseException) -> bool:
    """Whether the job's alarm is behind it: it may strike in the database driver, which wraps it, or which then fails
    itself."""
    return any(isinstance(cause, JobTimedOut) for cause in causes_of(fault))


class Claim:
    """The right to make one report. Every write names the token; where it is no longer ours, it changes nothing."""

    def __init__(self, report_id: str, token: str) -> None:
        settings = current_app.config["SETTINGS"]
        self.report_id = report_id
        self._token = token
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._deadline = clock.now() + timedelta(seconds=settings.job_seconds)
        self._ended = threading.Event()
        self.told_to_stop: Why | None = None
        # Whether a signal has stopped us, maybe in the middle of a command to the database.
        self.struck = False

    @classmethod
    def take(cls, report_id: str) -> "Claim | None":
        """Claim a queued report, or None when it is not there to be claimed."""
        token = Report.claim(report_id, timedelta(seconds=current_app.config["SETTINGS"].lease_seconds))
        db.session.commit()
        return cls(report_id, token) if token else None

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """While the block runs, a thread renews the lease and interrupts the block when it must stop.

        Past the hard deadline the lease is no longer renewed: whatever hangs here, another worker takes over.
        """
        app = cast(Any, current_app)._get_current_object()
        in_main_thread = threading.current_thread() is threading.main_thread()
        beating = threading.Thread(target=self._beat, args=(app, in_main_thread), name="heartbeat", daemon=True)
        before = signal.signal(INTERRUPT, self._interrupted) if in_main_thread else None
        try:
            beating.start()
            yield
        except BaseException as fault:
            self.struck = self.struck or timed_out(fault)
            raise
        finally:
            try:
                self._ended.set()
            finally:
                # Once more: the alarm of a time-out, which strikes once, may have struck before the line above.
                self.let_go()
                if beating.is_alive():
                    beating.join()
                if in_main_thread:
                    signal.signal(INTERRUPT, before)

    def let_go(self) -> None:
        """End the heartbeat, and the running transaction: the heartbeat may be waiting for a row that it holds."""
        self._ended.set()
        if self.struck:
            leave_session()
        else:
            start_afresh()

    def advance(self, stage: str, percent: int) -> None:
        """Say how far it is, and stop here if somebody asked for that."""
        Report.advance(self.report_id, self._token, stage, percent)
        state = Report.beat(self.report_id, self._token, self._lease)
        db.session.commit()
        self._stop_unless_kept(state)

    def freeze(self, figures: Frozen, provenance: Frozen, presentation: Frozen) -> None:
        """Keep the three frozen parts and name them in the row, all or nothing."""
        # The row is locked before the parts, and those in their order, as a deletion locks them: else two could wait
        # for each other.
        self._stop_unless_kept(Report.beat(self.report_id, self._token, self._lease))
        for part in sorted((figures, provenance, presentation), key=lambda part: part.sha256):
            FrozenPart.keep(part)
        named = (figures.sha256, provenance.sha256, presentation.sha256)
        self._commit_if(Report.freeze(self.report_id, self._token, *named))

    def succeed(self) -> None:
        report = db.session.get_one(Report, self.report_id)
        rule = rule_for(report.clinic_id, report.template)
        ours = Report.succeed(self.report_id, self._token, timedelta(days=rule.days), rule.told)
        if ours:
            audit.record("report.made", f"report:{self.report_id}")
        self._commit_if(ours)

    def fail(self, failure: str, technical: str) -> bool:
        return self._ended_by("report.failed", Report.fail(self.report_id, self._token, failure, technical))

    def stop(self) -> bool:
        return self._ended_by("report.cancelled", Report.stop(self.report_id, self._token))

    def hand_back(self) -> bool:
        """Put the report back in line for another try; False where it has had as many as it may."""
        limit = current_app.config["SETTINGS"].takeovers
        return self._ended_by("report.handed_back", Report.hand_back(self.report_id, self._token, limit))

    def _ended_by(self, action: str, ours: bool) -> bool:
        if ours:
            audit.record(action, f"report:{self.report_id}")
        db.session.commit()
        return ours

    def _stop_unless_kept(self, state: Beat) -> None:
        if state != "kept":
            self.told_to_stop = state
            raise Stopped(state)

    def _commit_if(self, ours: bool) -> None:
        self._stop_unless_kept("kept" if ours else "lost")
        db.session.commit()

    def _beat(self, app: Flask, interrupt: bool) -> None:
        while not self._ended.wait(self._lease.total_seconds() / 3) and clock.now() < self._deadline:
            try:
                with app.app_context():
                    state = Report.beat(self.report_id, self._token, self._lease)
                    db.session.commit()
            except SQLAlchemyError as fault:
                # The database may come back before the lease runs out.
                log.warning("a heartbeat failed: %s", type(fault).__name__)
                continue
            if state != "kept":
                self.told_to_stop = state
                if interrupt and not self._ended.is_set():
                    _thread.interrupt_main(INTERRUPT)
                return

    def _interrupted(self, _signal: int, _frame: FrameType | None) -> None:
        if self.told_to_stop and not self._ended.is_set():
            self.struck = True
            raise Stopped(self.told_to_stop)
