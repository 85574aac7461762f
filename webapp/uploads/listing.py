"""The sheets of a clinic, the newest first."""

from dataclasses import dataclass

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp import words
from webapp.extensions import db
from webapp.models import Clinic, Report, Upload

PER_PAGE = 20

STATUS_WORDS = {
    "asking": ("Waits for answers", "warn"),
    "checked": ("Waits for you", "warn"),
    "refused": ("Could not be read", "bad"),
    "accepted": ("Accepted", "ok"),
    "taken back": ("Taken back", ""),
    "discarded": ("Discarded", ""),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A sheet in the list."""

    id: str
    title: str
    href: str
    about: str
    status: str
    kind: str
    what: str
    at: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. A number beyond the last is the last."""

    rows: list[Row]
    number: int
    pages: int


def page_of(clinic: Clinic, number: int) -> Page:
    of_clinic = select(Upload).where(Upload.clinic_id == clinic.id)
    count = db.session.scalar(select(func.count()).select_from(of_clinic.subquery())) or 0
    pages = max(1, -(-count // PER_PAGE))
    number = min(number, pages)
    found = db.session.scalars(
        of_clinic.options(joinedload(Upload.person))
        .order_by(Upload.received_at.desc(), Upload.id)
        .offset((number - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    reports = _latest_reports([upload.id for upload in found])
    return Page([_row(upload, reports.get(upload.id), clinic.timezone) for upload in found], number, pages)


def _latest_reports(upload_ids: list[str]) -> dict[str, Report]:
    """The report that was asked for last of each sheet."""
    asked = select(Report).where(Report.upload_id.in_(upload_ids)).order_by(Report.asked_at)
    return {str(report.upload_id): report for report in db.session.scalars(asked)}


def _row(upload: Upload, report: Report | None, zone: str) -> Row:
    status, kind = STATUS_WORDS[upload.status]
    href = url_for(".show", upload_id=upload.id)
    if report is not None and upload.status == "accepted":
        href = url_for("report_requests.show", report_id=report.id)
    return Row(
        id=upload.id,
        title=report.title if report is not None else upload.file_name,
        href=href,
        about=f"{upload.file_name} · {words.size(upload.size)} · {upload.person.name}",
        status=status,
        kind=kind,
        what=upload.refusal or "",
        at=words.moment(upload.received_at, zone),
        is_open=upload.is_open,
    )
