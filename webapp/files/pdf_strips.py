"""A long, narrow table in strips side by side on PDF pages."""

from dataclasses import replace

from reportlab.platypus.flowables import Flowable

from webapp.figures import Table
from webapp.files import pdf_tables
from webapp.files.pages import AFTER, GUTTER, InSection

_FEWEST_ROWS = 8
"""A shorter table stays in one piece."""

_MOST_ACROSS = 4
_SHORTEST, _LAST = 4, 2
"""Rows that a strip has at least at the end of a page, and those that go on to the next."""


def across(table: Table, width: float) -> int:
    """How many strips of `table` stand side by side in `width` points; 1 for a table that is not cut."""
    if len(table.rows) < _FEWEST_ROWS:
        return 1
    most = int((width + GUTTER) // (pdf_tables.least_width(table) + GUTTER))
    return max(1, min(most, _MOST_ACROSS, len(table.rows) // _SHORTEST))


class Strips(InSection):
    """`table` in `number` strips, read down the first, then down the second, on each page anew. `section` names what
    goes on here from an earlier page."""

    def __init__(self, table: Table, number: int, width: float, section: str = "") -> None:
        super().__init__()
        self.table, self.number, self.width, self.section = table, number, width, section
        self.spaceAfter = AFTER
        self.each = -(-(len(table.rows) + bool(table.total)) // number)
        starts = [min(self.each * at, len(table.rows)) for at in range(number)]
        self.strip = (width - GUTTER * (number - 1)) / number
        self.parts = pdf_tables.pieces(table, starts, self.strip)
        self.high = max(part.wrap(self.strip, 0)[1] for part in self.parts)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.above = self.eyebrow()
        self.height = self.above + self.high
        return self.width, self.height

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self.width, self.height)
        for at, part in enumerate(self.parts):
            high = part.wrapOn(self.canv, self.strip, self.high)[1]
            part.drawOn(self.canv, (self.strip + GUTTER) * at, self.high - high)

    def split(self, width: float, height: float) -> list[Flowable]:
        """As many rows of each strip as `height` holds, and the rest for the next page."""
        header = self.high - self.each * pdf_tables.ROW
        fit = min(int((height - self.eyebrow() - header) // pdf_tables.ROW), self.each - _LAST)
        if fit < _SHORTEST:
            return []
        rows = self.table.rows
        cut = fit * self.number
        first, rest = replace(self.table, rows=rows[:cut], total=None), replace(self.table, rows=rows[cut:])
        return [
            Strips(first, self.number, self.width, self.section),
            Strips(rest, self.number, self.width, self.table.title),
        ]
