import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    CursorResult,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model, db
from webapp.models.report import FORMATS, Report
from webapp.models.types import Moment, one_of

FAILED_RESTS = timedelta(hours=1)
"""After so long a file that could not be made, and must go back into the store, is tried again."""

STATES = ("queued", "running", "failed")
REASONS = ("first", "missing", "corrupt", "store broken")


class FileMaking(Model):
    """A file of a ready report that somebody draws, or must: one row for each file, gone when the file is stored.

    queued -> running -> gone | failed; running -> queued; failed -> queued. Whoever draws, a request or a worker, holds
    the row by a token with a lease, so that of a thousand who ask one draws and the others wait for that one. `tries`
    counts how often a worker drew it and could not store it, `takeovers` how often one died over it. Each transition is
    one conditional UPDATE that answers whether it took place. Nothing here commits.
    """

    __tablename__ = "file_makings"
    __table_args__ = (
        UniqueConstraint("report_id", "format"),
        one_of("format", FORMATS),
        one_of("status", STATES),
        one_of("why", REASONS),
        CheckConstraint("(status = 'running') = (claim_token IS NOT NULL)", name="claim"),
        CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure"),
        Index(None, "status", "not_before"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=lambda: uuid.uuid4().hex)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    format: Mapped[str] = mapped_column(String(10))
    why: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), default="queued")
    asked_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    not_before: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    enqueued_at: Mapped[datetime | None] = mapped_column(Moment)
    claim_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    takeovers: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(Text)

    report: Mapped[Report] = relationship()

    @classmethod
    def of(cls, report_id: str, format_name: str) -> "FileMaking | None":
        return db.session.scalar(
            select(cls)
            .where(cls.report_id == report_id, cls.format == format_name)
            .execution_options(populate_existing=True)
        )

    @classmethod
    def claim(cls, report_id: str, format_name: str, why: str, lease: timedelta) -> str | None:
        """Start drawing a file that nobody draws now; the token that proves it is ours, or None."""
        token, now = secrets.token_hex(16), clock.now()
        ours: dict[str, Any] = {"status": "running", "claim_token": token, "lease_until": now + lease, "failure": None}
        free = or_(cls.status != "running", cls.lease_until < now)
        if _moved(cls.report_id == report_id, cls.format == format_name, free, **ours):
            return token
        if cls.of(report_id, format_name) is not None:
            return None
        return token if cls._added(report_id=report_id, format=format_name, why=why, **ours) else None

    @classmethod
    def put_in_line(cls, report_id: str, format_name: str, why: str, not_before: datetime) -> None:
        """Have a worker draw it, not before that moment. One that is in line or being drawn stays as it is."""
        again = {"status": "queued", "failure": None, "not_before": not_before, "enqueued_at": None}
        of_file = (cls.report_id == report_id, cls.format == format_name)
        if not _moved(*of_file, cls.status == "failed", **again) and cls.of(report_id, format_name) is None:
            cls._added(report_id=report_id, format=format_name, why=why, not_before=not_before)

    @classmethod
    def beat(cls, token: str, lease: timedelta) -> bool:
        """Renew the lease; whether the row is still ours."""
        return bool(_moved(cls.claim_token == token, lease_until=clock.now() + lease))

    @classmethod
    def finish(cls, token: str) -> bool:
        """The file is stored: running -> gone."""
        gone = db.session.execute(delete(cls).where(cls.claim_token == token))
        return bool(cast("CursorResult[Any]", gone).rowcount)

    @classmethod
    def fail(cls, token: str, failure: str) -> bool:
        """running -> failed, with a sentence for people."""
        later = clock.now() + FAILED_RESTS
        return bool(_moved(cls.claim_token == token, **_free("failed"), failure=failure, not_before=later))

    @classmethod
    def hand_back(cls, token: str, not_before: datetime) -> bool:
        """running -> queued, to be drawn not before that moment."""
        kept_out = {"not_before": not_before, "tries": cls.tries + 1, "takeovers": 0}
        return bool(_moved(cls.claim_token == token, **_free("queued"), **kept_out))

    @classmethod
    def take_over(cls, limit: int, failure: str) -> int:
        """running -> queued where the lease has run out, failed where that has happened `limit` times before; how many
        of both."""
        out = (cls.status == "running", cls.lease_until < clock.now())
        later = clock.now() + FAILED_RESTS
        given_up = _moved(*out, cls.takeovers >= limit, **_free("failed"), failure=failure, not_before=later)
        return given_up + _moved(*out, **_free("queued"), takeovers=cls.takeovers + 1)

    @classmethod
    def try_failed_again(cls) -> int:
        """failed -> queued, of what nobody waits for but the store, once it has rested; how many."""
        return _moved(cls.may_be_tried_again(), status="queued", failure=None, takeovers=0, enqueued_at=None)

    @classmethod
    def may_be_tried_again(cls) -> ColumnElement[bool]:
        """Whether a row is one that try_failed_again() would take."""
        return and_(cls.status == "failed", cls.why == "store broken", cls.not_before <= clock.now())

    @property
    def is_held(self) -> bool:
        """Whether somebody draws it now."""
        return self.lease_until is not None and self.lease_until >= clock.now()

    @property
    def was_in_vain(self) -> bool:
        """Whether a worker has drawn it and could not store it, so that it cannot hand it to anybody."""
        return self.status == "queued" and self.tries > 0

    @classmethod
    def mark_enqueued(cls, making_id: str) -> None:
        _moved(cls.id == making_id, cls.status == "queued", enqueued_at=clock.now())

    @classmethod
    def _added(cls, **values: Any) -> bool:
        try:
            with db.session.begin_nested():
                db.session.add(cls(**values))
        except IntegrityError:
            # Somebody else was first, or the report is deleted.
            return False
        return True


def _moved(*conditions: Any, **values: Any) -> int:
    """One conditional UPDATE; how many rows met the conditions."""
    changed = db.session.execute(
        update(FileMaking).where(*conditions).values(**values),
        execution_options={"synchronize_session": False},
    )
    return int(cast("CursorResult[Any]", changed).rowcount)


def _free(status: str) -> dict[str, Any]:
    return {"status": status, "claim_token": None, "lease_until": None, "enqueued_at": None}
