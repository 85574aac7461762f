"""Which sheet, which rows are headers, and what the columns mean by header and values together."""

from datetime import time

import pytest

from tests.uploads.layout.sheets import ask, book, draft, fields, sheet, told
from webapp.uploads.layout import Answers, Layout, asked, headers_sha256, recognise, understood
from webapp.uploads.workbook import Cell, Workbook

WHO = ("MRN", "Date")
ROW = ("A1", "2026-11-21")


def field(header: str, *cells: Cell, beside: tuple[str, ...] = ()) -> str | None:
    rows = [("A1", "2026-11-21", *["1"] * len(beside), cell) for cell in cells]
    return fields(recognise(book((*WHO, *beside, header), *rows)))[header]


def test_titles_above_and_empty_rows_are_no_headers() -> None:
    layout = recognise(
        book(("Ward 3 vital signs",), (), ("Printed", "21 Nov"), ("MRN", "Date", "HR"), (), ("A1", "x", 72))
    )
    assert (layout.header_rows, layout.first_row, layout.kind) == ((3,), 4, "wide")
    assert fields(layout) == {"MRN": "mrn", "Date": "day", "HR": "pulse"}


def test_the_sheet_of_which_most_is_understood_is_read() -> None:
    workbook = Workbook(
        (sheet(("How to fill it in",), ("Write the MRN",), name="Notes"), sheet((*WHO, "HR"), (*ROW, 72)))
    )
    assert recognise(workbook).sheet == 1


def test_which_of_two_sheets_with_readings_is_asked() -> None:
    one = sheet((*WHO, "HR"), (*ROW, 72), name="Ward A")
    two = sheet((*WHO, "HR", "RR"), (*ROW, 72, 16), name="Ward B")
    workbook = Workbook((one, two))
    assert ask(workbook)["sheet"].options == (("0", "Ward A"), ("1", "Ward B"))
    layout = understood(workbook, recognise(workbook), told({"sheet": "0"}))
    assert (layout.sheet, "RR" in fields(layout)) == (0, False)
    assert not ask(workbook, sheet="0")


def test_headings_over_columns_are_moments_when_measures_repeat() -> None:
    headings, names = ("", "First seen", None, "Later", None), ("MRN", "BP", "HR", "BP", "HR")
    for merged in ((), ((0, 1, 0, 2), (0, 3, 0, 4))):
        layout = recognise(book(headings, names, ("A1", "1/1", 72, "1/1", 72), merged=merged))
        assert [column.group for column in layout.columns] == ["", "First seen", "First seen", "Later", "Later"]
        assert layout.header_rows == (0, 1)


@pytest.mark.parametrize("heading", ["Visit 1", "Day 2", "Baseline", "AM"])
def test_a_heading_that_sounds_like_a_moment_is_one(heading: str) -> None:
    layout = recognise(book(("", heading, ""), ("MRN", "BP", "HR"), ("A1", "120/80", 72)))
    assert [column.group for column in layout.columns] == ["", heading, heading]


def test_headings_that_tell_no_moment_are_no_groups() -> None:
    layout = recognise(book(("Patient", "", "Vital signs", ""), ("MRN", "Sex", "BP", "HR"), ("A1", "f", "120/80", 72)))
    assert {column.group for column in layout.columns} == {""}


def test_the_second_row_of_headers_tells_what_the_first_leaves_open() -> None:
    rows = (("MRN", "Date", "BP", None, "Temp"), (None, None, "Sys", "Dia", "°F"), ("A1", "x", 120, 80, 98.6))
    layout = recognise(book(*rows, merged=((0, 2, 0, 3),)))
    assert [column.field for column in layout.columns] == ["mrn", "day", "systolic", "diastolic", "temperature"]
    assert (layout.columns[4].unit, layout.first_row) == ("°F", 2)


def test_identity_above_and_measures_below_are_one_header() -> None:
    rows = (("MRN", "Name", "Vitals", None, None), (None, None, "BP", "HR", "RR"), ("A1", "Cruz", "120/80", 72, 16))
    layout = recognise(book(*rows, merged=((0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 4))))
    assert [column.field for column in layout.columns] == ["mrn", "name", "pressure", "pulse", "respiration"]
    assert {column.group for column in layout.columns} == {""}


def test_parts_of_a_birth_date_under_one_heading() -> None:
    rows = (("", "Date of birth", "", "", ""), ("MRN", "Day", "Month", "Year", "HR"), ("A1", 1, 2, 1970, 72))
    layout = recognise(book(*rows, merged=((0, 1, 0, 3),)))
    assert [column.field for column in layout.columns] == ["mrn", "born_day", "born_month", "born_year", "pulse"]


@pytest.mark.parametrize(
    ("header", "group", "rest"),
    [
        ("glucose PRE", "PRE", "glucose"), ("Pre glucose (mg/dL)", "Pre", "glucose (mg/dL)"),
        ("Glucose 1h post", "1h post", "Glucose"), ("Glucose (Visit 2)", "Visit 2", "Glucose"),
        ("glucose_1", "1", "glucose"), ("Glucose - pre-meal", "pre meal", "Glucose"),
        ("Glucose2", "2", "Glucose"), ("Glucose, fasting", "fasting", "Glucose"),
    ],
)  # fmt: skip
def test_a_group_that_stands_in_a_header_is_not_told_twice(header: str, group: str, rest: str) -> None:
    column = recognise(book((*WHO, header, "Glucose last"), (*ROW, 90, 130))).columns[2]
    assert (column.field, column.group, column.header) == ("glucose", group, rest)
    assert column.name == f"C, {group} {rest}"


def test_a_group_that_stands_in_heading_and_header_is_one() -> None:
    headings, names = ("", "", "Visit 1", "Visit 2"), (*WHO, "HR visit 1", "HR visit 2")
    layout = recognise(book(headings, names, (*ROW, 72, 73)))
    assert [(column.group, column.header) for column in layout.columns[2:]] == [("Visit 1", "HR"), ("Visit 2", "HR")]


def test_the_same_header_twice_is_two_readings() -> None:
    layout = recognise(book(("MRN", "BP", "HR", "BP", "HR"), ("A1", "120/80", 72, "121/81", 73)))
    assert [column.group for column in layout.columns] == ["", "1", "1", "2", "2"]


@pytest.mark.parametrize(
    ("header", "cells", "beside", "found"),
    [
        ("O2", (97, 95, 100), (), "oxygen"), ("O2", ("air", "2 L", "RA"), (), "oxygen_given"),
        ("O2", (0, 2, 15), (), "oxygen_given"), ("O2", ("air", 2, 0), ("SpO2",), "oxygen_given"),
        ("O2", (40, 60, 100), (), None), ("O2", (70, 75, 80), (), None),
         ("O2", (), (), None), ("O2", (97, 95, 100), ("SpO2",), None),
        ("P", (72, 80), (), "pulse"), ("P", (72, 80), ("HR",), None), ("P", ("x", "y"), (), None),
        ("T", (36.5, 38), (), "temperature"), ("T", (98.6,), (), "temperature"), ("T", (time(14, 5),), (), "time"),
        ("T", ("14:05", "15:05"), (), "time"), ("T", (1, 2), (), None), ("R", (16, 20), (), "respiration"),
        ("BP", ("120/80", "n/a"), (), "pressure"), ("BP", (120, 130), (), None), ("BP", (), (), "pressure"),
        ("LOC", ("A", "V"), (), "consciousness"), ("LOC", ("Ward 3", "Ward 4"), (), "left out"),
        ("Obs time", ("14:05", "1405"), (), "time"), ("Time", ("2026-11-21 14:05",), (), "moment"),
        ("Race", ("x",), (), "left out"), ("Height", (170,), (), None), ("Patient", ("Cruz", "Reyes"), (), "name"),
        ("Admission weight", (70,), (), None), ("Fasting glucose", (90,), (), "glucose"), ("RR", ("120/80",), (), None),
        ("Scale", (1, 2), ("SpO2",), "scale"), ("Scale (1/2)", ("1", 2.0), ("O2 sat",), "scale"),
        ("Scale", (1, 2), (), None), ("Scale", (1, 3), ("SpO2",), None), ("Scale", (), ("SpO2",), "scale"),
        ("Scale", (1, 2), ("SpO2", "NEWS2 scale"), None), ("Pain scale", (1, 2), ("SpO2",), None),
        ("ID", (1, 2), (), None), ("Rate", (16, 18), (), None),
    ],
)  # fmt: skip
def test_values_decide_what_headers_leave_open(
    header: str, cells: tuple[Cell, ...], beside: tuple[str, ...], found: str | None
) -> None:
    assert field(header, *cells, beside=beside) == found


def test_the_order_of_dates_in_a_header_holds_whatever_the_values_are() -> None:
    layout = recognise(book(("MRN", "Date/time (mm/dd/yyyy)", "HR"), ("A1", "03/04/2026", 72)))
    assert (layout.columns[1].field, layout.columns[1].unit) == ("day", "mdy")


def test_short_headers_of_patients() -> None:
    assert fields(recognise(book(("Patient", "HR"), ("A17", 72), ("A18", 73))))["Patient"] == "mrn"
    assert fields(recognise(book(("ID", "HR"), ("A17", 72))))["ID"] == "mrn"
    assert fields(recognise(book(("No", "Name", "HR"), (1, "Cruz", 72), (2, "Reyes", 70))))["No"] == "left out"
    assert ask(book(("No", "Name", "HR"), (17, "Cruz", 72)))["columns:0"].options[0][0] == "mrn"
    two = fields(recognise(book(("Patient ID", "MRN", "HR"), ("x", "A1", 72))))
    assert (two["Patient ID"], two["MRN"]) == (None, "mrn")


def test_two_columns_that_look_like_the_same_measure_are_asked_about() -> None:
    asks = ask(book(("MRN", "HR", "Pulse"), ("A1", 72, 73)))
    assert list(asks) == ["columns:1", "columns:2"]
    assert [field for field, _ in asks["columns:1"].options] == ["pulse", "left out"]


def test_a_scale_with_other_numbers_beside_a_saturation_is_asked_about() -> None:
    workbook = book((*WHO, "SpO2", "Scale"), (*ROW, 97, 1), (*ROW, 97, 3))
    assert [field for field, _ in ask(workbook)["columns:3"].options] == ["scale", "left out"]
    drafted = draft(workbook, told({"columns:3": "scale"}))
    assert [one.scale for one in drafted.drafts] == [1, None]
    assert [(fault.row, fault.column, fault.reason) for fault in drafted.faults] == [
        (2, 3, "The SpO2 scale is 1 or 2.")
    ]
    assert not ask(book((*WHO, "HR", "Scale"), (*ROW, 72, 3)))


def test_a_scale_is_known_beside_a_saturation_of_a_long_sheet_too() -> None:
    head, at = ("MRN", "Taken at", "Test", "Result", "Scale"), "2026-11-21 08:00"
    assert fields(recognise(book(head, ("A1", at, "SpO2", 97, 2))))["Scale"] == "scale"
    assert fields(recognise(book(head, ("A1", at, "HR", 72, 2))))["Scale"] is None


def test_a_long_sheet_is_known_by_its_headers_and_measures() -> None:
    long = book(("Patient ID", "Taken at", "Test", "Result", "Unit"), ("A1", "2026-11-21 08:00", "HR", 72, "/min"))
    assert (recognise(long).kind, set(fields(recognise(long)).values())) == (
        "long",
        {"mrn", "moment", "measure", "value", "unit"},
    )
    assert recognise(book(("MRN", "Test", "Result", "HR"), ("A1", "Malaria", "neg", 72))).kind == "wide"


def test_a_layout_is_remembered_for_the_same_headers_in_any_order() -> None:
    first = book(("MRN", "Date", "Puls!", "Q"), ("A1", "2026-11-21", 72, 5))
    said = understood(first, recognise(first), told({"columns:3": "respiration", "columns:2": "pulse"}))
    then = book((), ("Q", "MRN", "DATE", "Puls!"), (5, "A1", "2026-11-21", 72))
    assert headers_sha256(then, recognise(then)) == headers_sha256(first, recognise(first))
    found = recognise(then, Layout.from_json(said.to_json()))
    assert [column.field for column in found.columns] == ["respiration", "mrn", "day", "pulse"]
    assert headers_sha256(then, found) == headers_sha256(first, said)
    other = book(("MRN", "Date", "Puls!", "Q", "R"), ("A1", "2026-11-21", 72, 5, 6))
    assert headers_sha256(other, recognise(other)) != headers_sha256(first, said)


def test_a_sheet_without_headers_is_asked_about_and_not_remembered() -> None:
    workbook = book(("A1", "120/80", 72), ("A2", "121/81", 73))
    layout = recognise(workbook)
    assert headers_sha256(workbook, layout) == ""
    assert list(ask(workbook)) == ["columns:0", "columns:1", "columns:2"]
    answers = told({"columns:0": "mrn", "columns:1": "pressure", "columns:2": "pulse"})
    assert [one.key for one in asked(workbook, layout, answers, "dmy")] == ["days:", "times:"]


def test_nothing_is_nothing() -> None:
    assert recognise(Workbook(())).columns == ()
    assert not ask(Workbook(()))


def test_headers_in_another_language_are_headers_all_the_same() -> None:
    workbook = book(("Kennung", "Datum", "Blutdruck"), ("A1", "2026-11-21", "120/80"), ("A2", "2026-11-21", "130/80"))
    layout = recognise(workbook)
    assert (layout.header_rows, [column.header for column in layout.columns]) == (
        (0,),
        ["Kennung", "Datum", "Blutdruck"],
    )
    said = understood(workbook, layout, told({"columns:0": "mrn", "columns:1": "day", "columns:2": "pressure"}))
    assert not asked(workbook, recognise(workbook, said), Answers(), "dmy")
    assert headers_sha256(workbook, layout)
    assert recognise(book(("Kennung", "Wort"), ("x", "y"))).header_rows == ()


def test_measures_may_be_named_in_a_column_of_any_header() -> None:
    head = ("PATIENT", "DATE", "CODE", "DESCRIPTION", "VALUE", "UNITS")
    rows = [
        ("1", "2026-11-21", "8867-4", "Heart rate", 72, "/min"),
        ("2", "2026-11-21", "9279-1", "Respiratory rate", 16, "/min"),
    ]
    assert [column.field for column in recognise(book(head, *rows)).columns][2:] == ["measure", None, "value", "unit"]
    beside = recognise(book(("MRN", "Date", "HR", "Result", "Mostly"), ("1", "2026-11-21", 72, 5, "Pulse")))
    assert (beside.kind, fields(beside)["Mostly"]) == ("wide", None)
    others = [("1", "2026-11-21", str(at), f"Pain {at}", 1, "") for at in range(9)]
    workbook = book(head, *rows, *others)
    assert list(ask(workbook)) == ["columns:2"]
    assert understood(workbook, recognise(workbook), told({"columns:2": "measure"})).kind == "long"
    assert not ask(workbook, columns__2="measure")
