"""A sheet arrives: measured and hashed on its way to a temporary file, written down, and put into the store.

It is read first, so that nothing is written down that nobody can go on with. Then the row is committed with all that is
known, and the object stored after it, so that no object is there that no row names. Without a store, or
with one that is broken, the sheet is gone on with all the same: what it measures matters more than the copy of it. Then
its row names no store, an alert tells of the broken one, and nobody tries to store that copy later.
"""

import hashlib
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import select

from webapp import alerts, audit, storage, words
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.generate import keeping, sheets, unwanted
from webapp.models import Clinic, Person, Report, Upload
from webapp.storage.measure import chunks_of
from webapp.uploads.workbook import Workbook

MOST_BYTES = 20 * 1024 * 1024

TOO_LARGE = (
    f"This file is larger than {MOST_BYTES // 1024**2} MB, the most that can be uploaded. Save the sheet of "
    "measurements by itself, without pictures, or split it."
)

CONTENT_TYPE = "application/octet-stream"
"""Of every sheet: what it truly is, only its reading tells."""

_LONGEST_NAME = 255


class TooLarge(Exception):
    """The file is larger than MOST_BYTES. The text is for people."""


class Before(NamedTuple):
    """A sheet of the same bytes that was accepted before, and the report made of it, if that is still there."""

    upload: Upload
    report: Report | None


class Spooled(NamedTuple):
    """A file as it came, on a disk of ours: its size in bytes and its SHA-256."""

    path: Path
    size: int
    sha256: str


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[Spooled]:
    """The stream as a file, which goes at the end of the block. Raises TooLarge."""
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        path = Path(folder) / "sheet"
        yield Spooled(path, *_written(stream, path))


def refused(person: Person, clinic: Clinic, file_name: str, file: Spooled, refusal: str) -> Upload:
    """Write down that nothing can be read of it, in a sentence for people. The file is not kept."""
    upload = _row_of(person, clinic, file_name, file)
    upload.status, upload.refusal = "refused", refusal
    audit.record("upload.refused", f"upload:{upload.id}", person_id=person.id, clinic=clinic.id)
    db.session.commit()
    return upload


def kept(
    person: Person, clinic: Clinic, file_name: str, file: Spooled, read: Workbook, said: Mapping[str, Any]
) -> Upload:
    """Write down a sheet with its cells and what is `said` of it at first (columns of models.Upload), and store the
    file."""
    packed = read.pack()
    upload = _row_of(person, clinic, file_name, file)
    upload.workbook = packed
    for column, value in said.items():
        setattr(upload, column, value)
    if storage.is_set_up():
        upload.store = storage.current().name
        upload.storage_key = storage.key_for_upload(upload.id, file.sha256)
    db.session.commit()
    _store(upload, file.path)
    return upload


def same_before(clinic: Clinic, sha256: str) -> Before | None:
    """The latest sheet of these bytes that the clinic has accepted."""
    accepted = select(Upload).where(Upload.clinic_id == clinic.id, Upload.sha256 == sha256, Upload.status == "accepted")
    upload = db.session.scalars(accepted.order_by(Upload.accepted_at.desc(), Upload.id)).first()
    if upload is None:
        return None
    made = select(Report).where(Report.upload_id == upload.id).order_by(Report.asked_at.desc(), Report.id)
    return Before(upload, db.session.scalars(made).first())


def _written(stream: BinaryIO, path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks_of(stream):
            size += len(chunk)
            if size > MOST_BYTES:
                raise TooLarge(TOO_LARGE)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


def _row_of(person: Person, clinic: Clinic, file_name: str, file: Spooled) -> Upload:
    upload = Upload(
        id=uuid.uuid4().hex,
        clinic_id=clinic.id,
        person_id=person.id,
        file_name=_plain(file_name),
        size=file.size,
        sha256=file.sha256,
    )
    db.session.add(upload)
    told = {"clinic": clinic.id, "size": file.size, "sha256": file.sha256}
    audit.record("upload.received", f"upload:{upload.id}", person_id=person.id, **told)
    return upload


def _plain(file_name: str) -> str:
    """The last part of a name that may come with folders, cut at its front, where it is least told apart."""
    name = words.printable(file_name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    return name[-_LONGEST_NAME:] or "sheet"


def _store(upload: Upload, path: Path) -> None:
    upload_id, key, size = upload.id, upload.storage_key, upload.size
    # A store may take its time, and no connection is held meanwhile.
    db.session.commit()
    if key is None:
        return
    store = storage.current()
    try:
        with path.open("rb") as file:
            store.put(key, file, size=size, content_type=CONTENT_TYPE, download_name="sheet")
    except StorageBroken as fault:
        keeping.tell_of_a_broken_store("written", fault)
        # Some of it may be there all the same.
        sheets.release(upload_id)
        db.session.commit()
        return
    alerts.resolve_alert("store-not-written")
    if db.session.scalar(select(Upload.id).where(Upload.storage_key == key)) is None:
        # Somebody has discarded it meanwhile, and that end knew of no object yet.
        unwanted.write_down(store.name, key)
        db.session.commit()
        unwanted.remove([(store.name, key)])
