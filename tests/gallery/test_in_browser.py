"""The gallery in a real browser, on a desk and a telephone: for everybody, and nothing wider than the window."""

from collections.abc import Iterator

import factories
import pytest
from apps import served
from axe_playwright_python.sync_playwright import Axe
from factories import PASSWORD
from flask import Flask
from playwright.sync_api import Browser

from tests.stack import PATIENCE
from webapp.accounts import passwords

SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The app on loopback; the URL of its root."""
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    with app.app_context():
        factories.add_clinic("Riverside")
        factories.add_person("administrator", email="ada@example.org")
    with served(app) as url:
        yield url


@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_read_it_and_nothing_is_stopped_by_the_policy(browser: Browser, site: str, width: int) -> None:
    wrong: list[str] = []
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Operations").wait_for()
    for path in ("/developers/charts/stack", "/developers/charts"):
        page.goto(path)
        assert not page.evaluate(SCROLLS)
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    assert wrong == []
    context.close()
