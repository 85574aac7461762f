from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Moment, Sourced


class Measurement(Sourced, Model):
    """A reading of a patient, coded in LOINC.

    `value` is in `unit` (UCUM where the source gives it); a result that is no number is in `text`. `component` numbers
    the parts of one observation, such as the two pressures: 0 is the whole. `measured_at` is None where the source
    gives the day alone, `local_day`. `upload_id` names the sheet that it was brought in. `spo2_scale` is the scale of
    NEWS2 by which an oxygen saturation was to be scored when it was brought, where that is known.
    """

    __tablename__ = "measurements"
    __table_args__ = (
        UniqueConstraint("clinic_id", "source_id", "component"),
        # All that most figures ask of a measurement, so that they are counted from the index alone.
        Index(
            "ix_measurements_figures",
            "clinic_id",
            "loinc",
            "local_day",
            "patient_id",
            "visit_id",
            "unit",
            "value",
        ),
        CheckConstraint("component >= 0", name="component"),
        CheckConstraint("spo2_scale IN (1, 2)", name="spo2_scale"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id", ondelete="SET NULL"), index=True)
    component: Mapped[int] = mapped_column(SmallInteger, default=0)
    loinc: Mapped[str | None] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(400))
    value: Mapped[float | None]
    unit: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str | None] = mapped_column(String(400))
    measured_at: Mapped[datetime | None] = mapped_column(Moment)
    local_day: Mapped[date | None]
    spo2_scale: Mapped[int | None] = mapped_column(SmallInteger)
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("uploads.id"), index=True)
