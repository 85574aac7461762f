"""Random rows of everything that a clinic has, counted twice: by the database, and one by one in plain Python."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

import pytest
from sqlalchemy import insert, select

from tests.content.raw_rows import rows_of
from tests.content.recount import Asked
from tests.content.recount_comprehensive import Clinic as Recount
from tests.content.test_recount import DAYS, FIRST, assert_numbers_are_told, build, fill, span, step_of, tables_of
from tests.factories import add_clinic, add_person, add_report
from webapp import audit, clock
from webapp.extensions import db
from webapp.figures import Content
from webapp.models import Clinic, Diagnosis, Download, Feedback, Patient, Person, Treatment, Visit
from webapp.models.diagnosis import VERIFICATION_STATUSES
from webapp.models.treatment import OUTCOMES

PERIODS = [
    ("2025-10-01 2025-10-31", "2025-09-01 2025-09-30", "2024-10-01 2024-10-31"),
    ("2025-02-28 2025-02-28", "2025-02-21 2025-02-21", "2024-03-01 2024-03-01"),
    ("2025-01-01 2025-03-31", "2024-10-01 2024-12-31", "2024-01-01 2024-03-31"),
    ("2025-11-01 2025-11-10", "2025-10-01 2025-10-10", "2024-11-01 2024-11-10"),
    ("2024-01-01 2024-01-31", "2023-12-01 2023-12-31", "2023-01-01 2023-01-31"),
    ("2023-10-01 2023-10-31", "2023-09-01 2023-09-30", "2022-10-01 2022-10-31"),
    ("2031-01-01 2031-01-31", "2030-12-01 2030-12-31", "2030-01-01 2030-01-31"),
]


def some_moment(dice: random.Random) -> datetime:
    hour = dice.choice([0, 4, 9, 15, 16, 23])
    at = datetime(FIRST.year, FIRST.month, FIRST.day, hour, dice.randrange(60), dice.randrange(60), tzinfo=UTC)
    return at + timedelta(days=dice.randrange(DAYS))


def fill_the_rest(clinic: Clinic, dice: random.Random) -> None:
    """Ends of visits, diagnoses, treatments and follow-ups, ratings, reports and downloads."""

    def some_day() -> date | None:
        return None if dice.random() < 0.1 else FIRST + timedelta(days=dice.randrange(DAYS))

    ids = db.session.scalars(select(Patient.id).where(Patient.clinic_id == clinic.id)).all()
    for visit in db.session.scalars(select(Visit).where(Visit.clinic_id == clinic.id).limit(300)).all():
        length = dice.choice([0, 59, 60, 61, 86400, 86401, 90000, *(dice.randrange(300, 7000) for _ in range(20))])
        visit.ended_at = visit.started_at + timedelta(seconds=length)
    diagnoses, treatments, ratings = [], [], []
    for _ in range(500):
        of = {"clinic_id": clinic.id, "patient_id": dice.choice(ids)}
        name = f"{dice.choice('Dd')}{dice.randrange(14):02}"
        status = dice.choice([None, None, *VERIFICATION_STATUSES])
        diagnoses.append({**of, "name": name, "recorded_on": some_day(), "verification_status": status})
        due = some_day()
        done = some_day() if due and dice.random() < 0.5 else None
        follow_up = {"follow_up_due_on": due, "follow_up_done_on": done}
        treatment = {"name": "T", "performed_on": some_day(), "outcome": dice.choice(OUTCOMES)}
        treatments.append({**of, **treatment, **follow_up})
        on = FIRST + timedelta(days=dice.randrange(DAYS))
        stars = dice.choice([None, -1, 0, 1, 2, 3, 4, 5, 6])
        ratings.append({"clinic_id": clinic.id, "rating": stars, "submitted_at": some_moment(dice), "local_day": on})
    for model, found in ((Diagnosis, diagnoses), (Treatment, treatments), (Feedback, ratings)):
        db.session.execute(insert(model), found)
    add_people(clinic, dice)
    db.session.commit()


def add_people(clinic: Clinic, dice: random.Random) -> None:
    """One who asks for reports, and some who sign in, or cannot any more."""
    add_reports(add_person("staff", clinic), dice)
    for role in ("staff", "manager", "manager"):
        person = add_person(role, clinic, added_at=some_moment(dice), is_active=dice.random() < 0.8)
        for _ in range(3):
            with clock.stopped_at(some_moment(dice)):
                audit.record("person.signed_in", f"person:{person.id}", person_id=person.id)


def add_reports(person: Person, dice: random.Random) -> None:
    """Half of them as long ago as the records, the others later: nobody used the system at first."""
    for _ in range(40):
        asked, status = some_moment(dice), dice.choice(["expired", "expired", "failed", "queued", "cancelled"])
        if asked.year < 2025:
            continue
        ended = None if status == "queued" else asked + timedelta(seconds=dice.randrange(1, 90))
        report = add_report(
            person,
            asked_at=asked,
            status=status,
            finished_at=ended,
            failure="No." if status == "failed" else None,
            template=dice.choice(["visit_trends", "patient_summary", "comprehensive"]),
            format=dice.choice(["pdf", "excel", "csv"]),
        )
        for _ in range(dice.randrange(3)):
            of = {"report_id": report.id, "person_id": person.id, "tier": "made"}
            db.session.add(Download(**of, format=dice.choice(["pdf", "csv"]), at=some_moment(dice)))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_is_that_of_a_plain_count(database: str, seed: int) -> None:
    dice = random.Random(seed)
    clinic = add_clinic(timezone=("Asia/Manila", "America/New_York")[seed - 1])
    for each in (add_clinic(timezone="UTC"), clinic):
        fill(each, dice)
        fill_the_rest(each, dice)
    rows = rows_of(clinic)
    for (period, *others), compare in zip(PERIODS, cycle(("before", "year")), strict=False):
        asked = Asked(*span(period), *map(span, others), True, {}, compare)
        told = build("comprehensive", clinic, asked)
        assert_same(told, Recount(rows, clinic.timezone, asked))
        assert_numbers_are_told(told)


def assert_same(figures: Content, count: Recount) -> None:
    found = tables_of(figures)
    for key in ("diagnoses", "efficiency", "reports", "templates", "formats", "users"):
        # Without their first cells, which are only words.
        if key in found:
            found[key] = [row[1:] for row in found[key]]
    assert found == count.tables()
    headline = count.headline()
    for item in figures.metrics:
        value, then, line = headline[item.key]
        assert (item.key, item.value, item.trend) == (item.key, value, line)
        if item.change:
            assert item.change.difference == round(value - then, 1)
    step = step_of(figures.metrics[0])
    assert (step is not None) == count.is_compared()
