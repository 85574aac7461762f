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
from webapp.files import badges, lettering, patients, pdf_readings
from webapp.files.pages import AFTER, HAIRLINE, INK, MUTED, SMALL, TEAL, InSection
from webapp.files.pdf_patients import Roll, key_of
from webapp.files.pens import Pen, rules, write

_SIZE, _LINE, _AROUND = 8.2, 10.2, 6.8
_HEAD = 17.0
_BADGE = 7.2
_PAD = 6.0
_TOGETHER = 2
_MOST_LINES = 3

LEVELS = {"high": "high", "medium": "medium", "low-medium": "low-medium", "low": "low", "": "not scored"}


@dataclass(frozen=True, slots=True)
class _Lane:
    """A column: its share of the width, and the key of the table's column, if it is one of those."""

    key: str
    label: str
    share: float


LANES = (
    _Lane("patient", "Patient", 0.235),
    _Lane("born", "Born", 0.112),
    _Lane("mrn", "MRN", 0.1),
    _Lane("score", "NEWS2", 0.103),
    _Lane("advice", "Response", 0.125),
    _Lane("at", "Latest", 0.07),
    _Lane("why", "What scores", 0.205),
    _Lane("page", "Page", 0.05),
)


class Overview(InSection):
    """The rows of `table` from `start` to `end`, of which the `n`th is about the `n`th patient."""

    def __init__(
        self, sections: Sequence[Section], table: Table, width: float, title: str, start: int = 0, end: int = -1
    ) -> None:
        super().__init__()
        self.sections, self.table, self.across, self.section = sections, table, width, title if start else ""
        self.title, self.start, self.end = title, start, len(table.rows) if end < 0 else end
        self.places = {column.key: at for at, column in enumerate(table.columns)}
        self.same_day = pdf_readings.same_day(table, "at")
        self.spaceAfter = AFTER

    def said(self, row: int, key: str) -> str:
        return said(self.table.rows[row], self.table.columns, key, self.same_day)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.above = self.across, self.eyebrow()
        self.height = self.above + _HEAD + sum(map(self._high, range(self.start, self.end)))
        return self.width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        """As many rows as `height` holds, and the rest for the next page."""
        left, at = height - self.eyebrow() - _HEAD, self.start
        while at < self.end and self._high(at) <= left:
            left -= self._high(at)
            at += 1
        at = min(at, self.end - _TOGETHER)
        if at < self.start + _TOGETHER:
            return []
        return [self._part(self.start, at), self._part(at, self.end)]

    def _part(self, start: int, end: int) -> "Overview":
        return Overview(self.sections, self.table, self.across, self.title, start, end)

    def _high(self, row: int) -> float:
        return max(len(lines) for lines in self._lines(row).values()) * _LINE + _AROUND

    def _lines(self, row: int) -> dict[str, list[str]]:
        return {
            lane.key: lettering.lines(
                self.said(row, lane.key),
                self.across * lane.share - _PAD,
                _SIZE,
                lane.key == "patient",
                most=_MOST_LINES,
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
            high = self._high(row)
            self._draw_row(row, top)
            top -= high
            rules(self.canv, self.width, [top], HAIRLINE, 0.5)

    def _placed(self) -> list[tuple[float, _Lane]]:
        x, found = 0.0, []
        for lane in LANES:
            found.append((self.across if lane.key == "page" else x, lane))
            x += lane.share * self.across
        return found

    def _draw_row(self, row: int, top: float) -> None:
        """From left to right, which is the order in which it is read back."""
        canvas, subject = self.canv, patients.subject_of(self.sections[row])
        lines, y = self._lines(row), top - 11.5
        for x, lane in self._placed():
            if lane.key == "score":
                text = score(self.said(row, "score"), subject)
                text = lettering.shortened(text, lane.share * self.across - _PAD, _BADGE, True)
                badges.badge(canvas, x + badges.width(text, _BADGE), y, text, subject.level, _BADGE)
            elif lane.key in lines:
                with Pen(canvas) as pen:
                    for at, line in enumerate(lines[lane.key]):
                        pen.write(x, y - at * _LINE, line, _SIZE, INK, bold=lane.key == "patient")
        canvas.saveState()
        canvas.translate(self.width, y)
        canvas.doForm(_form(row + 1))
        canvas.restoreState()
        canvas.linkRect("", key_of(row + 1), (0, top - self._high(row), self.width, top), relative=1, thickness=0)


def score(told: str, subject: Subject) -> str:
    """ "9 high": the score and its level in words."""
    level = LEVELS[subject.level]
    return level if told == words.DASH else f"{told} {level}"


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
            write(canvas, 0, 0, f"{self.roll.first[number]}", _SIZE, TEAL, bold=True, anchor="end")
            canvas.endForm()
