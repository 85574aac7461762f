from collections.abc import Iterator
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask

from tests.health.standins import say_that_a_worker_lives


@pytest.fixture
def well(tmp_path: Path, sqlite_url: str, redis_url: str) -> Iterator[Flask]:
    """An app whose parts all work, with a worker that says it lives."""
    app = build_app(tmp_path, sqlite_url, redis_url=redis_url, temp_folder=tmp_path / "temporary")
    with app.app_context():
        say_that_a_worker_lives()
    yield app
    app.extensions["redis"].close()
    close(app)
