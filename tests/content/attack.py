"""Somebody who knows how a report is made, has seen many of them whole, and wants the figures that one withholds.

Nothing here is taken from the code under test. Relations are found from the outside: whatever linear relation holds
between the figures of every one of many reports is taken to hold in the one under attack. So are ratios.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from webapp.figures import SUPPRESSED, Cell, Content

Address = tuple[str, ...]
Found = dict[Address, Cell]

ONE: Address = ("one",)
"""A figure that is 1 in every report, so that a relation may have a constant in it."""

PRIME = 2**89 - 1
"""Equations are solved modulo this prime, another than the code under test has."""

OFTEN = 4
"""Reports in which a rate must be the same ratio, for it to be no chance."""

ENOUGH = 12
"""Reports in a row that teach nothing new: then there is nothing left to unlearn."""


_DATES = re.compile(
    r"(\d+ )?(January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
)


@dataclass(frozen=True)
class Rate:
    """Part divided by whole, as written with so many decimals; 100 times that for a percentage."""

    times: int
    decimals: int
    figure: float

    def is_of(self, part: float, whole: float) -> bool:
        return whole > 0 and any(
            abs(times * part / whole - self.figure) <= 0.5 * 10.0**-self.decimals + 1e-9 for times in {self.times, 100}
        )


def counts_of(content: Content) -> Found:
    """Every count by address, those withheld as they are written."""
    found: Found = {("rows", "read"): content.rows.read, ("rows", "used"): content.rows.used}
    for item in content.rows.excluded:
        found["rows", item.reason] = item.count
    for metric in content.metrics:
        if metric.kind == "count":
            found["metric", metric.key] = metric.value
            if metric.change:
                found["change", metric.key] = metric.change.difference
            for back, cell in enumerate(reversed(metric.trend)):
                found["trend", metric.key, str(back)] = cell
    for section in content.sections:
        for table in section.tables:
            for at, number in enumerate(re.findall(r"\b\d[\d,]*\b", _DATES.sub("", table.note))):
                found["note", table.key, str(at)] = int(number.replace(",", ""))
    return found | {
        (table, label, key): cell for table, label, key, kind, _, cell in _cells(content) if kind == "count"
    }


def rates_of(content: Content) -> dict[Address, Rate]:
    """Every published rate by address."""
    found = {}
    for metric in content.metrics:
        if metric.kind in ("percent", "number") and isinstance(metric.value, int | float):
            found["metric", metric.key] = Rate(100 if metric.kind == "percent" else 1, metric.decimals, metric.value)
    for table, label, key, kind, decimals, cell in _cells(content):
        if kind in ("percent", "number") and isinstance(cell, int | float):
            found[table, label, key] = Rate(100 if kind == "percent" else 1, decimals, cell)
    return found


def _cells(content: Content) -> Iterator[tuple[str, str, str, str, int, Cell]]:
    for section in content.sections:
        for table in section.tables:
            lines = [*((str(row[0]), row) for row in table.rows), ("TOTAL", table.total or ())]
            for label, row in lines:
                for column, cell in list(zip(table.columns, row, strict=False))[1:]:
                    yield table.key, label, column.key, column.kind, column.decimals, cell


# -- Linear relations --------------------------------------------------------------------------------------------------


Equation = dict[Address, int]


@dataclass(frozen=True)
class Knowledge:
    """Each relation gives some counts a coefficient, and all of them together are zero in every report."""

    addresses: frozenset[Address]
    relations: list[Equation]


def study(reports: Iterable[Content]) -> Knowledge:
    """What holds in all of `reports`, of which no more are taken than teach something new. A count that a report does
    not have is zero in it."""
    solved: list[Equation] = []
    addresses = {ONE: None}
    taught_nothing = 0
    for content in reports:
        counts = counts_of(content)
        addresses |= dict.fromkeys(counts)
        row = {address: int(cell) % PRIME for address, cell in counts.items() if cell}
        taught_nothing = 0 if _learn(solved, {ONE: 1, **row}) else taught_nothing + 1
        if taught_nothing == ENOUGH:
            return Knowledge(frozenset(addresses), _null_space(solved, list(addresses)))
    raise AssertionError("more reports are needed to know what always holds")


def recovered(knowledge: Knowledge, whole: Content, published: Content) -> set[Address]:
    """The withheld counts of `published` that have one value only, given all that it publishes. From `whole`, the same
    report with all its figures, it takes no more than where counts are."""
    told, counts = counts_of(published), counts_of(whole)
    hidden = {
        address
        for address in counts
        if address in knowledge.addresses and not isinstance(told.get(address), int | float)
    }
    # A row or column that is not there counts nobody; of a table that is not there nobody knows.
    there = {address[0] for address in counts}
    hidden |= {address for address in knowledge.addresses if address[0] not in there and address != ONE}
    solved: list[Equation] = []
    for relation in knowledge.relations:
        _learn(solved, {address: many for address, many in relation.items() if address in hidden})
    return {address for row in solved if len(row) == 1 and counts.get(address := next(iter(row)))}


def _learn(solved: list[Equation], row: Equation) -> bool:
    """Adds an equation to those solved, each led by an unknown that no other has. False where it says nothing new."""
    row = dict(row)
    for other in solved:
        lead = next(iter(other))
        if lead in row:
            _take_away(row, other, row[lead])
    if not row:
        return False
    lead = min(row)
    inverse = pow(row[lead], -1, PRIME)
    row = {lead: 1, **{address: many * inverse % PRIME for address, many in row.items() if address != lead}}
    for other in solved:
        if lead in other:
            _take_away(other, row, other[lead])
    solved.append(row)
    return True


def _take_away(row: Equation, other: Mapping[Address, int], times: int) -> None:
    for address, many in other.items():
        left = (row.get(address, 0) - times * many) % PRIME
        if left:
            row[address] = left
        else:
            row.pop(address, None)


def _null_space(solved: list[Equation], addresses: list[Address]) -> list[Equation]:
    """All that is orthogonal to every row: for each unknown that leads none, one relation."""
    leads = {next(iter(row)): row for row in solved}
    return [
        {address: 1, **{lead: -row[address] % PRIME for lead, row in leads.items() if address in row}}
        for address in addresses
        if address not in leads
    ]


# -- Ratios ------------------------------------------------------------------------------------------------------------


def ratios(reports: Sequence[Content]) -> set[tuple[Address, Address, Address]]:
    """Which rates are one count divided by another, in every report that has all three: rate, part, whole."""
    largest = max(reports, key=lambda content: content.rows.used)
    counts = _numbers(counts_of(largest))
    found = {
        (address, part, whole)
        for address, rate in rates_of(largest).items()
        for whole in counts
        for part in counts
        if rate.figure and rate.is_of(counts[part], counts[whole])
    }
    confirmed = dict.fromkeys(found, 0)
    for content in reports:
        counts, rates = _numbers(counts_of(content)), rates_of(content)
        for triple in list(confirmed):
            address, part, whole = triple
            if address in rates and part in counts and whole in counts:
                if rates[address].is_of(counts[part], counts[whole]):
                    confirmed[triple] += 1
                else:
                    del confirmed[triple]
    return {triple for triple, times in confirmed.items() if times >= OFTEN}


def betrayed_by_rates(known: set[tuple[Address, Address, Address]], published: Content) -> set[Address]:
    """The withheld counts that a published rate tells together with a published count."""
    counts, rates = counts_of(published), rates_of(published)
    found = set()
    for address, part, whole in known:
        if address in rates and rates[address].figure:
            pair = {part: counts.get(part), whole: counts.get(whole)}
            hidden = [name for name, cell in pair.items() if cell == SUPPRESSED]
            if len(hidden) == 1 and len(pair) == 2 and all(cell is not None for cell in pair.values()):
                found.add(hidden[0])
    return found


def _numbers(counts: Found) -> dict[Address, int | float]:
    return {address: cell for address, cell in counts.items() if isinstance(cell, int | float) and address[0] != "note"}
