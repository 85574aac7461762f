"""Where resources come from: a file, a folder, a .zip or .gz; Bundles, NDJSON and single resources. All of it streamed.

A resource is found by what the bytes are, not by what a file is called. What cannot be read is a Fault, with what came
before it kept.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import IO, Any, ClassVar

import ijson

Progress = Callable[[str, int, int], None]
"""Told the stage, and how much of how much is done of it."""

READ_FROM_FOLDERS = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
LINES = (".ndjson", ".jsonl")
CHUNK = 64 * 1024
MOST_DIGITS = 4000
DIGITS = b"0123456789"
DEEPEST = 500
"""Objects and lists inside each other. FHIR nests a dozen deep; the parser's memory grows with the square of it."""
LARGEST_RESOURCE = 64 * 1024 * 1024
NO_OBJECT = "it is JSON, but not FHIR: a Bundle or a resource is one object, in braces"
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


class _Unreadable(Exception):
    """The rest of a file cannot be read."""


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
            raise _Unreadable("it unpacks to more than 200 times its size")
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
            name = file.relative_to(self._path).as_posix() if file != self._path else file.name
            try:
                with _Counted(file) as counted, io.BufferedReader(counted, CHUNK) as stream:
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
            yield from self._text(io.BufferedReader(_Unpacked(unpacked, size), CHUNK), name, inner)

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
                stream = io.BufferedReader(_Unpacked(member, info.compress_size), CHUNK)
                if stream.peek(4)[:4] == b"PK\x03\x04":
                    yield Fault(name, "", "a .zip inside a .zip is not opened")
                else:
                    yield from self._file(stream, name, info.compress_size)
        except RuntimeError:
            yield Fault(name, "", "it is locked with a password")
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, _Unreadable) as fault:
            reason = str(fault) if isinstance(fault, _Unreadable) else "it is damaged inside the .zip file"
            yield Fault(name, "", reason)

    def _text(self, stream: io.BufferedReader[Any], name: str, inner: str = "") -> Iterator[Entry | Fault]:
        place = ""
        try:
            start = _start(stream)
            found = self._lines(stream, name) if _is_lines(start, inner or name) else self._document(stream, name)
            for item in found:
                place = item.place
                yield item
        except _Unreadable as fault:
            yield Fault(name, _after(place), str(fault))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield Fault(name, _after(place), "it is damaged or cut off; what came before that was read")

    def _lines(self, stream: io.BufferedReader[Any], name: str) -> Iterator[Entry | Fault]:
        number = 0
        while line := stream.readline(LARGEST_RESOURCE):
            number += 1
            place = f"line {number}"
            if len(line) == LARGEST_RESOURCE and not line.endswith(b"\n"):
                _skip_line(stream)
                yield Fault(name, place, "it is longer than 64 MiB")
                continue
            if not line.strip():
                continue
            resource, reason = _parsed(line.removeprefix(b"\xef\xbb\xbf"))
            if reason:
                cut = " and is cut off" if not line.endswith(b"\n") else ""
                yield Fault(name, place, reason + cut)
            else:
                yield from self._unfolded(Entry(name, place, resource))

    def _document(self, stream: io.BufferedReader[Any], name: str) -> Iterator[Entry | Fault]:
        kind, bundle_type = _top_level(stream.peek(CHUNK))
        if bundle_type == "history":
            raise _Unreadable("it is a history of old versions; export the present state instead")
        if kind in ("Bundle", ""):
            yield from self._bundle(stream, name, known=kind == "Bundle")
            return
        raw = stream.read(LARGEST_RESOURCE + 1)
        if len(raw) > LARGEST_RESOURCE:
            raise _Unreadable("it is a single resource larger than 64 MiB")
        resource, reason = _parsed(raw)
        yield Fault(name, "", reason) if reason else Entry(name, "", resource)

    def _bundle(self, stream: io.BufferedReader[Any], name: str, known: bool) -> Iterator[Entry | Fault]:
        self._scope += 1
        scope, number = self._scope, 0
        for item in _bundle_entries(stream):
            number += 1
            yield from self._entry(item, name, f"entry {number}", scope)
        if not known and not number:
            raise _Unreadable("it is JSON, but not FHIR: it has no resourceType")

    def _entry(self, item: Any, name: str, place: str, scope: int) -> Iterator[Entry | Fault]:
        if not isinstance(item, dict):
            yield Fault(name, place, "the entry is not an object")
        elif item.get("resource") is not None:
            request = item["request"] if isinstance(item.get("request"), dict) else {}
            said = (item.get("fullUrl"), request.get("method"), request.get("url"), request.get("ifNoneExist"))
            words = [value if isinstance(value, str) else "" for value in said]
            yield from self._unfolded(Entry(name, place, item["resource"], scope, *words))

    def _unfolded(self, entry: Entry) -> Iterator[Entry | Fault]:
        """The entry, or if it is a Bundle itself, what is in it."""
        if not isinstance(entry.resource, dict) or entry.resource.get("resourceType") != "Bundle":
            yield entry
            return
        self._scope += 1
        inner = entry.resource.get("entry")
        for item in inner if isinstance(inner, list) else []:
            yield from self._entry(item, entry.file, entry.place, self._scope)


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


# -- what the bytes are ------------------------------------------------------------------------------------------------


def _start(stream: io.BufferedReader[Any]) -> bytes:
    """The first bytes, not consumed, but for a byte order mark. Raises _Unreadable when they cannot be FHIR JSON."""
    if stream.peek(3)[:3] == b"\xef\xbb\xbf":
        stream.read(3)
    start = stream.peek(CHUNK)[:CHUNK]
    first = start.lstrip()[:1]
    if not start:
        raise _Unreadable("it is empty")
    if first == b"<":
        raise _Unreadable("it is XML; only the JSON form of FHIR can be read")
    if first != b"{":
        is_json = first == b"[" or not _parsed(start)[1]
        raise _Unreadable(NO_OBJECT if is_json else "it is not FHIR: it does not begin as JSON does")
    return start


def _skip_line(stream: io.BufferedReader[Any]) -> None:
    """Read on to the end of a line, without keeping it."""
    while (piece := stream.readline(CHUNK)) and not piece.endswith(b"\n"):
        pass


def _is_lines(start: bytes, name: str) -> bool:
    """Whether it is one resource a line. Pretty-printed JSON has a first line that is no object."""
    first, newline, rest = start.lstrip().partition(b"\n")
    if name.lower().endswith(LINES):
        return first.strip() != b"{"
    return bool(newline) and rest.lstrip()[:1] == b"{" and not _parsed(first)[1]


def _top_level(start: bytes) -> tuple[str, str]:
    """resourceType and type, where they stand before any entry; else empty."""
    found = {"resourceType": "", "type": ""}
    _refuse_endless_numbers(start)
    _Nesting().look_at(start)
    try:
        for prefix, event, value in ijson.parse(io.BytesIO(start)):
            if prefix in found and event == "string":
                found[prefix] = value
            if prefix == "entry" or all(found.values()):
                break
    except (ijson.JSONError, ValueError):
        pass
    return found["resourceType"], found["type"]


def _parsed(raw: bytes) -> tuple[Any, str]:
    """The JSON, or why it is none."""
    try:
        return json.loads(raw.decode(), parse_float=Decimal, parse_constant=_no_constant), ""
    except UnicodeDecodeError:
        return None, "it is not UTF-8"
    except (ValueError, RecursionError):
        return None, "it is not valid JSON"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _bundle_entries(stream: io.BufferedReader[Any]) -> Iterator[Any]:
    """Bundle.entry, one by one. Raises _Unreadable after the last that is whole."""
    found = ijson.sendable_list()
    parser = ijson.items_coro(found, "entry.item")
    nesting = _Nesting()
    since, before, fault = 0, b"", ""
    while (chunk := stream.read1(CHUNK)) and not fault:
        _refuse_endless_numbers(before + chunk)
        nesting.look_at(chunk)
        before = (before + chunk)[-MOST_DIGITS:]
        try:
            parser.send(chunk)
        except (ijson.JSONError, ValueError):
            fault = "the JSON is not valid here; what came before that was read"
        since = 0 if found else since + len(chunk)
        if since > LARGEST_RESOURCE:
            fault = "one entry is larger than 64 MiB"
        yield from found
        del found[:]
    try:
        parser.close()
    except ijson.JSONError:
        fault = fault or "the JSON breaks off before its end; what came before that was read"
    yield from found
    if fault:
        raise _Unreadable(fault)


class _Nesting:
    """How deep JSON is nested at the end of what has been looked at, piece by piece."""

    _STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
    _ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
    _STEPS: ClassVar[dict[int, int]] = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}

    def __init__(self) -> None:
        self._depth = 0
        self._begun = b""
        """What the next piece goes on with: a string whose end has not come yet."""

    def look_at(self, piece: bytes) -> None:
        """Raises _Unreadable beyond DEEPEST."""
        outside, quote, string = self._STRING.sub(b"", self._begun + piece).partition(b'"')
        self._begun = quote + b"\\" * ((len(string) - len(string.rstrip(b"\\"))) % 2)
        for step in map(self._STEPS.__getitem__, outside.translate(None, self._ALL_BUT_BRACKETS)):
            self._depth += step
            if self._depth > DEEPEST:
                raise _Unreadable(f"it is nested more than {DEEPEST} deep")


def _refuse_endless_numbers(piece: bytes) -> None:
    """The parser crashes, taking the process with it, on an integer that Python's int() refuses to read.

    A run of so many digits covers one of the places looked at.
    """
    for place in range(0, len(piece), MOST_DIGITS):
        if piece[place : place + 1].isdigit():
            before = piece[max(0, place - MOST_DIGITS) : place]
            after = piece[place : place + MOST_DIGITS]
            run = len(before) - len(before.rstrip(DIGITS)) + len(after) - len(after.lstrip(DIGITS))
            if run >= MOST_DIGITS:
                raise _Unreadable("it holds a number of thousands of digits")


def _after(place: str) -> str:
    return f"after {place}" if place else ""
