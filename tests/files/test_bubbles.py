"""Charts of bubbles: where they stand, how large they are, and what they say without colour and without a picture."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files.test_hostile_charts import SHEETS, check_every_figure_is_told, check_it_is_on_its_sheet
from webapp.figures import Cell, Chart, Table, Zone
from webapp.files import charts, marks, painters
from webapp.files.bubbles import BAND, FILLS
from webapp.files.marks import Box, Dot, Line, Picture, Text
from webapp.gallery import bubbles as gallery

CASES = {case.name: case for case in gallery.cases()}
ORDINARY = CASES["Ordinary"]
COLOURED = (*FILLS, marks.PALETTE[0])


def drawn(name: str = "Ordinary", place: str = "half a page") -> Picture:
    return charts.picture(CASES[name].chart, CASES[name].table, SHEETS[place])


def bubbles_of(picture: Picture) -> list[Dot]:
    """Without the white rims under those that count."""
    return [mark for mark in picture.marks if isinstance(mark, Dot) and (mark.fill != marks.PAPER or mark.outline)]


def texts_of(picture: Picture) -> list[str]:
    return [mark.text for mark in picture.marks if isinstance(mark, Text)]


def of_rows(*rows: tuple[Cell, ...], zones: tuple[Zone, ...] = gallery.ZONES) -> Picture:
    chart, table = replace(ORDINARY.chart, zones=zones), replace(ORDINARY.table, rows=rows)
    return charts.picture(chart, table, SHEETS["half a page"])


def at(hour: int, minute: int = 0, day: int = 21) -> str:
    return f"2026-11-{day:02}T{hour:02}:{minute:02}+08:00"


def test_the_area_is_proportional_to_the_grade_and_one() -> None:
    picture = of_rows((at(1), 15, 0), (at(5), 10, 1), (at(9), 22, 2), (at(13), 26, 3))
    areas = [dot.radius**2 for dot in sorted(bubbles_of(picture), key=lambda dot: dot.x)]
    assert [area / areas[0] for area in areas] == pytest.approx([1, 2, 3, 4])


def test_time_is_to_scale() -> None:
    first, second, third = sorted(
        bubbles_of(of_rows((at(0), 15, 0), (at(6), 15, 0), (at(18), 15, 0))), key=lambda dot: dot.x
    )
    assert third.x - second.x == pytest.approx(2 * (second.x - first.x))


def test_a_day_alone_stands_at_noon() -> None:
    noon, alone = bubbles_of(of_rows((at(12), 15, 0), ("2026-11-21", 18, 0)))
    assert noon.x == alone.x


def test_a_day_has_round_hours_under_it_from_midnight_to_midnight() -> None:
    hours = [text for text in texts_of(drawn()) if re.fullmatch(r"\d\d:\d\d", text)]
    assert hours[0] == "00:00"
    assert hours[-1] == "24:00"
    assert len({(int(after[:2]) - int(before[:2])) for before, after in pairwise(hours)}) == 1


def test_charts_of_one_table_have_one_axis_of_time() -> None:
    whole = of_rows((at(20, day=20), 15, 0), (at(6), 16, 0), (at(18), 17, 0))
    part = of_rows((at(20, day=20), None, None), (at(6), 16, 0), (at(18), 17, 0))
    assert [dot.x for dot in bubbles_of(part)] == [dot.x for dot in bubbles_of(whole)[1:]]
    assert [text for text in texts_of(part) if ":" in text] == [text for text in texts_of(whole) if ":" in text]


def test_several_days_are_parted_at_midnight() -> None:
    picture = drawn("Several days")
    uprights = [
        mark for mark in picture.marks if isinstance(mark, Line) and len({x for x, _ in mark.points}) == 1
        and len(mark.points) == 2 and mark.colour == marks.AXIS
    ]  # fmt: skip
    assert len(uprights) >= 4
    assert [text for text in texts_of(picture) if text.endswith(" Nov")]


def test_charts_of_one_measure_have_one_scale() -> None:
    def band(picture: Picture) -> tuple[float, float]:
        (box,) = (mark for mark in picture.marks if isinstance(mark, Box) and mark.fill == BAND)
        return box.y, box.height

    assert band(of_rows((at(1), 14, 0))) == band(of_rows((at(2), 22, 2), (at(9), 10, 1)))


def test_a_wide_normal_band_leaves_room_for_what_changes() -> None:
    zones = (
        Zone(None, 90.5, 3),
        Zone(90.5, 100.5, 2),
        Zone(100.5, 110.5, 1),
        Zone(110.5, 219.5, 0),
        Zone(219.5, None, 3),
    )
    first, last = sorted(bubbles_of(of_rows((at(1), 124, 0), (at(9), 104, 1), zones=zones)), key=lambda dot: dot.x)
    assert last.y - first.y > 18


def test_grades_are_told_by_number_size_and_fill() -> None:
    picture = of_rows((at(1), 15, 0), (at(5), 10, 1), (at(9), 22, 2), (at(13), 26, 3))
    for dot in bubbles_of(picture):
        inside = [
            mark for mark in picture.marks
            if isinstance(mark, Text) and abs(mark.x - dot.x) < 0.01 and abs(mark.y - dot.y) < dot.radius
        ]  # fmt: skip
        is_normal = dot.fill == FILLS[0]
        assert len(inside) == (0 if is_normal else 1)
        for number in inside:
            light, dark = sorted((marks.luminance(dot.fill), marks.luminance(number.colour)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_one_without_a_grade_is_hollow_and_small() -> None:
    known, unknown = sorted(bubbles_of(of_rows((at(1), 15, 0), (at(9), 15, None))), key=lambda dot: dot.x)
    assert (unknown.fill, bool(unknown.outline)) == (marks.PAPER, True)
    assert unknown.radius == known.radius


def test_values_that_are_missing_are_gaps() -> None:
    picture = of_rows((at(1), 15, 0), (at(5), 16, 0), (at(9), None, None), (at(13), 17, 0), (at(15), 17, 0))
    ways = [mark for mark in picture.marks if isinstance(mark, Line) and mark.colour == "#AEBCC4"]
    assert [len(way.points) for way in ways] == [2, 2]
    assert len(bubbles_of(picture)) == 4


def test_the_latest_is_told_in_figures_however_the_rows_lie() -> None:
    picture = of_rows((at(20), 23, 2), (at(4), 15, 0))
    (told,) = [mark for mark in picture.marks if isinstance(mark, Text) and mark.colour == marks.INK]
    assert told.text == "23"


def test_the_graver_is_never_hidden() -> None:
    picture = of_rows((at(9), 26, 3), (at(9, 2), 26, 1), (at(9, 4), 26, 0))
    assert bubbles_of(picture)[-1].fill == FILLS[3]
    digits = [
        mark.text for mark in picture.marks
        if isinstance(mark, Text) and mark.bold and mark.anchor == "middle" and mark.colour == marks.PAPER
    ]  # fmt: skip
    assert digits == ["3"]


def test_what_is_seen_is_told_in_words() -> None:
    told = charts.description(ORDINARY.chart, ORDINARY.table)
    assert "Respiration: 12 readings from 21 Nov, 02:00 to 22 Nov, 00:00" in told
    assert "lowest 8 (21 Nov, 22:00), highest 25 (21 Nov, 14:00), latest 14 (22 Nov, 00:00)" in told
    assert "Points for respiration: 3 in 2 readings, 2 in 3 readings, 1 in 1 reading, 0 in 6 readings" in told
    assert charts.NOTHING in charts.description(CASES["Nothing"].chart, CASES["Nothing"].table)


def test_both_painters_draw_it() -> None:
    markup = charts.svg(ORDINARY.chart, ORDINARY.table)
    assert markup.count("<circle") == 2 * len([mark for mark in drawn().marks if isinstance(mark, Dot)])
    assert "21 Nov, 10:00: Respiration 21, Points for respiration 2" in markup


@pytest.mark.parametrize("series", [("value", "points", "at"), ("points",)])
def test_what_is_no_bubble_is_drawn_as_bars_or_without_grades(series: tuple[str, ...]) -> None:
    chart = replace(ORDINARY.chart, series=series)
    for sheet in SHEETS.values():
        check_it_is_on_its_sheet(charts.picture(chart, ORDINARY.table, sheet), sheet)


MOMENTS = st.one_of(
    st.datetimes().filter(lambda one: 1900 < one.year < 2100).map(lambda one: f"{one:%Y-%m-%dT%H:%M}+08:00"),
    st.integers(0, 2000).map(lambda many: f"2026-11-{many % 28 + 1:02}T{many % 24:02}:{many % 60:02}+01:00"),
    st.sampled_from(("2026-11-21", "2026-11-22", "2024-02-29")),
)
VALUES = st.one_of(
    st.none(), st.integers(-50, 400), st.floats(-1e6, 1e9, allow_nan=False).map(lambda one: round(one, 1))
)
GRADES = st.one_of(st.none(), st.integers(0, 20))
ROWS = st.lists(st.tuples(MOMENTS, VALUES, GRADES), max_size=60)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(ROWS, st.booleans())
def test_any_readings_are_drawn_on_the_sheet(rows: list[tuple[Cell, ...]], has_zones: bool) -> None:
    chart = replace(ORDINARY.chart, zones=gallery.ZONES if has_zones else ())
    table: Table = replace(ORDINARY.table, rows=tuple(rows))
    for place in ("half a page", "phone"):
        picture = charts.picture(chart, table, SHEETS[place])
        check_it_is_on_its_sheet(picture, SHEETS[place])
        check_every_figure_is_told(picture, of_value(chart), only_with_values(table))
        painters.svg(picture, "Title", charts.description(chart, table), "chart")


def of_value(chart: Chart) -> Chart:
    return replace(chart, series=chart.series[:1])


def only_with_values(table: Table) -> Table:
    return replace(table, rows=tuple(row for row in table.rows if row[1] is not None))
