"""Retention and the menu of a report in a real browser, on a desk and a telephone, with scripts and without."""

from collections.abc import Iterator
from contextlib import contextmanager

import factories
import pytest
from apps import served
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.retention.conftest import add_ready
from tests.windows import signed_in
from webapp import report_requests
from webapp.accounts import passwords
from webapp.retention import keeping, rules

LONG_NAME = "Saint Anne and Saint Joachim Memorial Family and Dental Clinic of Northgate"


@pytest.fixture
def report_id(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of one on hold, with a rule for it; another is gone, and an administrator can sign in."""
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    with app.app_context():
        person = factories.add_person("administrator", email="ada@example.org")
        clinic = factories.add_clinic(LONG_NAME)
        report, gone = add_ready(clinic), add_ready(clinic)
        report_id = report.id
        rules.set_rule(clinic.id, "visit_trends", 90, person.id)
        keeping.hold(report, person, "A complaint")
        report_requests.delete(gone, person)
        return report_id


@contextmanager
def window(browser: Browser, site: str, **options: object) -> Iterator[Page]:
    """A window of the administrator."""
    with signed_in(browser, site, "ada@example.org", **options) as page:
        page.get_by_role("link", name="Retention").wait_for()
        yield page


def look_at(page: Page) -> None:
    """For everybody, and no part of it wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.querySelectorAll('main *')].every(one => one.clientWidth <= innerWidth)")
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= one.clientWidth)")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("width", [1280, 360], ids=["desk", "telephone"])
def test_the_pages_of_retention_are_for_everybody(browser: Browser, app: Flask, report_id: str, width: int) -> None:
    with served(app) as site, window(browser, site, viewport={"width": width, "height": 800}) as page:
        page.goto("/retention")
        look_at(page)
        page.get_by_role("link", name="Remove the rule for Visit trends").click()
        page.get_by_role("button", name="Remove the rule").wait_for()
        look_at(page)
        page.get_by_role("link", name="Keep it").click()
        page.goto(f"/reports/{report_id}/hold/end")
        look_at(page)


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(browser: Browser, app: Flask, report_id: str) -> None:
    with served(app) as site, window(browser, site) as page:
        page.goto(f"/reports/{report_id}")
        more, inside = page.locator("details.more > summary"), page.get_by_role("link", name="Remove the legal hold")
        more.click()
        expect(inside).to_be_visible()
        inside.focus()
        page.keyboard.press("Escape")
        expect(inside).to_be_hidden()
        expect(more).to_be_focused()
        more.press("Enter")
        expect(inside).to_be_visible()
        page.get_by_role("heading", level=1).click()
        expect(inside).to_be_hidden()
        page.keyboard.press("Escape")
        expect(more).not_to_be_focused()


def test_a_hold_is_removed_without_scripts(browser: Browser, app: Flask, report_id: str) -> None:
    with served(app) as site, window(browser, site, java_script_enabled=False) as page:
        page.goto(f"/reports/{report_id}")
        page.locator("details.more > summary").click()
        page.get_by_role("link", name="Remove the legal hold").click()
        page.get_by_role("button", name="Remove the hold").click()
        page.get_by_text("The hold is removed.").wait_for()
