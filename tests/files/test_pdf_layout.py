"""Tables that are wide or long, on both papers: which way up their pages are, and where they are cut."""

import re
from dataclasses import dataclass, replace

import pypdfium2
import pytest

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp.figures import Column, Content, Document, Section, Table
from webapp.files import pages


@dataclass(frozen=True)
class Page:
    text: str
    is_wide: bool
    rows: list[int]
    """The numbers of the table's rows that stand on it."""


def pages_of(pdf: bytes) -> list[Page]:
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text = " ".join(page.get_textpage().get_text_range().split())
            width, height = page.get_size()
            found.append(Page(text, width > height, [int(row) for row in re.findall(r"Name of row (\d+)", text)]))
    return found


def sections_of(*columns: int) -> Content:
    """A section for each number: its one table has so many columns."""
    tables = [odd_samples.wide_table(number, 6).sections[0].tables[0] for number in columns]
    sections = tuple(
        Section(f"s{at}", f"Section {at}", (), (replace(table, title=f"Table {at}"),))
        for at, table in enumerate(tables)
    )
    return replace(samples.visit_trends(), sections=sections)


PAPERS = {"A4": (595, 842), "Letter": (612, 792)}


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(("columns", "is_wide"), [(5, False), (11, False), (15, True), (40, False)])
def test_a_table_lies_on_its_side_where_only_that_holds_it_whole(
    draw: Draw, paper: str, columns: int, is_wide: bool
) -> None:
    found = pages_of(draw("pdf", samples.document(odd_samples.wide_table(columns, 60), paper=paper)))
    with_rows = [page for page in found if page.rows]
    assert {page.is_wide for page in with_rows} == {is_wide}
    assert not any(page.is_wide for page in found if not page.rows)
    in_order = [row for page in with_rows for row in page.rows]
    parts = len(in_order) // 60
    assert in_order == list(range(60)) * parts
    assert (parts == 1) == (columns < 40)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_page_on_its_side_is_the_same_paper_with_all_that_others_have(draw: Draw, paper: str) -> None:
    document = samples.document(odd_samples.wide_table(15, 60), paper=paper)
    with pypdfium2.PdfDocument(draw("pdf", document)) as pdf:
        sizes = {tuple(map(round, page.get_size())) for page in pdf}
        assert sizes == {PAPERS[paper], PAPERS[paper][::-1]}
        for page in pdf:
            check_page(document, page)


def check_page(document: Document, page: pypdfium2.PdfPage) -> None:
    """All facts are on it, and nothing leaves its room."""
    text, (width, height) = page.get_textpage(), page.get_size()
    said = " ".join(text.get_text_range().split())
    for one in ("Riverside Clinic", "Provider: everyone", "VT-2026-10487", document.short_hash, "page "):
        assert one in said
    for left, bottom, right, top in (text.get_rect(at) for at in range(text.count_rects())):
        assert pages.MARGIN - 2 < left < right < width - pages.MARGIN + 2
        assert 20 < bottom < top < height - 20
        assert not bottom < pages.BELOW - 1 < top - 2
        assert not bottom + 2 < height - pages.ABOVE + 1 < top


def test_the_title_goes_along_and_what_follows_stands_upright_again(draw: Draw) -> None:
    found = pages_of(draw("pdf", samples.document(sections_of(5, 19, 19, 5))))
    places = [next(at for at, page in enumerate(found) if f"Section {number}" in page.text) for number in range(4)]
    assert [found[at].is_wide for at in places] == [False, True, True, False]
    assert all(f"Table {number}" in found[at].text for number, at in enumerate(places))
    assert places[1] == places[2], "both wide tables fit one page"
    assert "About these figures" in found[-1].text
    assert all(page.rows or "About" in page.text for page in found), "no page is empty"


def test_the_rest_of_a_section_stands_before_its_wide_table(draw: Draw) -> None:
    (months, week), (wide,) = samples.visit_trends().sections, odd_samples.wide_table(19, 5).sections
    mixed = replace(months, tables=(*wide.tables, *months.tables))
    found = pages_of(draw("pdf", samples.document(replace(samples.visit_trends(), sections=(mixed, week)))))
    assert "Visits by month" in found[0].text
    assert [page.is_wide for page in found] == [False, True, False]
    assert "By month, continued" in found[1].text
    assert found[1].rows == list(range(5))


@pytest.mark.parametrize(
    ("paper", "columns", "holds"), [("A4", 11, 34), ("A4", 15, 24), ("Letter", 11, 31), ("Letter", 15, 25)]
)
def test_no_page_has_a_single_row_or_the_total_alone(draw: Draw, paper: str, columns: int, holds: int) -> None:
    """`holds` is how many rows one page has room for, with the total."""
    for rows in range(holds, holds + 5):
        content = replace(odd_samples.wide_table(columns, rows), metrics=(), summary=())
        found = [page for page in pages_of(draw("pdf", samples.document(content, paper=paper))) if page.rows]
        assert [row for page in found for row in page.rows] == list(range(rows))
        assert len(found) == (1 if rows == holds else 2)
        assert all(len(page.rows) >= 2 for page in found)
        assert all(page.text.count("Diagnosis Seen in 0") == 1 for page in found)
        total = content.sections[0].tables[0].total
        assert total is not None
        assert f"All {total[1]:,}" in found[-1].text


@pytest.mark.parametrize("columns", [11, 15, 40])
def test_a_table_that_goes_on_over_the_page_says_so_at_its_head(draw: Draw, columns: int) -> None:
    found = pages_of(draw("pdf", samples.document(odd_samples.wide_table(columns, 60))))
    first, *rest = [page.text for page in found if page.rows]
    assert "continued" not in first
    assert all(text.count("The table, continued") == text.count("continued") == 1 for text in rest)


def test_rows_higher_than_half_a_page_are_parted(draw: Draw) -> None:
    names = tuple(f"Name of row {at} " + "and so on " * 120 for at in range(9))
    columns = (Column("name", "Name"), *(Column(f"c{at}", f"Number {at} of each", "count") for at in range(9)))
    table = Table("t", "T", columns, tuple((name, *range(9)) for name in names), ("All", *range(9)))
    for section in (Section("s", "S", (), (table,)), Section("s", "S", (), (replace(table, total=None),))):
        found = pages_of(draw("pdf", samples.document(replace(samples.visit_trends(), sections=(section,)))))
        assert [row for page in found for row in page.rows] == list(range(9))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("A title of many words " * 14, "Short."),
        ("The months", "A text of two lines. " * 9),
        ("The months", "Long. " * 500),
    ],
)
def test_a_sections_title_and_text_are_on_the_page_of_its_first_chart(draw: Draw, title: str, text: str) -> None:
    visits = replace(samples.visit_trends(), metrics=(), summary=())
    months = replace(visits.sections[0], title=title, text=text)
    for rows in (2, 8, *range(18, 28)):
        before = odd_samples.wide_table(11, rows).sections
        found = pages_of(draw("pdf", samples.document(replace(visits, sections=(*before, months)))))
        page = next(one.text for one in found if title[:10] in one.text)
        assert text[:5] in page
        assert "Visits rose for the third month running" in page
        assert all(len(one.text) > 600 for one in found), "no page is empty"
