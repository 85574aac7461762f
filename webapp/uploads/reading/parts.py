"""The small parts of a workbook: which sheets it has and where they lie, and which formats its cells have.

Elements are those of ECMA-376 Part 1: sheets 18.2.20, calcPr 18.2.2, cellXfs 18.8.10, numFmt 18.8.30.
"""

import posixpath
import re
from dataclasses import dataclass
from xml.parsers import expat

from webapp.uploads.reading.zips import Package, damaged

Elements = list[tuple[str, dict[str, str]]]
"""Names without their prefix, in the order of the text."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A sheet as the workbook lists it; `part` is where it lies in the zip."""

    name: str
    part: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Formats:
    """Which formats of cells, by their index, show a share ("98%"), and which a date with a time."""

    percent: frozenset[int]
    moment: frozenset[int]


def listed_sheets(package: Package) -> list[Listed]:
    targets = {
        values.get("Id"): values.get("Target", "")
        for name, values in _elements(package.read("xl/_rels/workbook.xml.rels"))
        if name == "Relationship"
    }
    return [
        Listed(
            values.get("name", ""),
            _part(targets.get(values.get("id"), "")),
            values.get("state", "visible") != "visible",
        )
        for name, values in _elements(package.read("xl/workbook.xml"))
        if name == "sheet"
    ]


def has_stale_values(package: Package) -> bool:
    """Whether the workbook asks to be calculated anew before anything is believed: its writer knows no formulas."""
    return any(
        values.get("fullCalcOnLoad") in ("1", "true")
        for name, values in _elements(package.read("xl/workbook.xml"))
        if name == "calcPr"
    )


def formats(package: Package) -> Formats:
    # Of the formats that need no code (18.8.30), 9 and 10 are percentages, and 22 is a date with a time.
    codes = {9: "0%", 10: "0.00%", 22: "m/d/yy h:mm"}
    used: list[int] = []
    within = False
    for name, values in _elements(package.read("xl/styles.xml")):
        if name == "numFmt":
            codes[_number(values.get("numFmtId"))] = values.get("formatCode", "")
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles"):
            within = name == "cellXfs"
        elif name == "xf" and within:
            used.append(_number(values.get("numFmtId")))
    # Of several sections ("0%;-0%") the first says it; letters in quotes or brackets, or behind a backslash, are text.
    shown = [re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", codes.get(one, "")).partition(";")[0].lower() for one in used]
    return Formats(
        percent=frozenset(index for index, code in enumerate(shown) if "%" in code),
        moment=frozenset(index for index, code in enumerate(shown) if "h" in code and ("d" in code or "y" in code)),
    )


def _part(target: str) -> str:
    return posixpath.normpath(target.lstrip("/") if target.startswith(("/", "xl/")) else f"xl/{target}")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _elements(xml: bytes) -> Elements:
    """Raises SheetRefused where the part is not there or is no XML."""
    found: Elements = []

    def start(name: str, values: dict[str, str]) -> None:
        found.append((_bare(name), {_bare(key): value for key, value in values.items()}))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as fault:
        raise damaged() from fault
    return found


def _bare(name: str) -> str:
    return name.rpartition(":")[2]
