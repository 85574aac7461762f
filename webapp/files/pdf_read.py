"""A finished PDF page by page, as another library than the one that drew it reads it: pypdfium2.

Spaces do not count, for how wide one is drawn is nobody's statement. A line in which something is written from right to
left comes back in another order: such a line is put in the order in which it stands on the page, from left to right.
"""

import ctypes
import math
import re
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pypdfium2
import pypdfium2.raw as pdfium

from webapp.files.reconcile_pdf import PDFIUM

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\ufeff\\s]+")
_SOFT_HYPHENS = re.compile("[\x02\ufffe\u2010\u2011]")
"""How a hyphen at the end of a line is read back, and hyphens that look the same."""

_PATH = pdfium.FPDF_PAGEOBJ_PATH
_SEGMENTS_OF_A_CIRCLE = (13, 14)
_SEGMENTS_OF_A_DOT = 2
_ONE_LINE = 4.0
"""Points that baselines on one line may lie apart: a small raised figure's does."""

_ROUND = 0.05
"""Points by which a circle may be wider than high."""


@dataclass(frozen=True, slots=True)
class Circle:
    """`is_hollow` where it has an outline: it is drawn by curves then, and not by a pen of its size."""

    x: float
    y: float
    radius: float
    is_hollow: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What a page says without spaces, in the order it was drawn; its circles in theirs, from the paper's lower left
    corner, in points; and the pages, from one, that its links lead to, 0 for elsewhere."""

    said: str
    circles: tuple[Circle, ...]
    links: tuple[int, ...]


_AT_ONCE = 400
"""Pages that are read before the file is opened anew: the library keeps what it has read of it."""


def pages(source: bytes | BinaryIO) -> Generator[Read]:
    """Each page. Raises pypdfium2.PdfiumError for what is no PDF."""
    first, count = 0, 1
    while first < count:
        with PDFIUM, pypdfium2.PdfDocument(source) as pdf:
            count = len(pdf)
            for at in range(first, min(first + _AT_ONCE, count)):
                yield _read(pdf, at)
        first += _AT_ONCE


def _read(pdf: pypdfium2.PdfDocument, at: int) -> Read:
    page = pdf[at]
    text = page.get_textpage()
    try:
        return Read(squeezed(_said(text)), tuple(_circles(page)), tuple(_links(pdf, page)))
    finally:
        text.close()
        page.close()


def squeezed(text: str) -> str:
    """`text` as it is compared: composed, without spaces and what is not seen."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _UNSEEN.sub("", _SOFT_HYPHENS.sub("-", text))


def _said(text: pypdfium2.PdfTextPage) -> str:
    said = str(text.get_text_range())
    if not RIGHT_TO_LEFT.search(said):
        return said
    return "\n".join(_in_place(text, line) for line in _lines(text))


def _lines(text: pypdfium2.PdfTextPage) -> Iterator[list[tuple[int, str]]]:
    """The characters of each line with their numbers."""
    line: list[tuple[int, str]] = []
    for at in range(pdfium.FPDFText_CountChars(text.raw)):
        char = chr(pdfium.FPDFText_GetUnicode(text.raw, at))
        if char in "\r\n":
            if line:
                yield line
            line = []
        else:
            line.append((at, char))
    yield line


def _in_place(text: pypdfium2.PdfTextPage, line: list[tuple[int, str]]) -> str:
    """What the reader takes for one line may be several, one under the other."""
    if not any(RIGHT_TO_LEFT.match(char) for _, char in line):
        return "".join(char for _, char in line)
    x, y = ctypes.c_double(), ctypes.c_double()
    placed = []
    for order, (at, char) in enumerate(line):
        if not char.isspace():
            pdfium.FPDFText_GetCharOrigin(text.raw, at, x, y)
            placed.append((y.value, x.value, order, char))
    found: list[list[tuple[float, int, str]]] = []
    lowest = math.inf
    for baseline, left, order, char in sorted(placed, reverse=True):
        if lowest - baseline > _ONE_LINE:
            found.append([])
        found[-1].append((left, order, char))
        lowest = baseline
    return "".join(char for part in found for _, _, char in sorted(part))


def _circles(page: pypdfium2.PdfPage) -> Iterator[Circle]:
    """Lines of hardly any length, which a round pen makes a dot, and circles of four curves."""
    left, bottom, right, top, wide = (ctypes.c_float() for _ in range(5))
    for at in range(pdfium.FPDFPage_CountObjects(page.raw)):
        one = pdfium.FPDFPage_GetObject(page.raw, at)
        if pdfium.FPDFPageObj_GetType(one) != _PATH:
            continue
        segments = pdfium.FPDFPath_CountSegments(one)
        if segments not in (_SEGMENTS_OF_A_DOT, *_SEGMENTS_OF_A_CIRCLE):
            continue
        pdfium.FPDFPageObj_GetBounds(one, left, bottom, right, top)
        across, high = right.value - left.value, top.value - bottom.value
        x, y = (left.value + right.value) / 2, (bottom.value + top.value) / 2
        if abs(across - high) > _ROUND:
            continue
        if segments == _SEGMENTS_OF_A_DOT:
            pdfium.FPDFPageObj_GetStrokeWidth(one, wide)
            yield Circle(x, y, wide.value / 2, False)
        else:
            yield Circle(x, y, across / 2, True)


def _links(pdf: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[int]:
    place, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    while pdfium.FPDFLink_Enumerate(page.raw, place, link):
        target = pdfium.FPDFLink_GetDest(pdf.raw, link)
        yield pdfium.FPDFDest_GetDestPageIndex(pdf.raw, target) + 1 if target else 0
