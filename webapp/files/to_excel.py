"""A document as an Excel workbook: a Summary sheet, then one sheet a table with a native chart for each of its charts;
where it tells of single patients, an overview and one sheet a patient.

Every text is written as a string, so that no cell is ever a formula or a link, whatever it begins with. The only links
are ours: from the overview to the sheet of each patient.
"""

import io
from datetime import datetime
from typing import Any

import xlsxwriter
from PIL import Image

from webapp.figures import Document, Section, Table
from webapp.files import charts, excel_about, excel_cells, excel_patients, facts, logos, patients
from webapp.files.excel_charts import add_charts
from webapp.files.excel_formats import Formats
from webapp.files.excel_names import Names
from webapp.files.excel_trends import add_trends, print_to_trends

CREATED = datetime(2024, 1, 1)  # noqa: DTZ001  a workbook's dates have no zone; fixed, so that bytes do not change
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

_LANDSCAPE_FROM = 90
"""Characters across from which a sheet is printed on its side."""


def draw(document: Document) -> bytes:
    """The workbook of `document`."""
    buffer = io.BytesIO()
    # Sheets of very many patients are temporary files until they are packed, which takes a quarter less memory.
    is_large = len(patients.each(document)) > excel_patients.MOST_CHARTED
    book = xlsxwriter.Workbook(buffer, {**OPTIONS, "in_memory": not is_large})
    book.set_properties({"title": document.content.title, "author": "Clinic Reports", "created": CREATED})
    formats, names = Formats(book), Names()
    _summary(book.add_worksheet(names.new("Summary")), document, formats)
    if patients.each(document):
        excel_patients.add_sheets(book, document, names, formats)
    else:
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
    is_large = len(patients.each(document)) > excel_patients.MOST_CHARTED
    for sentence in (*content.summary, *([excel_patients.LEFT_OUT] if is_large else [])):
        excel_about.line(sheet, row, last, across, sentence, formats.wrapped, SENTENCE)
        row += 1
    if content.metrics:
        add_trends(sheet, row + 1, content.metrics, formats)
        row = excel_cells.metrics(sheet, row + 1, "Headline figures", content.metrics, formats)
    else:
        row += 1
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


def _table(book: Any, name: str, document: Document, section: Section, table: Table, formats: Formats) -> None:
    sheet = book.add_worksheet(name)
    top = 3
    excel_cells.block(sheet, top, table, formats)
    widths = [excel_cells.width(table, at) for at in range(len(table.columns))]
    for at, across in enumerate(widths):
        sheet.set_column(at, at, across)
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
