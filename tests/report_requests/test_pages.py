"""The pages after the asking: progress, the report, My reports, and what can be done there."""

from datetime import UTC, datetime, timedelta

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select

from webapp import clock, generate, storage
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, File, FrozenPart, Person, Report

LEASE = timedelta(seconds=15)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_noon():  # type: ignore[no-untyped-def]
    """Noon of 22 November 2026 at the clinic."""
    with clock.stopped_at(NOON):
        yield


@pytest.fixture
def report(app: Flask) -> Report:
    with app.app_context():
        return factories.add_asked_report()


@pytest.fixture
def client(app: Flask, report: Report) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(db.session.get_one(Person, report.requester_id))


def make(app: Flask, report: Report) -> None:
    with app.app_context():
        generate.make(report.id)


def change(app: Flask, report: Report, **values: object) -> None:
    with app.app_context():
        row = db.session.get_one(Report, report.id)
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


def status(app: Flask, report: Report) -> str:
    with app.app_context():
        return db.session.get_one(Report, report.id).status


class TestProgress:
    def test_it_says_where_in_line_it_stands(self, app: Flask, client: PageClient, report: Report) -> None:
        assert "Yours is next in line" in client.get(f"/reports/{report.id}").text
        with app.app_context():
            factories.add_report(factories.add_person("staff"), asked_at=NOON - timedelta(minutes=1))
        assert "One report is before yours in line" in client.get(f"/reports/{report.id}/progress").text

    def test_it_says_how_far_it_is(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            token = Report.claim(report.id, LEASE)
            Report.advance(report.id, token or "", "Reading the figures, 2 of 4", 32)
            db.session.commit()
        part = client.get(f"/reports/{report.id}/progress").text
        assert "Reading the figures, 2 of 4" in part
        assert 'value="32"' in part
        assert 'hx-trigger="every 1s"' in part

    def test_asking_ends_when_the_report_has_ended(self, app: Flask, client: PageClient, report: Report) -> None:
        make(app, report)
        response = client.get(f"/reports/{report.id}/progress")
        assert response.headers["HX-Refresh"] == "true"
        assert "hx-trigger" not in response.text

    def test_without_javascript_there_is_a_link(self, client: PageClient, report: Report) -> None:
        assert f'<noscript><a href="/reports/{report.id}">' in client.get(f"/reports/{report.id}").text


class TestCancel:
    def test_a_waiting_report_is_cancelled(self, app: Flask, client: PageClient, report: Report) -> None:
        page = client.submit(f"/reports/{report.id}/cancel", follow_redirects=True)
        assert "This report was cancelled" in page.text
        assert status(app, report) == "cancelled"

    def test_a_running_report_is_told_to_stop(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            Report.claim(report.id, LEASE)
            db.session.commit()
        assert "Stopping…" in client.submit(f"/reports/{report.id}/cancel", follow_redirects=True).text

    def test_a_report_that_has_ended_says_so(self, app: Flask, client: PageClient, report: Report) -> None:
        make(app, report)
        page = client.submit(f"/reports/{report.id}/cancel", follow_redirects=True)
        assert "This report had ended already." in page.text
        assert status(app, report) == "ready"


class TestReady:
    def test_it_shows_the_figures_the_chart_and_the_table(self, app: Flask, client: PageClient, report: Report) -> None:
        make(app, report)
        page = client.get(f"/reports/{report.id}").text
        assert "Visit trends, October 2026" in page
        assert "Riverside Clinic · 1 to 31 October 2026 (Manila time)" in page
        assert "<b>2" in page
        assert "<svg" in page
        assert "Oct 2026" in page
        assert report.number in page

    def test_it_offers_all_four_formats(self, app: Flask, client: PageClient, report: Report) -> None:
        make(app, report)
        page = client.get(f"/reports/{report.id}").text
        for format_name in ("pdf", "excel", "csv", "json"):
            assert f'href="/reports/{report.id}/files/{format_name}"' in page

    def test_it_counts_the_downloads(self, app: Flask, client: PageClient, report: Report) -> None:
        make(app, report)
        client.get(f"/reports/{report.id}/files/csv")
        assert "1 download, the last on 22 November 2026, 12:00" in client.get(f"/reports/{report.id}").text

    def test_hostile_names_are_text(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            db.session.get_one(Clinic, report.clinic_id).name = '<script>alert(1)</script> & "co" \u202e\x07'
            db.session.commit()
        make(app, report)
        page = client.get(f"/reports/{report.id}").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


class TestFailed:
    def test_it_says_why_in_plain_words_and_offers_to_try_again(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        change(
            app,
            report,
            status="failed",
            failure="The figures could not be read.",
            failure_technical="ORA-1",
            finished_at=NOON,
        )
        page = client.get(f"/reports/{report.id}").text
        assert "The figures could not be read." in page
        assert "ORA-1" not in page
        assert "Try again with the same choices" in page

    def test_trying_again_is_a_new_report_that_names_the_old_one(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        change(app, report, status="failed", failure="No.", finished_at=NOON)
        response = client.submit(f"/reports/{report.id}/retry")
        with app.app_context():
            again = db.session.scalars(select(Report).where(Report.id != report.id)).one()
            assert response.location == f"/reports/{again.id}"
            assert (again.retry_of_id, again.question) == (report.id, report.question)


class TestDelete:
    def test_it_is_asked_once_more_and_then_all_of_it_goes(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        make(app, report)
        assert "This cannot be undone" in client.get(f"/reports/{report.id}/delete").text
        page = client.submit(f"/reports/{report.id}/delete", follow_redirects=True)
        assert "Visit trends, October 2026 was deleted." in page.text
        with app.app_context():
            assert db.session.scalars(select(Report)).all() == []
            assert db.session.scalars(select(File)).all() == []
            assert db.session.scalars(select(FrozenPart)).all() == []
            assert db.session.scalars(select(AuditEntry).where(AuditEntry.action == "report.deleted")).one()
            folder = storage.current().folder  # type: ignore[attr-defined]
        assert [path for path in folder.rglob("*") if path.is_file()] == []

    def test_figures_that_another_report_says_too_stay(self, app: Flask, client: PageClient, report: Report) -> None:
        make(app, report)
        client.submit(f"/reports/{report.id}/retry")
        with app.app_context():
            again = db.session.scalars(select(Report).where(Report.id != report.id)).one()
            generate.make(again.id)
            shared = db.session.get_one(Report, again.id).figures_sha256
        client.submit(f"/reports/{report.id}/delete")
        assert client.get(f"/reports/{again.id}").status_code == 200
        with app.app_context():
            assert db.session.get(FrozenPart, shared)

    def test_a_report_being_made_is_cancelled_first(self, app: Flask, client: PageClient, report: Report) -> None:
        page = client.submit(f"/reports/{report.id}/delete", follow_redirects=True)
        assert "Cancel it first" in page.text
        assert status(app, report) == "queued"


class TestAccess:
    @pytest.mark.parametrize("path", ["", "/progress", "/delete"])
    def test_a_stranger_and_a_colleague_do_not_find_it(self, app: Flask, report: Report, path: str) -> None:
        with app.app_context():
            clinic = db.session.get_one(Clinic, report.clinic_id)
            people = [factories.add_person("clinician", clinic), factories.add_person("manager")]
        for person in people:
            assert page_client(app).sign_in(person).get(f"/reports/{report.id}{path}").status_code == 404

    @pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
    def test_nor_can_they_do_anything_to_it(self, app: Flask, report: Report, action: str) -> None:
        with app.app_context():
            colleague = factories.add_person("clinician", db.session.get_one(Clinic, report.clinic_id))
        client = page_client(app).sign_in(colleague)
        assert client.submit(f"/reports/{report.id}/{action}").status_code == 404
        assert status(app, report) == "queued"


class TestMyReports:
    def test_it_begins_with_a_way_to_the_first_report(self, app: Flask) -> None:
        with app.app_context():
            person = factories.add_person("staff")
        page = page_client(app).sign_in(person).get("/reports").text
        assert "No reports yet" in page
        assert "Make your first report" in page

    def test_reports_stand_under_their_day_at_the_clinic(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            person = db.session.get_one(Person, report.requester_id)
            # 23:30 on 20 November in Manila, when it is still the afternoon in London.
            factories.add_report(person, asked_at=datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
            factories.add_report(person, asked_at=datetime(2026, 11, 20, 16, 30, tzinfo=UTC))
        page = client.get("/reports").text
        assert page.index("Today") < page.index("Yesterday") < page.index("Friday 20 November 2026")

    def test_it_is_searched_and_narrowed(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            person = db.session.get_one(Person, report.requester_id)
            may = {"title": "Patient summary, May 2026", "dates": "1 to 31 May 2026"}
            factories.add_report(person, template="patient_summary", **may)
        assert "Patient summary, May" in client.get("/reports").text
        for query in (
            "q=october",
            "q=OCTOBER+riverside",
            "q=1+to+31+oct",
            f"q={report.number}",
            "template=visit_trends",
        ):
            page = client.get(f"/reports?{query}").text
            assert "Visit trends, October 2026" in page, query
            assert "Patient summary, May" not in page, query
        assert "No report matches" in client.get("/reports?q=100%25").text
        assert "No report matches" in client.get("/reports?status=ready").text
        assert "Visit trends, October" in client.get("/reports?status=queued").text

    def test_it_is_paged(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            person = db.session.get_one(Person, report.requester_id)
            for number in range(30):
                factories.add_report(person, title=f"Visit trends, number {number}")
        first, second = client.get("/reports").text, client.get("/reports?page=2").text
        assert (first.count('class="title"'), second.count('class="title"')) == (25, 6)
        assert "Page 1 of 2" in first
        assert "Page 2 of 2" in second

    @pytest.mark.parametrize("number", ["0", "-1", "x", "", "99", "9" * 30, "²"])
    def test_a_page_that_is_not_there_is_one_that_is(self, client: PageClient, report: Report, number: str) -> None:
        assert report.title in client.get("/reports", query_string={"page": number}).text

    def test_two_reports_of_one_title_are_told_apart_by_their_filters(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        asked = {"template": "visit_trends", "period": "last_month", "format": "pdf", "kind": "dental"}
        client.submit("/reports/new", {**asked, "sex": "female"})
        assert "1 to 31 October 2026 · Dental · Female" in client.get("/reports").text
        assert "Dental · Female" in client.get("/reports?q=female").text
        with app.app_context():
            narrowed_id = db.session.scalars(select(Report.id).where(Report.narrowed != "")).one()
            generate.make(narrowed_id)
        disposition = client.get(f"/reports/{narrowed_id}/files/csv").headers["Content-Disposition"]
        assert "Visit trends, October 2026, Dental, Female, Riverside Clinic.csv" in disposition

    def test_a_report_being_made_asks_for_its_own_row(self, app: Flask, client: PageClient, report: Report) -> None:
        polls = f'hx-get="/reports/{report.id}/row"'
        assert polls in client.get("/reports").text
        row = client.get(f"/reports/{report.id}/row").text
        assert polls in row
        assert "<html" not in row
        with app.app_context():
            generate.make(report.id)
        row = client.get(f"/reports/{report.id}/row").text
        assert "hx-get" not in row
        assert "Ready" in row

    def test_days_that_the_title_tells_are_not_told_twice(self, client: PageClient) -> None:
        day = {"template": "visit_trends", "period": "dates", "start": "2026-10-05", "end": "2026-10-05"}
        client.submit("/reports/new", {**day, "format": "pdf"})
        assert client.get("/reports").text.count("5 October 2026") == client.get("/reports").text.count(
            "Visit trends, 5 October 2026"
        )

    def test_an_auditor_has_no_reports_page(self, app: Flask) -> None:
        with app.app_context():
            auditor = factories.add_person("auditor")
        assert page_client(app).sign_in(auditor).get("/reports").status_code == 403

    def test_an_administrator_sees_one_clock(self, app: Flask, report: Report) -> None:
        with app.app_context():
            administrator = factories.add_person("administrator")
        assert "04:00 UTC" in page_client(app).sign_in(administrator).get("/reports").text

    def test_a_manager_finds_reports_by_who_asked(self, app: Flask, report: Report) -> None:
        with app.app_context():
            requester = db.session.get_one(Person, report.requester_id)
            requester.name = "Zenaida Cruz"
            db.session.commit()
            manager = factories.add_person("manager", db.session.get_one(Clinic, report.clinic_id))
        assert report.title in page_client(app).sign_in(manager).get("/reports?q=zenaida").text

    def test_typing_fetches_the_list_alone(self, client: PageClient) -> None:
        part = client.get("/reports?q=x", headers={"HX-Request": "true", "HX-Target": "reports"}).text
        assert "<html" not in part
        assert 'id="reports"' in part

    def test_a_manager_sees_who_asked_and_staff_see_their_own(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        with app.app_context():
            clinic = db.session.get_one(Clinic, report.clinic_id)
            manager = factories.add_person("manager", clinic)
            colleague = factories.add_person("staff", clinic)
            requester = db.session.get_one(Person, report.requester_id).name
        assert f"asked for by {requester}" in page_client(app).sign_in(manager).get("/reports").text
        assert "No reports yet" in page_client(app).sign_in(colleague).get("/reports").text
        assert "asked for by" not in client.get("/reports").text

    def test_it_is_a_handful_of_queries_however_many_reports_there_are(
        self, app: Flask, client: PageClient, report: Report, count_queries
    ) -> None:  # type: ignore[no-untyped-def]
        with count_queries() as few:
            client.get("/reports")
        with app.app_context():
            person = db.session.get_one(Person, report.requester_id)
            for _ in range(20):
                factories.add_report(person)
        with count_queries() as many:
            client.get("/reports")
        assert len(many) == len(few)
