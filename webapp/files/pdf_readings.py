"""A patient's tables on PDF pages, as close as can still be read: what a figure counts stands small beside it in a
tinted cell, and the two pressures stand in one column.

Columns are known by their keys: `pulse_points` is what `pulse` counts, `systolic` and `diastolic` belong together.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from webapp import words
from webapp.figures import Cell, Column, Table
from webapp.files import badges, lettering
from webapp.files.marks import Anchor
from webapp.files.pages import HAIRLINE, INK, MUTED
from webapp.files.pdf_tables import FIGURES
from webapp.files.pens import Pen, rules

SIZE, HEAD, POINTS = 8.0, 6.8, 5.8
_LEADING, _AROUND = 9.6, 3.4
_HEAD_LEADING = 8.2
_PAD, _ASIDE = 5.0, 8.0
"""Points beside a cell, and for what the figure counts."""

_NARROWEST = 54.0
"""Points that a column of words keeps at least."""

_SUFFIX = "_points"


@dataclass(frozen=True, slots=True)
class Said:
    """A cell as it is drawn: `points` is what it counts, None where nothing is counted or not known."""

    text: str
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A column as it is drawn: one of the table's, or two, with what they count. `key` is that of the first."""

    key: str
    label: str
    unit: str
    at: tuple[int, ...]
    points: int | None
    is_right: bool
    is_bold: bool

    def said(self, row: Sequence[Cell], columns: Sequence[Column], same_day: bool) -> Said:
        texts = [_written(row[at], columns[at], same_day) for at in self.at]
        if len(texts) > 1 and all(row[at] is None for at in self.at):
            texts = texts[:1]
        counted = row[self.points] if self.points is not None else None
        return Said("/".join(texts), counted if isinstance(counted, int) and counted > 0 else None)


def lanes(table: Table) -> list[Lane]:
    """The columns of `table` as they are drawn; a column of words that is empty throughout is left out."""
    places = {column.key: at for at, column in enumerate(table.columns)}
    paired = "systolic" in places and "diastolic" in places
    found = []
    for at, column in enumerate(table.columns):
        base = column.key.removesuffix(_SUFFIX)
        if (base != column.key and base in places) or (paired and column.key == "diastolic"):
            continue
        points = places.get(f"{column.key}{_SUFFIX}")
        if at and column.kind == "text" and points is None and all(row[at] in (None, "") for row in table.rows):
            continue
        together = paired and column.key == "systolic"
        found.append(
            Lane(
                column.key,
                "Blood pressure" if together else column.label,
                column.unit,
                (at, places["diastolic"]) if together else (at,),
                points,
                column.kind in FIGURES,
                column.key == "score",
            )
        )
    return found


def same_day(table: Table, key: str = "") -> bool:
    """Whether all moments of a column, the first unless `key` names one, are of one day, which then need not be written
    in each row."""
    at = next((at for at, column in enumerate(table.columns) if key in ("", column.key)), None)
    if at is None or table.columns[at].kind != "moment":
        return False
    moments = [str(row[at]) for row in table.rows if row[at]]
    return len({moment[:10] for moment in moments}) == 1 and all(len(one) > len("2026-11-21") for one in moments)


def _written(cell: Cell, column: Column, same_day: bool) -> str:
    if same_day and column.kind == "moment" and isinstance(cell, str):
        return cell[11:16]
    return words.cell(cell, column.kind, column.decimals)


def rows(table: Table, number: Sequence[Lane]) -> list[list[Said]]:
    """Every row as it is drawn."""
    one_day = same_day(table)
    return [[lane.said(row, table.columns, one_day) for lane in number] for row in table.rows]


@dataclass(frozen=True, slots=True)
class Close:
    """A table set in lines: `cells` has the lines of each cell, `heights` the points of each row."""

    lanes: Sequence[Lane]
    widths: Sequence[float]
    heads: Sequence[Sequence[str]]
    said: Sequence[Sequence[Said]]
    cells: Sequence[Sequence[Sequence[str]]]
    heights: Sequence[float]

    @property
    def head(self) -> float:
        lines = max(len(lines) + bool(lane.unit) for lane, lines in zip(self.lanes, self.heads, strict=True))
        return lines * _HEAD_LEADING + 3.0

    @property
    def height(self) -> float:
        return self.head + sum(self.heights)

    def split(self, room: float) -> "tuple[Close, Close] | None":
        """As many rows as `room` holds with the header, at least two, and the rest, two at least."""
        fit = sum(foot <= room - self.head for foot in itertools.accumulate(self.heights))
        fit = min(fit, len(self.heights) - 2)
        if fit < 2:
            return None
        first = replace(self, said=self.said[:fit], cells=self.cells[:fit], heights=self.heights[:fit])
        return first, replace(self, said=self.said[fit:], cells=self.cells[fit:], heights=self.heights[fit:])

    def draw(self, canvas: Any, x: float, top: float) -> None:
        canvas.saveState()
        canvas.translate(x, 0)
        feet = list(itertools.accumulate(self.heights, float.__sub__, initial=top - self.head))
        lefts = list(itertools.accumulate(self.widths, initial=0.0))
        self._tint(canvas, feet, lefts)
        width = sum(self.widths)
        rules(canvas, width, feet[1:], HAIRLINE, 0.5)
        rules(canvas, width, feet[:1], MUTED, 0.6)
        with Pen(canvas) as pen:
            self._write_head(pen, top, lefts)
            for said, cells, head in zip(self.said, self.cells, feet, strict=False):
                self._write_row(pen, said, cells, head, lefts)
        canvas.restoreState()

    def _tint(self, canvas: Any, feet: Sequence[float], lefts: Sequence[float]) -> None:
        for said, head, foot in zip(self.said, feet, feet[1:], strict=False):
            for at, cell in enumerate(said):
                if cell.points:
                    canvas.setFillColor(badges.graded(cell.points)[0])
                    canvas.rect(lefts[at] + 1.5, foot, self.widths[at] - 2.5, head - foot, stroke=0, fill=1)

    def _write_head(self, pen: Pen, top: float, lefts: Sequence[float]) -> None:
        for at, (lane, lines) in enumerate(zip(self.lanes, self.heads, strict=True)):
            x, anchor = self._place(lane, at, lefts)
            y = top - self.head + 4.5 + _HEAD_LEADING * (len(lines) - 1 + bool(lane.unit))
            for line in lines:
                pen.write(x, y, line, HEAD, MUTED, True, anchor)
                y -= _HEAD_LEADING
            if lane.unit:
                pen.write(x, y, lane.unit, HEAD, MUTED, False, anchor)

    def _write_row(
        self, pen: Pen, said: Sequence[Said], cells: Sequence[Sequence[str]], top: float, lefts: Sequence[float]
    ) -> None:
        y = top - SIZE - 1.2
        for at, (lane, cell, lines) in enumerate(zip(self.lanes, said, cells, strict=True)):
            x, anchor = self._place(lane, at, lefts)
            for down, line in enumerate(lines):
                pen.write(x, y - down * _LEADING, line, SIZE, INK, lane.is_bold, anchor)
            if cell.points:
                aside = lefts[at + 1] - _ASIDE + 1.4
                pen.write(aside, y + 2.2, str(cell.points), POINTS, badges.graded(cell.points)[1], bold=True)

    def _place(self, lane: Lane, at: int, lefts: Sequence[float]) -> tuple[float, Anchor]:
        if lane.is_right:
            return lefts[at + 1] - _behind(lane, at, len(self.lanes)), "end"
        return lefts[at] + (_PAD if at else 0.0), "start"


def close(table: Table, width: float) -> Close | None:
    """`table` set in `width` points; None where it has too many columns for that, or a total."""
    if table.total or not table.rows:
        return None
    known = lanes(table)
    said = rows(table, known)
    heads = [_folded(lane) for lane in known]
    natural = [
        max(
            *(lettering.width(line, HEAD, True) for line in heads[at]),
            lettering.width(lane.unit, HEAD),
            *(lettering.width(row[at].text, SIZE, lane.is_bold) for row in said),
        )
        + _beside(lane, at, len(known))
        for at, lane in enumerate(known)
    ]
    widths = _shared(natural, known, width)
    if widths is None:
        return None
    rooms = [
        one - _beside(lane, at, len(known)) + 0.01 for at, (one, lane) in enumerate(zip(widths, known, strict=True))
    ]
    cells = [
        [
            lettering.lines(cell.text, room, SIZE, lane.is_bold, most=6)
            for cell, room, lane in zip(row, rooms, known, strict=True)
        ]
        for row in said
    ]
    heights = [max(map(len, row)) * _LEADING + _AROUND for row in cells]
    return Close(known, widths, heads, said, cells, heights)


def _beside(lane: Lane, at: int, count: int) -> float:
    return _behind(lane, at, count) + (_PAD if at else 0.0)


def _behind(lane: Lane, at: int, count: int) -> float:
    return _ASIDE if lane.points is not None else _PAD if at < count - 1 else 0.0


def _folded(lane: Lane) -> list[str]:
    """The label in at most two lines, as even as can be."""
    parts = lane.label.split()
    if len(parts) < 2 or len(lane.label) <= 9:
        return [lane.label]
    folds = [[" ".join(parts[:at]), " ".join(parts[at:])] for at in range(1, len(parts))]
    return min(folds, key=lambda fold: max(map(len, fold)))


def _shared(natural: Sequence[float], known: Sequence[Lane], width: float) -> list[float] | None:
    """Widths that add up to `width`: spare room is shared out; where there is none, columns of words give way."""
    spare = width - sum(natural)
    if spare >= 0:
        return [one + spare / len(natural) for one in natural]
    loose = [at for at, lane in enumerate(known) if not lane.is_right and natural[at] > _NARROWEST]
    least = sum(_NARROWEST if at in loose else one for at, one in enumerate(natural))
    if least > width:
        return None
    widths = list(natural)
    for at in sorted(loose, key=lambda at: -natural[at]):
        cut = min(widths[at] - _NARROWEST, -spare)
        widths[at] -= cut
        spare += cut
    return widths
