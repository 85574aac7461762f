"""Copies of records by column are kept up to date, whatever else happens."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from tests.content.by_column import keep_all, names_of, read, records, selected
from webapp import jobs
from webapp.content import sources
from webapp.content.columns import copies
from webapp.content.columns.source import Source
from webapp.content.sources import PATIENTS, SOURCES, VISITS
from webapp.extensions import db
from webapp.models import Clinic, ColumnCopy, ColumnPart, Patient


def kept() -> set[tuple[str, int]]:
    return {(copy.name, copy.clinic_id) for copy in db.session.scalars(select(ColumnCopy))}


def test_a_tick_copies_what_has_changed_and_nothing_else(
    random_clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.tick()
    assert kept() == {(source.name, clinic.id) for source in SOURCES for clinic in random_clinics}
    done: list[tuple[str, int]] = []
    real_keep = copies.keep

    def keep(source: Source, clinic_id: int) -> None:
        done.append((source.name, clinic_id))
        real_keep(source, clinic_id)

    monkeypatch.setattr(copies, "keep", keep)
    jobs.tick()
    assert done == []
    changed = random_clinics[1].id
    Clinic.records_changed(changed)
    db.session.execute(
        update(ColumnCopy)
        .where(ColumnCopy.clinic_id == random_clinics[0].id, ColumnCopy.name == "visits")
        .values(definition="0" * 64)
    )
    db.session.commit()
    jobs.tick()
    assert sorted(done) == sorted([("visits", random_clinics[0].id), *((source.name, changed) for source in SOURCES)])


def parts_of(clinic: Clinic) -> dict[tuple[str, date, str], bytes]:
    of_clinic = select(ColumnPart.name, ColumnPart.month, ColumnPart.column, ColumnPart.numbers).where(
        ColumnPart.clinic_id == clinic.id
    )
    return {(name, month, column): numbers for name, month, column, numbers in db.session.execute(of_clinic)}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_copy_over_another_is_as_if_that_had_not_been(random_clinics: list[Clinic], source: Source) -> None:
    """Where it had other months, columns, texts and numbers."""
    clinic, names = random_clinics[0], names_of(source)
    fewer = replace(source, rows=lambda asked: source.rows([*asked, source.clinic_id != clinic.id]))
    strange = {"clinic_id": clinic.id, "name": source.name}
    for before in (fewer, source):
        copies.keep(before, clinic.id)
        for month, column in ((date(1999, 1, 1), names[0]), (date(2026, 9, 1), "none"), (date.min, "none")):
            db.session.add(ColumnPart(**strange, month=month, column=column, numbers=b"1234"))
        some = [key for key in parts_of(clinic) if key[2] == names[-1]]
        for name, month, column in some[::2]:
            db.session.get_one(ColumnPart, (clinic.id, name, month, column)).numbers = b"4321"
        db.session.commit()
        copies.keep(source, clinic.id)
        db.session.expire_all()
        assert records(read(source, clinic, *names), names) == selected(source, clinic, names)
        assert {column for _, _, column in parts_of(clinic)} == set(names)
        assert date(1999, 1, 1) not in {month for _, month, _ in parts_of(clinic)}


def test_what_has_not_changed_is_not_written_again(random_clinics: list[Clinic]) -> None:
    clinic = random_clinics[0]
    copies.keep(VISITS, clinic.id)
    other = (clinic.id, "visits", date(2026, 9, 1), "patient")
    db.session.get_one(ColumnPart, other).numbers = b"1234"
    db.session.commit()
    written: list[Any] = []

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_others: Any) -> None:
        if sql.startswith("INSERT INTO column_parts"):
            written.append(parameters)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        copies.keep(VISITS, clinic.id)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(written) == 1
    values = tuple(written[0].values() if isinstance(written[0], dict) else written[0])
    assert "patient" in values
    assert "visit" not in values


def test_a_copy_that_fails_keeps_no_other_from_its_turn(
    random_clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, real_keep = ("patients", random_clinics[0].id), copies.keep

    def keep(source: Source, clinic_id: int) -> None:
        if (source.name, clinic_id) == broken:
            db.session.execute(update(Patient).values(mrn="half done"))
            raise ValueError("no number")
        real_keep(source, clinic_id)

    monkeypatch.setattr(copies, "keep", keep)
    with pytest.raises(ValueError, match="no number"):
        sources.keep_up()
    assert "half done" not in db.session.scalars(select(Patient.mrn))
    assert kept() == {(source.name, clinic.id) for source in SOURCES for clinic in random_clinics} - {broken}


def test_a_round_ends_when_the_database_fails(random_clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def keep(source: Source, clinic_id: int) -> None:
        tried.append(clinic_id)
        raise OperationalError("INSERT", None, Exception("no space left"))

    monkeypatch.setattr(copies, "keep", keep)
    with pytest.raises(OperationalError):
        sources.keep_up()
    assert len(tried) == 1


def test_a_round_of_copies_ends_in_time_and_the_next_goes_on(
    random_clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Round:
        def __init__(self, seconds: float) -> None:
            assert seconds == copies.SECONDS < 60
            self.left = 20

        @property
        def has_passed(self) -> bool:
            self.left -= 1
            return self.left < 0

    monkeypatch.setattr(copies, "Deadline", Round)
    sources.keep_up()
    assert len(kept()) == 20
    sources.keep_up()
    assert len(kept()) == len(SOURCES) * len(random_clinics) == 24


def test_copies_that_nothing_reads_any_more_go(random_clinics: list[Clinic]) -> None:
    copies.keep_up([PATIENTS, VISITS])
    copies.keep_up([PATIENTS])
    assert {name for name, _ in kept()} == set(db.session.scalars(select(ColumnPart.name))) == {"patients"}


def test_a_clinic_that_has_gone_meanwhile_has_no_copy(random_clinics: list[Clinic]) -> None:
    copies.keep(PATIENTS, max(clinic.id for clinic in random_clinics) + 1)
    assert kept() == set()


def test_a_clinic_without_records_has_empty_copies(clinic: Clinic) -> None:
    keep_all(clinic)
    assert kept() == {(source.name, clinic.id) for source in SOURCES}
    assert [len(read(source, clinic, *names_of(source))) for source in SOURCES] == [0] * len(SOURCES)


def test_copies_of_a_clinic_go_with_it(random_clinics: list[Clinic]) -> None:
    keep_all(random_clinics[0])
    db.session.delete(random_clinics[0])
    db.session.commit()
    assert db.session.scalar(select(ColumnPart.name).limit(1)) is None
    assert kept() == set()


def test_two_that_copy_at_once_leave_one_whole_copy(random_clinics: list[Clinic]) -> None:
    clinic, app = random_clinics[0], current_app._get_current_object()  # type: ignore[attr-defined]
    expected = records(read(VISITS, clinic, *names_of(VISITS)), names_of(VISITS))
    clinic_id, together, faults = clinic.id, threading.Barrier(2), []

    def keep() -> None:
        try:
            with app.app_context():
                together.wait()
                copies.keep(VISITS, clinic_id)
        except Exception as fault:  # noqa: BLE001 looked at below
            faults.append(fault)

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert records(read(VISITS, clinic, *names_of(VISITS)), names_of(VISITS)) == expected
