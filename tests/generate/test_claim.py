"""The hold on a report while it is made: renewed as long as the work goes on, and not for ever."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import select

from tests.stack import PATIENCE
from tools.processes import wait_until
from webapp.extensions import db
from webapp.figures import freeze
from webapp.generate.claim import Claim, Stopped
from webapp.models import Report


@pytest.fixture
def context(tmp_path: Path, sqlite_url: str) -> Iterator[Flask]:
    """With a lease that is renewed soon; nobody here takes it over."""
    app = build_app(tmp_path, sqlite_url, lease_seconds=1)
    with app.app_context():
        yield app
    close(app)


def claim_of(report: Report) -> Claim:
    claim = Claim.take(report.id)
    assert claim
    return claim


def lease_of(report: Report) -> datetime:
    until = db.session.scalars(select(Report.lease_until).where(Report.id == report.id)).one()
    db.session.commit()
    assert until
    return until


def wait_for_stop() -> None:
    wait_until(lambda: False, PATIENCE, "the end of the work")


def test_the_lease_is_renewed_while_the_work_goes_on(report: Report) -> None:
    claim = claim_of(report)
    first = lease_of(report)
    with claim.kept_alive():
        wait_until(lambda: lease_of(report) > first, PATIENCE, "a heartbeat")


def test_a_cancel_stops_the_work_in_the_middle(report: Report) -> None:
    claim = claim_of(report)
    Report.request_cancel(report.id)
    db.session.commit()
    with pytest.raises(Stopped, match="cancel"), claim.kept_alive():
        wait_for_stop()


def test_a_claim_that_was_lost_stops_the_work_in_the_middle(report: Report) -> None:
    claim = claim_of(report)
    report.claim_token = "another worker's"
    db.session.commit()
    with pytest.raises(Stopped, match="lost"), claim.kept_alive():
        wait_for_stop()


def test_a_claim_that_was_lost_keeps_no_figures(report: Report) -> None:
    claim = claim_of(report)
    report.claim_token = "another worker's"
    db.session.commit()
    with pytest.raises(Stopped, match="lost"):
        claim.freeze(*[freeze(part) for part in ("figures", "provenance", "presentation")])
    db.session.rollback()
    assert report.figures_sha256 is None


def test_past_its_deadline_the_lease_is_renewed_no_more(context: Flask, report: Report) -> None:
    context.config["SETTINGS"] = replace(context.config["SETTINGS"], job_seconds=0)
    claim = claim_of(report)
    first = lease_of(report)
    with claim.kept_alive():
        wait_until(lambda: not is_beating(), PATIENCE, "the last heartbeat")
        assert lease_of(report) == first


def is_beating() -> bool:
    return any(thread.name == "heartbeat" for thread in threading.enumerate())
