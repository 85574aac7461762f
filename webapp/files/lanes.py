"""Rows that lie one under the other, each with its name: what lying bars, stacks and intervals have in common."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.files.marks import INK, Mark, Sheet, Text

MOST_HEIGHT = 70
"""In text sizes, of all rows with what stands above them: a taller picture would not stand on one page, so rows are
made lower."""

_NARROW, _MIDDLE = 34, 50
"""Text sizes of width: below the first, names longer than _SHORT of the sheet stand above their rows, where they have
the whole width; below the second those that would be cut; on wider sheets all stand beside them."""

_SHORT, _LONG = 0.3, 0.38
"""Shares of the width; names beside rows never take more than the second."""

_NAME, _GAP = 1.45, 0.7
"""Text sizes that a name above its row takes, and between rows."""

_OVERHANG = 0.05
"""Text sizes by which a letter such as T reaches out to the left of where it stands."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """`left` is where the rows begin, `top` where the first stands; `pitch` leads from one to the next, `thick` is how
    high a bar is."""

    sheet: Sheet
    labels: Sequence[str]
    left: float
    top: float
    pitch: float
    thick: float
    above: bool

    def middle(self, at: int) -> float:
        """The height of the middle of the bar of row `at`."""
        return self.foot(at) + self.thick / 2

    def foot(self, at: int) -> float:
        """The upper edge of the bar of row `at`."""
        return self.top + self.pitch * at + (self.sheet.size * _NAME if self.above else 0.0)

    def baseline(self, at: int) -> float:
        """Where a text beside the bar of row `at` stands."""
        return self.middle(at) + self.sheet.size * 0.36

    def named_at(self, at: int) -> float:
        """The baseline of the row's name, and of what stands at the end of the same line."""
        return self.top + self.pitch * at + self.sheet.size if self.above else self.baseline(at)

    @property
    def written(self) -> bool:
        """Whether each row has room for its own text."""
        return self.pitch >= self.sheet.size

    @property
    def bottom(self) -> float:
        return self.top + self.pitch * len(self.labels)

    def clear(self) -> list[tuple[float, float]]:
        """Between which heights a line down the rows is drawn: not through names that stand above them."""
        if not self.above:
            return [(self.top, self.bottom)]
        return [(self.foot(at), self.foot(at) + self.thick) for at in range(len(self.labels))]

    def names(self, room: float) -> list[Mark]:
        """The rows' names, thinned where rows are lower than text; above their rows they have `room`."""
        size = self.sheet.size
        step = math.ceil(size / self.pitch)
        if self.above:
            return [
                Text(size * _OVERHANG, self.named_at(at), self.sheet.fitted(label, room), size, "start", INK)
                for at, label in enumerate(self.labels)
            ]
        fit = self.left - size * 0.8
        return [
            Text(fit, self.baseline(at), self.sheet.fitted(self.labels[at], fit), size, "end", INK)
            for at in range(0, len(self.labels), step)
        ]


def lay(labels: Sequence[str], sheet: Sheet, top: float, thick: float = 1.7) -> Lanes:
    """Rows for `labels` from `top` down, their bars up to `thick` text sizes high."""
    size = sheet.size
    widest = sheet.widest(labels)
    highest = max(MOST_HEIGHT * size - top, 0.3 * MOST_HEIGHT * size) / max(len(labels), 1)
    most = _SHORT if sheet.width < _NARROW * size else _LONG if sheet.width < _MIDDLE * size else math.inf
    above = widest > sheet.width * most and highest >= (thick + _GAP + _NAME) * size
    pitch = min((thick + _GAP + (_NAME if above else 0)) * size, highest)
    left = 0.0 if above else min(widest, sheet.width * _LONG) + size * 0.8
    return Lanes(sheet, labels, left, top, pitch, min(thick * size, pitch * 0.75), above)
