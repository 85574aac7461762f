"""Random contacts of two clinics, counted twice: by the database, and one by one in plain Python."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

import pytest
from sqlalchemy import insert, select

from tests.content.raw_rows import rows_of
from tests.content.reading import metric
from tests.content.recount import Asked
from tests.content.recount_campaign_performance import Contacts
from tests.content.test_recount import assert_numbers_are_told, build, span, tables_of
from tests.factories import add_campaign, add_clinic
from webapp import clock
from webapp.extensions import db
from webapp.figures import Content
from webapp.models import CampaignContact, Clinic, Diagnosis, Measurement, Patient, Treatment, Visit
from webapp.models.diagnosis import VERIFICATION_STATUSES
from webapp.models.patient import SEXES
from webapp.models.visit import KINDS, STATUSES

FIRST, DAYS = date(2024, 10, 1), 500
PERIODS = [
    ("2025-10-01 2025-10-31", "2025-09-01 2025-09-30", "2024-10-01 2024-10-31"),
    ("2025-01-01 2025-12-31", "2024-01-01 2024-12-31", "2024-01-01 2024-12-31"),
    ("2025-03-05 2025-03-18", "2025-02-19 2025-03-04", "2024-03-05 2024-03-18"),
    ("2024-10-01 2024-12-31", "2024-07-01 2024-09-30", "2023-10-01 2023-12-31"),
    ("2026-01-01 2026-01-31", "2025-12-01 2025-12-31", "2025-01-01 2025-01-31"),
    ("2031-01-01 2031-01-31", "2030-12-01 2030-12-31", "2030-01-01 2030-01-31"),
]


def fill(clinic: Clinic, dice: random.Random) -> None:
    """Patients with holes in their records; visits and contacts crowded around midnight; steps without those before."""

    def some_day(first: date = FIRST, days: int = DAYS) -> date | None:
        return None if dice.random() < 0.15 else first + timedelta(days=dice.randrange(days))

    def some_moment() -> datetime:
        hour = dice.choice([0, 4, 9, 15, 16, 23])
        return datetime(2024, 10, 1, hour, dice.randrange(60), tzinfo=UTC) + timedelta(days=dice.randrange(DAYS))

    people = [
        {
            "clinic_id": clinic.id,
            "mrn": dice.choice(["M", "M", "M", "M", " ", "", None]),
            "sex": dice.choice(SEXES),
            "birth_date": some_day(date(1930, 1, 1), 36000),
            "registered_on": some_day(),
            "deceased_on": some_day() if dice.random() < 0.1 else None,
        }
        for _ in range(90)
    ]
    db.session.execute(insert(Patient), people)
    ids = db.session.scalars(select(Patient.id).where(Patient.clinic_id == clinic.id)).all()
    of_clinic = {"clinic_id": clinic.id, "name": "Something"}
    visits, contacts = [], []
    for _ in range(700):
        at = some_moment()
        wall = clock.local(at, clinic.timezone)
        local = {"local_day": wall.day, "local_month": wall.month, "local_weekday": wall.weekday, "local_hour": None}
        status = dice.choice(["finished", "finished", dice.choice(STATUSES)])
        of_visit = {"kind": dice.choice(KINDS), "status": status, "started_at": at, **local}
        visits.append({"clinic_id": clinic.id, "patient_id": dice.choice(ids), **of_visit})
    for model, day in ((Diagnosis, "recorded_on"), (Measurement, "local_day"), (Treatment, "performed_on")):
        noted = [{**of_clinic, "patient_id": dice.choice(ids[:60]), day: some_day()} for _ in range(60)]
        if model is Diagnosis:
            noted = [{**row, "verification_status": dice.choice([*VERIFICATION_STATUSES, None])} for row in noted]
        db.session.execute(insert(model), noted)
    for number in range(14):
        campaign = add_campaign(clinic, f"Campaign {number:02}", topic=dice.choice(["Flu", "flu", "Teeth", ""]))
        for who in dice.sample(ids, dice.randrange(5, 60)):
            at = some_moment()
            steps = {step: dice.choice([None, at]) for step in ("opened_at", "responded_at", "attended_at")}
            day = clock.local(at, clinic.timezone).day
            of = {"campaign_id": campaign.id, "patient_id": who, "contacted_at": at, "local_day": day}
            contacts.append({**of, **steps})
    db.session.execute(insert(Visit), visits)
    db.session.execute(insert(CampaignContact), contacts)
    db.session.commit()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_is_that_of_a_plain_count(database: str, seed: int) -> None:
    dice = random.Random(seed)
    clinic = add_clinic(timezone=("Asia/Manila", "America/New_York")[seed - 1])
    fill(add_clinic(timezone="UTC"), dice)
    fill(clinic, dice)
    rows = rows_of(clinic)
    campaign = rows["campaigns"][0]["id"]
    teeth = min(row["id"] for row in rows["campaigns"] if row["topic"] == "Teeth")
    of_both = {"campaign": f"{campaign}", "sex": "male"}
    asked_for = [{}, {"sex": "female"}, {"age": "25-44"}, {"topic": f"{teeth}"}, of_both]
    turn = cycle(("before", "year"))
    for period, *others in PERIODS:
        for chosen in asked_for:
            asked = Asked(*span(period), *map(span, others), True, chosen, next(turn))
            told = build("campaign_performance", clinic, asked)
            assert_same(told, Contacts(rows, clinic.timezone, asked))
            assert_numbers_are_told(told)


def assert_same(figures: Content, count: Contacts) -> None:
    expected = count.tables()
    found = tables_of(figures)
    for key, at in (("campaigns", 1), ("basis", 0), ("record_parts", 0), ("kept_up", 0), ("users", 0)):
        # Dates a campaign runs, and what is only words.
        if key in found:
            found[key] = [row[:at] + row[at + 1 :] for row in found[key]]
    assert found == expected
    assert metric(figures, "contacted").value == len(count.people_in(count.now))
    steps = count.steps(count.now)
    assert [item.value for item in figures.metrics[1:]] == list(steps[1:])
    assert figures.rows.used == len(count.now)
    for section in figures.sections:
        for item in section.tables:
            if item.total:
                for column, total in enumerate(item.total):
                    if item.columns[column].kind == "count":
                        assert total == sum(row[column] for row in item.rows)
