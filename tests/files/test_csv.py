"""CSV files, read back with the standard library's reader."""

import csv
import io
from dataclasses import replace

import pytest

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.figures import Column, Section, Table
from webapp.files import facts, to_csv

HEADER = ["section", "row", "measure", "value", "unit"]


def lines_of(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


def test_it_is_utf8_with_a_mark_and_windows_line_ends(draw: Draw) -> None:
    file = draw("csv", samples.document(samples.visit_trends()))
    assert file.startswith(b"\xef\xbb\xbfsection,row,measure,value,unit\r\n")
    assert file.endswith(b"\r\n")
    assert file.count(b"\n") == file.count(b"\r\n")


@pytest.mark.parametrize("content", [samples.visit_trends(), samples.patient_summary()], ids=["trends", "summary"])
def test_every_figure_is_one_line(draw: Draw, content) -> None:
    header, *lines = lines_of(draw("csv", samples.document(content)))
    assert header == HEADER
    assert {len(line) for line in lines} == {5}
    found = {tuple(line) for line in lines}
    for section in content.sections:
        for table in section.tables:
            alone = len(section.tables) == 1 or table.title == section.title
            name = section.title if alone else f"{section.title}: {table.title}"
            for row in table.rows:
                for cell, column in zip(row[1:], table.columns[1:], strict=True):
                    unit = "%" if column.kind == "percent" else column.unit
                    assert (name, str(row[0]), column.label, "" if cell is None else str(cell), unit) in found
    for metric in content.metrics:
        assert any(line[:3] == ["Headline", metric.label, "Value"] for line in lines)


def test_it_says_where_the_figures_come_from(draw: Draw) -> None:
    document = samples.document(samples.visit_trends())
    lines = lines_of(draw("csv", document))
    assert ["Rows", "", "Read", "1209", "visits"] in lines
    assert ["Rows", "", "Used", "1204", "visits"] in lines
    assert ["Rows", "Excluded", "cancelled", "5", "visits"] in lines
    for label, text in facts.provenance(document):
        assert ["Provenance", "", label, text, ""] in lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(draw: Draw, text: str) -> None:
    cells = [cell for line in lines_of(draw("csv", odd_samples.named_document(text))) for cell in line]
    assert f"'{text}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_a_month_cut_short_is_a_month_with_a_line_for_its_days(draw: Draw) -> None:
    document = samples.document(odd_samples.cut_short())
    lines = [line for line in lines_of(draw("csv", document)) if line[0] == "The section"]
    assert lines[-5:] == [
        ["The section", "2026-10", "Series 1", "913", ""],
        ["The section", "2026-10", "Series 2", "291", ""],
        ["The section", "2026-11", "Series 1", "500", ""],
        ["The section", "2026-11", "Series 2", "150", ""],
        ["The section", "2026-11", "Days of the month", "1 to 22", ""],
    ]
    assert [line for line in lines if "Days of the month" in line] == lines[-1:]


def test_a_month_of_which_only_the_first_day_is_counted_says_so() -> None:
    lines = to_csv.lines(samples.document(odd_samples.one_chart("line", ("2026-11-01/01",), (5,), kind="month")))
    assert ("The section", "2026-11", "Days of the month", "1", "") in lines


def test_numbers_and_other_text_are_untouched(draw: Draw) -> None:
    table = Table(
        "t", "T", (Column("a", "A"), Column("b", "B", "number", decimals=1)), (("−5", -5.5), ("a=b", -3), ("'x", 0))
    )
    content = replace(odd_samples.empty(), sections=(Section("t", "T", (), (table,)),))
    lines = lines_of(draw("csv", samples.document(content)))
    assert ["T", "−5", "B", "-5.5", ""] in lines
    assert ["T", "a=b", "B", "-3", ""] in lines
    assert ["T", "'x", "B", "0", ""] in lines


def test_quotes_commas_and_line_breaks_come_back(draw: Draw) -> None:
    lines = lines_of(draw("csv", odd_samples.named_document('a "quoted", text\nin two lines')))
    assert ["Provenance", "", "Clinic", 'a "quoted", text in two lines', ""] in lines


def test_the_measures_of_a_change_are_told_apart() -> None:
    found = {
        line[2]: (line[3], line[4])
        for line in to_csv.lines(samples.document(samples.visit_trends()))
        if line[1] == "Visits"
    }
    assert found["Change from September 2026"] == (73, "")
    assert found["Change from September 2026 in percent"] == (6.5, "%")


def test_no_figure_has_the_name_of_another() -> None:
    lines = to_csv.lines(samples.document(samples.visit_trends()))
    assert len({line[:3] for line in lines}) == len(lines)
