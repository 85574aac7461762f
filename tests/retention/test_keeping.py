"""Keep and legal hold, on the pages and below them."""

from datetime import UTC, datetime, timedelta

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select

from tests.retention.conftest import MADE_AT, NIGHT, add_ready, again, stored_files
from webapp import audit, clock, report_requests, retention
from webapp.errors import ReportHeld
from webapp.extensions import db
from webapp.models import AuditEntry, Keeping, LegalHold, Person, Report
from webapp.retention import keeping
from webapp.retention.keeping import NotReady

REASON = "Asked for by the ministry"


@pytest.fixture
def report(app: Flask) -> Report:
    with app.app_context():
        return add_ready()


def as_(app: Flask, role: str, report: Report, *, mine: bool = False) -> PageClient:
    """A browser of the person who asked for it, or of somebody else of that role in the same clinic."""
    with app.app_context():
        row = db.session.get_one(Report, report.id)
        if mine:
            return page_client(app).sign_in(db.session.get_one(Person, row.requester_id))
        return page_client(app).sign_in(factories.add_person(role, row.clinic if role != "administrator" else None))


class TestKeep:
    def test_what_is_kept_does_not_expire_until_its_time_is_over(self, context_on_each: Flask) -> None:
        report_id = (report := add_ready()).id
        keeping.keep(report, report.requester, REASON, 3)
        until = datetime(2027, 2, 22, 4, tzinfo=UTC)
        assert db.session.get_one(Keeping, report_id).until == until
        with clock.stopped_at(NIGHT):
            assert retention.expire_due() == 0
        with clock.stopped_at(until):
            assert retention.expire_due() == 0
            row = again(report_id)
            assert (row.keeping, row.expires_at) == (None, until + timedelta(days=3))
        with clock.stopped_at(until + timedelta(days=3, hours=14)):
            assert retention.expire_due() == 1

    def test_a_keep_that_ends_before_the_rule_changes_nothing(self, context: Flask) -> None:
        report = add_ready()
        Report.put_off(report.id, MADE_AT + timedelta(days=300), "300 days, the default")
        keeping.keep(report, report.requester, REASON, 3)
        with clock.stopped_at(MADE_AT + timedelta(days=100)):
            retention.expire_due()
            assert again(report.id).status == "ready"

    def test_without_end_it_stays(self, context_on_each: Flask) -> None:
        report = add_ready()
        keeping.keep(report, report.requester, REASON, None)
        with clock.stopped_at(NIGHT + timedelta(days=5000)):
            assert retention.expire_due() == 0

    def test_ending_it_late_leaves_three_days(self, context_on_each: Flask) -> None:
        report = add_ready()
        keeping.keep(report, report.requester, REASON, None)
        with clock.stopped_at(NIGHT):
            assert keeping.stop_keeping(again(report.id), report.requester)
            assert not keeping.stop_keeping(again(report.id), report.requester)
            assert again(report.id).expires_at == NIGHT + timedelta(days=3)
            assert retention.expire_due() == 0

    def test_ending_it_early_leaves_what_the_rule_says(self, context: Flask) -> None:
        report = add_ready()
        keeping.keep(report, report.requester, REASON, None)
        keeping.stop_keeping(report, report.requester)
        assert again(report.id).expires_at == MADE_AT + timedelta(days=30)

    def test_a_second_keep_takes_the_place_of_the_first(self, context_on_each: Flask) -> None:
        report = add_ready()
        keeping.keep(report, report.requester, REASON, 3)
        keeping.keep(report, report.requester, "Another", None)
        row = db.session.scalars(select(Keeping)).one()
        assert (row.reason, row.until) == ("Another", None)

    def test_what_has_expired_cannot_be_kept_or_held(self, context_on_each: Flask) -> None:
        report = add_ready()
        with clock.stopped_at(NIGHT):
            retention.expire_due()
        for late in (
            lambda: keeping.keep(report, report.requester, REASON, 3),
            lambda: keeping.hold(report, report.requester, REASON),
        ):
            with pytest.raises(NotReady):
                late()
        assert db.session.scalars(select(Keeping)).all() == []

    def test_the_reason_stays_out_of_the_audit_log(self, context: Flask) -> None:
        report = add_ready()
        keeping.keep(report, report.requester, REASON, 3)
        keeping.hold(report, report.requester, REASON)
        keeping.release(report, report.requester)
        keeping.stop_keeping(report, report.requester)
        told = db.session.execute(select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.number)).all()
        assert [row.action for row in told[-4:]] == [
            "report.kept", "report.held", "report.released", "report.keep_ended",
        ]  # fmt: skip
        assert not any(REASON in row.details for row in told)
        assert list(audit.faults()) == []

    def test_it_may_be_deleted_all_the_same(self, context_on_each: Flask) -> None:
        report = add_ready()
        keeping.keep(report, report.requester, REASON, None)
        report_requests.delete(again(report.id), report.requester)
        assert db.session.scalars(select(Report.id)).all() == []
        assert db.session.scalars(select(Keeping)).all() == []


class TestHold:
    def test_what_is_held_neither_expires_nor_is_deleted(self, context_on_each: Flask) -> None:
        report = add_ready()
        keeping.hold(report, report.requester, REASON)
        with clock.stopped_at(NIGHT + timedelta(days=99)):
            assert retention.expire_due() == 0
        with pytest.raises(ReportHeld):
            report_requests.delete(again(report.id), report.requester)
        assert again(report.id).status == "ready"
        assert len(stored_files(context_on_each)) == 1

    def test_once_released_it_expires_by_its_rule_but_not_at_once(self, context_on_each: Flask) -> None:
        report = add_ready()
        keeping.hold(report, report.requester, REASON)
        with clock.stopped_at(NIGHT):
            assert keeping.release(again(report.id), report.requester)
            assert not keeping.release(again(report.id), report.requester)
            assert retention.expire_due() == 0
        with clock.stopped_at(NIGHT + timedelta(days=3)):
            assert retention.expire_due() == 1


class TestPages:
    def test_staff_keep_their_own_for_a_time(self, app: Flask, report: Report) -> None:
        client = as_(app, "staff", report, mine=True)
        form = client.get(f"/reports/{report.id}/keep").text
        assert "Do not name patients" in form
        assert "Until somebody ends it" not in form
        done = client.submit(f"/reports/{report.id}/keep", {"reason": f" {REASON}\n", "lasts": "1 year"})
        assert done.status_code == 303
        page = client.get(f"/reports/{report.id}").text
        assert "Kept until 22 November 2027" in page
        assert REASON in page
        assert "Kept until 22 November 2027" in client.get("/reports").text
        assert "Stop keeping" in page
        client.submit(f"/reports/{report.id}/keep/end")
        assert "Expires 22 December 2026" in client.get(f"/reports/{report.id}").text

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            ({"reason": " \n", "lasts": "1 year"}, "Enter a reason"),
            ({"reason": REASON, "lasts": "until ended"}, "Choose for how long."),
            ({"reason": REASON, "lasts": ""}, "Choose for how long."),
            ({"reason": "x" * 301, "lasts": "1 year"}, "300 characters or fewer"),
        ],
    )
    def test_what_cannot_be_is_told_at_its_field(
        self, app: Flask, report: Report, data: dict[str, str], told: str
    ) -> None:
        answer = as_(app, "staff", report, mine=True).submit(f"/reports/{report.id}/keep", data)
        assert answer.status_code == 422
        assert told in answer.text
        with app.app_context():
            assert again(report.id).keeping is None

    def test_managers_and_administrators_keep_without_end(self, app: Flask, report: Report) -> None:
        for role in ("manager", "administrator"):
            client = as_(app, role, report)
            client.submit(f"/reports/{report.id}/keep", {"reason": REASON, "lasts": "until ended"})
            assert "Kept until somebody ends it" in client.get(f"/reports/{report.id}").text

    def test_a_colleague_cannot_keep_what_they_cannot_see(self, app: Flask, report: Report) -> None:
        client = as_(app, "clinician", report)
        assert client.get(f"/reports/{report.id}/keep").status_code == 404
        assert client.submit(f"/reports/{report.id}/keep/end").status_code == 404

    def test_only_administrators_hold_and_release(self, app: Flask, report: Report) -> None:
        for client in (as_(app, "staff", report, mine=True), as_(app, "manager", report)):
            assert client.get(f"/reports/{report.id}/hold").status_code == 403
            assert client.get(f"/reports/{report.id}/hold/end").status_code == 403
            assert client.submit(f"/reports/{report.id}/hold/end").status_code == 403
            assert "legal hold" not in client.get(f"/reports/{report.id}").text

    def test_one_of_single_patients_is_held_by_administrators_who_may_not_read_it(
        self, app: Flask, report: Report
    ) -> None:
        with app.app_context():
            row = db.session.get_one(Report, report.id)
            row.upload_id = factories.add_upload(row.requester).id
            db.session.commit()
        client, path = as_(app, "administrator", report), f"/reports/{report.id}"
        assert client.get(path).status_code == 404
        assert (
            "There is no report of that number."
            in client.get("/retention/hold?number=VT-0000-0000", follow_redirects=True).text
        )
        by_number = f"/retention/hold?number={report.number.lower()}"
        assert client.get(by_number, follow_redirects=True).request.path == f"{path}/hold"
        page = client.submit(f"{path}/hold", {"reason": REASON}, follow_redirects=True)
        assert page.request.path == "/retention"
        assert "This report is on legal hold." in page.text
        assert client.get(path).status_code == 404
        assert "legal hold" in as_(app, "manager", report).get(path).text
        assert as_(app, "manager", report).get(by_number).status_code == 403
        assert f"/retention/hold?number={report.number}" in page.text
        assert client.get(by_number, follow_redirects=True).request.path == f"{path}/hold/end"
        page = client.submit(f"{path}/hold/end", follow_redirects=True)
        assert page.request.path == "/retention"

    def test_removing_a_hold_asks_first_and_says_what_follows(self, app: Flask, report: Report) -> None:
        client, path = as_(app, "administrator", report), f"/reports/{report.id}/hold/end"
        for answer in (client.get(path, follow_redirects=True), client.submit(path, follow_redirects=True)):
            assert "This report is not on legal hold." in answer.text
        client.submit(f"/reports/{report.id}/hold", {"reason": REASON})
        assert f'href="{path}"' in client.get(f"/reports/{report.id}").text
        with clock.stopped_at(MADE_AT + timedelta(days=29)):
            page = " ".join(as_(app, "administrator", report).get(path).text.split())
        assert "This concerns one report" in page
        assert "whoever may delete it can do so at once" in page
        assert "It expires on <strong>24 December 2026</strong> (30 days, the default)" in page
        assert REASON in page
        assert page.index("Remove the hold</button>") < page.index("Keep it</a>")
        with app.app_context():
            assert again(report.id).hold, "asking alone removes nothing"
        client = as_(app, "administrator", report)
        client.submit(f"/reports/{report.id}/keep", {"reason": "For the audit", "lasts": "1 year"})
        page = " ".join(client.get(path).text.split())
        assert "It still does not expire while it is kept." in page
        assert "It expires on" not in page
        assert "The hold is removed." in client.submit(path, follow_redirects=True).text

    def test_nobody_deletes_what_is_held(self, app: Flask, report: Report) -> None:
        administrator, owner = as_(app, "administrator", report), as_(app, "staff", report, mine=True)
        administrator.submit(f"/reports/{report.id}/hold", {"reason": REASON})
        for client in (administrator, owner):
            page = client.get(f"/reports/{report.id}").text
            assert "On legal hold" in page
            assert f"/reports/{report.id}/delete" not in page + client.get("/reports").text
            for answer in (
                client.get(f"/reports/{report.id}/delete", follow_redirects=True),
                client.submit(f"/reports/{report.id}/delete", follow_redirects=True),
            ):
                assert "on legal hold, so nobody can delete it" in answer.text
        with app.app_context():
            assert again(report.id).hold
        administrator.submit(f"/reports/{report.id}/hold/end")
        with app.app_context():
            assert db.session.scalars(select(LegalHold)).all() == []
        assert owner.submit(f"/reports/{report.id}/delete").status_code == 303
        assert owner.get(f"/reports/{report.id}").status_code == 404

    @pytest.mark.parametrize(
        ("days", "told", "is_near"),
        [
            (0, "Expires 22 December 2026", False),
            (26, "Expires 22 December 2026", False),
            (27, "Expires in 3 days", True),
            (29, "Expires tomorrow", True),
            (30, "Expires today", True),
            (31, "Expires today", True),
        ],
    )
    def test_the_end_is_told_and_warned_of(
        self, app: Flask, report: Report, days: int, told: str, is_near: bool
    ) -> None:
        with clock.stopped_at(MADE_AT + timedelta(days=days)):
            client = as_(app, "staff", report, mine=True)
            for page in (client.get(f"/reports/{report.id}").text, client.get("/reports").text):
                assert told in page
                assert ("tag warn" in page) is is_near

    def test_an_expired_report_says_when_and_by_which_rule(self, app: Flask, report: Report) -> None:
        with app.app_context(), clock.stopped_at(NIGHT):
            retention.expire_due()
        client = as_(app, "staff", report, mine=True)
        page = client.get(f"/reports/{report.id}").text
        assert "It expired on 23 December 2026, by this rule: 30 days, the default." in page
        assert f"/reports/{report.id}/retry" in page
        assert "Its files and figures were removed." in client.get("/reports").text
        for path in ("keep", "keep/end"):
            answer = client.submit(f"/reports/{report.id}/{path}", {"reason": REASON}, follow_redirects=True)
            assert answer.status_code == 200
