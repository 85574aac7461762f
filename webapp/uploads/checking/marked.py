"""The dry run as a spreadsheet: the faults in a list, then the sheet as it came with each of them beside its cell.

Every text is written as a string, as in files/to_excel.py, so that no cell is a formula or a link, whatever it says. It
is written row by row, so that a sheet of a hundred thousand rows takes little memory.
"""

import io
import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

from webapp import words
from webapp.files.excel_cells import FIRST
from webapp.files.excel_formats import Formats
from webapp.files.to_excel import CREATED, OPTIONS
from webapp.uploads.checking.findings import STATES, Findings
from webapp.uploads.drafts import OUTCOMES, Fault
from webapp.uploads.workbook import Cell, Sheet, letter

MOST_COMMENTS = 2_000
"""Each makes the file slower to open. Beyond it the columns at the right say the same."""

MOST_FAULTS = 20_000
"""Lines of the list. The others stand beside their rows."""

_ROW_BY_ROW = {**OPTIONS, "in_memory": False, "constant_memory": True}
_LONGEST, _LARGEST = 32_767, 2**53
"""Characters in a cell, and the whole number up to which each can be told from the next, in Excel."""

_LEFT_OUT, _NOTED = "#F6D5D0", "#FBEFC4"
_BESIDE = ("What happens", "Where", "Why")


def annotate(sheet: Sheet, findings: Findings) -> bytes:
    """An xlsx of two sheets. The same sheet and findings give the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _ROW_BY_ROW)
    book.set_properties({"title": "Faults of a sheet of measurements", "author": "Clinic Reports", "created": CREATED})
    header = _header(sheet, findings)
    _list(book, findings, header)
    _beside(book, sheet, findings, header)
    book.close()
    return buffer.getvalue()


def _header(sheet: Sheet, findings: Findings) -> tuple[int | None, list[str]]:
    """The row over the first one with data, or None, and what it calls the columns."""
    first = next((at for at, state in enumerate(findings.rows) if state != "no data"), 0)
    if first == 0:
        return None, [""] * sheet.width
    return first - 1, ["" if cell is None else words.printable(str(cell)) for cell in sheet.rows[first - 1]]


Header = tuple[int | None, list[str]]


def _list(book: Any, findings: Findings, header: Header) -> None:
    formats, page = Formats(book), book.add_worksheet("Faults")
    for at, width in enumerate((24, 28, 26, 26, 80)):
        page.set_column(at, at, width)
    page.hide_gridlines(2)
    _text(page, 0, 0, "What becomes of this sheet", formats.title)
    row = 1
    for sentence in findings.stops:
        _text(page, row, 0, sentence, formats.wrapped)
        row += 1
    for conversion in findings.conversions:
        _text(page, row, 0, conversion.sentence, formats.cell("text", 0))
        row += 1
    for label, count in _counts(findings):
        _text(page, row, 0, label, formats.cell("text", 0))
        page.write_number(row, 1, count, formats.cell("count", 0))
        row += 1
    row += 1
    for at, label in enumerate(("Where", "Value as given", "Fault", "What happens", "Why")):
        _text(page, row, at, label, formats.header)
    for fault in findings.faults[:MOST_FAULTS]:
        row += 1
        told = (_place(fault, header), fault.given, fault.kind.capitalize(), OUTCOMES[fault.outcome], fault.reason)
        for at, text in enumerate(told):
            _text(page, row, at, text, formats.wrapped_cell)
    if (left := len(findings.faults) - MOST_FAULTS) > 0:
        told_left = f"{words.plural(left, 'more fault')}: see the next sheet, beside the rows."
        _text(page, row + 1, 0, told_left, formats.wrapped)


def _counts(findings: Findings) -> list[tuple[str, int]]:
    counts = findings.counts
    return [
        ("Rows with data", counts.rows_read),
        ("Rows used", counts.rows_used),
        ("Rows left out", counts.rows_left_out),
        ("Values left out, in rows that are used", counts.values_left_out),
        ("Patients", counts.patients),
        ("New patients", counts.new_patients),
        *((f"Fault: {kind}", count) for kind, count in counts.by_kind),
    ]


def _place(fault: Fault, header: Header) -> str:
    """ "Row 7, C, Blood pressure"."""
    parts = [f"Row {fault.row + 1}"] if fault.row is not None else []
    return ", ".join(parts + _column(fault, header)) or "The whole sheet"


def _column(fault: Fault, header: Header) -> list[str]:
    if fault.column is None:
        return []
    called = header[1][fault.column] if fault.column < len(header[1]) else ""
    return [part for part in (letter(fault.column), called) if part]


def _beside(book: Any, sheet: Sheet, findings: Findings, header: Header) -> None:
    page, forms = book.add_worksheet("Your sheet"), _Forms(book)
    page.set_column(0, max(sheet.width - 1, 0), 16)
    for at, width in enumerate((16, 24, 90)):
        page.set_column(sheet.width + at, sheet.width + at, width)
    if header[0] is not None:
        page.freeze_panes(header[0] + 1, 0)
    of_row: dict[int, list[Fault]] = defaultdict(list)
    for fault in findings.faults:
        if fault.row is not None:
            of_row[fault.row].append(fault)
    comments, taken = 0, findings.taken_by_row
    for at, cells in enumerate(sheet.rows):
        faults = of_row.get(at, [])
        at_cell: dict[int, list[Fault]] = defaultdict(list)
        for fault in faults:
            if fault.column is not None:
                at_cell[fault.column].append(fault)
        for column, cell in enumerate(cells):
            found = at_cell.get(column, [])
            _cell(page, at, column, cell, forms, _worst(found))
            if found and comments < MOST_COMMENTS:
                comments += 1
                told = "\n".join(dict.fromkeys(words.printable(fault.reason) for fault in found))
                page.write_comment(at, column, told[:_LONGEST], {"author": "Clinic Reports", "x_scale": 2})
        _tell(page, at, sheet.width, faults, STATES[findings.rows[at]], forms, header, taken.get(at, ""))


def _tell(
    page: Any, row: int, column: int, faults: list[Fault], state: str, forms: "_Forms", header: Header, taken: str
) -> None:
    """The three columns at the right. `taken` is whom a row is taken for that gives an MRN alone."""
    if row == header[0]:
        for at, label in enumerate(_BESIDE):
            _text(page, row, column + at, label, forms.of("header", ""))
        return
    where = dict.fromkeys(", ".join(_column(fault, header)) for fault in faults)
    why = dict.fromkeys([*([f"Taken for {taken}."] if taken else []), *(fault.reason for fault in faults)])
    for at, text in enumerate((state, "; ".join(filter(None, where)), " ".join(why))):
        if text:
            _text(page, row, column + at, text, forms.of("text", _worst(faults)))


def _worst(faults: Iterable[Fault]) -> str:
    """The colour of a cell with these faults."""
    outcomes = {fault.outcome for fault in faults}
    return "" if not outcomes else _NOTED if outcomes == {"noted"} else _LEFT_OUT


class _Forms:
    """Cell formats by kind and colour, each made once."""

    _KINDS: dict[str, dict[str, Any]] = {  # noqa: RUF012
        "text": {},
        "header": {"bold": True},
        "day": {"num_format": "d mmm yyyy"},
        "moment": {"num_format": "d mmm yyyy hh:mm"},
    }

    def __init__(self, book: Any) -> None:
        self._book, self._made = book, dict[tuple[str, str], Any]()

    def of(self, kind: str, colour: str) -> Any:
        if (kind, colour) not in self._made:
            style = {"font_name": "Arial", "font_size": 10, "valign": "top", **self._KINDS[kind]}
            self._made[kind, colour] = self._book.add_format(style | ({"bg_color": colour} if colour else {}))
        return self._made[kind, colour]


def _cell(page: Any, row: int, column: int, cell: Cell, forms: _Forms, colour: str) -> None:
    """A cell as it came; what Excel cannot keep as what it is, as text."""
    form = forms.of("text", colour)
    if cell is None or cell == "":
        if colour:
            page.write_blank(row, column, None, form)
    elif isinstance(cell, bool):
        page.write_boolean(row, column, cell, form)
    elif isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) < _LARGEST:
        page.write_number(row, column, cell, form)
    elif isinstance(cell, date) and (moment := _dated(cell)) > FIRST:
        page.write_datetime(row, column, moment, forms.of("moment" if isinstance(cell, datetime) else "day", colour))
    else:
        _text(page, row, column, f"{cell:%H:%M}" if isinstance(cell, time) else str(cell), form)


def _dated(cell: date) -> datetime:
    return cell if isinstance(cell, datetime) else datetime.combine(cell, time())


def _text(page: Any, row: int, column: int, text: str, form: Any) -> None:
    page.write_string(row, column, words.printable(text)[:_LONGEST], form)
