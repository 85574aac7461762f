"""Ids of a group's rows as one text, for what SQL can tell only by sorting all rows: who is among them, who came next.

A million rows take the database seconds to sort and Python seconds to fetch. In some thousand texts, one for each group
that an index has together, they take a tenth of that. Python then keeps what it knows of each id in an array with a
place for every id: a dict of a hundred thousand keys in no order is several times slower.
"""

import json
from array import array
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Listed(FunctionElement[str]):
    """JSON rather than texts put together: PostgreSQL would share those out among its workers, and read the rows in no
    order for that, which costs it three times as much."""

    type = Text()
    inherit_cache = True


@compiles(_Listed, "postgresql")
def _on_postgresql(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **how)})"


@compiles(_Listed, "sqlite")
def _on_sqlite(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **how)})"


def ids(column: Any, where: ColumnElement[bool] | None = None) -> ColumnElement[str]:
    """In SQL, the ids of a group, or those of its rows that meet a condition: in no particular order, as often as they
    occur, without NULL."""
    there = column.is_not(None)
    return cast(_Listed(column).filter(there if where is None else there & where), Text)


def read(text: str | None) -> list[int]:
    """What ids() gave."""
    found: list[int] = json.loads(text or "[]")
    return found


def places(connection: Connection, model: Any, value: int) -> array[int]:
    """A number below 2**31 for every id of the table, at the place of that id."""
    return array("i", [value]) * ((connection.scalar(select(func.max(model.id))) or 0) + 1)


def marks(connection: Connection, model: Any) -> bytearray:
    """A mark that is not set for every id of the table, at the place of that id. Place 0 is nobody's."""
    return bytearray((connection.scalar(select(func.max(model.id))) or 0) + 1)
