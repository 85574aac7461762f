"""The frame in a real browser: accessible, no wider than a telephone, and nothing that the content policy stops."""

from collections.abc import Iterator

import factories
import pytest
from apps import served
from axe_playwright_python.sync_playwright import Axe
from factories import PASSWORD
from flask import Flask, abort, flash, redirect, render_template_string
from playwright.sync_api import Browser, Page

from tests.stack import PATIENCE
from webapp.accounts import passwords
from webapp.accounts.access import polled
from webapp.extensions import db
from webapp.models import SignInSession

WAITING = """{% extends "layout.html" %}
{% block title %}Waiting{% endblock %}
{% block breadcrumbs %}<li><a href="/">Start</a></li><li aria-current="page">Waiting</li>{% endblock %}
{% block main %}<h1>Waiting</h1>
<button type="button" class="btn btn-quiet" hx-get="/progress" hx-target="#progress">Look</button>
<div id="progress"></div>{% endblock %}"""


@pytest.fixture
def site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The app on loopback with a few pages more; the URL of its root."""
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    app.add_url_rule("/waiting", "waiting", lambda: render_template_string(WAITING))
    app.add_url_rule("/progress", "progress", polled(lambda: "<p>Half done</p>"))
    app.add_url_rule("/down", "down", lambda: abort(503))

    def told() -> object:
        flash("Report deleted.")
        return redirect("/waiting")

    app.add_url_rule("/told", "told", told)
    with app.app_context():
        clinic = factories.add_clinic("Saint Anne and Saint Joachim Memorial Family and Dental Clinic of Northgate")
        factories.add_person("manager", clinic, email="ada@example.org", name="Ada Konstantinopoulou-Featherstonehaugh")
    with served(app) as url:
        yield url


@pytest.fixture(params=[1280, 360], ids=["desk", "telephone"])
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window in which nothing may be refused by the content policy, nor fail in a script."""
    wrong: list[str] = []
    context = browser.new_context(base_url=site, viewport={"width": request.param, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("pageerror", lambda fault: wrong.append(str(fault)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert wrong == []


def enter(page: Page) -> None:
    """Sign in with the keyboard alone."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").press_sequentially("ada@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()


def look_at(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_pages_before_sign_in_are_for_everybody(page: Page) -> None:
    for path in ("/sign-in", "/nowhere"):
        page.goto(path)
        look_at(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Enter your password.").wait_for()
    look_at(page)


def test_pages_after_sign_in_are_for_everybody(page: Page) -> None:
    enter(page)
    for path in ("/waiting", "/told", "/down"):
        page.goto(path)
        look_at(page)


def test_who_comes_to_sign_in_can_type_at_once(page: Page) -> None:
    page.goto("/sign-in")
    assert page.evaluate("document.activeElement.name") == "email"
    page.keyboard.press("Enter")
    page.get_by_text("Enter your e-mail address.").wait_for()


def test_the_skip_link_comes_first(page: Page) -> None:
    enter(page)
    page.goto("/waiting")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_fragment_loads_and_after_sign_out_elsewhere_leads_to_sign_in(page: Page, app: Flask) -> None:
    enter(page)
    page.goto("/waiting")
    page.get_by_role("button", name="Look").click()
    page.get_by_text("Half done").wait_for()
    with app.app_context():
        db.session.query(SignInSession).delete()
        db.session.commit()
    page.get_by_role("button", name="Look").click()
    page.wait_for_url("**/sign-in?next=/waiting")
    page.get_by_text("You were signed out").wait_for()
