"""A report that is deleted while a file of it is fetched is not found, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from flask import Flask
from page_client import PageClient
from sqlalchemy import func, select

from tests.downloads.moments import MOMENTS
from webapp import audit, report_requests
from webapp.extensions import db
from webapp.generate import Drawn, drawing
from webapp.models import Alert, Download, File, FrozenPart, Report


def deleted_first(app: Flask, report_id: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, before which somebody else deletes the report."""

    def late(*given: Any, **named: Any) -> Any:
        with app.app_context():
            report = db.session.get(Report, report_id)
            if report:
                report_requests.delete(report, report.requester)
        return function(*given, **named)

    return late


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("format_name", ["csv", "json"], ids=["stored", "not yet made"])
def test_it_is_not_found(
    app: Flask, client: PageClient, report: Report, monkeypatch: pytest.MonkeyPatch, format_name: str, moment: str
) -> None:
    streams: list[BinaryIO] = []
    really = drawing.draw

    def draw(*given: Any) -> Drawn:
        drawn = really(*given)
        streams.append(drawn.stream)
        return drawn

    monkeypatch.setattr(drawing, "draw", draw)
    room, name = MOMENTS[moment]
    monkeypatch.setattr(room, name, deleted_first(app, report.id, getattr(room, name)))
    response = client.get(f"/reports/{report.id}/files/{format_name}")
    if is_passed_by(moment, format_name):
        assert response.status_code == 200
        return
    assert response.status_code == 404
    assert "We could not find that page" in response.text
    assert [stream for stream in streams if not stream.closed] == []
    assert_nothing_is_left(app)


def is_passed_by(moment: str, format_name: str) -> bool:
    """A stored file is not drawn again, and one that is not yet made is not looked for in the store."""
    stored_only = moment == "before it is looked for"
    if format_name == "csv":
        return not stored_only and moment != "before it is written down"
    return stored_only


def assert_nothing_is_left(app: Flask) -> None:
    folder: Path = app.config["SETTINGS"].files_folder
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    with app.app_context():
        for table in (Report, File, Download, FrozenPart, Alert):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0
        assert list(audit.faults()) == []


def test_two_who_delete_it_at_once_both_see_it_gone(app: Flask, report: Report) -> None:
    with app.app_context():
        mine = db.session.get_one(Report, report.id)
        person = mine.requester
        deleted_first(app, report.id, report_requests.delete)(mine, person)
    assert_nothing_is_left(app)
