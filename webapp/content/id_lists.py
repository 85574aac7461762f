"""Ids of a group's rows as one text, for what SQL can tell only by sorting all rows: who is among them, who came next.

A million rows take the database seconds to sort and Python seconds to fetch. In some thousand texts, one for each group
that an index has together, they take a tenth of that. Python then keeps what it knows of each id in an array with a
place for every id: a dict of a hundred thousand keys in no order is several times slower.
"""

import json
from array import array
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, cast, func, select


def ids(column: Any) -> ColumnElement[str]:
    """In SQL, the ids of a group in no particular order, as often as they occur; NULL is none of them."""
    return func.aggregate_strings(cast(column, String), ",")


def read(text: str | None) -> list[int]:
    """What ids() gave."""
    found: list[int] = json.loads(f"[{text or ''}]")
    return found


def places(connection: Connection, model: Any, value: int) -> array[int]:
    """A number below 2**31 for every id of the table, at the place of that id."""
    return array("i", [value]) * ((connection.scalar(select(func.max(model.id))) or 0) + 1)
