"""Whose the rows are. Between two patients a sheet is never believed against the record: what does not agree is left
out, and told."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from webapp import words
from webapp.uploads.checking import names
from webapp.uploads.checking.findings import Subject, Unknown
from webapp.uploads.checking.names import Name
from webapp.uploads.checking.records import Known, Patients, mrn_key
from webapp.uploads.checking.trial import Trial, row
from webapp.uploads.drafts import Draft

Born = tuple[date | None, str]
"""A birth date and its precision."""


LONGEST_MRN, LONGEST_NAME = 64, 200
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
    unknown, added = [], []
    for key, drafts in by_mrn.items():
        on_record = patients.of_mrn(key)
        if not on_record:
            told, whose = _unknown(trial, drafts, patients)
            unknown += [told] if told else []
            added += [whose] if whose else []
        elif patient := _meant(trial, drafts, on_record):
            found[patient.id] += _agreeing(trial, drafts, patient)
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
    _tell_of_scales(trial, sum(patients.known[whose].spo2_scale == 2 for whose, drafts in found.items() if drafts))
    return unknown


def _refuse_mrn(trial: Trial, at: int) -> None:
    mrn = trial.drafts[at].mrn[:LONGEST_MRN]
    reason = f"An MRN has at the most {LONGEST_MRN} characters; this is something else."
    trial.leave_out(at, "unreadable MRN", reason, given=f"{mrn}…", column="mrn")


# ---- one MRN --------------------------------------------------------------------------------------------------------


def _meant(trial: Trial, drafts: list[int], on_record: list[Known]) -> Known | None:
    """The patient on record with that MRN. Where several have it, name and birth date must tell which."""
    if len(on_record) == 1:
        return on_record[0]
    stated = [trial.drafts[at] for at in drafts if _says(trial.drafts[at])]
    fitting = [one for one in on_record if stated and not any(_differ(draft, one) for draft in stated)]
    if len(fitting) == 1:
        return fitting[0]
    told = words.listed([_who(_name_of(one), _born_of(one)) for one in on_record])
    for at in drafts:
        trial.leave_out(
            at, "shared MRN", f"{len(on_record)} patients on record have this MRN: {told}. The row does not tell which "
            "of them is meant.", given=trial.drafts[at].mrn, column="mrn",
        )  # fmt: skip
    return None


def _agreeing(trial: Trial, drafts: list[int], patient: Known) -> list[int]:
    """The drafts that agree with the record; the others are left out. What the record does not say, they must agree on
    among themselves."""
    wrong = {at: what for at in drafts if (what := _differ(trial.drafts[at], patient))}
    right = [at for at in drafts if at not in wrong]
    witness = next((at for at in right if _says(trial.drafts[at])), None)
    beside = f", as in {row(trial.drafts[witness].rows[0])}" if witness is not None and wrong else ""
    for at, what in wrong.items():
        draft = trial.drafts[at]
        said, on_record = _both(what, draft, patient)
        trial.leave_out(
            at, f"different {what}", f"The row says {said}, but the patient with MRN {patient.mrn} on record is "
            f"{on_record}{beside}. It may be another patient’s.", given=said,
            column="name" if what == "name" else "mrn",
        )  # fmt: skip
    if pair := _contradiction(trial, right):
        _tell_apart(trial, [at for at in right if _states(trial.drafts[at], pair[2])], pair)
        right = [at for at in right if not trial.is_out[at]]
    return right


def _both(what: str, draft: Draft, patient: Known) -> tuple[str, str]:
    if what == "name":
        return names.written(_name(draft)), names.written(_name_of(patient))
    on_record = f"{names.written(_name_of(patient)) or 'somebody'}, born {_written(_born_of(patient))}"
    return f"born {_written(_born(draft))}", on_record


def _contradiction(trial: Trial, drafts: Iterable[int]) -> tuple[int, int, str] | None:
    """Two drafts that cannot be of one patient, and by what; each is set against the one that says most."""
    said = [at for at in drafts if _says(trial.drafts[at])]
    most = max(said, key=lambda at: (len(names.words_of(" ".join(_name(trial.drafts[at])))), -at), default=None)
    dated = [at for at in said if trial.drafts[at].born]
    born = min(dated, key=lambda at: _coarseness(_born(trial.drafts[at])), default=None)
    for at in said:
        if most is not None and not names.agree(_name(trial.drafts[at]), _name(trial.drafts[most])):
            return *sorted((most, at)), "name"  # type: ignore[return-value]
        if born is not None and not _births_agree(_born(trial.drafts[at]), _born(trial.drafts[born])):
            return *sorted((born, at)), "birth date"  # type: ignore[return-value]
    return None


def _tell_apart(trial: Trial, drafts: list[int], pair: tuple[int, int, str]) -> None:
    """Leave out drafts of one MRN that tell of two people."""
    one, other, what = pair
    told = " and ".join(f"{_stated(trial.drafts[at], what)} in {row(trial.drafts[at].rows[0])}" for at in (one, other))
    for at in drafts:
        draft = trial.drafts[at]
        trial.leave_out(
            at, f"different {what}", f"MRN {draft.mrn} is {told}. Which of them is right is not known, so none of "
            "these rows is used.", given=_stated(draft, what), column="name" if what == "name" else "mrn",
        )  # fmt: skip


def _states(draft: Draft, what: str) -> bool:
    return names.is_stated(_name(draft)) if what == "name" else draft.born is not None


def _stated(draft: Draft, what: str) -> str:
    return names.written(_name(draft)) if what == "name" else f"born {_written(_born(draft))}"


# ---- not on record --------------------------------------------------------------------------------------------------


def _unknown(
    trial: Trial, drafts: list[int], patients: Patients
) -> tuple[Unknown | None, tuple[list[int], Subject] | None]:
    """What is told of an MRN that is not on record, where its patient could be added, and the new patient, where one
    is."""
    first = trial.drafts[drafts[0]]
    mrn = first.mrn.strip()
    pair = _contradiction(trial, drafts)
    asked = next((name for key, name in trial.choices.names.items() if mrn_key(key) == mrn_key(mrn)), ("", ""))
    name = max((_name(trial.drafts[at]) for at in drafts), key=_words_in, default=("", ""))
    born = min(
        (_born(trial.drafts[at]) for at in drafts if trial.drafts[at].born), key=_coarseness, default=(None, "day")
    )
    asks_name = not names.is_stated(name)
    name = asked if asks_name else name
    looks_like = _looks_like(mrn, name, born, patients)
    rows_of = len({row for at in drafts for row in trial.drafts[at].rows})
    told = Unknown(mrn, names.written(name), rows_of, asks_name and not names.is_stated(asked), looks_like)
    reason = f"No patient on record has the MRN {mrn}.{looks_like and ' ' + looks_like}"
    if pair:
        _tell_apart(trial, drafts, pair)
        return None, None
    if trial.choices.unknown == "leave out" or told.asks_name:
        kind, more = ("unknown patient", "") if trial.choices.unknown == "leave out" else (
            "unnamed patient", " The sheet does not name them either: give the name, and the patient can be added."
        )  # fmt: skip
        for at in drafts:
            trial.leave_out(at, kind, reason + more, given=trial.drafts[at].mrn, column="mrn")
        return told, None
    trial.note(drafts[0], "new patient", f"{reason} {names.written(name)} will be added.", given=mrn, column="mrn")
    sexes = _sexes(trial, drafts)
    if len(sexes) > 1:
        told_sexes = words.listed(sexes)
        trial.note(drafts[0], "different sex", f"The sheet says {told_sexes} of this patient; none is kept.", given=mrn)
    subject = Subject(
        None, words.printable(mrn), *_kept(name), sexes[0] if len(sexes) == 1 else "unknown", *born,
        scale=_scale(trial, drafts, 1),
    )  # fmt: skip
    return told, (drafts, subject)


def _looks_like(mrn: str, name: Name, born: Born, patients: Patients) -> str:
    alike = patients.looking_like(mrn)
    if alike:
        told = words.listed([f"{one.mrn}, {_who(_name_of(one), _born_of(one))}" for one in alike[:3]])
        return f"It looks like MRN {told}."
    day, precision = born
    same = [
        one
        for one in (patients.born(day) if day and precision == "day" else [])
        if one.birth_precision == "day" and names.same_words(_name_of(one), name)
    ]
    return f"A patient of the same name and birth date has the MRN {same[0].mrn or '(none)'}." if same else ""


# ---- without an MRN -------------------------------------------------------------------------------------------------


def _by_name(trial: Trial, at: int, patients: Patients) -> Known | None:
    """The one patient on record of that name and birth date."""
    draft = trial.drafts[at]
    name, said = _name(draft), _who(_name(draft), _born(draft))
    if not names.is_stated(name) or draft.born is None or draft.born_precision != "day":
        trial.leave_out(
            at, "unidentified row", "The row has no MRN, and no name with a full birth date, so nobody can tell "
            "whose it is.", given=said, column="name",
        )  # fmt: skip
        return None
    alike = [
        one
        for one in patients.born(draft.born)
        if one.birth_precision == "day" and names.same_words(_name_of(one), name)
    ]
    if len(alike) == 1:
        return alike[0]
    if not alike:
        kind, reason = "unknown patient", f"The row has no MRN, and no patient on record is {said}."
    else:
        kind, reason = "shared name", f"The row has no MRN, and {len(alike)} patients on record are {said}."
    trial.leave_out(at, kind, reason, given=said, column="name")
    return None


# ---- what is told besides -------------------------------------------------------------------------------------------


def _of_record(trial: Trial, drafts: list[int], patient: Known) -> Subject:
    """The patient as on record, with what the sheet adds."""
    fills: dict[str, str] = {}
    sexes = _sexes(trial, drafts)
    if patient.sex in ("", "unknown"):
        fills |= {"sex": sexes[0]} if len(sexes) == 1 else {}
    elif others := [sex for sex in sexes if sex != patient.sex]:
        who = next(at for at in drafts if trial.drafts[at].sex == others[0])
        trial.note(
            who, "different sex", f"The row says {others[0]}; on record the patient is {patient.sex}, which stays.",
            given=others[0],
        )  # fmt: skip
    name = max((_name(trial.drafts[at]) for at in drafts), key=_words_in, default=("", ""))
    if not names.is_stated(_name_of(patient)) and names.is_stated(name):
        fills |= dict(zip(("family_name", "given_name"), _kept(name), strict=True))
    born = min((_born(trial.drafts[at]) for at in drafts if trial.drafts[at].born), key=_coarseness, default=None)
    if patient.birth_date is None and born and born[0]:
        fills |= {"birth_date": born[0].isoformat(), "birth_precision": born[1]}
    if fills and drafts:
        told = {"sex": "sex", "family_name": "name", "birth_date": "birth date"}
        missing = words.listed([said for column, said in told.items() if column in fills])
        trial.note(drafts[0], "filled-in detail", f"On record the patient has no {missing}; the sheet’s will be kept.")
    return Subject(
        patient.id, patient.mrn or "", patient.family_name, patient.given_name, patient.sex, patient.birth_date,
        patient.birth_precision, tuple(sorted(fills.items())), _scale(trial, drafts, patient.spo2_scale),
    )  # fmt: skip


def _scale(trial: Trial, drafts: list[int], on_record: int) -> int | None:
    """The SpO2 scale that the sheet gives a patient, where it is another than on record."""
    said = {trial.drafts[at].scale: at for at in reversed(drafts) if trial.drafts[at].scale}
    if len(said) > 1:
        at = max(said.values())
        trial.note(
            at, "different SpO2 scale", f"The sheet says scale 1 and scale 2 of this patient; scale {on_record} stays.",
            given=f"{trial.drafts[at].scale}",
        )  # fmt: skip
        return None
    scale, at = next(iter(said.items()), (None, 0))
    if scale is None or scale == on_record:
        return None
    trial.note(
        at, "different SpO2 scale", f"The sheet scores this patient’s oxygen saturation by scale {scale}, the record "
        f"by scale {on_record}. Scale {scale} will be kept on the patient’s record.", given=f"{scale}",
    )  # fmt: skip
    return scale


def _tell_of_scales(trial: Trial, patients_on_scale_2: int) -> None:
    """That a sheet without scales leaves those on record as they are."""
    if patients_on_scale_2 and not any(draft.scale for draft in trial.drafts):
        verb = "is" if patients_on_scale_2 == 1 else "are"
        trial.note_sheet(
            "SpO2 scale on record", "The sheet does not say by which scale oxygen saturation is scored. "
            f"{words.plural(patients_on_scale_2, 'patient')} {verb} on scale 2, as their record says.",
        )  # fmt: skip


def _sexes(trial: Trial, drafts: list[int]) -> list[str]:
    return sorted({sex for at in drafts if (sex := trial.drafts[at].sex) not in ("", "unknown")})


def _differ(draft: Draft, patient: Known) -> str:
    """By what a draft cannot be of that patient: "name", "birth date", or nothing."""
    if not names.agree(_name(draft), _name_of(patient)):
        return "name"
    return "" if _births_agree(_born(draft), _born_of(patient)) else "birth date"


def _births_agree(one: Born, other: Born) -> bool:
    """As far as the coarser of the two goes."""
    if one[0] is None or other[0] is None:
        return True
    parts = 3 - max(_coarseness(one), _coarseness(other))
    return one[0].timetuple()[:parts] == other[0].timetuple()[:parts]


def _coarseness(born: Born) -> int:
    return ("day", "month", "year").index(born[1])


def _says(draft: Draft) -> bool:
    return names.is_stated(_name(draft)) or draft.born is not None


def _name(draft: Draft) -> Name:
    return draft.family, draft.given


def _name_of(patient: Known) -> Name:
    return patient.family_name, patient.given_name


def _kept(name: Name) -> Name:
    """As the patient's row has it."""
    family, given = (words.printable(part).strip()[:LONGEST_NAME] for part in name)
    return family, given


def _words_in(name: Name) -> int:
    return len(names.words_of(" ".join(name)))


def _born(draft: Draft) -> Born:
    return draft.born, draft.born_precision


def _born_of(patient: Known) -> Born:
    return patient.birth_date, patient.birth_precision


def _written(born: Born) -> str:
    day, precision = born
    if day is None:
        return "on an unknown day"
    return {"day": words.day(day), "month": words.month(f"{day:%Y-%m}", short=False), "year": f"{day.year}"}[precision]


def _who(name: Name, born: Born) -> str:
    told = names.written(name) or "somebody without a name"
    return f"{told}, born {_written(born)}" if born[0] else told
