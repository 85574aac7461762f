from datetime import date

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Sourced, one_of

CLINICAL_STATUSES = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
"""FHIR R4 condition-clinical (http://hl7.org/fhir/R4/valueset-condition-clinical.html)."""

VERIFICATION_STATUSES = (
    "unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error",
)  # fmt: skip
"""FHIR R4 condition-ver-status (http://hl7.org/fhir/R4/valueset-condition-ver-status.html)."""

NOT_HELD = {"refuted": "refuted", "entered-in-error": "entered in error"}
"""The verification statuses of diagnoses that the patient does not have, and how a reader is told of them."""


class Diagnosis(Sourced, Model):
    """A condition found in a patient. `code_system` is the URI of the coding (SNOMED CT, ICD-10), as FHIR gives it.

    `clinical_status` and `verification_status` are None where the source gives no code of these value sets.
    """

    __tablename__ = "diagnoses"
    __table_args__ = (
        UniqueConstraint("clinic_id", "source_id"),
        # All that most figures ask of a diagnosis, so that they are counted from an index alone.
        Index("ix_diagnoses_figures", "clinic_id", "recorded_on", "verification_status", "patient_id", "visit_id"),
        # By name, as SQLite would else have to sort them. PostgreSQL need not, and could not keep the longest names in
        # an index: there it holds no rows.
        Index(
            "ix_diagnoses_by_name",
            "clinic_id",
            "code_system",
            "code",
            "name",
            "verification_status",
            "recorded_on",
            "patient_id",
            "visit_id",
            postgresql_where=false(),
        ),
        one_of("clinical_status", CLINICAL_STATUSES),
        one_of("verification_status", VERIFICATION_STATUSES),
    )

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id", ondelete="SET NULL"), index=True)
    code_system: Mapped[str | None] = mapped_column(String(255))
    code: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(400))
    recorded_on: Mapped[date | None]
    clinical_status: Mapped[str | None] = mapped_column(String(20))
    verification_status: Mapped[str | None] = mapped_column(String(20))
