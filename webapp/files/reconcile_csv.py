"""Reads a CSV file back: a line for each figure, and whose it is."""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import replace

from webapp.figures import Cell, Document, Metric, Section, Subject, Table
from webapp.files import patients, to_csv
from webapp.files.addresses import Differs, of_cell, of_metric, of_number, of_row, of_rows

_IDENTIFIERS = len(to_csv.IDENTIFIERS)
_NOBODY = [""] * _IDENTIFIERS


class _Lines:
    """The lines of a CSV file, read on from `at`; so many were passed over on the way."""

    def __init__(self, lines: list[list[str]]) -> None:
        self.lines = lines
        self.at = self.passed = 0

    def find(self, wanted: list[str], address: str) -> None:
        """Goes on past the next line that begins with what is wanted."""
        for at in range(self.at, len(self.lines)):
            if self.lines[at][:4] == wanted:
                self.passed += at - self.at
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


def compare(document: Document, raw: bytes, whole: bool) -> None:
    """Raises addresses.Differs for the first figure that the file does not show as it was frozen."""
    read = csv.reader(io.TextIOWrapper(io.BytesIO(raw), "utf-8-sig", newline=""), strict=True)
    if patients.each(document):
        _compare_patients(document, read)
    else:
        _compare_all(document, _Lines(list(read)), whole)


def _compare_patients(document: Document, read: Iterator[list[str]]) -> None:
    """Blocks of lines that begin with the same identifiers: those of nobody, of each patient in turn, of nobody."""
    next(read)
    blocks = itertools.groupby(read, _identifiers)
    about_all = [_block(blocks, _NOBODY, "lines of nobody")]
    overview, listed = patients.overview(document), patients.as_listed(document)
    for at, (section, subject) in enumerate(patients.each(document)):
        ids = [_text(subject.name), _text(subject.born), _text(subject.mrn)]
        lines = _Lines(_block(blocks, ids, f"identifiers of {section.key}"))
        row = replace(listed, rows=(listed.rows[at],), total=None, note="") if listed else None
        _compare_patient(section, subject, row, lines)
    about_all.append(_block(blocks, _NOBODY, "lines of nobody"))
    if next(blocks, None):
        raise Differs("number of patients")
    others = tuple(
        replace(section, tables=tuple(table for table in section.tables if table is not overview))
        for section in document.content.sections
        if section.subject is None
    )
    _compare_all(
        replace(document, content=replace(document.content, sections=others)),
        _Lines([*itertools.chain(*about_all)]),
        True,
    )


def _block(blocks: Iterator[tuple[list[str], Iterator[list[str]]]], ids: list[str], address: str) -> list[list[str]]:
    """The next block without its identifiers, which must be these."""
    found, lines = next(blocks, ([], iter(())))
    if found != ids:
        raise Differs(address)
    return [line[_IDENTIFIERS:] for line in lines]


def _identifiers(line: list[str]) -> list[str]:
    return line[:_IDENTIFIERS]


def _compare_patient(section: Section, subject: Subject, row: Table | None, lines: "_Lines") -> None:
    """Every line of a patient, and no other."""
    for measure, told in to_csv.about(subject):
        if lines.next() != ["Patient", "", measure, _text(told)]:
            raise Differs(f"{measure} of {section.key}")
    for metric in section.metrics:
        lines.find([to_csv.LATEST, _text(metric.label), "Value", _text(metric.value)], of_metric(metric))
        if metric.note:
            lines.find([to_csv.LATEST, _text(metric.label), "Note", _text(metric.note)], of_metric(metric))
    passed = lines.passed
    for table in section.tables:
        _compare_table(section, table, lines, True, table.title)
        if table.note and lines.next() != [_text(table.title), "", "Note", _text(table.note)]:
            raise Differs(of_number(section, table))
    if row:
        _compare_table(section, row, lines, True, row.title)
    if lines.following() or lines.passed != passed:
        raise Differs(f"number of lines of {section.key}")


def _compare_all(document: Document, lines: "_Lines", whole: bool) -> None:
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


def _compare_table(section: Section, table: Table, lines: _Lines, whole: bool, title: str = "") -> None:
    """A line for each figure, row by row; after a month that is cut short, one for its days. Without `whole` the rows
    between the first and the last are passed over by their number."""
    alone = len(section.tables) == 1 or table.title == section.title
    name = _text(title or (section.title if alone else f"{section.title}: {table.title}"))
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
