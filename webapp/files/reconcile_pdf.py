"""Reads the text of a PDF back. Where a line breaks is not what is asked, so spaces do not count, and neither do
hyphens: a reader takes one at the end of a line for that of a word that was cut.

A row of a table is looked for as a whole, its cells one after the other, each row behind the one before. Names in other
scripts are passed over: what was drawn joined, marked or from right to left is not read back as it was written. A line
with such a name from right to left is read back in another order: of its figures only the digits are looked for.
"""

import itertools
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pypdfium2

from webapp import words
from webapp.figures import Cell, Column, Document, Metric, Section, Table
from webapp.files import facts, papers, patients, pdf_sections, pdf_tables
from webapp.files.addresses import Differs, of_cell, of_metric, of_row, of_rows

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2010\u2011\ufffe\ufeff\x02-]+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")

_LONGEST = 60
"""Characters of a text that is surely drawn whole."""

_SURELY = 20
"""Characters of a headline figure in words that are drawn whatever it is."""

_ROWS = 6
"""Rows of each table that are looked for in a quick look: the first, the last, and some between."""

PDFIUM = threading.Lock()
"""The library may be in use by one thread only."""


def compare(document: Document, source: bytes | BinaryIO, whole: bool, pages: Sequence[int] | None = None) -> None:
    """Raises addresses.Differs for the first figure that the PDF does not show as it was frozen. The pages of single
    patients and the list of them are left to guard.py; the others are `pages`, from one, all of them where it is None.
    """
    text = read(source, pages)
    metrics = document.content.metrics
    is_mixed = any(_RIGHT_TO_LEFT.search(f"{one.label}{one.value}{one.unit}") for one in metrics)
    for metric in metrics:
        if not (_shows_digits(metric, text) if is_mixed else _shows(metric, text)):
            raise Differs(of_metric(metric))
    every = len(patients.sections(document))
    for section in document.content.sections:
        listed = patients.list_in(section, every) if every else None
        for table in section.tables if not section.subject else ():
            if table is not listed:
                _table(section, table, document.presentation.paper, text, whole)
    rows = document.content.rows
    used = f"{words.cell(rows.used)} of {words.cell(rows.read)} "
    if text.find(squeezed(used)) < 0:
        raise Differs(of_rows("read or used"))


class Text:
    """What a PDF says, page by page in the order it is drawn, without spaces; `starts` are the places that had one
    before them, so that the end of one number and the beginning of the next can be told apart."""

    def __init__(self, said: str) -> None:
        parts = _seen(said).split()
        self.said = "".join(parts)
        self.starts = {0, *itertools.accumulate(map(len, parts))}

    def find(self, literal: str, start: int = 0) -> int:
        """Where `literal` stands from `start` on, not as a part of a longer number; -1 where it does not."""
        at = self.said.find(literal, start)
        while at >= 0 and (self._goes_on(at) or self._goes_on(at + len(literal))):
            at = self.said.find(literal, at + 1)
        return at

    def _goes_on(self, at: int) -> bool:
        """Whether a number goes on from before this place to behind it."""
        return self.said[at - 1 : at].isdigit() and self.said[at : at + 1].isdigit() and at not in self.starts


def read(source: bytes | BinaryIO, pages: Sequence[int] | None = None) -> Text:
    """The text of a PDF, or of those pages of it. Raises pypdfium2.PdfiumError for what is none."""
    said = []
    with PDFIUM, pypdfium2.PdfDocument(source) as pdf:
        for number in range(1, len(pdf) + 1) if pages is None else pages:
            page = pdf[number - 1]
            text = page.get_textpage()
            said.append(text.get_text_range())
            text.close()
            page.close()
    return Text("\n".join(said))


def squeezed(text: str) -> str:
    return "".join(_seen(text).split())


def _seen(text: str) -> str:
    return _UNSEEN.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))


def _shows(metric: Metric, text: Text) -> bool:
    """Whether the figure stands right behind its label; one of words, or under a label that was cut, with less."""
    value, label = facts.value(metric), squeezed(metric.label)
    behind = label if _is_plain(metric.label) and text.find(label) >= 0 else ""
    if isinstance(metric.value, str):
        beginning = value[:_SURELY]
        return not _is_plain(beginning) or behind + squeezed(beginning) in text.said
    return text.find(behind + squeezed(value)) >= 0


def _shows_digits(metric: Metric, text: Text) -> bool:
    """The least that is there where a neighbour on the same line is written from right to left."""
    is_figure = isinstance(metric.value, int | float)
    return not is_figure or all(digits in text.said for digits in _NUMBER.findall(facts.value(metric)))


@dataclass(frozen=True, slots=True)
class _Shown:
    """Rows of a table with their numbers, the total's None, and the columns, by number, that stand side by side."""

    section: Section
    table: Table
    rows: Sequence[tuple[int | None, Sequence[Cell]]]
    part: Sequence[int]

    def missing(self, text: Text) -> str | None:
        """The address of the first row that does not stand behind the one before."""
        place = 0
        for number, row in self.rows:
            cells = self._cells(number, row)
            if any(_RIGHT_TO_LEFT.search(cell) for cell in row if isinstance(cell, str)):
                if not all(digits in text.said for digits in _numbers(cells)):
                    return of_row(self.section, self.table, number)
                continue
            start = place
            for literal in _literals(cells, text):
                at = text.find(literal, place)
                if at < 0:
                    return self._nearest(number, cells, text, start)
                place = at + len(literal)
        return None

    def _cells(self, number: int | None, row: Sequence[Cell]) -> list[tuple[Column, str]]:
        columns = [self.table.columns[at] for at in self.part]
        return [
            (column, pdf_tables.said(row[at], column, number is None))
            for at, column in zip(self.part, columns, strict=True)
        ]

    def _nearest(self, number: int | None, cells: Sequence[tuple[Column, str]], text: Text, start: int) -> str:
        """The address of the cell up to which the row can be read."""
        for last, (column, _) in enumerate(cells, 1):
            place = start
            for literal in _literals(cells[:last], text):
                place = text.find(literal, place)
                if place < 0:
                    return of_cell(self.section, self.table, number, column)
        return of_row(self.section, self.table, number)


def _table(section: Section, table: Table, paper: str, text: Text, whole: bool) -> None:
    """Looks for the table as one, then as the parts that it is cut into where it is wider than the page. A heat map
    that stands for its table is one; the names of its rows may be cut, so only its figures are looked for."""
    if not table.rows:
        return
    lines = [*enumerate(table.rows)]
    if not whole and len(lines) > _ROWS:
        lines = [lines[at * (len(lines) - 1) // (_ROWS - 1)] for at in range(_ROWS)]
    rows: list[tuple[int | None, Sequence[Cell]]] = [*lines, *([(None, table.total)] if table.total else [])]
    is_map = any(chart.shape == "heat" and chart.table == table.key for chart in section.charts)
    missing = _Shown(section, table, rows, range(1 if is_map else 0, len(table.columns))).missing(text)
    parts = pdf_tables.parts(table, pdf_sections.page_of(table, papers.of(paper)).width) if missing else []
    if len(parts) > 1:
        parted = (_Shown(section, table, rows, part).missing(text) for part in parts)
        missing = next((address for address in parted if address), None)
    if missing:
        raise Differs(missing)


def _literals(cells: Sequence[tuple[Column, str]], text: Text) -> Iterator[str]:
    """What must stand together: neighbouring cells, up to a name that may be drawn in another way."""
    run = ""
    for column, cell in cells:
        is_figure = column.kind in pdf_tables.FIGURES
        if _is_plain(cell) and (is_figure or text.find(squeezed(cell)) >= 0):
            run += squeezed(cell)
        elif run:
            yield run
            run = ""
    if run:
        yield run


def _numbers(cells: Sequence[tuple[Column, str]]) -> Iterator[str]:
    """The digits of figures: beside a name from right to left, signs may be read back on their other side."""
    figures = (cell for column, cell in cells if column.kind in pdf_tables.FIGURES and _is_plain(cell))
    return (number for cell in figures for number in _NUMBER.findall(cell))


def _is_plain(text: str) -> bool:
    """Whether a text is drawn and read back letter by letter."""
    return len(text) <= _LONGEST and (text.isascii() or all(char.isascii() or char in "–−" for char in text))
