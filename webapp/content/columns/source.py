"""Reads records by column: from the clinic's columnar copy, or else from the records.

What takes the time in a report of a large clinic is to read its rows one by one. A copy keeps the few columns that
figures need, so that a report reads some hundred arrays and counts in them.

It is a copy, so it is used only where it must say what the records say: where it is of the clinic's present revision,
by the definition that we would read by ourselves, and the question is about all records of the days asked for. Else the
database hands the columns over there and then, by the same definition.
"""

import hashlib
import json
import logging
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, Dialect, Select, func, select

from webapp.content.columns import DAY, Columns, Numbers
from webapp.content.counting import Conditions, listed
from webapp.content.periods import Period
from webapp.models import Clinic, ColumnCopy, ColumnPart

log = logging.getLogger(__name__)

_WIDTHS = {2**8: "<u1", 2**16: "<u2", 2**31: "<i4"}
_NONE = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Records that are read by column, and how.

    `rows(conditions)` selects the records that meet them, with the columns of `texts` (texts, or what else has few
    values, or NULL) and of `numbers` (whole numbers of 32 bits, never NULL). Where `is_by_day`, it has also the column
    DAY, a date, and an index has the records together by that and the texts; else by the texts. Conditions are on the
    columns `clinic_id` and `on_day`; records without a column of days have no `on_day`.
    """

    name: str
    clinic_id: Any
    on_day: Any
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    rows: Callable[[Conditions], Select[Any]]
    is_by_day: bool = False

    def read(
        self,
        connection: Connection,
        clinic_id: int,
        names: Sequence[str],
        period: Period | None = None,
        narrowed: Conditions | None = None,
        wanted: Conditions | None = None,
    ) -> Columns:
        """Those columns of the clinic's records: of all days or of those of `period`; all of them, or those that meet
        the conditions `narrowed`. Of these `wanted` says which the caller counts: others may be among them, or be left
        out where the database hands them over."""
        kept = None if narrowed else _kept(connection, self, clinic_id, names, period)
        if kept is None:
            return self.gathered(connection, clinic_id, names, period, [*(narrowed or []), *(wanted or [])])
        return kept

    def by_day(
        self,
        connection: Connection,
        clinic_id: int,
        names: Sequence[str],
        period: Period,
        narrowed: Conditions | None = None,
    ) -> dict[tuple[Any, ...], int]:
        """How many of those records have the same day and the same in those columns, by the date and what they have;
        of a source that is by day. Without a copy the database counts them, which is faster than to hand them over."""
        kept = None if narrowed else _kept(connection, self, clinic_id, (DAY, *names), period)
        if kept is None:
            each = self.rows([self.clinic_id == clinic_id, self.on_day.between(*period), *(narrowed or [])]).subquery()
            group = [each.c[name] for name in (DAY, *names)]
            counted = connection.execute(select(*group, func.count()).group_by(*group))
            return {tuple(key): count for *key, count in counted}
        return {(date.fromordinal(day), *has): count for (day, *has), count in kept.counts(DAY, *names).items()}

    def gathered(
        self,
        connection: Connection,
        clinic_id: int,
        names: Sequence[str],
        period: Period | None,
        narrowed: Conditions,
    ) -> Columns:
        """The same as the database hands them over, whether there is a copy or not."""
        on_days = [self.on_day.between(*period)] if period else []
        # How many records a group has is told by its numbers, so one column of them is read whatever is asked for.
        numbers = [name for name in self.numbers if name in names] or list(self.numbers[:1])
        found: dict[str, list[Numbers]] = {name: [] for name in numbers}
        # All up to the last that is asked for, so that an index has the groups together.
        last = max((place for place, name in enumerate(self.texts, 1) if name in names), default=0)
        days, groups, sizes = array("i"), {name: array("i") for name in self.texts[:last]}, array("i")
        texts: dict[str, dict[str | None, int]] = {name: {} for name in groups}
        conditions = [self.clinic_id == clinic_id, *on_days, *narrowed]
        for row in connection.execute(self.by_group(conditions, list(groups), numbers)):
            cells = iter(row)
            if self.is_by_day:
                days.append(next(cells).toordinal())
            for name, places in texts.items():
                groups[name].append(places.setdefault(next(cells), len(places)))
            for some in found.values():
                # A sixth of the time that JSON takes as such. PostgreSQL has no list of no rows at all.
                some.append(np.fromstring((next(cells) or "[]")[1:-1], np.int32, sep=","))
            sizes.append(len(some[-1]))
        columns = {name: np.concatenate([_NONE, *some]) for name, some in found.items()}
        alike = {**({DAY: days} if self.is_by_day else {}), **groups}
        columns |= {name: np.repeat(_numbers(values), _numbers(sizes)) for name, values in alike.items()}
        return Columns(columns, {name: list(places) for name, places in texts.items()})

    def by_group(self, conditions: Conditions, texts: Sequence[str], numbers: Sequence[str]) -> Select[Any]:
        """A row for each group of records that are alike: their day and texts, and the numbers of each column."""
        each = self.rows(conditions).subquery()
        group = [each.c[name] for name in (*((DAY,) if self.is_by_day else ()), *texts)]
        return select(*group, *(listed(each.c[name]) for name in numbers)).group_by(*group)


def _numbers(values: "array[int]") -> Numbers:
    return np.array(values, np.int32)


def _kept(
    connection: Connection, source: Source, clinic_id: int, names: Sequence[str], period: Period | None
) -> Columns | None:
    """From the copy; None where there is none that may be used."""
    present = select(Clinic.revision).where(Clinic.id == clinic_id).scalar_subquery()
    copy = connection.execute(
        select(ColumnCopy.texts, ColumnCopy.sizes).where(
            ColumnCopy.clinic_id == clinic_id,
            ColumnCopy.name == source.name,
            ColumnCopy.definition == definition_of(source, connection.dialect),
            ColumnCopy.revision == present,
        )
    ).one_or_none()
    if copy is None:
        return None
    texts, sizes = map(json.loads, copy)
    first, last = (period[0].replace(day=1), period[1]) if period else (date.min, date.max)
    wanted = sorted({*names, DAY} if period else {*names})
    query = select(ColumnPart.column, ColumnPart.numbers).where(
        ColumnPart.clinic_id == clinic_id,
        ColumnPart.name == source.name,
        ColumnPart.column.in_(wanted),
        ColumnPart.month.between(first, last),
    )
    parts: dict[str, list[bytes]] = {name: [] for name in wanted}
    for name, numbers in connection.execute(query.order_by(ColumnPart.month)):
        parts[name].append(numbers)
    # Each column's parts go as they are put together, so that no more than one is there twice.
    whole = {name: np.frombuffer(b"".join(parts.pop(name)), kept_as(name, texts)) for name in wanted}
    size = sum(size for month, size in sizes.items() if first.isoformat() <= month <= last.isoformat())
    if any(len(numbers) != size for numbers in whole.values()):
        log.error("a copy of records has lost some", extra={"clinic_id": clinic_id, "records": source.name})
        return None
    if period:
        # A copy has its records in the order of days.
        begin, end = np.searchsorted(whole[DAY], [period[0].toordinal(), period[1].toordinal() + 1])
        whole = {name: numbers[begin:end] for name, numbers in whole.items()}
    return Columns(whole, texts)


def kept_as(name: str, texts: Mapping[str, Sequence[str | None]]) -> np.dtype[Any]:
    """How the numbers of that column stand in a copy: the places of a few texts need few bits."""
    different = len(texts[name]) if name in texts else max(_WIDTHS)
    return np.dtype(next(width for most, width in _WIDTHS.items() if different <= most))


@lru_cache
def definition_of(source: Source, dialect: Dialect) -> str:
    """A SHA-256 of how the records are read, and how a copy of them is kept."""
    by = source.by_group([source.clinic_id == 0], source.texts, source.numbers)
    sql = by.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return hashlib.sha256(f"{sql} {_WIDTHS}".encode()).hexdigest()
