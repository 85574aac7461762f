"""Which sheet, which rows name the columns, and what each column means."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from webapp.content.vitals.daily import OXYGEN_GIVEN
from webapp.uploads.layout import text
from webapp.uploads.layout.columns import settled_columns
from webapp.uploads.layout.headers import Meaning, is_moment_like, meaning
from webapp.uploads.layout.layout import LEFT_OUT, MEASURES, Answers, Column, Layout
from webapp.uploads.layout.units import unit_of
from webapp.uploads.workbook import Cell, Sheet, Workbook

LATEST_HEADER = 60
"""Rows from above among which headers are looked for."""
NUMBERED = MEASURES - {OXYGEN_GIVEN}
"""Measures of which several columns are several readings; of oxygen they complete one another."""
_NOTHING = Meaning(None)
IDENTITY = frozenset({"mrn", "name", "family", "given"})


@dataclass(frozen=True, slots=True)
class _Head:
    """The headers of a sheet: `upper` is the row of headings above them, `lower` the row below them, `score` tells how
    much of it is understood."""

    row: int | None
    upper: int | None
    lower: int | None
    score: int

    @property
    def rows(self) -> tuple[int, ...]:
        return tuple(row for row in (self.upper, self.row, self.lower) if row is not None)


def recognise(workbook: Workbook, remembered: Layout | None = None, sheet: int | None = None) -> Layout:
    """How a workbook is understood. `remembered` is what was said of a sheet with the same headers (headers_sha256);
    `sheet` the one that is meant, else the one of which most is understood."""
    if not workbook.sheets:
        return Layout(0, (), 0, "wide", ())
    heads = [_head(one) for one in workbook.sheets]
    if sheet is None or not 0 <= sheet < len(heads):
        sheet = max(range(len(heads)), key=lambda at: (heads[at].score, len(workbook.sheets[at].rows), -at))
    one, head = workbook.sheets[sheet], heads[sheet]
    if not head.rows:
        first = next((at for at, row in enumerate(one.rows) if not all(map(text.is_blank, row))), 0)
        columns = tuple(Column(at, "") for at in range(one.width) if _has_values(one, at, first))
        found = Layout(sheet, (), first, "wide", columns)
    else:
        found = settled_columns(one, _columns(one, head), sheet, head.rows)
    return found if remembered is None else _as_remembered(workbook, found, remembered)


def understood(workbook: Workbook, layout: Layout, answers: Answers) -> Layout:
    """The layout with all that was answered about it, to be remembered under its headers."""
    if answers.sheet and int(answers.sheet) != layout.sheet and int(answers.sheet) < len(workbook.sheets):
        layout = recognise(workbook, sheet=int(answers.sheet))
    columns = tuple(
        replace(column, field=field, unit=column.unit if field == column.field else _unit(column, field), may_be=())
        if (field := answers.columns.get(column.index))
        else column
        for column in layout.columns
    )
    said = {column.field for column in columns}
    return replace(
        layout,
        columns=numbered(columns) if answers.columns else columns,
        kind="long" if {"measure", "value"} <= said else "wide",
        units={**layout.units, **answers.units},
        sex={**layout.sex, **answers.sex},
        name_order=answers.name_order or layout.name_order,
    )


def headers_sha256(workbook: Workbook, layout: Layout) -> str:
    """Under which a layout is remembered: the same for the same headers in another order or in other letters. Empty
    where the sheet has none: such a layout must not be remembered, since any sheet could be meant."""
    if not layout.header_rows or not workbook.sheets:
        return ""
    rows = workbook.sheets[layout.sheet].rows
    stacks = zip(*(rows[row] for row in layout.header_rows), strict=True)
    headers = sorted([text.key(_heading(cell)) for cell in stack] for stack in stacks if any(stack))
    return hashlib.sha256(json.dumps(headers).encode()).hexdigest()


def likely_sheets(workbook: Workbook) -> tuple[int, ...]:
    """The sheets that look like readings of patients, of a file with several."""
    if len(workbook.sheets) < 2:
        return ()
    found = []
    for at, sheet in enumerate(workbook.sheets):
        layout = recognise(Workbook((sheet,)))
        fields = {column.field for column in layout.columns} | {of for column in layout.columns for of in column.may_be}
        if fields & IDENTITY and (fields & MEASURES or layout.kind == "long") and len(sheet.rows) > layout.first_row:
            found.append(at)
    return tuple(found)


def numbered(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns, with groups "1", "2" where the same measure stands in several that no heading tells apart."""
    counts: Counter[tuple[str | None, str]] = Counter(
        (column.field, column.group) for column in columns if column.field in NUMBERED
    )
    seen: Counter[tuple[str | None, str]] = Counter()
    found = []
    for column in columns:
        place = (column.field, column.group)
        if counts[place] > 1:
            seen[place] += 1
            column = replace(column, group=f"{column.group} {seen[place]}".strip())
        found.append(column)
    return tuple(found)


def _as_remembered(workbook: Workbook, found: Layout, remembered: Layout) -> Layout:
    """The layout with what was said of these headers before, column by column in whatever order they stand now."""
    known: dict[str, list[Column]] = {}
    for then in remembered.columns:
        known.setdefault(text.key(then.header), []).append(then)
    columns = []
    for column in found.columns:
        same = known.get(text.key(column.header), [])
        at = next((at for at, one in enumerate(same) if one.group == column.group), 0)
        columns.append(replace(same.pop(at), index=column.index, header=column.header) if same else column)
    return replace(
        found,
        kind=remembered.kind,
        columns=tuple(columns),
        units=remembered.units,
        sex=remembered.sex,
        name_order=remembered.name_order,
    )


def _unit(column: Column, field: str) -> str:
    found = meaning(column.header)
    if found.unit and field in (found.field, *found.may_be):
        return found.unit
    parts = text.cleaned(column.header).replace("(", " ").replace(")", " ").split(" ")
    return next((unit for part in reversed(parts) if (unit := unit_of(field, part))), "") if len(parts) > 1 else ""


def _has_values(sheet: Sheet, column: int, first: int) -> bool:
    return any(not text.is_blank(row[column]) for row in sheet.rows[first:]) or any(
        column == place[1] for place in sheet.uncounted
    )


def _head(sheet: Sheet) -> _Head:
    rows = sheet.rows[:LATEST_HEADER]
    words = dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str))
    meanings = {word: meaning(word) for word in words}
    known = [[meanings[cell] if isinstance(cell, str) else _NOTHING for cell in row] for row in rows]
    scores = [len({(found.field, found.suffix) for found in row if found.field} | _open(row)) for row in known]
    best = max(scores, default=0)
    if best < 2 and not (best == 1 and sheet.width <= 2):
        return _Head(_in_other_words(rows), None, None, 0)
    row = scores.index(best)
    lower = row + 1 if row + 1 < len(rows) and _goes_on(rows[row], rows[row + 1], known[row + 1]) else None
    upper = row - 1 if row and _heads(sheet, rows[row - 1], known[row]) else None
    return _Head(row, upper, lower, best)


def _in_other_words(rows: tuple[tuple[Cell, ...], ...]) -> int | None:
    """The row of headers where none is understood, in another language for instance: the first that is about as full as
    any and holds nothing but words, while there are figures below it."""
    filled = [[cell for cell in row if not text.is_blank(cell)] for row in rows]
    most = max(map(len, filled), default=0)
    for at, cells in enumerate(filled):
        words = [cell for cell in cells if isinstance(cell, str) and any(map(str.isalpha, cell))]
        figures = [cell for row in filled[at + 1 :] for cell in row if any(map(str.isdigit, text.shown(cell)))]
        if len(cells) >= 2 and 2 * len(cells) > most and len(words) == len(cells):
            bare = sum(any(map(str.isdigit, word)) for word in words)
            return at if figures and 2 * bare < len(words) else None
    return None


def _known(cell: Cell) -> Meaning:
    return meaning(cell) if isinstance(cell, str) else _NOTHING


def _open(row: Iterable[Meaning]) -> set[tuple[str | None, str]]:
    return {(None, found.may_be[0]) for found in row if found.may_be}


def _goes_on(above: tuple[Cell, ...], row: tuple[Cell, ...], known: list[Meaning]) -> bool:
    """Whether a row still belongs to the headers: it holds only units, or names what the row above leaves open, such as
    "Sys" and "Dia" below "BP"."""
    filled = [(at, cell) for at, cell in enumerate(row) if not text.is_blank(cell)]
    if not filled or not all(isinstance(cell, str) for _, cell in filled):
        return False
    if all(_is_unit(str(cell), above[at]) for at, cell in filled):
        return True
    fields = {known[at].field for at, _ in filled}
    return len(fields - {None}) >= 2 and len(filled) <= 2 * sum(known[at].field is not None for at, _ in filled)


def _is_unit(plain: str, above: Cell) -> bool:
    found = _known(above)
    inside = plain.strip().strip("()[]")
    return any(unit_of(field, inside) for field in (found.field, *found.may_be) if field)


def _heads(sheet: Sheet, row: tuple[Cell, ...], below: list[Meaning]) -> bool:
    """Whether a row holds headings of several columns: it has something above a measure, and is no title."""
    over = [at for at, cell in enumerate(row) if not text.is_blank(cell)]
    measures = {at for at, found in enumerate(below) if found.field in MEASURES}
    return any(
        at in measures and (len(over) > 1 or is_moment_like(text.shown(row[at])) or isinstance(row[at], date))
        for at in over
    ) or any(not found.field and at in over and _known(row[at]).field for at, found in enumerate(below))


def _columns(sheet: Sheet, head: _Head) -> list[tuple[Column, Meaning]]:
    """Each column that has a header or values, with what its header means."""
    uppers = _headings(sheet, head.upper)
    names = [text.shown(cell) for cell in sheet.rows[head.row or 0]]
    lowers = [text.shown(cell) for cell in sheet.rows[head.lower]] if head.lower is not None else [""] * sheet.width
    spread = _headings(sheet, head.row) if head.lower is not None else names
    found = []
    for at in range(sheet.width):
        name, upper = names[at], uppers[at]
        if not name and head.upper is not None and _known(sheet.rows[head.upper][at]).field not in (None, *MEASURES):
            name, upper = upper, ""
        if lowers[at] and not _is_unit(lowers[at], name):
            header, heading = lowers[at], spread[at]
        else:
            header, heading = f"{name} ({lowers[at].strip('()[]')})" if lowers[at] else name, upper
        if not header and not _has_values(sheet, at, head.rows[-1] + 1):
            continue
        meant = meaning(f"{heading} {header}") if heading and header else Meaning(None)
        if meant.field is None or meant.suffix:
            meant = meaning(header)
        whole = f"{heading} {header}".strip() if _known(heading).field else header
        group = "" if _known(heading).field or meant.field == LEFT_OUT else heading
        found.append((Column(at, whole, group or (upper if heading != upper else "")), meant))
    return found


def _headings(sheet: Sheet, row: int | None) -> list[str]:
    """The heading over each column: over all that it is merged with, else up to the next heading."""
    if row is None:
        return [""] * sheet.width
    merged = {left: right for top, left, bottom, right in sheet.merged if top <= row <= bottom}
    merged = {left: right for left, right in merged.items() if not text.is_blank(sheet.rows[row][left])}
    found, heading, until = [], "", -1
    for at, cell in enumerate(sheet.rows[row]):
        if not text.is_blank(cell):
            heading, until = _heading(cell), merged.get(at, at if merged else sheet.width)
        found.append(heading if at <= until else "")
    return found


def _heading(cell: Cell) -> str:
    return cell.date().isoformat() if isinstance(cell, datetime) else " ".join(text.shown(cell).split())
