"""What ties the counts of a report to each other: which are the same, and which add up to which.

Nothing in a report says so; it is read off the figures. A relation that holds in every row of a table and in its total
is taken for one that always holds. One that holds by chance costs a figure more; one that is missed could give a
withheld count away, so in doubt a relation is taken.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from webapp.content.suppression.counts import HEADLINE, INNER, MARGIN, UNSEEN, Counts, Grid

MOST_PARTS = 12
"""Of so many columns or rows every choice is tried as the parts of a sum, of more only those that stand together."""

FEW = 2
"""A number that stands in a table more often than this may be there by chance; in a table of peaks, up to two share a
place."""

_LEADING = re.compile(r"(\d{1,3})\b(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sum:
    """`whole` is the sum of `parts`, each a count and how many times it is taken. Counts go by number."""

    whole: int
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class System:
    """Counts that are the same are one quantity here. `of` gives the quantity of each count, `values` and `ranks` what
    it is and how much it would be missed, `sums` what adds up to what. Quantities of one `tie` are withheld together:
    they show the same number, and may be the same."""

    of: tuple[int, ...]
    values: tuple[int, ...]
    ranks: tuple[int, ...]
    sums: tuple[Sum, ...]
    ties: tuple[tuple[int, ...], ...]


def find(counts: Counts, threshold: int) -> System:
    """The relations of `counts`, to which it adds sums that are not shown but can be known."""
    unseen, sums = _splits(counts)
    sums += _rows_read(counts) + _headlines(counts)
    for grid in counts.grids:
        sums += _down(counts, grid) + _across(counts, grid) + _times(counts, grid) + _runs(counts, grid)
    same = _Same(len(counts.every))
    _same_columns(counts, unseen, same)
    _same_values(counts, same)
    return _merged(counts, sums, same, threshold)


class _Same:
    """Which counts are one quantity."""

    def __init__(self, size: int) -> None:
        self.above = list(range(size))

    def root(self, number: int) -> int:
        while self.above[number] != number:
            self.above[number] = self.above[self.above[number]]
            number = self.above[number]
        return number

    def join(self, one: int, two: int) -> None:
        low, high = sorted((self.root(one), self.root(two)))
        self.above[high] = low


# -- Sums --------------------------------------------------------------------------------------------------------------


def _rows_read(counts: Counts) -> list[Sum]:
    read, *rest = counts.rows
    return [Sum(read, tuple((number, 1) for number in rest))]


def _headlines(counts: Counts) -> list[Sum]:
    """Visits are medical and dental ones; patients are those of before and the new ones."""
    numbers = [at for at, count in enumerate(counts.every) if count.place[0].startswith("metric")]
    vectors = [(counts.value(number),) for number in numbers]
    return [
        Sum(numbers[whole], tuple((numbers[part], 1) for part in parts))
        for whole, parts in additions(vectors)
        if len(parts) > 1
    ]


def _splits(counts: Counts) -> tuple[dict[str, list[int]], list[Sum]]:
    """The sum of each row of counts that are parts of a whole, by name of the table. The total beside a heat map, or
    that of another table, may tell it; and what is in no row may be told under the table."""
    unseen: dict[str, list[int]] = {}
    sums = []
    for grid in counts.grids:
        if not grid.is_split:
            continue
        for at, (_, cells) in enumerate(grid.rows):
            value = sum(counts.value(number) for number in cells.values())
            whole = counts.add(value, (f"sum of {grid.name}", at, 0), UNSEEN)
            unseen.setdefault(grid.name, []).append(whole)
            sums.append(Sum(whole, tuple((number, 1) for number in cells.values())))
        if grid.has_total:
            *rows, everything = unseen[grid.name]
            sums += _adding_up(counts, everything, rows) + _left_out(counts, grid, everything)
    return unseen, sums


def _adding_up(counts: Counts, whole: int, parts: Sequence[int]) -> list[Sum]:
    is_sum = sum(map(counts.value, parts)) == counts.value(whole)
    return [Sum(whole, tuple((part, 1) for part in parts))] if is_sum else []


def _left_out(counts: Counts, grid: Grid, everything: int) -> list[Sum]:
    """What stands under a table as not in it makes up the difference to a headline figure."""
    return [
        Sum(number, ((everything, 1), (told, 1)))
        for told in grid.noted
        for number, count in enumerate(counts.every)
        if count.rank in (MARGIN, HEADLINE) and count.value == counts.value(everything) + counts.value(told)
    ]


def _down(counts: Counts, grid: Grid) -> list[Sum]:
    """Rows that add up to the total of their column. A total of people who may stand in several rows does not."""
    if not grid.has_total:
        return []
    *rows, (_, total) = grid.rows
    sums = []
    for column, whole in total.items():
        sums += _adding_up(counts, whole, [cells[column] for _, cells in rows if column in cells])
    return sums


def _across(counts: Counts, grid: Grid) -> list[Sum]:
    """Columns that add up to another in every row, and rows that add up to another in every column."""
    columns = grid.columns
    if not columns:
        return []
    lines = [[cells[column] for column in columns] for _, cells in grid.rows]
    sums = []
    for turned in (list(zip(*lines, strict=True)), lines[: -1 if grid.has_total else None]):
        vectors = [tuple(map(counts.value, line)) for line in turned]
        for whole, parts in additions(vectors):
            for at in range(len(turned[whole])):
                sums.append(Sum(turned[whole][at], tuple((turned[part][at], 1) for part in parts)))
    return sums


def _times(counts: Counts, grid: Grid) -> list[Sum]:
    """Patients who came twice, and their visits: twice as many."""
    sums = []
    for label, cells in grid.rows:
        told = _LEADING.match(label) if isinstance(label, str) else None
        if not told or told[2]:
            continue
        for one, two in combinations(cells.values(), 2):
            low, high = sorted((one, two), key=counts.value)
            if counts.value(high) == int(told[1]) * counts.value(low):
                sums.append(Sum(high, ((low, int(told[1])),)))
    return sums


def _runs(counts: Counts, grid: Grid) -> list[Sum]:
    """Rows one after the other that add up to a total or headline figure elsewhere: the months of the period, all rows
    of a table without a total."""
    wanted: dict[int, list[int]] = defaultdict(list)
    for number, count in enumerate(counts.every):
        if count.rank in (MARGIN, HEADLINE) and count.place[0] != grid.name and count.value:
            wanted[count.value].append(number)
    rows = grid.rows[: -1 if grid.has_total else None]
    found = {}
    for column in {column for _, cells in rows for column in cells}:
        parts = [cells[column] for _, cells in rows if column in cells]
        for run in _stretches(parts) if grid.is_in_order else [parts]:
            kept = tuple((number, 1) for number in run if counts.value(number))
            for whole in wanted.get(sum(counts.value(number) for number, _ in kept), ()):
                found[whole, kept] = Sum(whole, kept)
    return list(found.values())


def _stretches(parts: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(len(parts)):
        for last in range(first + 1, len(parts) + 1):
            yield parts[first:last]


def additions(vectors: Sequence[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
    """The vectors that are the sum of others, and of which. None of them is below zero; vectors of nothing but zeros
    are no parts."""
    some = [at for at, vector in enumerate(vectors) if any(vector)]
    found = []
    for whole in some:
        goal = vectors[whole]
        fit = [at for at in some if at != whole and all(a <= b for a, b in zip(vectors[at], goal, strict=True))]
        ways = _chosen(vectors, goal, fit) if len(fit) <= MOST_PARTS else _together(vectors, goal, fit)
        # Two that are equal are each the sum of the other: once is enough.
        found += [(whole, parts) for parts in ways if len(parts) > 1 or whole > parts[0]]
    return found


def _chosen(vectors: Sequence[tuple[int, ...]], goal: tuple[int, ...], fit: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every choice of `fit` that adds up to `goal`."""
    if not any(goal):
        yield ()
        return
    for at, part in enumerate(fit):
        rest = tuple(a - b for a, b in zip(goal, vectors[part], strict=True))
        if min(rest) >= 0:
            for others in _chosen(vectors, rest, fit[at + 1 :]):
                yield (part, *others)


def _together(
    vectors: Sequence[tuple[int, ...]], goal: tuple[int, ...], fit: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    for parts in _stretches(fit):
        if tuple(map(sum, zip(*(vectors[part] for part in parts), strict=True))) == goal:
            yield tuple(parts)


# -- What is the same --------------------------------------------------------------------------------------------------


def _same_columns(counts: Counts, unseen: dict[str, list[int]], same: _Same) -> None:
    """Two columns of different tables that agree in every row whose label both tables have."""
    columns: list[tuple[str, dict[object, int]]] = []
    for grid in counts.grids:
        for column in grid.columns:
            columns.append((grid.name, {label: cells[column] for label, cells in grid.rows}))
        if grid.is_split:
            labels = [label for label, _ in grid.rows]
            columns.append((grid.name, dict(zip(labels, unseen[grid.name], strict=True))))
    for (name, one), (other_name, two) in combinations(columns, 2):
        shared = [label for label in one if label in two]
        if name != other_name and all(counts.value(one[label]) == counts.value(two[label]) for label in shared):
            for label in shared:
                same.join(one[label], two[label])


def _by_value(counts: Counts) -> dict[int, dict[str, list[int]]]:
    """Counts by value, then by what they stand in. The two values of a metric stand apart."""
    found: dict[int, dict[str, list[int]]] = {}
    for number, count in enumerate(counts.every):
        name, row, _ = count.place
        if count.value:
            place = name if name.startswith(("table", "sum", "note")) else f"{name} {row}"
            found.setdefault(count.value, {}).setdefault(place, []).append(number)
    return found


def _same_values(counts: Counts, same: _Same) -> None:
    """A number that stands once here and once there, where it may be the same, is taken for the same quantity."""
    for places in _by_value(counts).values():
        alone = [numbers[0] for numbers in places.values() if len(numbers) == 1]
        for one, two in combinations(alone, 2):
            if _may_be_same(counts, one, two):
                same.join(one, two)


def _may_be_same(counts: Counts, one: int, two: int) -> bool:
    """Whether two counts of one value, which stand in different places, may be the same quantity. Totals, headline
    figures and counts in tables open to those may; one of them and a count that goes by its name; and any two of which
    one is in a table of finds."""
    low, high = sorted((counts.every[one], counts.every[two]), key=lambda count: count.rank)
    grids = [counts.grid_of(count) for count in (low, high) if count.place[0].startswith("table")]
    if len({grid.name for grid in grids}) < len(grids):
        return False
    if any(grid.names_finds for grid in grids):
        return True
    are_open = [
        count.rank > INNER or (count.place[0].startswith("table") and counts.grid_of(count).is_open)
        for count in (low, high)
    ]
    return all(are_open) or (high.rank > INNER and bool(low.names & high.names))


def _merged(counts: Counts, sums: Sequence[Sum], same: _Same, threshold: int) -> System:
    roots = sorted({same.root(number) for number in range(len(counts.every))})
    name = {root: at for at, root in enumerate(roots)}
    of = tuple(name[same.root(number)] for number in range(len(counts.every)))
    ranks = [-1] * len(roots)
    for number, count in enumerate(counts.every):
        if count.rank != UNSEEN:
            ranks[of[number]] = max(ranks[of[number]], count.rank)
    merged = {_renamed(counts, one, of) for one in sums}
    ties = {tuple(sorted({of[number] for number in group})) for group in _ties(counts, threshold)}
    return System(
        of=of,
        values=tuple(counts.value(root) for root in roots),
        ranks=tuple(UNSEEN if rank < 0 else rank for rank in ranks),
        sums=tuple(sorted((one for one in merged if one), key=lambda one: (one.whole, one.parts))),
        ties=tuple(sorted(tie for tie in ties if len(tie) > 1)),
    )


def _renamed(counts: Counts, one: Sum, of: Sequence[int]) -> Sum | None:
    """The sum in quantities, without zeros, which are published. None where it says nothing."""
    if not counts.value(one.whole):
        return None
    parts: dict[int, int] = defaultdict(int)
    for number, many in one.parts:
        if counts.value(number):
            parts[of[number]] += many
    return None if of[one.whole] in parts else Sum(of[one.whole], tuple(sorted(parts.items())))


def _ties(counts: Counts, threshold: int) -> Iterator[list[int]]:
    for value, places in _by_value(counts).items():
        few = [number for numbers in places.values() if len(numbers) <= FEW for number in numbers]
        for pair in combinations(few, 2) if value >= threshold else ():
            if _may_be_same(counts, *pair):
                yield list(pair)
