"""Lines and bars: the geometry of charts with an axis of values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.files import lanes
from webapp.files.marks import (
    AXIS,
    GRID,
    INK,
    LABELS,
    PALETTE,
    PAPER,
    Box,
    Dot,
    Line,
    Mark,
    Picture,
    Sheet,
    Spot,
    Text,
    blend,
    every,
    moved,
    ticks,
)
from webapp.files.series import Series, Values

MOST_SERIES = 4
"""More than these in one plot cannot be told apart: each gets a small plot of its own."""

MOST_ROWS = 28
"""Horizontal bars beyond this would not stand on one page: the bars are then upright and their labels thinned."""

WIDEST_BAND, NARROWEST_BAND = 0.6, 0.8
"""The lowest figure to the highest, between which a line may be drawn on an axis without zero."""

_LEAST_NAMED = 26.0
"""Text sizes across from which the only line of a sheet is named at its end."""

_LEAST_SMALL = 10.0
"""Text sizes that a small plot with its name takes at least."""

_SHORT_MONTH, _YEAR = slice(-8, -5), slice(-4, None)
"""Of "Nov 2026" or "1–22 Nov 2026"."""

Plot = Callable[[Values, Sheet, list[float], float, int], Picture]


@dataclass(frozen=True, slots=True)
class Area:
    """Where values are plotted: the rectangle, and the axis that its height stands for."""

    left: float
    top: float
    right: float
    bottom: float
    axis: list[float]

    def y(self, value: float) -> float:
        low, high = self.axis[0], self.axis[-1]
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def axis_of(values: Values, from_zero: bool) -> list[float]:
    """Round values that hold every figure; from zero unless told that a band far from zero reads better.

    Figures that hardly differ start from zero too: an axis of nothing but their band makes a landscape of chance, as of
    a mean rating between 4.0 and 4.2.
    """
    known = values.known()
    low, high = min(known), max(known)
    if from_zero or low <= 0 or not WIDEST_BAND * high <= low <= NARROWEST_BAND * high:
        low, high = min(low, 0), max(high, 0)
    return ticks(low, high, values.whole)


def line(values: Values, sheet: Sheet) -> Picture:
    """One line a series over the categories, each named at its end. Unknown figures are gaps. On a narrow sheet the
    only line has no name, which would be cut: the title says what it shows."""
    if len(values.series) > MOST_SERIES:
        return _small_plots(values, sheet, line_plot, from_zero=values.whole)
    axis, height = axis_of(values, from_zero=values.whole), sheet.width * _flatness(sheet)
    is_named = len(values.series) > 1 or sheet.width >= sheet.size * _LEAST_NAMED
    return line_plot(values, sheet, axis, height, is_named=is_named)


def _flatness(sheet: Sheet) -> float:
    """Height to width: lower on a wide sheet."""
    return min(max(0.62 - (sheet.width / sheet.size - 32) * 0.0088, 0.33), sheet.steepest)


def line_plot(
    values: Values, sheet: Sheet, axis: list[float], height: float, numbered: int = 0, is_named: bool = True
) -> Picture:
    size = sheet.size
    ends = [(series.label if is_named else "", _last(series)) for series in values.series]
    names = min(sheet.widest((name for name, _ in ends), True), sheet.width * 0.3)
    room = max(names, sheet.widest(figure for _, figure in ends))
    area = _area(sheet, axis, values.series[0], height, right=room + size * 1.6, top=size * 0.8)
    step = (area.right - area.left) / max(len(values.labels) - 1, 1)
    alone = len(values.labels) == 1
    xs = [(area.left + area.right) / 2 if alone else area.left + step * at for at in range(len(values.labels))]
    marks = [*_grid(area, sheet, values.series[0]), *_months_or_labels(values, xs, step, area, sheet)]
    wanted: list[tuple[float, int]] = []
    for index, series in enumerate(values.series):
        colour = PALETTE[(index + numbered) % len(PALETTE)]
        marks += _strokes(series, xs, area, colour, size, bool(values.part))
        known = [(x, value) for x, value in zip(xs, series.values, strict=True) if value is not None]
        if known:
            x, value = known[-1]
            hollow = bool(values.part) and series.values[-1] is not None
            marks.append(Dot(x, area.y(value), size * 0.3, PAPER if hollow else colour, colour if hollow else ""))
            wanted.append((area.y(value), index))
    left = (xs[0] if alone else area.right) + size * 0.9
    marks += _end_labels(wanted, ends, area, sheet, (left, room), numbered)
    marks += _spots(values, xs, step, area)
    return Picture(sheet.width, height, tuple(marks))


def _spots(values: Values, xs: list[float], step: float, area: Area) -> list[Mark]:
    """Over each category the part of the plot that says its figures."""
    edges = [(max(x - step / 2, area.left), min(x + step / 2, area.right)) for x in xs]
    high = area.bottom - area.top
    return [Spot(left, area.top, right - left, high, values.story(at)) for at, (left, right) in enumerate(edges)]


def _last(series: Series) -> str:
    """The figure at the end of the line, empty when the last one is not known."""
    at = len(series.values) - 1
    return "" if series.values[at] is None and at not in series.withheld else series.told(at)


def _strokes(series: Series, xs: list[float], area: Area, colour: str, size: float, is_part: bool) -> list[Mark]:
    """The line of a series. With `is_part` the way to the last figure is dashed."""
    points = [(x, None if value is None else area.y(value)) for x, value in zip(xs, series.values, strict=True)]
    if is_part and len(points) > 1:
        (x, y), (last_x, last_y) = points[-2:]
        if y is not None and last_y is not None:
            dashed = Line(((x, y), (last_x, last_y)), colour, size * 0.18, dashed=True)
            return [dashed, *strokes(points[:-1], colour, size * 0.18)]
    return strokes(points, colour, size * 0.18)


def strokes(points: Sequence[tuple[float, float | None]], colour: str, width: float) -> list[Mark]:
    """A line in as many pieces as gaps leave, where y is None; a point alone between gaps is a dot."""
    marks: list[Mark] = []
    run: list[tuple[float, float]] = []
    for x, y in [*points, (0.0, None)]:
        if y is not None:
            run.append((x, y))
            continue
        if len(run) > 1:
            marks.append(Line(tuple(run), colour, width))
        elif run:
            marks.append(Dot(*run[0], width * 1.22, colour))
        run = []
    return marks


def _end_labels(
    wanted: list[tuple[float, int]],
    ends: list[tuple[str, str]],
    area: Area,
    sheet: Sheet,
    place_and_room: tuple[float, float],
    numbered: int,
) -> list[Mark]:
    """Name and last figure beside each line's end, pushed apart where they would touch."""
    size = sheet.size
    left, room = place_and_room
    gap = size * 2.6
    wanted = sorted(wanted)
    places = [y for y, _ in wanted]
    for at in range(1, len(places)):
        places[at] = max(places[at], places[at - 1] + gap)
    if places and places[-1] > area.bottom - size * 0.4:
        places[-1] = area.bottom - size * 0.4
        for at in range(len(places) - 2, -1, -1):
            places[at] = min(places[at], places[at + 1] - gap)
    marks: list[Mark] = []
    for place, (y, index) in zip(places, wanted, strict=True):
        name, value = ends[index]
        colour = LABELS[(index + numbered) % len(LABELS)]
        if abs(place - y) > size * 0.8:
            marks.append(Line(((left - size * 0.55, y), (left - size * 0.15, place)), AXIS, size * 0.06))
        if name:
            marks.append(Text(left, place - size * 0.15, sheet.fitted(name, room, True), size, "start", colour, True))
        marks.append(Text(left, place + size * (1.05 if name else 0.35), value, size, "start", colour))
    return marks


def bar(values: Values, sheet: Sheet) -> Picture:
    """Bars from zero, grouped by category; lying down when the categories are words too long to stand side by side."""
    if len(values.series) > MOST_SERIES:
        return _small_plots(values, sheet, bar_plot, from_zero=True)
    slot = sheet.width * 0.9 / max(len(values.labels), 1)
    long = values.kind == "text" and sheet.widest(values.labels) + sheet.size * 0.6 > slot
    if long and len(values.labels) * len(values.series) <= MOST_ROWS:
        return lying_bars(values, sheet)
    return bar_plot(values, sheet, axis_of(values, from_zero=True), sheet.width * _flatness(sheet))


def bar_plot(values: Values, sheet: Sheet, axis: list[float], height: float, numbered: int = 0) -> Picture:
    size = sheet.size
    several = len(values.series) > 1
    marks: list[Mark] = _legend(values, sheet) if several else []
    area = _area(sheet, axis, values.series[0], height, right=0.0, top=size * (2.8 if several else 1.6))
    step = (area.right - area.left) / max(len(values.labels), 1)
    marks += _grid(area, sheet, values.series[0])
    thick = min(step * 0.72 / len(values.series), size * (4.0 if not several else 2.6))
    for index, series in enumerate(values.series):
        room = step * 0.98 if not several else thick * 1.1
        written = sheet.widest(series.all_told()) <= room
        for at, value in enumerate(series.values):
            x = area.left + step * (at + 0.5) + thick * (index - len(values.series) / 2)
            if value is None:
                if written and at in series.withheld:
                    marks.append(Text(x + thick / 2, area.y(0) - size * 0.4, series.told(at), size, "middle", INK))
                continue
            top, foot = sorted((area.y(value), area.y(0)))
            tip = f"{values.labels[at]}, {series.label}: {series.told(at)}"
            colour = PALETTE[(index + numbered) % len(PALETTE)]
            hollow = bool(values.part) and at == len(values.labels) - 1
            fill, outline = (blend(colour, 0.2), colour) if hollow else (colour, "")
            marks.append(Box(x, top, max(thick - size * 0.12, thick * 0.8), foot - top, fill, outline, tip))
            if written:
                marks.append(Text(x + thick / 2, top - size * 0.4, series.told(at), size, "middle", INK))
    xs = [area.left + step * (at + 0.5) for at in range(len(values.labels))]
    marks += _months_or_labels(values, xs, step, area, sheet)
    return Picture(sheet.width, height, tuple(marks))


def lying_bars(values: Values, sheet: Sheet) -> Picture:
    """One row of bars a category in the order of the table, so that the steps of a way read as a funnel: the label
    before it or, on a phone, above it; the figure after it."""
    size = sheet.size
    several = len(values.series) > 1
    marks: list[Mark] = _legend(values, sheet) if several else []
    thick = 1.7 if not several else 1.25 * len(values.series)
    rows = lanes.lay(values.labels, sheet, size * (2.4 if several else 0.2), thick)
    figures = max(sheet.widest(series.all_told()) for series in values.series)
    low, high = min(0, *values.known()), max(0, *values.known())
    scale = max(sheet.width - rows.left - figures - size, 0) / ((high - low) or 1)
    zero = rows.left + (0 - low) * scale
    marks += rows.names(sheet.width)
    each = rows.thick / len(values.series)
    for at in range(len(values.labels)):
        for index, series in enumerate(values.series):
            value = series.values[at]
            foot = rows.foot(at) + each * index
            wide = abs(value) * scale if value is not None else 0.0
            start = zero - wide if value is not None and value < 0 else zero
            if value is not None:
                tip = f"{values.labels[at]}, {series.label}: {series.told(at)}"
                marks.append(Box(start, foot, wide, each - size * 0.1, PALETTE[index], tip=tip))
            marks.append(
                Text(start + wide + size * 0.4, foot + each / 2 + size * 0.35, series.told(at), size, "start", INK)
            )
    over, under = (0.0, 0.0) if rows.above else (size * 0.2, size * 0.4)
    marks += [Line(((zero, top - over), (zero, end - under)), AXIS, size * 0.07) for top, end in rows.clear()]
    return Picture(sheet.width, rows.bottom, tuple(marks))


def _legend(values: Values, sheet: Sheet) -> list[Mark]:
    """The series' names with a swatch of each, in the order of the bars."""
    size = sheet.size
    marks: list[Mark] = []
    x = 0.0
    room = sheet.width / len(values.series) - size * 2.4
    for index, series in enumerate(values.series):
        name = sheet.fitted(series.label, room, True)
        marks.append(Box(x, size * 0.25, size * 0.85, size * 0.85, PALETTE[index]))
        marks.append(Text(x + size * 1.3, size, name, size, "start", LABELS[index], True))
        x += size * 2.8 + sheet.text_width(name, True)
    return marks


def _area(sheet: Sheet, axis: list[float], series: Series, height: float, right: float, top: float) -> Area:
    left = sheet.widest(series.on_axis(value) for value in axis) + sheet.size * 0.9
    return Area(left, top, sheet.width - right - sheet.size * 0.4, height - sheet.size * 3.1, axis)


def _grid(area: Area, sheet: Sheet, series: Series) -> list[Mark]:
    marks: list[Mark] = []
    for value in area.axis:
        y = area.y(value)
        marks.append(
            Line(
                ((area.left, y), (area.right, y)), AXIS if value == 0 else GRID, sheet.size * (0.08 if value else 0.09)
            )
        )
        marks.append(
            Text(area.left - sheet.size * 0.7, y + sheet.size * 0.36, series.on_axis(value), sheet.size, "end")
        )
    return marks


def _months_or_labels(values: Values, xs: list[float], step: float, area: Area, sheet: Sheet) -> list[Mark]:
    """Names under the axis, thinned to what fits; of days and months from the last one back, which is what a report is
    about. Of months the name only, with the year under the first and each January; under a month cut short its days."""
    size = sheet.size
    baseline = area.bottom + size * 1.5
    months = values.kind == "month"
    names = [label[_SHORT_MONTH] if months else label for label in values.labels]
    shown = every(len(names), step, min(sheet.widest(names), max(step, size * 7)) + size * 0.7)
    marks: list[Mark] = []
    first = (len(names) - 1) % shown if values.kind in ("day", "month") else 0
    for at in range(first, len(names), shown):
        name = sheet.fitted(names[at], min(max(step * shown - size * 0.4, size * 2), sheet.width))
        marks.append(_under(sheet, xs[at], baseline, name))
        under = []
        if months and (at == first or any(names[back] == "Jan" for back in range(at - shown + 1, at + 1))):
            under.append(values.labels[at][_YEAR])
        if values.part and at == len(names) - 1:
            under.append(values.part)
        if under:
            marks.append(_under(sheet, xs[at], baseline + size * 1.25, ", ".join(under)))
    return marks


def _under(sheet: Sheet, x: float, baseline: float, text: str) -> Text:
    """`text` centred on `x`, moved where it would leave the sheet."""
    half = sheet.text_width(text) / 2
    return Text(min(max(x, half), sheet.width - half), baseline, text, sheet.size, "middle")


def _small_plots(values: Values, sheet: Sheet, plot: Plot, from_zero: bool) -> Picture:
    """A small plot for each series, all on one scale, each under its own name; on a page as low and as many in a row
    as it takes for all of them to stand there."""
    size, count = sheet.size, len(values.series)
    most_rows = max(sheet.tallest / (size * _LEAST_SMALL), 1.0)
    across = max(1, min(3, int(sheet.width / (size * 24))), math.ceil(count / most_rows))
    rows = math.ceil(count / across)
    gap = size * 2
    small = Sheet((sheet.width - gap * (across - 1)) / across, size, sheet.measure)
    high = min(small.width * 0.55, sheet.tallest / rows - size * 2.4)
    axis = axis_of(values, from_zero)
    marks: list[Mark] = []
    for index, series in enumerate(values.series):
        one = plot(values.only(index), small, axis, high, index)
        right = (small.width + gap) * (index % across)
        down = (high + size * 2.4) * (index // across)
        if plot is not line_plot:
            name = small.fitted(series.label, small.width, True)
            marks.append(Text(right, down + size, name, size, "start", LABELS[index % len(LABELS)], True))
        marks += moved(one.marks, right, down + size * 1.4)
    return Picture(sheet.width, rows * (high + size * 2.4), tuple(marks))
