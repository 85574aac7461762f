"""The spine: a report somebody asked for becomes a report somebody can have.

make() runs in a worker. draw() is used by it and by downloads, since a file is only a view of what was frozen.
"""

import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from webapp import alerts, audit, clock, content, logs, storage
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.errors import FiguresDamaged, ReportFault, ReportGone, StorageBroken, causes_of
from webapp.extensions import db, snapshot
from webapp.figures import Content, Document, Presentation, Provenance, freeze, thaw
from webapp.files import FORMATS
from webapp.generate.claim import Claim, Stopped, timed_out
from webapp.generate.gone import unless_deleted
from webapp.models import Clinic, File, FrozenPart, Report

__all__ = ["Drawn", "compose", "document_of", "draw", "keep", "make", "tell_of_a_broken_store"]

log = logging.getLogger(__name__)

TOO_SLOW = (
    "This report took too long and was stopped. Try a shorter period; if it fails again, tell your administrator."
)
TRANSIENT = (OperationalError, InterfaceError)
"""The database was out of reach or too busy, or ended one of two that waited for each other: another try may do."""
IN_MEMORY = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file just drawn: its bytes from the start, their SHA-256 and their number."""

    stream: BinaryIO
    sha256: str
    size: int


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
    claim.advance(f"Drawing the {FORMATS[report.format].label} file", 65)
    drawn = draw(report, report.format)
    with drawn.stream:
        claim.advance("Storing the file", 90)
        try:
            keep(report, report.format, drawn)
        except StorageBroken as fault:
            # The figures are frozen, so the report is ready all the same, and a download draws the file again.
            tell_of_a_broken_store("written", fault)
    claim.succeed()


def _freeze(report: Report, claim: Claim) -> None:
    """Compute what the report says and keep it for good."""

    def step(done: int, total: int) -> None:
        claim.advance(f"Reading the figures, {done} of {total}", 5 + 55 * done // max(total, 1))

    claim.advance("Reading the figures", 5)
    question = Question.from_json(report.question)
    document = compose(question, report.clinic, report.number, report.requester.name, report.asked_at, step)
    claim.advance("Keeping the figures", 60)
    claim.freeze(freeze(document.content), freeze(document.provenance), freeze(document.presentation))
    db.session.refresh(report)


def compose(
    question: Question,
    clinic: Clinic,
    number: str,
    requested_by: str,
    asked_at: datetime,
    step: Step = lambda done, total: None,
) -> Document:
    """All that the report says, computed now, from one snapshot of the clinic's records.

    Raises errors.FiguresFailed, and whatever `step` raises.
    """
    with snapshot() as connection:
        as_of = clock.now()
        said = content.build(connection, question, step)
        choices = content.choices(connection, question)
    template = content.CATALOGUE[question.template]
    return Document(
        content=said,
        provenance=Provenance(
            report_number=number,
            requested_by=requested_by,
            asked_at=asked_at.isoformat(timespec="seconds"),
            data_as_of=as_of.isoformat(timespec="seconds"),
            period_start=question.start.isoformat(),
            period_end=question.end.isoformat(),
            filters=choices,
            template=template.name,
            template_title=template.title,
            template_version=template.version,
        ),
        presentation=Presentation(clinic_name=clinic.name, timezone=clinic.timezone, paper=clinic.paper),
        figures_sha256=freeze(said).sha256,
    )


def document_of(report: Report) -> Document:
    """What was frozen, as every format, the page and a re-made file are drawn from it.

    Raises errors.FiguresDamaged, with an alert, where it is not there or does not have its hash any more, and
    errors.ReportGone where the report was deleted meanwhile.
    """
    try:
        with unless_deleted(report):
            return _thawed(report)
    except FiguresDamaged as fault:
        alerts.raise_alert(
            "critical",
            "figures-damaged",
            message=f"The figures of a report are damaged ({fault}); the latest such report is {report.id}.",
            what_to_do="Look for what wrote into the table frozen_parts. A backup has these figures; a new report "
            "reads them from the clinic's records again.",
        )
        raise


def _thawed(report: Report) -> Document:
    hashes = (report.figures_sha256, report.provenance_sha256, report.presentation_sha256)
    parts = {part.sha256: part for part in db.session.scalars(select(FrozenPart).where(FrozenPart.sha256.in_(hashes)))}
    if set(parts) != set(hashes):
        raise FiguresDamaged("not all of its parts are there")
    figures, provenance, presentation = (parts[str(sha256)].frozen for sha256 in hashes)
    try:
        return Document(
            content=thaw(Content, figures),
            provenance=thaw(Provenance, provenance),
            presentation=thaw(Presentation, presentation),
            figures_sha256=figures.sha256,
        )
    except ValueError as fault:
        raise FiguresDamaged("a part is not what was frozen") from fault


def draw(report: Report, format_name: str) -> Drawn:
    """One format of a report from what was frozen: the same bytes each time. Raises errors.RenderFailed, and as
    document_of().

    The running transaction is ended first, so that no connection is held while a file is drawn.
    """
    document = document_of(report)
    db.session.commit()
    stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 the caller closes it
    try:
        FORMATS[format_name].render(document, stream)
    except BaseException:
        stream.close()
        raise
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    return Drawn(stream, digest, size)


def keep(report: Report, format_name: str, drawn: Drawn) -> None:
    """Write down what the file is, commit, and then store it.

    In this order, because a row without bytes is made again, while bytes without a row would be lost. Raises
    StorageBroken, with the row kept, and errors.ReportGone, with nothing kept.
    """
    with unless_deleted(report):
        key, replaced_key = _row_of(report, format_name, drawn)
    store = storage.current()
    try:
        store.put(key, drawn.stream, size=drawn.size, content_type=FORMATS[format_name].content_type)
        if replaced_key:
            store.delete(replaced_key)
        if db.session.scalar(select(File.id).where(File.storage_key == key)) is None:
            # A deletion removes the objects that it knows of, and came between the row and this one.
            store.delete(key)
            raise ReportGone("deleted while a file of it was stored")
    finally:
        drawn.stream.seek(0)
    alerts.resolve_alert("store-not-written")


def _row_of(report: Report, format_name: str, drawn: Drawn) -> tuple[str, str]:
    """Add the row of that file or bring it up to date, and commit; its key, and that of an object which it no longer
    names, or nothing."""
    replaced_key = ""
    wanted = select(File).where(File.report_id == report.id, File.format == format_name)
    key = storage.key_for(report.id, drawn.sha256, FORMATS[format_name].extension)
    file = db.session.scalar(wanted)
    if file is None:
        file = File(report_id=report.id, format=format_name, sha256=drawn.sha256, size=drawn.size, storage_key=key)
        try:
            with db.session.begin_nested():
                db.session.add(file)
        except IntegrityError:
            # Somebody else asked for the same format at the same moment, and drew the same bytes. Or there is no
            # report any more that the row could name.
            if (file := db.session.scalar(wanted)) is None:
                raise
    if (was := file.sha256) != drawn.sha256:
        # The same figures drawn by another version of a library: both hashes are told.
        replaced_key = file.storage_key
        file.sha256, file.size, file.storage_key = drawn.sha256, drawn.size, key
        audit.record("file.redrawn", f"report:{report.id}", format=format_name, was_sha256=was, sha256=drawn.sha256)
    db.session.commit()
    return key, replaced_key if replaced_key != key else ""


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


def tell_of_a_broken_store(what_failed: Literal["read", "written"], fault: StorageBroken) -> None:
    """Log it, and raise the alert that the next success resolves."""
    log.error("a file could not be %s", what_failed, exc_info=fault)
    alerts.raise_alert(
        "critical",
        f"store-not-{what_failed}",
        message=f"A file could not be {what_failed} ({fault}).",
        what_to_do="Reports go on being made and served from their figures. Check the store and its rights.",
    )
