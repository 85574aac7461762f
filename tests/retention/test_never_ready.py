"""What a report leaves that failed or was cancelled after its figures were frozen, or even its file stored."""

import json
from datetime import UTC, datetime, timedelta

import factories
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.retention.conftest import MADE_AT, add_ready, again, stored_files
from webapp import audit, clock, generate, retention
from webapp.errors import RenderFailed
from webapp.extensions import db
from webapp.generate import drawing, removal
from webapp.generate.claim import Claim, Stopped
from webapp.models import AuditEntry, File, FrozenPart, KnownFigures, Report, UnwantedObject
from webapp.retention import records as shown

FIRST_NIGHT = datetime(2026, 11, 23, 1, tzinfo=UTC)
"""In the first round at night, which is not a day after MADE_AT yet."""

NEXT_NIGHT = FIRST_NIGHT + timedelta(days=1)


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def records() -> list[dict[str, object]]:
    wanted = select(AuditEntry.details).where(AuditEntry.action == "report.cleared").order_by(AuditEntry.number)
    return [json.loads(details) for details in db.session.scalars(wanted)]


def cancelled_at_the_end(monkeypatch: pytest.MonkeyPatch, **asked: object) -> Report:
    """Cancelled when its file was in the store, and only its status was not written yet."""

    def too_late(claim: Claim) -> None:
        Report.request_cancel(claim.report_id)
        db.session.commit()
        claim.told_to_stop = "cancel"
        raise Stopped("cancel")

    with monkeypatch.context() as patch:
        patch.setattr(Claim, "succeed", too_late)
        report = factories.add_asked_report(format="csv", **asked)
        generate.make(report.id)
    return again(report.id)


def failed_while_drawn(monkeypatch: pytest.MonkeyPatch) -> Report:
    def fail(*_: object) -> None:
        raise RenderFailed("no room for a chart")

    with monkeypatch.context() as patch:
        patch.setattr(drawing, "draw", fail)
        report = factories.add_asked_report(format="csv")
        with pytest.raises(RenderFailed):
            generate.make(report.id)
    return again(report.id)


def test_files_and_figures_of_a_cancelled_one_go_after_a_day_with_a_record(
    context_on_each: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = cancelled_at_the_end(monkeypatch)
    assert (report.status, len(stored_files(context_on_each)), count(FrozenPart)) == ("cancelled", 1, 3)
    expected = {
        "number": report.number,
        "template": "visit_trends",
        "clinic": report.clinic_id,
        "rule": "1 day, as it was cancelled",
        "figures_sha256": report.figures_sha256,
        "files": [{"format": "csv", "sha256": db.session.scalars(select(File.sha256)).one()}],
    }
    with clock.stopped_at(FIRST_NIGHT):
        retention.expire_due()
        assert len(stored_files(context_on_each)) == 1
    with clock.stopped_at(NEXT_NIGHT):
        retention.expire_due()
    row = again(report.id)
    assert (row.status, row.figures_sha256, stored_files(context_on_each)) == ("cancelled", None, [])
    assert [count(table) for table in (File, FrozenPart, KnownFigures, UnwantedObject)] == [0, 0, 0, 0]
    assert records() == [expected]
    assert list(audit.faults()) == []


def test_figures_of_a_failed_one_go_once(context_on_each: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    report = failed_while_drawn(monkeypatch)
    assert (report.status, count(FrozenPart)) == ("failed", 3)
    for _ in range(2):
        with clock.stopped_at(NEXT_NIGHT):
            retention.expire_due()
    assert (again(report.id).status, count(FrozenPart)) == ("failed", 0)
    assert [record["rule"] for record in records()] == ["1 day, as it failed"]
    assert [one.rule for one in shown.removals(None, "UTC", 1).items] == ["Cleared after 1 day, as it failed"]
    assert not removal.clear(report.id)


def test_figures_that_a_ready_report_shares_stay(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = cancelled_at_the_end(monkeypatch)
    ready = add_ready(cancelled.clinic, question=cancelled.question)
    assert ready.figures_sha256 == cancelled.figures_sha256
    with clock.stopped_at(NEXT_NIGHT):
        retention.expire_due()
    assert again(cancelled.id).figures_sha256 is None
    assert generate.document_of(again(ready.id))
    assert len(stored_files(context)) == 1


def test_one_that_left_nothing_has_no_record(context: Flask) -> None:
    factories.add_report(factories.add_person(), status="failed", failure="no", finished_at=MADE_AT)
    with clock.stopped_at(NEXT_NIGHT):
        retention.expire_due()
    assert records() == []


def test_what_is_ready_or_expired_is_not_cleared(context: Flask) -> None:
    report = add_ready()
    assert not removal.clear(report.id)
    assert again(report.id).figures_sha256
