"""The wrong-patient guard: a page that is not wholly its patient's is found out, and a right one never is."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pypdf
import pytest

from tests.files import daily_samples
from tests.files.conftest import Draw
from tests.sample_data import SAMPLE_DATA
from webapp.errors import FiguresDiffer, WrongPatient
from webapp.figures import Document, Section, Subject, freeze
from webapp.files import alone, guard, pdf_names, reconcile

NAMES = (
    "محمد، أحمد عبد الرحمن", "لأمين، الآء", "כהן, דוד", "ธนา กล้าหาญ", "王小明", "Nguyễn, Thị Ánh", "Ólafsdóttir, Þóra",
    "Иванов, Пётр", "Παπαδόπουλος, Ελένη", "", "X", "O'Neil-Smith, Ann", "W" * 200, "Née, " + "Zoë " * 50, "عبد " * 50,
    "123, 456", "born 3 March 1958, MRN 000-417", "ﬁne, ﬂow", "page 3 of 4, patient 1 of 2", "नेहा, शर्मा",
)  # fmt: skip


def named(document: Document, subjects: list[Subject]) -> Document:
    """The document with other patients, in the list of all too."""
    left = iter(subjects)
    sections = [
        replace(section, title="x", subject=next(left)) if section.subject else section
        for section in document.content.sections
    ]
    first = sections[0]
    rows = tuple(
        (one.name, one.born, one.mrn, *row[3:]) for one, row in zip(subjects, first.tables[0].rows, strict=True)
    )
    sections[0] = replace(first, tables=(replace(first.tables[0], rows=rows),))
    return with_sections(document, sections)


def with_sections(document: Document, sections: list[Section]) -> Document:
    content = replace(document.content, sections=tuple(sections))
    return replace(document, content=content, figures_sha256=freeze(content).sha256)


def check(document: Document, made: bytes) -> None:
    reconcile.check(document, "pdf", io.BytesIO(made))


def test_what_is_right_passes(draw: Draw) -> None:
    for patients, readings in ((1, 1), (3, 12), (3, 30), (2, 70)):
        document = daily_samples.document(patients, readings)
        check(document, draw("pdf", document))


def test_it_tells_which_pages_are_about_no_patient(draw: Draw) -> None:
    """Only these are read once more for the figures that are about all."""
    document = daily_samples.document(3, 40)
    made = draw("pdf", document)
    assert guard.check(document, made) == [1, len(pypdf.PdfReader(io.BytesIO(made)).pages)]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_an_odd_name_is_no_false_alarm(draw: Draw, name: str) -> None:
    document = daily_samples.document(3, 26)
    subjects = [section.subject for section in document.content.sections if section.subject]
    odd = replace(subjects[1], name=name)
    hardly_known = replace(odd, born="", age="", sex="", since="", advice="")
    odds = [subjects[0], odd, replace(hardly_known, mrn="") if pdf_names.is_whole(odd) else hardly_known]
    document = named(document, odds)
    check(document, draw("pdf", document))


@pytest.mark.skipif(
    not (SAMPLE_DATA / "names").is_dir(), reason=f"SAMPLE DATA IS NOT AT {SAMPLE_DATA}: set SAMPLE_DATA to its folder"
)
def test_names_of_many_tongues_are_no_false_alarm(draw: Draw) -> None:
    path = SAMPLE_DATA / "names" / "cldr-sample-names.csv"
    if not path.exists():
        pytest.skip("no sample names: see tests/sample_data.py")
    with path.open(newline="", encoding="utf-8") as file:
        names = sorted({row["joined"] for row in csv.DictReader(file)})
    base = daily_samples.document(3, 2)
    subject = base.content.sections[1].subject
    assert subject is not None
    subjects = [replace(subject, name=name, mrn=f"{at:06}") for at, name in enumerate(names)]
    small = [replace(base.content.sections[1], key=f"patient-{at}", charts=()) for at in range(len(names))]
    listed = base.content.sections[0]
    table = replace(listed.tables[0], rows=listed.tables[0].rows[:1] * len(names))
    document = named(with_sections(base, [replace(listed, tables=(table,)), *small]), subjects)
    check(document, draw("pdf", document))


Break = Callable[[Document], Document]


def changed_at(document: Document, at: int, change: Callable[[Section], Section]) -> Document:
    sections = list(document.content.sections)
    sections[at] = change(sections[at])
    return with_sections(document, sections)


def of_subject(**changes: str) -> Callable[[Section], Section]:
    def change(section: Section) -> Section:
        assert section.subject is not None
        return replace(section, subject=replace(section.subject, **changes))  # type: ignore[arg-type]

    return change


def of_cell(table: int, row: int, column: int, cell: object) -> Callable[[Section], Section]:
    def change(section: Section) -> Section:
        tables = list(section.tables)
        rows = [list(one) for one in tables[table].rows]
        rows[row][column] = cell  # type: ignore[call-overload]
        tables[table] = replace(tables[table], rows=tuple(map(tuple, rows)))
        return replace(section, tables=tuple(tables))

    return change


def swapped(document: Document, one: int, other: int, *parts: str) -> Document:
    """Two patients with some of their parts changed over."""
    sections = list(document.content.sections)
    first, second = sections[one], sections[other]
    sections[one] = replace(first, **{part: getattr(second, part) for part in parts})
    sections[other] = replace(second, **{part: getattr(first, part) for part in parts})
    return with_sections(document, sections)


OTHERS: dict[str, Break] = {
    "patients swapped": lambda one: swapped(one, 1, 3, "subject", "charts", "tables", "metrics"),
    "subjects swapped": lambda one: swapped(one, 1, 3, "subject"),
    "tables swapped": lambda one: swapped(one, 1, 3, "tables"),
    "strips swapped": lambda one: swapped(one, 1, 3, "metrics"),
    "one digit of an MRN": lambda one: changed_at(one, 2, of_subject(mrn="000-0999")),
    "a hyphen of an MRN": lambda one: changed_at(one, 2, of_subject(mrn="0000999")),
    "another birth date": lambda one: changed_at(one, 2, of_subject(born="1931-01-01")),
    "another name": lambda one: changed_at(one, 2, of_subject(name="Santos, Another")),
    "another sex": lambda one: changed_at(one, 2, of_subject(sex="unknown")),
    "another verdict": lambda one: changed_at(one, 2, of_subject(verdict="NEWS2 19")),
    "a patient less": lambda one: with_sections(one, list(one.content.sections[:-1])),
    "a patient more": lambda one: with_sections(one, [*one.content.sections, one.content.sections[1]]),
    **{
        f"reading, column {column}": lambda one, column=column, cell=cell: changed_at(  # type: ignore[misc]
            one, 3, of_cell(0, 15, column, cell)
        )
        for column, cell in (
            (0, "2026-11-21T23:59+08:00"), (1, 9), (2, 3), (3, 77), (4, 3), (5, "oxygen"), (6, 2), (7, 222), (8, 33),
            (9, 3), (10, 33), (11, 3), (12, 33.3), (13, 2), (14, "voice"), (15, 3), (16, 20), (17, "moved"),
        )
    },
    "a figure of a day": lambda one: changed_at(one, 3, of_cell(1, 1, 2, 19)),
    "a row of the list": lambda one: changed_at(one, 0, of_cell(0, 2, 3, 20)),
}  # fmt: skip


@pytest.mark.parametrize("change", OTHERS)
def test_a_file_of_other_figures_is_caught(draw: Draw, change: str) -> None:
    document = daily_samples.document(5, 30)
    with pytest.raises(WrongPatient):
        check(OTHERS[change](document), draw("pdf", document))


def test_rows_of_readings_swapped_are_caught(draw: Draw) -> None:
    document = daily_samples.document(2, 30)
    table = document.content.sections[1].tables[0]

    def change(section: Section) -> Section:
        rows = list(table.rows)
        rows[3], rows[4] = rows[4], rows[3]
        return replace(section, tables=(replace(table, rows=tuple(rows)), *section.tables[1:]))

    with pytest.raises(WrongPatient):
        check(changed_at(document, 1, change), draw("pdf", document))


def pages_of(made: bytes, order: list[int]) -> bytes:
    reader, writer = pypdf.PdfReader(io.BytesIO(made)), pypdf.PdfWriter()
    for at in order:
        writer.add_page(reader.pages[at])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pages_missing_doubled_or_moved_are_caught(draw: Draw) -> None:
    document = daily_samples.document(4, 30)
    made = draw("pdf", document)
    count = len(pypdf.PdfReader(io.BytesIO(made)).pages)
    whole = list(range(count))
    orders = [whole[:at] + whole[at + 1 :] for at in whole]
    orders += [whole[: at + 1] + whole[at:] for at in whole]
    orders += [[*whole[:at], whole[at + 1], whole[at], *whole[at + 2 :]] for at in whole[:-1]]
    for order in orders:
        with pytest.raises(FiguresDiffer):
            check(document, pages_of(made, order))


def test_figures_that_list_a_patient_beside_the_pages_of_another_are_caught(draw: Draw) -> None:
    """Such a file is drawn as its figures say, and wrong all the same."""

    def change(section: Section) -> Section:
        table = section.tables[0]
        first, second, *others = table.rows
        rows = ((*second[:3], *first[3:]), (*first[:3], *second[3:]), *others)
        return replace(section, tables=(replace(table, rows=rows),))

    document = changed_at(daily_samples.document(3, 12), 0, change)
    with pytest.raises(WrongPatient, match="not the patient of"):
        check(document, draw("pdf", document))


def test_an_alarm_names_no_patient(draw: Draw) -> None:
    document = daily_samples.document(3, 12)
    with pytest.raises(WrongPatient) as caught:
        check(OTHERS["another name"](document), draw("pdf", document))
    told = f"{caught.value} {caught.value.address} {caught.value.plain}"
    assert "page" in told
    for section in document.content.sections[1:]:
        assert section.subject is not None
        assert section.subject.name not in told
        assert section.subject.mrn not in told


def test_one_patient_alone_shows_nobody_else(draw: Draw) -> None:
    document = daily_samples.document(5, 12)
    single = alone(document, 2)
    made = draw("pdf", single)
    check(single, made)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)
    for number, section in enumerate(document.content.sections[1:], 1):
        assert section.subject is not None
        assert (section.subject.mrn in text) is (number == 2)
        assert (section.subject.name in text) is (number == 2)
    assert "ward-a.xlsx" not in text, "a file may be called after another patient"
    assert single.content.title == "Daily patients, 21 November 2026, patient 2"
    with pytest.raises(LookupError):
        alone(document, 6)
