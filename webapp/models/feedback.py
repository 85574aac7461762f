from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Moment


class Feedback(Model):
    """What a patient said. `rating` is meant to be 1 to 5, but other systems hand over other numbers: figures count
    those as out of range rather than refuse the row. `local_day` is that of `submitted_at` on the clinic's wall."""

    __tablename__ = "feedback"
    __table_args__ = (Index(None, "clinic_id", "local_day"),)

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id", ondelete="SET NULL"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id", ondelete="SET NULL"), index=True)
    category: Mapped[str] = mapped_column(String(60), default="")
    rating: Mapped[int | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    local_day: Mapped[date]
    responded_at: Mapped[datetime | None] = mapped_column(Moment)
