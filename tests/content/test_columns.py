"""What is read by column is what the rows say, from the copy and without it."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from tests.content import hostile
from tests.content.random_clinic import add_random_clinics
from tests.factories import add_patient, add_visit
from webapp import content, jobs
from webapp.content import CATALOGUE, Question, columns, sources
from webapp.content.columns import Columns, copies
from webapp.content.columns.source import Source
from webapp.content.periods import Period
from webapp.content.sources import PATIENTS, SOURCES, VISITS
from webapp.extensions import db, snapshot
from webapp.figures import as_plain
from webapp.models import Clinic, ColumnCopy, ColumnPart, Patient, Visit

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def names_of(source: Source) -> tuple[str, ...]:
    return tuple(sorted({*source.texts, *source.numbers, *(["day"] if source.is_by_day else [])}))


def read(source: Source, clinic: Clinic, *names: str, period: Period | None = None, narrowed: Any = None) -> Columns:
    with snapshot() as connection:
        return source.read(connection, clinic.id, names, period, narrowed)


def records(found: Columns, names: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """Whatever their order."""
    return Counter(found.counts(*names))


def selected(source: Source, clinic: Clinic, names: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """The same by the source's own SQL, a row each."""
    rows = db.session.execute(source.rows([source.clinic_id == clinic.id])).mappings()
    return Counter(
        tuple(row[name].toordinal() if isinstance(row[name], date) else row[name] for name in names) for row in rows
    )


def keep_all(clinic: Clinic) -> None:
    for source in SOURCES:
        copies.keep(source, clinic.id)


def spoil_copies() -> None:
    """So that whoever reads a copy is told nothing that is true."""
    db.session.execute(update(ColumnPart).values(numbers=b""))
    db.session.commit()


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def random_clinics(database: str) -> list[Clinic]:
    return add_random_clinics([25, 10], seed=7)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_columns_are_those_of_the_rows_from_the_copy_and_without(random_clinics: list[Clinic], source: Source) -> None:
    clinic, names = random_clinics[0], names_of(source)
    expected = selected(source, clinic, names)
    assert sum(expected.values()) > 10
    assert records(read(source, clinic, *names), names) == expected
    for each in random_clinics:
        copies.keep(source, each.id)
    assert records(read(source, clinic, *names), names) == expected
    spoil_copies()
    assert not len(read(source, clinic, *names)), "the copy was not read"


@pytest.mark.parametrize(
    "source", [source for source in SOURCES if source.on_day is not None], ids=lambda source: source.name
)
def test_a_period_is_read_from_its_first_day_to_its_last(random_clinics: list[Clinic], source: Source) -> None:
    clinic, names = random_clinics[0], names_of(source)
    of_period = (date(2026, 9, 8), date(2026, 10, 13))
    start, end = (day.toordinal() for day in of_period)
    at = names.index("day")
    expected = Counter(
        {row: count for row, count in selected(source, clinic, names).items() if start <= row[at] <= end}
    )
    assert expected
    assert records(read(source, clinic, *names, period=of_period), names) == expected
    copies.keep(source, clinic.id)
    assert records(read(source, clinic, *names, period=of_period), names) == expected
    # The days are read for the period even where nobody asks for them.
    one = (source.numbers[0],)
    assert len(read(source, clinic, *one, period=of_period)) == sum(expected.values())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_one_column_alone_is_read_as_with_all_others(random_clinics: list[Clinic], source: Source) -> None:
    clinic = random_clinics[0]
    for name in names_of(source):
        expected = Counter({value: count for (value,), count in selected(source, clinic, (name,)).items()})
        assert records(read(source, clinic, name), (name,)) == expected, name


@pytest.mark.parametrize("source", [each for each in SOURCES if each.is_by_day], ids=lambda source: source.name)
def test_records_are_counted_by_day_from_the_copy_and_without(random_clinics: list[Clinic], source: Source) -> None:
    clinic, names = random_clinics[0], (*source.texts, source.numbers[0])
    start, end = of_period = (date(2026, 9, 8), date(2026, 10, 13))
    expected = {
        (date.fromordinal(day), *has): count
        for (day, *has), count in selected(source, clinic, ("day", *names)).items()
        if start.toordinal() <= day <= end.toordinal()
    }
    assert expected

    def counted() -> dict[tuple[Any, ...], int]:
        with snapshot() as connection:
            return source.by_day(connection, clinic.id, names, of_period)

    assert counted() == expected
    copies.keep(source, clinic.id)
    assert counted() == expected
    spoil_copies()
    assert counted() == {}, "the copy was not read"


def test_a_copy_is_used_for_what_it_is_of_and_for_nothing_else(random_clinics: list[Clinic]) -> None:
    clinic = random_clinics[0]
    keep_all(clinic)
    before = len(read(VISITS, clinic, "patient"))
    spoil_copies()
    dental = read(VISITS, clinic, "kind", narrowed=[Visit.kind == "dental"])
    assert 0 < len(dental) < before
    assert set(dental.counts("kind")) == {"dental"}
    add_visit(add_patient(clinic), "2026-09-01 09:00")
    Clinic.records_changed(clinic.id)
    db.session.commit()
    assert len(read(VISITS, clinic, "patient")) == before + 1


def test_a_copy_that_was_made_in_another_way_is_not_used(random_clinics: list[Clinic]) -> None:
    clinic = random_clinics[0]
    copies.keep(PATIENTS, clinic.id)
    spoil_copies()
    women = replace(PATIENTS, rows=lambda conditions: PATIENTS.rows([*conditions, Patient.sex == "female"]))
    assert set(read(women, clinic, "sex").counts("sex")) == {"female"}


def test_records_of_the_first_month_of_all_and_those_without_a_day_are_told_apart(database: str) -> None:
    clinic = hostile.add(
        hostile.Rows(
            patients=({"sex": "unknown"},),
            treatments=tuple(
                {"patient": 0, "name": "", "kind": "medical", "performed_on": day} for day in (None, date.min, date.max)
            ),
        )
    )
    copies.keep(sources.TREATMENTS, clinic.id)
    found = read(sources.TREATMENTS, clinic, "day")
    assert sorted(found["day"].tolist()) == [columns.NO_DAY, date.min.toordinal(), date.max.toordinal()]
    assert len(read(sources.TREATMENTS, clinic, "day", period=(date.min, date.min))) == 1


# -- keeping -----------------------------------------------------------------------------------------------------------


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


# -- reports -----------------------------------------------------------------------------------------------------------


def said(clinic: Clinic, compare: Any, period: Period) -> dict[str, Any]:
    """By every template."""

    def say(template: str) -> Any:
        asked = Question(template, clinic.id, clinic.timezone, *period, compare=compare, suppress_below=0)
        with snapshot() as connection:
            return as_plain(content.build(connection, asked))

    return {template: say(template) for template in CATALOGUE}


def of_hostile_rows() -> Clinic:
    zone = next(iter(hostile.CHANGES))
    dice = hostile.Dice(random.Random(3), zone, SEPTEMBER, 0.2)
    return hostile.add(hostile.rows(dice, [30 for _ in hostile.KINDS_OF_ROWS]))


def of_usual_rows() -> Clinic:
    return add_random_clinics([30], seed=11)[0]


@pytest.mark.parametrize("make", [of_usual_rows, of_hostile_rows])
def test_every_report_says_the_same_from_copies(database: str, make: Callable[[], Clinic]) -> None:
    clinic = make()
    for compare, period in (("before", OCTOBER), ("year", SEPTEMBER)):
        Clinic.records_changed(clinic.id)
        db.session.commit()
        expected = said(clinic, compare, period)
        keep_all(clinic)
        assert said(clinic, compare, period) == expected
