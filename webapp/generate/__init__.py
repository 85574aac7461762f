"""The spine: a report somebody asked for becomes a report somebody can have.

make() runs in a worker. draw() and keep() are used by it and by downloads, since a file is only a view of what was
frozen.
"""

import base64
import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError

from webapp import alerts, clock, content, logs, words
from webapp.content.answer import earlier_name
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.errors import ReportFault, causes_of
from webapp.extensions import db, snapshot
from webapp.figures import Document, Frozen, Presentation, Provenance, freeze
from webapp.files import FORMATS
from webapp.generate import drawing, known, telling
from webapp.generate.claim import Claim, Stopped, timed_out
from webapp.generate.drawing import Drawn, document_of, draw, draw_patient
from webapp.generate.keeping import keep, keep_or_tell
from webapp.models import Clinic, Report

__all__ = ["Asked", "Composed", "Drawn", "compose", "document_of", "draw", "draw_patient", "keep", "make"]

log = logging.getLogger(__name__)

TOO_SLOW = (
    "This report took too long and was stopped. Try a shorter period; if it fails again, tell your administrator."
)
TRANSIENT = (OperationalError, InterfaceError)
"""The database was out of reach or too busy, or ended one of two that waited for each other: another try may do."""


def make(report_id: str) -> None:
    """claim -> content -> freeze -> file -> storage -> ready | failed | cancelled.

    Does nothing where the report is not there to be claimed. A fault marks the row failed, or puts it back in line
    where the database alone is at fault, and is raised again, so that the queue knows of it too.
    """
    with logs.about_report(report_id):
        claim = Claim.take(report_id)
        if claim is None:
            log.info("nothing to make: the report is taken, ended or gone")
            return
        try:
            with claim.kept_alive():
                _make(claim)
        except (Stopped, Exception) as fault:
            # Once told to stop, any fault is that stop: it strikes in the middle of something, whose tidying up may
            # then fail in a way of its own.
            if claim.told_to_stop:
                _stop(claim)
                return
            _fail(claim, fault)
            raise


def _make(claim: Claim) -> None:
    report = db.session.get_one(Report, claim.report_id)
    # A report that was taken over after its figures were frozen goes on from them: what was said is said.
    if report.figures_sha256 is None:
        _freeze(report, claim)
    claim.advance(f"Drawing the {FORMATS[report.format].label} file", telling.FROM)
    drawn = drawing.draw(report, report.format, telling.step_of(claim))
    with drawn.stream:
        claim.advance("Storing the file", 90)
        # The figures are frozen, so the report is ready even where the file cannot be stored: it can be drawn again.
        keep_or_tell(report, report.format, drawn)
    claim.succeed()


def _freeze(report: Report, claim: Claim) -> None:
    """Compute what the report says and keep it for good."""

    question = Question.from_json(report.question)
    template = content.TEMPLATES.get(question.template)
    noun = template.steps_noun if template else ""

    def step(done: int, total: int) -> None:
        told = f"Reading the figures, {done} of {total} {noun}".rstrip()
        claim.advance(told, 5 + 55 * done // max(total, 1))

    claim.advance("Reading the figures", 5)
    asked = Asked(report.number, report.requester.name, report.asked_at)
    composed = compose(question, report.clinic, asked, step, may_share=not report.wants_fresh)
    document = composed.document
    claim.advance("Keeping the figures", 60)
    claim.freeze(composed.figures, freeze(document.provenance), freeze(document.presentation))
    if not composed.is_shared:
        known.remember(composed.key, report.clinic_id, document.figures_sha256, composed.as_of)
    db.session.refresh(report)


@dataclass(frozen=True, slots=True)
class Asked:
    """The number of a report, by whom it was asked for and when."""

    number: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Composed:
    """A document with its frozen figures, the key and moment by which they can be shared, and whether another report
    has shared them with this one."""

    document: Document
    figures: Frozen
    key: str
    as_of: datetime
    is_shared: bool


def compose(
    question: Question,
    clinic: Clinic,
    asked: Asked,
    step: Step = lambda done, total: None,
    *,
    may_share: bool = False,
) -> Composed:
    """All that the report says, computed now, from one snapshot of the clinic's records; with `may_share` what another
    report has computed a moment ago, where that is still fresh.

    Raises errors.FiguresFailed, and whatever `step` raises.
    """
    with snapshot() as connection:
        as_of = clock.now()
        key = known.key_of(connection, question)
        shared = known.known(connection, key, question) if may_share else None
        if shared:
            said, figures, as_of = shared.content, shared.figures, shared.as_of
        else:
            said = content.build(connection, question, step)
            figures = freeze(said)
        choices = content.choices(connection, question)
    template = content.TEMPLATES[question.template]
    document = Document(
        content=said,
        provenance=Provenance(
            report_number=asked.number,
            requested_by=asked.by,
            asked_at=asked.at.isoformat(timespec="seconds"),
            data_as_of=as_of.isoformat(timespec="seconds"),
            period_start=question.start.isoformat(),
            period_end=question.end.isoformat(),
            filters=choices,
            template=template.name,
            template_title=template.title,
            template_version=template.version,
            compare="" if question.upload else f"{words.dates(*question.earlier)}, {earlier_name(question)}",
        ),
        presentation=Presentation(
            clinic_name=clinic.name,
            timezone=clinic.timezone,
            paper=clinic.paper,
            logo=base64.b64encode(clinic.logo or b"").decode(),
        ),
        figures_sha256=figures.sha256,
    )
    return Composed(document, figures, key, as_of, is_shared=shared is not None)


def _stop(claim: Claim) -> None:
    claim.let_go()
    if claim.told_to_stop == "cancel" and claim.stop():
        log.info("cancelled while it ran")
    else:
        log.warning("the claim was lost; another worker has the report")


def _fail(claim: Claim, fault: BaseException) -> None:
    """Write the failure into the row. Where not even that can be done, the lease runs out and the sweep takes over."""
    is_late = timed_out(fault)
    claim.struck = claim.struck or is_late
    claim.let_go()
    is_transient = not is_late and any(isinstance(cause, TRANSIENT) for cause in causes_of(fault))
    if is_transient and claim.hand_back():
        log.warning("a report was handed back: %s", type(fault).__name__)
        return
    plain = TOO_SLOW if is_late else getattr(fault, "plain", ReportFault.plain)
    log.error("a report failed: %s", type(fault).__name__)
    if claim.fail(plain, logs.in_short(fault)[:2000]):
        alerts.raise_alert(
            "warning",
            "report-failed",
            message=f"Reports could not be made; the latest is {claim.report_id} ({type(fault).__name__}).",
            what_to_do="Look for it in the log. The people who asked were told and can try again.",
        )
