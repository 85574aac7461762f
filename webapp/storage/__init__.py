"""Where files are kept: one store, chosen at start by the settings, spoken to by key.

A store that has no such object raises errors.StorageMissing; one that does not answer, or refuses, raises
errors.StorageBroken, which says why. The callers decide what either means.
"""

import logging

from flask import Flask, current_app

from webapp.errors import StorageNotConfigured
from webapp.settings import Settings
from webapp.storage.breaker import Guarded
from webapp.storage.local import LocalStorage
from webapp.storage.store import Incoming, Storage, Stored

__all__ = [
    "Incoming",
    "Storage",
    "Stored",
    "by_name",
    "current",
    "init_app",
    "is_set_up",
    "key_for",
    "key_for_upload",
    "old_folder",
    "warn_of_a_lack",
]

log = logging.getLogger(__name__)

NO_STORE = (
    "NO FILE STORE: neither STORAGE_BUCKET nor STORAGE_FOLDER is set, so no file of a report can be downloaded; "
    "reports can be read on their pages."
)
SET_ONE_UP = "Set STORAGE_BUCKET, or STORAGE_FOLDER where a disk lasts, as docs/deploying.md says, and start again."
ONLY_A_FOLDER = (
    "NO BUCKET: STORAGE_BUCKET is not set, so files of reports are kept in a folder of this machine alone; one that is "
    "lost is made again from its figures."
)


def key_for(report_id: str, sha256: str, extension: str) -> str:
    """The one place where a key is spelled: no names, and no two reports share an object."""
    return f"reports/{report_id}/{sha256}.{extension}"


def key_for_upload(upload_id: str, sha256: str) -> str:
    """The same for a sheet that somebody brought. Its own name may tell of a patient, and stands in no key."""
    return f"uploads/{upload_id}/{sha256}"


def init_app(app: Flask) -> None:
    """Choose the store by the settings. Nothing is connected yet: the app starts whatever state the store is in."""
    settings: Settings = app.config["SETTINGS"]
    if settings.store != "none":
        store = _made(settings.store, settings)
        # A folder answers at once, whatever is wrong; a bucket that does not is not waited for twice.
        app.extensions["storage"] = store if settings.store == "local" else Guarded(store)


def warn_of_a_lack() -> None:
    """One loud line in the log of the running app where it has no bucket; for the start of what keeps or hands out
    files."""
    if not is_set_up():
        log.warning("%s %s", NO_STORE, SET_ONE_UP)
    elif current().name == "local":
        log.warning(ONLY_A_FOLDER)


def is_set_up() -> bool:
    """Whether the running app has a store."""
    return "storage" in current_app.extensions


def current() -> Storage:
    """The store of the running app. Raises StorageNotConfigured where there is none."""
    if not is_set_up():
        raise StorageNotConfigured("no file store is configured")
    store: Storage = current_app.extensions["storage"]
    return store


def old_folder() -> LocalStorage | None:
    """The folder where files were kept before there was a bucket, while it is there."""
    settings: Settings = current_app.config["SETTINGS"]
    folder = settings.files_folder
    return LocalStorage(folder) if settings.storage_bucket and folder.is_dir() else None


def by_name(name: str) -> Storage:
    """One of models.file.STORES by the running app's settings, without a breaker: for commands, which can wait. Raises
    StorageNotConfigured where the settings name no bucket for it."""
    settings: Settings = current_app.config["SETTINGS"]
    if name not in ("local", settings.storage_service if settings.storage_bucket else "local"):
        raise StorageNotConfigured(f"no {name} store is configured")
    return _made(name, settings)


def _made(name: str, settings: Settings) -> Storage:
    if name == "local":
        return LocalStorage(settings.files_folder)
    # The clients take a second to import, which an app on a folder should not pay for.
    if name == "s3":
        from webapp.storage.s3 import S3Storage

        return S3Storage.configured(settings)
    from webapp.storage.google import GoogleStorage

    return GoogleStorage.configured(settings)
