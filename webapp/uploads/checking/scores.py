"""Which sets of readings will have no score by NEWS2, told while it can still be mended."""

from calendar import monthrange
from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

from webapp import words
from webapp.content.filters import OLDEST
from webapp.content.vitals import news2
from webapp.content.vitals.bands import NEWS2_AGE
from webapp.content.vitals.daily import OXYGEN_GIVEN
from webapp.content.vitals.news2 import AGE_UNKNOWN, AIR, ON_OXYGEN, SIGNS, Signs
from webapp.uploads.checking.findings import Subject
from webapp.uploads.checking.trial import Trial
from webapp.uploads.drafts import Reading

KIND = "no NEWS2 score"

_CALLED = {**SIGNS, OXYGEN_GIVEN: "air or oxygen", AGE_UNKNOWN: "the birth date"}


def tell_of_scores(trial: Trial) -> None:
    """Note how many sets will not be scored, and what they lack. A set is what the sheet says of a patient and moment;
    one without any sign of NEWS2, such as a weight alone, is none."""
    sets: dict[tuple[int, datetime | date], dict[str, Any]] = defaultdict(dict)
    days: dict[tuple[int, datetime | date], date] = {}
    for at in trial.going():
        whose, readings = trial.whose[at], trial.drafts[at].readings
        assert whose is not None
        for place in trial.kept[at]:
            if readings[place].measure in SIGNS:
                key = whose, trial.same[at]
                sets[key][readings[place].measure] = _said(readings[place])
                days[key] = trial.days[at]
    missing: Counter[str] = Counter()
    children = unscored = 0
    for (whose, moment), said in sets.items():
        age = _age(trial.subjects[whose], days[whose, moment])
        if age is not None and age < NEWS2_AGE:
            children += 1
        elif news2.score(Signs(**said), age, trial.subjects[whose].scored_by).total is None:
            unscored += 1
            missing.update(name for name in SIGNS if name not in said)
            missing[AGE_UNKNOWN] += age is None
    if told := _adults(unscored, len(sets) - children, missing) + _children(children):
        trial.note_sheet(KIND, " ".join(told))


def _said(reading: Reading) -> float | str | None:
    if reading.measure != OXYGEN_GIVEN or reading.word:
        return reading.word or reading.value
    return ON_OXYGEN if reading.value else AIR


def _age(subject: Subject, day: date) -> int | None:
    """In completed years, the fewest that there can be; None where it is not known to be under or over NEWS2's first
    age."""
    filled = dict(subject.fills)
    born, precision = subject.born, subject.born_precision
    if born is None and "birth_date" in filled:
        born, precision = date.fromisoformat(filled["birth_date"]), filled["birth_precision"]
    if born is None:
        return None
    month = 12 if precision == "year" else born.month
    latest = born if precision == "day" else date(born.year, month, monthrange(born.year, month)[1])
    youngest, oldest = _completed(latest, day), _completed(born, day)
    if oldest >= OLDEST or youngest < NEWS2_AGE <= oldest:
        return None
    return youngest


def _completed(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _adults(unscored: int, sets: int, missing: Counter[str]) -> list[str]:
    if not unscored:
        return []
    by_count: dict[int, list[str]] = defaultdict(list)
    for name, called in _CALLED.items():
        by_count[missing[name]].append(called)
    by_count.pop(0, None)
    told: list[str] = []
    for count, signs in sorted(by_count.items(), reverse=True):
        verb = "" if told else " is missing" if len(signs) == 1 else " are missing"
        told.append(f"{words.listed(signs)}{verb} in {words.number(count)}{' each' if len(signs) > 1 else ''}")
    of = f"{words.number(unscored)} of {words.plural(sets, 'set')}"
    return [f"{of} of vital signs will have no NEWS2 score: {', '.join(told)}."]


def _children(children: int) -> list[str]:
    if not children:
        return []
    verb = "is" if children == 1 else "are"
    return [f"{words.plural(children, 'set')} {verb} of children under {NEWS2_AGE}, for whom NEWS2 is not made."]
