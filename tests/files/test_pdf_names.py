"""Names whose letters the fonts of a PDF lack: never boxes alone, on no page."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from tests.files import daily_samples
from tests.files.conftest import Draw
from tests.files.test_guard import check, named
from webapp.errors import RenderFailed, WrongPatient
from webapp.figures import Document, Subject
from webapp.files import pdf_names, pdf_overview, pdf_vitals
from webapp.files.patients import subject_of


def of_names(*names: str, **changes: str) -> Document:
    """A patient of each name."""
    document = daily_samples.document(len(names), 60)
    subjects = [replace(subject_of(section), **changes) for section in document.content.sections[1:]]  # type: ignore[arg-type]
    return named(document, [replace(one, name=name) for one, name in zip(subjects, names, strict=True)])


def test_every_page_says_in_words_that_letters_are_missing(draw: Draw) -> None:
    document = of_names("李小龙", "Cruz, Ana", "Ana 😀")
    made = draw("pdf", document)
    check(document, made)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    assert pdf_names.FOOTNOTE in pages[0]
    for number, is_whole in ((1, False), (2, True), (3, False)):
        mine = [page for page in pages if f"patient {number} of 3" in page]
        assert len(mine) > 1
        assert (pdf_names.NOTE in mine[0]) is not is_whole
        assert all(page.count(pdf_names.BRIEF) == (0 if is_whole else 2) for page in mine)


def test_the_outline_has_the_name_itself(draw: Draw) -> None:
    (_, under) = PdfReader(io.BytesIO(draw("pdf", of_names("李小龙")))).outline
    assert under[1].title == "李小龙"


def test_whom_nothing_tells_apart_fails_the_report(draw: Draw) -> None:
    for whole in ("Cruz, Ana", "Box □, Ana"):
        check(nobody := of_names(whole, born="", mrn=""), draw("pdf", nobody))
    check(one := of_names("李小龙", born=""), draw("pdf", one))
    with pytest.raises(RenderFailed) as caught:
        draw("pdf", of_names("Cruz, Ana", "李小龙", born="", mrn=""))
    assert "birth date" in caught.value.plain
    assert "李" not in f"{caught.value} {caught.value.plain}"


def without_note(monkeypatch: pytest.MonkeyPatch) -> None:
    right = pdf_vitals.head

    def wrong(subject: Subject, width: float) -> pdf_vitals.Head:
        return replace(right(subject, width), note="")

    monkeypatch.setattr(pdf_vitals, "head", wrong)


def without_footnote(monkeypatch: pytest.MonkeyPatch) -> None:
    right = pdf_overview.Overview.wrap

    def wrong(self: pdf_overview.Overview, width: float, height: float) -> tuple[float, float]:
        self.foot = 0.0
        return right(self, width, height)

    monkeypatch.setattr(pdf_overview.Overview, "wrap", wrong)


@pytest.mark.parametrize("drawing", [without_note, without_footnote], ids=["note", "footnote"])
def test_the_guard_asks_for_the_words(draw: Draw, monkeypatch: pytest.MonkeyPatch, drawing: object) -> None:
    document = of_names("李小龙")
    drawing(monkeypatch)  # type: ignore[operator]
    with pytest.raises(WrongPatient):
        check(document, draw("pdf", document))


def test_a_long_name_leaves_room_for_the_words(draw: Draw) -> None:
    document = of_names("龙 Maximiliano José " * 12)
    check(document, draw("pdf", document))
