"""A document as one tidy CSV table: section, row, measure, value, unit.

RFC 4180 with a header line, CRLF and UTF-8 with a byte order mark, which Excel needs to read it right. Each line is one
figure; lines that name the same section and row belong together.
"""

import csv
import io

from webapp.figures import Cell, Document, Table
from webapp.files import facts

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
        for column, value in zip(measures, row[1:], strict=True):
            if value is not None or row is not table.total:
                found.append((name, row[0], column.label, value, _unit(column.kind, column.unit)))
    if not measures:
        found += [(name, row[0], first.label, row[0], "") for row in table.rows]
    if table.note:
        found.append((name, "", "Note", table.note, ""))
    return found


def _unit(kind: str, unit: str) -> str:
    return unit or ("%" if kind == "percent" else "")


def guarded(cell: Cell) -> Cell:
    """`cell` with nothing in it that a spreadsheet takes for a formula. Numbers are numbers: -5 stays -5."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_DANGEROUS):
        return f"'{cell}"
    return cell
