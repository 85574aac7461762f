"""Sparklines of a workbook: each reads the figures that stand in its own row, further to the right."""

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_range

from webapp.figures import Metric
from webapp.files import sparks
from webapp.files.excel_formats import Formats, stored
from webapp.files.marks import PALETTE

COLUMN = 4
"""Where the sparklines stand, after what is said of each figure."""

_FIRST = COLUMN + 2
_WIDE, _FIGURE_WIDE = 18, 10
TITLE = "Figures of the trends, earliest first; what is not known or withheld is empty"


def add_trends(sheet: Any, row: int, metrics: Sequence[Metric], formats: Formats) -> None:
    """A sparkline beside each headline figure that has one, and its figures. `row` is that of the header."""
    drawn = [(at, metric) for at, metric in enumerate(metrics, row + 1) if sparks.is_drawn(metric)]
    if not drawn:
        return
    most = max(len(metric.trend) for _, metric in drawn)
    sheet.set_column(COLUMN, COLUMN, _WIDE)
    sheet.set_column(_FIRST, _FIRST + most - 1, _FIGURE_WIDE)
    sheet.write_string(row, COLUMN, "Trend", formats.header)
    sheet.write_string(row - 1, _FIRST, TITLE, formats.muted)
    for at in range(most):
        sheet.write_number(row, _FIRST + at, at + 1, formats.number_header)
    for at in range(len(metrics)):
        sheet.write_blank(row + 1 + at, COLUMN, None, formats.cell("text", 0))
    for at, metric in drawn:
        form = formats.cell(metric.kind, metric.decimals, right=True)
        for place, figure in enumerate(sparks.points(metric), _FIRST):
            if figure is not None:
                sheet.write_number(at, place, stored(figure, metric.kind), form)
        sheet.add_sparkline(
            at,
            COLUMN,
            {
                "range": xl_range(at, _FIRST, at, _FIRST + len(metric.trend) - 1),
                "series_color": PALETTE[0],
                "last_point": True,
                "last_color": PALETTE[0],
                "weight": 1.5,
            },
        )


def print_to_trends(sheet: Any, last: int, metrics: Sequence[Metric]) -> None:
    """Prints no further to the right than the sparklines, down to row `last`."""
    if any(sparks.is_drawn(metric) for metric in metrics):
        sheet.print_area(0, 0, last, COLUMN)
