import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import factories
import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp import alerts, audit, clock
from webapp.alerts import open_alerts, raise_alert, resolve_alert
from webapp.extensions import db
from webapp.models import Alert, AuditEntry

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def raise_one(rule: str = "store-broken", subject: str = "", severity: str = "critical") -> None:
    raise_alert(severity, rule, subject=subject, message="The store is broken.", what_to_do="Look at its status page.")


def stored() -> list[Alert]:
    return list(db.session.scalars(select(Alert).order_by(Alert.id)))


def test_an_alert_says_what_happened_and_what_to_do(context_on_each: Flask) -> None:
    with clock.stopped_at(NOON):
        raise_alert("warning", "queue-down", subject="redis", message="Redis is down.", what_to_do="Start it.")
    (alert,) = stored()
    assert (alert.severity, alert.rule, alert.subject) == ("warning", "queue-down", "redis")
    assert (alert.message, alert.what_to_do) == ("Redis is down.", "Start it.")
    assert (alert.first_at, alert.last_at, alert.count, alert.resolved_at) == (NOON, NOON, 1, None)


def test_an_alert_stands_whatever_becomes_of_what_follows(context_on_each: Flask) -> None:
    raise_one()
    db.session.rollback()
    assert len(stored()) == 1


def test_the_same_trouble_is_counted_not_repeated(context_on_each: Flask) -> None:
    with clock.stopped_at(NOON):
        raise_one()
    with clock.stopped_at(NOON + timedelta(hours=1)):
        raise_one()
        raise_one()
    (alert,) = stored()
    assert (alert.count, alert.first_at, alert.last_at) == (3, NOON, NOON + timedelta(hours=1))


def test_other_rules_and_other_subjects_are_other_alerts(context_on_each: Flask) -> None:
    raise_one("store-broken")
    raise_one("queue-down")
    raise_one("store-broken", "clinic:2")
    assert [(alert.rule, alert.subject, alert.count) for alert in stored()] == [
        ("store-broken", "", 1),
        ("queue-down", "", 1),
        ("store-broken", "clinic:2", 1),
    ]


def test_what_is_resolved_and_comes_again_is_a_new_alert(context_on_each: Flask) -> None:
    with clock.stopped_at(NOON):
        raise_one()
        resolve_alert("store-broken")
    raise_one()
    first, second = stored()
    assert (first.resolved_at, first.count) == (NOON, 1)
    assert (second.resolved_at, second.count) == (None, 1)


def test_resolving_leaves_other_alerts_open_and_resolved_ones_as_they_are(context_on_each: Flask) -> None:
    raise_one("store-broken", "clinic:1")
    raise_one("store-broken", "clinic:2")
    with clock.stopped_at(NOON):
        resolve_alert("store-broken", subject="clinic:1")
    with clock.stopped_at(NOON + timedelta(hours=1)):
        resolve_alert("store-broken", subject="clinic:1")
        resolve_alert("no-such-rule")
    assert [(alert.subject, alert.resolved_at) for alert in stored()] == [("clinic:1", NOON), ("clinic:2", None)]


def test_open_alerts_come_latest_first(context_on_each: Flask) -> None:
    for minutes, rule in enumerate(("first", "second", "closed", "third", "first")):
        with clock.stopped_at(NOON + timedelta(minutes=minutes)):
            raise_one(rule)
    resolve_alert("closed")
    assert [alert.rule for alert in open_alerts()] == ["first", "third", "second"]


def test_a_severity_that_we_do_not_know_is_refused(context: Flask) -> None:
    with pytest.raises(ValueError, match="dire"):
        raise_one(severity="dire")
    assert stored() == []


def test_the_database_holds_one_open_alert_for_a_rule_and_subject(context_on_each: Flask) -> None:
    raise_one()
    db.session.add(Alert(severity="info", rule="store-broken", subject="", message="b", what_to_do="c"))
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_many_at_once_are_one_alert_with_the_right_count(tmp_path: Path, database_url: str) -> None:
    app = build_app(tmp_path, database_url)
    start, raised = threading.Barrier(8), []

    def run() -> None:
        start.wait()
        try:
            for _ in range(5):
                with app.app_context():
                    raise_one()
        except Exception as fault:  # noqa: BLE001 - looked at below
            raised.append(fault)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert raised == []
        assert [alert.count for alert in stored()] == [40]
    close(app)


def test_an_alert_is_logged_with_its_rule_and_subject(context: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="webapp.alerts"):
        raise_one(subject="clinic:4")
    (record,) = caplog.records
    assert record.getMessage() == "alert: The store is broken."
    assert (record.rule, record.subject, record.alert_severity) == ("store-broken", "clinic:4", "critical")


def test_an_alert_resolved_between_our_two_looks_is_raised_again(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_one()
    really, looks = alerts._counted_again, []

    def late(rule: str, subject: str, message: str) -> bool:
        """The first look misses the open alert, as if it had been raised just after; then it is resolved."""
        looks.append(rule)
        if len(looks) == 1:
            return False
        resolve_alert(rule, subject=subject)
        return really(rule, subject, message)

    monkeypatch.setattr(alerts, "_counted_again", late)
    raise_one()
    assert [alert.resolved_at is None for alert in stored()] == [False, True]


def test_who_closed_an_alert_stands_in_the_audit_log(context_on_each: Flask) -> None:
    raise_one()
    person = factories.add_person("administrator")
    (alert,) = stored()
    assert alerts.close_alert(alert.id, person_id=person.id)
    assert not alerts.close_alert(alert.id, person_id=person.id)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "alert.closed")).all()
    assert [(entry.person_id, entry.subject) for entry in entries] == [(person.id, f"alert:{alert.id}")]
    assert list(audit.faults()) == []
