"""Whatever is brought ends in a Workbook or in one clear sentence, within limits that bite."""

import io
import json
import logging
import os
import signal
import subprocess
import zipfile
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook as OtherWorkbook

from tests.uploads.reading import made
from tests.uploads.reading.conftest import Read
from webapp.errors import SheetRefused
from webapp.uploads.reading import OUT_OF_MEMORY, read
from webapp.uploads.reading import limits as most
from webapp.uploads.reading.limits import MEGABYTE, Limits
from webapp.uploads.workbook import Workbook

BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
ODS = "application/vnd.oasis.opendocument.spreadsheet"
MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def far(place: str) -> bytes:
    at = int("".join(filter(str.isdecimal, place)))
    return made.xlsx(made.sheet(made.row(1, made.text("A1", "MRN")), made.row(at, made.number(place, 1))))


def with_entities(declared: str, part: str = "xl/worksheets/sheet1.xml") -> bytes:
    return made.xlsx(more={part: declared + made.GOOD.partition("?>")[2]})


def wide(columns: int) -> bytes:
    header = ",".join(f"c{at}" for at in range(columns))
    return f"{header}\n{header}\n".encode()


def long(rows: int) -> bytes:
    return b"MRN,Pulse\n" + b"M-1,72\n" * rows


def openpyxl_at(place: str) -> bytes:
    workbook, file = OtherWorkbook(), io.BytesIO()
    workbook.active[place] = 1
    workbook.save(file)
    return file.getvalue()


OTHER_KINDS = {
    "nothing": (b"", "sheet.xlsx", "empty"),
    "blank lines": (b"\r\n \r\n", "sheet.csv", "empty"),
    "picture": (PNG, "vitals.xlsx", "a picture (PNG), though its name ends in .xlsx"),
    "photograph": (b"\xff\xd8\xff\xe0" + bytes(64), "vitals.xlsx", "a picture (JPEG)"),
    "pdf": (b"%PDF-1.7\n1 0 obj", "vitals.xlsx", "a PDF, though its name ends in .xlsx"),
    "old excel": (
        made.container("Workbook"),
        "vitals.xls",
        "an Excel workbook of the old kind (.xls). Open it in Excel",
    ),
    "oldest excel": (made.container("Book"), "vitals.xls", "of the old kind"),
    "old word": (made.container("WordDocument"), "vitals.doc", "a Word document"),
    "password": (made.container("EncryptedPackage"), "vitals.xlsx", "protected with a password"),
    "old thing": (made.container("Root Entry"), "vitals.xls", "an older Office file"),
    "ods": (made.zipped({"mimetype": ODS, "content.xml": "<a/>"}), "vitals.ods", "an OpenDocument spreadsheet (.ods)"),
    "docx": (made.zipped({"word/document.xml": "<a/>"}), "vitals.xlsx", "a Word document"),
    "xlsb": (made.zipped({"xl/workbook.bin": b"\0"}), "vitals.xlsb", "(.xlsb)"),
    "macros": (made.xlsx(more={"xl/vbaProject.bin": b"\0"}), "vitals.xlsm", "without macros"),
    "macros by type": (made.xlsx(main_type=MACRO_TYPE), "vitals.xlsx", "without macros"),
    "numbers": (made.zipped({"Index/Document.iwa": b"\0"}), "vitals.numbers", "Apple"),
    "archive": (made.zipped({"vitals.xlsx": made.xlsx()}), "vitals.zip", "a zip archive and no workbook. Unpack it"),
    "empty archive": (made.zipped({}), "vitals.xlsx", "zip archive"),
    "web page": (
        b"\xef\xbb\xbf<!-- x -->\n<html><table><tr><td>1",
        "vitals.xls",
        "a web page (HTML), though its name ends",
    ),
    "xml": (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "vitals.xls", "an XML file"),
    "json": (json.dumps([{"mrn": 1}]).encode(), "vitals.csv", "a JSON file"),
    "json in utf-16": (json.dumps({"mrn": 1}).encode("utf-16"), "vitals.csv", "a JSON file"),
    "program": (b"\x7fELF\x02\x01" + bytes(64), "vitals.csv", "a program"),
    "noise": (bytes(at * 89 % 251 for at in range(5_000)), "vitals.csv", "neither a workbook nor text"),
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_another_kind_of_file_is_refused_with_what_it_seems_to_be(reading_here: Read, kind: str) -> None:
    content, name, said = OTHER_KINDS[kind]
    with pytest.raises(SheetRefused) as refused:
        reading_here(content, name)
    assert said in refused.value.plain
    assert refused.value.plain.endswith(".")


HOSTILE = {
    "cut short": (made.xlsx()[:-400], "damaged or was not copied to its end"),
    "entities": (with_entities(BOMB), "declarations"),
    "entities from outside": (with_entities(OUTSIDE), "declarations"),
    "entities in the list of sheets": (with_entities(BOMB, "xl/workbook.xml"), "declarations"),
    "entities in shared strings": (with_entities(BOMB, "xl/sharedStrings.xml"), "declarations"),
    "entities in UTF-16": (made.xlsx(more={"docProps/app.xml": f"{BOMB}<a/>".encode("utf-16")}), "declarations"),
    "a bomb": (made.xlsx(more={"xl/media/a.bin": bytes(30 * MEGABYTE)}), "packed so tightly"),
    "many parts": (made.xlsx(more={f"a/{at}": b"" for at in range(2_001)}), "2,007 parts; at most 2,000"),
    "a size that is a lie": (
        made.lying_about_size(made.xlsx(more={"xl/a.xml": bytes(9_000)}), "xl/a.xml", 9),
        "damaged",
    ),
    "no list of sheets": (made.xlsx(more={"xl/workbook.xml": "<workbook"}), "damaged"),
    "no relations": (made.xlsx(more={"xl/_rels/workbook.xml.rels": b""}), "damaged"),
    "a sheet that ends early": (made.xlsx(made.GOOD[:-40]), "damaged"),
    "a cell in the last corner": (far("XFD1048576"), "XFD1048576, far away from all others"),
    "a cell at the right": (far("XFD1"), "XFD1, far away"),
    "a cell at the bottom": (far("A1048576"), "A1048576, far away"),
    "a far cell by openpyxl": (openpyxl_at("XFD1048576"), "XFD1048576, far away"),
    "nothing in it": (made.xlsx(made.sheet()), "There is nothing in this sheet."),
    "empty cells": (made.xlsx(made.sheet(made.row(3, '<c r="C3" s="0"/>'))), "There is nothing in this sheet."),
    "all hidden": (made.xlsx(hidden=("Sheet1",)), "All its sheets are hidden"),
    "a cell of 200,000 letters": (made.xlsx(made.sheet(made.row(1, made.text("A1", "a" * 200_000)))), "32,767"),
    "too many rows of text": (long(100_001), "100,001 rows under its first; at most 100,000"),
    "too many columns of text": (wide(301), "301 columns; at most 300"),
    "too many cells of text": (b"a\n" + (b"," * 250 + b"1\n") * 9_000, "at most 2,000,000 cells"),
    "a field of 20 MB": (b"a,b\n1," + b"x" * 20_000_000 + b"\n", "The cell B2 holds 20,000,000 characters"),
    "commas only": (b",,,\n,,\n", "There is nothing in this sheet."),
    "letters that nobody can know": ("имя;пульс\nИванов;72\n".encode("cp1251"), "CSV UTF-8"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_or_broken_sheet_is_refused_in_one_sentence(reading_here: Read, kind: str) -> None:
    content, said = HOSTILE[kind]
    with pytest.raises(SheetRefused) as refused:
        reading_here(content)
    assert said in refused.value.plain


@pytest.mark.parametrize("kind", ["entities", "a cell in the last corner", "a field of 20 MB"])
def test_the_sentence_comes_from_the_other_process(reading: Read, reading_here: Read, kind: str) -> None:
    content, _ = HOSTILE[kind]
    with pytest.raises(SheetRefused) as here:
        reading_here(content)
    with pytest.raises(SheetRefused) as there:
        reading(content)
    assert (str(there.value), there.value.plain) == (str(here.value), here.value.plain)


def test_the_values_come_from_the_other_process(reading: Read, reading_here: Read) -> None:
    assert reading(made.xlsx()) == reading_here(made.xlsx())
    assert reading("MRN;Größe\n1;2\n".encode("cp1252")).notes == ("Read as Windows-1252: check names with accents.",)


def test_too_many_rows_of_a_workbook_are_counted(reading_here: Read) -> None:
    rows = "".join(f'<row r="{at}"><c r="A{at}"><v>1</v></c></row>' for at in range(1, 100_203))
    with pytest.raises(SheetRefused) as refused:
        reading_here(made.xlsx(made.sheet(rows)))
    assert "100,201 rows under its first; at most 100,000" in refused.value.plain


def test_a_far_cell_that_no_pattern_finds_ends_at_the_limit_of_memory(reading: Read) -> None:
    sheet = made.sheet(made.row(1, made.number("A1", 1)), made.row(1_048_576, "<c r='XFD1048576'><v>1</v></c>"))
    with pytest.raises(SheetRefused) as refused:
        reading(made.xlsx(sheet))
    assert "more memory than there is" in refused.value.plain
    assert "a single cell far away" in refused.value.plain


def test_cells_far_away_that_hold_nothing_are_no_matter(reading_here: Read) -> None:
    styled = made.sheet(
        made.row(1, made.text("A1", "MRN"), '<c r="XFD1" s="0"/>'), made.row(1_048_576, '<c r="A1048576" s="0"></c>')
    )
    assert reading_here(made.xlsx(styled)).sheets[0].rows == (("MRN",),)


def children() -> set[int]:
    """The processes that this one has started and that are not gone."""
    return {process.pid for process in psutil.Process().children()}


@pytest.mark.parametrize(
    ("narrow", "what", "end"),
    [
        (Limits(memory=120 * MEGABYTE), "memory", OUT_OF_MEMORY),
        (Limits(cpu=1), "time", -signal.SIGXCPU),
        (Limits(seconds=0.3), "time", None),
    ],
    ids=["memory", "cpu", "clock"],
)
def test_the_limits_bite_and_leave_no_process(reading: Read, narrow: Limits, what: str, end: int | None) -> None:
    before = children()
    with pytest.raises(SheetRefused) as refused:
        # Rows of wrong quotation marks are the slowest there are.
        reading(b'"a\n' * 5_000_000, limits=narrow)
    assert f"more {what} than there is" in refused.value.plain
    assert str(refused.value) == f"the reader ended with {end}"
    assert children() == before


def test_an_answer_that_is_too_long_is_refused(reading: Read) -> None:
    with pytest.raises(SheetRefused) as refused:
        reading(os.urandom(40_000).hex().encode(), limits=Limits(answer=4_096))
    assert refused.value.plain


def test_nothing_of_a_file_is_logged_or_in_the_text_of_a_fault(
    reading: Read, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "Kowalska"
    named = made.xlsx({secret: made.sheet(made.row(1, made.number("XFD1", 1)))})
    long_name = f"{secret},{'x' * 40_000}\n".encode()
    with caplog.at_level(logging.DEBUG):
        for content in (named, long_name, named[:-300], f'"{secret}'.encode() * 30_000):
            with pytest.raises(SheetRefused) as refused:
                reading(content, f"{secret}.xlsx")
            assert secret not in str(refused.value) + repr(refused.value)
    told = capfd.readouterr()
    assert secret not in caplog.text + told.out + told.err


def test_the_reader_sees_none_of_our_settings(reading: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    real = subprocess.Popen

    def watched(command: list[str], **options: dict[str, str]) -> object:
        seen.append(options["env"])
        assert not any("Kowalska" in word for word in command)
        return real(command, **options)

    monkeypatch.setenv("SECRET_KEY", "hidden")
    monkeypatch.setattr(subprocess, "Popen", watched)
    reading(made.xlsx(), "Kowalska.xlsx")
    assert seen
    assert "SECRET_KEY" not in seen[0]


def outcome(path: Path) -> Workbook | SheetRefused:
    try:
        return read(path, "sheet.xlsx")
    except SheetRefused as refused:
        return refused


def only_a_workbook_or_a_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    found = outcome(path)
    if isinstance(found, SheetRefused):
        assert found.plain
        assert str(found) != "the reader ended with 1", "that is a mistake of ours, and no limit"
    else:
        assert all(len(row) == sheet.width for sheet in found.sheets for row in sheet.rows)
        assert Workbook.unpack(found.pack()) == found


@settings(max_examples=10)
@given(content=st.binary(max_size=300))
def test_random_bytes_end_in_a_workbook_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    only_a_workbook_or_a_sentence(tmp_path / "stored", content)


@settings(max_examples=15)
@given(data=st.data())
def test_a_damaged_workbook_ends_in_a_workbook_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    good = made.xlsx()
    content = bytearray(good[: data.draw(st.sampled_from((len(good), len(good) // 2)) | st.integers(0, len(good)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=4)):
        if content:
            content[at] ^= data.draw(st.integers(1, 255))
    only_a_workbook_or_a_sentence(tmp_path / "stored", bytes(content))


@settings(max_examples=15)
@given(data=st.data())
def test_damaged_xml_ends_in_a_workbook_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    """Behind a zip that is whole, so that every parser is reached."""
    with zipfile.ZipFile(io.BytesIO(made.xlsx(more={"xl/styles.xml": made.styles("0%", "yyyy-mm-dd hh:mm")}))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    xml = bytearray(parts[name])
    for at in data.draw(st.lists(st.integers(0, len(xml) - 1), min_size=1, max_size=4)):
        xml[at] = data.draw(st.sampled_from(b"<>/\"'= &;0AZaz9") | st.integers(0, 255))
    only_a_workbook_or_a_sentence(tmp_path / "stored", made.zipped({**parts, name: bytes(xml)}))


def test_the_limits_are_those_that_are_told() -> None:
    assert Limits.of(Limits().as_words()) == Limits()
    assert most.cell_name(1_048_575, 16_383) == "XFD1048576"
    assert [most.cell_name(0, at) for at in (0, 25, 26, 701, 702)] == ["A1", "Z1", "AA1", "ZZ1", "AAA1"]
