"""What a log says of a fault: where and of what kind, never what stands in a row."""

import logging
import sys

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from webapp import logs
from webapp.errors import FiguresFailed
from webapp.extensions import db

# Apart from where they are used: a traceback shows the lines of the program.
NAME = "Jane Doe"
STATEMENT = f'SELECT * FROM "{NAME}" WHERE name = :name'


def fault_of(statement: str, **values: object) -> DBAPIError:
    with pytest.raises(DBAPIError) as raised:
        db.session.execute(text(statement), values)
    db.session.rollback()
    return raised.value


def written(fault: BaseException, form: str) -> str:
    """The line that a logger writes with this fault."""
    formatter = logs._Json() if form == "json" else logs._Text()
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "it failed", None, (type(fault), fault, None))
    return formatter.format(record)


@pytest.mark.parametrize(
    "said",
    [
        "x\nDETAIL:  Failing row contains (1, Jane\nDoe of Main Street, 2).\n[SQL: INSERT]",
        'invalid input syntax for type date: "Jane Doe"',
        "syntax error\nLINE 1: ... VALUES ('Jane Doe')\n   ^",
        'x\nCONTEXT:  COPY patients, line 1, column born: "Jane Doe"',
        "(psycopg.errors.DatetimeFieldOverflow) out of range: Jane Doe",
        "[SQL: INSERT]\n[parameters: ('Jane]\nDoe',)]",
    ],
)
def test_a_text_that_repeats_a_database_is_cut_where_that_begins(said: str) -> None:
    assert "Jane" not in logs.scrubbed(said)
    assert "Doe" not in logs.scrubbed(said)


def test_a_text_of_our_own_is_left_as_it_is() -> None:
    assert logs.scrubbed("the sweep found 3 reports in line 1") == "the sweep found 3 reports in line 1"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_fault_of_the_database_is_told_by_its_kind_and_its_place(context_on_each: Flask, form: str) -> None:
    try:
        try:
            raise fault_of(STATEMENT, name=NAME)
        except DBAPIError as cause:
            raise FiguresFailed(f"no figures: {cause}") from cause
    except FiguresFailed as fault:
        line, short = written(fault, form), logs.in_short(fault)
    assert "Jane" not in line
    assert "Jane" not in short
    assert short in ("FiguresFailed (SQLITE_ERROR)", "FiguresFailed (42P01)")
    assert short in line
    assert "test_a_fault_of_the_database_is_told" in line
    assert "do_execute" in line


def test_a_value_that_was_never_sent_is_not_told_either(context: Flask) -> None:
    with pytest.raises(StatementError) as raised:
        db.session.execute(text("SELECT :name"), {"born": NAME})
    assert "Jane" not in written(raised.value, "text")


def test_a_fault_of_our_own_is_told_in_full() -> None:
    try:
        raise FiguresFailed("no template 'weather'")
    except FiguresFailed:
        fault = sys.exception()
    assert fault
    assert logs.in_short(fault) == "FiguresFailed: no template 'weather'"
    assert "FiguresFailed: no template 'weather'" in written(fault, "text")
