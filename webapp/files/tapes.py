"""What the pages of a patient must say, piece by piece in the order it is drawn, told from the figures alone.

A piece is a run of text that stands together. Those of one block follow one another without anything between them, so
that nothing of somebody else can stand among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webapp.figures import Chart, Column, Document, Section, Subject, Table
from webapp.files import charts, facts, patients, pdf_names, pdf_overview, pdf_readings, pdf_tables, pdf_vitals
from webapp.files.marks import Dot, Text
from webapp.files.pages import GUTTER
from webapp.files.pdf_patients import CONTINUED, steepest


@dataclass(frozen=True, slots=True)
class Piece:
    """`address` says in keys what it is. One that is `mixed` may come back with its signs in another order: the figures
    in a plot, which a reader puts in lines. One that is `loose` may have others before it."""

    text: str
    address: str
    mixed: bool = False
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces that stand together on one page. `rows`, each of some pieces, come after them, and may go on on the next
    page under `again`. `dots` are the bubbles of a chart as they are drawn, each at its place on the chart's sheet."""

    pieces: tuple[Piece, ...]
    rows: tuple[tuple[Piece, ...], ...] = ()
    again: tuple[Piece, ...] = ()
    dots: tuple[Dot, ...] = ()


def head(document: Document, section: Section) -> list[Piece]:
    """What each page of a patient begins with."""
    subject = patients.subject_of(section)
    return [
        Piece(facts.running(document), "head"),
        Piece(patients.name(subject), "name at the head"),
        Piece(pdf_names.brief(subject), "name at the head"),
    ]


def foot(section: Section) -> list[Piece]:
    """The identifiers at the foot of each page of a patient."""
    subject = patients.subject_of(section)
    return [
        Piece(patients.name(subject), "name at the foot"),
        Piece(
            f"{pdf_names.brief(subject)}·{patients.born(subject)}·{patients.mrn(subject)}",
            "birth date and MRN at the foot",
        ),
    ]


def blocks(section: Section, width: float) -> Iterator[Block]:
    """All that stands between head and foot, on however many pages."""
    subject = patients.subject_of(section)
    yield Block(
        (
            Piece(patients.name(subject), "name"),
            Piece("·".join(patients.line(subject)), "line under the name"),
            Piece("" if pdf_names.is_whole(subject) else pdf_names.NOTE, "note to the name"),
            Piece(pdf_vitals.verdict(subject), "verdict"),
            Piece(subject.since, "verdict, since"),
        )
    )
    for metric in section.metrics:
        address = f"vital sign {metric.key}"
        yield Block((Piece(metric.label, address), Piece(facts.value(metric), address)))
        yield Block((Piece(metric.unit, address), Piece(metric.note, address)))
    if section.text:
        yield Block((Piece(section.text, "text"),))
    drawn = _in_order(section, width)
    yield from (_chart(chart, section.table(chart.table), width, steepest(drawn)) for chart in drawn)
    for table in section.tables:
        yield from _table(section, table, width)


def _in_order(section: Section, width: float) -> list[Chart]:
    """As they are drawn: those that take the whole width before those that stand two by two."""
    drawn = charts.drawn(section)
    half = [charts.fits(chart, section.table(chart.table), (width - GUTTER) / 2) for chart in drawn]
    return [chart for wanted in (False, True) for chart, small in zip(drawn, half, strict=True) if small is wanted]


def _chart(chart: Chart, table: Table, width: float, steepest: float) -> Block:
    half = (width - GUTTER) / 2
    sheet = charts.pdf_sheet(half if charts.fits(chart, table, half) else width, steepest)
    marks = charts.picture(chart, table, sheet).marks
    said = "".join(mark.text for mark in marks if isinstance(mark, Text))
    address = f"chart {chart.key}"
    return Block(
        (Piece(chart.title, address), Piece(chart.subtitle, address), Piece(said, address, mixed=True)),
        dots=tuple(mark for mark in marks if isinstance(mark, Dot)),
    )


def _table(section: Section, table: Table, width: float) -> Iterator[Block]:
    address = f"table {table.key}"
    if not table.rows:
        yield Block((Piece(table.title, address), Piece(charts.NOTHING, address)))
        return
    close = pdf_readings.close(table, width)
    if close is None:
        yield from _loose(table, width)
        return
    header = tuple(Piece(f"{lane.label}{lane.unit}", f"{address}, header") for lane in close.lanes)
    note = Piece(close.note, address)
    rows = tuple(
        (
            *(
                Piece(f"{said.text}{said.aside}", f"{address}, row {number}, column {lane.key}")
                for lane, said in zip(close.lanes, row, strict=True)
            ),
            *(Piece(line, f"{address}, row {number}, column remark") for line in under),
        )
        for number, (row, under) in enumerate(zip(close.said, close.under, strict=True), 1)
    )
    again = (Piece(f"{table.title}{CONTINUED}", address), note, *header)
    yield Block((Piece(table.title, address), note, *header), rows, again)


def _loose(table: Table, width: float) -> Iterator[Block]:
    """A table that is drawn as in other reports, maybe in parts side by side: each row stands together, and behind the
    row before."""
    address = f"table {table.key}"
    for part in pdf_tables.parts(table, width):
        columns: Sequence[Column] = [table.columns[at] for at in part]
        lines = [*enumerate(table.rows, 1), *([(0, table.total)] if table.total else [])]
        for number, row in lines:
            cells = (pdf_tables.said(row[at], column, number == 0) for at, column in zip(part, columns, strict=True))
            name = f"row {number}" if number else "total"
            yield Block((Piece("".join(cells), f"{address}, {name}", loose=True),))


def overview(table: Table, document: Document) -> list[list[Piece]]:
    """The row of each patient in the list of all, without the page."""
    every = patients.sections(document)
    same_day = pdf_readings.same_day(table, "at")
    found = []
    for number, (row, section) in enumerate(zip(table.rows, every, strict=True), 1):
        subject = patients.subject_of(section)

        def said(key: str, row: Sequence[object] = row, subject: Subject = subject) -> str:
            told = pdf_overview.said(row, table.columns, key, same_day)  # type: ignore[arg-type]
            return pdf_overview.marked(told, subject) if key == "patient" else told

        told = {
            key: pdf_overview.score(said(key), subject) if key == "score" else said(key)
            for key in ("patient", "born", "mrn", "score", "advice", "at", "why")
        }
        found.append([Piece(text, f"list of patients, row {number}, {key}") for key, text in told.items()])
    return found
