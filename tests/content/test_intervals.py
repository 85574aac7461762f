import pytest

from webapp.content.intervals import leader, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_intervals_are_those_printed_by_newcombe(part: int, whole: int, low: float, high: float) -> None:
    """Table I of Statistics in Medicine 17 (1998) 857, method 3, which has one decimal more."""
    found, others = wilson(part, whole), wilson(whole - part, whole)
    assert found
    assert others
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0501)
    assert (others.low, others.high) == pytest.approx((100 - found.high, 100 - found.low))


def test_an_interval_holds_its_share_and_ends_at_none_and_all() -> None:
    for whole in (1, 2, 7, 1000):
        for part in {0, 1, whole // 2, whole}:
            found = wilson(part, whole)
            assert found
            assert 0 <= found.low <= found.value <= found.high <= 100
    assert wilson(0, 0) is None
    assert str(wilson(0, 3)) == "Interval(value=0.0, low=0.0, high=56.1)"
    assert str(wilson(3, 3)) == "Interval(value=100.0, low=43.9, high=100.0)"


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ({"a": (9, 66), "b": (17, 127)}, ""),
        ({"a": (105, 205), "b": (100, 198), "c": (10, 200)}, ""),
        ({"a": (105, 205), "b": (60, 198), "c": (10, 200)}, "a"),
        ({"a": (18, 20), "b": (1, 19)}, ""),
        ({"a": (18, 20), "b": (1, 20), "c": (19, 19)}, "a"),
        ({"a": (18, 20), "b": (18, 20)}, ""),
        ({"a": (0, 20), "b": (0, 20)}, ""),
        ({}, ""),
    ],
)
def test_a_leader_stands_out_from_all_together_and_from_every_other(
    found: dict[str, tuple[int, int]], name: str
) -> None:
    assert leader(found) == name
