"""From which value to which a plot of bubbles reaches."""

from collections.abc import Sequence
from statistics import median

from webapp.figures import Column, Zone
from webapp.files.series import Values

_NORMAL_STEPS, _BAND_STEPS = 4.0, 5.0
"""A band that counts nothing and is wider than so many other bands is cut to that many of them: the whole normal range
of systolic pressure, 111 to 219 mm Hg, would leave no room for what changes."""

_LEAST_SPANS = {
    "oxygen": 8.0, "pulse": 30.0, "respiration": 10.0, "systolic": 40.0, "temperature": 2.0, "glucose": 4.0,
}  # fmt: skip
_LEAST_SHARES = {"weight": 0.04}
"""What a plot covers at least of a measure, in its unit, or as a share of the values: on less, a step of one would look
like a fall. A choice of drawing, no clinical threshold."""


def span(values: Values, figures: Sequence[float]) -> tuple[float, float]:
    """The lowest and highest value of the plot: all of the zones' ends with some room around, so that charts of one
    measure have one scale, and whatever lies beyond."""
    low, high = min(figures), max(figures)
    zoned = _span_of(values.zones)
    if zoned:
        low, high = min(low, zoned[0]), max(high, zoned[1])
    column = values.series[0].column
    if zoned:
        return low, min(high, 100.0) if column.unit == "%" and max(figures) <= 100 else high
    if high <= low:
        low, high = low - 1, high + 1
    room = (high - low) * 0.12
    return widened(column, low - room, high + room, figures)


def widened(column: Column, low: float, high: float, figures: Sequence[float]) -> tuple[float, float]:
    """The ends of a plot of `figures`, as far apart as it takes for a small step to look small; none below zero or
    over 100 % that no figure needs."""
    least = _LEAST_SPANS.get(column.key, abs(low + high) / 2 * _LEAST_SHARES.get(column.key, 0.0))
    room = max((least - (high - low)) / 2, 0.0)
    low, high = low - room, high + room
    if column.unit == "%" and max(figures) <= 100 < high:
        low, high = low - (high - 100.0), 100.0
    if low < 0 < min(figures):
        low, high = 0.0, high - low
    return low, high


def _span_of(zones: Sequence[Zone]) -> tuple[float, float] | None:
    ends = sorted({end for zone in zones for end in (zone.low, zone.high) if end is not None})
    if not ends:
        return None
    others = [zone.high - zone.low for zone in zones if zone.grade and zone.low is not None and zone.high is not None]
    step = median(others) if others else (ends[-1] - ends[0]) / 2 or 1.0
    normal = next((zone for zone in zones if zone.grade == 0), None)
    low, high = ends[0] - step / 2, ends[-1] + step / 2
    if normal and normal.low is not None and (normal.high is None or normal.high - normal.low > _NORMAL_STEPS * step):
        high = normal.low + _BAND_STEPS * step
    elif normal and normal.low is None and normal.high is not None:
        low = normal.high - _BAND_STEPS * step
    return low, high
