"""What a filter leaves out is left out of the preview and of the report alike, in every template, on both databases."""

import random
from datetime import date

import pytest

from tests.content import hostile
from tests.content.hostile import Dice
from webapp import content
from webapp.content import CATALOGUE, Question
from webapp.content.filters import Filter
from webapp.errors import FiguresFailed
from webapp.extensions import snapshot
from webapp.figures import Rows
from webapp.models import Clinic

OCTOBER = date(2026, 10, 1), date(2026, 10, 31)
SIZES = (3, 60, 160, 60, 80, 100, 60, 5, 60)
NOT_OFFERED = ("x", "2147483648", "\ud800")


def add_rows(seed: int, part: int = 1) -> Clinic:
    """A clinic with some hundred rows, or that part of them."""
    dice = Dice(random.Random(seed), "Asia/Manila", OCTOBER, holes=0.1)
    return hostile.add(hostile.rows(dice, [size // part + 1 for size in SIZES]))


def rows_used(clinic: Clinic, template: str, **chosen: str) -> Rows:
    """What the report says it used, where the preview says the same."""
    question = Question(template, clinic.id, clinic.timezone, *OCTOBER, filters=chosen)
    with snapshot() as connection:
        matching, rows = content.matching(connection, question), content.build(connection, question).rows
    assert matching == (rows.used, rows.noun), (template, chosen)
    assert rows.read == rows.used + sum(item.count for item in rows.excluded), (template, chosen)
    return rows


def used_by_choice(clinic: Clinic, template: str, narrowing: Filter) -> dict[str, int]:
    with snapshot() as connection:
        offered = narrowing.choices(connection, clinic.id)
    return {value: rows_used(clinic, template, **{narrowing.name: value}).used for value, _ in offered}


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_each_filter_narrows_the_preview_and_the_report_alike(database: str, template: str) -> None:
    add_rows(seed=2, part=4)
    clinic = add_rows(seed=1)
    everything = rows_used(clinic, template).used
    assert everything
    for narrowing in CATALOGUE[template].filters:
        used = used_by_choice(clinic, template, narrowing)
        if narrowing.of == "report":
            assert set(used.values()) == {everything}, narrowing.name
        else:
            assert max(used.values()) <= everything, narrowing.name
            assert min(used.values()) < everything, narrowing.name
            assert any(used.values()), narrowing.name


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_all_filters_at_once_narrow_both_alike(database: str, template: str) -> None:
    clinic = add_rows(seed=1)
    dice = random.Random(3)
    for _ in range(3):
        chosen = {}
        for narrowing in CATALOGUE[template].filters:
            with snapshot() as connection:
                chosen[narrowing.name] = dice.choice(["", *dict(narrowing.choices(connection, clinic.id))])
        rows_used(clinic, template, **chosen)


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_a_value_that_is_not_offered_matches_nothing_or_is_refused(database: str, template: str) -> None:
    clinic = add_rows(seed=1, part=4)
    for narrowing in CATALOGUE[template].filters:
        for value in NOT_OFFERED:
            if narrowing.of == "report":
                with pytest.raises(FiguresFailed):
                    rows_used(clinic, template, **{narrowing.name: value})
            else:
                assert rows_used(clinic, template, **{narrowing.name: value}).used == 0, (narrowing.name, value)
