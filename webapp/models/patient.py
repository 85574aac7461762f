from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Sourced, one_of

SEXES = ("female", "male", "other", "unknown")
"""FHIR R4 AdministrativeGender (http://hl7.org/fhir/administrative-gender)."""

PRECISIONS = ("day", "month", "year")


class Patient(Sourced, Model):
    """A patient of a clinic.

    `birth_date` with a precision of month or year is the first day of that month or year (FHIR allows partial dates).
    `registered_on` is the local day the patient became known to the clinic: as the clinic's system gives it, else the
    day of the first visit. `mrn` is the medical record number the clinic uses. `spo2_scale` is the scale of NEWS2 by
    which the patient's oxygen saturation is scored, as a clinician has decided: 2 in hypercapnic respiratory failure,
    usually with a target of 88 to 92 %. `upload_id` names the sheet that added the patient, if one did.
    """

    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("clinic_id", "source_id"),
        Index(None, "clinic_id", "mrn"),
        Index(None, "clinic_id", "registered_on"),
        one_of("sex", SEXES),
        one_of("birth_precision", PRECISIONS),
        CheckConstraint("spo2_scale IN (1, 2)", name="spo2_scale"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    mrn: Mapped[str | None] = mapped_column(String(64))
    family_name: Mapped[str] = mapped_column(String(200), default="")
    given_name: Mapped[str] = mapped_column(String(200), default="")
    sex: Mapped[str] = mapped_column(String(10), default="unknown")
    birth_date: Mapped[date | None]
    birth_precision: Mapped[str] = mapped_column(String(5), default="day")
    deceased_on: Mapped[date | None]
    registered_on: Mapped[date | None]
    spo2_scale: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("uploads.id"), index=True)
