"""What is read by column is what the rows say, from the copy and without it."""

import random
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from flask import current_app
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError

from tests.content import hostile
from tests.content.random_clinic import add_random_clinics
from tests.factories import add_patient, add_visit
from webapp import content, jobs
from webapp.content import CATALOGUE, Question, columns, sources
from webapp.content.columns import Columns, copies, grouped, looked_up
from webapp.content.columns.source import Source
from webapp.content.periods import Period
from webapp.content.sources import PATIENTS, SOURCES, VISITS
from webapp.extensions import db, snapshot
from webapp.figures import as_plain
from webapp.models import Clinic, ColumnCopy, ColumnPart, Patient, Visit

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))

some_numbers = st.one_of(st.integers(-3, 3), st.integers(-(2**31), 2**31 - 1))
some_rows = st.lists(st.tuples(st.integers(0, 2), some_numbers, some_numbers), max_size=30)


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


# -- columns -----------------------------------------------------------------------------------------------------------


def by_column(rows: list[tuple[int, int, int]]) -> Columns:
    arrays = np.array(rows, np.int32).reshape(-1, 3).T
    return Columns(dict(zip(("kind", "a", "b"), arrays, strict=True)), {"kind": ["dental", None, "medical"]})


@given(some_rows)
def test_counts_are_those_of_the_rows(rows: list[tuple[int, int, int]]) -> None:
    told = ["dental", None, "medical"]
    found = by_column(rows)
    assert found.counts("kind", "a", "b") == Counter((told[kind], a, b) for kind, a, b in rows)
    assert found.counts("kind") == Counter(told[kind] for kind, *_ in rows)
    assert found.counts("b") == Counter(b for *_, b in rows)


@given(some_rows)
def test_distinct_rows_are_there_once_and_in_order(rows: list[tuple[int, int, int]]) -> None:
    found = by_column(rows).distinct("a", "kind")
    pairs = list(zip(found["a"].tolist(), found["kind"].tolist(), strict=True))
    assert pairs == sorted({(a, kind) for kind, a, _ in rows})


def test_columns_that_are_too_wide_for_one_key_are_grouped_as_well() -> None:
    wide = [-(2**31), 2**31 - 1, -(2**31)]
    found, counts = grouped(*(np.array(wide, np.int32) for _ in range(3)))
    assert [column.tolist() for column in found] == [[-(2**31), 2**31 - 1]] * 3
    assert counts.tolist() == [2, 1]


def test_an_id_that_does_not_occur_is_looked_up_as_the_default() -> None:
    at, ids, values = (np.array(some, np.int32) for some in ([7, 3, -1, 9, 0], [3, 7], [30, 70]))
    assert looked_up(at, ids, values, 5).tolist() == [70, 30, 5, 5, 5]
    nobody = np.array([], np.int32)
    assert looked_up(at, nobody, nobody, 5).tolist() == [5] * 5
    assert looked_up(nobody, ids, values, 5).tolist() == []


some_ids = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 2**31 - 1)), max_size=12)


@given(some_ids, some_ids, st.booleans())
def test_values_are_looked_up_however_far_apart_the_ids_lie(ids: list[int], others: list[int], is_near: bool) -> None:
    near = [one % 13 for one in ids] if is_near else ids
    value_of = {one: place for place, one in enumerate(dict.fromkeys(near))}
    asked = [*near, *others, columns.UNKNOWN]
    at, known, values = (np.array(some, np.int32) for some in (asked, list(value_of), list(value_of.values())))
    assert looked_up(at, known, values, -7).tolist() == [value_of.get(one, -7) for one in asked]


def test_the_ids_of_other_clinics_take_no_memory() -> None:
    """The ids of a small clinic are high, and far apart, where large ones have theirs in between."""
    ids = np.array([5, 2**30, 2**31 - 1], np.int32)
    tracemalloc.start()
    try:
        assert looked_up(ids, ids, ids, 0).tolist() == ids.tolist()
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_records_are_chosen_by_text_and_by_day() -> None:
    found = by_column([(0, 1, 10), (1, 2, 20), (2, 3, 30)])
    assert found.where(found.is_one_of("kind", ["medical", None]))["a"].tolist() == [2, 3]
    assert found.where(found.is_one_of("kind", ["none such"]))["a"].tolist() == []
    days = found.having(day=np.array([date(2026, 9, n).toordinal() for n in (1, 15, 30)], np.int32))
    assert days.within((date(2026, 9, 2), date(2026, 9, 30)))["a"].tolist() == [2, 3]


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


def test_a_copy_that_fails_keeps_no_other_from_its_turn(
    random_clinics: list[Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, real_keep = ("patients", random_clinics[0].id), copies.keep

    def keep(source: Source, clinic_id: int) -> None:
        if (source.name, clinic_id) == broken:
            db.session.execute(text("SELECT no_such_thing"))
        real_keep(source, clinic_id)

    monkeypatch.setattr(copies, "keep", keep)
    with pytest.raises(SQLAlchemyError):
        sources.keep_up()
    assert kept() == {(source.name, clinic.id) for source in SOURCES for clinic in random_clinics} - {broken}


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
