from datetime import date

import pytest

from webapp.content import Question

OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def test_the_same_question_is_the_same_text_whatever_the_order_of_its_filters() -> None:
    one = Question("visit_trends", 7, "Asia/Manila", *OCTOBER, "last_month", {"sex": "female", "age": "0-4"})
    other = Question("visit_trends", 7, "Asia/Manila", *OCTOBER, "last_month", [("age", "0-4"), ("sex", "female")])
    assert (one, one.to_json(), one.sha256) == (other, other.to_json(), other.sha256)


def test_an_empty_filter_is_no_filter() -> None:
    assert Question("a", 1, "UTC", *OCTOBER, filters={"sex": ""}) == Question("a", 1, "UTC", *OCTOBER)


def test_another_clinic_or_day_or_filter_is_another_question() -> None:
    questions = [
        Question("a", 1, "UTC", *OCTOBER),
        Question("b", 1, "UTC", *OCTOBER),
        Question("a", 2, "UTC", *OCTOBER),
        Question("a", 1, "UTC", date(2026, 10, 2), OCTOBER[1]),
        Question("a", 1, "UTC", *OCTOBER, filters={"sex": "male"}),
    ]
    assert len({question.sha256 for question in questions}) == len(questions)


@pytest.mark.parametrize("name", ["Ana", "Łukasz", "ณัฐ", "\ud800", "a\x00b", "'; DROP TABLE"])
def test_it_comes_back_from_json(name: str) -> None:
    asked = Question("visit_trends", 7, "Asia/Manila", *OCTOBER, "last_month", {"provider": name})
    assert Question.from_json(asked.to_json()) == asked


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"start":1,"end":2}', '{"start":"2026-10-01","end":"x"}'])
def test_what_is_not_a_question_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Question.from_json(text)
