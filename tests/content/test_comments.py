"""What patients wrote is for those who may read it, and may be anything."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from tests.content.reading import rows, table
from tests.factories import add_clinic, add_feedback, add_patient
from webapp import content, words
from webapp.content import CATALOGUE, Question
from webapp.content.feedback_analysis.comments import LONGEST, MOST_COMMENTS, shortened
from webapp.content.feedback_terms import tidied
from webapp.extensions import db, snapshot
from webapp.figures import Content, as_plain, freeze
from webapp.models import Clinic, Feedback

FAMILY = "\N{WOMAN}\u200d\N{GIRL}"


def question(clinic: Clinic, *, reads_comments: bool, **values: Any) -> Question:
    october = (date(2026, 10, 1), date(2026, 10, 31))
    return Question("feedback_analysis", clinic.id, clinic.timezone, *october, reads_comments=reads_comments, **values)


def build(clinic: Clinic, *, reads_comments: bool = True, **values: Any) -> Content:
    with snapshot() as connection:
        return content.build(connection, question(clinic, reads_comments=reads_comments, **values))


def told(figures: Content) -> list[Any]:
    return [row["comment"] for row in rows(figures, "comments").values()]


def test_the_right_to_read_comments_makes_another_question(clinic: Clinic) -> None:
    without = question(clinic, reads_comments=False)
    allowed = replace(without, reads_comments=True)
    assert without != allowed
    assert without.sha256 != allowed.sha256
    assert Question.from_json(allowed.to_json()).reads_comments is True
    assert Question.from_json(without.to_json()).reads_comments is False


def test_without_the_right_figures_are_those_of_a_clinic_where_nobody_wrote(clinic: Clinic) -> None:
    for day in range(1, 6):
        add_feedback(clinic, f"2026-10-0{day} 10:00", category="Care", comment=f"Secret words {day}")
    with_words = build(clinic, reads_comments=False)
    db.session.execute(update(Feedback).values(comment=""))
    db.session.commit()
    assert freeze(with_words).sha256 == freeze(build(clinic, reads_comments=False)).sha256
    assert "ecret" not in str(as_plain(with_words))
    assert "omment" not in str(as_plain(with_words))


def test_only_the_template_that_says_so_shows_comments(clinic: Clinic) -> None:
    patient = add_patient(clinic)
    add_feedback(clinic, "2026-10-05 10:00", comment="Secret words", patient_id=patient.id)
    for name, template in CATALOGUE.items():
        with snapshot() as connection:
            figures = content.build(connection, replace(question(clinic, reads_comments=True), template=name))
        assert ("Secret words" in str(as_plain(figures))) is template.has_comments


def test_comments_stand_newest_first_with_day_category_and_rating(clinic: Clinic) -> None:
    ana = add_patient(clinic, given_name="Corazon", family_name="Villanueva")
    add_feedback(clinic, "2026-10-05 10:00", 2, comment="Older.", category="Care", patient_id=ana.id)
    add_feedback(clinic, "2026-10-07 10:00", None, comment="Newest.")
    add_feedback(clinic, "2026-10-06 10:00", 11, comment="Between.", category=" Staff ")
    add_feedback(clinic, "2026-09-30 10:00", comment="Too early.")
    add_feedback(add_clinic(), "2026-10-06 10:00", comment="Somebody else's.")
    figures = build(clinic)
    assert table(figures, "comments").rows == (
        (1, "2026-10-07", None, None, "Newest."),
        (2, "2026-10-06", "Staff", None, "Between."),
        (3, "2026-10-05", "Care", 2, "Older."),
    )
    assert "Villanueva" not in str(as_plain(figures))
    assert "count" not in [column.kind for column in table(figures, "comments").columns]
    assert told(build(clinic, filters={"sex": "female"})) == ["Older."]
    assert told(build(clinic, filters={"category": "none"})) == ["Newest."]


def test_where_small_counts_are_withheld_nobody_can_count_comments_by_rating_or_category(clinic: Clinic) -> None:
    add_feedback(clinic, "2026-10-05 10:00", 2, comment="Older.", category="Care")
    add_feedback(clinic, "2026-10-07 10:00", 4, comment="Newest.", category="Staff")
    assert table(build(clinic, suppress_below=5), "comments").rows == (
        (1, "2026-10-07", "Newest."),
        (2, "2026-10-05", "Older."),
    )


def test_of_one_moment_the_comment_that_came_last_into_the_records_is_first(clinic: Clinic) -> None:
    for number in range(MOST_COMMENTS + 5):
        add_feedback(clinic, "2026-10-05 10:00", comment=f"Comment {number}")
    assert told(build(clinic)) == [f"Comment {number}" for number in range(MOST_COMMENTS + 4, 4, -1)]


def test_blank_comments_are_none(clinic: Clinic) -> None:
    for blank in ("", "  ", "\n\t\r", "\u00a0\u3000\u2028", "\x1f\x85"):
        add_feedback(clinic, "2026-10-05 10:00", comment=blank)
    figures = build(clinic)
    assert "comments" not in [section.key for section in figures.sections]
    assert "Comments" not in [definition.term for definition in figures.definitions]


HOSTILE = {
    "  two\r\nlines\tand   spaces ": "two lines and spaces",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "=1+1": "=1+1",
    "bell\x07 and \ufffe": "bell\ufffd and \ufffd",
    "\u3000全角": "全角",
    "شكرا جزيلا": "شكرا جزيلا",
    "x" * 5000: "x" * (LONGEST - 1) + "…",
    "\n" * 400 + "late": "late",
    "a\n" * 2500 + "end": "a " * 149 + "a…",
}


def test_whatever_was_typed_is_one_printable_line_of_bounded_length(clinic: Clinic) -> None:
    for said in HOSTILE:
        add_feedback(clinic, "2026-10-05 10:00", comment=said)
    found = told(build(clinic))
    assert found == list(HOSTILE.values())[::-1]
    assert all(words.printable(text) == text and len(text) <= LONGEST for text in found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * LONGEST, "a" * LONGEST),
        ("word " * 60, "word " * 59 + "word"),
        ("word " * 60 + "more", "word " * 59 + "word…"),
        ("a" * 298 + " bcd", "a" * 298 + "…"),
        ("a" * 299 + " bcd", "a" * 299 + "…"),
        ("a " + "b" * 400, "a " + "b" * 297 + "…"),
        ("字" * 400, "字" * 299 + "…"),
        ("x" * 298 + "e\u0301\u0323" + "x" * 20, "x" * 298 + "…"),
        ("x" * 297 + FAMILY + "x" * 20, "x" * 297 + "…"),
        ("\u0301" * 400, "\u0301" * 149 + "…"),
        ("", ""),
    ],
)
def test_a_long_comment_ends_after_a_word_and_never_within_a_letter(text: str, shown: str) -> None:
    found = shortened(tidied(text))
    assert found == shown
    assert len(found) <= LONGEST
