"""The figures of one chart, read from its table."""

from dataclasses import dataclass

from webapp import words
from webapp.figures import Column, Kind

Figure = int | float | None


@dataclass(frozen=True, slots=True)
class Series:
    column: Column
    values: tuple[Figure, ...]

    @property
    def label(self) -> str:
        return self.column.label

    def written(self, value: Figure) -> str:
        return words.cell(value, self.column.kind, self.column.decimals)


@dataclass(frozen=True, slots=True)
class Values:
    """`labels` are the categories as they are written; each series is as long. `total` is the table's last line, if it
    has one: its label and a text for each series. `part` says how much of a month the last category is, where it is
    not over: it is drawn hollow. `aside` is a total beside the rows: its label, then
    a text for each category."""

    kind: Kind
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    total: tuple[str, ...] = ()
    part: str = ""
    aside: tuple[str, ...] = ()

    def known(self) -> list[int | float]:
        """Every figure that is known, in no particular grouping."""
        return [value for series in self.series for value in series.values if value is not None]

    @property
    def whole(self) -> bool:
        """Whether only whole numbers make sense on the axis."""
        return all(series.column.kind == "count" for series in self.series)

    def only(self, index: int) -> "Values":
        return Values(self.kind, self.labels, (self.series[index],), part=self.part)
