"""A sheet and what was found in it, as text for its pages."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from webapp import words
from webapp.uploads.checking import Findings
from webapp.uploads.checking.findings import STATES, RowState
from webapp.uploads.drafts import OUTCOMES, Fault, Outcome
from webapp.uploads.layout import FIELDS, LEFT_OUT, Ask, Layout
from webapp.uploads.workbook import Cell, Sheet, letter

PER_PAGE = 50
EXAMPLES = 3
LONGEST = 60
"""Characters of a cell that are shown."""

_LOOKED_AT = 200
"""Rows among which examples are looked for."""

Show = Literal["faults", "all"]

_KINDS_OF_STATES: dict[RowState, str] = {"used": "ok", "used in part": "warn", "left out": "bad", "no data": ""}
_KINDS: dict[Outcome, str] = {"noted": "info", "value left out": "warn", "rows left out": "bad", "stops": "bad"}
"""The kind of tag for each."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """`kind` is that of the gravest fault at this cell: info, warn or bad; empty for none."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ShownFault:
    """`place` is the column by letter and heading, or empty."""

    place: str
    given: str
    reason: str
    outcome: str
    kind: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    number: int
    fate: str
    kind: str
    cells: list[ShownCell]
    faults: list[ShownFault]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the sheet's rows."""

    rows: list[ShownRow]
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Kind:
    """Faults of one kind: how many, and what becomes of them."""

    label: str
    count: int
    outcome: str
    kind: str


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column of the sheet on the page that asks what columns mean. `key` is that of its question, `chosen` what is
    answered or understood, empty where somebody must choose among `options`; `hint` says why."""

    key: str
    letter: str
    header: str
    examples: str
    chosen: str
    options: list[tuple[str, str]]
    hint: str


def cell(value: Cell) -> str:
    """A cell as a reader of the sheet would see it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        day = words.short_dates(value.date(), value.date())
        return day if value.time() == time() else f"{day}, {value:%H:%M}"
    if isinstance(value, date):
        return words.short_dates(value, value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    text = f"{value:.10g}" if isinstance(value, float) else words.printable(str(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"


def headings(sheet: Sheet, layout: Layout) -> list[tuple[str, str]]:
    """Letter and heading of each column."""
    named = {column.index: " ".join(filter(None, (column.group, column.header))) for column in layout.columns}
    return [(letter(at), words.printable(named.get(at, ""))[:LONGEST]) for at in range(sheet.width)]


def page_of(sheet: Sheet, layout: Layout, findings: Findings, show: Show, number: int) -> Page:
    """The rows from the first one of data on: all of them, or those with faults."""
    by_row: dict[int, list[Fault]] = defaultdict(list)
    for fault in findings.faults:
        if fault.row is not None:
            by_row[fault.row].append(fault)
    wanted = sorted(by_row) if show == "faults" else range(layout.first_row, len(sheet.rows))
    pages = max(1, -(-len(wanted) // PER_PAGE))
    number = min(max(number, 1), pages)
    heads = headings(sheet, layout)
    shown = [
        _row(sheet, heads, findings, row, by_row[row]) for row in wanted[(number - 1) * PER_PAGE : number * PER_PAGE]
    ]
    return Page(shown, number, pages)


def _row(sheet: Sheet, heads: list[tuple[str, str]], findings: Findings, row: int, faults: list[Fault]) -> ShownRow:
    marks: dict[int, str] = {}
    for fault in faults:
        if fault.column is not None:
            kind = _KINDS[fault.outcome]
            marks[fault.column] = max(marks.get(fault.column, ""), kind, key=("", "info", "warn", "bad").index)
    cells = [ShownCell(cell(value), marks.get(at, "")) for at, value in enumerate(sheet.rows[row])]
    state = findings.rows[row]
    fate, kind = STATES[state], _KINDS_OF_STATES[state]
    return ShownRow(row + 1, fate, kind, cells, [_fault(fault, heads) for fault in faults])


def _fault(fault: Fault, heads: list[tuple[str, str]]) -> ShownFault:
    place = ", ".join(filter(None, heads[fault.column])) if fault.column is not None else ""
    outcome, kind = OUTCOMES[fault.outcome], _KINDS[fault.outcome]
    return ShownFault(place, words.printable(fault.given)[:LONGEST], words.printable(fault.reason), outcome, kind)


def of_the_sheet(findings: Findings) -> list[ShownFault]:
    """What concerns no single row."""
    return [_fault(fault, []) for fault in findings.faults if fault.row is None and fault.outcome != "stops"]


def kinds(findings: Findings) -> list[Kind]:
    """The faults by kind, those that leave something out first."""
    outcomes: dict[str, Outcome] = {}
    order: tuple[Outcome, ...] = ("stops", "rows left out", "value left out", "noted")
    for fault in findings.faults:
        before = outcomes.setdefault(fault.kind, fault.outcome)
        outcomes[fault.kind] = min(before, fault.outcome, key=order.index)
    by_gravity = sorted(findings.counts.by_kind, key=lambda one: order.index(outcomes[one[0]]))
    return [
        Kind(f"{name[:1].upper()}{name[1:]}", count, OUTCOMES[outcomes[name]], _KINDS[outcomes[name]])
        for name, count in by_gravity
    ]


MOST_TAKEN_FOR = 200
"""Patients who are listed whom the sheet names by MRN alone."""


def taken_for(findings: Findings) -> list[tuple[str, str, str]]:
    """MRN, who that is on record, and in which rows, as the sheet counts them."""
    return [
        (one.mrn, one.who, words.listed([f"{row + 1}" for row in one.rows[:5]] + ["more"] * (len(one.rows) > 5)))
        for one in findings.taken_for[:MOST_TAKEN_FOR]
    ]


def columns(sheet: Sheet, layout: Layout, asks: Mapping[str, Ask], given: Mapping[str, str]) -> list[ShownColumn]:
    """Each column that is understood or could be. `asks` are the questions by key, `given` the answers to them."""
    heads = headings(sheet, layout)
    shown = []
    for column in layout.columns:
        key = f"columns:{column.index}"
        ask = asks.get(key)
        told = (cell(row[column.index]) for row in sheet.rows[layout.first_row :][:_LOOKED_AT])
        name, header = heads[column.index]
        usual = "" if column.may_be else column.field or LEFT_OUT
        shown.append(
            ShownColumn(
                key=key,
                letter=name,
                header=header,
                examples=" · ".join([text for text in told if text][:EXAMPLES]),
                chosen=given.get(key, usual),
                options=list(ask.options) if ask else list(FIELDS.items()),
                hint=ask.hint if ask else "",
            )
        )
    return shown


def is_about_a_column(ask: Ask) -> bool:
    return ask.key.startswith("columns:")
