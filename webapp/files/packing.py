"""A PDF of thousands of pages in little memory: pages that are done are kept packed, where ReportLab would keep all of
them as text until it writes the file, and the file is put together once instead of several times."""

import zlib
from typing import Any

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFFile, PDFName, PDFStream

_DEFLATED = PDFDictionary({"Filter": PDFArray([PDFName("FlateDecode")])})


class _Packed(PDFStream):
    """The content of a page as ReportLab would pack it itself, given out once."""

    def __init__(self, packed: bytes) -> None:
        super().__init__(_DEFLATED, packed)

    def format(self, document: Any) -> Any:
        made = super().format(document)
        self.content = b""
        return made


def pack(canvas: Any) -> None:
    """Packs the pages of `canvas` that are done and not packed yet. To be called on each page, or on every few."""
    for page in reversed(canvas._doc.Pages.pages):
        if page.Contents is not None:
            break
        page.Contents = _Packed(zlib.compress(page.stream.encode()))
        page.stream = None


class _File(PDFFile):
    """The file as it grows, in one piece."""

    def __init__(self, *version: Any) -> None:
        self.made = bytearray()
        super().__init__(*version)

    def add(self, s: Any) -> int:
        start = len(self.made)
        self.made += pdfdoc.pdfdocEnc(s)
        self.offset = len(self.made)
        return start

    def format(self, document: Any) -> bytearray:
        return self.made


# ReportLab finds the class by its name in this module.
pdfdoc.PDFFile = _File


class Sink:
    """Takes a file that is written in one go, and gives it back without a copy."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(part)
        return len(part)

    def getvalue(self) -> bytes:
        return b"".join(self._parts)
