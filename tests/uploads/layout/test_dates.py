"""Dates and times in every usual form, and in which order their parts stand."""

from datetime import date, datetime, time

import pytest

from tests.uploads.layout.sheets import TODAY
from webapp.uploads.layout.dates import Stamp, day_of, on_the_clock, stamp
from webapp.uploads.layout.numbers import Unread
from webapp.uploads.layout.orders import order_of
from webapp.uploads.layout.people import born_of_parts
from webapp.uploads.workbook import Cell

DAY, AT = date(2026, 11, 21), time(14, 5)
WRITTEN: list[tuple[Cell, str, date | None, time | None]] = [
    ("21/11/2026", "dmy", DAY, None), ("11/21/26", "mdy", DAY, None), ("2026-11-21", "", DAY, None),
    ("2026/11/21", "mdy", DAY, None), ("21-Nov-2026", "mdy", DAY, None), ("21-Nov-26", "mdy", DAY, None),
    ("Nov 21", "", DAY, None), ("21 November", "", DAY, None), ("November 21st, 2026", "", DAY, None),
    ("21.11.2026 14:05", "dmy", DAY, AT), ("20261121", "", DAY, None), (20261121, "", DAY, None),
    ("21112026", "dmy", DAY, None), ("26-11-21", "ymd", DAY, None), ("Sat, 21 Nov 2026", "", DAY, None),
    ("21/11/26 2:05 pm", "dmy", DAY, AT), ("2026-11-21T14:05", "", DAY, AT), ("21 Nov 2026 1405", "", DAY, AT),
    ("21/11/2026, 14h05", "dmy", DAY, AT), ("21Nov2026", "", DAY, None), ("٢١/١١/٢٠٢٦", "dmy", DAY, None),
    ("14:05", "", None, AT), ("2:05 pm", "", None, AT), ("2.05 PM", "", None, AT), ("1405", "", None, AT),
    (1405, "", None, AT), ("0.5868", "", None, AT), (0.5868, "", None, AT), ("14:05:00", "", None, AT),
    (AT, "", None, AT), (DAY, "", DAY, None), (46347, "", DAY, None), (46347.5868, "", DAY, AT),
    ("46347.5868", "", DAY, AT),
    (datetime.combine(DAY, AT), "", DAY, AT), (datetime.combine(date(1899, 12, 31), AT), "", None, AT),
    ("12:00 am", "", None, time(0)), ("12:30 pm", "", None, time(12, 30)), ("00:00", "", None, time(0)),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "order", "day", "at"), WRITTEN)
def test_dates_and_times_are_read_as_they_are_written(
    cell: Cell, order: str, day: date | None, at: time | None
) -> None:
    found = stamp(cell)
    assert isinstance(found, Stamp)
    assert found.has_day == (day is not None)
    if day is not None:
        assert day_of(found, order, TODAY, in_the_past=False) == day
    assert found.at == at


@pytest.mark.parametrize(
    "cell",
    [
        "", "soon", "2026-13-01", "2026-02-30", "25:00", "12:60", "24:00", "13:05 pm", "Nov-21", "5", 5, -1, 1e9, True,
        "21/11", "1/2/3/4", "21/11/202", date(3000, 1, 1), date(1800, 1, 1), "x" * 100, "21/Foo/2026", 10**400,
    ],
)  # fmt: skip
def test_what_is_no_date_is_said_in_a_sentence(cell: Cell) -> None:
    found = stamp(cell)
    assert isinstance(found, Unread)
    assert found.reason.endswith(".")


def test_under_a_time_2005_is_no_year() -> None:
    for cell in (2005, "2005", "20:05"):
        found = stamp(cell, of_day=True)
        assert isinstance(found, Stamp)
        assert found.at == time(20, 5)
    assert stamp(2005) == Stamp(date(2005, 1, 1), "year")


@pytest.mark.parametrize(
    ("written", "in_the_past", "day"),
    [
        ("21/11/26", False, DAY), ("21/11/26", True, DAY), ("21/11/27", True, date(1927, 11, 21)),
        ("29/11/26", True, date(1926, 11, 29)), ("21/11/67", True, date(1967, 11, 21)),
        ("21/11/99", False, date(1999, 11, 21)),
        ("03/01/27", False, date(2027, 1, 3)),
    ],
)  # fmt: skip
def test_two_digits_of_a_year_are_the_nearest_and_of_a_birth_the_latest(
    written: str, in_the_past: bool, day: date
) -> None:
    found = stamp(written)
    assert isinstance(found, Stamp)
    assert day_of(found, "dmy", TODAY, in_the_past) == day


def test_a_missing_year_is_the_nearest_but_none_of_a_birth() -> None:
    found = stamp("3 Jan")
    assert isinstance(found, Stamp)
    assert day_of(found, "", TODAY, in_the_past=False) == date(2027, 1, 3)
    assert isinstance(day_of(found, "", TODAY, in_the_past=True), Unread)


ORDERS = [
    # dates, said of the sheet, the clinic's, order, asked, noted
    (("21/11/2026", "03/04/2026"), "", "", "dmy", False, True),
    (("11/21/2026", "03/04/2026"), "", "", "mdy", False, True),
    (("03/04/2026", "05/06/2026"), "", "", "", True, False),
    (("03/04/2026", "05/06/2026"), "mdy", "", "mdy", False, False),
    (("03/04/2026", "05/06/2026"), "", "dmy", "dmy", False, False),
    (("03/04/2026", "05/06/2026"), "", "ymd", "", True, False),
    (("11/21/2026", "03/04/2026"), "", "dmy", "", True, False),
    (("11/21/2026", "03/04/2026"), "dmy", "dmy", "", True, False),
    (("11/21/2026", "03/04/2026"), "mdy", "dmy", "mdy", False, False),
    (("19/01/65", "01/08/60", "31/02/70"), "mdy", "", "dmy", False, True),
    (("19/01/65", "01/08/60"), "mdy", "dmy", "dmy", False, True),
    (("01/08/05",), "ymd", "dmy", "ymd", False, False),
    (("01/08/1960",), "ymd", "dmy", "dmy", False, False),
    (("21/11/2026", "11/21/2026"), "mdy", "dmy", "", True, False),
    ((*(f"{day}/11/2026" for day in range(13, 31)), "11/21/2026"), "", "dmy", "dmy", False, False),
    (("21/11/2026", "11/21/2026"), "", "", "", True, False),
    (("21/11/2026", "31/02/2026"), "", "dmy", "dmy", False, False),
    (("03/03/2026", "04/04/2026"), "", "", "dmy", False, True),
    (("21/11/26",), "", "", "", True, False),
    (("11/21/26",), "", "", "mdy", False, True),
    (("99/11/21",), "", "", "ymd", False, True),
    (("2026-11-21", "21 Nov 2026"), "", "", "", False, False),
    ((), "", "", "", False, False),
]


@pytest.mark.parametrize(("written", "answered", "clinic", "order", "is_asked", "is_noted"), ORDERS)
def test_the_order_is_asked_where_the_dates_leave_it_open(
    written: tuple[str, ...], answered: str, clinic: str, order: str, is_asked: bool, is_noted: bool
) -> None:
    stamps = [found for one in written if isinstance(found := stamp(one), Stamp)]
    found = order_of(stamps, "", answered, clinic)
    assert (found.order, found.asked, bool(found.noted)) == (order, is_asked, is_noted)


def test_a_header_that_tells_the_order_is_believed_while_the_dates_allow_it() -> None:
    found = stamp("03/04/2026")
    assert isinstance(found, Stamp)
    assert order_of([found], "mdy", "", "dmy").order == "mdy"
    other = stamp("21/11/2026")
    assert isinstance(other, Stamp)
    assert order_of([found, other], "mdy", "", "dmy").asked
    assert order_of([found, other], "mdy", "dmy", "").order == "dmy"


def test_what_was_said_of_one_column_alone_holds_whatever_its_dates_are() -> None:
    stamps = [found for one in ("21/11/2026", "11/21/2026") if isinstance(found := stamp(one), Stamp)]
    assert order_of(stamps, "", "", "", "mdy").order == "mdy"


def test_a_zone_in_the_cell_is_turned_into_the_clinics() -> None:
    for written, there in (
        ("2026-11-21T14:05Z", "22:05"),
        ("21 Nov 2026 14:05 +08:00", "14:05"),
        ("2026-11-21 14:05-0500", "03:05"),
    ):
        found = stamp(written)
        assert isinstance(found, Stamp)
        assert found.day is not None
        assert found.at is not None
        at, noted = on_the_clock(found.day, found.at, found.zone, "Asia/Manila")
        assert isinstance(at, datetime)
        assert (at.strftime("%H:%M"), noted) == (there, "")


def test_a_time_that_clocks_skipped_is_none_and_of_one_twice_the_first_counts() -> None:
    skipped, _ = on_the_clock(date(2026, 3, 29), time(1, 30), None, "Europe/London")
    assert isinstance(skipped, Unread)
    twice, noted = on_the_clock(date(2026, 10, 25), time(1, 30), None, "Europe/London")
    assert isinstance(twice, datetime)
    assert (twice.isoformat(), bool(noted)) == ("2026-10-25T01:30:00+01:00", True)


@pytest.mark.parametrize(("month", "number"), [("Sept", 9), ("Sep.", 9), ("september", 9), (9, 9), ("Mar", 3)])
def test_a_birth_in_parts_may_name_its_month(month: str | int, number: int) -> None:
    assert born_of_parts(1971, month, 2, date(2026, 11, 21)) == (date(1971, number, 2), "day")
