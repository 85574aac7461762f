"""Text and rules on a PDF page, drawn by ReportLab."""

import functools
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from webapp.files import fonts, lettering
from webapp.files.marks import Anchor

_SHIFTS = {"start": 0.0, "middle": 0.5, "end": 1.0}


class Pen(AbstractContextManager["Pen"]):
    """Writes lines as one text object of `canvas`, put there at the end of the block. One such object for each line
    takes twice as long."""

    def __init__(self, canvas: Any) -> None:
        self._canvas, self._text = canvas, canvas.beginText()
        self._font: tuple[str, float] | None = None
        self._colour: Any = None

    def write(
        self, x: float, y: float, text: str, size: float, colour: Any, bold: bool = False, anchor: Anchor = "start"
    ) -> None:
        """`text` on one line, `y` the baseline."""
        shift = _SHIFTS[anchor]
        left = x - shift * lettering.width(text, size, bold) if shift else x
        self.put(left, y, lettering.visual(text), size, colour, bold)

    def put(self, x: float, y: float, text: str, size: float, colour: Any, bold: bool = False) -> None:
        """`text` as lettering.visual() gives it, from `x` on."""
        font = (fonts.BOLD if bold else fonts.REGULAR, size)
        if font != self._font:
            self._text.setFont(*font)
            self._font = font
        if colour is not self._colour:
            self._text._code.append(_fill(colour))
            self._colour = colour
        # What setTextOrigin() and textLine() would say, with the hundredths of a point that can be seen.
        self._text._code.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm {self._text._formatText(text)} T*")

    def __exit__(self, *fault: object) -> None:
        self._canvas.drawText(self._text)


@functools.lru_cache(maxsize=256)
def _fill(colour: Any) -> str:
    return f"{colour.red:.4g} {colour.green:.4g} {colour.blue:.4g} rg"


def write(
    canvas: Any, x: float, y: float, text: str, size: float, colour: Any, bold: bool = False, anchor: Anchor = "start"
) -> None:
    """One line by itself."""
    with Pen(canvas) as pen:
        pen.write(x, y, text, size, colour, bold, anchor)


def rules(canvas: Any, width: float, ys: Sequence[float], colour: Any, weight: float) -> None:
    """A line across at each of `ys`, `width` points long."""
    canvas.setLineCap(1)
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(weight)
    canvas.lines([(0, y, width, y) for y in ys])
