"""Stacks: one lying bar a row, all of one length, cut into the shares of its series."""

from webapp import words
from webapp.figures import SUPPRESSED
from webapp.files import lanes
from webapp.files.lanes import Lanes
from webapp.files.marks import (
    GRID,
    INK,
    PAPER,
    Box,
    Mark,
    Picture,
    Sheet,
    Spot,
    Text,
    legible,
    luminance,
    ramp,
)
from webapp.files.series import Values

TOTAL = "Total"

_PALE = 0.45
"""Relative luminance above which a part has an outline, to stand out from white paper."""

_EDGE = "#28A197"

_FEW = 6
"""Series whose names may take a line each; of more, two share one."""


def stack(values: Values, sheet: Sheet) -> Picture:
    """Each row from the first series at the left to the last at the right, a part's percent in it where it fits, and
    the row's total after it. A row of which a figure is not known or withheld cannot be cut: it is an empty bar with
    the figures there are."""
    size = sheet.size
    colours = ramp(len(values.series))
    totals = _totals(values)
    end = sheet.width - (sheet.widest([*totals, TOTAL]) + size * 0.8 if totals else 0.0)
    marks, top = _named(values, sheet, colours, end)
    rows = lanes.lay(values.labels, sheet, top)
    right = sheet.width if rows.above else end
    if totals:
        marks.append(Text(sheet.width, size, TOTAL, size, "end"))
    marks += rows.names(end)
    for at in range(len(values.labels)):
        parts = values.parts(at)
        foot = rows.foot(at)
        if parts and sum(parts):
            marks += _cut(parts, rows, at, right, colours)
        else:
            marks += _uncut(values, rows, at, right)
        if totals and rows.written:
            marks.append(Text(sheet.width, rows.named_at(at), totals[at], size, "end", INK))
        marks.append(Spot(0, foot, sheet.width, rows.thick, _tip(values, at)))
    return Picture(sheet.width, rows.bottom, tuple(marks))


def percent(part: float, whole: float) -> str:
    """A share as a whole percent; one that is there but rounds to nothing, or to all, says so."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share <= 0.5:
        return "<1 %"
    return ">99 %" if 99.5 <= share < 100 else f"{words.number(share)} %"


def described(values: Values) -> list[str]:
    """The smallest and largest share of each series, in words."""
    whole = {at: sum(values.parts(at)) for at in range(len(values.labels))}
    cut = [at for at in whole if whole[at]]
    if not cut:
        return ["No row has figures to compare"]
    told = []
    for index, series in enumerate(values.series):
        share = {at: values.parts(at)[index] / whole[at] for at in cut}
        low, high = min(cut, key=share.__getitem__), max(cut, key=share.__getitem__)
        ends = [f"{percent(share[at], 1)} ({values.labels[at]})" for at in (low, high)]
        told.append(f"{series.label}: from {ends[0]} to {ends[1]}")
    return told


def _totals(values: Values) -> list[str]:
    """The sum of each row as it is written; none where the figures are percentages, which sum up to 100 anyway."""
    first = values.series[0]
    if first.column.kind == "percent":
        return []
    rows = [values.parts(at) for at in range(len(values.labels))]
    return [
        first.written(sum(parts)) if parts else SUPPRESSED if values.is_withheld(at) else words.DASH
        for at, parts in enumerate(rows)
    ]


def _tip(values: Values, at: int) -> str:
    parts = values.parts(at)
    if not parts or not sum(parts) or values.series[0].column.kind == "percent":
        return values.story(at)
    told = [
        f"{series.label} {series.told(at)} ({percent(part, sum(parts))})"
        for series, part in zip(values.series, parts, strict=True)
    ]
    return f"{values.labels[at]}: {', '.join(told)}"


def _cut(parts: list[float], rows: Lanes, at: int, right: float, colours: list[str]) -> list[Mark]:
    """The parts of one bar, with white gaps between them."""
    sheet, size = rows.sheet, rows.sheet.size
    gap = size * 0.14
    whole = sum(parts)
    foot = rows.foot(at)
    marks: list[Mark] = []
    before = 0.0
    for part, colour in zip(parts, colours, strict=True):
        x = rows.left + (right - rows.left) * before / whole
        wide = (right - rows.left) * part / whole
        before += part
        if not part:
            continue
        inner = max(wide - gap, wide * 0.5)
        outline = _EDGE if luminance(colour) > _PALE else ""
        marks.append(Box(x + (wide - inner) / 2, foot, inner, rows.thick, colour, outline))
        told = percent(part, whole)
        if rows.thick >= size and sheet.text_width(told) + size * 0.4 <= inner:
            marks.append(Text(x + wide / 2, rows.baseline(at), told, size, "middle", legible(colour)))
    return marks


def _uncut(values: Values, rows: Lanes, at: int, right: float) -> list[Mark]:
    """An empty bar: of a row without anything with a dash, of another with the figures that are known."""
    size = rows.sheet.size
    foot = rows.foot(at)
    marks: list[Mark] = [Box(rows.left, foot, right - rows.left, rows.thick, PAPER, GRID)]
    if rows.thick < size:
        return marks
    known = [f"{series.label} {series.told(at)}" for series in values.series]
    is_bare = all(not series.values[at] and at not in series.withheld for series in values.series)
    told = words.DASH if is_bare else rows.sheet.fitted(", ".join(known), right - rows.left - size)
    marks.append(Text(rows.left + size * 0.5, rows.baseline(at), told, size, "start", INK))
    return marks


def _named(values: Values, sheet: Sheet, colours: list[str], end: float) -> tuple[list[Mark], float]:
    """What each part means, and where the bars begin: the names directly above the parts of the first bar where each
    has room there, else in lines of their own with a swatch each."""
    size = sheet.size
    direct = _above_first(values, sheet, end)
    if direct:
        return direct, size * 1.6
    marks: list[Mark] = []
    x, y = 0.0, 0.0
    for series, colour in zip(values.series, colours, strict=True):
        name = sheet.fitted(series.label, end * (1.0 if len(colours) <= _FEW else 0.5) - size * 3, True)
        wide = size * 1.3 + sheet.text_width(name, True)
        if x and x + wide > end:
            x, y = 0.0, y + size * 1.6
        outline = _EDGE if luminance(colour) > _PALE else ""
        marks.append(Box(x, y + size * 0.2, size * 0.85, size * 0.85, colour, outline))
        marks.append(Text(x + size * 1.3, y + size, name, size, "start", INK, True))
        x += wide + size * 1.4
    return marks, y + size * 2.1


def _above_first(values: Values, sheet: Sheet, end: float) -> list[Mark]:
    """Each name over its part of the first bar; nothing where one has no room."""
    size = sheet.size
    parts = values.parts(0)
    rows = lanes.lay(values.labels, sheet, 0.0)
    if not parts or not sum(parts) or rows.above:
        return []
    marks: list[Mark] = []
    x = rows.left
    for series, part in zip(values.series, parts, strict=True):
        wide = (end - rows.left) * part / sum(parts)
        if sheet.text_width(series.label, True) > wide - size * 0.6:
            return []
        marks.append(Text(x + size * 0.1, size, series.label, size, "start", INK, True))
        x += wide
    return marks
