"""The life of a report's row: each transition is one conditional UPDATE."""

import re
from datetime import UTC, date, datetime, timedelta

import factories
import pytest
from sqlalchemy.exc import IntegrityError

from webapp import clock
from webapp.extensions import db
from webapp.models import FrozenPart, Report
from webapp.models.report import new_number

pytestmark = pytest.mark.usefixtures("context_on_each")

LEASE = timedelta(seconds=15)
LASTS = timedelta(days=30)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def report() -> Report:
    return factories.add_report(factories.add_person())


def freeze_nothing(report: Report) -> None:
    """A ready report must have frozen parts; what they say is of no concern here."""
    if db.session.get(FrozenPart, "0" * 64) is None:
        db.session.add(FrozenPart(sha256="0" * 64, body=b""))
        db.session.flush()
    report.figures_sha256 = report.provenance_sha256 = report.presentation_sha256 = "0" * 64
    db.session.commit()


def again(report: Report) -> Report:
    db.session.commit()
    db.session.refresh(report)
    return report


def test_it_can_be_claimed_once(report: Report) -> None:
    first, second = Report.claim(report.id, LEASE), Report.claim(report.id, LEASE)
    assert first
    assert second is None
    assert again(report).status == "running"


def test_only_the_holder_of_the_token_can_write(report: Report) -> None:
    token = Report.claim(report.id, LEASE)
    assert token
    assert not Report.advance(report.id, "another token", "Reading", 10)
    assert not Report.fail(report.id, "another token", "no", "no")
    assert not Report.succeed(report.id, "another token", LASTS, "the default")
    assert Report.advance(report.id, token, "Reading", 10)
    assert (again(report).stage, report.percent) == ("Reading", 10)


def test_it_can_be_told_to_count_anew_until_its_figures_are_frozen(report: Report) -> None:
    assert Report.want_fresh(report.id)
    assert again(report).wants_fresh
    token = Report.claim(report.id, LEASE)
    assert token
    assert Report.want_fresh(report.id)
    freeze_nothing(report)
    assert not Report.want_fresh(report.id)
    assert Report.succeed(report.id, token, LASTS, "the default")
    assert not Report.want_fresh(report.id)


def test_percent_never_goes_back(report: Report) -> None:
    token = Report.claim(report.id, LEASE)
    assert token
    Report.advance(report.id, token, "Drawing", 65)
    Report.advance(report.id, token, "Reading", 10)
    assert again(report).percent == 65


def test_it_ends_ready_once(report: Report) -> None:
    freeze_nothing(report)
    token = Report.claim(report.id, LEASE)
    assert token
    assert Report.succeed(report.id, token, LASTS, "the default")
    assert not Report.fail(report.id, token, "no", "no")
    assert (again(report).status, report.percent, report.claim_token) == ("ready", 100, None)
    assert report.seconds_to_make is not None


def test_it_cannot_be_ready_without_what_was_frozen(report: Report) -> None:
    token = Report.claim(report.id, LEASE)
    assert token
    with pytest.raises(IntegrityError):
        Report.succeed(report.id, token, LASTS, "the default")
    db.session.rollback()


def test_a_waiting_report_is_cancelled_at_once(report: Report) -> None:
    assert Report.request_cancel(report.id)
    assert again(report).status == "cancelled"
    assert Report.claim(report.id, LEASE) is None


def test_a_running_report_is_told_to_stop_by_its_next_heartbeat(report: Report) -> None:
    token = Report.claim(report.id, LEASE)
    assert token
    assert Report.beat(report.id, token, LEASE) == "kept"
    assert Report.request_cancel(report.id)
    assert again(report).status == "running"
    assert Report.beat(report.id, token, LEASE) == "cancel"
    assert Report.stop(report.id, token)
    assert again(report).status == "cancelled"


def test_an_ended_report_cannot_be_cancelled(report: Report) -> None:
    Report.request_cancel(report.id)
    assert not Report.request_cancel(report.id)


def test_a_lease_that_runs_out_is_taken_over_and_the_dead_worker_can_write_no_more(report: Report) -> None:
    with clock.stopped_at(NOON):
        Report.mark_enqueued(report.id)
        token = Report.claim(report.id, LEASE)
        assert token
        assert not Report.take_over(report.id, LEASE, limit=3)
    with clock.stopped_at(NOON + LEASE + timedelta(seconds=1)):
        assert Report.take_over(report.id, LEASE, limit=3)
    assert (again(report).status, report.takeovers) == ("queued", 1)
    assert report.enqueued_at is None, "the sweep would take its job for one that waits"
    assert Report.beat(report.id, token, LEASE) == "lost"


def test_takeovers_are_bounded(report: Report) -> None:
    moment = NOON
    for _ in range(3):
        with clock.stopped_at(moment):
            assert Report.claim(report.id, LEASE)
        moment += timedelta(minutes=1)
        with clock.stopped_at(moment):
            assert not Report.give_up(report.id, LEASE, 3, "gave up", "dead")
            assert Report.take_over(report.id, LEASE, limit=3)
    with clock.stopped_at(moment):
        assert Report.claim(report.id, LEASE)
    with clock.stopped_at(moment + timedelta(minutes=1)):
        assert not Report.take_over(report.id, LEASE, limit=3)
        assert Report.give_up(report.id, LEASE, 3, "gave up", "dead")
    assert (again(report).status, report.failure) == ("failed", "gave up")


def test_its_own_worker_hands_it_back_so_often_and_no_more(report: Report) -> None:
    for _ in range(2):
        token = Report.claim(report.id, LEASE)
        assert token
        assert not Report.hand_back(report.id, "another token", limit=2)
        assert Report.hand_back(report.id, token, limit=2)
        assert not Report.succeed(report.id, token, LASTS, "the default")
    assert (again(report).status, report.takeovers) == ("queued", 2)
    token = Report.claim(report.id, LEASE)
    assert token
    assert not Report.hand_back(report.id, token, limit=2)
    assert Report.fail(report.id, token, "no", "no")


@pytest.mark.parametrize(("ahead", "is_taken_over"), [(timedelta(seconds=30), False), (timedelta(hours=2), True)])
def test_a_lease_by_a_clock_that_is_far_ahead_is_not_waited_for(
    report: Report, ahead: timedelta, is_taken_over: bool
) -> None:
    with clock.stopped_at(NOON + ahead):
        assert Report.claim(report.id, LEASE)
    with clock.stopped_at(NOON):
        assert Report.take_over(report.id, LEASE, limit=3) is is_taken_over


@pytest.mark.parametrize(
    "values",
    [
        {"status": "running"},
        {"status": "done"},
        {"status": "failed"},
        {"percent": 101},
        {"format": "docx"},
        {"period_start": date(2026, 11, 2), "period_end": date(2026, 11, 1)},
        {"claim_token": "a token without running"},
    ],
)
def test_the_database_refuses_a_row_that_contradicts_itself(report: Report, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(report, name, value)
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_one_person_waits_for_one_question_once(report: Report) -> None:
    person, question_sha256 = report.requester, report.question_sha256
    with pytest.raises(IntegrityError):
        factories.add_report(person, question_sha256=question_sha256)
    db.session.rollback()
    Report.request_cancel(report.id)
    db.session.commit()
    assert factories.add_report(person, question_sha256=question_sha256)


def test_numbers_can_be_read_out_and_are_not_guessed() -> None:
    numbers = {new_number("VT") for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(re.fullmatch("VT-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", number) for number in numbers)
