from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Moment


class Campaign(Model):
    """A health campaign: whom the clinic wrote to, about what, and when."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("clinic_id", "name"),
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="dates"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    name: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(100))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]


class CampaignContact(Model):
    """One patient reached by a campaign, and what the patient did. `local_day` is that of `contacted_at` on the
    clinic's wall."""

    __tablename__ = "campaign_contacts"
    __table_args__ = (UniqueConstraint("campaign_id", "patient_id"),)

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    contacted_at: Mapped[datetime] = mapped_column(Moment)
    local_day: Mapped[date]
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    responded_at: Mapped[datetime | None] = mapped_column(Moment)
    attended_at: Mapped[datetime | None] = mapped_column(Moment)
