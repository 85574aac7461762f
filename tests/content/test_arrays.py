"""Records by column are chosen, counted and looked up as a loop over the rows would do it."""

import statistics
import tracemalloc
from collections import Counter
from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from webapp.content.columns import UNKNOWN, Columns, grouped, looked_up, middle_two

some_numbers = st.one_of(st.integers(-3, 3), st.integers(-(2**31), 2**31 - 1))
some_rows = st.lists(st.tuples(st.integers(0, 2), some_numbers, some_numbers), max_size=30)


def by_column(rows: list[tuple[int, int, int]]) -> Columns:
    arrays = np.array(rows, np.int32).reshape(-1, 3).T
    return Columns(dict(zip(("kind", "a", "b"), arrays, strict=True)), {"kind": ["dental", None, "medical"]})


@given(some_rows)
def test_counts_are_those_of_the_rows(rows: list[tuple[int, int, int]]) -> None:
    told = ["dental", None, "medical"]
    found = by_column(rows)
    assert found.counts("kind", "a", "b") == Counter((told[kind], a, b) for kind, a, b in rows)
    assert found.counts("kind") == Counter(told[kind] for kind, *_ in rows)
    assert found.counts("b") == Counter(b for *_, b in rows)


@given(some_rows)
def test_distinct_rows_are_there_once_and_in_order(rows: list[tuple[int, int, int]]) -> None:
    found = by_column(rows).distinct("a", "kind")
    pairs = list(zip(found["a"].tolist(), found["kind"].tolist(), strict=True))
    assert pairs == sorted({(a, kind) for kind, a, _ in rows})


def test_columns_that_are_too_wide_for_one_key_are_grouped_as_well() -> None:
    wide = [-(2**31), 2**31 - 1, -(2**31)]
    found, counts = grouped(*(np.array(wide, np.int32) for _ in range(3)))
    assert [column.tolist() for column in found] == [[-(2**31), 2**31 - 1]] * 3
    assert counts.tolist() == [2, 1]


def test_an_id_that_does_not_occur_is_looked_up_as_the_default() -> None:
    at, ids, values = (np.array(some, np.int32) for some in ([7, 3, -1, 9, 0], [3, 7], [30, 70]))
    assert looked_up(at, ids, values, 5).tolist() == [70, 30, 5, 5, 5]
    nobody = np.array([], np.int32)
    assert looked_up(at, nobody, nobody, 5).tolist() == [5] * 5
    assert looked_up(nobody, ids, values, 5).tolist() == []


some_ids = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 2**31 - 1)), max_size=12)


@given(some_ids, some_ids, st.booleans())
def test_values_are_looked_up_however_far_apart_the_ids_lie(ids: list[int], others: list[int], is_near: bool) -> None:
    near = [one % 13 for one in ids] if is_near else ids
    value_of = {one: place for place, one in enumerate(dict.fromkeys(near))}
    asked = [*near, *others, UNKNOWN]
    at, known, values = (np.array(some, np.int32) for some in (asked, list(value_of), list(value_of.values())))
    assert looked_up(at, known, values, -7).tolist() == [value_of.get(one, -7) for one in asked]


def test_the_ids_of_other_clinics_take_no_memory() -> None:
    """The ids of a small clinic are high, and far apart, where large ones have theirs in between."""
    ids = np.array([5, 2**30, 2**31 - 1], np.int32)
    tracemalloc.start()
    try:
        assert looked_up(ids, ids, ids, 0).tolist() == ids.tolist()
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_records_are_chosen_by_text_and_by_day() -> None:
    found = by_column([(0, 1, 10), (1, 2, 20), (2, 3, 30)])
    assert found.where(found.is_one_of("kind", ["medical", None]))["a"].tolist() == [2, 3]
    assert found.where(found.is_one_of("kind", ["none such"]))["a"].tolist() == []
    days = found.having(day=np.array([date(2026, 9, n).toordinal() for n in (1, 15, 30)], np.int32))
    assert days.within((date(2026, 9, 2), date(2026, 9, 30)))["a"].tolist() == [2, 3]


@given(st.lists(some_numbers, max_size=20))
def test_the_mean_of_the_middle_two_is_the_median(numbers: list[int]) -> None:
    found = middle_two(np.array(numbers, np.int32))
    assert (sum(found) / 2 if found else None) == (statistics.median(numbers) if numbers else None)
