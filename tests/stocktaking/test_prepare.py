"""A store is made ready, and says what was done."""

from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask

from webapp.errors import StorageBroken
from webapp.storage.google import GoogleStorage


def run(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["storage", "prepare"])
    return done.exit_code, done.output


def test_a_folder_needs_none(app: Flask, tmp_path: Path) -> None:
    assert run(app) == (0, f"Files are kept in the folder {tmp_path / 'files'}. It needs no preparing.\n")


def test_no_store_is_told(tmp_path: Path, sqlite_url: str) -> None:
    app = build_app(tmp_path, sqlite_url, app_env="production")
    assert run(app) == (
        1,
        "Error: No file store is set up: set STORAGE_BUCKET, or STORAGE_FOLDER where a disk lasts.\n",
    )
    close(app)


def test_a_bucket_says_what_was_done_or_why_not(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build_app(tmp_path, sqlite_url, storage_bucket="reports")
    monkeypatch.setattr(GoogleStorage, "prepare", lambda store: iter(["The bucket is there."]), raising=False)
    assert run(app) == (0, "The bucket is there.\n")

    def refused(_store: GoogleStorage) -> None:
        raise StorageBroken("Forbidden", why="refused")

    monkeypatch.setattr(GoogleStorage, "prepare", refused)
    code, told = run(app)
    assert (code, "refuses our rights" in told) == (1, True)
    close(app)
