from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import factories
import pytest
from apps import build_app, close
from factories import PASSWORD
from flask import Flask, request
from page_client import PageClient, page_client
from sqlalchemy import select
from werkzeug.test import TestResponse

from webapp import audit, clock
from webapp.accounts import access, attempts, passwords, sign_in
from webapp.accounts.access import polled
from webapp.accounts.views import local_path
from webapp.extensions import db
from webapp.models import AuditEntry, Person, SignInAttempt, SignInSession

NOW = clock.now()


@pytest.fixture
def person(app: Flask) -> Person:
    with app.app_context():
        return factories.add_person("staff", email="ada@example.org", name="Ada")


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Ours take a third of a second each by design; the tests that are about them say so."""
    if "real_passwords" not in request.fixturenames:
        monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")


@pytest.fixture
def real_passwords() -> None:
    pass


def enter(client: PageClient, email: str = "ada@example.org", password: str = PASSWORD, **data: str) -> TestResponse:
    return client.submit("/sign-in", {"email": email, "password": password, **data})


def next_of(url: str) -> str:
    """Where the sign-in page at that URL leads on to."""
    assert urlsplit(url).path == "/sign-in"
    return parse_qs(urlsplit(url).query)["next"][0]


def is_in(client: PageClient) -> bool:
    return client.get("/only").status_code == 200


@pytest.fixture(autouse=True)
def _a_page(app: Flask) -> None:
    """Pages of our own, so that these tests do not depend on other rooms."""
    page = "<!doctype html><html lang=en><meta name=viewport><title>Only</title><main><h1>Only</h1></main></html>"
    app.add_url_rule("/only", view_func=lambda: page, endpoint="only")
    app.add_url_rule("/waiting", view_func=polled(lambda: "<p>waiting</p>"), endpoint="waiting")


def actions(app: Flask) -> list[str]:
    with app.app_context():
        assert list(audit.faults()) == []
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))


def test_the_right_password_opens_the_pages(app: Flask, client: PageClient, person: Person) -> None:
    assert enter(client).status_code == 303
    assert is_in(client)
    assert actions(app) == ["person.signed_in"]


def test_an_email_address_may_be_typed_in_capitals_and_with_spaces(client: PageClient, person: Person) -> None:
    assert enter(client, " Ada@Example.ORG ").status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.org", "wrong horse"), ("nobody@example.org", PASSWORD), ("\x01\x0b" + "a" * 5000, PASSWORD)],
)
def test_a_refusal_does_not_tell_what_was_wrong(
    app: Flask, client: PageClient, person: Person, email: str, password: str
) -> None:
    response = enter(client, email, password)
    assert response.status_code == 422
    assert "is not right" in response.text
    assert password not in response.text
    assert not is_in(client)


def test_refusals_are_audited_without_password_or_unknown_address(
    app: Flask, client: PageClient, person: Person
) -> None:
    enter(client, password="wrong horse")
    enter(client, email="secret-address@example.org")
    assert actions(app) == ["sign_in.refused", "sign_in.refused"]
    with app.app_context():
        entries = list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.number)))
        assert [entry.subject for entry in entries] == [f"person:{person.id}", "person:unknown"]
        assert not any("horse" in entry.details or "secret-address" in entry.details for entry in entries)


def test_empty_fields_are_named(client: PageClient) -> None:
    response = enter(client, "", "")
    assert response.status_code == 422
    assert "Enter your e-mail address." in response.text
    assert "Enter your password." in response.text


def test_a_password_of_older_parameters_is_hashed_anew(
    app: Flask, client: PageClient, person: Person, real_passwords: None
) -> None:
    assert enter(client).status_code == 303
    with app.app_context():
        assert db.session.get_one(Person, person.id).password_hash.startswith("scrypt:131072:8:1$")
    assert enter(page_client(app)).status_code == 303


def test_an_unknown_address_costs_the_same_work(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    monkeypatch.setattr(passwords, "check_password_hash", lambda known, typed: checked.append(known) is None and False)
    enter(client, "nobody@example.org")
    assert [known.split("$")[0] for known in checked] == [passwords.METHOD]


def test_sign_out_ends_every_copy_of_the_cookie(app: Flask, client: PageClient, person: Person) -> None:
    enter(client)
    cookie = client.get_cookie("clinic-reports")
    assert cookie is not None
    thief = page_client(app)
    thief.set_cookie("clinic-reports", cookie.value)
    assert is_in(thief)
    assert client.submit("/sign-out").status_code == 303
    assert not is_in(client)
    assert not is_in(thief)
    assert actions(app) == ["person.signed_in", "person.signed_out"]


def test_signing_in_keeps_nothing_of_a_planted_session(client: PageClient, person: Person) -> None:
    with client.session_transaction() as session:
        session["planted"] = "yes"
    enter(client)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_an_idle_session_ends(client: PageClient, person: Person) -> None:
    with clock.stopped_at(NOW):
        enter(client)
    with clock.stopped_at(NOW + timedelta(minutes=29)):
        assert is_in(client)
    with clock.stopped_at(NOW + timedelta(minutes=58)):
        assert is_in(client)
    with clock.stopped_at(NOW + timedelta(minutes=88)):
        assert not is_in(client)
        assert "You were signed out" in client.get("/sign-in").text


def test_a_page_that_polls_does_not_keep_a_session_alive(client: PageClient, person: Person) -> None:
    with clock.stopped_at(NOW):
        enter(client)
    with clock.stopped_at(NOW + timedelta(minutes=29)):
        assert client.get("/waiting").status_code == 200
    with clock.stopped_at(NOW + timedelta(minutes=31)):
        assert client.get("/waiting").status_code == 303


def test_a_session_ends_after_its_hours_however_busy(client: PageClient, person: Person) -> None:
    with clock.stopped_at(NOW):
        enter(client)
    for minutes in range(25, 12 * 60, 25):
        with clock.stopped_at(NOW + timedelta(minutes=minutes)):
            assert is_in(client)
    with clock.stopped_at(NOW + timedelta(hours=12)):
        assert not is_in(client)


def test_last_seen_is_written_at_most_once_a_minute(app: Flask, client: PageClient, person: Person) -> None:
    seen = []
    for seconds in (0, 30, 59, 60, 90):
        with clock.stopped_at(NOW + timedelta(seconds=seconds)):
            enter(client) if seconds == 0 else client.get("/only")
        with app.app_context():
            seen.append(int((db.session.scalars(select(SignInSession)).one().last_seen_at - NOW).total_seconds()))
    assert seen == [0, 0, 0, 60, 60]


def test_a_deactivated_person_is_out_at_once(app: Flask, client: PageClient, person: Person) -> None:
    enter(client)
    with app.app_context():
        db.session.get_one(Person, person.id).is_active = False
        db.session.commit()
    assert not is_in(client)
    assert enter(client).status_code == 422


def test_attempts_for_one_address_are_limited_and_the_wait_is_told(
    app: Flask, client: PageClient, person: Person
) -> None:
    with clock.stopped_at(NOW):
        assert [enter(client, password="wrong").status_code for _ in range(5)] == [422] * 5
    with clock.stopped_at(NOW + timedelta(minutes=4)):
        response = enter(client)
        assert response.status_code == 429
        assert "Wait 11 minutes" in response.text
        assert enter(client, "somebody.else@example.org", "wrong").status_code == 422
    with clock.stopped_at(NOW + timedelta(minutes=15)):
        assert enter(client).status_code == 303


def test_attempts_from_one_place_are_limited_whatever_address_they_try(client: PageClient, person: Person) -> None:
    for number in range(20):
        assert enter(client, f"guess{number}@example.org").status_code == 422
    assert enter(client).status_code == 429


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("192.0.2.7:5678", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ("[2001:db8:1:2::ffff]:80", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::ffff]", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("unknown" * 20, ("unknown" * 20)[:45]),
        ("unknown:80", "unknown:80"),
        ("", ""),
    ],
)
def test_attempts_are_counted_by_what_one_host_can_change_at_will(address: str, counted_as: str) -> None:
    assert attempts.network_of(address) == counted_as


def test_many_at_once_cannot_slip_past_the_limit(app: Flask, person: Person) -> None:
    def attempt(_number: int) -> str:
        with app.app_context():
            try:
                sign_in.sign_in("ada@example.org", "wrong", "192.0.2.7")
            except (sign_in.Refused, attempts.TooMany) as refusal:
                return type(refusal).__name__
            return "signed in"

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(12)))
    assert answers.count("Refused") <= 5
    assert answers.count("signed in") == 0


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "192.0.2.7")])
def test_the_address_is_what_our_own_proxies_say(tmp_path: Path, sqlite_url: str, proxies: int, address: str) -> None:
    app = build_app(tmp_path, sqlite_url, trusted_proxies=proxies)
    client = page_client(app)
    forged = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "X-Forwarded-Host": "evil.example"}
    data = {"csrf_token": client.token(), "email": "ada@example.org", "password": "wrong"}
    assert client.post("/sign-in", data=data, headers=forged).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(SignInAttempt.address)).all() == [address]
    close(app)


@pytest.mark.parametrize(("proxies", "scheme"), [(0, "http"), (1, "https"), (2, "https")])
def test_the_scheme_is_what_our_own_proxies_say_once(
    tmp_path: Path, sqlite_url: str, proxies: int, scheme: str
) -> None:
    app = build_app(tmp_path, sqlite_url, trusted_proxies=proxies)
    app.add_url_rule("/scheme", "scheme", lambda: request.scheme)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "OPEN_ENDPOINTS", access.OPEN_ENDPOINTS | {"scheme"})
        told = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "X-Forwarded-Proto": "https"}
        assert app.test_client().get("/scheme", headers=told).text == scheme
    close(app)


@pytest.mark.parametrize(
    ("env", "proxies", "warned"), [("production", 0, 1), ("production", 1, 0), ("development", 0, 0)]
)
def test_a_proxy_that_is_not_counted_is_told_once(
    tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], env: str, proxies: int, warned: int
) -> None:
    app = build_app(tmp_path, sqlite_url, app_env=env, trusted_proxies=proxies)
    client = page_client(app)
    client.get("/sign-in")
    assert "TRUSTED_PROXIES" not in capsys.readouterr().err
    for _ in range(3):
        client.get("/sign-in", headers={"X-Forwarded-For": "192.0.2.7"})
    assert capsys.readouterr().err.count("TRUSTED_PROXIES is 0") == warned
    close(app)


def test_a_success_forgives_what_was_mistyped_before(app: Flask, client: PageClient, person: Person) -> None:
    for _ in range(4):
        enter(client, password="wrong")
    assert enter(client).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(SignInAttempt)).all() == []


def test_demo_people_stay_out_of_production(tmp_path: Path, sqlite_url: str) -> None:
    app = build_app(tmp_path, sqlite_url, app_env="production")
    with app.app_context():
        factories.add_person("staff", email="demo@example.org", is_demo=True)
        factories.add_person("staff", email="ada@example.org")
    client = page_client(app)
    secure = {"base_url": "https://localhost/", "headers": {"Referer": "https://localhost/sign-in"}}
    page = client.get("/sign-in", **secure)
    token = page.text.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    data = {"csrf_token": token, "password": PASSWORD}
    assert client.post("/sign-in", data={**data, "email": "demo@example.org"}, **secure).status_code == 422
    response = client.post("/sign-in", data={**data, "email": "ada@example.org"}, **secure)
    assert response.status_code == 303
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-clinic-reports=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Expires=" in cookie
    close(app)


def test_sign_in_leads_back_to_where_one_was_going(client: PageClient, person: Person) -> None:
    response = client.get("/only?status=ready")
    assert response.status_code == 303
    assert next_of(response.headers["Location"]) == "/only?status=ready"
    assert enter(client, next="/only?status=ready").headers["Location"] == "/only?status=ready"


@pytest.mark.parametrize(
    "target",
    ["", "only", "//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", "/a\\b", "/a b",
     "javascript:alert(1)", "/\r\nSet-Cookie: a=b", "///evil.example", "http:/only", "//[x", "http://[x/"],
)  # fmt: skip
def test_sign_in_leads_to_no_other_site(target: str) -> None:
    assert local_path(target) == ""


@pytest.mark.parametrize("target", ["/only", "/reports?q=a%20b&page=2", "/"])
def test_sign_in_leads_to_pages_of_this_site(target: str) -> None:
    assert local_path(target) == target


def test_a_fragment_makes_the_whole_page_go_to_sign_in(client: PageClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/only?page=2"}
    response = client.get("/waiting", headers=headers)
    assert response.status_code == 401
    assert next_of(response.headers["HX-Redirect"]) == "/only?page=2"
    assert response.text == ""


def test_a_program_is_told_to_sign_in(client: PageClient) -> None:
    response = client.get("/only", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json is not None
    assert response.json["type"] == "error"


def test_a_form_sent_after_the_idle_sign_out_leads_back_to_its_page(client: PageClient, person: Person) -> None:
    response = client.post("/sign-out", headers={"Referer": "http://localhost/only"})
    assert next_of(response.headers["Location"]) == "/only"


def test_an_address_that_is_none_leads_to_sign_in_alone(client: PageClient, person: Person) -> None:
    fragment = client.get("/waiting", headers={"HX-Request": "true", "HX-Current-URL": "http://[x/"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/sign-in")
    form = client.post("/sign-out", headers={"Referer": "http://[x/"})
    assert (form.status_code, form.headers["Location"]) == (303, "/sign-in")
    assert enter(client, next="//[x").headers["Location"] == "/"


def test_who_is_signed_in_needs_no_sign_in_page(client: PageClient, person: Person) -> None:
    client.sign_in(person)
    assert client.get("/sign-in").status_code == 303
