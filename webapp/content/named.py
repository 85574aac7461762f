"""What other systems name, such as diagnoses: which records are one, what it is called, and the most common.

Records with the same code of the same code system are one, whatever their names; they go by the most common of these.
Records without a code are one where their names differ only in case, spaces, or how a character is composed.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from webapp import words
from webapp.content import findings
from webapp.content.columns import Columns, Numbers, grouped
from webapp.content.findings import ALL, ALL_OTHERS
from webapp.figures import Column, Definition, Section, Table
from webapp.models import code_systems
from webapp.words import printable

MOST = 10
"""How many are named; the others are counted together."""
LONGEST = 60
"""Characters of a name that are shown."""
NO_NAME = "No name recorded"
NO_DIAGNOSIS = "No diagnosis recorded"

Spelling = tuple[str | None, str | None, str]
"""Code system, code and name, as one record has them."""
SPELLING = ("system", "code", "name")
"""What the columns of records read by column are called that hold it."""
Key = tuple[str, str, str]

NAMES_DEFINITION = Definition(
    "Names and codes",
    "Diagnoses, treatments and observations are grouped by the code that the record gives (SNOMED CT, ICD-10, LOINC or "
    "another system) and go by the most common name recorded with it. Without a code they are grouped by name, "
    f"whatever its capital letters and spaces. Named are the {MOST} most common, of equally common ones those first in "
    f"the alphabet; the others are counted together. A name of more than {LONGEST} characters is cut.",
)


@dataclass(frozen=True, slots=True)
class Named:
    """One diagnosis, treatment or observation: how many records, and every way in which they spell it."""

    key: Key
    label: str
    count: int
    spellings: tuple[Spelling, ...]

    @property
    def code(self) -> str | None:
        """With the name of its system where that is well known: "ICD-10 J06.9"."""
        system, code, _ = self.key
        return printable(f"{code_systems.NAMES.get(system, '')} {code}".strip()) or None


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a top list: records and patients of one thing, or of all others."""

    label: str
    code: str | None
    key: Key | None
    records: int
    patients: int


@dataclass(frozen=True, slots=True)
class TopList:
    """The most common, then all others together where there are any. A patient may be in several rows, but is one of
    `patients`."""

    rows: tuple[Listed, ...] = ()
    records: int = 0
    patients: int = 0

    @property
    def named(self) -> dict[str, int]:
        """Records of those that have a row of their own."""
        return {row.label: row.records for row in self.rows if row.key}


def key_of(spelling: Spelling) -> Key:
    """What makes records one: code system and code, else the name."""
    system, code, name = spelling
    if code:
        return system or "", code, ""
    return "", "", unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def ranked(counts: Mapping[Spelling, int]) -> list[Named]:
    """All of them, the most common first, those equally common by name; no two have the same label."""
    together: dict[Key, dict[Spelling, int]] = {}
    for spelling, count in counts.items():
        together.setdefault(key_of(spelling), {})[spelling] = count
    found = [
        (key, _name(spellings), sum(spellings.values()), tuple(sorted(spellings, key=str)))
        for key, spellings in together.items()
    ]
    found.sort(key=lambda item: (-item[2], item[1].casefold(), item[1], item[0]))
    labels = _apart([(key, name) for key, name, *_ in found])
    return [Named(key, label, count, ways) for label, (key, _, count, ways) in zip(labels, found, strict=True)]


def _name(spellings: Mapping[Spelling, int]) -> str:
    """The most common name, of equally common ones the first; cut where it is long."""
    names: Counter[str] = Counter()
    for (_, _, name), count in spellings.items():
        names[" ".join(printable(name).split())] += count
    names.pop("", None)
    return _cut(min(names, key=lambda name: (-names[name], name))) if names else NO_NAME


def _cut(name: str) -> str:
    """At a space where one is near, and never before a mark that belongs to the letter it stands on."""
    if len(name) <= LONGEST:
        return name
    end = LONGEST - 1
    while end > 1 and unicodedata.category(name[end]).startswith("M"):
        end -= 1
    space = name.rfind(" ", LONGEST - 15, end + 1)
    return f"{name[: space if space > 0 else end].rstrip()}…"


def _apart(named: Sequence[tuple[Key, str]]) -> list[str]:
    """Labels that differ also to who reads no capital letters: where names do not, the code is added, then its system,
    then a number."""
    names = Counter(name.casefold() for _, name in named)
    codes = Counter((name.casefold(), key[1]) for key, name in named)
    taken = {reserved.casefold() for reserved in (ALL, ALL_OTHERS, NO_DIAGNOSIS)}
    labels = []
    for (system, code, _), name in named:
        label = name
        if names[name.casefold()] > 1 or name == NO_NAME or name.casefold() in taken:
            told = f"{code}, {system or 'no system'}" if codes[name.casefold(), code] > 1 else code
            label = f"{name} ({printable(told)})" if code else name
        number = 1
        while label.casefold() in taken:
            number += 1
            label = f"{name} (number {number})"
        taken.add(label.casefold())
        labels.append(label)
    return labels


def spelling_columns(model: Any) -> tuple[Any, Any, Any]:
    return model.code_system, model.code, model.name


def by_spelling(records: Columns, name: str) -> dict[Spelling, Numbers]:
    """The numbers of one column of records that have SPELLING, such as their patients, by how they spell it."""
    return records.parted(name, *SPELLING)


def top_list(patients: Mapping[Spelling, Sequence[int] | Numbers]) -> TopList:
    """The most common. `patients` has those of each spelling by id, once for each of their records: see
    by_spelling()."""
    everything = ranked({spelling: len(those) for spelling, those in patients.items()})
    top, rest = everything[:MOST], everything[MOST:]
    found = [_patients(patients, [item]) for item in top]
    rows = [
        Listed(item.label, item.code, item.key, item.count, len(those)) for item, those in zip(top, found, strict=True)
    ]
    if rest:
        found.append(_patients(patients, rest))
        rows.append(Listed(ALL_OTHERS, None, None, sum(item.count for item in rest), len(found[-1])))
    return TopList(tuple(rows), sum(row.records for row in rows), len(_each_once(found)))


def _patients(patients: Mapping[Spelling, Sequence[int] | Numbers], of: Iterable[Named]) -> Numbers:
    return _each_once(patients[spelling] for item in of for spelling in item.spellings)


def _each_once(ids: Iterable[Sequence[int] | Numbers]) -> Numbers:
    (once,), _ = grouped(np.concatenate([np.empty(0, np.int32), *ids]))
    return once


def section(key: str, label: str, top: TopList) -> Section | None:
    """A top list with what it shows in words; `key` is the plural of `label`."""
    if not top.records:
        return None
    return Section(key, key.capitalize(), tables=(table(key, label, top),), text=finding(label, key, top))


def table(key: str, label: str, top: TopList) -> Table:
    """A top list; `key` is the plural of `label`. Its title is the same whatever it shows, for it names a worksheet. It
    has no chart: all others, counted together, would have the longest bar."""
    columns = (
        Column("name", label),
        Column("code", "Code"),
        Column("records", key.capitalize(), "count"),
        Column("share", "Share", "percent", decimals=1),
        Column("patients", "Patients", "count"),
    )
    rows = tuple(
        (row.label, row.code or "", row.records, findings.share(row.records, top.records), row.patients)
        for row in top.rows
    )
    note = "A patient may be counted in several rows, and once in the total." if len(rows) > 1 else ""
    total = (ALL, "", top.records, 100.0, top.patients)
    return Table(key, f"Most common {key}", columns, rows, total, note)


def finding(label: str, key: str, top: TopList) -> str:
    """What a top list shows, in words."""
    one = label.lower()
    first = findings.leaders(top.named)
    if len(first) == 1:
        return f"{first[0]} was the {'only' if len(top.rows) == 1 else 'most common'} {one}"
    if len(first) == findings.MOST_NAMED:
        return f"{words.listed(first)} were the most common {key}"
    return f"No {one} stood out as the most common"
