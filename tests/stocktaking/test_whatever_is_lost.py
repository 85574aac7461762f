"""Whatever is missing, spoiled, moved already or deleted meanwhile: after a move, and a second one, every row that is
left names a store that holds what the row says."""

from pathlib import Path

import pytest
from apps import build_app
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.stocktaking.conftest import make_files
from tests.stocktaking.holdings import content, file, is_right, keys, put, spoil
from webapp import audit, report_requests, storage
from webapp.extensions import db
from webapp.models import File
from webapp.stocktaking.check import Check
from webapp.stocktaking.move import Move
from webapp.storage import Storage

IN_FOLDER = ("well", "missing", "spoiled")
IN_BUCKET = ("missing", "well", "spoiled", "of another size")


class DeletingMeanwhile:
    """A bucket in which, at the moment of a call about one of these files, somebody deletes its report."""

    name = "google"

    def __init__(self, store: Storage, doomed: dict[str, tuple[str, int]]) -> None:
        self._store, self._doomed = store, doomed

    def __getattr__(self, method: str) -> object:
        real = getattr(self._store, method)

        def after_deletion(*given: object, **named: object) -> object:
            at, number = self._doomed.get(str(given[0]) if given else "", ("", 0))
            if at == method and db.session.get(File, number):
                report = file(number).report
                report_requests.delete(report, report.requester)
            return real(*given, **named)

        return after_deletion


@given(
    states=st.lists(
        st.tuples(
            st.sampled_from(IN_FOLDER),
            st.sampled_from(IN_BUCKET),
            st.booleans(),
            st.sampled_from(["", "", "", "stat", "put"]),
        ),
        min_size=4,
        max_size=4,
    ),
    removing=st.booleans(),
)
@settings(max_examples=15)
def test_every_row_that_is_left_is_right(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_sqlite: Path,
    bucket: str,
    states: list[tuple[str, str, bool, str]],
    removing: bool,
) -> None:
    tmp_path = tmp_path_factory.mktemp("files")
    (tmp_path / "test.db").write_bytes(migrated_sqlite.read_bytes())
    url = f"sqlite:///{tmp_path / 'test.db'}"
    made = make_files(tmp_path, url, len(states))
    app = build_app(tmp_path, url, storage_bucket=bucket)
    with app.app_context():
        _go_through(app, dict(zip(made, states, strict=True)), removing)
        db.session.remove()
        db.engine.dispose()


def _go_through(app: Flask, states: dict[int, tuple[str, str, bool, str]], removing: bool) -> None:
    folder, google = storage.by_name("local"), storage.by_name("google")
    for key in keys(google):
        google.delete(key)
    doomed = {}
    for number, (in_folder, in_bucket, knows_crc32c, deleted_at) in states.items():
        _lay(file(number), folder, google, in_folder, in_bucket, knows_crc32c)
        if deleted_at:
            doomed[file(number).storage_key] = (deleted_at, number)
    moves = [Move(folder, target, remove_originals=removing) for target in (DeletingMeanwhile(google, doomed), google)]  # type: ignore[list-item]
    for move in moves:
        move.run()
        assert move.tally.files["failed"] == 0
    left = db.session.scalars(select(File)).all()
    assert all(is_right(google, row) for row in left)
    named = sorted(row.storage_key for row in left)
    assert keys(google) == named
    assert set(keys(folder)) <= (set() if removing else set(named))
    check = Check([google, folder], read=True)
    check.run()
    assert check.tally.left() == 0
    assert list(audit.faults()) == []


def _lay(row: File, folder: Storage, google: Storage, in_folder: str, in_bucket: str, knows_crc32c: bool) -> None:
    data = content(folder, row.storage_key)
    assert data
    if in_bucket != "missing":
        held = {"well": data, "spoiled": b"y" * len(data), "of another size": b"short"}[in_bucket]
        put(google, row.storage_key, held)
    if in_folder == "missing":
        folder.delete(row.storage_key)
    elif in_folder == "spoiled":
        spoil(folder, row.storage_key)
    if not knows_crc32c:
        row.crc32c = None
        db.session.commit()
