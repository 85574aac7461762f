"""Charts of figures and names that nobody would expect: nothing leaves the sheet, no figure is lost, all is legible."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp import words
from webapp.figures import SUPPRESSED, Cell, Chart, Kind, Section, Shape, Table
from webapp.files import FORMATS, charts, marks, painters
from webapp.files.marks import Box, Dot, Line, Picture, Sheet, Spot, Text
from webapp.gallery.case import Case
from webapp.gallery.cases import SCRIPTS, SHAPES, cases

SHEETS = {
    "page": charts.pdf_sheet(charts.PAGE),
    "half a page": charts.pdf_sheet(235.0),
    "screen": Sheet(charts.WIDE, charts.WIDE_TEXT, painters.browser_width),
    "phone": Sheet(charts.NARROW, charts.NARROW_TEXT, painters.browser_width),
}

CASES = [case for shape in SHAPES for case in cases(shape)]


def extent(mark: Line | Box | Dot | Spot | Text, sheet: Sheet) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    if isinstance(mark, Line):
        xs, ys = zip(*mark.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)
    if isinstance(mark, Dot):
        return mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius
    if isinstance(mark, Text):
        wide = sheet.measure(mark.text, mark.size, mark.bold)
        left = mark.x - {"start": 0, "middle": wide / 2, "end": wide}[mark.anchor]
        return left, mark.y - mark.size * 0.75, left + wide, mark.y + mark.size * 0.1
    assert min(mark.width, mark.height) >= 0
    return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height


def check_it_is_on_its_sheet(drawn: Picture, sheet: Sheet) -> None:
    slack = sheet.size * 0.15
    assert drawn.height <= sheet.tallest
    for mark in drawn.marks:
        left, top, right, bottom = extent(mark, sheet)
        assert left >= -slack, mark
        assert top >= -slack, mark
        assert right <= sheet.width + slack, mark
        assert bottom <= drawn.height + slack, mark


def check_every_figure_is_told(drawn: Picture, chart: Chart, table: Table) -> None:
    """In writing, or to who points at it."""
    told = [mark.text for mark in drawn.marks if isinstance(mark, Text)]
    told += [mark.tip for mark in drawn.marks if isinstance(mark, Box | Spot)]
    places = {column.key: at for at, column in enumerate(table.columns)}
    everything = "\n".join(told)
    for key in chart.series:
        column = table.columns[places[key]]
        for row in table.rows:
            figure = row[places[key]]
            if isinstance(figure, int | float):
                assert words.cell(figure, column.kind, column.decimals) in everything


def holds(ground: Box | Dot, x: float, y: float) -> bool:
    if isinstance(ground, Dot):
        return (ground.x - x) ** 2 + (ground.y - y) ** 2 < ground.radius**2
    return ground.x < x < ground.x + ground.width and ground.y < y < ground.y + ground.height


def check_text_can_be_read(drawn: Picture) -> None:
    """Small text has 4.5 to 1 against the box or dot that it stands in, or the paper."""
    grounds = [mark for mark in drawn.marks if isinstance(mark, Box | Dot)]
    for text in drawn.marks:
        if not isinstance(text, Text):
            continue
        middle = text.y - text.size * 0.3
        under = [one for one in grounds if holds(one, text.x, middle)]
        ground = marks.luminance(under[-1].fill if under else marks.PAPER)
        ink = marks.luminance({marks.INK: "#1B2A32", marks.MUTED: "#51636D"}.get(text.colour, text.colour))
        light, dark = max(ground, ink), min(ground, ink)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, text


@pytest.mark.parametrize("place", SHEETS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.chart.shape}: {case.name}")
def test_each_case_of_the_gallery_is_whole_and_legible_everywhere(case: Case, place: str) -> None:
    sheet = SHEETS[place]
    drawn = charts.picture(case.chart, case.table, sheet)
    check_it_is_on_its_sheet(drawn, sheet)
    check_text_can_be_read(drawn)
    if place in ("screen", "phone"):
        check_every_figure_is_told(drawn, case.chart, case.table)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_format_draws_each_case_of_the_gallery(draw: Draw, shape: Shape) -> None:
    sections = tuple(Section(case.name, case.name, (case.chart,), (case.table,)) for case in cases(shape))
    document = samples.document(replace(samples.outcomes(), sections=sections))
    assert len({name: draw(name, document) for name in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("shape", SHAPES)
def test_withheld_figures_say_so(shape: str) -> None:
    labels = ("Essential hypertension", "Dental caries", "Gingivitis")
    content = odd_samples.one_chart(shape, labels, (5, SUPPRESSED, 7), (4, SUPPRESSED, 6), (6, SUPPRESSED, SUPPRESSED))
    chart, table = content.sections[0].charts[0], content.sections[0].tables[0]
    if shape == "pyramid":
        chart = replace(chart, series=chart.series[:2])
    for sheet in SHEETS.values():
        drawn = charts.picture(chart, table, sheet)
        told = [mark.text for mark in drawn.marks if isinstance(mark, Text)]
        assert any(SUPPRESSED in text for text in told)
        assert not any(
            mark.text == "0" and mark.colour != marks.MUTED for mark in drawn.marks if isinstance(mark, Text)
        )


FIGURES = st.one_of(
    st.none(),
    st.just(SUPPRESSED),
    st.integers(-(10**6), 10**12),
    st.floats(-1e6, 1e12, allow_nan=False, allow_infinity=False).map(lambda value: round(value, 1)),
    st.integers(0, 30),
)
NAMES = st.one_of(st.text(max_size=12).map(words.printable), st.sampled_from(SCRIPTS), st.just("W" * 200))


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, tuple[str, ...]]:
    """A table of 0 to 40 rows with 1 to 6 series, and their keys."""
    rows, count = draw(st.integers(0, 40)), draw(st.integers(1, 6))
    labels: list[Cell] = draw(st.lists(NAMES, min_size=rows, max_size=rows))
    series = [draw(st.lists(FIGURES, min_size=rows, max_size=rows)) for _ in range(count)]
    content = odd_samples.one_chart("bar", tuple(labels), *(tuple(cells) for cells in series))
    kind: Kind = draw(st.sampled_from(("count", "number", "percent")))
    table = content.sections[0].tables[0]
    columns = (table.columns[0], *(replace(one, label=draw(NAMES), kind=kind) for one in table.columns[1:]))
    return replace(table, columns=columns), content.sections[0].charts[0].series


@settings(max_examples=20, deadline=None, derandomize=True)
@given(tables())
def test_any_figures_and_names_are_drawn_on_the_sheet(odd: tuple[Table, tuple[str, ...]]) -> None:
    table, series = odd
    for shape in SHAPES:
        chart = Chart("c", shape, "Title", "Subtitle", "t", "label", series)
        for place in ("half a page", "phone"):
            drawn = charts.picture(chart, table, SHEETS[place])
            check_it_is_on_its_sheet(drawn, SHEETS[place])
            painters.svg(drawn, "Title", charts.description(chart, table), "chart")
