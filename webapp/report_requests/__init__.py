"""A person asks for a report: the row is written and committed, then put in line."""

import logging
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from webapp import audit, content, words
from webapp.accounts import access
from webapp.content.question import Question
from webapp.errors import QueueDown
from webapp.extensions import db
from webapp.generate import removal
from webapp.generate.sweep import enqueue
from webapp.models import Clinic, Person, Report
from webapp.models.report import new_number

__all__ = [
    "TooMany",
    "add",
    "ask",
    "ask_again",
    "cancel",
    "check_limit",
    "delete",
    "entitled",
    "position",
    "put_in_line",
]

log = logging.getLogger(__name__)

IN_FLIGHT = Report.status.in_(("queued", "running"))


class TooMany(Exception):
    """The person already waits for as many reports as one may; the text is for them."""


def ask(
    person: Person,
    question: Question,
    format_name: str,
    *,
    limit: int,
    retry_of: Report | None = None,
    fresh: bool = False,
) -> Report:
    """The report that answers the question: the one this person already waits for, or a new one, in line. `fresh` has
    it counted anew, even where another report has counted the same a moment ago.

    Raises TooMany beyond `limit` reports in flight. Redis being down is no fault here: the sweep enqueues it later.
    """
    question = entitled(person, question)
    if waiting := _waited_for(person, question):
        return _joined(waiting, fresh)
    check_limit(person, limit)
    try:
        report = add(person, question, format_name, retry_of=retry_of, fresh=fresh)
    except IntegrityError:
        # A second click got here first. (Or one in a million million numbers was taken: then asking again is right.)
        db.session.rollback()
        if waiting := _waited_for(person, question):
            return _joined(waiting, fresh)
        raise
    db.session.commit()
    put_in_line(report)
    return report


def add(
    person: Person, question: Question, format_name: str, *, retry_of: Report | None = None, fresh: bool = False
) -> Report:
    """A new report of a question that entitled() gave, in the running transaction; put_in_line() comes when that is
    committed. Raises IntegrityError where the person waits for the same already."""
    report = _row(person, question, format_name, retry_of)
    report.wants_fresh = fresh
    db.session.add(report)
    db.session.flush()
    asked = {"template": report.template, "clinic": report.clinic_id, "retry_of": report.retry_of_id}
    audit.record("report.asked", f"report:{report.id}", person_id=person.id, **asked)
    return report


def put_in_line(report: Report) -> None:
    """Redis being down is no fault: the sweep does it later."""
    try:
        enqueue(report.id)
    except QueueDown as fault:
        log.warning("a report waits for the sweep: %s", fault, extra={"report_id": report.id})


def entitled(person: Person, question: Question) -> Question:
    """The question with the rights that this person has now, whoever asked it before."""
    clinic = db.session.get_one(Clinic, question.clinic_id)
    comments = content.TEMPLATES[question.template].has_comments and access.reads_comments(person)
    return replace(question, suppress_below=clinic.suppress_below, reads_comments=comments)


def _waited_for(person: Person, question: Question) -> Report | None:
    """The report in flight by which this person asked the same."""
    return db.session.scalar(
        select(Report).where(Report.requester_id == person.id, Report.question_sha256 == question.sha256, IN_FLIGHT)
    )


def _joined(waiting: Report, fresh: bool) -> Report:
    """The report that is waited for already. Where `fresh` is asked for, it is told so while its figures are not
    frozen, lest it takes those of before."""
    if fresh and Report.want_fresh(waiting.id):
        db.session.commit()
    return waiting


def check_limit(person: Person, limit: int) -> None:
    """Raises TooMany where the person waits for `limit` reports or more."""
    waiting_for = db.session.scalar(select(func.count()).where(Report.requester_id == person.id, IN_FLIGHT)) or 0
    if waiting_for >= limit:
        raise TooMany(
            f"You are waiting for {waiting_for} reports already. Let one of them finish, or cancel one, and ask again."
        )


def _narrowed(question: Question) -> str:
    """The filters that leave something out, in words that stand alone: "Dental · aged 5 to 14"."""
    filters = content.TEMPLATES[question.template].filters
    connection = db.session.connection()
    told = [
        item.phrase(connection, question.clinic_id, question.chosen[item.name])
        for item in filters
        if item.name in question.chosen
    ]
    return words.printable(" · ".join(told))[:400]


def _row(person: Person, question: Question, format_name: str, retry_of: Report | None) -> Report:
    return Report(
        number=new_number(content.TEMPLATES[question.template].number_prefix),
        clinic_id=question.clinic_id,
        requester_id=person.id,
        retry_of_id=retry_of.id if retry_of else None,
        template=question.template,
        title=content.title(question),
        narrowed=_narrowed(question),
        period_start=question.start,
        period_end=question.end,
        dates=words.dates(question.start, question.end),
        format=format_name,
        question=question.to_json(),
        question_sha256=question.sha256,
        upload_id=question.upload or None,
    )


def ask_again(person: Person, report: Report, *, limit: int) -> Report:
    """The same question once more, as a new report that names the old one, counted anew. Raises TooMany."""
    question = Question.from_json(report.question)
    return ask(person, question, report.format, limit=limit, retry_of=report, fresh=True)


def cancel(report: Report, person: Person) -> bool:
    """Ask a report to stop; whether there was anything to stop."""
    asked = Report.request_cancel(report.id)
    if asked:
        audit.record("report.cancel_asked", f"report:{report.id}", person_id=person.id)
    db.session.commit()
    return asked


def delete(report: Report, person: Person) -> None:
    """Remove an ended report with its files and figures; the audit log keeps that it was there. Raises
    errors.ReportHeld."""
    assert not report.in_flight
    removal.delete(report.id, person.id)


def position(report: Report) -> int:
    """How many reports stand in line before this one."""
    before = select(func.count()).where(Report.status == "queued", Report.asked_at < report.asked_at)
    return db.session.scalar(before) or 0
