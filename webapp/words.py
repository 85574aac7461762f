"""How we write numbers, dates and times: the same on screen, in PDF and in messages."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

DASH = "–"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# C0 and C1 controls, lone surrogates and the noncharacters: none of them may stand in XML 1.0, and PostgreSQL refuses
# NUL, so a name that holds one would break an Excel file or a page.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_BREAKS = re.compile(r"\r\n|[\t\n\r\x0b\x0c\x85]")


def printable(text: str) -> str:
    """`text` with each line break or tab as one space, and each other control character, lone surrogate or
    noncharacter as U+FFFD, the replacement character. All else is kept as it came."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub("�", _BREAKS.sub(" ", text))


def number(value: int | float, decimals: int = 0) -> str:
    """1204 as "1,204"; -0.04 with one decimal as "0.0"; a true minus sign before negatives."""
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def cell(value: int | float | str | None, kind: str = "text", decimals: int = 0) -> str:
    """A figure as a reader sees it. `kind` is one of figures.Kind."""
    if value is None:
        return DASH
    if isinstance(value, str):
        if kind == "day":
            return day(date.fromisoformat(value))
        if kind == "month":
            return " ".join(filter(None, [part_of_month(value), month(value)]))
        if kind == "moment":
            return short_moment(value)
        return value
    if kind == "percent":
        return f"{number(value, decimals)} %"
    return number(value, decimals)


def total(value: int | float | str | None, kind: str = "text", decimals: int = 0) -> str:
    """A cell of a table's total. A total has no figure in some columns, which is not the same as a figure that is not
    known; its label may stand in a column of days or months."""
    if value is None:
        return ""
    return value if isinstance(value, str) and kind in ("day", "month") else cell(value, kind, decimals)


def day(value: date) -> str:
    """3 November 2026"""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def month(value: str, short: bool = True) -> str:
    """ "2026-10" as "Oct 2026", or "October 2026"; of "2026-11-01/22" the month too."""
    year, number_, *_ = value.split("-")
    name = MONTHS[int(number_) - 1]
    return f"{name[:3] if short else name} {year}"


def part_of_month(value: str) -> str:
    """The days of a month cut short: of "2026-11-01/22" "1–22"; nothing of a whole month, "2026-11"."""
    _, is_part, last = value.partition("/")
    return "" if not is_part else "1" if last == "01" else f"1–{int(last)}"


def time(value: datetime, zone: str) -> str:
    """14:05, on the clinic's clock."""
    return f"{value.astimezone(ZoneInfo(zone)):%H:%M}"


def moment(value: datetime, zone: str) -> str:
    """22 November 2026, 14:05, on the clinic's clock."""
    return f"{day(value.astimezone(ZoneInfo(zone)).date())}, {time(value, zone)}"


def short_moment(value: str) -> str:
    """ "2026-11-21T14:05+08:00" as "21 Nov, 14:05", the day alone as "21 Nov"."""
    day_, _, time_ = value.partition("T")
    _, month_, number_ = day_.split("-")
    told = f"{int(number_)} {MONTHS[int(month_) - 1][:3]}"
    return f"{told}, {time_[:5]}" if time_ else told


def until(day_: date, today: date) -> str:
    """How far off a day is: "today" also of one that has passed, "tomorrow", "in 3 days"."""
    days = (day_ - today).days
    return "today" if days < 1 else "tomorrow" if days == 1 else f"in {plural(days, 'day')}"


def size(value: int) -> str:
    """Bytes in the unit that fits: "310 bytes", "84 kB", "12.4 MB"."""
    for factor, unit in ((1e9, "GB"), (1e6, "MB")):
        if value >= factor:
            return f"{number(value / factor, 1)} {unit}"
    return f"{number(value / 1e3)} kB" if value >= 1e3 else plural(value, "byte")


def city(zone: str) -> str:
    """The place a zone is named for: "Asia/Manila" as "Manila"."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def dates(start: date, end: date) -> str:
    """A range without repeating what both ends share: "1 to 31 October 2026"."""
    if start == end:
        return day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} to {day(end)}"
    if start.year == end.year:
        return f"{start.day} {MONTHS[start.month - 1]} to {day(end)}"
    return f"{day(start)} to {day(end)}"


def short_dates(start: date, end: date) -> str:
    """The same where there is little room: "1–31 Oct 2026", "1 Nov 2025 – 31 Oct 2026"."""
    first, last = MONTHS[start.month - 1][:3], f"{end.day} {MONTHS[end.month - 1][:3]} {end.year}"
    if start == end:
        return last
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{last}"
    return f"{start.day} {first} – {last}" if start.year == end.year else f"{start.day} {first} {start.year} – {last}"


def plural(count: int, noun: str, many: str = "") -> str:
    """ "1 visit", "1,204 visits"."""
    return f"{number(count)} {noun if count == 1 else many or noun + 's'}"


def listed(items: list[str]) -> str:
    """ "PDF", "PDF and Excel", "PDF, Excel and CSV"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
