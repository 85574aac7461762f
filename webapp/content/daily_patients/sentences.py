"""What the report says in words: the first page, what became of the sheet's rows, and what each figure means."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from webapp import words
from webapp.content.daily_patients.cases import FEWEST_SHOWN, STILL, Case
from webapp.content.daily_patients.charts import STEADY
from webapp.content.daily_patients.readings import DAYS_BEFORE, Read
from webapp.content.daily_patients.verdicts import figure_at
from webapp.content.vitals.daily import CONSCIOUSNESS, NUMBERS, OXYGEN_GIVEN
from webapp.content.vitals.news2 import AGE_UNKNOWN, ASSESS, EMERGENCY, REVIEW, ROUTINE, TOO_YOUNG, URGENT, WARD_REVIEW
from webapp.figures import Definition, Excluded, Metric, Rows

_THRESHOLDS = {
    EMERGENCY: "an emergency response (NEWS2 of 7 or more)",
    REVIEW: "an urgent review (NEWS2 of 5 or 6)",
    WARD_REVIEW: "an urgent ward review (3 points in one sign)",
}
"""What calls for somebody soon, the most urgent first."""


_EARLIER = {EMERGENCY: "7 or more", REVIEW: "5 or 6"}
"""Of these levels it is also told who had been there, and is not now."""

MOST_NAMED = 3


def summary(cases: Sequence[Case], last_day: date) -> tuple[str, ...]:
    unscored = [case for case in cases if not case.judged.score.advice]
    patients = words.plural(len(cases), "patient")
    sentences: list[str] = []
    for advice, what in _THRESHOLDS.items():
        those = [case for case in cases if case.judged.score.advice == advice]
        if those:
            sentences.append(_called_for(those, what, "" if sentences else f" of {patients}"))
    if not sentences and len(unscored) < len(cases):
        sentences.append(f"Of {patients} nobody who was scored needs an urgent or emergency response.")
    sentences += [told for advice in _EARLIER if (told := _earlier(cases, advice, last_day))]
    if unscored:
        of_all = "" if sentences else f" of {patients}"
        sentences.append(f"{words.number(len(unscored))}{of_all} could not be scored: {_why(unscored)}.")
    high = sum(case.latest.score.known >= URGENT for case in unscored)
    if high:
        sentences.append(f"Of those not scored the known points of {words.number(high)} come to {URGENT} or more.")
    return tuple(sentences)


def _called_for(those: Sequence[Case], what: str, of_all: str) -> str:
    """ "2 of 9 patients need an urgent review (NEWS2 of 5 or 6), 1 of them with readings missing." """
    number, lacking = len(those), sum(case.latest.score.total is None for case in those)
    missing = f", {words.number(lacking)} of them with readings missing" if lacking else ""
    if number == lacking:
        missing = ", with readings missing" if number == 1 else ", all of them with readings missing"
    return f"{words.number(number)}{of_all} {'needs' if number == 1 else 'need'} {what}{missing}."


def _earlier(cases: Sequence[Case], advice: str, last_day: date) -> str:
    """Who had a score that calls for so much at another time of the sheet's days, and has a lower level now."""
    found = [(case, case.highest) for case in cases if case.highest and case.highest.score.advice == advice]
    if not found:
        return ""
    more = " more" if any(case.judged.score.advice == advice for case in cases) else ""
    named = [f"{case.name} ({figure_at(case, one, last_day)})" for case, one in found[:MOST_NAMED]]
    others = [f"{words.number(len(found) - MOST_NAMED)} others"] if len(found) > MOST_NAMED else []
    score = f"had a NEWS2 of {_EARLIER[advice]} at another time"
    return f"{words.number(len(found))}{more} {score}: {'; '.join([*named, *others])}."


def _why(unscored: Sequence[Case]) -> str:
    found: Counter[str] = Counter()
    for case in unscored:
        reasons = case.latest.score.reasons
        known = next((reason for reason in (TOO_YOUNG, AGE_UNKNOWN) if reason in reasons), "with readings missing")
        found[known] += 1
    order = {TOO_YOUNG: TOO_YOUNG, AGE_UNKNOWN: "of unknown age", "with readings missing": "with readings missing"}
    return words.listed([f"{words.number(found[reason])} {told}" for reason, told in order.items() if found[reason]])


def metrics(cases: Sequence[Case]) -> tuple[Metric, ...]:
    found = Counter(case.judged.score.advice for case in cases)
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
    by_scale_2 = sum(any(one.scale == 2 for one in case.own) for case in cases)
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
            "Readings of one patient at one time are one set. One whose time is not known counts as one at noon of its "
            "day, where it is drawn.",
        ),
        Definition(
            "Not scored",
            "NEWS2 is for people of 16 and over, by the age on the day of the reading, and not for use in pregnancy, "
            "of which a sheet says nothing. A set that lacks a sign has no score.",
        ),
        Definition(
            "At least",
            "The points of a set that lacks a sign: its score cannot be less. Where they alone come to 5 or more, or "
            "to 3 in one sign, the response is what they call for, and may have to be a more urgent one.",
        ),
        Definition(
            "Was",
            f"The last score of no more than {STILL // timedelta(hours=1)} hours before, where the latest set lacks "
            "signs and its points are fewer. Where it calls for somebody soon, it goes on counting, so that a set with "
            "little in it does not make a patient look better.",
        ),
        Definition(
            "Highest",
            "The highest score of the sheet’s days, from the sheet or on record, where its level is above that by "
            "which the patient is judged.",
        ),
        Definition(
            "Order",
            "By the score, or by what it is at least, the highest first; then those of whom nothing can be said.",
        ),
        Definition(
            "Oxygen saturation, scale 2",
            "For hypercapnic respiratory failure with a target of 88 to 92 %, where a clinician has decided so: on "
            "oxygen, 93 % and more have points too. Each reading is scored by the scale that held when its sheet was "
            f"brought, or else by the patient’s own. {used}",
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
            "Readings that are not from this sheet. Those of the days that a patient has in the sheet are shown with "
            f"them; where these are fewer than {FEWEST_SHOWN} sets, the latest of up to {DAYS_BEFORE} days before fill "
            "them up.",
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
