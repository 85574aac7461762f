from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Moment, Sourced, one_of

KINDS = ("medical", "dental")

STATUSES = (
    "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown",
)  # fmt: skip
"""FHIR R4 EncounterStatus (http://hl7.org/fhir/encounter-status)."""

NOT_COUNTED = {"planned": "planned", "cancelled": "cancelled", "entered-in-error": "entered in error"}
"""The statuses of visits that did not happen, and how a reader is told why they are left out."""


class Visit(Sourced, Model):
    """An encounter of a patient with the clinic.

    The local_ columns are `started_at` on the clinic's wall (clock.local), stored so that figures are plain SQL on
    every database: `local_month` is the first day of the month, `local_weekday` is ISO (1 Monday to 7 Sunday).
    `local_hour` is None where the source gives the day alone; `started_at` is then the start of that day.
    """

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("clinic_id", "source_id"),
        # All that most figures ask of a visit, so that they are counted from the index alone.
        Index(
            "ix_visits_figures",
            "clinic_id",
            "local_day",
            "status",
            "kind",
            "local_hour",
            "patient_id",
            "provider_id",
        ),
        # The visits of each patient together, for who came and how often.
        Index("ix_visits_by_patient", "clinic_id", "patient_id", "local_day", "status", "kind"),
        Index(None, "patient_id"),
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        CheckConstraint("local_weekday BETWEEN 1 AND 7", name="local_weekday"),
        CheckConstraint("local_hour BETWEEN 0 AND 23", name="local_hour"),
        CheckConstraint("ended_at >= started_at", name="ended_at"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    provider_id: Mapped[int | None] = mapped_column(ForeignKey("providers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20), default="finished")
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    local_day: Mapped[date]
    local_month: Mapped[date]
    local_weekday: Mapped[int] = mapped_column(SmallInteger)
    local_hour: Mapped[int | None] = mapped_column(SmallInteger)
