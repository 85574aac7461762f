"""In which order the parts of a column's dates stand: what the dates themselves allow, and what was said."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from webapp.uploads.layout.dates import Stamp, day_of
from webapp.uploads.layout.layout import ORDERS
from webapp.uploads.layout.numbers import Unread

_ANY_DAY = date(2030, 12, 31)
"""For telling whether days can be read at all; the year does not matter but for leap days."""
_MOST = 0.9
"""The share of dates that tell an order, of a column that contradicts itself, above which the others are slips."""


@dataclass(frozen=True, slots=True)
class Order:
    """The `order` by which a column is read, empty when that is not known; whether that must be `asked`, with the
    `likely` one first, and whether of this column `alone`, because it contradicts itself or how dates usually stand;
    what is to be `noted`; and the order that the dates tell themselves (`told`), where they tell one."""

    order: str
    asked: bool = False
    likely: tuple[str, ...] = ()
    alone: bool = False
    noted: str = ""
    told: str = ""


def orders_of(
    columns: Mapping[int, Sequence[Stamp]],
    headers: Mapping[int, str],
    answered: str,
    clinic: str,
    alone: Mapping[int, str],
) -> dict[int, Order]:
    """The orders of all columns of dates of a sheet, by their index; the rest as order_of() has it.

    Where a column tells another order than the clinic's, the clinic's is not taken for the others either. One question
    is asked for all columns that leave open the same orders, and one of each other column alone.
    """

    def found(column: int, answered: str, usual: str) -> Order:
        return order_of(columns[column], headers[column], answered, usual, alone.get(column, ""))

    unanswered = {column: found(column, "", clinic) for column in columns}
    told = {one.told for one in unanswered.values()} - {""}
    usual = {column: clinic if one.told or told <= {clinic} else "" for column, one in unanswered.items()}
    unanswered = {column: found(column, "", usual[column]) for column in columns}
    first = next((one.likely for one in unanswered.values() if one.asked and not one.alone), ())
    orders = {}
    for column, one in unanswered.items():
        if one.asked and not one.alone and one.likely != first:
            orders[column] = replace(one, alone=True)
        else:
            orders[column] = found(column, answered, usual[column])
    return orders


def order_of(stamps: Iterable[Stamp], header: str, answered: str, clinic: str, alone: str = "") -> Order:
    """By which order the dates of a column are read. `header` is what its header says, `answered` what was said of
    dates in this sheet, `clinic` the clinic's convention, `alone` what was said of this column by itself.

    What was said of the sheet holds for columns whose dates leave the order open. Dates that can only be read in one
    way are read so. Where that is not the way of the header or the clinic, or where dates of one column contradict each
    other, somebody must say how this column is meant: never is one half of it read in one way and the other in another.
    Dates that no order makes a day tell nothing.
    """
    parts = {(found.parts, found.short) for found in stamps if found.parts is not None and not found.month}
    possible = _possible(parts)
    open_ones = {one: orders for one in parts if (orders := _orders_of(one[0], possible))}
    if not open_ones or alone in possible:
        return Order(alone or header or answered or clinic)
    fitting = [order for order in possible if all(order in orders for orders in open_ones.values())]
    if not fitting:
        return _contradicting(list(open_ones.values()), possible, header or clinic)
    if len({tuple(_reads(parts, order) for parts, _ in sorted(open_ones)) for order in fitting}) == 1:
        return _of_one_way(fitting, possible, answered, header or clinic)
    said = next((one for one in (header, answered, clinic) if one in fitting), "")
    return Order(said) if said else Order("", True, tuple(fitting))


def _of_one_way(fitting: list[str], possible: list[str], answered: str, usual: str) -> Order:
    """Of a column whose dates can only be read in one way."""
    told = fitting[0] if len(fitting) == 1 else ""
    for said in (usual, answered):
        if said in fitting:
            return Order(said, told=told, noted=_noted(said, answered) if answered not in ("", *fitting) else "")
    if usual in possible:
        return Order("", True, (*fitting, *(one for one in possible if one not in fitting)), alone=True, told=told)
    return Order(fitting[0], noted=_noted(fitting[0], answered), told=told)


def _contradicting(orders: list[tuple[str, ...]], possible: list[str], usual: str) -> Order:
    """Of a column whose dates fit no one order: the usual one where nearly all that tell an order tell it."""
    telling = Counter(one[0] for one in orders if len(one) == 1)
    likely = sorted(possible, key=lambda order: (-telling[order], possible.index(order)))
    if usual == likely[0] and telling[usual] >= _MOST * telling.total():
        return Order(usual)
    return Order("", True, tuple(likely), alone=True)


def _possible(parts: Iterable[tuple[tuple[int, int, int], bool]]) -> list[str]:
    return [order for order in ORDERS if order != "ymd" or all(short for _, short in parts)]


def _orders_of(parts: tuple[int, int, int], possible: list[str]) -> tuple[str, ...]:
    return tuple(order for order in possible if _reads(parts, order) is not None)


def _reads(parts: tuple[int, int, int], order: str) -> date | None:
    found = day_of(Stamp(parts=parts), order, _ANY_DAY, in_the_past=False)
    return None if isinstance(found, Unread) else found


def _noted(order: str, answered: str) -> str:
    noted = f"The dates of this column can only be read as {ORDERS[order].lower()}, and are read so"
    return f"{noted}, although {ORDERS[answered].lower()} was said of dates." if answered else f"{noted}."
