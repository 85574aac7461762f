"""What a template declares of its report: which counts are the same, which add up to which, what rates are made of.

    metric:visits = rows:used = months:latest:all = weekdays:all:all
    categories:all:positive = ratings:4 (positive):responses + ratings:5 (positive):responses
    metric:success_rate = rates_compared:Success rate:now <- success:all:succeeded + success:all:known

A place is `metric:key`, `metric:key:then`, `rows:used`, `rows:` and why rows are excluded, or `table:row:column`. The
row is a text that stands in it, as its label or a code, or one of the words below. A row that is not there counts
nothing; a side with a table that is not there is left out. A sum that does not hold in a report's figures is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webapp.content.suppression.counts import BEFORE, EXCLUDED, NOW, READ, TOTAL, UNSEEN, USED, Counts, Grid, Place
from webapp.figures import Content

ALL, FIRST, BEFORE_LAST, LAST = "all", "first", "before", "last"
"""The total; the first of several rows; the last but one; the last."""

EACH = "each"
"""Every row that shows the number, each of which is it."""

LATEST, EARLIER = "latest", "earlier"
"""Rows that stand together, such as months, and add up to the number: with the last, and without it."""

MADE_OF = " <- "

Part = tuple[int, int]
"""The number of a count, and how many times it is taken."""


@dataclass(frozen=True, slots=True)
class Tied:
    """Counts that are all the same, and sums of which each is the same as those."""

    same: tuple[int, ...]
    sums: tuple[tuple[Part, ...], ...]


def find(counts: Counts, content: Content, ties: Sequence[str]) -> list[Tied]:
    """The sums of `ties` that hold. Where only sums are the same, a count that is not shown is added to `counts`."""
    reader = _reader(counts, content)
    return [tied for tie in ties if MADE_OF not in tie and (tied := reader.tied(tie))]


def rates(counts: Counts, content: Content, ties: Sequence[str]) -> dict[Place, frozenset[Place]]:
    """The places of rates, each with those of the counts that it is made of."""
    reader = _reader(counts, content)
    found: dict[Place, frozenset[Place]] = {}
    for tie in ties:
        made, _, of = tie.partition(MADE_OF)
        parts = [place for part in of.split(" + ") for place in reader.places(part)] if of else []
        for side in made.split(" = ") if of else ():
            for place in reader.places(side):
                found[place] = found.get(place, frozenset()).union(parts)
    return found


def _reader(counts: Counts, content: Content) -> "_Reader":
    tables = iter(counts.grids)
    reasons = [item.reason for item in content.rows.excluded]
    return _Reader(
        counts,
        grids={table.key: next(tables) for section in content.sections for table in section.tables},
        at={count.place: number for number, count in enumerate(counts.every)},
        metrics={metric.key: f"metric {index}" for index, metric in enumerate(content.metrics)},
        rows={"read": READ, "used": USED} | {reason: EXCLUDED + index for index, reason in enumerate(reasons)},
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    counts: Counts
    grids: dict[str, Grid]
    at: dict[Place, int]
    metrics: dict[str, str]
    rows: dict[str, int]

    def places(self, side: str) -> list[Place]:
        """Where one thing stands. Empty where it is not in the report."""
        name, *words = side.split(":")
        if name == "metric":
            return [(self.metrics[words[0]], BEFORE if words[1:] else NOW, 0)] if words[0] in self.metrics else []
        if name == "rows":
            return [("rows", self.rows[words[0]], 0)] if words[0] in self.rows else []
        grid = self.grids.get(name)
        if grid is None:
            return []
        columns = [at for at, column in enumerate(grid.table.columns) if column.key == words[1]]
        return [(grid.name, row, column) for row in _rows(grid, words[0]) for column in columns]

    def tied(self, tie: str) -> Tied | None:
        sides = tie.split(" = ")
        fixed = [found for side in sides if (found := self._fixed(side))]
        if not fixed:
            return None
        goal = self._sum(fixed[0])
        ways = [side for side in fixed if self._sum(side) == goal]
        for side in sides:
            ways += self._searched(side, goal)
        same = sorted({way[0] for way in ways if len(way) == 1})
        sums = sorted({tuple((number, 1) for number in way) for way in ways if len(way) > 1})
        if len(same) + len(sums) < 2:
            return None
        if not same:
            same = [self.counts.add(goal, (f"tie {tie}", 0, 0), UNSEEN)]
        return Tied(tuple(same), tuple(sums))

    def _sum(self, numbers: Sequence[int]) -> int:
        return sum(map(self.counts.value, numbers))

    def _fixed(self, side: str) -> list[int]:
        """The counts of a side, but zeros. None where a table of it is missing, or where its rows must be searched."""
        found = []
        for part in side.split(" + "):
            name, row, *_ = part.split(":")
            is_missing = name not in ("metric", "rows") and name not in self.grids
            if is_missing or row in (EACH, LATEST, EARLIER):
                return []
            found += [self.at[place] for place in self.places(part) if place in self.at]
        return [number for number in found if self.counts.value(number)]

    def _searched(self, side: str, goal: int) -> Iterator[list[int]]:
        row = side.split(":")[1]
        if row not in (EACH, LATEST, EARLIER):
            return
        line = [self.at[place] for place in self.places(side) if place in self.at]
        if row == EACH:
            yield from ([number] for number in line if self.counts.value(number) == goal)
            return
        for end in [len(line)] if row == LATEST else range(1, len(line)):
            for start in range(end):
                run = [number for number in line[start:end] if self.counts.value(number)]
                if self._sum(run) == goal:
                    yield run


def _rows(grid: Grid, word: str) -> list[int]:
    every = list(range(len(grid.table.rows)))
    named = {FIRST: every[:1] if every[1:] else [], BEFORE_LAST: every[-2:-1], LAST: every[-1:]}
    named |= {EACH: every, LATEST: every, EARLIER: every, ALL: [TOTAL] if grid.has_total else []}
    return named[word] if word in named else [at for at in every if word in grid.table.rows[at]]
