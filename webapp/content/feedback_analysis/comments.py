"""What patients wrote: the latest comments, for those who may read them."""

import unicodedata
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from webapp.content.counting import Conditions
from webapp.content.feedback_terms import tidied
from webapp.figures import Cell, Column, Section, Table
from webapp.models import Feedback

MOST_COMMENTS = 30
LONGEST = 300
"""Characters of a comment that are shown at most, with the ellipsis."""
_MOST_READ = 5000
"""Characters of a comment that are read from the database: LONGEST, and room for what tidying takes away."""
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""All white space there is in Unicode, so that the database tells a blank comment as Python does."""
_ELLIPSIS = "…"
_JOINERS = "\u200d\ufe0e\ufe0f"


@dataclass(frozen=True, slots=True)
class Comment:
    day: date
    category: str
    rating: int | None
    text: str


def latest(connection: Connection, conditions: Conditions) -> tuple[Comment, ...]:
    """The newest comments of the responses that meet the conditions, newest first. Blank ones are none."""
    text = func.ltrim(Feedback.comment, _SPACES)
    newest = (
        select(Feedback.local_day, Feedback.category, Feedback.rating, func.substr(text, 1, _MOST_READ))
        .where(*conditions, text != "")
        # By day first, as the index is, so that the database need not look at all of them.
        .order_by(Feedback.local_day.desc(), Feedback.submitted_at.desc(), Feedback.id.desc())
        .limit(MOST_COMMENTS)
    )
    found = connection.execute(newest)
    return tuple(
        Comment(day, tidied(category), rating, shortened(tidied(said))) for day, category, rating, said in found
    )


def shortened(text: str) -> str:
    """At most LONGEST characters: a longer text ends after a word, and in an ellipsis. Where there is no end of a word
    in its second half, as in scripts without spaces, it is cut before a letter, never between one and its marks."""
    if len(text) <= LONGEST:
        return text
    room = LONGEST - len(_ELLIPSIS)
    at = text.rfind(" ", room // 2, room + 1)
    if at < 0:
        at = room
        while at > room // 2 and _joins(text, at):
            at -= 1
    return text[:at].rstrip() + _ELLIPSIS


def _joins(text: str, at: int) -> bool:
    """Whether the character there belongs to the one before."""
    return unicodedata.category(text[at])[0] == "M" or text[at] in _JOINERS or text[at - 1] == "\u200d"


def section(comments: tuple[Comment, ...], is_whole: bool) -> Section | None:
    """With the category and rating of each where `is_whole`: where small counts are withheld, who counts the rows would
    have them back."""
    if not comments:
        return None
    columns = (
        # Which of them it is, for two comments may be of one day; no count of anybody.
        Column("number", "No.", "number"),
        Column("day", "Day", "day"),
        *((Column("category", "Category"), Column("rating", "Rating", "number")) if is_whole else ()),
        Column("comment", "Comment"),
    )
    rows: list[tuple[Cell, ...]] = [
        (number, one.day.isoformat(), *(_about(one) if is_whole else ()), one.text)
        for number, one in enumerate(comments, 1)
    ]
    note = "Newest first. Long comments are cut short."
    return Section(
        "comments", "Comments", tables=(Table("comments", "Latest comments", columns, tuple(rows), note=note),)
    )


def _about(comment: Comment) -> tuple[Cell, Cell]:
    return comment.category or None, comment.rating if comment.rating in range(1, 6) else None
