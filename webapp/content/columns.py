"""A clinic's records by column: what a report asks of a million rows, as arrays of numbers.

What takes the time in a report of a large clinic is to read its rows one by one. A columnar copy keeps the few columns
that figures need, so that a report reads some hundred arrays and counts in them.

It is a copy, so it is used only where it must say what the records say: where it is of the clinic's present revision,
by the definition that we would read by ourselves, and the question is about all records of the days asked for. Else the
database hands the columns over there and then, by the same definition.
"""

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Dialect, Select, delete, func, insert, select

from webapp.content.counting import Conditions, listed
from webapp.content.periods import Period
from webapp.extensions import db, snapshot
from webapp.models import Clinic, ColumnCopy, ColumnPart

Numbers = npt.NDArray[Any]
"""Whole numbers of 32 bits, or what counts as them: places in a list, booleans."""
Mask = npt.NDArray[np.bool_]

DAY = "day"
NO_DAY = 0
"""Days are numbers as date.toordinal() counts them; this stands for a day that is not on record."""
UNKNOWN = -1
"""Stands for an id or an hour that is not on record."""

_KEPT_AS = np.dtype("<i4")
_WIDEST = 2**62
_NONE = np.empty(0, np.int32)
_EPOCH = date(1970, 1, 1).toordinal()


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

    def gathered(self, conditions: Conditions, texts: Sequence[str], numbers: Sequence[str]) -> Select[Any]:
        """A row for each group of records that are alike: their day and texts, and the numbers of each column."""
        each = self.rows(conditions).subquery()
        group = [each.c[name] for name in (*((DAY,) if self.is_by_day else ()), *texts)]
        return select(*group, *(listed(each.c[name]) for name in numbers)).group_by(*group)


class Columns:
    """Records by column: arrays of one length, with the numbers of each record at its place. The records are in no
    particular order. A column of texts has the places of its texts in `texts`."""

    def __init__(self, columns: Mapping[str, Numbers], texts: Mapping[str, Sequence[str | None]]) -> None:
        self._columns = columns
        self.texts = texts

    def __getitem__(self, name: str) -> Numbers:
        return self._columns[name]

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def where(self, those: Mask | Numbers) -> "Columns":
        """The records for which a mask holds; or those at places, as often and in the order in which these are told."""
        # Numpy takes ten times as long by a mask, anew for each column.
        places = np.flatnonzero(those) if those.dtype == np.bool_ else those
        if those.dtype == np.bool_ and len(places) == len(self):
            return self
        return Columns({name: numbers.take(places) for name, numbers in self._columns.items()}, self.texts)

    def within(self, period: Period) -> "Columns":
        """The records of the days of the period."""
        return self.where(self.is_within(period))

    def is_within(self, period: Period) -> Mask:
        start, end = (day.toordinal() for day in period)
        return (self[DAY] >= start) & (self[DAY] <= end)

    def is_one_of(self, name: str, texts: Iterable[str | None]) -> Mask:
        """Whether the text of that column is one of these."""
        wanted = set(texts)
        return np.array([text in wanted for text in self.texts[name]], np.bool_)[self[name]]

    def having(self, **columns: Numbers) -> "Columns":
        """The same records with further columns, or with others in place of theirs."""
        return Columns({**self._columns, **columns}, self.texts)

    def distinct(self, *names: str) -> "Columns":
        """Those columns alone, once for each of their values together."""
        found, _ = grouped(*(self[name] for name in names))
        return Columns(dict(zip(names, found, strict=True)), self.texts)

    def counts(self, *names: str) -> dict[Any, int]:
        """How many records have the same in those columns, by what they have: text or number, a tuple of several."""
        found, counts = grouped(*(self[name] for name in names))
        keys = [self._told(name, numbers) for name, numbers in zip(names, found, strict=True)]
        return dict(zip(keys[0] if len(keys) == 1 else zip(*keys, strict=True), counts.tolist(), strict=True))

    def parted(self, name: str, *by: str) -> dict[Any, Numbers]:
        """The numbers of one column, by what their records have in others: told as counts() tells it."""
        found, places = numbered(*(self[other] for other in by))
        # Of numbers of 16 bits numpy makes no comparisons to sort them: that is ten times as fast.
        is_short = len(found[0]) <= np.iinfo(np.uint16).max
        order = np.argsort(places.astype(np.uint16) if is_short else places, kind="stable")
        ends = np.cumsum(np.bincount(places, minlength=len(found[0])))
        keys = [self._told(other, numbers) for other, numbers in zip(by, found, strict=True)]
        parts = np.split(self[name][order], ends[:-1])
        return dict(zip(keys[0] if len(keys) == 1 else zip(*keys, strict=True), parts, strict=False))

    def _told(self, name: str, numbers: Numbers) -> list[Any]:
        texts = self.texts.get(name)
        return numbers.tolist() if texts is None else [texts[place] for place in numbers.tolist()]


def grouped(*columns: Numbers) -> tuple[list[Numbers], Numbers]:
    """The different rows of columns of one length, in order and by column; and how often each occurs."""
    key = _Key(columns)
    if key.is_too_wide:
        rows, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
        return list(rows.T), counts
    if key.is_narrow:
        every = np.bincount(key.rows)
        different = np.flatnonzero(every)
        return key.columns(different), every[different]
    different, counts = np.unique(key.rows, return_counts=True)
    return key.columns(different), counts


def numbered(*columns: Numbers) -> tuple[list[Numbers], Numbers]:
    """The different rows of columns of one length, in order and by column; and the place of each row among them."""
    key = _Key(columns)
    if key.is_too_wide:
        rows, places = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
        return list(rows.T), places
    if key.is_narrow:
        occurs = np.zeros(key.width, np.bool_)
        occurs[key.rows] = True
        place_of = np.cumsum(occurs, dtype=np.int32) - 1
        return key.columns(np.flatnonzero(occurs)), place_of[key.rows]
    different, places = np.unique(key.rows, return_inverse=True)
    return key.columns(different), places


class _Key:
    """Columns of one length as one: rows have the same number where they are the same, and are in order by it."""

    def __init__(self, columns: Sequence[Numbers]) -> None:
        self._lows, self._spans = [], []
        for numbers in columns:
            low = int(numbers.min(initial=2**31 - 1))
            self._lows.append(low)
            self._spans.append(max(int(numbers.max(initial=low)) - low + 1, 1))
        self.width = prod(self._spans)
        self.is_too_wide = self.width > _WIDEST
        self.is_narrow = self.width <= 4 * len(columns[0])
        """Whether a place for every number that there may be takes less time than to sort those that there are."""
        if not self.is_too_wide:
            self.rows = np.zeros(len(columns[0]), np.int64)
            for numbers, low, span in zip(columns, self._lows, self._spans, strict=True):
                self.rows *= span
                self.rows += numbers
                self.rows -= low

    def columns(self, key: Numbers) -> list[Numbers]:
        """What has those numbers."""
        found = []
        for low, span in zip(reversed(self._lows), reversed(self._spans), strict=True):
            key, rest = np.divmod(key, span)
            found.append((rest + low).astype(np.int32))
        return found[::-1]


def looked_up(at: Numbers, ids: Numbers, values: Numbers, default: int) -> Numbers:
    """For each of the ids `at`, the one of `values` that stands at the place of that id in `ids`; `default` for an id
    that does not occur there and for UNKNOWN."""
    # One place more than there are ids: the last, which UNKNOWN counts from the end, is nobody's.
    found = np.full(max(at.max(initial=0), ids.max(initial=0)) + 2, default, np.int32)
    found[ids] = values
    return found[at]


def dates(days: Numbers) -> npt.NDArray[np.datetime64]:
    """Days as numpy's own, from which months and years are taken."""
    return (days - _EPOCH).astype("M8[D]")


def months_of(days: Numbers) -> npt.NDArray[np.int64]:
    """The months of days, counted from January 1970."""
    return dates(days).astype("M8[M]").astype(np.int64)


def first_days(months: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first days of months that are counted so, as date.toordinal() counts days."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64) + _EPOCH


# -- reading -----------------------------------------------------------------------------------------------------------


def read(
    connection: Connection,
    source: Source,
    clinic_id: int,
    names: Sequence[str],
    period: Period | None = None,
    narrowed: Conditions | None = None,
    wanted: Conditions | None = None,
) -> Columns:
    """Those columns of the clinic's records: of all days or of those of `period`; all of them, or those that meet the
    conditions `narrowed`. Of these `wanted` says which the caller counts: others may be among them, or be left out
    where the database hands them over."""
    texts = None if narrowed else _kept_texts(connection, source, clinic_id)
    if texts is None:
        return _gathered(connection, source, clinic_id, names, period, [*(narrowed or []), *(wanted or [])])
    return _kept(connection, source, clinic_id, names, period, texts)


def by_day(
    connection: Connection,
    source: Source,
    clinic_id: int,
    names: Sequence[str],
    period: Period,
    narrowed: Conditions | None = None,
) -> dict[tuple[Any, ...], int]:
    """How many of those records have the same day and the same in those columns, by the date and what they have; of a
    source that is by day. Without a copy the database counts them, which it does faster than it hands them over."""
    texts = None if narrowed else _kept_texts(connection, source, clinic_id)
    if texts is None:
        each = source.rows(
            [source.clinic_id == clinic_id, source.on_day.between(*period), *(narrowed or [])]
        ).subquery()
        group = [each.c[name] for name in (DAY, *names)]
        counted = connection.execute(select(*group, func.count()).group_by(*group))
        return {tuple(key): count for *key, count in counted}
    counts = _kept(connection, source, clinic_id, names, period, texts).counts(DAY, *names)
    return {(date.fromordinal(day), *has): count for (day, *has), count in counts.items()}


def _gathered(
    connection: Connection,
    source: Source,
    clinic_id: int,
    names: Sequence[str],
    period: Period | None,
    narrowed: Conditions,
) -> Columns:
    on_days = [source.on_day.between(*period)] if period else []
    # How many records a group has is told by its numbers, so one column of them is read whatever is asked for.
    numbers = [name for name in source.numbers if name in names] or list(source.numbers[:1])
    found: dict[str, list[Numbers]] = {name: [] for name in numbers}
    # All up to the last that is asked for, so that an index has the groups together.
    last = max((place for place, name in enumerate(source.texts, 1) if name in names), default=0)
    days, groups, sizes = array("i"), {name: array("i") for name in source.texts[:last]}, array("i")
    texts: dict[str, dict[str | None, int]] = {name: {} for name in groups}
    conditions = [source.clinic_id == clinic_id, *on_days, *narrowed]
    for row in connection.execute(source.gathered(conditions, list(groups), numbers)):
        cells = iter(row)
        if source.is_by_day:
            days.append(next(cells).toordinal())
        for name, places in texts.items():
            groups[name].append(places.setdefault(next(cells), len(places)))
        for some in found.values():
            # A sixth of the time that JSON takes as such. PostgreSQL has no list of no rows at all.
            some.append(np.fromstring((next(cells) or "[]")[1:-1], np.int32, sep=","))
        sizes.append(len(some[-1]))
    columns = {name: np.concatenate([_NONE, *some]) for name, some in found.items()}
    alike = {**({DAY: days} if source.is_by_day else {}), **groups}
    columns |= {name: np.repeat(_numbers(values), _numbers(sizes)) for name, values in alike.items()}
    return Columns(columns, {name: list(places) for name, places in texts.items()})


def _numbers(values: "array[int]") -> Numbers:
    return np.array(values, np.int32)


def _kept(
    connection: Connection,
    source: Source,
    clinic_id: int,
    names: Sequence[str],
    period: Period | None,
    texts: Mapping[str, list[str | None]],
) -> Columns:
    wanted = {*names, DAY} if period else {*names}
    query = select(ColumnPart.column, ColumnPart.numbers).where(
        ColumnPart.clinic_id == clinic_id, ColumnPart.name == source.name, ColumnPart.column.in_(sorted(wanted))
    )
    if period:
        query = query.where(ColumnPart.month.between(period[0].replace(day=1), period[1]))
    parts: dict[str, list[bytes]] = {name: [] for name in wanted}
    for name, numbers in connection.execute(query.order_by(ColumnPart.month)):
        parts[name].append(numbers)
    # Each column's parts go as they are put together, so that no more than one is there twice.
    whole = {name: np.frombuffer(b"".join(parts.pop(name)), _KEPT_AS) for name in sorted(wanted)}
    columns = Columns(whole, texts)
    return columns.within(period) if period else columns


def _kept_texts(connection: Connection, source: Source, clinic_id: int) -> dict[str, list[str | None]] | None:
    """Those of the copy; None where there is none that may be used."""
    present = select(Clinic.revision).where(Clinic.id == clinic_id).scalar_subquery()
    texts = connection.scalar(
        select(ColumnCopy.texts).where(
            ColumnCopy.clinic_id == clinic_id,
            ColumnCopy.name == source.name,
            ColumnCopy.definition == _definition(source, connection.dialect),
            ColumnCopy.revision == present,
        )
    )
    return None if texts is None else json.loads(texts)


@lru_cache
def _definition(source: Source, dialect: Dialect) -> str:
    """A SHA-256 of how the records are read."""
    gathered = source.gathered([source.clinic_id == 0], source.texts, source.numbers)
    sql = gathered.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return hashlib.sha256(str(sql).encode()).hexdigest()


# -- keeping -----------------------------------------------------------------------------------------------------------


def keep_up(sources: Sequence[Source]) -> None:
    """Have the copies of all clinics say what their records say now. Commits after each."""
    with snapshot() as connection:
        of_now = select(ColumnCopy.clinic_id, ColumnCopy.name, ColumnCopy.definition).join(
            Clinic, (Clinic.id == ColumnCopy.clinic_id) & (Clinic.revision == ColumnCopy.revision)
        )
        kept = {tuple(row) for row in connection.execute(of_now)}
        clinics = connection.scalars(select(Clinic.id).order_by(Clinic.id)).all()
        dialect = connection.dialect
    for clinic_id in clinics:
        for source in sources:
            if (clinic_id, source.name, _definition(source, dialect)) not in kept:
                keep(source, clinic_id)


def keep(source: Source, clinic_id: int) -> None:
    """Have the clinic's records copied as they are now; commits."""
    with snapshot() as connection:
        revision = connection.scalar(select(Clinic.revision).where(Clinic.id == clinic_id))
        definition = _definition(source, connection.dialect)
        columns = _gathered(connection, source, clinic_id, (*source.texts, *source.numbers), None, [])
    # Of two that copy at once the second waits for the first, and replaces its copy.
    db.session.execute(select(Clinic.id).where(Clinic.id == clinic_id).with_for_update(key_share=True))
    for model in (ColumnPart, ColumnCopy):
        db.session.execute(delete(model).where(model.clinic_id == clinic_id, model.name == source.name))
    of = {"clinic_id": clinic_id, "name": source.name}
    db.session.add(ColumnCopy(**of, revision=revision, definition=definition, texts=json.dumps(columns.texts)))
    for part in _parts(source, columns):
        db.session.execute(insert(ColumnPart), [{**of, **column} for column in part])
    db.session.commit()


def _parts(source: Source, columns: Columns) -> Iterator[list[dict[str, Any]]]:
    """The columns of each month."""
    names = (*((DAY,) if source.is_by_day else ()), *source.texts, *source.numbers)
    if DAY not in names:
        yield _part(columns, names, date.min)
        return
    in_order = np.argsort(columns[DAY], kind="stable")
    # Records without a day go with those of the first month of all.
    days = np.maximum(columns[DAY][in_order], date.min.toordinal())
    _, begins = np.unique(months_of(days), return_index=True)
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(days)], strict=True):
        month = date.fromordinal(int(days[begin])).replace(day=1)
        yield _part(Columns({name: columns[name][in_order[begin:end]] for name in names}, {}), names, month)


def _part(columns: Columns, names: Iterable[str], month: date) -> list[dict[str, Any]]:
    return [{"month": month, "column": name, "numbers": columns[name].astype(_KEPT_AS).tobytes()} for name in names]
