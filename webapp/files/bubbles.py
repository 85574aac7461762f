"""Bubbles: one for each reading at its moment and value, as large as the reading is grave.

The area of a bubble is proportional to its grade + 1, so that a normal reading is a small bubble and not an absent one.
Colour is never the only sign: a grade of 1 or more stands in its bubble as a number.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from webapp import words
from webapp.figures import Zone
from webapp.files import spans
from webapp.files.marks import (
    AXIS,
    GRID,
    INK,
    PALETTE,
    PAPER,
    Anchor,
    Box,
    Dot,
    Line,
    Mark,
    Picture,
    Sheet,
    Spot,
    Text,
    every,
    legible,
    ticks,
)
from webapp.files.series import Series, Values

BAND = "#E6F1F0"
"""Behind values that count nothing: a pale teal."""

FILLS = (PALETTE[0], "#B45309", "#B45309", "#B42318")
"""Of grades 0, 1, 2, and 3 and more: the palette's first, amber for attention and red for failure."""

_RADIUS = 0.34
"""Of the smallest bubble, in text sizes."""

_DIGIT, _DIGIT_HIGH = 0.8, 0.36
"""Size of the number in a bubble, and how far its baseline lies under the middle, in text sizes."""

_DAY = timedelta(days=1)
_SHORT_SPAN = 4 * _DAY
"""Of readings on several days, up to which the axis begins and ends at quarters of a day instead of whole days."""

_LEAST_TICKS = 3

_HOURS = (1, 2, 3, 4, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class Reading:
    """`at` is its row of the table, `moment` is on the clinic's clock, `grade` None where it is not known."""

    at: int
    moment: datetime
    value: float
    grade: int | None


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where readings stand: the rectangle, and the moments and values that its edges stand for."""

    left: float
    top: float
    right: float
    bottom: float
    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, moment: datetime) -> float:
        return self.left + (moment - self.start) / (self.end - self.start) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Values beyond the edges stand at them."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class _Bubble:
    x: float
    y: float
    radius: float
    reading: Reading


def bubble(values: Values, sheet: Sheet) -> Picture:
    """One bubble a reading over a true scale of time, on the clinic's clock. It covers all rows of the table, those
    without a value too, so that all charts of one table have one axis. The first series of `values` is the value,
    the second, if there is one, the grade."""
    size = sheet.size
    found = readings(values)
    height = sheet.width * min(max(0.62 - (sheet.width / size - 24) * 0.009, 0.26), sheet.steepest)
    low, high = spans.span(values, [one.value for one in found])
    start, end = _period(sorted(filter(None, map(on_the_clock, values.moments))))
    series = values.series[0]
    axis = _axis(low, high, series)
    left = sheet.widest(map(series.on_axis, axis)) + size * 0.9
    aside = size * (1.1 if values.zones else 0.8)
    plane = _Plane(left, size * 1.2, sheet.width - aside, height - size * 2.2, start, end, low, high)
    bubbles = [_bubble(one, plane, size) for one in found]
    marks = [*_zones(values.zones, plane, size), *_grid(axis, series, plane, size)]
    marks += _hours(plane, sheet)
    marks += _way(values, bubbles, size)
    marks += _bubbles(bubbles, plane, sheet, series)
    marks += [_spot(one, values) for one in bubbles]
    return Picture(sheet.width, height, tuple(marks))


def readings(values: Values) -> list[Reading]:
    """Those with a value and a moment, the earliest first; of two at one moment, the first row first."""
    grades = values.series[1].values if len(values.series) > 1 else [0] * len(values.labels)
    found = [
        Reading(at, moment, value, None if grade is None else int(grade))
        for at, (moment, value, grade) in enumerate(
            zip(map(on_the_clock, values.moments), values.series[0].values, grades, strict=True)
        )
        if moment is not None and value is not None
    ]
    return sorted(found, key=lambda one: (one.moment, one.at))


def on_the_clock(moment: str) -> datetime | None:
    """What the clinic's clock shows at a moment; a day alone stands at noon. None for what is no moment."""
    try:
        if len(moment) == len("2026-11-21"):
            return datetime.combine(date.fromisoformat(moment), datetime.min.time()) + _DAY / 2
        return datetime.fromisoformat(moment).replace(tzinfo=None)
    except ValueError:
        return None


def described(values: Values) -> list[str]:
    """In words: how many readings from when to when, lowest, highest and latest, and how many of which grade."""
    found = readings(values)
    series = values.series[0]
    lowest, highest = min(found, key=lambda one: one.value), max(found, key=lambda one: one.value)
    first, last = found[0], found[-1]

    def told(one: Reading) -> str:
        return f"{series.told(one.at)} ({values.labels[one.at]})"

    parts = [
        f"{series.label}: {words.plural(len(found), 'reading')} from {values.labels[first.at]} to "
        f"{values.labels[last.at]}, lowest {told(lowest)}, highest {told(highest)}, latest {told(last)}"
    ]
    if len(values.series) > 1:
        counts = Counter(one.grade for one in found)
        known = sorted((grade for grade in counts if grade is not None), reverse=True)
        graded = [f"{grade} in {words.plural(counts[grade], 'reading')}" for grade in known]
        unknown = [f"not known in {words.plural(counts[None], 'reading')}"] if counts[None] else []
        parts.append(f"{values.series[1].label}: {', '.join(graded + unknown)}")
    return parts


def _axis(low: float, high: float, series: Series) -> list[float]:
    """Round values inside the plot, three at least where there are so many."""
    whole = series.column.decimals == 0
    inside: list[float] = []
    for wanted in (5, 7, 10):
        inside = [one for one in ticks(low, high, whole, wanted) if low <= one <= high]
        if len(inside) >= _LEAST_TICKS:
            break
    return inside or [low, high]


def _period(moments: Sequence[datetime]) -> tuple[datetime, datetime]:
    """What the axis of time covers: the whole day of readings of one day, else whole quarters of a day, or days."""
    first, last = moments[0], moments[-1]
    midnight = datetime.combine(first.date(), datetime.min.time())
    if first.date() == last.date():
        return midnight, midnight + _DAY
    step = _DAY / 4 if last - first <= _SHORT_SPAN else _DAY
    return midnight + (first - midnight) // step * step, midnight - (midnight - last) // step * step


def _bubble(reading: Reading, plane: _Plane, size: float) -> _Bubble:
    grade = max(reading.grade or 0, 0)
    radius = size * _RADIUS * math.sqrt(min(grade, 3) + 1)
    return _Bubble(plane.x(reading.moment), plane.y(reading.value), radius, reading)


def _zones(zones: Sequence[Zone], plane: _Plane, size: float) -> list[Mark]:
    """What counts nothing is shaded; beside the plot stands what each zone counts, where it has room for that."""
    marks: list[Mark] = []
    small = size * 0.78
    for zone in zones:
        foot = plane.low if zone.low is None else zone.low
        head = plane.high if zone.high is None else zone.high
        top, bottom = plane.y(head), plane.y(foot)
        if bottom - top <= 0.01:
            continue
        if zone.grade == 0:
            marks.append(Box(plane.left, top, plane.right - plane.left, bottom - top, BAND))
        if zone.low is not None and plane.low < zone.low < plane.high:
            marks.append(Line(((plane.right, bottom), (plane.right + size * 0.9, bottom)), AXIS, size * 0.06))
        if bottom - top >= small:
            middle = (top + bottom) / 2 + small * 0.36
            marks.append(Text(plane.right + size * 0.55, middle, str(zone.grade), small, "middle"))
    return marks


def _grid(axis: Sequence[float], series: Series, plane: _Plane, size: float) -> list[Mark]:
    marks: list[Mark] = []
    for value in axis:
        y = plane.y(value)
        marks.append(Line(((plane.left, y), (plane.right, y)), GRID, size * 0.07))
        marks.append(Text(plane.left - size * 0.7, y + size * 0.36, series.on_axis(value), size, "end"))
    return marks


def _hours(plane: _Plane, sheet: Sheet) -> list[Mark]:
    """Round hours under the axis, and at each midnight a line and the day that begins."""
    size = sheet.size
    days = math.ceil((plane.end - plane.start) / _DAY)
    wide = plane.right - plane.left
    room = sheet.text_width("00 Sep") + size * 1.2
    fitting = [hours for hours in _HOURS if wide * timedelta(hours=hours) / (plane.end - plane.start) >= room]
    if not fitting:
        return _days(plane, sheet, days, room)
    step = timedelta(hours=fitting[0])
    midnight = datetime.combine(plane.start.date(), datetime.min.time())
    moment = midnight + math.ceil((plane.start - midnight) / step) * step
    marks: list[Mark] = []
    while moment <= plane.end:
        is_midnight = moment.time() == datetime.min.time()
        if is_midnight and plane.start < moment < plane.end:
            marks.append(_upright(plane, moment, size))
        text = f"{moment:%H:%M}"
        if is_midnight and days > 1:
            text = _day(moment)
        elif is_midnight and moment == plane.end:
            text = "24:00"
        marks.append(_under(plane, moment, text, sheet))
        moment += step
    return marks


def _days(plane: _Plane, sheet: Sheet, days: int, room: float) -> list[Mark]:
    """Midnights, as many as there is room for."""
    shown = every(days, (plane.right - plane.left) / days, room)
    marks: list[Mark] = []
    for at in range(0, days + 1, shown):
        moment = plane.start + at * _DAY
        if plane.start < moment < plane.end:
            marks.append(_upright(plane, moment, sheet.size))
        marks.append(_under(plane, moment, _day(moment), sheet))
    return marks


def _day(moment: datetime) -> str:
    return f"{moment.day} {words.MONTHS[moment.month - 1][:3]}"


def _upright(plane: _Plane, moment: datetime, size: float) -> Line:
    x = plane.x(moment)
    return Line(((x, plane.top - size * 0.5), (x, plane.bottom)), AXIS, size * 0.07)


def _under(plane: _Plane, moment: datetime, text: str, sheet: Sheet) -> Text:
    half = sheet.text_width(text) / 2
    x = min(max(plane.x(moment), half), sheet.width - half)
    return Text(x, plane.bottom + sheet.size * 1.75, text, sheet.size, "middle")


def _way(values: Values, bubbles: Sequence[_Bubble], size: float) -> list[Mark]:
    """A thin line from reading to reading, with a gap where a row between them has no value."""
    missing = [
        moment
        for moment, value in zip(map(on_the_clock, values.moments), values.series[0].values, strict=True)
        if value is None and moment is not None
    ]
    runs: list[list[tuple[float, float]]] = [[]]
    before: datetime | None = None
    for one in bubbles:
        moment = one.reading.moment
        if before is not None and any(before <= gap <= moment for gap in missing):
            runs.append([])
        runs[-1].append((one.x, one.y))
        before = moment
    return [Line(tuple(run), "#AEBCC4", size * 0.08) for run in runs if len(run) > 1]


def _bubbles(bubbles: Sequence[_Bubble], plane: _Plane, sheet: Sheet, series: Series) -> list[Mark]:
    """The graver above the lighter, so that what matters is never hidden; the number of one that another covers is left
    out, and the latest is told in figures beside it."""
    size = sheet.size
    above = sorted(bubbles, key=lambda one: (one.reading.grade or 0, one.reading.moment, one.reading.at))
    marks: list[Mark] = []
    for one in above:
        if one.reading.grade:
            marks.append(Dot(one.x, one.y, one.radius + size * 0.06, PAPER))
        marks.append(_dot(one))
    for at, one in enumerate(above):
        grade = one.reading.grade or 0
        hidden = any(_covers(other, one) for other in above[at + 1 :])
        if grade > 0 and not hidden:
            fill = FILLS[min(grade, 3)]
            digit = size * _DIGIT if grade < 10 else size * _DIGIT * 0.7
            foot = one.y + digit * _DIGIT_HIGH
            marks.append(Text(one.x, foot, str(grade), digit, "middle", legible(fill), True))
    last = bubbles[-1]
    return [*marks, _told(last, bubbles, plane, sheet, series.told(last.reading.at))]


def _dot(one: _Bubble) -> Dot:
    if one.reading.grade is None:
        return Dot(one.x, one.y, one.radius, PAPER, PALETTE[0])
    return Dot(one.x, one.y, one.radius, FILLS[min(max(one.reading.grade, 0), 3)])


def _covers(other: _Bubble, one: _Bubble) -> bool:
    """Whether `other`, which is drawn above, reaches into the number of `one`."""
    return math.hypot(other.x - one.x, other.y - one.y) < other.radius + one.radius * 0.5


def _told(last: _Bubble, bubbles: Sequence[_Bubble], plane: _Plane, sheet: Sheet, text: str) -> Text:
    """The latest value beside its bubble, where it covers the fewest others."""
    size = sheet.size
    wide, gap = sheet.text_width(text, True), last.radius + size * 0.3
    middle = min(max(last.x, wide / 2), sheet.width - wide / 2)
    places: list[tuple[float, float, Anchor, float]] = [
        (last.x + gap, last.y + size * 0.36, "start", last.x + gap),
        *((middle, last.y - gap - far * size, "middle", middle - wide / 2) for far in (0, 0.8)),
        *((middle, last.y + gap + (0.72 + far) * size, "middle", middle - wide / 2) for far in (0, 0.8)),
        (last.x - gap, last.y + size * 0.36, "end", last.x - gap - wide),
    ]

    def crowded(place: tuple[float, float, Anchor, float]) -> float:
        _, y, _, left = place
        is_off = left < 0 or left + wide > plane.right or y > plane.bottom + size * 0.5 or y - size * 0.8 < 0
        touched = sum(
            left - one.radius < one.x < left + wide + one.radius and y - size - one.radius < one.y < y + one.radius
            for one in bubbles
            if one is not last
        )
        return touched + (1000 if is_off else 0)

    x, y, anchor, left = min(places, key=crowded)
    if left < 0 or left + wide > sheet.width:
        x, anchor = middle, "middle"
    return Text(x, y, text, size, anchor, INK, True)


def _spot(one: _Bubble, values: Values) -> Spot:
    return Spot(one.x - one.radius, one.y - one.radius, 2 * one.radius, 2 * one.radius, values.story(one.reading.at))
