"""The main job with nothing faked: real processes, a real Redis, both databases, and a browser.

Somebody signs in, asks for a report, watches it being made, reads it, has it in four formats, loses the stored files,
has the same bytes again, and signs out.
"""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import delete, select

from tests.factories import PASSWORD
from tests.planted_clinic import EMAIL, END, FAMILY_NAME, GIVEN_NAME, MRN, START, assert_all_agree, fill
from tests.stack import PATIENCE, Stack, all_values, running
from webapp import audit
from webapp.extensions import db
from webapp.models import Download, File, KnownFigures, Report

expect.set_options(timeout=PATIENCE * 1000)

FORMATS = {"Download PDF": "pdf", "Excel": "excel", "CSV": "csv", "JSON": "json"}


# -- Fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path) -> Iterator[Stack]:
    """Everything running on SQLite, as `make run` runs it, with the most talkative logs."""
    with TemporaryDirectory(prefix="flow-") as name:
        database = shutil.copy(migrated_sqlite, Path(name) / "flow.db")
        with running(Path(name), f"sqlite:///{database}", log_level="debug") as stack:
            fill(stack)
            stack.start("web", "worker", "watch", "scheduler")
            stack.wait_for_listeners()
            yield stack


@pytest.fixture
def on_postgresql(tmp_path: Path, postgres_url: str) -> Iterator[Stack]:
    with running(tmp_path, postgres_url) as stack:
        fill(stack)
        stack.start("web", "worker", "watch", "scheduler")
        stack.wait_for_listeners()
        yield stack


@pytest.fixture(params=["sqlite", "postgresql"])
def site_on_each(request: pytest.FixtureRequest) -> Stack:
    stack: Stack = request.getfixturevalue("site" if request.param == "sqlite" else "on_postgresql")
    return stack


class Window:
    """A browser window, in which nothing may fail in a script or be stopped by the content policy."""

    def __init__(self, browser: Browser, stack: Stack, **options: Any) -> None:
        self.wrong: list[str] = []
        self.asked_for: list[str] = []
        options = {"viewport": {"width": 1280, "height": 1000}, **options}
        self.context: BrowserContext = browser.new_context(base_url=stack.url, accept_downloads=True, **options)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda fault: self.wrong.append(str(fault)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.asked_for.append(request.url))

    def close(self) -> None:
        self.context.close()
        # The browser tells of each answer from 400 on as an error; the tests look at those themselves.
        assert [text for text in self.wrong if "Failed to load resource" not in text] == []


def sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def ask_for_visit_trends(page: Page) -> str:
    """Visit trends of October 2025, by the links and fields of the page; the report's id."""
    page.goto("/")
    page.get_by_role("link", name="New report").first.click()
    page.get_by_role("link", name="Visit trends").click()
    # The page before has the same fields.
    page.wait_for_url("**template=visit_trends*")
    page.get_by_text("Other dates").click()
    page.get_by_label("From").fill(START.isoformat())
    page.get_by_label("To").fill(END.isoformat())
    page.get_by_role("button", name="Generate report").click()
    page.wait_for_url(re.compile(r"/reports/[0-9a-f]{32}$"))
    return page.url.rpartition("/")[2]


def download(page: Page, link: str) -> bytes:
    with page.expect_download() as coming:
        page.get_by_role("link", name=link, exact=True).click()
    return Path(coming.value.path()).read_bytes()


def look_at(page: Page) -> None:
    """For everybody, and no wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    result = Axe().run(page)
    assert result.violations_count == 0, f"{page.url}: {result.generate_report()}"


# -- The job -----------------------------------------------------------------------------------------------------------


def test_a_report_from_sign_in_to_sign_out(browser: Browser, site_on_each: Stack) -> None:
    stack, window = site_on_each, Window(browser, site_on_each)
    page = window.page
    sign_in(page)
    with stack.paused("worker"):
        report_id = ask_for_visit_trends(page)
        page.get_by_text("Yours is next in line").wait_for()
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    page.get_by_role("link", name="Download PDF").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "Visit trends, October 2025"

    files = {name: download(page, link) for link, name in FORMATS.items()}
    assert_all_agree(files, page)
    in_the_store = {hashlib.sha256(path.read_bytes()).hexdigest() for path in stack.stored() if report_id in str(path)}
    assert in_the_store == {hashlib.sha256(body).hexdigest() for body in files.values()}

    for path in stack.stored():
        path.unlink()
    # Another browser, for this one has the files still and would only ask whether they are the same.
    elsewhere = Window(browser, stack)
    sign_in(elsewhere.page)
    elsewhere.page.goto(f"/reports/{report_id}")
    assert {name: download(elsewhere.page, link) for link, name in FORMATS.items()} == files
    elsewhere.close()
    assert len([path for path in stack.stored() if report_id in str(path)]) == 4
    assert_written_down(stack, report_id)

    cookies = window.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    window.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.goto(f"/reports/{report_id}")
    assert "/sign-in" in page.url
    assert page.request.get(f"/reports/{report_id}/files/pdf", max_redirects=0).status == 303
    window.close()


def assert_written_down(stack: Stack, report_id: str) -> None:
    """One row for each format; eight downloads, the later four made again; an audit chain that holds."""
    with stack.app.app_context():
        files = db.session.scalars(select(File.format).where(File.report_id == report_id)).all()
        tiers = db.session.scalars(select(Download.tier).where(Download.report_id == report_id)).all()
        assert sorted(files) == sorted(FORMATS.values())
        assert Counter(tiers) == {"folder": 1, "made": 3, "made again": 4}
        assert list(audit.faults()) == []


def test_the_bar_moves_while_it_is_made_and_the_page_turns_into_the_report(browser: Browser, site: Stack) -> None:
    with site.app.app_context():
        # What another test asked is fresh still, and nothing would be read.
        db.session.execute(delete(KnownFigures))
        db.session.commit()
    site.stop("worker")
    site.start("held worker")
    site.wait_for_listeners()
    window = Window(browser, site)
    try:
        page, bar = window.page, window.page.get_by_role("progressbar")
        site.hold("reading")
        site.hold("drawing")
        sign_in(page)
        ask_for_visit_trends(page)
        expect(page.get_by_text("Reading the figures")).to_be_visible()
        expect(bar).to_have_attribute("value", "5")
        (site.gate / "reading").unlink()
        expect(page.get_by_text("Drawing the PDF file")).to_be_visible()
        expect(bar).to_have_attribute("value", "65")
        site.release()
        page.get_by_role("link", name="Download PDF").wait_for()
    finally:
        site.release()
        site.stop("held worker")
        site.start("worker")
        site.wait_for_listeners()
    window.close()


def test_a_page_that_moves_keeps_the_focus(browser: Browser, site: Stack) -> None:
    window = Window(browser, site)
    page = window.page
    sign_in(page)
    with site.paused("worker"):
        report_id = ask_for_visit_trends(page)
        page.get_by_role("button", name="Cancel").focus()
        for _ in range(2):
            with page.expect_response("**/progress"):
                pass
        expect(page.get_by_role("button", name="Cancel")).to_be_focused()
        page.goto("/reports")
        row = page.locator(f"#row-{report_id}")
        row.get_by_role("link").focus()
        with page.expect_response(f"**/{report_id}/row"):
            pass
        expect(row.get_by_role("link")).to_be_focused()
    expect(row).to_have_count(0)
    page.locator(f"#title-{report_id}").click()
    page.get_by_role("link", name="Download PDF").wait_for()
    window.close()


def test_choices_stay_from_one_report_to_the_next_and_through_sign_in(browser: Browser, site: Stack) -> None:
    window = Window(browser, site)
    page = window.page
    sign_in(page)
    page.goto("/reports/new?template=visit_trends")
    page.get_by_text("This quarter").click()
    page.get_by_label("Sex").select_option("Female")
    page.wait_for_url("**sex=female**")
    page.get_by_role("link", name="Patient summary").click()
    page.wait_for_url("**template=patient_summary**")
    expect(page.get_by_label("Sex")).to_have_value("female")
    expect(page.get_by_label("This quarter")).to_be_checked()
    window.context.clear_cookies()
    page.get_by_role("button", name="Generate report").click()
    page.wait_for_url("**/sign-in?next=**")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**template=patient_summary**")
    expect(page.get_by_label("Sex")).to_have_value("female")
    window.close()


def test_the_same_job_works_without_scripts(browser: Browser, site: Stack) -> None:
    window = Window(browser, site, java_script_enabled=False)
    page = window.page
    sign_in(page)
    with site.paused("worker"):
        report_id = ask_for_visit_trends(page)
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    site.wait_for_status(report_id, "ready")
    page.get_by_role("link", name="See how far it is now").click()
    for link, name in FORMATS.items():
        body = download(page, link)
        assert body.startswith({"pdf": b"%PDF", "excel": b"PK", "csv": b"\xef\xbb\xbf", "json": b"{"}[name])
    page.get_by_role("link", name="My reports").first.click()
    page.get_by_role("link", name="Visit trends, October 2025", exact=True).first.click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the report").click()
    page.get_by_text("Visit trends, October 2025 was deleted.").wait_for()
    with site.app.app_context():
        assert db.session.get(Report, report_id) is None
    assert not [path for path in site.stored() if report_id in str(path)]
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    window.close()


@pytest.mark.parametrize("width", [1280, 360], ids=["desk", "telephone"])
def test_every_page_of_the_job_is_for_everybody(browser: Browser, site: Stack, width: int) -> None:
    window = Window(browser, site, viewport={"width": width, "height": 800})
    page = window.page
    page.goto("/sign-in")
    look_at(page)
    sign_in(page)
    for path in ("/reports/new?template=visit_trends", "/reports/new?template=patient_summary", "/reports/nowhere"):
        page.goto(path)
        look_at(page)
    page.goto("/reports/new?template=visit_trends&period=dates")
    page.get_by_role("button", name="Generate report").click()
    page.get_by_role("alert").wait_for()
    look_at(page)
    with site.paused("worker"):
        report_id = ask_for_visit_trends(page)
        look_at(page)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("This report was cancelled").wait_for()
        look_at(page)
        page.get_by_role("button", name="Ask again").click()
        page.wait_for_url(lambda url: report_id not in url)
        page.goto("/reports")
        look_at(page)
        page.go_back()
    page.get_by_role("link", name="Download PDF").wait_for()
    look_at(page)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the report").wait_for()
    look_at(page)
    window.close()


def test_no_patient_is_named_in_redis_in_a_log_or_in_an_address(browser: Browser, site: Stack) -> None:
    window = Window(browser, site)
    page = window.page
    sign_in(page)
    with site.paused("worker"):
        report_id = ask_for_visit_trends(page)
        while_waiting = all_values(site.redis)
        assert any(report_id in value for value in while_waiting.values()), "the queue was not looked at"
    page.get_by_role("link", name="Download PDF").wait_for()
    for link in FORMATS:
        download(page, link)
    page.goto("/reports?q=visit")
    seen = {**while_waiting, **all_values(site.redis), **site.logs(), "addresses": "\n".join(window.asked_for)}
    assert "request" in seen["web.log"], "the logs were not looked at"
    for secret in (FAMILY_NAME, GIVEN_NAME, MRN, PASSWORD):
        assert [place for place, text in seen.items() if secret.casefold() in text.casefold()] == []
    window.close()
