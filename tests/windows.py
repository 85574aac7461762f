"""A window of somebody who signed in, for tests in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from factories import PASSWORD
from playwright.sync_api import Browser, Page

from tests.stack import PATIENCE


@contextmanager
def signed_in(browser: Browser, site: str, email: str, **options: object) -> Iterator[Page]:
    """On their first page. Nothing may fail in a script of the window, or be stopped by the content policy."""
    wrong: list[str] = []
    with browser.new_context(base_url=site, **options) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("pageerror", lambda fault: wrong.append(str(fault)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        yield page
    assert wrong == []
