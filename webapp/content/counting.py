"""The SQL that templates share: which rows a question is about, and which of them count."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Date, Integer, Text, case, cast, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from webapp.content.filters import Filter, Subject
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Excluded, Rows
from webapp.models import Patient, Treatment, Visit
from webapp.models.visit import NOT_COUNTED

Conditions = list[ColumnElement[bool]]

HAPPENED: ColumnElement[bool] = Visit.status.not_in(list(NOT_COUNTED))
"""Visits that count: all but those that did not take place."""


def patients_of(question: Question, filters: Iterable[Filter]) -> Conditions:
    """The clinic's patients whom the question asks about. Ages are those on the question's last day."""
    return [Patient.clinic_id == question.clinic_id, *narrowed(question, filters, "patient")]


def visits_of(question: Question, filters: Iterable[Filter], period: Period) -> Conditions:
    """The clinic's visits on the days of `period` that the question asks about, of any status."""
    filters = tuple(filters)
    return [
        Visit.clinic_id == question.clinic_id,
        Visit.local_day.between(*period),
        *narrowed(question, filters, "visit"),
        *of_asked_patients(question, filters, Visit.patient_id),
    ]


def treatments_of(question: Question, filters: Iterable[Filter]) -> Conditions:
    """The clinic's treatments of any day that the question asks about."""
    filters = tuple(filters)
    return [
        Treatment.clinic_id == question.clinic_id,
        *narrowed(question, filters, "treatment"),
        *of_asked_patients(question, filters, Treatment.patient_id),
    ]


def of_asked_patients(question: Question, filters: Iterable[Filter], patient_id: Any) -> Conditions:
    """That `patient_id` is one of the patients asked about; nothing where all of them are."""
    about_patients = narrowed(question, filters, "patient")
    if not about_patients:
        return []
    asked = select(Patient.id).where(Patient.clinic_id == question.clinic_id, *about_patients)
    # A sum is in no index: else SQLite goes from patient to patient, and reads far more rows than the days have.
    return [(patient_id + 0).in_(asked)]


def narrowed(question: Question, filters: Iterable[Filter], of: Subject) -> Conditions:
    """What the chosen filters say of those rows alone."""
    chosen = question.chosen
    return [
        narrowing.condition(chosen[narrowing.name], question.end)
        for narrowing in filters
        if narrowing.of == of and narrowing.name in chosen
    ]


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows of a group meet the condition."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def visit_rows(connection: Connection, conditions: Conditions) -> Rows:
    """The visits read, those that count, and why the others do not."""
    by_status = select(Visit.status, func.count()).where(*conditions).group_by(Visit.status)
    return rows_by_status({status: count for status, count in connection.execute(by_status)})  # noqa: C416


def rows_by_status(found: Mapping[str, int]) -> Rows:
    """The same, of visits that are counted by status already."""
    excluded = tuple(Excluded(words, found[status]) for status, words in NOT_COUNTED.items() if status in found)
    read = sum(found.values())
    return Rows("visits", read, read - sum(item.count for item in excluded), excluded)


def month_key(day: date) -> str:
    """As figures.Kind writes a month: "2026-10"."""
    return f"{day:%Y-%m}"


class Unindexed(FunctionElement[Any]):
    """Unindexed(column): the column, by which SQLite is to look up no rows.

    Where rows are counted by other columns, an index has them together that SQLite passes over for one by day, only to
    read each row in its place and sort them all. (Hints are not for SQLite: SQLAlchemy leaves them out.)
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unindexed)
def _as_it_is(element: Unindexed, compiler: Any, **how: Any) -> str:
    column: str = compiler.process(element.clauses, **how)
    return column


@compiles(Unindexed, "sqlite")
def _unindexed_on_sqlite(element: Unindexed, compiler: Any, **how: Any) -> str:
    # A plus disqualifies a term: https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    return f"+{compiler.process(element.clauses, **how)}"


class DaysBetween(FunctionElement[int]):
    """DaysBetween(earlier, later): whole days from one column of days to another."""

    type = Integer()
    inherit_cache = True


@compiles(DaysBetween, "postgresql")
def _days_on_postgresql(element: DaysBetween, compiler: Any, **how: Any) -> str:
    earlier, later = (compiler.process(clause, **how) for clause in element.clauses)
    return f"({later} - {earlier})"


@compiles(DaysBetween, "sqlite")
def _days_on_sqlite(element: DaysBetween, compiler: Any, **how: Any) -> str:
    earlier, later = (compiler.process(clause, **how) for clause in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


def ordinal(day: Any) -> ColumnElement[int]:
    """A column of days as date.toordinal() counts them."""
    return DaysBetween(literal(date.min, Date), day) + date.min.toordinal()


class SecondsBetween(FunctionElement[int]):
    """SecondsBetween(earlier, later): whole seconds from one column of moments to another, each cut to its second."""

    type = BigInteger()
    inherit_cache = True


@compiles(SecondsBetween, "postgresql")
def _seconds_on_postgresql(element: SecondsBetween, compiler: Any, **how: Any) -> str:
    earlier, later = (compiler.process(clause, **how) for clause in element.clauses)
    # A BIGINT, for 68 years are more seconds than an INTEGER holds.
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM {later})) - FLOOR(EXTRACT(EPOCH FROM {earlier})) AS BIGINT)"


@compiles(SecondsBetween, "sqlite")
def _seconds_on_sqlite(element: SecondsBetween, compiler: Any, **how: Any) -> str:
    earlier, later = (
        f"CAST(julianday({compiler.process(clause, **how)}) * 86400000.0 + 0.5 AS INTEGER) / 1000"
        for clause in element.clauses
    )
    # SQLite counts in milliseconds, which its julianday() gives back exactly; its strftime() takes five times as long.
    return f"({later} - {earlier})"


class _Listed(FunctionElement[str]):
    """JSON rather than texts put together: PostgreSQL would share those out among its workers, and read the rows in no
    order for that, which costs it three times as much."""

    type = Text()
    inherit_cache = True


@compiles(_Listed, "postgresql")
def _listed_on_postgresql(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **how)})"


@compiles(_Listed, "sqlite")
def _listed_on_sqlite(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **how)})"


def listed(column: Any) -> ColumnElement[str]:
    """In SQL, the numbers of a group. A million rows take Python seconds to fetch, some thousand such texts a tenth."""
    return cast(_Listed(column), Text)
