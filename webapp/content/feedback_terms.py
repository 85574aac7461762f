"""What a response says, as the figures take it: its category, its rating, and how long the clinic took to answer."""

from typing import Any

from sqlalchemy import ColumnElement, case, func

from webapp import words
from webapp.content.counting import SecondsBetween
from webapp.models import Feedback

NO_CATEGORY, NO_CATEGORY_LABEL = "none", "No category"

RATINGS = (5, 4, 3, 2, 1)
NO_RATING, OUT_OF_RANGE = 0, -1
"""What stands for a rating that is not one of RATINGS."""

NOT_ANSWERED = 2**31 - 1
"""Stands for the hours until the answer where there is none: more than any wait has."""

_HOUR = 3600
_LONGEST = 24 * 366 * 10_000
"""Hours in all the years of the calendar."""


def category_of(feedback: Any) -> ColumnElement[str]:
    """The category as it was written, without spaces around it; empty where there is none. Letters of another case make
    another category, for databases do not agree on what the other case of a letter is."""
    written = func.trim(feedback.category)
    return case((written.in_((NO_CATEGORY, NO_CATEGORY_LABEL)), ""), else_=written)


def label_of(category: str) -> str:
    """A category as a reader sees it; those that look the same there are counted as one."""
    label = tidied(category)
    return "" if label in (NO_CATEGORY, NO_CATEGORY_LABEL) else label


def tidied(text: str) -> str:
    """Printable, in one line, with single spaces."""
    return " ".join(words.printable(text).split())


def rating() -> ColumnElement[int]:
    """One of RATINGS, NO_RATING or OUT_OF_RANGE."""
    return case(
        (Feedback.rating.is_(None), NO_RATING),
        (Feedback.rating.between(min(RATINGS), max(RATINGS)), Feedback.rating),
        else_=OUT_OF_RANGE,
    )


def hours() -> ColumnElement[int]:
    """Completed hours until the answer, or NOT_ANSWERED; negative where the answer is dated before its response."""
    # All is counted from before the longest negative wait, for databases round a negative quotient towards zero.
    seconds = SecondsBetween(Feedback.submitted_at, Feedback.responded_at) + _LONGEST * _HOUR
    return func.coalesce(seconds // _HOUR - _LONGEST, NOT_ANSWERED)
