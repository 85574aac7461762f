import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client

from webapp import generate
from webapp.extensions import db
from webapp.models import Person, Report


@pytest.fixture
def report(app: Flask) -> Report:
    """A ready report, its CSV stored."""
    with app.app_context():
        report = factories.add_asked_report(format="csv")
        generate.make(report.id)
        db.session.refresh(report)
        return report


@pytest.fixture
def client(app: Flask, report: Report) -> PageClient:
    """Whoever asked for the report of the test."""
    with app.app_context():
        return page_client(app).sign_in(db.session.get_one(Person, report.requester_id))
