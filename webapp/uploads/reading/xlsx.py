"""A workbook becomes plain values: read by calamine, and put right where calamine leaves something out."""

import re
from collections.abc import Callable
from datetime import MAXYEAR, date, datetime, time, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, load_workbook

from webapp.errors import SheetRefused
from webapp.uploads.reading.cells import Cells, refuse_far
from webapp.uploads.reading.limits import LETTERS, refuse_size
from webapp.uploads.reading.parts import Formats, Listed, formats, has_stale_values, listed_sheets
from webapp.uploads.reading.zips import Package, damaged, opened
from webapp.uploads.workbook import Cell, Place, Sheet, Workbook

Rows = list[list[Cell]]

_EXACT = 2**53
"""Whole numbers below it are exact in the only kind of number that a sheet has."""

_LONG = re.compile(rb"<(?:\w+:)?t(?:\s[^<>]*)?>[^<]{%d}" % (LETTERS * 4 + 1))
"""A text of more letters than a cell may have, whatever its letters: in UTF-8 each has four bytes at most."""


def read_xlsx(path: Path, suffix: str = "") -> Workbook:
    """The sheets that can be seen and hold anything. Raises SheetRefused."""
    try:
        with opened(path, suffix) as package, load_workbook(path) as workbook:
            return _all_sheets(package, workbook)
    except PasswordError as fault:
        raise SheetRefused(
            "password", "This workbook is protected with a password. Remove it, and upload it again."
        ) from fault
    except CalamineError as fault:
        raise damaged() from fault


def _all_sheets(package: Package, workbook: CalamineWorkbook) -> Workbook:
    tables = {one.name for one in workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet}
    listed = [one for one in listed_sheets(package) if one.name in tables]
    of_cells, stale = formats(package), has_stale_values(package)
    sheets: list[Sheet] = []
    _refuse_long(package.read("xl/sharedStrings.xml"))
    for one in listed:
        if not one.hidden:
            before = sum(len(sheet.rows) * sheet.width for sheet in sheets)
            sheet = _sheet(one, package.read(one.part), workbook, of_cells, stale, before)
            sheets += [sheet] if sheet.rows else []
    hidden = [f"The hidden sheet “{one.name}” was left out." for one in listed if one.hidden]
    if not sheets:
        why = " All its sheets are hidden; show the one to be read." if hidden and len(hidden) == len(listed) else ""
        raise SheetRefused(
            "nothing in it", f"There is nothing in this sheet.{why or ' Look whether it is the right file.'}"
        )
    return Workbook(tuple(sheets), tuple(hidden))


def _sheet(
    listed: Listed, xml: bytes, workbook: CalamineWorkbook, of_cells: Formats, stale: bool, cells_before: int
) -> Sheet:
    called = f"The sheet “{listed.name}”"
    refuse_far(xml, called)
    if b"inlineStr" in xml:
        _refuse_long(xml)
    cells = Cells(xml)
    found = cells.found(of_cells.percent, stale)
    source = workbook.get_sheet_by_name(listed.name)
    refuse_size(called, source.total_height, source.total_width, cells_before)
    rows = _plain_rows(source)
    for place in sorted(found.uncounted | set(found.errors)):
        _reach(rows, *place)
    refuse_size(called, len(rows), len(rows[0]) if rows else 0, cells_before)
    for (row, column), shown in found.errors.items():
        rows[row][column] = shown
    for row, column in found.uncounted:
        rows[row][column] = None
    _each(rows, found.percent, _as_percent)
    if of_cells.moment:
        days = [(row, at) for row, line in enumerate(rows) for at, cell in enumerate(line) if type(cell) is date]
        _each(rows, cells.of_formats_among(of_cells.moment, days), _with_midnight)
    _cut(rows, found.uncounted)
    height, width = len(rows), len(rows[0]) if rows else 0
    return Sheet(
        listed.name,
        tuple(map(tuple, rows)),
        tuple(
            (top, left, min(bottom, height - 1), min(right, width - 1))
            for (top, left), (bottom, right) in sorted(source.merged_cell_ranges or ())
            if top < height and left < width
        ),
        found.uncounted,
    )


def _refuse_long(xml: bytes) -> None:
    if _LONG.search(xml):
        raise SheetRefused(
            "characters of a cell", f"A cell of this workbook holds more than {LETTERS:,} characters. Shorten it."
        )


def _plain_rows(source: CalamineSheet) -> Rows:
    """From the cell A1 on, all rows equally long."""
    found: list[list[Any]] = source.to_python(skip_empty_area=False)
    # Most cells are texts and whole numbers, and a call for each would take as long as all of calamine's reading.
    return [
        [
            cell
            if (kind := type(cell)) is str and cell
            else int(cell)
            if kind is float and -_EXACT < cell < _EXACT and cell.is_integer()
            else _PLAIN[kind](cell)
            for cell in row
        ]
        for row in found
    ]


def _fraction(cell: float) -> float | str:
    """A number that is none, which only another program than a spreadsheet writes, is text."""
    return cell if isfinite(cell) else str(cell)


def _moment(cell: datetime) -> datetime:
    """To the second: days are kept as fractions, in which 8:30 may be a microsecond before."""
    if not cell.microsecond:
        return cell
    # Never past the last second that there is.
    late = cell.microsecond >= 500_000 and cell.year < MAXYEAR
    return cell.replace(microsecond=0) + timedelta(seconds=int(late))


def _time(cell: time) -> time:
    return _moment(datetime.combine(date(2000, 1, 1), cell)).time()


def _duration(cell: timedelta) -> time | str:
    """The time of day, which some write as hours since midnight; or what it shows, "26:30:00"."""
    seconds = round(cell.total_seconds())
    if 0 <= seconds < 86_400:
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    minutes, second = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{second:02}"


def _as_it_is(cell: Any) -> Any:
    return cell


_PLAIN: dict[type, Callable[[Any], Cell]] = {
    str: lambda cell: cell or None,
    float: _fraction,
    int: _as_it_is,
    bool: _as_it_is,
    date: _as_it_is,
    datetime: _moment,
    time: _time,
    timedelta: _duration,
    type(None): _as_it_is,
}


def _as_percent(cell: Cell) -> Cell:
    """As it is shown, since 0.98 does not tell that 98% was meant."""
    return f"{cell * 100:.10g}%" if isinstance(cell, int | float) and not isinstance(cell, bool) else cell


def _with_midnight(cell: Cell) -> Cell:
    """Of a format with a time, a day without one is its midnight."""
    return datetime.combine(cell, time()) if type(cell) is date else cell


def _each(rows: Rows, places: frozenset[Place], change: Callable[[Cell], Cell]) -> None:
    for row, column in places:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = change(rows[row][column])


def _reach(rows: Rows, row: int, column: int) -> None:
    """Make room for a cell that calamine took for the emptiness behind the last one. Raises SheetRefused where there is
    too much of it."""
    width = max(column + 1, len(rows[0]) if rows else 0)
    refuse_size("This sheet", max(row + 1, len(rows)), width)
    if rows and len(rows[0]) < width:
        for one in rows:
            one.extend([None] * (width - len(one)))
    rows.extend([None] * width for _ in range(row + 1 - len(rows)))


def _cut(rows: Rows, uncounted: frozenset[Place]) -> None:
    """Take away the rows and columns behind the last that hold anything."""
    least_height = max((row + 1 for row, _ in uncounted), default=0)
    least_width = max((column + 1 for _, column in uncounted), default=0)
    while len(rows) > least_height and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = full = len(rows[0]) if rows else 0
    while width > least_width and all(row[width - 1] is None for row in rows):
        width -= 1
    if width < full:
        for row in rows:
            del row[width:]
