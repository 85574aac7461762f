"""What ties the counts of a report to each other: which are the same, and which add up to which.

Within a table, and between tables whose rows have the same labels, it is read off the figures: what holds in every row
is taken for what always holds. What is tied across the report is declared with the template (ties.py). To read that off
the figures as well would take every two numbers that are equal by chance for one. That is done with totals and headline
figures alone, of a template that declares nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from webapp.content.suppression import ties
from webapp.content.suppression.counts import HEADLINE, MARGIN, UNSEEN, Counts
from webapp.content.suppression.sums import Sum
from webapp.content.suppression.sums import find as find_sums
from webapp.figures import Content


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


def find(counts: Counts, content: Content, declared: Sequence[str] = ()) -> System:
    """The relations of `counts`, to which it adds sums that are not shown but can be known."""
    sums, unseen = find_sums(counts)
    known = ties.find(counts, content, declared)
    same = _Same(len(counts.every))
    _same_columns(counts, unseen, same)
    if not declared:
        _same_totals(counts, same)
    for tied in known:
        for other in tied.same[1:]:
            same.join(tied.same[0], other)
        sums += [Sum(tied.same[0], parts) for parts in tied.sums]
    return _merged(counts, sums, same)


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


def _same_totals(counts: Counts, same: _Same) -> None:
    """Totals and headline figures of one number, where nothing is declared."""
    first: dict[int, int] = {}
    for number, count in enumerate(counts.every):
        if count.rank in (MARGIN, HEADLINE) and count.value:
            same.join(first.setdefault(count.value, number), number)


def _merged(counts: Counts, sums: Sequence[Sum], same: _Same) -> System:
    roots = sorted({same.root(number) for number in range(len(counts.every))})
    name = {root: at for at, root in enumerate(roots)}
    of = tuple(name[same.root(number)] for number in range(len(counts.every)))
    ranks = [-1] * len(roots)
    for number, count in enumerate(counts.every):
        if count.rank != UNSEEN:
            ranks[of[number]] = max(ranks[of[number]], count.rank)
    merged = {_renamed(counts, one, of) for one in sums}
    found = {tuple(sorted({of[number] for number in group})) for group in _finds(counts)}
    return System(
        of=of,
        values=tuple(counts.value(root) for root in roots),
        ranks=tuple(UNSEEN if rank < 0 else rank for rank in ranks),
        sums=tuple(sorted((one for one in merged if one), key=lambda one: (one.whole, one.parts))),
        ties=tuple(sorted(tie for tie in found if len(tie) > 1)),
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


def _finds(counts: Counts) -> Iterator[tuple[int, int]]:
    """Each count of a table of peaks with those of the same section that it may tell."""
    for grid in counts.grids:
        if grid.names_finds:
            section = grid.name.rpartition(" ")[0]
            beside = [other for other in counts.grids if other is not grid and other.name.rpartition(" ")[0] == section]
            cells = [number for other in beside for _, row in other.rows for number in row.values()]
            for _, row in grid.rows:
                for one in row.values():
                    yield from ((one, two) for two in cells if counts.value(one) == counts.value(two) > 0)
