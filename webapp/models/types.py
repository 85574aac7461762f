"""Column types and constraints that every table shares."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Integer, String, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """An aware date-time, kept in UTC. SQLite has no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Annotated[int, mapped_column(Integer, primary_key=True)]
ClinicId = Annotated[int, mapped_column(ForeignKey("clinics.id", ondelete="CASCADE"))]
Sha256 = Annotated[str, mapped_column(String(64))]


class Sourced:
    """A row from another system: its id there, and a digest that tells a changed resource from a known one."""

    source_id: Mapped[str | None] = mapped_column(String(255))
    source_digest: Mapped[str | None] = mapped_column(String(64))


def one_of(column: str, values: Iterable[str], name: str = "") -> CheckConstraint:
    """A CHECK that `column` holds one of `values` (our own words, never data)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or column)
