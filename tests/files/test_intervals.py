"""Intervals: a dot at the value, a whisker from end to end."""

from dataclasses import replace

import pytest

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from tests.files.test_charts import of, picture, svg, texts
from webapp.figures import Cell, Content
from webapp.files import charts, marks, painters
from webapp.files.marks import Dot, Line, Picture, Sheet, Spot, Text


def rates() -> Content:
    content = samples.outcomes()
    return samples.replace(content, sections=content.sections[1:])


def counts(*rows: tuple[Cell, Cell, Cell]) -> Content:
    return odd_samples.one_chart("interval", tuple(f"Row {at}" for at in range(len(rows))), *zip(*rows, strict=True))


def whiskers(drawn: Picture) -> list[Line]:
    """The lines from end to end, without the strokes across."""
    return [line for line in of(drawn, Line) if line.colour in marks.PALETTE and line.points[0][1] == line.points[1][1]]


def test_each_row_has_a_dot_between_the_ends_of_its_whisker() -> None:
    drawn = picture(rates())
    assert len(of(drawn, Dot)) == len(whiskers(drawn)) == 4
    for dot, line in zip(of(drawn, Dot), whiskers(drawn), strict=True):
        (low, y), (high, _) = line.points
        assert low < dot.x < high
        assert y == dot.y
    assert {"57.7 %", "52.1 to 63.1 %"} <= set(texts(drawn))


def test_percentages_are_seen_against_the_whole() -> None:
    assert {"0 %", "100 %"} <= set(texts(picture(rates())))


def test_other_figures_need_no_zero() -> None:
    drawn = picture(counts((900, 880, 920), (950, 940, 960)))
    assert "0" not in texts(drawn)
    assert {"900", "950"} <= set(texts(drawn))


def test_rows_of_too_few_are_not_drawn(draw: Draw) -> None:
    content = odd_samples.one_chart(
        "interval", ("Few", "Some", "Withheld"), (9, 8, 7), (8, 7, 6), (9, 9, 9), (4, 5, "[c]")
    )
    section = content.sections[0]
    shown = replace(section.charts[0], series=section.charts[0].series[:3], whole="Series 4")
    content = replace(content, sections=(replace(section, charts=(shown,)),))
    assert [text for text in texts(picture(content)) if text in ("Few", "Some", "Withheld")] == ["Some", "Withheld"]
    assert draw("excel", samples.document(content))


def test_what_is_not_known_is_a_dash_and_what_is_withheld_says_so() -> None:
    drawn = picture(counts((9, 8, 10), (None, None, None), ("[c]", "[c]", "[c]")))
    assert len(of(drawn, Dot)) == 1
    assert {"–", "[c]"} <= set(texts(drawn))


def test_a_value_without_ends_is_a_dot_alone() -> None:
    drawn = picture(counts((9, None, None), (8, 7, None), (5, 4, 6)))
    assert len(of(drawn, Dot)) == 3
    assert len(whiskers(drawn)) == 1


def test_ends_without_a_value_are_not_drawn_but_told() -> None:
    drawn = picture(counts((None, 7, 9), (8, 7, 9)))
    assert len(whiskers(drawn)) == 1
    assert of(drawn, Spot)[0].tip == "Row 0: Series 1 –, Series 2 7, Series 3 9"


@pytest.mark.parametrize("series", [1, 2, 4])
def test_other_numbers_of_series_are_drawn_as_bars(series: int) -> None:
    drawn = picture(odd_samples.one_chart("interval", ("a", "b"), *[(3, 5)] * series))
    assert of(drawn, Dot) == []
    assert texts(drawn).count("5") >= series


def test_long_names_stand_above_their_rows_on_a_phone() -> None:
    chart, table = rates().sections[0].charts[0], rates().sections[0].tables[0]
    drawn = charts.picture(chart, table, Sheet(charts.NARROW, charts.NARROW_TEXT, painters.browser_width))
    heights = {mark.text: mark.y for mark in of(drawn, Text)}
    assert heights["Essential hypertension"] == heights["57.7 %"] < of(drawn, Dot)[0].y


def test_the_description_says_every_row() -> None:
    told = svg(rates())
    assert "Dental caries: 72.3 %, 65.2 % to 78.4 %" in told
    assert "Low back pain: –. Asthma: [c]." in told
