"""PDF files, read back with pypdf and pypdfium2."""

import io
import logging
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from pypdf import PdfReader
from reportlab.platypus import Flowable

from tests.files import odd_samples, samples
from tests.files.conftest import Draw
from webapp import words
from webapp.errors import RenderFailed
from webapp.figures import Choice, Column, Definition, Document, Section, Table
from webapp.files import FORMATS, fonts, pages, to_pdf


def text_of(pdf: bytes) -> str:
    """All text, its spaces and line breaks taken out, since where a line breaks is not what is asked."""
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return squeezed(text)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\ufffe\x02]+", "", unicodedata.normalize("NFKC", text))


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.parametrize("content", [samples.visit_trends(), samples.patient_summary()], ids=["trends", "summary"])
def test_every_figure_is_on_its_pages(draw: Draw, content) -> None:
    document = samples.document(content)
    text = text_of(draw("pdf", document))

    expected = [content.title, *content.summary, document.figures_sha256, "VT-2026-10487", "Demo manager"]
    for metric in content.metrics:
        expected += [metric.label, words.cell(metric.value, metric.kind, metric.decimals), metric.note]
    for section in content.sections:
        expected += [section.title, section.text, *(chart.title for chart in section.charts)]
        for table in section.tables:
            for row in table.rows:
                expected += [words.cell(c, k.kind, k.decimals) for c, k in zip(row, table.columns, strict=True)]
    missing = [one for one in expected if squeezed(one) not in text]
    assert missing == []


def test_the_table_of_a_chart_that_is_left_out_stays(draw: Draw) -> None:
    text = text_of(draw("pdf", samples.document(odd_samples.in_shreds())))
    assert squeezed("What is seen") not in text
    assert text.count(squeezed("The table")) == 1
    assert text.count("[c]") == 7


def test_a_percentage_is_not_torn_apart_at_the_end_of_a_line(draw: Draw) -> None:
    """Sentences of every length, so that each place on the line is tried."""
    summary = tuple(f"{'i' * length} rose by 6.5 % to 12." for length in range(40))
    content = replace(samples.visit_trends(), summary=summary)
    lines = pages_of(draw("pdf", samples.document(content)))[0].splitlines()
    assert sum(line.count("%") for line in lines) > 40
    assert not [line for line in lines if line.startswith("%")]


def test_its_fonts_are_embedded_and_none_is_helvetica(draw: Draw) -> None:
    reader = PdfReader(io.BytesIO(draw("pdf", samples.document(samples.visit_trends()))))
    used = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            used[font["/BaseFont"]] = "/FontFile2" in font["/FontDescriptor"]
    assert {name.split("+")[1] for name in used} == {fonts.REGULAR, fonts.BOLD}
    assert all(used.values())


def test_each_page_says_which_it_is_of_how_many(draw: Draw) -> None:
    found = pages_of(draw("pdf", samples.document(odd_samples.long_table(700))))
    assert len(found) > 5
    for number, text in enumerate(found, 1):
        assert f"page {number} of {len(found)}" in text


def test_each_page_names_clinic_report_and_origin(draw: Draw) -> None:
    document = samples.document(odd_samples.long_table(100))
    for text in pages_of(draw("pdf", document)):
        for part in ("Riverside Clinic", "Visit trends, 1 to 31 October 2026", "VT-2026-10487", document.short_hash):
            assert part in text
        assert "1,204 of 1,209 visits used (5 cancelled)" in text.replace("\n", " ")


@pytest.mark.parametrize("note", ["", "too wide for two side by side, " * 6], ids=["in strips", "in one"])
def test_a_long_table_repeats_its_header_and_keeps_every_row_in_order(draw: Draw, note: str) -> None:
    content = odd_samples.long_table(700)
    table = content.sections[0].tables[0]
    rows = tuple((day, f"{name}: {note}", count) for day, name, count in table.rows) if note else table.rows
    content = replace(content, sections=(replace(content.sections[0], tables=(replace(table, rows=rows),)),))
    found = pages_of(draw("pdf", samples.document(content)))
    with_rows = [text for text in found if re.search(r"Row \d+", text)]
    assert len(with_rows) > 4
    assert {text.count("Name\n") for text in with_rows} == {1 if note else 2}
    assert [int(row) for text in found for row in re.findall(r"Row (\d+)", text)] == list(range(700))


def test_sixty_months_stand_in_strips_on_one_page(draw: Draw) -> None:
    months = tuple(f"{2021 + at // 12}-{1 + at % 12:02}" for at in range(60))
    content = odd_samples.one_chart("line", months, tuple(range(1000, 1060)), kind="month")
    table = replace(content.sections[0].tables[0], total=("Total", 61_770))
    content = replace(content, sections=(replace(content.sections[0], charts=(), tables=(table,)),))
    first = pages_of(draw("pdf", samples.document(content)))[0]
    assert re.findall(r"1,0\d\d|61,770", first) == [*(f"{1000 + at:,}" for at in range(60)), "61,770"]


@pytest.mark.parametrize("rows", [8, 9, 11, 12, 13, 47, 48, 49])
def test_strips_hold_each_row_once_however_many(draw: Draw, rows: int) -> None:
    found = pages_of(draw("pdf", samples.document(odd_samples.long_table(rows))))
    assert [int(row) for text in found for row in re.findall(r"Row (\d+)", text)] == list(range(rows))
    assert sum(f"{sum(range(rows)):,}" in text for text in found) == 1


def test_a_table_that_begins_a_page_says_of_which_section(draw: Draw) -> None:
    content = odd_samples.long_table(90)
    tables = [replace(content.sections[0].tables[0], key=f"{at}", title=f"Table {at}") for at in range(3)]
    content = replace(content, sections=(replace(content.sections[0], tables=tuple(tables)),))
    found = pages_of(draw("pdf", samples.document(content)))
    begins = ["Table" in text and "Long, continued" in text for text in found]
    assert "Long, continued" not in found[0]
    assert sum(begins) == 1
    assert all(text.count("continued") <= 1 for text in found)


def test_strips_that_go_on_over_a_page_say_of_which_table(draw: Draw) -> None:
    found = pages_of(draw("pdf", samples.document(odd_samples.long_table(300))))
    assert len(found) > 2
    assert [odd_samples.long_table(300).sections[0].tables[0].title + ", continued" in text for text in found[:3]] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("before", range(20, 80, 4))
def test_a_sections_title_is_on_the_page_of_its_first_table(draw: Draw, before: int) -> None:
    content = odd_samples.long_table(before)
    columns = (Column("name", "Name"), *(Column(f"n{n}", f"Number {n} of each", "count") for n in range(6)))
    table = Table("short", "The short table", columns, tuple((f"Row {n}", *range(6)) for n in range(12)))
    short = Section("short", "The section after", (), (table,), "Something to know about it. " * 4)
    content = replace(content, sections=(*content.sections, short))
    found = pages_of(draw("pdf", samples.document(content)))
    (page,) = [text for text in found if "The section after" in text]
    assert "The short table" in page
    assert "continued" not in page


LONG = tuple(
    Definition(f"Term {at}", " ".join(f"t{at}w{word}" for word in range(12 + 9 * (at % 4))) + f" end{at}.")
    for at in range(9)
)


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("rows", range(20, 75, 5))
def test_no_definition_is_split_and_the_last_page_is_never_a_few_lines(draw: Draw, paper: str, rows: int) -> None:
    content = replace(odd_samples.long_table(rows), definitions=LONG)
    found = pages_of(draw("pdf", samples.document(content, paper=paper)))
    places = [[at for at, text in enumerate(found) if f"t{n}w0" in text] for n in range(9)]
    assert places == [[at for at, text in enumerate(found) if f"end{n}." in text] for n in range(9)]
    assert all(len(place) == 1 for place in places)
    assert "Where these figures come from" in found[-1]
    assert sum(place == [len(found) - 1] for place in places) >= 5


def test_definitions_too_many_for_a_page_go_on_on_the_next(draw: Draw) -> None:
    many = tuple(Definition(f"Term {at}", "what it means " * 12) for at in range(150))
    found = pages_of(draw("pdf", samples.document(replace(odd_samples.empty(), definitions=many))))
    assert [int(at) for text in found for at in re.findall(r"Term (\d+)", text)] == list(range(150))
    assert all("About these figures, continued" in text for text in found[2:])


@pytest.mark.parametrize(("many", "left"), [(1, ["Term 0"]), (3, ["Term 0", "Term 1"])])
def test_of_definitions_that_do_not_part_evenly_more_stand_on_the_left(draw: Draw, many: int, left: list[str]) -> None:
    terms = tuple(Definition(f"Term {at}", "Meaning.") for at in range(many))
    document = samples.document(replace(odd_samples.empty(), definitions=terms))
    places: dict[str, float] = {}

    def note(text: str, current: list[float], matrix: list[float], *_: object) -> None:
        places[text.strip()] = current[4] + matrix[4]

    PdfReader(io.BytesIO(draw("pdf", document))).pages[-1].extract_text(visitor_text=note)
    assert [term for term, x in places.items() if term.startswith("Term") and x < pages.MARGIN + 1] == left


def test_the_rows_of_the_origin_are_in_line(draw: Draw) -> None:
    filters = (Choice("Provider", "a long name that wraps " * 6), Choice("Age", "all"))
    reader = PdfReader(io.BytesIO(draw("pdf", samples.document(odd_samples.empty(), filters=filters))))
    heights: dict[str, float] = {}

    def note(text: str, current: list[float], matrix: list[float], *_: object) -> None:
        heights[text.strip()] = round(current[5] + matrix[5], 1)

    reader.pages[-1].extract_text(visitor_text=note)
    left = ["Clinic", "Report", "Period", "Compared with", "Provider", "Age", "Report number"]
    right = ["Requested by", "Requested at", "Data as of", "Time zone", "Records used", "Template version"]
    assert [heights[label] for label in left[:6]] == [heights[label] for label in right]
    assert len({heights[label] for label in left}) == len(left)


def test_a_table_wider_than_the_page_is_cut_into_parts_with_their_first_column(draw: Draw) -> None:
    content = odd_samples.one_chart("heat", ("Monday", "Tuesday"), *[(1_000_000 + n, 2_000_000 + n) for n in range(40)])
    content = replace(content, sections=(replace(content.sections[0], charts=()),))
    text = text_of(draw("pdf", samples.document(content)))
    assert text.count("Monday") > 1
    assert all(f"1,000,{n:03}" in text and f"2,000,{n:03}" in text for n in range(40))


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_it_is_as_large_as_the_paper(draw: Draw, paper: str, size: tuple[int, int]) -> None:
    reader = PdfReader(io.BytesIO(draw("pdf", samples.document(samples.patient_summary(), paper=paper))))
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {size}


def test_it_has_a_title_a_language_and_an_outline(draw: Draw) -> None:
    reader = PdfReader(io.BytesIO(draw("pdf", samples.document(samples.visit_trends()))))
    assert reader.metadata is not None
    assert reader.metadata.title == "Visit trends, October 2026"
    assert reader.metadata.author == "Clinic Reports"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    title, sections = reader.outline
    assert title.title == "Visit trends, October 2026"
    assert [one.title for one in sections] == ["By month", "In the week", "About these figures"]


def test_its_outline_is_in_reading_order_and_leads_to_each_section(draw: Draw) -> None:
    reader = PdfReader(io.BytesIO(draw("pdf", odd_samples.named_each([ARABIC, GREEK, "Plain"]))))
    _, sections = reader.outline
    assert [one.title for one in sections] == [ARABIC, GREEK, "Plain", "About these figures"]
    pages = [reader.get_destination_page_number(one) for one in sections]
    assert pages == sorted(pages)
    assert squeezed(GREEK) in squeezed(reader.pages[pages[1]].extract_text())


def test_it_says_so_when_there_is_nothing_to_show(draw: Draw) -> None:
    text = text_of(draw("pdf", samples.document(odd_samples.empty())))
    assert squeezed("No figures to show for this choice") in text
    assert squeezed("There were no visits in this period.") in text


def test_a_report_without_anything_is_still_a_report(draw: Draw) -> None:
    bare = replace(odd_samples.empty(), summary=(), metrics=(), sections=(), definitions=())
    assert "VT-2026-10487" in text_of(draw("pdf", samples.document(bare)))


THAI, ARABIC, GREEK, CYRILLIC = "คลินิกริมน้ำ ที่ปู่ย่า", "عيادة النهر", "Κλινική του ποταμού", "Клиника у реки"


@pytest.mark.parametrize("name", [THAI, GREEK, CYRILLIC, "Phòng khám Bến Nghé", "Zoë Šťastná Łódź"])
def test_names_in_these_scripts_can_be_read_and_copied(draw: Draw, name: str) -> None:
    text = text_of(draw("pdf", odd_samples.named_document(name)))
    assert text.count(squeezed(name)) >= 10
    assert fonts.MARKER not in text


def test_arabic_is_joined_and_runs_from_right_to_left(draw: Draw) -> None:
    pdf = draw("pdf", odd_samples.named_document(ARABIC))
    raw = "".join(pages_of(pdf))
    assert any("\ufe70" <= char <= "\ufeff" for char in raw), "letters are not joined"
    read = squeezed(raw)
    backwards = squeezed(ARABIC)[::-1]
    assert read.count(squeezed(ARABIC)) + read.count(backwards) >= 10
    assert fonts.MARKER not in raw


@pytest.mark.parametrize("name", ["日本の診療所", "हिन्दी", "😀 Clinic", "עברית"])
def test_what_no_font_has_is_marked_and_never_dropped(draw: Draw, name: str) -> None:
    assert fonts.MARKER in text_of(draw("pdf", odd_samples.named_document(name)))


def test_text_never_acts_as_markup(draw: Draw) -> None:
    name = "<b>&\"'</b><img src='file:///etc/passwd'><pdf:nextpage/>{{ 7*7 }}<!-- &amp;"
    text = text_of(draw("pdf", odd_samples.named_document(name)))
    assert text.count(squeezed(name)) >= 8


def test_text_far_too_long_still_gives_a_report(draw: Draw) -> None:
    for name in ("w" * 5000, "long name " * 500, THAI * 200, ARABIC * 200):
        assert "VT-2026-10487" in text_of(draw("pdf", odd_samples.named_document(name)))


def failing(document: Document) -> str:
    out = io.BytesIO()
    with pytest.raises(RenderFailed) as caught:
        FORMATS["pdf"].render(document, out)
    assert out.getvalue() == b""
    return str(caught.value)


def test_a_font_that_cannot_be_read_fails_the_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, path in fonts.build().items():
        (tmp_path / path.name).write_bytes(b"not a font" if name == fonts.BOLD else path.read_bytes())
    monkeypatch.setenv("FONT_FOLDER", str(tmp_path))
    fonts.ready.cache_clear()
    try:
        assert "cannot be read" in failing(samples.document(odd_samples.empty()))
    finally:
        monkeypatch.undo()
        fonts.ready.cache_clear()
        fonts.ready()


def test_a_font_package_that_is_missing_fails_the_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FONT_FOLDER", str(tmp_path))
    monkeypatch.setitem(fonts.SOURCES, "fontpkg_noto_sans_nowhere", ((0x20, 0x7F),))
    fonts.edition.cache_clear()
    fonts.ready.cache_clear()
    try:
        assert "font package" in failing(samples.document(odd_samples.empty()))
    finally:
        monkeypatch.undo()
        fonts.edition.cache_clear()
        fonts.ready.cache_clear()
        fonts.ready()


def test_text_drawn_in_another_font_fails_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stray(Flowable):
        def wrap(self, width: float, height: float) -> tuple[float, float]:
            return 10, 10

        def draw(self) -> None:
            self.canv.setFont("Helvetica", 9)
            self.canv.drawString(0, 0, "stray")

    parts = to_pdf._native_parts
    monkeypatch.setattr(to_pdf, "_native_parts", lambda *given: {**parts(*given), "cover": [Stray()]})
    assert "not embedded" in failing(samples.document(odd_samples.empty()))


@pytest.mark.parametrize(
    "hole",
    ['<img src="missing.png">', '<img src="file:///etc/hostname">', '<p style="font-family: Nowhere">x</p>',
     '<img src="http://127.0.0.1:9/x.png">', "<style>p { no-such-property: 1 }</style>"],
)  # fmt: skip
def test_a_hole_in_the_page_fails_the_report(monkeypatch: pytest.MonkeyPatch, hole: str) -> None:
    logging.getLogger("xhtml2pdf").setLevel(logging.WARNING)
    markup = to_pdf._markup
    monkeypatch.setattr(to_pdf, "_markup", lambda document: markup(document).replace("</h1>", f"</h1>{hole}"))
    failing(samples.document(odd_samples.empty()))


def test_a_figure_that_is_not_finite_fails_the_report() -> None:
    content = samples.visit_trends()
    metric = replace(content.metrics[0], value=float("nan"))
    failing(replace(samples.document(content), content=replace(content, metrics=(metric,))))


def test_the_fault_holds_none_of_the_reports_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(document: Document) -> str:
        raise ValueError(document.presentation.clinic_name)

    monkeypatch.setattr(to_pdf, "_markup", broken)
    told = failing(samples.document(odd_samples.empty(), clinic_name="Anna Patient"))
    assert "Anna" not in told
    assert "ValueError" in told


class JobTimeout(Exception):
    """As a worker's own time-out: not one of the faults that libraries raise."""


@pytest.mark.parametrize("interrupt", [JobTimeout, TimeoutError, KeyboardInterrupt, SystemExit, MemoryError])
def test_interrupts_and_time_outs_pass_through(monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]) -> None:
    def interrupted(document: Document) -> str:
        raise interrupt

    monkeypatch.setattr(to_pdf, "_markup", interrupted)
    with pytest.raises(interrupt):
        FORMATS["pdf"].render(samples.document(odd_samples.empty()), io.BytesIO())
