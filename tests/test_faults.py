"""Each fault is caused on purpose, with real processes, and ends in the same finished report and exactly one file."""

import os
import pickle
import shutil
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import delete, select, text, update

from tests import chaos
from tests.chaos import Account, account_of, ask, copy_job
from tests.factories import PASSWORD
from tests.stack import PATIENCE, Stack, all_values, running
from tests.visitor import Visitor
from tools.processes import wait_until
from webapp import clock, content, generate, report_requests
from webapp.content.question import Question
from webapp.extensions import db, snapshot
from webapp.figures import freeze
from webapp.models import Alert, File, Report

PLACES = ("reading", "drawing", "storing", "writing", "ending")
# A lease that a busy machine renews in time. Where one has to run out, a test says so instead of waiting for it.
SETTINGS = {"lease_seconds": 12, "sweep_seconds": 1, "takeovers": 10, "reports_in_flight": 100}


@pytest.fixture(scope="module")
def world(migrated_sqlite: Path) -> Iterator[Stack]:
    with TemporaryDirectory(prefix="faults-") as name:
        database = shutil.copy(migrated_sqlite, Path(name) / "faults.db")
        with running(Path(name), f"sqlite:///{database}", **SETTINGS) as stack:
            chaos.fill(stack)
            yield stack


@pytest.fixture
def stack(world: Stack) -> Iterator[Stack]:
    """A worker that can be held half-way, and the watch; whatever the test breaks is mended after it."""
    for name in ("held worker", "watch"):
        if not world.is_running(name):
            world.start(name)
    yield world
    mend(world)


def mend(stack: Stack) -> None:
    """No report, no file, no gate, an empty Redis that is up, and only the processes that every test has, going on."""
    stack.go_on()
    for name in ("web", "held worker 2", "scheduler", "scheduler 2", "worker", "worker 2"):
        if stack.is_running(name):
            stack.kill(name)
    if not stack.redis_is_up():
        stack.start_redis()
    with stack.app.app_context():
        db.session.execute(update(Report).values(cancel_requested_at=Report.asked_at).where(Report.status == "running"))
        db.session.execute(delete(Report))
        db.session.execute(delete(Alert))
        db.session.commit()
    stack.release()
    stack.redis.flushall()
    shutil.rmtree(stack.folder / "files", ignore_errors=True)


def assert_made_once(stack: Stack, *asked: str) -> None:
    """Each report becomes ready with the figures of its question, with one row of a file, one object, no trace of a
    second; and the audit log is whole."""
    for report_id in asked:
        stack.wait_for_status(report_id, "ready")
    assert account_of(stack, list(asked)) == Account(len(asked), len(asked), 0, takeovers_of(stack), ())
    with stack.app.app_context():
        for report in db.session.scalars(select(Report).where(Report.id.in_(asked))):
            with snapshot() as connection:
                said = content.build(connection, Question.from_json(report.question))
            assert report.figures_sha256 == freeze(said).sha256
            file = db.session.scalars(select(File).where(File.report_id == report.id)).one()
            with generate.draw(report, report.format).stream as drawn:
                assert (stack.folder / "files" / file.storage_key).read_bytes() == drawn.read()


def let_leases_run_out(stack: Stack, *standing_still: int) -> None:
    """As if nobody who makes a report had given a sign of life for a while. Processes that are to stand still stop in
    here, while we alone write to the database: one that stood still with its lock would stop everybody."""
    with stack.app.app_context():
        db.session.execute(update(Report).where(Report.status == "running").values(lease_until=clock.now()))
        for pid in standing_still:
            os.kill(pid, signal.SIGSTOP)
        db.session.commit()


def takeovers_of(stack: Stack) -> int:
    with stack.app.app_context():
        return sum(db.session.scalars(select(Report.takeovers)))


def visitor_of(stack: Stack) -> Visitor:
    return Visitor(stack.url, "ada@example.org", PASSWORD)


def click(visitor: Visitor, number: int = 0) -> str:
    """Ask for Visit trends on the page, another period for each number; the report's id."""
    days = {"period": "dates", "start": "2025-10-01", "end": f"2025-10-{31 - number}"}
    return visitor.ask("visit_trends", "csv", **days)


def alerts_of(stack: Stack) -> list[tuple[str, bool]]:
    """Each alert, and whether it is over."""
    with stack.app.app_context():
        return [(alert.rule, alert.resolved_at is not None) for alert in db.session.scalars(select(Alert))]


# -- Killed ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_killed_with_its_report_is_replaced(stack: Stack, place: str) -> None:
    stack.hold(place)
    report_id = ask(stack)
    stack.wait_for_held(place)
    stack.kill("held worker")
    let_leases_run_out(stack)
    stack.release()
    stack.start("held worker")
    assert_made_once(stack, report_id)
    assert takeovers_of(stack) == 1


def test_a_report_whose_own_process_is_killed_is_made_by_the_same_worker(stack: Stack) -> None:
    told = "a job's process was killed"
    before = stack.log("held worker").count(told)
    stack.hold("drawing")
    report_id, worker = ask(stack, format_name="pdf"), stack.pid("held worker")
    maker = psutil.Process(stack.wait_for_held("drawing"))
    maker.kill()
    psutil.wait_procs([maker], PATIENCE)
    let_leases_run_out(stack)
    stack.release()
    assert_made_once(stack, report_id)
    assert stack.pid("held worker") == worker
    assert stack.is_running("held worker")
    assert stack.log("held worker").count(told) == before + 1


def test_a_report_whose_worker_alone_is_killed_is_finished_where_it_is(stack: Stack) -> None:
    stack.hold("drawing")
    report_id = ask(stack)
    stack.wait_for_held("drawing")
    stack.kill("held worker", family=False)
    stack.release()
    assert_made_once(stack, report_id)
    assert takeovers_of(stack) == 0


def test_a_worker_killed_with_a_job_in_its_hands_loses_the_job_but_not_the_report(stack: Stack) -> None:
    stack.wait_for_listeners()
    os.kill(stack.pid("held worker"), signal.SIGSTOP)
    report_id = ask(stack)
    # Redis has handed the job to a process that never reads it.
    assert stack.redis.llen("rq:queue:clicks") == 0
    stack.kill("held worker")
    stack.start("held worker")
    assert_made_once(stack, report_id)


def test_a_worker_that_stood_still_too_long_does_no_harm_when_it_goes_on(stack: Stack) -> None:
    stack.hold("storing")
    report_id = ask(stack)
    sleeper = stack.wait_for_held("storing")
    let_leases_run_out(stack, sleeper, stack.pid("held worker"))
    stack.release()
    stack.start("held worker 2")
    stack.wait_for_status(report_id, "ready")
    os.kill(sleeper, signal.SIGCONT)
    os.kill(stack.pid("held worker"), signal.SIGCONT)
    wait_until(lambda: not stack.children("held worker"), PATIENCE, "the end of the one that stood still")
    assert_made_once(stack, report_id)
    assert takeovers_of(stack) == 1


def test_a_worker_asked_to_end_finishes_its_report_first(stack: Stack) -> None:
    stack.hold("drawing")
    report_id = ask(stack)
    stack.wait_for_held("drawing")
    os.kill(stack.pid("held worker"), signal.SIGTERM)
    stack.release()
    wait_until(lambda: not stack.is_running("held worker"), PATIENCE, "the end of the worker")
    assert stack.status(report_id) == "ready"
    assert_made_once(stack, report_id)
    assert takeovers_of(stack) == 0


def test_a_database_that_quotes_a_patient_is_quoted_nowhere(tmp_path: Path, postgres_url: str) -> None:
    """A row that the database refuses, and shows whole in its words: no log and no value of Redis repeats it."""
    with running(tmp_path, postgres_url, **SETTINGS) as stack:
        chaos.fill(stack)
        report_id = ask(stack)
        with stack.app.app_context():
            db.session.execute(update(Report).values(narrowed="seen by\nDr Maria Santos"))
            db.session.execute(text("ALTER TABLE reports ADD CONSTRAINT odd CHECK (percent < 50) NOT VALID"))
            db.session.commit()
        stack.start("worker")
        stack.wait_for_status(report_id, "failed")
        wait_until(lambda: list(stack.redis.scan_iter("rq:results:*")), PATIENCE, "what RQ keeps of it")
        kept = all_values(stack.redis)
        assert any("JobFailed: IntegrityError" in value for value in kept.values()), "Redis was not looked at"
        assert "IntegrityError (23514, odd)" in stack.log("worker")
        with stack.app.app_context():
            reason = db.session.get_one(Report, report_id).failure_technical
            assert reason == "IntegrityError (23514, odd)"
        said = {**kept, **stack.logs()}
        assert [place for place, what in said.items() if "Santos" in what or "seen by" in what] == []


# -- Redis -------------------------------------------------------------------------------------------------------------


def test_a_queue_emptied_while_reports_wait_is_filled_again(stack: Stack) -> None:
    stack.hold("reading")
    asked = [ask(stack, number) for number in range(4)]
    stack.wait_for_held("reading")
    stack.redis.flushall()
    stack.release()
    assert_made_once(stack, *asked)


@pytest.mark.parametrize("place", ["reading", "ending"])
def test_a_queue_emptied_while_a_report_is_made_does_not_touch_it(stack: Stack, place: str) -> None:
    stack.hold(place)
    report_id, worker = ask(stack), stack.pid("held worker")
    stack.wait_for_held(place)
    stack.redis.flushall()
    stack.release()
    assert_made_once(stack, report_id)
    assert takeovers_of(stack) == 0
    assert_made_once(stack, report_id, ask(stack, 1))
    assert stack.pid("held worker") == worker


def test_a_click_while_redis_is_down_is_kept_and_made_when_it_is_back(stack: Stack) -> None:
    stack.start("web")
    visitor = visitor_of(stack)
    stack.stop_redis()
    report_id = click(visitor)
    assert stack.status(report_id) == "queued"
    assert "Yours is next in line" in visitor.page(f"/reports/{report_id}")
    wait_until(lambda: alerts_of(stack) == [("queue-down", False)], PATIENCE, "an alert")
    stack.start_redis()
    assert_made_once(stack, report_id)
    wait_until(lambda: alerts_of(stack) == [("queue-down", True)], PATIENCE, "the end of the alert")


def test_a_restart_of_everything_finishes_what_was_asked_for(stack: Stack) -> None:
    stack.start("web")
    visitor = visitor_of(stack)
    stack.hold("drawing")
    asked = [click(visitor, number) for number in range(3)]
    stack.wait_for_held("drawing")
    for name in ("web", "held worker", "watch"):
        stack.kill(name)
    let_leases_run_out(stack)
    stack.stop_redis()
    stack.release()
    stack.start_redis()
    stack.start("web", "worker", "watch")
    assert_made_once(stack, *asked)
    assert "Download CSV" in visitor.page(f"/reports/{asked[0]}")


def test_copies_of_a_job_and_many_workers_make_one_report(stack: Stack) -> None:
    stack.start("held worker 2")
    stack.hold("reading")
    report_id = ask(stack)
    stack.wait_for_held("reading")
    copy_and_wait_for_it(stack, report_id)
    assert stack.status(report_id) == "running"
    stack.release()
    assert_made_once(stack, report_id)
    # A worker that tidies up after the first would take the copy with it.
    stack.wait_for_listeners(2)
    copy_and_wait_for_it(stack, report_id)
    assert_made_once(stack, report_id)
    assert takeovers_of(stack) == 0


def copy_and_wait_for_it(stack: Stack, report_id: str) -> None:
    """A copy of the job, until a worker has said that there is nothing to do."""

    def refused() -> int:
        lines = "".join(stack.logs().values()).splitlines()
        return sum(1 for line in lines if "nothing to make" in line and report_id in line)

    before = refused()
    copy_job(stack, report_id)
    wait_until(lambda: refused() > before, PATIENCE, "a copy that is refused")


class Bomb:
    """Whoever unpickles it runs a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def test_jobs_that_are_not_ours_are_refused_and_do_not_stop_the_worker(stack: Stack) -> None:
    marks = [stack.folder / name for name in ("json", "pickle", "bomb")]
    worker = stack.pid("held worker")
    as_json, as_pickle = (Queue("clicks", connection=stack.redis, serializer=kind) for kind in (JSONSerializer, None))
    as_json.enqueue("os.system", f"touch {marks[0]}")
    as_pickle.enqueue("os.system", f"touch {marks[1]}")
    bomb = Job.create("os.system", connection=stack.redis)
    bomb.save()
    stack.redis.hset(bomb.key, "data", zlib.compress(pickle.dumps(Bomb(f"touch {marks[2]}"))))
    stack.redis.rpush("rq:queue:clicks", bomb.id)
    assert_made_once(stack, ask(stack))
    assert [mark.name for mark in marks if mark.exists()] == []
    assert stack.pid("held worker") == worker
    assert stack.is_running("held worker")


# -- People ------------------------------------------------------------------------------------------------------------


def test_a_running_report_that_is_cancelled_stops_soon(stack: Stack) -> None:
    stack.hold("reading")
    report_id = ask(stack)
    stack.wait_for_held("reading")
    with stack.app.app_context():
        report = db.session.get_one(Report, report_id)
        assert report_requests.cancel(report, report.requester)
    # Nobody has released it: it is stopped in the middle of what it does.
    stack.wait_for_status(report_id, "cancelled")
    stack.release()
    assert_made_once(stack, ask(stack, 1))
    assert stack.status(report_id) == "cancelled"


# -- The scheduler -----------------------------------------------------------------------------------------------------


def lost_report(stack: Stack, number: int) -> str:
    """A report that only the database knows: its click came to an end between commit and queue."""
    report_id = ask(stack, number)
    stack.redis.flushall()
    with stack.app.app_context():
        db.session.execute(update(Report).values(enqueued_at=None).where(Report.id == report_id))
        db.session.commit()
    return report_id


def wait_for_the_timetable(stack: Stack) -> None:
    """Until the tick stands in it, alone; while it is put into the queue it does not stand there."""
    entries = "rq:scheduler:scheduled_jobs"
    wait_until(lambda: stack.redis.zrange(entries, 0, -1) == [b"timetable-tick"], PATIENCE, "the timetable")


def test_a_tick_finds_what_was_lost_and_comes_back_after_redis_was_emptied(stack: Stack) -> None:
    stack.stop("watch", "held worker")
    lost = lost_report(stack, 0)
    stack.start("scheduler", "worker")
    assert_made_once(stack, lost)
    wait_for_the_timetable(stack)
    stack.stop("worker")
    lost_too = lost_report(stack, 1)
    stack.start("worker")
    assert_made_once(stack, lost, lost_too)
    wait_for_the_timetable(stack)


def test_two_schedulers_are_one_timetable(stack: Stack) -> None:
    stack.start("scheduler", "scheduler 2")
    wait_for_the_timetable(stack)
    assert_made_once(stack, ask(stack))
    stack.redis.flushall()
    wait_for_the_timetable(stack)
    assert stack.is_running("scheduler")
    assert stack.is_running("scheduler 2")


# -- All at once -------------------------------------------------------------------------------------------------------


def test_no_report_is_lost_or_made_twice_under_random_kills(stack: Stack) -> None:
    stack.stop("held worker", "watch")
    account = chaos.wreak(stack, reports=20, kills=10, flushes=2, seed=4)
    assert account == Account(20, 20, 0, account.takeovers, ())
