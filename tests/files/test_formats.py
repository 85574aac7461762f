"""What all formats promise of text, however odd: it comes out right. (test_identity.py is about the same bytes.)"""

import csv
import io
import json
from dataclasses import replace

import pypdfium2
import pytest
from openpyxl import load_workbook

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.figures import Column, Definition, Document, Section, Table
from webapp.files import FORMATS
from webapp.words import printable

OUR_OWN = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")',
    "<b>&\"'</b>", "<script>alert(1)</script>", "<!--", "]]>", "&amp;&#0;&nosuch;", "{{ 7*7 }}{% raw %}", "${1}%s%n{0}",
    "<pdf:pagecount/>", "<reportpart key='foot'></reportpart>", "</td></table><h2>", "a\x00b\x07\x1b[31m", "\ud800",
    "\ufffe\uffff", "a\r\nb\tc", "' OR 1=1 --", "../../etc/passwd", "CON", "Summary", "History", "[x]:*?/\\",
    "'", "''x'", "&L&D&P", "_x000D_", "  spaced  ", "\u202eright to left\u202c", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A", "👩‍👩‍👧‍👦 🇵🇭", "日本語",
    "ﷺ", "עברית", "สวัสดี", "٣٤٥", "\u200b\u2060\ufeff", "-5", "1e999", "NaN", "None", "00123", "12/31/2026",
    "", " ", "w" * 3000,
]  # fmt: skip


def test_formats_have_their_names_extensions_and_types() -> None:
    assert {one.name: (one.label, one.extension) for one in FORMATS.values()} == {
        "pdf": ("PDF", "pdf"),
        "excel": ("Excel", "xlsx"),
        "csv": ("CSV", "csv"),
        "json": ("JSON", "json"),
    }


def holding(strings: list[str]) -> Document:
    """A document with each string as a row, a definition, and as a filter's neighbour."""
    table = Table(
        "odd", "Odd names", (Column("name", "Name"), Column("n", "Visits", "count")), tuple((one, 1) for one in strings)
    )
    content = replace(
        odd_samples.empty(),
        sections=(Section("odd", "Odd", (), (table,)),),
        definitions=tuple(Definition("Term", one) for one in strings),
    )
    return samples.document(content)


def check_all_formats(draw: Draw, strings: list[str]) -> None:
    """Every string comes back from every format as printable() says; PDF shows ASCII ones letter by letter."""
    document = holding(strings)
    expected = [printable(one) for one in strings]
    read = json.loads(draw("json", document))
    assert [row[0] for row in read["content"]["sections"][0]["tables"][0]["rows"]] == expected

    lines = list(csv.reader(io.StringIO(draw("csv", document).decode("utf-8-sig"), newline=""), strict=True))
    rows = [line[1] for line in lines if line[0] == "Odd"]
    assert [row[1:] if row[:1] == "'" and row[1:2] in ("=", "+", "-", "@") else row for row in rows] == expected
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "@", "\t", "\r"))]

    sheet = load_workbook(io.BytesIO(draw("excel", document)))["Odd names"]
    found = [sheet.cell(5 + at, 1) for at in range(len(strings))]
    assert [cell.value or "" for cell in found] == [one[:32_767] for one in expected]
    assert {cell.data_type for cell in found} <= {"s", "n"}

    pdf = pypdfium2.PdfDocument(draw("pdf", document))
    text = "".join(page.get_textpage().get_text_range() for page in pdf)
    pdf.close()
    squeezed = "".join(text.replace("\ufffe", "").replace("\x02", "").split())
    missing = [one for one in expected if one.isascii() and len(one) < 400 and "".join(one.split()) not in squeezed]
    assert missing == []


def test_odd_text_comes_out_right_in_every_format(draw: Draw) -> None:
    check_all_formats(draw, OUR_OWN)


@pytest.mark.parametrize("text", OUR_OWN)
def test_odd_text_anywhere_still_gives_every_file(draw: Draw, text: str) -> None:
    document = odd_samples.named_document(text)
    for name in FORMATS:
        assert len(draw(name, document)) > 500


def test_every_naughty_string_comes_out_right_in_every_format(draw: Draw, naughty_strings: list[str]) -> None:
    assert len(naughty_strings) > 500
    for start in range(0, len(naughty_strings), 100):
        check_all_formats(draw, naughty_strings[start : start + 100])


def test_every_naughty_string_may_be_the_name_of_anything(draw: Draw, naughty_strings: list[str]) -> None:
    for start in range(0, len(naughty_strings), 25):
        document = odd_samples.named_each(naughty_strings[start : start + 25])
        for name in FORMATS:
            assert len(draw(name, document)) > 500
