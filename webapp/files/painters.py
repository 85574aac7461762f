"""The two painters of a picture: vectors on a PDF's canvas, markup for a page."""

import functools
import unicodedata
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
    canvas.setLineJoin(1)
    with Pen(canvas) as pen:  # what it writes comes on top of all else
        for mark in picture.marks:
            if isinstance(mark, Text):
                colour = _colour(INKS.get(mark.colour, mark.colour))
                pen.write(mark.x, picture.height - mark.y, mark.text, mark.size, colour, mark.bold, mark.anchor)
            elif not isinstance(mark, Spot):
                _paint(mark, picture.height, canvas)
    canvas.restoreState()


def _paint(mark: Box | Dot | Line, height: float, canvas: Any) -> None:
    if isinstance(mark, Line):
        canvas.setStrokeColor(_colour(mark.colour))
        canvas.setLineWidth(mark.width)
        canvas.setDash(dashes(mark) if mark.dashed else [])
        path = canvas.beginPath()
        (x, y), *rest = mark.points
        path.moveTo(x, height - y)
        for x, y in rest:
            path.lineTo(x, height - y)
        canvas.drawPath(path)
    else:
        canvas.setFillColor(_colour(mark.fill))
        if mark.outline:
            canvas.setStrokeColor(_colour(mark.outline))
            canvas.setLineWidth(mark.radius * RING if isinstance(mark, Dot) else OUTLINE)
        if isinstance(mark, Dot):
            canvas.circle(mark.x, height - mark.y, mark.radius, stroke=bool(mark.outline), fill=1)
        else:
            low = height - mark.y - mark.height
            canvas.rect(mark.x, low, mark.width, mark.height, stroke=bool(mark.outline), fill=1)


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
