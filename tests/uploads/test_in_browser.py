"""The way of a sheet in a real browser, on a desk and a telephone, with scripts and without, by keyboard where it
matters, and for everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import factories
import pytest
from apps import served
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.uploads.conftest import add_clinic
from tests.windows import signed_in
from webapp.accounts import passwords

SHEET = (
    "MRN;Family name;Given name;Date;Time;Resp;SpO2 %;Air or oxygen;BP;Pulse;Temp (°C);AVPU;Sugar\n"
    "0417;Reyes;Ana;2026-11-21;09:00;16;98;air;124/78;72;36.8;A;90\n"
    "0418;Santos;Maria Luisa;2026-11-21;09:10;22;94;air;508/66;96;warm;A;110\n"
    "0999;;;2026-11-21;09:20;18;97;air;130/80;80;36.9;A;120\n"
)


@pytest.fixture
def site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    with app.app_context():
        factories.add_person("clinician", add_clinic(), email="nurse@example.org", name="Nurse Lim")
    with served(app) as address:
        yield address


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "ward.csv"
    path.write_text(SHEET)
    return path


@contextmanager
def window(browser: Browser, site: str, **options: object) -> Iterator[Page]:
    """A window of the nurse."""
    with signed_in(browser, site, "nurse@example.org", **options) as page:
        page.get_by_role("link", name="Daily patients").first.click()
        page.get_by_role("heading", name="Upload a sheet").wait_for()
        yield page


def look_at(page: Page) -> None:
    """For everybody, and nothing wider than the window but in a region that is scrolled by itself."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    "options",
    [{}, {"viewport": {"width": 390, "height": 844}}, {"java_script_enabled": False}],
    ids=["desk", "phone", "without scripts"],
)
def test_from_a_sheet_to_a_report(browser: Browser, site: str, sheet: Path, options: dict[str, object]) -> None:
    has_scripts = options.get("java_script_enabled", True)
    with window(browser, site, **options) as page:
        if has_scripts:
            look_at(page)
        page.get_by_label("Choose a file").set_input_files(sheet)
        page.get_by_role("button", name="Upload and check").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("What the sheet does not say")
        if has_scripts:
            look_at(page)
        page.get_by_label("mg/dL").check(force=True)
        page.get_by_role("button", name="Check the sheet").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Check before accepting")
        if has_scripts:
            look_at(page)
        page.get_by_label("Family name of MRN 0999").fill("Mendoza")
        page.get_by_label("Given name of MRN 0999").fill("Rosa")
        page.get_by_label("Add MRN 0999").check(force=True)
        page.get_by_role("button", name="Check again with these choices").click()
        expect(page.get_by_text("and 1 patient to its patients").first).to_be_visible()
        page.get_by_role("button", name="Accept and make the report").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Daily patients, 21 November 2026")
        page.get_by_role("link", name="Daily patients").first.click()
        expect(page.get_by_text("Accepted")).to_be_visible()
        if has_scripts:
            look_at(page)
