"""Charts: one geometry for each shape, painted as a ReportLab drawing in PDF or as inline SVG on a page.

    drawn(section)              the charts of a section that are drawn
    svg(chart, table)           markup for a page: a wide picture and one for phones
    drawing(chart, table, ...)  a native vector drawing for a PDF page
    picture(chart, table, ...)  the geometry itself

A chart is a view of its table, so it can say nothing that the table does not. Values that are not known are gaps.
"""

from collections.abc import Sequence

from markupsafe import Markup

from webapp import words
from webapp.errors import RenderFailed
from webapp.figures import FEWEST_DRAWN, SUPPRESSED, Cell, Chart, Column, Section, Table
from webapp.files import bubbles, grids, intervals, lettering, painters, plots, shares
from webapp.files.marks import Picture, Sheet, Text
from webapp.files.series import Series, Values

WIDE, NARROW = 520, 300
"""Pixels that the two pictures on a page are laid out for: one of two columns on a desk, and a phone."""

WIDEST = 800
"""Pixels for a picture beside which nothing stands; on a narrower screen its text is still large enough."""

PAGE = 493.0
"""Points across an A4 page between its margins."""

TALLEST = 560.0
"""Points that a picture takes on a page at most, which leaves room for its heading on A4 and Letter."""

PDF_TEXT, WIDE_TEXT, NARROW_TEXT = 7.5, 12.5, 12.0

NOTHING = "No figures to show for this choice"


_SHAPES = {
    "line": plots.line,
    "bar": plots.bar,
    "heat": grids.heat,
    "pyramid": grids.pyramid,
    "stack": shares.stack,
    "interval": intervals.interval,
    "bubble": bubbles.bubble,
}
_SERIES = {"pyramid": 2, "interval": 3}
"""How many series a shape is made for; with others its figures are drawn as bars."""

_MOST_OF_BUBBLES = 2
"""Series of bubbles: the value and its grade."""

_MOST_ROWS_OF_HALF = {"stack": 8, "interval": 10}
"""Rows up to which a shape reads well in half a page's width."""


def drawn(section: Section) -> tuple[Chart, ...]:
    """The charts of `section` but lines and bars of which so much is withheld that the few figures left, far from one
    another, say nothing: fewer than half are known. Their tables stay."""
    return tuple(chart for chart in section.charts if not _is_in_shreds(read(chart, section.table(chart.table)), chart))


def _is_in_shreds(values: Values, chart: Chart) -> bool:
    if chart.shape not in ("line", "bar") or not any(series.withheld for series in values.series):
        return False
    return 2 * len(values.known()) < len(values.labels) * len(values.series)


def read(chart: Chart, table: Table) -> Values:
    """The figures that `chart` shows of `table`. Raises RenderFailed for an unknown column or shape."""
    columns = {column.key: index for index, column in enumerate(table.columns)}
    missing = [key for key in (chart.category, *chart.series) if key not in columns]
    if missing or chart.shape not in _SHAPES:
        raise RenderFailed(f"chart {chart.key}: shape {chart.shape}, no column {missing} in table {table.key}")
    category = columns[chart.category]
    rows = _enough(chart, table)
    return Values(
        kind=table.columns[category].kind,
        labels=tuple(label(row[category], table.columns[category]) for row in rows),
        part=_part(table, category),
        series=tuple(
            Series(
                table.columns[columns[key]],
                tuple(_figure(row[columns[key]]) for row in rows),
                frozenset(at for at, row in enumerate(rows) if row[columns[key]] == SUPPRESSED),
            )
            for key in chart.series
        ),
        total=_total(table, [category, *(columns[key] for key in chart.series)]),
        moments=_moments(rows, category) if chart.shape == "bubble" else (),
        zones=chart.zones,
    )


def _moments(rows: Sequence[tuple[Cell, ...]], category: int) -> tuple[str, ...]:
    return tuple(str(row[category] or "") for row in rows)


def _enough(chart: Chart, table: Table) -> list[tuple[Cell, ...]]:
    """The rows but those whose share is of too few; one of which this is withheld stays."""
    at = next((at for at, column in enumerate(table.columns) if column.key == chart.whole), None)
    if at is None:
        return list(table.rows)
    wholes = [_figure(row[at]) for row in table.rows]
    return [row for row, whole in zip(table.rows, wholes, strict=True) if whole is None or whole >= FEWEST_DRAWN]


def _part(table: Table, category: int) -> str:
    """What the last category covers where that is a month cut short: "1–22"."""
    last = table.rows[-1][category] if table.rows and table.columns[category].kind == "month" else ""
    return words.part_of_month(last) if isinstance(last, str) else ""


def _total(table: Table, columns: Sequence[int]) -> tuple[str, ...]:
    if not table.total:
        return ()
    first, *rest = columns
    figures = [words.cell(table.total[at], table.columns[at].kind, table.columns[at].decimals) for at in rest]
    return (str(table.total[first] or ""), *figures)


def label(cell: Cell, column: Column) -> str:
    """A category as written along an axis: days are shorter there than in a table."""
    text = words.cell(cell, column.kind, column.decimals)
    if column.kind == "day" and isinstance(cell, str):
        number, month, *_ = text.split()
        return f"{number} {month[:3]}"
    return text


def _figure(cell: Cell) -> float | int | None:
    return cell if isinstance(cell, int | float) else None


def picture(chart: Chart, table: Table, sheet: Sheet) -> Picture:
    """The geometry of `chart` on `sheet`, as high as it needs to be."""
    values = read(chart, table)
    if not values.known():
        height = sheet.size * 6
        return Picture(sheet.width, height, (Text(sheet.width / 2, height / 2, NOTHING, sheet.size, "middle"),))
    if chart.shape == "bubble" and not _is_of_bubbles(chart, values):
        return plots.bar(values, sheet)
    if len(values.series) != _SERIES.get(chart.shape, len(values.series)):
        return plots.bar(values, sheet)
    return _SHAPES[chart.shape](values, sheet)


def _is_of_bubbles(chart: Chart, values: Values) -> bool:
    """Whether there is a bubble to draw: a moment with a value, and beside it no more than its grade."""
    of_moments = chart.shape == "bubble" and values.kind == "moment" and len(values.series) <= _MOST_OF_BUBBLES
    return of_moments and bool(bubbles.readings(values))


def fits(chart: Chart, table: Table, width: float) -> bool:
    """Whether `chart` reads well in a PDF column of `width` points."""
    values = read(chart, table)
    if _is_of_bubbles(chart, values):
        return True
    sheet = pdf_sheet(width)
    if len(values.series) > plots.MOST_SERIES and chart.shape not in ("heat", "stack"):
        return False
    if chart.shape == "heat":
        return grids.values_fit(values, sheet)
    if chart.shape == "line":
        return len(values.labels) <= 6
    if chart.shape in _MOST_ROWS_OF_HALF:
        return len(values.labels) <= _MOST_ROWS_OF_HALF[chart.shape]
    return len(values.labels) * len(values.series) <= 24


def writes_every_figure(chart: Chart, table: Table) -> bool:
    """Whether a heat map has room for its figures at the full width of a page."""
    return grids.values_fit(read(chart, table), pdf_sheet(PAGE))


def pdf_sheet(width: float, steepest: float = 0.47) -> Sheet:
    return Sheet(width, PDF_TEXT, lettering.width, steepest=steepest, tallest=TALLEST)


def svg(chart: Chart, table: Table, has_row: bool = False) -> Markup:
    """`chart` as two inline SVG pictures, of which the page's style shows one: wide, and for phones. With `has_row` the
    wide one is as wide as the page, else half of it.

    Sizes and colours are attributes, so that a strict content security policy lets them through; text takes the
    page's colour. Each picture has a title and a description in words. Raises RenderFailed.
    """
    classes = ("chart chart-wide d-none d-sm-block", "chart chart-narrow d-block d-sm-none")
    return Markup("").join(wide_and_narrow(chart, table, classes, WIDEST if has_row else WIDE))


def wide_and_narrow(
    chart: Chart, table: Table, classes: tuple[str, str] = ("chart", "chart"), width: float = WIDE
) -> tuple[Markup, Markup]:
    """The two pictures of svg() by themselves, the wide one of that width."""
    story = description(chart, table)
    wide = picture(chart, table, Sheet(width, WIDE_TEXT, painters.browser_width))
    narrow = picture(chart, table, Sheet(NARROW, NARROW_TEXT, painters.browser_width))
    return painters.svg(wide, chart.title, story, classes[0]), painters.svg(narrow, chart.title, story, classes[1])


def description(chart: Chart, table: Table) -> str:
    """What is plotted, and in words what the picture shows of it: of intervals every row, of stacks the smallest and
    largest share of each series, of bubbles the latest value and the grades too, of others its lowest and highest
    figure."""
    values = read(chart, table)
    parts = [chart.subtitle] if chart.subtitle else []
    if not values.known():
        parts.append(NOTHING)
    elif chart.shape == "stack":
        parts += shares.described(values)
    elif chart.shape == "interval" and len(values.series) == _SERIES["interval"]:
        parts += intervals.described(values)
    elif _is_of_bubbles(chart, values):
        parts += bubbles.described(values)
    else:
        parts += [_lowest_and_highest(series, values.labels) for series in values.series]
    return ". ".join(parts) + "."


def _lowest_and_highest(series: Series, labels: Sequence[str]) -> str:
    known = [(value, name) for value, name in zip(series.values, labels, strict=True) if value is not None]
    if not known:
        return f"{series.label}: no figures"
    low, high = min(known, key=lambda pair: pair[0]), max(known, key=lambda pair: pair[0])
    return f"{series.label}: lowest {series.written(low[0])} ({low[1]}), highest {series.written(high[0])} ({high[1]})"
