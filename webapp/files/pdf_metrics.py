"""The headline figures of a PDF page, each with its change, its note and the way to it as a sparkline."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.platypus.flowables import Flowable

from webapp.figures import Metric
from webapp.files import facts, lettering, painters, sparks
from webapp.files.pages import HAIRLINE, INK, MUTED, SMALL
from webapp.files.pens import Pen

_BEFORE = 12.0
_PAD, _ABOVE, _BELOW = 9.0, 7.0, 8.0
"""Points beside a figure, over its label and under its last line."""

_FIGURE, _WORDS, _UNIT = 18.0, 11.5, 9.0
_LABEL_LEADING, _FIGURE_LEADING, _WORDS_LEADING = 9.8, 23.0, 15.0
_SPARK, _SPARK_HIGH, _SPARK_LEAST = 62.0, 15.0, 34.0


@dataclass(slots=True)
class _Cell:
    """One figure as lines that fit its cell."""

    label: list[str]
    value: list[str]
    size: float
    unit: str
    told: list[str]
    metric: Metric

    @property
    def value_height(self) -> float:
        return len(self.value) * (_FIGURE_LEADING if self.size == _FIGURE else _WORDS_LEADING)

    def value_width(self) -> float:
        last = lettering.width(self.value[-1], self.size, True)
        return last + (lettering.width(self.unit, _UNIT) + 4 if self.unit else 0.0)


def rows(metrics: Sequence[Metric], width: float) -> list[Flowable]:
    """The figures in rows of equal number, `width` points wide."""
    across = facts.across(len(metrics))
    return [Row(metrics[at : at + across], across, width, at == 0) for at in range(0, len(metrics), across)]


class Row(Flowable):
    """A row of figures between hairlines, their values on one line; never split over pages."""

    def __init__(self, metrics: Sequence[Metric], across: int, width: float, is_first: bool) -> None:
        super().__init__()
        self.width, self.across, self.is_first = width, across, is_first
        self.spaceBefore = _BEFORE if is_first else 0.0
        self.cells = [_cell(metric, self.room(at)) for at, metric in enumerate(metrics)]
        self.labels = max(len(cell.label) for cell in self.cells) * _LABEL_LEADING
        self.values = max(cell.value_height for cell in self.cells)
        drawn = [sparks.is_drawn(cell.metric) for cell in self.cells]
        rooms = [self.room(at) - cell.value_width() - 8 for at, cell in enumerate(self.cells) if drawn[at]]
        self.beside = min(rooms, default=0.0) if min(rooms, default=0.0) >= _SPARK_LEAST else 0.0
        self.under = _SPARK_HIGH + 3 if rooms and not self.beside else 0.0

    def room(self, at: int) -> float:
        """Points across for the text of a cell."""
        return self.width / self.across - (_PAD if at else 0.0) - 6

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        told = max(len(cell.told) for cell in self.cells) * _LABEL_LEADING
        self.height = _ABOVE + self.labels + self.values + self.under + told + _BELOW
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setStrokeColor(HAIRLINE)
        self.canv.setLineWidth(0.6)
        for y in (0.0, self.height) if self.is_first else (0.0,):
            self.canv.line(0, y, self.width, y)
        with Pen(self.canv) as pen:
            for at, cell in enumerate(self.cells):
                x = self.width / self.across * at
                if at:
                    self.canv.line(x, 0, x, self.height)
                self._draw_cell(pen, cell, x + (_PAD if at else 0.0), self.room(at))

    def _draw_cell(self, pen: Pen, cell: _Cell, x: float, room: float) -> None:
        top = self.height - _ABOVE
        for at, line in enumerate(cell.label):
            pen.write(x, top - 7.5 - at * _LABEL_LEADING, line, SMALL, MUTED)
        top -= self.labels
        leading = _FIGURE_LEADING if cell.size == _FIGURE else _WORDS_LEADING
        y = top - leading * 0.78
        for line in cell.value:
            pen.write(x, y, line, cell.size, INK, bold=True)
            last, y = y, y - leading
        if cell.unit:
            after = x + lettering.width(cell.value[-1], cell.size, True) + 4
            pen.write(after, last, cell.unit, _UNIT, INK)
        top -= self.values
        wide = min(self.beside or _SPARK, _SPARK)
        sketch = sparks.picture(cell.metric, wide, _SPARK_HIGH)
        if sketch:
            beside = (x + room - wide, last - 1) if self.beside else (x, top - _SPARK_HIGH)
            painters.paint(sketch, self.canv, *beside)
        top -= self.under
        for at, line in enumerate(cell.told):
            pen.write(x, top - 7.5 - at * _LABEL_LEADING, line, SMALL, MUTED)


def _cell(metric: Metric, room: float) -> _Cell:
    value, unit = lettering.brief(facts.value(metric)), lettering.brief(metric.unit)
    aside = lettering.width(unit, _UNIT) + 4 if unit else 0.0
    size = _FIGURE if lettering.width(value, _FIGURE, True) + aside <= room else _WORDS
    told = [facts.step(metric), facts.base(metric.change) if metric.change else "", metric.note]
    if lettering.width(value, size, True) + aside > room:
        value, unit = f"{value} {unit}".strip(), ""
    return _Cell(
        label=lettering.lines(lettering.brief(metric.label), room, SMALL, most=3),
        value=lettering.lines(value, room, size, True, most=6),
        size=size,
        unit=unit,
        told=[line for text in told if text for line in lettering.lines(lettering.brief(text), room, SMALL, most=6)],
        metric=metric,
    )
