"""Who is signed in: a random token in the signed cookie, its SHA-256 in a row that is looked at in every request.

Ending the row ends every copy of the cookie. A session ends by sign-out, after session_idle_minutes without a request
of the person's own, and session_hours after sign-in whatever happens.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, request
from flask_login import UserMixin
from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.extensions import db
from webapp.models import Person, SignInSession
from webapp.settings import Settings


class SignedIn(UserMixin):
    """What Flask-Login keeps for a request: a person by way of one session. `get_id` is what the cookie holds."""

    def __init__(self, token: str, person: Person) -> None:
        self.token = token
        self.person = person

    def get_id(self) -> str:
        return self.token


def start(person: Person) -> SignedIn:
    """A new session, in the running transaction; those whose hours are over are swept away."""
    over = clock.now() - timedelta(hours=_settings().session_hours)
    db.session.execute(delete(SignInSession).where(SignInSession.started_at <= over))
    token = secrets.token_urlsafe(32)
    db.session.add(SignInSession(token_sha256=_digest(token), person_id=person.id))
    return SignedIn(token, person)


def find(token: str) -> SignedIn | None:
    """The session of a cookie's token, while it lasts; what Flask-Login calls in each request."""
    row = db.session.scalars(
        select(SignInSession)
        .options(joinedload(SignInSession.person).joinedload(Person.clinic))
        .where(SignInSession.token_sha256 == _digest(token), SignInSession.ended_at.is_(None))
    ).one_or_none()
    now, settings = clock.now(), _settings()
    if row is None or now - row.started_at >= timedelta(hours=settings.session_hours):
        return None
    idle, limit = now - row.last_seen_at, timedelta(minutes=settings.session_idle_minutes)
    if idle >= limit or not may_sign_in(row.person):
        return None
    if idle >= min(timedelta(minutes=1), limit / 10) and not _is_polled():
        _see(row, now)
    return SignedIn(token, row.person)


def end(token: str) -> None:
    """Sign-out, in the running transaction."""
    _end(SignInSession.token_sha256 == _digest(token))


def end_all(person: Person) -> None:
    """End every session of a person, in the running transaction: for a new password, or one who left."""
    _end(SignInSession.person_id == person.id)


def may_sign_in(person: Person) -> bool:
    """Demo people have passwords that everybody can read, so they stay out of production."""
    return person.is_active and not (person.is_demo and _settings().production)


def _see(row: SignInSession, now: datetime) -> None:
    """Written seldom, so that reading pages is not a stream of writes."""
    row.last_seen_at = now
    db.session.commit()


def _end(which: Any) -> None:
    db.session.execute(
        update(SignInSession).where(which, SignInSession.ended_at.is_(None)).values(ended_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _is_polled() -> bool:
    """See access.polled."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "is_polled", False)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _settings() -> Settings:
    return current_app.config["SETTINGS"]
