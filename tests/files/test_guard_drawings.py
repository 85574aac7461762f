"""Drawings of a report of patients that mix them up on purpose: the wrong-patient guard finds each."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.files import daily_samples
from tests.files.conftest import Draw
from tests.files.test_guard import changed_at, check, of_cell
from webapp.errors import WrongPatient
from webapp.figures import Chart, Document, Section, Table
from webapp.files import pages, pdf_overview, pdf_patients
from webapp.files.marks import Dot, Picture, Sheet
from webapp.files.pdf_patients import Patient

Drawing = Callable[[pytest.MonkeyPatch, Document], None]


def other(document: Document, section: Section) -> Section:
    """The next patient's section, of the last the first's."""
    every = [one for one in document.content.sections if one.subject]
    keys = [one.key for one in every]
    return every[(keys.index(section.key) + 1) % len(every)]


def mixed_blocks(monkeypatch: pytest.MonkeyPatch, document: Document, *parts: str) -> None:
    """Draws the second patient's pages with parts of the third."""
    right = pdf_patients.blocks

    def wrong(section: Section, width: float) -> list[pdf_patients.Block]:
        if section.key == "patient-2":
            stranger = other(document, section)
            section = replace(section, **{part: getattr(stranger, part) for part in parts})
        return right(section, width)

    monkeypatch.setattr(pdf_patients, "blocks", wrong)


def mixed_plots(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    """Draws the second patient's plots from the third's readings; titles and tables stay."""
    right = pdf_patients._picture
    tables = {id(section.tables[0]): section for section in document.content.sections if section.subject}

    def wrong(chart: object, table: Table, sheet: object) -> object:
        section = tables.get(id(table))
        strange = other(document, section).tables[0] if section and section.key == "patient-2" else table
        return right(chart, strange, sheet)  # type: ignore[arg-type]

    monkeypatch.setattr(pdf_patients, "_picture", wrong)


def mixed_foot(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = Patient._draw_foot
    stranger = document.content.sections[1].subject
    assert stranger is not None

    def wrong(self: Patient, identifiers: list[str], name: str) -> None:
        right(self, identifiers, stranger.name if self.number == 2 else name)

    monkeypatch.setattr(Patient, "_draw_foot", wrong)


def mixed_record(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = Patient._draw_foot

    def wrong(self: Patient, identifiers: list[str], name: str) -> None:
        right(self, [identifiers[0], "MRN 000-0001"] if self.number == 2 else identifiers, name)

    monkeypatch.setattr(Patient, "_draw_foot", wrong)


def mixed_head(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = Patient._draw_head
    monkeypatch.setattr(
        Patient, "_draw_head", lambda self, name: right(self, "Reyes, Another" if self.number == 2 else name)
    )


def no_foot(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = Patient._draw_foot
    monkeypatch.setattr(Patient, "_draw_foot", lambda self, *rest: right(self, *rest) if self.number != 2 else None)


def wrong_links(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    monkeypatch.setattr(pdf_overview, "key_of", lambda number: f"patient {3 if number == 2 else number}")


def wrong_page(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = pdf_overview.PageLinks.draw

    def wrong(self: pdf_overview.PageLinks) -> None:
        self.roll.first[2] = self.roll.first[3]
        right(self)

    monkeypatch.setattr(pdf_overview.PageLinks, "draw", wrong)


def wrong_row(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = pdf_overview.Overview._draw_row
    monkeypatch.setattr(
        pdf_overview.Overview, "_draw_row", lambda self, row, top: right(self, 0 if row == 1 else row, top)
    )


def larger_bubbles(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    """As of more points; the numbers in them stay."""
    right = pdf_patients._picture

    def wrong(chart: Chart, table: Table, sheet: Sheet) -> Picture:
        made = right(chart, table, sheet)
        larger = (replace(mark, radius=mark.radius + 1) if isinstance(mark, Dot) else mark for mark in made.marks)
        return replace(made, marks=tuple(larger))

    monkeypatch.setattr(pdf_patients, "_picture", wrong)


def a_bubble_more(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = Patient._draw_foot

    def wrong(self: Patient, identifiers: list[str], name: str) -> None:
        self.canv.circle(100, 300, 4)
        right(self, identifiers, name)

    monkeypatch.setattr(Patient, "_draw_foot", wrong)


def number_of_the_next(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    """On a page on which a patient goes on."""
    right = Patient._draw_foot

    def wrong(self: Patient, identifiers: list[str], name: str) -> None:
        self.number += self.number == 2 and not self.is_first
        right(self, identifiers, name)

    monkeypatch.setattr(Patient, "_draw_foot", wrong)


def more_behind_the_foot(monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    right = pages.packed
    stranger = document.content.sections[1].subject
    assert stranger is not None
    monkeypatch.setattr(pages, "packed", lambda *given, **more: [*right(*given, **more), [stranger.name]])


DRAWINGS: dict[str, Drawing] = {
    "charts and tables of another": lambda patch, one: mixed_blocks(patch, one, "charts", "tables"),
    "strip of another": lambda patch, one: mixed_blocks(patch, one, "metrics"),
    "name of another": lambda patch, one: mixed_blocks(patch, one, "subject"),
    "plots of another": mixed_plots,
    "name at the foot": mixed_foot,
    "MRN at the foot": mixed_record,
    "name at the head": mixed_head,
    "no foot": no_foot,
    "a link to another": wrong_links,
    "the page of another": wrong_page,
    "the row of another": wrong_row,
    "larger bubbles": larger_bubbles,
    "a bubble more": a_bubble_more,
    "the number of the next": number_of_the_next,
    "more behind the foot": more_behind_the_foot,
}


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_drawing_that_mixes_patients_up_is_caught(draw: Draw, monkeypatch: pytest.MonkeyPatch, drawing: str) -> None:
    document = daily_samples.document(4, 30)
    DRAWINGS[drawing](monkeypatch, document)
    with pytest.raises(WrongPatient):
        check(document, draw("pdf", document))


def test_plots_that_differ_only_in_where_bubbles_stand_are_caught(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    document = daily_samples.document(2, 12)
    moved = changed_at(document, 1, of_cell(0, 4, 10, 88))
    graded = [section.tables[0].rows[4][11] for section in (document.content.sections[1], moved.content.sections[1])]
    assert graded[0] == graded[1], "the pulse counts the same, so that the text of the plot is the same"
    right = pdf_patients._picture
    rows = moved.content.sections[1].tables[0]
    monkeypatch.setattr(
        pdf_patients,
        "_picture",
        lambda chart, table, sheet: right(
            chart, rows if table == document.content.sections[1].tables[0] else table, sheet
        ),
    )
    with pytest.raises(WrongPatient, match="bubbles"):
        check(document, draw("pdf", document))


def test_a_bubble_that_is_filled_where_it_should_be_hollow_is_caught(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = changed_at(daily_samples.document(1, 12), 1, of_cell(0, 4, 11, None))
    table = daily_samples.document(1, 12).content.sections[1].tables[0]
    assert table.rows[4][11] == 0, "either is the smallest bubble without a number"
    right = pdf_patients._picture
    check(document, draw("pdf", document))
    monkeypatch.setattr(pdf_patients, "_picture", lambda chart, _, sheet: right(chart, table, sheet))
    with pytest.raises(WrongPatient, match="bubbles"):
        check(document, draw("pdf", document))
