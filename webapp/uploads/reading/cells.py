"""What calamine does not tell of a sheet's cells, found in the sheet's XML: cells far away, errors, formulas without a
value, cells of some formats.

Patterns instead of a parser, because a sheet of 100,000 rows has two million elements. They know cells as Excel,
LibreOffice, openpyxl and XlsxWriter write them, and with less speed any others. What they miss of a hostile sheet the
limits of the process meet. Elements are those of ECMA-376 Part 1, 18.3.1.4 (c), 18.3.1.40 (f) and 18.3.1.73 (row).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from webapp.errors import SheetRefused
from webapp.uploads.reading.limits import COLUMNS, ROWS, cell_name, refuse_size
from webapp.uploads.workbook import Place

_PREFIX = rb"(?:\w+:)?"
_TAG = re.compile(rb"<" + _PREFIX + rb"(?:(row)|c)(?:\s([^<>]*))?>")
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{0,3})([1-9][0-9]{0,6})[\"']")

_FORMULA = rb"<" + _PREFIX + rb"f(?:\s[^<>]*|/)?(?:(?<=/)>|>[^<]*</" + _PREFIX + rb"f>)"
_NO_VALUE = rb"(?:<" + _PREFIX + rb"v\s*/>|<" + _PREFIX + rb"v>\s*</" + _PREFIX + rb"v>)?"
_ZERO = rb"<" + _PREFIX + rb"v>0</" + _PREFIX + rb"v>"
_END = rb"\s*</" + _PREFIX + rb"c>"
_ERROR = rb"(?:" + _FORMULA + rb")?\s*<" + _PREFIX + rb"v>(?P<shown>[^<]{1,40})<"

# Of a text (t="str") an empty value is a value: ="" is nothing by intention.
_UNTYPED = rb"(?![^<>]*\bt\s*=\s*[\"']str)[^<>]*(?<!/)"

_FAR_RIGHT = re.compile(rb'<c r="([A-Z]{3})([1-9][0-9]{0,6})"[^<>]*(?<!/)>(?!\s*</c>)')
_FAR_DOWN = re.compile(rb'<c r="([A-Z]{1,3})([1-9][0-9]{5,6})"[^<>]*(?<!/)>(?!\s*</c>)')
_FEW = 100
"""So many rows or fewer under the last allowed one are a slip, and not a long table."""


@dataclass(frozen=True, slots=True)
class Found:
    """`errors` are what cells with an error show, such as #DIV/0!."""

    errors: dict[Place, str]
    uncounted: frozenset[Place]
    percent: frozenset[Place]


class Cells:
    """The cells of a sheet's XML."""

    def __init__(self, xml: bytes) -> None:
        self._xml = xml

    def found(self, percent: frozenset[int], stale: bool) -> Found:
        """`percent` are the formats of shares; `stale` tells that a formula's value 0 is one that nobody counted."""
        errors, uncounted = {}, frozenset[Place]()
        if self._may_hold(b't="e"'):
            attributes = rb"[^<>]*\bt\s*=\s*[\"']e[\"'][^<>]*"
            errors = {at: cell["shown"].decode(errors="replace") for at, cell in self._like(attributes, _ERROR)}
        if self._may_hold(b"</f>", b"<f "):
            value = rb"\s*(?:" + _ZERO + rb"|" + _NO_VALUE + rb")" if stale else rb"\s*" + _NO_VALUE
            uncounted = frozenset(at for at, _ in self._like(_UNTYPED, _FORMULA + value + _END))
        return Found(errors, uncounted, self.of_formats(percent))

    def of_formats(self, indexes: frozenset[int]) -> frozenset[Place]:
        """The cells that have one of these formats."""
        if not indexes:
            return frozenset()
        attributes = rb"[^<>]*\bs\s*=\s*[\"'](?:" + _any_of(indexes) + rb")[\"'][^<>]*"
        return frozenset(place for place, _ in self._like(attributes, b""))

    def of_formats_among(self, indexes: frozenset[int], places: list[Place]) -> frozenset[Place]:
        """Those of the cells, in the order of the sheet, that have one of these formats."""
        if not places or not self._all_say_where:
            return self.of_formats(indexes if places else frozenset()).intersection(places)
        pattern = re.compile(rb'[^<>]*\bs="(?:' + _any_of(indexes) + rb')"')
        found, at = set(), 0
        for place in places:
            tag = b'<c r="%s"' % cell_name(*place).encode()
            # Each is looked for behind the last one, so that the text is gone through once.
            at = max(at, self._xml.find(tag, at))
            if self._xml.startswith(tag, at) and pattern.match(self._xml, at + len(tag)):
                found.add(place)
        return frozenset(found)

    @cached_property
    def _all_say_where(self) -> bool:
        """Whether each cell begins with its place, as nearly all programs write it."""
        placed = self._xml.count(b'<c r="')
        return b":worksheet" not in self._xml[:2_000] and placed == self._xml.count(b"<c ") and b"<c>" not in self._xml

    def _may_hold(self, *any_of: bytes) -> bool:
        """Of a sheet that is written in another way, nothing is known beforehand."""
        return not self._all_say_where or any(one in self._xml for one in any_of)

    def _like(self, attributes: bytes, content: bytes) -> Iterator[tuple[Place, re.Match[bytes]]]:
        """Cells whose attributes are `attributes` and whose content begins with `content`."""
        if self._all_say_where:
            pattern = re.compile(
                rb'<c r="(?P<column>[A-Z]{1,3})(?P<row>[1-9][0-9]{0,6})"' + attributes + rb">" + content
            )
            for match in pattern.finditer(self._xml):
                yield (int(match["row"]) - 1, _column(match["column"])), match
            return
        pattern = re.compile(rb"<" + _PREFIX + rb"c(?:\s" + attributes + rb")?>" + content)
        for place, start in _places(self._xml):
            if found := pattern.match(self._xml, start):
                yield place, found


def refuse_far(xml: bytes, sheet: str) -> None:
    """Raise SheetRefused where a cell that holds anything lies beyond all that may be read: calamine would make room
    for all the cells before it, and abort. `sheet` names it in a sentence."""
    if match := next((one for one in _FAR_RIGHT.finditer(xml)), None):
        raise _far(match, sheet)
    last_row = re.compile(rb'<row r="([0-9]+)"').match(xml, max(0, xml.rfind(b"<row r=")))
    if last_row and int(last_row[1]) > ROWS + 1:
        below = [match for match in _FAR_DOWN.finditer(xml) if int(match[2]) > ROWS + 1]
        rows = {int(match[2]) for match in below}
        if len(rows) > _FEW:
            refuse_size(sheet, max(rows), 1)
        if below:
            raise _far(below[0], sheet)


def _far(match: re.Match[bytes], sheet: str) -> SheetRefused:
    place = f"{match[1].decode()}{int(match[2])}"
    return SheetRefused(
        "far cell",
        f"{sheet} has something in the cell {place}, far away from all others; only cells up to "
        f"{cell_name(ROWS, COLUMNS - 1)} can be read. Delete the row or column of {place}, save, and upload again.",
    )


def _any_of(indexes: frozenset[int]) -> bytes:
    return b"|".join(b"%d" % index for index in sorted(indexes))


def _places(xml: bytes) -> Iterator[tuple[Place, int]]:
    """All cells, and where their tags start. One that does not say its place stands right of the one before."""
    row, column = -1, -1
    for tag in _TAG.finditer(xml):
        said = _REFERENCE.search(tag[2] or b"")
        if tag[1]:
            row, column = int(said[2]) - 1 if said else row + 1, -1
            continue
        if said and said[1]:
            row, column = int(said[2]) - 1, _column(said[1])
        else:
            column += 1
        if row >= 0:
            yield (row, column), tag.start()


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
