"""The demo, loaded once for all tests that only look at it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.apps import build_app, close
from tests.clinic_data.demo.loading import NOW, fingerprint, load
from webapp import clock


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(migrated_sqlite, folder / "demo.db")
    app = build_app(folder, f"sqlite:///{folder / 'demo.db'}")
    load(app)
    yield app
    close(app)


@pytest.fixture(scope="session")
def fingerprint_of_demo(loaded: Flask) -> str:
    with loaded.app_context():
        return fingerprint()


@pytest.fixture
def demo(loaded: Flask) -> Iterator[None]:
    with loaded.app_context(), clock.stopped_at(NOW):
        yield


@pytest.fixture
def at_noon() -> Iterator[None]:
    with clock.stopped_at(NOW):
        yield
