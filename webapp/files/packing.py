"""A PDF of thousands of pages in little memory: pages that are done are kept packed, where ReportLab would keep all of
them as text until it writes the file, and the file is not put together in memory, but given in its parts."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFFile, PDFName, PDFPage, PDFStream

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


class _Page(PDFPage):
    """A page of few attributes of its own, which keeps nothing that is in the file."""

    def __init__(self) -> None:
        """Without the attributes that are None: the class has them."""

    def format(self, document: Any) -> Any:
        made = super().format(document)
        self.Resources = self.MediaBox = self.Annots = self.XObjects = None
        return made


for _name in PDFPage.__NoDefault__:
    setattr(_Page, _name, None)


class _File(PDFFile):
    """The file as it grows, object by object. Each takes the room that what it was made of leaves, which the file in
    one piece would not; so it never is, and whoever asked for the parts gets them as they are."""

    def format(self, document: Any) -> bytes:
        taken = _taken.get(None)
        if taken is None:
            return bytes(super().format(document))
        taken += self.strings
        return b""


_taken: ContextVar[list[bytes]] = ContextVar("taken")

# ReportLab finds the classes by their names in this module.
pdfdoc.PDFFile = _File
pdfdoc.PDFPage = _Page


@contextmanager
def parts() -> Iterator[list[bytes]]:
    """What ReportLab makes meanwhile comes into this list, and not where ReportLab was told to write it."""
    found: list[bytes] = []
    token = _taken.set(found)
    try:
        yield found
    finally:
        _taken.reset(token)
