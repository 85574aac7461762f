"""Stored objects that must go, because their report went: written down until the store has removed them."""

import logging
from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from webapp import storage
from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing, StorageNotConfigured
from webapp.extensions import db
from webapp.models import UnwantedObject
from webapp.storage import Storage

log = logging.getLogger(__name__)

Place = tuple[str, str]
"""The name of a store, and a key in it."""


def write_down(store: str, key: str) -> None:
    """That an object must go, in the running transaction."""
    with suppress(IntegrityError), db.session.begin_nested():
        db.session.add(UnwantedObject(store=store, key=key))


def forget(store: str, key: str) -> None:
    """That an object need not go after all, in the running transaction."""
    db.session.execute(delete(UnwantedObject).where(UnwantedObject.store == store, UnwantedObject.key == key))


def remove(places: Iterable[Place], deadline: Deadline | None = None) -> None:
    """Have the stores remove these objects. What cannot be removed now, or in time, stays written down. Nothing else
    may be left to commit."""
    stores: dict[str, Storage | None] = {}
    for name, key in places:
        if deadline is not None and deadline.has_passed:
            return
        try:
            if name not in stores:
                stores[name] = _store(name)
            store = stores[name]
            if store is None:
                continue
            with suppress(StorageMissing):
                store.delete(key)
        except (StorageBroken, StorageNotConfigured) as fault:
            # It is not asked for the others either: each would be waited for.
            stores[name] = None
            log.warning("a file of a removed report is left in the store for now: %s", fault)
            continue
        forget(name, key)
        db.session.commit()


def _store(name: str) -> Storage:
    """The running app's own store has a breaker, so it is the one to ask where it is the same."""
    if storage.is_set_up() and storage.current().name == name:
        return storage.current()
    return storage.by_name(name)
