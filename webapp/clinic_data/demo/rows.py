"""The rows of a demo while they are made: plain dicts with their ids, inserted in bulk at the end."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text

from webapp.extensions import Model, db
from webapp.models import (
    Campaign,
    CampaignContact,
    Clinic,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Provider,
    Treatment,
    Visit,
)

Row = dict[str, Any]

TABLES: tuple[type[Model], ...] = (
    Clinic, Provider, Patient, Visit, Diagnosis, Treatment, Measurement, Feedback, Campaign, CampaignContact,
)  # fmt: skip
"""In the order in which they refer to each other."""


class Rows:
    """Numbers the rows from the first free id of each table. Nobody else may write those tables until `insert()` and
    the commit after it: on PostgreSQL they are locked, and SQLite has one writer at a time."""

    def __init__(self) -> None:
        if db.engine.dialect.name == "postgresql":
            names = ", ".join(model.__tablename__ for model in TABLES)
            db.session.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        else:
            # The driver begins a transaction, and with it the lock, only at the first write.
            db.session.execute(text("UPDATE clinics SET name = name WHERE id < 0"))
        self.of: dict[type[Model], list[Row]] = {model: [] for model in TABLES}
        self._last = {
            model: db.session.scalar(select(func.max(Model.metadata.tables[model.__tablename__].c.id))) or 0
            for model in TABLES
        }

    def add(self, model: type[Model], **values: Any) -> Row:
        """A new row with its id. All rows of one table name the same columns."""
        self._last[model] += 1
        row = {"id": self._last[model], **values}
        self.of[model].append(row)
        return row

    def insert(self) -> None:
        for model, rows in self.of.items():
            if rows:
                db.session.execute(insert(Model.metadata.tables[model.__tablename__]), rows)
            if db.engine.dialect.name == "postgresql":
                # We have numbered the rows ourselves, so the sequence is told where to go on.
                db.session.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{model.__tablename__}', 'id'), :last)"),
                    {"last": max(1, self._last[model])},
                )


def days(start: date, end: date) -> list[date]:
    """Both included."""
    return [start + timedelta(days=step) for step in range((end - start).days + 1)]
