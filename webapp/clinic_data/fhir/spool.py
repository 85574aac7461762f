"""Drafts on disk between reading and writing, so that a reference may point forward and memory does not grow with size.

A temporary SQLite file that is gone when the import ends; nothing else reads it.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webapp.clinic_data.fhir.drafts import Draft, digest

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
CREATE TABLE drafts (
    number INTEGER PRIMARY KEY, type TEXT, key TEXT, id TEXT, file TEXT, place TEXT, scope INTEGER, digest TEXT,
    body TEXT, UNIQUE (type, key)
);
CREATE TABLE names (scope INTEGER, name TEXT, type TEXT, key TEXT, PRIMARY KEY (scope, name, type)) WITHOUT ROWID;
CREATE TABLE links (number INTEGER PRIMARY KEY, scope INTEGER, visit_key TEXT, reference TEXT);
"""

_SELECT = "SELECT number, key, id, file, place, scope, digest, body FROM drafts"

EVERYWHERE = 0
"""The scope of names that hold in the whole import; each Bundle has a scope of its own besides."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A draft, where it stood, and the id that its resource has in words (for the error file)."""

    number: int
    key: str
    id: str | None
    file: str
    place: str
    scope: int
    digest: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Link:
    """An encounter names a condition that may not name the encounter."""

    scope: int
    visit_key: str
    reference: str


class Spool:
    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(_TABLES)
        self._database.execute("BEGIN")

    def close(self) -> None:
        self._database.close()

    def put(self, kind: str, key: str, found: Draft, place: tuple[str, str, int], written_id: str | None) -> None:
        """Keep a draft. A resource that comes twice counts as it came last."""
        file, where, scope = place
        body = found.body
        self._database.execute(
            "INSERT INTO drafts (type, key, id, file, place, scope, digest, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (type, key) DO UPDATE SET id = excluded.id, file = excluded.file, place = excluded.place, "
            "scope = excluded.scope, digest = excluded.digest, body = excluded.body",
            (kind, key, written_id, file, where, scope, digest(body), body),
        )

    def link(self, scope: int, visit_key: str, reference: str) -> None:
        self._database.execute(
            "INSERT INTO links (scope, visit_key, reference) VALUES (?, ?, ?)", (scope, visit_key, reference)
        )

    def name(self, scope: int, name: str, kind: str, key: str) -> None:
        """Another name for a resource. A name that two resources of a type share finds neither."""
        self._database.execute(
            "INSERT INTO names VALUES (?, ?, ?, ?) ON CONFLICT (scope, name, type) "
            "DO UPDATE SET key = CASE WHEN key = excluded.key THEN key END",
            (scope, name, kind, key),
        )

    def count(self, kind: str) -> int:
        return int(self._database.execute("SELECT count(*) FROM drafts WHERE type = ?", (kind,)).fetchone()[0])

    def batches(self, kind: str, size: int) -> Iterator[list[Spooled]]:
        """The drafts of a type in the order in which they were first read."""
        last = 0
        while rows := self._database.execute(
            f"{_SELECT} INDEXED BY by_type WHERE type = ? AND number > ? ORDER BY number LIMIT ?",
            (kind, last, size),
        ).fetchall():
            yield [_spooled(row) for row in rows]
            last = rows[-1][0]

    def complete(self) -> None:
        """Reading is done: from now on batches() may be asked."""
        self._database.execute("CREATE INDEX by_type ON drafts (type, number)")

    def links(self, size: int) -> Iterator[list[Link]]:
        last = 0
        while rows := self._database.execute(
            "SELECT number, scope, visit_key, reference FROM links WHERE number > ? ORDER BY number LIMIT ?",
            (last, size),
        ).fetchall():
            yield [Link(*row[1:]) for row in rows]
            last = rows[-1][0]

    def known(self, scope: int, name: str) -> dict[str, str | None]:
        """The resources that go by this name there: type to key, the key None where two share the name."""
        rows = self._database.execute("SELECT type, key FROM names WHERE scope = ? AND name = ?", (scope, name))
        return dict(rows.fetchall())

    def points_to(self, kind: str, key: str) -> Spooled | None:
        """One draft by its key."""
        row = self._database.execute(f"{_SELECT} WHERE type = ? AND key = ?", (kind, key)).fetchone()
        return _spooled(row) if row else None


def _spooled(row: Sequence[Any]) -> Spooled:
    number, key, written_id, file, place, scope, digest_, body = row
    return Spooled(number, key, written_id, file, place, scope, digest_, Draft.from_body(body))


@contextmanager
def spool() -> Iterator[Spool]:
    """An empty spool in the temporary folder (TMPDIR), open to us alone."""
    with tempfile.TemporaryDirectory(prefix="clinic-reports-import-") as folder:
        opened = Spool(Path(folder) / "spool.db")
        try:
            yield opened
        finally:
            opened.close()
