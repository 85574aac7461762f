"""A zip before anything in it is believed: how many parts, how large when unpacked, and whether its XML declares
entities.

Sizes are counted while unpacking, since headers may say anything.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.errors import SheetRefused
from webapp.uploads.reading.kinds import refuse_other_package
from webapp.uploads.reading.limits import MEGABYTE, PARTS, RATIO, RATIO_MATTERS, UNPACKED

_CHUNK = MEGABYTE
_KEPT = 64 * MEGABYTE
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_OVERLAP = max(map(len, _DECLARATIONS)) - 1

_DAMAGED = "This workbook is damaged or was not copied to its end. Copy or download it anew, and upload that."


class Package:
    """A zip that has been looked at. Its parts are had by name, in any letters."""

    def __init__(self, archive: zipfile.ZipFile, kept: dict[str, bytes]) -> None:
        """`kept` are parts that need not be unpacked again, by name in small letters."""
        self._archive, self._kept = archive, kept
        self._parts = {part.filename.lower(): part for part in archive.infolist()}

    def read(self, name: str) -> bytes:
        """All of a part; nothing where there is none."""
        if (kept := self._kept.get(name.lower())) is not None:
            return kept
        part = self._parts.get(name.lower())
        with _faults_as_damage():
            return self._archive.read(part) if part else b""

    @property
    def names(self) -> set[str]:
        return set(self._parts)


@contextmanager
def opened(path: Path, suffix: str = "") -> Iterator[Package]:
    """The package of a workbook, which holds no more than it may.

    Raises SheetRefused where it is another kind of file, damaged, too large, or hostile.
    """
    with _faults_as_damage():
        archive = zipfile.ZipFile(path)
    with archive:
        with _faults_as_damage():
            package = Package(archive, _inspected(archive))
        mimetype, types = package.read("mimetype"), package.read("[Content_Types].xml")
        refuse_other_package(package.names, mimetype, types, suffix)
        yield package


@contextmanager
def _faults_as_damage() -> Iterator[None]:
    """All that Python's own reader raises for a zip that is none."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, LookupError) as fault:
        raise damaged() from fault


def damaged() -> SheetRefused:
    return SheetRefused("damaged zip", _DAMAGED)


def _inspected(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The XML parts, by name in small letters, up to the first that would make them too many to be kept."""
    parts = archive.infolist()
    if len(parts) > PARTS:
        raise SheetRefused(
            "parts of a zip",
            f"This workbook is made of {len(parts):,} parts; at most {PARTS:,} are read. "
            "Copy the table into a new workbook, and upload that.",
        )
    if len({part.filename.lower() for part in parts}) < len(parts):
        raise damaged()
    if any(part.flag_bits & 1 for part in parts):
        raise SheetRefused(
            "encrypted zip", "This zip archive is protected with a password. Unpack it, and upload the workbook."
        )
    unpacked, kept = 0, {}
    for part in parts:
        pieces = []
        for piece in _pieces(archive, part):
            unpacked += len(piece)
            if unpacked <= _KEPT:
                pieces.append(piece)
            if unpacked > UNPACKED:
                raise SheetRefused(
                    "unpacked size",
                    f"This workbook unpacks to more than {UNPACKED // MEGABYTE} MB, which is too much to be a table of "
                    "measurements. Copy the table into a new workbook, and upload that.",
                )
        if unpacked <= _KEPT and _is_xml(part):
            kept[part.filename.lower()] = b"".join(pieces)
    return kept


def _is_xml(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels", ".vml"))


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part, unpacked bit by bit. Raises SheetRefused where it is packed too tightly or declares entities."""
    size, end = 0, b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > max(RATIO_MATTERS, RATIO * part.compress_size):
                raise SheetRefused(
                    "compression ratio",
                    "This workbook is packed so tightly that it cannot be a table of measurements. "
                    "Copy the table into a new workbook, and upload that.",
                )
            if _is_xml(part):
                _refuse_declarations(end + chunk)
                end = chunk[-_OVERLAP:]
            yield chunk


def _refuse_declarations(text: bytes) -> None:
    # In UTF-16 each letter of these words has a NUL beside it.
    if b"\0" in text:
        text = text.replace(b"\0", b"")
    if any(word in text for word in _DECLARATIONS):
        raise SheetRefused(
            "declarations in XML",
            "This workbook holds declarations that no spreadsheet program writes, so it is not read. "
            "Copy the table into a new workbook, and upload that.",
        )
