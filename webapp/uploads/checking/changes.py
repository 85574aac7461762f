"""The sheet's readings against those on record: said before, said otherwise, or changed more than is usual."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp import words
from webapp.content.vitals import daily
from webapp.content.vitals.bands import OXYGEN
from webapp.uploads.checking import records
from webapp.uploads.checking.records import A_WEEK, OnRecord, instant, same_moment
from webapp.uploads.checking.trial import LABELS, Trial, as_given, figure
from webapp.uploads.checking.values import same_value

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """How much a measure may change within a time before it is told: in its own unit, or as a share of what it was."""

    most: float
    within: timedelta
    is_share: bool = False

    def is_sudden(self, before: float, now: float) -> bool:
        return abs(now - before) > (self.most * abs(before) if self.is_share else self.most)


CHANGES = {
    "respiration": Change(15, A_WEEK),
    "oxygen": Change(10, A_WEEK),
    "systolic": Change(40, A_WEEK),
    "diastolic": Change(40, A_WEEK),
    "pulse": Change(50, A_WEEK),
    "temperature": Change(3, A_DAY),
    "glucose": Change(15, A_WEEK),
    "weight": Change(0.1, A_WEEK, is_share=True),
}
"""Ours: laboratories call it a delta check, and each sets its own; no guideline gives limits for vital signs. Each is
wide enough for the usual course of an illness, and narrow enough to show another patient's figure, a slip of the
decimal point, or pounds for kilograms. They note, and leave nothing out."""


def check_against_record(trial: Trial) -> None:
    """What is on record with the same value is not stored again; with another value, it is left out. Then tell of
    sudden changes."""
    going = trial.going()
    if not going:
        return
    whose = {subject.patient_id: at for at, subject in enumerate(trial.subjects) if subject.patient_id}
    days = [trial.days[at] for at in going]
    found = records.readings(whose, min(days) - A_WEEK, max(days))
    on_record = {(whose[patient_id], measure): some for (patient_id, measure), some in found.items()}
    _check_repeats(trial, going, on_record)
    _tell_of_changes(trial, going, on_record)


def _check_repeats(trial: Trial, going: list[int], on_record: dict[tuple[int, str], list[OnRecord]]) -> None:
    if not on_record:
        return
    at_moment = {key: _by_moment(some) for key, some in on_record.items()}
    for at in going:
        subject, moment = trial.whose[at], trial.same[at]
        assert subject is not None
        for place in list(trial.kept[at]):
            reading = trial.drafts[at].readings[place]
            there = at_moment.get((subject, reading.measure), {}).get(moment, [])
            same = next((one for one in there if same_value(reading, one.value, one.word)), None)
            if same:
                trial.known[at, place] = same.id
                if scale := _scale(trial, at, same):
                    trial.rescored[same.id] = scale
            elif there:
                told = " and ".join(figure(one.measure, one.value, one.word) for one in there)
                trial.drop(
                    at, place, "different value", f"{LABELS[reading.measure]} is {as_given(reading)} here, but {told} "
                    "on record for this patient and moment. The record stays.",
                )  # fmt: skip
    if trial.known:
        count, used = len(trial.known), sum(map(len, trial.kept))
        told = f"{words.number(count)} of {words.plural(used, 'value')} {'is' if count == 1 else 'are'} on record"
        trial.note_sheet("value on record", f"{told} already with the same value, and not stored again.")


def _scale(trial: Trial, at: int, same: OnRecord) -> int | None:
    """The SpO2 scale that a reading on record gets, where it has none, or another than the sheet tells."""
    whose = trial.whose[at]
    if same.measure != OXYGEN.name or whose is None:
        return None
    subject = trial.subjects[whose]
    is_told = subject.scale is not None or trial.drafts[at].scale is not None
    return subject.scored_by if same.scale is None or (is_told and same.scale != subject.scored_by) else None


def _by_moment(some: list[OnRecord]) -> dict[object, list[OnRecord]]:
    found: dict[object, list[OnRecord]] = defaultdict(list)
    for one in some:
        found[same_moment(one.at)].append(one)
    return found


def _tell_of_changes(trial: Trial, going: list[int], on_record: dict[tuple[int, str], list[OnRecord]]) -> None:
    said: dict[tuple[int, str], list[tuple[datetime, int, int]]] = defaultdict(list)
    for at in going:
        subject, moment = trial.whose[at], instant(trial.same[at], trial.zone)
        assert subject is not None
        for place in trial.kept[at]:
            reading = trial.drafts[at].readings[place]
            if reading.measure in CHANGES and reading.value is not None:
                said[subject, reading.measure].append((moment, at, place))
    for (subject, measure), places in said.items():
        before = [
            (instant(one.at, trial.zone), one.value)
            for one in on_record.get((subject, measure), ())
            if one.value is not None
        ]
        here = [(moment, trial.drafts[at].readings[place].value or 0) for moment, at, place in places]
        course = sorted({*before, *here})
        for moment, at, place in places:
            if (at, place) not in trial.known:
                _tell_if_sudden(trial, at, place, moment, course)


def _tell_if_sudden(trial: Trial, at: int, place: int, moment: datetime, course: list[tuple[datetime, float]]) -> None:
    """Against the latest reading before."""
    reading = trial.drafts[at].readings[place]
    change, earlier = CHANGES[reading.measure], bisect_left(course, (moment, float("-inf"))) - 1
    if earlier < 0 or reading.value is None:
        return
    when, before = course[earlier]
    if moment - when > change.within or not change.is_sudden(before, reading.value):
        return
    unit = daily.NUMBERS[reading.measure].label
    trial.at_reading(
        at, place, "sudden change", f"{unit} was {figure(reading.measure, before)} on {trial.moment(when)}, and is "
        f"{as_given(reading)} here. Used; check it.",
    )  # fmt: skip
