"""CSV with any separator and any line ends becomes plain values: texts, and None for what is empty.

Quotation marks follow RFC 4180, section 2. A mark that is never closed, or that has text behind its closing one, ends
with its line, so that it cannot swallow the rows below it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from webapp.errors import SheetRefused
from webapp.uploads.reading.letters import text_of
from webapp.uploads.reading.limits import COLUMNS, LETTERS, ROWS, refuse_size, refuse_text
from webapp.uploads.workbook import Sheet, Workbook

_SEPARATORS = "\t;|,"
"""Of two that fit as well the first is taken: where there are semicolons in each row, commas are decimal ones."""
_SAMPLE_ROWS = 200
_SAMPLE_LETTERS = 200_000

_LINES_IN_CELL = 50
"""More line breaks than that within a row are a quotation mark that was forgotten."""

_ROWS_NAMED = 5

_NAMED = re.compile(r"sep=([^\s\"]|\t)[^\S\r\n]*(?:\r\n|\r|\n|$)", re.I)
"""Excel's own way of naming the separator, in a first line that it does not show."""


class _Broken(Exception):
    """Quotation marks that cannot be meant so, or a cell so long that some must be missing."""


def read_delimited(content: bytes) -> Workbook:
    """One sheet without a name. Raises SheetRefused."""
    text, notes = text_of(content)
    if named := _NAMED.match(text):
        separator, text = named[1], text[named.end() :]
    else:
        separator = _separator(text)
    try:
        rows = _collected(_strictly(text, separator))
    except _Broken:
        loose: list[int] = []
        rows = _collected(_line_by_line(text, separator, loose))
        notes += _note_of_loose(loose)
    if not rows:
        raise SheetRefused("nothing in it", "There is nothing in this sheet. Look whether it is the right file.")
    width = max(map(len, rows))
    refuse_size("This sheet", len(rows), width)
    for row in rows:
        if len(row) < width:
            row.extend([None] * (width - len(row)))
    return Workbook((Sheet("", tuple(map(tuple, rows))),), notes)


def _collected(read: Iterable[list[str]]) -> list[list[str | None]]:
    """Up to the last row that holds anything, each up to its last cell that does. Raises SheetRefused."""
    rows: list[list[str | None]] = []
    height = width = 0
    for number, row in enumerate(read):
        while row and not row[-1]:
            row.pop()
        if not row:
            continue
        height = number + 1
        if len(row) > width:
            width = len(row)
        # Beyond the limits they are only counted, for the sentence that says how many there are.
        if number <= ROWS and width <= COLUMNS:
            rows.extend([] for _ in range(number - len(rows)))
            rows.append([cell or None for cell in row] if "" in row else [*row])
    refuse_size("This sheet", height, width)
    return rows


def _strictly(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(LETTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 0
    try:
        for row in reader:
            if reader.line_num - line > _LINES_IN_CELL:
                raise _Broken
            line = reader.line_num
            yield row
    except csv.Error as fault:
        raise _Broken from fault


def _line_by_line(text: str, separator: str, loose: list[int]) -> Iterator[list[str]]:
    """Rows. One whose quotation marks are wrong is its first line alone, and its number, from 1, goes to `loose`.

    Raises SheetRefused for a cell that is too long.
    """
    csv.field_size_limit(len(text) + 1)
    lines = list(io.StringIO(text, newline=""))
    at = number = 0
    while at < len(lines):
        number += 1
        reader = csv.reader(islice(lines, at, at + _LINES_IN_CELL), delimiter=separator, strict=True)
        try:
            row = next(reader)
            at += reader.line_num
        except csv.Error:
            row = next(csv.reader([lines[at]], delimiter=separator))
            loose.append(number)
            at += 1
        longest = max(range(len(row)), key=lambda column: len(row[column]), default=0)
        if row and len(row[longest]) > LETTERS:
            refuse_text(number - 1, longest, len(row[longest]))
        yield row


def _note_of_loose(rows: list[int]) -> tuple[str, ...]:
    if not rows:
        return ()
    some = ", ".join(map(str, rows[:_ROWS_NAMED])) + (
        f" and {len(rows) - _ROWS_NAMED:,} more" if len(rows) > _ROWS_NAMED else ""
    )
    return (f"Quotation marks do not come in pairs in {'row' if len(rows) == 1 else 'rows'} {some}: look there.",)


def _separator(text: str) -> str:
    """The one that gives most rows the same number of cells, the row of headers included.

    A separator within cells ("36,8" or "a; b") is mostly not in the headers, so that its rows begin one later.
    """
    csv.field_size_limit(_SAMPLE_LETTERS)
    sample = text[:_SAMPLE_LETTERS]
    lines = [line for line in islice(io.StringIO(sample, newline=""), _SAMPLE_ROWS) if line.strip()]
    found = [(_fit(lines, separator), separator) for separator in _SEPARATORS]
    (share, *_), best = max(found, key=lambda one: one[0])
    return best if share else _SEPARATORS[-1]


def _fit(lines: list[str], separator: str) -> tuple[float, ...]:
    """The higher the better: whether half of the rows and more have the same number of cells, how early they begin, and
    how many such rows of how many cells there are. Nothing at all where it divides no row."""
    widths = [len(next(csv.reader([line], delimiter=separator))) for line in lines]
    several = Counter(width for width in widths if width > 1)
    if not several:
        return (0, 0, 0)
    width, rows = max(several.items(), key=lambda one: (one[1], one[0]))
    share = rows / len(widths)
    return (1 if share >= 0.5 else 0.5, -widths.index(width), share * (1 - 1 / width))
