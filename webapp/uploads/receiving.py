"""A sheet arrives: measured and hashed on its way to a temporary file, written down, and put into the store.

The row is committed first and the object stored then, so that no object is there that no row names. Without a store, or
with one that is broken, the sheet is gone on with all the same: what it measures matters more than the copy of it. Then
its row names no store, an alert tells of the broken one, and nobody tries to store that copy later.
"""

import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import select

from webapp import alerts, audit, storage, words
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.generate import keeping, sheets, unwanted
from webapp.models import Clinic, Person, Report, Upload
from webapp.storage.measure import chunks_of
from webapp.uploads.workbook import Workbook

MOST_BYTES = 20 * 1024 * 1024

CONTENT_TYPE = "application/octet-stream"
"""Of every sheet: what it truly is, only its reading tells."""

_LONGEST_NAME = 255


class TooLarge(Exception):
    """The file is larger than MOST_BYTES. The text is for people."""


class Before(NamedTuple):
    """A sheet of the same bytes that was accepted before, and the report made of it, if that is still there."""

    upload: Upload
    report: Report | None


@contextmanager
def receive(person: Person, clinic: Clinic, stream: BinaryIO, file_name: str) -> Iterator[tuple[Upload, Path]]:
    """The sheet as a row, committed, and its bytes in a file that goes at the end of the block. `file_name` is what the
    person calls it. Raises TooLarge, with nothing kept."""
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        path = Path(folder) / "sheet"
        size, sha256 = _spooled(stream, path)
        upload = _row_of(person, clinic, file_name, size, sha256)
        _store(upload, path)
        yield upload, path


def same_before(clinic: Clinic, sha256: str) -> Before | None:
    """The latest sheet of these bytes that the clinic has accepted."""
    accepted = select(Upload).where(Upload.clinic_id == clinic.id, Upload.sha256 == sha256, Upload.status == "accepted")
    upload = db.session.scalars(accepted.order_by(Upload.accepted_at.desc(), Upload.id)).first()
    if upload is None:
        return None
    made = select(Report).where(Report.upload_id == upload.id).order_by(Report.asked_at.desc(), Report.id)
    return Before(upload, db.session.scalars(made).first())


def read_as(upload: Upload, workbook: Workbook) -> None:
    """Keep what was read of it, for as long as somebody is asked about it."""
    upload.workbook = workbook.pack()
    db.session.commit()


def refuse(upload: Upload, sentence: str) -> None:
    """Nothing can be read of it: asking -> refused, and its stored file goes."""
    Upload.refuse(upload.id, sentence)
    places = sheets.release(upload.id)
    audit.record("upload.refused", f"upload:{upload.id}", person_id=upload.person_id, clinic=upload.clinic_id)
    db.session.commit()
    unwanted.remove(places)


def _spooled(stream: BinaryIO, path: Path) -> tuple[int, str]:
    """Write the stream into a file; its size in bytes and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks_of(stream):
            size += len(chunk)
            if size > MOST_BYTES:
                raise TooLarge(
                    f"This file is larger than {MOST_BYTES // 1024**2} MB, the most that can be uploaded. Save the "
                    "sheet of measurements by itself, without pictures, or split it."
                )
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


def _row_of(person: Person, clinic: Clinic, file_name: str, size: int, sha256: str) -> Upload:
    upload_id = uuid.uuid4().hex
    has_store = storage.is_set_up()
    upload = Upload(
        id=upload_id,
        clinic_id=clinic.id,
        person_id=person.id,
        file_name=_plain(file_name),
        size=size,
        sha256=sha256,
        store=storage.current().name if has_store else None,
        storage_key=storage.key_for_upload(upload_id, sha256) if has_store else None,
    )
    db.session.add(upload)
    told = {"clinic": clinic.id, "size": size, "sha256": sha256}
    audit.record("upload.received", f"upload:{upload_id}", person_id=person.id, **told)
    db.session.commit()
    return upload


def _plain(file_name: str) -> str:
    """The last part of a name that may come with folders, cut at its front, where it is least told apart."""
    name = words.printable(file_name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    return name[-_LONGEST_NAME:] or "sheet"


def _store(upload: Upload, path: Path) -> None:
    if upload.storage_key is None:
        return
    try:
        with path.open("rb") as file:
            storage.current().put(
                upload.storage_key, file, size=upload.size, content_type=CONTENT_TYPE, download_name="sheet"
            )
    except StorageBroken as fault:
        keeping.tell_of_a_broken_store("written", fault)
        # Some of it may be there all the same.
        sheets.release(upload.id)
        db.session.commit()
        db.session.refresh(upload)
        return
    alerts.resolve_alert("store-not-written")
