"""A patient's tables on PDF pages, as close as can still be read: what a figure counts stands small beside it in a
tinted cell, the two pressures stand in one column, and so do oxygen and its flow. A small dash stands in the place of
points where a value was not scored, which is not the same as no points.

Columns are known by their keys: `pulse_points` is what `pulse` counts, `systolic` and `diastolic` belong together.
Where there are more than fit, the type gets smaller, and remarks, whose parts a semicolon parts, give up their column:
the commonest becomes a mark behind the time that the note explains, the others stand under their row.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from webapp import words
from webapp.figures import Cell, Column, Table
from webapp.files import badges, facts, lettering
from webapp.files.marks import Anchor
from webapp.files.pages import HAIRLINE, INK, MUTED
from webapp.files.pdf_tables import FIGURES
from webapp.files.pens import Pen, rules


@dataclass(frozen=True, slots=True)
class Type:
    """Points: `size` and `leading` of cells, of the header, size of what a figure counts, what is left free beside a
    cell, what is kept for what it counts, and what a column of words keeps at least."""

    size: float
    leading: float
    head: float
    head_leading: float
    points: float
    pad: float
    aside: float
    narrowest: float


USUAL = Type(8.0, 9.6, 6.8, 8.2, 5.8, 5.0, 8.0, 54.0)
SMALL = Type(7.2, 8.8, 6.0, 7.4, 5.4, 3.0, 6.6, 36.0)
_AROUND = 3.4
_MOST_REMARKED = 2
"""Lines that a remark may take in a column of its own."""

_MARK, _PARTED = "*", "; "
_UNSCORED = "–"
_KEY = f"small {_UNSCORED}: not scored"
_SUFFIX = "_points"
_WITH = {"systolic": "diastolic", "oxygen_given": "oxygen_flow"}
"""Columns that another stands beside in one."""

_AGAIN = {"consciousness_level": "consciousness"}
"""Columns that say in figures for a chart what another says in words."""


@dataclass(frozen=True, slots=True)
class Said:
    """A cell as it is drawn: `points` is what it counts, None where that is nothing or not known."""

    text: str
    points: int | None = None
    is_unscored: bool = False

    @property
    def aside(self) -> str:
        """What stands small behind it."""
        return str(self.points) if self.points else _UNSCORED if self.is_unscored else ""


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

    def said(self, row: Sequence[Cell], columns: Sequence[Column], same_day: bool, is_scored: bool) -> Said:
        """`is_scored` says whether anything of the table is."""
        texts = [_written(row[at], columns[at], same_day) for at in self.at]
        is_known = any(row[at] is not None for at in self.at)
        if self.key == "systolic":
            text = "/".join(texts if is_known else texts[:1])
        else:
            units = [columns[at].unit for at in self.at[1:] if row[at] is not None]
            text = " ".join([texts[0], *(f"{told} {unit}" for told, unit in zip(texts[1:], units, strict=False))])
        if self.points is None:
            return Said(text)
        counted = row[self.points]
        points = counted if isinstance(counted, int) and counted > 0 else None
        return Said(text, points, is_scored and is_known and counted is None)


def lanes(table: Table) -> list[Lane]:
    """The columns of `table` as they are drawn; a column of words that is empty throughout is left out."""
    places = {column.key: at for at, column in enumerate(table.columns)}
    beside = {other for key, other in _WITH.items() if key in places}
    again = {key for key, other in _AGAIN.items() if other in places}
    found = []
    for at, column in enumerate(table.columns):
        base = column.key.removesuffix(_SUFFIX)
        if (base != column.key and base in places) or column.key in beside or column.key in again:
            continue
        points = places.get(f"{column.key}{_SUFFIX}")
        if at and column.kind == "text" and points is None and all(row[at] in (None, "") for row in table.rows):
            continue
        other = places.get(_WITH.get(column.key, ""))
        found.append(
            Lane(
                column.key,
                "Blood pressure" if other is not None and column.key == "systolic" else column.label,
                column.unit,
                (at,) if other is None else (at, other),
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
    is_scored = any(row[lane.points] is not None for lane in number if lane.points is not None for row in table.rows)
    return [[lane.said(row, table.columns, one_day, is_scored) for lane in number] for row in table.rows]


@dataclass(frozen=True, slots=True)
class Close:
    """A table set in lines: `cells` has the lines of each cell, `under` those under each row, `heights` the points of
    each row with them. `note` is the table's with what its marks mean."""

    note: str
    type: Type
    lanes: Sequence[Lane]
    widths: Sequence[float]
    heads: Sequence[Sequence[str]]
    said: Sequence[Sequence[Said]]
    cells: Sequence[Sequence[Sequence[str]]]
    under: Sequence[Sequence[str]]
    heights: Sequence[float]

    @property
    def head(self) -> float:
        lines = max(len(lines) + bool(lane.unit) for lane, lines in zip(self.lanes, self.heads, strict=True))
        return lines * self.type.head_leading + 3.0

    @property
    def height(self) -> float:
        return self.head + sum(self.heights)

    def split(self, room: float) -> "tuple[Close, Close] | None":
        """As many rows as `room` holds with the header, at least two, and the rest, two at least."""
        fit = sum(foot <= room - self.head for foot in itertools.accumulate(self.heights))
        fit = min(fit, len(self.heights) - 2)
        if fit < 2:
            return None
        return self._part(slice(None, fit)), self._part(slice(fit, None))

    def _part(self, rows: slice) -> "Close":
        said, cells, under, heights = self.said[rows], self.cells[rows], self.under[rows], self.heights[rows]
        return replace(self, said=said, cells=cells, under=under, heights=heights)

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
            for said, cells, under, head, foot in zip(self.said, self.cells, self.under, feet, feet[1:], strict=False):
                self._write_row(pen, said, cells, head, lefts)
                for at, line in enumerate(under, 1):
                    pen.write(0.0, foot + 2.6 + (len(under) - at) * self.type.head_leading, line, self.type.head, MUTED)
        canvas.restoreState()

    def _tint(self, canvas: Any, feet: Sequence[float], lefts: Sequence[float]) -> None:
        for said, under, head, foot in zip(self.said, self.under, feet, feet[1:], strict=False):
            foot += len(under) * self.type.head_leading
            for at, cell in enumerate(said):
                if cell.points:
                    canvas.setFillColor(badges.graded(cell.points)[0])
                    canvas.rect(lefts[at] + 1.5, foot, self.widths[at] - 2.5, head - foot, stroke=0, fill=1)

    def _write_head(self, pen: Pen, top: float, lefts: Sequence[float]) -> None:
        size, leading = self.type.head, self.type.head_leading
        for at, (lane, lines) in enumerate(zip(self.lanes, self.heads, strict=True)):
            x, anchor = self._place(lane, at, lefts)
            y = top - self.head + 4.5 + leading * (len(lines) - 1 + bool(lane.unit))
            for line in lines:
                pen.write(x, y, line, size, MUTED, True, anchor)
                y -= leading
            if lane.unit:
                pen.write(x, y, lane.unit, size, MUTED, False, anchor)

    def _write_row(
        self, pen: Pen, said: Sequence[Said], cells: Sequence[Sequence[str]], top: float, lefts: Sequence[float]
    ) -> None:
        y = top - self.type.size - 1.2
        for at, (lane, cell, lines) in enumerate(zip(self.lanes, said, cells, strict=True)):
            x, anchor = self._place(lane, at, lefts)
            for down, line in enumerate(lines):
                pen.write(x, y - down * self.type.leading, line, self.type.size, INK, lane.is_bold, anchor)
            if cell.aside:
                ink = badges.graded(cell.points)[1] if cell.points else MUTED
                aside = lefts[at + 1] - self.type.aside + 1.4
                pen.write(aside, y + 2.2, cell.aside, self.type.points, ink, bold=bool(cell.points))

    def _place(self, lane: Lane, at: int, lefts: Sequence[float]) -> tuple[float, Anchor]:
        if lane.is_right:
            return lefts[at + 1] - _behind(lane, at, len(self.lanes), self.type), "end"
        return lefts[at] + (self.type.pad if at else 0.0), "start"


def close(table: Table, width: float) -> Close | None:
    """`table` set in `width` points; None where it has too many columns for that, or a total."""
    if table.total or not table.rows:
        return None
    known = lanes(table)
    said = rows(table, known)
    key = [_KEY] if any(cell.is_unscored for row in said for cell in row) else []
    remark = next((at for at, lane in enumerate(known) if at and lane.key == "remark"), None)
    nothing = [""] * len(said)
    usual = _set([table.note, *key], USUAL, known, said, nothing, width)
    if remark is None:
        return usual or _set([table.note, *key], SMALL, known, said, nothing, width)
    if usual and max(len(cells[remark]) for cells in usual.cells) <= _MOST_REMARKED:
        return usual
    mark, under = _marked([row[known[remark].at[0]] for row in table.rows])
    told = [
        [replace(row[0], text=row[0].text + _MARK * is_marked), *row[1:remark], *row[remark + 1 :]]
        for row, is_marked in zip(said, mark.rows, strict=True)
    ]
    known = [*known[:remark], *known[remark + 1 :]]
    notes = [table.note, *mark.notes, *key]
    return _set(notes, USUAL, known, told, under, width) or _set(notes, SMALL, known, told, under, width)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Which rows have it, and what it means."""

    rows: Sequence[bool]
    notes: Sequence[str]


def _marked(remarks: Sequence[Cell]) -> tuple[_Mark, list[str]]:
    """The mark for the commonest part of remarks, where several rows have it, and what is left of each remark."""
    parts = [[part for part in str(remark or "").split(_PARTED) if part] for remark in remarks]
    counts = Counter(part for row in parts for part in dict.fromkeys(row))
    common, count = counts.most_common(1)[0] if counts else ("", 0)
    if count < _FEWEST_MARKED or len(common) > _LONGEST_MARKED:
        return _Mark([False] * len(parts), []), [_PARTED.join(row) for row in parts]
    left = [_PARTED.join(part for part in row if part != common) for row in parts]
    return _Mark([common in row for row in parts], [f"{_MARK} {common}"]), left


_FEWEST_MARKED, _LONGEST_MARKED = 2, 40


def _set(
    notes: Sequence[str],
    kind: Type,
    known: Sequence[Lane],
    said: Sequence[Sequence[Said]],
    under: Sequence[str],
    width: float,
) -> Close | None:
    """The table in that type; None where it does not fit."""
    heads = [_folded(lane) for lane in known]
    beside = [_beside(lane, at, len(known), kind) for at, lane in enumerate(known)]
    least = [
        max(*(lettering.width(line, kind.head, True) for line in lines), lettering.width(lane.unit, kind.head)) + more
        for lane, lines, more in zip(known, heads, beside, strict=True)
    ]
    natural = [
        max(head, *(lettering.width(row[at].text, kind.size, lane.is_bold) + more for row in said))
        for at, (lane, head, more) in enumerate(zip(known, least, beside, strict=True))
    ]
    widths = _shared(natural, [max(kind.narrowest, head) for head in least], known, width)
    if widths is None:
        return None
    rooms = [one - more + 0.01 for one, more in zip(widths, beside, strict=True)]
    cells = [
        [
            lettering.lines(cell.text, room, kind.size, lane.is_bold, most=6)
            for cell, room, lane in zip(row, rooms, known, strict=True)
        ]
        for row in said
    ]
    told = [lettering.lines(text, width, kind.head, most=3) if text else [] for text in under]
    heights = [
        max(map(len, row)) * kind.leading + len(lines) * kind.head_leading + _AROUND
        for row, lines in zip(cells, told, strict=True)
    ]
    note = facts.SEPARATOR.join(filter(None, notes))
    return Close(note, kind, known, widths, heads, said, cells, told, heights)


def _beside(lane: Lane, at: int, count: int, kind: Type) -> float:
    return _behind(lane, at, count, kind) + (kind.pad if at else 0.0)


def _behind(lane: Lane, at: int, count: int, kind: Type) -> float:
    return kind.aside if lane.points is not None else kind.pad if at < count - 1 else 0.0


def _folded(lane: Lane) -> list[str]:
    """The label in at most two lines, as even as can be."""
    parts = lane.label.split()
    if len(parts) < 2 or len(lane.label) <= 9:
        return [lane.label]
    folds = [[" ".join(parts[:at]), " ".join(parts[at:])] for at in range(1, len(parts))]
    return min(folds, key=lambda fold: max(map(len, fold)))


def _shared(
    natural: Sequence[float], least: Sequence[float], known: Sequence[Lane], width: float
) -> list[float] | None:
    """Widths that add up to `width`: spare room is shared out; where there is none, columns of words give way, down to
    the `least`. The first, which tells the rows apart, does not."""
    spare = width - sum(natural)
    if spare >= 0:
        return [one + spare / len(natural) for one in natural]
    loose = [at for at, lane in enumerate(known) if at and not lane.is_right and natural[at] > least[at]]
    if sum(least[at] if at in loose else one for at, one in enumerate(natural)) > width:
        return None
    widths = list(natural)
    for at in sorted(loose, key=lambda at: -natural[at]):
        cut = min(widths[at] - least[at], -spare)
        widths[at] -= cut
        spare += cut
    return widths
