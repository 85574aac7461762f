"""CSV of any program, country and age."""

import csv
import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sample_data import SAMPLE_DATA
from webapp.errors import SheetRefused
from webapp.uploads.reading.delimited import read_delimited
from webapp.uploads.workbook import Workbook

SPECTRUM = SAMPLE_DATA / "torture" / "csv-spectrum"
SPREADSHEET = SAMPLE_DATA / "torture" / "phpspreadsheet-csv"

Rows = list[list[str | None]]


def rows_of(content: bytes | str) -> Rows:
    return [list(row) for row in workbook_of(content).sheets[0].rows]


def workbook_of(content: bytes | str) -> Workbook:
    workbook = read_delimited(content.encode() if isinstance(content, str) else content)
    assert Workbook.unpack(workbook.pack()) == workbook
    return workbook


ACCENTS = "MRN;Name;Pulse\nM-1;José Núñez;72\nM-2;Zoë Müller-Łęcki;64\n"
LATIN = ACCENTS.replace("Łę", "Le")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_unicode_is_read_with_and_without_its_mark(encoding: str) -> None:
    workbook = workbook_of(ACCENTS.encode(encoding))
    assert workbook.sheets[0].rows == tuple(tuple(line.split(";")) for line in ACCENTS.splitlines())
    assert workbook.notes == ()


@pytest.mark.parametrize("words", ["สมชาย,ปกติ", "محمد,طبيعي", "Иванов,норма", "山田,正常"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_other_letters_without_a_mark_are_read(words: str, encoding: str) -> None:
    content = f"MRN,{words},72\r\n".encode(encoding) * 20
    assert rows_of(content)[7] == ["MRN", *words.split(","), "72"]


@pytest.mark.parametrize(
    ("encoding", "called"),
    [
        ("cp1252", "Windows-1252"),
        ("latin-1", "Windows-1252"),
        ("iso8859-15", "Windows-1252"),
        ("mac_roman", "Mac Roman"),
    ],
)
def test_an_older_code_page_is_told(encoding: str, called: str) -> None:
    workbook = workbook_of(LATIN.encode(encoding))
    assert workbook.sheets[0].rows[1:] == (("M-1", "José Núñez", "72"), ("M-2", "Zoë Müller-Lecki", "64"))
    assert workbook.notes == (f"Read as {called}: check names with accents.",)


def test_signs_of_windows_are_read() -> None:
    workbook = workbook_of("Name,Temp\nO’Brien – “Pat”,98.6 °F\nNuñez,36 °C\n".encode("cp1252"))
    assert workbook.sheets[0].rows[1] == ("O’Brien – “Pat”", "98.6 °F")


@pytest.mark.parametrize("encoding", ["cp1251", "cp1253", "cp874", "cp1256", "koi8-r"])
def test_letters_that_cannot_be_known_are_refused(encoding: str) -> None:
    words = {"cp1253": "Παπαδόπουλος", "cp874": "สมชาย", "cp1256": "محمد"}.get(encoding, "Иванов")
    with pytest.raises(SheetRefused) as refused:
        workbook_of(f"MRN,Name\nM-1,{words}\n".encode(encoding))
    assert "CSV UTF-8" in refused.value.plain


def test_one_damaged_letter_does_not_make_others_wrong() -> None:
    workbook = workbook_of("MRN,Name\nM-1,José Núñez Ávila Peña Óscar Íñigo Ríos\n".encode() + b"M-2,Andr\xe9\n")
    assert workbook.sheets[0].rows[1:] == (("M-1", "José Núñez Ávila Peña Óscar Íñigo Ríos"), ("M-2", "Andr\ufffd"))
    assert "check names" in workbook.notes[0]


def test_nuls_within_a_text_are_left_out() -> None:
    assert rows_of(b"MRN,Pulse\x00\nM-\x001,72\n" * 3)[:2] == [["MRN", "Pulse"], ["M-1", "72"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_and_any_line_end(separator: str, end: str) -> None:
    lines = [["MRN", "Name", "Temp"], ["M-1", "Ann", "36"], ["", "", ""], ["M-2", "Bob", ""]]
    assert rows_of("".join(separator.join(line) + end for line in lines)) == [
        [cell or None for cell in line] for line in lines
    ]


def test_the_end_that_dos_marks_is_no_row() -> None:
    assert rows_of("a,b\r\n1,2\r\n\x1a") == [["a", "b"], ["1", "2"]]


def test_line_ends_may_be_mixed_and_the_last_be_missing() -> None:
    assert rows_of("a,b\r\n1,2\r3,4\n\n5,6") == [["a", "b"], ["1", "2"], ["3", "4"], [None, None], ["5", "6"]]


@pytest.mark.parametrize(
    "text",
    [
        "Zeit;Temp\n08:00;36,8\n09:00;37,1\n",
        "Temp;Früh\n36,8;37,1\n36,9;37,2\n37,0;37,1\n",
        "Temp 1;Temp 2;Temp 3\n" + "36,8;37,1;36,9\n" * 50,
        "Ward 3, Monday, early\n\nTemp 1;Temp 2;Temp 3\n" + "36,8;37,1;36,9\n" * 50,
    ],
)
def test_a_decimal_comma_is_no_separator(text: str) -> None:
    rows = rows_of(text)
    assert rows[-1] == text.splitlines()[-1].split(";")


def test_a_separator_within_cells_is_none() -> None:
    text = "MRN,Pressure,Note\n" + "M-1,120/80; 118/79,a|b\n" * 30
    assert rows_of(text)[1] == ["M-1", "120/80; 118/79", "a|b"]


@pytest.mark.parametrize("line", ["sep=|\r\n", "SEP=|\n", "sep=| \r"])
def test_a_first_line_that_names_the_separator_is_obeyed_and_not_shown(line: str) -> None:
    assert rows_of(f"{line}a;b|c,d\n1;2|3,4\n") == [["a;b", "c,d"], ["1;2", "3,4"]]


def test_one_column_has_no_separator() -> None:
    assert rows_of("MRN\nM-1\nM-2\n") == [["MRN"], ["M-1"], ["M-2"]]


def test_quotation_marks_hold_separators_line_breaks_and_one_another() -> None:
    assert rows_of('a,b\n"1,5","x\r\ny ""z"""\n') == [["a", "b"], ["1,5", 'x\r\ny "z"']]
    assert rows_of("a,b\n5' 10\",1\n") == [["a", "b"], ["5' 10\"", "1"]]


@pytest.mark.parametrize(
    "wrong",
    ['2,"Bob,72', '2,"Bob" B,72', '"2,Bob,72'],
)
def test_a_quotation_mark_that_is_never_closed_ends_with_its_line(wrong: str) -> None:
    other = '"3","line\nbreak",64\n4,"Di, E",65\n' * 40
    workbook = workbook_of(f"MRN,Name,Pulse\n1,Ann,71\n{wrong}\n{other}")
    rows = workbook.sheets[0].rows
    assert len(rows) == 3 + 80
    assert rows[:2] == (("MRN", "Name", "Pulse"), ("1", "Ann", "71"))
    assert rows[3:5] == (("3", "line\nbreak", "64"), ("4", "Di, E", "65"))
    assert workbook.notes == ("Quotation marks do not come in pairs in row 3: look there.",)


def test_a_mark_that_is_closed_much_later_swallows_nothing() -> None:
    workbook = workbook_of('a,b\n"1,2\n' + "3,4\n" * 200 + '5,6"\n')
    assert len(workbook.sheets[0].rows) == 203
    assert "row 2" in workbook.notes[0]


def test_many_wrong_marks_are_counted() -> None:
    (note,) = workbook_of('a,b\n"1,2\n' * 20).notes
    assert note == "Quotation marks do not come in pairs in rows 2, 4, 6, 8, 10 and 15 more: look there."


def test_rows_are_made_equally_long_and_emptiness_at_the_end_is_cut() -> None:
    assert rows_of("a,b,c,,\n1\n1,2,,,\n,,,,\n\n") == [["a", "b", "c"], ["1", None, None], ["1", "2", None]]


def test_as_many_rows_and_columns_as_may_be_are_read() -> None:
    header = ",".join(f"c{at}" for at in range(300))
    assert len(rows_of(f"{header}\n{header}\n")[0]) == 300
    assert len(rows_of("MRN\n" + "1\n" * 100_000)) == 100_001


def test_blanks_are_kept_as_they_are() -> None:
    assert rows_of("a , b\n 1,2 \n") == [["a ", " b"], [" 1", "2 "]]


CELL = st.text(st.characters(exclude_characters="\0\ufeff\ufffd\r\n\x1a", exclude_categories=("Cs", "Cc")), max_size=8)


@settings(max_examples=100)
@given(
    table=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_writer_of_csv_writes_is_read(table: list[list[str]], separator: str, end: str, encoding: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([["MRN", "Name", "Pulse"], *table, ["end", "end", "end"]])
    assert rows_of(file.getvalue().encode(encoding))[1:-1] == [[cell or None for cell in row] for row in table]


@settings(max_examples=150)
@given(content=st.binary(max_size=200) | st.text(',;"\r\n\t|\0aé1', max_size=200).map(str.encode))
def test_any_bytes_are_a_sheet_or_refused(content: bytes) -> None:
    with suppress(SheetRefused):
        (sheet,) = workbook_of(content).sheets
        assert all(len(row) == sheet.width for row in sheet.rows)
        assert any(row[-1] is not None for row in sheet.rows)
        assert any(cell is not None for cell in sheet.rows[-1])


def spectrum() -> list[Path]:
    # In one of them the sample itself and what is meant tell of different telephone numbers.
    return [path for path in sorted((SPECTRUM / "csvs").glob("*.csv")) if path.stem != "location_coordinates"]


@pytest.mark.skipif(not SPECTRUM.is_dir(), reason=f"there is no sample data at {SPECTRUM}")
@pytest.mark.parametrize("path", spectrum(), ids=lambda path: path.stem)
def test_the_spectrum_of_csv_is_read_as_it_is_meant(path: Path) -> None:
    header, *rows = rows_of(path.read_bytes())
    # Line ends are those of the machine on which a copy of the samples was made.
    meant = json.loads((SPECTRUM / "json" / f"{path.stem}.json").read_text().replace("\\r\\n", "\\n"))
    found = [
        {name or "": (cell or "").replace("\r\n", "\n") for name, cell in zip(header, row, strict=True)} for row in rows
    ]
    assert found == meant


FRENCH = [["première", "second", "troisième"], ["Quatrième", "cinquième", "sixième"]]


@pytest.mark.skipif(not SPREADSHEET.is_dir(), reason=f"there is no sample data at {SPREADSHEET}")
def test_the_encodings_of_a_spreadsheet_library_are_read() -> None:
    paths = sorted(SPREADSHEET.glob("premiere.*.csv"))
    assert len(paths) > 10
    for path in paths:
        assert rows_of(path.read_bytes())[:2] == FRENCH, path.name
    for path in sorted(SPREADSHEET.glob("encoding.*.csv")):
        assert rows_of(path.read_bytes()) == [["Å", "1"], ["2", "3"]], path.name
    for path in sorted(SPREADSHEET.glob("linend.*.csv")):
        assert rows_of(path.read_bytes()) == [["A", "1"], ["2", "3"]], path.name
    for path in sorted(SPREADSHEET.glob("line_break_*.csv")):
        assert {row[2] for row in rows_of(path.read_bytes())[1:]} == {"http://google.com"}, path.name
    assert rows_of((SPREADSHEET / "semicolon_separated.csv").read_bytes())[2][2] == ":,:"
    assert rows_of((SPREADSHEET / "sep.csv").read_bytes()) == [["A", "1"], ["2", "3"]]
