"""The way of a sheet through its pages, as a nurse goes it."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import date

import factories
import openpyxl
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import func, select

from tests.uploads.nursing import ANA, HEAD, MARIA, STRANGER, accept, bring, clinic_of, latest, path_of
from webapp import generate
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Measurement, Patient, RememberedLayout, Report, Upload
from webapp.uploads import receiving, understanding, views
from webapp.uploads.understanding import Understanding
from webapp.uploads.workbook import Workbook


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    return clinic_of(app)


@pytest.fixture
def nurse(app: Flask, clinic: Clinic) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(factories.add_person("clinician", clinic, name="Nurse Lim"))


class TestTheWholeWay:
    def test_from_a_sheet_to_a_report(self, app: Flask, nurse: PageClient) -> None:
        page = bring(nurse, HEAD + ANA + MARIA)
        assert "Check before accepting" in page.text
        assert re.search(r"Rows used</span>\s*<b>2</b>", page.text)
        with app.app_context():
            assert db.session.scalar(select(func.count(Measurement.id))) == 0, "nothing is made before it is accepted"
        done = accept(nurse, path_of(page))
        assert done.status_code == 303
        with app.app_context():
            report = db.session.scalars(select(Report)).one()
            assert done.location == f"/reports/{report.id}"
            assert (report.title, report.upload_id) == ("Daily patients, 21 November 2026", latest(app).id)
            generate.make(report.id)
        text = nurse.get(done.location).text
        assert text.index("Santos, Maria Luisa") < text.index("Reyes, Ana"), "the higher score comes first"
        assert "NEWS2 5" in text
        assert "Daily patients, 21 November 2026" in nurse.get("/uploads").text
        # Whoever comes back to the sheet is told how it ended.
        assert done.location in nurse.get(path_of(page)).text

    def test_pressed_twice_it_makes_one_report(self, app: Flask, nurse: PageClient) -> None:
        path = path_of(bring(nurse, HEAD + ANA))
        shown = {"shown": re.findall(r'name="shown" value="([0-9a-f]+)"', nurse.get(path).text)[0]}
        first, second = (nurse.submit(f"{path}/accept", shown) for _ in range(2))
        assert first.location == second.location
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(Report)) == 1
            assert db.session.scalar(select(func.count(Measurement.id))) == 8

    def test_records_that_changed_meanwhile_are_shown_before_anything_is_made(
        self, app: Flask, nurse: PageClient, clinic: Clinic
    ) -> None:
        path = path_of(bring(nurse, HEAD + ANA + STRANGER))
        with app.app_context():
            factories.add_patient(
                clinic, mrn="0999", family_name="Mendoza", given_name="Rosa", birth_date=date(1960, 7, 8)
            )
        page = accept(nurse, path)
        assert page.status_code == 409
        assert "records have changed since you looked" in page.text
        assert re.search(r"Patients</span>\s*<b>2</b>", page.text)
        assert accept(nurse, path).location.startswith("/reports/")

    def test_a_discarded_sheet_is_gone(self, app: Flask, nurse: PageClient) -> None:
        path = path_of(bring(nurse, HEAD + ANA))
        page = nurse.submit(f"{path}/discard", follow_redirects=True)
        assert "The sheet was discarded. Nothing of it was kept." in page.text
        assert (latest(app).workbook, latest(app).findings, latest(app).storage_key) == (None, None, None)
        assert "This sheet was discarded" in nurse.get(path).text
        for step in ("accept", "columns", "choices"):
            assert nurse.submit(f"{path}/{step}").location == path
        assert "dealt with already" in nurse.submit(f"{path}/discard", follow_redirects=True).text

    def test_the_same_file_again_is_recognised(self, nurse: PageClient) -> None:
        first = path_of(bring(nurse, HEAD + ANA))
        assert "uploaded before" not in bring(nurse, HEAD + ANA).text, "only what was accepted counts"
        report = accept(nurse, first).location
        page = bring(nurse, HEAD + ANA).text
        assert "This file was uploaded before" in page
        assert f'href="{report}"' in page


class TestQuestions:
    DOUBTFUL = (
        "MRN;Name;Date;Sugar;Pulse\n0417;Reyes, Ana;03/04/2026;90;72\n0418;Santos, Maria Luisa;03/04/2026;110;80\n"
    )

    def test_what_cannot_be_known_is_asked_and_then_remembered(
        self, app: Flask, nurse: PageClient, clinic: Clinic
    ) -> None:
        page = bring(nurse, self.DOUBTFUL)
        path = path_of(page)
        assert "What the sheet does not say" in page.text
        asked = set(re.findall(r'name="((?:units|date_order|columns)[^"]*)"', page.text))
        assert {"date_order", "columns:2"} <= asked
        columns = {
            "columns:0": "mrn",
            "columns:1": "name",
            "columns:2": "day",
            "columns:3": "glucose",
            "columns:4": "pulse",
        }
        wrong = nurse.submit(f"{path}/columns", columns)
        assert wrong.status_code == 422
        assert "Some answers need another look." in wrong.text
        given = {**columns, "date_order": "dmy"}
        page = nurse.submit(f"{path}/columns", given, follow_redirects=True)
        if "What the sheet does not say" in page.text:
            page = nurse.submit(f"{path}/columns", {**given, "units:glucose": "mg/dL"}, follow_redirects=True)
        assert "readings of 3 April 2026" in page.text
        accept(nurse, path)
        with app.app_context():
            layout = json.loads(db.session.scalars(select(RememberedLayout.layout)).one())
            assert layout["units"] == {"glucose": "mg/dL"}
        again = bring(nurse, self.DOUBTFUL.replace("03/04/2026", "25/04/2026"))
        assert "Check before accepting" in again.text, "neither the column nor its unit is asked about again"

    def test_the_clinics_convention_for_dates_is_asked_about_no_more(
        self, app: Flask, nurse: PageClient, clinic: Clinic
    ) -> None:
        with app.app_context():
            db.session.get_one(Clinic, clinic.id).date_order = "mdy"
            db.session.commit()
        page = bring(nurse, "MRN;Date;Pulse\n0417;03/04/2026;72\n")
        assert "readings of 4 March 2026" in page.text

    def test_answers_can_be_changed_before_accepting(self, nurse: PageClient) -> None:
        page = bring(nurse, "MRN;Pulse\n0417;72\n")
        path, columns = path_of(page), {"columns:0": "mrn", "columns:1": "pulse"}
        answers = {**columns, "days:": "2026-11-20", "times:": "08:30"}
        assert "readings of 20 November 2026" in nurse.submit(f"{path}/columns", answers, follow_redirects=True).text
        page = nurse.get(f"{path}/columns")
        assert 'value="2026-11-20"' in page.text
        answers["days:"] = "2026-11-19"
        assert "readings of 19 November 2026" in nurse.submit(f"{path}/columns", answers, follow_redirects=True).text

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ({"days:": "2026-02-31"}, "Enter a real date"),
            ({"days:": "2026-11-22"}, "This day has not come yet."),
            ({"days:": ""}, "Enter a date."),
            ({"days:": "2026-11-20", "times:": "25:99"}, "Enter a time"),
            ({"days:": "2026-11-20", "columns:1": "spleen"}, "Choose one from the list."),
        ],
    )
    def test_answers_that_are_none_are_told_in_words(
        self, nurse: PageClient, answer: dict[str, str], told: str
    ) -> None:
        path = path_of(bring(nurse, "MRN;Pulse\n0417;72\n"))
        page = nurse.submit(f"{path}/columns", {"columns:0": "mrn", "columns:1": "pulse", **answer})
        assert page.status_code == 422
        assert told in page.text


class TestUnknownPatients:
    def test_they_are_left_out_until_somebody_adds_them(self, app: Flask, nurse: PageClient) -> None:
        page = bring(nurse, HEAD + ANA + STRANGER)
        assert "1 patient not on record" in page.text
        assert re.search(r"Rows left out</span>\s*<b>1</b>", page.text)
        path = path_of(page)
        (field,) = re.findall(r'name="(of-[0-9a-f]+)"', page.text)
        page = nurse.submit(f"{path}/choices", {field: "shown", f"{field}-add": "y"}, follow_redirects=True)
        assert re.search(r"Rows left out</span>\s*<b>0</b>", page.text)
        accept(nurse, path)
        with app.app_context():
            added = db.session.scalars(select(Patient).where(Patient.mrn == "0999")).one()
            assert (added.family_name, added.given_name, added.birth_date) == ("Mendoza", "Rosa", date(1960, 7, 8))

    def test_a_choice_that_was_not_tried_out_is_taken_in_before_anything_is_accepted(
        self, app: Flask, nurse: PageClient
    ) -> None:
        page = bring(nurse, HEAD + ANA + STRANGER)
        path, (field,) = path_of(page), re.findall(r'name="(of-[0-9a-f]+)"', page.text)
        (shown,) = set(re.findall(r'name="shown" value="([0-9a-f]+)"', page.text))
        ticked = {"shown": shown, field: "shown", f"{field}-add": "y"}
        page = nurse.submit(f"{path}/accept", ticked, follow_redirects=True)
        assert "Your choices were taken in first." in page.text
        assert re.search(r"Rows left out</span>\s*<b>0</b>", page.text)
        with app.app_context():
            assert db.session.scalar(select(func.count(Measurement.id))) == 0
        (shown,) = set(re.findall(r'name="shown" value="([0-9a-f]+)"', page.text))
        assert nurse.submit(f"{path}/accept", {**ticked, "shown": shown}).location.startswith("/reports/")

    def test_a_name_that_the_sheet_lacks_is_asked_for(self, app: Flask, nurse: PageClient) -> None:
        page = bring(nurse, "MRN;Date of birth;Date;Pulse\n0999;1960-07-08;2026-11-21;72\n")
        path = path_of(page)
        (field,) = re.findall(r'name="([^"]*)-family"', page.text)
        adds = {field: "shown", f"{field}-add": "y"}
        page = nurse.submit(f"{path}/choices", adds, follow_redirects=True)
        assert "Give the name, so that the patient can be added." in page.text
        named = {**adds, f"{field}-family": "Mendoza", f"{field}-given": "Rosa"}
        page = nurse.submit(f"{path}/choices", named, follow_redirects=True)
        assert 'value="Mendoza"' in page.text
        accept(nurse, path)
        with app.app_context():
            added = db.session.scalars(select(Patient).where(Patient.mrn == "0999")).one()
            assert (added.family_name, added.given_name) == ("Mendoza", "Rosa")


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "name"),
        [(b"", "empty.xlsx"), (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "photo.xlsx"), (b"PK\x03\x04broken", "a.xlsx")],
    )
    def test_what_cannot_be_read_is_told_and_not_kept(
        self, app: Flask, nurse: PageClient, data: bytes, name: str
    ) -> None:
        page = bring(nurse, data, name)
        assert "This file could not be used" in page.text
        upload = latest(app)
        assert (upload.status, upload.storage_key, upload.workbook) == ("refused", None, None)
        assert upload.refusal in page.text.replace("&#39;", "'")
        folder = app.config["SETTINGS"].files_folder
        assert not [path for path in folder.rglob("*") if path.is_file()]

    def test_one_that_is_too_large_is_told_so(
        self, app: Flask, nurse: PageClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(receiving, "MOST_BYTES", 100)
        page = bring(nurse, HEAD + ANA)
        assert page.status_code == 422
        assert "This file is larger than" in page.text
        with app.app_context():
            assert db.session.scalars(select(Upload)).all() == []

    def test_one_that_is_far_too_large_is_told_so_too(self, nurse: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(receiving, "MOST_BYTES", 100)
        monkeypatch.setattr(views, "FORM_ALLOWANCE", 100)
        page = nurse.submit("/uploads", {"sheet": (io.BytesIO(b"x" * 10_000), "ward.csv")})
        assert page.status_code == 413
        assert "larger than 20 MB" in page.text
        assert "Upload and check" in page.text

    def test_a_sheet_may_be_larger_than_any_other_form(self, nurse: PageClient) -> None:
        padding = ";".join(["x" * 1000] * 2)
        rows = "".join(f"0417;2026-11-21;{70 + at % 9};{padding}\n" for at in range(1000))
        assert len(rows) > 2_000_000
        assert "Check before accepting" in bring(nurse, f"MRN;Date;Pulse;Remarks;More\n{rows}").text
        assert nurse.submit("/reports/new", {"period": "x" * 2_000_000}).status_code == 413

    def test_without_a_file_one_is_asked_for(self, nurse: PageClient) -> None:
        page = nurse.submit("/uploads", {"sheet": (io.BytesIO(b""), "")})
        assert page.status_code == 422
        assert "Choose a file first." in page.text

    def test_nothing_that_can_be_used_stops_it(self, nurse: PageClient) -> None:
        page = bring(nurse, HEAD + STRANGER)
        assert "Nothing can be made of this sheet yet" in page.text
        assert "Accept and make the report" not in page.text
        path = path_of(page)
        assert nurse.submit(f"{path}/accept").location == path


class TestDryRun:
    FAULTY = HEAD + ANA + MARIA.replace("108/66", "508/66").replace("37.4", "warm")

    def test_faults_stand_beside_their_cells(self, nurse: PageClient) -> None:
        page = bring(nurse, self.FAULTY).text
        assert page.count('class="marked warn"') == 2
        assert "508/66" in page
        assert "warm" in page
        assert "0417" not in page[page.index('id="rows"') :], "rows without a fault are not in the way"

    def test_all_rows_can_be_seen_page_by_page(self, nurse: PageClient) -> None:
        rows = "".join(ANA.replace("09:00", f"{at // 60:02}:{at % 60:02}") for at in range(120))
        path = path_of(bring(nurse, HEAD + rows))
        assert "Page 1 of 3" in nurse.get(f"{path}?rows=all").text
        assert "Page 3 of 3" in nurse.get(f"{path}?rows=all&page=99").text
        assert "Page 1 of 3" in nurse.get(f"{path}?rows=all&page=-1").text

    def test_the_marked_sheet_is_a_workbook(self, nurse: PageClient) -> None:
        response = nurse.get(f"{path_of(bring(nurse, self.FAULTY))}/marked")
        assert "no-store" in response.headers["Cache-Control"]
        book = openpyxl.load_workbook(io.BytesIO(response.data))
        told = [cell.value for row in book.worksheets[-1].iter_rows() for cell in row]
        assert "508/66" in told

    def test_text_of_the_sheet_cannot_break_the_page(self, nurse: PageClient) -> None:
        page = bring(nurse, HEAD + ANA.replace("Reyes", '<script>alert("x")</script>')).text
        assert "<script>alert" not in page


class TestWhoMay:
    @pytest.mark.parametrize("role", ["staff", "administrator", "auditor"])
    def test_others_have_no_such_pages(self, app: Flask, nurse: PageClient, clinic: Clinic, role: str) -> None:
        path = path_of(bring(nurse, HEAD + ANA))
        with app.app_context():
            other = page_client(app).sign_in(factories.add_person(role, clinic if role == "staff" else None))
        assert 'href="/uploads"' not in other.get("/", follow_redirects=True).text
        for address in ("/uploads", path, f"{path}/columns", f"{path}/marked", "/uploads/example"):
            assert other.get(address).status_code == 403
        for step in ("accept", "discard", "columns", "choices"):
            assert other.submit(f"{path}/{step}").status_code == 403

    def test_a_sheet_of_another_clinic_is_not_there(self, app: Flask, nurse: PageClient) -> None:
        path = path_of(bring(nurse, HEAD + ANA))
        with app.app_context():
            stranger = page_client(app).sign_in(factories.add_person("manager"))
        for address in (path, f"{path}/columns", f"{path}/marked"):
            assert stranger.get(address).status_code == 404
        for step in ("accept", "discard", "columns", "choices"):
            assert stranger.submit(f"{path}/{step}").status_code == 404

    def test_a_colleague_goes_on_where_the_nurse_stopped(self, app: Flask, nurse: PageClient, clinic: Clinic) -> None:
        path = path_of(bring(nurse, HEAD + ANA))
        with app.app_context():
            manager = page_client(app).sign_in(factories.add_person("manager", clinic))
        assert "brought by Nurse Lim" in manager.get(path).text
        assert accept(manager, path).location.startswith("/reports/")


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_no_patient_is_told_outside_the_pages(
    app: Flask, nurse: PageClient, everything_logged: pytest.LogCaptureFixture
) -> None:
    paths = []
    page = bring(nurse, HEAD + ANA + STRANGER, "Reyes Ana.csv")
    path = path_of(page)
    for address in (path, f"{path}?rows=all", f"{path}/columns", f"{path}/marked", "/uploads"):
        paths.append(nurse.get(address).request.full_path)
        if not address.endswith("/marked"):
            paths += re.findall(r'(?:href|action)="([^"]*)"', nurse.get(address).text)
    nurse.submit(f"{path}/choices", {"add-all": "y"})
    location = accept(nurse, path).location
    with app.app_context():
        generate.make(location.rpartition("/")[2])
        entries = db.session.scalars(select(AuditEntry)).all()
        actions = [entry.action for entry in entries]
        audited = [f"{entry.subject} {entry.details}" for entry in entries]
        stored = [f"{file}" for file in app.config["SETTINGS"].files_folder.rglob("*")]
    logged = [record.getMessage() for record in everything_logged.records]
    logged += [f"{told}" for record in everything_logged.records for told in vars(record).values() if type(told) is str]
    told = "\n".join([*paths, location, *audited, *stored, *logged])
    assert any("upload.accepted" in entry for entry in actions)
    for secret in ("Reyes", "Mendoza", "0417", "0999", "1990-05-20", "1960-07-08"):
        assert secret not in told, secret


def test_the_list_has_an_empty_state_and_pages(app: Flask, nurse: PageClient, clinic: Clinic) -> None:
    assert "No sheet has been uploaded yet." in nurse.get("/uploads").text
    with app.app_context():
        person = factories.add_person("manager", clinic)
        for _ in range(21):
            factories.add_upload(person)
    assert "Page 1 of 2" in nurse.get("/uploads").text
    assert "Page 2 of 2" in nurse.get("/uploads?page=2").text


def test_the_sheet_to_begin_with_is_understood_without_a_question(
    app: Flask, nurse: PageClient, clinic: Clinic
) -> None:
    with app.app_context():
        db.session.get_one(Clinic, clinic.id).is_demo = True
        db.session.commit()
    made = nurse.get("/uploads/example")
    page = bring(nurse, made.data, "Measurements.xlsx").text
    assert "Check before accepting" in page
    assert re.search(r"Rows left out</span>\s*<b>0</b>", page)


def test_answers_to_a_sheet_that_somebody_else_has_gone_on_with_are_not_taken(
    app: Flask, nurse: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = bring(nurse, HEAD + ANA + STRANGER)
    path, (field,) = path_of(page), re.findall(r'name="(of-[0-9a-f]+)"', page.text)
    really = understanding.outcome

    def outcome(clinic: Clinic, workbook: Workbook, understood: Understanding) -> dict[str, object]:
        # The colleague is quicker.
        monkeypatch.setattr(understanding, "outcome", really)
        nurse.submit(f"{path}/choices", {"add-all": "y"})
        return really(clinic, workbook, understood)

    monkeypatch.setattr(understanding, "outcome", outcome)
    page = nurse.submit(f"{path}/choices", {field: "shown"}, follow_redirects=True)
    assert "Somebody else has gone on with this sheet meanwhile." in page.text
    assert f'name="{field}-add" value="y" checked' in page.text
