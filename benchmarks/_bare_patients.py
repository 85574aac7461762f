"""The floor under the PDF of daily patients: the same pages by ReportLab alone.

What stands where is known beforehand, as to somebody who writes one report by hand: what each block says, its place on
the page, widths of columns, and the drawings of the charts. What is timed writes the texts, builds the tables as
ReportLab's own and draws all of it in the same fonts, with head, foot and badge on each page.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import STATE_DEFAULTS, Drawing
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus.tables import CellStyle, LongTable

from benchmarks import _drawings
from webapp.figures import Document, Section, Subject
from webapp.files import badges, facts, fonts, lettering, papers, patients, pdf_overview, pdf_patients, pdf_readings
from webapp.files.pages import ABOVE, BELOW, HAIRLINE, INK, MARGIN, MUTED, TEAL, Plot
from webapp.files.pdf_patients import Beside, Titled
from webapp.files.pdf_readings import Close
from webapp.files.pdf_vitals import Head, Strip, verdict


@dataclass(frozen=True)
class Grid:
    """A table as cells that are set already; `right` are the columns of numbers, `tinted` cells with their colour."""

    cells: list[list[str]]
    widths: list[float]
    heights: list[float]
    right: list[int]
    tinted: list[tuple[int, int, Any]]


@dataclass(frozen=True)
class Put:
    """Something at a place on a page, `x` from the margin and `top` from the top of the text."""

    x: float
    top: float
    what: Any


@dataclass(frozen=True)
class Plan:
    document: Document
    pages: list[tuple[Subject, int, list[Put]]]
    """Of each page of a patient: who, which patient, and what stands there."""

    rows: list[list[str]]
    """The list of all patients."""


def plan(document: Document) -> Plan:
    fonts.ready()
    # ReportLab begins each cell and each drawing with these.
    CellStyle.fontname = fonts.REGULAR
    STATE_DEFAULTS["fontName"] = fonts.REGULAR
    page = papers.of(document.presentation.paper).patient
    every = patients.sections(document)
    pages = []
    for number, section in enumerate(every, 1):
        for blocks in pdf_patients.paged(pdf_patients.blocks(section, page.width), page.height):
            pages.append((patients.subject_of(section), number, _put(blocks)))
    return Plan(document, pages, _rows(document, every))


def _rows(document: Document, every: Sequence[Section]) -> list[list[str]]:
    table = document.content.sections[0].tables[0]
    keys = ("patient", "born", "mrn", "score", "advice", "at", "why")
    return [
        [lane.label for lane in pdf_overview.LANES],
        *([pdf_overview.said(row, table.columns, key, True) for key in keys] + [""] for row in table.rows),
    ]


def _put(blocks: Sequence[Any]) -> list[Put]:
    found, top = [], 0.0
    for block in blocks:
        if isinstance(block, Beside):
            x = 0.0
            for one in block.blocks:
                found += _titled(one, x, top)
                x += one.width + pdf_patients.GUTTER
        elif isinstance(block, Titled):
            found += _titled(block, 0.0, top)
        else:
            found.append(Put(0.0, top, block))
        top += block.height
    return found


def _titled(block: Titled, x: float, top: float) -> list[Put]:
    body = block.body
    what = _drawings.drawing(body.picture) if isinstance(body, Plot) else _grid(body)
    return [Put(x, top, (block.title, block.aside, block.told)), Put(x, top + block.above, what)]


def _grid(close: Close) -> Grid:
    head = [["\n".join([*lines, lane.unit]) for lines, lane in zip(close.heads, close.lanes, strict=True)]]
    said = [[f"{one.text} {one.points or ''}".strip() for one in row] for row in close.said]
    tinted = [
        (at, down, badges.graded(one.points)[0])
        for down, row in enumerate(close.said, 1)
        for at, one in enumerate(row)
        if one.points
    ]
    right = [at for at, lane in enumerate(close.lanes) if lane.is_right]
    return Grid(head + said, list(close.widths), [close.head, *close.heights], right, tinted)


def draw(planned: Plan) -> bytes:
    """The PDF."""
    return _Sheets(planned).bytes()


class _Sheets:
    def __init__(self, planned: Plan) -> None:
        self.planned, self.document = planned, planned.document
        page = papers.of(self.document.presentation.paper).upright
        self.width, self.across, self.high = page.width, page.width + 2 * MARGIN, page.height + ABOVE + BELOW
        self.out = io.BytesIO()
        self.canvas = Canvas(self.out, (self.across, self.high), invariant=1, pageCompression=1)

    def bytes(self) -> bytes:
        page = self._overview()
        for subject, number, blocks in self.planned.pages:
            page += 1
            self._patient(subject, number, blocks, page)
        self._write(MARGIN, self.high - ABOVE, "About these figures", 8.5, TEAL, True)
        y = self.high - ABOVE - 20
        told = [(one.term, one.meaning) for one in self.document.content.definitions]
        for label, text in [*told, *facts.provenance(self.document)]:
            for line in simpleSplit(f"{label} {text}", fonts.REGULAR, 7.5, self.width):
                self._write(MARGIN, y, line, 7.5)
                y -= 12
        self.canvas.showPage()
        self.canvas.save()
        return self.out.getvalue()

    def _overview(self) -> int:
        content, y = self.document.content, self.high - ABOVE - 20
        self._write(MARGIN, y, content.title, 20, INK, True)
        self._write(MARGIN, y - 16, facts.heading(self.document), 8.5, MUTED)
        for at, metric in enumerate(content.metrics):
            self._write(MARGIN + at * 120, y - 60, metric.label, 7.5, MUTED)
            self._write(MARGIN + at * 120, y - 80, facts.value(metric), 18, INK, True)
        self._write(MARGIN, y - 120, " ".join(content.summary), 10.5)
        shares = [lane.share * self.width for lane in pdf_overview.LANES]
        left: list[Any] = [LongTable(self.planned.rows, colWidths=shares, repeatRows=1, style=_STYLE)]
        free, page = y - 140 - BELOW, 1
        while left:
            table = left.pop(0)
            parts = table.split(self.width, free)
            first, rest = parts[0], parts[1:]
            _, height = first.wrapOn(self.canvas, self.width, free)
            first.drawOn(self.canvas, MARGIN, BELOW + free - height)
            left = [*rest, *left]
            self.canvas.showPage()
            free, page = self.high - ABOVE - BELOW, page + 1
        return page - 1

    def _patient(self, subject: Subject, number: int, blocks: Sequence[Put], page: int) -> None:
        top = self.high - ABOVE
        name = lettering.visual(patients.name(subject))
        self._write(MARGIN, top + 14, facts.running(self.document), 7.5, MUTED, True)
        self.canvas.setFont(fonts.BOLD, 9)
        self.canvas.drawRightString(self.across - MARGIN, top + 14, name)
        self.canvas.setStrokeColor(TEAL)
        self.canvas.line(MARGIN, top + 7, self.across - MARGIN, top + 7)
        for put in blocks:
            self._block(put, MARGIN + put.x, top - put.top)
        foot = " · ".join([name, patients.born(subject), patients.mrn(subject)])
        self._write(MARGIN, BELOW - 20, foot, 7.5, INK, True)
        self._write(MARGIN, BELOW - 29.5, facts.SEPARATOR.join(facts.traced(self.document)), 6.8, MUTED)
        self.canvas.drawRightString(self.across - MARGIN, BELOW - 20, f"patient {number} of 20 · page {page}")
        self.canvas.bookmarkPage(f"{number} {page}")
        self.canvas.addOutlineEntry(name, f"{number} {page}")
        self.canvas.showPage()

    def _block(self, put: Put, x: float, top: float) -> None:
        what = put.what
        if isinstance(what, Drawing):
            renderPDF.draw(what, self.canvas, x, top - what.height)
        elif isinstance(what, Grid):
            self._table(what, x, top)
        elif isinstance(what, Head):
            self._write(x, top - 20, lettering.visual(patients.name(what.subject)), 20, INK, True)
            self._write(x, top - 35, " · ".join(patients.line(what.subject)), 9.5)
            self.canvas.setFillColor(badges.PALE_AMBER)
            self.canvas.roundRect(x + 330, top - 22, 163, 16, 8, stroke=0, fill=1)
            self._write(x + 336, top - 17, verdict(what.subject), 9.5, badges.AMBER, True)
            self._write(x + 336, top - 34, what.subject.since, 7.5, MUTED)
        elif isinstance(what, Strip):
            self._strip(what, x, top)
        else:
            title, aside, told = what
            self._write(x, top - 9.5, title, 9.5, INK, True)
            for at, line in enumerate([aside, *told]):
                self._write(x, top - 19 - 9.2 * at, line, 7.2, MUTED)

    def _strip(self, strip: Strip, x: float, top: float) -> None:
        for row in strip.rows:
            for at, cell in enumerate(row):
                left = x + at * strip.width / strip.across
                if cell.points:
                    self.canvas.setFillColor(badges.PALE_AMBER)
                    self.canvas.rect(left, top - 50, strip.width / strip.across, 50, stroke=0, fill=1)
                self.canvas.setStrokeColor(HAIRLINE)
                self.canvas.line(left, top, left, top - 50)
                for down, line in enumerate([*cell.label, *cell.value, *cell.under, *cell.note]):
                    bold = line in cell.value
                    self._write(left + 7, top - 11 - 10 * down, line, cell.size if bold else 6.8, INK, bold)

    def _table(self, grid: Grid, x: float, top: float) -> None:
        style = [
            *_STYLE,
            *(("ALIGN", (at, 0), (at, -1), "RIGHT") for at in grid.right),
            *(("BACKGROUND", (at, down), (at, down), colour) for at, down, colour in grid.tinted),
        ]
        table = LongTable(grid.cells, colWidths=grid.widths, rowHeights=grid.heights, repeatRows=1, style=style)
        _, height = table.wrapOn(self.canvas, self.width, 10_000)
        table.drawOn(self.canvas, x, top - height)

    def _write(self, x: float, y: float, text: str, size: float, colour: Any = INK, bold: bool = False) -> None:
        self.canvas.setFont(fonts.BOLD if bold else fonts.REGULAR, size)
        self.canvas.setFillColor(colour)
        self.canvas.drawString(x, y, text)


_STYLE: list[Any] = [
    ("FONT", (0, 0), (-1, -1), fonts.REGULAR, pdf_readings.USUAL.size, 9.6),
    ("FONT", (0, 0), (-1, 0), fonts.BOLD, pdf_readings.USUAL.head, 8.2),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 1.7),
    ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ("LINEBELOW", (0, 0), (-1, -1), 0.5, HAIRLINE),
]
