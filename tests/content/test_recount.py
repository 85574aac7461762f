"""Random rows of two clinics, counted twice: by the database, and one by one in plain Python."""

import itertools
import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.content.raw_rows import raw
from tests.content.reading import metric, table
from tests.content.recount import Asked, Patients, Visits, each, percent_more
from tests.factories import add_clinic, add_provider
from webapp import clock, content, words
from webapp.content import Question
from webapp.extensions import db, snapshot
from webapp.figures import Content, Metric
from webapp.models import Clinic, Patient, Visit
from webapp.models.patient import SEXES
from webapp.models.visit import KINDS, STATUSES

# Begins and ends near changes of clocks, month ends and a leap day.
FIRST, DAYS = date(2023, 12, 20), 820


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(text: str) -> tuple[date, date]:
    start, end = text.split()
    return day(start), day(end)


PERIODS = [
    ("2025-10-01 2025-10-31", "2025-09-01 2025-09-30", "2024-10-01 2024-10-31", True),
    ("2024-02-01 2024-02-29", "2024-01-01 2024-01-31", "2023-02-01 2023-02-28", True),
    ("2025-02-28 2025-02-28", "2025-02-21 2025-02-21", "2024-03-01 2024-03-01", True),
    ("2025-03-04 2025-03-12", "2025-02-18 2025-02-26", "2024-03-05 2024-03-13", True),
    ("2025-01-01 2025-03-31", "2024-10-01 2024-12-31", "2024-01-01 2024-03-31", True),
    ("2025-03-05 2025-03-18", "2025-02-19 2025-03-04", "2024-03-05 2024-03-18", True),
    ("2024-03-01 2025-09-30", "2022-08-01 2024-02-29", "2023-03-01 2024-09-30", False),
    ("2025-01-01 2025-12-31", "2024-01-01 2024-12-31", "2024-01-01 2024-12-31", False),
    ("2024-01-01 2024-01-31", "2023-12-01 2023-12-31", "2023-01-01 2023-01-31", True),
    ("2023-12-01 2024-02-29", "2023-09-01 2023-11-30", "2022-12-01 2023-02-28", True),
    ("2021-01-01 2024-12-31", "2017-01-01 2020-12-31", "2020-01-01 2023-12-31", False),
    ("2023-10-01 2023-10-31", "2023-09-01 2023-09-30", "2022-10-01 2022-10-31", True),
    ("2031-01-01 2031-01-31", "2030-12-01 2030-12-31", "2030-01-01 2030-01-31", True),
]
"""Days, those before, those a year earlier, and whether a report shows both."""


def fill(clinic: Clinic, dice: random.Random) -> None:
    """Patients with every kind of hole in them, and visits at all hours, crowded around midnight."""
    providers = [add_provider(clinic, name).id for name in ("Ana Reyes", "José Cruz")] + [None]

    def some_day(first: date, days: int) -> date | None:
        return None if dice.random() < 0.15 else first + timedelta(days=dice.randrange(days))

    people = [
        {
            "clinic_id": clinic.id,
            "sex": dice.choice(SEXES),
            "birth_date": dice.choice([some_day(day("1928-01-01"), 37000), some_day(day("1880-01-01"), 55000)]),
            "registered_on": some_day(FIRST, DAYS),
            "deceased_on": some_day(FIRST, DAYS) if dice.random() < 0.1 else None,
        }
        for _ in range(120)
    ]
    db.session.execute(insert(Patient), people)
    ids = db.session.scalars(select(Patient.id).where(Patient.clinic_id == clinic.id)).all()
    visits = []
    for _ in range(1500):
        hour = dice.choice([0, 9, 9, 9, 10, 11, 14, 16, 23, dice.randrange(24)])
        at = datetime(FIRST.year, FIRST.month, FIRST.day, hour, dice.randrange(60), tzinfo=UTC)
        at += timedelta(days=dice.randrange(DAYS))
        wall = clock.local(at, clinic.timezone)
        visits.append(
            {
                "clinic_id": clinic.id,
                "patient_id": dice.choice(ids),
                "provider_id": dice.choice(providers),
                "kind": dice.choice(KINDS),
                "status": dice.choice(["finished", "finished", "finished", dice.choice(STATUSES)]),
                "started_at": at,
                "local_day": wall.day,
                "local_month": wall.month,
                "local_weekday": wall.weekday,
                "local_hour": None if dice.random() < 0.1 else wall.hour,
            }
        )
    db.session.execute(insert(Visit), visits)
    db.session.commit()


def filters_to_ask(clinic: Clinic) -> dict[str, list[dict[str, str]]]:
    """By template."""
    provider = next(str(visit["provider_id"]) for visit in raw(Visit, clinic) if visit["provider_id"])
    both = [{}, {"sex": "female"}, {"age": "25-44"}, {"age": "unknown"}, {"sex": "male", "age": "65+"}]
    of_visits = [{"kind": "dental"}, {"provider": provider}, {"provider": "none", "kind": "medical", "sex": "other"}]
    return {
        "visit_trends": both + of_visits,
        "patient_summary": [*both, {"active": "3"}, {"active": "24", "sex": "female"}],
    }


def build(template: str, clinic: Clinic, asked: Asked) -> Content:
    question = Question(
        template, clinic.id, clinic.timezone, asked.start, asked.end, filters=asked.filters, compare=asked.compare
    )
    with snapshot() as connection:
        return content.build(connection, question)


def tables_of(figures: Content) -> dict[str, list[Any]]:
    found = {}
    for section in figures.sections:
        for item in section.tables:
            of_words = ("visits_a_patient", "compared", "compared_before", "compared_year_before")
            skip = 2 if item.key == "peaks" else int(item.key in of_words)
            found[item.key] = [row[skip:] for row in item.rows]
    return found


MONTH = f"(?:{'|'.join(words.MONTHS)})"
NOT_FIGURES = re.compile(
    rf"(\d+ to )?\d+ {MONTH}( \d{{4}})?|{MONTH} \d{{4}}|in \d{{4}}\b|quarter of \d{{4}}|\d+ months|[36]0 days|:00"
    r"|(aged|group is|groups are) \d[\d to]*(and \d[\d to]*)?"
)
"""Days, months, hours, the names of age groups and how long visits are followed."""


def numbers_of(figures: Content) -> set[str]:
    """Every number in the metrics and their notes, tables and rows, with no decimals and with one."""
    found: list[Any] = [figures.rows.read, figures.rows.used, *(item.count for item in figures.rows.excluded)]
    for item in figures.metrics:
        found += [item.value, *((item.change.difference, item.change.percent) if item.change else ())]
    for section in figures.sections:
        found += [cell for item in section.tables for row in (*item.rows, item.total or ()) for cell in row]
    known = {words.number(abs(value), places) for value in found if isinstance(value, int | float) for places in (0, 1)}
    told = [cell for cell in found if isinstance(cell, str)] + [item.note for item in figures.metrics]
    return known | set(re.findall(r"\d[\d.,]*\d|\d", " ".join(told)))


def assert_numbers_are_told(figures: Content) -> None:
    known = numbers_of(figures)
    for sentence in figures.summary:
        strange = set(re.findall(r"\d[\d.,]*\d|\d", NOT_FIGURES.sub("", sentence))) - known
        assert not strange, (sentence, strange)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_is_that_of_a_plain_count(database: str, seed: int) -> None:
    dice = random.Random(seed)
    clinic = add_clinic(timezone=("Asia/Manila", "America/New_York")[seed - 1])
    fill(add_clinic(timezone="UTC"), dice)
    fill(clinic, dice)
    everybody, visits = {row["id"]: row for row in raw(Patient, clinic)}, raw(Visit, clinic)
    check: dict[str, Any] = {"visit_trends": assert_same_visits, "patient_summary": assert_same_patients}
    turn = itertools.cycle(["before", "year"] if seed == 1 else ["year", "before"])
    for template, choices in filters_to_ask(clinic).items():
        count: Any = {"visit_trends": Visits, "patient_summary": Patients}[template]
        for (period, *others, is_apart), chosen in itertools.product(PERIODS, choices):
            asked = Asked(*span(period), *map(span, others), is_apart, chosen, next(turn))
            figures = build(template, clinic, asked)
            check[template](figures, count(visits, everybody, clinic.timezone, asked))
            assert_numbers_are_told(figures)


def step_of(headline: Metric) -> tuple[Any, ...] | None:
    return (headline.change.difference, headline.change.percent) if headline.change else None


def expected_step(now: int, then: int, is_compared: bool) -> tuple[Any, ...] | None:
    return (now - then, percent_more(now, then)) if is_compared else None


def assert_same_visits(figures: Content, count: Visits) -> None:
    now, before = count.between(count.asked.start, count.asked.end), count.between(*count.asked.earlier)
    assert tables_of(figures) == count.tables()
    headline = metric(figures, "visits")
    assert headline.value == len(now)
    assert step_of(headline) == expected_step(len(now), len(before), count.is_compared())
    assert {item.reason: item.count for item in figures.rows.excluded} == count.excluded()
    assert figures.rows.read == len(now) + sum(count.excluded().values())
    if now:
        assert table(figures, "weekdays").total == ("All days", *count.cells(now), 100.0)
    timed = [visit for visit in now if visit[1] is not None]
    if timed:
        columns = list(zip(*count.hours(timed), strict=True))[1:]
        assert table(figures, "hours").total == ("All days", *map(sum, columns))
    if "kind" in count.asked.filters:
        assert metric(figures, "visits_a_day").value == each(len(now), len({visit[0] for visit in now}))
    else:
        assert metric(figures, "dental_visits").value == sum(1 for visit in now if visit[2] == "dental")


def assert_same_patients(figures: Content, count: Patients) -> None:
    asked, steps = count.asked, count.steps()
    assert tables_of(figures) == count.tables()
    ages = count.median_age(count.counted, asked.end), count.median_age(count.then, asked.earlier[1])
    assert [item.value for item in figures.metrics] == [
        len(count.counted), count.active(count.counted, asked.end), count.new(asked.start, asked.end), ages[0],
    ]  # fmt: skip
    for key, name in (("patients", "Patients"), ("active", "Active patients"), ("new", "New registrations")):
        then, now = steps.get(name, (0, 0))
        assert step_of(metric(figures, key)) == expected_step(now, then, name in steps)
    has_ages = None not in ages and steps and "age" not in asked.filters
    assert step_of(metric(figures, "median_age")) == ((ages[0] - ages[1], None) if has_ages else None)
    assert (figures.rows.read, figures.rows.used) == (len(count.read), len(count.counted))
    assert {item.reason: item.count for item in figures.rows.excluded} == {
        reason: len(people)
        for reason, people in (("registered later", count.late), ("died earlier", count.gone))
        if people
    }
