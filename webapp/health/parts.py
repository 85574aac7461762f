"""The parts, and how each is looked at: live, in words for administrators."""

import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Literal

from flask import current_app
from sqlalchemy import QueuePool, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock, queues, storage
from webapp.clock import Deadline
from webapp.errors import QueueDown, StorageBroken, StorageMissing, StoreFault
from webapp.extensions import db
from webapp.generate import keeping
from webapp.health.looks import Check, Part
from webapp.models import FileMaking, Report
from webapp.settings import Settings
from webapp.storage import Storage
from webapp.storage.told import TOLD
from webapp.words import moment, number, plural

DATABASE, REDIS, QUEUE, FILE_STORE, TEMP = "Database", "Redis", "Queue", "File store", "Temporary folder"

LONG_WAIT = timedelta(minutes=5)
"""A report takes seconds; who waits this long waits for workers, not for the report."""

FULL = 64 * 1024**2
"""Bytes free, below which a disk counts as full: the file of one large report may not fit any more."""

STORE_SECONDS = 4
"""A healthy store writes, reads and removes a tiny object in well under a second; a person is waiting for the page."""

MADE_AGAIN = "downloads are made again from their figures"

DATABASE_TO_DO = "Check that the database runs, that this machine reaches it, and that DATABASE_URL is right."
DATABASE_VERDICT = "The database does not answer: nobody can sign in or ask for reports"
REDIS_TO_DO = "Start Redis again, or check REDIS_URL. Nothing is lost: what waits starts by itself when it is back."
REDIS_VERDICT = "Redis cannot be reached: reports wait"
QUEUE_TO_DO = "Look at the database and at Redis first, then at the log."
TEMP_VERDICT = "The temporary folder cannot be used: no file can be made"
TEMP_TO_DO = "Make room on its disk, or set TEMP_FOLDER to a folder that the user who runs Clinic Reports can write in."


def database() -> Part:
    started = perf_counter()
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            told = f"Answers in {_milliseconds(started)}. {_database_kind()}"
    except SQLAlchemyError as fault:
        return Part(DATABASE, "Down", f"It does not answer ({type(fault).__name__}).", DATABASE_TO_DO, DATABASE_VERDICT)
    return Part(DATABASE, "Working", told)


def redis() -> Part:
    started = perf_counter()
    try:
        queues.ping()
    except QueueDown as fault:
        return Part(REDIS, "Down", f"It does not answer ({fault}).", REDIS_TO_DO, REDIS_VERDICT)
    return Part(REDIS, "Working", f"Answers in {_milliseconds(started)}.")


def queue() -> Part:
    """What waits is asked of the database, which knows it whatever becomes of Redis; the workers, of Redis."""
    try:
        reports, longest = _waiting()
        files, overdue = _files_waiting()
    except SQLAlchemyError:
        return Part(QUEUE, "Waiting", "Waits for the database.", "See to the database first.", "The queue waits")
    told = f"{reports} {files}"
    try:
        workers = queues.workers_alive()
    except QueueDown:
        return Part(QUEUE, "Waiting", f"{told} Waits for Redis.", "See to Redis first.", "The queue waits for Redis")
    if not workers:
        to_do = "Start a worker (worker.py), or look in its log why it ended. Nothing is lost: reports wait for it."
        return Part(QUEUE, "Down", f"No worker is running. {told}", to_do, "No worker is running: reports wait")
    told = f"{told} {plural(workers, 'worker')} {'is' if workers == 1 else 'are'} alive."
    if max(longest, overdue) > LONG_WAIT:
        to_do = "Start more workers, if this lasts. If nothing is being made, look in the log of the worker."
        verdict = f"Reports wait for {_lasting(longest)}" if longest >= overdue else "Files wait for a worker"
        return Part(QUEUE, "Waiting", told, to_do, verdict)
    return Part(QUEUE, "Working", told)


def file_store() -> Part:
    """Writes, reads back and removes a tiny object, as an upload and a download would."""
    if not storage.is_set_up():
        verdict = "No file store is set up: files cannot be downloaded"
        to_do = "Set STORAGE_BUCKET to the name of a bucket, or STORAGE_FOLDER to a folder on a disk that lasts."
        return Part(FILE_STORE, "Not set up", f"{verdict}. Reports can be read on their pages.", to_do, verdict)
    store, started = storage.current(), perf_counter()
    failed = _probe(store)
    if failed:
        step, fault = failed
        # The store rests now, so a download would only find that, and could not tell why.
        with suppress(SQLAlchemyError):
            keeping.tell_of_a_broken_store("written" if step == "write" else "read", fault)
        return _broken_store(store.name, *failed)
    told = f"Wrote, read back and removed in {_milliseconds(started)}."
    if store.name != "local":
        return Part(FILE_STORE, "Working", f"{told} {STORES[store.name]}, bucket {_settings().storage_bucket}.")
    free = shutil.disk_usage(_settings().files_folder).free
    if free < FULL:
        return Part(FILE_STORE, "Down", f"Only {_size(free)} are free.", TOLD["full"].to_do, _heading("full"))
    note = f"Files are kept in a folder of this machine alone, with {_size(free)} free."
    return Part(FILE_STORE, "Working", f"{told} {note}")


def temporary_folder() -> Part:
    folder: Path = _settings().temp_folder
    needed = _settings().spool_mb * 1024**2
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
        free = shutil.disk_usage(folder).free
    except OSError as fault:
        told = f"It cannot be written in ({os.strerror(fault.errno or 0)})."
        return Part(TEMP, "Down", told, TEMP_TO_DO, TEMP_VERDICT)
    if free < FULL:
        return Part(TEMP, "Down", f"Only {_size(free)} are free.", TEMP_TO_DO, TEMP_VERDICT)
    if free < needed:
        told = f"{_size(free)} are free, and files on their way may need {_size(needed)}."
        to_do = "Make room on its disk, or set SPOOL_MB lower."
        return Part(TEMP, "Waiting", told, to_do, "There is little room for files on their way")
    return Part(TEMP, "Working", f"Can be written in, {_size(free)} free.")


CHECKS = (
    Check(DATABASE, database, 3, DATABASE_TO_DO, DATABASE_VERDICT),
    Check(REDIS, redis, 3, REDIS_TO_DO, REDIS_VERDICT, "queue-"),
    Check(QUEUE, queue, 3, QUEUE_TO_DO, "The queue cannot be looked at", "queue-"),
    Check(
        FILE_STORE,
        file_store,
        STORE_SECONDS,
        TOLD["slow"].to_do,
        f"The file store takes too long to answer: {MADE_AGAIN}",
        "store-",
    ),
    Check(TEMP, temporary_folder, 3, TEMP_TO_DO, TEMP_VERDICT),
)
"""In the order of the page. Redis is given a second for each of two calls, so three are enough for what answers at
all."""


# -- The database and the queue ----------------------------------------------------------------------------------------


def _database_kind() -> str:
    """Which database it is, and where its connections are limited, how many of this process's are in use."""
    pool = db.engine.pool
    if db.engine.dialect.name != "postgresql" or not isinstance(pool, QueuePool):
        return "SQLite."
    # As many again may be opened under load (app.py).
    return f"PostgreSQL, {pool.checkedout()} of {2 * pool.size()} connections of this process in use."


def _waiting() -> tuple[str, timedelta]:
    """What waits and what is being made, in words, and the longest wait."""
    queued = Report.status == "queued"
    with db.engine.connect() as connection:
        waiting, first, running = connection.execute(
            select(
                func.count().filter(queued),
                func.min(Report.asked_at).filter(queued),
                func.count().filter(Report.status == "running"),
            )
        ).one()
    longest = max(clock.now() - first, timedelta()) if first else timedelta()
    made = f"{number(running) if running else 'None'} {'is' if running < 2 else 'are'} being made."
    return f"{_told_of_waiting(waiting, longest)} {made}", longest


def _told_of_waiting(waiting: int, longest: timedelta) -> str:
    if not waiting:
        return "No report waits."
    if waiting == 1:
        return f"1 report waits, for {_lasting(longest)} now."
    return f"{number(waiting)} reports wait, the longest for {_lasting(longest)}."


def _files_waiting() -> tuple[str, timedelta]:
    """The files that wait for a worker, in words, and for how long one could have been drawn already: one that the
    store did not take is left alone for a while first."""
    put_back = FileMaking.why == "store broken"
    with db.engine.connect() as connection:
        new, first_new, back, first_back, due = connection.execute(
            select(
                func.count().filter(~put_back),
                func.min(FileMaking.asked_at).filter(~put_back),
                func.count().filter(put_back),
                func.min(FileMaking.asked_at).filter(put_back),
                func.min(FileMaking.not_before),
            ).where(FileMaking.status == "queued")
        ).one()
    told = [
        _told_of_files(new, first_new, "to be made"),
        _told_of_files(back, first_back, "to be put back into the store"),
    ]
    overdue = max(clock.now() - due, timedelta()) if due else timedelta()
    return " ".join(filter(None, told)) or "No file waits.", overdue


def _told_of_files(waiting: int, since: datetime | None, what_for: str) -> str:
    if since is None:
        return ""
    oldest = f"since {moment(since, 'UTC')} UTC"
    if waiting == 1:
        return f"1 file waits {what_for}, {oldest}."
    return f"{number(waiting)} files wait {what_for}, the oldest {oldest}."


# -- The file store ----------------------------------------------------------------------------------------------------

Step = Literal["write", "read", "remove"]

STORES = {"google": "Google Cloud Storage", "s3": "S3-compatible store"}

RIGHTS: dict[str, dict[Step, str]] = {
    "google": {
        "write": "storage.objects.create",
        "read": "storage.objects.get",
        "remove": "storage.objects.delete",
    },
    "s3": {"write": "s3:PutObject", "read": "s3:GetObject", "remove": "s3:DeleteObject"},
}
"""What a bucket calls the right that each step needs."""


def _probe(store: Storage) -> tuple[Step, StorageBroken] | None:
    """The step that failed, and how; None where all went well."""
    key, data = _probe_key(os.getpid()), secrets.token_bytes(16)
    step: Step = "write"
    try:
        store.put(key, BytesIO(data), size=len(data), content_type="text/plain", download_name="probe.txt")
        step = "read"
        with store.read(key, Deadline(STORE_SECONDS)) as incoming:
            back = b"".join(incoming.chunks)
        step = "remove"
        store.delete(key)
    except StorageBroken as fault:
        return step, fault
    except StorageMissing:
        return step, StorageBroken("what was written is not there", why="altered")
    return None if back == data else ("read", StorageBroken("what was written came back changed", why="altered"))


@cache
def _probe_key(_process: int) -> str:
    """One object for each process, so that a store that lets us write and not remove does not fill up. Its folder is
    its own, so that no two processes remove what the other is about to write in."""
    return f"probe/{secrets.token_hex(8)}/probe"


def _broken_store(name: str, step: Step, fault: StorageBroken) -> Part:
    happened, to_do = TOLD[fault.why]
    if fault.why == "refused":
        happened = f"{happened} It did not let us {step} a file."
        if name in RIGHTS:
            to_do = f"The right that is lacking is {RIGHTS[name][step]}. {to_do}"
    return Part(FILE_STORE, "Down", happened, to_do, _heading(fault.why))


def _heading(why: StoreFault) -> str:
    return f"{TOLD[why].happened.removesuffix('.')}: {MADE_AGAIN}"


# -- Words -------------------------------------------------------------------------------------------------------------


def _milliseconds(started: float) -> str:
    return f"{number(max(1, (perf_counter() - started) * 1000))} ms"


def _lasting(span: timedelta) -> str:
    """How long in the one unit that fits: "40 seconds", "12 minutes", "3 hours", "2 days"."""
    for seconds, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if span.total_seconds() >= seconds:
            return plural(int(span.total_seconds() // seconds), noun)
    return plural(int(span.total_seconds()), "second")


def _size(size: int) -> str:
    """Bytes as a disk is sold: "12.4 GB", "310 MB"."""
    return f"{number(size / 1e9, 1)} GB" if size >= 1e9 else f"{number(size / 1e6)} MB"


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
