"""A clinic with some hundred rows of every kind, from dice: each filter of each template has something to leave out."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.content.hostile import LOINC, Row, Rows
from webapp.models.diagnosis import CLINICAL_STATUSES, VERIFICATION_STATUSES
from webapp.models.patient import SEXES
from webapp.models.treatment import OUTCOMES
from webapp.models.visit import KINDS, STATUSES

FIRST, DAYS = date(2026, 8, 1), 122
"""The days of the rows: August to November 2026."""


def rows(dice: random.Random, patients: int = 80) -> Rows:
    def maybe(value: Any) -> Any:
        return None if dice.random() < 0.1 else value

    def day() -> date:
        return FIRST + timedelta(days=dice.randrange(DAYS))

    def moment() -> datetime:
        return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(minutes=dice.randrange(DAYS * 1440))

    def many(times: int, **columns: Any) -> tuple[Row, ...]:
        return tuple({name: column() for name, column in columns.items()} for _ in range(times * patients))

    def place() -> int:
        return dice.randrange(10_000)

    def one_of(*values: Any) -> Any:
        return lambda: dice.choice(values)

    def coded(*names: str) -> dict[str, Any]:
        return {"code_system": one_of("http://snomed.info/sct", None), "code": one_of("1", "2"), "name": one_of(*names)}

    return Rows(
        zone="Asia/Manila",
        providers=({"name": "Ana Reyes"}, {"name": "José Cruz"}),
        patients=many(
            1,
            sex=one_of(*SEXES),
            birth_date=lambda: maybe(date(1928, 1, 1) + timedelta(days=dice.randrange(36_000))),
            registered_on=lambda: maybe(day()),
            deceased_on=lambda: day() if dice.random() < 0.05 else None,
        ),
        visits=many(
            5,
            patient=place,
            provider=lambda: maybe(place()),
            kind=one_of(*KINDS),
            status=one_of("finished", "finished", *STATUSES),
            started_at=moment,
            has_hour=lambda: dice.random() > 0.1,
        ),
        diagnoses=many(
            2,
            patient=place,
            visit=lambda: maybe(place()),
            **coded("Fever", "Caries"),
            recorded_on=lambda: maybe(day()),
            clinical_status=one_of(None, *CLINICAL_STATUSES),
            verification_status=one_of(None, *VERIFICATION_STATUSES),
        ),
        treatments=many(
            2,
            patient=place,
            visit=lambda: maybe(place()),
            diagnosis=lambda: maybe(place()),
            kind=one_of(*KINDS),
            **coded("Filling", "Suture"),
            performed_on=lambda: maybe(day()),
            outcome=one_of(*OUTCOMES),
            follow_up_due_on=lambda: maybe(day()),
            follow_up_done_on=lambda: maybe(day()),
        ),
        measurements=many(
            4,
            patient=place,
            visit=lambda: maybe(place()),
            loinc=one_of(*LOINC),
            name=one_of("Heart rate", "Weight"),
            value=lambda: maybe(round(dice.uniform(10, 220), 1)),
            unit=one_of("mm[Hg]", "/min", "kg", None),
            measured_at=lambda: maybe(moment()),
        ),
        feedback=many(
            1,
            patient=lambda: maybe(place()),
            visit=lambda: maybe(place()),
            category=one_of("Waiting time", "Staff", ""),
            rating=one_of(None, 1, 2, 3, 4, 5, 9),
            comment=one_of("", "Friendly"),
            submitted_at=moment,
            responded_at=lambda: dice.choice([None, moment()]),
        ),
        campaigns=(
            {"name": "Flu", "topic": "Vaccination", "started_on": FIRST, "ended_on": None},
            {"name": "Teeth", "topic": "Dental", "started_on": FIRST, "ended_on": FIRST + timedelta(days=60)},
        ),
        contacts=many(
            1,
            campaign=place,
            patient=place,
            contacted_at=moment,
            opened_at=lambda: dice.choice([None, moment()]),
            responded_at=lambda: dice.choice([None, moment()]),
            attended_at=lambda: dice.choice([None, moment()]),
        ),
    )
