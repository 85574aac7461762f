"""Who a row tells of."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from webapp.uploads.drafts import Fault, Outcome
from webapp.uploads.layout import spoken, text
from webapp.uploads.layout.dates import MONTH_NUMBERS, Precision, Stamp, day_of, stamp
from webapp.uploads.layout.numbers import Number, Unread, is_absent, read
from webapp.uploads.layout.plan import WHO, Plan
from webapp.uploads.layout.readers import UNCOUNTED
from webapp.uploads.layout.rows import OF_PATIENTS, Row
from webapp.uploads.workbook import Cell

LONGEST_MRN, LONGEST_NAME = 64, 200
IDENTITY = (*WHO, "born", "born_year", "born_month", "born_day", "sex")
"""Fields by which a patient is known again."""
_PARTICLES = text.listed(
    "de|del|dela|la|las|los|da|das|do|dos|di|du|des|le|van|von|der|den|ter|ten|bin|binti|bint|ibn|al|el|san|santa"
)


@dataclass(frozen=True, slots=True)
class Person:
    """What a row says of its patient, as a drafts.Draft has it."""

    mrn: str = ""
    family: str = ""
    given: str = ""
    born: date | None = None
    born_precision: Precision = "day"
    sex: str = ""
    scale: int | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.mrn or self.family or self.given)


class People:
    """Reads the patient of each row, and adds what cannot be read to `faults`."""

    def __init__(self, plan: Plan, today: date, faults: list[Fault]) -> None:
        self._plan, self._today, self._faults = plan, today, faults
        self._columns = {field: column.index for field, column in plan.columns.items()}
        self._order = {column: order.order for column, order in plan.orders.items()}
        self._births: dict[tuple[type, Cell], tuple[date, Precision] | Unread] = {}
        self._known: dict[tuple[tuple[Cell, ...], tuple[type, ...]], Person] = {}
        self._places = [self._columns[field] for field in OF_PATIENTS if field in self._columns]
        self._parts = [self._columns.get(field) for field in ("born_year", "born_month", "born_day")]

    def read(self, at: int, row: Row) -> Person | None:
        """The patient of a row; None where the row must be left out for it."""
        if self._plan.sheet.uncounted:
            return self._person(at, row)
        cells = tuple([row[column] for column in self._places])
        place = (cells, tuple(map(type, cells)))
        person = self._known.get(place)
        if person is None:
            faults = len(self._faults)
            person = self._person(at, row)
            if person is not None and len(self._faults) == faults:
                self._known[place] = person
        return person

    def _person(self, at: int, row: Row) -> Person | None:
        if self._is_uncertain(at, row):
            return None
        mrn = self._mrn(at, row)
        if mrn is None:
            return None
        family, given = self._name(row)
        if mrn and not family and not given:
            family, given = self._plan.answers.names.get(mrn, ("", ""))
        born, precision = self._born(at, row)
        person = Person(mrn, family, given, born, precision, self._sex(at, row), self._scale(at, row))
        if person.is_known:
            return person
        self._fault(
            at, "mrn" if "mrn" in self._columns else "name", "no patient", "",
            "There are values here but neither a medical record number nor a name.", "rows left out",
        )  # fmt: skip
        return None

    def _is_uncertain(self, at: int, row: Row) -> bool:
        """Whether a part of who this is was there and is lost: a row whose name is half known could be anybody's."""
        faults = len(self._faults)
        for field in IDENTITY:
            column = self._columns.get(field)
            if column is None:
                continue
            if row[column] is None and (at, column) in self._plan.sheet.uncounted:
                self._fault(at, field, UNCOUNTED.kind, "", UNCOUNTED.reason, "rows left out")
            elif field in WHO and text.is_error(row[column]):
                given, reason = text.shown(row[column])[:80], "The spreadsheet program shows an error in this cell."
                kind = "number cannot be read" if field == "mrn" else "name cannot be read"
                self._fault(at, field, kind, given, reason, "rows left out")
        return len(self._faults) > faults

    def _cell(self, row: Row, field: str) -> Cell:
        """The cell of a field, None where it is empty or the sheet has no such column."""
        column = self._columns.get(field)
        if column is None:
            return None
        return row[column]

    def _fault(self, at: int, field: str, kind: str, given: str, reason: str, outcome: Outcome) -> None:
        self._faults.append(Fault(at, self._columns.get(field), kind, given, reason, outcome))

    def _mrn(self, at: int, row: Row) -> str | None:
        cell = self._cell(row, "mrn")
        mrn = mrn_of(cell)
        if isinstance(mrn, Unread):
            self._fault(at, "mrn", "number cannot be read", text.shown(cell)[:80], mrn.reason, "rows left out")
            return None
        return mrn

    def _name(self, row: Row) -> tuple[str, str]:
        family, given, whole = (self._text(row, field) for field in ("family", "given", "name"))
        if family or given or not whole:
            return family, given
        return split_name(whole, self._plan.layout.name_order)

    def _text(self, row: Row, field: str) -> str:
        column = self._columns.get(field)
        if column is None:
            return ""
        return " ".join(text.shown(row[column]).split())[:LONGEST_NAME].strip("-– ")

    def _born(self, at: int, row: Row) -> tuple[date | None, Precision]:
        cell = self._cell(row, "born")
        if cell is not None:
            place = (cell.__class__, cell)
            found = self._births.get(place)
            if found is None:
                found = self._births[place] = self._birth(cell)
            if isinstance(found, Unread):
                if not is_absent(cell):
                    self._fault(at, "born", "date cannot be read", text.shown(cell), found.reason, "value left out")
                return None, "day"
            return found
        return self._born_in_parts(at, row) if any(part is not None for part in self._parts) else (None, "day")

    def _birth(self, cell: Cell) -> tuple[date, Precision] | Unread:
        found = stamp(cell)
        if isinstance(found, Unread):
            return found
        if not found.has_day:
            return Unread("This cannot be read as a date.")
        day = day_of(found, self._order.get(self._columns["born"], ""), self._today, in_the_past=True)
        return day if isinstance(day, Unread) else (day, found.precision)

    def _born_in_parts(self, at: int, row: Row) -> tuple[date | None, Precision]:
        cells = [None if column is None else row[column] for column in self._parts]
        shown = " ".join(text.shown(cell) for cell in cells if not text.is_blank(cell))
        if not shown:
            return None, "day"
        found = born_of_parts(cells[0], cells[1], cells[2], self._today)
        if isinstance(found, Unread):
            field = next(field for field in ("born_year", "born_month", "born_day") if field in self._columns)
            self._fault(at, field, "date cannot be read", shown, found.reason, "value left out")
            return None, "day"
        return found

    def _sex(self, at: int, row: Row) -> str:
        cell = self._cell(row, "sex")
        if cell is None or text.is_blank(cell):
            return ""
        shown = text.shown(cell)
        sex = self._plan.layout.sex.get(shown) or spoken.sex_of(cell)
        if not sex and not is_absent(cell):
            self._fault(at, "sex", "sex cannot be read", shown, "This cannot be read as a sex.", "value left out")
        return sex

    def _scale(self, at: int, row: Row) -> int | None:
        cell = self._cell(row, "scale")
        if cell is None and (at, self._columns.get("scale")) in self._plan.sheet.uncounted:
            self._fault(at, "scale", UNCOUNTED.kind, "", UNCOUNTED.reason, UNCOUNTED.outcome)
        if cell is None or is_absent(cell):
            return None
        found = spoken.scale(cell)
        if isinstance(found, Unread):
            self._fault(at, "scale", "scale cannot be read", text.shown(cell), found.reason, "value left out")
            return None
        return found


def mrn_of(cell: Cell) -> str | Unread:
    """A medical record number as text: 17.0 is "17". Empty where there is none. What a spreadsheet program has changed
    beyond knowing is not read, since it could be another patient's."""
    if isinstance(cell, bool) or (not isinstance(cell, str | int | float) and cell is not None):
        return Unread("This is no medical record number.")
    if is_absent(cell):
        return ""
    if text.is_error(cell):
        return Unread("The spreadsheet program shows an error in this cell.")
    if isinstance(cell, float) and (abs(cell) >= 1e15 or not cell.is_integer()):
        return Unread("This number was changed by the spreadsheet program. Keep such numbers as text.")
    shown = " ".join(text.shown(cell).split())
    if isinstance(cell, str) and re.fullmatch(r"\d(?:[.,]\d+)?e\+\d+", shown, re.I):
        return Unread("This number was shortened by the spreadsheet program. Keep such numbers as text.")
    return shown if len(shown) <= LONGEST_MRN else Unread("This is too long for a medical record number.")


def split_name(whole: str, order: str) -> tuple[str, str]:
    """Family and given name. "Cruz, Ana" is family, given. Without a comma `order` tells: "given first" takes the last
    word, with what belongs to it ("de la Cruz"), as family name, "family first" the first one. One word is a family
    name, and so is the whole where the order is not known."""
    family, comma, given = whole.partition(",")
    if comma:
        return family.strip(), given.strip()
    words = whole.split()
    if len(words) < 2 or not order:
        return whole, ""
    if order == "given first":
        at = len(words) - 1
        while at > 1 and words[at - 1].casefold() in _PARTICLES:
            at -= 1
        return " ".join(words[at:]), " ".join(words[:at])
    at = 1
    while at < len(words) - 1 and words[at - 1].casefold() in _PARTICLES:
        at += 1
    return " ".join(words[:at]), " ".join(words[at:])


def born_of_parts(year: Cell, month: Cell, day: Cell, today: date) -> tuple[date, Precision] | Unread:
    """A birth date of which year, month and day stand apart; without a day it is known to the month, and without a
    month to the year. A year of two digits is the latest in the past."""
    of_year, of_month, of_day = _whole(year), _whole(month, _month_of), _whole(day)
    if isinstance(of_year, Unread) or isinstance(of_month, Unread) or isinstance(of_day, Unread):
        return Unread("This cannot be read as a date of birth.")
    if of_year is None:
        return Unread("The year of birth is missing.")
    precision: Precision = "year" if of_month is None else "month" if of_day is None else "day"
    parts = (of_day if precision == "day" else 1, of_month or 1, of_year)
    found = day_of(Stamp(parts=(parts[0] or 1, parts[1], parts[2])), "dmy", today, in_the_past=True)
    return found if isinstance(found, Unread) else (found, precision)


def _whole(cell: Cell, named: Callable[[str], int | None] | None = None) -> int | Unread | None:
    if cell is None or is_absent(cell):
        return None
    if named is not None and (found := named(text.shown(cell))) is not None:
        return found
    number = read(cell, "")
    if not isinstance(number, Number) or not number.value.is_integer() or not 1 <= number.value <= 9999:
        return Unread("no whole number")
    return int(number.value)


def _month_of(shown: str) -> int | None:
    return MONTH_NUMBERS.get(shown.casefold().rstrip("."))
