"""Heat maps and age pyramids: the geometry of charts in which each figure is written."""

from webapp import words
from webapp.files.marks import (
    AXIS,
    GRID,
    INK,
    LABELS,
    PALETTE,
    PAPER,
    Box,
    Line,
    Mark,
    Picture,
    Sheet,
    Text,
    blend,
    every,
    legible,
)
from webapp.files.series import Figure, Series, Values

MANY_ROWS = 12
"""More rows than these are drawn lower."""

MOST_HEIGHT = 56
"""In text sizes, of all rows together: a taller picture would not stand on one page, so rows are made lower."""


PHONE = 28
"""Sheets less than this many text sizes wide are for phones."""

_SMALLEST = 0.85
"""Of the text size: figures that do not fit are written smaller, down to this."""


def values_fit(values: Values, sheet: Sheet) -> bool:
    """Whether each cell of a heat map on this sheet has room for its figure."""
    laid = _laid(values, sheet)
    return _scale(laid, sheet) > 0 and _holds_a_line(_row_height(laid, sheet), sheet)


def _row_height(values: Values, sheet: Sheet) -> float:
    if len(values.labels) > MANY_ROWS:
        return min(sheet.size * 1.75, MOST_HEIGHT * sheet.size / len(values.labels))
    return min(max(sheet.size * 2.1, _cell_width(values, sheet) * 0.62), sheet.size * 2.9)


def _holds_a_line(high: float, sheet: Sheet) -> bool:
    return high >= sheet.size * 1.15


def _laid(values: Values, sheet: Sheet) -> Values:
    """`values` as they stand on the sheet: rows stay rows, so that the same table looks the same in every report; only
    a phone, where there is no room across, has a wide one on its side."""
    wide = len(values.series) > len(values.labels)
    return _turned(values) if wide and _is_phone(sheet) and not _scale(values, sheet) else values


def _is_phone(sheet: Sheet) -> bool:
    return sheet.width < PHONE * sheet.size


def _scale(values: Values, sheet: Sheet) -> float:
    """The size of the figures in text sizes: 1, less where they need it, 0 where they do not fit. A phone's text is
    small enough as it is."""
    wide, widest = _cell_width(values, sheet), _widest(values, sheet) or 1.0
    scale = max(1.0 if _is_phone(sheet) else _SMALLEST, min(1.0, (wide - sheet.size * 0.45) / widest))
    return scale if widest * scale + sheet.size * 0.3 <= wide else 0.0


def _widest(values: Values, sheet: Sheet) -> float:
    cells = max(sheet.widest(series.all_told()) for series in values.series)
    return max(cells, sheet.widest(values.total[1:]))


def _aside_width(values: Values, sheet: Sheet) -> float:
    return sheet.widest(values.aside) + sheet.size * 0.6 if values.aside else 0.0


def _names_width(values: Values, sheet: Sheet) -> float:
    return min(sheet.widest([*values.labels, *values.total[:1]]) + sheet.size * 0.9, sheet.width * 0.3)


def _cell_width(values: Values, sheet: Sheet) -> float:
    return (sheet.width - _names_width(values, sheet) - _aside_width(values, sheet)) / len(values.series)


def heat(values: Values, sheet: Sheet) -> Picture:
    """One cell a figure, the darker the higher, the figure written in it. An unknown figure is an empty cell with a
    dash."""
    values = _laid(values, sheet)
    size = sheet.size
    scale = _scale(values, sheet)
    names = _names_width(values, sheet)
    wide = _cell_width(values, sheet)
    top = size * 1.9
    high = _row_height(values, sheet)
    known = values.known()
    low, span = min(0, *known), (max(0, *known) - min(0, *known)) or 1
    shown = scale > 0 and _holds_a_line(high, sheet)
    marks: list[Mark] = _column_names(values, sheet, names, wide)
    for at, label in enumerate(values.labels):
        baseline = top + high * (at + 0.5) + size * 0.36
        if high >= size or at % 2 == 0:
            name = sheet.fitted(label, names - size * 0.7)
            marks.append(Text(names - size * 0.7, baseline, name, size, "end"))
        for index, series in enumerate(values.series):
            value = series.values[at]
            x, y = names + wide * index, top + high * at
            fill = PAPER if value is None else _shade(value, low, span)
            tip = f"{label}, {series.label}: {series.told(at)}"
            marks.append(_cell(value, (x, y, wide, high), fill, tip, size * 0.11))
            if shown:
                marks.append(Text(x + wide / 2, baseline, series.told(at), size * scale, "middle", legible(fill)))
    bottom = top + high * len(values.labels)
    marks += _aside(values, sheet, top, high)
    if values.total and scale:
        marks += _total_line(values, sheet, (names, wide, bottom), size * scale)
        bottom += size * 1.9
    if not shown:
        marks += _ramp(values, sheet, bottom + size * 0.8, low, low + span)
        bottom += size * 2.6
    return Picture(sheet.width, bottom, tuple(marks))


def _total_line(values: Values, sheet: Sheet, place: tuple[float, float, float], figure_size: float) -> list[Mark]:
    """The table's total under the cells, without a shade: it is of another size."""
    names, wide, top = place
    size = sheet.size
    label, *figures = values.total
    marks: list[Mark] = [
        Line(((names, top + size * 0.25), (names + wide * len(figures), top + size * 0.25)), AXIS, 0.5)
    ]
    marks.append(Text(names - size * 0.7, top + size * 1.5, sheet.fitted(label, names - size * 0.7), size, "end"))
    for index, figure in enumerate(figures):
        marks.append(Text(names + wide * (index + 0.5), top + size * 1.5, figure, figure_size, "middle", INK))
    return marks


def _aside(values: Values, sheet: Sheet, top: float, high: float) -> list[Mark]:
    """The total of each row at the right edge, without a shade."""
    if not values.aside:
        return []
    size = sheet.size
    label, *figures = values.aside
    marks: list[Mark] = [Text(sheet.width, size * 1.2, label, size, "end")]
    for at, figure in enumerate(figures):
        if high >= size or at % 2 == 0:
            marks.append(Text(sheet.width, top + high * (at + 0.5) + size * 0.36, figure, size, "end", INK))
    return marks


def _shade(value: float, low: float, span: float) -> str:
    return blend(PALETTE[0], 0.05 + 0.95 * (value - low) / span)


def _cell(value: Figure, place: tuple[float, float, float, float], fill: str, tip: str, gap: float) -> Box:
    x, y, wide, high = place
    outline = GRID if value is None else ""
    return Box(x + gap, y + gap, wide - 2 * gap, high - 2 * gap, fill, outline, tip)


def _column_names(values: Values, sheet: Sheet, left: float, wide: float) -> list[Mark]:
    names = [series.label for series in values.series]
    step = every(len(names), wide, min(sheet.widest(names), max(wide, sheet.size * 5)) + sheet.size * 0.3)
    marks: list[Mark] = []
    for at in range(0, len(names), step):
        room = sheet.width - _aside_width(values, sheet)
        name = sheet.fitted(names[at], min(wide * step - sheet.size * 0.2, room))
        half = sheet.text_width(name) / 2
        x = max(min(left + wide * (at + 0.5), room - half), half)
        marks.append(Text(x, sheet.size * 1.2, name, sheet.size, "middle"))
    return marks


def _ramp(values: Values, sheet: Sheet, top: float, low: float, high: float) -> list[Mark]:
    """What light and dark mean, where the figures themselves have no room."""
    size = sheet.size
    series = values.series[0]
    first, last = series.written(low), series.written(high)
    if sheet.text_width(first + last) + size * 9.5 > sheet.width:
        first, last = series.on_axis(low), series.on_axis(high)
    x = sheet.text_width(first) + size * 0.5
    marks: list[Mark] = [Text(0, top + size, first, size)]
    for step in range(5):
        marks.append(Box(x, top + size * 0.1, size * 1.6, size * 1.1, blend(PALETTE[0], 0.05 + 0.95 * step / 4)))
        x += size * 1.6
    marks.append(Text(x + size * 0.5, top + size, last, size))
    return marks


def _turned(values: Values) -> Values:
    """Rows as columns, and the total under the columns beside the rows; weekdays short to stand side by side."""
    first = values.series[0].column
    turned = tuple(
        Series(
            type(first)(
                f"{at}", label[:3] if label in words.WEEKDAYS else label, first.kind, first.unit, first.decimals
            ),
            tuple(series.values[at] for series in values.series),
            frozenset(place for place, series in enumerate(values.series) if at in series.withheld),
        )
        for at, label in enumerate(values.labels)
    )
    labels = tuple(series.label for series in values.series)
    return Values("text", labels, turned, aside=values.total)


def pyramid(values: Values, sheet: Sheet) -> Picture:
    """Two series back to back on one scale, the first category at the bottom, each bar with its figure."""
    size = sheet.size
    left, right = values.series
    count = len(values.labels)
    names = min(sheet.widest(values.labels), sheet.width * 0.25) + size * 1.6
    half = (sheet.width - names) / 2
    figures = _widest(values, sheet) + size * 0.6
    written = figures <= half
    figures = figures if written else 0.0
    scale = (half - figures) / (max(abs(value) for value in values.known()) or 1)
    pitch = min(size * 2.2, MOST_HEIGHT * size / count)
    top = size * 2.2
    middle = sheet.width / 2
    inner = (middle - names / 2, middle + names / 2)
    marks: list[Mark] = [
        Text(inner[0], size, sheet.fitted(left.label, half, True), size, "end", LABELS[0], True),
        Text(inner[1], size, sheet.fitted(right.label, half, True), size, "start", LABELS[1], True),
    ]
    for at, label in enumerate(values.labels):
        y = top + pitch * (count - 1 - at)
        baseline = y + pitch * 0.42 + size * 0.36
        if pitch >= size or at % 2 == 0:
            marks.append(Text(middle, baseline, sheet.fitted(label, names - size), size, "middle", INK))
        for index, series in enumerate((left, right)):
            value = series.values[at]
            long = abs(value) * scale if value is not None else 0.0
            x = inner[0] - long if index == 0 else inner[1]
            tip = f"{label}, {series.label}: {series.told(at)}"
            if value is not None:
                marks.append(Box(x, y, long, pitch * 0.84, PALETTE[index], tip=tip))
            if written and pitch >= size:
                end = x - size * 0.4 if index == 0 else x + long + size * 0.4
                marks.append(Text(end, baseline, series.told(at), size, "end" if index == 0 else "start", INK))
    bottom = top + pitch * count
    marks += [Line(((x, top - size * 0.3), (x, bottom)), AXIS, size * 0.07) for x in inner]
    return Picture(sheet.width, bottom + size * 0.2, tuple(marks))
