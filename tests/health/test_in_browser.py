"""The operations page in a real browser: for everybody, on a desk and a telephone, well and broken."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import factories
import pytest
from apps import served
from axe_playwright_python.sync_playwright import Axe
from factories import PASSWORD
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.health.standins import Failing
from tests.stack import PATIENCE
from webapp import alerts, clock
from webapp.accounts import passwords
from webapp.extensions import db
from webapp.models import DownloadTry


@pytest.fixture
def site(well: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The app on loopback, with a few downloads behind it; the URL of its root."""
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    with well.app_context():
        factories.add_person("administrator", email="ada@example.org")
        report = factories.add_asked_report()
        for tier, outcome in (("signed URL", "refused"), ("client", "missing"), ("made again", "served")):
            values = {"tier": tier, "outcome": outcome, "milliseconds": 40, "at": clock.now() - timedelta(hours=1)}
            db.session.add(DownloadTry(report_id=report.id, format="pdf", **values))
        db.session.commit()
    with served(well) as url:
        yield url


@pytest.fixture(params=[1280, 360], ids=["desk", "telephone"])
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window of an administrator, in which nothing may fail in a script or be stopped by the content policy."""
    wrong: list[str] = []
    context = browser.new_context(base_url=site, viewport={"width": request.param, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("pageerror", lambda fault: wrong.append(str(fault)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Operations").click()
    page.get_by_role("heading", name="Operations", exact=True).wait_for()
    yield page
    context.close()
    assert wrong == []


def look_at(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def break_it(app: Flask, tmp_path: Path) -> None:
    app.extensions["storage"] = Failing(tmp_path, "write", "refused")
    with app.app_context():
        for severity in ("critical", "warning", "info"):
            alerts.raise_alert(severity, f"{severity}-rule", message=f"This is {severity}.", what_to_do="See to it.")


def test_it_is_for_everybody_when_all_is_well_and_when_it_is_not(page: Page, well: Flask, tmp_path: Path) -> None:
    page.get_by_role("heading", name="Everything is working").wait_for()
    look_at(page)
    break_it(well, tmp_path)
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("heading", name="The file store refuses our rights").wait_for()
    look_at(page)


def test_an_open_page_follows_what_happens_and_leaves_the_focus_where_it_is(
    page: Page, well: Flask, tmp_path: Path
) -> None:
    break_it(well, tmp_path)
    page.reload()
    close = page.get_by_role("button", name="Close the alert: This is critical.")
    close.focus()
    with well.app_context():
        alerts.resolve_alert("warning-rule")
    # What the page does by itself every half a minute.
    page.evaluate("htmx.ajax('GET', '/operations/now', {target: '#now', swap: 'outerHTML'})")
    page.get_by_text("This is warning.", exact=True).wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Close the alert: This is critical."
    close.press("Enter")
    page.get_by_text("The alert is closed.").wait_for()
    assert page.get_by_text("This is critical.", exact=True).count() == 0
