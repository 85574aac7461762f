"""The native parts of a PDF page: running head and foot, headings of charts, charts, two things side by side.

ReportLab draws these itself, which is fast and exact. All lengths are points.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus.flowables import Flowable

from webapp.files import lettering, painters
from webapp.files.facts import SEPARATOR
from webapp.files.marks import Picture
from webapp.files.pens import Pen, write

MARGIN = 18 * mm
INK, MUTED, TEAL = HexColor("#1B2A32"), HexColor("#51636D"), HexColor("#0F5C63")
HAIRLINE = HexColor("#DFE5E8")
SMALL, BODY, TITLE = 7.5, 8.5, 11.5
ABOVE, BELOW = 24 * mm, 22 * mm
"""The text's distance from the paper's edges; the running head and foot stand in it."""

GUTTER = 22.0
FACT, FACT_LINE = 6.8, 9.5
"""Size of the facts at head and foot, and points from one of their lines to the next."""

AFTER = 12.0
"""Space after a chart or table."""


class RunningHead(Flowable):
    """Clinic at the left, report and period at the right, the filters below, over a teal rule."""

    def __init__(self, left: str, right: str, facts: Sequence[str]) -> None:
        super().__init__()
        self.left, self.right, self.facts = left, right, facts

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.lines = packed(self.facts, width, FACT)
        self.width, self.height = width, 18.0 + FACT_LINE * len(self.lines)
        return self.width, self.height

    def draw(self) -> None:
        right = lettering.shortened(self.right, self.width * 0.55, SMALL)
        room = self.width - lettering.width(right, SMALL) - GUTTER
        left = lettering.shortened(self.left, room, SMALL, True)
        y = self.height - 10
        write(self.canv, 0, y, left, SMALL, MUTED, bold=True)
        write(self.canv, self.width, y, right, SMALL, MUTED, anchor="end")
        write_facts(self.canv, y - FACT_LINE, self.lines)
        self.canv.setStrokeColor(TEAL)
        self.canv.setLineWidth(1)
        self.canv.line(0, 1, self.width, 1)


class RunningFoot(Flowable):
    """Where the figures come from at the left, "page n of m" at the right, under a hairline.

    m is not known before the last page is laid out. Each page shows a form that PageNumbers defines at the end, which
    saves laying out the whole report twice.
    """

    def __init__(self, facts: Sequence[str]) -> None:
        super().__init__()
        self.facts = facts

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.lines = packed(self.facts, width - 72, FACT)
        self.width, self.height = width, 28.0
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setStrokeColor(HAIRLINE)
        self.canv.setLineWidth(0.6)
        self.canv.line(0, self.height, self.width, self.height)
        write_facts(self.canv, self.height - 11, self.lines)
        self.canv.saveState()
        self.canv.translate(self.width, self.height - 11)
        self.canv.doForm(page_form(self.canv.getPageNumber()))
        self.canv.restoreState()


def packed(facts: Sequence[str], room: float, size: float, most: int = 2) -> list[list[str]]:
    """`facts` on at most `most` lines, none wider than `room` points. None is broken over two lines; where there is not
    room for all, the longest are cut, each with an ellipsis, as far as it takes."""
    longest = room
    while True:
        lines = _filled([lettering.shortened(fact, longest, size) for fact in facts if fact], room, size)
        if len(lines) <= most or longest < size:
            return lines
        longest *= 0.9


def _filled(facts: Sequence[str], room: float, size: float) -> list[list[str]]:
    between = lettering.width(SEPARATOR, size)
    lines: list[list[str]] = []
    left = 0.0
    for fact in facts:
        wide = lettering.width(fact, size)
        if lines and between + wide <= left:
            lines[-1].append(fact)
            left -= between + wide
        else:
            lines.append([fact])
            left = room - wide
    return lines


def write_facts(canvas: Any, y: float, lines: Sequence[Sequence[str]]) -> None:
    """`lines` as packed() gives them, the first with its baseline at `y`. Each fact is put in visual order by itself:
    a name written from right to left must not swap with the figures of its neighbour."""
    with Pen(canvas) as pen:
        for at, facts in enumerate(lines):
            pen.put(0, y - at * FACT_LINE, SEPARATOR.join(map(lettering.visual, facts)), FACT, MUTED)


def page_form(page: int) -> str:
    """The form that says "page n of m" at the foot of a page: PageNumbers draws it."""
    return f"page{page}"


ALL_PAGES = "pages"
"""The form that says "of m" where the page itself says the rest."""


class PageNumbers(Flowable):
    """Stands at the end of the story and writes "page n of m" for every page's foot; for those that `say` their number
    themselves, of which there may be thousands, one "of m" for all."""

    _ZEROSIZE = 1

    def __init__(self, say: Collection[int] = ()) -> None:
        super().__init__()
        self.say = say

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        last = self.canv.getPageNumber()
        for page in range(1, last + 1):
            if page not in self.say:
                self.canv.beginForm(page_form(page), -80, -4, 2, 12)
                write(self.canv, 0, 0, f"page {page} of {last}", FACT, MUTED, anchor="end")
                self.canv.endForm()
        if self.say:
            self.canv.beginForm(ALL_PAGES, -2, -4, 80, 12)
            write(self.canv, 0, 0, f"of {last}", FACT, MUTED)
            self.canv.endForm()


class InSection(Flowable):
    """What names its section above itself where it is the first on a page, so that no page begins without context."""

    section = ""
    _EYEBROW = 16.0

    def eyebrow(self) -> float:
        """Points that the section's name takes: none but at the top of a page."""
        frame = getattr(self, "_frame", None)  # ReportLab gives it only while the flowable is placed
        return self._EYEBROW if self.section and frame is not None and frame._atTop else 0.0

    def draw_eyebrow(self, width: float, top: float) -> None:
        text = lettering.shortened(f"{self.section}, continued", width, BODY, True)
        write(self.canv, 0, top - 10, text, BODY, TEAL, bold=True)


class Heading(InSection):
    """The title of a chart or table, and under it what is shown."""

    def __init__(self, title: str, subtitle: str, section: str = "") -> None:
        super().__init__()
        self.title, self.subtitle, self.section = title, subtitle, section

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.above = width, self.eyebrow()
        self.titles = lettering.lines(self.title, width, TITLE, True, most=4) if self.title else []
        self.subtitles = lettering.lines(self.subtitle, width, SMALL + 0.5, most=4) if self.subtitle else []
        self.height = self.above + len(self.titles) * 15.0 + len(self.subtitles) * 11.5 + 5
        return self.width, self.height

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self.width, self.height)
        y = self.height - self.above
        for line in self.titles:
            y -= 15.0
            write(self.canv, 0, y + 4, line, TITLE, INK, bold=True)
        for line in self.subtitles:
            y -= 11.5
            write(self.canv, 0, y + 3.5, line, SMALL + 0.5, MUTED)


class Plot(Flowable):
    """A chart's picture."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return self.picture.width, self.picture.height

    def draw(self) -> None:
        painters.paint(self.picture, self.canv, 0, 0)


@dataclass(slots=True)
class Column:
    """Flowables one under the other, as wide as told."""

    width: float
    parts: Sequence[Any]

    def height(self, canvas: Any) -> float:
        return float(sum(part.wrapOn(canvas, self.width, 10_000)[1] for part in self.parts))

    def draw(self, canvas: Any, x: float, top: float) -> None:
        for part in self.parts:
            top -= part.wrapOn(canvas, self.width, 10_000)[1]
            part.drawOn(canvas, x, top)


class Panels(InSection):
    """One column, or two side by side with their tops in line; never split over pages."""

    def __init__(self, columns: Sequence[Column], section: str = "") -> None:
        super().__init__()
        self.columns, self.section = columns, section
        self.spaceAfter = AFTER

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        canvas = getattr(self, "canv", None)  # there is none yet when a section asks how much room it needs
        high = max(column.height(canvas) for column in self.columns)
        self.width, self.above = width, self.eyebrow() if high + self._EYEBROW <= height else 0.0
        self.height = self.above + high
        return width, self.height

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self.width, self.height)
        x = 0.0
        for column in self.columns:
            column.draw(self.canv, x, self.height - self.above)
            x += column.width + GUTTER
