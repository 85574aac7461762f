"""What a chart is made of, whoever paints it: lines, boxes, dots and text on a sheet, and the scales that place them.

Lengths are in the sheet's own unit (points in PDF, pixels in SVG), x to the right and y downward.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
LABELS = ("#12436D", "#1A716A", "#801650", "#B0440C", "#3D3D3D", "#6C4FA3")
"""The palette for small text: the same hues, dark enough for 4.5 to 1 on white."""

INK = "ink"
MUTED = "muted"
PAPER = "#FFFFFF"
GRID = "#DDE4E8"
AXIS = "#9AA9B1"

Anchor = Literal["start", "middle", "end"]
Measure = Callable[[str, float, bool], float]
"""Width of a text at a size, bold or not."""


@dataclass(frozen=True, slots=True)
class Line:
    points: tuple[tuple[float, float], ...]
    colour: str
    width: float
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    fill: str
    outline: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float
    fill: str
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of the sheet that says `tip` to who points at it on a page; paper shows nothing of it."""

    x: float
    y: float
    width: float
    height: float
    tip: str


@dataclass(frozen=True, slots=True)
class Text:
    """`y` is the baseline."""

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "start"
    colour: str = MUTED
    bold: bool = False


Mark = Line | Box | Dot | Spot | Text


@dataclass(frozen=True, slots=True)
class Picture:
    width: float
    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where a chart is drawn: how wide it is, how large its text, and how wide a text comes out there. A plot is at
    most `steepest` times as high as wide; a picture is at most `tallest`, where it stands on a page."""

    width: float
    size: float
    measure: Measure
    steepest: float = 0.62
    tallest: float = math.inf

    def text_width(self, text: str, bold: bool = False) -> float:
        return self.measure(text, self.size, bold)

    def widest(self, texts: Iterable[str], bold: bool = False) -> float:
        return max((self.text_width(text, bold) for text in texts), default=0.0)

    def fitted(self, text: str, room: float, bold: bool = False) -> str:
        """`text`, or its beginning with an ellipsis."""
        if self.text_width(text, bold) <= room:
            return text
        kept = text
        while kept and self.text_width(kept.rstrip() + "…", bold) > room:
            kept = kept[: min(len(kept) - 1, int(len(kept) * 0.95))]
        return kept.rstrip() + "…"


def moved(marks: Iterable[Mark], right: float, down: float) -> list[Mark]:
    """The same marks elsewhere on the sheet."""
    shifted: list[Mark] = []
    for mark in marks:
        if isinstance(mark, Line):
            shifted.append(replace(mark, points=tuple((x + right, y + down) for x, y in mark.points)))
        else:
            shifted.append(replace(mark, x=mark.x + right, y=mark.y + down))
    return shifted


def ticks(low: float, high: float, whole: bool, wanted: int = 4) -> list[float]:
    """Round values from at or below `low` to at or above `high`, about `wanted` steps of 1, 2, 2.5 or 5 times a power
    of ten; whole numbers only if `whole`. All-equal input gives one step."""
    if high <= low:
        high = low + 1
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    if whole:
        step = max(1.0, step if step == int(step) else math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, max(last, first + 1) + 1)]


def every(count: int, slot: float, label: float) -> int:
    """Show each how-manieth label, when one takes `label` and there is `slot` for each. Counts of months go well with
    steps of 1, 2, 3, 4, 6 and 12."""
    needed = max(1, math.ceil(label / slot)) if slot > 0 else count
    return next((step for step in (1, 2, 3, 4, 6, 12, 24) if step >= needed), needed)


def blend(colour: str, share: float) -> str:
    """`colour` on white paper, `share` from 0 (paper) to 1."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (part - 255) * share):02X}" for part in parts)


_RAMP = ("#12436D", "#28A197", "#D4EFEA")
"""From the palette's darkest through its teal to a pale one: CIE lightness 27, 60 and 92."""


def ramp(count: int) -> list[str]:
    """`count` colours for parts in an order, from dark to light in even steps of lightness, so that neighbours are told
    apart in grey and by every eye; two are the palette's first two."""
    if count <= 2:
        return list(_RAMP[:count])
    steps = [2 * at / (count - 1) for at in range(count)]
    return [_between(_RAMP[0], _RAMP[1], at) if at <= 1 else _between(_RAMP[1], _RAMP[2], at - 1) for at in steps]


def _between(first: str, second: str, share: float) -> str:
    pairs = [(int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (other - one) * share):02X}" for one, other in pairs)


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, 0 to 1, after WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def legible(background: str) -> str:
    """White or black, whichever has the higher contrast on `background`: at least 4.5 to 1 on any. Ink would not do on
    middle shades."""
    light = luminance(background)
    return PAPER if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"
