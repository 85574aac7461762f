"""Which readings can be believed: within what is possible, not said twice, the two pressures in their order."""

from collections import defaultdict
from datetime import date, datetime

from webapp.content.vitals import daily
from webapp.content.vitals.bands import Limits
from webapp.uploads.checking.trial import LABELS, Trial, as_given, figure, rows
from webapp.uploads.drafts import Reading

Places = list[tuple[int, int]]
"""Of readings: the place of the draft, and of the reading in it."""

SYSTOLIC, DIASTOLIC = "systolic", "diastolic"


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
    repeated: dict[int, dict[int, Reading]] = defaultdict(dict)
    for places in said.values():
        if len(places) == 1:
            continue
        first, *others = (trial.drafts[at].readings[place] for at, place in places)
        if all(same_value(first, other.value, other.word) for other in others):
            for at, place in places[1:]:
                repeated[at][place] = first
        else:
            _tell_of_two(trial, places)
    for at, firsts in repeated.items():
        _tell_of_repeats(trial, at, firsts)


def same_value(reading: Reading, value: float | None, word: str) -> bool:
    """Whether both say the same. Numbers may differ by what turning them into another unit and back leaves."""
    if reading.value is None or value is None:
        return reading.value is value and reading.word == word
    return abs(reading.value - value) < 0.005 and (not reading.word or not word or reading.word == word)


def _tell_of_two(trial: Trial, places: Places) -> None:
    readings = [trial.drafts[at].readings[place] for at, place in places]
    told = [f"{as_given(one)} in {rows([one.row])}" for one in readings]
    values = "; ".join(told[:5])
    for (at, place), reading in zip(places, readings, strict=True):
        trial.drop(
            at, place, "contradicting value", f"The sheet has several values of {LABELS[reading.measure].lower()} for "
            f"this patient and moment: {values}. Which is right is not known, so none is used.",
        )  # fmt: skip


def _tell_of_repeats(trial: Trial, at: int, firsts: dict[int, Reading]) -> None:
    if set(trial.kept[at]) <= set(firsts):
        told = rows(first.row for first in firsts.values())
        trial.leave_out(at, "repeated row", f"It says the same as {told}, which is used.")
        return
    for place, first in firsts.items():
        trial.drop(at, place, "repeated value", f"It is said in {rows([first.row])} already, and used once.", "noted")


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
