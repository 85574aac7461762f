"""Who did what: append-only, each entry chained to the one before by SHA-256, so that a change or a hole is seen."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp import clock
from webapp.extensions import db
from webapp.models import AuditEntry, AuditHead

GENESIS = "0" * 64
"""The hash "before" the first entry; the first migration puts it in the head."""


def record(action: str, subject: str, *, person_id: int | None = None, **details: Any) -> None:
    """Add an entry to the running transaction: it stands if and only if what it tells of does.

    `action` is a word of ours ("report.asked"), `subject` names a row ("report:<id>"); `details` are ids, hashes and
    words of ours, never patient data.

    Call it when all else is written, and commit soon after: it locks the head of the chain until then. Everybody who
    locks the head last waits for nobody while holding it; who takes another row after it can wait for somebody who
    holds that row and waits for the head, and PostgreSQL ends one of the two as a deadlock.
    """
    db.session.flush()
    # The head is updated before it is read: that takes the lock which keeps two writers from forking the chain.
    head = db.session.execute(
        update(AuditHead).values(number=AuditHead.number + 1).returning(AuditHead.number, AuditHead.sha256),
        execution_options={"synchronize_session": False},
    ).one()
    entry = AuditEntry(
        number=head.number,
        at=clock.now(),
        person_id=person_id,
        action=action,
        subject=subject,
        details=json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str),
        previous_sha256=head.sha256,
        sha256="",
    )
    entry.sha256 = digest(entry)
    db.session.add(entry)
    db.session.execute(update(AuditHead).values(sha256=entry.sha256), execution_options={"synchronize_session": False})


def digest(entry: AuditEntry) -> str:
    """SHA-256 over all of the entry but its own hash, as canonical JSON."""
    told = [
        entry.number,
        _written(entry.at),
        entry.person_id,
        entry.action,
        entry.subject,
        entry.details,
        entry.previous_sha256,
    ]
    return hashlib.sha256(json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def faults() -> Iterator[tuple[int, str]]:
    """The number of each entry that was changed, removed or added out of line, and what is wrong with it."""
    number, previous = 0, GENESIS
    for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=500)):
        if entry.number != number + 1:
            yield entry.number, f"entry {number + 1} is missing"
        elif entry.previous_sha256 != previous:
            yield entry.number, "does not follow the entry before it"
        elif digest(entry) != entry.sha256:
            yield entry.number, "was changed after it was written"
        number, previous = entry.number, entry.sha256
    head = db.session.execute(select(AuditHead.number, AuditHead.sha256)).one()
    if (head.number, head.sha256) != (number, previous):
        yield number, f"the chain should end at entry {head.number}"


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
