"""Figures are counted once for all who may have the same, and never shared beyond that."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import add_patient, add_person, add_report, add_visit
from sqlalchemy import select

from webapp import clock, content, generate
from webapp.clinic_data import clinics
from webapp.content import TEMPLATES, Question
from webapp.extensions import db
from webapp.generate import known
from webapp.models import Clinic, FrozenPart, KnownFigures, Report

MINUTE = timedelta(minutes=1)


@pytest.fixture
def again(report: Report) -> Callable[..., Report]:
    """Makes the first report, and afterwards another one of the same question, or of one that differs as told."""
    generate.make(report.id)

    def ask(fresh: bool = False, **differing: object) -> Report:
        question = replace(Question.from_json(report.question), **differing)
        asked = {"question": question.to_json(), "question_sha256": question.sha256, "wants_fresh": fresh}
        other = add_report(add_person("manager", db.session.get_one(Clinic, report.clinic_id)), **asked)
        generate.make(other.id)
        db.session.refresh(other)
        return other

    return ask


def visits_told(report: Report) -> object:
    return generate.document_of(report).content.metrics[0].value


def as_of(report: Report) -> str:
    return generate.document_of(report).provenance.data_as_of


def add_a_visit(report: Report) -> None:
    """As somebody would who writes past everything that tells of it: the figures that are known stay as they are."""
    add_visit(add_patient(db.session.get_one(Clinic, report.clinic_id)), "2026-10-07 09:00")


def test_the_same_question_within_the_freshness_says_the_same(report: Report, again: Callable[..., Report]) -> None:
    add_a_visit(report)
    other = again()
    assert visits_told(other) == visits_told(report) == 2
    assert as_of(other) == as_of(report)
    assert other.figures_sha256 == report.figures_sha256


def test_each_report_keeps_a_provenance_of_its_own(report: Report, again: Callable[..., Report]) -> None:
    first, other = (generate.document_of(item).provenance for item in (report, again()))
    assert other.report_number != first.report_number
    assert other.requested_by != first.requested_by


def test_refresh_counts_anew_and_is_known_from_then_on(report: Report, again: Callable[..., Report]) -> None:
    add_a_visit(report)
    assert visits_told(again(fresh=True)) == 3
    assert visits_told(again()) == 3


@pytest.mark.parametrize(
    "differing",
    [{"suppress_below": 5}, {"reads_comments": True}, {"compare": "year"}, {"filters": {"sex": "female"}}],
    ids=lambda differing: next(iter(differing)),
)
def test_a_question_that_differs_is_not_answered_by_it(
    report: Report, again: Callable[..., Report], differing: dict[str, object]
) -> None:
    add_a_visit(report)
    counted: list[str] = []
    real = content.build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "build", lambda *args: counted.append("counted") or real(*args))
        again(**differing)
        assert counted == ["counted"]
        again(**differing)
        assert counted == ["counted"]


def test_figures_that_are_no_longer_fresh_are_counted_anew(report: Report, again: Callable[..., Report]) -> None:
    add_a_visit(report)
    with clock.stopped_at(clock.now() + TEMPLATES["visit_trends"].fresh_for + MINUTE):
        assert visits_told(again()) == 3


def test_figures_of_a_clock_that_is_ahead_are_not_taken_for_fresh(report: Report, again: Callable[..., Report]) -> None:
    add_a_visit(report)
    with clock.stopped_at(clock.now() - timedelta(hours=1)):
        assert visits_told(again()) == 3


def test_another_version_of_the_template_counts_anew(
    report: Report, again: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_a_visit(report)
    template = TEMPLATES["visit_trends"]
    monkeypatch.setitem(TEMPLATES, "visit_trends", replace(template, version=template.version + 1))
    assert visits_told(again()) == 3


def test_a_change_of_the_clinics_records_counts_anew(report: Report, again: Callable[..., Report]) -> None:
    add_a_visit(report)
    clinics.set_timezone(db.session.get_one(Clinic, report.clinic_id), "Asia/Tokyo")
    db.session.commit()
    assert visits_told(again()) == 3


def test_damaged_figures_are_counted_anew_and_mended(report: Report, again: Callable[..., Report]) -> None:
    add_a_visit(report)
    part = db.session.get_one(FrozenPart, report.figures_sha256)
    part.body = b"not what was frozen"
    db.session.commit()
    assert visits_told(again()) == 3


def test_figures_that_went_with_their_report_are_not_known_any_more(report: Report) -> None:
    generate.make(report.id)
    sha256 = str(report.figures_sha256)
    Report.remove(report.id)
    FrozenPart.drop_unused([sha256])
    db.session.commit()
    assert db.session.scalars(select(KnownFigures)).all() == []


def test_no_figures_are_fresh_for_as_long_as_any_report_stays() -> None:
    """A rule is of a day at least, so the figures of a report that has expired are never said again."""
    assert max(template.fresh_for for template in TEMPLATES.values()) < timedelta(days=1)


def test_newer_figures_are_not_replaced_by_older_ones(report: Report) -> None:
    generate.make(report.id)
    row = db.session.scalars(select(KnownFigures)).one()
    newest = row.as_of
    known.remember(row.key, row.clinic_id, row.figures_sha256, newest - MINUTE)
    db.session.refresh(row)
    assert row.as_of == newest


def test_figures_that_are_gone_are_not_remembered(report: Report) -> None:
    known.remember("k" * 64, report.clinic_id, "0" * 64, clock.now())
    assert db.session.scalars(select(KnownFigures)).all() == []


def test_stale_ones_are_forgotten(report: Report) -> None:
    generate.make(report.id)
    known.forget_stale()
    assert db.session.scalars(select(KnownFigures)).one()
    with clock.stopped_at(clock.now() + timedelta(hours=3)):
        known.forget_stale()
    assert db.session.scalars(select(KnownFigures)).all() == []
