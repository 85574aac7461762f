"""A document as an Excel workbook: a Summary sheet, then one sheet a table with a native chart for each of its charts.

Every text is written as a string, so that no cell is ever a formula or a link, whatever it begins with.
"""

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from webapp import words
from webapp.figures import Document, Section, Table
from webapp.files import facts
from webapp.files.excel_charts import add_charts
from webapp.files.excel_formats import Formats
from webapp.files.excel_names import Names
from webapp.files.excel_trends import add_trends, print_to_trends

CREATED = datetime(2024, 1, 1)  # noqa: DTZ001  a workbook's dates have no zone; fixed, so that bytes do not change
FIRST = datetime(1900, 3, 1)  # noqa: DTZ001  Excel takes 1900 for a leap year, so earlier days come out wrong
PAPERS = {"A4": 9, "Letter": 1}
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
_MOST_CELL = 32_767
"""Characters that Excel keeps in a cell."""

Pairs = list[tuple[str, str | datetime]]

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
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 12)
    sheet.set_column(3, 3, 56)
    _text(sheet, 0, 0, content.title, formats.title)
    _text(sheet, 1, 0, facts.heading(document), formats.muted)
    row = 3
    for sentence in content.summary:
        sheet.merge_range(row, 0, row, 3, "", formats.wrapped)
        _text(sheet, row, 0, sentence, formats.wrapped)
        sheet.set_row(row, 15.5 * (1 + len(sentence) // 105))
        row += 1
    row = _metrics(sheet, row + 1, document, formats)
    row = _pairs(sheet, row + 1, "Where these figures come from", _provenance(document), formats)
    definitions: Pairs = [(item.term, item.meaning) for item in content.definitions]
    if definitions:
        row = _pairs(sheet, row + 1, "About these figures", definitions, formats)
    print_to_trends(sheet, row - 1, content.metrics)
    _print_setup(sheet, document, wide=False)


def _metrics(sheet: Any, row: int, document: Document, formats: Formats) -> int:
    metrics = document.content.metrics
    if not metrics:
        return row
    for at, label in enumerate(("Headline figures", "Figure", "Unit", "Change and note")):
        _text(sheet, row, at, label, formats.number_header if at == 1 else formats.header)
    add_trends(sheet, row, metrics, formats)
    for metric in metrics:
        row += 1
        _text(sheet, row, 0, metric.label, formats.cell("text", 0))
        known = words.DASH if metric.value is None else metric.value  # no column of numbers: words stand here as well
        _cell(sheet, row, 1, known, formats.cell(metric.kind, metric.decimals, right=True), metric.kind)
        _text(sheet, row, 2, metric.unit, formats.cell("text", 0))
        told = " · ".join(part for part in (facts.change(metric), metric.note) if part)
        _text(sheet, row, 3, told, formats.wrapped_cell)
    return row + 1


def _provenance(document: Document) -> Pairs:
    """What facts.provenance says, with its moments as date-times on the clinic's clock. A cell has no zone: its label
    says which."""
    asked, zone = document.provenance, document.presentation.timezone
    moments = {"Requested at": asked.asked_at, "Data as of": asked.data_as_of}
    return [
        (f"{label} ({words.city(zone)} time)", _on_the_clock(moments[label], zone))
        if label in moments
        else (label, text)
        for label, text in facts.provenance(document)
    ]


def _on_the_clock(moment: str, zone: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _pairs(sheet: Any, row: int, heading: str, pairs: Pairs, formats: Formats) -> int:
    _text(sheet, row, 0, heading, formats.header)
    for at in (1, 2, 3):
        sheet.write_blank(row, at, None, formats.header)
    for label, text in pairs:
        row += 1
        _text(sheet, row, 0, label, formats.wrapped_cell)
        if isinstance(text, datetime):
            sheet.merge_range(row, 1, row, 3, "", formats.moment)
            sheet.write_datetime(row, 1, text, formats.moment)
            continue
        sheet.merge_range(row, 1, row, 3, "", formats.wrapped_cell)
        _text(sheet, row, 1, text, formats.wrapped_cell)
        lines = max(1 + len(text) // 84, 1 + len(label) // 30)
        if lines > 1:
            sheet.set_row(row, min(15.5 * lines, 400))
    return row + 1


def _table(book: Any, name: str, document: Document, section: Section, table: Table, formats: Formats) -> None:
    sheet = book.add_worksheet(name)
    _text(sheet, 0, 0, table.title, formats.title)
    _text(sheet, 1, 0, facts.heading(document), formats.muted)
    _text(sheet, 2, 0, table.note, formats.muted)
    top = 3
    widths = []
    for at, column in enumerate(table.columns):
        label = f"{column.label} ({column.unit})" if column.unit else column.label
        numeric = column.kind in ("count", "number", "percent")
        _text(sheet, top, at, label, formats.number_header if numeric else formats.header)
        for down, cells in enumerate(table.rows, 1):
            part = words.part_of_month(str(cells[at])) if column.kind == "month" else ""
            form = formats.cell(column.kind, column.decimals, part=part)
            _cell(sheet, top + down, at, cells[at], form, column.kind)
        if table.total:
            last = top + len(table.rows) + 1
            _cell(sheet, last, at, table.total[at], formats.total(column.kind, column.decimals), column.kind)
        widths.append(_width(table, at, label))
        sheet.set_column(at, at, widths[-1])
    sheet.freeze_panes(top + 1, 1 if len(table.columns) > 1 else 0)
    if table.rows:
        sheet.autofilter(top, 0, top + len(table.rows), len(table.columns) - 1)
    sheet.hide_gridlines(2)
    add_charts(book, sheet, name, section, table, top, sum(widths))
    sheet.repeat_rows(top)
    _print_setup(sheet, document, wide=sum(widths) > _LANDSCAPE_FROM or bool(section.charts))


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
        _text(sheet, row, column, words.DASH if kind == "text" else "", form)
    elif _is_number(value):
        sheet.write_number(row, column, value / 100 if kind == "percent" else value, form)
    elif kind in ("day", "month") and (moment := _date(value)):
        sheet.write_datetime(row, column, moment, form)
    else:
        _text(sheet, row, column, value, form)


def _date(value: str) -> datetime | None:
    """The first moment of an ISO day or month; None for a text such as "Total", or a day before Excel's first."""
    value = value.partition("/")[0]
    try:
        moment = datetime.fromisoformat(value if len(value) > len("2026-10") else f"{value}-01")
    except ValueError:
        return None
    return moment if moment > FIRST else None


def _text(sheet: Any, row: int, column: int, text: str, form: Any) -> None:
    if text:
        sheet.write_string(row, column, text[:_MOST_CELL], form)
    else:
        sheet.write_blank(row, column, None, form)


def _print_setup(sheet: Any, document: Document, wide: bool) -> None:
    sheet.set_paper(PAPERS[document.presentation.paper])
    if wide:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.71, right=0.71, top=0.9, bottom=0.9)
    clinic = document.presentation.clinic_name
    title = f"{document.provenance.template_title}, {facts.period(document)}"
    sheet.set_header(f"&L&9{_plain(clinic, 90)}&R&9{_plain(title, 90)}")
    number, short = document.provenance.report_number, document.short_hash
    sheet.set_footer(f"&L&8Report {_plain(number, 60)} · figures {short}&R&8page &P of &N")


def _plain(text: str, most: int) -> str:
    """`text` for a page header, where & begins a command and 255 characters are all there are. A leading digit would
    be read as part of the size before it."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return " " + cut.replace("&", "&&") if cut[:1].isdigit() else cut.replace("&", "&&")
