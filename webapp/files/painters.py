"""The two painters of a picture: a ReportLab drawing for PDF, markup for a page."""

import unicodedata
from html import escape

from markupsafe import Markup
from reportlab.graphics.shapes import Circle, Drawing, PolyLine, Rect, String
from reportlab.lib.colors import HexColor

from webapp.files import fonts, lettering
from webapp.files.marks import INK, MUTED, Box, Dot, Line, Mark, Picture, Spot, Text

_INKS = {INK: "#1B2A32", MUTED: "#51636D"}


RING = 0.5
"""Width of a dot's outline, in radii."""


def _dashes(line: Line) -> list[float]:
    """A dash and a gap."""
    return [line.width * 2, line.width * 1.6]


def drawing(picture: Picture) -> Drawing:
    """Native vectors: text stays text, and nothing is loaded."""
    sheet = Drawing(picture.width, picture.height)
    for mark in picture.marks:
        if not isinstance(mark, Spot):
            sheet.add(_native(mark, picture.height))
    return sheet


def _native(mark: Box | Dot | Line | Text, height: float) -> Rect | Circle | PolyLine | String:
    if isinstance(mark, Box):
        outline = HexColor(mark.outline) if mark.outline else None
        low = height - mark.y - mark.height
        return Rect(
            mark.x,
            low,
            mark.width,
            mark.height,
            fillColor=HexColor(mark.fill),
            strokeColor=outline,
            strokeWidth=0.4 if outline else 0,
        )
    if isinstance(mark, Dot):
        ring = HexColor(mark.outline) if mark.outline else None
        return Circle(
            mark.x,
            height - mark.y,
            mark.radius,
            fillColor=HexColor(mark.fill),
            strokeColor=ring,
            strokeWidth=mark.radius * RING,
        )
    if isinstance(mark, Line):
        points = [part for x, y in mark.points for part in (x, height - y)]
        return PolyLine(
            points,
            strokeColor=HexColor(mark.colour),
            strokeWidth=mark.width,
            strokeLineJoin=1,
            strokeDashArray=_dashes(mark) if mark.dashed else None,
        )
    return String(
        mark.x,
        height - mark.y,
        lettering.visual(mark.text),
        fontName=fonts.BOLD if mark.bold else fonts.REGULAR,
        fontSize=mark.size,
        fillColor=HexColor(_INKS.get(mark.colour, mark.colour)),
        textAnchor=mark.anchor,
    )


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
        dashes = f' stroke-dasharray="{" ".join(_n(one) for one in _dashes(mark))}"' if mark.dashed else ""
        return (
            f'<polyline points="{points}" fill="none" stroke="{mark.colour}" stroke-width="{_n(mark.width)}" '
            f'stroke-linejoin="round"{dashes}/>'
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
