import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import words

# Every code point, surrogates too, with more than their share of the troublesome.
ODD = "\x00\x07\t\n\r\x0b\x0c\x1f\x7f\x85\x9f\ud800\udfff\ufdd0\ufffe\uffff\U0001ffff\U0010fffe"
anything = st.text(st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=())))


@pytest.mark.parametrize(
    ("given_", "printed"),
    [
        ("plain", "plain"),
        ("one\ntwo", "one two"),
        ("one\r\ntwo", "one two"),
        ("one\n\ntwo", "one  two"),
        ("a\tb\x0bc\x0cd\x85e", "a b c d e"),
        ("a\x00b\x07c\x7fd\x9f", "a�b�c�d�"),
        ("\ud800 alone", "� alone"),
        ("\ufdd0\ufffe\uffff\U0001fffe", "����"),
        ("Ñandú, ß, 陈美玲, أمبوان, สมชาย, Ελένη, 👩🏽‍⚕️", "Ñandú, ß, 陈美玲, أمبوان, สมชาย, Ελένη, 👩🏽‍⚕️"),
        ("zero\u200bwidth and right\u200fto left", "zero\u200bwidth and right\u200fto left"),
        ('=cmd|"/c calc"!A0 <b>&amp;', '=cmd|"/c calc"!A0 <b>&amp;'),
    ],
)
def test_printable_text_has_no_control_characters_and_keeps_all_else(given_: str, printed: str) -> None:
    assert words.printable(given_) == printed


@given(anything)
def test_printable_text_can_stand_in_xml_and_in_any_database(text: str) -> None:
    printed = words.printable(text)
    assert printed.encode().decode() == printed
    element = ElementTree.Element("t")
    element.text = printed
    assert (ElementTree.fromstring(ElementTree.tostring(element)).text or "") == printed
    assert words.printable(printed) == printed


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn"))))
def test_printable_text_is_left_alone(text: str) -> None:
    assert words.printable(text) == text


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (1204, 0, "1,204"),
        (1234567.891, 2, "1,234,567.89"),
        (0, 0, "0"),
        (-5, 0, "−5"),
        (-1204.5, 1, "−1,204.5"),
        (-0.04, 1, "0.0"),
        (-0.0, 0, "0"),
        (0.5, 0, "0"),
        (1.5, 0, "2"),
    ],
)
def test_a_number_has_thousands_separators_and_a_true_minus(value: float, decimals: int, written: str) -> None:
    assert words.number(value, decimals) == written


@pytest.mark.parametrize(
    ("value", "kind", "decimals", "written"),
    [
        (None, "count", 0, "–"),
        (0, "count", 0, "0"),
        (6.54, "percent", 1, "6.5 %"),
        (-6.54, "percent", 1, "−6.5 %"),
        ("2026-10-31", "day", 0, "31 October 2026"),
        ("2026-10", "month", 0, "Oct 2026"),
        ("2026-10", "text", 0, "2026-10"),
        ("Fewer than 5", "count", 0, "Fewer than 5"),
        ("", "text", 0, ""),
    ],
)
def test_a_cell_is_written_by_its_kind(value: int | float | str | None, kind: str, decimals: int, written: str) -> None:
    assert words.cell(value, kind, decimals) == written


def test_a_day_and_a_month_are_in_words() -> None:
    assert words.day(date(2026, 11, 3)) == "3 November 2026"
    assert words.month("2026-05") == words.month("2026-05", short=False) == "May 2026"
    assert words.month("2026-09", short=False) == "September 2026"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2026-11", "Nov 2026"),
        ("2026-11-01/22", "1–22 Nov 2026"),
        ("2026-11-01/01", "1 Nov 2026"),
        ("2026-02-01/03", "1–3 Feb 2026"),
    ],
)
def test_a_month_cut_short_says_which_days(value: str, written: str) -> None:
    assert words.cell(value, "month") == written


def test_a_moment_is_on_the_clinics_clock() -> None:
    moment = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
    assert words.time(moment, "Asia/Manila") == "00:05"
    assert words.moment(moment, "Asia/Manila") == "23 November 2026, 00:05"
    assert words.moment(moment, "America/Halifax") == "22 November 2026, 12:05"


@pytest.mark.parametrize(
    ("zone", "place"),
    [("Asia/Manila", "Manila"), ("America/Port_of_Spain", "Port of Spain"), ("UTC", "UTC"),
     ("America/Argentina/Buenos_Aires", "Buenos Aires")],
)  # fmt: skip
def test_a_zone_is_named_for_its_city(zone: str, place: str) -> None:
    assert words.city(zone) == place


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), "1 to 31 October 2026"),
        (date(2026, 10, 1), date(2026, 10, 1), "1 October 2026"),
        (date(2026, 9, 28), date(2026, 10, 4), "28 September to 4 October 2026"),
        (date(2025, 12, 29), date(2026, 1, 4), "29 December 2025 to 4 January 2026"),
        (date(2025, 10, 1), date(2026, 10, 1), "1 October 2025 to 1 October 2026"),
    ],
)
def test_a_range_of_days_says_nothing_twice(start: date, end: date, written: str) -> None:
    assert words.dates(start, end) == written


@pytest.mark.parametrize(
    ("count", "noun", "many", "written"),
    [(1, "visit", "", "1 visit"), (0, "visit", "", "0 visits"), (1204, "visit", "", "1,204 visits"),
     (2, "person", "people", "2 people"), (1, "person", "people", "1 person")],
)  # fmt: skip
def test_nouns_agree_with_their_number(count: int, noun: str, many: str, written: str) -> None:
    assert words.plural(count, noun, many) == written


@pytest.mark.parametrize(
    ("items", "written"),
    [([], ""), (["PDF"], "PDF"), (["PDF", "Excel"], "PDF and Excel"), (["PDF", "Excel", "CSV"], "PDF, Excel and CSV")],
)
def test_a_list_is_joined_as_one_speaks(items: list[str], written: str) -> None:
    assert words.listed(items) == written


@pytest.mark.parametrize(
    ("day", "told"), [(21, "today"), (22, "today"), (23, "tomorrow"), (24, "in 2 days"), (25, "in 3 days")]
)
def test_how_far_off_a_day_is(day: int, told: str) -> None:
    assert words.until(date(2026, 11, day), date(2026, 11, 22)) == told


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (84_300, "84 kB"), (12_400_000, "12.4 MB"), (1.5e9, "1.5 GB")],
)
def test_sizes_are_told_in_the_unit_that_fits(size: int, told: str) -> None:
    assert words.size(size) == told
