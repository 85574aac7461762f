"""Native Excel bubble charts, which XlsxWriter has none of: its scatter chart, written with sizes.

The elements stand in the order of CT_BubbleChart and CT_BubbleSer of ECMA-376, part 1 (5th edition, 2016), section
21.2.2.20 and 21.2.2.174 with annex A.5.1, for Excel repairs or refuses a part in which they do not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from xlsxwriter.chart_scatter import ChartScatter

from webapp import words
from webapp.figures import Cell, Chart, Table, Zone
from webapp.files import spans
from webapp.files.excel_cells import date_of

_SCALE = 56
"""The bubble of grade 3 in percent of Excel's own largest, which is a quarter of the plot across."""

_INK, _MUTED, _GRID = "#1B2A32", "#51636D", "#DDE4E8"
GRADES = ("#8FA3AD", "#D9A441", "#C2570C", "#B42318")
"""The colours of bubbles by grade from 0 up; the size says it too."""

_AXIS = {"num_font": {"color": _MUTED, "size": 8}, "line": {"color": "#9AA9B1"}, "major_tick_mark": "none"}
_HOURS = (1, 2, 3, 4, 6, 12)
_MOST_TICKS = 8
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  Excel's day 0, on no clock


class BubbleChart(ChartScatter):
    """A scatter chart whose points have areas. Each series needs "sizes", a reference to cells like its "values".

    Excel draws the largest bubble of a chart `scale` percent of its own largest, whatever its size says.
    """

    scale = _SCALE

    def add_series(self, options: dict[str, Any] | None = None) -> None:
        given = options or {}
        super().add_series(options)
        sizes = self._list_to_formula(given["sizes"])
        self.series[-1]["sizes"] = sizes
        self.series[-1]["size_data_id"] = self._get_data_id(sizes, None)

    def _write_scatter_chart(self, args: dict[str, Any]) -> None:
        series = self._get_primary_axes_series() if args["primary_axes"] else self._get_secondary_axes_series()
        if not series:
            return
        self._xml_start_tag("c:bubbleChart")
        self._xml_empty_tag("c:varyColors", [("val", 0)])
        for one in series:
            self._write_ser(one)
        self._xml_empty_tag("c:bubbleScale", [("val", self.scale)])
        self._xml_empty_tag("c:showNegBubbles", [("val", 0)])
        self._xml_empty_tag("c:sizeRepresents", [("val", "area")])
        self._write_axis_ids(args)
        self._xml_end_tag("c:bubbleChart")

    def _write_ser(self, series: dict[str, Any]) -> None:
        index = self.series_index
        self.series_index += 1
        self._xml_start_tag("c:ser")
        self._write_idx(index)
        self._write_order(index)
        self._write_series_name(series)
        self._write_sp_pr(series)
        self._xml_empty_tag("c:invertIfNegative", [("val", 0)])
        self._write_d_pt(series["points"])
        self._write_d_lbls(series["labels"])
        self._write_x_val(series)
        self._write_y_val(series)
        self._xml_start_tag("c:bubbleSize")
        self._write_num_ref(series["sizes"], self.formula_data[series["size_data_id"]], "num")
        self._xml_end_tag("c:bubbleSize")
        self._xml_empty_tag("c:bubble3D", [("val", 0)])
        self._xml_end_tag("c:ser")

    def _write_d_pt_point(self, index: int, point: dict[str, Any]) -> None:
        self._xml_start_tag("c:dPt")
        self._write_idx(index)
        self._xml_empty_tag("c:invertIfNegative", [("val", 0)])
        self._xml_empty_tag("c:bubble3D", [("val", 0)])
        self._write_sp_pr(point)
        self._xml_end_tag("c:dPt")


def new(book: Any) -> BubbleChart:
    """An empty bubble chart of `book`, registered as Workbook.add_chart() does with its own."""
    made = BubbleChart()
    made.embedded = True
    made.date_1904 = book.date_1904
    made.remove_timezone = book.remove_timezone
    book.charts.append(made)
    return made


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table and the sizes of a chart's bubbles stand: `top` is the row of both headers."""

    sheet: str
    top: int
    rows: int
    sizes: int

    def cells(self, column: int) -> list[Any]:
        return [self.sheet, self.top + 1, column, self.top + self.rows, column]


def chart(book: Any, one: Chart, table: Table, place: Place, width: int, height: int) -> BubbleChart:
    """The chart of `one` over the cells of `table`, so many pixels wide and high."""
    columns = {column.key: at for at, column in enumerate(table.columns)}
    made = new(book)
    value = columns[one.series[0]]
    made.add_series(
        {
            "name": [place.sheet, place.top, value],
            "categories": place.cells(columns[one.category]),
            "values": place.cells(value),
            "sizes": place.cells(place.sizes),
            "fill": {"color": GRADES[0], "transparency": 15},
            "border": {"color": "#FFFFFF", "width": 0.5},
            "points": [_point(figure, grade) for figure, grade in _bubbles(one, table)],
        }
    )
    largest = max((size for size in sizes(one, table) if size is not None), default=1)
    made.scale = round(_SCALE * math.sqrt(largest / len(GRADES)))
    made.set_x_axis({**_AXIS, **_moments([row[columns[one.category]] for row in table.rows])})
    made.set_y_axis({**_AXIS, **_bounds(one, table, value)})
    made.set_title({"name": one.title, "overlay": False, "name_font": {"size": 10, "color": _INK}})
    made.set_legend({"none": True})
    made.set_size({"width": width, "height": height})
    made.set_chartarea({"border": {"color": _GRID}})
    return made


def sizes(one: Chart, table: Table) -> list[int | float | None]:
    """The area of each row's bubble: its grade + 1, 1 without a grade; None where there is no bubble."""
    return [None if figure is None else (grade or 0) + 1 for figure, grade in _bubbles(one, table)]


def sizes_label(one: Chart, table: Table) -> str:
    """What stands over the column of sizes."""
    labels = {column.key: column.label for column in table.columns}
    return f"Bubble area: {labels[one.series[1]] if len(one.series) > 1 else labels[one.series[0]]} + 1"


def described(one: Chart, table: Table) -> str:
    """The chart in words: what is plotted, its lowest and highest, and which values count nothing."""
    decimals = next(column.decimals for column in table.columns if column.key == one.series[0])
    known = [figure for figure, _ in _bubbles(one, table) if figure is not None]
    told = [f"{one.title}: bubbles over time, area in proportion to the points + 1"]
    if known:
        told.append(f"Lowest {words.number(min(known), decimals)}, highest {words.number(max(known), decimals)}")
    told += [f"0 points {_range(zone, decimals)}" for zone in one.zones if zone.grade == 0]
    return ". ".join(told) + "."


def _range(zone: Zone, decimals: int) -> str:
    """Zones end half a step beyond the last value that they hold: 11.5 to 20.5 is "12 to 20"."""
    half = 0.5 / 10**decimals
    low = "" if zone.low is None else words.number(zone.low + half, decimals)
    high = "" if zone.high is None else words.number(zone.high - half, decimals)
    return f"from {low} to {high}" if low and high else f"from {low} up" if low else f"up to {high}"


def _bubbles(one: Chart, table: Table) -> list[tuple[int | float | None, int | float | None]]:
    """Value and grade of each row."""
    columns = {column.key: at for at, column in enumerate(table.columns)}
    value, *grades = (columns[key] for key in one.series)
    return [(_figure(row[value]), _figure(row[grades[0]]) if grades else 0) for row in table.rows]


def _figure(cell: Cell) -> int | float | None:
    return cell if isinstance(cell, int | float) else None


def _point(value: int | float | None, grade: int | float | None) -> dict[str, Any] | None:
    """How a bubble differs from the usual one: hollow without a grade, in a stronger colour with points."""
    if value is None or grade == 0:
        return None
    if grade is None:
        return {"fill": {"none": True}, "border": {"color": GRADES[0], "width": 1}}
    return {"fill": {"color": GRADES[min(int(grade), len(GRADES) - 1)], "transparency": 15}}


def _moments(cells: Sequence[Cell]) -> dict[str, Any]:
    """The axis of moments: whole steps of hours or days around all of them, and how they are written."""
    moments = [moment for cell in cells if (moment := date_of(str(cell)))] or [_EPOCH]
    first, last = min(moments), max(moments)
    hours = (last - first) / timedelta(hours=1)
    fitting = [step for step in _HOURS if hours / step <= _MOST_TICKS]
    step = fitting[0] if fitting else 24 * math.ceil(hours / 24 / _MOST_TICKS)
    unit = timedelta(hours=step)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    low = midnight + (first - midnight) // unit * unit
    high = low + math.floor((last - low) / unit + 1) * unit
    return {
        "min": (low - _EPOCH) / timedelta(days=1),
        "max": (high - _EPOCH) / timedelta(days=1),
        "major_unit": step / 24,
        "num_format": "d mmm" if step >= 24 else "hh:mm" if low.date() == (high - unit).date() else "d mmm hh:mm",
        "label_position": "low",
    }


def _bounds(one: Chart, table: Table, value: int) -> dict[str, Any]:
    """The axis of values: all of them and both ends of the range that counts nothing, with room for the bubbles. Of
    percents none over 100 is written."""
    known = [figure for figure, _ in _bubbles(one, table) if figure is not None]
    known += [end for zone in one.zones if zone.grade == 0 for end in (zone.low, zone.high) if end is not None and
              _is_near(end, known)]  # fmt: skip
    column = table.columns[value]
    low, high = min(known, default=0), max(known, default=1)
    if known:
        low, high = spans.widened(column, low, high, known)
    step = _step((high - low) / 5)
    return {
        "min": math.floor(low / step - 0.5) * step,
        "max": math.ceil(high / step + 0.5) * step,
        "major_unit": step,
        "major_gridlines": {"visible": True, "line": {"color": _GRID}},
        "num_format": '[>100]"";0' if column.unit == "%" else "0.0" if step < 1 else "0",
        "crossing": "min",
        "line": {"none": True},
    }


def _is_near(end: float, known: Sequence[float]) -> bool:
    """Whether an end of a range is no further off than twice what the values span: 219 mm Hg would flatten all."""
    if not known:
        return True
    span = max(max(known) - min(known), max(map(abs, known)) / 5)
    return min(known) - span <= end <= max(known) + span


def _step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9))
