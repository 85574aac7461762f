"""What no person types: refused in plain words, the same on both databases, and before anybody asks who it is."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import factories
import pytest
from apps import build_app, close
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from webapp.extensions import db
from webapp.models import Report, SignInAttempt

NO_TEXT = ["%00", "a%00b", "%ED%A0%80", "%FF", "%C3%28", "%80"]
ODD_TEXT = ["%EF%BF%BD", "%F0%9F%A6%B7", "%E2%80%AE", "%01", "%0D%0ASet-Cookie:%20a=b", "'%20OR%201=1--", "%25", "\\"]
ODD_TEXT += ["a" * 5000, "{{7*7}}", "%3Cscript%3E", "_%25_", "-1", "99999999999999999999", "%D9%A3", "1e9", "NaN"]


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    app = build_app(tmp_path, database_url)
    yield app
    close(app)


@pytest.fixture
def asker(site: Flask) -> PageClient:
    """A signed-in person's browser."""
    with site.app_context():
        person = factories.add_person("clinician", factories.add_clinic("Riverside"))
        factories.add_report(person)
    return page_client(site).sign_in(person)


def paths(odd: str) -> list[str]:
    return [
        *(f"/reports/{odd}", f"/reports/{odd}/progress", f"/reports/{odd}/delete", f"/reports/{odd}/files/pdf"),
        *(f"/reports/x/files/{odd}", f"/static/{odd}/theme.css", f"/static/0/{odd}", f"/{odd}"),
        *(f"/reports?{name}={odd}" for name in ("q", "status", "template", "page", odd)),
        *(f"/reports/new?{name}={odd}" for name in ("template", "clinic", "period", odd)),
        f"/reports/new/matching?period=own&start={odd}&end={odd}&sex={odd}&age={odd}&provider={odd}",
    ]


def get(client: PageClient, path: str) -> TestResponse:
    """As a web server hands the path on, byte for byte; Flask's client would put a sign in place of wrong bytes."""
    raw = unquote_to_bytes(path.partition("?")[0]).decode("latin-1")
    return client.get(path, environ_overrides={"PATH_INFO": raw})


@pytest.mark.parametrize("odd", NO_TEXT)
def test_an_address_that_is_no_text_is_refused_before_sign_in(site: Flask, asker: PageClient, odd: str) -> None:
    for client in (asker, page_client(site)):
        for path in paths(odd):
            response = get(client, path)
            assert response.status_code == 400, path
            assert "holds characters that are no text" in response.text


@pytest.mark.parametrize("odd", NO_TEXT)
def test_a_form_that_is_no_text_is_refused_and_counts_as_no_attempt(site: Flask, odd: str) -> None:
    client = page_client(site)
    for field in ("email", "password", "next", "csrf_token", odd):
        body = f"csrf_token={client.token()}&email=a@example.org&password=x&{field}={odd}"
        response = client.post("/sign-in", data=body, content_type="application/x-www-form-urlencoded")
        assert (response.status_code, "holds characters that are no text" in response.text) == (400, True)
    with site.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignInAttempt)) == 0


def test_a_form_in_parts_may_hold_no_nul_either(asker: PageClient) -> None:
    data = {"csrf_token": asker.token(), "template": "visit_trends", "format": "pdf\x00"}
    response = asker.post("/reports/new", data=data, content_type="multipart/form-data")
    assert (response.status_code, "holds characters that are no text" in response.text) == (400, True)


@pytest.mark.parametrize("odd", ODD_TEXT)
def test_odd_text_in_an_address_breaks_no_page(asker: PageClient, odd: str) -> None:
    for path in paths(odd):
        assert get(asker, path).status_code < 500, path


@pytest.mark.parametrize("odd", ["\x01", "\ufffd", "🦷", "a" * 5000, "9" * 30, "-1", "٣", "' OR 1=1--"])
def test_odd_text_in_a_form_asks_for_no_report(site: Flask, asker: PageClient, odd: str) -> None:
    usual = {"template": "visit_trends", "format": "pdf", "period": "last_month"}
    for field in ("template", "clinic", "format", "period", "sex", "age", "provider", "kind"):
        assert 400 <= asker.submit("/reports/new", {**usual, field: odd}).status_code < 500, field
    with site.app_context():
        assert db.session.scalar(select(func.count()).select_from(Report)) == 1
