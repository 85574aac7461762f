"""The wrong-patient guard: reads every page of a finished PDF of patients back, and proves whose it is.

Each page of a patient must show that patient's name, birth date and record number at head and foot, and between them
nothing but that patient's figures, each at its place: what a page says is compared from its first sign to its last, so
that nothing of somebody else can stand in between, and the bubbles of its charts are compared by where they stand.
Pages of one patient follow one another, all patients are there in their order, and the list of all patients leads to
the right pages. Pages without a patient show no patient's foot.

Names in scripts that are drawn joined, or from right to left, do not come back as they were written. They are compared
by their letters, however ordered, and by the birth date and record number beside them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from webapp.figures import Document, Section, Table
from webapp.files import facts, lettering, papers, patients, pdf_names, pdf_overview, pdf_read, tapes
from webapp.files.addresses import Differs
from webapp.files.marks import Dot
from webapp.files.pdf_read import Circle, Read, squeezed
from webapp.files.tapes import Block, Piece

_PLACE = re.compile(r"patient([\d,]+)of([\d,]+)·(page\d+of\d+)$")
_FOOT = re.compile(r"·(born|birthdatenotknown)[^·]*·(MRN|noMRN)")
_LAST_PLAIN = "\u024f"
"""The end of the Latin letters, which are drawn and read back one by one."""

_SIGNS = "–−…·•°≥≤²³²€’“”‘□"
_CUT = "..."
"""An ellipsis as it is compared."""

_APART = 0.3
"""Points that a bubble may lie from where it should."""


class WrongPage(Differs):
    """A page does not show what it should of the patient it should be about."""


def check(document: Document, pdf: bytes | BinaryIO) -> list[int]:
    """The pages, from one, that are about no patient. Raises WrongPage with the page and the key of what is not there,
    or not where it should be."""
    checked = _Check(document)
    with closing(pdf_read.pages(pdf)) as pages:
        checked.all_of(pages)
    return [*checked.others]


class _Check:
    """What is known of the pages so far: on which each patient begins, who it is about now, and the pages without a
    patient."""

    def __init__(self, document: Document) -> None:
        self.document, self.every = document, patients.sections(document)
        self.width = papers.of(document.presentation.paper).patient.width
        self.first: dict[int, int] = {}
        self.others: dict[int, Read] = {}
        self.walk: _Walk | None = None

    def all_of(self, pages: Iterator[Read]) -> None:
        page, endings = 0, []
        for page, read in enumerate(pages, 1):
            place = _PLACE.search(read.said)
            endings.append(place[3] if place else read.said)
            if place is None:
                self._without_patient(read, page)
            else:
                self._of_patient(read, page, place)
        if self.walk and not self.walk.is_done:
            raise WrongPage(f"page {page + 1}: missing, {self.walk.address()}")
        if len(self.first) < len(self.every):
            raise WrongPage(f"{self.every[len(self.first)].key}: no page")
        for at, ending in enumerate(endings, 1):
            if f"page{at}of{page}" not in ending:
                raise WrongPage(f"page {at}: number of the page")
        _lists(self.document, [*self.others.values()], self.first)

    def _of_patient(self, read: Read, page: int, place: re.Match[str]) -> None:
        number, total = (int(place[at].replace(",", "")) for at in (1, 2))
        if self.walk is None or self.walk.is_done:
            if number != len(self.first) + 1 or number > len(self.every):
                raise WrongPage(f"page {page}: not the next patient")
            self.first[number] = page
            self.walk = _Walk(self.document, self.every[number - 1], self.width, number)
        if number != self.walk.number or total != len(self.every):
            raise WrongPage(f"page {page}: number of the patient")
        self.walk.go(Read(read.said[: place.start()], read.circles, read.links), page)

    def _without_patient(self, read: Read, page: int) -> None:
        if self.walk and not self.walk.is_done:
            raise WrongPage(f"page {page}: not a page of {self.walk.section.key}")
        if _FOOT.search(read.said):
            raise WrongPage(f"page {page}: a patient's foot on a page without a patient")
        self.others[page] = read


@dataclass(frozen=True, slots=True)
class _Step:
    """What stands together on a page; `again` stands before it where it is the first there."""

    pieces: tuple[Piece, ...]
    again: tuple[Piece, ...] = ()
    dots: tuple[Dot, ...] = ()


def _steps(blocks: Iterator[Block]) -> Iterator[_Step]:
    for block in blocks:
        yield _Step(block.pieces, (), block.dots)
        yield from (_Step(row, block.again) for row in block.rows)


class _Walk:
    """The way through the pages of one patient."""

    def __init__(self, document: Document, section: Section, width: float, number: int) -> None:
        self.section, self.number = section, number
        self.head, self.foot = tapes.head(document, section), tapes.foot(section)
        self.traced = squeezed(facts.SEPARATOR.join(facts.traced(document)))
        self.steps = [*_steps(tapes.blocks(section, width))]
        self.at = 0

    @property
    def is_done(self) -> bool:
        return self.at == len(self.steps)

    def address(self, piece: Piece | None = None) -> str:
        piece = piece or self.steps[min(self.at, len(self.steps) - 1)].pieces[0]
        return f"{self.section.key}, {piece.address}"

    def go(self, read: Read, page: int) -> None:
        """Passes all that stands on one page. Raises WrongPage."""
        began, way = self.at, _Way(read.said)
        lead = [*self.head, *(self.steps[self.at].again if not self.is_done else ())]
        missing: Piece | None = None
        dots: list[tuple[str, Sequence[Dot]]] = []
        while not self.is_done:
            step = self.steps[self.at]
            missing = way.passes([*lead, *step.pieces])
            if missing:
                break
            if step.dots:
                dots.append((self.address(step.pieces[0]), step.dots))
            lead, self.at = [], self.at + 1
        lost = way.passes(self.foot)
        if self.at == began or lost:
            is_ours = squeezed(self.foot[-1].text) in read.said
            raise WrongPage(f"page {page}: {self.address(missing if is_ours and missing else lost or missing)}")
        if not way.ends_with(self.traced):
            raise WrongPage(f"page {page}: {self.address(self.foot[-1])}")
        _placed(read.circles, dots, page)


class _Way:
    """A place in what a page says, behind all that was found."""

    def __init__(self, said: str) -> None:
        self.said, self.place = said, 0
        self.waiting: list[Piece] = []
        self.is_loose = False

    def passes(self, pieces: Sequence[Piece]) -> Piece | None:
        """Goes on behind `pieces`; where one is not there, stays, and gives that back.

        What is not drawn letter by letter waits for the next that is, and is then what stands before that.
        """
        place, waiting = self.place, [*self.waiting]
        for piece in pieces:
            text = squeezed(lettering.visible(piece.text))
            if not text:
                continue
            after = None if waiting else self._behind(piece, text, place)
            if after is None and waiting:
                after = self._behind_waiting(waiting, piece, text, place)
                if after is not None:
                    waiting = []
            if after is not None:
                place = after
            elif _is_plain(text):
                return piece
            else:
                waiting.append(piece)
        self.place, self.waiting = place, waiting
        self.is_loose = self.is_loose or any(piece.loose for piece in pieces)
        return None

    def _behind(self, piece: Piece, text: str, place: int) -> int | None:
        if piece.mixed:
            found = self.said[place : place + len(text)]
            return place + len(text) if Counter(found) == Counter(text) else None
        if piece.loose or self.is_loose:
            at = self.said.find(text, place)
            return at + len(text) if at >= 0 else None
        if self.said.startswith(text, place):
            return place + len(text)
        cut = self.said.find(_CUT, place, place + len(text) + len(_CUT))
        return cut + len(_CUT) if cut > place and text.startswith(self.said[place:cut]) else None

    def _behind_waiting(self, waiting: Sequence[Piece], piece: Piece, text: str, place: int) -> int | None:
        if not _is_plain(text):
            return None
        letters = sum((Counter(squeezed(lettering.visual(one.text))) for one in waiting), Counter())
        at = self.said.find(text, place)
        while 0 <= at <= place + letters.total() + len(_CUT) * len(waiting):
            between = self.said[place:at]
            is_cut, found = _CUT in between, Counter(between.replace(_CUT, ""))
            if found == letters or (is_cut and found.total() and found <= letters):
                return self._behind(piece, text, at)
            at = self.said.find(text, at + 1)
        return None

    def ends_with(self, text: str) -> bool:
        """Whether nothing but `text` is left, or what is left of it where it had to be cut."""
        rest = self.said[self.place :]
        return rest == text or (_CUT in rest and len(rest) <= len(text))


def _is_plain(text: str) -> bool:
    """Whether a text is drawn and read back letter by letter."""
    return text.isascii() or all(char <= _LAST_PLAIN or char in _SIGNS for char in text)


def _placed(circles: Sequence[Circle], charts: Sequence[tuple[str, Sequence[Dot]]], page: int) -> None:
    """Whether the circles of a page are the bubbles of its charts: as many, as far from the first of their chart and
    as large as their readings make them, and hollow where there is no grade."""
    left = list(circles)
    for address, dots in charts:
        mine, left = left[: len(dots)], left[len(dots) :]
        if len(mine) < len(dots):
            raise WrongPage(f"page {page}: {address}, bubbles")
        for circle, dot in zip(mine, dots, strict=True):
            across = (circle.x - mine[0].x) - (dot.x - dots[0].x)
            up = (circle.y - mine[0].y) + (dot.y - dots[0].y)
            larger = circle.radius - dot.radius if not dot.outline else 0.0
            if max(abs(across), abs(up), abs(larger)) > _APART or circle.is_hollow != bool(dot.outline):
                raise WrongPage(f"page {page}: {address}, bubbles")
    if left:
        raise WrongPage(f"page {page}: bubbles that belong to no chart")


def _lists(document: Document, others: Sequence[Read], first: dict[int, int]) -> None:
    """Whether the list of all patients says what their pages say, row by row, and leads to them."""
    every = patients.sections(document)
    table = next(filter(None, (patients.list_in(one, len(every)) for one in document.content.sections)), None)
    if table is None:
        return
    _agrees(table, every)
    ways = iter(others)
    way = _Way(next(ways).said) if others else _Way("")
    for number, row in enumerate(tapes.overview(table, document), 1):
        page = Piece(f"{first[number]}", f"list of patients, row {number}, page")
        pieces = [row[0], *row[1:], page]
        missing = _found(way, pieces)
        while missing:
            following = next(ways, None)
            if following is None:
                raise WrongPage(missing.address)
            way = _Way(following.said)
            missing = _found(way, pieces)
    is_marked = not all(pdf_names.is_whole(patients.subject_of(section)) for section in every)
    if is_marked and not any(squeezed(pdf_names.FOOTNOTE) in read.said for read in others):
        raise WrongPage("list of patients, footnote")
    links = [link for read in others for link in read.links]
    for number, link in enumerate(links, 1):
        if link != first.get(number):
            raise WrongPage(f"list of patients, row {number}, link")
    if len(links) != len(every):
        raise WrongPage("list of patients, number of links")


def _found(way: _Way, pieces: Sequence[Piece]) -> Piece | None:
    """Goes on behind a row, which stands right behind the one before or, on each page, behind the header."""
    if not way.place:
        header = squeezed("".join(lane.label for lane in pdf_overview.LANES))
        at = way.said.find(header)
        if at < 0:
            return pieces[0]
        way.place = at + len(header)
    return way.passes(pieces)


def _agrees(table: Table, every: Sequence[Section]) -> None:
    places = {column.key: at for at, column in enumerate(table.columns)}
    for number, (row, section) in enumerate(zip(table.rows, every, strict=True), 1):
        subject = patients.subject_of(section)
        told = [str(row[places[key]] or "") for key in patients.IDENTIFIERS]
        if told != [subject.name, subject.born, subject.mrn]:
            raise WrongPage(f"list of patients, row {number}: not the patient of {section.key}")
