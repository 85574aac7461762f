"""What is too much: for the process that reads, and in a sheet."""

from dataclasses import astuple, dataclass

from webapp.errors import SheetRefused
from webapp.uploads.workbook import letter

MEGABYTE = 1024 * 1024

ROWS = 100_000
"""Rows of data in a sheet. One more may stand above them, for the headers."""

COLUMNS = 300

CELLS = 2_000_000
"""In all sheets of a file, the empty ones within a sheet's rows and columns included: each takes some 50 bytes here and
in the process that asked."""

LETTERS = 32_767
"""Characters in a cell, as in Excel."""

TEXT = 50_000_000
"""Characters of a file as plain values in JSON. A workbook keeps a text once, however many cells show it."""

PARTS = 2_000
"""Files in the zip that a workbook is."""

UNPACKED = 200 * MEGABYTE
"""All parts of a workbook together. A sheet of CELLS cells has some 80 MB."""

RATIO, RATIO_MATTERS = 200, 20 * MEGABYTE
"""How many times its packed size a part that is larger than the second may have. Deflate reaches 1,032; sheets with the
same few values in all cells some 40."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the process that reads: seconds by the clock and of its CPU, bytes of address space, bytes of its answer."""

    seconds: float = 20
    cpu: int = 15
    memory: int = 800 * MEGABYTE
    answer: int = 100 * MEGABYTE

    def as_words(self) -> list[str]:
        return [repr(one) for one in astuple(self)]

    @classmethod
    def of(cls, words: list[str]) -> "Limits":
        seconds, cpu, memory, answer = words
        return cls(float(seconds), int(cpu), int(memory), int(answer))


def refuse_size(what: str, rows: int, columns: int, cells: int = 0) -> None:
    """Raise SheetRefused where a sheet is larger than may be. `what` names it in a sentence ("This sheet"); `cells` are
    those of the sheets before it."""
    if rows > ROWS + 1:
        # Whether the first row holds headers nobody knows yet; with so many, it does.
        raise SheetRefused(
            "rows",
            f"{what} has {rows - 1:,} rows under its first; at most {ROWS:,} can be read at once. "
            "Split it into smaller files, by day for example.",
        )
    if columns > COLUMNS:
        raise SheetRefused(
            "columns",
            f"{what} has {columns:,} columns; at most {COLUMNS} can be read. "
            "Keep the columns with patients and measurements, and delete or split off the others.",
        )
    if cells + rows * columns > CELLS:
        raise SheetRefused(
            "cells",
            f"{what} has {rows:,} rows of {columns:,} columns; at most {CELLS:,} cells can be read at once, "
            "in all sheets of a file together. Split it into smaller files, by day for example.",
        )


def refuse_text(row: int, column: int, letters: int) -> None:
    """Raise SheetRefused for a cell, counted from 0, with so many characters."""
    raise SheetRefused(
        "characters of a cell",
        f"The cell {cell_name(row, column)} holds {letters:,} characters; at most {LETTERS:,} can be read. "
        "Shorten it, or look for a quotation mark that is missing there.",
    )


def cell_name(row: int, column: int) -> str:
    """As a sheet calls the cell, which is counted from 0: C7."""
    return f"{letter(column)}{row + 1}"
