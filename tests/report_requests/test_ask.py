"""Asking: the form, what it refuses and in which words, and what becomes of a question."""

import html
import re
from dataclasses import replace
from datetime import date

import factories
import pytest
from apps import build_app, close
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import func, select

from tests.report_requests.asking import ASKED, OWN, asked, chosen_in
from webapp import queues
from webapp.content import TEMPLATES
from webapp.content.question import Question
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Person, Report

pytestmark = pytest.mark.usefixtures("at_noon")


class TestAsking:
    def test_the_row_is_written_and_its_page_is_next(self, app: Flask, client: PageClient, person: Person) -> None:
        response = client.submit("/reports/new", ASKED)
        report = asked(app)[0]
        assert (response.status_code, response.location) == (303, f"/reports/{report.id}")
        assert (report.status, report.requester_id, report.title) == ("queued", person.id, "Visit trends, October 2026")
        assert (report.period_start, report.period_end) == (date(2026, 10, 1), date(2026, 10, 31))
        assert Question.from_json(report.question).period == "last_month"
        assert report.number.startswith("VT-")

    def test_redis_being_down_does_not_fail_it(self, app: Flask, client: PageClient) -> None:
        page = client.submit("/reports/new", ASKED, follow_redirects=True)
        assert "Yours is next in line" in page.text
        assert asked(app)[0].enqueued_at is None

    def test_it_stands_in_the_queue_by_its_id_alone(self, tmp_path, sqlite_url, redis_url) -> None:  # type: ignore[no-untyped-def]
        app = build_app(tmp_path, sqlite_url, redis_url=redis_url)
        with app.app_context():
            person = factories.add_person("staff", factories.add_clinic())
        page_client(app).sign_in(person).submit("/reports/new", ASKED)
        with app.app_context():
            assert queues.waiting() == {asked(app)[0].id}
            redis = app.extensions["redis"]
            kept = b" ".join(redis.dump(key) or b"" for key in redis.keys("*"))
            assert b"Visit trends" not in kept
        redis.close()
        close(app)

    def test_the_same_question_in_flight_is_the_same_report(self, app: Flask, client: PageClient) -> None:
        first, second = client.submit("/reports/new", ASKED), client.submit("/reports/new", ASKED)
        assert first.location == second.location
        assert len(asked(app)) == 1

    def test_another_question_another_person_and_another_time_are_new(
        self, app: Flask, client: PageClient, clinic: Clinic
    ) -> None:
        client.submit("/reports/new", ASKED)
        client.submit("/reports/new", {**ASKED, "kind": "dental"})
        with app.app_context():
            colleague = factories.add_person("staff", clinic)
        page_client(app).sign_in(colleague).submit("/reports/new", ASKED)
        assert len(asked(app)) == 3
        client.submit(f"/reports/{asked(app)[0].id}/cancel")
        client.submit("/reports/new", ASKED)
        assert len(asked(app)) == 4

    def test_filters_are_kept_in_words_that_stand_alone(self, app: Flask, client: PageClient) -> None:
        client.submit("/reports/new", {**ASKED, "kind": "dental", "provider": "none", "age": "unknown", "sex": "other"})
        assert asked(app)[0].narrowed == "Dental · no provider recorded · age unknown · sex other"

    def test_there_is_a_limit_to_what_one_may_wait_for(self, app: Flask, client: PageClient) -> None:
        for day in range(1, 11):
            client.submit("/reports/new", {**OWN, "start": f"2026-10-{day:02}", "end": "2026-10-31"})
        response = client.submit("/reports/new", ASKED)
        assert response.status_code == 422
        assert "You are waiting for 10 reports already" in response.text
        assert len(asked(app)) == 10

    def test_it_is_audited(self, app: Flask, client: PageClient, person: Person) -> None:
        client.submit("/reports/new", ASKED)
        with app.app_context():
            entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "report.asked")).one()
        assert (entry.person_id, entry.subject) == (person.id, f"report:{asked(app)[0].id}")


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (
                {"start": "2026-10-31", "end": "2026-10-01"},
                "The last day must not be before the first, 31 October 2026.",
            ),
            (
                {"start": "2026-10-01", "end": "2026-11-23"},
                "This day has not come yet. Choose 22 November 2026 or earlier.",
            ),
            ({"start": "2026-11-23", "end": "2026-11-24"}, "This day has not come yet."),
            ({"start": "2026-02-30", "end": "2026-03-01"}, "Enter a real date, such as 31 October 2026."),
            ({"start": "yesterday", "end": "2026-03-01"}, "Enter a real date"),
            ({"start": "", "end": "2026-03-01"}, "Enter the first day, such as 1 October 2026."),
            ({"start": "2026-03-01"}, "Enter the last day, such as 31 October 2026."),
            ({"start": "1066-10-14", "end": "2026-03-01"}, "The first day must be 1 January 1900 or later."),
            ({"start": "2010-10-14", "end": "2026-03-01"}, "Choose 10 years or less."),
            ({"start": "2016-10-01", "end": "2026-10-01"}, "Choose 10 years or less."),
            ({"period": "next_month"}, "Choose a period."),
            ({"period": ""}, "Choose a period."),
            ({"start": "2026-10-01", "end": "2026-10-31", "format": "docx"}, "Choose a format."),
            ({"start": "2026-10-01", "end": "2026-10-31", "sex": "plenty"}, "Choose one from the list."),
        ],
    )
    def test_it_says_beside_the_field_what_is_wrong(
        self, app: Flask, client: PageClient, given: dict[str, str], words: str
    ) -> None:
        response = client.submit("/reports/new", {**OWN, **given})
        assert response.status_code == 422
        assert words in response.text
        assert asked(app) == []

    def test_ten_whole_years_may_be_asked(self, app: Flask, client: PageClient) -> None:
        client.submit("/reports/new", {**OWN, "start": "2016-10-02", "end": "2026-10-01"})
        assert len(asked(app)) == 1

    def test_the_page_says_that_it_has_an_error(self, client: PageClient) -> None:
        page = client.submit("/reports/new", OWN).text
        assert "<title>Error: New report" in page
        assert 'role="alert" tabindex="-1" autofocus' in page

    def test_days_left_behind_in_the_form_of_a_preset_are_no_fault(self, app: Flask, client: PageClient) -> None:
        client.submit("/reports/new", {**ASKED, "start": "nonsense", "end": "2099-01-01"})
        assert asked(app)[0].period_start == date(2026, 10, 1)

    def test_what_was_chosen_is_still_there(self, client: PageClient) -> None:
        page = client.submit("/reports/new", {**OWN, "start": "2026-10-31", "end": "2026-10-01", "sex": "female"}).text
        assert 'value="2026-10-31"' in page
        assert '<option selected value="female">' in page

    def test_an_unknown_template_or_clinic_is_not_found(self, client: PageClient) -> None:
        assert client.get("/reports/new?template=weather").status_code == 404
        assert client.get("/reports/new?clinic=abc").status_code == 404
        assert client.submit("/reports/new", {**ASKED, "template": "weather"}).status_code == 404

    def test_somebody_elses_clinic_is_not_found(self, app: Flask, client: PageClient) -> None:
        with app.app_context():
            other = factories.add_clinic("Other Clinic").id
        assert client.get(f"/reports/new?clinic={other}").status_code == 404
        assert client.submit("/reports/new", {**ASKED, "clinic": str(other)}).status_code == 404
        assert asked(app) == []

    def test_somebody_elses_provider_is_refused(self, app: Flask, client: PageClient) -> None:
        with app.app_context():
            provider = factories.add_provider(factories.add_clinic("Other Clinic")).id
        assert client.submit("/reports/new", {**ASKED, "provider": str(provider)}).status_code == 422

    def test_an_auditor_asks_for_nothing(self, app: Flask) -> None:
        with app.app_context():
            auditor = factories.add_person("auditor")
        assert page_client(app).sign_in(auditor).get("/reports/new").status_code == 403

    def test_without_the_forms_token_nothing_is_asked(self, app: Flask, client: PageClient) -> None:
        assert client.post("/reports/new", data=ASKED).status_code == 400
        assert asked(app) == []


class TestForm:
    def test_the_presets_say_which_days_they_mean(self, client: PageClient) -> None:
        page = client.get("/reports/new?template=visit_trends").text
        assert "1–31 Oct 2026" in page
        assert "1–22 Nov 2026" in page

    def test_it_says_how_much_matches(self, app: Flask, client: PageClient, clinic: Clinic) -> None:
        with app.app_context():
            patient = factories.add_patient(clinic)
            factories.add_visit(patient, "2026-10-31 23:30")
            factories.add_visit(patient, "2026-11-01 00:30")
        page = client.get("/reports/new?template=visit_trends").text
        assert "<strong>1 visit</strong> matches" in page
        part = client.get("/reports/new/matching?template=visit_trends&period=this_month&format=pdf")
        assert "1 to 22 November 2026, in the clinic’s time (Manila)" in part.text

    @pytest.mark.parametrize(
        ("visits", "words"),
        [(0, "0 visits"), (1, "Fewer than 5 visits"), (4, "Fewer than 5 visits"), (7, "About 5 visits"),
         (8, "About 10 visits")],
    )  # fmt: skip
    def test_what_matches_is_not_told_exactly_where_small_counts_are_withheld(
        self, app: Flask, client: PageClient, clinic: Clinic, visits: int, words: str
    ) -> None:
        with app.app_context():
            db.session.get_one(Clinic, clinic.id).suppress_below = 5
            patient = factories.add_patient(clinic)
            for day in range(visits):
                factories.add_visit(patient, f"2026-10-{day + 1:02} 10:00")
        page = client.get("/reports/new?template=visit_trends").text
        assert f"<strong>{words}</strong> match at" in page

    def test_a_link_fills_in_the_form(self, client: PageClient) -> None:
        page = client.get("/reports/new?template=visit_trends&period=dates&start=2026-10-05&end=2026-10-09&sex=male")
        assert chosen_in(page.text) == {"period": "dates", "compare": "before", "format": "pdf", "sex": "male"}
        assert 'value="2026-10-05"' in page.text
        assert "5 to 9 October 2026" in page.text

    def test_a_report_leads_back_to_its_choices(self, app: Flask, client: PageClient) -> None:
        client.submit("/reports/new", {**OWN, "start": "2026-10-05", "end": "2026-10-09", "kind": "dental"})
        page = client.get(f"/reports/{asked(app)[0].id}")
        assert "Change the choices" not in page.text
        client.submit(f"/reports/{asked(app)[0].id}/cancel")
        links = re.findall(r'href="([^"]+)">Change the choices', client.get(f"/reports/{asked(app)[0].id}").text)
        page = client.get(html.unescape(links[0]))
        assert chosen_in(page.text) == {"period": "dates", "compare": "before", "format": "pdf", "kind": "dental"}
        assert 'value="2026-10-05"' in page.text

    def test_a_link_to_what_is_not_offered_is_a_form_without_complaints(self, app: Flask, client: PageClient) -> None:
        with app.app_context():
            stranger = factories.add_provider(factories.add_clinic("Elsewhere"), "Dr Elsewhere").id
        page = client.get(f"/reports/new?template=visit_trends&period=dates&format=word&provider={stranger}&sex=cat")
        assert chosen_in(page.text) == {"period": "dates", "compare": "before", "format": "pdf"}
        assert "Format, Provider and Sex: what you had chosen is not there" in page.text
        assert 'class="error"' not in page.text
        assert "This report cannot be made yet" not in page.text

    def test_the_address_follows_the_choices(self, client: PageClient, clinic: Clinic) -> None:
        chosen = {"template": "visit_trends", "period": "this_month", "format": "csv", "sex": "male", "age": ""}
        part = client.get("/reports/new/matching", query_string=chosen)
        address = part.headers["HX-Replace-Url"]
        chosen = "period=this_month&compare=before&sex=male&format=csv"
        assert address == f"/reports/new?template=visit_trends&clinic={clinic.id}&{chosen}"
        begun = chosen_in(client.get(address).text)
        assert begun == {"period": "this_month", "compare": "before", "format": "csv", "sex": "male"}

    @pytest.mark.parametrize(
        ("days", "words"),
        [
            ({}, "Enter the first day"),
            ({"start": "2026-10-05", "end": "2026-10-04"}, "must not be before the first"),
            ({"start": "2026-10-05", "end": "2027-01-01"}, "This day has not come yet."),
        ],
    )
    def test_what_is_missing_is_said_where_the_count_would_stand(
        self, client: PageClient, days: dict[str, str], words: str
    ) -> None:
        asked = {"template": "visit_trends", "period": "dates", "format": "pdf", **days}
        assert words in client.get("/reports/new/matching", query_string=asked).text

    @pytest.mark.parametrize("odd", [{"template": ""}, {"template": "x"}, {"clinic": "9" * 5000}, {"clinic": "²"}])
    def test_what_cannot_be_chosen_is_not_there(self, client: PageClient, odd: dict[str, str]) -> None:
        assert client.get("/reports/new", query_string=odd).status_code == 404
        assert client.submit("/reports/new", {**ASKED, **odd}).status_code == 404

    def test_who_has_several_clinics_goes_on_with_the_last(self, app: Flask, clinic: Clinic) -> None:
        with app.app_context():
            factories.add_clinic("Another Clinic")
            administrator = factories.add_person("administrator")
        client = page_client(app).sign_in(administrator)
        assert "at Another Clinic" in client.get("/reports/new").text
        assert "at Riverside Clinic" in client.get(f"/reports/new?clinic={clinic.id}").text
        assert "at Riverside Clinic" in client.get("/reports/new?template=patient_summary").text

    def test_an_administrator_chooses_the_clinic(self, app: Flask, clinic: Clinic) -> None:
        with app.app_context():
            other = factories.add_clinic("Another Clinic", timezone="America/Chicago").id
            administrator = factories.add_person("administrator")
        client = page_client(app).sign_in(administrator)
        page = client.get("/reports/new").text
        assert '<select class="form-select" id="clinic" name="clinic"' in page
        assert "at Another Clinic" in page
        client.submit("/reports/new", {**ASKED, "clinic": str(other)})
        assert asked(app)[0].clinic_id == other


def test_who_asks_for_the_same_in_another_format_is_told(app: Flask, client: PageClient) -> None:
    client.submit("/reports/new", ASKED)
    client.submit("/reports/new", ASKED)
    page = f"/reports/{asked(app)[0].id}"
    assert "in every format" not in client.get(page).text
    client.submit("/reports/new", {**ASKED, "format": "csv"})
    assert len(asked(app)) == 1
    assert "When they are ready you can have them in every format." in client.get(page).text


def test_who_may_not_ask_for_such_a_report_any_more_cannot_have_it_made_again(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.submit("/reports/new", ASKED)
    monkeypatch.setitem(TEMPLATES, "visit_trends", replace(TEMPLATES["visit_trends"], audience="patients"))
    assert client.submit(f"/reports/{asked(app)[0].id}/retry").status_code == 403
    assert len(asked(app)) == 1


def test_two_clicks_at_the_same_moment_make_one_report(app: Flask, person: Person) -> None:
    """The row of the first click is not seen by the second's look, only by its write."""
    from webapp import report_requests

    with app.app_context():
        question = Question("visit_trends", person.clinic_id or 0, "Asia/Manila", date(2026, 10, 1), date(2026, 10, 31))
        me = db.session.get_one(Person, person.id)
        first = report_requests.ask(me, question, "pdf", limit=10)
        look = db.session.scalar

        def blind_once(*given: object) -> object:
            db.session.scalar = look  # type: ignore[method-assign]
            return None

        db.session.scalar = blind_once  # type: ignore[method-assign]
        second = report_requests.ask(me, question, "pdf", limit=10)
        assert second.id == first.id
        assert db.session.scalar(select(func.count()).select_from(Report)) == 1


def test_refreshing_what_is_asked_already_has_that_counted_anew(app: Flask, person: Person) -> None:
    from webapp import report_requests

    with app.app_context():
        question = Question("visit_trends", person.clinic_id or 0, "Asia/Manila", date(2026, 10, 1), date(2026, 10, 31))
        me = db.session.get_one(Person, person.id)
        told = [
            (report.id, report.wants_fresh)
            for fresh in (False, False, True, False)
            for report in [report_requests.ask(me, question, "pdf", limit=10, fresh=fresh)]
        ]
        first = told[0][0]
        assert told == [(first, False), (first, False), (first, True), (first, True)]
