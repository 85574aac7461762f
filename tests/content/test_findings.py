"""Sentences must be true of the figures they tell of, whatever those are."""

from datetime import date

import pytest

from webapp.content import findings

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("now", "base", "on", "to", "compared"),
    [
        (
            1204,
            1131,
            "rose by 6.5 % from September 2026",
            "rose by 6.5 % to 1,204",
            "6.5 % more than in September 2026",
        ),
        (
            861,
            1131,
            "fell by 23.9 % from September 2026",
            "fell by 23.9 % to 861",
            "23.9 % fewer than in September 2026",
        ),
        (50, 50, "were level with September 2026", "stayed at 50", "as many as in September 2026"),
        (0, 0, "were level with September 2026", "stayed at none", "as many as in September 2026"),
        (12, 0, "rose from none to 12", "rose from none to 12", "against none in September 2026"),
        (0, 1131, "fell from 1,131 to none", "fell from 1,131 to none", "against 1,131 in September 2026"),
        (61, 20, "rose from 20 to 61", "rose from 20 to 61", "against 20 in September 2026"),
        (2, 1, "rose from 1 to 2", "rose from 1 to 2", "against 1 in September 2026"),
        (
            5001,
            5000,
            "were almost level with September 2026",
            "rose slightly to 5,001",
            "almost as many as in September 2026",
        ),
    ],
)
def test_a_step_is_told_as_it_was(now: int, base: int, on: str, to: str, compared: str) -> None:
    assert findings.moved_on(now, base, "September 2026") == on
    assert findings.moved_to(now, base) == to
    assert findings.compared(now, base, SEPTEMBER) == compared


@pytest.mark.parametrize(
    ("now", "base", "percent"),
    [
        (12, 0, None),
        (0, 0, None),
        (0, 8, None),
        (38, 19, None),
        (30, 20, 50.0),
        (60, 20, 200.0),
        (61, 20, None),
        (1224, 19, None),
        (0, 20, -100.0),
        (20, 20, 0.0),
    ],
)
def test_a_change_has_a_percentage_where_that_says_more_than_the_counts(
    now: int, base: int, percent: float | None
) -> None:
    change = findings.change(now, base, SEPTEMBER)
    assert (change.difference, change.percent, change.against) == (now - base, percent, "September 2026")
    table = findings.comparison("key", "title", "Visits", SEPTEMBER, SEPTEMBER, {"All": (base, now)}, None)
    assert table.rows == (("All", base, now, now - base, percent),)


def test_one_day_is_compared_with_another_by_its_weekday() -> None:
    earlier, now = (date(2026, 10, 27),) * 2, (date(2026, 11, 3),) * 2
    assert findings.change(30, 20, earlier).against == "Tuesday 27 October 2026"
    assert findings.compared(30, 20, earlier) == "50.0 % more than on Tuesday 27 October 2026"
    table = findings.comparison("key", "title", "Visits", now, earlier, {"All": (20, 30)}, None)
    assert [column.label for column in table.columns[1:3]] == ["Tuesday 27 October 2026", "Tuesday 3 November 2026"]


@pytest.mark.parametrize(
    ("part", "whole", "ratio"),
    [
        (53, 4, 13.3),
        (279, 20, 14.0),
        (-53, 4, -13.3),
        (1, 20, 0.1),
        (-1, 21, 0.0),
        (2, 3, 0.7),
        (0, 7, 0.0),
        (1, 0, None),
    ],
)
def test_a_half_is_rounded_away_from_zero(part: int, whole: int, ratio: float | None) -> None:
    assert findings.ratio(part, whole) == ratio


def test_a_share_is_rounded_as_a_ratio_is() -> None:
    assert (findings.share(1, 16), findings.share(5, 1000), findings.share(3, 0)) == (6.3, 0.5, None)


def months(*counts: int) -> list[tuple[str, int]]:
    return [(f"2026-{number:02}", count) for number, count in enumerate(counts, 1)]


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        ((30, 20, 25, 30, 35), "Visits rose for the third month running"),
        ((30, 20, 25), "Visits rose by 25.0 % from February 2026"),
        ((10, 20, 25), "Visits rose for the second month running"),
        ((40, 30, 25, 20), "Visits fell for the third month running"),
        ((20, 20, 20), "Visits were level with February 2026"),
        ((0, 0, 3), "Visits rose from none to 3"),
        ((3, 0, 0), "Visits were level with February 2026"),
        ((7,), "Visits in January 2026"),
    ],
)
def test_a_report_of_one_month_tells_of_the_step_to_it(counts: tuple[int, ...], title: str) -> None:
    assert findings.trend_title("Visits", months(*counts), is_about_last=True) == title


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        ((30, 50, 25), "Visits were highest in February 2026"),
        ((50, 50, 25), "Visits were highest in January 2026 and February 2026"),
        ((50, 50, 50, 2), "3 months share the highest number of visits"),
        ((20, 20, 20), "Visits were level from month to month"),
        ((0, 0), "No visits"),
        ((0, 1), "Visits were highest in February 2026"),
    ],
)
def test_a_longer_report_tells_of_the_highest_month(counts: tuple[int, ...], title: str) -> None:
    assert findings.trend_title("Visits", months(*counts), is_about_last=False) == title


@pytest.mark.parametrize(
    ("start", "end", "title"),
    [
        ("2026-03-17", "2026-03-17", "Visits in the first quarter of 2026"),
        ("2026-03-01", "2026-03-30", "Visits in the first quarter of 2026"),
        ("2026-02-27", "2026-03-31", "Visits in the first quarter of 2026"),
        ("2026-03-01", "2026-03-31", "Visits rose by 25.0 % from February 2026"),
        ("2026-02-01", "2026-03-31", "Visits were highest in January 2026"),
    ],
)
def test_a_chart_of_months_claims_something_for_whole_months_alone(start: str, end: str, title: str) -> None:
    period = date.fromisoformat(start), date.fromisoformat(end)
    assert findings.months_title("Visits", dict(months(30, 20, 25)), period, date(2020, 1, 1)) == title


def test_a_rise_of_a_whole_year_is_counted_in_words_or_figures() -> None:
    keys = [(f"{2025 + at // 12}-{at % 12 + 1:02}", at) for at in range(15)]
    assert findings.trend_title("Visits", keys[:13], True) == "Visits rose for the twelfth month running"
    assert findings.trend_title("Visits", keys, True) == "Visits rose for 14 months running"
