"""Native Excel charts: each chart of a table stands beside it and reads its cells."""

import re
from dataclasses import dataclass, replace
from typing import Any

from webapp.figures import Chart, Section, Table
from webapp.files import charts, shares
from webapp.files.excel_formats import number_format
from webapp.files.marks import PALETTE, blend, legible, ramp
from webapp.files.plots import MOST_ROWS
from webapp.files.series import Values

_INK, _MUTED, _GRID = "#1B2A32", "#51636D", "#DDE4E8"
_AXIS = {"num_font": {"color": _MUTED, "size": 9}, "line": {"color": "#9AA9B1"}, "major_tick_mark": "none"}
_TALL, _TALLEST, _WIDE, _ROW_PIXELS = 330, 700, 680, 20

_LEAST_LABELLED = 0.06
"""The share from which a part of a stack has room for its percent."""


def add_charts(book: Any, sheet: Any, name: str, section: Section, table: Table, top: int, width: float) -> int:
    """Puts every chart of `table` at the right of it, one under the other, and gives the first row below them. `top` is
    the row of the table's header, `width` the characters its columns take."""
    column = len(table.columns) + 1
    row = top
    for chart in charts.drawn(section):
        if chart.table != table.key or not table.rows:
            continue
        if chart.shape == "heat":
            _shade(sheet, chart, table, top)
        native = _native(book, _Source(sheet, name, chart, table, top, row))
        sheet.insert_chart(
            row, column, native, {"object_position": 2, "description": f"{chart.title}. {chart.subtitle}"}
        )
        row += native.height // _ROW_PIXELS + 2
    return row


@dataclass(frozen=True, slots=True)
class _Source:
    """A chart and the cells it reads: `top` is the row of the table's header, `beside` the one the chart stands in."""

    sheet: Any
    name: str
    chart: Chart
    table: Table
    top: int
    beside: int

    @property
    def category(self) -> int:
        return _columns(self.chart, self.table)[0]

    @property
    def series(self) -> list[int]:
        return _columns(self.chart, self.table)[1]

    @property
    def values(self) -> Values:
        """Of every row, for Excel draws whole columns."""
        return charts.read(replace(self.chart, whole=""), self.table)

    def cells(self, column: int) -> list[Any]:
        """A column of the table as a reference."""
        return [self.name, self.top + 1, column, self.top + len(self.table.rows), column]


def _columns(chart: Chart, table: Table) -> tuple[int, list[int]]:
    places = {column.key: at for at, column in enumerate(table.columns)}
    return places[chart.category], [places[key] for key in chart.series]


_KINDS = {
    "line": {"type": "line"},
    "pyramid": {"type": "bar"},
    "heat": {"type": "column", "subtype": "stacked"},
    "stack": {"type": "bar", "subtype": "percent_stacked"},
    "interval": {"type": "bar"},
    "lying": {"type": "bar"},
}
_DOWNWARD = ("stack", "interval", "lying")
"""Bars whose first row is at the top."""

_MOST_UPRIGHT = 80
"""Letters of all names together that stand side by side under upright bars."""


def _shape(source: _Source) -> str:
    """The chart's shape, with "lying" for bars whose names are too long to stand side by side."""
    labels = source.values.labels
    long = max(map(len, labels)) * len(labels) > _MOST_UPRIGHT
    is_words = source.values.kind == "text" and len(labels) * len(source.series) <= MOST_ROWS
    return "lying" if source.chart.shape == "bar" and is_words and long else source.chart.shape


def _native(book: Any, source: _Source) -> Any:
    """A line, column or bar chart over the table's cells. Excel has no heat map and no pyramid: the first is columns
    stacked from light to dark beside the shaded cells, the second bars of both series side by side. Intervals are pale
    bars with error bars."""
    table, shape = source.table, _shape(source)
    kind = _KINDS.get(shape, {"type": "column"})
    native = book.add_chart(kind)
    is_interval = shape == "interval" and len(source.series) == 3
    shown = source.series[:1] if is_interval else source.series
    places = _without_withheld(source) if shape == "line" else {}
    for index, at in enumerate(shown):
        native.add_series(
            {
                "name": [source.name, source.top, at],
                "categories": source.cells(source.category),
                "values": places.get(at) or source.cells(at),
                **_style(shape, index, len(shown)),
                **_hollow(shape, index, table, source.category),
                **(_shares(source, index) if shape == "stack" else {}),
                **(_whiskers(source) if is_interval else {}),
            }
        )
    names, values = _name_axis(table, source.category), _value_axis(source)
    if shape in _DOWNWARD:
        names |= {"reverse": True, "crossing": "max"}
    across, up = (values, names) if kind["type"] == "bar" else (names, values)
    native.set_x_axis(across)
    native.set_y_axis(up)
    native.set_title({"name": _title(source.chart.title), "name_font": {"size": 12, "color": _INK}})
    native.set_legend({"none": True} if len(shown) == 1 else {"position": "bottom", "font": {"color": _MUTED}})
    tall = min(max(_TALL, _ROW_PIXELS * (len(table.rows) + 6)), _TALLEST) if shape in _DOWNWARD else _TALL
    native.set_size({"width": _WIDE, "height": tall})
    native.set_chartarea({"border": {"none": True}})
    native.show_blanks_as("gap")
    return native


def _without_withheld(source: _Source) -> dict[int, list[Any]]:
    """Where a line reads its figures when some are withheld. Excel takes a word for zero, which would be a fall in a
    line, so such columns are copied beside the chart with empty cells for words."""
    places: dict[int, list[Any]] = {}
    column = len(source.table.columns) + _WIDE // 64 + 2
    for at, series in zip(source.series, source.values.series, strict=True):
        if not series.withheld:
            continue
        source.sheet.write_string(source.beside, column, f"{series.label}, as drawn")
        share = 100 if series.column.kind == "percent" else 1
        for down, value in enumerate(series.values, 1):
            if value is not None:
                source.sheet.write_number(source.beside + down, column, value / share)
        places[at] = [source.name, source.beside + 1, column, source.beside + len(series.values), column]
        column += 1
    return places


def _shares(source: _Source, index: int) -> dict[str, Any]:
    """The percent in each part that has room for it. A row that cannot be cut shows no part."""
    values = source.values
    hidden = {"fill": {"none": True}, "border": {"none": True}}
    labels: list[dict[str, Any]] = []
    points: list[dict[str, Any] | None] = []
    colour = ramp(len(source.series))[index]
    for at in range(len(values.labels)):
        parts = values.parts(at)
        share = parts[index] / sum(parts) if sum(parts) else 0.0
        wide = share >= _LEAST_LABELLED
        labels.append({"value": shares.percent(share, 1)} if wide else {"delete": True})
        points.append(None if parts else hidden)
    return {
        "points": points,
        "data_labels": {"value": True, "custom": labels, "font": {"color": legible(colour), "size": 9}},
    }


def _whiskers(source: _Source) -> dict[str, Any]:
    """Error bars from each value to the ends of its interval; none where one of them is not known."""
    value, low, high = source.values.series
    share = 100 if value.column.kind == "percent" else 1
    before, after = [], []
    for middle, one, other in zip(value.values, low.values, high.values, strict=True):
        if middle is None or one is None or other is None:
            middle = one = other = 0
        before.append(round((middle - min(one, other)) / share, 10))
        after.append(round((max(one, other) - middle) / share, 10))
    return {
        "y_error_bars": {
            "type": "custom",
            "minus_values": before,
            "plus_values": after,
            "line": {"color": _INK, "width": 1.25},
        }
    }


def _style(shape: str, index: int, count: int) -> dict[str, Any]:
    colour = PALETTE[index % len(PALETTE)]
    if shape == "line":
        return {"line": {"color": colour, "width": 2.25}}
    if shape == "stack":
        return {"fill": {"color": ramp(count)[index]}, "border": {"color": "#FFFFFF"}, "gap": 40}
    if shape == "interval" and count == 1:
        return {"fill": {"color": blend(colour, 0.35)}, "gap": 60}
    if shape == "heat":
        colour = blend(PALETTE[0], 0.15 + 0.85 * index / max(count - 1, 1))
    return {"fill": {"color": colour}, "gap": 60}


def _hollow(shape: str, index: int, table: Table, category: int) -> dict[str, Any]:
    """The last point hollow where its month is not over, so that it does not look like a fall."""
    if shape in _DOWNWARD or table.columns[category].kind != "month" or "/" not in str(table.rows[-1][category]):
        return {}
    colour = PALETTE[index % len(PALETTE)]
    last = {"fill": {"color": "#FFFFFF" if shape == "line" else blend(colour, 0.2)}, "border": {"color": colour}}
    style: dict[str, Any] = {"points": [None] * (len(table.rows) - 1) + [last]}
    if shape == "line":
        style["marker"] = {"type": "circle", "size": 6, "fill": {"color": colour}, "border": {"color": colour}}
    return style


def _name_axis(table: Table, category: int) -> dict[str, Any]:
    kind = table.columns[category].kind
    return {**_AXIS, **({} if kind == "text" else {"text_axis": True, "num_format": number_format(kind, 0)})}


def _value_axis(source: _Source) -> dict[str, Any]:
    column = source.table.columns[source.series[0]]
    axis = {
        **_AXIS,
        "min": _lowest(source.table, source.series),
        "major_gridlines": {"visible": True, "line": {"color": _GRID}},
        "num_format": number_format(column.kind, 0 if column.kind == "percent" else column.decimals),
        "line": {"none": True},
    }
    known = source.values.known()
    if source.chart.shape == "interval" and column.kind == "percent" and max(known, default=0) <= 100:
        axis["max"] = 1
    return {**axis, "num_format": "0%"} if source.chart.shape == "stack" else axis


def _title(text: str) -> str:
    """A title such as "Sheet!A1" would be read as a reference to a cell: a space keeps it text."""
    return re.sub(r"!(?=\$?[A-Z]+\$?\d)", "! ", text)


def _lowest(table: Table, series: list[int]) -> float | None:
    """Bars stand on zero; only negative figures let the axis begin lower."""
    known = [row[at] for row in table.rows for at in series if isinstance(row[at], int | float)]
    return None if any(value < 0 for value in known if isinstance(value, int | float)) else 0


def _shade(sheet: Any, chart: Chart, table: Table, top: int) -> None:
    _, series = _columns(chart, table)
    area = (top + 1, min(series), top + len(table.rows), max(series))
    scale = {"type": "3_color_scale", "min_color": "#F4F7F9", "mid_color": "#8AA1B6", "max_color": "#5E7FA0"}
    sheet.conditional_format(*area, scale)
