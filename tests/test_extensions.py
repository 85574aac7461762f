"""What every connection to a database is given."""

from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import text

from webapp.extensions import db


def test_sqlite_checks_foreign_keys_keeps_a_write_ahead_log_and_waits_its_turn(context: Flask) -> None:
    asked = ("foreign_keys", "journal_mode", "busy_timeout", "synchronous")
    found = {name: db.session.scalar(text(f"PRAGMA {name}")) for name in asked}
    assert found == {"foreign_keys": 1, "journal_mode": "wal", "busy_timeout": 15000, "synchronous": 1}


def test_an_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    app = build_app(tmp_path, f"sqlite:///{tmp_path / 'new.db'}")
    with app.app_context():
        db.session.execute(text("CREATE TABLE patients (name TEXT)"))
        db.session.commit()
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("new.db*")}
        assert modes == dict.fromkeys(["new.db", "new.db-wal", "new.db-shm"], "0o600")
    close(app)


def test_a_database_in_memory_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = build_app(tmp_path / "data", "sqlite:///:memory:")
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1
    close(app)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_postgresql_connections_are_pooled_as_the_settings_say(tmp_path: Path, postgres_url: str) -> None:
    app = build_app(tmp_path, postgres_url, database_pool_size=2)
    with app.app_context():
        held = [db.engine.connect() for _ in range(4)]
        assert (db.engine.pool.size(), db.engine.pool.overflow()) == (2, 2)  # type: ignore[attr-defined]
        ours = "datname = current_database() AND pid <> pg_backend_pid()"
        held[0].execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"))
        for connection in held:
            connection.close()
        # The server has dropped those that lie in the pool: whoever takes one gets a new one instead.
        with db.engine.connect() as one, db.engine.connect() as other:
            assert [connection.scalar(text("SELECT 1")) for connection in (one, other)] == [1, 1]
    close(app)
