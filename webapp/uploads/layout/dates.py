"""Dates and times as people write them.

A date in figures alone is kept in its parts until it is known in which order they stand (orders.py).
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from webapp.uploads.layout import text
from webapp.uploads.layout.numbers import Unread
from webapp.uploads.workbook import Cell
from webapp.words import MONTHS

Precision = Literal["day", "month", "year"]

FIRST_YEAR, LAST_YEAR = 1890, 2199
_EPOCH = date(1899, 12, 30)
_NO_DATE = Unread("This cannot be read as a date.")
_NO_TIME = Unread("This cannot be read as a time of day.")
_NO_SUCH_DAY = Unread("There is no such day.")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a cell says of a moment. Of a date either `day`, or `parts` (three figures as they stand, of which the order
    is not known; `short` when the year has two digits and may come first), or `month` and `of_month` without a year.
    `at` is the time of day, `zone` the one the cell names, `counted` tells that the day was a bare count of days."""

    day: date | None = None
    precision: Precision = "day"
    parts: tuple[int, int, int] | None = None
    short: bool = False
    month: int = 0
    of_month: int = 0
    at: time | None = None
    zone: timezone | None = None
    counted: bool = False

    @property
    def has_day(self) -> bool:
        return self.day is not None or self.parts is not None or self.month > 0


def stamp(cell: Cell, of_day: bool = False) -> Stamp | Unread:
    """What a cell under a date, a time, or both says. Where it stands under a time (`of_day`) 2005 is five past eight
    in the evening and no year."""
    if isinstance(cell, datetime):
        whole = cell.replace(microsecond=0, tzinfo=None)
        if cell.microsecond >= 500_000 and whole.year < LAST_YEAR:
            whole += timedelta(seconds=1)
        return Stamp(at=whole.time()) if cell.date() <= date(1900, 1, 1) else _sure(whole.date(), whole.time())
    if isinstance(cell, date):
        return _sure(cell)
    if isinstance(cell, time):
        return Stamp(at=cell.replace(microsecond=0, tzinfo=None))
    if isinstance(cell, bool) or cell is None:
        return _NO_TIME if of_day else _NO_DATE
    if isinstance(cell, int | float):
        return _counted(cell, of_day)
    plain = text.cleaned(cell).casefold()
    if len(plain) > 60:
        return _NO_TIME if of_day else _NO_DATE
    at = _clock(plain) if of_day else _NO_TIME
    return at if isinstance(at, Stamp) else _written(plain)


def _sure(day: date, at: time | None = None) -> Stamp | Unread:
    return Stamp(day, at=at) if FIRST_YEAR <= day.year <= LAST_YEAR else Unread("This year cannot be meant.")


def _counted(value: float, of_day: bool) -> Stamp | Unread:
    """A number: a date such as 20261121, a time such as 1405, days since 1900 as spreadsheets count, part of a day."""
    if not 0 <= value < 10**8:
        return _NO_DATE
    if 0 <= value < 1:
        return Stamp(at=_part_of_day(value))
    if float(value).is_integer():
        whole = int(value)
        if whole >= 10**7:
            return _eight(f"{whole:08d}")
        if of_day and 0 < whole < 2400:
            return _clock(f"{whole:04d}") if whole >= 100 else _NO_TIME
        if FIRST_YEAR <= whole <= LAST_YEAR:
            return Stamp(date(whole, 1, 1), "year")
        if 100 <= whole < 2400:
            return _clock(f"{whole:04d}")
    if 3000 <= value < 110_000:
        day, at = _EPOCH + timedelta(days=int(value)), _part_of_day(value % 1)
        return Stamp(day, at=None if float(value).is_integer() else at, counted=True)
    return _NO_DATE


def _part_of_day(value: float) -> time:
    seconds = min(round(value * 86400), 86399)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:(?P<colon>[:.h])(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r" ?(?:h|hrs?|hours?|o'clock)?(?: ?(?P<half>[ap])\.? ?m\.?)?(?: ?(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2}))?"
)
_MILITARY = re.compile(r"(\d{4})(?: ?(?:h|hrs?|hours?))?(?: ?(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2}))?")
_FRACTION = re.compile(r"0[.,]\d{3,}")
_SPLIT = re.compile(r"(?: at |, ?| |t(?=\d\d:))")
_FIGURES = re.compile(r"(\d{1,4}) ?[/.\- ] ?(\d{1,2}) ?[/.\- ] ?(\d{1,4})\.?")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? ")
MONTH_NUMBERS = {name[:length].casefold(): at for at, name in enumerate(MONTHS, 1) for length in (3, len(name))} | {
    "sept": 9
}


def _written(plain: str) -> Stamp | Unread:
    plain = _WEEKDAY.sub("", plain)
    day = _day(plain)
    if not isinstance(day, Unread):
        return day
    for sign in _SPLIT.finditer(plain):
        before, at = _day(plain[: sign.start()]), _clock(plain[sign.end() :])
        if not isinstance(before, Unread) and not isinstance(at, Unread) and before.precision == "day":
            return replace(before, at=at.at, zone=at.zone)
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", plain):
        return _counted(float(plain.replace(",", ".")), of_day=False)
    at = _clock(plain)
    return at if not isinstance(at, Unread) else day


def _day(plain: str) -> Stamp | Unread:
    if figures := _FIGURES.fullmatch(plain):
        return _in_figures(figures)
    if re.fullmatch(r"\d{8}", plain):
        return _eight(plain)
    if re.fullmatch(r"(?:18|19|20|21)\d\d", plain):
        return Stamp(date(int(plain), 1, 1), "year")
    if month := re.fullmatch(r"(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4})", plain):
        return _of_month(int(month[1] or month[4]), int(month[2] or month[3]))
    return _named(plain)


def _in_figures(found: re.Match[str]) -> Stamp | Unread:
    first, middle, last = found.groups()
    if len(first) == 4 and len(last) <= 2:
        return _dated(int(first), int(middle), int(last))
    if len(first) > 2 or len(last) not in (2, 4):
        return _NO_DATE
    return Stamp(parts=(int(first), int(middle), int(last)), short=len(last) == 2)


def _dated(year: int, month: int, day: int) -> Stamp | Unread:
    try:
        return _sure(date(year, month, day))
    except ValueError:
        return _NO_SUCH_DAY


def _of_month(year: int, month: int) -> Stamp | Unread:
    found = _dated(year, month, 1)
    return replace(found, precision="month") if isinstance(found, Stamp) else found


def _eight(digits: str) -> Stamp | Unread:
    """20261121, else the year in the end."""
    found = _dated(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if isinstance(found, Stamp):
        return found
    year = int(digits[4:])
    return Stamp(parts=(int(digits[:2]), int(digits[2:4]), year)) if FIRST_YEAR <= year <= LAST_YEAR else _NO_SUCH_DAY


def _named(plain: str) -> Stamp | Unread:
    """With the month in letters: "21-Nov-2026", "Nov 21, 2026", "21 November", "Nov 2026"."""
    words = [
        word for word in re.split(r"[ ,./\-]+|(?<=\d)(?=[a-z]{3})|(?<=[a-z]{3})(?=\d)", plain) if word and word != "of"
    ]
    at = next((place for place, word in enumerate(words) if word in MONTH_NUMBERS), None)
    if at is None or not 2 <= len(words) <= 3:
        return _NO_DATE
    others = [re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word) for word in words[:at] + words[at + 1 :]]
    if not all(re.fullmatch(r"\d{1,2}|\d{4}", other) for other in others):
        return _NO_DATE
    month = MONTH_NUMBERS[words[at]]
    if len(others) == 1:
        if len(others[0]) == 4:
            return _of_month(int(others[0]), month)
        if re.fullmatch(r"[a-z]+\.?[-/]\d\d", plain):
            return Unread("This may be a day of a month or a month of a year.")
        return Stamp(month=month, of_month=int(others[0]))
    day, year = (others[1], others[0]) if len(others[0]) == 4 else (others[0], others[1])
    if len(year) == 4:
        return _dated(int(year), month, int(day))
    return Stamp(parts=(int(day), month, int(year)), month=month) if at < 2 else _NO_DATE


def _clock(plain: str) -> Stamp | Unread:
    if _FRACTION.fullmatch(plain):
        return Stamp(at=_part_of_day(float(plain.replace(",", "."))))
    hour, minute, second, half = 0, 0, 0, ""
    if military := _MILITARY.fullmatch(plain):
        hour, minute, found = int(military[1][:2]), int(military[1][2:]), military
    elif (clock := _CLOCK.fullmatch(plain)) and (clock["minute"] or clock["half"]):
        hour, minute, second = int(clock["hour"]), int(clock["minute"] or 0), int(clock["second"] or 0)
        half, found = clock["half"] or "", clock
    else:
        return _NO_TIME
    if half and not 1 <= hour <= 12:
        return _NO_TIME
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return Stamp(at=time(hour, minute, second), zone=_zone(found["zone"] or ""))
    except ValueError:
        return _NO_TIME


def _zone(plain: str) -> timezone | None:
    if not plain or plain in ("z", "utc", "gmt"):
        return UTC if plain else None
    hours, minutes = int(plain[1:3]), int(plain[-2:])
    return timezone((-1 if plain[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def day_of(found: Stamp, order: str, today: date, in_the_past: bool) -> date | Unread:
    """The day of a stamp that has one. Two digits of a year are one of the past, the latest, where `in_the_past`; else
    the one nearest to today, and so is a missing year."""
    if found.day is not None:
        return found.day
    if found.parts is None:
        if in_the_past:
            return Unread("The year is missing.")
        return _nearest(found.month, found.of_month, today)
    places = "dmy" if found.month else order
    if not places:
        return Unread("It is not known in which order day, month and year stand.")
    named = dict(zip(places, found.parts, strict=True))
    if found.parts[2] > 99 and places == "ymd":
        return Unread("This date does not stand in the order year, month, day.")
    year = named["y"] if named["y"] > 99 else _century(named["y"], named["m"], named["d"], today, in_the_past)
    stamped = _dated(year, named["m"], named["d"])
    return stamped if isinstance(stamped, Unread) else stamped.day or _NO_SUCH_DAY


def _century(year: int, month: int, day: int, today: date, in_the_past: bool) -> int:
    full = today.year // 100 * 100 + year
    if in_the_past:
        return full - 100 if (full, month, day) > (today.year, today.month, today.day) else full
    return min((full - 100, full, full + 100), key=lambda one: abs(one - today.year))


def _nearest(month: int, day: int, today: date) -> date | Unread:
    days = []
    for year in (today.year - 1, today.year, today.year + 1):
        found = _dated(year, month, day)
        if isinstance(found, Stamp) and found.day is not None:
            days.append(found.day)
    return min(days, key=lambda one: abs(one - today)) if days else _NO_SUCH_DAY


def on_the_clock(day: date, at: time, named: timezone | None, zone: str) -> tuple[datetime | Unread, str]:
    """The moment on the clinic's clock, and what is to be noted of it. A time that was skipped when clocks went forward
    is none; of one that came twice the first counts."""
    there = ZoneInfo(zone)
    if named is not None:
        return datetime.combine(day, at, named).astimezone(there), ""
    moment = datetime.combine(day, at, there)
    if moment.astimezone(UTC).astimezone(there).replace(tzinfo=None) != moment.replace(tzinfo=None):
        return Unread("Clocks were put forward then, and this time was skipped."), ""
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        return moment, "Clocks were put back then, and this time came twice; the first one is taken."
    return moment, ""
