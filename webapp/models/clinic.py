from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.extensions import Model
from webapp.models.types import Id, Moment, one_of

Paper = Literal["A4", "Letter"]
PAPERS: tuple[Paper, ...] = get_args(Paper)


class Clinic(Model):
    """A clinic and how it wants its reports. `timezone` is an IANA name; a day is a day there."""

    __tablename__ = "clinics"
    __table_args__ = (one_of("paper", PAPERS), CheckConstraint("name <> ''", name="name"))

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    timezone: Mapped[str] = mapped_column(String(64))
    paper: Mapped[Paper] = mapped_column(String(10), default="A4")
    is_demo: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
