"""The close table of readings: what it holds beside the signs of NEWS2, and how it tells what is not scored."""

from dataclasses import replace

import pytest

from tests.files import daily_samples
from tests.files.conftest import Draw
from tests.files.test_daily_pdf import checked, on_paper, texts, with_section
from webapp.figures import Cell, Column, Document, Table
from webapp.files import papers, patients, pdf_readings

EXTRAS = (
    Column("glucose", "Glucose", "number", "mmol/L", 1), Column("weight", "Weight", "number", "kg", 1),
    Column("oxygen_flow", "Oxygen flow", "number", "L/min", 1),
    Column("consciousness_level", "Level of consciousness", "number"),
)  # fmt: skip


def with_more(table: Table, remarks: dict[int, str]) -> Table:
    """The table on two days, with extras before the score, and remarks by the number of their row."""
    rows = []
    for at, row in enumerate(table.rows):
        day = str(row[0]).replace("-21T", "-20T") if at < 6 else row[0]
        given: tuple[Cell, ...] = ("oxygen", 2) if at % 2 else ("air", 0)
        more = (5.5 + at / 10, 72.4, 2.0 if at % 2 else None, 0)
        rows.append((day, *row[1:5], *given, *row[7:16], *more, row[16], remarks.get(at)))
    return replace(table, columns=(*table.columns[:16], *EXTRAS, *table.columns[16:]), rows=tuple(rows))


def readings(document: Document) -> Table:
    return patients.sections(document)[0].tables[0]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_extras_and_remarks_stay_in_one_table_on_one_page(draw: Draw, paper: str) -> None:
    document = on_paper(daily_samples.document(1, 12), paper)
    remarks = dict.fromkeys(range(6), "on record") | {3: "on record; cuff on the left arm", 8: "refused the mask"}
    document = with_section(document, 1, tables=(with_more(readings(document), remarks),))
    found = texts(checked(draw, document))
    assert len(found) == 3
    for shown in ("* on record", "cuff on the left arm", "refused the mask", "oxygen 2.0 L/min", "Glucose"):
        assert found[1].count(shown) == (6 if "2.0" in shown else 1)
    assert found[1].count("20 Nov, ") >= 6
    for shown in ("Points for", "Level of", "Readings, continued"):
        assert shown not in found[1]


def test_a_short_remark_keeps_its_column_where_there_is_room() -> None:
    table = readings(daily_samples.document(1, 3))
    table = replace(table, rows=tuple((*row[:-1], "on record") for row in table.rows))
    close = pdf_readings.close(table, papers.of("A4").patient.width)
    assert close is not None
    assert [row[-1].text for row in close.said] == ["on record"] * 3
    assert close.note == table.note


def test_a_remark_that_stands_once_is_no_mark() -> None:
    document = daily_samples.document(1, 12)
    table = with_more(readings(document), {2: "refused the mask"})
    close = pdf_readings.close(table, papers.of("A4").patient.width)
    assert close is not None
    assert close.under[2] == ["refused the mask"]
    assert not any("*" in row[0].text for row in close.said)


def test_what_is_not_scored_is_told_from_no_points() -> None:
    table = readings(daily_samples.document(1, 3))
    score, points = 16, 11
    rows = [list(row) for row in table.rows]
    rows[1][points] = rows[1][score] = None
    close = pdf_readings.close(replace(table, rows=tuple(map(tuple, rows))), papers.of("A4").patient.width)
    assert close is not None
    pulse = [lane.key for lane in close.lanes].index("pulse")
    assert [row[pulse].aside for row in close.said] == ["", "–", ""]
    assert close.note.endswith("small –: not scored")


def test_where_nothing_is_scored_no_dash_says_so() -> None:
    table = readings(daily_samples.document(1, 3))
    unscored = [at for at, column in enumerate(table.columns) if column.key == "score" or "_points" in column.key]
    rows = tuple(tuple(None if at in unscored else cell for at, cell in enumerate(row)) for row in table.rows)
    close = pdf_readings.close(replace(table, rows=rows), papers.of("A4").patient.width)
    assert close is not None
    assert not any(cell.aside for row in close.said for cell in row)
