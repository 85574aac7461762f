"""Taking a sheet back through its pages, and what the pages of its reports say then."""

from datetime import timedelta

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import func, select

from tests.uploads.nursing import ANA, HEAD, MARIA, STRANGER, accept, bring, clinic_of, latest, path_of
from webapp import generate
from webapp.extensions import db
from webapp.models import Clinic, Measurement, Patient, Report, Upload


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    return clinic_of(app)


@pytest.fixture
def nurse(app: Flask, clinic: Clinic) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(factories.add_person("clinician", clinic, name="Nurse Lim"))


def accept_one(app: Flask, nurse: PageClient, *, made: bool = True) -> tuple[str, str]:
    """The paths of an accepted sheet with one patient who was not on record, and of its report."""
    sheet = path_of(bring(nurse, HEAD + ANA + MARIA + STRANGER))
    nurse.submit(f"{sheet}/choices", {"add-all": "y"})
    report = accept(nurse, sheet).location
    if made:
        with app.app_context():
            generate.make(report.rsplit("/", 1)[1])
    return sheet, report


def on_record(app: Flask) -> tuple[int, int]:
    with app.app_context():
        return tuple(db.session.scalar(select(func.count()).select_from(one)) or 0 for one in (Measurement, Patient))  # type: ignore[return-value]


def test_a_nurse_takes_a_sheet_back(app: Flask, nurse: PageClient) -> None:
    before = on_record(app)
    sheet, report = accept_one(app, nurse)
    assert sheet in nurse.get(report).text, "the report leads to its sheet"
    assert f"{sheet}/take-back" in nurse.get(sheet).text
    asked = nurse.get(f"{sheet}/take-back")
    told = " ".join(asked.text.split())
    assert "24 readings of ward.csv leave the clinic’s records, and so does 1 patient that it added" in told
    assert on_record(app) == (24, before[1] + 1)
    done = nurse.submit(f"{sheet}/take-back", follow_redirects=True)
    assert on_record(app) == before
    assert path_of(done) == sheet
    assert "The readings of this sheet were taken back" in done.text
    assert "On 21 November 2026, 15:00, by Nurse Lim." in done.text
    assert "take-back" not in done.text
    listed = nurse.get("/uploads").text
    assert "Taken back" in listed
    assert sheet in listed


def test_its_report_stays_and_says_so_everywhere(app: Flask, nurse: PageClient) -> None:
    sheet, report = accept_one(app, nurse)
    assert "taken back" not in nurse.get(report).text
    nurse.submit(f"{sheet}/take-back")
    for path in (report, f"{report}/patients/1"):
        page = " ".join(nurse.get(path).text.split())
        assert "taken back</strong> on 21 November 2026, 15:00, by Nurse Lim." in page
    assert "Santos, Maria Luisa" in nurse.get(report).text
    assert f"{report}/retry" not in nurse.get(report).text
    assert "Readings taken back" in nurse.get("/reports").text
    assert nurse.get(f"{report}/files/csv").status_code == 200


def test_a_cancelled_report_tells_where_its_readings_are(app: Flask, nurse: PageClient) -> None:
    sheet, report = accept_one(app, nurse, made=False)
    nurse.submit(f"{report}/cancel")
    for path in (report, "/reports"):
        page = nurse.get(path).text
        assert "Nothing was made" not in page
        assert "No report was made. The readings of" in " ".join(page.split())
        assert sheet in page
        assert f"{report}/retry" in page
    nurse.submit(f"{sheet}/take-back")
    for path in (report, "/reports"):
        page = " ".join(nurse.get(path).text.split())
        assert "its sheet</a> were taken back" in page
        assert f"{report}/retry" not in page


def test_a_report_in_line_is_cancelled_with_its_sheet(app: Flask, nurse: PageClient) -> None:
    sheet, report = accept_one(app, nurse, made=False)
    nurse.submit(f"{sheet}/take-back")
    assert "This report was cancelled" in nurse.get(report).text


def test_while_it_stops_nobody_is_told_that_it_goes_on(app: Flask, nurse: PageClient) -> None:
    _, report = accept_one(app, nurse, made=False)
    assert "goes on being made" in nurse.get(report).text
    with app.app_context():
        report_id = report.rsplit("/", 1)[1]
        assert Report.claim(report_id, timedelta(minutes=1))
        assert Report.request_cancel(report_id)
        db.session.commit()
    page = nurse.get(report).text
    assert "Stopping…" in page
    assert "goes on being made" not in page


def test_what_is_not_accepted_has_nothing_to_take_back(app: Flask, nurse: PageClient) -> None:
    sheet = path_of(bring(nurse, HEAD + ANA))
    assert nurse.get(f"{sheet}/take-back").status_code == 303
    assert "dealt with already" in nurse.submit(f"{sheet}/take-back", follow_redirects=True).text
    assert latest(app).status == "checked"


@pytest.mark.parametrize(
    ("role", "is_colleague", "answer"),
    [("manager", True, 200), ("clinician", False, 404), ("staff", True, 403), ("administrator", True, 403)],
)
def test_it_is_for_those_who_see_to_the_sheet(
    app: Flask, nurse: PageClient, clinic: Clinic, role: str, is_colleague: bool, answer: int
) -> None:
    sheet, _ = accept_one(app, nurse, made=False)
    with app.app_context():
        at = db.session.get_one(Clinic, clinic.id) if is_colleague else factories.add_clinic("Far Clinic")
        other = page_client(app).sign_in(factories.add_person(role, at if role != "administrator" else None))
    assert other.get(f"{sheet}/take-back").status_code == answer
    if answer != 200:
        assert other.submit(f"{sheet}/take-back").status_code == answer
        with app.app_context():
            assert db.session.scalars(select(Upload.status)).one() == "accepted"
