from datetime import date

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Sourced


class Diagnosis(Sourced, Model):
    """A condition found in a patient. `code_system` is the URI of the coding (SNOMED CT, ICD-10), as FHIR gives it.

    `clinical_status` and `verification_status` are FHIR R4 codes (condition-clinical, condition-ver-status), or None.
    """

    __tablename__ = "diagnoses"
    __table_args__ = (UniqueConstraint("clinic_id", "source_id"), Index(None, "clinic_id", "recorded_on"))

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
