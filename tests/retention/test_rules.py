"""Rules: who may change them, what a change does to the reports that are ready, and the commands."""

import json
import re
from datetime import timedelta

import factories
import pytest
from click.testing import Result
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select

from tests.retention.conftest import MADE_AT, NIGHT, add_ready, again
from webapp import audit, clock
from webapp.extensions import db
from webapp.generate.expiry import Rule
from webapp.models import AuditEntry, Clinic, Person, Report, RetentionRule
from webapp.retention import keeping, rules
from webapp.retention.rules import Successor


def rows() -> list[tuple[str, int]]:
    return [(rule.scope, rule.days) for rule in db.session.scalars(select(RetentionRule).order_by(RetentionRule.scope))]


def words_of(client: PageClient, path: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path).text.partition("<main")[2]).split())


class TestApplied:
    def test_a_rule_is_applied_to_the_ready_reports_that_it_concerns(self, context_on_each: Flask) -> None:
        mine, other = add_ready(factories.add_clinic("A")), add_ready(factories.add_clinic("B"))
        waiting = factories.add_report(mine.requester)
        assert rules.set_rule(mine.clinic_id, None, 90, None) == 1
        assert again(mine.id).expires_at == MADE_AT + timedelta(days=90)
        assert again(mine.id).expires_by == "90 days, rule of the clinic"
        assert again(other.id).expires_at == MADE_AT + timedelta(days=30)
        assert again(waiting.id).expires_at is None

    def test_never_so_that_people_are_not_warned(self, context_on_each: Flask) -> None:
        report = add_ready()
        with clock.stopped_at(MADE_AT + timedelta(days=20)):
            rules.set_rule(None, None, 7, None)
            assert again(report.id).expires_at == MADE_AT + timedelta(days=23)

    def test_a_less_particular_rule_leaves_reports_of_another_alone(self, context_on_each: Flask) -> None:
        report = add_ready()
        rules.set_rule(report.clinic_id, None, 40, None)
        Report.put_off(report.id, NIGHT, "as it was")
        db.session.commit()
        assert rules.set_rule(None, "visit_trends", 5, None) == 0
        assert again(report.id).expires_by == "as it was"

    def test_a_removed_rule_leaves_the_next_one(self, context_on_each: Flask) -> None:
        report = add_ready()
        rules.set_rule(None, "visit_trends", 60, None)
        rules.set_rule(report.clinic_id, "visit_trends", 90, None)
        for expected in (60, 30):
            rule = db.session.scalars(select(RetentionRule).order_by(RetentionRule.id.desc())).first()
            assert rule
            assert rules.remove_rule(rule, None) == 1
            assert again(report.id).expires_at == MADE_AT + timedelta(days=expected)

    def test_what_a_removal_would_do_is_known_before_and_is_what_it_does(self, context_on_each: Flask) -> None:
        clinic = factories.add_clinic()
        trends = [add_ready(clinic) for _ in range(3)]
        summary = add_ready(clinic, template="patient_summary")
        add_ready(factories.add_clinic("Harbour"))
        rules.set_rule(clinic.id, "patient_summary", 20, None)
        rules.set_rule(None, "visit_trends", 40, None)
        rules.set_rule(clinic.id, None, 90, None)
        keeping.hold(trends[0], trends[0].requester, "A complaint")
        rule = db.session.scalars(select(RetentionRule).where(RetentionRule.days == 90)).one()
        assert rules.successors(rule) == [Successor(Rule(40, "40 days, rule for Visit trends"), reports=3, sooner=2)]
        db.session.delete(db.session.scalars(select(RetentionRule).where(RetentionRule.days == 20)).one())
        db.session.commit()
        # It was left with twenty days, and gets thirty.
        assert rules.successors(rule) == [
            Successor(Rule(40, "40 days, rule for Visit trends"), reports=3, sooner=2),
            Successor(Rule(30, "30 days, the default"), reports=1, sooner=0),
        ]
        assert rules.remove_rule(rule, None) == 4
        assert again(trends[1].id).expires_by == "40 days, rule for Visit trends"
        assert again(summary.id).expires_by == "30 days, the default"

    def test_a_second_rule_for_the_same_changes_the_first(self, context_on_each: Flask) -> None:
        rules.set_rule(None, None, 7, None)
        rules.set_rule(None, None, 8, None)
        assert rows() == [("*/*", 8)]

    def test_a_change_is_audited(self, context: Flask) -> None:
        report = add_ready()
        rules.set_rule(report.clinic_id, "visit_trends", 9, report.requester_id)
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
        assert entry
        assert (entry.action, entry.person_id) == ("retention.rule_set", report.requester_id)
        assert entry.subject == f"retention:{report.clinic_id}/visit_trends"
        assert json.loads(entry.details) == {"days": 9, "reports": 1}
        assert list(audit.faults()) == []


class TestWhoMay:
    @pytest.fixture
    def manager(self, app: Flask) -> Person:
        with app.app_context():
            return factories.add_person("manager", factories.add_clinic("Riverside"))

    @pytest.mark.parametrize("role", ["staff", "clinician", "auditor"])
    def test_it_is_for_managers_and_administrators(self, app: Flask, role: str) -> None:
        with app.app_context():
            client = page_client(app).sign_in(factories.add_person(role))
        for answer in (
            client.get("/retention"),
            client.submit("/retention/rules", {"clinic": "", "template": "", "days": "7"}),
            client.get("/retention/rules/1/remove"),
            client.submit("/retention/rules/1/remove"),
        ):
            assert answer.status_code == 403
            assert "for managers and administrators" in answer.text
        assert "Retention</a>" not in client.get("/", follow_redirects=True).text
        with app.app_context():
            assert rows() == []

    def test_a_manager_sets_and_removes_rules_of_their_clinic_alone(self, app: Flask, manager: Person) -> None:
        client = page_client(app).sign_in(manager)
        with app.app_context():
            other = factories.add_clinic("Harbour").id
            rules.set_rule(other, None, 5, None)
            rules.set_rule(None, None, 6, None)
            foreign = db.session.scalars(select(RetentionRule.id).order_by(RetentionRule.id)).all()
        page = client.get("/retention").text
        assert "Harbour" not in page
        assert "Set by an administrator" in page
        for clinic in ("", str(other), "x"):
            answer = client.submit("/retention/rules", {"clinic": clinic, "template": "", "days": "7"})
            assert answer.status_code == 422
        for rule_id in foreign:
            for answer in (
                client.get(f"/retention/rules/{rule_id}/remove"),
                client.submit(f"/retention/rules/{rule_id}/remove"),
            ):
                assert answer.status_code == 404
        mine = {"clinic": str(manager.clinic_id), "template": "visit_trends", "days": "7"}
        assert client.submit("/retention/rules", mine).status_code == 303
        with app.app_context():
            assert rows() == [("*/*", 6), (f"{manager.clinic_id}/visit_trends", 7), (f"{other}/*", 5)]
            mine_id = db.session.scalars(select(RetentionRule.id).where(RetentionRule.days == 7)).one()
        told = client.submit(f"/retention/rules/{mine_id}/remove", follow_redirects=True).text
        assert "The rule is removed." in told
        for answer in (
            client.get(f"/retention/rules/{mine_id}/remove", follow_redirects=True),
            client.submit(f"/retention/rules/{mine_id}/remove", follow_redirects=True),
        ):
            assert "was removed already" in answer.text

    def test_removing_asks_first_and_says_how_many_reports_are_concerned(self, app: Flask, manager: Person) -> None:
        client = page_client(app).sign_in(manager)
        with app.app_context():
            rules.set_rule(manager.clinic_id, None, 60, None)
            rule_id = db.session.scalars(select(RetentionRule.id)).one()
        path = f"/retention/rules/{rule_id}/remove"
        assert f'href="{path}"' in client.get("/retention").text
        assert "No report that is ready goes by this rule of 60 days" in client.get(path).text
        with app.app_context():
            clinic = db.session.get_one(Clinic, manager.clinic_id)
            add_ready(clinic)
        assert "1 report goes by the next rule (30 days, the default), and it expires sooner" in words_of(client, path)
        with app.app_context():
            report = add_ready(db.session.get_one(Clinic, manager.clinic_id))
            Report.put_off(report.id, MADE_AT + timedelta(days=3), "as it was")
            db.session.commit()
        told = words_of(client, path)
        assert "Remove the rule for every report of Riverside?" in told
        assert "This concerns 2 ready reports , which this rule keeps for 60 days." in told
        assert "2 reports go by the next rule (30 days, the default), and 1 of them expires sooner than now." in told
        assert "Remove the rule Keep it" in told
        with app.app_context():
            assert rows() == [(f"{manager.clinic_id}/*", 60)], "asking alone removes nothing"

    @pytest.mark.parametrize("days", ["", "0", "3651", "x", "1.5", "9" * 30])
    def test_days_that_cannot_be_are_told_at_the_field(self, app: Flask, manager: Person, days: str) -> None:
        client = page_client(app).sign_in(manager)
        answer = client.submit("/retention/rules", {"clinic": str(manager.clinic_id), "template": "", "days": days})
        assert answer.status_code == 422
        assert answer.text.count("Enter a whole number of days from 1 to 3,650.") == 1

    def test_an_administrator_sets_rules_of_every_clinic(self, app: Flask, manager: Person) -> None:
        with app.app_context():
            report_id = add_ready().id
            client = page_client(app).sign_in(factories.add_person("administrator"))
        told = client.submit("/retention/rules", {"clinic": "", "template": "", "days": "60"}, follow_redirects=True)
        assert "1 report that is there already goes by it too, in three days at the earliest." in told.text
        with app.app_context():
            assert again(report_id).expires_by == "60 days, rule for every report"


class TestCommands:
    @pytest.fixture
    def report(self, app: Flask) -> Report:
        with app.app_context():
            return add_ready(factories.add_clinic("Riverside"))

    def run(self, app: Flask, *words: str) -> Result:
        return app.test_cli_runner().invoke(args=["retention", *words])

    def test_rules_are_set_listed_and_removed(self, app: Flask, report: Report) -> None:
        assert "1 ready report " in self.run(app, "set", "7", "--clinic", "Riverside").output
        assert "0 ready reports" in self.run(app, "set", "9", "--template", "visit_trends").output
        assert self.run(app, "rules").output == "9\trule for Visit trends\n7\trule of the clinic\tRiverside\n"
        assert self.run(app, "remove", "--clinic", "Riverside").exit_code == 0
        again_ = self.run(app, "remove", "--clinic", "Riverside")
        assert (again_.exit_code, "There is no such rule" in again_.output) == (1, True)
        assert "There is no clinic called 'X'" in self.run(app, "set", "7", "--clinic", "X").output
        assert self.run(app, "set", "0").exit_code == 2

    def test_expire_works_at_any_hour_and_tells_before(self, app: Flask, report: Report) -> None:
        assert "0 reports would expire" in self.run(app, "expire", "--dry-run").output
        with clock.stopped_at(MADE_AT + timedelta(days=30)):
            dry = self.run(app, "expire", "--dry-run").output
            assert f"{report.number}\t2026-12-22 04:00 UTC\t30 days, the default\n" in dry
            with app.app_context():
                assert again(report.id).status == "ready"
            assert self.run(app, "expire").output == "1 report expired.\n"
        with app.app_context():
            assert again(report.id).status == "expired"
