"""A document as one tidy CSV table: section, row, measure, value, unit.

RFC 4180 with a header line, CRLF and UTF-8 with a byte order mark, which Excel needs to read it right. Each line is one
figure; lines that name the same section and row belong together. docs/json-format.md describes it too.
"""

import csv
import io

from webapp import words
from webapp.figures import Cell, Document, Table
from webapp.files import facts

DAYS = "Days of the month"
"""The measure of a line that says which days of its row's month are counted, where they are not all."""

HEADER = ("section", "row", "measure", "value", "unit")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[Cell, Cell, Cell, Cell, Cell]


def draw(document: Document) -> bytes:
    """The CSV file of `document`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([guarded(cell) for cell in line] for line in lines(document))
    return text.getvalue().encode("utf-8-sig")


def lines(document: Document) -> list[Line]:
    """Every figure of the document, headline first, provenance last."""
    found: list[Line] = [("Report", "", "Title", document.content.title, "")]
    found += [("Summary", f"{number}", "Text", text, "") for number, text in enumerate(document.content.summary, 1)]
    found += _metrics(document)
    for section in document.content.sections:
        for table in section.tables:
            alone = len(section.tables) == 1 or table.title == section.title
            found += _table(section.title if alone else f"{section.title}: {table.title}", table)
    rows = document.content.rows
    found += [("Rows", "", "Read", rows.read, rows.noun), ("Rows", "", "Used", rows.used, rows.noun)]
    found += [("Rows", "Excluded", item.reason, item.count, rows.noun) for item in rows.excluded]
    found += [("Definitions", "", item.term, item.meaning, "") for item in document.content.definitions]
    found += [("Provenance", "", label, text, "") for label, text in facts.provenance(document)]
    return found


def _metrics(document: Document) -> list[Line]:
    found: list[Line] = []
    for metric in document.content.metrics:
        unit = _unit(metric.kind, metric.unit)
        found.append(("Headline", metric.label, "Value", metric.value, unit))
        found += [
            ("Headline", metric.label, f"Trend, {at} of {len(metric.trend)}", figure, unit)
            for at, figure in enumerate(metric.trend, 1)
        ]
        if metric.change:
            step = metric.change
            measure = f"Change {facts.base(step)}"
            of_change = "points" if metric.kind == "percent" else unit
            found.append(("Headline", metric.label, measure, step.difference, of_change))
            if step.percent is not None:
                found.append(("Headline", metric.label, f"{measure} in percent", step.percent, "%"))
        if metric.note:
            found.append(("Headline", metric.label, "Note", metric.note, ""))
    return found


def _table(name: str, table: Table) -> list[Line]:
    found: list[Line] = []
    first, *measures = table.columns
    for row in [*table.rows, *([table.total] if table.total else [])]:
        key, days = _month(row[0]) if first.kind == "month" else (row[0], "")
        for column, value in zip(measures, row[1:], strict=True):
            if value is not None or row is not table.total:
                found.append((name, key, column.label, value, _unit(column.kind, column.unit)))
        if days:
            found.append((name, key, DAYS, days, ""))
    if not measures:
        found += [(name, row[0], first.label, row[0], "") for row in table.rows]
    if table.note:
        found.append((name, "", "Note", table.note, ""))
    return found


def _month(cell: Cell) -> tuple[Cell, str]:
    """ "2026-10" as it is; of a month cut short, "2026-11-01/22", the month, and its days in words: "1 to 22"."""
    if not isinstance(cell, str) or "/" not in cell:
        return cell, ""
    return cell[: len("2026-11")], words.part_of_month(cell).replace("–", " to ")


def _unit(kind: str, unit: str) -> str:
    return unit or ("%" if kind == "percent" else "")


def guarded(cell: Cell) -> Cell:
    """`cell` with nothing in it that a spreadsheet takes for a formula. Numbers are numbers: -5 stays -5."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_DANGEROUS):
        return f"'{cell}"
    return cell
