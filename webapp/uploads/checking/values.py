"""Which readings can be believed: within what is possible, not said twice, the two pressures in their order; and which
are possible, but unusual.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from webapp import words
from webapp.content.vitals import daily
from webapp.content.vitals.bands import Limits
from webapp.uploads.checking.trial import LABELS, Trial, as_given, figure, rows
from webapp.uploads.drafts import Reading

Places = list[tuple[int, int]]
"""Of readings: the place of the draft, and of the reading in it."""

SYSTOLIC, DIASTOLIC = "systolic", "diastolic"

UNUSUAL = {
    "respiration": (5, 50),
    "oxygen": (70, 100),
    "systolic": (60, 250),
    "diastolic": (30, 140),
    "pulse": (30, 200),
    "temperature": (33, 42),
    "glucose": (2.2, 27.8),
    "weight": (0.2, 250),
}
"""Under the first and over the second of these, in our units, a reading is used and told.

    saturation   oximeters state their accuracy from 70 to 100 % (ISO 80601-2-61), and say nothing of less
    glucose      40 and 500 mg/dL, the outer ends of what laboratories call critical values: ARUP Laboratories' list of
                 2017 has under 40 or over 450, others over 400, Salem Health since 2017 over 500
    all others   ours: far beyond the bands of NEWS2 that score 3, and within what can be, so that a slip of a key or of
                 a column is seen
"""


def check_limits(trial: Trial) -> None:
    for at in trial.going():
        for place in list(trial.kept[at]):
            reading = trial.drafts[at].readings[place]
            limits = limits_of(reading.measure)
            if limits and reading.value is not None and not limits.hold(reading.value):
                trial.drop(
                    at, place, "implausible value", f"{LABELS[reading.measure]} of {as_given(reading)} cannot be "
                    f"right: {_possible(reading.measure, limits)}.",
                )  # fmt: skip


def limits_of(measure: str) -> Limits | None:
    if measure == daily.OXYGEN_GIVEN:
        return daily.FLOW_LIMITS
    return daily.NUMBERS[measure].limits if measure in daily.NUMBERS else None


def _possible(measure: str, limits: Limits) -> str:
    low, high = (figure(measure, end) for end in (limits.low, limits.high))
    least = f"{low} or more" if limits.low_is_in else f"more than {low}"
    return f"it must be {least} and {f'at the most {high}' if limits.high_is_in else f'less than {high}'}"


def check_repeats(trial: Trial) -> None:
    """Of what a sheet says twice of a patient, moment and measure the first is used; where it says two things, none."""
    said: dict[tuple[int | None, datetime | date, str], Places] = defaultdict(list)
    for at in trial.going():
        whose, same, readings = trial.whose[at], trial.same[at], trial.drafts[at].readings
        for place in trial.kept[at]:
            said[whose, same, readings[place].measure].append((at, place))
    repeated: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for places in said.values():
        if len(places) == 1:
            continue
        first, *others = (trial.drafts[at].readings[place] for at, place in places)
        if all(same_value(first, other.value, other.word) for other in others):
            for at, place in places[1:]:
                repeated[at][place] = places[0]
        else:
            _tell_of_two(trial, places)
    for at, firsts in repeated.items():
        _tell_of_repeats(trial, at, firsts)


def same_value(reading: Reading, value: float | None, word: str) -> bool:
    """Whether both say the same, to the digits that are written: turned into another unit no number stays round."""
    if reading.value is None or value is None:
        return reading.value is value and reading.word == word
    digits = daily.DECIMALS.get(reading.measure, 0)
    is_near = abs(reading.value - value) < 0.005 or (round(reading.value, digits) == round(value, digits) and digits)
    return bool(is_near) and (not reading.word or not word or reading.word == word)


def _tell_of_two(trial: Trial, places: Places) -> None:
    readings = [trial.drafts[at].readings[place] for at, place in places]
    told = [f"{as_given(one)} in {_where(trial, [place])}" for one, place in zip(readings, places, strict=True)]
    values = "; ".join(told[:5])
    for (at, place), reading in zip(places, readings, strict=True):
        trial.drop(
            at, place, "contradicting value", f"The sheet has several values of {LABELS[reading.measure].lower()} for "
            f"this patient and moment: {values}. Which is right is not known, so none is used.",
        )  # fmt: skip


def _where(trial: Trial, places: Iterable[tuple[int, int]]) -> str:
    """ "row 2", or where that has several groups of columns "row 2 (PRE)"."""
    places = list(places)
    groups = sorted({group for at, _ in places if (group := trial.drafts[at].group)})
    told = rows(trial.drafts[at].readings[place].row for at, place in places)
    return f"{told} ({words.listed(groups)})" if groups else told


def _tell_of_repeats(trial: Trial, at: int, firsts: dict[int, tuple[int, int]]) -> None:
    """`firsts` are where readings of this draft were said before. Whether they are used there is not said: what is
    looked at next may leave them out."""
    draft = trial.drafts[at]
    trial.twice.update((at, place) for place in firsts)
    first_rows = {trial.drafts[first].readings[place].row for first, place in firsts.values()}
    if len(firsts) == len(draft.readings) and first_rows.isdisjoint(draft.rows):
        told = _where(trial, firsts.values())
        trial.leave_out(at, "repeated row", f"It says the same as {told}, and is not counted twice.")
        return
    for place, first in firsts.items():
        reason = f"It is said in {_where(trial, [first])} already, and is not counted twice."
        trial.drop(at, place, "repeated value", reason, "noted")


def check_unusual(trial: Trial) -> None:
    """Tell of what is possible and seldom true, unless it is on record already."""
    for at in trial.going():
        for place in trial.kept[at]:
            reading = trial.drafts[at].readings[place]
            low, high = UNUSUAL.get(reading.measure, (None, None))
            if low is None or high is None or reading.value is None or (at, place) in trial.known:
                continue
            if not low <= reading.value <= high:
                end = f"less than {figure(reading.measure, low)}" if reading.value < low else (
                    f"more than {figure(reading.measure, high)}"
                )  # fmt: skip
                reason = f"{LABELS[reading.measure]} of {as_given(reading)} is unusual: {end}. Used; check it."
                trial.at_reading(at, place, "unusual value", reason)


def check_pressures(trial: Trial) -> None:
    for at in trial.going():
        readings = trial.drafts[at].readings
        found = {readings[place].measure: place for place in trial.kept[at]}
        high, low = found.get(SYSTOLIC), found.get(DIASTOLIC)
        if high is not None and low is not None:
            upper, lower = readings[high].value, readings[low].value
            if upper is not None and lower is not None and lower >= upper:
                for place in (high, low):
                    trial.drop(
                        at, place, "implausible pressure", f"A diastolic pressure of {as_given(readings[low])} is not "
                        f"below a systolic one of {as_given(readings[high])}; perhaps they are exchanged. Neither is "
                        "used.",
                    )  # fmt: skip
        elif (alone := high if low is None else low) is not None:
            missing = DIASTOLIC if low is None else SYSTOLIC
            trial.at_reading(
                at, alone, "lone pressure", f"There is no {LABELS[missing].lower()} that could be used with it."
            )  # fmt: skip
