"""The sheet that a report of single patients was made from, for the pages of that report."""

from dataclasses import dataclass

from webapp import words
from webapp.models import Report


@dataclass(frozen=True, slots=True)
class Sheet:
    """`taken_back` tells when and by whom its readings were taken back; empty while they are on record."""

    id: str
    taken_back: str


def sheet_of(report: Report) -> Sheet | None:
    upload = report.upload
    if upload is None:
        return None
    if upload.taken_back_at is None or upload.taken_back_by is None:
        return Sheet(upload.id, "")
    at = words.moment(upload.taken_back_at, report.clinic.timezone)
    return Sheet(upload.id, f"on {at}, by {upload.taken_back_by.name}")
