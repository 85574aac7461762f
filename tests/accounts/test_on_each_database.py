"""What SQL decides, on SQLite and on PostgreSQL."""

import factories
import pytest
from factories import PASSWORD
from flask import Flask
from sqlalchemy import select

from webapp.accounts import access, attempts, passwords, sessions, sign_in
from webapp.extensions import db
from webapp.models import SignInSession
from webapp.models.person import ROLES, ROLES_OF_A_CLINIC


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")


def test_a_session_starts_lasts_and_ends(context_on_each: Flask) -> None:
    factories.add_person(email="ada@example.org")
    signed_in = sign_in.sign_in("ada@example.org", PASSWORD, "192.0.2.7")
    with context_on_each.test_request_context():
        found = sessions.find(signed_in.token)
        assert found is not None
        assert found.person.email == "ada@example.org"
        sign_in.sign_out(signed_in)
        assert sessions.find(signed_in.token) is None
    assert db.session.scalars(select(SignInSession)).one().ended_at is not None


@pytest.mark.parametrize("typed", ["ada@example.org", "\x00" * 300, "a" * 5000, "ä@exämple.org", "' OR 1=1 --"])
def test_whatever_is_typed_is_refused_and_then_limited(context_on_each: Flask, typed: str) -> None:
    for _ in range(5):
        with pytest.raises(sign_in.Refused):
            sign_in.sign_in(typed, "wrong", "2001:db8::1")
    with pytest.raises(attempts.TooMany) as limit:
        sign_in.sign_in(typed, "wrong", "2001:db8::2")
    assert limit.value.minutes == 15


def test_the_list_of_reports_follows_the_matrix(context_on_each: Flask) -> None:
    clinic, elsewhere = factories.add_clinic(), factories.add_clinic()
    owner = factories.add_person("staff", clinic)
    reports = [factories.add_report(owner), factories.add_report(factories.add_person("staff", elsewhere))]
    for role in ROLES:
        person = factories.add_person(role, clinic if role in ROLES_OF_A_CLINIC else None)
        seen = list(db.session.scalars(access.visible_reports(person)))
        assert set(seen) == {report for report in reports if access.allowed(person, "read", report)}
