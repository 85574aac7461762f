"""Reads the sheets of single patients back, always whole: no figure, chart or link may be of another patient."""

from collections.abc import Sequence

from webapp import words
from webapp.figures import Cell, Document, Metric, Section, Subject, Table
from webapp.files import excel_patients, facts, patients
from webapp.files.addresses import Differs, of_cell, of_number, of_table
from webapp.files.excel_cells import header
from webapp.files.excel_parts import Book, Found, is_cell, is_figure, kept, letters

_MOST_ROWS = 1_048_576

Cells = dict[tuple[str, int], Found]


def compare(document: Document, book: Book) -> None:
    """Raises addresses.Differs for the first figure, identifier, link or chart that is not where it should be."""
    found = patients.each(document)
    names = list(book.names())
    if len(names) != len(found) + 2:
        raise Differs("number of patients")
    if book.is_linked_outside():
        raise Differs("a link out of the workbook")
    _overview(document, book, names[2:])
    for sheet, (section, subject) in enumerate(found, 3):
        _patient(document, book, sheet, names[sheet - 1], section, subject)


def _overview(document: Document, book: Book, names: list[str]) -> None:
    """Every table, and from each row of the first a link to the sheet that is this patient's by its place."""
    cells, header_row = book.cells(2, 1, _MOST_ROWS), excel_patients.HEADER + 1
    row = header_row
    for section, table in patients.tables_about_all(document):
        row = _table(section, table, cells, row) + 2
    if patients.overview(document) is None:
        names = []
    wanted = {header_row + at: "'{}'!A1".format(name.replace("'", "''")) for at, name in enumerate(names, 1)}
    if book.links(2) != wanted:
        raise Differs("links of the overview")


def _patient(document: Document, book: Book, sheet: int, name: str, section: Section, subject: Subject) -> None:
    cells = book.cells(sheet, 1, _MOST_ROWS)
    told = (subject.name, excel_patients.told(subject), patients.verdict(subject))
    if [cells.get(("A", row)) or "" for row in (1, 2, 3)] != [kept(text) for text in told]:
        raise Differs(f"identifiers of {section.key}")
    left, right = excel_patients.heading(document, subject)
    if book.heading(sheet) != f"&L&9{left}&R&9{right}":
        raise Differs(f"identifiers of {section.key} on its printed pages")
    row = _metrics(section, cells)
    for table in section.tables:
        row = _next(cells, row)
        if cells.get(("A", row)) != kept(table.title):
            raise Differs(of_table(section, table))
        row = _table(section, table, cells, row + 1)
    if any(at >= row and value is not None for (_, at), value in cells.items()):
        raise Differs(f"number of rows of {section.key}")
    for chart in book.charted(sheet):
        if not all(_is_of(cells, name) for cells in chart):
            raise Differs(f"charts of {section.key}")


def _is_of(cells: str, name: str) -> bool:
    """Whether a reference is to cells of this sheet. Excel quotes a name only where it must."""
    quoted = "'{}'".format(name.replace("'", "''"))
    return cells.rpartition("!")[0] in (name, quoted)


def _metrics(section: Section, cells: Cells) -> int:
    """The row below the latest reading."""
    row = _next(cells, 4)
    if not section.metrics:
        return row
    if cells.get(("A", row)) != excel_patients.LATEST:
        raise Differs(f"latest reading of {section.key}")
    for metric in section.metrics:
        row += 1
        if not _is_metric(metric, [cells.get((column, row)) for column in "ABCD"]):
            raise Differs(f"latest reading of {section.key}, {metric.key}")
    return row + 1


def _is_metric(metric: Metric, found: Sequence[Found]) -> bool:
    label, value, unit, note = found
    known = words.DASH if metric.value is None else metric.value
    told = " · ".join(part for part in (facts.change(metric), metric.note) if part)
    words_ = [label or "", unit or "", note or ""]
    return words_ == [kept(text) for text in (metric.label, metric.unit, told)] and is_figure(value, known, metric.kind)


def _next(cells: Cells, row: int) -> int:
    """The first row from `row` on with anything in its first column; `row` where there is none."""
    return min((at for (column, at), value in cells.items() if column == "A" and at >= row and value is not None),
               default=row)  # fmt: skip


def _table(section: Section, table: Table, cells: Cells, top: int) -> int:
    """Compares the table whose header stands in the row `top`. Gives the row below, which is empty."""
    names = [letters(at) for at in range(len(table.columns))]
    if [cells.get((name, top)) or "" for name in names] != [kept(header(column)) for column in table.columns]:
        raise Differs(f"{of_table(section, table)}, header")
    rows: list[tuple[int | None, Sequence[Cell]]] = [*enumerate(table.rows)]
    if table.total:
        rows.append((None, table.total))
    for at, (number, row) in enumerate(rows, top + 1):
        for column, name, cell in zip(table.columns, names, row, strict=True):
            if not is_cell(cells.get((name, at)), cell, column, is_total=number is None):
                raise Differs(of_cell(section, table, number, column))
    below = top + len(rows) + 1
    if any(cells.get((name, below)) is not None for name in names):
        raise Differs(of_number(section, table))
    return below
