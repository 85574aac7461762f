"""Reports of single patients on screen: the overview, a page a patient, one patient's PDF, and where no name may be."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import factories
import pytest
from apps import served
from axe_playwright_python.sync_playwright import Axe
from factories import PASSWORD
from flask import Flask
from page_client import Look, PageClient, page_client
from playwright.sync_api import Browser
from sqlalchemy import select

from tests.files import daily_samples
from tests.report_requests import daily
from tests.stack import PATIENCE
from webapp import generate
from webapp.accounts import passwords
from webapp.extensions import db
from webapp.files import alone as alone_of
from webapp.files import patients
from webapp.models import AuditEntry, Clinic, Person, Report
from webapp.report_requests import reading

FIRST, SECOND = "Cruz, Maria Luisa 3", "Reyes, Maria Luisa 2"
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def person(app: Flask, clinic: Clinic) -> Person:
    with app.app_context():
        return factories.add_person("clinician", clinic)


@pytest.fixture
def report(app: Flask, person: Person) -> Report:
    with app.app_context():
        return daily.add_report(db.session.get_one(Person, person.id))


def change(app: Flask, report: Report, **values: object) -> None:
    with app.app_context():
        row = db.session.get_one(Report, report.id)
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


class TestOverview:
    def test_it_lists_the_patients_by_score_each_with_a_link_to_their_page(
        self, client: PageClient, report: Report
    ) -> None:
        page = client.get(f"/reports/{report.id}").text
        links = [
            (words[-1], tag["href"]) for name, tag, words in Look(page).texts if "/patients/" in tag.get("href", "")
        ]
        assert links == [
            (FIRST, f"/reports/{report.id}/patients/1"),
            (SECOND, f"/reports/{report.id}/patients/2"),
            ("Santos, Maria Luisa 1", f"/reports/{report.id}/patients/3"),
        ]
        assert page.count("born 3 March 1932 · MRN 000-0419") == 1
        assert "NEWS2 9" in page
        assert "emergency response" in page

    def test_readings_are_not_on_it(self, client: PageClient, report: Report) -> None:
        page = client.get(f"/reports/{report.id}").text
        assert "<svg class" not in page
        assert "06:10" not in page

    def test_many_patients_are_on_pages(
        self, client: PageClient, report: Report, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "PATIENTS_A_PAGE", 2)
        first, second = (client.get(f"/reports/{report.id}?page={page}").text for page in (1, 2))
        assert "Page 1 of 2, 3 patients" in first
        assert "/patients/3" not in first
        assert f"/reports/{report.id}/patients/3" in second
        assert "/patients/1" not in second
        for odd in ("0", "9", "x", "-1", "1" * 5000):
            assert client.get(f"/reports/{report.id}?page={odd}").status_code == 200

    def test_it_offers_to_run_again_and_nothing_that_leads_to_a_form(self, client: PageClient, report: Report) -> None:
        page = client.get(f"/reports/{report.id}").text
        assert "Run again" in page
        assert "Change the choices" not in page

    def test_running_again_is_a_new_report_of_the_same_sheet(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        response = client.submit(f"/reports/{report.id}/retry")
        with app.app_context():
            again = db.session.scalars(select(Report).where(Report.id != report.id)).one()
            assert response.location == f"/reports/{again.id}"
            assert (again.upload_id, again.tells_patients) == (report.upload_id, True)
        assert "Change the choices" not in client.get(response.location).text


class TestPatient:
    def test_it_begins_with_the_identifiers_and_shows_readings_charts_and_days(
        self, client: PageClient, report: Report
    ) -> None:
        page = client.get(f"/reports/{report.id}/patients/1").text
        heading = next("".join(words) for name, _, words in Look(page).texts if name == "h1")
        assert heading == FIRST
        for told in ("born 3 March 1932 · MRN 000-0419", "aged 94, female", "NEWS2 9", "emergency response"):
            assert told in page
        assert ">Points for" not in page
        for told in ("Oxygen saturation", "Readings", "21 Nov, 06:10", "Days before", "18 November 2026"):
            assert told in page
        assert page.count("chart-title") == 4

    def test_its_figures_are_those_of_that_patient_alone(self, client: PageClient, report: Report) -> None:
        page = client.get(f"/reports/{report.id}/patients/2").text
        assert SECOND in page
        assert "000-0418" in page
        assert FIRST not in page
        assert "000-0419" not in page

    def test_one_goes_to_the_patient_before_and_after(self, client: PageClient, report: Report) -> None:
        address = f'href="/reports/{report.id}/patients/'
        first, second, third = (client.get(f"/reports/{report.id}/patients/{at}").text for at in (1, 2, 3))
        assert f'{address}2"' in first
        assert f'{address}1"' in second
        assert f'{address}3"' in second
        assert f'{address}2"' in third
        assert f'{address}0"' not in first
        assert f'{address}4"' not in third

    def test_neither_title_nor_address_tells_who_it_is(self, client: PageClient, report: Report) -> None:
        for path in ("", "/patients/1", "/patients/2"):
            page = client.get(f"/reports/{report.id}{path}").text
            title = next("".join(words) for name, _, words in Look(page).texts if name == "title")
            addresses = [
                unquote(tag[key]) for _, tag in Look(page).tags for key in ("href", "action", "src") if key in tag
            ]
            for told in (title, *addresses):
                assert not any(secret in told for secret in ("Cruz", "Reyes", "Santos", "000-04"))
            if path:
                assert title == f"Patient {path[-1]} of 3 – Daily patients, 21 November 2026 – Clinic Reports"

    @pytest.mark.parametrize("number", ["0", "4", "-1", "x", "1/2", "9999999999"])
    def test_there_is_none_of_another_number(self, client: PageClient, report: Report, number: str) -> None:
        assert client.get(f"/reports/{report.id}/patients/{number}").status_code == 404
        assert client.get(f"/reports/{report.id}/patients/{number}/pdf").status_code == 404

    def test_nor_of_a_report_that_tells_of_nobody(self, app: Flask, client: PageClient, person: Person) -> None:
        with app.app_context():
            other = factories.add_asked_report(clinic=db.session.get_one(Clinic, person.clinic_id))
            generate.make(other.id)
            change(app, other, requester_id=person.id)
        assert client.get(f"/reports/{other.id}").status_code == 200
        assert client.get(f"/reports/{other.id}/patients/1").status_code == 404

    def test_an_expired_report_has_no_such_pages(self, app: Flask, client: PageClient, report: Report) -> None:
        change(app, report, status="expired")
        for path in ("", "/pdf"):
            assert client.get(f"/reports/{report.id}/patients/1{path}").status_code == 410
        assert "Change the choices" not in client.get(f"/reports/{report.id}").text

    def test_one_that_is_not_ready_leads_to_its_own_page(self, app: Flask, client: PageClient, report: Report) -> None:
        change(app, report, status="queued", finished_at=None)
        assert client.get(f"/reports/{report.id}/patients/1").location == f"/reports/{report.id}"

    def test_names_are_text(self, app: Flask, client: PageClient, person: Person) -> None:
        document = daily_samples.document(1, 2)
        overview, section = document.content.sections
        assert section.subject
        subject = replace(section.subject, name='<script>alert(1)</script> "&', born="1952-13-45")
        content = replace(document.content, sections=(overview, replace(section, subject=subject)))
        with app.app_context():
            other = daily.add_report(db.session.get_one(Person, person.id), replace(document, content=content))
        for path in ("", "/patients/1"):
            page = client.get(f"/reports/{other.id}{path}").text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)" in page


class TestPdf:
    def test_it_has_that_patient_alone_under_a_name_that_tells_nobody(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        response = client.get(f"/reports/{report.id}/patients/2/pdf")
        assert response.status_code == 200
        assert response.data.startswith(b"%PDF")
        assert response.headers["Cache-Control"] == "no-store"
        name = 'attachment; filename="Daily patients, 21 November 2026, patient 2.pdf"'
        assert response.headers["Content-Disposition"] == name
        with app.app_context():
            entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "report.patient_pages")).one()
            assert '"patient":2' in entry.details
            assert "Reyes" not in entry.details

    def test_the_document_behind_it_keeps_nothing_of_the_others(self) -> None:
        document = daily_samples.document(3, 2)
        (section,) = alone_of(document, 2).content.sections
        assert section == document.content.sections[2]
        text = repr(alone_of(document, 2))
        others = [subject for at, (_, subject) in enumerate(patients.each(document), 1) if at != 2]
        assert not any(told in text for one in others for told in (one.name, one.mrn))
        assert alone_of(document, 2).content.title == "Daily patients, 21 November 2026, patient 2"

    @pytest.mark.parametrize("number", [0, 4, -1])
    def test_nobody_is_alone_under_another_number(self, number: int) -> None:
        with pytest.raises(LookupError):
            alone_of(daily_samples.document(3, 2), number)


class TestAccess:
    PATHS = ("", "/patients/1", "/patients/1/pdf")

    def test_who_treats_patients_there_may_read_it(self, app: Flask, clinic: Clinic, report: Report) -> None:
        with app.app_context():
            people = [
                factories.add_person(role, db.session.get_one(Clinic, clinic.id)) for role in ("clinician", "manager")
            ]
        for person in people:
            client = page_client(app).sign_in(person)
            assert [client.get(f"/reports/{report.id}{path}").status_code for path in self.PATHS] == [200, 200, 200]

    def test_others_do_not_find_it(self, app: Flask, clinic: Clinic, report: Report) -> None:
        with app.app_context():
            here = db.session.get_one(Clinic, clinic.id)
            people = [
                factories.add_person("staff", here),
                factories.add_person("clinician"),
                factories.add_person("manager"),
                factories.add_person("administrator"),
            ]
        for person in people:
            client = page_client(app).sign_in(person)
            assert [client.get(f"/reports/{report.id}{path}").status_code for path in self.PATHS] == [404, 404, 404]


def test_pages_that_only_name_the_report_name_no_patient(app: Flask, clinic: Clinic, report: Report) -> None:
    with app.app_context():
        manager = factories.add_person("manager", db.session.get_one(Clinic, clinic.id))
    client = page_client(app).sign_in(manager)
    paths = (
        "/reports",
        f"/reports/{report.id}/row",
        f"/reports/{report.id}/delete",
        f"/reports/{report.id}/keep",
        "/retention",
    )
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200
        assert not any(secret in page.text for secret in ("Cruz", "Reyes", "Santos", "000-04", "ward-a"))


@pytest.fixture
def site(app: Flask, report: Report, person: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The app on loopback; the URL of its root."""
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    with served(app) as url:
        yield url


def test_everybody_can_read_both_pages_on_a_desk_and_a_telephone(
    app: Flask, browser: Browser, site: str, report: Report, person: Person
) -> None:
    with app.app_context():
        email = db.session.get_one(Person, person.id).email
    wrong: list[str] = []
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="My reports").wait_for()
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/reports/{report.id}")
        assert not page.evaluate(SCROLLS)
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()
        page.get_by_role("link", name=FIRST).click()
        page.get_by_role("heading", level=1, name=FIRST).wait_for()
        assert not page.evaluate(SCROLLS)
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()
    assert wrong == []
    context.close()
