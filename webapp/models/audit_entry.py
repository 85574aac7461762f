from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import Moment, Sha256


class AuditEntry(Model):
    """Who did what to which row, chained: `sha256` covers this entry and the hash of the one before (audit.py).

    `number` runs without a gap from 1. `details` is canonical JSON of ids, hashes and our own words, no patient data.
    """

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)
    person_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    details: Mapped[str] = mapped_column(Text, default="{}")
    previous_sha256: Mapped[Sha256]
    sha256: Mapped[Sha256]


class AuditHead(Model):
    """The end of the chain, one row. Updating it first is the lock that keeps two writers from forking the chain."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    sha256: Mapped[Sha256]
