"""Whatever stands in a sheet: no order of columns matters, nothing raises, and nothing is lost without a word."""

import random
from datetime import date, datetime, time

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.uploads.layout.sheets import TODAY, ZONE, book, draft
from webapp.uploads.layout import Answers, Layout, asked, drafts, headers_sha256, questions, recognise, understood
from webapp.uploads.workbook import Cell, Sheet, Workbook

HEAD = ("MRN", "Family name", "Date", "Time", "BP", "HR", "Temp (°F)", "SpO2 %", "Air/O2", "AVPU", "RR", "DOB", "Sex")
ROWS = (
    ("A1", "Cruz", "2026-11-21", "08:00", "120/80", 72, 98.6, 97, "air", "A", 16, "1970-02-01", "f"),
    ("A2", "Reyes", "2026-11-21", "25:00", "<90/60", "72 (irregular)", "n/a", "96%", "2 L", "GCS 14", 20, "x", "m"),
    ("A3", "Santos", "21 Nov", "0805", "", "", 36.6, 1, "RA", "P", "", 1980, "?"),
)
HEADERS = (
    *HEAD, "O2", "P", "T", "ID", "Test", "Result", "Unit", "Glucose pre", "Glucose post", "Visit 1", "Wt", "Name",
    "No", "O2 L/min", "BP", "HR", "Date 1", "HR 1", "",
)  # fmt: skip
VALUES: tuple[Cell, ...] = (
    None, "", "A1", "120/80", 72, 98.6, "n/a", "<40", "2 L", "alert", "21/11/2026", "03/04/26",
    "14:05", 0.5, True, 1e300, 10**30, "1,204", "1=Male", "Total", "HR", "mg/dL", date(2026, 11, 21), time(8),
    datetime.fromisoformat("2026-11-21"),
    float("nan"), float("inf"), "Nov-21", "Cruz, Ana", "Ana Cruz", "96% RA", "٧٢", "-", "/", "(",
    "29/03/2026 01:30", "\ud800",
)  # fmt: skip

cells = st.one_of(
    st.sampled_from(VALUES), st.text(max_size=12), st.integers(), st.floats(), st.dates(), st.times(), st.datetimes(),
    st.booleans(),
)  # fmt: skip


def seen(workbook: Workbook, order: list[int]) -> list[tuple[object, ...]]:
    """Drafts and faults by the columns as they stood at first."""
    drafted = draft(workbook)
    return [
        *[
            (one.rows, one.mrn, one.family, one.born, one.sex, one.at, sorted(map(repr, place(one.readings, order))))
            for one in drafted.drafts
        ],
        *sorted(
            (fault.row, -1 if fault.column is None else order[fault.column], fault.given, fault.reason)
            for fault in drafted.faults
            if fault.row is not None
        ),
    ]


def place(readings: tuple[object, ...], order: list[int]) -> list[tuple[object, ...]]:
    return [
        (one.measure, one.value, one.word, one.given, one.row, order[one.column])  # type: ignore[attr-defined]
        for one in readings
    ]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(HEAD))))
def test_columns_may_stand_in_any_order(order: list[int]) -> None:
    shuffled = book(*[[row[at] for at in order] for row in (HEAD, *ROWS)])
    assert seen(shuffled, order) == seen(book(HEAD, *ROWS), list(range(len(HEAD))))
    assert headers_sha256(shuffled, recognise(shuffled)) == headers_sha256(book(HEAD), recognise(book(HEAD)))


def answered(workbook: Workbook, layout: Layout, pick: random.Random, order: str) -> Answers:
    """Any answers, until nothing is asked any more."""
    answers = Answers()
    for _ in range(6):
        asks = asked(workbook, layout, answers, order)
        if not asks:
            return answers
        assert {one.key for one in asks} <= {one.key for one in questions(workbook, layout, answers, order)}
        for one in asks:
            if one.kind == "choice":
                answers = answers.told(one.key, pick.choice(one.options)[0])
            else:
                answers = answers.told(one.key, "2026-11-21" if one.kind == "day" else "" if one.optional else "08:00")
    raise AssertionError([one.key for one in asked(workbook, layout, answers, order)])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(HEADERS), cells), min_size=1, max_size=9),
    st.lists(st.lists(cells, min_size=9, max_size=9), max_size=6),
    st.randoms(use_true_random=False),
    st.sampled_from(["", "dmy", "mdy", "ymd"]),
    st.sampled_from([(), ((0, 0, 1, 1),), ((1, 0, 3, 0), (0, 2, 0, 5))]),
)
def test_nothing_in_a_sheet_raises_and_questions_come_to_an_end(
    head: list[Cell],
    rows: list[list[Cell]],
    pick: random.Random,
    order: str,
    merged: tuple[tuple[int, int, int, int], ...],
) -> None:
    width = len(head)
    sheet = Sheet("", (tuple(head), *(tuple(row[:width]) for row in rows)), merged, frozenset({(1, 0)}))
    workbook = Workbook((sheet, Sheet("other", sheet.rows[::-1])))
    layout = recognise(workbook)
    assert Layout.from_json(layout.to_json()) == layout
    answers = answered(workbook, layout, pick, order)
    known = understood(workbook, layout, answers)
    assert Layout.from_json(known.to_json()) == known
    assert Answers.from_json(answers.to_json()) == answers
    recognise(workbook, known)
    drafted = drafts(workbook, layout, answers, zone=ZONE, today=TODAY, date_order=order)
    assert drafted == drafts(workbook, layout, answers, zone=ZONE, today=TODAY, date_order=order)
    told = {row for one in drafted.drafts for row in one.rows}
    assert all(one.readings and (one.mrn or one.family or one.given) for one in drafted.drafts)
    assert not told & set(drafted.ignored)
    assert len(told) <= drafted.read
