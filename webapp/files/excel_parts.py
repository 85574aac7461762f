"""The parts of a workbook read back from its XML: every cell as the number or text that Excel would show."""

import html
import math
import re
import zipfile
from datetime import datetime, timedelta
from io import BytesIO

from webapp import words
from webapp.figures import Cell, Column

_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: s="\d+")?(?: t="(\w+)")?(?:/>|><v>([^<]*)</v></c>)')
_STRING = re.compile(rb"<si><t(?: [^>]*)?>([^<]*)</t></si>")
_ESCAPED = re.compile("_x005F(?=_x[0-9A-Fa-f]{4}_)")
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  a cell has no zone
"""Excel's day 0, for all days from March 1900 on."""

_MOST_CELL = 32_767

_SHEET = re.compile(rb'<sheet name="([^"]*)"')
_LINK = re.compile(rb"<hyperlink [^>]*>")
_REF, _LOCATION = re.compile(rb' ref="A(\d+)"'), re.compile(rb' location="([^"]*)"')
_HEAD = re.compile(rb"<oddHeader>([^<]*)</oddHeader>")
_READ = re.compile(rb"<c:f>([^<]*)</c:f>")

Found = float | str | None


class Book:
    """A workbook's parts. Sheets are counted from one, the summary first."""

    def __init__(self, raw: bytes) -> None:
        self._zip = zipfile.ZipFile(BytesIO(raw))
        self._known = frozenset(self._zip.namelist())
        self._last = (0, b"")
        self._strings = _STRING.findall(self._part("xl/sharedStrings.xml"))

    def cells(self, sheet: int, first: int, last: int) -> dict[tuple[str, int], Found]:
        """What stands in the rows from `first` to `last`, by column and row."""
        part = self._sheet(sheet)
        start, end = part.find(b'<row r="%d"' % first), part.find(b'<row r="%d"' % (last + 1))
        found: dict[tuple[str, int], Found] = {}
        if start >= 0:
            for column, row, kind, value in _CELL.findall(part, start, end if end >= 0 else len(part)):
                if int(row) <= last:
                    found[column.decode(), int(row)] = self._value(kind, value)
        return found

    def _value(self, kind: bytes, value: bytes) -> Found:
        if not value:
            return None
        if kind != b"s":
            return float(value)
        return _ESCAPED.sub("", html.unescape(self._strings[int(value)].decode()))

    def names(self) -> dict[str, int]:
        """The numbers of the sheets by name."""
        found = _SHEET.findall(self._part("xl/workbook.xml"))
        return {html.unescape(name.decode()): number for number, name in enumerate(found, 1)}

    def links(self, sheet: int) -> dict[int, str]:
        """Where each link in the first column leads, by row; "" for one that leads out of the workbook."""
        found = {}
        for link in _LINK.findall(self._sheet(sheet)):
            place, location = _REF.search(link), _LOCATION.search(link)
            if place:
                found[int(place[1])] = html.unescape(location[1].decode()) if location else ""
        return found

    def heading(self, sheet: int) -> str:
        """The head of a printed page, as a code."""
        found = _HEAD.search(self._sheet(sheet))
        return html.unescape(found[1].decode()) if found else ""

    def charted(self, sheet: int) -> list[list[str]]:
        """The cells that each chart of a sheet reads."""
        charts = []
        for drawing in self._related(f"xl/worksheets/_rels/sheet{sheet}.xml.rels", "drawing"):
            for chart in self._related(f"xl/drawings/_rels/{drawing}.rels", "chart"):
                read = _READ.findall(self._part(f"xl/charts/{chart}"))
                charts.append([html.unescape(cells.decode()) for cells in read])
        return charts

    def is_linked_outside(self) -> bool:
        """Whether anything in it leads out of it."""
        return any(b'TargetMode="External"' in self._part(name) for name in self._known if name.endswith(".rels"))

    def _sheet(self, number: int) -> bytes:
        if self._last[0] != number:
            self._last = (number, self._part(f"xl/worksheets/sheet{number}.xml"))
        return self._last[1]

    def _related(self, part: str, kind: str) -> list[str]:
        found = re.findall(rb'Target="\.\./%ss/([^"]+)"' % kind.encode(), self._part(part))
        return [name.decode() for name in found]

    def _part(self, name: str) -> bytes:
        return self._zip.read(name) if name in self._known else b""


def is_cell(found: Found, cell: Cell, column: Column, is_total: bool = False) -> bool:
    """Whether Excel holds this cell of a table, where what is not known is a dash among words, else empty."""
    if cell is None:
        return found == (words.DASH if column.kind == "text" and not is_total else None)
    return is_figure(found, cell, column.kind)


def is_figure(found: Found, cell: Cell, kind: str) -> bool:
    """Whether Excel holds this figure: a percent as a share, a day, month or moment as a number of days, and other
    text, a figure that is withheld too, as text."""
    if isinstance(cell, int | float):
        wanted = cell / 100 if kind == "percent" else cell
        return isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-14, abs_tol=1e-300)
    if isinstance(found, float):
        return kind in ("day", "month", "moment") and math.isclose(found, _days(str(cell)), abs_tol=1e-6)
    return (found or "") == kept(cell or "")


def _days(text: str) -> float:
    """An ISO day, month or moment on the clinic's clock as Excel counts it."""
    day = text.partition("/")[0]
    moment = datetime.fromisoformat(day if len(day) > len("2026-10") else f"{day}-01").replace(tzinfo=None)
    return (moment - _FIRST_DAY) / timedelta(days=1)


def kept(text: str) -> str:
    return text[:_MOST_CELL]


def letters(column: int) -> str:
    """A column's name: 0 is A, 26 is AA."""
    first, second = divmod(column, 26)
    return (letters(first - 1) if first else "") + chr(ord("A") + second)
