from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Sourced, one_of
from webapp.models.visit import KINDS

OUTCOMES = ("successful", "improved", "unchanged", "worse", "unknown")


class Treatment(Sourced, Model):
    """A procedure done for a patient, how it went, and when the patient should be seen again."""

    __tablename__ = "treatments"
    __table_args__ = (
        UniqueConstraint("clinic_id", "source_id"),
        # All that most figures ask of a treatment, so that they are counted from an index alone.
        Index(
            "ix_treatments_figures",
            "clinic_id",
            "performed_on",
            "kind",
            "outcome",
            "diagnosis_id",
            "patient_id",
        ),
        Index("ix_treatments_follow_ups", "clinic_id", "follow_up_due_on", "follow_up_done_on", "kind", "patient_id"),
        # By name, as SQLite would else have to sort them. PostgreSQL need not, and could not keep the longest names in
        # an index: there it holds no rows.
        Index(
            "ix_treatments_by_name",
            "clinic_id",
            "kind",
            "code_system",
            "code",
            "name",
            "performed_on",
            "patient_id",
            "visit_id",
            postgresql_where=false(),
        ),
        one_of("kind", KINDS),
        one_of("outcome", OUTCOMES),
        CheckConstraint("follow_up_done_on IS NULL OR follow_up_due_on IS NOT NULL", name="follow_up"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id", ondelete="SET NULL"), index=True)
    diagnosis_id: Mapped[int | None] = mapped_column(ForeignKey("diagnoses.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="medical")
    code_system: Mapped[str | None] = mapped_column(String(255))
    code: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(400))
    performed_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(String(12), default="unknown")
    follow_up_due_on: Mapped[date | None]
    follow_up_done_on: Mapped[date | None]
