"""Signing in: an e-mail address and a password in, a session out."""

import logging

from sqlalchemy import select

from webapp import audit
from webapp.accounts import attempts, passwords, sessions
from webapp.extensions import db
from webapp.models import Person
from webapp.words import printable

log = logging.getLogger(__name__)


class Refused(Exception):
    """Unknown, wrong, left or not meant for here: the caller is not told which."""


def sign_in(email: str, password: str, address: str) -> sessions.SignedIn:
    """A new session for the person of that password, committed and audited.

    `address` is the network address it comes from. Raises Refused, and attempts.TooMany. A refusal is audited too, of
    a known person under their row, of an unknown address without it; those beyond the limit are only logged, so that
    nobody can flood the audit log.
    """
    email = printable(email).strip().lower()[:254]
    try:
        attempts.begin(email, address)
    except attempts.TooMany:
        log.warning("sign-in limited")
        raise
    person = db.session.scalars(select(Person).where(Person.email == email)).one_or_none()
    right = passwords.matches(person.password_hash if person else None, password)
    if person is None or not right or not sessions.may_sign_in(person):
        _audit_refusal(person, right)
        raise Refused
    attempts.forgive(email)
    if passwords.outdated(person.password_hash):
        person.password_hash = passwords.hashed(password)
    signed_in = sessions.start(person)
    audit.record("person.signed_in", f"person:{person.id}", person_id=person.id)
    db.session.commit()
    return signed_in


def sign_out(signed_in: sessions.SignedIn) -> None:
    """End the session, committed and audited."""
    sessions.end(signed_in.token)
    audit.record("person.signed_out", f"person:{signed_in.person.id}", person_id=signed_in.person.id)
    db.session.commit()


def _audit_refusal(person: Person | None, right: bool) -> None:
    if person is None:
        audit.record("sign_in.refused", "person:unknown", why="unknown")
    else:
        audit.record("sign_in.refused", f"person:{person.id}", why="not allowed" if right else "password")
    db.session.commit()
