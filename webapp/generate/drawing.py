"""A file is only a view of what was frozen: the same bytes each time."""

import errno
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, cast

from sqlalchemy import select

from webapp import alerts
from webapp.errors import FiguresDamaged, FiguresDiffer, NoRoom, WrongPatient
from webapp.extensions import db
from webapp.figures import Content, Document, Presentation, Provenance, thaw
from webapp.files import FORMATS, Step, alone, reconcile
from webapp.generate.gone import unless_deleted
from webapp.models import FrozenPart, Report
from webapp.storage.measure import measure
from webapp.storage.told import TOLD

IN_MEMORY = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file just drawn: its bytes from the start, their number, SHA-256 and CRC32C (base64)."""

    stream: BinaryIO
    size: int
    sha256: str
    crc32c: str


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


def draw(report: Report, format_name: str, step: Step | None = None) -> Drawn:
    """One format of a report from what was frozen: the same bytes each time, read back before anybody has them. Raises
    errors.RenderFailed, and as document_of(). `step` is told of each patient, where a format tells how far it is.

    The running transaction is ended first, so that no connection is held while a file is drawn.
    """
    return _drawn(report, document_of(report), format_name, step)


def draw_patient(report: Report, number: int) -> Drawn:
    """The PDF pages of one patient of a report, `number` being the place in its overview from 1. Raises LookupError
    where there is none, errors.RenderFailed, and as document_of()."""
    return _drawn(report, alone(document_of(report), number), "pdf")


def _drawn(report: Report, document: Document, format_name: str, step: Step | None = None) -> Drawn:
    report_id = report.id
    db.session.commit()
    stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 the caller closes it
    try:
        FORMATS[format_name].render(document, stream, step)
        reconcile.check(document, format_name, stream)
        drawn = measure(stream)
    except OSError as fault:
        with suppress(OSError):
            # What is not written yet has no room either.
            stream.close()
        if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            _tell_of_a_full_disk(fault)
            raise NoRoom(f"the temporary folder: {os.strerror(fault.errno)}") from fault
        raise
    except FiguresDiffer as fault:
        stream.close()
        if isinstance(fault, WrongPatient):
            _tell_of_a_wrong_patient(report_id, fault)
        else:
            _tell_of_wrong_figures(report_id, fault)
        raise
    except BaseException:
        stream.close()
        raise
    return Drawn(stream, drawn.size, drawn.sha256, drawn.crc32c)


def _tell_of_wrong_figures(report_id: str, fault: FiguresDiffer) -> None:
    alerts.raise_alert(
        "critical",
        "figures-differ",
        subject=fault.format_name,
        message=f"A file did not show what was frozen and was thrown away: {FORMATS[fault.format_name].label}, "
        f"{fault.address}; the latest such report is {report_id}.",
        what_to_do="The figures are safe, and can be read on the report's page and in its other formats. Tell the "
        "developers which format and figure it is: how it is drawn has a fault.",
    )


def _tell_of_a_wrong_patient(report_id: str, fault: WrongPatient) -> None:
    alerts.raise_alert(
        "critical",
        "wrong-patient",
        subject=fault.format_name,
        message=f"A page of a file did not show what it should of the patient it was about, so the file was thrown "
        f"away: {FORMATS[fault.format_name].label}, {fault.address}; the latest such report is {report_id}.",
        what_to_do="Nobody was given the file. Tell the developers which page and figure it is, before anybody draws "
        "reports of patients again: how they are drawn has a fault.",
    )


def _tell_of_a_full_disk(fault: OSError) -> None:
    alerts.raise_alert(
        "critical",
        "temp-folder-full",
        message=f"A file could not be made: there is no room in TEMP_FOLDER ({os.strerror(fault.errno or 0)}).",
        what_to_do=TOLD["full"].to_do,
    )
