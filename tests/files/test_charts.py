"""Charts: what is drawn for which figures, and that the SVG is safe to put on a page."""

import io
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from tests.files import odd_samples, samples
from webapp import words
from webapp.errors import RenderFailed
from webapp.figures import Content
from webapp.files import charts, fonts, lettering, marks, painters
from webapp.files.marks import Box, Dot, Line, Picture, Sheet, Spot, Text

SVG = "{http://www.w3.org/2000/svg}"
CATEGORIES = tuple(f"Category number {number}" for number in range(60))
SHAPES = ("line", "bar", "heat", "pyramid", "stack", "interval")


def picture(content: Content, width: float = 493.0) -> Picture:
    chart = content.sections[0].charts[0]
    return charts.picture(chart, content.sections[0].table(chart.table), charts.pdf_sheet(width))


def svg(content: Content) -> str:
    chart = content.sections[0].charts[0]
    return str(charts.svg(chart, content.sections[0].table(chart.table)))


def painted(drawn: Picture) -> bytes:
    """The operators that draw the picture on a PDF's page."""
    fonts.ready()
    canvas = Canvas(io.BytesIO())
    painters.paint(drawn, canvas, 0, 0)
    (page,) = PdfReader(io.BytesIO(canvas.getpdfdata())).pages
    return page.get_contents().get_data()


def texts(drawn: Picture) -> list[str]:
    return [mark.text for mark in drawn.marks if isinstance(mark, Text)]


def of(drawn: Picture, kind: type) -> list:
    return [mark for mark in drawn.marks if isinstance(mark, kind)]


def lines_of_data(drawn: Picture) -> list[Line]:
    return [line for line in of(drawn, Line) if line.colour in marks.PALETTE]


CASES = {
    "none": (),
    "one": ("Mon",),
    "year": tuple(f"M{n}" for n in range(12)),
    "many": CATEGORIES,
    "long": ("A label that goes on and on " * 8, "ไม่มีช่องว่างในข้อความนี้เลย" * 5, "b"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("value", [0, 7, None, -3, 10**9])
@pytest.mark.parametrize("width", [493.0, 235.0])
def test_nothing_is_drawn_outside_the_sheet(shape: str, case: str, value: int | None, width: float) -> None:
    labels = CASES[case]
    values = tuple(value if at % 3 else at for at in range(len(labels)))
    drawn = picture(odd_samples.one_chart(shape, labels, values, values), width)
    assert drawn.height <= 640
    for mark in drawn.marks:
        if isinstance(mark, Text):
            wide = lettering.width(mark.text, mark.size, mark.bold)
            left = mark.x - {"start": 0, "middle": wide / 2, "end": wide}[mark.anchor]
            assert left >= -1
            assert left + wide <= width + 1
            assert 0 <= mark.y <= drawn.height + 0.5
        elif isinstance(mark, Box | Spot):
            assert min(mark.width, mark.height) >= 0
            assert mark.x >= -1
            assert mark.x + mark.width <= width + 1
            assert mark.y >= -1
            assert mark.y + mark.height <= drawn.height + 1


@pytest.mark.parametrize(
    ("content", "many"),
    [
        *[(odd_samples.in_shreds(shape), 0) for shape in ("line", "bar")],
        *[(odd_samples.in_shreds(shape, known=6), 1) for shape in ("line", "bar")],
        *[(odd_samples.in_shreds(shape), 1) for shape in ("heat", "stack")],
        (odd_samples.one_chart("line", ("a", "b", "c"), (1, None, None)), 1),
        (odd_samples.one_chart("line", ("a", "b", "c"), (1, None, "[c]")), 0),
        (odd_samples.one_chart("bar", (), ()), 1),
    ],
)
def test_a_chart_is_left_out_where_most_is_withheld(content: Content, many: int) -> None:
    assert len(charts.drawn(content.sections[0])) == many


@pytest.mark.parametrize("shape", SHAPES)
def test_a_table_without_rows_says_that_there_is_nothing(shape: str) -> None:
    assert texts(picture(odd_samples.one_chart(shape, (), (), ()))) == [charts.NOTHING]
    assert charts.NOTHING in svg(odd_samples.one_chart(shape, ("a",), (None,), (None,)))


def test_an_unknown_figure_is_a_gap_in_a_line_and_never_zero() -> None:
    labels = tuple(f"{n}" for n in range(7))
    drawn = picture(odd_samples.one_chart("line", labels, (5, 6, None, 7, None, 8, 9)))
    assert [len(line.points) for line in lines_of_data(drawn)] == [2, 2]
    assert len(of(drawn, Dot)) == 2  # the lone figure between the gaps, and the end
    assert all(y < drawn.height * 0.6 for line in lines_of_data(drawn) for _, y in line.points)


def test_an_unknown_figure_is_no_bar_and_an_empty_cell() -> None:
    assert len(of(picture(odd_samples.one_chart("bar", ("a", "b"), (5, None))), Box)) == 1
    heat = picture(odd_samples.one_chart("heat", ("a",), (5,), (None,)))
    assert [box.outline for box in of(heat, Box)] == ["", marks.GRID]
    assert "–" in texts(heat)


@pytest.mark.parametrize("values", [(900, 950, 1000), (1, 2, 3), (0, 0, 0), (5, 5, 5)])
def test_bars_stand_on_zero_and_are_as_long_as_their_figures(values: tuple[int, ...]) -> None:
    drawn = picture(odd_samples.one_chart("bar", ("a", "b", "c"), values))
    boxes = of(drawn, Box)
    assert "0" in texts(drawn)
    assert len({round(box.y + box.height, 3) for box in boxes}) == 1
    for box, value in zip(boxes, values, strict=True):
        assert box.height * max(values) == pytest.approx(max(box.height for box in boxes) * value)


@pytest.mark.parametrize(
    ("values", "has_zero"), [((4.1, 3.9, 4.3), True), ((60.5, 43.5, 52.5), False), ((90.5, 20.5, 50.5), True)]
)
def test_a_line_without_zero_shows_a_band_but_makes_no_mountains_of_small_steps(
    values: tuple[float, ...], has_zero: bool
) -> None:
    content = odd_samples.one_chart("line", ("a", "b", "c"), values)
    section = content.sections[0]
    label, figures = section.tables[0].columns
    table = replace(section.tables[0], columns=(label, replace(figures, kind="number", decimals=1)))
    drawn = picture(replace(content, sections=(replace(section, tables=(table,)),)))
    assert ("0" in texts(drawn)) is has_zero


def test_each_line_is_named_at_its_end_and_names_do_not_touch() -> None:
    flat = [tuple([10 + n] * 12) for n in range(4)]
    drawn = picture(odd_samples.one_chart("line", samples.MONTHS, *flat, kind="month"))
    names = [mark for mark in of(drawn, Text) if mark.text.startswith("Series")]
    assert {name.text for name in names} == {"Series 1", "Series 2", "Series 3", "Series 4"}
    places = sorted(name.y for name in names)
    assert min(after - before for before, after in pairwise(places)) >= 2 * names[0].size


@pytest.mark.parametrize("shape", ["line", "bar"])
def test_more_than_four_series_become_small_plots_on_one_scale(shape: str) -> None:
    drawn = picture(odd_samples.one_chart(shape, samples.MONTHS, *[samples.MEDICAL] * 5, kind="month"))
    assert texts(drawn).count("1,000") == 5


def test_months_are_named_short_with_the_year_where_it_begins() -> None:
    drawn = texts(picture(samples.visit_trends()))
    assert [text for text in drawn if text in ("2025", "2026")] == ["2025", "2026"]
    assert "Oct" in drawn


@pytest.mark.parametrize("shape", ["line", "bar"])
@pytest.mark.parametrize("months", [12, 13, 60])
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_the_last_month_is_always_named(shape: str, months: int, width: int) -> None:
    labels = tuple(f"{2022 + at // 12}-{1 + at % 12:02}" for at in range(months))
    content = odd_samples.one_chart(shape, labels, tuple(range(100, 100 + months)), kind="month")
    section = content.sections[0]
    sheet = Sheet(width, charts.WIDE_TEXT, painters.browser_width)
    drawn = charts.picture(section.charts[0], section.tables[0], sheet)
    named = [mark for mark in of(drawn, Text) if mark.text in {month[:3] for month in words.MONTHS}]
    assert named[-1].text == ("Dec" if months != 13 else "Jan")
    assert named[-1].x == max(mark.x for mark in named)
    steps = [after.x - before.x for before, after in pairwise(named[:-1])]
    assert steps == pytest.approx([steps[0]] * len(steps))


@pytest.mark.parametrize("width", [493.0, 235.0])
def test_a_line_to_a_month_that_is_not_over_is_dashed_and_ends_hollow(width: float) -> None:
    drawn = picture(odd_samples.cut_short(), width)
    strokes = lines_of_data(drawn)
    assert [(len(line.points), line.dashed) for line in strokes] == [(2, True), (12, False)] * 2
    assert [dot.fill for dot in of(drawn, Dot)] == [marks.PAPER, marks.PAPER]
    assert texts(drawn)[-1] != "Nov"
    assert {"Nov", "1–22"} <= set(texts(drawn))


def test_a_bar_of_a_month_that_is_not_over_is_pale() -> None:
    bars = [box for box in of(picture(odd_samples.cut_short("bar")), Box) if box.tip]
    assert [box.outline for box in bars] == ["", *[""] * 11, marks.PALETTE[0], *[""] * 12, marks.PALETTE[1]]


def test_lines_of_whole_months_are_not_dashed() -> None:
    drawn = picture(samples.visit_trends())
    assert not any(line.dashed for line in of(drawn, Line))
    assert not any(dot.outline for dot in of(drawn, Dot))


def test_both_painters_dash_and_ring() -> None:
    content = odd_samples.cut_short()
    native = painted(picture(content))
    assert len(re.findall(rb"\[\S+ \S+\] 0 d", native)) == 2
    assert native.count(b" B\n") == 2  # filled and outlined
    markup = svg(content)
    assert markup.count("stroke-dasharray") == 4  # two lines, in the wide picture and in the narrow one
    assert markup.count('fill="#FFFFFF" stroke=') == 4


def test_labels_that_do_not_fit_are_thinned_and_do_not_overlap() -> None:
    drawn = picture(odd_samples.one_chart("bar", CATEGORIES, tuple(range(60))))
    along = [mark for mark in of(drawn, Text) if mark.text.startswith("Category")]
    assert 3 <= len(along) < 15
    for before, after in pairwise(along):
        room = (lettering.width(before.text, before.size) + lettering.width(after.text, after.size)) / 2
        assert after.x - before.x >= room


def test_a_heat_map_has_every_figure_in_legible_ink() -> None:
    content = samples.visit_trends()
    content = replace(content, sections=content.sections[1:])
    drawn = picture(content, 235.0)
    boxes = of(drawn, Box)
    figures = [mark for mark in of(drawn, Text) if mark.anchor == "middle" and mark.colour != marks.MUTED]
    assert len(boxes) == len(figures) == 60
    for box, figure in zip(boxes, figures, strict=True):
        light, dark = sorted((marks.luminance(box.fill), marks.luminance(figure.colour)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_weekdays_are_short_where_they_stand_side_by_side() -> None:
    hours = tuple(tuple(range(7)) for _ in range(24))
    drawn = picture(odd_samples.one_chart("heat", words.WEEKDAYS, *hours), 150.0)
    assert {"Mon", "Sun"} <= set(texts(drawn))
    assert "Monday" not in texts(drawn)


@pytest.mark.parametrize("most", [9, 900, 90_000])
@pytest.mark.parametrize(
    ("sheet", "turned"),
    [
        (charts.pdf_sheet(charts.PAGE), False),
        (charts.pdf_sheet(235.0), False),
        (Sheet(charts.WIDE, charts.WIDE_TEXT, painters.browser_width), False),
        (Sheet(charts.NARROW, charts.NARROW_TEXT, painters.browser_width), True),
    ],
    ids=["page", "half a page", "screen", "phone"],
)
def test_weekdays_are_rows_everywhere_but_on_a_phone(most: int, sheet: Sheet, turned: bool) -> None:
    section = odd_samples.round_the_clock(most).sections[0]
    drawn = charts.picture(section.charts[0], section.tables[0], sheet)
    assert len({box.y for box in of(drawn, Box) if box.tip}) == (24 if turned else 7)


def test_figures_that_do_not_fit_are_smaller_and_then_left_out() -> None:
    sizes = {}
    for most in (9, 900, 90_000):
        figures = [mark for mark in of(picture(odd_samples.round_the_clock(most)), Text) if mark.anchor == "middle"]
        sizes[most] = {round(mark.size / charts.PDF_TEXT, 2) for mark in figures if mark.colour != marks.MUTED}
    assert sizes[9] == {1.0}
    assert 0.85 <= min(sizes[900]) < 1
    assert sizes[90_000] == set()
    assert "All days" not in texts(picture(odd_samples.round_the_clock(90_000)))


def test_a_phone_never_has_smaller_figures() -> None:
    hours = tuple(tuple(range(100, 107)) for _ in range(9))
    content = odd_samples.one_chart("heat", words.WEEKDAYS, *hours)
    sheet = Sheet(charts.NARROW, charts.NARROW_TEXT, painters.browser_width)
    drawn = charts.picture(content.sections[0].charts[0], content.sections[0].tables[0], sheet)
    assert {mark.size for mark in of(drawn, Text)} == {charts.NARROW_TEXT}


def test_a_clinic_open_round_the_clock_has_every_figure_and_total_on_one_page() -> None:
    content = odd_samples.round_the_clock(900)
    chart, table = content.sections[0].charts[0], content.sections[0].tables[0]
    drawn = charts.picture(chart, table, charts.pdf_sheet(charts.PAGE))
    assert drawn.height <= 400
    assert charts.writes_every_figure(chart, table)
    told = texts(drawn)
    for row in [*table.rows, table.total]:
        assert {words.cell(figure) for figure in row[1:]} <= set(told)


def test_small_text_in_series_colours_is_legible_on_white() -> None:
    assert min(1.05 / (marks.luminance(colour) + 0.05) for colour in marks.LABELS) >= 4.5


def test_a_pyramid_writes_both_figures_of_each_row() -> None:
    drawn = picture(samples.patient_summary(), 235.0)
    assert [f"{value}" for value in samples.FEMALE if f"{value}" not in texts(drawn)] == []
    assert [f"{value}" for value in samples.MALE if f"{value}" not in texts(drawn)] == []


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 913, True, [0, 250, 500, 750, 1000]),
        (0, 1, True, [0, 1]),
        (0, 3, True, [0, 1, 2, 3]),
        (0, 0, True, [0, 1]),
        (0, 10, True, [0, 3, 6, 9, 12]),
        (-40, 60, True, [-50, -25, 0, 25, 50, 75]),
        (0, 0.3, False, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_axes_have_round_values(low: float, high: float, whole: bool, expected: list[float]) -> None:
    assert marks.ticks(low, high, whole) == expected


HOSTILE = "</text><script>alert(1)</script><b>&\"' onload=x"


@pytest.mark.parametrize("many", [1, 2, 5])
def test_the_only_line_on_a_phone_ends_in_its_figure_alone(many: int) -> None:
    content = odd_samples.one_chart("line", samples.MONTHS, *[samples.MEDICAL] * many, kind="month")
    chart, table = content.sections[0].charts[0], content.sections[0].tables[0]
    names = [f"Series {at + 1}" for at in range(many)]
    for width, told in ((charts.WIDE, names), (charts.NARROW, names if many > 1 else [])):
        drawn = charts.picture(chart, table, Sheet(width, charts.NARROW_TEXT, painters.browser_width))
        assert [text for text in texts(drawn) if text.startswith("Series")] == told
        assert texts(drawn).count("913") == many


@pytest.mark.parametrize("shape", SHAPES)
def test_the_svg_is_well_formed_and_nothing_in_it_can_act(shape: str) -> None:
    content = odd_samples.one_chart(shape, (HOSTILE, "b"), (3, 4), (5, 6))
    section = content.sections[0]
    chart = replace(section.charts[0], title=HOSTILE, subtitle=HOSTILE)
    markup = str(charts.svg(chart, section.tables[0]))
    tree = ElementTree.fromstring(f'<div xmlns="http://www.w3.org/2000/svg">{markup}</div>')
    allowed = {"svg", "title", "desc", "rect", "circle", "polyline", "text"}
    for element in tree.iter():
        assert element.tag == f"{SVG}div" or element.tag.removeprefix(SVG) in allowed
        assert not {name for name in element.attrib if name in ("style", "href") or name.startswith("on")}


def test_each_svg_has_a_role_a_title_and_a_description_and_scales() -> None:
    found = re.findall(r"<svg ([^>]*)><title>(.*?)</title><desc>(.*?)</desc>", svg(samples.visit_trends()))
    assert len(found) == 2
    for attributes, title, description in found:
        assert 'role="img"' in attributes
        assert "mw-100" in attributes
        assert "viewBox=" in attributes
        assert title == "Visits rose for the third month running"
        assert "Medical: lowest 641 (Dec 2025), highest 913 (Oct 2026)" in description


def test_a_chart_of_a_column_that_is_not_there_is_a_fault() -> None:
    section = samples.visit_trends().sections[0]
    with pytest.raises(RenderFailed, match="no column"):
        charts.svg(replace(section.charts[0], series=("nowhere",)), section.tables[0])


def test_the_narrow_picture_has_text_as_large_as_a_phone_needs() -> None:
    narrow = svg(samples.visit_trends()).split("<svg ")[2]
    wide = float(re.search(r'viewBox="0 0 (\S+)', narrow).group(1))
    sizes = {float(size) for size in re.findall(r'font-size="([\d.]+)"', narrow)}
    assert min(sizes) * 294 / wide >= 11


def test_the_same_geometry_serves_both_painters() -> None:
    drawn = picture(samples.visit_trends())
    native = painted(drawn)
    assert native.count(b" Tj") == len(of(drawn, Text))
    assert native.count(b" S\n") == len(of(drawn, Line)) + len(of(drawn, Dot))
