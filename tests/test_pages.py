"""Rules about every page, and about the frame around them."""

import logging
import re
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from flask import Flask, abort
from page_client import PageClient, faults, page_client
from sqlalchemy import text

from webapp.accounts import access
from webapp.errors import QueueDown
from webapp.extensions import csrf, db
from webapp.frame import static_files
from webapp.frame.error_pages import WORDS
from webapp.models import Person
from webapp.settings import PROJECT

TEMPLATES = PROJECT / "templates"
# What the packages shipped when we looked at it; a change of either is looked at before it is served.
KNOWN = {
    "bootstrap.min.css": "d85327d99c7a3ee1f9b5d0500d1370acea3ad2db39c163c2f51f232baedbdede",
    "htmx.min.js": "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e",
}


@pytest.fixture
def person(app: Flask) -> Person:
    with app.app_context():
        return factories.add_person("manager", factories.add_clinic("Riverside"))


def url_of(rule: str) -> str:
    return re.sub(r"<(?:(int)[^:>]*:)?[^>]+>", lambda match: "1" if match[1] else "x", rule)


# -- Every route, every template ---------------------------------------------------------------------------------------


def test_every_route_needs_sign_in_unless_listed(app: Flask, client: PageClient) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in access.OPEN_ENDPOINTS:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            response = client.open(url_of(rule.rule), method=method)
            assert response.status_code == 303, f"{method} {rule} answered {response.status_code}"
            assert response.headers["Location"].startswith("/sign-in")


def test_every_route_that_is_open_exists(app: Flask) -> None:
    assert set(app.view_functions) >= access.OPEN_ENDPOINTS


def test_every_route_that_changes_something_asks_for_the_forms_token(
    app: Flask, client: PageClient, person: Person
) -> None:
    client.sign_in(person)
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            assert client.open(url_of(rule.rule), method=method).status_code == 400, f"{method} {rule}"
    assert csrf._exempt_views == set()
    assert csrf._exempt_blueprints == set()


def test_every_template_is_used() -> None:
    sources = [path.read_text() for path in (*TEMPLATES.rglob("*.*"), *(PROJECT / "webapp").rglob("*.py"))]
    for path in TEMPLATES.rglob("*.*"):
        # Renderers know nothing of Flask and name their templates within their own folder.
        names = (f'"{path.relative_to(TEMPLATES).as_posix()}"', f'"{path.name}"')
        assert any(name in source for source in sources for name in names), f"nothing uses {names[0]}"


def test_no_template_has_inline_handlers_styles_or_scripts() -> None:
    inline = re.compile(
        r"""<style|<script(?![^>]*\bsrc=)|\s(?:style|on[a-z]+|hx-on[^=]*)=["']|\|\s*safe\b""", re.IGNORECASE
    )
    for path in TEMPLATES.rglob("*.html"):
        found = inline.search(path.read_text())
        # The pages of a PDF and e-mails are not shown by our site, and their readers need styles inside.
        if path.relative_to(TEMPLATES).parts[0] not in ("files", "emails"):
            assert not found, f"{path.name}: {found and found[0]}"


def test_it_sees_what_is_wrong_with_a_page() -> None:
    html = """<html><title></title><h1>One</h1><h1>Two</h1><a href="#"></a><img src="x"><input id="a"><input id="a">
        <form method="post"><button onclick="x()"></button></form><p style="color: red"><script>x</script>"""
    found = "; ".join(faults(html))
    for part in ("2 h1", "0 main", "no doctype", "no language", "no viewport", "empty title", "empty a", "to nowhere",
                 "without alt", "input without label", "id a used twice", "without CSRF", "onclick", "style on p",
                 "inline script", "empty button"):  # fmt: skip
        assert part in found


# -- Headers and static files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/healthz", "/"])
def test_every_answer_has_the_security_headers(client: PageClient, path: str) -> None:
    headers = client.get(path).headers
    assert set(headers["Content-Security-Policy"].split("; ")) == {
        "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
        "frame-ancestors 'none'",
    }  # fmt: skip
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_in_production_browsers_are_told_to_come_encrypted_only(tmp_path: Path, sqlite_url: str) -> None:
    app = build_app(tmp_path, sqlite_url, app_env="production")
    assert page_client(app).get("/sign-in").headers["Strict-Transport-Security"] == "max-age=31536000"
    close(app)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_files_of_packages_are_the_ones_we_know(name: str) -> None:
    file = static_files.find(name)
    assert file is not None
    assert file.sha256 == KNOWN[name]


def test_static_files_are_kept_for_a_year_under_their_hash(app: Flask, client: PageClient) -> None:
    with app.test_request_context():
        url = static_files.static_url("theme.css")
    body = (PROJECT / "static" / "theme.css").read_bytes()
    response = client.get(url)
    assert response.data == body
    assert response.content_type == "text/css; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in response.headers["Vary"]
    assert "Set-Cookie" not in response.headers
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(body) / 2


def test_an_old_hash_gets_todays_file_but_not_for_keeps(client: PageClient) -> None:
    response = client.get("/static/0123456789ab/theme.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "..", "%2e%2e%2fpyproject.toml", "..%2f..%2fetc%2fpasswd", ".css"])
def test_no_other_file_is_served(client: PageClient, name: str) -> None:
    assert client.get(f"/static/0123456789ab/{name}").status_code == 404


def test_only_kinds_of_file_that_pages_load_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "notes.txt").write_text("left here by mistake")
    monkeypatch.setattr(static_files, "PROJECT", tmp_path)
    assert static_files.find("notes.txt") is None


def test_every_file_in_static_is_used_and_small() -> None:
    pages = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    for path in (PROJECT / "static").iterdir():
        assert f"static_url('{path.name}')" in pages
        assert path.stat().st_size < 30_000


# -- Errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 415, 418, 429, 500, 501, 503])
def test_an_error_page_is_plain_and_has_a_number_to_quote(app: Flask, client: PageClient, status: int) -> None:
    app.add_url_rule("/sign-in/broken", "broken", lambda: abort(status))
    client.application.view_functions["accounts.sign_in"] = app.view_functions["broken"]
    response = client.get("/sign-in")
    assert response.status_code == status
    assert f"<strong>{response.headers['X-Request-ID'][:8]}</strong>" in response.text
    assert response.text.count("<h1>") == 1
    if status in WORDS:
        assert f"<p>{WORDS[status].happened}</p>" in response.text


def broken(app: Flask, fault: BaseException) -> None:
    """From now on the sign-in page raises this."""

    def view() -> str:
        raise fault

    app.view_functions["accounts.sign_in"] = view


def test_an_unforeseen_fault_shows_nothing_of_its_inside(
    app: Flask, client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    broken(app, RuntimeError("Maria Santos, born 1980"))
    response = client.get("/sign-in")
    assert response.status_code == 500
    assert "Maria" not in response.text
    assert "Traceback" not in response.text
    assert any(record.exc_info for record in caplog.records)


def test_a_sentence_of_ours_is_shown(app: Flask, client: PageClient) -> None:
    app.view_functions["accounts.sign_in"] = lambda: abort(410, "This report expired on 3 November 2026.")
    assert "This report expired on 3 November 2026." in client.get("/sign-in").text


def test_a_fault_of_a_report_is_told_in_its_own_words(app: Flask, client: PageClient) -> None:
    broken(app, QueueDown("connection refused"))
    response = client.get("/sign-in")
    assert response.status_code == 503
    assert "The queue is not answering." in response.text
    assert "refused" not in response.text


def test_pages_answer_when_the_database_is_down(app: Flask, client: PageClient, person: Person) -> None:
    client.sign_in(person)
    with app.app_context():
        db.session.execute(text("ALTER TABLE sign_in_sessions RENAME TO away"))
        db.session.commit()
    for path in ("/", "/reports", "/nowhere"):
        response = client.get(path)
        assert response.status_code == 503
        assert "We cannot answer just now" in response.text
        assert response.headers["Retry-After"] == "30"


def test_healthz_needs_no_sign_in_and_tells_only_whether_the_database_answers(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").text == "ok\n"
    with app.app_context():
        folder = Path(str(db.engine.url.database))
        db.engine.dispose()
    folder.rename(folder.with_suffix(".gone"))
    folder.mkdir()
    response = client.get("/healthz")
    assert response.status_code == 503
    assert "unable to open" not in response.text


def test_a_refused_method_says_which_are_allowed(client: PageClient) -> None:
    response = client.delete("/sign-in")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_a_program_gets_the_error_as_a_message(client: PageClient) -> None:
    response = client.get("/nowhere", headers={"Accept": "application/json"})
    assert response.json is not None
    assert response.json["type"] == "error"
    assert response.json["data"]["status"] == 404
    assert response.json["data"]["request"] == response.headers["X-Request-ID"][:8]


def test_a_fragment_gets_a_sentence_instead_of_a_page(client: PageClient) -> None:
    response = client.get("/nowhere", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert 'role="alert"' in response.text
    assert "<html" not in response.text


def test_a_form_that_is_too_old_says_so(app: Flask, client: PageClient) -> None:
    app.config["WTF_CSRF_TIME_LIMIT"] = -1
    response = client.submit("/sign-in", {"email": "a@example.org", "password": "x"})
    assert response.status_code == 400
    assert "This page was open for too long" in response.text


def test_a_form_of_another_site_is_told_from_one_that_is_too_old(client: PageClient) -> None:
    response = client.post("/sign-in", data={"email": "a@example.org", "password": "x"})
    assert response.status_code == 400
    assert "That did not come from one of our pages" in response.text
    sent = {"base_url": "https://localhost", "headers": {"Referer": "https://elsewhere.example/form"}}
    assert (
        "did not come from one of our pages" in client.submit("/sign-in", {"email": "a", "password": "x"}, **sent).text
    )


def test_a_fragment_whose_form_is_refused_reloads_its_page(client: PageClient) -> None:
    assert client.post("/sign-in", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_a_body_that_is_too_large_is_refused(client: PageClient) -> None:
    assert client.post("/sign-in", data={"email": "a" * 2_000_000}).status_code == 413


# -- Logs --------------------------------------------------------------------------------------------------------------


def test_the_log_has_one_line_a_request_without_what_was_asked(
    client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "webapp"):
        client.get("/static/secret-id/none?q=Maria", headers={"X-Request-ID": "abcdefgh-1234"})
    lines = [record for record in caplog.records if record.name == "webapp.frame.request_log"]
    assert len(lines) == 1
    told = vars(lines[0])
    assert (told["method"], told["route"], told["status"]) == ("GET", "/static/<digest>/<name>", 404)
    assert "secret-id" not in str(told)
    assert "Maria" not in str(told)


@pytest.mark.parametrize(
    ("given", "kept"), [("abcdefgh-1234", True), ("a b\tc12345", False), ("x" * 65, False), ("", False)]
)
def test_a_sane_request_id_is_kept(client: PageClient, given: str, kept: bool) -> None:
    answered = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (answered == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answered)
