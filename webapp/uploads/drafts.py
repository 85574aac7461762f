"""What a sheet says, row by row, before anything is made of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Outcome = Literal["noted", "value left out", "rows left out", "stops"]
"""What becomes of a fault: the row is used as it is; the row is used without this value; the rows are left out; nothing
can be made of the sheet until it is mended."""


OUTCOMES: dict[Outcome, str] = {
    "noted": "Used, please check",
    "value left out": "Value left out",
    "rows left out": "Row left out",
    "stops": "Stops the upload",
}
"""How each is told."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measure, by its name in content/vitals/daily.py: a number in that measure's own unit, or one of its words (of
    oxygen given both, where the flow is known: L/min). `given` is the cell as it stands, with the unit it was read in:
    "98.6 °F"; `converted` tells that this was another one than ours. `row` and `column` are its place in the sheet,
    counted from 0; `column` is None for what was not in the sheet but answered for all of it."""

    measure: str
    value: float | None
    word: str
    given: str
    converted: bool
    row: int
    column: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The readings of one patient at one moment, from one row of a wide sheet (or one group of its columns, such as
    "Visit 1"), or from all rows of a long one that tell of it.

    `rows` are indexes in the sheet. `mrn`, `family`, `given` and `sex` (of models.patient.SEXES) are empty where the
    sheet says nothing. `born` may be cut to a month or year, as `born_precision` says. `at` is aware, on the clinic's
    clock, or the day alone; None where it cannot be read (there is a fault for that). `scale` is the SpO2 scale, where
    it says."""

    rows: tuple[int, ...]
    group: str
    mrn: str
    family: str
    given: str
    born: date | None
    born_precision: Literal["day", "month", "year"]
    sex: str
    at: datetime | date | None
    scale: int | None
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with the sheet: at a cell, a row (`column` None), or all of it (`row` None too).

    `kind` is a word for grouping ("unknown patient"); `given` the value as it stands; `reason` a sentence for whoever
    brought the sheet. Rows and columns are counted from 0."""

    row: int | None
    column: int | None
    kind: str
    given: str
    reason: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Drafted:
    """All rows of a sheet. `read` is how many rows of data it has; `ignored` are rows that hold no data: titles,
    footers, empty ones."""

    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]
    read: int
    ignored: tuple[int, ...] = field(default=())
