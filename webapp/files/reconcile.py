"""Reads a file back, and proves that it says what was frozen.

Each format is read by another way than it was written: PDF by its text, a workbook by its XML, CSV and JSON by their
parsers. Before a file is kept, its headline figures, totals, number of rows and what was read and used are compared,
which costs little; and every cell of every table where `whole` asks for it, as tests do. JSON is always compared whole.
A figure that is withheld is the text "[c]" in all of them.
"""

import csv
import io
import json
import zipfile
from dataclasses import fields, is_dataclass
from typing import Any, BinaryIO

import pypdfium2

from webapp.errors import FiguresDiffer
from webapp.figures import Cell, Document, Metric, Section, Table
from webapp.files import reconcile_excel, reconcile_pdf
from webapp.files.addresses import Differs, of_cell, of_metric, of_number, of_row, of_rows

_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    csv.Error,
    zipfile.BadZipFile,
    pypdfium2.PdfiumError,
)
"""What the parsers raise for a file that is not one of its format, or not whole."""


def check(document: Document, format_name: str, stream: BinaryIO, whole: bool = False) -> None:
    """Compares the file in `stream`, drawn from `document` as it was thawed, with what it should say.

    Raises errors.FiguresDiffer with the address of the first figure that is not there. The stream is left at its
    beginning.
    """
    stream.seek(0)
    raw = stream.read()
    stream.seek(0)
    try:
        _compare(document, format_name, raw, whole)
    except Differs as difference:
        raise FiguresDiffer(format_name, difference.address) from None
    except _UNREADABLE as fault:
        # The parser's own words may hold text of the file.
        raise FiguresDiffer(format_name, f"what can be read ({type(fault).__name__})") from None


def _compare(document: Document, format_name: str, raw: bytes, whole: bool) -> None:
    if format_name == "pdf":
        reconcile_pdf.compare(document, raw, whole)
    elif format_name == "excel":
        reconcile_excel.compare(document, raw, whole)
    elif format_name == "csv":
        _compare_csv(document, raw, whole)
    else:
        _compare_json(document, raw)


def _compare_json(document: Document, raw: bytes) -> None:
    read = json.loads(raw)
    if read["figures_sha256"] != document.figures_sha256:
        raise Differs("figures_sha256")
    found, content = read["content"], document.content
    _same_items(content.metrics, found["metrics"], of_metric, "headline figures")
    for section, part in zip(content.sections, found["sections"], strict=True):
        for table, said in zip(section.tables, part["tables"], strict=True):
            _same_table(section, table, said)
    for name in ("read", "used"):
        if found["rows"][name] != getattr(content.rows, name):
            raise Differs(of_rows(name))
    _same(content, found, "content")


def _same_items(items: Any, found: list[Any], address: Any, all_of_them: str) -> None:
    if len(items) != len(found):
        raise Differs(f"number of {all_of_them}")
    for item, other in zip(items, found, strict=True):
        _same(item, other, address(item))


def _same_table(section: Section, table: Table, said: dict[str, Any]) -> None:
    if len(said["rows"]) != len(table.rows):
        raise Differs(of_number(section, table))
    for number, (cells, found) in enumerate(zip(table.rows, said["rows"], strict=True)):
        if list(cells) != found:
            _same_row(section, table, number, cells, found)
    if table.total and list(table.total) != said["total"]:
        _same_row(section, table, None, table.total, said["total"])


def _same_row(section: Section, table: Table, row: int | None, cells: tuple[Cell, ...], found: Any) -> None:
    for column, cell, other in zip(table.columns, cells, found or (), strict=True):
        if cell != other:
            raise Differs(of_cell(section, table, row, column))


def _same(frozen: Any, found: Any, address: str) -> None:
    """Raises Differs with the place of the first difference between what was frozen and plain JSON."""
    if is_dataclass(frozen):
        names = [field.name for field in fields(frozen)]
        if sorted(names) != sorted(found):
            raise Differs(address)
        for name in names:
            _same(getattr(frozen, name), found[name], f"{address}.{name}")
    elif isinstance(frozen, tuple) and isinstance(found, list):
        if len(frozen) != len(found):
            raise Differs(address)
        if frozen and list(frozen) != found:
            for at, (one, other) in enumerate(zip(frozen, found, strict=True)):
                _same(one, other, f"{address}[{at}]")
    elif frozen != found:
        raise Differs(address)


class _Lines:
    """The lines of a CSV file, read on from `at`."""

    def __init__(self, raw: bytes) -> None:
        self.lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
        self.at = 0

    def find(self, wanted: list[str], address: str) -> None:
        """Goes on past the next line that begins with what is wanted."""
        for at in range(self.at, len(self.lines)):
            if self.lines[at][:4] == wanted:
                self.at = at + 1
                return
        raise Differs(address)

    def following(self) -> list[str]:
        """The next line, which stays the next."""
        return self.lines[self.at][:4] if self.at < len(self.lines) else []

    def next(self) -> list[str]:
        """The next line, which is passed."""
        said = self.following()
        self.at += 1
        return said


def _compare_csv(document: Document, raw: bytes, whole: bool) -> None:
    lines = _Lines(raw)
    content = document.content
    for metric in content.metrics:
        lines.find(["Headline", _text(metric.label), "Value", _text(metric.value)], of_metric(metric))
        _compare_change(metric, lines)
    for section in content.sections:
        for table in section.tables:
            _compare_table(section, table, lines, whole)
    for name, count in (("read", content.rows.read), ("used", content.rows.used)):
        lines.find(["Rows", "", name.capitalize(), _text(count)], of_rows(name))


def _compare_change(metric: Metric, lines: _Lines) -> None:
    if metric.change:
        said = lines.next()
        while said and not said[2].startswith("Change "):
            said = lines.next()
        if said[3:] != [_text(metric.change.difference)]:
            raise Differs(of_metric(metric))
        if metric.change.percent is not None and lines.next()[3:] != [_text(metric.change.percent)]:
            raise Differs(of_metric(metric))


def _compare_table(section: Section, table: Table, lines: _Lines, whole: bool) -> None:
    """A line for each figure, row by row; after a month that is cut short, one for its days. Without `whole` the rows
    between the first and the last are passed over by their number."""
    alone = len(section.tables) == 1 or table.title == section.title
    name = _text(section.title if alone else f"{section.title}: {table.title}")
    for at, row in enumerate(table.rows):
        if at == 1 and not whole:
            lines.at += sum(_length(table, one) for one in table.rows[1:-1])
        if at in (0, len(table.rows) - 1) or whole:
            _compare_row(section, table, at, row, name, lines)
    if table.total and len(table.columns) > 1:
        _compare_row(section, table, None, table.total, name, lines)
    elif table.rows and lines.following()[::2] == [name, _text(table.columns[-1].label)]:
        raise Differs(of_number(section, table))


def _length(table: Table, row: tuple[Cell, ...]) -> int:
    return max(1, len(row) - 1) + _is_cut_short(table, row)


def _is_cut_short(table: Table, row: tuple[Cell, ...]) -> bool:
    return table.columns[0].kind == "month" and "/" in str(row[0]) and len(row) > 1


def _compare_row(
    section: Section, table: Table, number: int | None, row: tuple[Cell, ...], name: str, lines: _Lines
) -> None:
    """A total has no line where it has no figure."""
    key = _text(str(row[0]).partition("/")[0][: len("2026-11")] if _is_cut_short(table, row) else row[0])
    columns = list(zip(table.columns, row, strict=True))
    for column, cell in columns[1:] or columns:
        if number is None and cell is None:
            continue
        wanted, address = [name, key, _text(column.label), _text(cell)], of_cell(section, table, number, column)
        if number == 0 and column is (columns[1:] or columns)[0][0]:
            lines.find(wanted, address)
        elif (said := lines.next()) != wanted:
            raise Differs(address if said[:3] == wanted[:3] else of_number(section, table))
    if number is not None and _is_cut_short(table, row) and lines.next()[2:3] != ["Days of the month"]:
        raise Differs(of_row(section, table, number))


def _text(cell: Cell) -> str:
    """A cell as CSV has it: with an apostrophe before what a spreadsheet would take for a formula."""
    if cell is None:
        return ""
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text[:1] in ("=", "+", "-", "@") else text
