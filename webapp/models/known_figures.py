from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Moment


class KnownFigures(Model):
    """The newest figures of one question, so that a report that asks the same within their freshness says the same.

    `key` is a SHA-256 of all that they depend on (generate/known.py). `as_of` is the moment of the snapshot they were
    read from.
    """

    __tablename__ = "known_figures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    clinic_id: Mapped[ClinicId] = mapped_column(index=True)
    figures_sha256: Mapped[str] = mapped_column(ForeignKey("frozen_parts.sha256", ondelete="CASCADE"), index=True)
    as_of: Mapped[datetime] = mapped_column(Moment, index=True)
