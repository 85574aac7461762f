"""Random responses of two clinics, counted twice: by the database, and one by one in plain Python."""

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tests.content.raw_rows import raw
from tests.content.reading import metric, table
from tests.content.recount import Asked, percent
from tests.content.recount_feedback import Feedbacks
from tests.content.test_recount import DAYS, FIRST, NOT_FIGURES, PERIODS, fill, numbers_of, span
from tests.factories import add_clinic
from webapp import clock, content, words
from webapp.content import Question
from webapp.content.question import Comparison
from webapp.extensions import db, snapshot
from webapp.figures import Content
from webapp.models import Clinic, Feedback, Patient, Visit

CATEGORIES = ["", "Care", "Care ", "care", "Waiting time", "Staff", "Ñandú", "受付", *(f"Other {n}" for n in range(9))]
FILTERS: list[dict[str, str]] = [
    {}, {"sex": "female"}, {"age": "25-44", "kind": "dental"}, {"kind": "medical"}, {"category": "Care"},
    {"category": "none", "sex": "male"},
]  # fmt: skip
WORDS_ONLY = ("ratings", "scores", "compared")
"""Tables whose first cell is only words."""


def respond(clinic: Clinic, dice: random.Random, number: int) -> None:
    """Responses with every kind of hole in them, some about visits of somebody else or of another day."""
    people = db.session.scalars(select(Patient.id).where(Patient.clinic_id == clinic.id)).all()
    visits = db.session.scalars(select(Visit.id).where(Visit.clinic_id == clinic.id)).all()
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=60)
    responses = []
    for _ in range(number):
        at = start + timedelta(seconds=dice.randrange((DAYS - 60) * 86400))
        waits = dice.choice(
            [None, None, dice.randrange(86400), dice.randrange(14 * 86400), dice.choice([1, 3, 7]) * 86400]
        )
        if waits and dice.random() < 0.05:
            waits = -waits
        responses.append(
            {
                "clinic_id": clinic.id,
                "patient_id": dice.choice([None, dice.choice(people)]),
                "visit_id": dice.choice([None, dice.choice(visits), dice.choice(visits)]),
                "category": dice.choice(CATEGORIES),
                "rating": dice.choice([1, 2, 3, 4, 4, 5, 5, 5, dice.choice([None, 0, 6, -3])]),
                "comment": dice.choice(["", " \n", "  Thank\tyou.", "ขอบคุณ", "Waited\r\ntoo long"]),
                "submitted_at": at,
                "local_day": clock.local(at, clinic.timezone).day,
                "responded_at": None if waits is None else at + timedelta(seconds=waits),
            }
        )
    db.session.execute(insert(Feedback), responses)
    db.session.commit()


def build(clinic: Clinic, asked: Asked) -> Content:
    chosen = dict(asked.filters)
    if chosen.get("category", "none") != "none":
        same = (Feedback.clinic_id == clinic.id, func.trim(Feedback.category) == chosen["category"])
        chosen["category"] = str(db.session.scalar(select(func.min(Feedback.id)).where(*same)))
    question = Question(
        "feedback_analysis", clinic.id, clinic.timezone, asked.start, asked.end,
        filters=chosen, compare=asked.compare, reads_comments=True,
    )  # fmt: skip
    with snapshot() as connection:
        return content.build(connection, question)


def tables_of(figures: Content) -> dict[str, list[Any]]:
    return {
        item.key: [row[1:] if item.key in WORDS_ONLY else row for row in item.rows]
        for section in figures.sections
        for item in section.tables
        if item.key != "comments"
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_about_feedback_is_that_of_a_plain_count(database: str, seed: int) -> None:
    dice = random.Random(seed)
    clinic, other = add_clinic(timezone=("Asia/Manila", "America/New_York")[seed - 1]), add_clinic(timezone="UTC")
    for one, number in ((other, 50), (clinic, 700)):
        fill(one, dice)
        respond(one, dice, number)
    people, visits = ({row["id"]: row for row in raw(model, clinic)} for model in (Patient, Visit))
    responses = raw(Feedback, clinic)
    for at, (period, *others, is_apart) in enumerate(PERIODS):
        for chosen in FILTERS[(at + 3 * seed) % len(FILTERS) :][:1]:
            compare: Comparison = "year" if at % 2 else "before"
            asked = Asked(*span(period), *map(span, others), is_apart, chosen, compare)
            figures = build(clinic, asked)
            assert_same(figures, Feedbacks(responses, visits, people, clinic.timezone, asked))
            assert_numbers_are_told(figures)


NAMES = re.compile(r"within 3 days|of 5\b|“[^”]*”")
"""The limit of an answer in time, the best rating, and the names of categories."""


def assert_numbers_are_told(figures: Content) -> None:
    """Every number in a sentence or in the title of a chart stands in the figures, or is the step from one month of
    the chart to the next."""
    known = numbers_of(figures)
    months = [
        row[1] for section in figures.sections for item in section.tables if item.key == "months" for row in item.rows
    ]
    steps = [percent(abs(now - then), then) for then, now in pairwise(months)]
    known |= {words.number(step, 1) for step in steps if step is not None}
    titles = [chart.title for section in figures.sections for chart in section.charts]
    for sentence in (*figures.summary, *titles):
        told = NOT_FIGURES.sub("", NAMES.sub("", sentence))
        strange = set(re.findall(r"\d[\d.,]*\d|\d", told)) - known
        assert not strange, (sentence, strange)


def assert_same(figures: Content, expected: Feedbacks) -> None:
    now = expected.now
    assert tables_of(figures) == expected.tables(), expected.asked
    scores = expected.scores(now, (expected.asked.start, expected.asked.end))
    assert [item.value for item in figures.metrics] == [len(now), scores[0], scores[1], scores[6]]
    assert (figures.rows.read, figures.rows.used) == (len(now), len(now))
    change = metric(figures, "responses").change
    assert (change.difference if change else None) == (
        len(now) - len(expected.then) if expected.is_compared() else None
    )
    for key in ("ratings", "categories", "waits", "visits"):
        found = [item for section in figures.sections for item in section.tables if item.key == key and item.total]
        for item in found:
            counts = [at for at, column in enumerate(item.columns) if column.kind == "count"]
            assert [item.total[at] for at in counts if item.total] == [
                sum(row[at] for row in item.rows) for at in counts
            ]
    if expected.comments():
        said = [(row[1], row[4]) for row in table(figures, "comments").rows]
        assert said == expected.comments()
