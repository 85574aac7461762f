"""The end of a PDF: what its words mean, in two columns, and where its figures come from."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.platypus.flowables import CondPageBreak, Flowable

from webapp.figures import Definition
from webapp.files import lettering
from webapp.files.pages import GUTTER, HAIRLINE, INK, MUTED, SMALL, Heading, InSection
from webapp.files.pens import Pen, rules

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

    def draw(self, pen: Pen, x: float, top: float) -> None:
        y = top - _LEADING + 2.5
        for term in self.terms:
            pen.write(x, y, term, SMALL, INK, bold=True)
            y -= _LEADING
        if self.indent:
            y += _LEADING
        for number, line in enumerate(self.lines):
            pen.write(x + (0 if number else self.indent), y, line, SMALL, INK)
            y -= _LEADING


def _paragraph(definition: Definition, room: float) -> _Paragraph:
    terms = lettering.lines(definition.term, room, SMALL, True, most=4)
    indent = lettering.width(terms[-1], SMALL, True) + 5
    meaning = lettering.visible(definition.meaning).strip()
    if indent > room / 2:
        return _Paragraph(terms, lettering.lines(meaning, room, SMALL, most=_MOST_LINES), 0.0)
    return _Paragraph(terms, lettering.lines(meaning, room, SMALL, most=_MOST_LINES, indent=indent), indent)


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
        with Pen(self.canv) as pen:
            for x, some in ((0.0, self.paragraphs[: self.left]), (second, self.paragraphs[self.left :])):
                top = self.height - self.above
                for paragraph in some:
                    paragraph.draw(pen, x, top)
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
    """How many paragraphs stand in the left column so that both together are lowest, and how high that is. Of two
    ways as low, the one with more on the left: a single paragraph stands there."""
    total, left = sum(one.height for one in paragraphs), 0.0
    best = (0, total)
    for at, paragraph in enumerate(paragraphs, 1):
        left += paragraph.height
        if max(left, total - left) <= best[1]:
            best = (at, max(left, total - left))
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
    return [Heading("", "Where these figures come from"), _Origin(cells, widths)]


class _Origin(Flowable):
    """Rows of lines under hairlines: a label, its text, a label, its text."""

    _AROUND = 3.0

    def __init__(self, rows: Sequence[Sequence[Sequence[str]]], widths: Sequence[float]) -> None:
        super().__init__()
        self.rows, self.places = rows, [0.0, *itertools.accumulate(widths)]
        self.heights = [max(map(len, row)) * _LEADING + self._AROUND for row in rows]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.height = self.places[-1], sum(self.heights)
        return self.width, self.height

    def draw(self) -> None:
        tops = list(itertools.accumulate(self.heights, float.__sub__, initial=self.height))[:-1]
        rules(self.canv, self.width, tops, HAIRLINE, 0.5)
        with Pen(self.canv) as pen:
            for row, top in zip(self.rows, tops, strict=True):
                for at, lines in enumerate(row):
                    for down, line in enumerate(lines):
                        y = top - 1 - SMALL - down * _LEADING
                        pen.write(self.places[at], y, line, SMALL, INK if at % 2 else MUTED)
