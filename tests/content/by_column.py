"""Records by column and by row, to compare."""

from collections import Counter
from datetime import date
from typing import Any

from webapp.content.columns import Columns, copies
from webapp.content.columns.source import Source
from webapp.content.periods import Period
from webapp.content.sources import SOURCES
from webapp.extensions import db, snapshot
from webapp.models import Clinic


def names_of(source: Source) -> tuple[str, ...]:
    return tuple(sorted({*source.texts, *source.numbers, *(["day"] if source.is_by_day else [])}))


def read(source: Source, clinic: Clinic, *names: str, period: Period | None = None, narrowed: Any = None) -> Columns:
    with snapshot() as connection:
        return source.read(connection, clinic.id, names, period, narrowed)


def records(found: Columns, names: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """Whatever their order."""
    return Counter(found.counts(*names))


def selected(source: Source, clinic: Clinic, names: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """The same by the source's own SQL, a row each."""
    rows = db.session.execute(source.rows([source.clinic_id == clinic.id])).mappings()
    return Counter(
        tuple(row[name].toordinal() if isinstance(row[name], date) else row[name] for name in names) for row in rows
    )


def keep_all(clinic: Clinic) -> None:
    for source in SOURCES:
        copies.keep(source, clinic.id)
