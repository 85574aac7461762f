"""The role matrix, held with the owner of a report, a colleague of the clinic and a stranger from another."""

from dataclasses import dataclass
from datetime import date

import factories
import pytest
from flask import Flask
from flask_login import login_user
from page_client import page_client
from sqlalchemy import inspect, select
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts import access
from webapp.accounts.sessions import SignedIn
from webapp.content import Question
from webapp.extensions import db
from webapp.models import Clinic, Person, Report, Upload
from webapp.models.person import ROLES, ROLES_OF_A_CLINIC


@dataclass
class Scene:
    clinic: Clinic
    elsewhere: Clinic
    owner: Person
    report: Report


@pytest.fixture
def scene(context: Flask) -> Scene:
    clinic, elsewhere = factories.add_clinic("Riverside"), factories.add_clinic("Harbour")
    owner = factories.add_person("staff", clinic)
    return Scene(clinic, elsewhere, owner, factories.add_report(owner))


def answer(app: Flask, person: Person, report_id: str, action: access.Action) -> int:
    """The status that the door gives this person."""
    with app.test_request_context():
        login_user(SignedIn("token", person))
        try:
            access.report_or_404(report_id, action)
        except (NotFound, Forbidden) as refusal:
            return refusal.code
        return 200


def seen(person: Person) -> list[Report]:
    return list(db.session.scalars(access.visible_reports(person)))


@pytest.mark.parametrize("action", access.ACTIONS)
@pytest.mark.parametrize("role", ROLES_OF_A_CLINIC)
def test_who_asked_for_a_report_may_do_everything_to_it(
    context: Flask, scene: Scene, role: str, action: access.Action
) -> None:
    owner = factories.add_person(role, scene.clinic)
    report = factories.add_report(owner)
    assert answer(context, owner, report.id, action) == 200


@pytest.mark.parametrize("action", access.ACTIONS)
@pytest.mark.parametrize(("role", "status"), [("staff", 404), ("clinician", 404), ("manager", 200)])
def test_a_colleague_of_the_clinic_sees_it_only_as_manager(
    context: Flask, scene: Scene, role: str, status: int, action: access.Action
) -> None:
    colleague = factories.add_person(role, scene.clinic)
    assert answer(context, colleague, scene.report.id, action) == status
    assert (scene.report in seen(colleague)) is (status == 200)


@pytest.mark.parametrize("action", access.ACTIONS)
@pytest.mark.parametrize("role", ROLES_OF_A_CLINIC)
def test_it_hides_other_clinics_reports(context: Flask, scene: Scene, role: str, action: access.Action) -> None:
    stranger = factories.add_person(role, scene.elsewhere)
    assert answer(context, stranger, scene.report.id, action) == 404
    assert seen(stranger) == []


@pytest.mark.parametrize("action", access.ACTIONS)
@pytest.mark.parametrize(("role", "status"), [("administrator", 200), ("auditor", 404)])
def test_administrators_see_every_clinic_and_auditors_no_contents(
    context: Flask, scene: Scene, role: str, status: int, action: access.Action
) -> None:
    person = factories.add_person(role)
    assert answer(context, person, scene.report.id, action) == status
    assert (scene.report in seen(person)) is (status == 200)


def test_who_moves_to_another_clinic_leaves_their_reports_behind(context: Flask, scene: Scene) -> None:
    scene.owner.clinic_id = scene.elsewhere.id
    db.session.commit()
    assert answer(context, scene.owner, scene.report.id, "read") == 404
    assert seen(scene.owner) == []


def test_a_report_that_does_not_exist_is_like_one_that_is_hidden(context: Flask, scene: Scene) -> None:
    assert answer(context, scene.owner, "0" * 32, "read") == 404


def test_what_one_may_see_but_not_do_is_refused_openly(
    context: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = factories.add_person("manager", scene.clinic)
    monkeypatch.setitem(access.REPORTS["manager"], "delete", "own")
    assert answer(context, manager, scene.report.id, "delete") == 403


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("here", [True, False])
def test_one_report_and_the_list_of_all_follow_the_same_rule(
    context: Flask, scene: Scene, role: str, mine: bool, here: bool
) -> None:
    person = factories.add_person(role, scene.clinic if role in ROLES_OF_A_CLINIC else None)
    report = factories.add_report(person if mine else scene.owner, scene.clinic if here else scene.elsewhere)
    assert (report in seen(person)) is access.allowed(person, "read", report)


@pytest.mark.parametrize(
    ("role", "aggregate", "patients"),
    [
        ("staff", True, False),
        ("clinician", True, True),
        ("manager", True, True),
        ("administrator", True, False),
        ("auditor", False, False),
    ],
)
def test_patient_level_reports_are_for_those_who_treat_and_lead(
    context: Flask, role: str, aggregate: bool, patients: bool
) -> None:
    person = factories.add_person(role)
    assert access.template_allowed(person, "aggregate") is aggregate
    assert access.template_allowed(person, "patients") is patients
    assert not access.template_allowed(person, "unheard of")


@pytest.mark.parametrize(
    ("role", "action", "status"),
    [
        ("staff", "read", 404),
        ("clinician", "read", 200),
        ("clinician", "download", 200),
        ("clinician", "delete", 403),
        ("clinician", "retry", 403),
        ("manager", "read", 200),
        ("manager", "delete", 200),
        ("manager", "hold", 403),
        ("administrator", "read", 404),
        ("administrator", "download", 404),
        ("administrator", "hold", 200),
        ("auditor", "read", 404),
    ],
)
def test_a_report_of_single_patients_is_for_those_of_the_clinic_who_treat_them(
    context: Flask, scene: Scene, role: str, action: access.Action, status: int
) -> None:
    nurse = factories.add_person("clinician", scene.clinic)
    report = factories.add_report(nurse, upload_id=factories.add_upload(nurse).id)
    person = factories.add_person(role, scene.clinic if role in ROLES_OF_A_CLINIC else None)
    assert answer(context, person, report.id, action) == status
    assert (report in seen(person)) is access.allowed(person, "read", report)
    assert access.allowed(person, action, report) is (status == 200)
    stranger = factories.add_person(role, scene.elsewhere if role in ROLES_OF_A_CLINIC else None)
    if role in ROLES_OF_A_CLINIC:
        assert answer(context, stranger, report.id, action) == 404


def test_who_becomes_staff_leaves_reports_of_single_patients_behind(context: Flask, scene: Scene) -> None:
    nurse = factories.add_person("clinician", scene.clinic)
    report = factories.add_report(nurse, upload_id=factories.add_upload(nurse).id)
    assert answer(context, nurse, report.id, "delete") == 200
    nurse.role = "staff"
    db.session.commit()
    assert answer(context, nurse, report.id, "read") == 404


@pytest.mark.parametrize(
    ("role", "mine", "status"),
    [
        ("staff", False, 404),
        ("clinician", True, 200),
        ("clinician", False, 200),
        ("manager", False, 200),
        ("administrator", False, 404),
        ("auditor", False, 404),
    ],
)
def test_a_sheet_is_seen_to_by_those_of_the_clinic_who_treat_its_patients(
    context: Flask, scene: Scene, role: str, mine: bool, status: int
) -> None:
    person = factories.add_person(role, scene.clinic if role in ROLES_OF_A_CLINIC else None)
    upload = factories.add_upload(person if mine else factories.add_person("clinician", scene.clinic))
    elsewhere = factories.add_upload(factories.add_person("clinician", scene.elsewhere))
    assert door(context, person, upload.id) == status
    assert door(context, person, elsewhere.id) == door(context, person, "nowhere") == 404


def test_a_list_of_sheets_leaves_out_their_cells(context: Flask) -> None:
    factories.add_upload(factories.add_person("clinician"), "checked", workbook=b"cells", findings=b"found")
    db.session.expunge_all()
    listed = db.session.scalars(select(Upload)).one()
    assert {"workbook", "findings"} <= inspect(listed).unloaded
    assert (listed.workbook, listed.findings) == (b"cells", b"found")


def door(app: Flask, person: Person, upload_id: str) -> int:
    with app.test_request_context():
        login_user(SignedIn("token", person))
        try:
            access.upload_or_404(upload_id)
        except NotFound as refusal:
            return refusal.code
        return 200


@pytest.mark.parametrize("role", ROLES)
def test_people_ask_about_their_own_clinic_administrators_about_all(context: Flask, scene: Scene, role: str) -> None:
    person = factories.add_person(role, scene.clinic if role in ROLES_OF_A_CLINIC else None)
    theirs = {"administrator": [scene.elsewhere, scene.clinic], "auditor": []}.get(role, [scene.clinic])
    assert access.clinics_for(person) == theirs
    for clinic in (scene.clinic, scene.elsewhere):
        if clinic in theirs:
            assert access.clinic_or_404(person, clinic.id) is clinic
        else:
            with pytest.raises(NotFound):
                access.clinic_or_404(person, clinic.id)


def test_pages_of_reports_are_for_those_who_ask_for_them(app: Flask) -> None:
    with app.app_context():
        auditor = factories.add_person("auditor")
        report = factories.add_report(factories.add_person("staff", factories.add_clinic()))
    client = page_client(app).sign_in(auditor)
    for path in ("/reports", "/reports/new", f"/reports/{report.id}", "/reports/nowhere"):
        response = client.get(path)
        assert response.status_code == 403
        assert "Auditors do not make or read reports here." in response.text
        assert 'href="/">Start page</a>' in response.text
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [("staff", 404), ("clinician", 404), ("manager", 403), ("administrator", 200), ("auditor", 404)]
)
def test_only_administrators_hold_a_report(context: Flask, scene: Scene, role: str, status: int) -> None:
    person = factories.add_person(role, scene.clinic if role in ROLES_OF_A_CLINIC else None)
    assert answer(context, person, scene.report.id, "hold") == status
    assert answer(context, scene.owner, scene.report.id, "hold") == 403


@pytest.mark.parametrize("role", ["clinician", "manager"])
def test_who_becomes_staff_leaves_reports_with_patients_comments_behind(context: Flask, role: str) -> None:
    person = factories.add_person(role)
    asked = {"template": "feedback_analysis", "clinic_id": person.clinic_id, "timezone": "Asia/Manila"}
    days = {"start": date(2026, 10, 1), "end": date(2026, 10, 31)}
    told, untold = (
        factories.add_report(person, question=Question(**asked, **days, reads_comments=may).to_json())
        for may in (True, False)
    )
    assert {report.id for report in seen(person)} == {told.id, untold.id}
    person.role = "staff"
    db.session.commit()
    assert [report.id for report in seen(person)] == [untold.id]
    assert answer(context, person, told.id, "download") == 404
    assert not access.allowed(person, "read", told)
    assert access.allowed(person, "read", untold)
