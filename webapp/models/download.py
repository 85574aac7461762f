from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model
from webapp.models.person import Person
from webapp.models.report import FORMATS
from webapp.models.types import Id, Moment, one_of

TIERS = ("spool", "signed URL", "client", "folder", "old folder", "made", "made again")
"""By what means a file was had: a copy that was fetched a moment ago, a signed URL, the storage client, the folder that
is the store, the folder that was the store before, drawn for the first time, drawn again."""

OUTCOMES = ("served", "missing", "corrupt", "other bytes", "failed")
FAULTS = ("refused", "no bucket", "busy", "failing", "unreachable", "slow", "altered", "full", "resting")
"""errors.StoreFault, as the database knows it."""


class Download(Model):
    """One file handed to one person. `tier` says by what means it was had."""

    __tablename__ = "downloads"
    __table_args__ = (one_of("format", FORMATS), one_of("tier", TIERS), Index(None, "report_id", "at"))

    id: Mapped[Id]
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    format: Mapped[str] = mapped_column(String(10))
    tier: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    person: Mapped[Person] = relationship()


class DownloadTry(Model):
    """One tier tried for one download: what came of it, and how long it took. "other bytes" is a file made again from
    the same figures that is not the file it was; "failed" one that could not be made."""

    __tablename__ = "download_tries"
    __table_args__ = (one_of("format", FORMATS), one_of("tier", TIERS), one_of("outcome", (*OUTCOMES, *FAULTS)))

    id: Mapped[Id]
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    format: Mapped[str] = mapped_column(String(10))
    tier: Mapped[str] = mapped_column(String(30))
    outcome: Mapped[str] = mapped_column(String(20))
    milliseconds: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now, index=True)
