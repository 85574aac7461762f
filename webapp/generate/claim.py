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
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from webapp import audit, clock
from webapp.extensions import db
from webapp.figures import Frozen
from webapp.models import FrozenPart, Report

log = logging.getLogger(__name__)

INTERRUPT = signal.SIGUSR1


class Stopped(BaseException):
    """The making must stop now: somebody cancelled, or the claim is another worker's. Not an Exception, so that no
    library's `except Exception` can swallow it."""

    def __init__(self, why: Literal["cancel", "lost"]) -> None:
        super().__init__(why)
        self.why = why


class Claim:
    """The right to make one report. Every write names the token; where it is no longer ours, it changes nothing."""

    def __init__(self, report_id: str, token: str) -> None:
        settings = current_app.config["SETTINGS"]
        self.report_id = report_id
        self._token = token
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._deadline = clock.now() + timedelta(seconds=settings.job_seconds)
        self._ended = threading.Event()
        self._why: Literal["cancel", "lost"] | None = None

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
        before = signal.signal(INTERRUPT, self._interrupted) if in_main_thread else None
        beating = threading.Thread(target=self._beat, args=(app, in_main_thread), name="heartbeat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            self._ended.set()
            beating.join()
            if in_main_thread:
                signal.signal(INTERRUPT, before)

    def advance(self, stage: str, percent: int) -> None:
        """Say how far it is, and stop here if somebody asked for that."""
        ours = Report.advance(self.report_id, self._token, stage, percent)
        state = Report.beat(self.report_id, self._token, self._lease) if ours else "lost"
        db.session.commit()
        if state != "kept":
            raise Stopped(state)

    def freeze(self, figures: Frozen, provenance: Frozen, presentation: Frozen) -> None:
        """Keep the three frozen parts and name them in the row, all or nothing."""
        named = {
            "figures_sha256": FrozenPart.keep(figures),
            "provenance_sha256": FrozenPart.keep(provenance),
            "presentation_sha256": FrozenPart.keep(presentation),
        }
        changed = db.session.execute(
            update(Report).where(Report.id == self.report_id, Report.claim_token == self._token).values(**named)
        )
        self._commit_if(bool(cast(Any, changed).rowcount))

    def succeed(self) -> None:
        ours = Report.succeed(self.report_id, self._token)
        if ours:
            audit.record("report.made", f"report:{self.report_id}")
        self._commit_if(ours)

    def fail(self, failure: str, technical: str) -> bool:
        ours = Report.fail(self.report_id, self._token, failure, technical)
        if ours:
            audit.record("report.failed", f"report:{self.report_id}")
        db.session.commit()
        return ours

    def stop(self) -> bool:
        ours = Report.stop(self.report_id, self._token)
        if ours:
            audit.record("report.cancelled", f"report:{self.report_id}")
        db.session.commit()
        return ours

    def _commit_if(self, ours: bool) -> None:
        if not ours:
            raise Stopped("lost")
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
                self._why = state
                if interrupt and not self._ended.is_set():
                    _thread.interrupt_main(INTERRUPT)
                return

    def _interrupted(self, _signal: int, _frame: FrameType | None) -> None:
        if self._why and not self._ended.is_set():
            raise Stopped(self._why)
