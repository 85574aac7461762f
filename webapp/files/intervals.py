"""Intervals: one row a line, a dot at the value and a whisker from the low to the high end."""

from webapp.files import lanes
from webapp.files.lanes import Lanes
from webapp.files.marks import AXIS, GRID, INK, PALETTE, Dot, Line, Mark, Picture, Sheet, Spot, Text, every, ticks
from webapp.files.series import Series, Values

_WIDE = 44
"""Text sizes from which a sheet has room for the ends of each interval in figures."""


def interval(values: Values, sheet: Sheet) -> Picture:
    """The three series of `values` are the value, its low and its high end. The axis need not begin at zero, but
    percentages are seen against the whole 0 to 100."""
    size = sheet.size
    value, low, high = values.series
    told = value.all_told()
    ends = [_ends(values, at) for at in range(len(values.labels))] if sheet.width >= _WIDE * size else []
    ends_wide = sheet.widest(ends) + size * 1.2 if any(ends) else 0.0
    rows = lanes.lay(values.labels, sheet, size * 0.3)
    figures = sheet.widest(told) + size * 1.2
    right = sheet.width - (size * 0.6 if rows.above else figures + ends_wide)
    left = rows.left + size * 0.6
    axis = _axis(values)

    def x(figure: float) -> float:
        return left + (figure - axis[0]) / (axis[-1] - axis[0]) * (right - left)

    marks = _grid(axis, value, rows, (left, right))
    marks += rows.names(sheet.width - figures)
    for at in range(len(values.labels)):
        y = rows.middle(at)
        if value.values[at] is not None:
            marks += _whisker([x(one) for one in (low.values[at], high.values[at]) if one is not None], y, rows.thick)
            marks.append(Dot(x(value.values[at] or 0), y, min(size * 0.42, rows.thick / 2), PALETTE[0]))
        if rows.written:
            marks.append(Text(sheet.width - ends_wide, rows.named_at(at), told[at], size, "end", INK))
            if ends_wide:
                marks.append(Text(sheet.width, rows.named_at(at), ends[at], size, "end"))
        marks.append(Spot(0, rows.foot(at), sheet.width, rows.thick, values.story(at)))
    return Picture(sheet.width, rows.bottom + size * 1.8, tuple(marks))


def described(values: Values) -> list[str]:
    """Each row's value with the ends of its interval, in words."""
    value, low, high = values.series
    return [
        f"{label}: {value.told(at)}"
        + (f", {low.told(at)} to {high.told(at)}" if None not in (low.values[at], high.values[at]) else "")
        for at, label in enumerate(values.labels)
    ]


def _axis(values: Values) -> list[float]:
    known = values.known()
    if values.series[0].column.kind == "percent":
        known += [0, 100]
    return ticks(min(known), max(known), values.whole)


def _ends(values: Values, at: int) -> str:
    """ "56.0 to 67.8 %": the unit once."""
    _, low, high = values.series
    if low.values[at] is None or high.values[at] is None:
        return ""
    first = low.told(at).removesuffix(" %")
    return f"{first} to {high.told(at)}"


def _whisker(ends: list[float], y: float, thick: float) -> list[Mark]:
    """A line from end to end with a short stroke across each."""
    if len(ends) < 2:
        return []
    low, high = min(ends), max(ends)
    half = thick * 0.22
    strokes = [((low, y), (high, y)), *(((end, y - half), (end, y + half)) for end in (low, high))]
    return [Line(stroke, PALETTE[0], thick * 0.07) for stroke in strokes]


def _grid(axis: list[float], series: Series, rows: Lanes, place: tuple[float, float]) -> list[Mark]:
    sheet, size = rows.sheet, rows.sheet.size
    left, right = place
    step = (right - left) / (len(axis) - 1)
    names = [series.on_axis(figure) for figure in axis]
    shown = every(len(axis), step, sheet.widest(names) + size * 0.6)
    marks: list[Mark] = []
    for at, figure in enumerate(axis):
        x = left + step * at
        colour = AXIS if figure == 0 else GRID
        marks += [Line(((x, top), (x, end)), colour, size * 0.08) for top, end in rows.clear()]
        if at % shown == 0:
            half = sheet.text_width(names[at]) / 2
            marks.append(
                Text(min(max(x, half), sheet.width - half), rows.bottom + size * 1.3, names[at], size, "middle")
            )
    return marks
