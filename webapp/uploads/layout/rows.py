"""Which rows of a sheet hold data."""

import re
from dataclasses import dataclass

from webapp.uploads.layout import text
from webapp.uploads.layout.layout import MEASURES, Layout
from webapp.uploads.layout.numbers import is_absent
from webapp.uploads.workbook import Cell, Sheet

Row = tuple[Cell, ...]

_WHO = ("mrn", "name", "family", "given")
OF_PATIENTS = (*_WHO, "born", "born_day", "born_month", "born_year", "sex", "scale")
"""Fields of who is measured and by which scale."""
_TOTALS = text.listed(
    "total|totals|average|mean|avg|sum|subtotal|grand total|median|min|max|minimum|maximum|sd|std dev|count|n|"
    "range|total:|average:|mean:|overall|all patients"
)
_SURE_TOTALS = text.listed("total|totals|average|mean|subtotal|grand total|total:|average:|mean:")
_LEGEND = re.compile(r"\s*\w{1,3}\s*=\s*\S")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that hold data, with their index in the sheet, and those below the headers that hold none."""

    data: tuple[tuple[int, Row], ...]
    ignored: tuple[int, ...]


def rows_of(sheet: Sheet, layout: Layout) -> Rows:
    """Of the sheet below its headers. What stands above them, and rows that are empty, repeat the headers, add up or
    explain codes, hold no data. What is merged over several rows holds for each."""
    judge = _Judge(sheet, layout)
    filled = _filled_down(sheet, layout)
    data, ignored = [], [row for row in range(layout.first_row) if row < len(sheet.rows)]
    for at in range(layout.first_row, len(sheet.rows)):
        row = filled.get(at) or sheet.rows[at]
        if judge.holds_data(at, row):
            data.append((at, row))
        else:
            ignored.append(at)
    return Rows(tuple(data), tuple(ignored))


def _filled_down(sheet: Sheet, layout: Layout) -> dict[int, Row]:
    columns = {column.index for column in layout.of(*OF_PATIENTS, "moment", "day", "time")}
    found: dict[int, list[Cell]] = {}
    for top, left, bottom, _ in sheet.merged:
        if left in columns and bottom > top >= layout.first_row:
            for at in range(top + 1, min(bottom + 1, len(sheet.rows))):
                found.setdefault(at, list(sheet.rows[at]))[left] = sheet.rows[top][left]
    return {at: tuple(row) for at, row in found.items()}


class _Judge:
    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self._mrn = [column.index for column in layout.of("mrn")]
        self._who = [column.index for column in layout.of(*_WHO)]
        self._read = [column.index for column in layout.columns if column.field in MEASURES or column.field == "value"]
        self._known = [column.index for column in layout.columns if column.field is not None]
        self._uncounted: dict[int, set[int]] = {}
        for row, column in sheet.uncounted:
            self._uncounted.setdefault(row, set()).add(column)
        self._headers = [
            {at: cell for at, cell in enumerate(sheet.rows[row]) if not text.is_blank(cell)}
            for row in layout.header_rows
            if row < len(sheet.rows)
        ]

    def holds_data(self, at: int, row: Row) -> bool:
        formulas = self._uncounted.get(at, set())
        has_readings = any(row[column] is not None or column in formulas for column in self._read)
        who = [cell for column in self._who if not text.is_blank(cell := row[column])]
        if any(isinstance(row[first], str) and self._repeats(row) for first in self._known[:1]) or self._adds_up(row):
            return False
        if not has_readings or all(is_absent(row[column]) and column not in formulas for column in self._read):
            return bool(who) and self._is_somebody(row, who)
        return bool(who) or self._has_a_value(row, formulas)

    def _repeats(self, row: Row) -> bool:
        """Whether the headers stand in it again."""
        for header in self._headers:
            same = sum(row[at] == cell for at, cell in header.items())
            if same >= 2 or same == len(header):
                return True
        return False

    def _adds_up(self, row: Row) -> bool:
        for column in self._mrn:
            cell = row[column]
            if cell is not None:
                return isinstance(cell, str) and cell.strip().casefold() in _TOTALS
        for cell in row:
            if isinstance(cell, str):
                return cell.strip().casefold() in _SURE_TOTALS
        return False

    def _has_a_value(self, row: Row, formulas: set[int]) -> bool:
        """Of a row without a patient: whether it has readings all the same, and no mere words below the table."""
        return bool(formulas & set(self._read)) or any(
            any(sign.isdigit() for sign in text.shown(row[column])) and not _LEGEND.match(text.shown(row[column]))
            for column in self._read
        )

    def _is_somebody(self, row: Row, who: list[Cell]) -> bool:
        """Of a row without readings: whether it tells of a patient, or is a heading or a legend."""
        filled = [cell for cell in row if not text.is_blank(cell)]
        if (len(filled) == 1 and len(row) > 2) or any(isinstance(cell, str) and _LEGEND.match(cell) for cell in filled):
            return False
        mrn = "".join(text.shown(row[column]) for column in self._mrn)
        return any(sign.isdigit() for sign in mrn) or len(who) > 1 or not self._mrn
