"""What a report says, as frozen values: the one thing every format, page and re-made file is drawn from.

    Content     the figures: headline metrics, sections of charts and tables, rows read and used
    Provenance  who asked for what, when, about which clinic and period
    Presentation  how the clinic wants it: name, zone, paper, locale
    Document    the three together: all that a renderer gets

freeze() writes any of them as canonical JSON (sorted keys, no spaces, no NaN), compressed, with the SHA-256 of the
uncompressed text; thaw() gives the same value back. Text is made safe once, in freeze(): see words.printable().
"""

import functools
import hashlib
import json
import math
import types
import typing
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar

from webapp.words import printable

Cell = int | float | str | None
"""A figure or a word. None means "not known" and is written as a dash, never as zero."""

SUPPRESSED = "[c]"
"""In the place of a figure that is withheld, so that nobody can be made out: the symbol for confidential figures of the
United Kingdom's Government Analysis Function ("Symbols in tables", 2023)."""

Count = Any
"""An int, or SUPPRESSED. Any to the type checker, because only what is frozen may hold the symbol: whoever counts has
the number."""

Kind = Literal["text", "count", "number", "percent", "day", "month", "moment"]
"""How a cell is written. percent: 6.5 means 6.5 %. day: "2026-10-31". month: "2026-10", or where it is cut
short its days so far as an interval of ISO 8601: "2026-11-01/22". moment: on the clinic's clock with its distance from
UTC, "2026-11-21T14:05+08:00", or the day alone where the time is not known, "2026-11-21"."""

Shape = Literal["line", "bar", "heat", "pyramid", "stack", "interval", "bubble"]

Level = Literal["", "low", "low-medium", "medium", "high"]
"""How much a verdict calls for attention; empty where there is none. The words of NEWS2's clinical risk (Royal College
of Physicians, 2017, chart 2)."""

FEWEST_DRAWN = 5
"""The interval of a share of fewer says so little that it is not drawn: see Chart."""


@dataclass(frozen=True, slots=True)
class Change:
    """The step from an earlier value: `difference` in the metric's own unit, `percent` None where it would say too
    little (content/findings.py has the rule). Either may be SUPPRESSED."""

    difference: Count
    percent: Count
    against: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One headline figure, such as Visits 1,204. `trend` is the way to it, the last one its latest: a sparkline."""

    key: str
    label: str
    value: Cell
    kind: Kind = "count"
    unit: str = ""
    decimals: int = 0
    change: Change | None = None
    note: str = ""
    trend: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    kind: Kind = "text"
    unit: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` has one tuple per row, as long as `columns`; `total` is such a tuple or None."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A band of a chart's values, from `low` up to `high` in the unit of its first series, None for without an end;
    `grade` is what a value in it counts."""

    low: float | None
    high: float | None
    grade: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A view of one table of the same section, so that chart and table cannot disagree.

    `category` and `series` are column keys of that table. The title says what is seen ("Visits rose 8 % on last
    year"), the subtitle what is plotted.

    line, bar: one category a row, one line or group of bars a series.
    heat: one row of cells a table row, one cell a series.
    pyramid: two series back to back, one bar a row.
    stack: one bar a row, as long as all others, cut into the shares of its series.
    interval: one row a line; three series are its value and the ends of its interval. `whole` is the column of what the
    shares are of, if any: rows of fewer than FEWEST_DRAWN stand in the table alone.
    bubble: one bubble a row at its moment, `category`, and its value, the first series; the second series is the grade,
    and the bubble's area is proportional to grade + 1. A row without a value has no bubble; one without a grade has a
    hollow one of the smallest area. With one series all bubbles are of that area. `zones` are shaded behind them.
    """

    key: str
    shape: Shape
    title: str
    subtitle: str
    table: str
    category: str
    series: tuple[str, ...]
    whole: str = ""
    zones: tuple[Zone, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """The one patient that a section tells of, by two identifiers: name with date of birth, and medical record number.

    `name` is "Family, Given". `born` is an ISO day, a month or a year, as far as it is known, else empty. `age` is in
    words ("68"), `sex` a word of models.patient.SEXES, each empty where it is not known. `verdict` is the score by
    which the patient is judged in few words ("NEWS2 5", "NEWS2 at least 15", of an earlier one "NEWS2 was 16", "not
    scored"), `advice` what it calls for ("urgent review"), `since` more about it in small type ("at 22:00,
    was 0 at 02:00"). The list of all patients has the figure alone, of the latest readings, and none where these are
    not scored.
    """

    name: str
    born: str
    mrn: str
    age: str = ""
    sex: str = ""
    verdict: str = ""
    level: Level = ""
    advice: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """`subject` is the patient where it is about a single one; it then has headline `metrics` of its own."""

    key: str
    title: str
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    text: str = ""
    metrics: tuple[Metric, ...] = ()
    subject: Subject | None = None

    def table(self, key: str) -> Table:
        """The table of that key. Raises KeyError."""
        for table in self.tables:
            if table.key == key:
                return table
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Excluded:
    reason: str
    count: Count


@dataclass(frozen=True, slots=True)
class Rows:
    """What was counted: read = used + the sum of excluded, each a count or SUPPRESSED. `noun` is plural: "visits"."""

    noun: str
    read: Count
    used: Count
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """One line of "About these figures"."""

    term: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Content:
    template: str
    title: str
    summary: tuple[str, ...]
    metrics: tuple[Metric, ...]
    sections: tuple[Section, ...]
    rows: Rows
    definitions: tuple[Definition, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter as the reader sees it: "Provider", "All providers"."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Days are ISO dates in the clinic's zone, moments ISO date-times in UTC. `compare` tells in words what the period
    is set against: "1 to 30 September 2026, the period before"; empty in reports that were frozen without it."""

    report_number: str
    requested_by: str
    asked_at: str
    data_as_of: str
    period_start: str
    period_end: str
    filters: tuple[Choice, ...]
    template: str
    template_title: str
    template_version: int
    compare: str = ""


@dataclass(frozen=True, slots=True)
class Presentation:
    """`logo` is a PNG in Base64, kept with the report so that a file made again looks the same; empty for none."""

    clinic_name: str
    timezone: str
    paper: Literal["A4", "Letter"] = "A4"
    locale: str = "en"
    logo: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """All that a renderer gets. `figures_sha256` is the hash of the frozen Content."""

    content: Content
    provenance: Provenance
    presentation: Presentation
    figures_sha256: str

    @property
    def short_hash(self) -> str:
        """The first eight digits in two groups, as printed on every page: "9f2c 41d7"."""
        return f"{self.figures_sha256[:4]} {self.figures_sha256[4:8]}"


@dataclass(frozen=True, slots=True)
class Frozen:
    """`body` is zlib-compressed canonical JSON; `sha256` is of the JSON, so it does not depend on the compressor."""

    sha256: str
    body: bytes


T = TypeVar("T")


def freeze(value: Any) -> Frozen:
    """A dataclass of this module as bytes with their hash. Raises ValueError for NaN or infinity."""
    raw = _canonical(value).encode()
    return Frozen(hashlib.sha256(raw).hexdigest(), zlib.compress(raw, 9))


def _canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def thaw(kind: type[T], frozen: Frozen) -> T:
    """The value that freeze() was given. Raises ValueError when the bytes do not have the hash."""
    try:
        raw = zlib.decompress(frozen.body)
    except zlib.error as fault:
        raise ValueError("frozen bytes cannot be unpacked") from fault
    if hashlib.sha256(raw).hexdigest() != frozen.sha256:
        raise ValueError("frozen bytes do not match their SHA-256")
    return typing.cast(T, _build(kind, json.loads(raw)))


def printed(kind: type[T], value: T) -> T:
    """The value as it is when it was frozen and thawed. Raises ValueError for NaN or infinity. One that was thawed is
    given back itself, for a copy of a large one takes several times its memory for a moment."""
    if _is_printed(value):
        return value
    return typing.cast(T, _build(kind, json.loads(_canonical(value))))


def _is_printed(value: Any) -> bool:
    kind = value.__class__
    if kind is str:
        return bool(printable(value) == value)
    if kind is tuple:
        return all(map(_is_printed, value))
    if kind is float:
        return math.isfinite(value)
    if value is None or kind in (int, bool):
        return True
    return is_dataclass(value) and all(_is_printed(getattr(value, name)) for name in _names(kind))


def as_plain(value: Any) -> Any:
    """Dataclasses as dicts and tuples as lists, with the text made printable: what JSON output shows."""
    return _plain(value)


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(value.__class__)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return value


def _build(kind: Any, data: Any) -> Any:
    """`data`, as JSON gives it, as the type that an annotation names."""
    return _builder(kind)(data)


@functools.cache
def _builder(kind: Any) -> Callable[[Any], Any]:
    """What makes values of a type. Kept, for to read annotations takes far longer than to build a value."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        inner = _builder(typing.get_args(kind)[0])
        return lambda data: tuple(map(inner, data))
    if origin in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(kind) if option is not type(None)]
        only = _builder(options[0]) if len(options) == 1 else _as_it_is
        return lambda data: None if data is None else only(data)
    if is_dataclass(kind):
        parts = {name: _builder(hint) for name, hint in typing.get_type_hints(kind).items()}
        return lambda data: kind(**{name: parts[name](item) for name, item in data.items()})  # type: ignore[operator]
    return _as_it_is


def _as_it_is(data: Any) -> Any:
    return data
