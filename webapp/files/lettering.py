"""Text as it is drawn natively: what the fonts cannot draw is marked, Arabic is joined and put in order, lines are cut.

Paragraphs of HTML join and order Arabic by themselves and need visible() only; all else is drawn by ReportLab, which
does neither, and goes through visual().
"""

import functools
import re
import unicodedata
from typing import Any

import arabic_reshaper
from reportlab.pdfbase import pdfmetrics
from xhtml2pdf.bidi import get_display

from webapp.files import fonts

_JOINERS = "\u200c\u200d"
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LAST_OF_LINE = "…"
_FIRST_VOWELS = "\u0e40\u0e41\u0e42\u0e43\u0e44"
"""Thai vowels that are written before their consonant."""

_LAST_VOWELS = "\u0e2f\u0e30\u0e32\u0e33\u0e45\u0e46"
"""Those that are written after it, and signs that go with the word before."""

_reshaper = arabic_reshaper.ArabicReshaper(configuration={"support_ligatures": False})


@functools.lru_cache(maxsize=20_000)
def visible(text: str) -> str:
    """`text` in the order it is read, each character one that the fonts can draw.

    Letters with accents are composed. Characters that draw nothing (soft hyphens, direction marks, variation
    selectors) are left out, other spaces become a space, and what no font has becomes fonts.MARKER. Both joiners stay:
    Arabic needs them.
    """
    if text.isascii() and text.isprintable():
        return text
    covered = fonts.ready()
    return "".join(_one(char, covered) for char in unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))


def _one(char: str, covered: frozenset[int]) -> str:
    if char in _JOINERS:
        return char
    category = unicodedata.category(char)
    if category in ("Zs", "Zl", "Zp") and char != "\xa0":
        return " "
    if category == "Cf":
        return ""
    return char if ord(char) in covered else fonts.MARKER


@functools.lru_cache(maxsize=20_000)
def visual(text: str) -> str:
    """visible(text) with Arabic letters joined, in the order they stand on the line from left to right."""
    text = visible(text)
    if not _RIGHT_TO_LEFT.search(text):
        return text
    covered = fonts.ready()
    joined = arabic_reshaper.reshape(text)
    if not all(ord(char) in covered for char in joined):
        joined = _reshaper.reshape(text)
    return str(get_display(joined)).replace(_JOINERS[0], "").replace(_JOINERS[1], "")


def width(text: str, size: float, bold: bool = False) -> float:
    """Points that `text` takes when drawn: what ReportLab's stringWidth() says, in a fraction of its time."""
    return 0.001 * size * _thousandths(text, bold)


@functools.lru_cache(maxsize=20_000)
def _thousandths(text: str, bold: bool) -> float:
    """What `text` takes, in thousandths of its size: a whole number, so that those of its words add up to it."""
    advances = _advances(fonts.BOLD if bold else fonts.REGULAR)
    return sum(map(advances.__getitem__, visual(text)))


class _Advances(dict[str, float]):
    """Thousandths of the size that each character of a font takes."""

    def __init__(self, face: Any) -> None:
        self.face = face

    def __missing__(self, char: str) -> float:
        wide = self[char] = float(self.face.charWidths.get(ord(char), self.face.defaultWidth))
        return wide


@functools.cache
def _advances(name: str) -> _Advances:
    fonts.ready()
    return _Advances(pdfmetrics.getFont(name).face)


def lines(text: str, room: float, size: float, bold: bool = False, most: int = 12, indent: float = 0.0) -> list[str]:
    """`text` as lines in reading order, none wider than `room` points, and the first by `indent` less; past `most`
    lines it ends in an ellipsis."""
    if width(text, size, bold) <= room - indent:
        return [text]
    text = visible(text)
    is_joined = bool(_RIGHT_TO_LEFT.search(text))  # such letters take another width beside others
    found: list[str] = []
    line, used = "", 0.0
    for word in _pieces(text, room, size, bold, indent):
        ends = _thousandths((line + word).rstrip(), bold) if is_joined else used + _thousandths(word.rstrip(), bold)
        if line and 0.001 * size * ends > (room if found else room - indent):
            found.append(line.rstrip())
            line, used = "", 0.0
            if len(found) > most:
                break
        line += word
        used += 0.0 if is_joined else _thousandths(word, bold)
    found.append(line.rstrip())
    found = [line for line in found if line] or [""]
    if len(found) > most:
        found = [*found[: most - 1], shortened(found[most - 1] + _LAST_OF_LINE, room, size, bold)]
    return found


_MOST_BRIEF = 120
"""Characters."""


def brief(text: str) -> str:
    """`text` for the head of a report, which a longer one would push off the page; it stands whole further down."""
    return text if len(text) <= _MOST_BRIEF else text[: _MOST_BRIEF - 1] + _LAST_OF_LINE


def shortened(text: str, room: float, size: float, bold: bool = False) -> str:
    """`text`, or as much of its beginning as fits `room` points with an ellipsis."""
    if width(text, size, bold) <= room:
        return text
    text = visible(text)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + _LAST_OF_LINE, size, bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _LAST_OF_LINE


def _pieces(text: str, room: float, size: float, bold: bool, indent: float) -> list[str]:
    """Words with the space after them; a word too long for a line, such as a Thai sentence, in pieces that fit."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*|\s+", text):
        while width(word.rstrip(), size, bold) > (fits := room if pieces else room - indent) and len(word) > 1:
            cut = max(1, int(len(word) * fits / width(word, size, bold)))
            while cut > 1 and width(word[:cut], size, bold) > fits:
                cut -= 1
            cut = next((at for at in range(cut, 0, -1) if _may_part(word, at)), cut)
            while cut < len(word) - 1 and unicodedata.category(word[cut]).startswith("M"):
                cut += 1
            pieces.append(word[:cut])
            word = word[cut:]
        pieces.append(word)
    return pieces


def _may_part(word: str, at: int) -> bool:
    """Whether a line may end before the character there: not between a letter and its marks, nor in Thai,
    which has no spaces between words, between a letter and its vowel."""
    is_mark = unicodedata.category(word[at]).startswith("M")
    return not is_mark and word[at] not in _LAST_VOWELS and word[at - 1] not in _FIRST_VOWELS
