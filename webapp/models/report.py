import secrets
import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    CursorResult,
    ForeignKey,
    Index,
    String,
    Text,
    case,
    delete,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model, db
from webapp.models.clinic import Clinic
from webapp.models.person import Person
from webapp.models.retention import Keeping, LegalHold, held_or_kept
from webapp.models.types import Moment, Sha256, one_of

if TYPE_CHECKING:
    from webapp.models.file import File
    from webapp.models.upload import Upload

STATUSES = ("queued", "running", "ready", "failed", "cancelled", "expired")
FORMATS = ("pdf", "excel", "csv", "json")
NEVER_READY = ("failed", "cancelled")
"""How a report ends that nobody could ever have."""

Beat = Literal["kept", "cancel", "lost"]

TELLS_COMMENTS = '"reads_comments":true'
"""In the canonical JSON of a question."""

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far apart the clocks of two machines may be, at the most."""

# Crockford's base 32 without the vowels' look-alikes: a number that can be read out over the telephone.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number(prefix: str) -> str:
    """Such as "VT-7K4M-2Q9X": the template, then 40 random bits."""
    digits = [secrets.choice(_DIGITS) for _ in range(8)]
    return f"{prefix}-{''.join(digits[:4])}-{''.join(digits[4:])}"


class Report(Model):
    """A report somebody asked for, from the asking to its end. This row is the truth; the queue only runs it.

    queued -> running -> ready | failed | cancelled; queued -> cancelled | failed; running -> queued; ready -> expired.
    Each transition is one conditional UPDATE below that answers whether it took place. While a report runs, its worker
    holds a claim (a random token) with a lease; every write of the worker names the token, so a worker that lost its
    lease can change nothing. Nothing here commits.

    `narrowed` tells the filters that leave something out ("Dental · aged 5 to 14"), so that two reports of one title
    can be told apart. `dates` is the period as it is read ("1 to 31 October 2026"), kept to be searched. With
    `wants_fresh` the figures are counted anew, however new those of another report are. `upload_id` names the sheet
    that a report of single patients is made from; such a report is for those who treat them. A ready report expires
    after `expires_at` by the rule that `expires_by` tells in words; an expired one keeps both.
    """

    __tablename__ = "reports"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("format", FORMATS),
        CheckConstraint("period_start <= period_end", name="period"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("(status = 'running') = (claim_token IS NOT NULL)", name="claim"),
        CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("(status IN ('queued', 'running')) = (finished_at IS NULL)", name="finished"),
        CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure"),
        CheckConstraint(
            "status <> 'ready' OR (figures_sha256 IS NOT NULL AND provenance_sha256 IS NOT NULL "
            "AND presentation_sha256 IS NOT NULL)",
            name="frozen",
        ),
        Index(None, "status", "asked_at"),
        Index(None, "status", "expires_at"),
        Index(None, "requester_id", "asked_at"),
        Index(None, "clinic_id", "asked_at"),
        Index(
            "uq_reports_in_flight",
            "requester_id",
            "question_sha256",
            unique=True,
            sqlite_where=text("status IN ('queued', 'running')"),
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=lambda: uuid.uuid4().hex)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinics.id"))
    requester_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    retry_of_id: Mapped[str | None] = mapped_column(ForeignKey("reports.id", ondelete="SET NULL"), index=True)

    template: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    narrowed: Mapped[str] = mapped_column(String(400), default="")
    period_start: Mapped[date]
    period_end: Mapped[date]
    dates: Mapped[str] = mapped_column(String(60))
    format: Mapped[str] = mapped_column(String(10))
    wants_fresh: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    question: Mapped[str] = mapped_column(Text)
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    question_sha256: Mapped[Sha256]

    status: Mapped[str] = mapped_column(String(10), default="queued")
    stage: Mapped[str] = mapped_column(String(80), default="")
    percent: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    enqueued_at: Mapped[datetime | None] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    claim_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    takeovers: Mapped[int] = mapped_column(default=0)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_by: Mapped[str | None] = mapped_column(String(200))
    failure: Mapped[str | None] = mapped_column(Text)
    failure_technical: Mapped[str | None] = mapped_column(Text)

    figures_sha256: Mapped[str | None] = mapped_column(ForeignKey("frozen_parts.sha256"), index=True)
    provenance_sha256: Mapped[str | None] = mapped_column(ForeignKey("frozen_parts.sha256"), index=True)
    presentation_sha256: Mapped[str | None] = mapped_column(ForeignKey("frozen_parts.sha256"), index=True)

    clinic: Mapped[Clinic] = relationship()
    requester: Mapped[Person] = relationship()
    upload: Mapped["Upload | None"] = relationship()
    files: Mapped[list["File"]] = relationship(
        back_populates="report", cascade="all, delete-orphan", passive_deletes=True, order_by="File.format"
    )
    keeping: Mapped[Keeping | None] = relationship(viewonly=True)
    hold: Mapped[LegalHold | None] = relationship(viewonly=True)

    @property
    def in_flight(self) -> bool:
        return self.status in ("queued", "running")

    @hybrid_property
    def tells_comments(self) -> bool:
        """Whether it was asked for with the right to read what patients wrote."""
        return TELLS_COMMENTS in self.question

    @tells_comments.inplace.expression
    @classmethod
    def _tells_comments(cls) -> ColumnElement[bool]:
        return cls.question.contains(TELLS_COMMENTS, autoescape=True)

    @hybrid_property
    def tells_patients(self) -> bool:
        """Whether it tells of single patients by name."""
        return self.upload_id is not None

    @tells_patients.inplace.expression
    @classmethod
    def _tells_patients(cls) -> ColumnElement[bool]:
        return cls.upload_id.is_not(None)

    @property
    def seconds_to_make(self) -> float | None:
        """From the claim to the end, in seconds, or None where it never ran or has not ended."""
        if not self.started_at or not self.finished_at:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @classmethod
    def claim(cls, report_id: str, lease: timedelta) -> str | None:
        """Start a queued report; the token that proves it is ours, or None when it is not there to be claimed."""
        token, now = secrets.token_hex(16), clock.now()
        claimed = _moved(
            report_id,
            cls.status == "queued",
            status="running",
            claim_token=token,
            lease_until=now + lease,
            started_at=now,
            stage="",
            percent=0,
        )
        return token if claimed else None

    @classmethod
    def want_fresh(cls, report_id: str) -> bool:
        """Have a report in flight count its figures anew, where it has not frozen them yet."""
        not_read = (cls.status.in_(("queued", "running")), cls.figures_sha256.is_(None))
        return _moved(report_id, *not_read, wants_fresh=True)

    @classmethod
    def beat(cls, report_id: str, token: str, lease: timedelta) -> Beat:
        """Renew the lease: "kept", "cancel" when somebody asked for that, "lost" when the claim is no longer ours."""
        if not _moved(report_id, cls.claim_token == token, lease_until=clock.now() + lease):
            return "lost"
        asked = db.session.scalar(select(cls.cancel_requested_at).where(cls.id == report_id))
        return "cancel" if asked else "kept"

    @classmethod
    def advance(cls, report_id: str, token: str, stage: str, percent: int) -> bool:
        """Say how far it is; percent never goes back, so that a bar never does."""
        further = case((cls.percent > percent, cls.percent), else_=percent)
        return _moved(report_id, cls.claim_token == token, stage=stage, percent=further)

    @classmethod
    def freeze(cls, report_id: str, token: str, figures: str, provenance: str, presentation: str) -> bool:
        """Name the frozen parts, each by its SHA-256."""
        return _moved(
            report_id,
            cls.claim_token == token,
            figures_sha256=figures,
            provenance_sha256=provenance,
            presentation_sha256=presentation,
        )

    @classmethod
    def succeed(cls, report_id: str, token: str, lasts: timedelta, rule: str) -> bool:
        """running -> ready, to expire after so long by that rule. A cancel that came in before loses only if nobody saw
        it in time."""
        ended = _end("ready")
        expiry = {"expires_at": ended["finished_at"] + lasts, "expires_by": rule}
        return _moved(report_id, cls.claim_token == token, **ended, **expiry, percent=100)

    @classmethod
    def fail(cls, report_id: str, token: str, failure: str, technical: str) -> bool:
        """running -> failed. `failure` is for people, `technical` for the log's readers."""
        return _moved(
            report_id, cls.claim_token == token, **_end("failed"), failure=failure, failure_technical=technical
        )

    @classmethod
    def stop(cls, report_id: str, token: str) -> bool:
        """running -> cancelled."""
        return _moved(report_id, cls.claim_token == token, **_end("cancelled"))

    @classmethod
    def hand_back(cls, report_id: str, token: str, limit: int) -> bool:
        """running -> queued, by its own worker, when this has happened fewer than `limit` times before.

        It counts as put in line now, so that the sweep sees to it only when what failed has had a while to come back.
        """
        return _moved(
            report_id,
            cls.claim_token == token,
            cls.takeovers < limit,
            **{**_back_in_line(), "enqueued_at": clock.now()},
            takeovers=cls.takeovers + 1,
        )

    @classmethod
    def lease_ran_out(cls, lease: timedelta) -> ColumnElement[bool]:
        """Whether nobody holds it any more: its lease is over, or ends later than any lease of that length can. Such a
        one was written by a clock that is wrong, and would be waited out for as long as that is ahead."""
        now = clock.now()
        return or_(cls.lease_until < now, cls.lease_until > now + lease + CLOCKS_DIFFER)

    @classmethod
    def take_over(cls, report_id: str, lease: timedelta, limit: int) -> bool:
        """running -> queued, when the lease has run out and this has happened fewer than `limit` times before."""
        return _moved(
            report_id,
            cls.status == "running",
            cls.lease_ran_out(lease),
            cls.takeovers < limit,
            **_back_in_line(),
            takeovers=cls.takeovers + 1,
        )

    @classmethod
    def give_up(cls, report_id: str, lease: timedelta, limit: int, failure: str, technical: str) -> bool:
        """running -> failed, when the lease has run out once more than `limit` allows."""
        return _moved(
            report_id,
            cls.status == "running",
            cls.lease_ran_out(lease),
            cls.takeovers >= limit,
            **_end("failed"),
            failure=failure,
            failure_technical=technical,
        )

    @classmethod
    def request_cancel(cls, report_id: str) -> bool:
        """queued -> cancelled at once; a running one is flagged, and its worker stops soon after.

        One statement for both: between two, a report that goes back in line would be missed by each.
        """
        waits, now = cls.status == "queued", literal(clock.now(), Moment())
        return _moved(
            report_id,
            cls.status.in_(("queued", "running")),
            status=case((waits, "cancelled"), else_=cls.status),
            finished_at=case((waits, now), else_=cls.finished_at),
            cancel_requested_at=case((waits, cls.cancel_requested_at), else_=now),
        )

    @classmethod
    def lock(cls, report_id: str, *statuses: str) -> bool:
        """Have it to ourselves until the transaction ends; whether it is there, in one of these statuses.

        An UPDATE, as SQLite has no other lock. What is asked in the next statement is then true until we commit.
        """
        return _moved(report_id, cls.status.in_(statuses), status=cls.status)

    @classmethod
    def expire(cls, report_id: str) -> bool:
        """ready -> expired, where its time has passed and nobody holds or keeps it. Lock it first: PostgreSQL looks at
        other tables as they were before it waited for this row."""
        return _moved(report_id, *cls.is_over(), status="expired")

    @classmethod
    def is_over(cls) -> tuple[ColumnElement[bool], ...]:
        """Whether a report is one that expire() would take."""
        return (cls.status == "ready", cls.expires_at <= clock.now(), ~held_or_kept(cls.id))

    @classmethod
    def forget_figures(cls, report_id: str) -> None:
        """A report that has ended, and is not ready, names no frozen parts."""
        nothing = dict.fromkeys(("figures_sha256", "provenance_sha256", "presentation_sha256"))
        _moved(report_id, cls.status.in_(("expired", *NEVER_READY)), **nothing)

    @classmethod
    def put_off(cls, report_id: str, expires_at: datetime, rule: str) -> bool:
        """Have a ready report expire at another time, or by another rule."""
        return _moved(report_id, cls.status == "ready", expires_at=expires_at, expires_by=rule)

    @classmethod
    def remove(cls, report_id: str) -> bool:
        """Delete the row of a report that has ended and that nobody holds."""
        held = select(LegalHold.report_id).where(LegalHold.report_id == cls.id).exists()
        gone = db.session.execute(
            delete(cls).where(cls.id == report_id, cls.status.not_in(("queued", "running")), ~held),
            execution_options={"synchronize_session": False},
        )
        return bool(cast("CursorResult[Any]", gone).rowcount)

    @classmethod
    def mark_enqueued(cls, report_id: str) -> bool:
        return _moved(report_id, cls.status == "queued", enqueued_at=clock.now())


def _moved(report_id: str, *conditions: Any, **values: Any) -> bool:
    """One conditional UPDATE of a report; whether a row met the conditions."""
    changed = db.session.execute(
        update(Report).where(Report.id == report_id, *conditions).values(**values),
        execution_options={"synchronize_session": False},
    )
    return bool(cast("CursorResult[Any]", changed).rowcount)


def _end(status: str) -> dict[str, Any]:
    return {"status": status, "claim_token": None, "lease_until": None, "finished_at": clock.now()}


def _back_in_line() -> dict[str, Any]:
    return {"status": "queued", "claim_token": None, "lease_until": None, "enqueued_at": None}
