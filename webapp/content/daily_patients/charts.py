"""The charts of a patient: bubbles of the readings shown, over the bands of NEWS2, and titles that are true by rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp import words
from webapp.content.daily_patients.cases import Case
from webapp.content.daily_patients.tables import EXTRAS, FLOW, LEVEL, READINGS, cells, is_of_other_scale
from webapp.content.vitals.bands import OXYGEN, Band
from webapp.content.vitals.daily import ACVPU, CONSCIOUSNESS, DECIMALS, OXYGEN_GIVEN
from webapp.content.vitals.news2 import AIR, BANDS, SCALE_2
from webapp.figures import Cell, Chart, Table, Zone

USUAL = ("respiration", "oxygen", "systolic", "pulse")
HOW = "number and area: NEWS2 points"


@dataclass(frozen=True, slots=True)
class _Told:
    """How a chart speaks of a measure. Readings no more than `swing` apart are called steady, which is a choice of
    words and no clinical threshold; of what has no swing only those that are all the same."""

    name: str
    unit: str
    plotted: str
    swing: float = 0


_TOLD = {
    "respiration": _Told("Respiration", "", "breaths a minute", 2),
    "oxygen": _Told("Oxygen saturation", " %", "percent", 1),
    "systolic": _Told("Systolic pressure", "", "mm Hg", 10),
    "pulse": _Told("Pulse", "", "beats a minute", 8),
    "temperature": _Told("Temperature", " °C", "°C", 0.3),
    FLOW: _Told("Oxygen flow", " L/min", "L/min, 0 on air"),
    LEVEL: _Told("Consciousness", "", ", ".join(f"{level} {word}" for level, word in enumerate(ACVPU))),
    "glucose": _Told("Glucose", " mmol/L", "mmol/L"),
    "weight": _Told("Weight", " kg", "kg"),
}
STEADY = ", ".join(
    f"{told.name.lower()} {words.number(told.swing, DECIMALS.get(key, 0))}{told.unit}"
    for key, told in _TOLD.items()
    if told.swing
)
"""The swings in words."""

FLOW_ZONES = (Zone(None, 0.05, 0), Zone(0.05, None, 2))
LEVEL_ZONES = (Zone(None, 0.5, 0), Zone(0.5, None, 3))


def charts(case: Case, table: Table, more_charts: tuple[str, ...]) -> tuple[Chart, ...]:
    """Those of which the table has any value: the usual four, those that the clinic has chosen, other measures."""
    chosen = {"temperature": "temperature", OXYGEN_GIVEN: FLOW, CONSCIOUSNESS: LEVEL}
    keys = [*USUAL, *(key for name, key in chosen.items() if name in more_charts), *(one.name for one in EXTRAS)]
    return tuple(_chart(key, case, table) for key in keys if any(cell is not None for cell in cells(table, key)))


def missing(table: Table) -> list[str]:
    """Measures of the usual charts that nobody read."""
    return [_TOLD[key].name.lower() for key in USUAL if all(cell is None for cell in cells(table, key))]


def _chart(key: str, case: Case, table: Table) -> Chart:
    told = _TOLD[key]
    is_scored = key not in {one.name for one in EXTRAS} and not case.is_child
    grade = f"{ {FLOW: OXYGEN_GIVEN, LEVEL: CONSCIOUSNESS}.get(key, key) }_points"
    points = cells(table, grade) if is_scored else []
    zones, scale, shaded = _zones(key, case) if is_scored else ((), "", "")
    plotted = f"{told.plotted}{scale}"
    return Chart(
        key,
        "bubble",
        _title(key, cells(table, key), points),
        "; ".join([plotted, HOW, shaded]) if is_scored else plotted,
        READINGS,
        "at",
        (key, grade) if is_scored else (key,),
        zones=zones,
    )


def _zones(key: str, case: Case) -> tuple[tuple[Zone, ...], str, str]:
    """What is shaded, the scale in words where there are two, and what the shading means."""
    usual = "shaded: 0 points"
    if key == FLOW:
        return FLOW_ZONES, "", usual
    if key == LEVEL:
        return LEVEL_ZONES, "", usual
    if key != OXYGEN.name:
        return zones(BANDS[key]), "", usual
    other = 3 - case.scale
    others = f"; readings by scale {other} too" if any(is_of_other_scale(one, case.scale) for one in case.shown) else ""
    if case.scale != 2:
        return zones(OXYGEN.bands), f", scale 1{others}", usual
    given = _given(case)
    meant = {
        None: "up to 92, for nobody said whether oxygen was given",
        AIR: "on air, as at the latest reading",
    }.get(given, "on oxygen, as at the latest reading")
    return zones(SCALE_2[given]), f", scale 2: target 88 to 92{others}", f"{usual} {meant}"


def _given(case: Case) -> str | None:
    """Air or oxygen, at the latest reading of oxygen saturation."""
    read = [one.readings for one in case.shown if OXYGEN.name in one.readings.values]
    return read[-1].oxygen_given if read else None


def zones(bands: Sequence[Band]) -> tuple[Zone, ...]:
    lows = [None, *(band.under for band in bands)]
    return tuple(Zone(low, band.under, int(band.grade)) for low, band in zip(lows, bands, strict=False))


def _title(key: str, column: Sequence[Cell], points: Sequence[Cell]) -> str:
    """What is seen: whether it is steady, else the step from the first reading to the last, and what lies beyond."""
    values = [value for value in column if isinstance(value, int | float)]
    name, first, last = _TOLD[key].name, values[0], values[-1]
    low, high = min(values), max(values)

    def told(value: float) -> str:
        return ACVPU[int(value)] if key == LEVEL else words.number(value, _decimals(key, values))

    unit = _TOLD[key].unit
    if len(values) == 1:
        return f"One reading of {name.lower()}: {told(first)}{unit}"
    grades = {grade for grade, value in zip(points, column, strict=False) if value is not None}
    # What arithmetic with tenths leaves is no difference.
    if low == high or (high - low <= _TOLD[key].swing + 1e-6 and len(grades) < 2):
        return f"{name} steady at {told(low)}{f' to {told(high)}' if high > low else ''}{unit}"
    beyond = [f"lowest {told(low)}"] if low < min(first, last) else []
    beyond += [f"highest {told(high)}"] if high > max(first, last) else []
    if key == LEVEL:
        beyond = [f"worst {told(high)}"] if high > max(first, last) else []
        step = f"{told(first)} to {told(last)}" if first != last else f"{told(last)} at first and at last"
        return _short([f"{name}: {step}", *beyond])
    if first == last:
        return _short([f"{name} {told(last)}{unit} at first and at last", *beyond])
    verb = "rose" if last > first else "fell"
    return _short([f"{name} {verb} from {told(first)} to {told(last)}{unit}", *beyond])


_MOST = 49
"""Letters of a title that stand over half a page's width."""


def _short(parts: Sequence[str]) -> str:
    """As many of the parts, of which the first says the most, as there is room for."""
    told, *others = parts
    for part in others:
        if len(told) + len(part) + 2 <= _MOST:
            told += f", {part}"
    return told


def _decimals(key: str, values: Sequence[float]) -> int:
    """Of the flow of oxygen, which is told in whole litres or in tenths, as many as are needed."""
    if key == FLOW:
        return int(any(value % 1 for value in values))
    return DECIMALS.get(key, 0)
