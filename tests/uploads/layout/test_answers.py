"""What comes back from a form or the database is a layout or answers, or is refused."""

from typing import Any

import pytest

from tests.uploads.layout.sheets import book
from webapp.uploads.layout import Answers, Layout, recognise

LAYOUT = recognise(book(("MRN", "BP", "Date", "O2"), ("1", "120/80", "2026-11-21", "x")))
ANSWERS = (
    Answers()
    .told("columns:3", "oxygen")
    .told("date_order", "mdy")
    .told("name_order", "given first")
    .told("days:Visit 1", "2026-11-21")
    .told("times:Visit 1", "08:30")
    .told("times:", "")
    .told("units:glucose", "mg/dL")
    .told("sex:1", "male")
    .told("everybody:oxygen_given", "air")
    .told("sheet", "1")
    .named("17", "Cruz", "Ana")
)


def test_both_come_back_as_they_went() -> None:
    assert Layout.from_json(LAYOUT.to_json()) == LAYOUT
    assert Answers.from_json(ANSWERS.to_json()) == ANSWERS
    assert Answers.from_json({}) == Answers()
    assert ANSWERS.names == {"17": ("Cruz", "Ana")}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sheet", "-1"), ("sheet", "one"), ("columns:3", "soul"), ("columns:x", "mrn"), ("columns:-1", "mrn"),
        ("date_order", "myd"), ("name_order", "x"), ("days:", "21/11/2026"), ("days:", ""), ("times:", "25:00"),
        ("times:", "08:00+01:00"), ("units:glucose", "kg"), ("units:soul", "kg"), ("sex:1", "3"),
        ("everybody:pulse", "air"), ("everybody:oxygen_given", "alert"), ("names:1", "x"),
        ("nothing", "x"), ("sex", "male"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Answers().told(key, value)


@pytest.mark.parametrize(
    "changed",
    [
        {"sheet": -1}, {"sheet": "0"}, {"sheet": True}, {"kind": "tall"}, {"columns": {}}, {"columns": [{}]},
        {"more": 1},
        {"header_rows": [None]}, {"units": {"glucose": "kg"}}, {"sex": {"1": "m"}}, {"name_order": None}, {"units": []},
        {"columns": [{"index": 0, "header": "", "group": "", "field": "soul", "unit": "", "may_be": []}]},
        {"columns": [{"index": 0, "header": "", "group": "", "field": "weight", "unit": "stone", "may_be": []}]},
        {"columns": [{"index": 0, "header": 1, "group": "", "field": None, "unit": "", "may_be": []}]},
        {"columns": [{"index": 0, "header": "", "group": "", "field": None, "unit": "", "may_be": []}] * 2},
    ],
)  # fmt: skip
def test_what_is_no_layout_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Layout.from_json({**LAYOUT.to_json(), **changed})


@pytest.mark.parametrize(
    "plain", [None, [], "x", {"names": {"1": ["a"]}}, {"names": {"1": 2}}, {"days": []}, {"soul": 1}]
)
def test_what_are_no_answers_is_refused(plain: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Answers.from_json(plain)
    with pytest.raises(ValueError, match=r"\w"):
        Layout.from_json(plain)
