"""The place of a birth date among ages is what a reader counts on a calendar."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.content import ages, filters
from webapp.content.columns import NO_DAY

ASKED = (65, 45, 20, 18, 16)
days = st.dates(date(1, 1, 1), date(2400, 12, 31))
near = st.tuples(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(0, 131), st.integers(-1, 1))


def place(on: date, born: int) -> int:
    return int(ages.places(np.array([on.toordinal()], np.int32), np.array([born], np.int32))[0])


def check(on: date, born: date) -> None:
    years, found = filters.age(born, on), place(on, born.toordinal())
    assert (found in ages.KNOWN) == (0 <= years < filters.OLDEST)
    for least in ASKED:
        assert (found in ages.completed(least)) == (least <= years < filters.OLDEST), least


@given(days, days)
def test_years_are_completed_as_on_a_calendar(on: date, born: date) -> None:
    check(on, born)


@given(near)
def test_years_are_completed_on_the_birthday_and_not_the_day_before(case: tuple[date, int, int]) -> None:
    on, years, off = case
    born = on.replace(year=on.year - years, day=min(on.day, 28))
    check(on, date.fromordinal(born.toordinal() + off))


@pytest.mark.parametrize(("on", "is_grown"), [(date(2026, 2, 28), False), (date(2026, 3, 1), True)])
def test_who_was_born_on_29_february_is_a_year_older_on_1_march(on: date, is_grown: bool) -> None:
    assert (place(on, date(2008, 2, 29).toordinal()) in ages.completed(18)) == is_grown


@pytest.mark.parametrize("on", [date(1, 1, 1), date(100, 5, 5), date(2026, 10, 31)])
def test_nobody_without_a_birth_date_has_an_age(on: date) -> None:
    assert place(on, NO_DAY) not in ages.KNOWN


def test_there_may_be_nobody() -> None:
    assert ages.places(np.zeros(0, np.int32), np.zeros(0, np.int32)).tolist() == []
