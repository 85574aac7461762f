"""The pages of one patient in a PDF: who it is, the latest vital signs, charts two by two, readings, days before.

Pages are laid out when they are drawn and then forgotten, so that a report of thousands of patients takes hardly more
memory than one of twenty. Head and foot of such a page are drawn with its content, from the same subject.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reportlab.platypus.flowables import Flowable

from webapp.figures import Chart, Section, Table
from webapp.files import charts, lettering, packing, pages, patients, pdf_names, pdf_readings, pdf_tables, pdf_vitals
from webapp.files.pages import FACT, FACT_LINE, GUTTER, HAIRLINE, INK, MUTED, TEAL, Plot
from webapp.files.papers import Page
from webapp.files.pdf_readings import Close
from webapp.files.pens import Pen, write

Step = Callable[[int, int], None]
"""Told the number of the patient that is drawn now, and of how many."""

_TITLE, _TOLD = 9.4, 7.2
"""Sizes; a title of a chart has 49 characters at most, which half of a page's width then holds."""

_TITLE_LINE, _TOLD_LINE = 12.5, 9.2
_UNTITLED = -2.4
"""Points from the top down to where a title would be written, where there is none."""

_UNDER = 10.0
"""Points under a chart or table."""

_STEEPEST, _LOWER = 0.4, 0.31
"""Height to width of a chart: two rows of them leave room for twelve readings on one page, and so do three of lower."""

_FEW_CHARTS = 4

_SMALL = 9.0
"""Size of the name in the running head."""


@dataclass(slots=True)
class Roll:
    """What the pages of all patients share. `first` is the page on which each begins, and `pages` are all of
    theirs, as they come to be drawn."""

    total: int
    left: str
    facts: Sequence[str]
    step: Step
    first: dict[int, int] = field(default_factory=dict)
    pages: set[int] = field(default_factory=set)
    _last: int = 0

    @property
    def of_all(self) -> float:
        """Points that "of 4066" takes, guessed by the number of patients: nobody knows yet how many pages there are."""
        return lettering.width(f"of {self.total + 2}", FACT)

    def next(self) -> int:
        """The number of the next patient."""
        self._last += 1
        return self._last


@dataclass(frozen=True, slots=True)
class Titled:
    """A chart or a table under its title. `told` stands under the title, `aside` behind it; `above` is the points down
    to the body."""

    title: str
    aside: str
    told: Sequence[str]
    body: Any
    width: float
    above: float

    @property
    def height(self) -> float:
        return self.above + _height(self.body, self.width) + _UNDER

    def split(self, room: float) -> "tuple[Titled, Titled] | None":
        parts = _split(self.body, self.width, room - self.above)
        if parts is None:
            return None
        title = self.title if self.title.endswith(CONTINUED) else f"{self.title}{CONTINUED}"
        return replace(self, body=parts[0]), replace(self, title=title, body=parts[1])

    def draw(self, canvas: Any, x: float, top: float) -> None:
        with Pen(canvas) as pen:
            y = top - (9.5 if self.title else _UNTITLED)
            title = lettering.shortened(self.title, self.width, _TITLE, True)
            pen.write(x, y, title, _TITLE, INK, bold=True)
            if self.aside:
                after = lettering.width(title, _TITLE, True) + 7
                pen.write(x + after, y, lettering.shortened(self.aside, self.width - after, _TOLD), _TOLD, MUTED)
            for at, line in enumerate(self.told):
                pen.write(x, y - _TOLD_LINE * (at + 1) - 0.6, line, _TOLD, MUTED if self.title else INK)
        _draw(self.body, canvas, x, top - self.above, self.width)


CONTINUED = ", continued"


@dataclass(frozen=True, slots=True)
class Beside:
    """Up to two blocks with their tops in line; never split."""

    blocks: Sequence[Titled]
    height: float

    def split(self, room: float) -> None:
        return None

    def draw(self, canvas: Any, x: float, top: float) -> None:
        for block in self.blocks:
            block.draw(canvas, x, top)
            x += block.width + GUTTER


Block = Titled | Beside | pdf_vitals.Head | pdf_vitals.Strip


def blocks(section: Section, width: float) -> list[Block]:
    """All that stands on a patient's pages, from the top down."""
    found: list[Block] = [pdf_vitals.head(patients.subject_of(section), width)]
    if section.metrics:
        found.append(pdf_vitals.strip(section.metrics, width))
    if section.text:
        found.append(_titled("", section.text, None, width, most=6))
    half = (width - GUTTER) / 2
    waiting: list[Titled] = []
    drawn = charts.drawn(section)
    for chart in drawn:
        table = section.table(chart.table)
        if charts.fits(chart, table, half):
            waiting.append(_chart(chart, table, half, steepest(drawn)))
        else:
            found.append(_chart(chart, table, width, steepest(drawn)))
    for at in range(0, len(waiting), 2):
        pair = waiting[at : at + 2]
        found.append(Beside(pair, max(block.height for block in pair)))
    for table in section.tables:
        found += _table(table, width)
    return found


_picture = charts.picture


def steepest(drawn: Sequence[Chart]) -> float:
    """Height to width of each of a patient's charts."""
    return _STEEPEST if len(drawn) <= _FEW_CHARTS else _LOWER


def _chart(chart: Chart, table: Table, width: float, steepest: float) -> Titled:
    sheet = charts.pdf_sheet(width, steepest)
    return _titled(chart.title, chart.subtitle, Plot(_picture(chart, table, sheet)), width)


def _table(table: Table, width: float) -> list[Block]:
    close = pdf_readings.close(table, width)
    if close is not None:
        note = close.note
        fits = lettering.width(table.title + CONTINUED, _TITLE, True) + lettering.width(note, _TOLD) + 7 <= width
        return [_titled(table.title, "" if fits else note, close, width, aside=note if fits else "")]
    if not table.rows:
        return [_titled(table.title, charts.NOTHING, None, width)]
    return [
        _titled(table.title if at == 0 else f"{table.title}{CONTINUED}", table.note, part, width)
        for at, part in enumerate(pdf_tables.flowables(table, width))
    ]


def _titled(title: str, told: str, body: Any, width: float, aside: str = "", most: int = 2) -> Titled:
    lines = lettering.lines(told, width, _TOLD, most=most) if told else []
    return Titled(title, aside, lines, body, width, (_TITLE_LINE if title else 0.0) + _TOLD_LINE * len(lines) + 2.5)


def _height(body: Any, width: float) -> float:
    if body is None:
        return 0.0
    return body.height if isinstance(body, Close) else float(body.wrap(width, 10_000)[1])


def _split(body: Any, width: float, room: float) -> Any:
    if body is None or isinstance(body, Plot):
        return None
    if isinstance(body, Close):
        return body.split(room)
    return tuple(body.split(width, room)) or None


def _draw(body: Any, canvas: Any, x: float, top: float, width: float) -> None:
    if isinstance(body, Close):
        body.draw(canvas, x, top)
    elif body is not None:
        _, high = body.wrapOn(canvas, width, 10_000)
        body.drawOn(canvas, x, top - high)


def paged(found: Sequence[Block], room: float) -> list[list[Block]]:
    """The blocks of each page, `room` points high."""
    filled: list[list[Block]] = [[]]
    left = room
    waiting = list(found)
    while waiting:
        block = waiting.pop(0)
        if block.height - _UNDER <= left:
            filled[-1].append(block)
            left -= block.height
            continue
        parts = block.split(left)
        if parts:
            filled[-1].append(parts[0])
            waiting.insert(0, parts[1])
        elif filled[-1]:
            waiting.insert(0, block)
        else:
            filled[-1].append(block)
        filled.append([])
        left = room
    return [page for page in filled if page]


class Patient(Flowable):
    """The pages of the patient of `section`, the `number`th on the roll. It takes whole pages."""

    def __init__(self, section: Section, number: int, page: Page, roll: Roll) -> None:
        super().__init__()
        self.section, self.number, self.page, self.roll = section, number, page, roll
        self.filled: list[list[Block]] = []
        self.is_first = True

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        if not self.filled:
            self.filled = paged(blocks(self.section, self.page.width), self.page.height)
        self.width, self.height = width, self.page.height * len(self.filled) - 0.5
        return self.width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        if height < self.page.height - 1 or len(self.filled) < 2:
            return []
        filled, self.filled = self.filled, []
        return [self._of(filled[:1], self.is_first), self._of(filled[1:], False)]

    def _of(self, filled: list[list[Block]], is_first: bool) -> "Patient":
        part = Patient(self.section, self.number, self.page, self.roll)
        part.filled, part.is_first = filled, is_first
        return part

    def draw(self) -> None:
        canvas, subject = self.canv, patients.subject_of(self.section)
        if self.is_first:
            self.roll.step(self.number, self.roll.total)
            self.roll.first[self.number] = canvas.getPageNumber()
            canvas.bookmarkPage(key_of(self.number))
            canvas.addOutlineEntry(pdf_names.outlined(subject), key_of(self.number), level=1)
        packing.pack(canvas)
        self._draw_head(patients.name(subject))
        top = self.height
        for block in self.filled[0]:
            block.draw(canvas, 0, top)
            top -= block.height
        self._draw_foot([patients.born(subject), patients.mrn(subject)], patients.name(subject))
        self.filled = [[]]

    def _draw_head(self, name: str) -> None:
        """The clinic and the report at the left, the patient's name at the right, over a teal rule."""
        width, y = self.page.width, self.height + 14
        name = lettering.shortened(name, width * 0.5, _SMALL, True)
        brief = pdf_names.brief(patients.subject_of(self.section))
        right = width - (lettering.width(f" {brief}", FACT) if brief else 0.0)
        left = lettering.shortened(
            self.roll.left, right - lettering.width(name, _SMALL, True) - GUTTER, pages.SMALL, True
        )
        with Pen(self.canv) as pen:
            pen.write(0, y, left, pages.SMALL, MUTED, bold=True)
            pen.write(right, y, name, _SMALL, INK, bold=True, anchor="end")
            pen.write(width, y, brief, FACT, MUTED, anchor="end")
        self.canv.setStrokeColor(TEAL)
        self.canv.setLineWidth(1)
        self.canv.line(0, y - 7, width, y - 7)

    def _draw_foot(self, identifiers: Sequence[str], name: str) -> None:
        """Both identifiers over the facts about the report; at the right which patient and page it is."""
        width, canvas = self.page.width, self.canv
        y = self.height - self.page.height - 20
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.6)
        canvas.line(0, y + 12, width, y + 12)
        self.roll.pages.add(canvas.getPageNumber())
        brief = pdf_names.brief(patients.subject_of(self.section))
        rest = "".join([f" {brief}" if brief else "", *(f" · {one}" for one in identifiers)])
        room = width - _PLACE - lettering.width(rest, _FOOT, True)
        name = lettering.shortened(name, max(room, 40.0), _FOOT, True)
        with Pen(canvas) as pen:
            pen.write(0, y, name, _FOOT, INK, bold=True)
            pen.write(lettering.width(name, _FOOT, True), y, rest, _FOOT, INK, bold=True)
        pages.write_facts(canvas, y - FACT_LINE, pages.packed(self.roll.facts, width, FACT, most=1))
        place = f"{patients.place(self.number, self.roll.total)} · page {canvas.getPageNumber()} "
        at = width - self.roll.of_all
        write(canvas, at, y, place, FACT, MUTED, anchor="end")
        canvas.saveState()
        canvas.translate(at, y)
        canvas.doForm(pages.ALL_PAGES)
        canvas.restoreState()


_FOOT = 7.5
_PLACE = 150.0
"""Points that "patient 1,204 of 2,000 · page 2410 of 4018" takes, with the space before it."""


def key_of(number: int) -> str:
    """The place in the PDF at which a patient's pages begin."""
    return f"patient {number}"
