"""From a queued row to a finished report, in this process; tests/test_flow.py does it with real workers."""

import base64
import io
import sqlite3
from dataclasses import replace
from typing import BinaryIO

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from tests.content.sheets import WELL, add_set, add_sheet, asked
from tests.factories import add_patient, add_report
from webapp import audit, content, generate, storage
from webapp.errors import FiguresDiffer, FiguresFailed, StorageBroken
from webapp.extensions import db
from webapp.figures import Document
from webapp.files import FORMATS, Format, reconcile
from webapp.models import Alert, AuditEntry, File, FrozenPart, Report


def made(report: Report) -> Report:
    generate.make(report.id)
    db.session.refresh(report)
    return report


def test_it_makes_the_file_that_was_asked_for(report: Report) -> None:
    assert made(report).status == "ready"
    file = db.session.scalars(select(File)).one()
    assert (file.report_id, file.format) == (report.id, "pdf")
    with storage.current().open(file.storage_key) as stream:
        text = PdfReader(io.BytesIO(stream.read())).pages[0].extract_text()
    assert "Visit trends, October 2026" in text
    assert report.number in text


def test_what_it_says_is_frozen_and_can_be_read_back(report: Report) -> None:
    document = generate.document_of(made(report))
    assert document.content.metrics[0].value == 2
    assert document.provenance.report_number == report.number
    assert document.presentation.clinic_name == "Riverside Clinic"
    assert document.figures_sha256 == report.figures_sha256


def test_it_says_with_what_the_period_is_compared(report: Report) -> None:
    asked = generate.document_of(made(report)).provenance
    assert asked.compare == "1 to 30 September 2026, the period before"


def test_the_logo_of_the_day_is_frozen_with_it(report: Report) -> None:
    report.clinic.logo = b"\x89PNG of today"
    db.session.commit()
    made(report).clinic.logo = None
    db.session.commit()
    assert generate.document_of(report).presentation.logo == base64.b64encode(b"\x89PNG of today").decode()


def test_a_clinic_that_is_renamed_later_keeps_its_old_name_in_old_reports(report: Report) -> None:
    made(report).clinic.name = "New Name Clinic"
    db.session.commit()
    assert generate.document_of(report).presentation.clinic_name == "Riverside Clinic"


@pytest.mark.parametrize("format_name", list(FORMATS))
def test_every_format_is_drawn_to_the_same_bytes_again(report: Report, format_name: str) -> None:
    made(report)
    first, second = generate.draw(report, format_name), generate.draw(report, format_name)
    with first.stream, second.stream:
        assert first.sha256 == second.sha256
        assert first.stream.read() == second.stream.read()


@pytest.mark.parametrize("format_name", list(FORMATS))
def test_a_file_that_shows_another_figure_is_no_file(
    report: Report, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(report)
    render = Format.render

    def wrong(form: Format, document: Document, out: BinaryIO, *_: object) -> None:
        metric, *others = document.content.metrics
        content = replace(document.content, metrics=(replace(metric, value=metric.value + 1), *others))
        render(form, replace(document, content=content), out)

    monkeypatch.setattr(Format, "render", wrong)
    with pytest.raises(FiguresDiffer, match="headline figure visits"):
        generate.draw(report, format_name)
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.severity, alert.rule, alert.subject) == ("critical", "figures-differ", format_name)
    assert f"{FORMATS[format_name].label}, headline figure visits" in alert.message
    assert report.id in alert.message


def test_a_report_whose_file_shows_another_figure_fails(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(*_: object) -> None:
        raise FiguresDiffer("pdf", "rows used")

    monkeypatch.setattr(reconcile, "check", differs)
    with pytest.raises(FiguresDiffer):
        generate.make(report.id)
    db.session.refresh(report)
    assert report.status == "failed"
    assert report.failure == FiguresDiffer.plain
    assert db.session.scalars(select(File)).all() == []


def test_a_second_copy_of_the_job_does_nothing(report: Report) -> None:
    made(report)
    finished_at = report.finished_at
    generate.make(report.id)
    db.session.refresh(report)
    assert report.finished_at == finished_at
    assert db.session.scalar(select(func.count()).select_from(File)) == 1


def test_a_report_that_is_gone_is_no_fault(report: Report) -> None:
    report_id = report.id
    db.session.delete(report)
    db.session.commit()
    generate.make(report_id)
    assert db.session.scalars(select(File)).all() == []
    assert db.session.scalars(select(Alert)).all() == []


def test_a_fault_fails_in_the_row_and_in_the_queue(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise FiguresFailed("the table is on fire")

    monkeypatch.setattr(content, "build", broken)
    with pytest.raises(FiguresFailed):
        generate.make(report.id)
    db.session.refresh(report)
    assert report.status == "failed"
    assert report.failure == FiguresFailed.plain
    assert report.failure_technical == "FiguresFailed: the table is on fire"
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.rule, alert.subject, report.id in alert.message) == ("report-failed", "", True)


def test_values_of_the_database_do_not_reach_the_technical_reason(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection: object, *_: object) -> None:
        connection.exec_driver_sql("SELECT * FROM nowhere WHERE name = ?", ("Maria Santos",))  # type: ignore[attr-defined]

    monkeypatch.setattr(content, "build", broken)
    report.takeovers = 3
    db.session.commit()
    with pytest.raises(Exception, match="nowhere"):
        generate.make(report.id)
    db.session.refresh(report)
    assert report.failure_technical
    assert "Maria" not in report.failure_technical


def test_a_database_that_fails_for_a_while_costs_a_try_and_not_the_report(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("SELECT 1", None, sqlite3.OperationalError("database is locked"))

    with monkeypatch.context() as patched:
        patched.setattr(content, "build", broken)
        with pytest.raises(OperationalError):
            generate.make(report.id)
    db.session.refresh(report)
    assert (report.status, report.takeovers, report.failure) == ("queued", 1, None)
    # The sweep leaves it alone for a while, so that the database has time to come back.
    assert report.enqueued_at
    assert "report.handed_back" in db.session.scalars(select(AuditEntry.action)).all()
    assert made(report).status == "ready"
    assert list(audit.faults()) == []


def test_a_database_that_fails_each_time_fails_the_report(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise FiguresFailed("no rows") from InterfaceError("SELECT 1", None, sqlite3.InterfaceError("gone"))

    monkeypatch.setattr(content, "build", broken)
    for status in ("queued", "queued", "queued", "failed"):
        with pytest.raises(FiguresFailed):
            generate.make(report.id)
        db.session.refresh(report)
        assert report.status == status
    assert report.failure == FiguresFailed.plain


def test_a_store_that_is_down_does_not_fail_the_report(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StorageBroken("no answer")

    monkeypatch.setattr(type(storage.current()), "put", broken)
    assert made(report).status == "ready"
    assert db.session.scalars(select(Alert.rule)).all() == ["store-not-written"]


def test_a_cancel_that_was_asked_for_stops_it_at_the_next_step(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    build = content.build

    def cancelled_meanwhile(*given: object) -> object:
        Report.request_cancel(report.id)
        db.session.commit()
        return build(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(content, "build", cancelled_meanwhile)
    assert made(report).status == "cancelled"
    assert db.session.scalars(select(File)).all() == []


def test_a_worker_that_lost_its_claim_leaves_the_report_alone(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    build = content.build

    def taken_over_meanwhile(*given: object) -> object:
        report.claim_token = "another worker's"
        db.session.commit()
        return build(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(content, "build", taken_over_meanwhile)
    assert made(report).status == "running"
    assert report.claim_token == "another worker's"
    assert report.figures_sha256 is None


def test_a_report_taken_over_after_freezing_says_what_was_frozen(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(report).figures_sha256
    report.status, report.finished_at, report.percent = "queued", None, 0
    db.session.commit()
    monkeypatch.setattr(content, "build", None)
    assert made(report).status == "ready"
    assert report.figures_sha256 == first


def test_two_reports_that_say_the_same_share_their_figures(report: Report) -> None:
    made(report)
    shared = db.session.get_one(FrozenPart, report.figures_sha256)
    assert FrozenPart.keep(shared.frozen) == report.figures_sha256


def test_it_is_audited_without_a_hole(report: Report) -> None:
    made(report)
    assert "report.made" in db.session.scalars(select(AuditEntry.action)).all()
    assert list(audit.faults()) == []


def test_it_says_of_how_many_patients_it_has_read_the_figures(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = add_sheet(report.clinic)
    for family in ("Cruz", "Reyes"):
        add_set(add_patient(report.clinic, family_name=family), "2026-10-05 08:00", sheet, **WELL)
    question = asked(sheet, "2026-10-05")
    daily = add_report(
        report.requester, template="daily_patients", format="json", question=question.to_json(), upload_id=sheet.id
    )
    stages: list[str] = []
    advance = Report.advance

    def heard(report_id: str, token: str, stage: str, percent: int) -> None:
        stages.append(stage)
        advance(report_id, token, stage, percent)

    monkeypatch.setattr(Report, "advance", heard)
    generate.make(daily.id)
    assert stages[:3] == [
        "Reading the figures", "Reading the figures, 1 of 2 patients", "Reading the figures, 2 of 2 patients",
    ]  # fmt: skip
    document = generate.document_of(daily)
    assert [choice.label for choice in document.provenance.filters] == ["Sheet", "Brought by"]
    assert [section.title for section in document.content.sections] == ["Patients by score", "Cruz", "Reyes"]
