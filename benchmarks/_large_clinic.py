"""A clinic of 100,000 patients and 1,000,000 visits over two years, with what goes with them, on either database."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from webapp.extensions import db
from webapp.models import Campaign, Clinic, Person, Provider

PATIENTS, VISITS = 100_000, 1_000_000
DIAGNOSES, TREATMENTS, MEASURED, FEEDBACK, CONTACTS = 300_000, 300_000, 200_000, 60_000, 60_000
PROVIDERS, CAMPAIGNS = 40, 20
BEGIN, END = date(2024, 11, 1), date(2026, 10, 31)
DAYS = (END - BEGIN).days + 1
ZONE = "Asia/Manila"
AT_ONCE = 50_000

Row = tuple[Any, ...]


def add() -> int:
    """The clinic with all of its rows, committed; its id. Needs an app context. The same rows each time."""
    rng = random.Random(20261031)
    clinic = Clinic(name="Large Clinic", timezone=ZONE)
    db.session.add(clinic)
    db.session.flush()
    of = clinic.id
    db.session.add_all(
        Person(email=f"p{n}@example.org", name=f"Person {n}", password_hash="x", role="staff", clinic_id=of)
        for n in range(30)
    )
    first_provider = _first(Provider, [{"clinic_id": of, "name": f"Provider {n:02}"} for n in range(PROVIDERS)])
    first_campaign = _first(
        Campaign,
        [
            {"clinic_id": of, "name": f"Campaign {n:02}", "topic": ("Vaccination", "Diabetes", "Check-up")[n % 3],
             "started_on": BEGIN + timedelta(days=30 * n), "ended_on": None}
            for n in range(CAMPAIGNS)
        ],
    )  # fmt: skip
    db.session.commit()
    _write(
        "patients",
        "id clinic_id mrn family_name given_name sex birth_date birth_precision deceased_on registered_on",
        _patients(rng, of),
    )
    _write(
        "visits",
        "id clinic_id patient_id provider_id kind status started_at ended_at local_day local_month "
        "local_weekday local_hour",
        _visits(rng, of, first_provider),
    )
    _write(
        "diagnoses",
        "id clinic_id patient_id visit_id code_system code name recorded_on clinical_status verification_status",
        _diagnoses(rng, of),
    )
    _write(
        "treatments",
        "id clinic_id patient_id visit_id diagnosis_id kind code name performed_on outcome "
        "follow_up_due_on follow_up_done_on",
        _treatments(rng, of),
    )
    _write(
        "measurements",
        "id clinic_id patient_id visit_id component loinc name value unit measured_at local_day source_id",
        _measurements(rng, of),
    )
    _write(
        "feedback",
        "id clinic_id patient_id visit_id category rating comment submitted_at local_day responded_at",
        _feedback(rng, of),
    )
    _write(
        "campaign_contacts",
        "id campaign_id patient_id contacted_at local_day opened_at responded_at attended_at",
        _contacts(rng, first_campaign),
    )
    with db.engine.connect() as connection:
        # PostgreSQL vacuums by itself, but later: until then no index tells which rows are there.
        tidy = "VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE"
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(tidy))
    return of


def _first(model: Any, rows: list[dict[str, Any]]) -> int:
    """Adds the rows; the id of the first."""
    return min(db.session.scalars(insert(model).returning(model.id), rows))


def _write(table: str, columns: str, rows: Iterable[Row]) -> None:
    names = columns.split()
    with db.engine.begin() as connection:
        driver = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join("?" * len(names))
        driver.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", map(_plain, rows))


def _plain(row: Row) -> Row:
    """As SQLite keeps days and moments."""
    return tuple(
        f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S.000000}" if isinstance(cell, datetime)
        else cell.isoformat() if isinstance(cell, date) else cell
        for cell in row
    )  # fmt: skip


def _day(rng: random.Random) -> date:
    return BEGIN + timedelta(days=rng.randrange(DAYS))


def _patient_and_visit(rng: random.Random) -> tuple[int, int]:
    return rng.randrange(PATIENTS) + 1, rng.randrange(VISITS) + 1


def _moment(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 15, tzinfo=ZoneInfo(ZONE))


def _patients(rng: random.Random, of: int) -> Iterator[Row]:
    for n in range(1, PATIENTS + 1):
        born = date(1930, 1, 1) + timedelta(days=rng.randrange(35_000))
        yield (
            n,
            of,
            f"M{n:07}",
            f"Family{n % 5000}",
            "Given",
            rng.choice(("female", "male", "female", "other")),
            born,
            "day",
            None,
            _day(rng),
        )


def _visits(rng: random.Random, of: int, first_provider: int) -> Iterator[Row]:
    for n in range(1, VISITS + 1):
        day, hour = _day(rng), rng.choice((8, 9, 9, 10, 10, 11, 13, 14, 15, 16))
        began = _moment(day, hour)
        status = "cancelled" if n % 40 == 0 else "finished"
        yield (n, of, rng.randrange(PATIENTS) + 1, first_provider + rng.randrange(PROVIDERS),
               "dental" if n % 3 == 0 else "medical", status, began, began + timedelta(minutes=20), day,
               day.replace(day=1), day.isoweekday(), hour)  # fmt: skip


def _diagnoses(rng: random.Random, of: int) -> Iterator[Row]:
    for n in range(1, DIAGNOSES + 1):
        number = int(rng.paretovariate(1.1)) % 800
        patient, visit = _patient_and_visit(rng)
        yield (n, of, patient, visit, "http://snomed.info/sct", f"{10_000 + number}", f"Diagnosis {number}", _day(rng),
               "active", "confirmed")  # fmt: skip


def _treatments(rng: random.Random, of: int) -> Iterator[Row]:
    outcomes = ("successful", "improved", "improved", "unchanged", "worse", "unknown")
    for n in range(1, TREATMENTS + 1):
        day = _day(rng)
        due = day + timedelta(days=rng.randrange(7, 60)) if n % 3 == 0 else None
        done = due + timedelta(days=rng.randrange(-3, 10)) if due and n % 2 else None
        number = int(rng.paretovariate(1.1)) % 300
        patient, visit = _patient_and_visit(rng)
        yield (n, of, patient, visit, rng.randrange(DIAGNOSES) + 1, "dental" if n % 3 == 1 else "medical", f"{number}",
               f"Treatment {number}", day, rng.choice(outcomes), due, done)  # fmt: skip


VITALS = (
    ("8867-4", "Heart rate", "/min", 75, 14), ("9279-1", "Respiratory rate", "/min", 16, 3),
    ("2708-6", "Oxygen saturation", "%", 97, 2), ("8310-5", "Body temperature", "Cel", 36.8, 0.6),
    ("39156-5", "Body mass index", "kg/m2", 26, 5),
)  # fmt: skip


def _measurements(rng: random.Random, of: int) -> Iterator[Row]:
    number = 0
    for n in range(1, MEASURED + 1):
        day, (patient, visit) = _day(rng), _patient_and_visit(rng)
        at = _moment(day, 10)
        if n % 2:
            parts = (
                ("8480-6", "Systolic blood pressure", 126, 18, 1),
                ("8462-4", "Diastolic blood pressure", 78, 11, 2),
            )
            for loinc, name, mean, spread, component in parts:
                number += 1
                yield (
                    number,
                    of,
                    patient,
                    visit,
                    component,
                    loinc,
                    name,
                    round(rng.gauss(mean, spread)),
                    "mm[Hg]",
                    at,
                    day,
                    f"o{n}",
                )
            continue
        loinc, name, unit, mean, spread = VITALS[n // 2 % len(VITALS)]
        number += 1
        yield number, of, patient, visit, 0, loinc, name, round(rng.gauss(mean, spread), 1), unit, at, day, f"o{n}"


def _feedback(rng: random.Random, of: int) -> Iterator[Row]:
    for n in range(1, FEEDBACK + 1):
        day = _day(rng)
        at = _moment(day, 18)
        answered = at + timedelta(hours=rng.randrange(2, 300)) if n % 3 else None
        patient, visit = _patient_and_visit(rng)
        category, rating = rng.choice(("Staff", "Waiting time", "Cleanliness")), rng.choice((1, 2, 3, 4, 4, 5, 5, 5))
        yield n, of, patient, visit, category, rating, "Thank you." if n % 4 else "", at, day, answered


def _contacts(rng: random.Random, first_campaign: int) -> Iterator[Row]:
    n = 0
    for campaign in range(CAMPAIGNS):
        for patient in rng.sample(range(1, PATIENTS + 1), CONTACTS // CAMPAIGNS):
            n += 1
            day = BEGIN + timedelta(days=30 * campaign + rng.randrange(30))
            at = _moment(day, 9)
            opened = at + timedelta(hours=5) if n % 3 else None
            responded = at + timedelta(days=1) if n % 6 == 1 else None
            attended = at + timedelta(days=9) if n % 12 == 1 else None
            yield n, first_campaign + campaign, patient, at, day, opened, responded, attended
