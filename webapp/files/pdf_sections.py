"""The body of a section on PDF pages: which chart or table stands where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportlab.platypus.flowables import CondPageBreak, Flowable, Spacer

from webapp.figures import Chart, Section, Table
from webapp.files import charts, pdf_tables
from webapp.files.pages import AFTER, GUTTER, Heading, Panels, Plot
from webapp.files.pages import Column as Stack

_SMALL_ROWS = 14
_HALVED = 8
"""Rows from which a narrow table that stands alone is set in two columns."""

_WHOLE = 320.0
"""Points up to which a table is not split over pages."""

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
        tables = pdf_tables.flowables(self.shown, width)
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
            story.append(Panels([block.stack(half), waiting.pop(beside).stack(half)]))
        elif isinstance(block.shown, Chart):
            story.append(Panels([block.stack(width)]))
        elif block.small and len(block.shown.rows) >= _HALVED:
            story.append(_halves(block.shown, half))
        else:
            story += _table(block.shown, half if block.small else width)
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


def _table(table: Table, width: float) -> list[Flowable]:
    """A table by itself. A short one stays on one page; a longer one takes at least its first rows along."""
    heading = Heading(table.title, table.note)
    if not table.rows:
        return [heading, Heading("", charts.NOTHING), Spacer(1, AFTER)]
    parts = pdf_tables.flowables(table, width)
    high = heading.wrap(width, 0)[1] + parts[0].wrap(width, 0)[1]
    story: list[Flowable] = [CondPageBreak(high if high < _WHOLE else _HEAD_ROOM), heading]
    for part in parts:
        story += [part, Spacer(1, AFTER)]
    return story


def _halves(table: Table, half: float) -> Panels:
    """A short, narrow table in two columns, so that it does not leave half the page empty."""
    cut = (len(table.rows) + bool(table.total) + 1) // 2
    first = replace(table, rows=table.rows[:cut], total=None)
    second = replace(table, rows=table.rows[cut:])
    left, right = (pdf_tables.flowables(part, half) for part in (first, second))
    heading = Heading(table.title, table.note)
    return Panels([Stack(half, left), Stack(half, right)], heading)


def room(story: Sequence[Flowable], width: float) -> float:
    """Points that the section's heading needs on a page together with what comes first."""
    title = 30.0
    first = story[0] if story else None
    return title + (first.wrap(width, 10_000)[1] if isinstance(first, Panels) else _HEAD_ROOM)


def origin(lines: Sequence[tuple[str, str]], width: float) -> list[Any]:
    """Where the figures come from, in two columns, the hash under them."""
    half = (width - GUTTER) / 2
    *pairs, last = lines
    cut = (len(pairs) + 1) // 2
    left, right = (pdf_tables.pairs(some, half) for some in (pairs[:cut], pairs[cut:]))
    return [
        Panels([Stack(half, [left]), Stack(half, [right])], Heading("", "Where these figures come from")),
        pdf_tables.pairs([last], width),
    ]
