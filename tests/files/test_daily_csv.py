"""CSV and JSON about single patients: no line can be taken for another patient's."""

import csv
import io
import json
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from tests.files import daily_samples
from tests.files.conftest import Draw
from tests.files.test_daily_excel import changed, named
from webapp.errors import FiguresDiffer
from webapp.figures import Document, Section
from webapp.files import patients, reconcile


@pytest.fixture(scope="module")
def document() -> Document:
    return daily_samples.document(3, 4)


def lines_of(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


def told(document: Document, format_name: str, file: bytes) -> str:
    with pytest.raises(FiguresDiffer) as fault:
        reconcile.check(document, format_name, io.BytesIO(file))
    return fault.value.address


def test_each_line_of_a_patient_begins_with_name_birth_date_and_number(draw: Draw, document: Document) -> None:
    header, *lines = lines_of(draw("csv", document))
    assert header == ["patient", "born", "mrn", "section", "row", "measure", "value", "unit"]
    for section, subject in patients.each(document):
        mine = [line[3:] for line in lines if line[:3] == [subject.name, subject.born, subject.mrn]]
        for table in section.tables:
            for row in table.rows:
                for cell, column in zip(row[1:], table.columns[1:], strict=True):
                    value = "" if cell is None else str(cell)
                    assert [table.title, str(row[0]), column.label, value, column.unit] in mine
        for metric in section.metrics:
            assert ["Latest reading", metric.label, "Value", str(metric.value), metric.unit] in mine
        assert ["Patients by score", subject.name, "Response", subject.advice, ""] in mine
    about_all = {line[3] for line in lines if line[:3] == ["", "", ""]}
    assert about_all == {"Report", "Summary", "Headline", "Rows", "Definitions", "Provenance"}


def test_what_a_spreadsheet_would_run_gets_an_apostrophe(draw: Draw, document: Document) -> None:
    other = named(document, "=1+1, Ana", "-5")
    file = draw("csv", other)
    assert {tuple(line[::2][:2]) for line in lines_of(file) if "Ana" in line[0]} == {("'=1+1, Ana", "'-5")}
    reconcile.check(other, "csv", io.BytesIO(file))


@pytest.mark.parametrize("format_name", ["csv", "json"])
class TestWrongPatient:
    def test_what_was_drawn_is_right(self, draw: Draw, document: Document, format_name: str) -> None:
        reconcile.check(document, format_name, io.BytesIO(draw(format_name, document)))

    def test_another_name_birth_date_or_number(self, draw: Draw, document: Document, format_name: str) -> None:
        for change in ({"name": "Other, A"}, {"born": "1950-01-01"}, {"mrn": "000-9999"}):
            other = changed(document, lambda one, change=change: replace(one, subject=replace(one.subject, **change)))
            assert (
                told(document, format_name, draw(format_name, other))
                == {
                    "csv": "identifiers of patient-1",
                    "json": f"content.sections[1].subject.{next(iter(change))}",
                }[format_name]
            )

    def test_anothers_figures(self, draw: Draw, document: Document, format_name: str) -> None:
        tables = document.content.sections[2].tables
        other = changed(document, lambda section: replace(section, tables=tables))
        address = told(document, format_name, draw(format_name, other))
        assert address == "table patient-1/readings, row 1, column respiration"

    def test_a_reading_too_many(self, draw: Draw, document: Document, format_name: str) -> None:
        def change(section: Section) -> Section:
            table = section.tables[0]
            return replace(section, tables=(replace(table, rows=(table.rows[1], *table.rows)), section.tables[1]))

        assert told(document, format_name, draw(format_name, changed(document, change)))


def test_a_line_that_is_not_the_patients_own_is_found(draw: Draw, document: Document) -> None:
    lines = draw("csv", document).decode("utf-8-sig").splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if ",Readings," in line)
    strayed = "".join([*lines[:at], lines[at].replace(",16,", ",29,"), *lines[at:]]).encode("utf-8-sig")
    assert told(document, "csv", strayed)


def test_a_moment_is_iso_text(draw: Draw, document: Document) -> None:
    rows = {line[4] for line in lines_of(draw("csv", document)) if line[3] == "Readings"}
    assert "2026-11-21T06:10+08:00" in rows
    section = json.loads(draw("json", document))["content"]["sections"][1]
    assert section["tables"][0]["rows"][1][0] == "2026-11-21T06:10+08:00"
    assert section["subject"]["mrn"] == "000-0419"


@pytest.mark.parametrize("format_name", ["csv", "excel"])
def test_a_score_of_known_points_alone_stands_in_the_list_in_words(
    draw: Draw, document: Document, format_name: str
) -> None:
    first = document.content.sections[0].tables[0]
    rows = ((*first.rows[0][:3], None, *first.rows[0][4:]), *first.rows[1:])
    document = changed(document, lambda one: replace(one, tables=(replace(first, rows=rows),)), 0)
    subject = replace(patients.each(document)[0][1], verdict="NEWS2 at least 15", level="high")
    document = changed(document, lambda one: replace(one, subject=subject))
    made = draw(format_name, document)
    reconcile.check(document, format_name, io.BytesIO(made), whole=True)
    if format_name == "csv":
        assert ["NEWS2", "at least 15"] in [line[5:7] for line in lines_of(made)]
    else:
        assert load_workbook(io.BytesIO(made))["Overview"]["D5"].value == "at least 15"
    less = replace(subject, verdict="NEWS2 at least 14")
    assert told(changed(document, lambda one: replace(one, subject=less)), format_name, made)
