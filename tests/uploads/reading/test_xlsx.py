"""What the cells of a workbook become, and what is told of them that calamine leaves out."""

import io
from datetime import date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook as OtherWorkbook

from tests.sample_data import SAMPLE_DATA
from tests.uploads.reading import made
from tests.uploads.reading.made import number, row, sheet, text
from webapp.uploads.reading.xlsx import read_xlsx
from webapp.uploads.workbook import Cell, Sheet, Workbook

VITALS = SAMPLE_DATA / "vitals"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "stored"


def read_all(place: Path, content: bytes) -> Workbook:
    place.write_bytes(content)
    workbook = read_xlsx(place)
    assert Workbook.unpack(workbook.pack()) == workbook
    return workbook


def read_one(place: Path, content: bytes) -> Sheet:
    (one,) = read_all(place, content).sheets
    return one


def only_cell(place: Path, cell: str, *formats: str, inside: str = "", before: str = "") -> Cell:
    content = made.xlsx(
        sheet(row(1, cell)), more={"xl/styles.xml": made.styles(*formats)}, inside=inside, before=before
    )
    return read_one(place, content).rows[0][0]


def test_rows_begin_at_the_first_and_end_with_the_last_that_holds_anything(place: Path) -> None:
    odd = sheet(row(3, text("B3", "Pulse"), '<c r="E3" s="0"/>'), row(4, number("B4", 72), text("C4", "")), row(9, ""))
    one = read_one(place, made.xlsx(odd))
    assert one.rows == ((None, None), (None, None), (None, "Pulse"), (None, 72))


@pytest.mark.parametrize(
    ("cell", "code", "said"),
    [
        (number("A1", 72), "0", 72),
        (number("A1", 36.6), "0.0", 36.6),
        (number("A1", "1E+400"), "0", "inf"),
        (number("A1", 12345678901234567890), "0", 1.2345678901234567e19),
        (number("A1", 0.98, 1), "0%", "98%"),
        (number("A1", 0.975, 1), "0.0%;-0.0%", "97.5%"),
        (number("A1", 0.98, 1), '0.00"%"', 0.98),
        (number("A1", 46000, 1), "yyyy-mm-dd", date(2025, 12, 9)),
        (number("A1", 46000.3541666667, 1), "dd/mm/yyyy hh:mm", datetime.fromisoformat("2025-12-09T08:30")),
        (number("A1", 46000, 1), "dd/mm/yyyy hh:mm", datetime.fromisoformat("2025-12-09T00:00")),
        (number("A1", 46000.9999999, 1), "dd/mm/yyyy hh:mm", datetime.fromisoformat("2025-12-10T00:00")),
        (number("A1", 0.354166666666667, 1), "hh:mm", time(8, 30)),
        (number("A1", 0.354166666666667, 1), "[h]:mm", time(8, 30)),
        (number("A1", 1.104166666666667, 1), "[h]:mm", "26:30:00"),
        ('<c r="A1" t="d"><v>2025-12-09T08:30:00</v></c>', "0", datetime.fromisoformat("2025-12-09T08:30")),
        ('<c r="A1" t="b"><v>1</v></c>', "0", True),
        ('<c r="A1" t="e"><v>#DIV/0!</v></c>', "0", "#DIV/0!"),
        ('<c r="A1" t="e"><f>1/0</f><v>#N/A</v></c>', "0", "#N/A"),
        ('<c r="A1" t="str"><f>A2</f><v>120/80</v></c>', "0", "120/80"),
        ('<c r="A1"><f>A2*2</f><v>36.5</v></c>', "0", 36.5),
        (text("A1", "  Ann & <Bob> "), "0", "  Ann & <Bob> "),
        (text("A1", "\u0e2a\u0e21\u0e0a\u0e32\u0e22 \U0001f600"), "0", "\u0e2a\u0e21\u0e0a\u0e32\u0e22 \U0001f600"),
        ('<c r="A1" t="inlineStr"><is><r><t>120</t></r><r><t>/80</t></r></is></c>', "0", "120/80"),
    ],
)
def test_a_cell_is_what_it_shows(place: Path, cell: str, code: str, said: Cell) -> None:
    found = only_cell(place, cell, code)
    assert found == said
    assert type(found) is type(said)


def test_days_are_counted_from_1904_where_the_workbook_says_so(place: Path) -> None:
    cell = number("A1", 44538, 1)
    assert only_cell(place, cell, "yyyy-mm-dd", before='<workbookPr date1904="1"/>') == date(2025, 12, 9)


def test_how_a_shared_text_is_pronounced_is_no_part_of_it(place: Path) -> None:
    shared = (
        f'<sst xmlns="{made.MAIN}"><si><t>山田</t><rPh sb="0" eb="2"><t>ヤマダ</t></rPh></si>'
        "<si><r><t>120</t></r><r><t>/80</t></r></si></sst>"
    )
    relations = made.relations({"worksheet": "/xl/worksheets/sheet1.xml"}, {"sharedStrings": "sharedStrings.xml"})
    cells = sheet(row(1, '<c r="A1" t="s"><v>0</v></c>', '<c r="B1" t="s"><v>1</v></c>'))
    content = made.xlsx(cells, more={"xl/sharedStrings.xml": shared, "xl/_rels/workbook.xml.rels": relations})
    assert read_one(place, content).rows == (("山田", "120/80"),)


FORMULAS = sheet(
    row(1, text("A1", "a")),
    row(
        2,
        '<c r="A2"><f>A1</f></c>',
        '<c r="B2"><f>A1</f><v></v></c>',
        '<c r="C2"><f t="shared" si="0"/><v/></c>',
        '<c r="D2" t="str"><f>""</f><v></v></c>',
        '<c r="E2"><f>A1</f><v>0</v></c>',
        '<c r="F2"><f>A1</f><v>5</v></c>',
        '<c r="G2" s="0"/>',
    ),
)


def test_a_formula_without_a_value_is_uncounted_and_not_empty(place: Path) -> None:
    one = read_one(place, made.xlsx(FORMULAS))
    assert one.uncounted == {(1, 0), (1, 1), (1, 2)}
    assert one.rows[1] == (None, None, None, None, 0, 5)


def test_a_value_of_a_writer_that_counts_nothing_is_none(place: Path) -> None:
    one = read_one(place, made.xlsx(FORMULAS, inside='<calcPr calcId="1" fullCalcOnLoad="1"/>'))
    assert (1, 4) in one.uncounted
    assert one.rows[1] == (None, None, None, None, None, 5)


def test_uncounted_cells_are_found_in_what_other_libraries_write(place: Path) -> None:
    other, file = OtherWorkbook(), io.BytesIO()
    other.active.append(["MRN", "Pulse"])
    other.active.append(["M-1", "=60+12"])
    other.save(file)
    assert read_one(place, file.getvalue()).uncounted == {(1, 1)}

    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as written:
        page = written.add_worksheet()
        page.write_formula("B2", "=60+12")
        page.write_formula("C2", "=60+12", None, 72)
    one = read_one(place, file.getvalue())
    assert one.uncounted == {(1, 1)}
    assert one.rows[1] == (None, None, 72)


def test_cells_that_do_not_say_where_they_are_stand_one_behind_the_other(place: Path) -> None:
    odd = sheet(
        "<row><c s='0'><v>1</v></c><c t='e'><v>#N/A</v></c><c><f>A1</f></c><c s='1'><v>0.5</v></c></row>",
        '<row r="4"><c r=\'B4\'><f>A1</f></c><c s="1"><v>0.25</v></c></row>',
    )
    one = read_one(place, made.xlsx(odd, more={"xl/styles.xml": made.styles("0%")}))
    assert one.rows[0] == (1, "#N/A", None, "50%")
    assert one.rows[3] == (None, None, "25%", None)
    assert one.uncounted == {(0, 2), (3, 1)}


def test_elements_may_have_a_prefix(place: Path) -> None:
    odd = (
        f'<x:worksheet xmlns:x="{made.MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c>'
        '<x:c r="B1"><x:f>A1</x:f></x:c><x:c r="C1" t="e"><x:v>#REF!</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    one = read_one(place, made.xlsx(odd))
    assert one.rows == ((1, None, "#REF!"),)
    assert one.uncounted == {(0, 1)}


def test_a_sheet_of_nothing_but_uncounted_formulas_and_errors_is_one(place: Path) -> None:
    one = read_one(place, made.xlsx(sheet(row(2, '<c r="C2"><f>1</f></c>'), row(3, '<c r="A3" t="e"><v>#N/A</v></c>'))))
    assert one.rows == ((None, None, None), (None, None, None), ("#N/A", None, None))
    assert one.uncounted == {(1, 2)}


def test_merged_cells_are_told_within_what_is_there(place: Path) -> None:
    after = (
        '<mergeCells count="3"><mergeCell ref="B1:C1"/><mergeCell ref="A2:A90"/><mergeCell ref="X1:Z9"/></mergeCells>'
    )
    one = read_one(place, made.xlsx(sheet(row(1, text("B1", "Visit 1")), row(3, number("C3", 5)), after=after)))
    assert one.merged == ((0, 1, 0, 2), (1, 0, 2, 0))


def test_hidden_and_empty_sheets_are_left_out_and_the_others_in_order(place: Path) -> None:
    sheets = {"Ward & 3": made.GOOD, "Lists": made.GOOD, "Empty": sheet(), "Ward “4”": made.GOOD}
    workbook = read_all(place, made.xlsx(sheets, hidden=("Lists",)))
    assert [one.name for one in workbook.sheets] == ["Ward & 3", "Ward “4”"]
    assert workbook.notes == ("The hidden sheet “Lists” was left out.",)


def test_the_clinics_blood_pressures_are_read(place: Path) -> None:
    if not VITALS.is_dir():
        pytest.skip(f"there is no sample data at {VITALS}")
    one = read_one(place, (VITALS / "messy_bp.xlsx").read_bytes())
    assert (len(one.rows), one.width) == (24, 13)
    assert one.rows[2][7:] == ("Visit 1", None, "Visit 2", None, "Visit 3", None)
    assert one.merged == ((2, 7, 2, 8), (2, 9, 2, 10), (2, 11, 2, 12))
    assert one.rows[3][:3] == ("pat_id", "Month of birth", "Day birth")


def test_the_clinics_glucose_is_read(place: Path) -> None:
    if not VITALS.is_dir():
        pytest.skip(f"there is no sample data at {VITALS}")
    one = read_one(place, (VITALS / "messy_glucose.xlsx").read_bytes())
    assert (len(one.rows), one.width) == (35, 7)
    assert one.rows[3][0] == "pat_id"
