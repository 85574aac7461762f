from datetime import date

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.models.types import ClinicId, Sha256


class ColumnCopy(Model):
    """That records of a clinic were copied by column as they were at that revision of the clinic: content/columns/.

    `definition` is a SHA-256 of how that was done. `texts` and `sizes` are JSON objects: the different texts of each
    column of texts, and how many records each month has.
    """

    __tablename__ = "column_copies"

    clinic_id: Mapped[ClinicId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    revision: Mapped[int]
    definition: Mapped[Sha256]
    texts: Mapped[str] = mapped_column(Text)
    sizes: Mapped[str] = mapped_column(Text)


class ColumnPart(Model):
    """One column of the records of a month, those without a day in that of date.min, in the order of days: whole
    numbers of 8, 16 or 32 bits, the lowest byte first."""

    __tablename__ = "column_parts"

    clinic_id: Mapped[ClinicId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column(String(20), primary_key=True)
    numbers: Mapped[bytes] = mapped_column(LargeBinary)
