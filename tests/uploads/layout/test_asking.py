"""What is asked, and what is not."""

from datetime import date

import pytest

from tests.uploads.layout.sheets import ask, book, draft, only, told, values
from webapp.uploads.layout import Answers, asked, questions, recognise, understood

HEAD, ROW = ("MRN", "Date"), ("A1", "2026-11-21")
FIVE, NUMBERS = ("RR", "SpO2", "SBP", "HR", "Temp (°C)"), (16, 97, 120, 72, 36.9)


def test_a_sheet_that_says_all_is_asked_nothing() -> None:
    assert not ask(book((*HEAD, *FIVE, "Air/O2", "AVPU"), (*ROW, *NUMBERS, "air", "A")))


def test_what_a_score_needs_and_the_sheet_has_not_is_offered_and_never_assumed() -> None:
    workbook = book((*HEAD, *FIVE), (*ROW, *NUMBERS))
    asks = ask(workbook)
    assert list(asks) == ["everybody:oxygen_given", "everybody:consciousness"]
    said = draft(workbook, told({"everybody:oxygen_given": "air", "everybody:consciousness": "not known"}))
    found = values(said.drafts[0])
    assert found["oxygen_given"] == "air"
    assert "consciousness" not in found
    assert said.drafts[0].readings[-1].column is None


def test_it_is_not_asked_where_no_score_could_come_of_it() -> None:
    assert not ask(book((*HEAD, "BP", "HR"), (*ROW, "120/80", 72)))


def test_the_day_is_asked_where_the_sheet_has_none_and_the_time_may_stay_open() -> None:
    asks = ask(book(("MRN", "HR"), ("A1", 72)))
    assert [(one.key, one.kind, one.optional) for one in asks.values()] == [
        ("days:", "day", False),
        ("times:", "time", True),
    ]
    assert list(ask(book(("MRN", "Time", "HR"), ("A1", "14:05", 72)))) == ["days:"]


def test_groups_of_one_day_are_asked_for_their_times() -> None:
    asks = ask(book(("MRN", "Date", "Glucose pre (mg/dL)", "Glucose post (mg/dL)"), ("A1", "2026-11-21", 90, 130)))
    assert list(asks) == ["times:pre", "times:post"]
    assert not any(one.optional for one in asks.values())
    assert asks["times:post"].hint.startswith("“pre” and “post” are on the same day. At what time was each?")


def test_groups_that_are_said_to_be_of_one_day_need_their_times() -> None:
    workbook = book(("MRN", "Glucose PRE (mg/dL)", "Glucose POST (mg/dL)"), ("A1", 90, 130))
    said = {"days:PRE": "2026-11-21", "times:PRE": "", "times:POST": ""}
    others = told({**said, "days:POST": "2026-11-22"})
    assert not asked(workbook, recognise(workbook), others, "dmy")
    same = told({**said, "days:POST": "2026-11-21"})
    asks = asked(workbook, recognise(workbook), same, "dmy")
    assert [(one.key, one.optional) for one in asks] == [("times:PRE", False), ("times:POST", False)]
    one = same.told("times:PRE", "08:00")
    assert [one.key for one in asked(workbook, recognise(workbook), one, "dmy")] == ["times:POST"]
    assert not asked(workbook, recognise(workbook), one.told("times:POST", "09:00"), "dmy")


def test_groups_of_one_day_that_have_no_measure_in_common_are_not_asked_for_times() -> None:
    headings, names = ("", "", "", "AM", ""), ("MRN", "Date", "Time", "BP", "HR")
    assert not ask(book(headings, names, (*ROW, "08:00", "120/80", 72), merged=((0, 3, 0, 3),)))


def test_questions_stay_when_they_are_answered_and_go_by_the_days_that_were_said() -> None:
    workbook = book(("MRN", "Glucose PRE (mg/dL)", "Glucose POST (mg/dL)"), ("A1", 90, 130))
    said = {"days:PRE": "2026-11-21", "times:PRE": "08:00", "days:POST": "2026-11-21", "times:POST": "09:00"}
    for answers, optional in ((Answers(), True), (told(said), False)):
        asks = {one.key: one for one in questions(workbook, recognise(workbook), answers, "dmy")}
        assert list(asks) == ["days:PRE", "times:PRE", "days:POST", "times:POST"]
        assert asks["times:PRE"].optional is optional


def test_groups_with_dates_of_their_own_need_times_where_a_row_has_one_day_twice() -> None:
    head = ("MRN", "Date 1", "HR 1", "Date 2", "HR 2")
    apart = ("A1", "2026-11-20", 72, "2026-11-21", 73)
    assert not ask(book(head, apart))
    asks = ask(book(head, apart, ("A2", "2026-11-21", 72, "2026-11-21", 73), ("A3", "n/a", 72, "n/a", 73)))
    assert list(asks) == ["times:1", "times:2"]
    assert not ask(book(head, apart, ("A3", "n/a", 72, "n/a", 73)))


def test_headings_of_one_day_are_asked_for_their_times() -> None:
    headings, names = ("", "21 Nov 2026", "", "22 Nov 2026"), ("MRN", "AM HR", "PM HR", "AM HR")
    asks = ask(book(headings, names, ("A1", 72, 73, 74)))
    assert list(asks) == ["times:21 Nov 2026 AM", "times:21 Nov 2026 PM"]


@pytest.mark.parametrize(
    ("header", "cells", "options"),
    [
        ("Glucose", (70, 90), ["mg/dL", "mmol/L"]), ("Glucose", (5.5, 7), ["mmol/L", "mg/dL"]),
        ("Wt", (70, 80), ["kg", "lb"]), ("Temp", (60, 70), ["°F", "°C"]),
        ("Glucose", ("90 mg/dL", "5 mmol/L"), None), ("Glucose (mmol/L)", (5.5,), None), ("Wt, kg", (70,), None),
        ("Temp", (36.5, 98.6), None), ("Wt", ("refused", None), None), ("SpO2", (97,), None), ("HR", (72,), None),
    ],
)  # fmt: skip
def test_units_are_asked_where_neither_header_nor_cells_tell(
    header: str, cells: tuple[object, ...], options: list[str] | None
) -> None:
    asks = ask(book((*HEAD, header), *[(*ROW, cell) for cell in cells]))
    found = [[unit for unit, _ in one.options] for key, one in asks.items() if key.startswith("units:")]
    assert found == ([] if options is None else [options])


def test_a_unit_remembered_is_asked_again_where_the_numbers_cannot_have_it() -> None:
    first = book((*HEAD, "Glucose"), (*ROW, 90))
    known = understood(first, recognise(first), told({"units:glucose": "mg/dL"}))
    same, other = book((*HEAD, "Glucose"), (*ROW, 110)), book((*HEAD, "Glucose"), (*ROW, 5.5))
    assert not asked(same, recognise(same, known), Answers(), "dmy")
    assert [one.key for one in asked(other, recognise(other, known), Answers(), "dmy")] == ["units:glucose"]


def test_the_order_of_dates_is_asked_with_examples() -> None:
    workbook = book(("MRN", "Date", "HR"), ("A1", "03/04/2026", 72), ("A2", "21 Nov 2026", 72))
    (one,) = ask(workbook, order="").values()
    assert (one.key, one.column, one.examples) == ("date_order", 1, ("03/04/2026",))
    assert [order for order, _ in one.options] == ["dmy", "mdy"]
    assert not ask(workbook, order="mdy")
    assert not ask(workbook, order="", date_order="dmy")


def test_dates_that_only_another_order_than_the_clinics_fits_are_asked_about() -> None:
    (one,) = ask(book(("MRN", "Date", "HR"), ("A1", "11/21/2026", 72), ("A2", "03/04/2026", 72)), order="dmy").values()
    assert (one.key, one.options[0][0]) == ("date_orders:1", "mdy")


BIRTHS = ("MRN", "Date", "HR", "DOB")


def test_what_is_said_of_dates_that_leave_it_open_is_not_said_of_birth_dates_that_do_not() -> None:
    workbook = book(BIRTHS, ("A1", "03/04/2026", 72, "19/01/65"), ("A2", "03/05/2026", 72, "01/08/60"))
    assert list(ask(workbook, order="")) == ["date_order"]
    drafted = draft(workbook, told({"date_order": "mdy"}), order="")
    assert [(one.at, one.born) for one in drafted.drafts] == [
        (date(2026, 3, 4), date(1965, 1, 19)),
        (date(2026, 3, 5), date(1960, 8, 1)),
    ]
    fault = only(drafted.faults)
    assert (fault.kind, fault.outcome) == ("order of dates told from the dates", "noted")
    assert "D, DOB" in fault.reason
    assert "although month, day, year was said" in fault.reason


def test_the_clinics_order_is_not_taken_where_another_column_tells_another_one() -> None:
    workbook = book(BIRTHS, ("A1", "11/21/2026", 72, "01/02/65"), ("A2", "11/22/2026", 72, "01/08/60"))
    asks = ask(workbook, order="dmy")
    assert list(asks) == ["date_orders:1", "date_order"]
    assert asks["date_order"].column == 3
    said = told({"date_orders:1": "mdy", "date_order": "mdy"})
    assert [one.born for one in draft(workbook, said).drafts] == [date(1965, 1, 2), date(1960, 1, 8)]


def test_columns_that_leave_open_other_orders_are_asked_about_alone() -> None:
    workbook = book(BIRTHS, ("A1", "03/04/2026", 72, "21/11/05"))
    asks = ask(workbook, order="")
    assert {key: [order for order, _ in one.options] for key, one in asks.items()} == {
        "date_order": ["dmy", "mdy"],
        "date_orders:3": ["dmy", "ymd"],
    }
    assert list(ask(workbook, order="", date_order="dmy")) == ["date_orders:3"]


def test_the_order_of_names_is_asked_unless_commas_tell() -> None:
    assert list(ask(book(("Name", "Date", "HR"), ("Ana Cruz", "2026-11-21", 72)))) == ["name_order"]
    assert not ask(book(("Name", "Date", "HR"), ("Cruz, Ana", "2026-11-21", 72), ("Reyes", "2026-11-21", 72)))


def test_codes_of_sex_are_asked_with_the_legend_below_the_table() -> None:
    rows = [(*ROW, 72, 1), ("A2", "2026-11-21", 70, 2), ("A3", "2026-11-21", 70, "F"), (None, None, None, "1=Male")]
    asks = ask(book((*HEAD, "HR", "Sex"), *rows))
    assert list(asks) == ["sex:1", "sex:2"]
    assert asks["sex:1"].examples == ("1=Male",)


def test_columns_are_asked_about_where_patients_or_readings_are_missing() -> None:
    assert list(ask(book(("Kennung", "Date", "HR"), ("A1", "2026-11-21", 72)))) == ["columns:0"]
    asks = ask(book(("MRN", "Date", "Blutdruck"), ("A1", "2026-11-21", "120/80")))
    assert list(asks) == ["columns:2"]
    assert asks["columns:2"].examples == ("120/80",)
    assert not ask(book(("MRN", "Date", "HR", "Blutdruck"), ("A1", "2026-11-21", 72, "120/80")))


def test_what_is_missing_is_told_once_and_not_at_each_column() -> None:
    asks = ask(book(("Kennung", "Datum", "Blutdruck"), ("A1", "2026-11-21", "120/80"), ("A2", "2026-11-21", "130/80")))
    assert [bool(one.hint) for one in asks.values()] == [True, False, False]


def test_a_sheet_without_patients_after_all_answers_stops() -> None:
    workbook = book(("Kennung", "Date", "HR"), ("A1", "2026-11-21", 72))
    drafted = draft(workbook, told({"columns:0": "left out"}))
    assert [(fault.row, fault.outcome) for fault in drafted.faults] == [(None, "stops")]
