"""The body of a section on PDF pages: which chart or table stands where."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.platypus.flowables import CondPageBreak, Flowable, Spacer

from webapp.figures import Chart, Section, Table
from webapp.files import charts, lettering, pdf_strips, pdf_tables
from webapp.files.pages import AFTER, GUTTER, Heading, Panels, Plot
from webapp.files.pages import Column as Stack

_SMALL_ROWS = 14
_WHOLE = 320.0
"""Points up to which a table is not split over pages."""

TITLE = 28.0
"""Points that a section's title takes."""

TEXT = 9.0
"""Size of a section's text."""

_HEAD_ROOM = 90.0
"""Points that a table's heading takes with its header and the first rows."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A chart or a table with its heading. `small`: it reads well in half the page's width."""

    section: Section
    shown: Chart | Table
    small: bool

    def stack(self, width: float) -> Stack:
        """The block as one column that is never split."""
        if isinstance(self.shown, Chart):
            drawing = charts.drawing(self.shown, self.section.table(self.shown.table), width)
            return Stack(width, [Heading(self.shown.title, self.shown.subtitle), Plot(drawing)])
        tables = _set(self.shown, width, pdf_strips.across(self.shown, width))
        return Stack(width, [Heading(self.shown.title, self.shown.note), *tables])


def body(section: Section, width: float) -> list[Flowable]:
    """The section's charts and tables as flowables, `width` points wide; small ones two by two."""
    half = (width - GUTTER) / 2
    waiting = _blocks(section, half)
    story: list[Flowable] = []
    while waiting:
        block = waiting.pop(0)
        beside = next((at for at, other in enumerate(waiting) if other.small), None) if block.small else None
        if beside is not None:
            story.append(Panels([block.stack(half), waiting.pop(beside).stack(half)], section.title))
        elif isinstance(block.shown, Chart):
            story.append(Panels([block.stack(width)], section.title))
        else:
            number = pdf_strips.across(block.shown, width)
            alone = half if block.small and number == 1 else width
            story += _table(section, block.shown, alone, number)
    return story


def _blocks(section: Section, half: float) -> list[_Block]:
    """Each chart followed by its table, then the tables without a chart. A heat map writes every figure of its table
    and its total, so the table is not repeated."""
    blocks: list[_Block] = []
    later = list(section.charts)
    drawn = {chart.table for chart in section.charts}
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
    high = heading.wrap(width, 0)[1] + parts[0].wrap(width, 0)[1]
    return [CondPageBreak(high if high < _WHOLE else _HEAD_ROOM), heading, *parts]


def _set(table: Table, width: float, number: int) -> list[Flowable]:
    return [pdf_strips.Strips(table, number, width)] if number > 1 else [*pdf_tables.flowables(table, width)]


def room(section: Section, story: Sequence[Flowable], width: float) -> float:
    """Points that the section's title and text need on a page together with what comes first, however much that may
    move to the next page."""
    text = len(lettering.lines(section.text, width, TEXT)) * TEXT * 1.4 + 6 if section.text else 0.0
    first = story[0] if story else None
    if isinstance(first, CondPageBreak):
        return TITLE + text + float(first.height)
    return TITLE + text + (first.wrap(width, 10_000)[1] if isinstance(first, Panels) else _HEAD_ROOM)
