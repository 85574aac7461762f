"""Cells of one column as readings. What was read once is remembered, so that a long sheet reads fast."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.content.vitals.daily import CONSCIOUSNESS, NUMBERS, OXYGEN_GIVEN
from webapp.uploads.drafts import Outcome
from webapp.uploads.layout import pressures, spoken, text
from webapp.uploads.layout.layout import PRESSURE
from webapp.uploads.layout.numbers import Number, Unread, is_absent, read, settled
from webapp.uploads.layout.units import in_ours, own
from webapp.uploads.workbook import Cell

CELSIUS, FAHRENHEIT = (30.0, 45.0), (90.0, 110.0)
"""Temperatures of somebody alive, which in these two units cannot be taken for one another."""

Item = tuple[str, float | None, str, str, bool]
"""Measure, value, word, given and converted of a drafts.Reading."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A drafts.Fault without its place."""

    kind: str
    reason: str
    outcome: Outcome = "value left out"


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell says: readings, and what is wrong with it."""

    items: tuple[Item, ...] = ()
    trouble: Trouble | None = None


NOTHING = Said()
UNCOUNTED = Trouble(
    "formula without a value",
    "This cell holds a formula whose result was never saved. Open the sheet in Excel, save it, and upload it again.",
)

_FRACTIONS = Trouble(
    "fractions read as percent",
    "All numbers lie between 0.5 and 1: they are read as fractions, 0.96 as 96 %.",
    "noted",
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the numbers of a column are meant where the cell itself does not say: in `unit`; as fractions of one; a
    temperature `by_range`; oxygen as `yes_or_no`."""

    unit: str = ""
    fraction: bool = False
    by_range: bool = False
    yes_or_no: bool = False


class Reader:
    """Reads cells of a field in one manner."""

    def __init__(self, field: str, manner: Manner) -> None:
        self.field, self.manner = field, manner
        self._known: dict[tuple[type, Cell], Said] = {}

    def read(self, cell: Cell) -> Said:
        if cell is None:
            return NOTHING
        place = (cell.__class__, cell)
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = self._read(cell)
        return found

    def _read(self, cell: Cell) -> Said:
        if self.field == OXYGEN_GIVEN:
            return self._oxygen_given(cell)
        if is_absent(cell):
            return NOTHING
        if self.field == CONSCIOUSNESS:
            level = spoken.level(cell)
            if isinstance(level, Unread):
                return _unread("cannot be read as ACVPU", level)
            return Said(((CONSCIOUSNESS, None, level, text.shown(cell), False),))
        if self.field == PRESSURE:
            return _pressure(cell)
        if self.field == "oxygen" and isinstance(cell, str):
            both = spoken.with_supply(text.cleaned(cell))
            if both is not None:
                return self._saturation_and_supply(cell, both)
        number = read(cell, self.field)
        return _unread("cannot be read", number) if isinstance(number, Unread) else self._number(cell, number)

    def _oxygen_given(self, cell: Cell) -> Said:
        found = spoken.oxygen(cell, self.manner.unit, self.manner.yes_or_no)
        if isinstance(found, Unread):
            return NOTHING if is_absent(cell) else _unread("cannot be read as air or oxygen", found)
        return Said(((OXYGEN_GIVEN, found[1], found[0], text.shown(cell), False),))

    def _saturation_and_supply(self, cell: Cell, both: tuple[Number, tuple[str, float | None]]) -> Said:
        number, (word, flow) = both
        supply: Item = (OXYGEN_GIVEN, flow, word, text.shown(cell), False)
        said = self._number(cell, number)
        return Said((*said.items, supply), said.trouble)

    def _number(self, cell: Cell, number: Number) -> Said:
        if self.field == "oxygen" and 0 < number.value <= 1:
            if not self.manner.fraction:
                return _unread("cannot be read", Unread("This may be a fraction or a percent. Write 96 for 96 %."))
            return Said((("oxygen", round(number.value * 100, 6), "", text.shown(cell), True),))
        unit = number.unit or self._unit(number.value)
        if not unit:
            return _unread("unit not known", Unread("The unit is not known."))
        value = settled(number, self.field, unit)
        if isinstance(value, Unread):
            return _unread("cannot be read", value)
        with_unit = bool(NUMBERS[self.field].scales) and not number.unit
        given = f"{text.shown(cell)} {unit}" if with_unit else text.shown(cell)
        return Said(((self.field, value[0], "", given, value[1]),), _remark(number.remark))

    def _unit(self, value: float) -> str:
        if self.manner.by_range:
            if CELSIUS[0] <= value <= CELSIUS[1]:
                return "°C"
            if FAHRENHEIT[0] <= value <= FAHRENHEIT[1]:
                return "°F"
        return self.manner.unit or own(self.field) or ""


def _pressure(cell: Cell) -> Said:
    found = pressures.read(cell)
    if isinstance(found, Unread):
        return _unread("cannot be read as a blood pressure", found)
    systolic, diastolic, remark = found
    given = text.shown(cell)
    items: list[Item] = [("systolic", systolic, "", given, False)]
    if diastolic is None:
        return Said(tuple(items), Trouble("one pressure alone", "There is no diastolic pressure here.", "noted"))
    items.append(("diastolic", diastolic, "", given, False))
    return Said(tuple(items), _remark(remark))


def _remark(remark: str) -> Trouble | None:
    if not remark:
        return None
    return Trouble("remark not kept", f"The number is used; the remark “{remark}” is not kept.", "noted")


def _unread(kind: str, why: Unread) -> Said:
    return Said((), Trouble(kind, why.reason))


def manner_of(field: str, cells: Sequence[Cell], unit: str, said: str) -> tuple[Manner, Trouble | None]:
    """How the numbers of a column are meant, by its cells, the `unit` of its header and the one that was `said` of the
    measure; and what is to be noted of it. A manner without a unit, where one is needed, must be asked about."""
    if field == OXYGEN_GIVEN:
        return Manner(unit, yes_or_no=all(_bare(cell, field) in (None, 0.0, 1.0) for cell in cells)), None
    if field == "oxygen":
        bare = [number for cell in cells if (number := _bare(cell, field)) is not None]
        fraction = bool(bare) and all(0.5 <= number <= 1 for number in bare)
        return Manner(unit, fraction=fraction), _FRACTIONS if fraction else None
    if field != "temperature" or unit or said:
        return Manner(unit or said or own(field) or ""), None
    return _temperature([number for cell in cells if (number := _bare(cell, field)) is not None])


def _temperature(bare: list[float]) -> tuple[Manner, Trouble | None]:
    cold = any(CELSIUS[0] <= number <= CELSIUS[1] for number in bare)
    hot = any(FAHRENHEIT[0] <= number <= FAHRENHEIT[1] for number in bare)
    if not cold and not hot:
        return Manner(by_range=True), None
    unit = "" if cold and hot else "°C" if cold else "°F"
    noted = (
        "No unit is given: "
        + {
            "°C": "the values can only be °C.",
            "°F": "the values can only be °F.",
            "": "values of 30 to 45 can only be °C and those of 90 to 110 only °F, and are read so.",
        }[unit]
    )
    return Manner(unit, by_range=True), Trouble("temperature unit told from the numbers", noted, "noted")


def _bare(cell: Cell, field: str) -> float | None:
    """The number in a cell that tells no unit itself."""
    if cell is None or isinstance(cell, bool) or is_absent(cell):
        return None
    number = read(cell, field)
    return None if isinstance(number, Unread) or (number.unit and field != "oxygen") else number.value


def bare_numbers(field: str, cells: Sequence[Cell]) -> list[float]:
    """The numbers among the cells of a column that tell no unit, sorted."""
    return sorted(number for cell in cells if (number := _bare(cell, field)) is not None)


def likely_units(field: str, bare: Sequence[float]) -> tuple[str, ...]:
    """The units in which such numbers may be meant, the more likely first: glucose above 40 cannot be mmol/L in
    somebody alive, and below 30 it is rarely mg/dL."""
    units = (NUMBERS[field].unit, *NUMBERS[field].scales)
    if field == "glucose" and bare and bare[len(bare) // 2] > 30:
        return ("mg/dL", "mmol/L")
    ours = tuple(dict.fromkeys(unit for unit in units if field != "temperature" or unit in ("°C", "°F")))
    return ours if not bare or in_ours(field, bare[-1], ours[0])[0] < NUMBERS[field].limits.high else ours[::-1]
