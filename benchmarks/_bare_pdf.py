"""The floor under PDF files: the texts, tables and charts of a report by ReportLab alone.

What stands where is known beforehand, as to somebody who writes one report by hand: column widths, row heights, which
charts stand side by side, and the drawings of the charts themselves. What is timed sets texts in lines, builds the
tables and draws all of it in the same fonts, with head and foot on each page.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import STATE_DEFAULTS, Drawing
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus.tables import CellStyle, LongTable

from benchmarks import _drawings
from webapp.figures import Document
from webapp.files import facts, fonts, lettering, papers, pdf_sections, sparks
from webapp.files.pages import ABOVE, BELOW, GUTTER, HAIRLINE, INK, MARGIN, MUTED, TEAL, Heading, Panels, Plot
from webapp.files.pdf_strips import Strips
from webapp.files.pdf_tables import FIGURES, Rows


@dataclass(frozen=True)
class Grid:
    """A table as cells that are set already; `right` are the columns of numbers."""

    cells: list[list[str]]
    widths: list[float]
    heights: list[float]
    right: list[int]
    has_total: bool


@dataclass
class Block:
    """A heading, and under it bands of tables or drawings side by side."""

    width: float
    title: str = ""
    subtitle: str = ""
    bands: list[list[Grid | Drawing]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    document: Document
    sparks: dict[str, Drawing]
    sections: list[tuple[str, str, list[list[Block]]]]
    """Title, text, and rows of blocks side by side."""


def plan(document: Document) -> Plan:
    fonts.ready()
    # ReportLab begins each cell and each drawing with these.
    CellStyle.fontname = fonts.REGULAR
    STATE_DEFAULTS["fontName"] = fonts.REGULAR
    paper = papers.of(document.presentation.paper)
    drawn = {metric.key: sparks.picture(metric, 62.0, 15.0) for metric in document.content.metrics}
    sections = []
    for section in document.content.sections:
        rows: list[list[Block]] = []
        for flowable in pdf_sections.body(section, paper).story:
            if isinstance(flowable, Panels):
                rows.append([_block(column.parts, column.width) for column in flowable.columns])
            elif isinstance(flowable, Heading):
                rows.append([_block([flowable], paper.upright.width)])
            elif isinstance(flowable, Rows | Strips):
                _add(rows[-1][0], flowable)
        sections.append((section.title, section.text, rows))
    return Plan(document, {key: _drawings.drawing(one) for key, one in drawn.items() if one}, sections)


def _block(parts: Iterable[Any], width: float) -> Block:
    block = Block(width)
    for part in parts:
        _add(block, part)
    return block


def _add(block: Block, part: Any) -> None:
    if isinstance(part, Heading):
        block.title, block.subtitle = lettering.visible(part.title), lettering.visible(part.subtitle)
    elif isinstance(part, Plot):
        block.bands.append([_drawings.drawing(part.picture)])
    elif isinstance(part, Strips):
        block.bands.append([_grid(one) for one in part.parts])
    else:
        block.bands.append([_grid(part)])


def _grid(table: Rows) -> Grid:
    grid = table.grid
    rows = [grid.header, *grid.below]
    return Grid(
        [["\n".join(map(lettering.visual, cell)) for cell in row.cells] for row in rows],
        list(grid.widths),
        [row.height for row in rows],
        [at for at, column in enumerate(grid.columns) if column.kind in FIGURES],
        grid.total is not None,
    )


def draw(planned: Plan) -> bytes:
    """The PDF."""
    return _Sheets(planned).bytes()


class _Sheets:
    """Pages, filled from the top down; `y` is where the next thing begins."""

    def __init__(self, planned: Plan) -> None:
        self.planned, self.document = planned, planned.document
        page = papers.of(self.document.presentation.paper).upright
        self.width, self.across, self.high = page.width, page.width + 2 * MARGIN, page.height + ABOVE + BELOW
        self.out = io.BytesIO()
        self.canvas = Canvas(self.out, (self.across, self.high), invariant=1, pageCompression=1)
        self.page = 0
        self._new_page()

    def bytes(self) -> bytes:
        self._first_page()
        for title, text, rows in self.planned.sections:
            first = max(map(_height, rows[0])) if rows else 0.0
            self._room(min(first + 40, self.high - ABOVE - BELOW))
            self._text(title, 8.5, 18, bold=True, colour=TEAL)
            if text:
                self._text(text, 9, 12.6)
            for row in rows:
                self._row(row)
        self._about()
        self.canvas.showPage()
        self.canvas.save()
        return self.out.getvalue()

    def _new_page(self) -> None:
        if self.page:
            self.canvas.showPage()
        self.page += 1
        asked = self.document.provenance
        top = self.high - 36
        self._write(MARGIN, top, self.document.presentation.clinic_name, 7.5, MUTED, True)
        self._write_right(self.across - MARGIN, top, f"{asked.template_title}, {facts.period(self.document)}", 7.5)
        for at, line in enumerate(
            simpleSplit(" · ".join(facts.filters(self.document)), fonts.REGULAR, 6.8, self.width)
        ):
            self._write(MARGIN, top - 9.5 * (at + 1), line, 6.8, MUTED)
        self.canvas.setStrokeColor(TEAL)
        self.canvas.line(MARGIN, self.high - ABOVE + 4, self.across - MARGIN, self.high - ABOVE + 4)
        told = facts.SEPARATOR.join(facts.footer(self.document))
        for at, line in enumerate(simpleSplit(told, fonts.REGULAR, 6.8, 420)):
            self._write(MARGIN, 44 - 9.5 * at, line, 6.8, MUTED)
        self._write_right(self.across - MARGIN, 44, f"page {self.page}", 6.8)
        self.y = self.high - ABOVE

    def _room(self, height: float) -> None:
        if self.y - height < BELOW:
            self._new_page()

    def _write(self, x: float, y: float, text: str, size: float, colour: Any = INK, bold: bool = False) -> None:
        self.canvas.setFont(fonts.BOLD if bold else fonts.REGULAR, size)
        self.canvas.setFillColor(colour)
        self.canvas.drawString(x, y, text)

    def _write_right(self, x: float, y: float, text: str, size: float) -> None:
        self.canvas.setFont(fonts.REGULAR, size)
        self.canvas.setFillColor(MUTED)
        self.canvas.drawRightString(x, y, text)

    def _text(self, text: str, size: float, leading: float, bold: bool = False, colour: Any = INK) -> None:
        for line in simpleSplit(text, fonts.BOLD if bold else fonts.REGULAR, size, self.width):
            self._room(leading)
            self._write(MARGIN, self.y - size, line, size, colour, bold)
            self.y -= leading

    def _first_page(self) -> None:
        content = self.document.content
        self._text(content.title, 20, 24, bold=True)
        self._text(facts.heading(self.document), 8.5, 14, colour=MUTED)
        self._pairs(facts.cover(self.document), 4)
        across = facts.across(len(content.metrics))
        for at in range(0, len(content.metrics), across):
            for place, metric in enumerate(content.metrics[at : at + across]):
                x = MARGIN + place * self.width / across
                told = (facts.step(metric), facts.base(metric.change) if metric.change else "", metric.note)
                self._write(x, self.y - 12, metric.label, 7.5, MUTED)
                self._write(x, self.y - 34, f"{facts.value(metric)} {metric.unit}".strip(), 18, bold=True)
                for down, line in enumerate(filter(None, told)):
                    self._write(x, self.y - 46 - 10 * down, line, 7.5, MUTED)
                if metric.key in self.planned.sparks:
                    renderPDF.draw(self.planned.sparks[metric.key], self.canvas, x + 60, self.y - 34)
            self.y -= 78
            self.canvas.setStrokeColor(HAIRLINE)
            self.canvas.line(MARGIN, self.y, self.across - MARGIN, self.y)
        self.y -= 12
        self._text(" ".join(content.summary), 10.5, 14.7)

    def _pairs(self, pairs: Sequence[tuple[str, str]], across: int) -> None:
        for at in range(0, len(pairs), across):
            for place, (label, told) in enumerate(pairs[at : at + across]):
                x = MARGIN + place * self.width / across
                self._write(x, self.y - 8, label, 7.5, MUTED)
                self._write(x, self.y - 18, told, 7.5)
            self.y -= 24

    def _row(self, blocks: Sequence[Block]) -> None:
        if len(blocks) > 1 or (len(blocks[0].bands) == 1 and _height(blocks[0]) < 320):
            self._room(max(map(_height, blocks)))
        x, top, lowest = MARGIN, self.y, self.y
        for block in blocks:
            self.y = top
            self._block(block, x)
            x, lowest = x + block.width + GUTTER, min(lowest, self.y)
        self.y = lowest - 12

    def _block(self, block: Block, x: float) -> None:
        for text, size, leading, bold in ((block.title, 11.5, 15.0, True), (block.subtitle, 8.0, 11.5, False)):
            for line in simpleSplit(text, fonts.BOLD if bold else fonts.REGULAR, size, block.width):
                self._write(x, self.y - size, line, size, INK if bold else MUTED, bold)
                self.y -= leading
        for band in block.bands:
            self._band(band, x)

    def _band(self, band: Sequence[Grid | Drawing], x: float) -> None:
        top = lowest = self.y
        for part in band:
            self.y = top
            if isinstance(part, Drawing):
                renderPDF.draw(part, self.canvas, x, self.y - part.height)
                self.y -= part.height
            else:
                self._table(_table(part), x)
                x += sum(part.widths) + GUTTER
            lowest = min(lowest, self.y)
        self.y = lowest

    def _table(self, table: LongTable, x: float) -> None:
        _, height = table.wrapOn(self.canvas, self.width, 10_000)
        free = self.y - BELOW
        if height > free:
            first, *rest = table.split(self.width, free) or (None, table)
            if first:
                first.wrapOn(self.canvas, self.width, free)
                first.drawOn(self.canvas, x, self.y - first._height)
            self._new_page()
            for part in rest:
                self._table(part, x)
            return
        table.drawOn(self.canvas, x, self.y - height)
        self.y -= height

    def _about(self) -> None:
        self._room(60)
        self._text("About these figures", 8.5, 18, bold=True, colour=TEAL)
        room = (self.width - GUTTER) / 2
        definitions = self.document.content.definitions
        sets = [simpleSplit(f"{one.term} {one.meaning}", fonts.REGULAR, 7.5, room) for one in definitions]
        half = (len(sets) + 1) // 2
        for left, right in zip(sets[:half], [*sets[half:], []], strict=False):
            high = 10 * max(len(left), len(right)) + 4
            self._room(high)
            for x, lines in ((MARGIN, left), (MARGIN + room + GUTTER, right)):
                for at, line in enumerate(lines):
                    self._write(x, self.y - 8 - 10 * at, line, 7.5)
            self.y -= high
        self._room(150)
        self._text("Where these figures come from", 8, 14, colour=MUTED)
        self._pairs(facts.provenance(self.document), 2)


def _height(block: Block) -> float:
    headings = 15.0 * len(simpleSplit(block.title, fonts.BOLD, 11.5, block.width)) + 11.5 * bool(block.subtitle)
    return headings + sum(
        max(part.height if isinstance(part, Drawing) else sum(part.heights) for part in band) for band in block.bands
    )


def _table(grid: Grid) -> LongTable:
    style = [
        ("FONT", (0, 0), (-1, -1), fonts.REGULAR, 8.5, 11),
        ("FONT", (0, 0), (-1, 0), fonts.BOLD, 7.5, 11),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, HAIRLINE),
        *(("ALIGN", (at, 0), (at, -1), "RIGHT") for at in grid.right),
    ]
    if grid.has_total:
        style.append(("FONT", (0, -1), (-1, -1), fonts.BOLD, 8.5, 11))
    return LongTable(grid.cells, colWidths=grid.widths, rowHeights=grid.heights, repeatRows=1, style=style)
