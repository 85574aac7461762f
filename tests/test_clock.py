import ast
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import clock
from webapp.clock import LocalTime
from webapp.settings import PROJECT

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_now_is_aware_and_in_utc() -> None:
    before, now, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert before <= now <= after
    assert now.tzinfo is UTC


def test_a_stopped_clock_stands_and_then_goes_on() -> None:
    with clock.stopped_at(NOON):
        assert clock.now() == clock.now() == NOON
    assert clock.now() != NOON


def test_a_stopped_clock_is_in_utc_whatever_it_was_given() -> None:
    with clock.stopped_at(datetime(2026, 11, 22, 20, tzinfo=timezone(timedelta(hours=8)))):
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_a_clock_stopped_within_another_goes_back_to_it_even_after_a_fault() -> None:
    with clock.stopped_at(NOON):
        with pytest.raises(RuntimeError), clock.stopped_at(NOON + timedelta(days=1)):
            raise RuntimeError
        assert clock.now() == NOON


def test_it_does_not_stop_at_a_moment_without_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"), clock.stopped_at(datetime(2026, 11, 22)):  # noqa: DTZ001 - meant
        pass


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", 22), ("Asia/Manila", 23), ("America/Halifax", 22), ("Pacific/Kiritimati", 23), ("Pacific/Pago_Pago", 22)],
)
def test_today_is_the_day_in_that_zone(zone: str, day: int) -> None:
    with clock.stopped_at(datetime(2026, 11, 22, 20, tzinfo=UTC)):
        assert clock.today(zone) == date(2026, 11, day)


@pytest.mark.parametrize(
    ("utc", "zone", "day", "month", "weekday", "hour"),
    [
        # A Sunday evening in UTC is Monday morning in Manila, and another month.
        (datetime(2026, 5, 31, 23, 30, tzinfo=UTC), "Asia/Manila", date(2026, 6, 1), date(2026, 6, 1), 1, 7),
        # New Year's morning in UTC is still the old year in Halifax.
        (datetime(2026, 1, 1, 3, 59, tzinfo=UTC), "America/Halifax", date(2025, 12, 31), date(2025, 12, 1), 3, 23),
        # London puts its clocks forward at 01:00 UTC: the hour from 1 to 2 does not occur.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Europe/London", date(2026, 3, 29), date(2026, 3, 1), 7, 0),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Europe/London", date(2026, 3, 29), date(2026, 3, 1), 7, 2),
        # And back at 01:00 UTC: the hour from 1 to 2 occurs twice.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/London", date(2026, 10, 25), date(2026, 10, 1), 7, 1),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/London", date(2026, 10, 25), date(2026, 10, 1), 7, 1),
        # Some zones are half an hour, or three quarters, off the hour.
        (datetime(2026, 7, 1, 18, 20, tzinfo=UTC), "Asia/Kathmandu", date(2026, 7, 2), date(2026, 7, 1), 4, 0),
        # In Beirut the clocks go forward at midnight: the day begins at one.
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), "Asia/Beirut", date(2026, 3, 29), date(2026, 3, 1), 7, 1),
    ],
)  # fmt: skip
def test_local_is_what_the_clinics_wall_shows(
    utc: datetime, zone: str, day: date, month: date, weekday: int, hour: int
) -> None:
    assert clock.local(utc, zone) == LocalTime(day, month, weekday, hour)


def test_local_does_not_depend_on_the_zone_the_moment_is_written_in() -> None:
    written = datetime(2026, 6, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert clock.local(written, "Asia/Manila") == clock.local(written.astimezone(UTC), "Asia/Manila")


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - UTC is added
    st.sampled_from(
        ["UTC", "Asia/Manila", "America/Halifax", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"]
    ),
)
def test_the_parts_of_a_local_time_agree_with_each_other(moment: datetime, zone: str) -> None:
    there = clock.local(moment, zone)
    assert there.weekday == there.day.isoweekday()
    assert there.month == there.day.replace(day=1)
    assert 0 <= there.hour <= 23
    assert abs(there.day - moment.date()) <= timedelta(days=1)


def test_nothing_else_reads_the_clock() -> None:
    """perf_counter and monotonic measure how long something took, which is no time of day."""
    reading = {"now", "utcnow", "today", "time", "localtime", "gmtime", "ctime", "fromtimestamp"}
    allowed = {("clock.py", "now"), ("logs.py", "fromtimestamp")}
    found = {
        (path.name, node.func.attr)
        for path in (PROJECT / "webapp").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in reading
        if isinstance(node.func.value, ast.Name) and node.func.value.id in ("datetime", "date", "time", "dt")
    }
    assert found == allowed
