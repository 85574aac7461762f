"""How often a sign-in may fail: by e-mail address and by network address, counted in the database, without Redis."""

import ipaddress
import math
import re
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, delete, select

from webapp import clock
from webapp.extensions import db
from webapp.models import SignInAttempt
from webapp.settings import Settings

# A whole clinic may share one network address, so more may fail from it than for one e-mail address.
PEOPLE_AT_AN_ADDRESS = 4

_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+", re.ASCII)


class TooMany(Exception):
    """No more attempts for now; `minutes` until the next is looked at."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"limited for {minutes} min")
        self.minutes = minutes


def begin(email: str, address: str) -> None:
    """Count an attempt and commit it before the password is looked at, so that many at once cannot slip past the limit.

    `email` in lower case, `address` as it came from the network.
    Raises TooMany, and then does not count it: who waits is let in, however often they asked meanwhile.
    """
    settings: Settings = current_app.config["SETTINGS"]
    window = timedelta(minutes=settings.sign_in_window_minutes)
    since = clock.now() - window
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.at <= since))
    address = network_of(address)
    attempt = SignInAttempt(email=email, address=address)
    db.session.add(attempt)
    db.session.commit()

    limits = [
        (SignInAttempt.email == email, settings.sign_in_attempts),
        (SignInAttempt.address == address, settings.sign_in_attempts * PEOPLE_AT_AN_ADDRESS),
    ]
    latest = [_nth_latest(which, limit, besides=attempt.id) for which, limit in limits]
    free_at = [at + window for at in latest if at is not None]
    if free_at:
        db.session.delete(attempt)
        db.session.commit()
        raise TooMany(max(1, math.ceil((max(free_at) - clock.now()) / timedelta(minutes=1))))


def forgive(email: str) -> None:
    """After a sign-in that succeeded, in the running transaction."""
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.email == email))


def network_of(address: str) -> str:
    """The address that attempts are counted by: an IPv6 host has a whole /64 of them to try from.

    Some proxies add the port, which is another one each time, and write an IPv4 address in the form of IPv6.
    """
    with_port = _WITH_PORT.fullmatch(address)
    try:
        known = ipaddress.ip_address(with_port[1] or with_port[2] if with_port else address)
    except ValueError:
        return address[:45]
    if known.version == 4:
        return str(known)
    return str(known.ipv4_mapped or ipaddress.ip_network((known.packed, 64), strict=False))


def _nth_latest(which: ColumnElement[bool], nth: int, besides: int) -> datetime | None:
    """When the nth latest attempt was, or None where there are fewer. All others count, not only those before: of two
    at the same moment at least one sees the other."""
    return db.session.scalar(
        select(SignInAttempt.at)
        .where(which, SignInAttempt.id != besides)
        .order_by(SignInAttempt.at.desc())
        .offset(nth - 1)
        .limit(1)
    )
