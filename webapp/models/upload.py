import json
import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
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

STATUSES = ("asking", "checked", "refused", "accepted", "discarded")


class Upload(Model):
    """A sheet of measurements that somebody brought, from its arrival to the report made of it.

    asking -> checked -> accepted; asking | checked -> discarded; refused is where nothing can be read. While it is
    asked about, `workbook` has its cells and `findings` what the dry run found, both as compressed JSON; they go with
    the last transition, and so does the stored file when the last report made of it goes. `answers` is JSON: how the
    columns are understood and what whoever brought it said about what the sheet lacks. `told` is JSON: what the reports
    say of the sheet (see content/daily_patients/). `refusal` is a sentence for people.

    `file_name` is as it was given, and may name a patient: it stands in no address, log line or key. `size` in bytes.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("store", STORES),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        CheckConstraint("(status = 'accepted') = (accepted_at IS NOT NULL)", name="accepted_at"),
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
    workbook: Mapped[bytes | None] = mapped_column(LargeBinary)
    findings: Mapped[bytes | None] = mapped_column(LargeBinary)
    answers: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")
    told: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")

    clinic: Mapped[Clinic] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody: for answers, or to be accepted."""
        return self.status in ("asking", "checked")

    @property
    def said(self) -> dict[str, Any]:
        """The answers."""
        return cast("dict[str, Any]", json.loads(self.answers))

    @classmethod
    def check(cls, upload_id: str, answers: str, findings: bytes, told: str) -> bool:
        """asking | checked -> checked, with what a dry run found. Nothing here commits."""
        return _moved(
            upload_id,
            cls.status.in_(("asking", "checked")),
            status="checked",
            answers=answers,
            findings=findings,
            told=told,
        )

    @classmethod
    def ask(cls, upload_id: str, answers: str) -> bool:
        """asking | checked -> asking: there is something to be answered, or to be answered anew."""
        return _moved(upload_id, cls.status.in_(("asking", "checked")), status="asking", answers=answers, findings=None)

    @classmethod
    def accept(cls, upload_id: str, findings: bytes) -> bool:
        """checked -> accepted, while these are its findings. One statement, so that of two who press the button one
        makes the report."""
        ended = {"accepted_at": clock.now(), "workbook": None, "findings": None}
        return _moved(upload_id, cls.status == "checked", cls.findings == findings, status="accepted", **ended)

    @classmethod
    def refuse(cls, upload_id: str, refusal: str) -> bool:
        """asking -> refused, where nothing can be read of it."""
        return _moved(upload_id, cls.status == "asking", status="refused", refusal=refusal)

    @classmethod
    def discard(cls, upload_id: str) -> bool:
        """asking | checked -> discarded."""
        return _moved(
            upload_id, cls.status.in_(("asking", "checked")), status="discarded", workbook=None, findings=None
        )

    @classmethod
    def forgotten_since(cls, span: timedelta) -> Any:
        """The condition of uploads that nobody has gone on with for so long."""
        return (cls.status.in_(("asking", "checked"))) & (cls.received_at < clock.now() - span)


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
