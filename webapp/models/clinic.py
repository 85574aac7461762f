from datetime import datetime
from typing import Any, Literal, cast, get_args

from sqlalchemy import CheckConstraint, CursorResult, LargeBinary, String, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp import clock
from webapp.extensions import Model, db
from webapp.models.types import Id, Moment, one_of

Paper = Literal["A4", "Letter"]
PAPERS: tuple[Paper, ...] = get_args(Paper)

THRESHOLDS = (0, 5, 10)
"""Counts under which figures may be withheld; 0 withholds none."""


DateOrder = Literal["", "dmy", "mdy", "ymd"]
DATE_ORDERS: tuple[DateOrder, ...] = get_args(DateOrder)
"""In which order a clinic writes the parts of a date in figures; empty where it has not said."""

MORE_CHARTS = ("temperature", "oxygen_given", "consciousness")
"""What a clinic may have charted in daily patient reports besides the usual four."""


class Clinic(Model):
    """A clinic and how it wants its reports. `timezone` is an IANA name; a day is a day there.

    `suppress_below` is the count under which aggregate reports withhold figures (0: none). `logo` is a PNG. `revision`
    goes up with every change of the clinic's records, so that figures counted before it are not taken for new.
    `date_order` is how dates in figures are read in sheets that people bring. `more_charts` are some of MORE_CHARTS,
    with spaces between.
    """

    __tablename__ = "clinics"
    __table_args__ = (
        one_of("paper", PAPERS),
        CheckConstraint(f"suppress_below IN {THRESHOLDS}", name="suppress_below"),
        CheckConstraint("name <> ''", name="name"),
        one_of("date_order", DATE_ORDERS),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    timezone: Mapped[str] = mapped_column(String(64))
    paper: Mapped[Paper] = mapped_column(String(10), default="A4")
    suppress_below: Mapped[int] = mapped_column(default=0, server_default="0")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    date_order: Mapped[DateOrder] = mapped_column(String(3), default="", server_default="")
    more_charts: Mapped[str] = mapped_column(String(80), default="", server_default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    @classmethod
    def records_changed(cls, clinic_id: int) -> None:
        """Have figures counted up to now taken for old. Nothing here commits."""
        db.session.execute(
            update(cls).where(cls.id == clinic_id).values(revision=cls.revision + 1),
            execution_options={"synchronize_session": False},
        )

    @classmethod
    def records_changed_since(cls, clinic_id: int, revision: int) -> bool:
        """The same, if no records have changed since that revision was read; whether it was so. Nothing commits."""
        changed = db.session.execute(
            update(cls).where(cls.id == clinic_id, cls.revision == revision).values(revision=cls.revision + 1),
            execution_options={"synchronize_session": False},
        )
        return bool(cast("CursorResult[Any]", changed).rowcount)
