"""Native Excel charts: each chart of a table stands beside it and reads its cells."""

import re
from typing import Any

from webapp.figures import Chart, Section, Table
from webapp.files.excel_formats import number_format
from webapp.files.marks import PALETTE, blend

_INK, _MUTED, _GRID = "#1B2A32", "#51636D", "#DDE4E8"
_AXIS = {"num_font": {"color": _MUTED, "size": 9}, "line": {"color": "#9AA9B1"}, "major_tick_mark": "none"}
_TALL, _WIDE, _ROW_PIXELS = 330, 680, 20


def add_charts(book: Any, sheet: Any, name: str, section: Section, table: Table, top: int, width: float) -> None:
    """Puts every chart of `table` at the right of it, one under the other. `top` is the row of the table's header,
    `width` the characters its columns take."""
    column = len(table.columns) + 1
    row = top
    for chart in section.charts:
        if chart.table != table.key or not table.rows:
            continue
        if chart.shape == "heat":
            _shade(sheet, chart, table, top)
        native = _native(book, name, chart, table, top)
        sheet.insert_chart(
            row, column, native, {"object_position": 2, "description": f"{chart.title}. {chart.subtitle}"}
        )
        row += _TALL // _ROW_PIXELS + 2


def _columns(chart: Chart, table: Table) -> tuple[int, list[int]]:
    places = {column.key: at for at, column in enumerate(table.columns)}
    return places[chart.category], [places[key] for key in chart.series]


def _native(book: Any, name: str, chart: Chart, table: Table, top: int) -> Any:
    """A line, column or bar chart over the table's cells. Excel has no heat map and no pyramid: the first is columns
    stacked from light to dark beside the shaded cells, the second bars of both series side by side."""
    kinds = {"line": {"type": "line"}, "pyramid": {"type": "bar"}, "heat": {"type": "column", "subtype": "stacked"}}
    native = book.add_chart(kinds.get(chart.shape, {"type": "column"}))
    category, series = _columns(chart, table)
    first, last = top + 1, top + len(table.rows)
    for index, at in enumerate(series):
        native.add_series(
            {
                "name": [name, top, at],
                "categories": [name, first, category, last, category],
                "values": [name, first, at, last, at],
                **_style(chart.shape, index, len(series)),
                **_hollow(chart.shape, index, table, category),
            }
        )
    names, values = _name_axis(table, category), _value_axis(table, series)
    across, up = (values, names) if chart.shape == "pyramid" else (names, values)
    native.set_x_axis(across)
    native.set_y_axis(up)
    native.set_title({"name": _title(chart.title), "name_font": {"size": 12, "color": _INK}})
    native.set_legend({"none": True} if len(series) == 1 else {"position": "bottom", "font": {"color": _MUTED}})
    native.set_size({"width": _WIDE, "height": _TALL})
    native.set_chartarea({"border": {"none": True}})
    native.show_blanks_as("gap")
    return native


def _style(shape: str, index: int, count: int) -> dict[str, Any]:
    colour = PALETTE[index % len(PALETTE)]
    if shape == "line":
        return {"line": {"color": colour, "width": 2.25}}
    if shape == "heat":
        colour = blend(PALETTE[0], 0.15 + 0.85 * index / max(count - 1, 1))
    return {"fill": {"color": colour}, "gap": 60}


def _hollow(shape: str, index: int, table: Table, category: int) -> dict[str, Any]:
    """The last point hollow where its month is not over, so that it does not look like a fall."""
    if table.columns[category].kind != "month" or "/" not in str(table.rows[-1][category]):
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


def _value_axis(table: Table, series: list[int]) -> dict[str, Any]:
    column = table.columns[series[0]]
    return {
        **_AXIS,
        "min": _lowest(table, series),
        "major_gridlines": {"visible": True, "line": {"color": _GRID}},
        "num_format": number_format(column.kind, 0 if column.kind == "percent" else column.decimals),
        "line": {"none": True},
    }


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
