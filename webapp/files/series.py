"""The figures of one chart, read from its table."""

from dataclasses import dataclass

from webapp import words
from webapp.figures import SUPPRESSED, Column, Kind, Zone

Figure = int | float | None

_HUGE = ((1e12, " tn"), (1e9, " bn"), (1e6, " m"))
"""From which values on an axis writes which unit: the short forms of the United Kingdom's GOV.UK style guide."""


@dataclass(frozen=True, slots=True)
class Series:
    """`withheld` are the places of figures that are suppressed; their values are None, as of those not known."""

    column: Column
    values: tuple[Figure, ...]
    withheld: frozenset[int] = frozenset()

    @property
    def label(self) -> str:
        return self.column.label

    def written(self, value: Figure) -> str:
        return words.cell(value, self.column.kind, self.column.decimals)

    def told(self, at: int) -> str:
        """The figure of a category as it is written: a dash when not known, [c] when withheld."""
        return SUPPRESSED if at in self.withheld else self.written(self.values[at])

    def on_axis(self, value: float) -> str:
        """A round value as the series writes it, with no more decimals than it needs; a huge one short, as "2.5 bn"."""
        size, short = next(((size, name) for size, name in _HUGE if abs(value) >= size), (1, ""))
        value /= size
        decimals = next((some for some in range(4) if abs(value - round(value, some)) < 1e-9), 4)
        return f"{value:,.{decimals}f}{short}".replace("-", "−") + (" %" if self.column.kind == "percent" else "")

    def all_told(self) -> list[str]:
        return [self.told(at) for at in range(len(self.values))]


@dataclass(frozen=True, slots=True)
class Values:
    """`labels` are the categories as they are written; each series is as long. `total` is the table's last line, if it
    has one: its label and a text for each series. `part` says how much of a month the last category is, where it is
    not over: it is drawn hollow. `aside` is a total beside the rows: its label, then
    a text for each category. Of bubbles, `moments` are the categories as they were frozen, and `zones` stand behind
    them."""

    kind: Kind
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    total: tuple[str, ...] = ()
    part: str = ""
    aside: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = ()

    def known(self) -> list[int | float]:
        """Every figure that is known, in no particular grouping."""
        return [value for series in self.series for value in series.values if value is not None]

    def parts(self, at: int) -> list[float]:
        """The figures of one category where they are shares of a whole: all of them known and none negative."""
        figures = [series.values[at] for series in self.series]
        fit = [one for one in figures if one is not None and one >= 0]
        return fit if len(fit) == len(figures) else []

    def is_withheld(self, at: int) -> bool:
        return any(at in series.withheld for series in self.series)

    def story(self, at: int) -> str:
        """All that is said about one category: "October: Medical 913, Dental 291"."""
        return f"{self.labels[at]}: " + ", ".join(f"{series.label} {series.told(at)}" for series in self.series)

    @property
    def whole(self) -> bool:
        """Whether only whole numbers make sense on the axis."""
        return all(series.column.kind == "count" for series in self.series)

    def only(self, index: int) -> "Values":
        return Values(self.kind, self.labels, (self.series[index],), part=self.part)
