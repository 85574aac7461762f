"""Stacks: bars of one length, cut into shares."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.files import odd_samples, samples
from tests.files.test_charts import of, picture, svg, texts
from webapp.figures import Content
from webapp.files import charts, lanes, marks, painters
from webapp.files.marks import Box, Picture, Sheet, Spot, Text
from webapp.files.shares import percent

PHONE = Sheet(charts.NARROW, charts.NARROW_TEXT, painters.browser_width)


def bars(drawn: Picture) -> dict[float, list[Box]]:
    """The boxes of each row from the top down; those of the legend stand above."""
    found: dict[float, list[Box]] = {}
    for box in of(drawn, Box):
        found.setdefault(box.y, []).append(box)
    return {y: found[y] for y in sorted(found) if found[y][0].height > charts.PDF_TEXT}


def on_a_phone(content: Content) -> Picture:
    chart = content.sections[0].charts[0]
    return charts.picture(chart, content.sections[0].table(chart.table), PHONE)


def test_each_bar_is_as_long_as_all_others_and_cut_into_its_shares() -> None:
    drawn = picture(odd_samples.one_chart("stack", ("a", "b"), (1, 30), (3, 10)))
    rows = list(bars(drawn).values())
    spans = [(row[0].x, row[-1].x + row[-1].width) for row in rows]
    assert spans[0] == pytest.approx(spans[1], abs=1)
    length = spans[0][1] - spans[0][0]
    assert [round(box.width / length, 2) for row in rows for box in row] == pytest.approx(
        [0.25, 0.75, 0.75, 0.25], abs=0.01
    )
    assert [text for text in texts(drawn) if text.endswith("%")] == ["25 %", "75 %", "75 %", "25 %"]
    assert {"4", "40", "Total"} <= set(texts(drawn))


def test_parts_have_white_between_them() -> None:
    (row,) = bars(picture(odd_samples.one_chart("stack", ("a",), (1,), (1,), (1,)))).values()
    assert all(after.x > before.x + before.width for before, after in pairwise(row))


def test_a_row_that_sums_to_zero_is_an_empty_bar_with_a_dash() -> None:
    drawn = picture(odd_samples.one_chart("stack", ("a", "b"), (1, 0), (3, 0)))
    empty = list(bars(drawn).values())[1]
    assert [box.fill for box in empty] == [marks.PAPER]
    assert {"–", "0"} <= set(texts(drawn))


def test_a_row_with_a_withheld_figure_is_not_cut_and_says_what_is_known() -> None:
    drawn = picture(odd_samples.one_chart("stack", ("a", "b"), (1, 30), (3, "[c]")))
    assert [box.fill for box in list(bars(drawn).values())[1]] == [marks.PAPER]
    assert "Series 1 30, Series 2 [c]" in texts(drawn)
    assert "[c]" in texts(drawn)  # nor has it a total
    assert "33" not in " ".join(texts(drawn))


@pytest.mark.parametrize("odd", [None, -4])
def test_what_is_no_share_of_a_whole_is_not_cut(odd: int | None) -> None:
    drawn = picture(odd_samples.one_chart("stack", ("a",), (6,), (odd,)))
    assert [box.fill for row in bars(drawn).values() for box in row] == [marks.PAPER]


def test_series_are_named_above_the_first_bar_where_they_fit_and_else_in_a_legend() -> None:
    direct = picture(odd_samples.one_chart("stack", ("a", "b"), (5, 1), (5, 9)))
    assert len(of(direct, Box)) == 4
    assert {"Series 1", "Series 2"} <= set(texts(direct))
    swatches = picture(odd_samples.one_chart("stack", ("a", "b"), (1, 1), (999, 9)))
    assert len(of(swatches, Box)) == 6
    assert {"Series 1", "Series 2"} <= set(texts(swatches))


def test_percentages_have_no_total() -> None:
    content = odd_samples.one_chart("stack", ("a",), (40,), (60,))
    table = content.sections[0].tables[0]
    columns = tuple(replace(column, kind="percent") if at else column for at, column in enumerate(table.columns))
    section = replace(content.sections[0], tables=(replace(table, columns=columns),))
    assert "Total" not in texts(picture(replace(content, sections=(section,))))


@pytest.mark.parametrize("count", range(2, 12))
def test_neighbours_differ_in_grey(count: int) -> None:
    light = [marks.luminance(colour) for colour in marks.ramp(count)]
    assert light == sorted(light)
    ratios = [(after + 0.05) / (before + 0.05) for before, after in pairwise(light)]
    assert min(ratios) >= (1.4 if count <= 5 else 1.12)


def test_percents_are_legible_in_their_parts() -> None:
    drawn = picture(samples.outcomes())
    for box in of(drawn, Box):
        for text in of(drawn, Text):
            if text.text.endswith(" %") and box.x < text.x < box.x + box.width and box.y < text.y < box.y + box.height:
                light, dark = sorted((marks.luminance(box.fill), marks.luminance(text.colour)), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_every_figure_is_told_to_who_points_at_its_row() -> None:
    told = [spot.tip for spot in of(picture(samples.outcomes()), Spot)]
    assert told[0] == (
        "Essential hypertension: Improved 180 (58 %), Unchanged 80 (26 %), Worse 40 (13 %), Not recorded 12 (4 %)"
    )
    assert told[-1] == "Asthma: Improved 13, Unchanged [c], Worse [c], Not recorded 11"


def test_long_names_stand_above_their_bars_on_a_phone() -> None:
    drawn = on_a_phone(samples.outcomes())
    names = [mark for mark in of(drawn, Text) if mark.text == "Essential hypertension"]
    assert [name.anchor for name in names] == ["start"]
    assert names[0].x < 1
    assert min(box.x for row in bars(drawn).values() for box in row) < 2


@pytest.mark.parametrize(("part", "whole", "told"), [
    (0, 9, "0 %"), (1, 1000, "<1 %"), (5, 1000, "<1 %"), (6, 1000, "1 %"), (999, 1000, ">99 %"), (995, 1000, ">99 %"),
    (9, 9, "100 %"), (0, 0, "0 %"),
])  # fmt: skip
def test_a_share_never_reads_as_nothing_or_all_when_it_is_not(part: int, whole: int, told: str) -> None:
    assert percent(part, whole) == told


def test_sixteen_rows_have_a_percent_in_each_bar_and_sixty_still_fit_a_page() -> None:
    rows = tuple(f"Row {at}" for at in range(60))
    sixteen = picture(odd_samples.one_chart("stack", rows[:16], (1,) * 16, (1,) * 16))
    assert texts(sixteen).count("50 %") == 32
    assert (
        picture(odd_samples.one_chart("stack", rows, (1,) * 60, (1,) * 60)).height
        < (lanes.MOST_HEIGHT + 5) * charts.PDF_TEXT
    )


def test_the_description_says_the_shares() -> None:
    assert "Improved: from 48 % (Type 2 diabetes mellitus without complications) to 72 % (Dental caries)" in svg(
        samples.outcomes()
    )
