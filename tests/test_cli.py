"""What all commands share, and the small ones that belong to no room."""

from pathlib import Path

import factories
import pytest
from apps import build_app, close
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from webapp import alerts, audit
from webapp.extensions import db


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


def test_a_database_without_tables_is_told_in_a_sentence(tmp_path: Path) -> None:
    app = build_app(tmp_path, f"sqlite:///{tmp_path / 'empty.db'}")
    for words in (["clinics", "list"], ["people", "list"], ["demo"], ["audit"], ["alerts", "list"]):
        done = run(app, *words)
        assert done.exit_code == 1
        assert done.output.startswith("Error: The database could not do that (OperationalError).")
        assert "flask --app webapp db upgrade" in done.output
    close(app)


def test_a_database_that_refuses_a_row_does_not_have_its_values_repeated(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(*_: object, **__: object) -> None:
        db.session.execute(text("INSERT INTO clinics (name) VALUES (:name)"), {"name": "Maria Santos"})

    monkeypatch.setattr("webapp.clinic_data.clinics.add_clinic", spoil)
    done = run(app, "clinics", "add", "Hilltop", "--timezone", "Asia/Manila")
    assert done.exit_code == 1
    assert "(IntegrityError)" in done.output
    assert "Maria" not in done.output


def test_the_audit_log_can_be_checked(app: Flask) -> None:
    with app.app_context():
        for number in range(3):
            audit.record("report.asked", f"report:{number}")
        db.session.commit()
    assert run(app, "audit").output == "The audit log is whole.\n"
    with app.app_context():
        db.session.execute(text("UPDATE audit_head SET number = 2"))
        db.session.commit()
    done = run(app, "audit")
    assert done.exit_code == 1
    assert "the chain should end at entry 2" in done.output


def test_open_alerts_are_listed_and_closed_by_a_person(app: Flask) -> None:
    with app.app_context():
        alerts.raise_alert("warning", "queue-down", message="The queue is down.", what_to_do="Start Redis.")
        number = alerts.open_alerts()[0].id
    listed = run(app, "alerts", "list").output
    assert f"{number}\twarning\t1 times" in listed
    assert "The queue is down. Start Redis." in listed
    assert run(app, "alerts", "close", str(number)).output == f"Alert {number} is closed.\n"
    assert run(app, "alerts", "list").output == ""
    again = run(app, "alerts", "close", str(number))
    assert again.exit_code == 1
    assert f"No alert {number} is open." in again.output
    with app.app_context():
        assert list(audit.faults()) == []


def test_a_clinic_is_found_by_a_name_of_any_script(app: Flask) -> None:
    with app.app_context():
        factories.add_clinic("คลินิกริมน้ำ")
    assert "คลินิกริมน้ำ" in run(app, "clinics", "list").output
