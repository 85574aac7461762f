"""What a file is, by its content: a workbook, text, or something of which people are told what it seems to be.

Signatures are those of the formats' own specifications: PKWARE's APPNOTE.TXT 4.3 for zip, [MS-CFB] 2.2 for the
containers of older Office files, ECMA-376 Part 2 for packages, OpenDocument 1.3 Part 2, section 3.3, for `mimetype`.
"""

import re
from pathlib import Path
from typing import Literal

from webapp.errors import SheetRefused

Kind = Literal["xlsx", "text"]

_BRING = "Open it in Excel, save it as an Excel workbook (.xlsx), and upload that."
_BRING_TABLE = "Upload the table itself, as an Excel workbook (.xlsx) or as CSV."

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"RIFF", "a picture, a sound or a film"),
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x1f\x8b", "a packed file (gzip)"),
    (b"7z\xbc\xaf\x27\x1c", "a packed file (7z)"),
    (b"Rar!\x1a\x07", "a packed file (RAR)"),
    (b"SQLite format 3\x00", "a database"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"PAR1", "a table for programs (Parquet)"),
)
_TEXT_SIGNATURES = (b"BM", b"MZ", b"RIFF", b"GIF8", b"PAR1", b"Rar!\x1a\x07")
"""Those which a text may begin with too; a text has no NUL after it."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_STREAMS = (
    (
        "EncryptedPackage",
        "protected with a password",
        "Open it in Excel, remove the password (File, Info), and upload it.",
    ),
    ("Workbook", "an Excel workbook of the old kind (.xls)", _BRING),
    ("Book", "an Excel workbook of the old kind (.xls)", _BRING),
    ("WordDocument", "a Word document", _BRING_TABLE),
    ("PowerPoint Document", "a PowerPoint presentation", _BRING_TABLE),
)
"""What is in a container of older Office files, by the name of a stream, the more telling ones first."""

_MACROS = "Save it as .xlsx, which is without macros, and upload that."

_PARTS = (
    ("xl/workbook.bin", "an Excel workbook of the binary kind (.xlsb)", _BRING),
    ("xl/vbaproject.bin", "a workbook with macros, which are not read here", _MACROS),
    ("word/document.xml", "a Word document", _BRING_TABLE),
    ("ppt/presentation.xml", "a PowerPoint presentation", _BRING_TABLE),
    (
        "index/document.iwa",
        "a document of Apple's Numbers, Pages or Keynote",
        "Export it as Excel (.xlsx), and upload that.",
    ),
)

_MARKUP = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(!doctype|html|head|body|table|meta|\?xml|svg|div|style)\b", re.I | re.S)
_JSON = re.compile(rb'\s*(?:\{\s*["}]|\[\s*[\[{])')


def kind_of(path: Path, suffix: str) -> Kind:
    """What the file is. `suffix` is how its name ends, in small letters; it only serves for saying that it misleads.

    Raises SheetRefused for all that is neither a workbook nor text.
    """
    with path.open("rb") as file:
        start = file.read(65_536)
    if not start.strip(b"\x00 \t\r\n"):
        raise _refused("empty", "empty", "Export the table anew, and look whether it holds anything.", suffix)
    if start.startswith(_OLE):
        raise _container(path.read_bytes(), suffix)
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        raise _refused("zip", "an empty or divided zip archive", _BRING_TABLE, suffix)
    for signature, what in _SIGNATURES:
        if start.startswith(signature) and (signature not in _TEXT_SIGNATURES or b"\x00" in start):
            raise _refused("signature", what, _BRING_TABLE, suffix)
    _refuse_other_text(start, suffix)
    return "text"


def refuse_other_package(names: set[str], mimetype: bytes, content_types: bytes, suffix: str = "") -> None:
    """Raise SheetRefused for a zip that is no workbook, or one that is not read here. `names` are those of its parts,
    in small letters; `mimetype` and `content_types` what the parts of these names hold, or nothing."""
    if b"opendocument" in mimetype:
        what = "an OpenDocument spreadsheet (.ods)" if b"spreadsheet" in mimetype else "an OpenDocument file"
        raise _refused("opendocument", what, "Save it as an Excel workbook (.xlsx), and upload that.", suffix)
    for part, what, advice in _PARTS:
        if part in names:
            raise _refused(part, what, advice, suffix)
    if b"macroEnabled" in content_types:
        raise _refused("macros", "a workbook with macros, which are not read here", _MACROS, suffix)
    if "xl/workbook.xml" not in names:
        what = "a zip archive and no workbook"
        raise _refused("zip", what, "Unpack it, and upload the workbook or the CSV file in it.", suffix)


def _container(content: bytes, suffix: str) -> SheetRefused:
    for stream, what, advice in _STREAMS:
        # A directory entry begins with the name in UTF-16 and a NUL ([MS-CFB] 2.6.1).
        if f"{stream}\0".encode("utf-16-le") in content:
            return _refused(stream, what, advice, suffix)
    return _refused("ole", "an older Office file that is no workbook", _BRING_TABLE, suffix)


def _refuse_other_text(start: bytes, suffix: str) -> None:
    # Without NULs and byte order marks it is the same in all encodings, as far as this looks.
    plain = start.translate(None, b"\x00").lstrip(b"\xef\xbb\xbf\xff\xfe")
    if match := _MARKUP.match(plain):
        is_page = match[1].lower() not in (b"?xml", b"svg")
        raise _refused("markup", "a web page (HTML)" if is_page else "an XML file", _BRING, suffix)
    if _JSON.match(plain):
        raise _refused("json", "a JSON file", _BRING_TABLE, suffix)


def _refused(technical: str, what: str, advice: str, suffix: str) -> SheetRefused:
    misleads = suffix in (".xlsx", ".xls", ".csv") and suffix not in what and "password" not in what and what != "empty"
    though = f", though its name ends in {suffix}" if misleads else ""
    return SheetRefused(f"not a sheet: {technical}", f"This file is {what}{though}. {advice}")
