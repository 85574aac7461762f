"""Somebody who knows how a report is made, has seen many of them whole, and wants the figures that one withholds.

Nothing here is taken from the code under test. Relations are found from the outside: whatever linear relation holds
between the figures of every one of many reports is taken to hold in the one under attack. So are ratios.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from webapp.figures import SUPPRESSED, Content

Address = tuple[str, ...]
Figures = dict[Address, int | float]

ONE: Address = ("one",)
"""A figure that is 1 in every report, so that a relation may have a constant in it."""

PRIME = 2_305_843_009_213_693_921
"""The largest prime below 2^61 - 1: another than the code under test computes with."""

ENOUGH = 12
"""Reports in a row that teach nothing new: then there are no more relations to unlearn."""


def figures_of(content: Content) -> dict[Address, int | float | str]:
    """Every figure by address, withheld ones as they are written."""
    found: dict[Address, int | float | str | None] = {}
    for metric in content.metrics:
        found["metric", metric.key] = metric.value
        if metric.change:
            found["change", metric.key] = metric.change.difference
        for step, cell in enumerate(reversed(metric.trend)):
            found["trend", metric.key, str(step)] = cell
    found["rows", "read"], found["rows", "used"] = content.rows.read, content.rows.used
    for item in content.rows.excluded:
        found["rows", item.reason] = item.count
    for section in content.sections:
        for table in section.tables:
            found |= {
                ("note", table.key, str(at)): int(number.replace(",", ""))
                for at, number in enumerate(re.findall(r"\b\d[\d,]*\b", table.note))
            }
            lines = [(str(row[0]), row) for row in table.rows]
            lines += [("TOTAL", table.total)] if table.total else []
            for label, row in lines:
                for column, cell in zip(table.columns[1:], row[1:], strict=True):
                    if column.kind in ("count", "number", "percent"):
                        found[table.key, label, column.key] = cell
    return {address: cell for address, cell in found.items() if cell is not None}


@dataclass(frozen=True)
class Knowledge:
    """Counts that some report has, in order; each relation gives every one of them a coefficient, and all of them
    together are zero in every report."""

    addresses: list[Address]
    relations: list[dict[Address, int]]


def study(reports: Iterable[Content], is_count: Callable[[Address], bool]) -> Knowledge:
    """What holds in all of `reports`, of which no more are taken than teach something new. A figure that a report does
    not have is zero in it."""
    solved: list[dict[Address, int]] = []
    taught, addresses = 0, {ONE: None}
    for content in reports:
        figures = {address: cell for address, cell in figures_of(content).items() if is_count(address)}
        addresses |= dict.fromkeys(figures)
        row = {address: int(cell) % PRIME for address, cell in figures.items() if cell}
        taught = 0 if _learn(solved, {ONE: 1, **row}) else taught + 1
        if taught == ENOUGH:
            break
    assert taught == ENOUGH, "more reports are needed"
    return Knowledge(list(addresses), _null_space(solved, list(addresses)))


def recovered(knowledge: Knowledge, whole: Content, published: Content) -> set[Address]:
    """The withheld counts of `published` that have one value only, given all that it publishes. `whole` is the same
    report with all its figures; only where it has some is taken from it."""
    told = figures_of(published)
    hidden = {
        address
        for address, cell in figures_of(whole).items()
        if cell and address in knowledge.addresses and not isinstance(told.get(address, SUPPRESSED), int | float)
    }
    solved: list[dict[Address, int]] = []
    for relation in knowledge.relations:
        _learn(solved, {address: many for address, many in relation.items() if address in hidden})
    return {next(iter(row)) for row in solved if len(row) == 1}


def _learn(solved: list[dict[Address, int]], row: dict[Address, int]) -> bool:
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


def _take_away(row: dict[Address, int], other: Mapping[Address, int], times: int) -> None:
    for address, many in other.items():
        left = (row.get(address, 0) - times * many) % PRIME
        if left:
            row[address] = left
        else:
            row.pop(address, None)


def _null_space(solved: list[dict[Address, int]], addresses: list[Address]) -> list[dict[Address, int]]:
    """All that is orthogonal to every row: for each unknown that leads none, one relation."""
    leads = {next(iter(row)): row for row in solved}
    return [
        {address: 1, **{lead: -row[address] % PRIME for lead, row in leads.items() if address in row}}
        for address in addresses
        if address not in leads
    ]
