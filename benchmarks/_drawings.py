"""A chart's picture as a drawing of ReportLab's own graphics, which is how ReportLab alone would be given one."""

from reportlab.graphics.shapes import Circle, Drawing, PolyLine, Rect, String
from reportlab.lib.colors import HexColor

from webapp.files import fonts, lettering
from webapp.files.marks import Box, Dot, Line, Picture, Spot, Text
from webapp.files.painters import INKS, OUTLINE, RING, dashes


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
            strokeWidth=OUTLINE if outline else 0,
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
            strokeDashArray=dashes(mark) if mark.dashed else None,
        )
    return String(
        mark.x,
        height - mark.y,
        lettering.visual(mark.text),
        fontName=fonts.BOLD if mark.bold else fonts.REGULAR,
        fontSize=mark.size,
        fillColor=HexColor(INKS.get(mark.colour, mark.colour)),
        textAnchor=mark.anchor,
    )
