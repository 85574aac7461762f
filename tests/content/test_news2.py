"""NEWS2 against the chart of the Royal College of Physicians, written out here by hand."""

import itertools
import random

import pytest

from webapp.content.vitals.news2 import Score, Signs, response, score

WELL = {
    "respiration": 16, "oxygen": 97, "oxygen_given": "air", "systolic": 124, "pulse": 72, "consciousness": "alert",
    "temperature": 36.8,
}  # fmt: skip
"""0 points in each sign by scale 1."""

CHART = {
    "respiration": [(None, 8, 3), (9, 11, 1), (12, 20, 0), (21, 24, 2), (25, None, 3)],
    "oxygen": [(None, 91, 3), (92, 93, 2), (94, 95, 1), (96, None, 0)],
    "systolic": [(None, 90, 3), (91, 100, 2), (101, 110, 1), (111, 219, 0), (220, None, 3)],
    "pulse": [(None, 40, 3), (41, 50, 1), (51, 90, 0), (91, 110, 1), (111, 130, 2), (131, None, 3)],
    "temperature": [(None, 35.0, 3), (35.1, 36.0, 1), (36.1, 38.0, 0), (38.1, 39.0, 1), (39.1, None, 2)],
}  # fmt: skip
"""Chart 1: first and last value of each band, and its points."""

SCALE_2 = {
    "air": [(None, 83, 3), (84, 85, 2), (86, 87, 1), (88, None, 0)],
    "oxygen": [(None, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 94, 1), (95, 96, 2), (97, None, 3)],
}
ENDS = [(sign, "air", 1, *band) for sign, bands in CHART.items() for band in bands] + [
    ("oxygen", given, 2, *band) for given, bands in SCALE_2.items() for band in bands
]


def scored(age: int | None = 50, scale: int = 1, **signs: object) -> Score:
    return score(Signs(**{**WELL, **signs}), age, scale)  # type: ignore[arg-type]


@pytest.mark.parametrize(("sign", "given", "scale", "first", "last", "points"), ENDS)
def test_both_ends_of_each_band_of_the_chart_have_its_points(
    sign: str, given: str, scale: int, first: float | None, last: float | None, points: int
) -> None:
    step = 0.1 if sign == "temperature" else 1
    inside = [value for value in (first, last) if value is not None]
    # The same to a fraction of a step: the first value that is rounded up to the band, and the last that is not rounded
    # out of it.
    inside += [] if first is None else [round(first - step / 2, 2)]
    inside += [] if last is None else [round(last + step * 0.49, 3)]
    for value in inside:
        assert scored(scale=scale, oxygen_given=given, **{sign: value}).points[sign] == points, value
    bands = SCALE_2[given] if scale == 2 else CHART[sign]
    for outside, end in ((first and round(first - step, 1), 1), (last and round(last + step, 1), 0)):
        if outside is not None:
            neighbour = next(band for band in bands if band[end] == outside)
            assert scored(scale=scale, oxygen_given=given, **{sign: outside}).points[sign] == neighbour[2] != points


@pytest.mark.parametrize(
    ("word", "points"), [("alert", 0), ("confused", 3), ("voice", 3), ("pain", 3), ("unresponsive", 3)]
)
def test_anything_but_alert_has_3_points(word: str, points: int) -> None:
    assert scored(consciousness=word).points["consciousness"] == points


def test_oxygen_given_has_2_points_by_either_scale() -> None:
    assert [scored(scale=scale, oxygen_given="oxygen", oxygen=90).points["oxygen_given"] for scale in (1, 2)] == [2, 2]
    assert [scored(scale=scale, oxygen_given="air", oxygen=90).points["oxygen_given"] for scale in (1, 2)] == [0, 0]


CASES = [
    ("a well adult", {}, 1, 0, "low", "routine monitoring"),
    ("a slightly fast pulse", {"pulse": 95}, 1, 1, "low", "nurse to assess"),
    ("fever, fast breath and pulse", {"respiration": 22, "temperature": 38.4, "pulse": 104}, 1, 4, "low",
     "nurse to assess"),
    ("new confusion alone", {"consciousness": "confused"}, 1, 3, "low-medium", "urgent ward review"),
    ("slow breath alone, and a cool skin", {"respiration": 8, "temperature": 35.9}, 1, 4, "low-medium",
     "urgent ward review"),
    ("low pressure, fast pulse", {"systolic": 98, "pulse": 112, "temperature": 38.2}, 1, 5, "medium", "urgent review"),
    ("a single 3 within 5", {"consciousness": "voice", "pulse": 120}, 1, 5, "medium", "urgent review"),
    ("pneumonia on oxygen", {"respiration": 24, "oxygen": 94, "oxygen_given": "oxygen", "pulse": 108}, 1, 6, "medium",
     "urgent review"),
    ("sepsis", {"respiration": 26, "oxygen": 93, "systolic": 88, "pulse": 132, "temperature": 39.2,
                "consciousness": "confused"}, 1, 16, "high", "emergency response"),
    ("the most there is", {"respiration": 5, "oxygen": 80, "oxygen_given": "oxygen", "systolic": 60, "pulse": 180,
                           "consciousness": "unresponsive", "temperature": 34.0}, 1, 20, "high", "emergency response"),
    ("chronic lungs at their target, by scale 1", {"oxygen": 89, "oxygen_given": "oxygen"}, 1, 5, "medium",
     "urgent review"),
    ("the same by scale 2", {"oxygen": 89, "oxygen_given": "oxygen"}, 2, 2, "low", "nurse to assess"),
    ("too much oxygen by scale 2", {"oxygen": 98, "oxygen_given": "oxygen"}, 2, 5, "medium", "urgent review"),
    ("as much on air by scale 2", {"oxygen": 98}, 2, 0, "low", "routine monitoring"),
    ("seven to the point", {"respiration": 25, "systolic": 100, "pulse": 130}, 1, 7, "high", "emergency response"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "scale", "total", "level", "advice"), [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])  # fmt: skip
def test_a_case_worked_by_hand(changed: dict[str, object], scale: int, total: int, level: str, advice: str) -> None:
    found = scored(scale=scale, **changed)
    assert (found.total, found.level, found.advice, found.reasons) == (total, level, advice, ())


def test_each_threshold_has_its_level() -> None:
    for highest, total in itertools.product(range(4), range(21)):
        expected = "high" if total > 6 else "medium" if total > 4 else "low-medium" if highest == 3 else "low"
        assert response(total, highest)[0] == expected


def test_any_set_comes_to_the_sum_of_its_points_and_worse_signs_to_no_less() -> None:
    dice = random.Random(2)
    every = {sign: [(first or last, points) for first, last, points in bands] for sign, bands in CHART.items()}
    for _ in range(2000):
        chosen = {sign: dice.choice(bands) for sign, bands in every.items()}
        word, given = dice.choice(["alert", "confused", "pain"]), dice.choice(["air", "oxygen"])
        expected = sum(points for _, points in chosen.values()) + 3 * (word != "alert") + 2 * (given == "oxygen")
        signs = {sign: value for sign, (value, _) in chosen.items()}
        found = scored(consciousness=word, oxygen_given=given, **signs)
        assert found.total == found.known == expected == sum(found.points.values())  # type: ignore[arg-type]
        sign = dice.choice(list(every))
        worse = dice.choice([value for value, points in every[sign] if points >= chosen[sign][1]])
        after = scored(consciousness=word, oxygen_given=given, **{**signs, sign: worse})
        levels = ["low", "low-medium", "medium", "high"]
        assert after.total >= found.total  # type: ignore[operator]
        assert levels.index(after.level) >= levels.index(found.level)


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("respiration", "no respiration"),
        ("oxygen", "no oxygen saturation"),
        ("oxygen_given", "nobody said whether oxygen was given"),
        ("systolic", "no systolic pressure"),
        ("pulse", "no pulse"),
        ("consciousness", "no level of consciousness"),
        ("temperature", "no temperature"),
    ],
)
def test_without_one_sign_there_is_no_total_but_the_points_of_the_others(sign: str, reason: str) -> None:
    found = scored(**{sign: None})
    assert (found.total, found.level, found.advice, found.reasons) == (None, "", "", (reason,))
    assert {name for name, points in found.points.items() if points is None} == {sign}


@pytest.mark.parametrize(
    ("changed", "least", "level", "advice"),
    [
        ({"respiration": 40, "oxygen": 80, "systolic": 70, "pulse": 140, "consciousness": "unresponsive"}, 15, "high",
         "emergency response"),
        ({"respiration": 25, "systolic": 100, "pulse": 130}, 7, "high", "emergency response"),
        ({"respiration": 24, "systolic": 100, "pulse": 110}, 5, "medium", "urgent review"),
        ({"consciousness": "voice"}, 3, "low-medium", "urgent ward review"),
        ({"consciousness": "voice", "pulse": 95}, 4, "low-medium", "urgent ward review"),
        ({"respiration": 24, "systolic": 100}, 4, "", ""),
        ({}, None, "", ""),
    ],
)  # fmt: skip
def test_the_points_that_there_are_call_for_what_they_come_to(
    changed: dict[str, object], least: int | None, level: str, advice: str
) -> None:
    found = scored(oxygen_given=None, **changed)
    assert (found.total, found.least, found.level, found.advice) == (None, least, level, advice)
    assert found.reasons == ("nobody said whether oxygen was given",)


def test_no_set_that_lacks_signs_calls_for_more_than_the_whole_one() -> None:
    dice = random.Random(3)
    levels = ["", "low", "low-medium", "medium", "high"]
    for _ in range(2000):
        signs: dict[str, object] = {sign: dice.choice(bands)[dice.randrange(2)] for sign, bands in CHART.items()}
        whole = scored(**{sign: 100 if value is None else value for sign, value in signs.items()})
        kept = {sign: None if dice.random() < 0.3 else 100 if value is None else value for sign, value in signs.items()}
        part = scored(**kept)
        assert (part.least or 0) <= (whole.least or 0)
        assert levels.index(part.level) <= levels.index(whole.level)
        assert part.rank <= whole.rank


def test_what_is_missing_is_told_together() -> None:
    assert score(Signs(pulse=80, systolic=120), 40).reasons == (
        "no respiration, oxygen saturation, level of consciousness and temperature",
        "nobody said whether oxygen was given",
    )


@pytest.mark.parametrize(("oxygen", "points"), [(83, 3), (85, 2), (87, 1), (92, 0), (93, None), (97, None)])
def test_by_scale_2_a_high_saturation_has_no_points_where_nobody_said_whether_oxygen_was_given(
    oxygen: int, points: int | None
) -> None:
    found = scored(scale=2, oxygen=oxygen, oxygen_given=None)
    assert found.points["oxygen"] == points
    assert found.reasons == ("nobody said whether oxygen was given",)


def test_children_have_no_points_at_all() -> None:
    for age in (0, 15):
        found = scored(age, respiration=40)
        assert (found.total, set(found.points.values()), found.reasons) == (None, {None}, ("aged under 16",))
        assert (found.least, found.level) == (None, "")
    assert scored(16).total == 0


def test_where_the_age_is_unknown_single_signs_have_their_points() -> None:
    found = scored(None, pulse=None, respiration=40)
    assert (found.total, found.points["respiration"], found.reasons) == (None, 3, ("age unknown", "no pulse"))
    assert (found.least, found.level, found.known) == (None, "", 3)
