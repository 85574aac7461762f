"""A clinic's records by column: what a report asks of a million rows, as arrays of numbers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from webapp.content.periods import Period

Numbers = npt.NDArray[Any]
"""Whole numbers of 32 bits, or what counts as them: places in a list, booleans."""
Mask = npt.NDArray[np.bool_]

DAY = "day"
NO_DAY = 0
"""Days are numbers as date.toordinal() counts them; this stands for a day that is not on record."""
UNKNOWN = -1
"""Stands for an id that is not on record."""

_WIDEST = 2**62
_EPOCH = date(1970, 1, 1).toordinal()


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

    def within(self, period: Period, day: str = DAY) -> "Columns":
        """The records of the days of the period; `day` is the column that has their days."""
        return self.where(self.is_within(period, day))

    def is_within(self, period: Period, day: str = DAY) -> Mask:
        start, end = (on.toordinal() for on in period)
        return (self[day] >= start) & (self[day] <= end)

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
        ends = [(int(some.min()), int(some.max())) if len(some) else (0, 0) for some in columns]
        self._lows, self._spans = [low for low, _ in ends], [high - low + 1 for low, high in ends]
        self.width = prod(self._spans)
        self.is_too_wide = self.width > _WIDEST
        self.is_narrow = self.width <= 4 * len(columns[0])
        """Whether a place for every number that there may be takes less time than to sort those that there are."""
        if not self.is_too_wide:
            self.rows: Numbers = np.zeros(len(columns[0]), np.int32 if self.width < 2**31 else np.int64)
            for numbers, low, span in zip(columns, self._lows, self._spans, strict=True):
                self.rows *= span
                np.add(self.rows, numbers, out=self.rows, casting="unsafe")
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
    if not len(ids):
        return np.full(len(at), default, np.int32)
    low, span = int(ids.min()), int(ids.max()) - int(ids.min()) + 1
    if span > 4 * (len(at) + len(ids)):
        # The ids of a clinic may lie far apart among those of all others: memory is to grow with its own records.
        once, places = np.unique(ids, return_index=True)
        found = np.minimum(np.searchsorted(once, at), len(once) - 1)
        return np.where(once[found] == at, values[places[found]], default).astype(np.int32, copy=False)
    every = np.full(span + 1, default, np.int32)
    every[ids - low] = values
    # What lies before the first id counts as far behind the last, and there the last place is nobody's.
    return every[np.minimum((at - low).astype(np.uint32), span)]


def middle_two(numbers: Numbers) -> tuple[int, int] | None:
    """The middle one twice, or the middle two where their number is even: a median is their mean. None of none."""
    in_order = np.sort(numbers)
    if not len(in_order):
        return None
    return int(in_order[(len(in_order) - 1) // 2]), int(in_order[len(in_order) // 2])


def dates(days: Numbers) -> npt.NDArray[np.datetime64]:
    """Days as numpy's own, from which months and years are taken."""
    return (days - _EPOCH).astype("M8[D]")


def months_of(days: Numbers) -> npt.NDArray[np.int64]:
    """The months of days, counted from January 1970."""
    return dates(days).astype("M8[M]").astype(np.int64)


def first_days(months: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first days of months that are counted so, as date.toordinal() counts days."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64) + _EPOCH
