import pytest
from flask import Flask
from page_client import PageClient, page_client

from webapp.extensions import db
from webapp.models import Person, Report


@pytest.fixture
def client(app: Flask, report: Report) -> PageClient:
    """Whoever asked for the report of the test."""
    with app.app_context():
        return page_client(app).sign_in(db.session.get_one(Person, report.requester_id))
