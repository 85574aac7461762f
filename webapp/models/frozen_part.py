from contextlib import suppress
from datetime import datetime

from sqlalchemy import ColumnElement, LargeBinary, String, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.extensions import Model, db
from webapp.figures import Frozen
from webapp.models.report import Report
from webapp.models.types import Moment


class FrozenPart(Model):
    """The figures, the provenance or the presentation of a report, as figures.freeze() wrote it; never changed.

    The hash is the key, so reports that say the same share one row.
    """

    __tablename__ = "frozen_parts"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    frozen_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    @classmethod
    def keep(cls, frozen: Frozen) -> str:
        """Add it unless it is there; its hash. Two workers that freeze the same thing at once both succeed."""
        if not cls._held(frozen.sha256):
            try:
                with db.session.begin_nested():
                    db.session.add(cls(sha256=frozen.sha256, body=frozen.body))
            except IntegrityError:
                cls._held(frozen.sha256)
        return frozen.sha256

    @classmethod
    def _held(cls, sha256: str) -> bool:
        """Whether it is there; if so it is locked by a write, so that nobody drops it before our report names it."""
        touched = update(cls).where(cls.sha256 == sha256).values(frozen_at=clock.now()).returning(cls.sha256)
        return db.session.scalar(touched) is not None

    @property
    def frozen(self) -> Frozen:
        return Frozen(self.sha256, self.body)

    @classmethod
    def drop_unused(cls, hashes: list[str]) -> None:
        """Remove those of the parts that no report names any more, in the order in which a worker keeps them."""
        for sha256 in sorted(hashes):
            # A report that began to name it meanwhile has it, by its foreign key.
            with suppress(IntegrityError), db.session.begin_nested():
                db.session.execute(delete(cls).where(cls.sha256 == sha256, *cls._unused()))

    @classmethod
    def left_behind(cls, before: datetime, limit: int) -> list[str]:
        """The hashes of parts that were frozen before that moment and that no report names, so many at the most. Two
        reports that share them and go at once each see the other, and leave them."""
        return list(db.session.scalars(select(cls.sha256).where(cls.frozen_at < before, *cls._unused()).limit(limit)))

    @classmethod
    def _unused(cls) -> list[ColumnElement[bool]]:
        named = (Report.figures_sha256, Report.provenance_sha256, Report.presentation_sha256)
        return [~select(Report.id).where(column == cls.sha256).exists() for column in named]
