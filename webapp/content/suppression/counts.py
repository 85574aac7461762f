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

SHORT = 3
"""Rows of a table that may set a few headline figures side by side."""

NOW, BEFORE = 0, 1
"""The rows of a metric: its value, and the earlier one, which its change tells."""

READ, USED, EXCLUDED = 0, 1, 2
"""The rows of Rows; the reasons for which rows are excluded follow."""

INNER, MARGIN, UNSEEN, HEADLINE = range(4)
"""How much a reader would miss a count: one among others, a total, a headline figure. A sum that is not shown is not
missed, but somebody may know it all the same, so it is not the first that may be taken for withheld."""


@dataclass(frozen=True, slots=True)
class Count:
    """`names` are the labels it goes by: those of its row and column, or of its metric."""

    value: int
    place: Place
    rank: int
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grid:
    """The counts of one table. `rows` has for each row its label and, by column, the number of each count; the total,
    which has the label None, comes last. `noted` are the numbers in its note. `is_split` when the counts of a row are
    parts of one whole, as a heat map's or a stack's are."""

    name: str
    table: Table
    rows: tuple[tuple[Cell, dict[int, int]], ...]
    noted: tuple[int, ...]
    is_split: bool

    @property
    def columns(self) -> list[int]:
        """Those with a count in each row, the total too."""
        common = set.intersection(*(set(cells) for _, cells in self.rows)) if self.rows else set()
        return sorted(common)

    @property
    def is_open(self) -> bool:
        """Whether its figures may be those of the whole report, or of one before it: a table that compares, one of
        months or days, or one of a few lines without a total."""
        keys = {column.key for column in self.table.columns}
        is_short = len(self.table.rows) <= SHORT and not self.has_total
        return bool(keys.intersection(DIFFERENCES)) or self.is_in_order or is_short

    @property
    def is_in_order(self) -> bool:
        return bool(self.table.columns) and self.table.columns[0].kind in ("month", "day")

    @property
    def names_finds(self) -> bool:
        """Whether its rows name what was found in other tables, as the peaks of a week: what they are stands beside
        their label."""
        return any(column.kind in ("text", "month", "day") for column in self.table.columns[1:])

    @property
    def has_total(self) -> bool:
        return self.table.total is not None


@dataclass(slots=True)
class Counts:
    every: list[Count] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def add(self, value: int, place: Place, rank: int, *names: Cell) -> int:
        self.every.append(Count(value, place, rank, frozenset(str(name).casefold() for name in names)))
        return len(self.every) - 1

    def grid_of(self, count: Count) -> Grid:
        """The table that it stands in."""
        return next(grid for grid in self.grids if grid.name == count.place[0])

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
    for name, table, is_split in tables(content):
        found.grids.append(_read_table(found, name, table, is_split))
    return found


def tables(content: Content) -> Iterator[tuple[str, Table, bool]]:
    """Each table with its name here, and whether its rows are split into parts."""
    for one, section in enumerate(content.sections):
        split = {chart.table for chart in section.charts if chart.shape in ("heat", "stack")}
        for two, table in enumerate(section.tables):
            yield f"table {one} {two}", table, table.key in split


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
    found.add(metric.value, (name, NOW, 0), HEADLINE, metric.label)
    if metric.change and is_count(metric.value - metric.change.difference):
        found.add(metric.value - metric.change.difference, (name, BEFORE, 0), MARGIN, metric.label)


def _read_table(found: Counts, name: str, table: Table, is_split: bool) -> Grid:
    columns = count_columns(table)
    lines = [(at, row[0] if row else None, row) for at, row in enumerate(table.rows)]
    if table.total is not None:
        lines.append((TOTAL, None, table.total))
    rows = []
    for at, label, row in lines:
        rank = MARGIN if at == TOTAL else INNER
        cells = {
            column: found.add(cell, (name, at, column), rank, label, table.columns[column].label)
            for column, cell in enumerate(row)
            if column in columns and is_count(cell)
        }
        rows.append((label, cells))
    noted = [found.add(value, (f"note of {name}", at, 0), INNER) for at, value in enumerate(numerals.whole(table.note))]
    return Grid(name, table, tuple(rows), tuple(noted), is_split)
