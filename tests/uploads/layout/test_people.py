"""Who rows tell of, and where that is not certain."""

from datetime import date

import pytest

from tests.uploads.layout.sheets import book, draft, only, told, told_faults

HEAD, ROW = ("MRN", "Date", "HR"), ("A1", "2026-11-21", 72)


def test_numbers_that_a_spreadsheet_program_has_changed_are_nobodys() -> None:
    changed = (12.5, 1e17, "1.23457E+11", date(2026, 1, 1), True, "x" * 65, "-", "#REF!")
    rows = [(cell, "2026-11-21", 72) for cell in (*changed, 17.0, "0017", " a  1 ", "#17")]
    drafted = draft(book(HEAD, *rows))
    assert [one.mrn for one in drafted.drafts] == ["17", "0017", "a 1", "#17"]
    assert [fault.row for fault in drafted.faults] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {fault.outcome for fault in drafted.faults} == {"rows left out"}


NAMES = {
    "Cruz, Ana Maria": ("Cruz", "Ana Maria"), "Ana Maria Cruz": ("Cruz", "Ana Maria"), "Cruz": ("Cruz", ""),
    "Juan de la Cruz": ("de la Cruz", "Juan"), "  Ana   Cruz ": ("Cruz", "Ana"), "de la Cruz": ("de la Cruz", ""),
}  # fmt: skip


@pytest.mark.parametrize(("written", "name"), NAMES.items())
def test_names_in_one_column(written: str, name: tuple[str, str]) -> None:
    workbook = book(("Name", "Date", "HR"), (written, "2026-11-21", 72), ("Ana Reyes", "2026-11-21", 72))
    one = draft(workbook, told({"name_order": "given first"})).drafts[0]
    if written != "de la Cruz":
        assert (one.family, one.given) == name
    one = draft(workbook, told({"name_order": "family first"})).drafts[1]
    assert (one.family, one.given) == ("Ana", "Reyes")


def test_names_that_were_typed_in_are_used_where_the_sheet_has_none() -> None:
    answers = told({}).named("A1", "Cruz", "Ana")
    assert [(one.family, one.given) for one in draft(book(HEAD, ROW, ("A2", *ROW[1:])), answers).drafts] == [
        ("Cruz", "Ana"),
        ("", ""),
    ]


@pytest.mark.parametrize(
    ("parts", "born", "precision"),
    [
        ((1967, 11, 30), date(1967, 11, 30), "day"), (("67", "Nov", "30"), date(1967, 11, 30), "day"),
        ((1967, 11, None), date(1967, 11, 1), "month"), ((1967, None, None), date(1967, 1, 1), "year"),
        ((1967, 13, 1), None, "day"), ((1967, 2, 30), None, "day"), ((None, 2, 3), None, "day"),
        ((1967.5, 1, 1), None, "day"),
    ],
)  # fmt: skip
def test_a_birth_date_in_three_columns(parts: tuple[object, ...], born: date | None, precision: str) -> None:
    head = (*HEAD, "Year birth", "Month of birth", "Day birth")
    drafted = draft(book(head, (*ROW, *parts)))
    assert (drafted.drafts[0].born, drafted.drafts[0].born_precision) == (born, precision)
    assert len(drafted.faults) == (born is None)


def test_birth_dates_may_be_cut_and_those_that_do_not_exist_are_faults() -> None:
    rows = [(*ROW, cell) for cell in ("1967-05", 1967, "31/02/1967", "5 May 67", "n/a", "soon")]
    drafted = draft(book((*HEAD, "DOB"), *rows))
    found = [(one.born, one.born_precision) for one in drafted.drafts]
    assert found[:4] == [
        (date(1967, 5, 1), "month"),
        (date(1967, 1, 1), "year"),
        (None, "day"),
        (date(1967, 5, 5), "day"),
    ]
    assert told_faults(drafted) == [(3, 3, "31/02/1967", "value left out"), (6, 3, "soon", "value left out")]


NAMED = ("MRN", "Family name", "Given name", "DOB", "Sex", "SpO2 scale", *HEAD[1:])
SOMEBODY = ("A1", "Cruz", "Ana", "1970-02-01", "F", 1, *ROW[1:])


@pytest.mark.parametrize("lost", range(5))
def test_a_row_of_which_it_is_not_certain_whose_it_is_is_left_out(lost: int) -> None:
    row = (*SOMEBODY[:lost], None, *SOMEBODY[lost + 1 :])
    assert len(draft(book(NAMED, row)).drafts) == 1
    drafted = draft(book(NAMED, row, uncounted=frozenset({(1, lost)})))
    fault = only(drafted.faults)
    assert not drafted.drafts
    assert (fault.row, fault.column, fault.kind) == (1, lost, "formula without a value")
    assert fault.outcome == "rows left out"


def test_a_name_that_is_an_error_leaves_its_row_out() -> None:
    drafted = draft(book(NAMED, (SOMEBODY[0], "#REF!", *SOMEBODY[2:])))
    assert (drafted.drafts, told_faults(drafted)) == ((), [(1, 1, "#REF!", "rows left out")])


def test_a_scale_whose_formula_has_no_result_is_a_fault_and_the_row_is_used() -> None:
    drafted = draft(book(NAMED, (*SOMEBODY[:5], None, *SOMEBODY[6:]), uncounted=frozenset({(1, 5)})))
    assert (len(drafted.drafts), told_faults(drafted)) == (1, [(1, 5, "", "value left out")])


def test_sexes_in_words_and_codes() -> None:
    rows = [("A1", "2026-11-21", 72, cell) for cell in ("F", "male", "WOMAN", 1, "", "n/a")]
    found = draft(book((*HEAD, "Sex"), *rows), told({"sex:1": "other"}))
    assert [one.sex for one in found.drafts] == ["female", "male", "female", "other", "", ""]
    many = [("A1", "2026-11-21", 72, f"word {at}") for at in range(20)]
    assert len(draft(book((*HEAD, "Sex"), *many)).faults) == 20


def test_what_is_wrong_with_a_patient_is_told_at_each_row() -> None:
    head = ("MRN", "Name", "Date", "HR", "DOB")
    rows = [("A1", "Cruz", "2026-11-21", 72, "soon"), ("A1", "Cruz", "2026-11-22", 72, "soon")]
    assert [row for row, *_ in told_faults(draft(book(head, *rows)))] == [1, 2]
    rows = [(cell, "Cruz", "2026-11-21", 72, None) for cell in (1, True, None, None)]
    drafted = draft(book(head, *rows, uncounted=frozenset({(4, 0)})))
    assert [one.mrn for one in drafted.drafts] == ["1", ""]
    assert [row for row, *_ in told_faults(drafted)] == [2, 4]
    assert [one.mrn for one in draft(book(head, *rows[:2])).drafts] == ["1"]
