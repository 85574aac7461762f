"""Records in parts by what they have in some of their columns, and what top lists make of that."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.content import named
from webapp.content.columns import Columns, numbered

some_numbers = st.one_of(st.integers(-3, 3), st.integers(-(2**31), 2**31 - 1))
some_rows = st.lists(st.tuples(st.integers(0, 2), some_numbers, some_numbers, some_numbers), max_size=30)
SYSTEMS = ["ICD-10", None, "SNOMED CT"]


def by_column(rows: list[tuple[int, ...]], *names: str) -> Columns:
    arrays = np.array(rows, np.int32).reshape(-1, len(names)).T
    return Columns(dict(zip(names, arrays, strict=True)), {"system": SYSTEMS})


@given(some_rows)
def test_parts_are_those_of_the_rows(rows: list[tuple[int, ...]]) -> None:
    records = by_column(rows, "system", "a", "b", "patient")
    whose, by_system = defaultdict(list), defaultdict(list)
    for system, a, b, patient in rows:
        whose[SYSTEMS[system], a, b].append(patient)
        by_system[SYSTEMS[system]].append(patient)
    parts = records.parted("patient", "system", "a", "b")
    assert {key: sorted(numbers.tolist()) for key, numbers in parts.items()} == {
        key: sorted(numbers) for key, numbers in whose.items()
    }
    assert set(records.parted("patient", "system")) == set(by_system)


@given(some_rows)
def test_each_row_has_the_place_of_its_like(rows: list[tuple[int, ...]]) -> None:
    records = by_column(rows, "system", "a", "b", "patient")
    found, places = numbered(*(records[name] for name in ("system", "a", "b")))
    like = list(zip(*(column.tolist() for column in found), strict=True))
    assert like == sorted({row[:3] for row in rows})
    assert [like[place] for place in places.tolist()] == [row[:3] for row in rows]


@pytest.mark.parametrize("parts", [3, 2**16 + 1])
def test_there_may_be_more_parts_than_16_bits_tell_apart(parts: int) -> None:
    numbers = np.arange(parts, dtype=np.int32)
    records = Columns({"of": np.repeat(numbers, 2), "patient": np.tile(numbers, 2)}, {})
    found = records.parted("patient", "of")
    assert len(found) == parts
    assert sum(map(len, found.values())) == 2 * parts
    assert found[parts - 1].tolist() == [parts - 2, parts - 1]


def test_a_top_list_has_the_patients_of_each_spelling() -> None:
    rows = [(0, 0, 1, 7), (0, 0, 0, 7), (0, 0, 1, 8), (1, 1, 1, 7)]
    arrays = np.array(rows, np.int32).T
    texts = {"system": SYSTEMS, "code": ["R52", None], "name": ["Ache", "Pain"]}
    records = Columns(dict(zip((*named.SPELLING, "patient"), arrays, strict=True)), texts)

    listed = named.top_list(named.by_spelling(records, "patient"))

    assert [(row.label, row.records, row.patients) for row in listed.rows] == [("Pain (R52)", 3, 2), ("Pain", 1, 1)]
    assert (listed.records, listed.patients) == (4, 2)
    nobody = named.top_list(named.by_spelling(records.where(records["patient"] < 0), "patient"))
    assert (nobody.rows, nobody.records, nobody.patients) == ((), 0, 0)
