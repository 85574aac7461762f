"""Workbooks about single patients, read back with openpyxl and as XML."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BubbleChart

from tests.files import daily_samples
from tests.files.conftest import Draw
from webapp.errors import FiguresDiffer
from webapp.figures import Cell, Document, Section
from webapp.files import excel_bubbles, excel_patients, patients, reconcile

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
IN_CHART = [
    "varyColors",
    "ser",
    "dLbls",
    "bubble3D",
    "bubbleScale",
    "showNegBubbles",
    "sizeRepresents",
    "axId",
    "extLst",
]
IN_SERIES = [
    "idx", "order", "tx", "spPr", "invertIfNegative", "dPt", "dLbls", "trendline", "errBars", "xVal", "yVal",
    "bubbleSize", "bubble3D", "extLst",
]  # fmt: skip
IN_POINT = ["idx", "invertIfNegative", "marker", "bubble3D", "explosion", "spPr", "pictureOptions", "extLst"]
"""The sequences of CT_BubbleChart, CT_BubbleSer and CT_DPt in ECMA-376, part 1, annex A.5.1."""


@pytest.fixture(scope="module")
def document() -> Document:
    return daily_samples.document(3, 4)


@pytest.fixture(scope="module")
def file(draw: Draw, document: Document) -> bytes:
    return draw("excel", document)


@pytest.fixture(scope="module")
def book(file: bytes) -> Workbook:
    return load_workbook(io.BytesIO(file))


def changed(document: Document, change: Callable[[Section], Section], number: int = 1) -> Document:
    """The document with the section of one patient as `change` makes it."""
    sections = list(document.content.sections)
    sections[number] = change(sections[number])
    return replace(document, content=replace(document.content, sections=tuple(sections)))


def named(document: Document, name: str, mrn: str = "1") -> Document:
    def change(section: Section) -> Section:
        assert section.subject
        return replace(section, title=name, subject=replace(section.subject, name=name, mrn=mrn))

    return changed(document, change)


def rows_of(sheet, first: int, columns: int):  # type: ignore[no-untyped-def]
    return [[cell.value for cell in row[:columns]] for row in sheet.iter_rows(min_row=first)]


def parts_of(file: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def packed(parts: dict[str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return out


def test_there_is_a_sheet_for_each_patient_in_the_order_of_the_overview(book: Workbook, document: Document) -> None:
    names = [subject.name for _, subject in patients.each(document)]
    assert book.sheetnames == ["Summary", "Overview", *names]
    assert [row[0] for row in rows_of(book["Overview"], 5, 1)] == names
    links = [book["Overview"].cell(row, 1).hyperlink for row in (5, 6, 7)]
    assert [(link.location, link.target) for link in links] == [(f"'{name}'!A1", None) for name in names]


def test_a_sheet_begins_with_both_identifiers_and_so_does_each_printed_page(book: Workbook) -> None:
    sheet = book["Cruz, Maria Luisa 3"]
    assert [sheet["A1"].value, sheet["A2"].value] == [
        "Cruz, Maria Luisa 3",
        "born 3 March 1932 · MRN 000-0419 · aged 94, female",
    ]
    assert sheet["A3"].value == "NEWS2 9 · emergency response · at 17:50, was 0 at 00:20"
    assert sheet.print_title_rows == "$1:$2"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddHeader.left.text == "Cruz, Maria Luisa 3 · born 3 March 1932 · MRN 000-0419"


def test_every_figure_of_a_patient_stands_on_the_patients_sheet(book: Workbook, document: Document) -> None:
    for section, subject in patients.each(document):
        found = rows_of(book[subject.name], 1, 18)
        at = next(at for at, row in enumerate(found) if row[0] == "Latest reading")
        told = [row[:4] for row in found[at + 1 : at + 8]]
        assert told == [[one.label, one.value, one.unit or None, one.note] for one in section.metrics]
        for table in section.tables:
            at = next(at for at, row in enumerate(found) if row[0] == table.title)
            rows = [row[: len(table.columns)] for row in found[at + 2 : at + 2 + len(table.rows)]]
            wanted = [
                [_as_read(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)]
                for row in table.rows
            ]
            assert rows == wanted


def _as_read(cell: Cell, kind: str) -> object:
    if cell is None:
        return "–"
    return datetime.fromisoformat(str(cell)).replace(tzinfo=None) if kind in ("day", "moment") else cell


def test_a_moment_is_a_date_and_time_and_one_of_which_the_day_alone_is_known_a_day(
    draw: Draw, document: Document
) -> None:
    def change(section: Section) -> Section:
        table = section.tables[0]
        rows = (("2026-11-21", *table.rows[0][1:]), *table.rows[1:])
        return replace(section, tables=(replace(table, rows=rows), *section.tables[1:]))

    sheet = load_workbook(io.BytesIO(draw("excel", changed(document, change)))).worksheets[2]
    top = next(cell.row for cell in sheet["A"] if cell.value == "Time")
    assert [(cell.value, cell.number_format) for cell in (sheet.cell(top + 1, 1), sheet.cell(top + 2, 1))] == [
        (datetime.fromisoformat("2026-11-21"), "d mmm yyyy"),
        (datetime.fromisoformat("2026-11-21T06:10"), "d mmm yyyy, hh:mm"),
    ]


def test_the_bubble_charts_read_the_cells_of_their_patient(book: Workbook, document: Document) -> None:
    for _, subject in patients.each(document):
        sheet = book[subject.name]
        charts = sheet._charts
        assert [type(chart) for chart in charts] == [BubbleChart] * 4
        top = next(cell.row for cell in sheet["A"] if cell.value == "Time")
        headers = {cell.value: cell.column_letter for cell in sheet[top]}
        values = (
            "Respiration (per minute)",
            "Oxygen saturation (%)",
            "Systolic pressure (mm Hg)",
            "Pulse (per minute)",
        )
        points = ("respiration", "oxygen saturation", "systolic pressure", "pulse")
        for chart, value, point in zip(charts, values, points, strict=True):
            (series,) = chart.series
            size = headers[f"Bubble area: Points for {point} + 1"]
            for reference, column in (
                (series.xVal.numRef.f, "A"),
                (series.yVal.numRef.f, headers[value]),
                (series.bubbleSize.numRef.f, size),
            ):
                assert reference == f"'{subject.name}'!${column}${top + 1}:${column}${top + 4}"
            grades = [sheet[f"{headers[f'Points for {point}']}{top + at}"].value for at in range(1, 5)]
            assert [sheet[f"{size}{top + at}"].value for at in range(1, 5)] == [grade + 1 for grade in grades]


def test_areas_can_be_compared_between_charts(book: Workbook) -> None:
    sheet = book["Cruz, Maria Luisa 3"]
    for chart in sheet._charts:
        (series,) = chart.series
        largest = max(float(point.v) for point in series.bubbleSize.numRef.numCache.pt)
        assert chart.sizeRepresents == "area"
        assert chart.bubbleScale == round(excel_bubbles._SCALE * (largest / 4) ** 0.5)


def test_axes_hold_all_readings(book: Workbook) -> None:
    for sheet in book.worksheets[2:]:
        for chart in sheet._charts:
            (series,) = chart.series
            for values, axis in ((series.xVal, chart.x_axis), (series.yVal, chart.y_axis)):
                known = [float(point.v) for point in values.numRef.numCache.pt]
                assert axis.scaling.min <= min(known)
                assert max(known) <= axis.scaling.max
        assert sheet._charts[0].x_axis.number_format.formatCode == "hh:mm"


def test_the_elements_of_a_chart_stand_in_the_order_of_the_standard(file: bytes) -> None:
    charts = [part for name, part in parts_of(file).items() if name.startswith("xl/charts/chart")]
    assert len(charts) == 12
    for part in charts:
        tree = ElementTree.fromstring(part)
        for kind, order in (("bubbleChart", IN_CHART), ("ser", IN_SERIES), ("dPt", IN_POINT)):
            for element in tree.iter(f"{CHART}{kind}"):
                places = [order.index(child.tag.removeprefix(CHART)) for child in element]
                assert places == sorted(places)
        (series,) = tree.iter(f"{CHART}ser")
        needed = {"idx", "order", "xVal", "yVal", "bubbleSize"}
        assert needed <= {child.tag.removeprefix(CHART) for child in series}


def test_charts_have_a_name_and_a_text_alternative(file: bytes) -> None:
    told = re.findall(
        rb'<xdr:cNvPr id="\d+" name="([^"]*)" descr="([^"]*)"', parts_of(file)["xl/drawings/drawing1.xml"]
    )
    assert [name.decode() for name, _ in told] == [title for _, title, _, _ in daily_samples.CHARTS]
    assert b"0 points from 12 to 20." in told[0][1]


def test_a_reading_without_a_value_has_no_bubble_and_one_without_points_a_hollow_one(
    draw: Draw, document: Document
) -> None:
    def change(section: Section) -> Section:
        table = section.tables[0]
        first, second, *rest = table.rows
        rows = ((first[0], None, None, *first[3:]), (second[0], second[1], None, *second[3:]), *rest)
        return replace(section, tables=(replace(table, rows=rows), *section.tables[1:]))

    chart = load_workbook(io.BytesIO(draw("excel", changed(document, change)))).worksheets[2]._charts[0]
    (series,) = chart.series
    sizes = {point.idx: float(point.v) for point in series.bubbleSize.numRef.numCache.pt}
    assert 0 not in sizes
    assert sizes[1] == 1
    assert next(point for point in series.dPt if point.idx == 1).spPr.noFill


@pytest.mark.parametrize(
    "name",
    [
        "=1+1, Ana",
        "'O''Brien', D'Arcy",
        "R&G [Picture] &[Picture], &P",
        "9Lim, Ana",
        "A" * 200,
        "&" * 200,
        "Reyes/Cruz: [a]*?\\, José",
        "http://example.org",
        "History",
        "Summary",
        "!A1",
        "R1C1",
        "王, 小明",
    ],
)
def test_a_name_may_be_anything(draw: Draw, document: Document, name: str) -> None:
    other = named(document, name, "&" * 60)
    file = draw("excel", other)
    reconcile.check(other, "excel", io.BytesIO(file))
    sheet = load_workbook(io.BytesIO(file)).worksheets[2]
    assert (sheet["A1"].value, sheet["A1"].data_type) == (name, "s")
    assert 0 < len(sheet.title) <= 31
    header = re.search(rb"<oddHeader>(.*?)</oddHeader>", parts_of(file)["xl/worksheets/sheet3.xml"])
    assert header is not None
    assert b"http" not in b"".join(part for key, part in parts_of(file).items() if key.endswith("sheet2.xml.rels"))


def test_a_patient_of_whom_little_is_known(draw: Draw, document: Document) -> None:
    def change(section: Section) -> Section:
        assert section.subject
        unknown = replace(section.subject, born="", age="", sex="", verdict="", level="", advice="", since="")
        tables = tuple(replace(table, rows=()) for table in section.tables)
        return replace(section, metrics=(), tables=tables, subject=unknown)

    other = changed(document, change)
    for format_name in ("excel", "csv", "json"):
        reconcile.check(other, format_name, io.BytesIO(draw(format_name, other)))
    sheet = load_workbook(io.BytesIO(draw("excel", other))).worksheets[2]
    assert sheet["A2"].value == "birth date not known · MRN 000-0419"


@pytest.mark.parametrize(
    ("born", "told"),
    [
        ("1953-05-03", "born 3 May 1953"),
        ("1953-05", "born May 1953"),
        ("1953", "born 1953"),
        ("", "birth date not known"),
        ("1953-13-45", "born 1953-13-45"),
        ("May", "born May"),
        ("x-y", "born x-y"),
    ],
)
def test_a_birth_date_is_told_as_far_as_it_is_known(document: Document, born: str, told: str) -> None:
    (_, subject), *_ = patients.each(document)
    assert patients.born(replace(subject, born=born)) == told


def test_a_table_about_all_that_is_not_the_list_of_patients_stands_below_it(draw: Draw, document: Document) -> None:
    overview = document.content.sections[0]
    more = replace(overview.tables[0], key="more", title="Left out", rows=overview.tables[0].rows[:1])
    other = changed(document, lambda section: replace(section, tables=(more, *section.tables)), 0)
    file = draw("excel", other)
    reconcile.check(other, "excel", io.BytesIO(file))
    found = [row[0] for row in rows_of(load_workbook(io.BytesIO(file))["Overview"], 4, 1)]
    names = [subject.name for _, subject in patients.each(document)]
    assert found == ["Patient", *names, None, "Left out", "Patient", names[0]]
    reconcile.check(other, "csv", io.BytesIO(draw("csv", other)))


def test_two_of_one_name_have_sheets_of_their_own(draw: Draw, document: Document) -> None:
    twin = patients.each(document)[1][1].name
    other = named(document, twin)
    file = draw("excel", other)
    assert load_workbook(io.BytesIO(file)).sheetnames[2:4] == [twin, f"{twin} 2"]
    reconcile.check(other, "excel", io.BytesIO(file))


class TestWrongPatient:
    """Whatever of one patient stands on another's sheet is found, without asking for the whole."""

    def told(self, document: Document, file: bytes) -> str:
        with pytest.raises(FiguresDiffer) as fault:
            reconcile.check(document, "excel", io.BytesIO(file))
        return fault.value.address

    def test_what_was_drawn_is_right(self, document: Document, file: bytes) -> None:
        reconcile.check(document, "excel", io.BytesIO(file))

    def test_two_sheets_that_change_places(self, document: Document, file: bytes) -> None:
        parts = parts_of(file)
        one, other = "xl/worksheets/sheet3.xml", "xl/worksheets/sheet4.xml"
        parts[one], parts[other] = parts[other], parts[one]
        assert self.told(document, packed(parts).getvalue()) == "identifiers of patient-1"

    def test_charts_that_change_places(self, document: Document, file: bytes) -> None:
        parts = parts_of(file)
        one, other = "xl/charts/chart1.xml", "xl/charts/chart5.xml"
        parts[one], parts[other] = parts[other], parts[one]
        assert self.told(document, packed(parts).getvalue()) == "charts of patient-1"

    def test_a_link_to_another_patient(self, document: Document, file: bytes) -> None:
        parts = parts_of(file)
        names = [f"location=\"'{subject.name}'!A1\"".encode() for _, subject in patients.each(document)]
        part = parts["xl/worksheets/sheet2.xml"]
        parts["xl/worksheets/sheet2.xml"] = part.replace(names[0], b"@@").replace(names[1], names[0])
        assert self.told(document, packed(parts).getvalue()) == "links of the overview"

    def test_a_printed_page_that_names_another(self, document: Document, file: bytes) -> None:
        parts = parts_of(file)
        part = parts["xl/worksheets/sheet3.xml"]
        parts["xl/worksheets/sheet3.xml"] = re.sub(rb"MRN 000-\d+", b"MRN 000-9999", part)
        assert self.told(document, packed(parts).getvalue()) == "identifiers of patient-1 on its printed pages"

    @pytest.mark.parametrize(
        ("change", "address"),
        [
            (
                lambda one, other: replace(one, tables=(other.tables[0], one.tables[1])),
                "table patient-1/readings, row 1, column respiration",
            ),
            (lambda one, other: replace(one, metrics=other.metrics), "latest reading of patient-1, respiration"),
            (
                lambda one, other: replace(one, tables=(one.tables[0], other.tables[1])),
                "table patient-1/days, row 1, column readings",
            ),
        ],
        ids=["readings", "latest", "days"],
    )
    def test_anothers_figures(self, draw: Draw, document: Document, change, address: str) -> None:  # type: ignore[no-untyped-def]
        other = document.content.sections[2]
        file = draw("excel", changed(document, lambda section: change(section, other)))
        assert self.told(document, file) == address

    def test_a_reading_too_many(self, draw: Draw, document: Document) -> None:
        def change(section: Section) -> Section:
            table = section.tables[1]
            return replace(section, tables=(section.tables[0], replace(table, rows=(*table.rows, table.rows[0]))))

        assert self.told(document, draw("excel", changed(document, change))) == "table patient-1/days, number of rows"


def test_beyond_a_number_of_patients_there_are_no_charts_and_the_summary_says_so(
    draw: Draw, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel_patients, "MOST_CHARTED", 2)
    file = draw("excel", document)
    book = load_workbook(io.BytesIO(file))
    assert not any(sheet._charts for sheet in book.worksheets)
    assert any(cell.value == excel_patients.LEFT_OUT for cell in book["Summary"]["A"])
    assert book.worksheets[2].conditional_formatting
    reconcile.check(document, "excel", io.BytesIO(file))
    assert draw("excel", document) == file, "although its sheets were temporary files"


def test_the_same_figures_give_the_same_bytes(draw: Draw, document: Document, file: bytes) -> None:
    assert draw("excel", document) == file
