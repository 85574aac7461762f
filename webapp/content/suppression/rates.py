"""Rates, means, differences and sparklines that would give a withheld count away.

In a table a rate is taken for made of the counts of its row and, where it is a share, of the total. What others are
made of is declared with the template (ties.py).
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from webapp.content.suppression import counts as places
from webapp.content.suppression.counts import BEFORE, NOW, TOTAL, Place
from webapp.figures import SUPPRESSED, Cell, Change, Column, Content, Excluded, Metric, Rows, Table


@dataclass(frozen=True, slots=True)
class Withheld:
    """The places of the counts withheld, and the numbers that stood there. `is_of_few` when the report is about few."""

    places: frozenset[Place]
    numbers: frozenset[int]
    threshold: int
    is_of_few: bool = False


def apply(content: Content, withheld: Withheld, made_of: Mapping[Place, frozenset[Place]]) -> Content:
    """`content` without the withheld counts and all that is made of them. `made_of` tells of rates what they are made
    of, where that is not in their row."""
    lost = {place for place, parts in made_of.items() if parts & withheld.places}
    named = [(name, table) for name, table, _ in places.tables(content)]
    told = {name: _steps(_table(table, name, withheld, lost)) for name, table in named}
    shown = [column for table in told.values() for column in zip(*table.rows, strict=True)]
    names = iter(told)
    return replace(
        content,
        metrics=tuple(_metric(item, f"metric {at}", withheld, lost, shown) for at, item in enumerate(content.metrics)),
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


def _table(table: Table, name: str, withheld: Withheld, lost: Set[Place]) -> Table:
    counted = places.count_columns(table)
    totals = _counts(table.total or (), counted)
    lost_totals = _counts(table.total or (), [at for at in counted if (name, TOTAL, at) in withheld.places])

    def told(row: tuple[Cell, ...], at: int) -> tuple[Cell, ...]:
        gone = [column for column in counted if (name, at, column) in withheld.places]
        known = _counts(row, [column for column in counted if column not in gone])
        base = _Base(known, _counts(row, gone), totals, lost_totals)
        return tuple(
            SUPPRESSED
            if column in gone
            or (name, at, column) in lost
            or (column not in counted and base.is_told_by(cell, table.columns[column], at == TOTAL))
            else cell
            for column, cell in enumerate(row)
        )

    rows = tuple(told(row, at) for at, row in enumerate(table.rows))
    return replace(table, rows=rows, total=told(table.total, TOTAL) if table.total else None)


@dataclass(frozen=True, slots=True)
class _Base:
    """What the rates of one row may be made of: its counts, `known` and `gone`, and those of the total. `lost` are
    totals that are withheld."""

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


def _steps(table: Table) -> Table:
    """A table of rates without the steps from one to another of which one is withheld."""
    if places.count_columns(table):
        return table

    def told(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        is_cut = SUPPRESSED in row
        return tuple(
            SUPPRESSED if is_cut and isinstance(cell, float) and column.key in places.DIFFERENCES else cell
            for column, cell in zip(table.columns, row, strict=True)
        )

    return replace(table, rows=tuple(map(told, table.rows)))


# -- Headline figures --------------------------------------------------------------------------------------------------


def _metric(
    metric: Metric, name: str, withheld: Withheld, lost: Set[Place], shown: Sequence[tuple[Cell, ...]]
) -> Metric:
    """`shown` are the columns of all tables as published."""
    gone = withheld.places if metric.kind == "count" else lost
    is_lost, is_earlier_lost = (name, NOW, 0) in gone, (name, BEFORE, 0) in gone
    if metric.kind == "count":
        is_trend_lost = any(
            isinstance(cell, int | float) and (cell in withheld.numbers or 0 < cell < withheld.threshold)
            for cell in metric.trend
        )
    elif metric.kind in ("percent", "number") and isinstance(metric.value, int | float):
        is_lost = is_lost or withheld.is_of_few
        # How many there were in each month of a rate is told by a table or by nothing.
        many = len(metric.trend)
        is_trend_lost = not any(
            column[first : first + many] == metric.trend for column in shown for first in range(len(column) - many + 1)
        )
    else:
        return metric
    if is_lost:
        metric = replace(metric, value=SUPPRESSED)
    if metric.change and (is_lost or is_earlier_lost):
        metric = replace(metric, change=Change(SUPPRESSED, SUPPRESSED, metric.change.against))
    return replace(metric, trend=()) if is_lost or is_trend_lost else metric
