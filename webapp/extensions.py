"""The Flask extensions, one of each, bound to the app in create_app()."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Constraints have names, so that a migration can drop them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
if TYPE_CHECKING:
    Model = Base  # The class that Flask-SQLAlchemy makes at run time is unknown to the type checker.
else:
    Model = db.Model
migrate = Migrate(render_as_batch=True, compare_type=True)
login_manager = LoginManager()
csrf = CSRFProtect()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """SQLite checks foreign keys only when asked; WAL lets the web read while a worker writes."""
    if not isinstance(connection, sqlite3.Connection):
        return
    for pragma in ("busy_timeout = 15000", "foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A read-only connection on which every query sees the database as it was at the first one, so that the figures of
    one report agree with each other while visits keep coming in. Needs an app context."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            # The driver opens a transaction only before a write; a read needs to be told.
            connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        except BaseException:
            # What stopped us may have struck in the middle of a command: such a connection is of no use to anybody.
            connection.invalidate()
            raise
        connection.rollback()


def start_afresh() -> None:
    """Roll back the session's transaction; where not even that can be done, leave the session. Needs an app context."""
    try:
        db.session.rollback()
    except Exception:  # noqa: BLE001 the driver's and the session's own complaints alike
        leave_session()


def leave_session() -> None:
    """Close the session with its connection, whatever state an alarm has left them in: the next use of db.session is a
    new one, which knows none of the old one's objects. Needs an app context."""
    with suppress(Exception):
        db.session().invalidate()
    db.session.registry.clear()
