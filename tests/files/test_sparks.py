"""Sparklines beside headline figures, the same in every format."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import pypdfium2
import pytest
from openpyxl import load_workbook

from tests.files import samples
from tests.files.conftest import Draw
from tests.files.test_charts import of
from webapp.figures import SUPPRESSED, Cell, Content, Metric
from webapp.files import excel_trends, facts, pdf_metrics, sparks
from webapp.files.marks import Dot, Line, Picture


def metric(*trend: Cell, kind: str = "count") -> Metric:
    return Metric("m", "Visits", trend[-1] if trend else None, kind, trend=trend)  # type: ignore[arg-type]


def drawn(*trend: Cell) -> Picture:
    picture = sparks.picture(metric(*trend), 80, 22)
    assert picture
    return picture


def test_the_line_goes_from_the_first_to_the_latest_which_has_a_dot() -> None:
    picture = drawn(1, 3, 2)
    (line,) = of(picture, Line)
    assert [x for x, _ in line.points] == sorted(x for x, _ in line.points)
    low, high, latest = (y for _, y in line.points)
    assert high < latest < low
    assert [(dot.x, dot.y) for dot in of(picture, Dot)] == [line.points[-1]]


@pytest.mark.parametrize("gap", [None, SUPPRESSED])
def test_what_is_not_known_or_withheld_is_a_gap(gap: Cell) -> None:
    picture = drawn(1, 3, gap, 2, 4, gap)
    assert [len(line.points) for line in of(picture, Line)] == [2, 2]
    assert of(picture, Dot) == []  # the latest is not known either


@pytest.mark.parametrize("trend", [(), (5,), (None, 5), (SUPPRESSED, SUPPRESSED, 5), (None, None)])
def test_fewer_than_two_figures_are_no_way(trend: tuple[Cell, ...]) -> None:
    assert sparks.picture(metric(*trend), 80, 22) is None
    assert sparks.svg(metric(*trend)) == ""


@pytest.mark.parametrize("trend", [(7, 7, 7), (0, 0), (-5, 5), (1e12, 0, 1e12), tuple(range(400))])
def test_it_stays_on_its_sheet(trend: tuple[Cell, ...]) -> None:
    picture = drawn(*trend)
    places = [place for line in of(picture, Line) for place in line.points]
    assert all(0 <= x <= 80 and 0 <= y <= 22 for x, y in places)


def test_it_is_told_in_words() -> None:
    markup = sparks.svg(metric(712, None, 641, 913, SUPPRESSED))
    assert "<title>Visits, trend</title>" in markup
    assert "<desc>5 figures up to the latest: first 712, lowest 641, highest 913, latest not shown</desc>" in markup


@pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 3), (6, 3), (7, 4), (8, 4), (9, 3)])
def test_figures_stand_in_rows_as_even_as_can_be(count: int, across: int) -> None:
    assert facts.across(count) == across


def test_csv_has_each_figure_of_the_way(draw: Draw) -> None:
    text = draw("csv", samples.document(samples.outcomes())).decode("utf-8-sig")
    found = [line[2:] for line in csv.reader(io.StringIO(text)) if line[1] == "Success rate" and "Trend" in line[2]]
    assert found == [
        ["Trend, 1 of 4", "58.0", "%"],
        ["Trend, 2 of 4", "", "%"],
        ["Trend, 3 of 4", "59.5", "%"],
        ["Trend, 4 of 4", "60.1", "%"],
    ]


def test_excel_has_sparklines_that_read_the_figures_in_their_row(draw: Draw) -> None:
    file = draw("excel", samples.document(samples.outcomes()))
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        markup = parts.read("xl/worksheets/sheet1.xml").decode()
    sheet = load_workbook(io.BytesIO(file))["Summary"]
    rows = {sheet.cell(row, 1).value: row for row in range(1, sheet.max_row + 1)}
    places = dict(zip(*(re.findall(f"<xm:{tag}>([^<]*)<", markup) for tag in ("sqref", "f")), strict=True))
    assert places == {
        f"E{rows['Treated']}": f"Summary!G{rows['Treated']}:R{rows['Treated']}",
        f"E{rows['Success rate']}": f"Summary!G{rows['Success rate']}:J{rows['Success rate']}",
        f"E{rows['Follow-ups overdue']}": f"Summary!G{rows['Follow-ups overdue']}:J{rows['Follow-ups overdue']}",
        f"E{rows['Doctors']}": f"Summary!G{rows['Doctors']}:R{rows['Doctors']}",
    }
    assert [cell.value for cell in sheet[rows["Success rate"]][6:10]] == [0.58, None, 0.595, 0.601]
    assert [cell.value for cell in sheet[rows["Follow-ups overdue"]][6:10]] == [12, None, 14, None]
    assert sheet.print_area.endswith(f"$E${sheet.max_row}")


def test_a_workbook_without_trends_has_no_column_for_them(draw: Draw) -> None:
    sheet = load_workbook(io.BytesIO(draw("excel", samples.document(samples.visit_trends()))))["Summary"]
    assert sheet.max_column == excel_trends.COLUMN


def headline(count: int, **changes: object) -> Content:
    metrics = tuple(
        replace(Metric(f"m{at}", f"Figure {at}", 1000 + at, trend=samples.MEDICAL), **changes) for at in range(count)
    )
    return replace(samples.visit_trends(), metrics=metrics, sections=())


def lines_of_first_page(draw: Draw, content: Content, paper: str) -> dict[str, tuple[float, float, float]]:
    """Each text in the strip of figures with the left, right and lower edge of where it stands."""
    document = pypdfium2.PdfDocument(draw("pdf", samples.document(content, paper=paper)))
    page = document[0].get_textpage()
    found = {}
    for at in range(page.count_rects()):
        left, low, right, high = page.get_rect(at)
        found[page.get_text_bounded(left, low, right, high).strip()] = (left, right, low)
    document.close()
    return found


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("count", range(1, 9))
def test_figures_of_a_row_stand_on_one_line_of_the_paper(draw: Draw, count: int, paper: str) -> None:
    found = lines_of_first_page(draw, headline(count), paper)
    lows = [round(found[f"{1000 + at:,}"][2]) for at in range(count)]
    across = facts.across(count)
    assert len(set(lows)) == -(-count // across)
    assert lows == sorted(lows, reverse=True)
    assert max(right for _, right, _ in found.values()) < 595


@pytest.mark.parametrize("value", [10**12, "Essential (primary) hypertension with heart failure", "ش" * 200])
def test_a_figure_that_needs_room_moves_the_sparklines_of_its_row_below(draw: Draw, value: Cell) -> None:
    content = headline(8, value=value, kind="text" if isinstance(value, str) else "count", note="a note " * 40)
    for row in pdf_metrics.rows(content.metrics, 493.0):
        assert row.under > 0
        assert row.wrap(493.0, 700.0)[1] < 300
    assert draw("pdf", samples.document(content))


def test_short_figures_have_theirs_beside_them() -> None:
    assert [row.under for row in pdf_metrics.rows(headline(8).metrics, 493.0)] == [0, 0]
