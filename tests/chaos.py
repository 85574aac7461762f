"""Reports asked for while their workers are killed and the queue is emptied, and an account of each at the end.

As Jepsen does it: what was accepted is recorded outside the system, faults are injected, and each report is accounted
for.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from tests import factories
from tests.stack import PATIENCE, Stack
from tools.processes import wait_until
from webapp import audit, queues, report_requests
from webapp.content.question import Question
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, File, Person, Report

WORKERS = ("worker", "worker 2")


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the reports that were asked for; `faults` is what else is wrong, in words."""

    tried: int
    ready: int
    duplicated: int
    takeovers: int
    faults: tuple[str, ...]

    @property
    def lost(self) -> int:
        return self.tried - self.ready


def fill(stack: Stack) -> None:
    """A clinic with a patient, two visits in October 2025, and somebody who asks."""
    with stack.app.app_context():
        clinic = factories.add_clinic("Riverside Clinic")
        factories.add_person("staff", clinic, email="ada@example.org", name="Ada Osei")
        patient = factories.add_patient(clinic)
        factories.add_visit(patient, "2025-10-06 10:15")
        factories.add_visit(patient, "2025-10-07 11:15", kind="dental")


def ask(stack: Stack, number: int = 0, format_name: str = "csv") -> str:
    """Ask for Visit trends, counted anew, another period for each number; the report's id."""
    with stack.app.app_context():
        person = db.session.scalars(select(Person).where(Person.role == "staff")).one()
        clinic = db.session.get_one(Clinic, person.clinic_id)
        end = date(2025, 10, 31) + timedelta(days=number)
        question = Question("visit_trends", clinic.id, clinic.timezone, date(2025, 10, 1), end)
        return report_requests.ask(person, question, format_name, limit=10_000, fresh=True).id


def copy_job(stack: Stack, report_id: str) -> None:
    """Another copy of a report's job, as a lost reply of Redis leaves behind."""
    with stack.app.app_context():
        queues.enqueue_report(report_id)


def account_of(stack: Stack, asked: list[str]) -> Account:
    """Look at every row, every object in the store and the audit log."""
    with stack.app.app_context():
        reports = db.session.scalars(select(Report).where(Report.id.in_(asked))).all()
        made = db.session.execute(
            select(AuditEntry.subject, func.count())
            .where(AuditEntry.action == "report.made")
            .group_by(AuditEntry.subject)
        ).all()
        files = db.session.scalars(select(File)).all()
        stored = Counter(path.parent.name for path in stack.stored())
        kept = {f"{stack.folder / 'files' / file.storage_key}" for file in files}
        of_report = Counter(file.report_id for file in files)
        ready = [report.id for report in reports if report.status == "ready"]
        once = {subject.removeprefix("report:") for subject, times in made if times == 1}
        faults = [f"entry {number} of the audit log {what}" for number, what in audit.faults()]
        faults += [f"{path.name} in the store belongs to no report" for path in stack.stored() if str(path) not in kept]
        faults += [f"report {report_id} was not made once" for report_id in ready if report_id not in once]
        faults += [f"report {report_id} has no file" for report_id in ready if stored[report_id] < 1]
        return Account(
            tried=len(asked),
            ready=len(ready),
            duplicated=sum(1 for report_id in asked if max(of_report[report_id], stored[report_id]) > 1),
            takeovers=sum(report.takeovers for report in reports),
            faults=tuple(faults),
        )


def wreak(stack: Stack, *, reports: int, kills: int, flushes: int, seed: int) -> Account:
    """Ask for reports, kill workers while reports run, empty Redis, plant copies of jobs; then wait for calm."""
    chance = random.Random(seed)
    asked: list[str] = []
    stack.start(*WORKERS, "watch")
    for event in _shuffled(chance, reports, kills, flushes):
        if event == "ask":
            asked.append(ask(stack, len(asked)))
        elif event == "copy" and asked:
            copy_job(stack, chance.choice(asked))
        elif event == "flush":
            stack.redis.flushall()
        elif event == "kill":
            _kill_somebody(stack, chance)
    wait_until(lambda: not _in_flight(stack), PATIENCE + 10 * reports, "the end of every report")
    return account_of(stack, asked)


def _shuffled(chance: random.Random, reports: int, kills: int, flushes: int) -> Iterator[str]:
    """One report first, so that the first kill finds something to kill."""
    rest = ["ask"] * (reports - 1) + ["kill"] * kills + ["flush"] * flushes + ["copy"] * (reports // 4)
    chance.shuffle(rest)
    return iter(["ask", *rest])


def _kill_somebody(stack: Stack, chance: random.Random) -> None:
    """kill -9 a worker that has a report in hand, or only the process of that report, or only its parent; or the
    watch. What a supervisor starts again is started again."""
    wait_until(lambda: _at_work(stack) or not _in_flight(stack), PATIENCE, "a worker with a report in hand")
    name = chance.choice(_at_work(stack) or list(WORKERS))
    victim = chance.choice(("report", "parent", "both", "both", "watch"))
    if victim == "report":
        for child in stack.children(name):
            child.kill()
        return
    name = "watch" if victim == "watch" else name
    stack.kill(name, family=victim == "both")
    stack.start(name)


def _at_work(stack: Stack) -> list[str]:
    return [name for name in WORKERS if stack.children(name)]


def _in_flight(stack: Stack) -> bool:
    with stack.app.app_context():
        running = select(Report.id).where(Report.status.in_(("queued", "running"))).limit(1)
        return db.session.scalar(running) is not None
