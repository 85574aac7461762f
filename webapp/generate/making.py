"""One drawing at a time of one file, whoever asks: a request that waits for it, or a worker.

Who draws holds the file's row of file_makings. The others wait for that row to go, and find the file in the store.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from webapp import alerts, audit, clock, logs, queues
from webapp.errors import QueueDown, ReportFault, ReportGone, StorageBroken
from webapp.extensions import db, start_afresh
from webapp.generate import drawing, gone, keeping
from webapp.generate.drawing import Drawn
from webapp.generate.gone import unless_deleted
from webapp.models import File, FileMaking, Report

log = logging.getLogger(__name__)

GIVEN_UP = (
    "This file could not be made, though we tried several times. Try another format, and tell your administrator."
)
LONGEST_REST = timedelta(hours=1)


class Turn:
    """The right to draw one file, by the row's token."""

    def __init__(self, token: str, lease: timedelta) -> None:
        self._token, self._lease = token, lease

    @classmethod
    def take(cls, report: Report, format_name: str, why: str) -> "Turn | None":
        """None while somebody else draws this file. Raises errors.ReportGone."""
        lease = timedelta(seconds=current_app.config["SETTINGS"].lease_seconds)
        with unless_deleted(report):
            gone.lock(report.id)
            token = FileMaking.claim(report.id, format_name, why, lease)
            db.session.commit()
        return cls(token, lease) if token else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """While the block runs, a thread renews the lease. A fault of the block ends the turn with it: its sentence is
        kept for those who wait."""
        app = cast(Any, current_app)._get_current_object()
        ended = threading.Event()
        beating = threading.Thread(target=self._beat, args=(app, ended), name="heartbeat", daemon=True)
        beating.start()
        try:
            yield
        except BaseException as fault:
            start_afresh()
            FileMaking.fail(self._token, getattr(fault, "plain", ReportFault.plain))
            db.session.commit()
            raise
        finally:
            ended.set()
            beating.join()

    def finish(self) -> None:
        """The file is where it should be."""
        FileMaking.finish(self._token)
        db.session.commit()

    def hand_over(self, not_before: timedelta) -> None:
        """A worker does the rest, after so long."""
        FileMaking.hand_back(self._token, clock.now() + not_before)
        db.session.commit()

    def _beat(self, app: Flask, ended: threading.Event) -> None:
        while not ended.wait(self._lease.total_seconds() / 3):
            try:
                with app.app_context():
                    FileMaking.beat(self._token, self._lease)
                    db.session.commit()
            except SQLAlchemyError as fault:
                log.warning("a heartbeat failed: %s", type(fault).__name__)


def make_again(report: Report, format_name: str, why: str) -> tuple[Drawn, bool]:
    """Draw a file from what was frozen and write down that this was done, for a file that was there before; the file,
    and whether its bytes are those that it had. Raises as draw(), and errors.ReportGone."""
    with unless_deleted(report):
        report_id, number = report.id, report.number
        was = db.session.scalar(select(File.sha256).where(File.report_id == report_id, File.format == format_name))
    drawn = drawing.draw(report, format_name)
    is_same = was in (None, drawn.sha256)
    if was is not None:
        record_made_again(report_id, format_name, why, was_sha256=was, sha256=drawn.sha256)
        db.session.commit()
        log.info("a file was made again", extra={"format": format_name, "why": why, "identical": is_same})
    if not is_same:
        alerts.raise_alert(
            "info",
            "file-redrawn",
            message=f"A file made again from the same figures has other bytes than before; the latest is of {number}.",
            what_to_do="Nothing, where a library was upgraded: the figures are the same, and both hashes are in the "
            "audit log.",
        )
    return drawn, is_same


def record_made_again(report_id: str, format_name: str, why: str, *, was_sha256: str, sha256: str) -> None:
    """Audit, in the running transaction, that a file was drawn anew from its figures: why, and whether its bytes are
    those that it had."""
    audit.record(
        "file.made_again",
        f"report:{report_id}",
        format=format_name,
        why=why,
        identical=was_sha256 == sha256,
        was_sha256=was_sha256,
        sha256=sha256,
    )


def make_file(making_id: str) -> None:
    """What a worker does about a file that waits to be made or put back. Does nothing where it is taken or gone; a
    store that is broken is tried again later. Raises as draw(), with the sentence kept for those who wait."""
    making = db.session.get(FileMaking, making_id)
    if making is None or making.status != "queued":
        log.info("nothing to make: the file is taken, made or gone")
        return
    report, format_name, why, tries = making.report, making.format, making.why, making.tries
    with logs.about_report(report.id):
        turn = Turn.take(report, format_name, why)
        if turn is None:
            return
        with turn.held():
            try:
                _make(report, format_name, why)
            except StorageBroken as fault:
                keeping.tell_of_a_broken_store("written", fault)
                turn.hand_over(min(keeping.STORE_RESTS * 2**tries, LONGEST_REST))
                return
            except ReportGone:
                return
        turn.finish()


def _make(report: Report, format_name: str, why: str) -> None:
    drawn, _ = make_again(report, format_name, why)
    with drawn.stream:
        keeping.keep(report, format_name, drawn)


def enqueue_file(report: Report, format_name: str, why: str) -> None:
    """Have a worker make a file that somebody waits for. Redis being down is no fault: the sweep enqueues it later."""
    with unless_deleted(report):
        gone.lock(report.id)
        FileMaking.put_in_line(report.id, format_name, why, clock.now())
        db.session.commit()
    making = FileMaking.of(report.id, format_name)
    if making is not None and making.status == "queued":
        try:
            _enqueue(making.id)
        except QueueDown as fault:
            log.warning("a file waits for the sweep: %s", fault)


def sweep_files(settled: timedelta) -> int:
    """Take over from those that died, and put in line what is due and not there; how many. Raises QueueDown."""
    limit = current_app.config["SETTINGS"].takeovers
    now = clock.now()
    # Looked at before anything is written: this runs every few seconds.
    to_see_to = or_(FileMaking.lease_until < now, FileMaking.may_be_tried_again())
    if db.session.scalar(select(FileMaking.id).where(to_see_to).limit(1)):
        FileMaking.take_over(limit, GIVEN_UP)
        FileMaking.try_failed_again()
        db.session.commit()
    unseen = or_(FileMaking.enqueued_at.is_(None), FileMaking.enqueued_at < now - settled)
    due = db.session.scalars(
        select(FileMaking.id)
        .where(FileMaking.status == "queued", FileMaking.not_before <= now, unseen)
        .order_by(FileMaking.not_before)
    ).all()
    db.session.commit()
    if not due:
        return 0
    known = queues.waiting()
    lost = [making_id for making_id in due if making_id not in known]
    for making_id in lost:
        _enqueue(making_id)
    return len(lost)


def _enqueue(making_id: str) -> None:
    queues.enqueue_file(making_id)
    FileMaking.mark_enqueued(making_id)
    db.session.commit()
