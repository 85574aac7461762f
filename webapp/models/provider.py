from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Id, Sourced


class Provider(Sourced, Model):
    """A doctor, nurse or dentist whom patients see."""

    __tablename__ = "providers"
    __table_args__ = (UniqueConstraint("clinic_id", "source_id"),)

    id: Mapped[Id]
    clinic_id: Mapped[ClinicId]
    name: Mapped[str] = mapped_column(String(200))
