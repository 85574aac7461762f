"""Reads a workbook back: its summary, and a sheet for each table."""

from collections.abc import Sequence

from webapp import words
from webapp.figures import Cell, Document, Section, Table
from webapp.files import facts, patients, reconcile_excel_patients
from webapp.files.addresses import Differs, of_cell, of_metric, of_number, of_rows
from webapp.files.excel_parts import Book, Found, is_cell, is_figure, kept, letters

HEADER = 4
"""The row of a table's header, counted from one as Excel does."""


def compare(document: Document, raw: bytes, whole: bool) -> None:
    """Raises addresses.Differs for the first figure that the workbook does not show as it was frozen."""
    book = Book(raw)
    _summary(document, book)
    if patients.each(document):
        reconcile_excel_patients.compare(document, book)
        return
    tables = [(section, table) for section in document.content.sections for table in section.tables]
    if len(book.names()) != len(tables) + 1:
        raise Differs("number of tables")
    for sheet, (section, table) in enumerate(tables, 2):
        _table(book, sheet, section, table, whole)


def _summary(document: Document, book: Book) -> None:
    found = book.cells(1, 1, 10_000)
    labels = {text: row for (column, row), text in sorted(found.items(), reverse=True) if column == "A"}
    row = labels.get("Headline figures", 0)
    for metric in document.content.metrics:
        row += 1
        known = words.DASH if metric.value is None else metric.value
        if (found.get(("A", row)) or "") != kept(metric.label) or not is_figure(
            found.get(("B", row)), known, metric.kind
        ):
            raise Differs(of_metric(metric))
    rows = [row for (column, row), text in found.items() if column == "A" and text == "Records used"]
    if not any(found.get(("B", row)) == kept(facts.rows_used(document)) for row in rows):
        raise Differs(of_rows("read or used"))


def _table(book: Book, sheet: int, section: Section, table: Table, whole: bool) -> None:
    last = HEADER + len(table.rows) + bool(table.total)
    first = HEADER + 1 if whole else max(HEADER + 1, last - bool(table.total))
    found = book.cells(sheet, first, last + 1)
    names = [letters(at) for at in range(len(table.columns))]
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
        if not is_cell(other, cell, column, is_total=number is None):
            raise Differs(of_cell(section, table, number, column))
