import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    CursorResult,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model, db
from webapp.models.clinic import Clinic
from webapp.models.file import STORES
from webapp.models.person import Person
from webapp.models.types import Id, Moment, Sha256, one_of

CELLS = "cells"
"""The columns of an upload that only its own pages need: sqlalchemy.orm.undefer_group(CELLS)."""

STATUSES = ("asking", "checked", "refused", "accepted", "taken back", "discarded")


class Upload(Model):
    """A sheet of measurements that somebody brought, from its arrival to the report made of it.

    asking -> checked -> accepted -> taken back; asking | checked -> discarded; refused is where nothing can be read.
    While it is asked about, `workbook` has its cells and `findings` what the dry run found, both as compressed JSON,
    and `answers`, as JSON, how the columns are understood and what whoever brought it said about what the sheet lacks,
    names of patients too. They go when that is over, and the stored file goes with the last report made of it. `told`
    is JSON: what the reports say of the sheet (see content/daily_patients/), and "took" (uploads/belonging.py).
    `refusal` is a sentence for people.

    `file_name` is as it was given, and may name a patient: it stands in no address, log line or key. `size` in bytes.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("store", STORES),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        CheckConstraint("(status IN ('accepted', 'taken back')) = (accepted_at IS NOT NULL)", name="accepted_at"),
        CheckConstraint("(status = 'taken back') = (taken_back_at IS NOT NULL)", name="taken_back_at"),
        CheckConstraint("(status = 'taken back') = (taken_back_by_id IS NOT NULL)", name="taken_back_by_id"),
        Index(None, "clinic_id", "received_at"),
        Index(None, "clinic_id", "sha256"),
        Index(None, "status", "received_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=lambda: uuid.uuid4().hex)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    sha256: Mapped[Sha256]
    store: Mapped[str | None] = mapped_column(String(10))
    storage_key: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10), default="asking")
    refusal: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    taken_back_at: Mapped[datetime | None] = mapped_column(Moment)
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # Megabytes each, so they are read with the one sheet that is looked at, and not with a list of them.
    workbook: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_group=CELLS)
    findings: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_group=CELLS)
    answers: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")
    told: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")

    clinic: Mapped[Clinic] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    taken_back_by: Mapped[Person | None] = relationship(foreign_keys=[taken_back_by_id])

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody: for answers, or to be accepted."""
        return self.status in ("asking", "checked")

    @classmethod
    def go_on(cls, upload_id: str, before: str, **said: Any) -> bool:
        """asking | checked -> asking | checked, with new answers and what follows from them, while `before` are its
        answers. Nothing here commits."""
        return _moved(upload_id, cls.status.in_(("asking", "checked")), cls.answers == before, **said)

    @classmethod
    def check_anew(cls, upload_id: str, before: bytes, findings: bytes, told: str) -> bool:
        """checked -> checked, with what another dry run of the same answers found, while `before` are its findings."""
        is_so = (cls.status == "checked", cls.findings == before)
        return _moved(upload_id, *is_so, findings=findings, told=told)

    @classmethod
    def accept(cls, upload_id: str, findings: bytes) -> bool:
        """checked -> accepted, while these are its findings. One statement, so that of two who press the button one
        makes the report."""
        is_so = (cls.status == "checked", cls.findings == findings)
        return _moved(upload_id, *is_so, status="accepted", accepted_at=clock.now(), **_NOTHING_KEPT)

    @classmethod
    def take_back(cls, upload_id: str, person_id: int) -> bool:
        """accepted -> taken back. One statement, so that of two who do it at once one does."""
        by = {"taken_back_at": clock.now(), "taken_back_by_id": person_id}
        return _moved(upload_id, cls.status == "accepted", status="taken back", **by)

    @classmethod
    def discard(cls, upload_id: str) -> bool:
        """asking | checked -> discarded."""
        return _moved(upload_id, cls.status.in_(("asking", "checked")), status="discarded", told="{}", **_NOTHING_KEPT)

    @classmethod
    def forgotten_since(cls, span: timedelta) -> ColumnElement[bool]:
        """The condition of uploads that nobody has gone on with for so long."""
        return cls.status.in_(("asking", "checked")) & (cls.received_at < clock.now() - span)

    @classmethod
    def over_since(cls, span: timedelta) -> ColumnElement[bool]:
        """The condition of uploads that were brought so long ago, and of which nothing came."""
        return cls.status.in_(("refused", "discarded")) & (cls.received_at < clock.now() - span)


_NOTHING_KEPT: dict[str, Any] = {"workbook": None, "findings": None, "answers": "{}"}


def _moved(upload_id: str, *conditions: Any, **values: Any) -> bool:
    changed = db.session.execute(
        update(Upload).where(Upload.id == upload_id, *conditions).values(**values),
        execution_options={"synchronize_session": False},
    )
    return bool(cast("CursorResult[Any]", changed).rowcount)


class RememberedLayout(Model):
    """How the columns of sheets with these headers are understood at a clinic, as somebody there once said. `headers`
    is the SHA-256 of the headers (uploads/layout/), `layout` JSON."""

    __tablename__ = "remembered_layouts"
    __table_args__ = (UniqueConstraint("clinic_id", "headers"),)

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id", ondelete="CASCADE"))
    headers: Mapped[Sha256]
    layout: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
