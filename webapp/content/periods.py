"""Stretches of days: the presets people choose from, their names, and the stretch to compare with.

All days are the clinic's. A preset never reaches past today, so "this" month, quarter and year end today; "last" ones
are whole.
"""

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp import words

Period = tuple[date, date]
"""First and last day, both included."""

MOST_MONTHS = 60
"""Months that a report shows, at most."""

OWN_DATES = "dates"
"""The name of a period that somebody typed."""

QUARTERS = ("First", "Second", "Third", "Fourth")


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    label: str
    resolve: Callable[[date], Period]


def shifted(day: date, months: int) -> date:
    """The same day of the month so many months later, or the last day of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_of(day: date) -> Period:
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def month_named(key: str) -> Period:
    """The days of a month such as "2026-10"."""
    return month_of(date.fromisoformat(f"{key}-01"))


def _first_of_quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _day_before(day: date) -> date:
    return day - timedelta(days=1)


def _last_month(today: date) -> Period:
    return month_of(_day_before(today.replace(day=1)))


def _last_quarter(today: date) -> Period:
    first = _first_of_quarter(today)
    return shifted(first, -3), _day_before(first)


def _last_12_months(today: date) -> Period:
    """The 12 whole months up to the end of last month: each month of the year once, none of them half done."""
    first = today.replace(day=1)
    return shifted(first, -12), _day_before(first)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("this_month", "This month", lambda today: (today.replace(day=1), today)),
        Preset("last_month", "Last month", _last_month),
        Preset("this_quarter", "This quarter", lambda today: (_first_of_quarter(today), today)),
        Preset("last_quarter", "Last quarter", _last_quarter),
        Preset("last_12_months", "Last 12 months", _last_12_months),
        Preset("this_year", "This year", lambda today: (today.replace(month=1, day=1), today)),
        Preset("last_30_days", "Last 30 days", lambda today: (today - timedelta(days=30), _day_before(today))),
    )
}


def resolve(name: str, today: date) -> Period:
    """The days of a preset, seen from `today`. The last 30 days end yesterday: they are whole days.

    Raises KeyError for a name that is not in PRESETS.
    """
    return PRESETS[name].resolve(today)


def moments(period: Period, zone: str) -> tuple[datetime, datetime]:
    """When the period begins and ends on the clock of an IANA zone: its first moment, and the first one after it."""
    start, end = (datetime.combine(day, time(), ZoneInfo(zone)) for day in (period[0], period[1] + timedelta(days=1)))
    return start, end


def months_spanned(start: date, end: date) -> int:
    """How many calendar months the period touches."""
    return (end.year - start.year) * 12 + end.month - start.month + 1


def is_whole_months(start: date, end: date) -> bool:
    return start.day == 1 and end == month_of(end)[1]


def label(start: date, end: date) -> str:
    """ "October 2026", "Third quarter 2026", "2026", "12 months to October 2026", "March to April 2026", else the
    dates."""
    if not is_whole_months(start, end):
        return words.dates(start, end)
    count = months_spanned(start, end)
    last = f"{words.MONTHS[end.month - 1]} {end.year}"
    if count == 1:
        return last
    if count == 12:
        return f"{end.year}" if end.month == 12 else f"12 months to {last}"
    if count == 3 and end.month % 3 == 0:
        return f"{QUARTERS[end.month // 3 - 1]} quarter {end.year}"
    first = words.MONTHS[start.month - 1]
    return f"{first} to {last}" if start.year == end.year else f"{first} {start.year} to {last}"


def full_label(start: date, end: date) -> str:
    """The same, of one day with its weekday: "Tuesday 3 November 2026"."""
    name = label(start, end)
    return f"{words.WEEKDAYS[start.weekday()]} {name}" if start == end else name


def within(start: date, end: date) -> str:
    """When, inside a sentence: "in October 2026", "in the third quarter of 2026", "from 1 to 15 October 2026", "on
    Tuesday 3 November 2026"."""
    name = full_label(start, end)
    if not is_whole_months(start, end):
        return f"on {name}" if start == end else f"from {name}"
    if name.split(" ")[0] in QUARTERS:
        return f"in the {name.lower().replace('quarter', 'quarter of')}"
    if name.startswith("12 months"):
        return f"in the {name}"
    return f"from {name}" if " to " in name else f"in {name}"


def before(start: date, end: date) -> Period:
    """The period to compare with: the one before, of the same kind.

    A few days are set against the same weekdays, one week before or two (a Tuesday against a Tuesday): see _is_short().
    A longer period that begins a month, quarter or year and stays inside it is set against the same days of the month,
    quarter or year before (1 to 22 November against 1 to 22 October). Other whole months are set against as many
    months before, all else against as many days before.
    """
    days = (end - start).days + 1
    if _is_short(start, end):
        back = timedelta(days=7 if days <= 7 else 14)
        return start - back, end - back
    months = _stride(start, end)
    if months:
        return _moved_back(start, end, months)
    return start - timedelta(days=days), _day_before(start)


def _is_short(start: date, end: date) -> bool:
    """Whether its weekdays decide how many visits there can be: less than two weeks. Those that begin a month are read
    as the month so far, but for less than a week, in which other days may be closed than in the month before."""
    days = (end - start).days + 1
    return days < 7 or (days < 14 and start.day != 1)


def _stride(start: date, end: date) -> int:
    """How many months lie between the period and the one to compare it with; 0 when it is a matter of days."""
    if start.day != 1:
        return 0
    for months in (1, 3, 12):
        if _begins(start, months) and months_spanned(start, end) <= months:
            return months
    return months_spanned(start, end) if is_whole_months(start, end) else 0


def _begins(start: date, months: int) -> bool:
    """Whether its month begins a month, quarter or year, of so many months."""
    return (start.month - 1) % months == 0


def around(*spans: Period) -> Period:
    """From the first to the last day of several periods."""
    return min(start for start, _ in spans), max(end for _, end in spans)


def joined(*spans: Period) -> list[Period]:
    """The same days in as few periods as can be, in order."""
    found: list[Period] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + timedelta(days=1):
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def year_before(start: date, end: date) -> Period:
    """The same days a year earlier; of a few days the same weekdays, 52 weeks earlier."""
    if _is_short(start, end):
        back = timedelta(weeks=52)
        return start - back, end - back
    return _moved_back(start, end, 12)


def rule(start: date, end: date, is_year: bool) -> str:
    """With what before() or, with `is_year`, year_before() compares these days, in words."""
    if _is_short(start, end):
        weeks = "52 weeks" if is_year else "one week" if (end - start).days < 7 else "two weeks"
        return f"the same weekdays {weeks} before"
    if is_year:
        return "the same days of the year before"
    months = _stride(start, end)
    unit = {1: "month", 3: "quarter", 12: "year"}.get(months)
    if not months:
        return "as many days before"
    if is_whole_months(start, end) and months == months_spanned(start, end):
        return f"the {unit} before" if unit and _begins(start, months) else f"the {months} months before"
    return f"the same days of the {unit} before"


def _moved_back(start: date, end: date, months: int) -> Period:
    """Whole months stay whole: February 2029 goes back a year to all 29 days of February 2028."""
    earlier = shifted(end, -months)
    return shifted(start, -months), month_of(earlier)[1] if is_whole_months(start, end) else earlier


def months_up_to(start: date, end: date) -> list[date]:
    """The first days of the 12 calendar months up to `end`'s, or of all the period's when it is longer, at most the
    latest MOST_MONTHS."""
    count = min(max(12, months_spanned(start, end)), MOST_MONTHS)
    last = end.replace(day=1)
    return [shifted(last, -back) for back in range(count - 1, -1, -1)]


def year_up_to(end: date) -> Period:
    """The 12 months that end on that day."""
    return ending(end, 12)


def ending(end: date, months: int) -> Period:
    """So many months that end on that day."""
    return shifted(end + timedelta(days=1), -months), end


def months_in(start: date, end: date) -> list[date]:
    """The first days of the calendar months that the period touches."""
    return [shifted(start.replace(day=1), ahead) for ahead in range(months_spanned(start, end))]


def months_label(keys: Iterable[str], end: date) -> str:
    """The stretch of months such as "2026-10", and whether `end` cuts the last short: "December 2025 to November 2026
    (up to 10 November)"."""
    first, *_, last = (words.month(key, short=False) for key in keys)
    cut = "" if end == month_of(end)[1] else f" (up to {end.day} {words.MONTHS[end.month - 1]})"
    return f"{first} to {last}{cut}"


def month_cells(keys: Iterable[str], end: date) -> list[str]:
    """Months such as "2026-10" as cells of kind month: the last one marked where `end` cuts it short."""
    *whole, last = keys
    return [*whole, last if end == month_of(end)[1] else f"{last}-01/{end.day:02}"]


def months_note(keys: Iterable[str], start: date, end: date) -> str:
    """What to know before adding up a table of months: that they are not those of the period, where that is so."""
    first, last = next(iter(keys)), f"{end:%Y-%m}"
    if f"{first}-01" == start.isoformat():
        return ""
    named = [words.month(key, short=False) for key in dict.fromkeys((first, last))]
    return f"Months shown: {' to '.join(named)}. The report's own period is {label(start, end)}."


def weekdays_in(start: date, end: date) -> list[int]:
    """The ISO weekdays that occur in the period, Monday first."""
    days = min((end - start).days + 1, 7)
    return sorted((start + timedelta(days=ahead)).isoweekday() for ahead in range(days))
