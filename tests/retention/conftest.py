from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import factories
import pytest
from flask import Flask

from webapp import clock, generate
from webapp.extensions import db
from webapp.models import Clinic, Report

MADE_AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
"""Noon at the clinic in Manila, eight hours before UTC."""

NIGHT = MADE_AT + timedelta(days=30, hours=14)
"""02:00 at the clinic, in the first night after the thirty days."""


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with clock.stopped_at(MADE_AT):
        yield


def add_ready(clinic: Clinic | None = None, role: str = "staff", **values: object) -> Report:
    """A report that was made at MADE_AT, with its file and figures; needs an app context."""
    report = factories.add_asked_report(role, clinic, **{"format": "csv", **values})
    generate.make(report.id)
    db.session.refresh(report)
    assert report.status == "ready"
    return report


def again(report_id: str) -> Report:
    """The row as it is now."""
    db.session.rollback()
    return db.session.get_one(Report, report_id, populate_existing=True)


def stored_files(app: Flask) -> list[Path]:
    folder: Path = app.config["SETTINGS"].files_folder
    return [path for path in folder.rglob("*") if path.is_file()]
