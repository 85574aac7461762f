import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DatabaseError

from webapp import audit, clock
from webapp.extensions import db
from webapp.models import AuditEntry, AuditHead, Clinic

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def write(number: int = 3) -> None:
    for step in range(number):
        audit.record("report.asked", f"report:{step}", step=step)
    db.session.commit()


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.number)))


def without_the_triggers() -> None:
    """What somebody can do who owns the database: the chain has to show it."""
    if db.engine.dialect.name == "sqlite":
        for verb in ("update", "delete"):
            db.session.execute(text(f"DROP TRIGGER audit_entries_no_{verb}"))
    else:
        db.session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))


def test_a_new_database_has_an_empty_chain(context_on_each: Flask) -> None:
    assert entries() == []
    assert list(audit.faults()) == []


def test_an_entry_tells_who_did_what_to_what_and_when(context_on_each: Flask) -> None:
    with clock.stopped_at(NOON):
        audit.record("report.downloaded", "report:abc", person_id=7, format="pdf", ids=[2, 1], name="Zoé")
    db.session.commit()
    (entry,) = entries()
    assert (entry.number, entry.at, entry.person_id) == (1, NOON, 7)
    assert (entry.action, entry.subject) == ("report.downloaded", "report:abc")
    assert entry.details == '{"format":"pdf","ids":[2,1],"name":"Zoé"}'


def test_entries_are_numbered_without_a_gap_and_each_holds_the_hash_of_the_one_before(context_on_each: Flask) -> None:
    write(4)
    chain = entries()
    assert [entry.number for entry in chain] == [1, 2, 3, 4]
    assert [entry.previous_sha256 for entry in chain] == [audit.GENESIS, *(entry.sha256 for entry in chain[:-1])]
    assert db.session.execute(select(AuditHead.number, AuditHead.sha256)).one() == (4, chain[-1].sha256)
    assert list(audit.faults()) == []


def test_an_entry_stands_if_and_only_if_what_it_tells_of_does(context_on_each: Flask) -> None:
    write(1)
    db.session.add(Clinic(name="Hillview", timezone="UTC"))
    audit.record("clinic.added", "clinic:1")
    db.session.rollback()
    assert [entry.action for entry in entries()] == ["report.asked"]
    assert db.session.scalar(select(func.count()).select_from(Clinic)) == 0
    write(1)
    assert [entry.number for entry in entries()] == [1, 2]
    assert list(audit.faults()) == []


@pytest.mark.parametrize("statement", [update(AuditEntry).values(subject="report:other"), delete(AuditEntry)])
def test_the_database_refuses_to_change_or_remove_an_entry(context_on_each: Flask, statement: object) -> None:
    write(1)
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(statement)
    db.session.rollback()
    assert len(entries()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"at": NOON},
        {"person_id": 1},
        {"action": "report.deleted"},
        {"subject": "report:9"},
        {"details": "{}"},
    ],
)
def test_a_changed_entry_is_found(context_on_each: Flask, changed: dict[str, object]) -> None:
    write()
    without_the_triggers()
    db.session.execute(update(AuditEntry).where(AuditEntry.number == 2).values(**changed))
    db.session.commit()
    assert list(audit.faults()) == [(2, "was changed after it was written")]


def test_a_changed_entry_with_its_hash_made_to_fit_breaks_the_next(context_on_each: Flask) -> None:
    write()
    without_the_triggers()
    entry = entries()[1]
    entry.subject = "report:9"
    entry.sha256 = audit.digest(entry)
    db.session.commit()
    assert list(audit.faults()) == [(3, "does not follow the entry before it")]


def test_a_removed_entry_is_found(context_on_each: Flask) -> None:
    write()
    without_the_triggers()
    db.session.execute(delete(AuditEntry).where(AuditEntry.number == 2))
    db.session.commit()
    assert list(audit.faults()) == [(3, "entry 2 is missing")]


def test_entries_removed_at_the_end_are_found(context_on_each: Flask) -> None:
    write()
    without_the_triggers()
    db.session.execute(delete(AuditEntry).where(AuditEntry.number > 1))
    db.session.commit()
    assert list(audit.faults()) == [(1, "the chain should end at entry 3")]


def test_an_emptied_log_is_found(context_on_each: Flask) -> None:
    write()
    without_the_triggers()
    db.session.execute(delete(AuditEntry))
    db.session.commit()
    assert list(audit.faults()) == [(0, "the chain should end at entry 3")]


def test_a_head_that_was_set_back_is_found(context_on_each: Flask) -> None:
    write()
    db.session.execute(update(AuditHead).values(number=2, sha256=entries()[1].sha256))
    db.session.commit()
    assert list(audit.faults()) == [(3, "the chain should end at entry 2")]


def test_an_entry_added_past_the_head_is_found(context_on_each: Flask) -> None:
    write(1)
    first = entries()[0]
    forged = AuditEntry(
        number=2, at=NOON, action="report.deleted", subject="report:0", details="{}", previous_sha256=first.sha256
    )
    forged.sha256 = audit.digest(forged)
    db.session.add(forged)
    db.session.commit()
    assert list(audit.faults()) == [(2, "the chain should end at entry 1")]


@pytest.mark.parametrize("seconds", [0, 0.1, 0.000001])
def test_a_moment_keeps_its_hash_through_the_database(context_on_each: Flask, seconds: float) -> None:
    with clock.stopped_at(datetime.fromtimestamp(1_800_000_000 + seconds, UTC)):
        write(1)
    db.session.expire_all()
    assert list(audit.faults()) == []


def at_once(number: int, work: Callable[[int], None]) -> None:
    """Run `work` in so many threads that begin together; what any of them raises is raised here."""
    start, raised = threading.Barrier(number), []

    def run(step: int) -> None:
        start.wait()
        try:
            work(step)
        except Exception as fault:  # noqa: BLE001 - it is raised in the test's own thread below
            raised.append(fault)

    threads = [threading.Thread(target=run, args=(step,)) for step in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def test_writers_at_the_same_time_make_one_chain(tmp_path: Path, database_url: str) -> None:
    app = build_app(tmp_path, database_url)

    def work(writer: int) -> None:
        for step in range(10):
            with app.app_context():
                audit.record("report.asked", f"report:{writer}-{step}")
                if step % 5 == 4:
                    db.session.rollback()
                else:
                    db.session.commit()

    at_once(6, work)
    with app.app_context():
        assert [entry.number for entry in entries()] == list(range(1, 49))
        assert len({entry.subject for entry in entries()}) == 48
        assert list(audit.faults()) == []
    close(app)


def test_details_are_canonical_json_so_that_the_same_facts_have_the_same_hash(context_on_each: Flask) -> None:
    with clock.stopped_at(NOON):
        audit.record("a", "b", one=1, two=[2])
        audit.record("a", "b", two=[2], one=1)
    db.session.commit()
    first, second = entries()
    assert first.details == second.details == json.dumps({"one": 1, "two": [2]}, separators=(",", ":"))
