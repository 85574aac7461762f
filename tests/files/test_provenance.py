"""Each page of a PDF and each sheet of a workbook says by itself where its figures come from."""

import csv
import html
import io
import itertools
import json
import re
import zipfile
from dataclasses import replace

import pypdfium2
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.figures import Choice, Document, Excluded, Rows, as_plain
from webapp.files import facts, pages

LONG = (
    "The Community Health Centre and Dental Surgery of the Upper River Valley, Parish of Saint Bartholomew, Ward of "
    "the Seven Hills, incorporating the former Municipal Dispensary and the Mothers' Home at Old Mill Lane 7b"
)
ARABIC, THAI, JAPANESE = "عيادة النهر الكبير للصحة العامة " * 7, "คลินิกริมน้ำที่ปู่ย่า" * 10, "大きな川の診療所" * 25
FILTERS = (Choice("Visits", "medical and dental"), Choice("Provider", "Dr Adamu"), Choice("Age", "20 to 29"))
MANY_REASONS = Rows("visits", 1209, 1204, tuple(Excluded(f"left out for reason {at} of ten", 1) for at in range(5)))


def pages_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_each_page_says_all_of_it(draw: Draw, paper: str) -> None:
    document = samples.document(odd_samples.long_table(300), paper=paper, filters=FILTERS)
    found = pages_of(draw("pdf", document))
    assert len(found) > 3
    for text in found:
        missing = [
            one
            for one in (
                "Riverside Clinic",
                "Visit trends, 1 to 31 October 2026",
                "Visits: medical and dental · Provider: Dr Adamu · Age: 20 to 29",
                "Report VT-2026-10487",
                "asked 22 November 2026, 14:05 by Demo manager",
                "data as of 22 November 2026, 14:03",
                "1,204 of 1,209 visits used (5 cancelled)",
                "template version 3",
                f"figures {document.short_hash}",
            )
            if one not in text
        ]
        assert missing == []


def extreme(name: str) -> Document:
    content = replace(odd_samples.long_table(100), rows=MANY_REASONS)
    filters = tuple(Choice(f"Filter {at}", name) for at in range(5))
    return samples.document(content, clinic_name=name, requested_by=name, filters=filters)


@pytest.mark.parametrize("name", [LONG, ARABIC, THAI, JAPANESE, "W" * 200], ids=["latin", "arabic", "thai", "cjk", "W"])
def test_names_of_any_length_leave_the_figures_whole_on_each_page(draw: Draw, name: str) -> None:
    document = extreme(name)
    for page in PdfReader(io.BytesIO(draw("pdf", document))).pages:
        text = " ".join(page.extract_text().split())
        for one in (
            "Visit trends, 1 to 31 October 2026",
            "Report VT-2026-10487",
            "asked 22 November 2026, 14:05 by",
            "data as of 22 November 2026, 14:03",
            "1,204 of 1,209 visits used",
            "template version 3",
            f"figures {document.short_hash}",
            *(f"Filter {at}: " for at in range(5)),
        ):
            assert one in text


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", [LONG, ARABIC, THAI, "W" * 200], ids=["latin", "arabic", "thai", "W"])
def test_nothing_at_head_and_foot_overlaps_or_leaves_its_room(draw: Draw, name: str, paper: str) -> None:
    document = extreme(name)
    document = replace(document, presentation=replace(document.presentation, paper=paper))
    with pypdfium2.PdfDocument(draw("pdf", document)) as pdf:
        for page in pdf:
            text, (width, height) = page.get_textpage(), page.get_size()
            boxes = [text.get_rect(at) for at in range(text.count_rects())]
            around = [box for box in boxes if box[3] < pages.BELOW or box[1] > height - pages.ABOVE]
            assert len(around) >= 5
            assert all(box[0] > pages.MARGIN - 2 and box[2] < width - pages.MARGIN + 2 for box in around)
            assert [pair for pair in itertools.combinations(around, 2) if overlap(*pair)] == []
            # Whatever is neither wholly in them nor wholly in the text between would stand in both.
            assert all(
                box[1] > pages.BELOW - 1 and box[3] < height - pages.ABOVE + 1 for box in set(boxes) - set(around)
            )


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (left, bottom, right, top) have more in common than the edge of a letter."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and up > 1


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("name", ["x", LONG, ARABIC, THAI], ids=["short", "latin", "arabic", "thai"])
def test_facts_are_packed_on_so_many_lines_and_none_is_lost(name: str, most: int) -> None:
    told = [f"fact {at} {name}" for at in range(4)]
    lines = pages.packed(told, 400, pages.FACT, most)
    assert len(lines) <= most
    assert [fact[:6] for line in lines for fact in line] == ["fact 0", "fact 1", "fact 2", "fact 3"]
    assert all(pages.lettering.width(facts.SEPARATOR.join(line), pages.FACT) <= 400.1 for line in lines)


def test_figures_after_a_name_from_right_to_left_stay_where_they_are(draw: Draw) -> None:
    filters = (Choice("Provider", "عيادة النهر"), Choice("Wards", "7"))
    document = samples.document(odd_samples.long_table(3), requested_by="علي", filters=filters)
    (text,) = {re.sub(r"[^ -~·]+", "?", one) for one in pages_of(draw("pdf", document))}
    assert "Provider: ? ? · Wards: 7" in text
    assert "asked 22 November 2026, 14:05 by ? · data as of 22 November 2026" in text


def test_each_sheet_says_all_of_it(draw: Draw) -> None:
    document = samples.document(samples.visit_trends(), filters=FILTERS)
    book = load_workbook(io.BytesIO(draw("excel", document)))
    assert len(book.sheetnames) == 4
    for sheet in book:
        told = {sheet.cell(row, 1).value: sheet.cell(row, 2).value for row in range(1, sheet.max_row + 1)}
        assert sheet["A2"].value == facts.heading(document)
        for label, text in facts.provenance(document):
            if label not in ("Requested at", "Data as of"):
                assert told[label] == text
        assert f"{told['Requested at (Manila time)']:%d.%m.%Y %H:%M}" == "22.11.2026 14:05"
        assert f"{told['Data as of (Manila time)']:%d.%m.%Y %H:%M}" == "22.11.2026 14:03"
        assert sheet.oddFooter.left.text == (
            f"Report VT-2026-10487 · data as of 22 November 2026, 14:03 · template version 3 · figures "
            f"{document.short_hash}"
        )


def test_no_chart_stands_on_the_lines_below_the_table(draw: Draw) -> None:
    book = load_workbook(io.BytesIO(draw("excel", samples.document(odd_samples.one_chart("bar", ("a", "b"), (1, 2))))))
    sheet = book["The table"]
    origin = next(row for row in range(1, 99) if sheet.cell(row, 1).value == "Where these figures come from")
    (chart,) = sheet._charts
    assert chart.anchor.to.row + 1 < origin


@pytest.mark.parametrize(
    "name", [LONG, ARABIC, JAPANESE, "&" * 200, "7&" * 100, "😀" * 100], ids=["latin", "arabic", "cjk", "&", "7&", "😀"]
)
def test_the_head_and_foot_of_printed_sheets_stay_within_what_excel_allows(draw: Draw, name: str) -> None:
    document = replace(extreme(name), provenance=replace(extreme(name).provenance, template_title=name))
    with zipfile.ZipFile(io.BytesIO(draw("excel", document))) as parts:
        sheets = [parts.read(part).decode() for part in parts.namelist() if "worksheets/sheet" in part]
    for sheet in sheets:
        for part in ("oddHeader", "oddFooter"):
            text = html.unescape(sheet.partition(f"<{part}>")[2].partition(f"</{part}>")[0])
            assert 40 < len(text.encode("utf-16-le")) // 2 <= 255
        assert document.short_hash in sheet


def test_long_lines_of_a_sheet_have_rows_high_enough(draw: Draw) -> None:
    sheet = load_workbook(io.BytesIO(draw("excel", extreme(LONG))))["A long table"]
    heights = {row: sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)}
    assert heights[2] > 150
    clinic = next(row for row in heights if sheet.cell(row, 1).value == "Clinic")
    assert heights[clinic] > 40
    assert "A2:" in str(sheet.merged_cells)


def test_csv_and_json_say_it_too(draw: Draw) -> None:
    document = samples.document(samples.visit_trends(), filters=FILTERS)
    lines = list(csv.reader(io.StringIO(draw("csv", document).decode("utf-8-sig"), newline="")))
    for label, text in facts.provenance(document):
        assert ["Provenance", "", label, text, ""] in lines
    read = json.loads(draw("json", document))
    assert read["provenance"] == as_plain(document.provenance)
    assert read["provenance"]["compare"] == "1 to 30 September 2026, the period before"
    assert (read["content"]["rows"]["read"], read["content"]["rows"]["used"]) == (1209, 1204)
    assert read["figures_sha256"] == document.figures_sha256


def test_a_report_that_was_frozen_without_a_comparison_says_none() -> None:
    older = samples.document(samples.visit_trends(), compare="")
    assert "Compared with" not in dict(facts.provenance(older))
    assert dict(facts.provenance(samples.document(samples.visit_trends())))["Compared with"].startswith("1 to 30")
