"""The pages of a report of patients: what stands on which, and that a large report is drawn page by page."""

import io
import tracemalloc
from dataclasses import replace
from itertools import groupby

import pytest
from pypdf import PdfReader

from tests.files import daily_samples
from tests.files.conftest import Draw
from webapp.errors import RenderFailed, WrongPatient
from webapp.figures import Column, Document, Metric, Section, Table, freeze
from webapp.files import FORMATS, alone, facts, papers, patients, pdf_patients, pdf_readings, reconcile


def texts(made: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]


def on_paper(document: Document, paper: str) -> Document:
    return replace(document, presentation=replace(document.presentation, paper=paper))  # type: ignore[arg-type]


def with_section(document: Document, at: int, **changes: object) -> Document:
    sections = list(document.content.sections)
    sections[at] = replace(sections[at], **changes)  # type: ignore[arg-type]
    content = replace(document.content, sections=tuple(sections))
    return replace(document, content=content, figures_sha256=freeze(content).sha256)


def checked(draw: Draw, document: Document) -> bytes:
    made = draw("pdf", document)
    reconcile.check(document, "pdf", io.BytesIO(made), whole=True)
    return made


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_patient_with_twelve_readings_fits_one_page(draw: Draw, paper: str) -> None:
    document = on_paper(daily_samples.document(6, 12), paper)
    found = texts(checked(draw, document))
    assert len(found) == 1 + 6 + 1


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_twenty_patients_are_listed_on_the_first_page(draw: Draw, paper: str) -> None:
    document = on_paper(daily_samples.document(20, 1), paper)
    first = texts(checked(draw, document))[0]
    for section in patients.sections(document):
        assert patients.subject_of(section).mrn in first


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_twenty_patients_of_two_lines_each_are_listed_on_the_first_page(draw: Draw, paper: str) -> None:
    document = on_paper(daily_samples.document(20, 1), paper)
    first = document.content.sections[0].tables[0]
    why = "respiration 3, pulse 2, systolic 2, SpO2 1"
    rows = tuple((*row[:3], 3, "urgent ward review", row[5], why) for row in first.rows)
    document = with_section(document, 0, tables=(replace(first, rows=rows),))
    for at, section in enumerate(patients.sections(document), 1):
        subject = replace(patients.subject_of(section), level="low-medium", advice="urgent ward review")
        document = with_section(document, at, subject=subject)
    found = texts(checked(draw, document))[0]
    assert found.count("3 low-medium") == found.count("SpO2 1") == 20


def test_what_not_all_signs_were_read_for_is_at_least_so_much(draw: Draw) -> None:
    document = daily_samples.document(2, 2)
    first = document.content.sections[0].tables[0]
    rows = ((*first.rows[0][:3], None, *first.rows[0][4:]), first.rows[1])
    subject = patients.subject_of(document.content.sections[1])
    document = with_section(document, 0, tables=(replace(first, rows=rows),))
    document = with_section(document, 1, subject=replace(subject, verdict="NEWS2 at least 15", level="high"))
    made = draw("pdf", document)
    reconcile.check(document, "pdf", io.BytesIO(made))
    assert "at least 15 high" in texts(made)[0]
    other = with_section(document, 1, subject=replace(subject, verdict="NEWS2 at least 16", level="high"))
    with pytest.raises(WrongPatient):
        reconcile.check(other, "pdf", io.BytesIO(made))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_longest_titles_of_charts_are_not_cut(draw: Draw, paper: str) -> None:
    titles = (
        "Oxygen saturation rose from 84 to 86 %, lowest 83", "Glucose rose from 24.0 to 26.9 mmol/L, lowest 7.3",
        "Systolic pressure rose from 183 to 229, lowest 61", "Weight rose from 152.0 to 153.4 kg, highest 154.6",
    )  # fmt: skip
    document = on_paper(daily_samples.document(1, 2), paper)
    charts = document.content.sections[1].charts
    charts = tuple(replace(one, title=title) for one, title in zip(charts, titles, strict=True))
    text = texts(draw("pdf", with_section(document, 1, charts=charts)))[1]
    assert all(title in text for title in titles)


def test_words_above_the_charts_and_under_the_verdict_have_room(draw: Draw) -> None:
    document = daily_samples.document(1, 2)
    subject = patients.subject_of(document.content.sections[1])
    why = (
        "at 23:40: no respiration, oxygen saturation, systolic pressure, pulse, temperature and level of consciousness"
    )
    document = with_section(document, 1, text="Told.", subject=replace(subject, since=why))
    assert "level of consciousness" in " ".join(texts(checked(draw, document))[1].split())
    told = pdf_patients._titled("", "Told.", None, 400.0)
    assert told.height >= 20.0


def test_every_page_of_a_patient_names_whom_at_head_and_foot(draw: Draw) -> None:
    document = daily_samples.document(3, 60)
    found = texts(checked(draw, document))
    pages = 0
    for number, section in enumerate(patients.sections(document), 1):
        subject = patients.subject_of(section)
        mine = [text for text in found if f"patient {number} of 3" in text]
        assert len(mine) >= 2
        pages += len(mine)
        for text in mine:
            assert text.count(subject.name) >= 2
            assert f"{patients.born(subject)} · {subject.mrn and 'MRN ' + subject.mrn}" in text
    assert pages == len(found) - 2


def test_the_outline_has_the_list_and_each_patient(draw: Draw) -> None:
    document = daily_samples.document(4, 3)
    (_, under) = PdfReader(io.BytesIO(draw("pdf", document))).outline
    names = [patients.subject_of(section).name for section in patients.sections(document)]
    assert [entry.title for entry in under] == ["Patients by score", *names, "About these figures"]


def test_the_list_leads_to_each_patients_first_page(draw: Draw) -> None:
    document = daily_samples.document(5, 40)
    reader = PdfReader(io.BytesIO(draw("pdf", document)))
    links = [one.get_object()["/Dest"] for one in reader.pages[0]["/Annots"]]
    pages = [reader.get_page_number(link[0].get_object()) for link in links]
    for number, page in enumerate(pages, 1):
        assert f"patient {number} of 5 · page {page + 1} " in reader.pages[page].extract_text()
        assert f"patient {number} of 5" not in reader.pages[page - 1].extract_text()


def test_points_stand_beside_their_values_and_pressures_together() -> None:
    document = daily_samples.document(1, 4)
    table = patients.sections(document)[0].tables[0]
    rows = [("2026-11-21T08:00+08:00", 22, 2, 94, 1, "air", 0, 108, 66, 1, 96, 1, 37.4, 0, "alert", 0, 5, None)]
    table = replace(table, rows=tuple(rows))
    lanes = pdf_readings.lanes(table)
    said = pdf_readings.rows(table, lanes)[0]
    assert [cell.text for cell in said] == ["08:00", "22", "94", "air", "108/66", "96", "37.4", "alert", "5"]
    assert [cell.points for cell in said] == [None, 2, 1, None, 1, 1, None, None, None]


def test_what_is_not_known_is_a_dash_and_a_remark_is_kept() -> None:
    document = daily_samples.document(1, 1)
    table = patients.sections(document)[0].tables[0]
    row = ("2026-11-21", *[None] * 16, "refused")
    table = replace(table, rows=(row,))
    said = pdf_readings.rows(table, pdf_readings.lanes(table))[0]
    assert [cell.text for cell in said] == ["21 Nov", *["–"] * 8, "refused"]


def test_unknown_columns_and_tables_are_drawn_too(draw: Draw) -> None:
    document = daily_samples.document(2, 3)
    section = document.content.sections[1]
    columns = tuple(Column(f"c{at}", f"Measure number {at}", "number") for at in range(40))
    wide = Table("wide", "Other measures", (Column("at", "Time", "moment"), *columns), tuple(
        (f"2026-11-21T0{hour}:00+08:00", *(1000 * hour + at for at in range(40))) for hour in range(3)
    ))  # fmt: skip
    total = Table(
        "sum", "With a total", (Column("what", "What"), Column("n", "Number", "count")), (("a", 4321),), ("all", 4321)
    )
    empty = Table("empty", "Nothing here", (Column("what", "What"),), ())
    document = with_section(document, 1, tables=(*section.tables, wide, total, empty), text="Told in a few words.")
    text = "".join(texts(checked(draw, document)))
    for shown in ("Other measures", "2,039", "With a total", "4,321", "Nothing here", "Told in a few words."):
        assert shown in text


def test_more_charts_than_four_and_none(draw: Draw) -> None:
    document = daily_samples.document(2, 6)
    section = document.content.sections[1]
    more = tuple(
        replace(chart, key=f"{chart.key}{n}", title=f"{chart.title} {n}") for n in range(3) for chart in section.charts
    )
    document = with_section(document, 1, charts=more[:11])
    document = with_section(document, 2, charts=(), metrics=())
    assert "Systolic blood pressure 2" in "".join(texts(checked(draw, document)))


def test_readings_of_several_days_say_the_day(draw: Draw) -> None:
    document = daily_samples.document(1, 6)
    table = document.content.sections[1].tables[0]
    rows = tuple((f"2026-11-{18 + at}T09:15+08:00", *row[1:]) for at, row in enumerate(table.rows))
    others = document.content.sections[1].tables[1:]
    document = with_section(document, 1, tables=(replace(table, rows=rows), *others))
    assert "20 Nov, 09:15" in "".join(texts(checked(draw, document)))


def test_long_remarks_wrap_in_their_column(draw: Draw) -> None:
    document = daily_samples.document(1, 12)
    table = document.content.sections[1].tables[0]
    remark = "oxygen was given by mask for an hour, then taken away; the cuff was moved to the other arm"
    rows = tuple((*row[:-1], remark) for row in table.rows)
    document = with_section(document, 1, tables=(replace(table, rows=rows),))
    checked(draw, document)


def test_a_list_of_two_hundred_goes_on_over_pages(draw: Draw) -> None:
    document = daily_samples.document(200, 1)
    sections = tuple(replace(one, charts=(), metrics=()) for one in document.content.sections)
    found = texts(checked(draw, replace(document, content=replace(document.content, sections=sections))))
    assert sum("Patients by score, continued" in text for text in found) >= 3


def test_who_is_hardly_known(draw: Draw) -> None:
    document = daily_samples.document(1, 2)
    subject = patients.subject_of(document.content.sections[1])
    nobody = replace(subject, name=" ", born="", mrn="", age="", sex="", verdict="", level="", advice="", since="")
    listed = document.content.sections[0].tables[0]
    row = (" ", "", "", None, "", None, "")
    document = with_section(document, 0, tables=(replace(listed, rows=(row,)),))
    document = with_section(document, 1, subject=nobody)
    text = "".join(texts(checked(draw, document)))
    for shown in ("Name not known", "Birth date not known", "no MRN", "sex not known", "not scored"):
        assert shown in text


@pytest.mark.parametrize(
    ("born", "told"),
    [
        ("1958-03-03", "born 3 March 1958"),
        ("1958-03", "born March 1958"),
        ("1958", "born 1958"),
        ("", "birth date not known"),
    ],
)
def test_birth_dates_are_told_as_far_as_they_are_known(born: str, told: str) -> None:
    subject = patients.subject_of(patients.sections(daily_samples.document(1, 1))[0])
    assert patients.born(replace(subject, born=born)) == told


def test_vital_signs_that_count_are_marked_in_words(draw: Draw) -> None:
    document = daily_samples.document(1, 2)
    metric = Metric("pulse", "Pulse", 131, "number", "a minute", note="3 points")
    document = with_section(document, 1, metrics=(metric,))
    assert "3 points" in "".join(texts(checked(draw, document)))


def test_the_same_figures_give_the_same_bytes(draw: Draw) -> None:
    document = daily_samples.document(4, 30)
    assert draw("pdf", document) == draw("pdf", document)


def test_each_patient_is_told_of_once_and_in_order() -> None:
    told: list[tuple[int, int]] = []
    out = io.BytesIO()
    FORMATS["pdf"].render(daily_samples.document(3, 40), out, lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]
    FORMATS["csv"].render(daily_samples.document(3, 4), out, lambda *step: told.append(step))
    assert len(told) == 3


def test_what_a_step_raises_ends_the_drawing_with_nothing_written() -> None:
    class Stop(BaseException):
        pass

    def stop(number: int, total: int) -> None:
        if number == 2:
            raise Stop

    out = io.BytesIO()
    with pytest.raises(Stop):
        FORMATS["pdf"].render(daily_samples.document(3, 4), out, stop)
    assert out.getvalue() == b""


def test_pages_are_laid_out_as_they_are_drawn_and_then_forgotten() -> None:
    """What is held grows by little more than the packed pages."""
    grown = []
    for count in (10, 40):
        document = daily_samples.document(count, 12)
        out = io.BytesIO()
        FORMATS["pdf"].render(document, out)
        tracemalloc.start()
        FORMATS["pdf"].render(document, io.BytesIO())
        grown.append((tracemalloc.get_traced_memory()[1], len(out.getvalue())))
        tracemalloc.stop()
    (few, small), (many, large) = grown
    assert (many - few) < 8 * (large - small)


def test_blocks_are_never_parted_from_their_patient() -> None:
    document = daily_samples.document(2, 90)
    page = papers.of("A4").patient
    for section in patients.sections(document):
        filled = pdf_patients.paged(pdf_patients.blocks(section, page.width), page.height)
        heights = [sum(block.height for block in blocks) for blocks in filled]
        assert all(height <= page.height + 12 for height in heights)
        titles = [block.title for blocks in filled for block in blocks if isinstance(block, pdf_patients.Titled)]
        assert [title for title, _ in groupby(titles)] == ["Readings", "Readings, continued", "Days before"]


def test_one_patient_alone_keeps_where_the_figures_come_from() -> None:
    document = daily_samples.document(3, 5)
    single = alone(document, 3)
    assert single.figures_sha256 == document.figures_sha256
    assert facts.rows_used(single) == "5 of 5 readings used"
    assert [section.key for section in single.content.sections] == ["patient-3"]
    assert not single.content.metrics
    assert not single.content.summary


def test_one_patient_alone_takes_a_page_behind_a_cover_that_says_whence(draw: Draw) -> None:
    cover, page = texts(checked(draw, alone(daily_samples.document(3, 12), 2)))
    assert "Where these figures come from" in cover
    assert "patient 1 of 1" in page


def test_a_section_that_cannot_be_drawn_fails_the_report(draw: Draw) -> None:
    document = daily_samples.document(2, 3)
    section: Section = document.content.sections[1]
    broken = replace(section.charts[0], series=("no such column",))
    with pytest.raises(RenderFailed):
        draw("pdf", with_section(document, 1, charts=(broken,)))
