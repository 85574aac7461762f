"""Loading the demo: the same rows each time, once, and by whom it may be done."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.apps import build_app, close
from tests.clinic_data.demo.loading import END, NOW, SEED, clinic, count, fingerprint, load
from webapp import audit, clock
from webapp.accounts.demo_people import DEMO_PEOPLE, PASSWORD
from webapp.accounts.passwords import matches
from webapp.clinic_data.demo import DemoRefused, load_demo
from webapp.extensions import db
from webapp.models import AuditEntry, Clinic, Patient, Person, Visit
from webapp.settings import PROJECT


def test_the_same_seed_and_end_give_the_same_rows_in_another_process(
    fingerprint_of_demo: str, tmp_path: Path, sqlite_url: str
) -> None:
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    command = (
        "import sys; from tests.clinic_data.demo import loading; loading.load_and_write_fingerprint(*sys.argv[1:])"
    )
    strange = {"PYTHONHASHSEED": other, "TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path), sqlite_url],
        cwd=PROJECT,
        env=os.environ | strange,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [fingerprint_of_demo]


def test_postgresql_gets_the_same_rows_and_goes_on_numbering_after_them(
    fingerprint_of_demo: str, tmp_path: Path, postgres_url: str
) -> None:
    app = build_app(tmp_path, postgres_url)
    load(app)
    with app.app_context():
        assert fingerprint() == fingerprint_of_demo
        last = db.session.scalar(select(func.max(Patient.id)))
        patient = Patient(clinic_id=clinic("Riverside Clinic").id)
        db.session.add(patient)
        db.session.commit()
        assert patient.id == last + 1
    close(app)


def test_no_row_refers_to_one_that_is_not_there(demo: None) -> None:
    assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_loading_again_adds_nothing(demo: None, fingerprint_of_demo: str) -> None:
    again = load_demo(end=END - timedelta(days=40), seed=SEED + 5)
    assert not again.fresh
    assert again.patients == count(Patient)
    assert again.visits == count(Visit)
    assert fingerprint() == fingerprint_of_demo


def test_it_refuses_an_end_that_is_not_over_yet(context: Flask, at_noon: None) -> None:
    with pytest.raises(DemoRefused, match="before today"):
        load_demo(end=NOW.date())
    db.session.rollback()
    assert count(Clinic) == 0


def test_it_leaves_a_real_clinic_of_that_name_alone(context: Flask, at_noon: None) -> None:
    db.session.add(Clinic(name="Harbour Clinic", timezone="Europe/London"))
    db.session.commit()
    with pytest.raises(DemoRefused, match="Harbour Clinic"):
        load_demo(end=END)


def test_loading_is_audited(demo: None) -> None:
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "demo.loaded")).one()
    assert json.loads(entry.details) == {"seed": SEED, "patients": count(Patient), "visits": count(Visit)}
    assert list(audit.faults()) == []


# -- flask demo --------------------------------------------------------------------------------------------------------


@dataclass
class Loaded:
    """What the command has loaded, and said."""

    app: Flask
    said: str


@pytest.fixture(scope="module")
def by_command(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Loaded]:
    """The demo of another seed, to the usual end: it is morning in Manila, and still the evening before in Halifax."""
    folder = tmp_path_factory.mktemp("command")
    shutil.copy(migrated_sqlite, folder / "demo.db")
    app = build_app(folder, f"sqlite:///{folder / 'demo.db'}")
    with clock.stopped_at(datetime(2026, 6, 18, 1, tzinfo=UTC)):
        result = app.test_cli_runner().invoke(args=["demo", "--seed", str(SEED + 1)])
    assert result.exit_code == 0, result.output
    yield Loaded(app, result.output)
    close(app)


def test_by_default_it_ends_yesterday_in_each_zone(by_command: Loaded) -> None:
    last = select(Clinic.name, func.max(Visit.local_day)).join(Visit, Visit.clinic_id == Clinic.id)
    with by_command.app.app_context():
        days = db.session.execute(last.where(Visit.status == "finished").group_by(Clinic.name)).all()
        assert {row[0]: row[1] for row in days} == {
            "Riverside Clinic": date(2026, 6, 17),
            "Harbour Clinic": date(2026, 6, 16),
        }


def test_another_seed_gives_other_people(demo: None, by_command: Loaded) -> None:
    names = select(Patient.given_name, Patient.family_name).order_by(Patient.id).limit(50)
    usual = db.session.execute(names).all()
    with by_command.app.app_context():
        assert db.session.execute(names).all() != usual


def test_it_tells_who_can_sign_in(by_command: Loaded) -> None:
    assert "are loaded" in by_command.said
    for person in DEMO_PEOPLE:
        assert f"{person.email} " in by_command.said
    assert "Manager of Riverside Clinic" in by_command.said
    assert PASSWORD in by_command.said
    with by_command.app.app_context():
        people = db.session.scalars(select(Person)).all()
        assert Counter((person.role, person.clinic and person.clinic.name) for person in people) == {
            ("staff", "Riverside Clinic"): 1,
            ("clinician", "Riverside Clinic"): 1,
            ("manager", "Riverside Clinic"): 1,
            ("manager", "Harbour Clinic"): 1,
            ("administrator", None): 1,
            ("auditor", None): 1,
        }
        assert all(person.is_demo for person in people)
        assert matches(people[0].password_hash, PASSWORD)


def test_a_second_time_it_loads_nothing_and_tells_the_same(by_command: Loaded) -> None:
    second = by_command.app.test_cli_runner().invoke(args=["demo"])
    assert second.exit_code == 0
    assert "were already loaded" in second.output
    assert second.output.splitlines()[1:] == by_command.said.splitlines()[1:]
    with by_command.app.app_context():
        assert (count(Clinic), count(Person)) == (2, len(DEMO_PEOPLE))


def test_the_command_refuses_in_production(tmp_path: Path, sqlite_url: str) -> None:
    app = build_app(tmp_path, sqlite_url, app_env="production")
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "not for production" in result.output
    with app.app_context():
        assert count(Clinic) == count(Person) == 0
    close(app)


def test_the_command_says_what_is_wrong_with_an_end(app: Flask, at_noon: None) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "--end", "2026-06-18"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: The demo must end before today")
