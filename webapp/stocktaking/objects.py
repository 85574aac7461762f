"""One file in a store: looked at, fetched, put there so that its row says so, or made again from its figures."""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, cast

from webapp import generate, storage
from webapp.clock import Deadline
from webapp.errors import ReportGone, StorageBroken, StorageMissing
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.generate import keeping, making
from webapp.models import Report
from webapp.stocktaking import rows
from webapp.stocktaking.rows import FileRow
from webapp.storage import Storage, Stored
from webapp.storage.measure import Measured, Measuring

log = logging.getLogger(__name__)

FETCH_SECONDS = 600
"""Nobody waits at a page for a command."""
IN_MEMORY = 2 * 1024 * 1024

Why = Literal["missing", "corrupt"]
"""Why a file must be made again."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a store holds of a file, and the CRC32C (base64) of that where it became known."""

    state: Literal["well", "missing", "corrupt"]
    crc32c: str | None = None

    @property
    def is_well(self) -> bool:
        return self.state == "well"


def look(store: Storage, row: FileRow, *, read: bool = False, stored: Stored | None = None) -> Look:
    """Whether the store holds what the row says, by the store's own word, as listed in `stored` or asked for; by the
    bytes where that does not tell, or with `read`. Raises StorageBroken."""
    try:
        if stored is None or not stored.crc32c:
            # Of one object some stores say more than in a list.
            stored = store.stat(row.storage_key)
        if stored.size != row.size or (stored.crc32c and row.crc32c and stored.crc32c != row.crc32c):
            return Look("corrupt")
        if stored.crc32c and row.crc32c and not read:
            return Look("well", stored.crc32c)
        found = _read(store, row.storage_key, lambda chunk: None)
    except StorageMissing:
        return Look("missing")
    return Look("well", found.crc32c) if found.sha256 == row.sha256 else Look("corrupt")


@contextmanager
def fetched(store: Storage, key: str) -> Iterator[tuple[BinaryIO, Measured]]:
    """An object, in a temporary spool, and what it is. Raises StorageMissing and StorageBroken."""
    with cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)) as spool:
        try:
            found = _read(store, key, spool.write)
            spool.seek(0)
        except OSError as fault:
            raise StorageBroken("the temporary folder cannot be written to", why="full") from fault
        yield spool, found


def _read(store: Storage, key: str, write: Callable[[bytes], object]) -> Measured:
    measuring = Measuring()
    with store.read(key, Deadline(FETCH_SECONDS)) as incoming:
        for chunk in measuring.passing(incoming.chunks):
            write(chunk)
    found = measuring.so_far
    if incoming.size not in (None, found.size) or incoming.crc32c not in (None, found.crc32c):
        raise StorageBroken("other bytes came than the store announced", why="altered")
    return found


def put(row: FileRow, store: Storage, source: BinaryIO, what: Measured, *, remade: Why | None = None) -> bool:
    """Put a file in a store, see that it is there, and only then rewrite its row and commit; False where the row is not
    as it was any more, so that nothing of ours is left behind. Raises StorageBroken, with the row as it was."""
    item, key = FORMATS[row.format], row.storage_key
    if what.sha256 != row.sha256:
        key = storage.key_for(row.report_id, what.sha256, item.extension)
    name = f"{row.number}.{item.extension}"
    store.put(key, source, size=what.size, content_type=item.content_type, download_name=name)
    _verify(store, key, what)
    values: dict[str, Any] = {"store": store.name, "storage_key": key, "crc32c": what.crc32c}
    if key != row.storage_key:
        values |= {"sha256": what.sha256, "size": what.size, "first_sha256": row.first_sha256 or row.sha256}
    is_ours = rows.rewrite(row, **values)
    if is_ours and remade:
        if what.sha256 != row.sha256:
            keeping.record_redrawn(row.report_id, row.format, was_sha256=row.sha256, sha256=what.sha256)
        making.record_made_again(row.report_id, row.format, remade, was_sha256=row.sha256, sha256=what.sha256)
    db.session.commit()
    if not is_ours:
        remove_unless_named(key, store)
    return is_ours


def _verify(store: Storage, key: str, what: Measured) -> None:
    try:
        stored = store.stat(key)
        crc32c = stored.crc32c or _read(store, key, lambda chunk: None).crc32c
    except StorageMissing as fault:
        raise StorageBroken("what was put is not there", why="altered") from fault
    if (stored.size, crc32c) != (what.size, what.crc32c):
        raise StorageBroken("other bytes are there than were put", why="altered")


def make_again(row: FileRow, why: Why, store: Storage, others: Iterable[Storage]) -> str | None:
    """Draw a file from its frozen figures and put it in a store, audited; its SHA-256, or None where the row is not as
    it was any more. Where that is another than before, what lies under the old key goes from there and the `others`.

    Raises StorageBroken, errors.RenderFailed, errors.FiguresDamaged and errors.ReportGone.
    """
    report = db.session.get(Report, row.report_id, populate_existing=True)
    if report is None:
        raise ReportGone("deleted before it was made again")
    drawn = generate.draw(report, row.format)
    with drawn.stream:
        if not put(row, store, drawn.stream, Measured(drawn.size, drawn.sha256, drawn.crc32c), remade=why):
            return None
    if drawn.sha256 != row.sha256:
        remove_unless_named(row.storage_key, store, *others)
    return drawn.sha256


def remove_unless_named(key: str, *stores: Storage) -> bool:
    """Remove an object wherever it lies, if no row names it at this moment; whether it is gone. One that a store does
    not remove now is an orphan that says nothing, which the next check finds."""
    if rows.is_named(key):
        return False
    try:
        for store in stores:
            store.delete(key)
    except StorageBroken as fault:
        log.warning("an object that no file names is left in a store: %s", fault)
        return False
    return True
