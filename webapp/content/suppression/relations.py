"""What ties the counts of a report to each other: which are the same, and which add up to which.

Nothing in a report says so; it is read off the figures. A relation that holds in every row of a table and in its total
is taken for one that always holds. One that holds by chance costs a figure more; one that is missed could give a
withheld count away, so in doubt a relation is taken.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from webapp.content.suppression.counts import UNSEEN, Counts
from webapp.content.suppression.sums import Sum
from webapp.content.suppression.sums import find as find_sums

MANY = 3
"""So many numbers in common, and half of all, are no chance."""

FEW = 2
"""A number that stands in a table more often than this may be there by chance; in a table of peaks, up to two share a
place."""


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
    sums, unseen = find_sums(counts)
    same = _Same(len(counts.every))
    _same_columns(counts, unseen, same)
    _same_numbers(counts, same)
    _same_bases(counts, same)
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


# -- What is the same --------------------------------------------------------------------------------------------------


def _same_columns(counts: Counts, unseen: dict[str, list[int]], same: _Same) -> None:
    """Two columns of different tables that agree in every row whose label both tables have."""
    columns: list[tuple[str, dict[object, int]]] = []
    for grid in counts.grids:
        for column in grid.columns:
            columns.append((grid.name, {label: cells[column] for label, cells in grid.rows}))
        if grid.split:
            labels = [label for label, _ in grid.rows]
            columns.append((grid.name, dict(zip(labels, unseen[grid.name], strict=True))))
    for (name, one), (other_name, two) in combinations(columns, 2):
        shared = [label for label in one if label in two]
        if name != other_name and all(counts.value(one[label]) == counts.value(two[label]) for label in shared):
            for label in shared:
                same.join(one[label], two[label])


def _same_numbers(counts: Counts, same: _Same) -> None:
    """Two columns of different tables with so many numbers in common list the same things, by other names."""
    columns = []
    for grid in counts.grids:
        for column in grid.columns if not grid.split else ():
            numbers = [cells[column] for _, cells in grid.rows if counts.value(cells[column])]
            values = [counts.value(number) for number in numbers]
            alone = {value: number for value, number in zip(values, numbers, strict=True) if values.count(value) == 1}
            columns.append((grid.name, alone))
    for (name, one), (other_name, two) in combinations(columns, 2):
        shared = one.keys() & two.keys()
        if name != other_name and len(shared) >= max(MANY, min(len(one), len(two)) / 2):
            for value in sorted(shared):
                same.join(one[value], two[value])


def _same_bases(counts: Counts, same: _Same) -> None:
    """A number that stands again and again in a column that has no total is what all its rows are about."""
    for grid in counts.grids:
        for numbers in grid.bases(counts.value):
            for number in numbers[1:]:
                same.join(numbers[0], number)


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
            if _may_be_same(counts, one, two) or _may_be_found(counts, one, two):
                same.join(one, two)


def _may_be_same(counts: Counts, one: int, two: int) -> bool:
    """Whether two counts of one value, which stand in different places, may be the same quantity. Totals, headline
    figures and counts in tables open to those may; and one of them and a count that goes by its name."""
    low, high = sorted((counts.every[one], counts.every[two]), key=lambda count: (counts.is_open(count), count.rank))
    if low.place[0] == high.place[0] and low.place[0].startswith("table"):
        return False
    are_open = counts.is_open(low) and counts.is_open(high)
    return are_open or (counts.is_open(high) and _akin(low.names, high.names))


def _akin(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether one name is another or ends in it: "Done on time" and "Follow-ups done on time"."""
    return any(one.endswith(two) or two.endswith(one) for one in some for two in others if one and two)


def _may_be_found(counts: Counts, one: int, two: int) -> bool:
    """Whether one of two counts of one value may tell the other, as the busiest hour's in a table of peaks."""
    grids = [counts.grid_of(counts.every[number]) for number in (one, two)]
    return grids[0] is not grids[1] and any(grid is not None and grid.names_finds for grid in grids)


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
        if value < threshold:
            continue
        every = [number for numbers in places.values() for number in numbers]
        few = {number for numbers in places.values() if len(numbers) <= FEW for number in numbers}
        for pair in combinations(every, 2):
            if _may_be_same(counts, *pair) or (few.issuperset(pair) and _may_be_found(counts, *pair)):
                yield list(pair)
