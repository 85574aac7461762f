"""Cells as text, cleaned so that what looks the same is the same."""

import re
import unicodedata
from datetime import date, datetime, time

from webapp.uploads.workbook import Cell
from webapp.words import printable

_SAME = str.maketrans(
    {
        "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-",
        "\uff0d": "-", "\uff0f": "/", "\uff1a": ":", "\uff05": "%", "\u066a": "%", "\uff0e": ".", "\u066b": ".",
        "\uff0c": ",", "\u066c": ",", "\u2103": "°C", "\u2109": "°F", "\u00ba": "°", "\u02da": "°", "\u2019": "'",
        "\u200b": "", "\u200e": "", "\u200f": "", "\ufeff": "", "\u2060": "", "\u00ad": "",
    }
)  # fmt: skip


def listed(words: str) -> frozenset[str]:
    """Words with a bar between each two, as data is easiest to read."""
    return frozenset(words.split("|"))


def cleaned(text: str) -> str:
    """`text` with digits of any script as 0 to 9, spaces of any kind as single ones, and one sign for each minus,
    slash, point and degree. Superscripts stay: 10² is not 102."""
    text = text.translate(_SAME)
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(sign)) if sign.isdecimal() else " " if sign.isspace() else sign for sign in text
        )
    return " ".join(text.split())


def shown(cell: Cell) -> str:
    """A cell as whoever brought the sheet would know it again."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip() if cell.isprintable() else printable(cell).strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int):
        return str(cell) if abs(cell) < 10**30 else f"{cell % 10**6}, the end of a very long number"
    if isinstance(cell, float):
        return format(cell, ".0f") if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".12g")
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds" if cell.second else "minutes") if cell.time() != time() else _iso(cell)
    return _iso(cell) if isinstance(cell, date) else cell.isoformat("seconds" if cell.second else "minutes")


def _iso(cell: date) -> str:
    return f"{cell.year:04d}-{cell.month:02d}-{cell.day:02d}"


_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|FIELD!|BLOCKED!)", re.I)


def is_error(cell: Cell) -> bool:
    """Whether a spreadsheet program shows an error in it."""
    return isinstance(cell, str) and cell.lstrip().startswith("#") and _ERROR.match(cell.strip()) is not None


def is_blank(cell: Cell) -> bool:
    return cell is None or (cell.__class__ is str and not str(cell).strip())


_SIGNS = re.compile(r"[^\w#%+]|_")
_LETTERS = re.compile(r"\b(?:[^\W\d] )+[^\W\d]\b")


def key(text: str) -> str:
    """A header's or a word's form for comparing: small letters, no punctuation, "D.O.B." and "d o b" both as "dob"."""
    plain = unicodedata.normalize("NFKC", cleaned(text)).casefold()
    plain = " ".join(_SIGNS.sub(" ", plain).split())
    return _LETTERS.sub(lambda found: found[0].replace(" ", ""), plain)
