"""Which further counts must be withheld, so that those under the threshold cannot be worked out.

Complementary suppression: L. H. Cox, "Suppression methodology and statistical disclosure control", Journal of the
American Statistical Association 75 (1980), 377-385; A. Hundepool et al., "Statistical Disclosure Control" (Wiley,
2012), chapter 4. Whoever reads the report knows every published number and what adds up to what. Two things give a
withheld count away: equations that have one answer, and sums so small that their parts have no room.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from webapp.content.suppression.relations import System
from webapp.content.suppression.sums import Sum

PRIME = 2**61 - 1
"""Equations are solved modulo this: exact, and numbers stay small. An equation of such coefficients that has one answer
among the fractions has one here too, but for a chance of about one in 10^18."""

MOST_TRIED = 5
"""So many candidates are tried for one that helps; else the cheapest is taken, which helps in the end."""


def withheld(system: System, threshold: int) -> frozenset[int]:
    """The quantities to withhold: those from 1 up to the threshold, and the fewest others that a greedy search finds.

    It comes to an end for any input, for each round withholds one more, and where everything but zeros is withheld
    nothing can be worked out: twice the true figures would solve the same equations.
    """
    search = _Search(system, threshold)
    search.withhold(number for number, value in enumerate(system.values) if 0 < value < threshold)
    while search.close_sums() or search.close_equations():
        pass
    search.give_back()
    return frozenset(search.found)


class _Search:
    def __init__(self, system: System, threshold: int) -> None:
        self.system, self.threshold = system, threshold
        self.found: set[int] = set()
        self.places = Counter(system.of)
        self.sums_of: dict[int, list[Sum]] = defaultdict(list)
        for one in system.sums:
            for number in _members(one):
                self.sums_of[number].append(one)
        self.tied: dict[int, set[int]] = {number: {number} for number in range(len(system.values))}
        for tie in system.ties:
            together = set().union(*(self.tied[number] for number in tie))
            for number in together:
                self.tied[number] = together

    def give_back(self) -> None:
        """What nothing needs any more is published again, what would be missed most first: a search takes one after
        another, and one taken late may do the work of several taken before."""
        is_changed = True
        while is_changed:
            is_changed = False
            for number in sorted(self.found, key=lambda each: (self._missed(each), each), reverse=True):
                is_changed = (number in self.found and self._publish(self.tied[number])) or is_changed

    def _publish(self, numbers: set[int]) -> bool:
        """Publishes them again, and those that this tells. False where that would tell a small one, or leave too little
        room for one."""
        before, more = set(self.found), numbers
        while more:
            self.found -= more
            if any(self.system.values[number] < self.threshold for number in more):
                break
            more = set().union(*(self.tied[number] for number in determined(self._equations())))
        told = before - self.found
        if more or any(self._is_tight(one) for number in told for one in self.sums_of[number]):
            self.found = before
            return False
        return True

    def withhold(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.found |= self.tied[number]

    def close_sums(self) -> bool:
        """No sum has one withheld quantity alone. Where its whole is published, the parts that are withheld leave each
        of them free to be anything up to one under the threshold, though none is zero: zeros are published."""
        before = len(self.found)
        for one in self.system.sums:
            while self._is_tight(one):
                published = [number for number in _members(one) if number not in self.found]
                self.withhold([min(published, key=self._cost)])
        return len(self.found) > before

    def _is_tight(self, one: Sum) -> bool:
        parts = [(part, many) for part, many in one.parts if part in self.found]
        if one.whole in self.found:
            return not parts
        left = sum(many * self.system.values[part] for part, many in parts)
        is_narrow = len(parts) < 2 or left < sum(many for _, many in parts) + self.threshold - 2
        return bool(parts) and is_narrow

    def close_equations(self) -> bool:
        """Where the equations between withheld quantities have one answer for one of them, one more is withheld."""
        for number in sorted(determined(self._equations())):
            candidates = sorted(self._published_beside(self._linked(number)), key=self._cost)
            frees = (each for each in candidates[:MOST_TRIED] if self._frees(each, number))
            beside = self._published_beside([number]) or candidates
            self.withhold([next(frees, min(beside, key=self._cost))])
            return True
        return False

    def _equations(self, more: Iterable[int] = ()) -> list[dict[int, int]]:
        """One for each sum, between quantities that are withheld or in `more`."""
        unknown = self.found.union(more)
        return [
            {number: many for number, many in ((one.whole, -1), *one.parts) if number in unknown}
            for one in self.system.sums
        ]

    def _frees(self, candidate: int, number: int) -> bool:
        """Whether `number` cannot be worked out once the candidate is withheld too."""
        return number not in determined(self._equations(self.tied[candidate]))

    def _published_beside(self, numbers: Iterable[int]) -> list[int]:
        beside = {other for number in numbers for one in self.sums_of[number] for other in _members(one)}
        return sorted(number for number in beside - self.found if self.system.values[number])

    def _linked(self, number: int) -> set[int]:
        """All withheld quantities that sums connect with this one."""
        reached, waiting = {number}, [number]
        while waiting:
            for one in self.sums_of[waiting.pop()]:
                more = (set(_members(one)) & self.found) - reached
                reached |= more
                waiting += more
        return reached

    def _cost(self, number: int) -> tuple[int, int, int, int, int]:
        """Small is better: one that a reader would hardly miss, that stands in few places, that lies in no sum which
        would then need another, and that counts little."""
        together = self.tied[number]
        fresh = sum(1 for each in together for one in self.sums_of[each] if not self.found.intersection(_members(one)))
        return (*self._missed(number), fresh, self.system.values[number], number)

    def _missed(self, number: int) -> tuple[int, int]:
        together = self.tied[number]
        return max(self.system.ranks[each] for each in together), sum(self.places[each] for each in together)


def _members(one: Sum) -> tuple[int, ...]:
    return (one.whole, *(part for part, _ in one.parts))


def determined(equations: Sequence[dict[int, int]]) -> set[int]:
    """The unknowns for which the equations have one answer, whatever stands on their other side. Each equation gives
    the coefficient of each of its unknowns."""
    solved: dict[int, dict[int, int]] = {}
    for equation in equations:
        row = {unknown: many % PRIME for unknown, many in equation.items() if many % PRIME}
        for unknown in [unknown for unknown in row if unknown in solved]:
            _subtract(row, solved[unknown], row[unknown])
        if not row:
            continue
        lead = min(row)
        inverse = pow(row[lead], -1, PRIME)
        row = {unknown: many * inverse % PRIME for unknown, many in row.items()}
        for other in solved.values():
            if lead in other:
                _subtract(other, row, other[lead])
        solved[lead] = row
    return {lead for lead, row in solved.items() if len(row) == 1}


def _subtract(row: dict[int, int], other: dict[int, int], times: int) -> None:
    for unknown, many in other.items():
        left = (row.get(unknown, 0) - times * many) % PRIME
        if left:
            row[unknown] = left
        else:
            row.pop(unknown, None)
