"""Rates, means, differences and sparklines that would give a withheld count away.

A report does not say what a rate is made of. In a table it is taken for made of the counts of its row and, where it is
a share, of the total. A headline rate is taken for made of any two headline figures or totals, and of any scale, that
give it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from webapp.content.suppression import counts as places
from webapp.content.suppression.counts import BEFORE, NOW, TOTAL, Counts, Place
from webapp.figures import SUPPRESSED, Cell, Change, Column, Content, Excluded, Metric, Rows, Table

MOST_STEPS = 11
"""A scale has at most so many steps, as 0 to 10 has."""

_LEADING = re.compile(r"\d{1,2}\b")

Rate = tuple[str, float]
"""A kind and a figure."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The places of the counts withheld, and the numbers that stood there."""

    places: frozenset[Place]
    numbers: frozenset[int]
    threshold: int


def apply(content: Content, counts: Counts, withheld: Withheld) -> Content:
    """`content` without the withheld counts and all that is made of them."""
    named = [(name, table) for name, table, _ in places.tables(content)]
    headline = [count for count in counts.every if count.value and counts.is_open(count)]
    hidden = sorted({count.value for count in headline if count.place in withheld.places})
    told = {name: _table(table, name, withheld, hidden) for name, table in named}
    suspects = _Suspects(
        sorted({count.value for count in headline}),
        hidden,
        {rate for name, table in named for rate in _lost_rates(table, told[name])},
        [figure for name, table in named for figure in _scale_figures(table, told[name])],
        is_of_few=0 < content.rows.used < withheld.threshold,
        shown=[column for table in told.values() for column in zip(*table.rows, strict=True)],
    )
    told = {name: _without(table, suspects) for name, table in told.items()}
    names = iter(told)
    return replace(
        content,
        metrics=tuple(_metric(item, f"metric {at}", withheld, suspects) for at, item in enumerate(content.metrics)),
        sections=tuple(
            replace(section, tables=tuple(told[next(names)] for _ in section.tables)) for section in content.sections
        ),
        rows=_rows(content.rows, withheld),
    )


def _rows(rows: Rows, withheld: Withheld) -> Rows:
    def told(number: int, at: int) -> int | str:
        return SUPPRESSED if ("rows", at, 0) in withheld.places else number

    excluded = [Excluded(item.reason, told(item.count, places.EXCLUDED + at)) for at, item in enumerate(rows.excluded)]
    return replace(rows, read=told(rows.read, places.READ), used=told(rows.used, places.USED), excluded=tuple(excluded))


def gives(part: float, whole: int, kind: str, figure: float, decimals: int) -> bool:
    """Whether `part` divided by `whole` is written as `figure`. A share of nothing tells nothing."""
    if not part or not whole:
        return False
    # A column of several scores may hold percentages among its numbers.
    is_share = _is_near(100 * part / whole, figure, decimals)
    return is_share or (kind == "number" and _is_near(part / whole, figure, decimals))


def _is_near(exact: float, figure: float, decimals: int) -> bool:
    return abs(exact - figure) <= 0.5 * 10.0**-decimals + 1e-9


# -- Tables ------------------------------------------------------------------------------------------------------------


def _table(table: Table, name: str, withheld: Withheld, hidden: Sequence[int]) -> Table:
    counted = places.count_columns(table)
    totals = _counts(table.total or (), counted)
    lost_totals = _counts(table.total or (), [at for at in counted if (name, TOTAL, at) in withheld.places])

    def told(row: tuple[Cell, ...], at: int) -> tuple[Cell, ...]:
        gone = [column for column in counted if (name, at, column) in withheld.places]
        known = _counts(row, [column for column in counted if column not in gone])
        base = _Base(known, _counts(row, gone), totals, [*lost_totals, *hidden])
        return tuple(
            SUPPRESSED
            if column in gone or (column not in counted and base.is_told_by(cell, table.columns[column], at == TOTAL))
            else cell
            for column, cell in enumerate(row)
        )

    rows = tuple(told(row, at) for at, row in enumerate(table.rows))
    return replace(table, rows=rows, total=told(table.total, TOTAL) if table.total else None)


@dataclass(frozen=True, slots=True)
class _Base:
    """What the rates of one row may be made of: its counts, `known` and `gone`, and those of the total. `lost` are
    totals and headline figures that are withheld."""

    known: Sequence[int]
    gone: Sequence[int]
    totals: Sequence[int]
    lost: Sequence[int]

    def is_told_by(self, cell: Cell, column: Column, is_total: bool) -> bool:
        """Whether the cell must be withheld, which stands in a column that counts nothing. A share of published counts
        alone may stay beside a withheld one."""
        if column.kind not in ("count", "number", "percent") or isinstance(cell, str):
            return False
        if cell is None:
            # That it is not known tells that there was too little to divide by.
            return bool(self.gone) and not is_total
        is_rate = column.kind == "percent" or (column.kind == "number" and column.decimals > 0)
        if is_rate and (
            self._pair(self.known, self.lost, column, cell) or self._pair(self.lost, self.known, column, cell)
        ):
            return True
        if not self.gone:
            return False
        everything = [*self.known, *self.gone, *self.totals]
        is_public = column.kind == "percent" and self._pair(self.known, [*self.known, *self.totals], column, cell)
        is_made_of_gone = self._pair(self.gone, everything, column, cell) or self._pair(
            everything, self.gone, column, cell
        )
        return is_made_of_gone or not is_public

    def _pair(self, parts: Sequence[int], wholes: Sequence[int], column: Column, figure: float) -> bool:
        return any(gives(part, whole, column.kind, figure, column.decimals) for part in parts for whole in wholes)


def _counts(row: tuple[Cell, ...], columns: Sequence[int]) -> list[int]:
    """The counts of a row in those columns; an empty row has none."""
    return [cell for at, cell in enumerate(row) if at in columns and places.is_count(cell)]


def _lost_rates(before: Table, after: Table) -> Iterator[Rate]:
    pairs = zip((*before.rows, before.total or ()), (*after.rows, after.total or ()), strict=True)
    for was, is_now in pairs:
        for column, cell, told in zip(before.columns, was, is_now, strict=False):
            if told == SUPPRESSED and column.kind in ("percent", "number") and isinstance(cell, int | float):
                yield column.kind, cell


def _without(table: Table, suspects: "_Suspects") -> Table:
    """A table of rates without their counts loses those that a headline would, and the step from one to another of
    which one is lost. Whole numbers are left: in such a table they are answers, one person's rating."""
    if places.count_columns(table):
        return table

    def told(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        left = [
            SUPPRESSED if isinstance(cell, float) and suspects.betray(cell, column.kind, column.decimals) else cell
            for column, cell in zip(table.columns, row, strict=True)
        ]
        is_cut = SUPPRESSED in left
        return tuple(
            SUPPRESSED if is_cut and isinstance(cell, float) and column.key in places.DIFFERENCES else cell
            for column, cell in zip(table.columns, left, strict=True)
        )

    return replace(table, rows=tuple(map(told, table.rows)), total=told(table.total) if table.total else None)


def _scale_figures(before: Table, after: Table) -> Iterator[float]:
    """What may be made of a scale (1 to 5 stars) of which a step is withheld: its mean, the shares of its upper and
    lower steps, and how much one is over the other."""
    labels = [_LEADING.match(str(row[0])) for row in before.rows]
    if not 1 < len(labels) <= MOST_STEPS or not all(labels):
        return
    steps = [int(label[0]) for label in labels if label]
    for at in places.count_columns(before):
        if not any(row[at] == SUPPRESSED for row in after.rows):
            continue
        counts = [sum(_counts(row, [at])) for row in before.rows]
        everybody = sum(counts)
        if not everybody:
            continue
        yield sum(step * count for step, count in zip(steps, counts, strict=True)) / everybody
        ends = [sum(counts[:end]) * 100 / everybody for end in range(len(counts) + 1)]
        for low in ends:
            yield low
            yield 100 - low
            for high in ends:
                yield 100 - high - low


# -- Headline figures --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Suspects:
    """What a headline rate may be made of. `hidden` are those of `numbers` that are withheld, `gone` the rates withheld
    in tables, `scales` figures made of withheld steps. `is_of_few`: the whole report is about few. `shown` are the
    columns of all tables as published."""

    numbers: Sequence[int]
    hidden: Sequence[int]
    gone: set[Rate]
    scales: Sequence[float]
    is_of_few: bool
    shown: Sequence[tuple[Cell, ...]]

    def betray(self, figure: float, kind: str, decimals: int) -> bool:
        if self.is_of_few or (kind, figure) in self.gone:
            return True
        if any(_is_near(exact, figure, decimals) for exact in self.scales):
            return True
        # A whole number, such as a median age, is no count divided by another: those have decimals.
        return (kind == "percent" or decimals > 0) and any(
            gives(part, whole, kind, figure, decimals)
            for hidden in self.hidden
            for number in self.numbers
            for part, whole in ((hidden, number), (number, hidden))
        )

    def back(self, trend: tuple[Cell, ...]) -> bool:
        """Whether a table shows the figures of a sparkline."""
        many = len(trend)
        return any(
            column[first : first + many] == trend for column in self.shown for first in range(len(column) - many + 1)
        )


def _metric(metric: Metric, name: str, withheld: Withheld, suspects: _Suspects) -> Metric:
    if metric.kind == "count":
        is_lost = (name, NOW, 0) in withheld.places
        is_earlier_lost = (name, BEFORE, 0) in withheld.places
        is_trend_lost = any(
            isinstance(cell, int | float) and (cell in withheld.numbers or 0 < cell < withheld.threshold)
            for cell in metric.trend
        )
    elif metric.kind in ("percent", "number") and isinstance(metric.value, int | float):
        is_lost = suspects.betray(metric.value, metric.kind, metric.decimals)
        earlier = round(metric.value - metric.change.difference, metric.decimals) if metric.change else metric.value
        is_earlier_lost = suspects.betray(earlier, metric.kind, metric.decimals)
        # How many there were in each month of a rate is told by a table or by nothing.
        is_trend_lost = not suspects.back(metric.trend)
    else:
        return metric
    if is_lost:
        metric = replace(metric, value=SUPPRESSED)
    if metric.change and (is_lost or is_earlier_lost):
        metric = replace(metric, change=Change(SUPPRESSED, SUPPRESSED, metric.change.against))
    return replace(metric, trend=()) if is_lost or is_trend_lost else metric
