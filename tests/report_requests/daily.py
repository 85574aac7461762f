"""A ready report of single patients, frozen from a sample: there is no sheet behind it that could be read."""

from datetime import date

import factories

from tests.files import daily_samples
from webapp import clock
from webapp.content.question import Question
from webapp.figures import Document, freeze
from webapp.models import FrozenPart, Person, Report

DAY = date(2026, 11, 21)


def add_report(person: Person, document: Document | None = None, **values: object) -> Report:
    """The report, asked for by `person`, of 3 patients with 4 readings each if nothing else is said."""
    document = document or daily_samples.document(3, 4)
    upload = factories.add_upload(person)
    question = Question("daily_patients", upload.clinic_id, daily_samples.ZONE, DAY, DAY, upload=upload.id)
    parts = [FrozenPart.keep(freeze(part)) for part in (document.content, document.provenance, document.presentation)]
    usual = {
        "number": "DP-7K4M-2Q9X",
        "template": "daily_patients",
        "title": "Daily patients, 21 November 2026",
        "period_start": DAY,
        "period_end": DAY,
        "dates": "21 November 2026",
        "question": question.to_json(),
        "question_sha256": question.sha256,
        "upload_id": upload.id,
        "status": "ready",
        "started_at": clock.now(),
        "finished_at": clock.now(),
        **dict(zip(("figures_sha256", "provenance_sha256", "presentation_sha256"), parts, strict=True)),
    }
    return factories.add_report(person, **{**usual, **values})
