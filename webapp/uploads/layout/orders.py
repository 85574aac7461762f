"""In which order the parts of a column's dates stand: what the dates themselves allow, and what was said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from webapp.uploads.layout.dates import Stamp, day_of
from webapp.uploads.layout.layout import ORDERS
from webapp.uploads.layout.numbers import Unread

_ANY_DAY = date(2030, 12, 31)
"""For telling whether days can be read at all; the year does not matter but for leap days."""


@dataclass(frozen=True, slots=True)
class Order:
    """The `order` by which a column is read, empty when that is not known; whether that must be `asked`, with the
    `likely` one first, and whether that is so because the clinic's own order does not fit (`conflict`); and what is to
    be `noted`."""

    order: str
    asked: bool = False
    likely: tuple[str, ...] = ()
    conflict: bool = False
    noted: str = ""


def order_of(stamps: Iterable[Stamp], header: str, answered: str, clinic: str) -> Order:
    """By which order the dates of a column are read. `header` is what its header says, `answered` what was said of this
    sheet, `clinic` the clinic's convention.

    Dates that can only be read in one way are read so, where the clinic has said nothing. Where they can all be read in
    one way that is not the clinic's, somebody must say whether they are or whether the dates are wrong.
    """
    open_ones = {(found.parts, found.short) for found in stamps if found.parts is not None and not found.month}
    if not open_ones:
        return Order(header or answered or clinic)
    possible = _possible(open_ones)
    fitting = [order for order in possible if all(_reads(parts, order) is not None for parts, _ in open_ones)]
    said = header if header in fitting else answered or header or clinic
    if said not in possible:
        said = ""
    readings = {tuple(_reads(parts, order) for parts, _ in sorted(open_ones)) for order in fitting}
    if len(readings) == 1:
        if said in fitting:
            return Order(said)
        if not said:
            return Order(fitting[0], noted=_noted(fitting[0]))
        if not answered:
            return Order("", True, (*fitting, *(order for order in possible if order not in fitting)), conflict=True)
    return Order(said) if said else Order("", True, tuple(fitting or possible))


def _possible(open_ones: Iterable[tuple[tuple[int, int, int], bool]]) -> list[str]:
    return [order for order in ORDERS if order != "ymd" or all(short for _, short in open_ones)]


def _reads(parts: tuple[int, int, int], order: str) -> date | None:
    found = day_of(Stamp(parts=parts), order, _ANY_DAY, in_the_past=False)
    return None if isinstance(found, Unread) else found


def _noted(order: str) -> str:
    return f"The dates of this column can only be read as {ORDERS[order].lower()}, and are read so."
