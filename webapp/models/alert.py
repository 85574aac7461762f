from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.extensions import Model
from webapp.models.types import Id, Moment, one_of

SEVERITIES = ("critical", "warning", "info")


class Alert(Model):
    """Something a person must know. While it is open, the same rule about the same subject is counted, not repeated."""

    __tablename__ = "alerts"
    __table_args__ = (
        one_of("severity", SEVERITIES),
        CheckConstraint("count >= 1", name="count"),
        Index(
            "uq_alerts_open",
            "rule",
            "subject",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    severity: Mapped[str] = mapped_column(String(10))
    rule: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(Text)
    what_to_do: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    last_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    count: Mapped[int] = mapped_column(default=1)
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
