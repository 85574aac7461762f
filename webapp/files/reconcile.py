"""Reads a file back, and proves that it says what was frozen.

Each format is read by another way than it was written: PDF by its text, a workbook by its XML, CSV and JSON by their
parsers. Before a file is kept, its headline figures, totals, number of rows and what was read and used are compared,
which costs little; and every cell of every table where `whole` asks for it, as tests do. JSON is always compared whole,
and so is whatever tells of single patients: their identifiers and every figure of theirs.
A figure that is withheld is the text "[c]" in all of them.
"""

import csv
import json
import zipfile
from dataclasses import fields, is_dataclass
from typing import Any, BinaryIO

import pypdfium2

from webapp.errors import FiguresDiffer, WrongPatient
from webapp.figures import Cell, Document, Section, Table
from webapp.files import guard, patients, reconcile_csv, reconcile_excel, reconcile_pdf
from webapp.files.addresses import Differs, of_cell, of_metric, of_number, of_rows

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

    A PDF of patients is always read whole, each page against the patient it is about: guard.py.

    Raises errors.FiguresDiffer with the address of the first figure that is not there, and errors.WrongPatient with the
    page that does not show what it should of its patient. The stream is left at its beginning.
    """
    stream.seek(0)
    try:
        _compare(document, format_name, stream, whole)
    except guard.WrongPage as wrong:
        raise WrongPatient(format_name, wrong.address) from None
    except Differs as difference:
        raise FiguresDiffer(format_name, difference.address) from None
    except _UNREADABLE as fault:
        # The parser's own words may hold text of the file.
        raise FiguresDiffer(format_name, f"what can be read ({type(fault).__name__})") from None
    finally:
        stream.seek(0)


def _compare(document: Document, format_name: str, stream: BinaryIO, whole: bool) -> None:
    if format_name == "pdf":
        # Read from where it is, for one of thousands of pages takes as much memory as a report.
        pages = guard.check(document, stream) if patients.sections(document) else None
        reconcile_pdf.compare(document, stream, whole, pages)
        return
    raw = stream.read()
    if format_name == "excel":
        reconcile_excel.compare(document, raw, whole)
    elif format_name == "csv":
        reconcile_csv.compare(document, raw, whole)
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
