"""Rows as drafts: who, when, what, and what cannot be read."""

from datetime import UTC, date, datetime, time

import pytest

from tests.uploads.layout.sheets import ask, book, draft, moment, only, sheet, told, told_faults, values
from webapp.uploads.layout import Answers, drafts, recognise
from webapp.uploads.workbook import Workbook

HEAD, ROW = ("MRN", "Date", "HR"), ("A1", "2026-11-21", 72)


def test_a_wide_row_is_a_draft_with_all_its_readings() -> None:
    head = (
        "MRN",
        "Family name",
        "Given name",
        "DOB",
        "Sex",
        "Date",
        "Time",
        "BP",
        "HR",
        "Temp (°F)",
        "Air/O2",
        "SpO2 scale",
    )
    row = (17, "Cruz", "Ana", date(1970, 2, 1), "F", date(2026, 11, 21), time(14, 5), "120/80", "72", 98.6, "2 L", 2)
    drafted = draft(book(head, row))
    (one,) = drafted.drafts
    assert (one.mrn, one.family, one.given, one.sex, one.scale) == ("17", "Cruz", "Ana", "female", 2)
    assert (one.born, one.born_precision, one.at) == (date(1970, 2, 1), "day", moment("2026-11-21 14:05"))
    assert values(one) == {"systolic": 120, "diastolic": 80, "pulse": 72, "temperature": 37, "oxygen_given": "oxygen"}
    places = [(reading.measure, reading.row, reading.column, reading.converted) for reading in one.readings]
    assert places[3] == ("temperature", 1, 9, True)
    assert (one.rows, drafted.read, drafted.ignored, drafted.faults) == ((1,), 1, (0,), ())


def test_groups_are_drafts_of_their_own_with_the_days_that_were_said() -> None:
    rows = (
        ("", "Visit 1", "", "Visit 2", ""),
        ("MRN", "BP", "HR", "BP", "HR"),
        ("A1", "120/80", 72, "", ""),
        ("A2", "1/1", 1, "110/70", 2),
    )
    said = told(
        {"days:Visit 1": "2026-11-20", "times:Visit 1": "", "days:Visit 2": "2026-11-21", "times:Visit 2": "08:00"}
    )
    found = [(one.mrn, one.group, one.at) for one in draft(book(*rows), said).drafts]
    assert found == [
        ("A1", "Visit 1", date(2026, 11, 20)),
        ("A2", "Visit 1", date(2026, 11, 20)),
        ("A2", "Visit 2", moment("2026-11-21 08:00")),
    ]


def test_groups_may_have_dates_of_their_own_or_be_dates() -> None:
    own = book(("MRN", "Date 1", "HR 1", "Date 2", "HR 2"), ("A1", "2026-11-20", 72, "2026-11-21", 73))
    assert [one.at for one in draft(own).drafts] == [date(2026, 11, 20), date(2026, 11, 21)]
    headings = ("", datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None), None, "21 Nov 2026", None)
    dated = book(headings, ("MRN", "BP", "HR", "BP", "HR"), ("A1", "120/80", 72, "120/80", 73))
    assert [one.at for one in draft(dated).drafts] == [date(2026, 11, 20), date(2026, 11, 21)]


LONG = ("Patient ID", "Taken at", "Test", "Result", "Unit")


def test_long_rows_of_one_patient_and_moment_are_one_draft() -> None:
    at, later = "21/11/2026 08:00", "21/11/2026 12:00"
    drafted = draft(
        book(
            LONG,
            ("A2", at, "HR", 72, "/min"), ("A1", at, "BP", "120/80", "mmHg"), ("A2", at, "Temp", 98.6, "F"),
            ("A1", later, "Glucose", 99, "mg/dL"), ("A2", at, "AVPU", "alert", None), ("A1", later, "Wt", "70", "kg"),
        )
    )  # fmt: skip
    assert [(one.mrn, one.rows, values(one)) for one in drafted.drafts] == [
        ("A2", (1, 3, 5), {"pulse": 72, "temperature": 37, "consciousness": "alert"}),
        ("A1", (2,), {"systolic": 120, "diastolic": 80}),
        ("A1", (4, 6), {"glucose": 5.5, "weight": 70}),
    ]
    assert (drafted.read, drafted.faults) == (6, ())


def test_a_scale_may_stand_in_any_long_row_of_a_moment() -> None:
    at = "21/11/2026 08:00"
    rows = [("A1", at, "HR", 72, "", None), ("A1", at, "SpO2", 91, "", 2), ("A1", at, "RR", 16, "", 2)]
    drafted = draft(book((*LONG, "Scale"), *rows))
    assert [(one.rows, one.scale) for one in drafted.drafts] == [((1, 2, 3), 2)]
    drafted = draft(book((*LONG, "Scale"), *rows, ("A1", at, "BP", "120/80", "", 1), ("A1", at, "Wt", 70, "kg", 1)))
    assert [(one.rows, one.scale) for one in drafted.drafts] == [((1, 2, 3, 4, 5), None)]
    assert told_faults(drafted) == [(4, 5, "1", "value left out")]


def test_a_long_sheet_tells_once_of_measures_that_are_not_read() -> None:
    at = "2026-11-21 08:00"
    rows = [
        ("A1", at, "Height", 170, "cm"),
        ("A1", at, "HR", 72, "/min"),
        ("A2", at, "Height", 180, "cm"),
        ("A2", at, "BP", "", ""),
    ]
    drafted = draft(book(LONG, *rows))
    fault = only(drafted.faults)
    assert (fault.row, fault.column, fault.given, fault.outcome) == (1, 2, "Height", "value left out")
    assert "2 rows" in fault.reason


def test_a_long_sheet_is_asked_units_by_measure_and_refuses_unknown_ones() -> None:
    at = "2026-11-21 08:00"
    workbook = book(LONG, ("A1", at, "Glucose", 99, ""), ("A1", at, "Weight", 70, "stone"), ("A1", at, "HR", 72, ""))
    drafted = draft(workbook, told({"units:glucose": "mg/dL"}))
    assert values(drafted.drafts[0]) == {"glucose": 5.5, "pulse": 72}
    assert told_faults(drafted) == [(2, 4, "stone", "value left out")]


def test_rows_that_hold_no_data_are_ignored() -> None:
    rows = [
        ("Ward 3", None, None), ROW, (None, None, None), ("MRN", "Date", "Pulse"), ("A2", "2026-11-21", 73),
        ("Total", None, 145),
        ("Mean", "2026-11-21", 72.5), (None, None, "1 = regular"), ("* irregular", None, None), (None, "Average", 72),
    ]  # fmt: skip
    drafted = draft(book(("Vital signs",), HEAD, *rows))
    assert [one.mrn for one in drafted.drafts] == ["A1", "A2"]
    assert (drafted.read, drafted.ignored, drafted.faults) == (2, (0, 1, 2, 4, 5, 7, 8, 9, 10, 11), ())


def test_readings_without_a_patient_are_left_out_with_a_fault() -> None:
    drafted = draft(book(HEAD, ROW, (None, "2026-11-21", 73)))
    fault = only(drafted.faults)
    assert (fault.row, fault.column, fault.kind, fault.outcome) == (2, 0, "no patient", "rows left out")
    assert (len(drafted.drafts), drafted.read) == (1, 2)


def test_a_patient_without_readings_is_told() -> None:
    drafted = draft(book(HEAD, ROW, ("A2", "2026-11-21", "refused")))
    assert [(fault.row, fault.kind) for fault in drafted.faults] == [(2, "no readings")]


def test_a_date_that_cannot_be_read_leaves_its_row_out() -> None:
    rows = [("A1", cell, 72) for cell in ("31/02/2026", None, "soon", "2026-11", "14:05", "21/11/2026")]
    drafted = draft(book(HEAD, *rows))
    assert [one.at for one in drafted.drafts] == [None] * 5 + [date(2026, 11, 21)]
    assert [(row, outcome) for row, _, _, outcome in told_faults(drafted)] == [
        (row, "rows left out") for row in range(1, 6)
    ]


def test_a_time_that_cannot_be_read_leaves_the_day() -> None:
    head, day = ("MRN", "Date", "Time", "HR"), date(2026, 11, 21)
    rows = [("A1", day, cell, 72) for cell in ("25:00", "n/a", None, "noonish", 1405, "2:05 pm")]
    drafted = draft(book(head, *rows))
    assert [one.at for one in drafted.drafts] == [day] * 4 + [moment("2026-11-21 14:05")] * 2
    assert [row for row, *_ in told_faults(drafted)] == [1, 4]


def test_midnight_is_a_time_only_where_others_are() -> None:
    midnight, noon = (datetime(2026, 11, 21, hour, tzinfo=UTC).replace(tzinfo=None) for hour in (0, 12))
    assert draft(book(HEAD, ("A1", midnight, 72))).drafts[0].at == date(2026, 11, 21)
    found = draft(book(HEAD, ("A1", midnight, 72), ("A1", noon, 72)))
    assert [one.at for one in found.drafts] == [moment("2026-11-21 00:00"), moment("2026-11-21 12:00")]


def test_clocks_that_were_put_forward_or_back_are_told() -> None:
    rows = [("A1", "29/03/2026", "01:30", 72), ("A1", "25/10/2026", "01:30", 72)]
    drafted = draft(book(("MRN", "Date", "Time", "HR"), *rows), zone="Europe/London")
    assert [(row, outcome) for row, _, _, outcome in told_faults(drafted)] == [(1, "rows left out"), (2, "noted")]
    assert drafted.drafts[0].at is None


def test_formulas_without_a_result_are_faults() -> None:
    workbook = book(HEAD, ("A1", "2026-11-21", None), (None, "2026-11-21", 72), uncounted=frozenset({(1, 2), (2, 0)}))
    drafted = draft(workbook)
    assert [(row, column, outcome) for row, column, _, outcome in told_faults(drafted)] == [
        (1, None, "rows left out"),
        (1, 2, "value left out"),
        (2, 0, "rows left out"),
    ]
    assert "never saved" in drafted.faults[1].reason


def test_all_columns_that_are_not_read_are_told_at_once() -> None:
    head = ("MRN", "Date", "HR", "Remarks", "Shoe size", "", "Timestamp", "Empty", "")
    drafted = draft(book(head, ("A1", "2026-11-21", 72, "x", 38, "y", "2026-11-21 08:00", None, None)))
    fault = only(drafted.faults)
    assert (fault.row, fault.column, fault.kind, fault.outcome) == (None, None, "columns not read", "noted")
    assert fault.reason == "Not read: B, Date; D, Remarks; E, Shoe size; F; H, Empty."


def test_of_very_many_columns_that_are_not_read_some_are_named() -> None:
    drafted = draft(book((*HEAD, *(f"Other {at}" for at in range(100))), (*ROW, *range(100))))
    assert only(drafted.faults).reason.endswith("; and 60 more.")


def test_a_long_sheet_tells_of_columns_that_are_not_read_too() -> None:
    drafted = draft(book((*LONG, "Weight"), ("A1", "21/11/2026 08:00", "HR", 72, "/min", 70)))
    assert only(drafted.faults).reason == "Not read: F, Weight."


def test_what_is_merged_over_several_rows_holds_for_each() -> None:
    workbook = book(HEAD, ROW, (None, "2026-11-22", 73), merged=((1, 0, 2, 0),))
    assert [(one.mrn, one.rows) for one in draft(workbook).drafts] == [("A1", (1,)), ("A1", (2,))]


def test_how_columns_are_read_is_noted_of_the_sheet_with_their_names() -> None:
    workbook = book(("MRN", "Date", "Temp", "SpO2"), ("A1", "21/11/2026", 98.6, 0.96))
    drafted = draft(workbook, order="")
    assert [(fault.row, fault.column, fault.outcome) for fault in drafted.faults] == [(None, None, "noted")] * 3
    assert [(fault.kind, fault.reason.split(":")[0]) for fault in drafted.faults] == [
        ("order of dates told from the dates", "B, Date"),
        ("temperature unit told from the numbers", "C, Temp"),
        ("fractions read as percent", "D, SpO2"),
    ]
    assert values(drafted.drafts[0]) == {"temperature": 37, "oxygen": 96}


@pytest.mark.parametrize("rows", [(), (HEAD,), (HEAD, (None, None, None))])
def test_a_sheet_with_nothing_to_read_stops(rows: tuple[tuple[object, ...], ...]) -> None:
    workbook = book(*rows)  # type: ignore[arg-type]
    drafted = drafts(workbook, recognise(workbook), Answers(), zone="UTC", today=date(2026, 11, 28), date_order="")
    assert only(drafted.faults).outcome == "stops"


def test_several_columns_of_oxygen_are_one_reading_where_they_agree() -> None:
    head = ("MRN", "Date", "SpO2", "O2 device", "O2 L/min")
    said = ((97, "NC", 2), (97, "RA", 0), ("97% RA", "", ""), (97, "RA", 2), (97, "NC", ""))
    drafted = draft(book(head, *[("A1", "2026-11-21", *cells) for cells in said]))
    found = [
        [(reading.word, reading.value) for reading in one.readings if reading.measure == "oxygen_given"]
        for one in drafted.drafts
    ]
    assert found == [[("oxygen", 2)], [("air", None)], [("air", None)], [], [("oxygen", None)]]
    assert told_faults(drafted) == [(4, 4, "2", "value left out")]


def test_headings_may_tell_the_time_of_a_common_day() -> None:
    headings, names = ("", "", "08:00", "", "2 pm", ""), ("MRN", "Date", "BP", "HR", "BP", "HR")
    workbook = book(headings, names, ("A1", "21/11/2026", "1/1", 72, "1/1", 73))
    assert [one.at for one in draft(workbook).drafts] == [moment("2026-11-21 08:00"), moment("2026-11-21 14:00")]


@pytest.mark.parametrize(
    ("clocks", "cells"), [(("Date", "Time"), ("21/11/2026", "07:30")), (("Taken",), ("21/11/2026 07:30",))]
)
def test_a_time_for_all_groups_of_a_day_gives_way_to_those_that_were_said(
    clocks: tuple[str, ...], cells: tuple[str, ...]
) -> None:
    workbook = book(("MRN", *clocks, "Glucose pre (mg/dL)", "Glucose post (mg/dL)"), ("A1", *cells, 90, 130))
    assert list(ask(workbook)) == ["times:pre", "times:post"]
    drafted = draft(workbook, told({"times:pre": "08:00", "times:post": "09:00"}))
    assert [one.at for one in drafted.drafts] == [moment("2026-11-21 08:00"), moment("2026-11-21 09:00")]
    assert [fault.reason for fault in drafted.faults] == ["Not read: C, Time."] * (len(clocks) - 1)


def test_a_second_reading_beside_the_one_that_has_the_time_is_asked_for_its_own() -> None:
    workbook = book(("MRN", "Date", "Time", "BP", "BP 2"), ("A1", "21/11/2026", "07:30", "120/80", "125/80"))
    assert list(ask(workbook)) == ["times:2"]
    drafted = draft(workbook, told({"times:2": "09:00"}))
    assert [one.at for one in drafted.drafts] == [moment("2026-11-21 07:30"), moment("2026-11-21 09:00")]
    assert not drafted.faults


def test_sheets_that_are_not_read_are_named() -> None:
    one, two = (sheet(HEAD, ROW, name=name) for name in ("Ward A", "Ward B"))
    drafted = draft(Workbook((one, two)), told({"sheet": "1"}))
    fault = only(drafted.faults)
    assert (fault.row, fault.outcome, "“Ward A”" in fault.reason) == (None, "noted", True)


def test_two_columns_for_one_number_stop_the_sheet() -> None:
    workbook = book(("X", "Y", "Date", "HR"), ("A1", "A2", "2026-11-21", 72))
    fault = only(draft(workbook, told({"columns:0": "mrn", "columns:1": "mrn"})).faults)
    assert (fault.outcome, "A and B" in fault.reason) == ("stops", True)


def test_a_date_whose_formula_has_no_result_leaves_its_row_out() -> None:
    drafted = draft(book(HEAD, ROW, ("A2", None, 72), uncounted=frozenset({(2, 1)})))
    assert ([one.at is None for one in drafted.drafts], only(drafted.faults).kind) == (
        [False, True],
        "formula without a value",
    )


def test_a_zone_may_stand_beside_a_time_of_its_own_column() -> None:
    drafted = draft(book(("MRN", "Date", "Time", "HR"), ("A1", "2026-11-21", "06:05Z", 72)))
    assert drafted.drafts[0].at == moment("2026-11-21 14:05")


def test_what_a_row_tells_itself_is_not_told_for_everybody() -> None:
    head = ("MRN", "Date", "RR", "SpO2", "SBP", "HR", "Temp (°C)", "AVPU")
    rows = [("A1", "2026-11-21", 16, cell, 120, 72, 37, "A") for cell in ("96% RA", "96%")]
    drafted = draft(book(head, *rows), told({"everybody:oxygen_given": "oxygen"}))
    assert [values(one)["oxygen_given"] for one in drafted.drafts] == ["air", "oxygen"]
    assert [len(one.readings) for one in drafted.drafts] == [7, 7]


def test_long_rows_without_a_date_stay_apart_and_units_may_stand_beside_the_measure() -> None:
    rows = [
        ("A1", "soon", "HR", 72, ""),
        ("A1", "soon", "HR", 73, ""),
        ("A1", "2026-11-21 08:00", "Glucose (mg/dL)", 99, ""),
    ]
    drafted = draft(book(LONG, *rows))
    assert [one.rows for one in drafted.drafts] == [(1,), (2,), (3,)]
    assert values(drafted.drafts[2]) == {"glucose": 5.5}
    assert drafted.drafts[2].readings[0].given == "99 mg/dL"


def test_dates_that_do_not_say_all_are_noted() -> None:
    rows = [("A1", cell, 72, 24500) for cell in (46347, "21 Nov", "2026-11-21")]
    drafted = draft(book((*HEAD, "DOB"), *rows))
    assert {one.at for one in drafted.drafts} == {date(2026, 11, 21)}
    assert {one.born for one in drafted.drafts} == {date(1967, 1, 28)}
    assert [(fault.row, fault.kind, fault.reason.split(":")[0]) for fault in drafted.faults] == [
        (None, "dates given as numbers", "B, Date"),
        (None, "dates without a year", "B, Date"),
        (None, "dates given as numbers", "D, DOB"),
    ]
