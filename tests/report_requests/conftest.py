from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import event

from webapp import clock
from webapp.extensions import db
from webapp.models import Clinic, Person


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with count_queries() as queries:` fills the list with the statements that the block ran."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def at_noon():  # type: ignore[no-untyped-def]
    """Noon of 22 November 2026 at the clinic."""
    with clock.stopped_at(datetime(2026, 11, 22, 4, tzinfo=UTC)):
        yield


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    with app.app_context():
        return factories.add_clinic("Riverside Clinic", timezone="Asia/Manila")


@pytest.fixture
def person(app: Flask, clinic: Clinic) -> Person:
    with app.app_context():
        return factories.add_person("staff", clinic)


@pytest.fixture
def client(app: Flask, person: Person) -> PageClient:
    return page_client(app).sign_in(person)
