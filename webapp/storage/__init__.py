"""Where files are kept: one store, chosen at start by the settings, spoken to by key.

A store that has no such object raises errors.StorageMissing; one that does not answer, or refuses, raises
errors.StorageBroken. The callers decide what either means.
"""

from typing import BinaryIO, Protocol

from flask import Flask, current_app

from webapp.settings import Settings
from webapp.storage.local import LocalStorage

__all__ = ["Storage", "current", "init_app", "key_for"]


class Storage(Protocol):
    """A place for objects. Keys name their content by hash, so writing one twice writes the same bytes."""

    name: str

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str) -> None:
        """Keep the `size` bytes of `source`, from its start; whatever lies at `key` is replaced as a whole, or not at
        all. Raises StorageBroken."""

    def open(self, key: str) -> BinaryIO:
        """The bytes, unchecked, to be read once and closed. Raises StorageMissing and StorageBroken."""

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no fault. Raises StorageBroken."""


def key_for(report_id: str, sha256: str, extension: str) -> str:
    """The one place where a key is spelled: no names, and no two reports share an object."""
    return f"reports/{report_id}/{sha256}.{extension}"


def init_app(app: Flask) -> None:
    """Choose the store: the bucket of STORAGE_BUCKET, or else a folder."""
    settings: Settings = app.config["SETTINGS"]
    if settings.storage_bucket:
        # Google's client takes a second to import, which an app on a folder should not pay for.
        from webapp.storage.google import GoogleStorage

        app.extensions["storage"] = GoogleStorage(settings.storage_bucket)
    else:
        assert settings.storage_folder is not None
        app.extensions["storage"] = LocalStorage(settings.storage_folder)


def current() -> Storage:
    """The store of the running app."""
    store: Storage = current_app.extensions["storage"]
    return store
