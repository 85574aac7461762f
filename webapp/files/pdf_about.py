"""The end of a PDF: what its words mean, in two columns, and where its figures come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus.flowables import CondPageBreak, Flowable
from reportlab.platypus.tables import LongTable

from webapp.figures import Definition
from webapp.files import fonts, lettering
from webapp.files.pages import GUTTER, HAIRLINE, INK, MUTED, SMALL, Heading, InSection, write

TITLE = "About these figures"
_MOST_EMPTY = 0.35
"""Of a page, that may stay empty to keep all of it together."""

_LEADING = 10.0
_BETWEEN = 4.0
_MOST_LINES = 20
"""Of one definition: it is never split, so it cannot be taller than a page."""

_LABEL = 80.0
"""Points across for a label of the origin."""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A definition set in lines: its term in bold, its meaning from `indent` on in the term's last line."""

    terms: Sequence[str]
    lines: Sequence[str]
    indent: float

    @property
    def height(self) -> float:
        shared = 1 if self.indent else 0
        return (len(self.terms) + len(self.lines) - shared) * _LEADING + _BETWEEN

    def draw(self, canvas: Any, x: float, top: float) -> None:
        y = top - _LEADING + 2.5
        for term in self.terms:
            write(canvas, x, y, term, SMALL, INK, bold=True)
            y -= _LEADING
        if self.indent:
            y += _LEADING
        for number, line in enumerate(self.lines):
            write(canvas, x + (0 if number else self.indent), y, line, SMALL, INK)
            y -= _LEADING


def _paragraph(definition: Definition, room: float) -> _Paragraph:
    terms = lettering.lines(definition.term, room, SMALL, True, most=4)
    indent = lettering.width(terms[-1], SMALL, True) + 5
    meaning = lettering.visible(definition.meaning).strip()
    if indent > room / 2:
        return _Paragraph(terms, lettering.lines(meaning, room, SMALL, most=_MOST_LINES), 0.0)
    first = lettering.lines(meaning, room - indent, SMALL, most=_MOST_LINES)[0]
    rest = meaning[len(first) :].strip()
    more = lettering.lines(rest, room, SMALL, most=_MOST_LINES - 1) if rest else []
    return _Paragraph(terms, [first, *more], indent)


def about(definitions: Sequence[Definition], lines: Sequence[tuple[str, str]], width: float, page: float) -> "About":
    """The end of a report: its definitions, and `lines` of label and text that say where its figures come from; `page`
    is the height of an empty page's text."""
    room = (width - GUTTER) / 2
    return About([_paragraph(one, room) for one in definitions], origin(lines, width), page)


class About(InSection):
    """Definitions in two columns, and the origin under them.

    All stays together unless that would leave much of a page empty. Then it is cut between two definitions, and at
    least half of them stay with the origin: a last page is never a few lines.
    """

    section = TITLE

    def __init__(self, paragraphs: Sequence[_Paragraph], origin: Sequence[Flowable], page: float) -> None:
        super().__init__()
        self.paragraphs, self.origin, self.page = paragraphs, origin, page

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.above = width, self.eyebrow()
        self.left, columns = _balanced(self.paragraphs)
        self.columns = columns + (_BETWEEN if self.origin else 0.0)
        self.height = self.above + self.columns + sum(part.wrap(width, height)[1] for part in self.origin)
        return width, self.height

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self.width, self.height)
        second = (self.width + GUTTER) / 2
        for x, some in ((0.0, self.paragraphs[: self.left]), (second, self.paragraphs[self.left :])):
            top = self.height - self.above
            for paragraph in some:
                paragraph.draw(self.canv, x, top)
                top -= paragraph.height
        top = self.height - self.above - self.columns
        for part in self.origin:
            top -= part.wrapOn(self.canv, self.width, top)[1]
            part.drawOn(self.canv, 0, top)

    def least(self, width: float) -> float:
        """Points that must be free below the title: with less, all of it goes to the next page."""
        return float(min(self.wrap(width, self.page)[1], self.page * _MOST_EMPTY))

    def split(self, width: float, height: float) -> list[Flowable]:
        most = len(self.paragraphs) // 2
        fit = sum(_balanced(self.paragraphs[:many])[1] + self.eyebrow() <= height for many in range(1, most + 1))
        if fit:
            first, rest = (self.paragraphs[:fit], ()), (self.paragraphs[fit:], self.origin)
            return [About(*first, self.page), CondPageBreak(self.page), About(*rest, self.page)]
        if self.wrap(width, height)[1] <= self.page or not self.origin:
            return []
        return [About(self.paragraphs, (), self.page), *self.origin]


def _balanced(paragraphs: Sequence[_Paragraph]) -> tuple[int, float]:
    """How many paragraphs stand in the left column so that both together are lowest, and how high that is."""
    total, left = sum(one.height for one in paragraphs), 0.0
    best = (0, total)
    for at, paragraph in enumerate(paragraphs, 1):
        left += paragraph.height
        best = min(best, (at, max(left, total - left)), key=lambda choice: choice[1])
    return best


def origin(lines: Sequence[tuple[str, str]], width: float) -> list[Flowable]:
    """Where the figures come from: two labels with their texts in each row, read down the left, then down the right;
    the last line, the hash, across."""
    *pairs, last = lines
    cut = (len(pairs) + 1) // 2
    right = [*pairs[cut:], *[("", "")] * (2 * cut - len(pairs))]
    rows = [(*one, *other) for one, other in zip(pairs[:cut], right, strict=True)]
    half = (width - GUTTER) / 2
    widths = (_LABEL, half + GUTTER - _LABEL, _LABEL, half - _LABEL)
    rooms = (_LABEL - 4, half - _LABEL, _LABEL - 4, half - _LABEL)
    cells = [
        [lettering.lines(text, room, SMALL, most=6) for text, room in zip(row, rooms, strict=True)] for row in rows
    ]
    cells.append([[last[0]], lettering.lines(last[1], width - _LABEL, SMALL, most=6), [""], [""]])
    table = LongTable(
        [["\n".join(lettering.visual(line) for line in cell) for cell in row] for row in cells],
        colWidths=widths,
        rowHeights=[max(len(cell) for cell in row) * _LEADING + 3 for row in cells],
        hAlign="LEFT",
        style=_STYLE,
    )
    return [Heading("", "Where these figures come from"), table]


_STYLE = [
    ("FONT", (0, 0), (-1, -1), fonts.REGULAR, SMALL, _LEADING),
    ("TEXTCOLOR", (0, 0), (-1, -1), INK),
    ("TEXTCOLOR", (0, 0), (0, -1), MUTED),
    ("TEXTCOLOR", (2, 0), (2, -1), MUTED),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ("LINEABOVE", (0, 0), (-1, -1), 0.5, HAIRLINE),
    ("SPAN", (1, -1), (-1, -1)),
]
