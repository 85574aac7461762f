"""The dry run: what a sheet says against what is possible and what is on record, before anything is stored.

    people.py    whose each row is; newcomers.py  who is not on record; apart.py  two people under one MRN
    identity.py  who somebody is said to be; names.py  whether two names are of one person; scales.py  their SpO2 scale
    moments.py   when it was measured
    values.py    what can be believed, and what is unusual
    changes.py   what is on record already, or was quite different there
    scores.py    which sets will not be scored; telling.py  what else is shown before the sheet is accepted
    records.py   what is read of the record
    trial.py     the dry run in the making; findings.py  what it found, to be kept
    marked.py    the sheet with its faults, as a spreadsheet

In this order: who can be told apart from whom, then when, then what. A row that is left out is looked at no further, so
that each has one reason, the gravest.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from webapp import words
from webapp.models import Clinic
from webapp.uploads.checking import changes, moments, people, scores, telling, values
from webapp.uploads.checking.findings import Choices, Counts, Findings, OlderForm, RowState, Subject, Unknown, unit_in
from webapp.uploads.checking.records import mrn_key
from webapp.uploads.checking.trial import Trial
from webapp.uploads.drafts import Draft, Drafted, Fault, Reading
from webapp.uploads.workbook import Sheet

__all__ = ["MOST_PATIENTS", "MOST_READINGS", "Choices", "Findings", "OlderForm", "check", "check_again"]

MOST_PATIENTS = 2_000
"""In one sheet, and so in one report."""

MOST_READINGS = 100_000
"""In one sheet: six signs eight times a day for 2,000 patients. They are checked and stored while somebody waits."""

NO_MEASUREMENT = "empty row"


def check(drafted: Drafted, sheet: Sheet, clinic: Clinic, choices: Choices) -> Findings:
    """What becomes of the sheet, whose rows `drafted` tells. Reads the clinic's records, and changes nothing."""
    return _checked(drafted, len(sheet.rows), clinic, choices, _columns(drafted.drafts, sheet))


def check_again(findings: Findings, clinic: Clinic) -> Findings:
    """The same dry run by what the records say now."""
    drafted, choices = findings.drafted, findings.choices
    return _checked(drafted, len(findings.rows), clinic, choices, findings.columns)


def _checked(
    drafted: Drafted, height: int, clinic: Clinic, choices: Choices, columns: tuple[tuple[str, int], ...]
) -> Findings:
    if too_large := _too_large(drafted):
        # Nothing of it is kept either, which would take as long as to use it.
        drafted = Drafted((), (too_large,), drafted.read)
    trial = Trial(drafted, clinic, choices, dict(columns))
    trial.faults += drafted.faults
    moments.check_times(trial)
    unknown = people.settle(trial)
    moments.check_lives(trial)
    values.check_limits(trial)
    values.check_repeats(trial)
    values.check_pressures(trial)
    changes.check_against_record(trial)
    values.check_unusual(trial)
    return _found(trial, drafted, height, choices, columns, unknown)


def _too_large(drafted: Drafted) -> Fault | None:
    patients = len({_person(draft) for draft in drafted.drafts})
    readings = sum(len(draft.readings) for draft in drafted.drafts)
    for count, most, what in ((patients, MOST_PATIENTS, "patients"), (readings, MOST_READINGS, "readings")):
        if count > most:
            told = words.number(count)
            reason = f"The sheet holds {told} {what}, and {words.number(most)} is the most at once. Split it, and "
            reason += "upload the parts one by one."
            return Fault(None, None, "sheet that is too large", told, reason, "stops")
    return None


def _person(draft: Draft) -> tuple[Any, ...]:
    return (key,) if (key := mrn_key(draft.mrn)) else (draft.family, draft.given, draft.born)


def _found(
    trial: Trial,
    drafted: Drafted,
    height: int,
    choices: Choices,
    columns: tuple[tuple[str, int], ...],
    unknown: list[Unknown],
) -> Findings:
    trial.tell_of_patients()
    scores.tell_of_scores(trial)
    taken_for = telling.taken_for(trial)
    trial.faults += _rows_that_say_nothing(trial)
    faults = tuple(sorted(dict.fromkeys(trial.faults), key=_place))
    states = _rows(trial, faults, height, frozenset(drafted.ignored))
    subjects, belongs = _subjects(trial)
    used_days = [trial.days[at] for at, kept in enumerate(trial.kept) if kept]
    counts = _counts(trial, drafted, faults, states, subjects)
    return Findings(
        drafted=drafted,
        choices=choices,
        columns=columns,
        faults=faults,
        rows=states,
        subjects=subjects,
        belongs=belongs,
        used=tuple(
            tuple(place for place in kept if (at, place) not in trial.known) for at, kept in enumerate(trial.kept)
        ),
        known=tuple(sorted(set(trial.known.values()))),
        rescored=tuple(sorted(trial.rescored.items())),
        unknown=tuple(unknown),
        taken_for=taken_for,
        conversions=telling.conversions(trial),
        scales=tuple(change for drafts, change in trial.scale_changes if trial.is_used(drafts)),
        counts=counts,
        first=min(used_days, default=None),
        last=max(used_days, default=None),
        stops=_stops(drafted, faults, counts),
        told=_told(trial, counts, faults, states),
    )


def _rows_that_say_nothing(trial: Trial) -> list[Fault]:
    told = {fault.row for fault in trial.faults}
    empty = {row for draft in trial.drafts if not draft.readings for row in draft.rows}
    empty -= {row for draft in trial.drafts if draft.readings for row in draft.rows}
    reason = "The row holds no measurement that could be read."
    return [Fault(row, None, NO_MEASUREMENT, "", reason, "rows left out") for row in sorted(empty - told)]


def _place(fault: Fault) -> tuple[Any, ...]:
    """From the top of the sheet down, what concerns all of it first."""
    return (
        -1 if fault.row is None else fault.row,
        -1 if fault.column is None else fault.column,
        fault.kind,
        fault.reason,
        fault.given,
    )


def _rows(trial: Trial, faults: Iterable[Fault], height: int, ignored: frozenset[int]) -> tuple[RowState, ...]:
    """What becomes of each row, by what is left of its readings."""
    kept, dropped = [0] * height, [0] * height
    is_data = [False] * height
    for draft, left in zip(trial.drafts, trial.kept, strict=True):
        for row in draft.rows:
            is_data[row] = True
        for place, reading in enumerate(draft.readings):
            (kept if place in left else dropped)[reading.row] += 1
    for fault in faults:
        if fault.row is not None and fault.outcome in ("value left out", "rows left out") and fault.row < height:
            is_data[fault.row] = is_data[fault.row] or fault.row not in ignored
            dropped[fault.row] += 1
    return tuple(
        ("used in part" if dropped[row] else "used") if kept[row] else "left out" if is_data[row] else "no data"
        for row in range(height)
    )


def _subjects(trial: Trial) -> tuple[tuple[Subject, ...], tuple[int | None, ...]]:
    """The patients of whom something is used, and whose each draft is among them."""
    places: dict[int, int] = {}
    for whose, kept in zip(trial.whose, trial.kept, strict=True):
        if whose is not None and kept:
            places.setdefault(whose, len(places))
    belongs = tuple(
        places[whose] if whose is not None and kept else None
        for whose, kept in zip(trial.whose, trial.kept, strict=True)
    )
    return tuple(trial.subjects[whose] for whose in places), belongs


def _counts(
    trial: Trial,
    drafted: Drafted,
    faults: Iterable[Fault],
    states: tuple[RowState, ...],
    subjects: tuple[Subject, ...],
) -> Counts:
    faults = list(faults)
    rows_used = sum(state in ("used", "used in part") for state in states)
    rows_left_out = max(sum(state == "left out" for state in states), drafted.read - rows_used)
    by_kind = Counter(fault.kind for fault in faults)
    return Counts(
        patients=len(subjects),
        new_patients=sum(subject.patient_id is None for subject in subjects),
        rows_read=rows_used + rows_left_out,
        rows_used=rows_used,
        rows_left_out=rows_left_out,
        values_used=sum(map(len, trial.kept)),
        values_left_out=_values_left_out(trial, drafted, states),
        by_kind=tuple(sorted(by_kind.items(), key=lambda one: (-one[1], one[0]))),
    )


def _values_left_out(trial: Trial, drafted: Drafted, states: tuple[RowState, ...]) -> int:
    """In rows that are used: what could not be read, and what was read and is not used. What the sheet says twice is
    used once."""
    is_used = [state in ("used", "used in part") for state in states]
    unread = sum(
        fault.outcome == "value left out" and fault.row is not None and is_used[fault.row] for fault in drafted.faults
    )
    not_used = sum(
        is_used[reading.row] and place not in trial.kept[at] and (at, place) not in trial.twice
        for at, draft in enumerate(trial.drafts)
        for place, reading in enumerate(draft.readings)
    )
    return unread + not_used


def _stops(drafted: Drafted, faults: Iterable[Fault], counts: Counts) -> tuple[str, ...]:
    stops = list(dict.fromkeys(fault.reason for fault in faults if fault.outcome == "stops"))
    if not stops and not drafted.drafts:
        stops.append("No row of the sheet holds measurements that could be read.")
    elif not stops and not counts.values_used:
        stops.append("Nothing in the sheet can be used. The list of faults says why.")
    return tuple(stops)


_GRAVITY = ("rows left out", "value left out", "stops", "noted")


def _told(trial: Trial, counts: Counts, faults: Iterable[Fault], states: tuple[RowState, ...]) -> dict[str, Any]:
    """For the reports made of the sheet, see models.Upload.told."""
    why: dict[int, Fault] = {}
    for fault in faults:
        if fault.row is not None and fault.row < len(states) and states[fault.row] == "left out":
            before = why.get(fault.row)
            if before is None or _GRAVITY.index(fault.outcome) < _GRAVITY.index(before.outcome):
                why[fault.row] = fault
    left_out = Counter(fault.kind for fault in why.values())
    if rest := counts.rows_left_out - left_out.total():
        left_out[NO_MEASUREMENT] += rest
    used = [draft.readings[at] for draft, kept in zip(trial.drafts, trial.kept, strict=True) for at in kept]
    return {
        "read": counts.rows_read,
        "used": counts.rows_used,
        "readings": counts.values_used,
        "left_out": dict(sorted(left_out.items())),
        "converted": _listed((one.measure, _unit(one.given)) for one in used if one.converted),
        "assumed": _listed((one.measure, _assumed(one)) for one in used if one.column is None),
    }


def _assumed(reading: Reading) -> str:
    return reading.word or reading.given


def _unit(given: str) -> str:
    """The unit of "98.6 °F"."""
    return unit_in(given) or given


def _listed(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for measure, told in pairs:
        found.setdefault(measure, set()).add(told)
    return {measure: words.listed(sorted(told)) for measure, told in sorted(found.items())}


_LOOKED_AT = 200
"""Drafts by which the columns are found."""


def _columns(drafts: Iterable[Draft], sheet: Sheet) -> tuple[tuple[str, int], ...]:
    """In which columns the MRN and the name stand, so that a fault can be told beside its cell."""
    seen: dict[str, Counter[int]] = {"mrn": Counter(), "name": Counter()}
    for draft in list(drafts)[:_LOOKED_AT]:
        for at, cell in enumerate(sheet.rows[draft.rows[0]]):
            told = _text(cell)
            if draft.mrn and told == mrn_key(draft.mrn):
                seen["mrn"][at] += 1
            elif draft.family and draft.family.casefold() in told:
                seen["name"][at] += 1
    return tuple((what, min(found, key=lambda at: (-found[at], at))) for what, found in seen.items() if found)


def _text(cell: object) -> str:
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else mrn_key(str(cell or ""))
