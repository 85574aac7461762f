from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.extensions import Model
from webapp.models.report import FORMATS, Report
from webapp.models.types import Id, Moment, Sha256, one_of

STORES = ("local", "google", "s3")


class File(Model):
    """One format of a report, as it was made. `sha256`, `size` (bytes) and `crc32c` (base64 of four bytes, big-endian)
    are what a download and the store's own word of an object are checked against.

    `store` is where the object lies; none where no lasting place was set up. `first_sha256` is what the file was at
    first, where it was made again from the same figures with other bytes.
    """

    __tablename__ = "files"
    __table_args__ = (
        UniqueConstraint("report_id", "format"),
        one_of("format", FORMATS),
        one_of("store", STORES),
        CheckConstraint("size > 0", name="size"),
    )

    id: Mapped[Id]
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    format: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[Sha256]
    first_sha256: Mapped[str | None] = mapped_column(String(64))
    crc32c: Mapped[str | None] = mapped_column(String(8))
    size: Mapped[int]
    store: Mapped[str | None] = mapped_column(String(10), index=True)
    storage_key: Mapped[str] = mapped_column(String(200), index=True)
    made_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    report: Mapped[Report] = relationship(back_populates="files")
