"""A spreadsheet as plain values, whatever file it came in."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

Cell = str | int | float | bool | datetime | date | time | None
"""As the file has it; dates and times without a zone."""

Place = tuple[int, int]
"""Row and column of a cell within Sheet.rows, counted from 0."""


class TooLong(Exception):
    """A workbook holds too much text."""


def letter(column: int) -> str:
    """A column, counted from 0, as sheets call it: 0 is "A", 27 "AB"."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `rows` are all equally long, the last row and the last column hold something, and rows[0] is row 1 of
    the file, so that the number of a row is its index + 1. `merged` are (first row, first column, last row, last
    column) of merged cells, whose value stands in the first. `uncounted` are cells of formulas whose value the file
    does not hold; they are None in `rows`."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    uncounted: frozenset[Place] = frozenset()

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else 0


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets that hold anything, in their order; a CSV file is one without a name. `notes` are sentences about how
    it was read ("Read as Windows-1252.")."""

    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()

    def pack(self, most: int | None = None) -> bytes:
        """As compressed JSON, from which unpack() gives the same value. Raises TooLong where the JSON has more than
        `most` characters."""
        plain = {
            "sheets": [
                {
                    "name": sheet.name,
                    "rows": sheet.rows,
                    "merged": sheet.merged,
                    "uncounted": sorted(sheet.uncounted),
                }
                for sheet in self.sheets
            ],
            "notes": self.notes,
        }
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=_plain)
        if most is not None and len(text) > most:
            raise TooLong
        # A large sheet is packed and unpacked while somebody waits, and the closer levels take five times as long.
        return zlib.compress(text.encode("utf-8", "surrogatepass"), level=1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Workbook":
        plain = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"), object_hook=_cell)
        return cls(
            sheets=tuple(
                Sheet(
                    sheet["name"],
                    tuple(map(tuple, sheet["rows"])),
                    tuple(map(tuple, sheet["merged"])),
                    frozenset(map(tuple, sheet["uncounted"])),
                )
                for sheet in plain["sheets"]
            ),
            notes=tuple(plain["notes"]),
        )


_KINDS: dict[str, Callable[[str], Cell]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
}


def _plain(cell: Any) -> dict[str, str]:
    """What JSON has no word for."""
    return {type(cell).__name__: cell.isoformat()}


def _cell(plain: dict[str, Any]) -> Any:
    """Of an object in JSON: a cell, where it is one."""
    if len(plain) == 1:
        ((kind, text),) = plain.items()
        return _KINDS[kind](text)
    return plain
