"""Reads a workbook's XML back: every cell as the number or text that Excel would show."""

import html
import math
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from io import BytesIO

from webapp import words
from webapp.figures import Cell, Column, Document, Section, Table
from webapp.files import facts
from webapp.files.addresses import Differs, of_cell, of_metric, of_number, of_rows

HEADER = 4
"""The row of a table's header, counted from one as Excel does."""

_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: s="\d+")?(?: t="(\w+)")?(?:/>|><v>([^<]*)</v></c>)')
_STRING = re.compile(rb"<si><t(?: [^>]*)?>([^<]*)</t></si>")
_ESCAPED = re.compile("_x005F(?=_x[0-9A-Fa-f]{4}_)")
_FIRST_DAY = date(1899, 12, 30)
"""Excel's day 0, for all days from March 1900 on."""

_MOST_CELL = 32_767

Found = float | str | None


class _Book:
    """A workbook's parts. Sheets are counted from one, the summary first."""

    def __init__(self, raw: bytes) -> None:
        with zipfile.ZipFile(BytesIO(raw)) as parts:
            self.sheets = {
                int(name.removeprefix("xl/worksheets/sheet").removesuffix(".xml")): parts.read(name)
                for name in parts.namelist()
                if name.startswith("xl/worksheets/sheet")
            }
            self._strings = _STRING.findall(parts.read("xl/sharedStrings.xml"))

    def cells(self, sheet: int, first: int, last: int) -> dict[tuple[str, int], Found]:
        """What stands in the rows from `first` to `last`, by column and row."""
        part = self.sheets[sheet]
        start, end = part.find(b'<row r="%d"' % first), part.find(b'<row r="%d"' % (last + 1))
        found: dict[tuple[str, int], Found] = {}
        if start >= 0:
            for column, row, kind, value in _CELL.findall(part, start, end if end >= 0 else len(part)):
                if int(row) <= last:
                    found[column.decode(), int(row)] = self._value(kind, value)
        return found

    def _value(self, kind: bytes, value: bytes) -> Found:
        if not value:
            return None
        if kind != b"s":
            return float(value)
        return _ESCAPED.sub("", html.unescape(self._strings[int(value)].decode()))


def compare(document: Document, raw: bytes, whole: bool) -> None:
    """Raises addresses.Differs for the first figure that the workbook does not show as it was frozen."""
    book = _Book(raw)
    _summary(document, book)
    tables = [(section, table) for section in document.content.sections for table in section.tables]
    if len(book.sheets) != len(tables) + 1:
        raise Differs("number of tables")
    for sheet, (section, table) in enumerate(tables, 2):
        _table(book, sheet, section, table, whole)


def _summary(document: Document, book: _Book) -> None:
    found = book.cells(1, 1, 10_000)
    labels = {text: row for (column, row), text in sorted(found.items(), reverse=True) if column == "A"}
    row = labels.get("Headline figures", 0)
    for metric in document.content.metrics:
        row += 1
        known = words.DASH if metric.value is None else metric.value
        if (found.get(("A", row)) or "") != _kept(metric.label) or not _is(found.get(("B", row)), known, metric.kind):
            raise Differs(of_metric(metric))
    rows = [row for (column, row), text in found.items() if column == "A" and text == "Records used"]
    if not any(found.get(("B", row)) == _kept(facts.rows_used(document)) for row in rows):
        raise Differs(of_rows("read or used"))


def _table(book: _Book, sheet: int, section: Section, table: Table, whole: bool) -> None:
    last = HEADER + len(table.rows) + bool(table.total)
    first = HEADER + 1 if whole else max(HEADER + 1, last - bool(table.total))
    found = book.cells(sheet, first, last + 1)
    names = [_letters(at) for at in range(len(table.columns))]
    # Below the last line a row stays empty: more would be a row that is not the report's.
    if any(found.get((name, last + 1)) is not None for name in names):
        raise Differs(of_number(section, table))
    for at, row in enumerate(table.rows):
        if HEADER + 1 + at >= first:
            _row(section, table, at, row, [found.get((name, HEADER + 1 + at)) for name in names])
    if table.total:
        _row(section, table, None, table.total, [found.get((name, last)) for name in names])


def _row(section: Section, table: Table, number: int | None, row: Sequence[Cell], found: Sequence[Found]) -> None:
    for column, cell, other in zip(table.columns, row, found, strict=True):
        if not _is_cell(other, cell, column, is_total=number is None):
            raise Differs(of_cell(section, table, number, column))


def _is_cell(found: Found, cell: Cell, column: Column, is_total: bool) -> bool:
    if cell is None:
        return found == (words.DASH if column.kind == "text" and not is_total else None)
    return _is(found, cell, column.kind)


def _is(found: Found, cell: Cell, kind: str) -> bool:
    """Whether Excel holds this figure: a percent as a share, a day or month as the number of its first day, and other
    text, a figure that is withheld too, as text."""
    if isinstance(cell, int | float):
        wanted = cell / 100 if kind == "percent" else cell
        return isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-14, abs_tol=1e-300)
    if isinstance(found, float):
        return kind in ("day", "month") and found == _days(str(cell))
    return (found or "") == _kept(cell or "")


def _days(text: str) -> float:
    day = text.partition("/")[0]
    return float((date.fromisoformat(day if len(day) > len("2026-10") else f"{day}-01") - _FIRST_DAY).days)


def _kept(text: str) -> str:
    return text[:_MOST_CELL]


def _letters(column: int) -> str:
    """A column's name: 0 is A, 26 is AA."""
    first, second = divmod(column, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + second)
