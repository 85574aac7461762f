"""The stored files of sheets that people brought: moved and checked as files of reports are, but nothing can make one
again. One that is lost is told of, and repair has its row say so; its measurements are in the records all the same."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, collate, select, update

from webapp.errors import StorageBroken, StorageMissing
from webapp.extensions import db
from webapp.models import Upload
from webapp.stocktaking.objects import fetched, remove_unless_named
from webapp.stocktaking.rows import PAGE
from webapp.storage import Storage, Stored

FOLDER = "uploads"
CONTENT_TYPE = "application/octet-stream"


class SheetRow(NamedTuple):
    """What a row said when it was read, as models.Upload."""

    id: str
    sha256: str
    size: int
    store: str
    storage_key: str


def by_key() -> Iterator[SheetRow]:
    """All sheets with a stored file, in the order in which a store lists its objects."""
    named: Any = Upload.storage_key
    key = collate(named, "C" if db.engine.dialect.name == "postgresql" else "BINARY")
    return _paged(key, lambda row: key > row.storage_key)


def lying_in(store: str) -> Iterator[SheetRow]:
    """The sheets whose file lies in that store."""
    return _paged(Upload.id, lambda row: Upload.id > row.id, Upload.store == store)


def naming(key: str) -> SheetRow | None:
    """The row that names this object, in whichever store."""
    return next(iter(_page(Upload.id, Upload.storage_key == key)), None)


def again(row: SheetRow) -> SheetRow | None:
    """The same row as it is now; None where it is gone, or names no file any more."""
    return next(iter(_page(Upload.id, Upload.id == row.id)), None)


def _paged(
    order: ColumnElement[Any] | Any, after: Callable[[SheetRow], ColumnElement[bool]], *conditions: ColumnElement[bool]
) -> Iterator[SheetRow]:
    page = _page(order, *conditions)
    while page:
        yield from page
        page = _page(order, *conditions, after(page[-1]))


def _page(order: ColumnElement[Any] | Any, *conditions: ColumnElement[bool]) -> list[SheetRow]:
    columns = [getattr(Upload, name) for name in SheetRow._fields]
    wanted = select(*columns).where(Upload.store.is_not(None), *conditions).order_by(order).limit(PAGE)
    page = [SheetRow(*row) for row in db.session.execute(wanted)]
    db.session.commit()
    return page


def _rewrite(row: SheetRow, **values: Any) -> bool:
    """One conditional UPDATE, committed; False where the row is not as it was any more."""
    was = (Upload.id == row.id, Upload.store == row.store, Upload.storage_key == row.storage_key)
    changed = db.session.execute(
        update(Upload).where(*was).values(**values), execution_options={"synchronize_session": False}
    )
    db.session.commit()
    return bool(cast("CursorResult[Any]", changed).rowcount)


# ---- moved ----------------------------------------------------------------------------------------------------------


def move(row: SheetRow, source: Storage, target: Storage) -> Literal["moved", "already there", "skipped"]:
    """Put the file of a sheet in another store, see that it is there, and only then rewrite its row. Raises
    StorageBroken, also where the source does not hold it any more, with the row as it was."""
    outcome: Literal["moved", "already there"] = "already there"
    if not _is_whole(target, row):
        try:
            with fetched(source, row.storage_key) as (spool, what):
                if what.sha256 != row.sha256:
                    raise StorageBroken("other bytes are there than were brought", why="altered")
                target.put(
                    row.storage_key, spool, size=what.size, content_type=CONTENT_TYPE, download_name="sheet"
                )  # fmt: skip
        except StorageMissing as fault:
            raise StorageBroken("the file of a sheet is not there any more", why="altered") from fault
        if not _is_whole(target, row):
            raise StorageBroken("other bytes are there than were put", why="altered")
        outcome = "moved"
    if _rewrite(row, store=target.name):
        return outcome
    remove_unless_named(row.storage_key, target)
    return "skipped"


def left_behind(source: Storage, target: Storage) -> Iterator[str]:
    """The keys of originals whose files are safe in the target."""
    for stored in source.list(FOLDER):
        row = naming(stored.key)
        if row and row.store == target.name and _is_whole(target, row):
            yield stored.key


def _is_whole(store: Storage, row: SheetRow) -> bool:
    """Whether the store holds the bytes that were brought; they are read."""
    try:
        with fetched(store, row.storage_key) as (_, what):
            return what.sha256 == row.sha256
    except StorageMissing:
        return False


# ---- checked --------------------------------------------------------------------------------------------------------


def merged(stores: Iterable[Storage]) -> Iterator[tuple[str, SheetRow | None, dict[str, Stored]]]:
    """By key: the row that names it, if one does, and what is listed under it by the name of the store."""
    of_rows: Iterator[tuple[str, str, Any]] = ((row.storage_key, "", row) for row in by_key())
    for key, found in groupby(heapq.merge(of_rows, *map(_listed, stores), key=itemgetter(0)), key=itemgetter(0)):
        named: dict[str, Any] = {name: item for _, name, item in found}
        yield key, named.pop("", None), named


def _listed(store: Storage) -> Iterator[tuple[str, str, Stored]]:
    return ((stored.key, store.name, stored) for stored in store.list(FOLDER))


def is_well(row: SheetRow, stores: dict[str, Storage], listed: dict[str, Stored], *, read: bool) -> bool:
    """Whether its store holds it, by the store's own word, or with `read` by its bytes. Raises StorageBroken."""
    if row.store not in listed or listed[row.store].size != row.size:
        return False
    return not read or _is_whole(stores[row.store], row)


def examine(row: SheetRow, stores: dict[str, Storage], *, repair: bool) -> tuple[str, str]:
    """What is wrong with one that seemed not to be well, by its bytes: "misplaced", "missing", "unreadable", or
    nothing; and a sentence. With `repair` its row says then where it is, or that it is lost. Raises StorageBroken."""
    if again(row) != row:
        return "", ""
    if row.store not in stores:
        return "unreadable", f"{row.storage_key} lies in the {row.store} store, which the settings do not name."
    where = next((name for name in (row.store, *stores) if _is_whole(stores[name], row)), None)
    if where == row.store:
        return "", ""
    if where:
        done = " Its row is put right." if repair and _rewrite(row, store=where) else ""
        return "misplaced", f"{row.storage_key} lies in the {where} store, where its row does not look for it.{done}"
    sentence = f"{row.storage_key}, a sheet that somebody brought, is missing, or not what was stored."
    if repair and _rewrite(row, store=None, storage_key=None):
        remove_unless_named(row.storage_key, *stores.values())
        sentence += " Its row says so now: what it measured is in the records, and only the copy of the file is lost."
    return "missing", sentence
