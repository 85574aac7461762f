"""A document as one tidy CSV table: section, row, measure, value, unit.

RFC 4180 with a header line, CRLF and UTF-8 with a byte order mark, which Excel needs to read it right. Each line is one
figure; lines that name the same section and row belong together. Where the document tells of single patients, each
line begins with the patient's name, birth date and number, empty where it is about all, so that no line can be taken
for another's wherever it is sorted or copied to. docs/json-format.md describes it too.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from webapp import words
from webapp.figures import Cell, Document, Metric, Section, Subject, Table
from webapp.files import facts, patients

DAYS = "Days of the month"
"""The measure of a line that says which days of its row's month are counted, where they are not all."""

HEADER = ("section", "row", "measure", "value", "unit")
IDENTIFIERS = ("patient", "born", "mrn")
LATEST = "Latest reading"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[Cell, Cell, Cell, Cell, Cell]


def draw(document: Document) -> bytes:
    """The CSV file of `document`."""
    raw = io.BytesIO()
    text = io.TextIOWrapper(raw, "utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    told: Iterable[tuple[Cell, ...]] = lines(document)
    if patients.each(document):
        writer.writerow((*IDENTIFIERS, *HEADER))
        told = identified(document)
    else:
        writer.writerow(HEADER)
    writer.writerows([guarded(cell) for cell in line] for line in told)
    text.flush()
    return raw.getvalue()


def identified(document: Document) -> Iterator[tuple[Cell, ...]]:
    """Every figure after the identifiers of the patient whose it is: what is about all, patient by patient, the end. A
    patient's line of the overview is one of the patient's lines."""
    nobody = ("",) * len(IDENTIFIERS)
    yield from ((*nobody, *line) for line in _beginning(document))
    overview = patients.as_listed(document)
    for at, (section, subject) in enumerate(patients.each(document)):
        told = _patient(section, subject)
        if overview:
            told += _table(overview.title, replace(overview, rows=(overview.rows[at],), total=None, note=""))
        yield from ((subject.name, subject.born, subject.mrn, *line) for line in told)
    yield from ((*nobody, *line) for line in _end(document))


def lines(document: Document) -> list[Line]:
    """Every figure of the document, headline first, provenance last."""
    return [*_beginning(document), *_end(document)]


def about(subject: Subject) -> list[tuple[str, str]]:
    """What is known of a patient beside the identifiers, as measure and value."""
    told = [("Age", subject.age), ("Sex", subject.sex), ("Score", subject.verdict), ("Response", subject.advice),
            ("Since", subject.since)]  # fmt: skip
    return [(measure, value) for measure, value in told if value]


def _patient(section: Section, subject: Subject) -> list[Line]:
    found: list[Line] = [("Patient", "", measure, value, "") for measure, value in about(subject)]
    found += _metrics(LATEST, section.metrics)
    for table in section.tables:
        found += _table(table.title, table)
    return found


def _beginning(document: Document) -> list[Line]:
    """Title, summary, headline figures and the tables that are about nobody alone."""
    found: list[Line] = [("Report", "", "Title", document.content.title, "")]
    found += [("Summary", f"{number}", "Text", text, "") for number, text in enumerate(document.content.summary, 1)]
    found += _metrics("Headline", document.content.metrics)
    overview = patients.overview(document)
    for section in document.content.sections:
        tables = [] if section.subject else [table for table in section.tables if table is not overview]
        for table in tables:
            alone = len(tables) == 1 or table.title == section.title
            found += _table(section.title if alone else f"{section.title}: {table.title}", table)
    return found


def _end(document: Document) -> list[Line]:
    """The rows counted, definitions and where the figures come from."""
    rows = document.content.rows
    found: list[Line] = [("Rows", "", "Read", rows.read, rows.noun), ("Rows", "", "Used", rows.used, rows.noun)]
    found += [("Rows", "Excluded", item.reason, item.count, rows.noun) for item in rows.excluded]
    found += [("Definitions", "", item.term, item.meaning, "") for item in document.content.definitions]
    found += [("Provenance", "", label, text, "") for label, text in facts.provenance(document)]
    return found


def _metrics(name: str, metrics: Sequence[Metric]) -> list[Line]:
    found: list[Line] = []
    for metric in metrics:
        unit = _unit(metric.kind, metric.unit)
        found.append((name, metric.label, "Value", metric.value, unit))
        found += [
            (name, metric.label, f"Trend, {at} of {len(metric.trend)}", figure, unit)
            for at, figure in enumerate(metric.trend, 1)
        ]
        if metric.change:
            step = metric.change
            measure = f"Change {facts.base(step)}"
            of_change = "points" if metric.kind == "percent" else unit
            found.append((name, metric.label, measure, step.difference, of_change))
            if step.percent is not None:
                found.append((name, metric.label, f"{measure} in percent", step.percent, "%"))
        if metric.note:
            found.append((name, metric.label, "Note", metric.note, ""))
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
