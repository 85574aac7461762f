"""Keeps the columnar copies of records that source.py reads."""

import json
import logging
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date

import numpy as np
from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.exc import OperationalError

from webapp.clock import Deadline
from webapp.content.columns import DAY, Columns, months_of
from webapp.content.columns.source import Source, definition_of, kept_as
from webapp.extensions import db, snapshot, start_afresh
from webapp.models import Clinic, ColumnCopy, ColumnPart
from webapp.queues import JobTimedOut

log = logging.getLogger(__name__)

SECONDS = 20
"""How long a round goes on to begin copies. The worker makes no report meanwhile, and the next tick is a minute later:
a longer round would meet it on another worker, and all of them would copy the same."""


def keep_up(sources: Sequence[Source]) -> None:
    """Have the copies of all clinics say what their records say now: as many as can be begun in SECONDS, for the next
    round comes soon. Copies of what is none of the sources go. Commits after each. One that fails by its
    records keeps none after it from its turn, and the first fault is then raised."""
    faults: list[Exception] = []
    _drop_all_but({source.name for source in sources})
    deadline = Deadline(SECONDS)
    for source, clinic_id in _lacking(sources):
        if deadline.has_passed:
            break
        try:
            keep(source, clinic_id)
        except (JobTimedOut, OperationalError):  # a database that is down, or whose disk is full, fails all of them
            raise
        except Exception as fault:  # noqa: BLE001 raised below, when the others had their turn
            log.error(
                "records could not be copied: %s",
                type(fault).__name__,
                extra={"clinic_id": clinic_id, "records": source.name},
            )
            start_afresh()
            faults.append(fault)
    if faults:
        raise faults[0]


def _drop_all_but(names: Set[str]) -> None:
    """What was copied of the records of patients goes when no report reads it any more."""
    unread = select(ColumnCopy.clinic_id, ColumnCopy.name).where(ColumnCopy.name.not_in(sorted(names)))
    for clinic_id, name in db.session.execute(unread).all():
        _drop(clinic_id, name)
    db.session.commit()


def _drop(clinic_id: int, name: str) -> None:
    for model in (ColumnPart, ColumnCopy):
        db.session.execute(delete(model).where(*_of(model, clinic_id, name)))


def _lacking(sources: Sequence[Source]) -> list[tuple[Source, int]]:
    """Those of which there is no copy that may be used. Clinics come in another order each time, so that those whose
    records change all the time leave no others behind."""
    with snapshot() as connection:
        of_now = select(ColumnCopy.clinic_id, ColumnCopy.name, ColumnCopy.definition).join(
            Clinic, (Clinic.id == ColumnCopy.clinic_id) & (Clinic.revision == ColumnCopy.revision)
        )
        kept = {tuple(row) for row in connection.execute(of_now)}
        clinics = list(connection.scalars(select(Clinic.id)))
        definitions = {source: definition_of(source, connection.dialect) for source in sources}
    random.shuffle(clinics)
    return [
        (source, clinic_id)
        for clinic_id in clinics
        for source, definition in definitions.items()
        if (clinic_id, source.name, definition) not in kept
    ]


def keep(source: Source, clinic_id: int) -> None:
    """Have the clinic's records copied as they are now, where there is such a clinic; commits."""
    with snapshot() as connection:
        revision = connection.scalar(select(Clinic.revision).where(Clinic.id == clinic_id))
        if revision is None:  # The clinic is gone.
            return
        definition = definition_of(source, connection.dialect)
        columns = source.gathered(connection, clinic_id, (*source.texts, *source.numbers), None, [])
    # Of two that copy at once the second waits for the first, and replaces its copy: on SQLite as soon as it writes.
    db.session.execute(select(Clinic.id).where(Clinic.id == clinic_id).with_for_update(key_share=True))
    db.session.execute(delete(ColumnCopy).where(*_of(ColumnCopy, clinic_id, source.name)))
    sizes: dict[date, int] = {}
    for month, size, part in _parts(source, columns):
        sizes[month] = size
        _replace(clinic_id, source.name, month, part)
    gone = ColumnPart.month.not_in(list(sizes))
    db.session.execute(delete(ColumnPart).where(*_of(ColumnPart, clinic_id, source.name), gone))
    told = {
        "clinic_id": clinic_id,
        "name": source.name,
        "revision": revision,
        "definition": definition,
        "texts": json.dumps(columns.texts),
        "sizes": json.dumps({f"{month}": size for month, size in sizes.items()}),
    }
    db.session.execute(insert(ColumnCopy), told)
    db.session.commit()


def _replace(clinic_id: int, name: str, month: date, part: Mapping[str, bytes]) -> None:
    """What has changed. After an import that is a few of many megabytes, each of which would be written to the log of
    the database too."""
    of_month = (*_of(ColumnPart, clinic_id, name), ColumnPart.month == month)
    there = db.session.execute(select(ColumnPart.column, ColumnPart.numbers).where(*of_month))
    same = {column for column, numbers in there if part.get(column) == numbers}
    db.session.execute(delete(ColumnPart).where(*of_month, ColumnPart.column.not_in(sorted(same))))
    changed = [
        {"clinic_id": clinic_id, "name": name, "month": month, "column": column, "numbers": numbers}
        for column, numbers in part.items()
        if column not in same
    ]
    if changed:
        db.session.execute(insert(ColumnPart), changed)


def _of(model: type[ColumnCopy | ColumnPart], clinic_id: int, name: str) -> tuple[ColumnElement[bool], ...]:
    return model.clinic_id == clinic_id, model.name == name


def _parts(source: Source, columns: Columns) -> Iterator[tuple[date, int, dict[str, bytes]]]:
    """Each month, how many records it has, and their columns in the order of days."""
    names = (*((DAY,) if source.is_by_day else ()), *source.texts, *source.numbers)
    if DAY not in names:
        yield date.min, len(columns), _part(columns, names, slice(None))
    elif len(columns):
        columns = columns.where(np.argsort(columns[DAY], kind="stable"))
        # Records without a day go with those of the first month of all.
        days = np.maximum(columns[DAY], date.min.toordinal())
        _, begins = np.unique(months_of(days), return_index=True)
        for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(days)], strict=True):
            month = date.fromordinal(int(days[begin])).replace(day=1)
            yield month, end - begin, _part(columns, names, slice(begin, end))


def _part(columns: Columns, names: Iterable[str], those: slice) -> dict[str, bytes]:
    return {name: columns[name][those].astype(kept_as(name, columns.texts)).tobytes() for name in names}
