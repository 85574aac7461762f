"""Each test of figures runs on both databases, and asks on a snapshot as a worker does."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import NullPool, create_engine, delete, make_url

from tests.content.random_clinic import add_random_clinics
from tests.content.reading import Ask
from tests.factories import add_clinic
from webapp import content
from webapp.content import Question
from webapp.content.question import Comparison
from webapp.extensions import db, snapshot
from webapp.figures import Content
from webapp.models import Clinic, Measurement, Person, Report, Upload


@pytest.fixture(scope="session")
def app_on_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("sqlite")
    shutil.copy(migrated_sqlite, folder / "figures.db")
    app = build_app(folder, f"sqlite:///{folder / 'figures.db'}")
    yield app
    close(app)


@pytest.fixture(scope="session")
def app_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[Flask]:
    server = create_engine(postgres, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE figures TEMPLATE migrated STRATEGY FILE_COPY")
    url = make_url(postgres).set(database="figures").render_as_string(hide_password=False)
    app = build_app(tmp_path_factory.mktemp("postgres"), url)
    yield app
    close(app)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of the database that the test runs on, in an app context. All records of a test hang on its clinics and
    go with them, after people with their reports and sheets: that is many times faster than a new database each."""
    app = request.getfixturevalue(f"app_on_{request.param}")
    with app.app_context():
        yield request.param
        db.session.rollback()
        for model in (Report, Measurement, Upload, Person, Clinic):
            db.session.execute(delete(model))
        db.session.commit()


@pytest.fixture
def clinic(database: str) -> Clinic:
    return add_clinic(timezone="Asia/Manila")


@pytest.fixture
def ask(clinic: Clinic) -> Ask:
    """ask("visit_trends", filter=value): the figures of the clinic for October 2026, or from `start` to `end`."""

    def build(
        template: str,
        start: date = date(2026, 10, 1),
        end: date = date(2026, 10, 31),
        compare: Comparison = "before",
        **filters: str,
    ) -> Content:
        question = Question(template, clinic.id, clinic.timezone, start, end, filters=filters, compare=compare)
        with snapshot() as connection:
            return content.build(connection, question)

    return build


@pytest.fixture
def random_clinics(database: str) -> list[Clinic]:
    return add_random_clinics([25, 10], seed=7)
