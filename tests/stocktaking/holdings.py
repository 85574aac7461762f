"""What the stores of a test hold, and what is done to it."""

import hashlib
import io

from sqlalchemy import select

from webapp.clock import Deadline
from webapp.errors import StorageMissing
from webapp.extensions import db
from webapp.models import AuditEntry, File
from webapp.storage import Storage


def file(number: int) -> File:
    """The file of that id, as its row is now."""
    return db.session.get_one(File, number, populate_existing=True)


def content(store: Storage, key: str) -> bytes | None:
    try:
        with store.read(key, Deadline(20)) as incoming:
            return b"".join(incoming.chunks)
    except StorageMissing:
        return None


def is_right(store: Storage, row: File) -> bool:
    """Whether the row says this store, and the store holds what the row says."""
    data = content(store, row.storage_key)
    return row.store == store.name and data is not None and hashlib.sha256(data).hexdigest() == row.sha256


def keys(store: Storage) -> list[str]:
    return [stored.key for stored in store.list()]


def spoil(store: Storage, key: str) -> None:
    """Other bytes, of the same number."""
    data = content(store, key)
    assert data
    store.delete(key)
    put(store, key, b"x" * len(data))


def put(store: Storage, key: str, data: bytes) -> None:
    store.put(key, io.BytesIO(data), size=len(data), content_type="text/csv", download_name="VT.csv")


def audited(action: str) -> list[str]:
    """The details of the entries of that action, oldest first."""
    entries = select(AuditEntry.details).where(AuditEntry.action == action).order_by(AuditEntry.number)
    return list(db.session.scalars(entries))
