"""A document as an Excel workbook: a Summary sheet, then one sheet a table with a native chart for each of its charts.

Every text is written as a string, so that no cell is ever a formula or a link, whatever it begins with.
"""

import io
from datetime import datetime
from typing import Any

import xlsxwriter
from PIL import Image

from webapp import words
from webapp.figures import Document, Section, Table
from webapp.files import charts, excel_about, facts, logos
from webapp.files.excel_charts import add_charts
from webapp.files.excel_formats import Formats, stored
from webapp.files.excel_names import Names
from webapp.files.excel_trends import add_trends, print_to_trends

CREATED = datetime(2024, 1, 1)  # noqa: DTZ001  a workbook's dates have no zone; fixed, so that bytes do not change
FIRST = datetime(1900, 3, 1)  # noqa: DTZ001  Excel takes 1900 for a leap year, so earlier days come out wrong
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
ORIGIN = "Where these figures come from"
TITLE, SENTENCE = 1.6, 1.1
"""Size of a sheet's title, and of a sentence, against that of a cell."""

_SUMMARY = [30.0, 18.0, 12.0, 56.0]
"""Characters across of the first sheet's columns."""

_WIDEST, _NARROWEST = 48, 9
_LANDSCAPE_FROM = 90
"""Characters across from which a sheet is printed on its side."""


def draw(document: Document) -> bytes:
    """The workbook of `document`."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"title": document.content.title, "author": "Clinic Reports", "created": CREATED})
    formats, names = Formats(book), Names()
    _summary(book.add_worksheet(names.new("Summary")), document, formats)
    for section in document.content.sections:
        for table in section.tables:
            _table(book, names.new(table.title), document, section, table, formats)
    book.close()
    return buffer.getvalue()


def _summary(sheet: Any, document: Document, formats: Formats) -> None:
    content = document.content
    sheet.hide_gridlines(2)
    for at, width in enumerate(_SUMMARY):
        sheet.set_column(at, at, width)
    last, across = excel_about.band(_SUMMARY)
    _head(sheet, document, formats)
    excel_about.line(sheet, 1, last, across, facts.heading(document), formats.muted)
    row = 3
    for sentence in content.summary:
        excel_about.line(sheet, row, last, across, sentence, formats.wrapped, SENTENCE)
        row += 1
    row = _metrics(sheet, row + 1, document, formats)
    row = excel_about.pairs(sheet, row + 1, ORIGIN, excel_about.provenance(document), _SUMMARY, formats)
    definitions: excel_about.Pairs = [(item.term, item.meaning) for item in content.definitions]
    if definitions:
        row = excel_about.pairs(sheet, row + 1, "About these figures", definitions, _SUMMARY, formats)
    print_to_trends(sheet, row - 1, content.metrics)
    excel_about.print_setup(sheet, document, wide=False)


def _head(sheet: Any, document: Document, formats: Formats) -> None:
    """The report's title, and at its right the clinic's logo, if there is one."""
    title = document.content.title
    last, across = excel_about.band(_SUMMARY)
    logo = logos.read(document.presentation.logo)
    if logo is None:
        excel_about.line(sheet, 0, last, across, title, formats.title, TITLE)
        return
    excel_about.line(sheet, 0, last - 1, across - _SUMMARY[last], title, formats.title, TITLE, least=logo.height + 6)
    with Image.open(io.BytesIO(logo.png)) as picture:
        pixels = picture.size
    sheet.insert_image(
        0,
        last,
        "logo.png",
        {
            "image_data": io.BytesIO(logo.png),
            "x_offset": _SUMMARY[last] * 7 - logo.width / 0.75,
            "x_scale": logo.width / 0.75 / pixels[0],
            "y_scale": logo.height / 0.75 / pixels[1],
            "description": "The clinic's logo",
        },
    )


def _metrics(sheet: Any, row: int, document: Document, formats: Formats) -> int:
    metrics = document.content.metrics
    if not metrics:
        return row
    for at, label in enumerate(("Headline figures", "Figure", "Unit", "Change and note")):
        excel_about.text(sheet, row, at, label, formats.number_header if at == 1 else formats.header)
    add_trends(sheet, row, metrics, formats)
    for metric in metrics:
        row += 1
        excel_about.text(sheet, row, 0, metric.label, formats.cell("text", 0))
        known = words.DASH if metric.value is None else metric.value  # no column of numbers: words stand here as well
        _cell(sheet, row, 1, known, formats.cell(metric.kind, metric.decimals, right=True), metric.kind)
        excel_about.text(sheet, row, 2, metric.unit, formats.cell("text", 0))
        told = " · ".join(part for part in (facts.change(metric), metric.note) if part)
        excel_about.text(sheet, row, 3, told, formats.wrapped_cell)
    return row + 1


def _table(book: Any, name: str, document: Document, section: Section, table: Table, formats: Formats) -> None:
    sheet = book.add_worksheet(name)
    top = 3
    widths = []
    for at, column in enumerate(table.columns):
        label = f"{column.label} ({column.unit})" if column.unit else column.label
        numeric = column.kind in ("count", "number", "percent")
        excel_about.text(sheet, top, at, label, formats.number_header if numeric else formats.header)
        for down, cells in enumerate(table.rows, 1):
            part = words.part_of_month(str(cells[at])) if column.kind == "month" else ""
            form = formats.cell(column.kind, column.decimals, part=part)
            _cell(sheet, top + down, at, cells[at], form, column.kind)
        if table.total:
            last = top + len(table.rows) + 1
            told = "" if table.total[at] is None else table.total[at]  # a total has no figure in some columns
            _cell(sheet, last, at, told, formats.total(column.kind, column.decimals), column.kind)
        widths.append(_width(table, at, label))
        sheet.set_column(at, at, widths[-1])
    sheet.freeze_panes(top + 1, 1 if len(table.columns) > 1 else 0)
    if table.rows:
        sheet.autofilter(top, 0, top + len(table.rows), len(table.columns) - 1)
    sheet.hide_gridlines(2)
    last, across = excel_about.band(widths)
    excel_about.line(sheet, 0, last, across, table.title, formats.title, TITLE)
    excel_about.line(sheet, 1, last, across, facts.heading(document), formats.muted)
    excel_about.line(sheet, 2, last, across, table.note, formats.muted)
    below = add_charts(book, sheet, name, section, table, top, sum(widths))
    below = max(below, top + 1 + len(table.rows) + bool(table.total))
    excel_about.pairs(sheet, below + 1, ORIGIN, excel_about.provenance(document), widths, formats)
    sheet.repeat_rows(top)
    excel_about.print_setup(sheet, document, wide=sum(widths) > _LANDSCAPE_FROM or bool(charts.drawn(section)))


def _width(table: Table, at: int, label: str) -> float:
    """Characters across that the longest cell takes, with room for the filter's arrow in the header."""
    kind, decimals = table.columns[at].kind, table.columns[at].decimals
    rows = [*table.rows, *([table.total] if table.total else [])]
    longest = max(
        (len(f"{row[at]:,.{decimals}f}" if _is_number(row[at]) else str(row[at] or "")) for row in rows), default=0
    )
    if kind == "day":
        longest = max(longest, 17)
    return min(max(longest + 2, len(label) + 4, _NARROWEST), _WIDEST)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _cell(sheet: Any, row: int, column: int, value: Any, form: Any, kind: str) -> None:
    """A typed cell: numbers as numbers, days and months as dates, percent as a share. Unknown is a dash among words,
    and an empty cell among numbers and dates, where a word would spoil sums, sorting and filters."""
    if value is None:
        excel_about.text(sheet, row, column, words.DASH if kind == "text" else "", form)
    elif _is_number(value):
        sheet.write_number(row, column, stored(value, kind), form)
    elif kind in ("day", "month") and (moment := _date(value)):
        sheet.write_datetime(row, column, moment, form)
    else:
        excel_about.text(sheet, row, column, value, form)


def _date(value: str) -> datetime | None:
    """The first moment of an ISO day or month; None for a text such as "Total", or a day before Excel's first."""
    value = value.partition("/")[0]
    try:
        moment = datetime.fromisoformat(value if len(value) > len("2026-10") else f"{value}-01")
    except ValueError:
        return None
    return moment if moment > FIRST else None
