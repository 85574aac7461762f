"""The top of a patient's first page: name, identifiers and verdict, and the latest vital signs in a strip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.figures import Metric, Subject
from webapp.files import badges, facts, lettering, patients, pdf_names
from webapp.files.pages import HAIRLINE, INK, MUTED
from webapp.files.pens import Pen, write

_NAME, _NAME_LINE, _LINE = 20.0, 24.0, 9.5
_VERDICT = 9.5
_SINCE, _SINCE_LINE = 7.5, 9.5
_NOTE_LINE = 11.5
_ASIDE, _WIDE_ASIDE = 120.0, 0.42
"""Points across that the words under the verdict have, and share of the width where they take more than two lines."""

_MOST_ACROSS = 7
"""Vital signs side by side: the seven that NEWS2 scores."""

_PAD = 7.0
_LABEL, _LABEL_LINE = 6.8, 8.4
_VALUE, _VALUE_LINE, _WORDS, _WORDS_LINE = 15.0, 18.0, 9.5, 12.0
_POINTS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Head:
    """Name and identifiers at the left, verdict at the right."""

    subject: Subject
    names: Sequence[str]
    note: str
    since: Sequence[str]
    width: float
    height: float

    def split(self, room: float) -> None:
        return None

    def draw(self, canvas: Any, x: float, top: float) -> None:
        y = top - 20.0
        with Pen(canvas) as pen:
            for line in self.names:
                pen.write(x, y, line, _NAME, INK, bold=True)
                y -= _NAME_LINE
            y += _NAME_LINE - 15.5
            pen.write(x, y, facts.SEPARATOR.join(patients.line(self.subject)), _LINE, INK)
            if self.note:
                pen.write(x, y - _NOTE_LINE, self.note, _SINCE, badges.AMBER, bold=True)
        self._draw_verdict(canvas, x + self.width, top)

    def _draw_verdict(self, canvas: Any, right: float, top: float) -> None:
        text = verdict(self.subject)
        if not text:
            return
        text = lettering.shortened(text, self.width * 0.5, _VERDICT, True)
        badges.badge(canvas, right, top - 17.0, text, self.subject.level, _VERDICT)
        for at, line in enumerate(self.since):
            write(canvas, right, top - 34.5 - at * _SINCE_LINE, line, _SINCE, MUTED, anchor="end")


def verdict(subject: Subject) -> str:
    """ "NEWS2 5 · urgent review" """
    more = subject.advice or (f"{subject.level} risk" if subject.level else "")
    return facts.SEPARATOR.join(filter(None, [subject.verdict, more]))


def head(subject: Subject, width: float) -> Head:
    text = verdict(subject)
    aside = min(badges.width(text, _VERDICT), width * 0.5) if text else 0.0
    aside = max(aside, _ASIDE if subject.since else 0.0)
    if len(lettering.lines(subject.since, aside, _SINCE, most=3)) > 2:
        aside = max(aside, width * _WIDE_ASIDE)
    names = lettering.lines(patients.name(subject), width - aside - 14, _NAME, True, most=3)
    since = lettering.lines(subject.since, aside, _SINCE, most=6) if subject.since else []
    note = "" if pdf_names.is_whole(subject) else pdf_names.NOTE
    left = 20.0 + _NAME_LINE * (len(names) - 1) + 15.5 + (_NOTE_LINE if note else 0.0)
    height = max(left, 34.5 + _SINCE_LINE * (len(since) - 1))
    return Head(subject, names, note, since, width, height + 14.0)


@dataclass(frozen=True, slots=True)
class _Cell:
    label: Sequence[str]
    value: Sequence[str]
    size: float
    unit: str
    under: Sequence[str]
    """The unit, where it has no room behind the value."""

    note: Sequence[str]
    points: int

    @property
    def leading(self) -> float:
        return _VALUE_LINE if self.size == _VALUE else _WORDS_LINE


@dataclass(frozen=True, slots=True)
class Strip:
    """Vital signs between hairlines; those that count points stand on a tint, with the points in bold."""

    rows: Sequence[Sequence[_Cell]]
    across: int
    heights: Sequence[tuple[float, float, float]]
    """Of each row: what labels, values and notes take."""

    width: float
    height: float

    def split(self, room: float) -> None:
        return None

    def draw(self, canvas: Any, x: float, top: float) -> None:
        each = self.width / self.across
        canvas.setStrokeColor(HAIRLINE)
        for row, (labels, values, notes) in zip(self.rows, self.heights, strict=True):
            foot = top - labels - values - notes - _AROUND
            for at, cell in enumerate(row):
                if cell.points:
                    canvas.setFillColor(badges.graded(cell.points)[0])
                    canvas.rect(x + each * at, foot, each, top - foot, stroke=0, fill=1)
            canvas.setLineWidth(0.6)
            canvas.lines([(x, y, x + self.width, y) for y in (top, foot)])
            canvas.lines([(x + each * at, foot, x + each * at, top) for at in range(1, len(row))])
            with Pen(canvas) as pen:
                for at, cell in enumerate(row):
                    _write(pen, cell, x + each * at + _PAD, top - 4.0, labels, values)
            top = foot


_AROUND = 8.0


def _write(pen: Pen, cell: _Cell, x: float, top: float, labels: float, values: float) -> None:
    for at, line in enumerate(cell.label):
        pen.write(x, top - 7.0 - at * _LABEL_LINE, line, _LABEL, MUTED)
    y = top - labels - cell.leading * 0.8
    for line in cell.value:
        pen.write(x, y, line, cell.size, INK, bold=True)
        y -= cell.leading
    if cell.unit:
        after = x + lettering.width(cell.value[-1], cell.size, True) + 3
        pen.write(after, y + cell.leading, cell.unit, _LABEL, MUTED)
    foot = top - labels - values - 6.5
    for line in cell.under:
        pen.write(x, foot, line, _LABEL, MUTED)
        foot -= _LABEL_LINE
    ink = badges.graded(cell.points)[1] if cell.points else MUTED
    for at, line in enumerate(cell.note):
        pen.write(x, foot - at * _LABEL_LINE, line, _LABEL, ink, bold=bool(cell.points))


def strip(metrics: Sequence[Metric], width: float) -> Strip:
    across = min(len(metrics), _MOST_ACROSS)
    rows = []
    for start in range(0, len(metrics), across):
        rows.append([_cell(metric, width / across - _PAD - 3.0) for metric in metrics[start : start + across]])
    heights = [
        (
            max(len(cell.label) for cell in row) * _LABEL_LINE,
            max(len(cell.value) * cell.leading for cell in row),
            max(len(cell.under) + len(cell.note) for cell in row) * _LABEL_LINE,
        )
        for row in rows
    ]
    return Strip(rows, across, heights, width, sum(sum(one) + _AROUND for one in heights) + 12.0)


def _cell(metric: Metric, room: float) -> _Cell:
    value, unit = lettering.brief(facts.value(metric)), metric.unit
    size = _VALUE if lettering.width(value, _VALUE, True) <= room else _WORDS
    aside = lettering.width(unit, _LABEL) + 3 if unit else 0.0
    under: list[str] = []
    if unit and lettering.width(value, size, True) + aside > room:
        under, unit = lettering.lines(unit, room, _LABEL, most=2), ""
    counted = _POINTS.match(metric.note)
    return _Cell(
        label=lettering.lines(lettering.brief(metric.label), room, _LABEL, most=2),
        value=lettering.lines(value, room, size, True, most=4),
        size=size,
        unit=unit,
        under=under,
        note=lettering.lines(lettering.brief(metric.note), room, _LABEL, True, most=3) if metric.note else [],
        points=int(counted.group()) if counted else 0,
    )
