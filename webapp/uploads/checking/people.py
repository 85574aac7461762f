"""Whose the rows are. Between two patients a sheet is never believed against the record: what does not agree is left
out, and told."""

from collections import defaultdict
from collections.abc import Iterable

from webapp import words
from webapp.uploads.checking import names, newcomers, scales
from webapp.uploads.checking.apart import contradiction, states, tell_apart
from webapp.uploads.checking.findings import Subject, Unknown
from webapp.uploads.checking.identity import (
    born_in,
    born_of,
    coarseness,
    differ,
    kept,
    length,
    name_in,
    name_of,
    says,
    who,
    written,
)
from webapp.uploads.checking.records import Known, Patients, mrn_key
from webapp.uploads.checking.trial import Trial, row
from webapp.uploads.drafts import Draft

LONGEST_MRN = 64
"""Characters that a patient's row has room for."""


def settle(trial: Trial) -> list[Unknown]:
    """Give each draft its patient, or leave it out; who is not on record."""
    by_mrn: dict[str, list[int]] = defaultdict(list)
    nameless: list[int] = []
    for at in trial.going():
        key = mrn_key(trial.drafts[at].mrn)
        if len(key) > LONGEST_MRN:
            _refuse_mrn(trial, at)
        else:
            by_mrn[key].append(at) if key else nameless.append(at)
    patients = Patients(trial.clinic_id, set(by_mrn), {born for draft in trial.drafts if (born := draft.born)})
    found: dict[int, list[int]] = defaultdict(list)
    not_on_record: dict[str, list[int]] = {}
    for key, drafts in by_mrn.items():
        on_record = patients.of_mrn(key)
        if not on_record:
            not_on_record[key] = drafts
        elif patient := _meant(trial, drafts, on_record):
            found[patient.id] += _agreeing(trial, drafts, patient)
    unknown, added = newcomers.settle(trial, not_on_record, patients)
    for at in nameless:
        if patient := _by_name(trial, at, patients):
            found[patient.id].append(at)
    known = [
        (sorted(drafts), _of_record(trial, sorted(drafts), patients.known[whose]))
        for whose, drafts in found.items()
        if drafts
    ]
    for drafts, subject in sorted([*known, *added], key=lambda one: one[0]):
        for at in drafts:
            trial.whose[at] = len(trial.subjects)
        trial.subjects.append(subject)
        trial.died.append(patients.known[subject.patient_id].deceased_on if subject.patient_id else None)
    scales.tell_of_scale_2(trial, sum(patients.known[whose].spo2_scale == 2 for whose in found if found[whose]))
    return unknown


def _refuse_mrn(trial: Trial, at: int) -> None:
    mrn = trial.drafts[at].mrn[:LONGEST_MRN]
    reason = f"An MRN has at the most {LONGEST_MRN} characters; this is something else."
    trial.leave_out(at, "unreadable MRN", reason, given=f"{mrn}…", column="mrn")


def _meant(trial: Trial, drafts: list[int], on_record: list[Known]) -> Known | None:
    """The patient on record with that MRN. Where several have it, name and birth date must tell which."""
    if len(on_record) == 1:
        return on_record[0]
    stated = [trial.drafts[at] for at in drafts if says(trial.drafts[at])]
    fitting = [one for one in on_record if stated and not any(differ(draft, one) for draft in stated)]
    if len(fitting) == 1:
        return fitting[0]
    told = words.listed([who(name_of(one), born_of(one)) for one in on_record])
    for at in drafts:
        trial.leave_out(
            at, "shared MRN", f"{len(on_record)} patients on record have this MRN: {told}. The row does not tell which "
            "of them is meant.", given=trial.drafts[at].mrn, column="mrn",
        )  # fmt: skip
    return None


def _agreeing(trial: Trial, drafts: list[int], patient: Known) -> list[int]:
    """The drafts that agree with the record; the others are left out. What the record does not say, they must agree on
    among themselves."""
    wrong = {at: what for at in drafts if (what := differ(trial.drafts[at], patient))}
    right = [at for at in drafts if at not in wrong]
    witness = next((at for at in right if says(trial.drafts[at])), None)
    beside = f", as in {row(trial.drafts[witness].rows[0])}" if witness is not None and wrong else ""
    for at, what in wrong.items():
        draft = trial.drafts[at]
        said, on_record = _both(what, draft, patient)
        trial.leave_out(
            at, f"different {what}", f"The row says {said}, but the patient with MRN {patient.mrn} on record is "
            f"{on_record}{beside}. It may be another patient’s.", given=said,
            column="name" if what == "name" else "mrn",
        )  # fmt: skip
    pair = contradiction(trial, right)
    if pair:
        tell_apart(trial, [at for at in right if states(trial.drafts[at], pair[2])], pair)
    if wrong or pair:
        _doubt(trial, [at for at in right if not says(trial.drafts[at])], min([*wrong, *(pair or ())[:2]]))
    return [at for at in right if not trial.is_out[at]]


def _doubt(trial: Trial, drafts: Iterable[int], other: int) -> None:
    """Leave out drafts that have nothing but an MRN, which the sheet gives to somebody else too, as in `other`."""
    for at in drafts:
        trial.leave_out(
            at, "MRN in doubt", "The row has neither a name nor a birth date, and "
            f"{row(trial.drafts[other].rows[0])} has the same MRN for somebody else. It may be another patient’s.",
            given=trial.drafts[at].mrn, column="mrn",
        )  # fmt: skip


def _both(what: str, draft: Draft, patient: Known) -> tuple[str, str]:
    if what == "name":
        return names.written(name_in(draft)), names.written(name_of(patient))
    on_record = f"{names.written(name_of(patient)) or 'somebody'}, born {written(born_of(patient))}"
    return f"born {written(born_in(draft))}", on_record


def _by_name(trial: Trial, at: int, patients: Patients) -> Known | None:
    """The one patient on record of that name and birth date, for a row without an MRN."""
    draft = trial.drafts[at]
    name, said = name_in(draft), who(name_in(draft), born_in(draft))
    if not names.is_stated(name) or draft.born is None or draft.born_precision != "day":
        trial.leave_out(
            at, "unidentified row", "The row has no MRN, and no name with a full birth date, so nobody can tell "
            "whose it is.", given=said, column="name",
        )  # fmt: skip
        return None
    alike = [
        one
        for one in patients.born(draft.born)
        if one.birth_precision == "day" and names.same_words(name_of(one), name)
    ]
    if len(alike) == 1:
        return alike[0]
    if not alike:
        kind, reason = "unknown patient", f"The row has no MRN, and no patient on record is {said}."
    else:
        kind, reason = "shared name", f"The row has no MRN, and {len(alike)} patients on record are {said}."
    trial.leave_out(at, kind, reason, given=said, column="name")
    return None


def _of_record(trial: Trial, drafts: list[int], patient: Known) -> Subject:
    """The patient as on record, with what the sheet adds."""
    fills = _fills(trial, drafts, patient)
    if fills:
        told = {"sex": "sex", "family_name": "name", "birth_date": "birth date"}
        missing = words.listed([said for column, said in told.items() if column in fills])
        reason = f"On record the patient has no {missing}; the sheet’s will be kept."
        trial.note_patient(drafts, "filled-in detail", reason)
    scored_by = scales.of_known(trial, drafts, patient)
    return Subject(
        patient.id, patient.mrn or "", patient.family_name, patient.given_name, patient.sex, patient.birth_date,
        patient.birth_precision, tuple(sorted(fills.items())),
        scored_by if scored_by != patient.spo2_scale else None, scored_by,
    )  # fmt: skip


def _fills(trial: Trial, drafts: list[int], patient: Known) -> dict[str, str]:
    """What the record lacks and the sheet says, by column."""
    fills: dict[str, str] = {}
    by_sex: dict[str, list[int]] = defaultdict(list)
    for at in drafts:
        if (sex := trial.drafts[at].sex) not in ("", "unknown"):
            by_sex[sex].append(at)
    if patient.sex in ("", "unknown"):
        fills |= {"sex": next(iter(by_sex))} if len(by_sex) == 1 else {}
    elif others := sorted(set(by_sex) - {patient.sex}):
        reason = f"The row says {others[0]}; on record the patient is {patient.sex}, which stays."
        trial.note_patient(by_sex[others[0]], "different sex", reason, given=others[0])
    name = max((name_in(trial.drafts[at]) for at in drafts), key=length, default=("", ""))
    if not names.is_stated(name_of(patient)) and names.is_stated(name):
        fills |= dict(zip(("family_name", "given_name"), kept(name), strict=True))
    dated = (born_in(trial.drafts[at]) for at in drafts if trial.drafts[at].born)
    day, precision = min(dated, key=coarseness, default=(None, "day"))
    if patient.birth_date is None and day:
        fills |= {"birth_date": day.isoformat(), "birth_precision": precision}
    return fills
