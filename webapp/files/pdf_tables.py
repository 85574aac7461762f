"""Data tables of a PDF page, drawn by ReportLab: header on each page, hairlines, right-aligned numbers, bold total."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.platypus.tables import LongTable

from webapp import words
from webapp.figures import Cell, Column, Table
from webapp.files import fonts, lettering
from webapp.files.pages import AFTER, BODY, INK, MUTED, SMALL, InSection

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

_RULE, _HAIRLINE = HexColor("#B9C5CA"), HexColor("#E6EBED")
_MOST_LINES = 20
"""A longer text in one cell ends in an ellipsis: a row cannot be taller than a page."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """The table as text, with the columns that stand on one sheet side by side and their widths."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] | None
    widths: Sequence[float]


class Rows(InSection, LongTable):
    """A data table with its header. Where it goes on on the next page, its `title` stands above, its first rows stay
    with the header, and its last with the total, unless they are too high for that."""

    title = ""
    above = 0.0

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        wide, high = super().wrap(width, height)
        self.above = self.eyebrow()
        return wide, high + self.above

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self._width, self._height + self.above)
        super().draw()

    def split(self, width: float, height: float) -> list[Any]:
        heights = self._rowHeights
        first, last = 1 + _TOGETHER, len(heights) - _TOGETHER - 1
        fits = sum(heights[:first]) <= _MOST_TOGETHER and sum(heights[max(last, 1) :]) <= _MOST_TOGETHER
        self._rowSplitRange = (first, last) if fits else None
        parts = list(super().split(width, height - self.eyebrow()))
        for at, part in enumerate(parts):
            part.title, part.section = self.title, self.title if at else self.section
        return parts


def least_height(table: Any) -> float:
    """Points that a table's header takes with its first rows."""
    return float(sum(table._rowHeights[: 1 + _TOGETHER])) if isinstance(table, Rows) else 0.0


def flowables(table: Table, width: float) -> list["Rows"]:
    """`table` as flowables no wider than `width` points: one, or several with the first column repeated when it has
    more columns than fit."""
    natural = _natural(table, width)
    found = [_flowable(_grid(table, group, natural, width)) for group in _groups(natural, width)]
    for at, part in enumerate(found):
        part.title, part.section = table.title, table.title if at else ""
    return found


def pieces(table: Table, starts: Sequence[int], width: float) -> list["Rows"]:
    """`table` cut before each row that `starts` names: pieces with the same columns, each `width` points wide with its
    own header. The total is under the last."""
    whole = _grid(table, range(len(table.columns)), _natural(table, width), width)
    last = len(starts) - 1
    ends = [*starts[1:], len(whole.rows)]
    return [
        _flowable(replace(whole, rows=whole.rows[start:end], total=whole.total if number == last else None))
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
    """A total has no figure in some columns, which is not the same as a figure that is not known. Its label may stand
    in a column of days or months."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) and column.kind in ("day", "month") else written(cell, column)


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


def _grid(table: Table, group: Sequence[int], natural: Sequence[float], width: float) -> _Grid:
    columns = [table.columns[at] for at in group]
    return _Grid(
        columns,
        [[written(row[at], table.columns[at]) for at in group] for row in table.rows],
        [_total_cell(table.total[at], table.columns[at]) for at in group] if table.total else None,
        _shared([natural[at] for at in group], columns, width),
    )


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


def _flowable(grid: _Grid) -> "Rows":
    head = [
        lettering.lines(header(column), room, SMALL, True, most=4)
        for column, room in zip(grid.columns, _rooms(grid.widths), strict=True)
    ]
    body = [_wrapped(row, grid.widths, bold=False) for row in grid.rows]
    total = [_wrapped(grid.total, grid.widths, bold=True)] if grid.total else []
    lines = [head, *body, *total]
    return Rows(
        [["\n".join(lettering.visual(line) for line in cell) for cell in row] for row in lines],
        colWidths=list(grid.widths),
        rowHeights=[max(len(cell) for cell in row) * _LEADING + _AROUND for row in lines],
        repeatRows=1,
        hAlign="LEFT",
        style=_style(grid),
        spaceAfter=AFTER,
    )


def _wrapped(row: Sequence[str], widths: Sequence[float], bold: bool) -> list[list[str]]:
    return [
        lettering.lines(text, room, BODY, bold, most=_MOST_LINES)
        for text, room in zip(row, _rooms(widths), strict=True)
    ]


def _rooms(widths: Sequence[float]) -> list[float]:
    """What the text of each column has between its paddings; the outer edges have none."""
    rooms = [width - 2 * _PAD + 0.01 for width in widths]
    rooms[0] += _PAD
    rooms[-1] += _PAD
    return rooms


def _style(grid: _Grid) -> list[tuple[Any, ...]]:
    style: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), fonts.REGULAR, BODY, _LEADING),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("FONT", (0, 0), (-1, 0), fonts.BOLD, SMALL, _LEADING),
        ("TEXTCOLOR", (0, 0), (-1, 0), MUTED),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), _PAD),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, _RULE),
        ("LINEBELOW", (0, 1), (-1, -1), 0.5, _HAIRLINE),
    ]
    for at, column in enumerate(grid.columns):
        if column.kind in ("count", "number", "percent"):
            style.append(("ALIGN", (at, 0), (at, -1), "RIGHT"))
    if grid.total:
        style += [("FONT", (0, -1), (-1, -1), fonts.BOLD, BODY, _LEADING), ("LINEABOVE", (0, -1), (-1, -1), 0.7, _RULE)]
    return style
