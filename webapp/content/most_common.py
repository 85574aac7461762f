"""The most common of what carries a code or a name, such as observations: ten by name, and the rest together.

Rows with the same code are the same thing, under the name that most of them have. Rows without a code are the same
where their names are, but for case and spaces.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from webapp.content.counting import Conditions

MOST = 10
NO_NAME = "No name"
OTHERS = "All others"
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


def rank(connection: Connection, patient: Any, name: Any, codes: Sequence[Any], conditions: Conditions) -> Ranking:
    """The things that the rows under `conditions` are, by how many rows there are of each; ties by name."""
    columns = (*codes, name)
    found: dict[Key, Thing] = {}
    for *code, called, rows in connection.execute(select(*columns, func.count()).where(*conditions).group_by(*columns)):
        known = tuple(item or "" for item in code) if code[-1] else ()
        thing = found.setdefault(known or ("", "", " ".join(called.split()).casefold()), Thing(known))
        thing.count += rows
        thing.names[called] += rows
    ranked = sorted(found.values(), key=lambda thing: (-thing.count, thing.name.casefold(), thing.name, thing.codes))
    top, rest = tuple(ranked[:MOST]), ranked[MOST:]
    _count_patients(connection, top, patient, name, codes, conditions)
    return Ranking(top, _labels(top), sum(thing.count for thing in rest), len(ranked))


def _count_patients(
    connection: Connection,
    things: Sequence[Thing],
    patient: Any,
    name: Any,
    codes: Sequence[Any],
    conditions: Conditions,
) -> None:
    if not things:
        return

    def is_it(thing: Thing) -> ColumnElement[bool]:
        if thing.codes:
            return and_(*(func.coalesce(column, "") == code for column, code in zip(codes, thing.codes, strict=True)))
        return and_(or_(codes[-1].is_(None), codes[-1] == ""), name.in_(sorted(thing.names)))

    those = [is_it(thing) for thing in things]
    place = case(*((condition, place) for place, condition in enumerate(those)), else_=-1)
    people = select(place.label("place"), patient.label("patient")).where(*conditions).distinct().subquery()
    counted = connection.execute(select(people.c.place, func.count()).group_by(people.c.place))
    for place_, patients in counted:
        if place_ >= 0:
            things[place_].patients = patients


def _labels(things: Iterable[Thing]) -> tuple[str, ...]:
    """Their names; of those that share one, but for case, each with its code or a number."""
    things = tuple(things)
    namesakes = Counter(thing.label.casefold() for thing in things)
    taken, labels = {OTHERS.casefold()}, []
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
