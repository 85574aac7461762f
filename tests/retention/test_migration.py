"""A database with reports of before there was expiry."""

from datetime import timedelta

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select

from tests.retention.conftest import MADE_AT, add_ready, again
from webapp import clock
from webapp.extensions import db
from webapp.generate.expiry import WARNED
from webapp.models import File


def test_ready_reports_get_their_time_and_keep_their_files(context_on_each: Flask) -> None:
    report_id = add_ready().id
    db.session.remove()
    before = clock.now()
    downgrade(revision="0002")
    upgrade()
    report = again(report_id)
    assert report.expires_by == "30 days, the default"
    assert report.expires_at is not None
    # The migration reads the real clock, which may be past the thirty days of the test's.
    assert report.expires_at >= max(MADE_AT + timedelta(days=30), before)
    assert timedelta(days=3) == WARNED
    assert db.session.scalar(select(func.count()).select_from(File)) == 1
