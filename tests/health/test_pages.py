"""The operations page: for whom, what it says, and that an alert can be closed."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select, text

from tests.health.standins import Failing
from webapp import alerts, clock
from webapp.extensions import db
from webapp.models import Alert, AuditEntry, DownloadTry, FileMaking, Person, SignInSession
from webapp.models.person import ROLES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def administrator(well: Flask) -> Person:
    with well.app_context():
        return factories.add_person("administrator")


@pytest.fixture
def client(well: Flask, administrator: Person) -> PageClient:
    return page_client(well).sign_in(administrator)


def raise_one(rule: str = "store-not-read", severity: str = "critical", message: str = "A file was not read.") -> int:
    alerts.raise_alert(severity, rule, message=message, what_to_do="Check the store.")
    number: int = db.session.scalars(select(Alert.id).where(Alert.rule == rule)).one()
    return number


def words_of(page: str) -> str:
    """The text of a page, without its tags and breaks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2] or page).split())


class TestForWhom:
    @pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
    def test_others_are_told_that_it_is_for_administrators(self, well: Flask, role: str) -> None:
        with well.app_context():
            client = page_client(well).sign_in(factories.add_person(role))
            number = raise_one()
        for response in (
            client.get("/operations"),
            client.get("/operations/now"),
            client.submit(f"/operations/alerts/{number}/close"),
        ):
            assert response.status_code == 403
            assert "The operations page is for administrators." in response.text
        with well.app_context():
            assert len(alerts.open_alerts()) == 1
        assert "Operations</a>" not in client.get("/", follow_redirects=True).text

    def test_administrators_find_it_in_the_bar(self, client: PageClient) -> None:
        page = client.get("/operations")
        assert page.status_code == 200
        assert re.search(r'href="/operations"\s+aria-current="page">Operations</a>', page.text)


class TestWhatItSays:
    def test_where_all_is_well_it_says_so_and_that_nothing_is_there(self, client: PageClient) -> None:
        told = words_of(client.get("/operations").text)
        assert "Everything is working" in told
        assert "No alert is open." in told
        assert told.count("✓ Working") == 5
        assert told.count("Nobody downloaded anything.") == 2
        assert "No file waits." in told

    def test_a_store_that_refuses_comes_first_with_since_when(
        self, well: Flask, client: PageClient, tmp_path: Path
    ) -> None:
        well.extensions["storage"] = Failing(tmp_path, "write", "refused")
        with well.app_context(), clock.stopped_at(NOON):
            raise_one()
        told = words_of(client.get("/operations").text)
        assert "The file store refuses our rights (a bucket answers 401 or 403): downloads are made again" in told
        assert "It did not let us write a file. Since 22 November 2026, 12:00 UTC." in told
        assert "✕ Down" in told
        assert told.count("✓ Working") == 4

    def test_production_without_a_store_is_loud(self, tmp_path: Path, sqlite_url: str) -> None:
        app = build_app(tmp_path, sqlite_url, app_env="production")
        with app.app_context():
            client = page_client(app).sign_in(factories.add_person("administrator"))
        told = words_of(client.get("/operations", base_url="https://localhost").text)
        assert "No file store is set up: files cannot be downloaded." in told
        assert "✕ Not set up" in told
        close(app)

    def test_an_alert_says_what_happened_what_to_do_since_when_and_how_often(
        self, well: Flask, client: PageClient
    ) -> None:
        with well.app_context():
            for minutes in (0, 7, 95):
                with clock.stopped_at(NOON + timedelta(minutes=minutes)):
                    raise_one(message=f"{minutes} files were not read.")
            with clock.stopped_at(NOON + timedelta(minutes=96)):
                raise_one("report-failed", "warning", "A report failed.")
                raise_one("moved", "info", "All files were moved.")
        told = words_of(client.get("/operations").text)
        assert "✕ Critical 95 files were not read. Check the store." in told
        assert "Since 22 November 2026, 12:00 UTC; 3 times, the last 22 November 2026, 13:35 UTC" in told
        assert "! Warning A report failed. Check the store. 22 November 2026, 13:36 UTC" in told
        assert "i For information All files were moved." in told
        assert told.index("A report failed. Check the store. 22") < told.index("✕ Critical")

    def test_downloads_are_told_by_tier_in_percent_and_numbers(self, well: Flask, client: PageClient) -> None:
        with well.app_context():
            report = factories.add_asked_report()
            for hours, outcome in ((1, "served"), (2, "served"), (3, "missing"), (30, "refused")):
                at = clock.now() - timedelta(hours=hours)
                values = {"tier": "signed URL", "outcome": outcome, "milliseconds": 40 * hours, "at": at}
                db.session.add(DownloadTry(report_id=report.id, format="pdf", **values))
            db.session.add(FileMaking(report_id=report.id, format="csv", why="store broken"))
            db.session.add(FileMaking(report_id=report.id, format="pdf", why="first", status="failed", failure="No."))
            db.session.commit()
        told = words_of(client.get("/operations").text)
        assert "Signed URL 3 66.7 % (2) 33.3 % (1) 0 0 0 80 120" in told
        assert "Signed URL 4 50.0 % (2) 25.0 % (1) 0 25.0 % (1) 0 100 1,200" in told
        assert "1 file waits to be put back into the store, since " in told
        assert "1 file could not be made" in told

    def test_the_database_down_gives_the_page_that_says_so(self, well: Flask, client: PageClient) -> None:
        with well.app_context():
            db.session.execute(text("ALTER TABLE alerts RENAME TO away"))
            db.session.commit()
        response = client.get("/operations")
        assert response.status_code == 503
        assert "We cannot answer just now" in response.text


class TestItself:
    def test_the_page_asks_for_what_changes_by_itself(self, client: PageClient) -> None:
        assert 'hx-get="/operations/now" hx-trigger="every 30s"' in client.get("/operations").text
        part = client.get("/operations/now").text
        assert 'hx-get="/operations/now"' in part
        assert "Everything is working" in part
        assert "<html" not in part

    def test_a_page_left_open_does_not_put_off_the_sign_out(self, well: Flask, client: PageClient) -> None:
        def last_seen() -> datetime:
            with well.app_context():
                seen: datetime = db.session.scalars(select(SignInSession.last_seen_at)).one()
                return seen

        before = last_seen()
        with clock.stopped_at(clock.now() + timedelta(minutes=10)):
            client.get("/operations/now")
            assert last_seen() == before
            client.get("/operations")
            assert last_seen() > before


class TestClosing:
    def test_closing_an_alert_is_written_down_with_who_did_it(
        self, well: Flask, client: PageClient, administrator: Person
    ) -> None:
        with well.app_context():
            number = raise_one()
        response = client.submit(f"/operations/alerts/{number}/close")
        assert (response.status_code, response.headers["Location"]) == (303, "/operations")
        told = words_of(client.get("/operations").text)
        assert "The alert is closed. If the same thing happens again, a new one is opened." in told
        assert "No alert is open." in told
        with well.app_context():
            entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "alert.closed")).one()
            assert (entry.person_id, entry.subject) == (administrator.id, f"alert:{number}")

    def test_one_that_was_closed_already_is_told_as_such(self, well: Flask, client: PageClient) -> None:
        with well.app_context():
            number = raise_one()
            alerts.close_alert(number)
        client.submit(f"/operations/alerts/{number}/close")
        assert "That alert was closed already." in client.get("/operations").text
