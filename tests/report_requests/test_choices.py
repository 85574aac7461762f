"""What a form begins with, and the rights with which a question is asked."""

from dataclasses import replace

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select

from tests.report_requests.asking import ASKED, OWN, asked, chosen_in, question_of
from webapp.content import TEMPLATES
from webapp.extensions import db
from webapp.models import Clinic, Report

pytestmark = pytest.mark.usefixtures("at_noon")


def test_what_was_asked_last_is_what_the_next_form_begins_with(client: PageClient) -> None:
    usual = {**ASKED, "period": "last_quarter", "compare": "year", "format": "excel"}
    client.submit("/reports/new", {**usual, "sex": "female"})
    page = client.get("/reports/new?template=patient_summary").text
    assert chosen_in(page) == {"period": "last_quarter", "compare": "year", "format": "excel"}


def test_own_dates_are_for_one_report(client: PageClient) -> None:
    client.submit("/reports/new", {**ASKED, "period": "last_quarter"})
    client.submit("/reports/new", {**OWN, "start": "2026-10-05", "end": "2026-10-09", "format": "csv"})
    page = client.get("/reports/new").text
    assert chosen_in(page) == {"period": "last_month", "compare": "before", "format": "csv"}
    assert 'value="2026-10-05"' not in page


def test_what_one_person_asked_is_not_remembered_for_another(app: Flask, client: PageClient, clinic: Clinic) -> None:
    client.submit("/reports/new", {**ASKED, "format": "excel"})
    with app.app_context():
        other = factories.add_person("staff", clinic)
    assert chosen_in(page_client(app).sign_in(other).get("/reports/new").text)["format"] == "pdf"


def test_what_to_compare_with_is_part_of_the_question(app: Flask, client: PageClient) -> None:
    client.submit("/reports/new", {**ASKED, "compare": "year"})
    client.submit("/reports/new", {**ASKED, "compare": "before"})
    assert [question_of(report).compare for report in asked(app)] == ["year", "before"]


def test_a_comparison_that_is_not_offered_is_refused(app: Flask, client: PageClient) -> None:
    answer = client.submit("/reports/new", {**ASKED, "compare": "tomorrow"})
    assert answer.status_code == 422
    assert "Choose what to compare with." in answer.text
    assert asked(app) == []


def test_the_clinics_threshold_and_the_persons_rights_are_part_of_the_question(
    app: Flask, client: PageClient, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = replace(TEMPLATES["visit_trends"], has_comments=True)
    monkeypatch.setitem(TEMPLATES, "visit_trends", template)
    with app.app_context():
        db.session.get_one(Clinic, clinic.id).suppress_below = 5
        manager = factories.add_person("manager", clinic)
        db.session.commit()
    # A form that claims more than its sender may have is not heard.
    client.submit("/reports/new", {**ASKED, "reads_comments": "true", "suppress_below": "0"})
    page_client(app).sign_in(manager).submit("/reports/new", ASKED)
    told = [(question_of(report).suppress_below, question_of(report).reads_comments) for report in asked(app)]
    assert told == [(5, False), (5, True)]


def test_running_it_again_asks_with_the_rights_of_now_and_counts_anew(
    app: Flask, client: PageClient, clinic: Clinic
) -> None:
    client.submit("/reports/new", ASKED)
    with app.app_context():
        first = db.session.scalars(select(Report)).one()
        Report.request_cancel(first.id)
        db.session.get_one(Clinic, clinic.id).suppress_below = 10
        db.session.commit()
        first_id = first.id
    client.submit(f"/reports/{first_id}/retry")
    again = next(report for report in asked(app) if report.id != first_id)
    assert again.retry_of_id == first_id
    assert again.wants_fresh
    assert question_of(again).suppress_below == 10
