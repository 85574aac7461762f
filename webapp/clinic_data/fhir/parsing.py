"""JSON as it comes from outside: bytes that may be anything, looked at before and while they are read.

The parsers would end the process, take all memory or stop at one bad place; here each of these is a sentence instead.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from decimal import Context, Decimal, localcontext
from typing import Any, ClassVar

import ijson

LINES = (".ndjson", ".jsonl")
CHUNK = 64 * 1024
MOST_DIGITS = 4000
DIGITS = b"0123456789"
DEEPEST = 500
"""Objects and lists inside each other. FHIR nests a dozen deep; the parser's memory grows with the square of it."""
LARGEST_RESOURCE = 64 * 1024 * 1024
NUMBERS = Context(traps=[])
"""A number with an exponent that Decimal cannot hold is not a number (NaN) here. Raised, it would end the parsing."""
NO_OBJECT = "it is JSON, but not FHIR: a Bundle or a resource is one object, in braces"


class Unreadable(Exception):
    """The rest of a file cannot be read; the text is the reason, in a sentence."""


def beginning(stream: io.BufferedReader[Any]) -> bytes:
    """The first bytes, not consumed, but for a byte order mark. Raises Unreadable when they cannot be FHIR JSON."""
    if stream.peek(3)[:3] == b"\xef\xbb\xbf":
        stream.read(3)
    start = stream.peek(CHUNK)[:CHUNK]
    first = start.lstrip()[:1]
    if not start:
        raise Unreadable("it is empty")
    if first == b"<":
        raise Unreadable("it is XML; only the JSON form of FHIR can be read")
    if first != b"{":
        is_json = first == b"[" or not parsed(start)[1]
        raise Unreadable(NO_OBJECT if is_json else "it is not FHIR: it does not begin as JSON does")
    return start


def skip_line(stream: io.BufferedReader[Any]) -> None:
    """Read on to the end of a line, without keeping it."""
    while (piece := stream.readline(CHUNK)) and not piece.endswith(b"\n"):
        pass


def is_lines(start: bytes, name: str) -> bool:
    """Whether it is one resource a line. Pretty-printed JSON has a first line that is no object."""
    first, newline, rest = start.lstrip().partition(b"\n")
    if name.lower().endswith(LINES):
        return first.strip() != b"{"
    return bool(newline) and rest.lstrip()[:1] == b"{" and not parsed(first)[1]


def top_level(start: bytes) -> tuple[str, str]:
    """resourceType and type, where they stand before any entry; else empty."""
    found = {"resourceType": "", "type": ""}
    _refuse_endless_numbers(start)
    Nesting().look_at(start)
    try:
        with localcontext(NUMBERS):
            for prefix, event, value in ijson.parse(io.BytesIO(start)):
                if prefix in found and event == "string":
                    found[prefix] = value
                if prefix == "entry" or all(found.values()):
                    break
    except (ijson.JSONError, ValueError):
        pass
    return found["resourceType"], found["type"]


def parsed(raw: bytes) -> tuple[Any, str]:
    """The JSON, or why it is none."""
    try:
        with localcontext(NUMBERS):
            return json.loads(raw.decode(), parse_float=Decimal, parse_constant=_no_constant), ""
    except UnicodeDecodeError:
        return None, "it is not UTF-8"
    except (ValueError, RecursionError):
        return None, "it is not valid JSON"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def bundle_entries(stream: io.BufferedReader[Any]) -> Iterator[Any]:
    """Bundle.entry, one by one. Raises Unreadable after the last that is whole."""
    found = ijson.sendable_list()
    parser = ijson.items_coro(found, "entry.item")
    nesting = Nesting()
    since, before, fault = 0, b"", ""
    while (chunk := stream.read1(CHUNK)) and not fault:
        _refuse_endless_numbers(before + chunk)
        nesting.look_at(chunk)
        before = (before + chunk)[-MOST_DIGITS:]
        try:
            with localcontext(NUMBERS):
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
        raise Unreadable(fault)


class Nesting:
    """How deep JSON is nested at the end of what has been looked at, piece by piece."""

    _STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
    _ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
    _STEPS: ClassVar[dict[int, int]] = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}

    def __init__(self) -> None:
        self._depth = 0
        self._begun = b""
        """What the next piece goes on with: a string whose end has not come yet."""

    def look_at(self, piece: bytes) -> None:
        """Raises Unreadable beyond DEEPEST."""
        outside, quote, string = self._STRING.sub(b"", self._begun + piece).partition(b'"')
        self._begun = quote + b"\\" * ((len(string) - len(string.rstrip(b"\\"))) % 2)
        for step in map(self._STEPS.__getitem__, outside.translate(None, self._ALL_BUT_BRACKETS)):
            self._depth += step
            if self._depth > DEEPEST:
                raise Unreadable(f"it is nested more than {DEEPEST} deep")


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
                raise Unreadable("it holds a number of thousands of digits")
