"""From which day on the clinic has records, and what that leaves to compare with and to show.

`begin` is that day, None where there are no records. Days before it were not counted, so nothing is said of them:
none of them is a zero.
"""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from webapp import words
from webapp.content import periods
from webapp.content.periods import Period
from webapp.figures import Definition

T = TypeVar("T")


def months_definition(first: str) -> Definition:
    """What "by month" means where the records begin with the clinic's first `first`."""
    return Definition(
        "By month",
        "The 12 calendar months up to the last day of the period, or all of a longer period up to "
        f"{periods.MOST_MONTHS} months, whole months except the last. Months before the clinic's first {first} are "
        "left out.",
    )


def is_in_part(period: Period, begin: date | None) -> bool:
    """Whether any day of the period has records."""
    return begin is not None and begin <= period[1]


def is_whole(period: Period, begin: date | None) -> bool:
    """Whether every day of the period has records."""
    return begin is not None and begin <= period[0]


def months(shown: Mapping[str, T], begin: date | None) -> dict[str, T]:
    """Months such as "2026-10", without those that end before the records begin."""
    return {} if begin is None else {key: found for key, found in shown.items() if key >= f"{begin:%Y-%m}"}


def whole_months(shown: Mapping[str, T], begin: date | None) -> dict[str, T]:
    """The same, without the month in which the records begin unless they do so on its first day."""
    return {key: found for key, found in shown.items() if is_whole(periods.month_named(key), begin)}


def comparison_sentence(period: Period, earlier: Period, begin: date | None, records: str) -> str:
    """What keeps the period from being compared with all of the earlier one; empty where nothing does. `records` says
    which: "records of visits"."""
    if begin is None or is_whole(earlier, begin):
        return ""
    they_begin = f"he clinic's {records} begin on {words.day(begin)}"
    if begin > period[1]:
        return f"T{they_begin}."
    if begin > earlier[1]:
        return f"There is nothing to compare with: t{they_begin}."
    return f"T{they_begin}, so the earlier period is covered only from that day."


def comparison_note(earlier: Period, begin: date | None) -> str:
    """The same under a table that compares with a period that is covered in part."""
    return "" if begin is None or is_whole(earlier, begin) else f"Records begin on {words.day(begin)}."


def months_note(shown: Mapping[str, T], begin: date | None) -> str:
    """Why a table of months begins where it does, where that is with the records."""
    is_first = begin is not None and next(iter(shown), "") == f"{begin:%Y-%m}"
    return f"Records begin on {words.day(begin)}." if begin and is_first else ""
