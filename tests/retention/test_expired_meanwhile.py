"""A report that expires while a file of it is fetched: the right bytes or a plain sentence, and nothing is left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import func, select

from tests.downloads.moments import MOMENTS
from tests.downloads.scripted_store import ScriptedStore
from tests.retention.conftest import MADE_AT, add_ready, again, stored_files
from webapp import audit, clock, generate, retention
from webapp.errors import ReportExpired
from webapp.extensions import db
from webapp.generate import drawing, keeping, making, removal
from webapp.models import Alert, File, FileMaking, FrozenPart, Person, Report, UnwantedObject


@pytest.fixture
def report(app: Flask) -> Report:
    with app.app_context():
        report = add_ready()
        Report.put_off(report.id, MADE_AT - timedelta(hours=1), "1 day, the default")
        db.session.commit()
        return again(report.id)


@pytest.fixture
def client(app: Flask, report: Report) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(db.session.get_one(Person, report.requester_id))


def expired_first(app: Flask, report_id: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, before which the report expires, at its first call."""

    def late(*given: Any, **named: Any) -> Any:
        with app.app_context():
            removal.expire(report_id)
        return function(*given, **named)

    return late


def assert_nothing_is_left(app: Flask) -> None:
    assert stored_files(app) == []
    with app.app_context():
        for table in (File, FileMaking, FrozenPart, Alert):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0, table
        assert list(audit.faults()) == []


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("format_name", ["csv", "json"], ids=["stored", "not yet made"])
def test_it_has_expired(
    app: Flask, client: PageClient, report: Report, monkeypatch: pytest.MonkeyPatch, format_name: str, moment: str
) -> None:
    room, name = MOMENTS[moment]
    monkeypatch.setattr(room, name, expired_first(app, report.id, getattr(room, name)))
    response = client.get(f"/reports/{report.id}/files/{format_name}")
    with app.app_context():
        expired = again(report.id).status == "expired"
    if not expired or moment in ("before it is looked for", "before it is written down"):
        # That is not on the way of this file; or the object goes after the rows, and it was had before.
        assert response.status_code == 200
    else:
        assert response.status_code == 410
    if expired:
        with app.app_context():
            retention.expire_due()
        assert_nothing_is_left(app)


def test_nothing_more_can_be_drawn_or_put_in_line(context: Flask, report: Report) -> None:
    mine = db.session.get_one(Report, report.id)
    drawn = drawing.draw(mine, "pdf")
    removal.expire(report.id)
    with drawn.stream:
        for late in (
            lambda: keeping.keep(mine, "pdf", drawn),
            lambda: keeping.put_back_later(mine, "pdf"),
            lambda: making.enqueue_file(mine, "pdf", "missing"),
            lambda: making.Turn.take(mine, "pdf", "missing"),
            lambda: generate.document_of(mine),
        ):
            with pytest.raises(ReportExpired):
                late()
    with context.app_context():
        assert db.session.scalar(select(func.count()).select_from(FileMaking)) == 0


def test_a_worker_that_stores_it_too_late_removes_it_again_or_writes_it_down(
    context: Flask, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ScriptedStore()
    monkeypatch.setitem(context.extensions, "storage", store)
    mine = db.session.get_one(Report, report.id)
    drawn = drawing.draw(mine, "pdf")
    put = store.put

    def put_late(*given: Any, **named: Any) -> None:
        """It expires, and all that was known of it is removed, before the bytes arrive; then the store fails."""
        with context.app_context():
            removal.expire(report.id)
            retention.expire_due()
        put(*given, **named)
        store.faults["delete"] = "unreachable"

    monkeypatch.setattr(store, "put", put_late)
    with drawn.stream, pytest.raises(ReportExpired):
        keeping.keep(mine, "pdf", drawn)
    assert len(store.objects) == 1
    assert list(store.objects) == list(
        db.session.scalars(select(UnwantedObject.key).where(UnwantedObject.store == "google"))
    )


def test_asked_for_after_its_time_it_is_gone(app: Flask, client: PageClient, report: Report) -> None:
    with app.app_context(), clock.stopped_at(MADE_AT):
        removal.expire(report.id)
    response = client.get(f"/reports/{report.id}/files/csv")
    assert response.status_code == 410
