"""A section on PDF pages: its title and text, and which chart or table stands where."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.platypus.flowables import CondPageBreak, Flowable, Spacer

from webapp.figures import Chart, Section, Table
from webapp.files import charts, lettering, pdf_strips, pdf_tables
from webapp.files.pages import AFTER, BODY, GUTTER, INK, TEAL, Heading, Panels, Plot
from webapp.files.pages import Column as Stack
from webapp.files.papers import Page, Paper, turn
from webapp.files.pens import Pen

_SMALL_ROWS = 14
_WHOLE = 320.0
"""Points up to which a table is not split over pages."""

_MOST_IN_TITLE, _MOST_IN_TEXT = 4, 30
"""Lines: what is longer ends in an ellipsis, for both stand on one page."""

TITLE = 28.0
"""Points that a section's title of one line takes."""

TEXT = 9.0
"""Size of a section's text."""

_HEAD_ROOM = 90.0
"""Points that a table's heading takes with its header and the first rows."""


class Opening(Flowable):
    """A section's title, which the outline names under that of the report, and its text. `key` is the section's own in
    its report."""

    _TITLE_LINE, _TITLE_FOOT = 11.699, 2.612
    _TEXT_LINE, _TEXT_FOOT = 13.137, 3.516
    """Points from one line to the next, and under its baseline."""

    _BETWEEN = 4.0

    def __init__(self, key: str, title: str, text: str = "") -> None:
        super().__init__()
        self.key, self.title, self.text = key, title, text
        self.spaceBefore, self.spaceAfter = AFTER, 6.0 if text else self._BETWEEN

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.titles = lettering.lines(self.title, width, BODY, True, most=_MOST_IN_TITLE)
        self.texts = lettering.lines(self.text, width, TEXT, most=_MOST_IN_TEXT) if self.text else []
        under = self._BETWEEN + self._TEXT_LINE * len(self.texts) if self.texts else 0.0
        self.width, self.height = width, self._TITLE_LINE * len(self.titles) + under
        return self.width, self.height

    def draw(self) -> None:
        self.canv.bookmarkPage(self.key)
        self.canv.addOutlineEntry(lettering.visible(self.title), self.key, level=1)
        y = self.height
        with Pen(self.canv) as pen:
            for line in self.titles:
                y -= self._TITLE_LINE
                pen.write(0, y + self._TITLE_FOOT, line, BODY, TEAL, bold=True)
            y -= self._BETWEEN
            for line in self.texts:
                y -= self._TEXT_LINE
                pen.write(0, y + self._TEXT_FOOT, line, TEXT, INK)


@dataclass(frozen=True, slots=True)
class _Block:
    """A chart or a table with its heading. `small`: it reads well in half the page's width."""

    section: Section
    shown: Chart | Table
    small: bool

    def stack(self, width: float) -> Stack:
        """The block as one column that is never split."""
        if isinstance(self.shown, Chart):
            picture = charts.picture(self.shown, self.section.table(self.shown.table), charts.pdf_sheet(width))
            return Stack(width, [Heading(self.shown.title, self.shown.subtitle), Plot(picture)])
        tables = _set(self.shown, width, pdf_strips.across(self.shown, width))
        return Stack(width, [Heading(self.shown.title, self.shown.note), *tables])


@dataclass(frozen=True, slots=True)
class Body:
    """A section's charts and tables. It begins on a page of the kind `first`, where its title stands too, and ends on
    one of the kind `last`. `room` is what must be free for it to begin on the page that is there: points."""

    story: list[Flowable]
    first: Page
    last: Page
    room: float


def body(section: Section, paper: Paper) -> Body:
    """The section's charts and tables: small ones two by two; tables too wide for the upright page, which a page on its
    side holds whole, at the end on such pages."""
    upright, wide = paper.upright, paper.wide
    on_its_side = [table for table in section.tables if page_of(table, paper) is wide]
    blocks = _blocks(section, (upright.width - GUTTER) / 2)
    story = _upright([block for block in blocks if block.shown not in on_its_side], upright.width)
    turned = [block.shown for block in blocks if block.shown in on_its_side]
    tables = [part for table in turned if isinstance(table, Table) for part in _table(section, table, wide.width, 1)]
    if not tables:
        return Body(story, upright, upright, _room(section, story, upright))
    if not story:
        return Body(tables, wide, wide, _room(section, tables, wide))
    return Body([*story, *turn(wide), *tables], upright, wide, _room(section, story, upright))


def page_of(table: Table, paper: Paper) -> Page:
    """The kind of page on which the table stands: upright, unless only a page on its side holds all its columns."""
    fits = [len(pdf_tables.parts(table, page.width)) == 1 for page in (paper.upright, paper.wide)]
    return paper.wide if fits == [False, True] else paper.upright


def _upright(waiting: list[_Block], width: float) -> list[Flowable]:
    """Blocks one under the other, `width` points wide; small ones two by two."""
    half = (width - GUTTER) / 2
    story: list[Flowable] = []
    while waiting:
        block = waiting.pop(0)
        beside = next((at for at, other in enumerate(waiting) if other.small), None) if block.small else None
        if beside is not None:
            story.append(Panels([block.stack(half), waiting.pop(beside).stack(half)], block.section.title))
        elif isinstance(block.shown, Chart):
            story.append(Panels([block.stack(width)], block.section.title))
        else:
            number = pdf_strips.across(block.shown, width)
            alone = half if block.small and number == 1 else width
            story += _table(block.section, block.shown, alone, number)
    return story


def _blocks(section: Section, half: float) -> list[_Block]:
    """Each chart followed by its table, then the tables without a chart. A heat map writes every figure of its table
    and its total, so the table is not repeated."""
    blocks: list[_Block] = []
    later = list(charts.drawn(section))
    drawn = {chart.table for chart in later}
    while later:
        chart = later.pop(0)
        table = section.table(chart.table)
        blocks.append(_Block(section, chart, charts.fits(chart, table, half)))
        again = any(other.table == chart.table for other in later)
        if not again and table.rows and not _says_all(chart, table):
            blocks.append(_Block(section, table, _is_small(table, half)))
    blocks += [_Block(section, table, _is_small(table, half)) for table in section.tables if table.key not in drawn]
    return blocks


def _is_small(table: Table, half: float) -> bool:
    return len(table.rows) <= _SMALL_ROWS and pdf_tables.least_width(table) <= half


def _says_all(chart: Chart, table: Table) -> bool:
    if chart.shape != "heat" or table.note or len(table.columns) != len(chart.series) + 1:
        return False
    return charts.writes_every_figure(chart, table) and all(
        not isinstance(cell, str) for row in table.rows for cell in row[1:]
    )


def _table(section: Section, table: Table, width: float, number: int) -> list[Flowable]:
    """A table by itself. A short one stays on one page; a longer one takes at least its first rows along."""
    heading = Heading(table.title, table.note, section.title)
    if not table.rows:
        return [heading, Heading("", charts.NOTHING), Spacer(1, AFTER)]
    parts = _set(table, width, number)
    above, high = heading.wrap(width, 0)[1], parts[0].wrap(width, 0)[1]
    least = high if above + high < _WHOLE else max(_HEAD_ROOM - above, pdf_tables.least_height(parts[0]))
    return [CondPageBreak(above + min(least, _WHOLE)), heading, *parts]


def _set(table: Table, width: float, number: int) -> list[Flowable]:
    return [pdf_strips.Strips(table, number, width)] if number > 1 else [*pdf_tables.flowables(table, width)]


def _room(section: Section, story: Sequence[Flowable], page: Page) -> float:
    """Points that the section's title and text need on a page together with what comes first, however much that may
    move to the next page; no more than an empty page has."""
    opening = Opening("", section.title, section.text)
    above = opening.spaceBefore + opening.wrap(page.width, page.height)[1] + opening.spaceAfter
    first = story[0] if story else None
    if isinstance(first, CondPageBreak):
        below = float(first.height)
    else:
        below = first.wrap(page.width, page.height)[1] if isinstance(first, Panels) else _HEAD_ROOM
    return min(above + below, page.height - opening.spaceBefore)
