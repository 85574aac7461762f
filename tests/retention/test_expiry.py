"""When a report expires, and what of it goes and stays."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from tests.downloads.scripted_store import ScriptedStore
from tests.retention.conftest import MADE_AT, NIGHT, add_ready, again, stored_files
from webapp import alerts, audit, clock, generate, jobs, retention
from webapp.extensions import db
from webapp.generate import removal
from webapp.models import (
    AuditEntry,
    Clinic,
    File,
    FileMaking,
    FrozenPart,
    KnownFigures,
    Report,
    RetentionRule,
    UnwantedObject,
)
from webapp.storage.local import LocalStorage


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def entries(action: str) -> list[dict[str, object]]:
    wanted = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.number)
    return [json.loads(entry.details) for entry in db.session.scalars(wanted)]


def add_rule(clinic: Clinic | None, template: str | None, days: int) -> None:
    clinic_id = clinic.id if clinic else None
    scope = RetentionRule.scope_of(clinic_id, template)
    db.session.add(RetentionRule(scope=scope, clinic_id=clinic_id, template=template, days=days))
    db.session.commit()


class TestWhen:
    def test_a_report_that_is_made_expires_after_the_days_of_the_setting(self, context_on_each: Flask) -> None:
        report = add_ready()
        assert report.expires_at == MADE_AT + timedelta(days=30)
        assert report.expires_by == "30 days, the default"

    def test_the_most_particular_rule_applies(self, context_on_each: Flask) -> None:
        clinic = factories.add_clinic()
        told = []
        for rule in ((None, None, 50), (None, "visit_trends", 40), (clinic, None, 7), (clinic, "visit_trends", 1)):
            add_rule(*rule)
            add_rule(factories.add_clinic(), "visit_trends", 99)
            told.append(add_ready(clinic).expires_by)
            assert told[-1]
        assert told == [
            "50 days, rule for every report",
            "40 days, rule for Visit trends",
            "7 days, rule of the clinic",
            "1 day, rule of the clinic for Visit trends",
        ]

    def test_two_rules_for_the_same_cannot_be(self, context_on_each: Flask) -> None:
        for clinic, template in ((None, None), (factories.add_clinic(), None), (None, "visit_trends")):
            add_rule(clinic, template, 7)
            with pytest.raises(Exception, match=r"(?i)unique"):
                add_rule(clinic, template, 8)
            db.session.rollback()

    def test_a_failed_report_never_expires(self, context: Flask) -> None:
        report = factories.add_report(factories.add_person(), status="failed", failure="no", finished_at=MADE_AT)
        assert report.expires_at is None
        with clock.stopped_at(NIGHT + timedelta(days=999)):
            assert retention.expire_due() == 0

    @pytest.mark.parametrize(
        ("zone", "moment", "goes"),
        [
            ("Asia/Manila", "2026-12-22 16:59", False),
            ("Asia/Manila", "2026-12-22 17:00", True),
            ("Asia/Manila", "2026-12-22 20:59", True),
            ("Asia/Manila", "2026-12-22 21:00", False),
            ("America/New_York", "2026-12-22 17:00", False),
            ("America/New_York", "2026-12-23 06:00", True),
            ("Asia/Manila", "2026-12-23 03:59", False),
            ("Asia/Manila", "2026-12-23 04:00", True),
        ],
    )
    def test_it_goes_at_night_by_the_clinics_clock_or_a_day_late(
        self, context_on_each: Flask, zone: str, moment: str, goes: bool
    ) -> None:
        report = add_ready(factories.add_clinic(timezone=zone))
        with clock.stopped_at(datetime.fromisoformat(moment).replace(tzinfo=UTC)):
            assert retention.expire_due() == goes
        assert again(report.id).status == ("expired" if goes else "ready")

    def test_not_before_its_time_though_it_is_night(self, context: Flask) -> None:
        add_ready()
        with clock.stopped_at(MADE_AT + timedelta(days=29, hours=14)):
            assert retention.expire_due() == 0

    @pytest.mark.parametrize(
        ("moment", "goes"),
        [
            # In New York 02:00 to 03:00 of 14 March 2027 is left out, and 01:00 to 02:00 of 7 November comes twice.
            ("2027-03-14 05:59", False),
            ("2027-03-14 06:59", True),
            ("2027-03-14 07:00", True),
            ("2027-03-14 08:59", True),
            ("2027-03-14 09:00", False),
            ("2027-11-07 04:59", False),
            ("2027-11-07 05:00", True),
            ("2027-11-07 06:30", True),
            ("2027-11-07 09:59", True),
            ("2027-11-07 10:00", False),
        ],
    )
    def test_the_night_follows_summer_time(self, context: Flask, moment: str, goes: bool) -> None:
        report = add_ready(factories.add_clinic(timezone="America/New_York"))
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        Report.put_off(report.id, now - timedelta(hours=12), "the default")
        db.session.commit()
        with clock.stopped_at(now):
            assert retention.expire_due() == goes


class TestWhatGoes:
    def test_files_and_figures_go_and_the_row_stays(self, context_on_each: Flask) -> None:
        report = add_ready()
        FileMaking.put_in_line(report.id, "pdf", "first", MADE_AT)
        db.session.commit()
        assert len(stored_files(context_on_each)) == 1
        with clock.stopped_at(NIGHT):
            assert retention.expire_due() == 1
            assert retention.expire_due() == 0
        row = again(report.id)
        assert (row.status, row.figures_sha256, row.provenance_sha256) == ("expired", None, None)
        assert [count(table) for table in (File, FileMaking, FrozenPart, KnownFigures, UnwantedObject)] == [0] * 5
        assert stored_files(context_on_each) == []

    def test_there_is_a_record_of_what_went_when_and_by_which_rule(self, context_on_each: Flask) -> None:
        clinic = factories.add_clinic()
        add_rule(clinic, "visit_trends", 7)
        report = add_ready(clinic)
        file = db.session.scalars(select(File)).one()
        expected = {
            "number": report.number,
            "template": "visit_trends",
            "clinic": clinic.id,
            "rule": "7 days, rule of the clinic for Visit trends",
            "figures_sha256": report.figures_sha256,
            "files": [{"format": "csv", "sha256": file.sha256}],
        }
        with clock.stopped_at(NIGHT):
            retention.expire_due()
        assert entries("report.expired") == [expected]
        assert list(audit.faults()) == []

    def test_the_record_tells_the_rule_by_which_its_time_was_set(self, tmp_path: Path, sqlite_url: str) -> None:
        for days in (30, 90):
            app = build_app(tmp_path, sqlite_url, retention_days=days)
            with app.app_context():
                if days == 30:
                    add_ready()
                else:
                    with clock.stopped_at(NIGHT):
                        retention.expire_due()
                    assert entries("report.expired")[0]["rule"] == "30 days, the default"
            close(app)

    def test_figures_that_another_report_shares_stay(self, context_on_each: Flask) -> None:
        first = add_ready()
        second = factories.add_report(first.requester, question=first.question, format="csv")
        with clock.stopped_at(MADE_AT + timedelta(days=1)):
            generate.make(second.id)
        figures = again(second.id).figures_sha256
        assert figures == first.figures_sha256
        with clock.stopped_at(NIGHT):
            assert retention.expire_due() == 1
        assert db.session.get(FrozenPart, figures)
        assert generate.document_of(again(second.id)).figures_sha256 == figures

    def test_one_round_takes_so_many_and_the_next_the_rest(
        self, context: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retention, "AT_ONCE", 2)
        clinic = factories.add_clinic()
        for _ in range(3):
            add_ready(clinic)
        with clock.stopped_at(NIGHT):
            assert [retention.expire_due() for _ in range(3)] == [2, 1, 0]

    def test_one_that_fails_does_not_stop_the_others_and_is_told_of(
        self, context: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad, good = add_ready().id, add_ready(factories.add_clinic()).id
        really = removal.expire

        def fail(report_id: str) -> bool:
            if report_id == bad:
                raise OperationalError("", {}, Exception())
            return really(report_id)

        monkeypatch.setattr(removal, "expire", fail)
        with clock.stopped_at(NIGHT):
            assert retention.expire_due() == 1
            assert again(good).status == "expired"
            assert [alert.rule for alert in alerts.open_alerts()] == ["report-not-expired"]
            monkeypatch.setattr(removal, "expire", really)
            assert retention.expire_due() == 1
            assert alerts.open_alerts() == []

    def test_figures_that_were_left_behind_go_after_a_day(self, context_on_each: Flask) -> None:
        db.session.add(FrozenPart(sha256="a" * 64, body=b"", frozen_at=MADE_AT))
        db.session.add(FrozenPart(sha256="b" * 64, body=b"", frozen_at=MADE_AT + timedelta(hours=22)))
        db.session.commit()
        report = add_ready()
        with clock.stopped_at(datetime(2026, 11, 23, 4, 0, tzinfo=UTC) + timedelta(minutes=1)):
            retention.expire_due()
            assert count(FrozenPart) == 5
        with clock.stopped_at(datetime(2026, 11, 24, 1, tzinfo=UTC)):
            retention.expire_due()
        assert db.session.get(FrozenPart, "a" * 64) is None
        assert db.session.get(FrozenPart, "b" * 64)
        assert generate.document_of(again(report.id))

    def test_the_tick_expires(self, app: Flask) -> None:
        with app.app_context():
            report_id = add_ready().id
            with clock.stopped_at(NIGHT):
                jobs.tick()
            assert again(report_id).status == "expired"

    def test_the_tick_expires_though_its_other_parts_fail(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail() -> None:
            raise OperationalError("", {}, Exception())

        monkeypatch.setattr(jobs, "sweep", fail)
        monkeypatch.setattr(jobs.rates, "watch", fail)
        with app.app_context():
            report_id = add_ready().id
            with clock.stopped_at(NIGHT), pytest.raises(OperationalError):
                jobs.tick()
            assert again(report_id).status == "expired"


class TestStoreDown:
    def test_rows_and_figures_go_and_the_objects_wait(
        self, context_on_each: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = ScriptedStore()
        monkeypatch.setitem(context_on_each.extensions, "storage", store)
        add_ready()
        place = db.session.execute(select(File.store, File.storage_key)).one()
        store.faults["delete"] = "unreachable"
        with clock.stopped_at(NIGHT):
            assert retention.expire_due() == 1
        assert (count(File), count(FrozenPart)) == (0, 0)
        assert db.session.execute(select(UnwantedObject.store, UnwantedObject.key)).all() == [place]
        with clock.stopped_at(NIGHT + timedelta(hours=23)):
            retention.expire_due()
            assert alerts.open_alerts() == []
        with clock.stopped_at(NIGHT + timedelta(hours=25)):
            retention.expire_due()
            assert [alert.rule for alert in alerts.open_alerts()] == ["files-not-removed"]
            assert "1 file of removed reports" in alerts.open_alerts()[0].message
            store.faults.clear()
            retention.expire_due()
        assert (count(UnwantedObject), store.objects) == (0, {})
        assert alerts.open_alerts() == []

    def test_a_store_that_is_down_is_asked_once_a_round(self, context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        store = ScriptedStore()
        monkeypatch.setitem(context.extensions, "storage", store)
        store.faults["delete"] = "slow"
        for number in range(5):
            db.session.add(UnwantedObject(store="google", key=f"reports/{number}/x.pdf"))
        db.session.commit()
        retention.expire_due()
        assert store.calls["delete"] == 1
        assert count(UnwantedObject) == 5

    def test_an_object_of_a_store_that_is_set_up_no_more_waits_and_stops_no_other(self, context: Flask) -> None:
        add_ready()
        db.session.add(UnwantedObject(store="google", key="reports/x/y.pdf"))
        db.session.commit()
        with clock.stopped_at(NIGHT):
            retention.expire_due()
        assert db.session.scalars(select(UnwantedObject.store)).all() == ["google"]
        assert stored_files(context) == []

    def test_a_file_of_the_folder_goes_also_where_there_is_a_bucket_now(
        self, context: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_ready()
        store = ScriptedStore()
        monkeypatch.setitem(context.extensions, "storage", store)
        with clock.stopped_at(NIGHT):
            retention.expire_due()
        assert stored_files(context) == []
        assert count(UnwantedObject) == 0


class TestAtOnce:
    def test_two_expiries_at_once_leave_one_record(self, context_on_each: Flask) -> None:
        clinic = factories.add_clinic()
        ids = [add_ready(clinic).id for _ in range(4)]
        db.session.commit()
        expired: list[int] = []

        def expire() -> None:
            with context_on_each.app_context():
                expired.append(retention.expire_due())

        with clock.stopped_at(NIGHT):
            threads = [threading.Thread(target=expire) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sum(expired) == 4
        assert {again(report_id).status for report_id in ids} == {"expired"}
        assert len(entries("report.expired")) == 4
        assert list(audit.faults()) == []
        assert stored_files(context_on_each) == []
        assert (count(FrozenPart), count(UnwantedObject)) == (0, 0)

    def test_one_that_is_deleted_meanwhile_is_passed_by(
        self, context_on_each: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = add_ready()
        really = removal.expire

        def late(report_id: str) -> bool:
            removal.delete(report_id, report.requester_id)
            return really(report_id)

        monkeypatch.setattr(removal, "expire", late)
        with clock.stopped_at(NIGHT):
            assert retention.expire_due() == 0
        assert count(Report) == 0
        assert entries("report.expired") == []
        assert list(audit.faults()) == []

    def test_deleting_an_expired_report_removes_its_row(self, context_on_each: Flask) -> None:
        report = add_ready()
        with clock.stopped_at(NIGHT):
            retention.expire_due()
        removal.delete(report.id, report.requester_id)
        assert count(Report) == 0
        assert entries("report.deleted")[0]["files"] == []


def test_a_deletion_is_recorded_with_number_and_files(context_on_each: Flask) -> None:
    report = add_ready()
    number, figures = report.number, report.figures_sha256
    file = db.session.scalars(select(File.sha256)).one()
    removal.delete(report.id, report.requester_id)
    assert entries("report.deleted") == [
        {
            "clinic": 1,
            "number": number,
            "template": "visit_trends",
            "figures_sha256": figures,
            "files": [{"format": "csv", "sha256": file}],
        }
    ]


def test_an_object_that_a_deletion_cannot_remove_is_removed_later(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = add_ready()
    store = ScriptedStore()
    store.faults["delete"] = "refused"
    with monkeypatch.context() as patched:
        patched.setattr(LocalStorage, "delete", store.delete)
        removal.delete(report.id, report.requester_id)
    assert count(UnwantedObject) == 1
    retention.expire_due()
    assert count(UnwantedObject) == 0
    assert stored_files(context) == []
