"""The page of a clinic: who may change what, and what is refused in which words."""

import base64
import io
import json

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from PIL import Image
from sqlalchemy import select

from webapp import generate
from webapp.clinic_data import logos
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic

AS_IT_IS = {"paper": "A4", "suppress_below": "0", "date_order": ""}


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    with app.app_context():
        return factories.add_clinic("Riverside Clinic")


@pytest.fixture
def manager(app: Flask, clinic: Clinic) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(factories.add_person("manager", clinic))


def now(app: Flask, clinic: Clinic) -> Clinic:
    with app.app_context():
        return db.session.get_one(Clinic, clinic.id)


def picture(size: tuple[int, int] = (1200, 300), kind: str = "PNG", mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, "teal").save(made, kind)
    return made.getvalue()


def with_logo(data: bytes, name: str = "logo.png") -> dict[str, object]:
    return {**AS_IT_IS, "logo": (io.BytesIO(data), name)}


def test_it_shows_what_is_set(app: Flask, manager: PageClient) -> None:
    page = manager.get("/clinic").text
    assert "Riverside Clinic" in page
    assert "Remove the logo" not in page


def test_a_manager_changes_it_and_it_is_audited(app: Flask, manager: PageClient, clinic: Clinic) -> None:
    answer = manager.submit("/clinic", {**AS_IT_IS, "paper": "Letter", "suppress_below": "5"}, follow_redirects=True)
    assert "Saved. New reports follow it" in answer.text
    assert (now(app, clinic).paper, now(app, clinic).suppress_below) == ("Letter", 5)
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "clinic.reports-changed")).one()
    assert entry.subject == f"clinic:{clinic.id}"
    assert json.loads(entry.details) == {
        "changed": ["paper", "suppress_below"],
        "paper": ["A4", "Letter"],
        "suppress_below": [0, 5],
    }


def test_saving_without_a_change_is_not_audited(app: Flask, manager: PageClient) -> None:
    manager.submit("/clinic", AS_IT_IS)
    with app.app_context():
        assert db.session.scalars(select(AuditEntry).where(AuditEntry.action == "clinic.reports-changed")).all() == []


def test_how_sheets_are_read_and_what_is_charted_is_the_clinics_choice(
    app: Flask, manager: PageClient, clinic: Clinic
) -> None:
    chosen = {**AS_IT_IS, "date_order": "dmy", "more_charts": ["consciousness", "temperature"]}
    page = manager.submit("/clinic", chosen, follow_redirects=True).text
    assert (now(app, clinic).date_order, now(app, clinic).more_charts) == ("dmy", "temperature consciousness")
    assert page.count("checked") == 5
    manager.submit("/clinic", AS_IT_IS)
    assert (now(app, clinic).date_order, now(app, clinic).more_charts) == ("", "")


@pytest.mark.parametrize(
    "given",
    [{"paper": "A3"}, {"suppress_below": "7"}, {"suppress_below": ""}, {"date_order": "ydm"}, {"more_charts": "pulse"}],
)
def test_what_is_not_offered_is_refused(app: Flask, manager: PageClient, clinic: Clinic, given: dict[str, str]) -> None:
    assert manager.submit("/clinic", {**AS_IT_IS, **given}).status_code == 422
    assert (now(app, clinic).paper, now(app, clinic).suppress_below) == ("A4", 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_kept_as_a_small_png(app: Flask, manager: PageClient, clinic: Clinic, kind: str) -> None:
    page = manager.submit("/clinic", with_logo(picture(kind=kind)), follow_redirects=True).text
    assert 'alt="The logo of Riverside Clinic"' in page
    kept = Image.open(io.BytesIO(now(app, clinic).logo))
    assert (kept.format, kept.size) == ("PNG", (800, 200))


def test_saving_without_choosing_a_picture_keeps_the_logo_and_it_can_be_removed(
    app: Flask, manager: PageClient, clinic: Clinic
) -> None:
    manager.submit("/clinic", with_logo(picture()))
    manager.submit("/clinic", AS_IT_IS)
    assert now(app, clinic).logo
    manager.submit("/clinic", {**AS_IT_IS, "without_logo": "y"})
    assert now(app, clinic).logo is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be read as a picture"),
        (b"GIF89a", "cannot be read as a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read as a picture"),
        (picture()[:200], "cannot be read as a picture"),
        (picture((4001, 40)), "Choose one of up to 4000 pixels a side"),
        (picture((31, 200)), "It needs 32 pixels a side or more"),
        (picture((3000, 40)), "It needs 32 pixels a side or more"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * logos.LARGEST_BYTES, "Choose a picture of up to 500 kB"),
    ],
    ids=["empty", "GIF", "SVG", "cut short", "too wide", "too small", "a hairline", "too large"],
)
def test_what_is_no_picture_is_refused_in_plain_words(
    app: Flask, manager: PageClient, clinic: Clinic, data: bytes, words: str
) -> None:
    answer = manager.submit("/clinic", with_logo(data))
    assert answer.status_code == 422
    assert words in answer.text
    assert now(app, clinic).logo is None


def test_nothing_that_came_along_in_the_file_is_kept() -> None:
    made = io.BytesIO()
    taken_at = Image.Exif()
    taken_at[0x010E] = "where it was taken"
    Image.new("RGB", (40, 40), "teal").save(made, "JPEG", exif=taken_at, comment=b"by whom")
    assert b"where it was taken" in made.getvalue()
    kept = logos.from_upload(made.getvalue())
    assert b"where it was taken" not in kept
    assert b"by whom" not in kept


def test_a_manager_sees_to_their_own_clinic_alone(app: Flask, manager: PageClient) -> None:
    with app.app_context():
        elsewhere = factories.add_clinic("Harbour Clinic")
    assert manager.get(f"/clinic?clinic={elsewhere.id}").status_code == 404
    assert manager.submit("/clinic", {**AS_IT_IS, "paper": "Letter", "clinic": elsewhere.id}).status_code == 404
    assert now(app, elsewhere).paper == "A4"


def test_an_administrator_sees_to_all(app: Flask, clinic: Clinic) -> None:
    with app.app_context():
        elsewhere = factories.add_clinic("Harbour Clinic")
    with app.app_context():
        client = page_client(app).sign_in(factories.add_person("administrator"))
    assert "Harbour Clinic" in client.get("/clinic").text
    client.submit("/clinic", {**AS_IT_IS, "suppress_below": "10", "clinic": clinic.id})
    assert (now(app, clinic).suppress_below, now(app, elsewhere).suppress_below) == (10, 0)


@pytest.mark.parametrize("role", ["staff", "clinician", "auditor"])
def test_it_is_not_for_others(app: Flask, role: str) -> None:
    with app.app_context():
        client = page_client(app).sign_in(factories.add_person(role))
    assert client.get("/clinic").status_code == 403
    assert client.submit("/clinic", AS_IT_IS).status_code == 403
    assert ">Clinic</a>" not in client.get("/", follow_redirects=True).text


def test_a_report_keeps_the_logo_that_its_clinic_had(app: Flask, manager: PageClient, clinic: Clinic) -> None:
    manager.submit("/clinic", with_logo(picture()))
    with app.app_context():
        report = factories.add_asked_report("manager", db.session.get_one(Clinic, clinic.id))
        generate.make(report.id)
        report_id = report.id
        logo = base64.b64encode(now(app, clinic).logo).decode()
    manager.submit("/clinic", {**AS_IT_IS, "without_logo": "y"})
    assert f"data:image/png;base64,{logo}" in manager.get(f"/reports/{report_id}").text
