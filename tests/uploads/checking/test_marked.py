"""The dry run as a spreadsheet, read back with another library."""

import io
from datetime import date, datetime, time

import pytest
from flask import Flask
from openpyxl import load_workbook

from tests.uploads.conftest import add_clinic
from tests.uploads.sheets import draft, drafted, sheet, tried
from webapp.uploads.checking import Choices, Findings, check
from webapp.uploads.checking.marked import annotate
from webapp.uploads.workbook import Sheet

HALF_PAST = datetime.fromisoformat("2026-11-21T09:30")


@pytest.fixture
def found(context: Flask) -> Findings:
    return tried(
        add_clinic(),
        draft(2, "0417", "Reyes, Ana", pulse=380, oxygen=97),
        draft(3, "0905", '=HYPERLINK("http://x","Lim"), Rosa', pulse=80),
        draft(4, "0418", "Santos, Maria", pulse=70),
        draft(5, "0418", at="10:00", systolic=120),
    )


def test_each_fault_stands_beside_its_cell_and_in_the_list(found: Findings) -> None:
    book = load_workbook(io.BytesIO(annotate(sheet(found.drafted), found)))
    assert book.sheetnames == ["Faults", "Your sheet"]
    page = book["Your sheet"]
    width = page.max_column
    assert [page.cell(1, at).value for at in range(width - 2, width + 1)] == ["What happens", "Where", "Why"]
    assert [page.cell(row, width - 2).value for row in range(2, 6)] == ["Used in part", "Left out", "Used", "Used"]
    pulse = page["H2"]
    assert (page["H1"].value, pulse.value, page.cell(2, width - 1).value) == ("pulse", "380", "H, pulse")
    assert pulse.comment is not None
    assert pulse.comment.text.startswith("Pulse of 380 a minute cannot be right")
    assert page.cell(2, width).value.startswith("Pulse of 380 a minute cannot be right")
    colours = [page[at].fill.fgColor.rgb for at in ("H2", "A3", "F5", "H4")]
    assert colours == ["FFF6D5D0", "FFF6D5D0", "FFFBEFC4", "00000000"]
    lines = [[cell.value for cell in row] for row in book["Faults"].iter_rows()]
    assert ["Rows left out", 1, None, None, None] in lines
    assert ["Fault: implausible value", 1, None, None, None] in lines
    assert ["Row 2, H, pulse", "380", "Implausible value", "Value left out"] in [line[:4] for line in lines]


def test_no_cell_is_a_formula_or_a_link(found: Findings) -> None:
    book = load_workbook(io.BytesIO(annotate(sheet(found.drafted), found)))
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert not any(cell.hyperlink for cell in cells)
    assert book["Your sheet"]["B3"].value == '=HYPERLINK("http://x","Lim"), Rosa'


def test_the_same_findings_give_the_same_bytes(found: Findings) -> None:
    made = annotate(sheet(found.drafted), found)
    assert annotate(sheet(found.drafted), Findings.unpack(found.pack())) == made


def test_cells_come_back_as_what_they_are(context: Flask) -> None:
    row = ("0417", 36.8, 7, True, date(2026, 11, 21), HALF_PAST, time(9, 30), None, "=1+1", 10**20)
    row += (float("nan"), date(1850, 1, 2), "a\x00b")
    came = Sheet("", (("MRN", *[""] * 12), row))
    told = drafted(draft(2, "0417", pulse=80))
    found = check(told, came, add_clinic(), Choices())
    page = load_workbook(io.BytesIO(annotate(came, found)))["Your sheet"]
    assert [cell.value for cell in page[2]][:13] == [
        "0417", 36.8, 7, True, datetime.fromisoformat("2026-11-21"), HALF_PAST, "09:30", None, "=1+1",
        "100000000000000000000", "nan", "1850-01-02", "a�b",
    ]  # fmt: skip


def test_a_long_list_ends_with_how_many_more_there_are(found: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.uploads.checking.marked.MOST_FAULTS", 1)
    page = load_workbook(io.BytesIO(annotate(sheet(found.drafted), found)))["Faults"]
    assert page.cell(page.max_row, 1).value == "4 more faults: see the next sheet, beside the rows."


def test_beyond_so_many_comments_the_columns_at_the_right_say_it(
    found: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.uploads.checking.marked.MOST_COMMENTS", 1)
    page = load_workbook(io.BytesIO(annotate(sheet(found.drafted), found)))["Your sheet"]
    assert sum(cell.comment is not None for row in page.iter_rows() for cell in row) == 1
    assert page.cell(5, page.max_column).value == (
        "Taken for Santos, Maria Luisa, born 2 January 1954. There is no diastolic pressure that could be used with it."
    )
