"""Blood pressures in one cell."""

import re

from webapp.uploads.layout import text
from webapp.uploads.layout.layout import PRESSURE
from webapp.uploads.layout.numbers import LONGEST, Unread, unlabelled
from webapp.uploads.layout.units import unit_of
from webapp.uploads.workbook import Cell

_PAIR = re.compile(
    r"(?P<systolic>\d{1,3}(?:[.,]\d)?) ?(?:/|\\|\||-|over|on) ?(?P<diastolic>\d{1,3}(?:[.,]\d)?)(?P<rest>\D.*)?", re.I
)
_PALPATED = re.compile(r"(?P<systolic>\d{2,3}) ?/ ?(?:-|\?|p|palp\w*|_|x)?", re.I)


def has_two(cell: Cell) -> bool:
    return isinstance(cell, str) and len(cell) <= LONGEST and _match(cell) is not None


def _match(cell: str) -> re.Match[str] | None:
    plain = unlabelled(text.cleaned(cell), PRESSURE)
    return _PAIR.fullmatch(plain) or _PALPATED.fullmatch(plain)


def read(cell: Cell) -> tuple[float, float | None, str] | Unread:
    """Systolic and diastolic pressure and what is remarked behind them; the second is None where it was only felt:
    "90/P"."""
    if not isinstance(cell, str):
        if isinstance(cell, int | float):
            return Unread("This is one number; a blood pressure is two, as 120/80.")
        return Unread("The spreadsheet program has turned this blood pressure into a date or a time.")
    found = _match(cell) if len(cell) <= LONGEST else None
    if found is None:
        return Unread("This cannot be read as a blood pressure, as 120/80.")
    systolic = float(found["systolic"].replace(",", "."))
    if found.re is _PALPATED:
        return systolic, None, ""
    diastolic, rest = float(found["diastolic"].replace(",", ".")), (found["rest"] or "").strip()
    remark = re.fullmatch(r"([^()]*)\(([^()]*)\)", rest)
    unit = (remark[1] if remark else rest).strip()
    if unit and unit_of(PRESSURE, unit) is None:
        return Unread(f"It is not clear what “{rest}” means behind the blood pressure.")
    return systolic, diastolic, remark[2].strip() if remark else ""
