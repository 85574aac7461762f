"""The sheets of a workbook about single patients: an overview, linked to a sheet for each of them."""

from typing import Any

from webapp.figures import Document, Section, Subject, Table
from webapp.files import excel_about, excel_bubbles, excel_cells, facts, patients
from webapp.files.excel_formats import Formats
from webapp.files.excel_names import Names

MOST_CHARTED = 300
"""Patients up to which each sheet has its charts. Excel opens a workbook only with all its charts in memory."""

LEFT_OUT = (
    f"Workbooks of more than {MOST_CHARTED} patients have no charts, which would make them slow to open. "
    "Shaded cells show what scores."
)
OVERVIEW, LATEST = "Overview", "Latest reading"
HEADER = 3
"""The row of the header of the overview's first table; its rows are the patients. Another has its title above it."""

IDENTIFIERS = 2
"""The rows at the top of a patient's sheet, repeated on each printed page: the name, then what tells it from others."""

_CHART_COLUMN, _CHART_HEIGHT, _ROW_PIXELS = 5, 220, 20
_WIDEST, _FIRST_WIDTH = 17.0, 22.0
_LEAST_WIDE, _MOST_WIDE = 340, 560
_BESIDE, _DOWN = 2, 4
"""Charts stand two beside one another; figures begin after so many rows."""

_NAME, _REPORT = 40, 20
"""Characters across at the head of a printed page of the name and the number, and of the report's title: with all of
them escaped it stays within Excel's 255."""


def add_sheets(book: Any, document: Document, names: Names, formats: Formats) -> None:
    """The overview, and the sheets in its order."""
    found = patients.each(document)
    overview = book.add_worksheet(names.new(OVERVIEW))
    sheets = [names.new(subject.name) for _, subject in found]
    _overview(overview, document, sheets, formats)
    for name, (section, subject) in zip(sheets, found, strict=True):
        _Patient(book, name, document, section, subject, formats).write(has_charts=len(found) <= MOST_CHARTED)


def _overview(sheet: Any, document: Document, sheets: list[str], formats: Formats) -> None:
    tables = patients.tables_about_all(document)
    has_list = patients.overview(document) is not None
    top, widths = HEADER, [9.0]
    sheet.hide_gridlines(2)
    for _, table in tables:
        if top == HEADER:
            widths = [excel_cells.width(table, at, arrow=2) for at in range(len(table.columns))]
            sheet.freeze_panes(top + 1, 1)
            sheet.repeat_rows(top)
        else:
            excel_about.text(sheet, top - 1, 0, table.title, formats.heading)
        below = excel_cells.block(sheet, top, table, formats)
        if has_list and table is tables[0][1]:
            _link(sheet, top, table, [subject for _, subject in patients.each(document)], sheets, formats)
        top = below + 2
    for at, wide in enumerate(widths):
        sheet.set_column(at, at, wide)
    last, across = excel_about.band(widths)
    title = tables[0][1].title if tables else OVERVIEW
    excel_about.line(sheet, 0, last, across, title, formats.title, 1.6)
    excel_about.line(sheet, 1, last, across, facts.heading(document), formats.muted)
    excel_about.print_setup(sheet, document, wide=True)


def _link(sheet: Any, top: int, table: Table, found: list[Subject], sheets: list[str], formats: Formats) -> None:
    """Each patient's name leads to the patient's sheet, and what calls for attention is shaded."""
    for at, (row, subject, name) in enumerate(zip(table.rows, found, sheets, strict=True), top + 1):
        quoted = name.replace("'", "''")
        sheet.write_url(at, 0, f"internal:'{quoted}'!A1", formats.link, str(row[0]))
        if subject.level in formats.attention:
            for column, (told, cell) in enumerate(zip(table.columns, row, strict=True)):
                if told.kind == "number" and cell is not None:
                    excel_cells.cell(sheet, at, column, cell, formats.attention[subject.level], told.kind)


class _Patient:
    """One patient's sheet, written from the top down."""

    def __init__(
        self, book: Any, name: str, document: Document, section: Section, subject: Subject, formats: Formats
    ) -> None:
        self.book, self.name, self.formats = book, name, formats
        self.document, self.section, self.subject = document, section, subject
        self.sheet = book.add_worksheet(name)
        self.widths = _widths(section)

    def write(self, has_charts: bool) -> None:
        sheet, formats = self.sheet, self.formats
        sheet.hide_gridlines(2)
        for at, across in enumerate(self.widths):
            sheet.set_column(at, at, across)
        last, across = excel_about.band(self.widths)
        excel_about.line(sheet, 0, last, across, self.subject.name, formats.title, 1.6)
        excel_about.line(sheet, 1, last, across, told(self.subject), formats.identifiers, 1.2)
        excel_about.line(sheet, 2, last, across, patients.verdict(self.subject), formats.wrapped, 1.1)
        below = _DOWN
        if self.section.metrics:
            below = excel_cells.metrics(sheet, _DOWN, LATEST, self.section.metrics, formats)
        charts = [one for one in self.section.charts if one.shape == "bubble"] if has_charts else []
        lines = -(-len(charts) // _BESIDE)
        top = max(below, _DOWN + lines * (_CHART_HEIGHT // _ROW_PIXELS) + (1 if lines else 0)) + 1
        for table in self.section.tables:
            excel_about.text(sheet, top, 0, table.title, formats.heading)
            if table.note:
                excel_about.text(sheet, top, 1, table.note, formats.muted_line)
            self._draw([one for one in charts if one.table == table.key], table, top + 1)
            self._shade(table, top + 1)
            top = excel_cells.block(sheet, top + 1, table, formats) + 1
        sheet.print_area(0, 0, top, max(last, len(self.widths) - 1))
        sheet.repeat_rows(0, IDENTIFIERS - 1)
        left, right = heading(self.document, self.subject)
        excel_about.printed(sheet, self.document, True, left, right)

    def _draw(self, charts: list[Any], table: Table, top: int) -> None:
        """The charts beside the latest reading, and the sizes of their bubbles to the right of all that is printed."""
        pixels = sum(int(across * 7 + 5) for across in self.widths[_CHART_COLUMN:])
        width = min(max(pixels // _BESIDE, _LEAST_WIDE), _MOST_WIDE)
        beside = max(len(self.widths), excel_about.band(self.widths)[0]) + 2
        for at, one in enumerate(charts):
            column = beside + at
            label = excel_bubbles.sizes_label(one, table)
            excel_about.text(self.sheet, top, column, label, self.formats.number_header)
            self.sheet.set_column(column, column, _WIDEST)
            for row, size in enumerate(excel_bubbles.sizes(one, table), top + 1):
                if size is not None:
                    self.sheet.write_number(row, column, size, self.formats.cell("number", 0))
            if not table.rows:
                continue
            place = excel_bubbles.Place(self.name, top, len(table.rows), column)
            native = excel_bubbles.chart(self.book, one, table, place, width - 8, _CHART_HEIGHT - 6)
            options = {
                "object_position": 2,
                "description": excel_bubbles.described(one, table),
                "x_offset": at % _BESIDE * width,
            }
            native.chart_name = one.title
            row = _DOWN + at // _BESIDE * (_CHART_HEIGHT // _ROW_PIXELS)
            self.sheet.insert_chart(row, _CHART_COLUMN, native, options)

    def _shade(self, table: Table, top: int) -> None:
        """Points other than zero stand out."""
        graded = {one.series[1] for one in self.section.charts if one.table == table.key and len(one.series) > 1}
        for at, column in enumerate(table.columns):
            if column.key in graded and table.rows:
                area = (top + 1, at, top + len(table.rows), at)
                for least, form in ((3, self.formats.strong), (1, self.formats.weak)):
                    rule = {"type": "cell", "criteria": ">=", "value": least, "format": form, "stop_if_true": True}
                    self.sheet.conditional_format(*area, rule)


def told(subject: Subject) -> str:
    """What stands under the name: "born 3 May 1953 · MRN 000-0418 · aged 73, female"."""
    return facts.SEPARATOR.join(filter(None, (patients.identifiers(subject), patients.about(subject))))


def heading(document: Document, subject: Subject) -> tuple[str, str]:
    """The head of a printed page: the patient by both identifiers, and the report."""
    plain = excel_about.plain
    parts = (plain(subject.name, _NAME), patients.born(subject), plain(f"MRN {subject.mrn}", _NAME))
    return facts.SEPARATOR.join(parts), plain(document.provenance.template_title, _REPORT)


def _widths(section: Section) -> list[float]:
    """Characters across of the columns, which all tables of a sheet share. Headers wrap."""
    count = max((len(table.columns) for table in section.tables), default=0)
    widths = [_FIRST_WIDTH] + [0.0] * max(count - 1, 3)
    for table in section.tables:
        for at, column in enumerate(table.columns):
            longest = max(map(len, excel_cells.header(column).split()), default=0) + 2
            cells = max((len(str(row[at] or "")) for row in table.rows), default=0) + 2
            usual = 20 if column.kind == "moment" else 13 if column.kind == "day" else cells
            widths[at] = max(widths[at], min(max(usual, longest), _WIDEST))
    return [max(width, 9.0) for width in widths]
