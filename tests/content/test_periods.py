from datetime import UTC, date, timedelta

import pytest

from webapp import clock
from webapp.content import periods

TODAY = date(2026, 11, 22)


RESOLVED = {
    "this_month": (date(2026, 11, 1), TODAY),
    "last_month": (date(2026, 10, 1), date(2026, 10, 31)),
    "this_quarter": (date(2026, 10, 1), TODAY),
    "last_quarter": (date(2026, 7, 1), date(2026, 9, 30)),
    "last_12_months": (date(2025, 11, 1), date(2026, 10, 31)),
    "this_year": (date(2026, 1, 1), TODAY),
    "last_30_days": (date(2026, 10, 23), date(2026, 11, 21)),
}


def test_each_preset_gives_its_days() -> None:
    assert {name: periods.resolve(name, TODAY) for name in periods.PRESETS} == RESOLVED


@pytest.mark.parametrize("name", list(periods.PRESETS))
@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2028, 2, 29), date(2026, 12, 31), date(2026, 3, 31)])
def test_a_preset_is_never_reversed_nor_in_the_future(name: str, today: date) -> None:
    start, end = periods.resolve(name, today)
    assert start <= end <= today


def test_an_unknown_preset_is_an_error() -> None:
    with pytest.raises(KeyError):
        periods.resolve("dates", TODAY)


@pytest.mark.parametrize(
    ("start", "end", "label", "within"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), "October 2026", "in October 2026"),
        (date(2028, 2, 1), date(2028, 2, 29), "February 2028", "in February 2028"),
        (date(2028, 2, 1), date(2028, 2, 28), "1 to 28 February 2028", "from 1 to 28 February 2028"),
        (date(2026, 7, 1), date(2026, 9, 30), "Third quarter 2026", "in the third quarter of 2026"),
        (date(2026, 6, 1), date(2026, 8, 31), "June to August 2026", "from June to August 2026"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026", "in 2026"),
        (date(2025, 11, 1), date(2026, 10, 31), "12 months to October 2026", "in the 12 months to October 2026"),
        (date(2025, 11, 1), date(2026, 2, 28), "November 2025 to February 2026", "from November 2025 to February 2026"),
        (date(2026, 10, 1), date(2026, 10, 15), "1 to 15 October 2026", "from 1 to 15 October 2026"),
        (date(2026, 10, 3), date(2026, 10, 3), "3 October 2026", "on Saturday 3 October 2026"),
    ],
)
def test_a_period_is_named_as_people_name_it(start: date, end: date, label: str, within: str) -> None:
    assert (periods.label(start, end), periods.within(start, end)) == (label, within)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("2026-10-01 2026-10-31", "2026-09-01 2026-09-30"),
        ("2026-03-01 2026-03-31", "2026-02-01 2026-02-28"),
        ("2026-07-01 2026-09-30", "2026-04-01 2026-06-30"),
        ("2026-01-01 2026-12-31", "2025-01-01 2025-12-31"),
        ("2025-11-01 2026-10-31", "2024-11-01 2025-10-31"),
        ("2025-11-01 2026-02-28", "2025-07-01 2025-10-31"),
        ("2026-11-01 2026-11-22", "2026-10-01 2026-10-22"),
        ("2026-03-01 2026-03-30", "2026-02-01 2026-02-28"),
        ("2026-10-01 2026-11-22", "2026-07-01 2026-08-22"),
        ("2026-01-01 2026-11-22", "2025-01-01 2025-11-22"),
        ("2026-10-03 2026-10-03", "2026-09-26 2026-09-26"),
        ("2026-10-01 2026-10-01", "2026-09-24 2026-09-24"),
        ("2026-11-01 2026-11-06", "2026-10-25 2026-10-30"),
        ("2026-11-01 2026-11-07", "2026-10-01 2026-10-07"),
        ("2026-11-01 2026-11-10", "2026-10-01 2026-10-10"),
        ("2026-11-02 2026-11-09", "2026-10-19 2026-10-26"),
        ("2026-11-02 2026-11-14", "2026-10-19 2026-10-31"),
        ("2026-11-02 2026-11-15", "2026-10-19 2026-11-01"),
        ("2026-10-23 2026-11-21", "2026-09-23 2026-10-22"),
        ("2026-10-05 2026-10-11", "2026-09-28 2026-10-04"),
        ("2026-03-01 2026-04-20", "2026-01-09 2026-02-28"),
    ],
)
def test_a_period_is_compared_with_the_one_before_of_its_kind(period: str, before: str) -> None:
    start, end = map(date.fromisoformat, period.split())
    assert " ".join(map(str, periods.before(start, end))) == before


def test_a_year_before_the_end_of_february_is_the_end_of_february() -> None:
    assert periods.year_before(date(2027, 2, 1), date(2027, 2, 28)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert periods.year_before(date(2029, 2, 1), date(2029, 2, 28)) == (date(2028, 2, 1), date(2028, 2, 29))


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("2028-02-29 2028-02-29", "2027-03-02 2027-03-02"),
        ("2026-11-02 2026-11-14", "2025-11-03 2025-11-15"),
        ("2026-11-02 2026-11-15", "2025-11-02 2025-11-15"),
        ("2026-11-01 2026-11-06", "2025-11-02 2025-11-07"),
        ("2026-11-01 2026-11-10", "2025-11-01 2025-11-10"),
    ],
)
def test_a_year_before_a_few_days_are_the_same_weekdays(period: str, before: str) -> None:
    start, end = map(date.fromisoformat, period.split())
    assert " ".join(map(str, periods.year_before(start, end))) == before


@pytest.mark.parametrize("days", range(1, 14))
def test_a_few_days_are_compared_with_the_same_weekdays_and_none_of_their_own(days: int) -> None:
    start = date(2026, 11, 10)
    end = start + timedelta(days=days - 1)
    for compare in (periods.before, periods.year_before):
        then = compare(start, end)
        assert then[1] < start
        assert [day.weekday() for day in then] == [start.weekday(), end.weekday()]


@pytest.mark.parametrize(
    ("end", "start"),
    [
        ("2026-10-31", "2025-11-01"),
        ("2029-02-28", "2028-03-01"),
        ("2028-02-29", "2027-03-01"),
        ("2026-10-03", "2025-10-04"),
    ],
)
def test_the_year_up_to_a_day_is_12_months_long(end: str, start: str) -> None:
    assert str(periods.year_up_to(date.fromisoformat(end))[0]) == start


def test_months_are_shown_for_a_year_or_for_a_longer_period() -> None:
    year = periods.months_up_to(date(2026, 10, 1), date(2026, 10, 31))
    assert (len(year), year[0], year[-1]) == (12, date(2025, 11, 1), date(2026, 10, 1))
    longer = periods.months_up_to(date(2024, 3, 15), date(2026, 10, 31))
    assert (len(longer), longer[0]) == (32, date(2024, 3, 1))
    assert len(periods.months_up_to(date(1950, 1, 1), date(2026, 10, 31))) == 60


def test_only_weekdays_that_occur_are_named() -> None:
    assert periods.weekdays_in(date(2026, 10, 31), date(2026, 11, 2)) == [1, 6, 7]
    assert periods.weekdays_in(date(2026, 10, 1), date(2026, 10, 31)) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("zone", ["America/Halifax", "Atlantic/Azores", "America/Santiago", "Africa/Cairo", "UTC"])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-04-05", "2026-04-24", "2026-09-06", "2026-10-25", "2026-11-01"])
def test_a_day_lasts_from_its_first_moment_to_the_next_also_where_clocks_change(zone: str, day: str) -> None:
    asked, blink = date.fromisoformat(day), timedelta(microseconds=1)
    first, after = (moment.astimezone(UTC) for moment in periods.moments((asked, asked), zone))
    assert clock.local(first, zone).day == clock.local(after - blink, zone).day == asked
    assert clock.local(first - blink, zone).day < asked < clock.local(after, zone).day


@pytest.mark.parametrize(
    ("start", "end", "before", "year"),
    [
        ("2026-11-03", "2026-11-03", "the same weekdays one week before", "the same weekdays 52 weeks before"),
        ("2026-11-03", "2026-11-12", "the same weekdays two weeks before", "the same weekdays 52 weeks before"),
        ("2026-11-03", "2026-11-22", "as many days before", "the same days of the year before"),
        ("2026-10-01", "2026-10-31", "the month before", "the same days of the year before"),
        ("2026-11-01", "2026-11-22", "the same days of the month before", "the same days of the year before"),
        ("2026-07-01", "2026-09-30", "the quarter before", "the same days of the year before"),
        ("2026-10-01", "2026-11-30", "the same days of the quarter before", "the same days of the year before"),
        ("2026-01-01", "2026-12-31", "the year before", "the same days of the year before"),
        ("2025-11-01", "2026-10-31", "the 12 months before", "the same days of the year before"),
        ("2026-02-01", "2026-04-30", "the 3 months before", "the same days of the year before"),
    ],
)
def test_what_a_period_is_compared_with_is_told_in_words(start: str, end: str, before: str, year: str) -> None:
    days = date.fromisoformat(start), date.fromisoformat(end)
    assert [periods.rule(*days, is_year=is_year) for is_year in (False, True)] == [before, year]
