"""What is read by column is what the rows say, from the copy and without it."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import ColumnElement, delete, update

from tests.content import hostile
from tests.content.by_column import keep_all, names_of, read, records, selected
from tests.content.random_clinic import add_random_clinics
from tests.factories import add_patient, add_visit
from webapp import content
from webapp.content import CATALOGUE, Question, columns, sources
from webapp.content.columns import copies
from webapp.content.columns.source import Source
from webapp.content.periods import Period
from webapp.content.sources import PATIENTS, SOURCES, VISITS
from webapp.extensions import db, snapshot
from webapp.figures import as_plain
from webapp.models import Clinic, ColumnCopy, ColumnPart, Patient, Visit

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def spoil_copies() -> None:
    """So that whoever reads a copy is told that there are no records."""
    db.session.execute(update(ColumnPart).values(numbers=b""))
    db.session.execute(update(ColumnCopy).values(sizes="{}"))
    db.session.commit()


# -- reading -----------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("lost", [ColumnPart.month == date(2026, 9, 1), ColumnPart.column == "status"])
def test_a_copy_that_has_lost_rows_is_not_used(
    random_clinics: list[Clinic], lost: ColumnElement[bool], caplog: pytest.LogCaptureFixture
) -> None:
    clinic, names = random_clinics[0], names_of(VISITS)
    keep_all(clinic)
    db.session.execute(delete(ColumnPart).where(lost))
    db.session.commit()
    assert records(read(VISITS, clinic, *names), names) == selected(VISITS, clinic, names)
    assert "a copy of records has lost some" in caplog.messages
    with snapshot() as connection:
        counted = VISITS.by_day(connection, clinic.id, ("status",), SEPTEMBER)
    assert sum(counted.values()) == len(read(VISITS, clinic, "patient", period=SEPTEMBER)) > 0


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
