"""What the report says in words: the first page, what became of the sheet's rows, and what each figure means."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from webapp import words
from webapp.content.daily_patients.cases import FEWEST_SHOWN, Case
from webapp.content.daily_patients.charts import STEADY
from webapp.content.daily_patients.readings import DAYS_BEFORE, Read
from webapp.content.vitals.daily import CONSCIOUSNESS, NUMBERS, OXYGEN_GIVEN
from webapp.content.vitals.news2 import AGE_UNKNOWN, ASSESS, EMERGENCY, REVIEW, ROUTINE, TOO_YOUNG, URGENT, WARD_REVIEW
from webapp.figures import Definition, Excluded, Metric, Rows

_THRESHOLDS = {
    EMERGENCY: "an emergency response (NEWS2 of 7 or more)",
    REVIEW: "an urgent review (NEWS2 of 5 or 6)",
    WARD_REVIEW: "an urgent ward review (3 points in one sign)",
}
"""What calls for somebody soon, the most urgent first."""


def summary(cases: Sequence[Case]) -> tuple[str, ...]:
    found = Counter(case.latest.score.advice for case in cases)
    told = [(found[advice], what) for advice, what in _THRESHOLDS.items() if found[advice]]
    unscored = [case for case in cases if case.latest.score.total is None]
    patients = words.plural(len(cases), "patient")
    sentences = []
    for at, (number, what) in enumerate(told):
        of_all = f" of {patients}" if at == 0 else ""
        sentences.append(f"{words.number(number)}{of_all} {'needs' if number == 1 else 'need'} {what}.")
    if not told and len(unscored) < len(cases):
        sentences.append(f"Of {patients} nobody who was scored needs an urgent or emergency response.")
    if unscored:
        of_all = "" if sentences else f" of {patients}"
        sentences.append(f"{words.number(len(unscored))}{of_all} could not be scored: {_why(unscored)}.")
    high = sum(case.latest.score.known >= URGENT for case in unscored)
    if high:
        sentences.append(f"Of those not scored the known points of {words.number(high)} come to {URGENT} or more.")
    return tuple(sentences)


def _why(unscored: Sequence[Case]) -> str:
    found: Counter[str] = Counter()
    for case in unscored:
        reasons = case.latest.score.reasons
        known = next((reason for reason in (TOO_YOUNG, AGE_UNKNOWN) if reason in reasons), "with readings missing")
        found[known] += 1
    order = {TOO_YOUNG: TOO_YOUNG, AGE_UNKNOWN: "of unknown age", "with readings missing": "with readings missing"}
    return words.listed([f"{words.number(found[reason])} {told}" for reason, told in order.items() if found[reason]])


def metrics(cases: Sequence[Case]) -> tuple[Metric, ...]:
    found = Counter(case.latest.score.advice for case in cases)
    return (
        Metric("patients", "Patients", len(cases)),
        Metric("high", "NEWS2 of 7 or more", found[EMERGENCY], note=EMERGENCY),
        Metric("medium", "NEWS2 of 5 or 6", found[REVIEW], note=REVIEW),
        Metric("unscored", "Not scored", found[""]),
    )


def rows(told: Mapping[str, Any], cases: Sequence[Case]) -> Rows:
    """As they were counted when the sheet was accepted; where that was not kept, the sets of readings."""
    left_out = told.get("left_out")
    reasons = left_out if isinstance(left_out, dict) else {}
    counts = [(str(reason), _count(number)) for reason, number in reasons.items()]
    excluded = [(reason, count) for reason, count in counts if count]
    used, read = _count(told.get("used")), _count(told.get("read"))
    if used is None:
        sets = sum(len(case.own) for case in cases)
        return Rows("readings", sets, sets)
    others = (read or 0) - used - sum(count for _, count in excluded)
    if others > 0:
        excluded.append(("for other reasons", others))
    excluded.sort(key=lambda one: (-one[1], one[0]))
    total = used + sum(count for _, count in excluded)
    return Rows("rows", total, used, tuple(Excluded(reason, count) for reason, count in excluded))


def _count(value: Any) -> int | None:
    """None for what is no count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def definitions(read: Read, cases: Sequence[Case]) -> tuple[Definition, ...]:
    by_scale_2 = sum(case.known.scale == 2 for case in cases)
    used = (
        f"It is used here for {words.plural(by_scale_2, 'patient')}." if by_scale_2 else "It is used for nobody here."
    )
    return (
        Definition(
            "NEWS2",
            "National Early Warning Score 2, Royal College of Physicians, London 2017, chart 1: points for "
            "respiration, oxygen saturation, oxygen given, systolic pressure, pulse, consciousness and temperature, "
            "added up. It helps clinicians to judge, and does not take the place of their judgement.",
        ),
        Definition(
            "Response",
            f"By charts 2 and 4 of the same. 7 or more: {EMERGENCY}; 5 or 6: {REVIEW}; less, but 3 in one sign: "
            f"{WARD_REVIEW}; else 1 to 4: {ASSESS}, and 0: {ROUTINE}.",
        ),
        Definition(
            "Latest reading",
            "The score is that of the patient’s latest set of readings in the sheet that has any sign of NEWS2. "
            "Readings of one patient at one time are one set.",
        ),
        Definition(
            "Not scored",
            "NEWS2 is for people of 16 and over, by the age on the day of the reading, and not for use in pregnancy, "
            "of which a sheet says nothing. A set that lacks a sign has no score: points of the others are given, and "
            "the score cannot be less than what they come to.",
        ),
        Definition(
            "Oxygen saturation, scale 2",
            "For hypercapnic respiratory failure with a target of 88 to 92 %, where a clinician has decided so: on "
            f"oxygen, 93 % and more have points too. {used}",
        ),
        Definition(
            "Rounding",
            "Readings are rounded to whole numbers, temperature, glucose, weight and oxygen flow to tenths, a half "
            "upwards, and then scored.",
        ),
        Definition(
            "Bubbles",
            "A bubble’s area stands for NEWS2 points + 1, so that a reading of 0 points has a small one. A hollow "
            "bubble is a reading without points.",
        ),
        Definition(
            "Steady",
            f"Readings with the same points that lie no further apart than this: {STEADY}; or that are all the same.",
        ),
        Definition(
            "On record",
            f"Readings that are not from this sheet, from before a patient’s first one in it back to {DAYS_BEFORE} "
            f"days before that day. Where the sheet has fewer than {FEWEST_SHOWN} sets, the latest of them fill it up.",
        ),
        Definition("Change", "Against the patient’s latest reading of the day before."),
        *_of_the_sheet(read.told),
    )


def _of_the_sheet(told: Mapping[str, Any]) -> list[Definition]:
    """What was converted or assumed when the sheet was read."""
    found = []
    converted = [f"{_label(name)} from {unit} to {_unit(name)}" for name, unit in _pairs(told, "converted")]
    if converted:
        found.append(Definition("Converted units", f"Turned from the sheet’s units: {'; '.join(converted)}."))
    assumed = [f"{_label(name)}: {word}" for name, word in _pairs(told, "assumed")]
    if assumed:
        by = "Not in the sheet, but said of all of it by whoever brought it"
        found.append(Definition("Assumed", f"{by}: {'; '.join(assumed)}."))
    return found


def _pairs(told: Mapping[str, Any], key: str) -> list[tuple[str, str]]:
    pairs = told.get(key)
    return sorted((str(name), str(word)) for name, word in pairs.items()) if isinstance(pairs, dict) else []


def _label(name: str) -> str:
    if name in NUMBERS:
        return NUMBERS[name].label.lower()
    return {OXYGEN_GIVEN: "air or oxygen", CONSCIOUSNESS: "consciousness"}.get(name, name)


def _unit(name: str) -> str:
    return NUMBERS[name].unit if name in NUMBERS else "ours"
