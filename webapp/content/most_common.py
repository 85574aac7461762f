"""The most common of what carries a code or a name, such as observations: ten by name, and the rest together.

Rows with the same code are the same thing, under the name that most of them have. Rows without a code are the same
where their names are, but for case and spaces.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from webapp.content.findings import ALL_OTHERS

MOST = 10
NO_NAME = "No name"
LONGEST = 100
"""Characters of a name that are shown."""

Key = tuple[str, ...]


@dataclass(slots=True)
class Thing:
    """`codes` are those of its system and itself, empty without one; `names` how often it is called what."""

    codes: Key
    count: int = 0
    patients: int = 0
    names: Counter[str] = field(default_factory=Counter)

    @property
    def code(self) -> str:
        return self.codes[-1] if self.codes else ""

    @property
    def name(self) -> str:
        """The most common one, the first by letters of several."""
        told: Counter[str] = Counter()
        for name, count in self.names.items():
            told[" ".join(name.split())] += count
        return min(told, key=lambda name: (-told[name], name)) or NO_NAME

    @property
    def label(self) -> str:
        """The name, cut to LONGEST characters."""
        return self.name if len(self.name) <= LONGEST else f"{self.name[: LONGEST - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Ranking:
    """`labels` are the names of the things, each once."""

    things: tuple[Thing, ...]
    labels: tuple[str, ...]
    others: int
    kinds: int

    @property
    def count(self) -> int:
        return sum(thing.count for thing in self.things) + self.others


@dataclass(frozen=True, slots=True)
class Spelled:
    """Rows with the same codes and name: how many, and their patients. With a code it may be the patients of all rows
    with that code."""

    codes: tuple[str | None, ...]
    name: str
    count: int
    patients: Sequence[int]


def rank(spelled: Iterable[Spelled]) -> Ranking:
    """The things that the rows are, by how many rows there are of each; ties by name."""
    found: dict[Key, Thing] = {}
    whose: defaultdict[Key, list[Sequence[int]]] = defaultdict(list)
    for some in spelled:
        known = tuple(code or "" for code in some.codes) if some.codes[-1] else ()
        key = known or ("", "", " ".join(some.name.split()).casefold())
        thing = found.setdefault(key, Thing(known))
        thing.count += some.count
        thing.names[some.name] += some.count
        whose[key].append(some.patients)
    ranked = sorted(
        found.items(), key=lambda item: (-item[1].count, item[1].name.casefold(), item[1].name, item[1].codes)
    )
    top, rest = ranked[:MOST], ranked[MOST:]
    for key, thing in top:
        thing.patients = len(set().union(*whose[key]))
    things = tuple(thing for _, thing in top)
    return Ranking(things, _labels(things), sum(thing.count for _, thing in rest), len(ranked))


def _labels(things: Iterable[Thing]) -> tuple[str, ...]:
    """Their names; of those that share one, but for case, each with its code or a number."""
    things = tuple(things)
    namesakes = Counter(thing.label.casefold() for thing in things)
    taken, labels = {ALL_OTHERS.casefold()}, []
    for thing in things:
        label = thing.label
        if namesakes[label.casefold()] > 1 and thing.code:
            label = f"{label} ({thing.code})"
        alike = itertools.count(2)
        while label.casefold() in taken:
            label = f"{thing.label} ({next(alike)})"
        taken.add(label.casefold())
        labels.append(label)
    return tuple(labels)
