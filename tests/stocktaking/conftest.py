"""Files in a folder and a bucket of the emulator, and apps that know either one or both."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from click.testing import Result
from flask import Flask
from gcp_storage_emulator.server import create_server
from google.cloud.storage import Client
from sqlalchemy import select

from tools.processes import free_port
from webapp import generate, storage
from webapp.extensions import db
from webapp.models import File
from webapp.storage import Storage

Run = Callable[..., Result]


@pytest.fixture(scope="package")
def emulator() -> Iterator[str]:
    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket of the test's own."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    name = f"bucket-{uuid.uuid4().hex}"
    client = Client()
    client.create_bucket(name)
    client.close()
    return name


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> list[int]:
    """The ids of three files in the folder, made by an app that knows no bucket; once on each database."""
    return make_files(tmp_path, database_url, 3)


@pytest.fixture
def moving(tmp_path: Path, database_url: str, made: list[int], bucket: str) -> Iterator[Flask]:
    """An app inside its context that has the bucket, and its files in the folder still."""
    app = build_app(tmp_path, database_url, storage_bucket=bucket)
    with app.app_context():
        yield app
    close(app)


@pytest.fixture
def folder(moving: Flask) -> Storage:
    return storage.by_name("local")


@pytest.fixture
def google(moving: Flask) -> Storage:
    return storage.by_name("google")


@pytest.fixture
def flask(moving: Flask) -> Run:
    def run(*words: str) -> Result:
        result = moving.test_cli_runner().invoke(args=["storage", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


def make_files(folder: Path, database_url: str, count: int) -> list[int]:
    app = build_app(folder, database_url)
    with app.app_context():
        clinic = factories.add_clinic()
        for _ in range(count):
            generate.make(factories.add_asked_report(format="csv", clinic=clinic).id)
        ids = list(db.session.scalars(select(File.id).order_by(File.id)))
    close(app)
    return ids
