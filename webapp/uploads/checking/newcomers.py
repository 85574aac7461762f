"""MRNs that are not on record: added or left out, as somebody has chosen, and who on record or in the sheet may be
meant by them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from webapp import words
from webapp.uploads.checking import names, scales
from webapp.uploads.checking.apart import contradiction, tell_apart
from webapp.uploads.checking.findings import Subject, Unknown
from webapp.uploads.checking.identity import Born, born_in, born_of, coarseness, kept, length, name_in, name_of, who
from webapp.uploads.checking.names import Name
from webapp.uploads.checking.records import Patients
from webapp.uploads.checking.trial import Trial, row

Added = tuple[list[int], Subject]
"""The drafts of a new patient, and who it is."""

FEW = 3
"""Of many who are alike so many are named."""


@dataclass(slots=True)
class _Newcomer:
    """`asks_name`: neither the sheet nor the choices name it. `looks_like` and `twin` are as in Unknown."""

    mrn: str
    drafts: list[int]
    name: Name
    asks_name: bool
    born: Born
    looks_like: str
    twin: str = ""


def settle(trial: Trial, by_mrn: Mapping[str, list[int]], patients: Patients) -> tuple[list[Unknown], list[Added]]:
    """Who is not on record, and who of them is added; the drafts of all others are left out."""
    newcomers = []
    for drafts in by_mrn.values():
        if pair := contradiction(trial, drafts):
            tell_apart(trial, drafts, pair)
        else:
            newcomers.append(_newcomer(trial, drafts, patients))
    _find_twins(trial, newcomers)
    unknown, added = [], []
    for one in newcomers:
        choice = trial.choice(one.mrn, is_like_another=bool(one.looks_like))
        count = len({row for at in one.drafts for row in trial.drafts[at].rows})
        unknown.append(
            Unknown(one.mrn, names.written(one.name), count, one.asks_name, one.looks_like, one.twin, choice)
        )
        if choice == "add" and not one.asks_name:
            added.append((one.drafts, _added(trial, one)))
        else:
            _leave_out(trial, one, is_chosen=choice == "add")
    return unknown, added


def _newcomer(trial: Trial, drafts: list[int], patients: Patients) -> _Newcomer:
    mrn = trial.drafts[drafts[0]].mrn.strip()
    name = max((name_in(trial.drafts[at]) for at in drafts), key=length, default=("", ""))
    if not names.is_stated(name):
        name = trial.name_of(mrn)
    dated = (born_in(trial.drafts[at]) for at in drafts if trial.drafts[at].born)
    born = min(dated, key=coarseness, default=(None, "day"))
    return _Newcomer(mrn, drafts, name, not names.is_stated(name), born, _looks_like(mrn, name, born, patients))


def _looks_like(mrn: str, name: Name, born: Born, patients: Patients) -> str:
    alike = patients.looking_like(mrn)
    if alike:
        told = words.listed([f"{one.mrn}, {who(name_of(one), born_of(one))}" for one in alike[:FEW]])
        return f"It looks like MRN {told}."
    day, precision = born
    same = [
        one
        for one in (patients.born(day) if day and precision == "day" else [])
        if one.birth_precision == "day" and names.same_words(name_of(one), name)
    ]
    return f"A patient of the same name and birth date has the MRN {same[0].mrn or '(none)'}." if same else ""


def _find_twins(trial: Trial, newcomers: list[_Newcomer]) -> None:
    """Those who have name and birth date in common: one person, perhaps, under two MRNs."""
    alike: dict[object, list[_Newcomer]] = defaultdict(list)
    for one in newcomers:
        if one.born[0] and one.born[1] == "day" and names.is_stated(one.name):
            alike[one.born[0], tuple(sorted(names.words_of(" ".join(one.name))))].append(one)
    for same in alike.values():
        for one in same if len(same) > 1 else ():
            others = [other for other in same[: FEW + 1] if other is not one][:FEW]
            told = words.listed([f"{other.mrn} ({row(trial.drafts[other.drafts[0]].rows[0])})" for other in others])
            one.twin = f"Another row of the sheet has the same name and birth date under MRN {told}."


def _leave_out(trial: Trial, one: _Newcomer, *, is_chosen: bool) -> None:
    kind, more = "unknown patient", ""
    if is_chosen:
        kind, more = "unnamed patient", "The sheet does not name them either: give the name, and they can be added."
    elif one.looks_like and trial.choices.unknown == "add":
        more = "Left out, unless you choose this patient by itself."
    reason = " ".join(filter(None, (f"No patient on record has the MRN {one.mrn}.", one.looks_like, one.twin, more)))
    for at in one.drafts:
        trial.leave_out(at, kind, reason, given=trial.drafts[at].mrn, column="mrn")


def _added(trial: Trial, one: _Newcomer) -> Subject:
    told = (f"No patient on record has the MRN {one.mrn}.", one.looks_like, f"{names.written(one.name)} will be added.")
    trial.note_patient(one.drafts, "new patient", " ".join(filter(None, told)), given=one.mrn, column="mrn")
    if one.twin:
        trial.note_patient(one.drafts, "same name and birth date", one.twin, given=one.mrn, column="mrn")
    sexes = sorted({sex for at in one.drafts if (sex := trial.drafts[at].sex) not in ("", "unknown")})
    if len(sexes) > 1:
        reason = f"The sheet says {words.listed(sexes)} of this patient; none is kept."
        trial.note_patient(one.drafts, "different sex", reason, given=one.mrn)
    scale = scales.of_newcomer(trial, one.drafts)
    return Subject(
        None, words.printable(one.mrn), *kept(one.name), sexes[0] if len(sexes) == 1 else "unknown", *one.born,
        scale=scale, scored_by=scale,
    )  # fmt: skip
