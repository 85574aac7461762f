"""Numbers as people write them in cells."""

import math
import re
from dataclasses import dataclass

from webapp.content.vitals.daily import NUMBERS
from webapp.uploads.layout import text
from webapp.uploads.layout.headers import meaning
from webapp.uploads.layout.units import in_ours, unit_of
from webapp.uploads.workbook import Cell

LONGEST = 80
"""Characters of a cell that is still read as a value."""

_ABSENT = text.listed(
    "n a|na|nan|nil|none|null|not done|nd|refused|declined|not taken|not recorded|nr|not available|unavailable|"
    "missing|not measured|not assessed|unable|unable to take|unable to obtain|unobtainable|pending|unknown|blank|"
    "empty|no reading|not checked|asleep|sleeping|absent|patient refused|pt refused|refused by patient|omitted|"
    "not applicable|skipped|left|discharged|off ward|n r|n d|not obtained|to be done|tbd|dna|did not attend"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the unit beside it as our tables call it, or empty. `other` is what it would be if its only comma
    told thousands. `remark` is what stands behind it in brackets."""

    value: float
    unit: str = ""
    other: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Why something is not read: a sentence for people."""

    reason: str


def is_absent(cell: Cell) -> bool:
    """Whether a cell says in so many words that nothing was measured."""
    if cell is None or cell.__class__ is float:
        return cell is None or math.isnan(float(str(cell)))
    if not isinstance(cell, str) or len(cell) > LONGEST or (cell.isalnum() and not cell.isalpha()):
        return False
    return text.key(cell) in _ABSENT or not text.cleaned(cell).strip("-~?./_ ")


_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>\d[\d.,' ]*\d|\d|[.,]\d+)(?P<power>e[+-]?\d{1,4})?(?P<rest>\D.*)?", re.I
)
_LABEL = re.compile(r"([^\W\d][\w .]*?)\s*[\s:=]\s*(?=[\d.,+-])")
_LIMIT = re.compile(r"[<>≤≥]|\b(?:over|under|above|below|less|more|at least|up to)\b", re.I)
_ABOUT = re.compile(r"^(?:~|≈|±|c\.|ca\.?|about|approx\w*\.?)\s*\d", re.I)


def read(cell: Cell, field: str) -> Number | Unread:
    """The number in a cell that is neither empty nor says that nothing was measured."""
    if isinstance(cell, bool):
        return Unread("This is TRUE or FALSE and no number.")
    if isinstance(cell, int | float):
        return _finite(cell)
    if not isinstance(cell, str):
        return Unread("This is a date or a time and no number. The spreadsheet program may have turned it into one.")
    plain = text.cleaned(cell)
    if len(plain) > LONGEST:
        return Unread("This is too long to be a value.")
    return _read(unlabelled(plain, field), field)


def unlabelled(plain: str, *fields: str) -> str:
    """Without the measure's own name in front: "HR 72" in a column of pulses is "72"."""
    label = _LABEL.match(plain)
    return plain[label.end() :] if label and meaning(label[1]).field in fields else plain


def _finite(value: float) -> Number | Unread:
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    return Number(found) if math.isfinite(found) else Unread("This number is beyond all range.")


def _read(plain: str, field: str) -> Number | Unread:
    if plain.startswith("#"):
        return Unread("The spreadsheet program shows an error in this cell.")
    if text.key(plain) in ("hi", "high", "lo", "low"):
        return Unread("A meter shows HI or LO where it cannot measure; that is no number.")
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return Unread(_why(plain))
    values = _values(found["digits"])
    if not values:
        return Unread("This is not one number.")
    power, sign = found["power"] or "", -1.0 if found["sign"] == "-" else 1.0
    value = _finite(sign * float(f"{values[0]!r}{power}" if power and "e" not in repr(values[0]) else values[0]))
    if isinstance(value, Unread):
        return value
    other = sign * values[1] if len(values) > 1 and not power else None
    return _behind(value.value, other, (found["rest"] or "").strip(), field)


def _why(plain: str) -> str:
    if _ABOUT.match(plain):
        return "This is about a number, and not a number that was read."
    if _LIMIT.search(plain) and any(sign.isdigit() for sign in plain):
        return "This tells a limit and not a number."
    return "This is not a number."


def _values(digits: str) -> tuple[float, ...]:
    """What digits with points, commas and spaces between them may mean; nothing where they are no number. A point alone
    parts decimals; a comma alone with three digits behind it may part thousands or decimals."""
    plain = digits.replace("'", "")
    if " " in plain:
        if not re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?", plain):
            return ()
        plain = plain.replace(" ", "")
    if "," in plain and "." in plain:
        decimal, group = (",", ".") if plain.rfind(",") > plain.rfind(".") else (".", ",")
        return _in_groups(plain, group, decimal)
    for sign in (",", "."):
        if plain.count(sign) > 1:
            return _in_groups(plain, sign, "")
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", plain):
        return float(plain.replace(",", ".")), float(plain.replace(",", ""))
    return (float(plain.replace(",", ".")),)


def _in_groups(plain: str, group: str, decimal: str) -> tuple[float, ...]:
    whole, _, decimals = plain.partition(decimal) if decimal else (plain, "", "")
    if not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+", whole) or not re.fullmatch(r"\d*", decimals):
        return ()
    return (float(f"{whole.replace(group, '')}.{decimals or '0'}"),)


def _behind(value: float, other: float | None, rest: str, field: str) -> Number | Unread:
    unit = unit_of(field, rest) if rest else ""
    if unit is not None:
        return Number(value, unit, other)
    if bracket := re.fullmatch(r"([^()]*)\(([^()]*)\)", rest):
        before, inside = bracket[1].strip(), bracket[2].strip()
        unit = unit_of(field, before or inside)
        if unit is not None:
            return Number(value, unit, other, inside if before else "")
        if not before:
            return Number(value, "", other, inside)
    if re.match(r"[-/–]\s*\d|(?:to|and|or)\b", rest):
        return Unread("There is more than one number.")
    return Unread(f"It is not clear what “{rest}” means behind the number.")


def settled(number: Number, field: str, unit: str) -> tuple[float, bool] | Unread:
    """The value in the measure's own unit and whether it was converted. Of two ways to read a comma the one counts that
    somebody alive can have; if both can be true, none does."""
    value, converted = in_ours(field, number.value, unit)
    if number.other is None:
        return value, converted
    limits, other = NUMBERS[field].limits, in_ours(field, number.other, unit)[0]
    fits = [one for one in (value, other) if limits.hold(one)]
    if len(fits) != 1:
        return Unread(f"This may be {text.shown(number.value)} or {text.shown(number.other)}.")
    return fits[0], converted
