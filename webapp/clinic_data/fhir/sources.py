"""Where resources come from: a file, a folder, a .zip or .gz; Bundles, NDJSON and single resources. All of it streamed.

A resource is found by what the bytes are, not by what a file is called. What cannot be read is a Fault, with what came
before it kept.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from webapp.clinic_data.fhir import parsing
from webapp.words import printable

Progress = Callable[[str, int, int], None]
"""Told the stage, and how much of how much is done of it."""

DEEPEST_BUNDLE = 10
"""Bundles inside each other. A server's answers to a batch of searches are two deep."""
READ_FROM_FOLDERS = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
UNPACKED_RATIO = 200
UNPACKED_FREE = 256 * 1024 * 1024
"""A packed file may unpack to 200 times its size or to 256 MiB, whichever is more; FHIR packs 10 to 40 to 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource, where it stood, and what the Bundle around it said of it. `scope` is a number of the Bundle, or 0."""

    file: str
    place: str
    resource: Any
    scope: int = 0
    full_url: str = ""
    method: str = ""
    url: str = ""
    if_none_exist: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A place that could not be read, and why, in a sentence."""

    file: str
    place: str
    reason: str


class _Counted(io.FileIO):
    """A file that tells how much of it has been read, through whatever unpacks it."""

    taken = 0

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self.taken += count or 0
        return count


class _Unpacked(io.RawIOBase):
    """What a packed stream unpacks to, up to a limit."""

    def __init__(self, stream: gzip.GzipFile | IO[bytes], packed_size: int) -> None:
        self._stream = stream
        self._left = max(UNPACKED_FREE, packed_size * UNPACKED_RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # read1, because read would throw away what it has when the stream turns out to be cut off.
        piece = self._stream.read1(len(buffer))  # type: ignore[union-attr]
        self._left -= len(piece)
        if self._left < 0:
            raise parsing.Unreadable("it unpacks to more than 200 times its size")
        buffer[: len(piece)] = piece
        return len(piece)


class Source:
    """All entries and faults under a path, by file name. Raises FileNotFoundError when there is nothing."""

    def __init__(self, path: Path, progress: Progress) -> None:
        if not path.exists():
            raise FileNotFoundError(path)
        self._path = path
        self._progress = progress
        self._files, self.ignored = _files_under(path)
        self._size = sum(file.stat().st_size for file in self._files)
        self._done = 0
        self._scope = 0

    def __iter__(self) -> Iterator[Entry | Fault]:
        if not self._files:
            yield Fault(self._path.name, "", "there is no .json, .ndjson, .gz or .zip file in it")
        for file in self._files:
            name = printable(file.relative_to(self._path).as_posix() if file != self._path else file.name)
            try:
                with _Counted(file) as counted, io.BufferedReader(counted, parsing.CHUNK) as stream:
                    for found in self._file(stream, name, file.stat().st_size):
                        yield found
                        self._progress("reading", min(self._done + counted.taken, self._size), self._size)
            except OSError as fault:
                yield Fault(name, "", f"it cannot be read: {fault.strerror or 'the disk gave an error'}")
            self._done += file.stat().st_size
            self._progress("reading", self._done, self._size)

    def _file(self, stream: io.BufferedReader[Any], name: str, size: int) -> Iterator[Entry | Fault]:
        magic = stream.peek(4)[:4]
        if magic == b"PK\x03\x04":
            yield from self._zip(stream, name)
        elif magic[:2] == b"\x1f\x8b":
            yield from self._gzip(stream, name, size)
        else:
            yield from self._text(stream, name)

    def _gzip(self, stream: io.BufferedReader[Any], name: str, size: int) -> Iterator[Entry | Fault]:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            inner = name.removesuffix(".gz")
            yield from self._text(io.BufferedReader(_Unpacked(unpacked, size), parsing.CHUNK), name, inner)

    def _zip(self, stream: io.BufferedReader[Any], name: str) -> Iterator[Entry | Fault]:
        try:
            with zipfile.ZipFile(stream) as packed:
                for info in sorted(packed.infolist(), key=lambda item: item.filename):
                    if not info.is_dir():
                        yield from self._member(packed, info, f"{name}/{info.filename}")
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
            yield Fault(name, "", "it is a damaged .zip file")

    def _member(self, packed: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[Entry | Fault]:
        if not _wanted(PurePosixPath(info.filename)):
            self.ignored += 1
            return
        try:
            with packed.open(info) as member:
                stream = io.BufferedReader(_Unpacked(member, info.compress_size), parsing.CHUNK)
                if stream.peek(4)[:4] == b"PK\x03\x04":
                    yield Fault(name, "", "a .zip inside a .zip is not opened")
                else:
                    yield from self._file(stream, name, info.compress_size)
        except RuntimeError:
            yield Fault(name, "", "it is locked with a password")
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, parsing.Unreadable) as fault:
            reason = str(fault) if isinstance(fault, parsing.Unreadable) else "it is damaged inside the .zip file"
            yield Fault(name, "", reason)

    def _text(self, stream: io.BufferedReader[Any], name: str, inner: str = "") -> Iterator[Entry | Fault]:
        place = ""
        try:
            start = parsing.beginning(stream)
            found = (
                self._lines(stream, name) if parsing.is_lines(start, inner or name) else self._document(stream, name)
            )
            for item in found:
                place = item.place
                yield item
        except parsing.Unreadable as fault:
            yield Fault(name, _after(place), str(fault))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield Fault(name, _after(place), "it is damaged or cut off; what came before that was read")

    def _lines(self, stream: io.BufferedReader[Any], name: str) -> Iterator[Entry | Fault]:
        number = 0
        while line := stream.readline(parsing.LARGEST_RESOURCE):
            number += 1
            place = f"line {number}"
            if len(line) == parsing.LARGEST_RESOURCE and not line.endswith(b"\n"):
                parsing.skip_line(stream)
                yield Fault(name, place, "it is longer than 64 MiB")
                continue
            if not line.strip():
                continue
            resource, reason = parsing.parsed(line.removeprefix(b"\xef\xbb\xbf"))
            if reason:
                cut = " and is cut off" if not line.endswith(b"\n") else ""
                yield Fault(name, place, reason + cut)
            else:
                yield from self._unfolded(Entry(name, place, resource))

    def _document(self, stream: io.BufferedReader[Any], name: str) -> Iterator[Entry | Fault]:
        kind, bundle_type = parsing.top_level(stream.peek(parsing.CHUNK))
        if bundle_type == "history":
            raise parsing.Unreadable("it is a history of old versions; export the present state instead")
        if kind in ("Bundle", ""):
            yield from self._bundle(stream, name, known=kind == "Bundle")
            return
        raw = stream.read(parsing.LARGEST_RESOURCE + 1)
        if len(raw) > parsing.LARGEST_RESOURCE:
            raise parsing.Unreadable("it is a single resource larger than 64 MiB")
        resource, reason = parsing.parsed(raw)
        yield Fault(name, "", reason) if reason else Entry(name, "", resource)

    def _bundle(self, stream: io.BufferedReader[Any], name: str, known: bool) -> Iterator[Entry | Fault]:
        self._scope += 1
        scope, number = self._scope, 0
        for item in parsing.bundle_entries(stream):
            number += 1
            yield from self._entry(item, name, f"entry {number}", scope, 1)
        if not known and not number:
            raise parsing.Unreadable("it is JSON, but not FHIR: it has no resourceType")

    def _entry(self, item: Any, name: str, place: str, scope: int, depth: int) -> Iterator[Entry | Fault]:
        """What an entry of a Bundle holds that has `depth` - 1 others around it."""
        if not isinstance(item, dict):
            yield Fault(name, place, "the entry is not an object")
        elif item.get("resource") is not None:
            request = item["request"] if isinstance(item.get("request"), dict) else {}
            said = (item.get("fullUrl"), request.get("method"), request.get("url"), request.get("ifNoneExist"))
            words = [value if isinstance(value, str) else "" for value in said]
            yield from self._unfolded(Entry(name, place, item["resource"], scope, *words), depth)

    def _unfolded(self, entry: Entry, depth: int = 0) -> Iterator[Entry | Fault]:
        """The entry, or if it is a Bundle itself, what is in it; `depth` Bundles are around it."""
        if not isinstance(entry.resource, dict) or entry.resource.get("resourceType") != "Bundle":
            yield entry
            return
        if depth == DEEPEST_BUNDLE:
            yield Fault(entry.file, entry.place, f"it has more than {DEEPEST_BUNDLE} Bundles inside each other")
            return
        self._scope += 1
        scope, inner = self._scope, entry.resource.get("entry")
        for item in inner if isinstance(inner, list) else []:
            yield from self._entry(item, entry.file, entry.place, scope, depth + 1)


# -- files -------------------------------------------------------------------------------------------------------------


def _files_under(path: Path) -> tuple[list[Path], int]:
    """The files to read, sorted, and how many others there are. Links to folders are not followed."""
    if not path.is_dir():
        return [path], 0
    everything = [Path(folder) / name for folder, _, names in os.walk(path) for name in names]
    files = sorted(file for file in everything if file.is_file() and _wanted(file.relative_to(path)))
    return files, len(everything) - len(files)


def _wanted(name: Path | PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return not hidden and name.suffix.lower() in READ_FROM_FOLDERS


def _after(place: str) -> str:
    return f"after {place}" if place else ""
