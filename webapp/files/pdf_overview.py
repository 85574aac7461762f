"""The list of all patients in a PDF, the gravest first: who it is, the verdict as a badge, and the page, as a link.

On which page a patient begins is not known before it is drawn. Each row shows a form that PageLinks defines at the end,
which saves laying out the whole report twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus.flowables import Flowable

from webapp import words
from webapp.figures import Cell, Column, Section, Subject, Table
from webapp.files import badges, lettering, patients, pdf_names, pdf_readings
from webapp.files.pages import AFTER, FACT, HAIRLINE, INK, MUTED, SMALL, TEAL, InSection
from webapp.files.pdf_patients import Roll, key_of
from webapp.files.pens import Pen, rules, write


@dataclass(frozen=True, slots=True)
class _Type:
    """Points: size of the text, from one line to the next, and what a row takes beside its lines."""

    size: float
    line: float
    around: float

    @property
    def first(self) -> float:
        """From the top of a row down to the first baseline."""
        return self.size + self.around / 2


_USUAL, _DENSE = _Type(7.8, 9.8, 6.4), _Type(7.3, 8.6, 4.0)
"""The dense one is for a list that ends on its first page with it, and would not otherwise."""

_HEAD, _FOOT = 17.0, 12.0
_BADGE, _BADGE_AROUND = 7.0, 5.0
_PAD = 5.0
_TOGETHER = 2
_MOST_LINES = {"patient": 3}
_MOST_OTHERS = 5
"""Lines of a cell."""

LEVELS = {"high": "high", "medium": "medium", "low-medium": "low-medium", "low": "low", "": "not scored"}


@dataclass(frozen=True, slots=True)
class _Lane:
    """A column: its share of the width, and the key of the table's column, if it is one of those."""

    key: str
    label: str
    share: float


LANES = (
    _Lane("patient", "Patient", 0.215),
    _Lane("born", "Born", 0.104),
    _Lane("mrn", "MRN", 0.085),
    _Lane("score", "NEWS2", 0.14),
    _Lane("advice", "Response", 0.108),
    _Lane("at", "Latest", 0.068),
    _Lane("why", "What scores", 0.235),
    _Lane("page", "Page", 0.045),
)


class Overview(InSection):
    """The rows of `table` from `start` to `end`, of which the `n`th is about the `n`th patient."""

    def __init__(
        self,
        sections: Sequence[Section],
        table: Table,
        width: float,
        title: str,
        start: int = 0,
        end: int = -1,
        heights: "dict[tuple[int, _Type], float] | None" = None,
    ) -> None:
        super().__init__()
        self.sections, self.table, self.across, self.section = sections, table, width, title if start else ""
        self.title, self.start, self.end = title, start, len(table.rows) if end < 0 else end
        self.places = {column.key: at for at, column in enumerate(table.columns)}
        self.same_day = pdf_readings.same_day(table, "at")
        self.type = _USUAL
        self.heights = {} if heights is None else heights
        self.foot = _FOOT if any(map(self._is_marked, range(self.start, self.end))) else 0.0
        self.spaceAfter = AFTER

    def said(self, row: int, key: str) -> str:
        told = said(self.table.rows[row], self.table.columns, key, self.same_day)
        return marked(told, patients.subject_of(self.sections[row])) if key == "patient" else told

    def _is_marked(self, row: int) -> bool:
        return not pdf_names.is_whole(patients.subject_of(self.sections[row]))

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.above = self.across, self.eyebrow()
        self.type, self.height = _USUAL, self._whole(_USUAL)
        if self.start == 0 and self._whole(_DENSE) <= height < self.height:
            self.type, self.height = _DENSE, self._whole(_DENSE)
        return self.width, self.height

    def _whole(self, kind: _Type) -> float:
        """Points that all of it takes in that type."""
        return self.above + _HEAD + self.foot + sum(self._high(row, kind) for row in range(self.start, self.end))

    def split(self, width: float, height: float) -> list[Flowable]:
        """As many rows as `height` holds, and the rest for the next page."""
        left, at = height - self.eyebrow() - _HEAD - self.foot, self.start
        while at < self.end and self._high(at, _USUAL) <= left:
            left -= self._high(at, _USUAL)
            at += 1
        at = min(at, self.end - _TOGETHER)
        if at < self.start + _TOGETHER:
            return []
        return [self._part(self.start, at), self._part(at, self.end)]

    def _part(self, start: int, end: int) -> "Overview":
        return Overview(self.sections, self.table, self.across, self.title, start, end, self.heights)

    def _high(self, row: int, kind: _Type) -> float:
        """Kept, for a list is measured anew on each page."""
        if (row, kind) not in self.heights:
            most = max(map(len, self._lines(row, kind).values()))
            self.heights[row, kind] = most * kind.line + kind.around
        return self.heights[row, kind]

    def _lines(self, row: int, kind: _Type) -> dict[str, list[str]]:
        return {
            lane.key: lettering.lines(
                self.said(row, lane.key),
                self.across * lane.share - _PAD,
                kind.size,
                lane.key == "patient",
                most=_MOST_LINES.get(lane.key, _MOST_OTHERS),
            )
            for lane in LANES
            if lane.key in self.places and lane.key != "score"
        }

    def draw(self) -> None:
        if self.above:
            self.draw_eyebrow(self.width, self.height)
        top = self.height - self.above
        with Pen(self.canv) as pen:
            for x, lane in self._placed():
                anchor = "end" if lane.key == "page" else "start"
                pen.write(x, top - 9, lane.label, SMALL, MUTED, True, anchor)  # type: ignore[arg-type]
        top -= _HEAD
        rules(self.canv, self.width, [top], MUTED, 0.6)
        for row in range(self.start, self.end):
            high = self._high(row, self.type)
            self._draw_row(row, top)
            top -= high
            rules(self.canv, self.width, [top], HAIRLINE, 0.5)
        if self.foot:
            write(self.canv, 0, top - 10.0, pdf_names.FOOTNOTE, FACT, MUTED)

    def _placed(self) -> list[tuple[float, _Lane]]:
        x, found = 0.0, []
        for lane in LANES:
            found.append((self.across if lane.key == "page" else x, lane))
            x += lane.share * self.across
        return found

    def _draw_row(self, row: int, top: float) -> None:
        """From left to right, which is the order in which it is read back."""
        canvas, subject = self.canv, patients.subject_of(self.sections[row])
        lines, y = self._lines(row, self.type), top - self.type.first
        for x, lane in self._placed():
            if lane.key == "score":
                text = score(self.said(row, "score"), subject)
                text = lettering.shortened(text, lane.share * self.across - _PAD - 2 * _BADGE_AROUND, _BADGE, True)
                right = x + badges.width(text, _BADGE, _BADGE_AROUND)
                badges.badge(canvas, right, y, text, subject.level, _BADGE, _BADGE_AROUND)
            elif lane.key in lines:
                with Pen(canvas) as pen:
                    for at, line in enumerate(lines[lane.key]):
                        is_name = lane.key == "patient"
                        pen.write(x, y - at * self.type.line, line, self.type.size, INK, bold=is_name)
        canvas.saveState()
        canvas.translate(self.width, y)
        canvas.doForm(_form(row + 1))
        canvas.restoreState()
        canvas.linkRect(
            "", key_of(row + 1), (0, top - self._high(row, self.type), self.width, top), relative=1, thickness=0
        )


def score(told: str, subject: Subject) -> str:
    """ "9 high": the score and its level in words; "at least 15 high" where only some of its points are known."""
    level = LEVELS[subject.level]
    if told == words.DASH:
        told = patients.at_least(subject)
    return f"{told} {level}" if told else level


def marked(name: str, subject: Subject) -> str:
    """The name in the list, with a mark where not all of its letters can be drawn."""
    return name if pdf_names.is_whole(subject) else f"{pdf_names.MARK}{name}"


def said(row: Sequence[Cell], columns: Sequence[Column], key: str, same_day: bool) -> str:
    """A cell of a patient's row as it is drawn; empty where there is no such column."""
    for column, cell in zip(columns, row, strict=True):
        if column.key == key:
            if key == "born":
                return patients.birth(str(cell or ""), short=True) or "not known"
            if key == "mrn":
                return patients.record(str(cell or "")) or "no MRN"
            if same_day and column.kind == "moment" and isinstance(cell, str):
                return cell[11:16]
            return words.cell(cell, column.kind, column.decimals)
    return ""


def _form(number: int) -> str:
    return f"begins{number}"


class PageLinks(Flowable):
    """Stands at the end of the story and writes the page of each patient for the overview."""

    _ZEROSIZE = 1

    def __init__(self, roll: Roll) -> None:
        super().__init__()
        self.roll = roll

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        canvas: Any = self.canv
        for number in range(1, self.roll.total + 1):
            canvas.beginForm(_form(number), -60, -4, 2, 12)
            write(canvas, 0, 0, f"{self.roll.first[number]}", _USUAL.size, TEAL, bold=True, anchor="end")
            canvas.endForm()
