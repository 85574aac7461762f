"""Which counts of a report add up to which, read off the figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from webapp.content.suppression.counts import EXCLUDED, HEADLINE, MARGIN, UNSEEN, Counts, Grid

MOST_PARTS = 12
"""Of so many columns or rows every choice is tried as the parts of a sum, of more only those that stand together."""

NO_CHANCE = 3
"""Among many rows there are always some that add up to another in one or two columns, but hardly in three."""


@dataclass(frozen=True, slots=True)
class Sum:
    """`whole` is the sum of `parts`, each a count and how many times it is taken. Counts go by number."""

    whole: int
    parts: tuple[tuple[int, int], ...]


def find(counts: Counts) -> tuple[list[Sum], dict[str, list[int]]]:
    """The sums among `counts`, to which it adds those that are not shown but can be known. Of tables whose rows are
    split into parts it gives the sum of each row too, by the table's name."""
    unseen, found = _splits(counts)
    found += _rows_read(counts)
    for grid in counts.grids:
        found += _down(counts, grid) + _across(counts, grid) + _times(counts, grid)
        found += _through(counts, grid)
    for one, two in combinations(counts.grids, 2):
        found += _side_by_side(counts, one, two)
    return found, unseen


def _rows_read(counts: Counts) -> list[Sum]:
    """Those read are the ones used and those left out."""
    read, used, *excluded = counts.rows
    return [Sum(read, tuple((number, 1) for number in (used, *excluded)))]


def _splits(counts: Counts) -> tuple[dict[str, list[int]], list[Sum]]:
    """The sum of each row of counts that are parts of a whole, by name of the table. The total beside a heat map, or
    that of another table, may tell it; and what is in no row may be told under the table."""
    unseen: dict[str, list[int]] = {}
    sums = []
    for grid in counts.grids:
        if not grid.split:
            continue
        for at, (_, cells) in enumerate(grid.rows):
            parts = tuple((number, 1) for column, number in cells.items() if column in grid.split)
            whole = counts.add(sum(counts.value(part) for part, _ in parts), (f"sum of {grid.name}", at, 0), UNSEEN)
            unseen.setdefault(grid.name, []).append(whole)
            sums.append(Sum(whole, parts))
        if grid.has_total:
            *rows, everything = unseen[grid.name]
            sums += _adding_up(counts, everything, rows) + _left_out(counts, grid, everything)
    return unseen, sums


def _adding_up(counts: Counts, whole: int, parts: Sequence[int]) -> list[Sum]:
    is_sum = sum(map(counts.value, parts)) == counts.value(whole)
    return [Sum(whole, tuple((part, 1) for part in parts))] if is_sum else []


def _left_out(counts: Counts, grid: Grid, everything: int) -> list[Sum]:
    """What is in no row of a table makes up the difference to a total or headline figure: one or two of the numbers
    under the table and of the reasons for which rows are excluded."""
    outside = [number for number in (*grid.noted, *counts.rows[EXCLUDED:]) if counts.value(number)]
    ways = [way for many in (1, 2) for way in combinations(outside, many)]
    found = []
    for number, count in enumerate(counts.every):
        if count.rank in (MARGIN, HEADLINE) and count.place[0] != grid.name:
            missing = count.value - counts.value(everything)
            exact = (way for way in ways if sum(map(counts.value, way)) == missing)
            found += [Sum(number, ((everything, 1), *((part, 1) for part in way))) for way in exact]
    return found


def _through(counts: Counts, grid: Grid) -> list[Sum]:
    """The rows of months or days, with what is in none of them."""
    if not grid.is_in_order or grid.has_total:
        return []
    sums = []
    for column in grid.columns:
        parts = tuple((cells[column], 1) for _, cells in grid.rows)
        whole = counts.add(sum(counts.value(part) for part, _ in parts), (f"sum of {grid.name}", 0, column), UNSEEN)
        outside = _left_out(counts, grid, whole)
        sums += [*outside, Sum(whole, parts)] if outside else []
    return sums


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
    """Columns that add up to another in every row, and rows that do so in so many columns that it is no chance."""
    lines = [[cells[column] for column in grid.columns] for _, cells in grid.rows]
    found = _among(counts, list(map(list, zip(*lines, strict=True))))
    return found + (_among(counts, lines[: len(grid.table.rows)]) if len(grid.columns) >= NO_CHANCE else [])


def _among(counts: Counts, lines: list[list[int]]) -> list[Sum]:
    """Each line that is the sum of others, cell by cell."""
    return [
        Sum(lines[whole][at], tuple((lines[part][at], 1) for part in parts))
        for whole, parts in additions([tuple(map(counts.value, line)) for line in lines])
        for at in range(len(lines[whole]))
    ]


def _times(counts: Counts, grid: Grid) -> list[Sum]:
    """Patients who came twice, and their visits: twice as many, in their row and all rows together. The last row, such
    as "5 or more", may be nothing but five."""
    sums = []
    labels = [str(label).removesuffix(" or more") for label, _ in grid.rows]
    times = {at: int(label) for at, label in enumerate(labels) if label.isdigit()}
    for at, many in times.items():
        for one, two in combinations(grid.rows[at][1].values(), 2):
            low, high = sorted((one, two), key=counts.value)
            if counts.value(high) == many * counts.value(low):
                sums.append(Sum(high, ((low, many),)))
    for column in grid.columns if len(times) > 1 else ():
        parts = tuple((grid.rows[at][1][column], many) for at, many in times.items())
        goal = sum(many * counts.value(part) for part, many in parts)
        sums += [Sum(whole, parts) for whole in _wholes(counts, grid, goal)]
    return sums


def _wholes(counts: Counts, grid: Grid, goal: int) -> list[int]:
    """Counts outside of the table that show the number: those of its section, totals and headline figures."""
    section = grid.name.rpartition(" ")[0]
    return [
        at
        for at, count in enumerate(counts.every)
        if count.value == goal > 0
        and count.place[0] != grid.name
        and (count.rank in (MARGIN, HEADLINE) or count.place[0].rpartition(" ")[0] == section)
    ]


def _side_by_side(counts: Counts, one: Grid, two: Grid) -> list[Sum]:
    """Columns of one table that add up to one of the other in every row that both have, and rows that do so in so many
    columns that it is no chance."""
    labels = [label for label, _ in one.rows if label in two.by_label]
    names = [name for name in one.by_name if name in two.by_name]
    found = []
    if len(labels) > 1:
        sides = [[[grid.by_label[label][column] for label in labels] for column in grid.columns] for grid in (one, two)]
        found += _between(counts, *sides) + _between(counts, *reversed(sides))
    if len(names) >= NO_CHANCE:
        sides = [[[cells[grid.by_name[name]] for name in names] for _, cells in grid.rows] for grid in (one, two)]
        found += _between(counts, *sides) + _between(counts, *reversed(sides))
    return found


def _between(counts: Counts, parts: list[list[int]], wholes: list[list[int]]) -> list[Sum]:
    """Each line of `wholes` that is the sum of lines of `parts`, cell by cell."""
    vectors = [tuple(map(counts.value, line)) for line in parts]
    found = []
    for whole in wholes:
        goal = tuple(map(counts.value, whole))
        if any(goal):
            for way in ways(vectors, goal, range(len(vectors))):
                found += [Sum(whole[at], tuple((parts[part][at], 1) for part in way)) for at in range(len(whole))]
    return found


def _stretches(parts: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(len(parts)):
        for last in range(first + 1, len(parts) + 1):
            yield parts[first:last]


def additions(vectors: Sequence[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
    """The vectors that are the sum of others, and of which. None of them is below zero; vectors of nothing but zeros
    are no parts."""
    some = [at for at, vector in enumerate(vectors) if any(vector)]
    return [
        (whole, parts)
        for whole in some
        for parts in ways(vectors, vectors[whole], [at for at in some if at != whole])
        # Two that are equal are each the sum of the other: once is enough.
        if len(parts) > 1 or whole > parts[0]
    ]


def ways(vectors: Sequence[tuple[int, ...]], goal: tuple[int, ...], among: Sequence[int]) -> list[tuple[int, ...]]:
    """The choices of vectors that add up to `goal`, out of those `among`."""
    fit = [at for at in among if any(vectors[at]) and all(a <= b for a, b in zip(vectors[at], goal, strict=True))]
    return list(_chosen(vectors, goal, fit) if len(fit) <= MOST_PARTS else _together(vectors, goal, fit))


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
