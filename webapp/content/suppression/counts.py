"""Every count of a report with the place where it stands: the unknowns of whoever would work out a withheld one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from webapp.content.suppression import numerals
from webapp.figures import Cell, Content, Metric, Table

TOTAL = -1
"""The row of a table's total."""

DIFFERENCES = ("change", "difference")
"""Keys of columns of kind "count" that hold the step between two counts, and count nothing themselves."""

Place = tuple[str, int, int]
"""What the count stands in, then row and column: ("table 1 0", TOTAL, 3), ("metric 2", NOW, 0), ("rows", READ, 0)."""

SHORT = 8
"""Rows of a table of peaks, at most."""

NOW, BEFORE = 0, 1
"""The rows of a metric: its value, and the earlier one, which its change tells."""

READ, USED, EXCLUDED = 0, 1, 2
"""The rows of Rows; the reasons for which rows are excluded follow."""

INNER, MARGIN, UNSEEN, HEADLINE = range(4)
"""How much a reader would miss a count: one among others, a total, a headline figure. A sum that is not shown is not
missed, but somebody may know it all the same, so it is not the first that may be taken for withheld."""


@dataclass(frozen=True, slots=True)
class Count:
    value: int
    place: Place
    rank: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The counts of one table. `rows` has for each row its label and, by column, the number of each count; the total,
    which has the label None, comes last. `noted` are the numbers in its note. `split` are the columns of its heat
    map, of which the counts of each row are parts of one whole."""

    name: str
    table: Table
    rows: tuple[tuple[Cell, dict[int, int]], ...]
    noted: tuple[int, ...]
    split: frozenset[int]

    @property
    def columns(self) -> list[int]:
        """Those with a count in each row, the total too."""
        common = set.intersection(*(set(cells) for _, cells in self.rows)) if self.rows else set()
        return sorted(common)

    @property
    def by_label(self) -> dict[Cell, dict[int, int]]:
        return dict(self.rows)

    @property
    def by_name(self) -> dict[str, int]:
        """Its columns of counts by what is written above them."""
        return {self.table.columns[column].label: column for column in self.columns}

    @property
    def is_in_order(self) -> bool:
        return bool(self.table.columns) and self.table.columns[0].kind in ("month", "day")

    @property
    def names_finds(self) -> bool:
        """Whether its rows name what was found in other tables, as the peaks of a week: what they are stands beside
        their label."""
        is_told = any(column.kind in ("text", "month", "day") for column in self.table.columns[1:])
        return is_told and not self.has_total and len(self.table.rows) <= SHORT

    @property
    def has_total(self) -> bool:
        return self.table.total is not None


@dataclass(slots=True)
class Counts:
    every: list[Count] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def add(self, value: int, place: Place, rank: int) -> int:
        self.every.append(Count(value, place, rank))
        return len(self.every) - 1

    def value(self, number: int) -> int:
        return self.every[number].value


def read(content: Content) -> Counts:
    """All counts of `content`, in the order in which they stand there."""
    found = Counts()
    for at, metric in enumerate(content.metrics):
        _read_metric(found, metric, f"metric {at}")
    rows = content.rows
    found.rows = [found.add(rows.read, ("rows", READ, 0), MARGIN), found.add(rows.used, ("rows", USED, 0), HEADLINE)]
    found.rows += [found.add(item.count, ("rows", EXCLUDED + at, 0), INNER) for at, item in enumerate(rows.excluded)]
    for name, table, mapped in tables(content):
        found.grids.append(_read_table(found, name, table, mapped))
    return found


def tables(content: Content) -> Iterator[tuple[str, Table, frozenset[str]]]:
    """Each table with its name here, and the keys of the columns of its heat map, if it has one."""
    for one, section in enumerate(content.sections):
        for two, table in enumerate(section.tables):
            maps = [chart for chart in section.charts if chart.shape == "heat" and chart.table == table.key]
            yield f"table {one} {two}", table, frozenset(key for chart in maps for key in chart.series)


def is_count(cell: object) -> TypeGuard[int]:
    return isinstance(cell, int) and not isinstance(cell, bool) and cell >= 0


def count_columns(table: Table) -> list[int]:
    """The columns that count something. One with a number below zero can hold nothing but differences."""
    return [
        at
        for at, column in enumerate(table.columns)
        if column.kind == "count"
        and column.key not in DIFFERENCES
        and not any(isinstance(row[at], int | float) and row[at] < 0 for row in table.rows)  # type: ignore[operator]
    ]


def _read_metric(found: Counts, metric: Metric, name: str) -> None:
    if metric.kind != "count" or not isinstance(metric.value, int) or not is_count(metric.value):
        return
    found.add(metric.value, (name, NOW, 0), HEADLINE)
    if metric.change and is_count(metric.value - metric.change.difference):
        found.add(metric.value - metric.change.difference, (name, BEFORE, 0), MARGIN)


def _read_table(found: Counts, name: str, table: Table, mapped: frozenset[str]) -> Grid:
    columns = count_columns(table)
    lines = [(at, row[0] if row else None, row) for at, row in enumerate(table.rows)]
    if table.total is not None:
        lines.append((TOTAL, None, table.total))
    rows = []
    for at, label, row in lines:
        rank = MARGIN if at == TOTAL else INNER
        cells = {
            column: found.add(cell, (name, at, column), rank)
            for column, cell in enumerate(row)
            if column in columns and is_count(cell)
        }
        rows.append((label, cells))
    noted = [found.add(value, (f"note of {name}", at, 0), INNER) for at, value in enumerate(numerals.whole(table.note))]
    split = frozenset(at for at in columns if table.columns[at].key in mapped)
    return Grid(name, table, tuple(rows), tuple(noted), split)
