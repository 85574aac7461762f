"""By which category responses are told apart and asked for, on both databases."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, table
from tests.content.responses import number_of, say
from tests.factories import add_clinic, add_feedback
from webapp import content
from webapp.content import Question
from webapp.content.feedback_analysis.counts import CATEGORY, LEAST_USED
from webapp.extensions import snapshot
from webapp.models import Clinic

OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def test_categories_stand_by_size_then_the_others_then_none(ask: Ask, clinic: Clinic) -> None:
    names = [f"Category {letter}" for letter in "ABCDEFGHIJKL"]
    for name in (*names, "Category L", "All others", "", "  ", "none", "No category"):
        add_feedback(clinic, "2026-10-05 10:00", 4, category=name)
    found = table(ask("feedback_analysis"), "categories")
    assert [(row[0], row[1]) for row in found.rows] == [
        ("Category L", 2), *((name, 1) for name in names[:9]), ("All others", 3), ("No category", 4),
    ]  # fmt: skip
    assert found.total is not None
    assert found.total[1] == sum(row[1] for row in found.rows if isinstance(row[1], int)) == 18


def test_names_that_look_the_same_are_one_category_and_others_stay_apart(ask: Ask, clinic: Clinic) -> None:
    for name in ("Care", " Care", "Care\t", "care", "CARE", "Ca  re", "Ca\nre", "受付", "قسم", "<b>Care</b>", "=1+1"):
        add_feedback(clinic, "2026-10-05 10:00", category=name)
    found = {row[0]: row[1] for row in table(ask("feedback_analysis"), "categories").rows}
    assert found == {
        "Care": 3, "Ca re": 2, "care": 1, "CARE": 1, "受付": 1, "قسم": 1, "<b>Care</b>": 1, "=1+1": 1
    }  # fmt: skip


def test_one_category_alone_is_not_compared_with_itself(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [5, 4], category="Care")
    assert "by_category" not in [section.key for section in ask("feedback_analysis").sections]


def test_the_category_with_most_negative_ratings_by_share_is_named(ask: Ask, clinic: Clinic) -> None:
    say(clinic, [5] * 19 + [1], category="Care")
    say(clinic, [5] * 8 + [1] * 12, category="Waiting")
    say(clinic, [1], category="Too few to tell")
    figures = ask("feedback_analysis")
    assert chart(figures, "categories").title == "“Waiting” had the largest share of negative ratings"
    assert "The largest share of negative ratings, 60.0 %, was that of “Waiting”." in figures.summary
    say(clinic, [5] * 9 + [1] * 11, category="Nearly as bad")
    assert chart(ask("feedback_analysis"), "categories").title == "Ratings by category"


def test_the_categories_offered_are_the_clinics_own_often_used_and_printable(clinic: Clinic) -> None:
    for name, times in (("Care", LEAST_USED), ("Rare", LEAST_USED - 1), ("a\tb", LEAST_USED), ("none", LEAST_USED)):
        say(clinic, [5] * times, category=name)
    other = add_clinic()
    say(other, [5] * LEAST_USED, category="Theirs")
    care, rare, theirs = number_of(clinic, "Care"), number_of(clinic, "Rare"), number_of(other, "Theirs")
    with snapshot() as connection:
        assert CATEGORY.choices(connection, clinic.id) == [(care, "Care"), ("none", "No category")]
        told = {
            value: CATEGORY.words(connection, clinic.id, value) for value in ("", care, rare, theirs, "Care", "none")
        }
    assert told == {
        "": "All categories", care: "Care", rare: "Rare", theirs: "Not recognised", "Care": "Not recognised",
        "none": "No category",
    }  # fmt: skip


def test_a_category_goes_by_its_first_response_whatever_comes_later(clinic: Clinic) -> None:
    say(clinic, [5] * LEAST_USED, category="Care")
    before = number_of(clinic, "Care")
    say(clinic, [1], "2026-09-01 10:00", category=" Care ")
    with snapshot() as connection:
        assert CATEGORY.choices(connection, clinic.id)[0] == (before, "Care")


@pytest.mark.parametrize(
    "value", ["x", "Care", "\x00", "\ud800", "' OR 1=1 --", "%", "_" * 500, "0", "-1", f"{2**31 - 1}"]
)
def test_a_category_that_is_not_there_matches_nothing(ask: Ask, clinic: Clinic, value: str) -> None:
    say(clinic, [5], category="Care")
    assert metric(ask("feedback_analysis", category=value), "responses").value == 0
    question = Question("feedback_analysis", clinic.id, clinic.timezone, *OCTOBER, filters={"category": value})
    with snapshot() as connection:
        assert "Not recognised" in [choice.value for choice in content.choices(connection, question)]
