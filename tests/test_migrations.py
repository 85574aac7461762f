import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from apps import build_app, close
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CheckConstraint
from sqlalchemy.sql.schema import Table

from webapp import audit
from webapp.extensions import db
from webapp.settings import PROJECT


def schema(connection: Connection) -> list[tuple[str, ...]]:
    """Everything the database knows of its tables, triggers and functions."""
    if connection.dialect.name == "sqlite":
        query = "SELECT type, name, sql FROM sqlite_master WHERE name <> 'alembic_version' AND sql IS NOT NULL"
    else:
        query = (
            "SELECT 'column', table_name || '.' || column_name, data_type || is_nullable"
            " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
            " UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            " UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'"
            " UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            " UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
    # SQLite keeps the words of the statement that made a table, whose constraints may stand in any order.
    return sorted(
        (kind, name, "\n".join(sorted(part.strip(" \t\n,") for part in told.splitlines())))
        for kind, name, told in connection.execute(text(query))
    )


@pytest.fixture
def migrated(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    app = build_app(tmp_path, database_url)
    with app.app_context():
        yield app
    close(app)


def test_the_migrations_are_one_line_from_the_first_to_the_last() -> None:
    script = ScriptDirectory(str(PROJECT / "migrations"))
    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert not any(revision.is_branch_point or revision.is_merge_point for revision in script.walk_revisions())


def test_migrations_equal_the_models(migrated: Flask) -> None:
    check()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_every_check_of_the_models_is_in_the_database(migrated: Flask) -> None:
    """Alembic does not compare CHECK constraints, so we do: by name, and by the words and numbers in them."""
    inspector = inspect(db.engine)
    for table in db.metadata.sorted_tables:
        wanted = checks(table)
        found = {item["name"]: item["sqltext"] for item in inspector.get_check_constraints(table.name)}
        assert set(wanted) == set(found), table.name
        for name, condition in wanted.items():
            assert values(condition) == values(found[name]), name


def checks(table: Table) -> dict[str, str]:
    return {
        str(item.name): str(item.sqltext)
        for item in table.constraints
        if isinstance(item, CheckConstraint) and item.name
    }


def values(condition: str) -> list[str]:
    """The words and numbers of a condition; the rest of it PostgreSQL rewrites, and adds casts."""
    return sorted(re.findall(r"'[^']*'|\b\d+\b", re.sub(r"::[\w ]+(\(\d+\))?", "", condition)))


def test_down_and_up_again_gives_the_same_database(migrated: Flask) -> None:
    with db.engine.connect() as connection:
        before = schema(connection)
    assert len(before) > 50
    downgrade(revision="base")
    with db.engine.connect() as connection:
        assert schema(connection) == []
    upgrade()
    with db.engine.connect() as connection:
        assert schema(connection) == before
    audit.record("report.asked", "report:1")
    db.session.commit()
    assert list(audit.faults()) == []


def test_upgrading_what_is_up_to_date_changes_nothing(migrated: Flask) -> None:
    audit.record("report.asked", "report:1")
    db.session.commit()
    with db.engine.connect() as connection:
        before = schema(connection)
    upgrade()
    with db.engine.connect() as connection:
        assert schema(connection) == before
    assert list(audit.faults()) == []
