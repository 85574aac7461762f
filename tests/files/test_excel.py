"""Excel workbooks, read back with openpyxl."""

import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime

import pytest
from openpyxl import Workbook, load_workbook

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.figures import Column, Content, Section, Table
from webapp.files import facts
from webapp.files.excel_names import Names

TOP = 4
"""The row, counted from one, of a table's header."""


def book_of(file: bytes) -> Workbook:
    return load_workbook(io.BytesIO(file))


def one_table(*tables: Table) -> Content:
    return replace(samples.visit_trends(), sections=(Section("s", "Section", (), tables),))


@pytest.mark.parametrize("content", [samples.visit_trends(), samples.patient_summary()], ids=["trends", "summary"])
def test_each_table_has_a_sheet_with_every_figure(draw: Draw, content: Content) -> None:
    book = book_of(draw("excel", samples.document(content)))
    tables = [table for section in content.sections for table in section.tables]
    assert book.sheetnames == ["Summary", *(table.title for table in tables)]
    for table in tables:
        sheet = book[table.title]
        for row, cells in enumerate([*table.rows, *([table.total] if table.total else [])], TOP + 1):
            for at, (cell, column) in enumerate(zip(cells, table.columns, strict=True), 1):
                found = sheet.cell(row, at).value
                if column.kind == "month" and cell != "Total":
                    assert found == datetime.fromisoformat(f"{cell}-01")
                elif column.kind == "percent":
                    assert found == pytest.approx(cell / 100)
                else:
                    assert found == cell


def test_cells_have_the_formats_of_their_kind(draw: Draw) -> None:
    table = Table(
        "kinds",
        "Kinds",
        (
            Column("day", "Day", "day"),
            Column("month", "Month", "month"),
            Column("share", "Share", "percent", decimals=1),
            Column("mean", "Mean wait", "number", "min", 2),
            Column("count", "Visits", "count"),
            Column("text", "Text"),
        ),
        (("2026-10-31", "2026-10", 6.5, 12.345, 1204, "00123"),),
    )
    sheet = book_of(draw("excel", samples.document(one_table(table))))["Kinds"]
    cells = [(cell.value, cell.number_format) for cell in sheet[TOP + 1][:6]]
    assert cells == [
        (datetime.fromisoformat("2026-10-31"), "d mmm yyyy"),
        (datetime.fromisoformat("2026-10-01"), "mmm yyyy"),
        (0.065, "0.0%"),
        (12.345, "#,##0.00"),
        (1204, "#,##0"),
        ("00123", "@"),
    ]
    assert sheet.cell(TOP, 4).value == "Mean wait (min)"


def test_days_that_excel_cannot_hold_stay_words(draw: Draw) -> None:
    table = Table("old", "Old", (Column("day", "Day", "day"),), (("1899-12-31",), ("0001-01-01",)))
    sheet = book_of(draw("excel", samples.document(one_table(table))))["Old"]
    assert [sheet.cell(TOP + 1, 1).value, sheet.cell(TOP + 2, 1).value] == ["1899-12-31", "0001-01-01"]


def test_the_summary_holds_metrics_definitions_and_provenance(draw: Draw) -> None:
    document = samples.document(samples.patient_summary())
    sheet = book_of(draw("excel", document))["Summary"]
    values = [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {1928, 412, 0.214, 18, "–"} <= set(values)
    for label, text in facts.provenance(document):
        if label not in ("Requested at", "Data as of"):
            assert label in values
            assert text in values
    assert "At least one visit in the period." in values
    assert "▲ up 58 (3.1 %) from end of September 2026" in values


def test_moments_of_the_summary_are_date_times_on_the_clinics_clock(draw: Draw) -> None:
    sheet = book_of(draw("excel", samples.document(samples.patient_summary())))["Summary"]
    found = {row[0].value: (row[1].value, row[1].number_format) for row in sheet.iter_rows()}
    assert found["Requested at (Manila time)"] == (datetime(2026, 11, 22, 14, 5), "d mmm yyyy hh:mm")  # noqa: DTZ001
    assert found["Data as of (Manila time)"] == (datetime(2026, 11, 22, 14, 3), "d mmm yyyy hh:mm")  # noqa: DTZ001


def test_what_is_not_known_is_empty_among_numbers_and_a_dash_among_words(draw: Draw) -> None:
    columns = (
        Column("a", "A"),
        Column("b", "B", "count"),
        Column("c", "C", "percent"),
        Column("d", "D", "number"),
        Column("e", "E", "day"),
        Column("f", "F"),
    )
    rows = ((None,) * 6, ("x", 1, 2, 3, "2026-10-31", "y"))
    table = Table("t", "Gaps", columns, rows, ("All", 1, None, 3, None, None))
    sheet = book_of(draw("excel", samples.document(one_table(table))))["Gaps"]
    assert [cell.value for cell in sheet[TOP + 1][:6]] == ["–", None, None, None, None, "–"]
    assert [cell.value for cell in sheet[TOP + 3][:6]] == ["All", 1, None, 3, None, None]


def test_a_sheet_with_a_note_says_its_filters_too(draw: Draw) -> None:
    content = samples.visit_trends()
    table = replace(content.sections[0].tables[0], note="Months before the clinic opened are left out.")
    document = samples.document(one_table(table))
    sheet = book_of(draw("excel", document))["Visits by month"]
    assert sheet.cell(2, 1).value == facts.heading(document)
    assert sheet.cell(3, 1).value == "Months before the clinic opened are left out."
    assert sheet.cell(TOP, 1).value == "Month"


def test_headers_stay_in_sight_and_rows_can_be_filtered(draw: Draw) -> None:
    sheet = book_of(draw("excel", samples.document(samples.visit_trends())))["Visits by month"]
    assert sheet.freeze_panes == "B5"
    assert sheet.auto_filter.ref == "A4:E16"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.cell(TOP + 13, 4).font.b


def test_each_chart_of_a_table_stands_on_its_sheet(draw: Draw) -> None:
    content = samples.visit_trends()
    file = draw("excel", samples.document(content))
    book = book_of(file)
    assert {name: len(book[name]._charts) for name in book.sheetnames} == {
        "Summary": 0,
        "Visits by month": 1,
        "Visits by weekday and hour": 1,
        "Busiest hours": 0,
    }
    chart = book["Visits by month"]._charts[0]
    assert [one.val.numRef.f for one in chart.series] == [
        "'Visits by month'!$B$5:$B$16",
        "'Visits by month'!$C$5:$C$16",
    ]
    rules = book["Visits by weekday and hour"].conditional_formatting
    assert [rule.type for one in rules for rule in one.rules] == ["colorScale"]


def charts_of(draw: Draw, content: Content) -> list[str]:
    """The markup of each native chart."""
    with zipfile.ZipFile(io.BytesIO(draw("excel", samples.document(content)))) as parts:
        names = sorted(name for name in parts.namelist() if name.startswith("xl/charts/chart"))
        return [parts.read(name).decode() for name in names]


def test_shares_are_bars_stacked_to_a_whole_that_start_at_the_top(draw: Draw) -> None:
    stack, _ = charts_of(draw, samples.outcomes())
    assert '<c:barDir val="bar"/><c:grouping val="percentStacked"/>' in stack
    assert re.findall(r"<c:f>([^<]*\$E[^<]*)</c:f>", stack) == ["'Outcomes by diagnosis'!$E$4",
                                                                "'Outcomes by diagnosis'!$E$5:$E$10"]  # fmt: skip
    assert '<c:orientation val="maxMin"/>' in stack
    assert [label for label in ("58 %", "26 %", "13 %") if f"<a:t>{label}</a:t>" not in stack] == []
    assert "<a:t>4 %</a:t>" not in stack  # no room
    assert stack.count("<a:noFill/>") >= 4  # the parts of the row that is withheld in part


def test_intervals_have_error_bars_from_end_to_end(draw: Draw) -> None:
    _, interval = charts_of(draw, samples.outcomes())
    assert interval.count("<c:ser>") == 1
    assert '<c:errValType val="cust"/>' in interval
    ends = re.search(r"<c:plus>(.*?)</c:plus><c:minus>(.*?)</c:minus>", interval)
    plus, minus = ([float(one) for one in re.findall(r"<c:v>([^<]*)</c:v>", part)] for part in ends.groups())
    assert plus == [0.054, 0.071, 0.061, 0.09, 0, 0]
    assert minus == [0.056, 0.071, 0.071, 0.1, 0, 0]


def test_a_withheld_figure_is_a_gap_in_a_line(draw: Draw) -> None:
    content = odd_samples.one_chart("line", ("a", "b", "c"), (5, "[c]", 7), (1, 2, 3))
    (line,) = charts_of(draw, content)
    assert re.findall(r"<c:val><c:numRef><c:f>([^<]*)</c:f>", line) == [
        "'The table'!$P$5:$P$7",
        "'The table'!$C$5:$C$7",
    ]
    sheet = book_of(draw("excel", samples.document(content)))["The table"]
    assert [sheet[f"P{row}"].value for row in (4, 5, 6, 7)] == ["Series 1, as drawn", 5, None, 7]
    assert [sheet[f"B{row}"].value for row in (5, 6, 7)] == [5, "[c]", 7]


def test_the_table_of_a_chart_that_is_left_out_stays(draw: Draw) -> None:
    assert charts_of(draw, odd_samples.in_shreds()) == []
    sheet = book_of(draw("excel", samples.document(odd_samples.in_shreds())))["The table"]
    assert [row[1] for row in sheet.iter_rows(min_row=5, max_row=16, values_only=True)] == [
        *samples.MEDICAL[:5],
        *["[c]"] * 7,
    ]


def test_bars_of_long_words_lie_in_the_order_of_the_rows(draw: Draw) -> None:
    steps = ("Reached", "Opened the message", "Answered the message", "Attended within 30 days")
    (funnel,) = charts_of(draw, odd_samples.one_chart("bar", steps, (1200, 840, 310, 122)))
    assert '<c:barDir val="bar"/>' in funnel
    assert '<c:orientation val="maxMin"/>' in funnel
    (upright,) = charts_of(draw, odd_samples.one_chart("bar", ("a", "b"), (1, 2)))
    assert '<c:barDir val="col"/>' in upright


@pytest.mark.parametrize("title", ["=1+1", "=Summary!$A$1", "Summary!A1"])
def test_a_chart_title_is_never_a_reference(draw: Draw, title: str) -> None:
    file = draw("excel", samples.document(odd_samples.named(title)))
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        markup = parts.read("xl/charts/chart1.xml").decode()
    title_part = markup[markup.index("<c:title>") : markup.index("</c:title>")]
    assert "<c:f>" not in title_part
    assert title.replace("!", "! ") in title_part


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "https://example.org", "00123", "1e5", "{=1}"])
def test_no_text_becomes_a_formula_a_link_or_a_number(draw: Draw, text: str) -> None:
    file = draw("excel", odd_samples.named_document(text))
    book = book_of(file)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert len(cells) >= 8
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name)


def test_names_of_sheets_are_valid_and_differ() -> None:
    names = Names()
    long = "A very long title that goes on and on"
    titles = ["Summary", "summary", "a/b:c*d?e[f]g\\h", "'quoted'", "History", "", "   ", long, long, "😀" * 40]
    given = [names.new(title) for title in titles]
    assert len({name.casefold() for name in given}) == len(titles)
    for name in given:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")
        assert not name.endswith("'")
        assert name.casefold() != "history"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Compared with 1 January to 22 November 2025", "Compared with 1 January to 22"),
        ("Patients by number of visits, and more", "Patients by number of visits"),
        ("Visits by month and by weekday, too", "Visits by month and by weekday"),
        ("Pneumonoultramicroscopicsilicovolcanoconiosis", "Pneumonoultramicroscopicsilicov"),
    ],
)
def test_a_long_name_of_a_sheet_is_cut_after_a_word(title: str, name: str) -> None:
    assert Names().new(title) == name


@pytest.mark.parametrize("shape", ["line", "bar"])
def test_a_month_that_is_not_over_is_told_and_hollow(draw: Draw, shape: str) -> None:
    sheet = book_of(draw("excel", samples.document(odd_samples.cut_short(shape)))).worksheets[1]
    last, before = sheet.cell(TOP + 13, 1), sheet.cell(TOP + 12, 1)
    assert (f"{last.value:%Y-%m-%d}", last.number_format) == ("2026-11-01", '"1–22 "mmm yyyy')
    assert before.number_format == "mmm yyyy"
    for series in sheet._charts[0].series:
        (hollow,) = series.dPt
        assert hollow.idx == 12
        drawn = hollow.marker.spPr if shape == "line" else hollow.spPr
        assert drawn.solidFill.srgbClr != drawn.ln.solidFill.srgbClr


@pytest.mark.parametrize(("paper", "size"), [("A4", "9"), ("Letter", "1")])
def test_it_prints_on_the_paper_asked_for(draw: Draw, paper: str, size: str) -> None:
    book = book_of(draw("excel", samples.document(samples.visit_trends(), paper=paper)))
    for sheet in book:
        assert str(sheet.page_setup.paperSize) == size
        assert sheet.page_setup.fitToHeight in (0, "0")


def test_a_report_without_figures_is_a_valid_workbook(draw: Draw) -> None:
    book = book_of(draw("excel", samples.document(odd_samples.empty())))
    assert book.sheetnames == ["Summary", "Visits by month"]


def test_text_too_long_for_a_cell_is_cut_not_lost(draw: Draw) -> None:
    book = book_of(draw("excel", odd_samples.named_document("x" * 40_000)))
    assert book.worksheets[1].cell(TOP + 1, 1).value == "x" * 32_767


@pytest.mark.parametrize(
    ("name", "written"), [("R&D 1 & Sons", "&L&9R&&D 1 && Sons&R&9"), ("3rd R&D", "&L&9 3rd R&&D&R&9")]
)
def test_a_name_at_the_head_of_a_page_is_no_command(draw: Draw, name: str, written: str) -> None:
    book = draw("excel", samples.document(samples.visit_trends(), clinic_name=name))
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheets = [html.unescape(parts.read(part).decode()) for part in parts.namelist() if "worksheets/sheet" in part]
    assert len(sheets) > 3
    assert [sheet for sheet in sheets if f"<oddHeader>{written}" not in sheet] == []
