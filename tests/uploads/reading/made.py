"""Workbooks written by hand, as raw XML in a zip, so that they can be as odd as any."""

import io
import struct
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

Parts = Mapping[str, str | bytes]


def text(place: str, words: str) -> str:
    """A cell with its text in it."""
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(words)}</t></is></c>'


def number(place: str, value: object, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def row(at: int, *cells: str) -> str:
    return f'<row r="{at}">{"".join(cells)}</row>'


def sheet(*rows: str, after: str = "") -> str:
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{declared}<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData>{after}</worksheet>'


GOOD = sheet(row(1, text("A1", "MRN"), text("B1", "Pulse")), row(2, text("A2", "M-1"), number("B2", 72)))
"""Two rows of two columns."""


def styles(*formats: str) -> str:
    """Cells of style 1 have the first of the formats, and so on."""
    told = "".join(f'<numFmt numFmtId="{200 + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(formats))
    used = "".join(f'<xf numFmtId="{200 + at}" applyNumberFormat="1"/>' for at in range(len(formats)))
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{told}</numFmts><cellXfs><xf numFmtId="0"/>{used}</cellXfs></styleSheet>'
    )


def relations(*targets: dict[str, str]) -> str:
    """Each of a kind, with where it lies."""
    told = "".join(
        f'<Relationship Id="rId{at}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for at, one in enumerate(targets, 1)
        for kind, target in one.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{told}</Relationships>'


def xlsx(
    sheets: Mapping[str, str] | str = GOOD,
    hidden: tuple[str, ...] = (),
    more: Parts | None = None,
    inside: str = "",
    before: str = "",
    main_type: str = WORKBOOK_TYPE,
) -> bytes:
    """A workbook with these sheets, by name. `inside` is XML for xl/workbook.xml behind its sheets, `before` in front
    of them; `more` are further parts, or others than these."""
    named = {"Sheet1": sheets} if isinstance(sheets, str) else sheets
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="rId{at}" '
        f'state="{"hidden" if name in hidden else "visible"}"/>'
        for at, name in enumerate(named, 1)
    )
    tables = [{"worksheet": f"worksheets/sheet{at}.xml"} for at in range(1, len(named) + 1)]
    of_main = f'<Override PartName="/xl/workbook.xml" ContentType="{main_type}"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{of_main}</Types>',
        "_rels/.rels": relations({"officeDocument": "xl/workbook.xml"}),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{before}<sheets>{listed}</sheets>{inside}'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": relations(*tables),
        "xl/styles.xml": styles(),
        **{f"xl/worksheets/sheet{at}.xml": xml for at, xml in enumerate(named.values(), 1)},
        **(more or {}),
    }
    return zipped(parts)


def zipped(parts: Parts) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def lying_about_size(content: bytes, name: str, size: int) -> bytes:
    """The zip, saying of one part that it is `size` bytes large when unpacked (APPNOTE.TXT 4.3.12)."""
    changed = bytearray(content)
    entry = content.rindex(name.encode()) - 46
    struct.pack_into("<I", changed, entry + 24, size)
    return bytes(changed)


def container(stream: str) -> bytes:
    """As much of an older Office file as tells what it is."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + f"{stream}\0".encode("utf-16-le") + bytes(512)
