"""Alerts: what a person must know, stored once while it is open."""

import logging
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from webapp import audit, clock
from webapp.extensions import db
from webapp.models import Alert
from webapp.models.alert import SEVERITIES

log = logging.getLogger(__name__)


def raise_alert(severity: str, rule: str, *, subject: str = "", message: str, what_to_do: str) -> None:
    """Store an alert and commit it, or count it once more, with its latest message, where the same rule is open about
    the same subject.

    `severity` is critical, warning or info. `message` and `what_to_do` are sentences for an administrator, without
    patient data. The running transaction must be finished before: an alert stands whatever becomes of its cause.
    Raises ValueError for another severity.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"no such severity: {severity}")
    log.warning("alert: %s", message, extra={"rule": rule, "subject": subject, "alert_severity": severity})
    for last_look in (False, False, True):
        if _counted_again(rule, subject, message):
            return
        try:
            db.session.add(Alert(severity=severity, rule=rule, subject=subject, message=message, what_to_do=what_to_do))
            db.session.commit()
            return
        except IntegrityError:
            # Somebody raised it between our two looks. It is counted now, or, resolved meanwhile, raised again.
            db.session.rollback()
            if last_look:
                raise


def resolve_alert(*rules: str, subject: str | None = None) -> None:
    """Close the open alerts of these rules, or those about that subject, if there are any, and commit."""
    ours: list[ColumnElement[bool]] = [Alert.rule.in_(rules), Alert.resolved_at.is_(None)]
    if subject is not None:
        ours.append(Alert.subject == subject)
    if db.session.scalar(select(Alert.id).where(*ours).limit(1)) is None:
        return
    db.session.execute(update(Alert).where(*ours).values(resolved_at=clock.now()))
    db.session.commit()


def close_alert(number: int, *, person_id: int | None = None) -> bool:
    """Close the open alert of that number, audited with who did (None: somebody at the command line) and committed;
    whether there was one."""
    closed = db.session.execute(
        update(Alert).where(Alert.id == number, Alert.resolved_at.is_(None)).values(resolved_at=clock.now())
    )
    is_closed = bool(cast("CursorResult[Any]", closed).rowcount)
    if is_closed:
        audit.record("alert.closed", f"alert:{number}", person_id=person_id)
    db.session.commit()
    return is_closed


def open_alerts() -> list[Alert]:
    """The open alerts, newest first."""
    return list(db.session.scalars(select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.last_at.desc())))


def _counted_again(rule: str, subject: str, message: str) -> bool:
    counted = db.session.scalars(
        update(Alert)
        .where(*_open(rule, subject))
        .values(count=Alert.count + 1, last_at=clock.now(), message=message)
        .returning(Alert.id)
    ).all()
    db.session.commit()
    return bool(counted)


def _open(rule: str, subject: str) -> tuple[Any, ...]:
    return (Alert.rule == rule, Alert.subject == subject, Alert.resolved_at.is_(None))
