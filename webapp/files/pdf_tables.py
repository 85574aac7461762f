"""Data tables of a PDF page: header on each page, hairlines, right-aligned numbers, bold total."""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.platypus.flowables import Flowable

from webapp import words
from webapp.figures import Cell, Column, Table
from webapp.files import lettering
from webapp.files.marks import Anchor
from webapp.files.pages import AFTER, BODY, INK, MUTED, SMALL, InSection
from webapp.files.pens import Pen, rules

_PAD = 4.5
_LEADING = 11.0
_AROUND = 5.0
ROW = _LEADING + _AROUND
"""Points that a row of one line takes."""

_TOGETHER = 2
"""Rows that stay together at a page's end, and with the total at the head of the next."""

_MOST_TOGETHER = 200.0
"""Points: higher rows may be parted."""

_MOST_WORDS = 16
"""A header of more words is not tried in three lines, which takes time with their square."""

FIGURES = ("count", "number", "percent")
"""Kinds of column whose cells stand at its right."""

_RULE, _HAIRLINE = HexColor("#B9C5CA"), HexColor("#E6EBED")
_MOST_LINES = 20
"""A longer text in one cell ends in an ellipsis: a row cannot be taller than a page."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row as lines in reading order, and the points that it takes."""

    cells: Sequence[Sequence[str]]
    height: float


@dataclass(frozen=True, slots=True)
class Grid:
    """The columns that stand on one sheet side by side, with their widths, and what is written in them."""

    columns: Sequence[Column]
    widths: Sequence[float]
    header: Row
    rows: Sequence[Row]
    total: Row | None

    @property
    def below(self) -> Sequence[Row]:
        """All that stands under the header."""
        return [*self.rows, self.total] if self.total else self.rows


class Rows(InSection):
    """A data table with its header. Where it goes on on the next page, its `title` stands above, its first rows stay
    with the header, and its last with the total, unless they are too high for that."""

    def __init__(self, grid: Grid, title: str = "", section: str = "") -> None:
        super().__init__()
        self.grid, self.title, self.section = grid, title, section
        self.spaceAfter = AFTER

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.above = sum(self.grid.widths), self.eyebrow()
        self.height = self.above + self.grid.header.height + _height(self.grid.below)
        return self.width, self.height

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self.width, self.height)
        header, below, places = self.grid.header, self.grid.below, _places(self.grid)
        top = self.height - self.above
        feet = list(itertools.accumulate((row.height for row in (header, *below)), float.__sub__, initial=top))[1:]
        with Pen(self.canv) as pen:
            _write(pen, header, places, top - 2.0, SMALL, MUTED, bold=True, stands=True)
            for row, head in zip(below, feet, strict=False):
                _write(pen, row, places, head - 2.5, BODY, INK, bold=row is self.grid.total)
        self._rule(feet)

    def _rule(self, feet: Sequence[float]) -> None:
        """A line under the header and over the total, and a lighter one under each row."""
        rules(self.canv, self.width, feet[1:], _HAIRLINE, 0.5)
        rules(self.canv, self.width, [feet[0], *(feet[-2:-1] if self.grid.total else ())], _RULE, 0.7)

    def split(self, width: float, height: float) -> list[Flowable]:
        """As many rows as `height` holds under the header, and the rest for the next page."""
        grid, below = self.grid, self.grid.below
        least, most = _TOGETHER, len(below) - _TOGETHER - 1
        if max(grid.header.height + _height(below[:least]), _height(below[max(most, 0) :])) > _MOST_TOGETHER:
            least, most = 1, len(below) - 1
        room = height - self.eyebrow() - grid.header.height
        fit = sum(foot <= room for foot in itertools.accumulate(row.height for row in below))
        cut = min(fit, most)
        if cut < least:
            return []
        return [
            Rows(replace(grid, rows=grid.rows[:cut], total=None), self.title, self.section),
            Rows(replace(grid, rows=grid.rows[cut:]), self.title, self.title),
        ]


def _height(rows: Sequence[Row]) -> float:
    return sum(row.height for row in rows)


def _places(grid: Grid) -> list[tuple[float, Anchor]]:
    """Where the text of each column stands: figures at its right."""
    places: list[tuple[float, Anchor]] = []
    x, last = 0.0, len(grid.columns) - 1
    for at, (column, width) in enumerate(zip(grid.columns, grid.widths, strict=True)):
        if column.kind in FIGURES:
            places.append((x + width - (_PAD if at < last else 0.0), "end"))
        else:
            places.append((x + (_PAD if at else 0.0), "start"))
        x += width
    return places


def _write(
    pen: Pen,
    row: Row,
    places: Sequence[tuple[float, Anchor]],
    top: float,
    size: float,
    colour: Any,
    bold: bool,
    stands: bool = False,
) -> None:
    """The row's text under `top`; a cell of fewer lines than others hangs there, or `stands` on the row's foot."""
    most = max(map(len, row.cells))
    for (x, anchor), lines in zip(places, row.cells, strict=True):
        y = top - size - (_LEADING * (most - len(lines)) if stands else 0.0)
        for line in lines:
            pen.write(x, y, line, size, colour, bold, anchor)
            y -= _LEADING


def least_height(table: Any) -> float:
    """Points that a table's header takes with its first rows."""
    return table.grid.header.height + _height(table.grid.below[:_TOGETHER]) if isinstance(table, Rows) else 0.0


def flowables(table: Table, width: float) -> list[Rows]:
    """`table` as flowables no wider than `width` points: one, or several with the first column repeated when it has
    more columns than fit."""
    natural = _natural(table, width)
    grids = [_grid(table, group, natural, width) for group in _groups(natural, width)]
    return [Rows(grid, table.title, table.title if at else "") for at, grid in enumerate(grids)]


def pieces(table: Table, starts: Sequence[int], width: float) -> list[Rows]:
    """`table` cut before each row that `starts` names: pieces with the same columns, each `width` points wide with its
    own header. The total is under the last."""
    whole = _grid(table, range(len(table.columns)), _natural(table, width), width)
    last = len(starts) - 1
    ends = [*starts[1:], len(whole.rows)]
    return [
        Rows(replace(whole, rows=whole.rows[start:end], total=whole.total if number == last else None))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _natural(table: Table, width: float) -> list[float]:
    """What each column takes: with its header in one line if that fits `width`, else in two, or in three where that
    keeps the table whole."""
    natural = _widths(table, _in_one_line)
    if sum(natural) <= width:
        return natural
    natural = _widths(table, _folded)
    lower = natural if sum(natural) <= width else _widths(table, _folded_twice)
    return lower if sum(lower) <= width else natural


def parts(table: Table, width: float) -> list[list[int]]:
    """The columns, by number, of each part that the table is cut into where it has more than `width` points hold."""
    return _groups(_natural(table, width), width)


def least_width(table: Table) -> float:
    """Points that the table takes when no cell is wrapped, and no header to more than two lines."""
    return sum(_widths(table, _folded))


def header(column: Column) -> str:
    """The column's label with its unit."""
    return f"{column.label} ({column.unit})" if column.unit else column.label


def written(cell: Cell, column: Column) -> str:
    return words.cell(cell, column.kind, column.decimals)


def _rows(table: Table) -> list[tuple[Cell, ...]]:
    return [*table.rows, *([table.total] if table.total else [])]


def said(cell: Cell, column: Column, is_total: bool) -> str:
    """A cell of a row, or of the total, as it is drawn."""
    return _total_cell(cell, column) if is_total else written(cell, column)


def _total_cell(cell: Cell, column: Column) -> str:
    return words.total(cell, column.kind, column.decimals)


def _widths(table: Table, of_header: Callable[[str], float]) -> list[float]:
    """What each column takes when no cell is wrapped."""
    heads = [of_header(header(column)) for column in table.columns]
    widths = [max(cells, head) + 2 * _PAD for cells, head in zip(_of_cells(table), heads, strict=True)]
    widths[0] -= _PAD
    widths[-1] -= _PAD
    return widths


@functools.lru_cache(maxsize=32)
def _of_cells(table: Table) -> tuple[float, ...]:
    """What the widest cell of each column takes below its header; asked several times of each table."""
    widths = []
    for at, column in enumerate(table.columns):
        cells = [lettering.width(written(row[at], column), BODY) for row in table.rows]
        if table.total:
            cells.append(lettering.width(_total_cell(table.total[at], column), BODY, True))
        widths.append(max(cells, default=0.0))
    return tuple(widths)


def _in_one_line(text: str) -> float:
    return lettering.width(text, SMALL, True)


def _folded(text: str) -> float:
    """Points across that a header takes in two lines."""
    parts = text.split()
    folds = [(" ".join(parts[:at]), " ".join(parts[at:])) for at in range(1, len(parts))]
    return min((max(map(_in_one_line, fold)) for fold in folds), default=_in_one_line(text))


def _folded_twice(text: str) -> float:
    """Points across that a header takes in three lines."""
    parts = text.split()
    if len(parts) > _MOST_WORDS:
        return _folded(text)
    folds = [(_in_one_line(" ".join(parts[:at])), _folded(" ".join(parts[at:]))) for at in range(1, len(parts))]
    return min(map(max, folds), default=_in_one_line(text))


def _groups(natural: Sequence[float], width: float) -> list[list[int]]:
    """Column numbers for each sheet. Text may wrap, so a column needs at most a third of the width."""
    needed = [min(one, width / 3) for one in natural]
    groups: list[list[int]] = []
    used = 0.0
    for at in range(len(natural)):
        if groups and used + needed[at] <= width:
            groups[-1].append(at)
            used += needed[at]
        elif groups:
            groups.append([0, at])
            used = needed[0] + needed[at]
        else:
            groups.append([at])
            used = needed[at]
    return groups


def _grid(table: Table, group: Sequence[int], natural: Sequence[float], width: float) -> Grid:
    columns = [table.columns[at] for at in group]
    widths = _shared([natural[at] for at in group], columns, width)
    rooms = _rooms(widths)
    return Grid(
        columns,
        widths,
        _set([header(column) for column in columns], rooms, SMALL, bold=True, most=4),
        [_set([written(row[at], table.columns[at]) for at in group], rooms, BODY) for row in table.rows],
        _set([_total_cell(table.total[at], table.columns[at]) for at in group], rooms, BODY, bold=True)
        if table.total
        else None,
    )


def _set(texts: Sequence[str], rooms: Sequence[float], size: float, bold: bool = False, most: int = _MOST_LINES) -> Row:
    cells = [lettering.lines(text, room, size, bold, most) for text, room in zip(texts, rooms, strict=True)]
    return Row(cells, max(map(len, cells)) * _LEADING + _AROUND)


def _shared(natural: Sequence[float], columns: Sequence[Column], width: float) -> list[float]:
    """Widths that add up to `width`: spare room is shared out, and where there is none, the widest give way."""
    spare = width - sum(natural)
    if spare >= 0:
        return [one + spare / len(natural) for one in natural]
    widths = list(natural)
    while sum(widths) > width + 0.01:
        widest = max(widths)
        second = max((one for one in widths if one < widest - 0.01), default=0.0)
        many = [at for at, one in enumerate(widths) if one >= widest - 0.01]
        cut = min(widest - second, (sum(widths) - width) / len(many))
        for at in many:
            widths[at] -= cut
    return widths


def _rooms(widths: Sequence[float]) -> list[float]:
    """What the text of each column has between its paddings; the outer edges have none."""
    rooms = [width - 2 * _PAD + 0.01 for width in widths]
    rooms[0] += _PAD
    rooms[-1] += _PAD
    return rooms
