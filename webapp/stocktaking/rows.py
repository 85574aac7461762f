"""The rows of files, read in pages, so that there may be any number of them, and rewritten one at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, Select, collate, func, select, tuple_, update

from webapp.extensions import db
from webapp.models import File, Report, Upload

PAGE = 5_000


class FileRow(NamedTuple):
    """What a row said when it was read, as models.File, and the number of its report."""

    id: int
    report_id: str
    number: str
    format: str
    sha256: str
    first_sha256: str | None
    size: int
    crc32c: str | None
    store: str | None
    storage_key: str


def oldest_first(store: str) -> Iterator[FileRow]:
    """The files that lie in one store."""
    last = 0
    while page := _page(_rows().where(File.store == store, File.id > last).order_by(File.id)):
        yield from page
        last = page[-1].id


def by_key() -> Iterator[FileRow]:
    """All files in the order in which a store lists its objects, which a database's own collation may not be."""
    key = collate(File.storage_key, "C" if db.engine.dialect.name == "postgresql" else "BINARY")
    after: ColumnElement[bool] | None = None
    while page := _page((_rows() if after is None else _rows().where(after)).order_by(key, File.id)):
        yield from page
        after = tuple_(key, File.id) > tuple_(page[-1].storage_key, page[-1].id)


def again(row: FileRow) -> FileRow | None:
    """The same row as it is now, or None where it is gone."""
    return next(iter(_page(_rows().where(File.id == row.id))), None)


def is_as_it_was(row: FileRow) -> bool:
    return again(row) == row


def naming(key: str) -> FileRow | None:
    """A row that names this object, in whichever store."""
    return next(iter(_page(_rows().where(File.storage_key == key))), None)


def count(store: str | None = None) -> int:
    """How many files of reports and sheets there are, or lie in one store."""
    files = select(func.count()).select_from(File)
    sheets = select(func.count()).where(Upload.store.is_not(None))
    if store:
        files, sheets = files.where(File.store == store), sheets.where(Upload.store == store)
    found = (db.session.scalar(files) or 0) + (db.session.scalar(sheets) or 0)
    db.session.commit()
    return found


def is_named(key: str) -> bool:
    """Whether a row of a file or of a sheet names this object, in whichever store."""
    sheet = select(Upload.id).where(Upload.storage_key == key)
    found = naming(key) is not None or db.session.scalar(sheet) is not None
    db.session.commit()
    return found


def rewrite(row: FileRow, **values: Any) -> bool:
    """One conditional UPDATE, not committed; False where the row is gone, or names another place or object by now."""
    was_there = (File.id == row.id, File.store.is_not_distinct_from(row.store), File.storage_key == row.storage_key)
    changed = db.session.execute(
        update(File).where(*was_there).values(**values), execution_options={"synchronize_session": False}
    )
    return bool(cast("CursorResult[Any]", changed).rowcount)


def _rows() -> Select[Any]:
    columns = [getattr(Report if name == "number" else File, name) for name in FileRow._fields]
    return select(*columns).join(Report, File.report_id == Report.id)


def _page(query: Select[Any]) -> list[FileRow]:
    """At the most a page of rows, and the transaction is ended: what is done with them may take long."""
    page = [FileRow(*row) for row in db.session.execute(query.limit(PAGE))]
    db.session.commit()
    return page
