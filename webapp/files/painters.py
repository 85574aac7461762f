"""The two painters of a picture: vectors on a PDF's canvas, markup for a page."""

import functools
import unicodedata
from collections.abc import Iterator
from html import escape
from typing import Any

from markupsafe import Markup
from reportlab.lib.colors import HexColor

from webapp.files.marks import INK, MUTED, Box, Dot, Line, Mark, Picture, Spot, Text
from webapp.files.pens import Pen

INKS = {INK: "#1B2A32", MUTED: "#51636D"}


RING = 0.5
"""Width of a dot's outline, in radii."""

OUTLINE = 0.4
"""Width of a box's outline."""


def dashes(line: Line) -> list[float]:
    """A dash and a gap."""
    return [line.width * 2, line.width * 1.6]


def paint(picture: Picture, canvas: Any, x: float, y: float) -> None:
    """Draws on a PDF's canvas, with the lower left corner at `x` and `y`: native vectors, whose text stays text."""
    canvas.saveState()
    canvas.translate(x, y)
    with Pen(canvas) as pen:  # what it writes comes on top of all else
        canvas.addLiteral("\n".join(_operators(picture)))
        for mark in picture.marks:
            if isinstance(mark, Text):
                colour = _colour(INKS.get(mark.colour, mark.colour))
                pen.write(mark.x, picture.height - mark.y, mark.text, mark.size, colour, mark.bold, mark.anchor)
    canvas.restoreState()


def _operators(picture: Picture) -> Iterator[str]:
    """All but text in the operators of PDF 1.4, which takes a tenth of the time of ReportLab's calls; colour, width and
    dash are said where they change."""
    yield "1 j"
    said: dict[str, str] = {"d": "[] 0 d", "J": "0 J"}
    for mark in picture.marks:
        if isinstance(mark, Text | Spot):
            continue
        state, way = _drawn(mark, picture.height)
        for operator, full in state:
            if said.get(operator) != full:
                said[operator] = full
                yield full
        yield way


def _drawn(mark: Box | Dot | Line, height: float) -> tuple[list[tuple[str, str]], str]:
    """What must be set before a mark, by operator, and the mark."""
    if isinstance(mark, Line):
        dash = " ".join(_n(one) for one in dashes(mark)) if mark.dashed else ""
        first, *rest = (f"{x:.2f} {height - y:.2f}" for x, y in mark.points)
        way = " ".join([first, "m", *(f"{point} l" for point in rest), "S"])
        return [*_stroke(mark.colour, mark.width), ("d", f"[{dash}] 0 d"), _FLAT], way
    if isinstance(mark, Dot) and not mark.outline:
        x, y = round(mark.x, 2), height - mark.y
        state = [*_stroke(mark.fill, 2 * mark.radius), ("d", "[] 0 d"), _ROUNDED]
        return state, f"{x:.2f} {y:.2f} m {x + DOT:.2f} {y:.2f} l S"
    state = [("rg", f"{_rgb(mark.fill)} rg")]
    if mark.outline:
        wide = mark.radius * RING if isinstance(mark, Dot) else OUTLINE
        state += [*_stroke(mark.outline, wide), ("d", "[] 0 d")]
    ends = "B" if mark.outline else "f"
    if isinstance(mark, Dot):
        return state, f"{_circle(mark.x, height - mark.y, mark.radius)} {ends}"
    low = height - mark.y - mark.height
    return state, f"{mark.x:.2f} {low:.2f} {mark.width:.2f} {mark.height:.2f} re {ends}"


def _stroke(colour: str, width: float) -> list[tuple[str, str]]:
    return [("RG", f"{_rgb(colour)} RG"), ("w", f"{width:.3f} w")]


DOT = 0.01
"""Points that the line is long as which a dot is drawn, by a round pen of its own width: a tenth of the bytes of a
circle's four curves. Without any length, some readers would draw nothing."""

_FLAT, _ROUNDED = ("J", "0 J"), ("J", "1 J")

_ROUND = 0.5523
"""Of the radius: how far the handles of four curves lie from their ends, so that together they make a circle."""


def _circle(x: float, y: float, radius: float) -> str:
    west, east, south, north = (f"{one:.2f}" for one in (x - radius, x + radius, y - radius, y + radius))
    handle = radius * _ROUND
    left, right, low, high = (f"{one:.2f}" for one in (x - handle, x + handle, y - handle, y + handle))
    across, up = f"{x:.2f}", f"{y:.2f}"
    return (
        f"{east} {up} m {east} {high} {right} {north} {across} {north} c {left} {north} {west} {high} {west} {up} c "
        f"{west} {low} {left} {south} {across} {south} c {right} {south} {east} {low} {east} {up} c h"
    )


@functools.cache
def _rgb(colour: str) -> str:
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.4f}".rstrip("0").rstrip(".") for at in (1, 3, 5))


_colour = functools.cache(HexColor)


LARGEST = 1.25
"""How many times its own size a picture grows on a page: beyond that its text would shout."""


def svg(picture: Picture, title: str, description: str, classes: str) -> Markup:
    """Markup that scales to the width of what it stands in, up to LARGEST. Its class mw-100 makes it give way."""
    body = "".join(_markup(mark) for mark in picture.marks)
    return Markup(  # noqa: S704  every text below went through escape()
        f'<svg class="{escape(classes)} mw-100" viewBox="0 0 {_n(picture.width)} {_n(picture.height)}" '
        f'width="{_n(picture.width * LARGEST)}" role="img" fill="currentColor" focusable="false">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{body}</svg>"
    )


def _markup(mark: Mark) -> str:
    if isinstance(mark, Box):
        outline = f' stroke="{mark.outline}"' if mark.outline else ""
        shape = (
            f'<rect x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}" '
            f'fill="{mark.fill}"{outline}'
        )
        return f"{shape}><title>{escape(mark.tip)}</title></rect>" if mark.tip else f"{shape}/>"
    if isinstance(mark, Dot):
        ring = f' stroke="{mark.outline}" stroke-width="{_n(mark.radius * RING)}"' if mark.outline else ""
        return f'<circle cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}" fill="{mark.fill}"{ring}/>'
    if isinstance(mark, Line):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in mark.points)
        dashed = f' stroke-dasharray="{" ".join(_n(one) for one in dashes(mark))}"' if mark.dashed else ""
        return (
            f'<polyline points="{points}" fill="none" stroke="{mark.colour}" stroke-width="{_n(mark.width)}" '
            f'stroke-linejoin="round"{dashed}/>'
        )
    if isinstance(mark, Spot):
        return (
            f'<rect x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}" '
            f'fill-opacity="0"><title>{escape(mark.tip)}</title></rect>'
        )
    return _text(mark)


def _text(mark: Text) -> str:
    colour = {INK: "", MUTED: ' fill-opacity="0.78"'}.get(mark.colour, f' fill="{mark.colour}"')
    anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
    weight = ' font-weight="600"' if mark.bold else ""
    return (
        f'<text x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}"{anchor}{weight}{colour}>'
        f"{escape(mark.text)}</text>"
    )


def _n(value: float) -> str:
    """At most two decimals: finer than a pixel of any screen."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


# Em widths of DejaVu Sans, rounded up: the widest of the sans-serif fonts that browsers fall back on.
_EMS = {
    char: wide
    for chars, wide in (
        ("ijlI'", 0.3),
        ("ft ,.:;!|()[]/", 0.4),
        ("-rs", 0.53),
        ("vxyzcJ", 0.6),
        ("wCDGHNOQU", 0.82),
        ("mMW%@—…+<>=−", 1.0),
    )
    for char in chars
}
_BOLDER = 1.13


def browser_width(text: str, size: float, bold: bool) -> float:
    """What a text takes at most in a browser's sans-serif font, which we cannot ask."""
    return sum(_em(char) for char in text) * size * (_BOLDER if bold else 1.0)


def _em(char: str) -> float:
    if char in _EMS:
        return _EMS[char]
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.7 if char.isupper() else 0.64
