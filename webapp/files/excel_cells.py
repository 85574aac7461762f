"""Tables in the cells of a sheet: typed cells under a header, and the room that they take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webapp import words
from webapp.figures import Column, Metric, Table
from webapp.files import excel_about, facts
from webapp.files.excel_formats import Formats, stored

FIRST = datetime(1900, 3, 1)  # noqa: DTZ001  Excel takes 1900 for a leap year, so earlier days come out wrong
NUMERIC = ("count", "number", "percent")
DATED = ("day", "month", "moment")

_WIDEST, _NARROWEST = 48, 9
_LONGEST = {"day": 17, "moment": 20}
"""Characters of kinds that are written in another way than they are kept."""


def block(sheet: Any, top: int, table: Table, formats: Formats) -> int:
    """`table` from the row `top`, that of its header, down. Gives the first row below."""
    for at, column in enumerate(table.columns):
        form = formats.number_header if column.kind in NUMERIC else formats.header
        excel_about.text(sheet, top, at, header(column), form)
        for down, cells in enumerate(table.rows, 1):
            part = words.part_of_month(str(cells[at])) if column.kind == "month" else ""
            cell(sheet, top + down, at, cells[at], _format(formats, column, cells[at], part), column.kind)
        if table.total:
            last = top + len(table.rows) + 1
            told = "" if table.total[at] is None else table.total[at]  # a total has no figure in some columns
            cell(sheet, last, at, told, formats.total(column.kind, column.decimals), column.kind)
    return top + len(table.rows) + 1 + bool(table.total)


def metrics(sheet: Any, row: int, heading: str, metrics: Sequence[Metric], formats: Formats) -> int:
    """A line for each figure under the header at `row`. Gives the first row below."""
    for at, label in enumerate((heading, "Figure", "Unit", "Change and note")):
        excel_about.text(sheet, row, at, label, formats.number_header if at == 1 else formats.header)
    for metric in metrics:
        row += 1
        excel_about.text(sheet, row, 0, metric.label, formats.cell("text", 0))
        known = words.DASH if metric.value is None else metric.value  # no column of numbers: words stand here as well
        cell(sheet, row, 1, known, formats.cell(metric.kind, metric.decimals, right=True), metric.kind)
        excel_about.text(sheet, row, 2, metric.unit, formats.cell("text", 0))
        told = " · ".join(part for part in (facts.change(metric), metric.note) if part)
        excel_about.text(sheet, row, 3, told, formats.wrapped_cell)
    return row + 1


def header(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit else column.label


def width(table: Table, at: int, arrow: int = 4) -> float:
    """Characters across that the longest cell takes, with `arrow` for that of the filter in the header."""
    kind, decimals = table.columns[at].kind, table.columns[at].decimals
    rows = [*table.rows, *([table.total] if table.total else [])]
    longest = max(
        (len(f"{row[at]:,.{decimals}f}" if _is_number(row[at]) else str(row[at] or "")) for row in rows), default=0
    )
    longest = max(longest, _LONGEST[kind]) if kind == "day" else _LONGEST.get(kind, longest)
    return min(max(longest + 2, len(header(table.columns[at])) + arrow, _NARROWEST), _WIDEST)


def _format(formats: Formats, column: Column, value: Any, part: str) -> Any:
    """The format of a cell; of a moment of which the day alone is known, that of a day."""
    is_day_alone = column.kind == "moment" and "T" not in str(value)
    return formats.cell("day" if is_day_alone else column.kind, column.decimals, part=part)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def cell(sheet: Any, row: int, column: int, value: Any, form: Any, kind: str) -> None:
    """A typed cell: numbers as numbers, days, months and moments as dates, percent as a share. Unknown is a dash among
    words, and an empty cell among numbers and dates, where a word would spoil sums, sorting and filters."""
    if value is None:
        excel_about.text(sheet, row, column, words.DASH if kind == "text" else "", form)
    elif _is_number(value):
        sheet.write_number(row, column, stored(value, kind), form)
    elif kind in DATED and (moment := date_of(value)):
        sheet.write_datetime(row, column, moment, form)
    else:
        excel_about.text(sheet, row, column, value, form)


def date_of(value: str) -> datetime | None:
    """The first moment of an ISO day or month, or a moment on the clinic's clock, for a cell has no zone; None for a
    text such as "Total", or a day before Excel's first."""
    value = value.partition("/")[0]
    try:
        moment = datetime.fromisoformat(value if len(value) > len("2026-10") else f"{value}-01")
    except ValueError:
        return None
    moment = moment.replace(tzinfo=None)
    return moment if moment > FIRST else None
