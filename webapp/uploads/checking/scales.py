"""By which of NEWS2's two scales oxygen saturation is scored: the record's, unless somebody chooses the sheet's."""

from webapp import words
from webapp.uploads.checking.findings import ScaleChange
from webapp.uploads.checking.identity import name_of
from webapp.uploads.checking.names import written
from webapp.uploads.checking.records import Known
from webapp.uploads.checking.trial import Trial

USUAL = 1
"""Of whoever nothing is said of."""


def of_newcomer(trial: Trial, drafts: list[int]) -> int:
    """The scale that is kept of a new patient: the sheet's."""
    said = _said(trial, drafts)
    if len(said) > 1:
        trial.note_patient(
            drafts, "different SpO2 scale", "The sheet says scale 1 and scale 2 of this patient. Each reading is "
            f"scored by the scale of its own row, and scale {USUAL} is kept of the patient.",
        )  # fmt: skip
    return next(iter(said)) if len(said) == 1 else USUAL


def of_known(trial: Trial, drafts: list[int], patient: Known) -> int:
    """The scale by which a patient on record is scored. The sheet never changes it by itself."""
    said = _said(trial, drafts)
    others = sorted(set(said) - {patient.spo2_scale})
    if not others:
        return patient.spo2_scale
    other = others[0]
    if len(said) > 1:
        trial.note_patient(
            said[other], "different SpO2 scale", "The sheet says scale 1 and scale 2 of this patient. Scale "
            f"{patient.spo2_scale} is used, as the record says.", given=f"{other}",
        )  # fmt: skip
        return patient.spo2_scale
    change = ScaleChange(patient.mrn or "", written(name_of(patient)), patient.spo2_scale, other)
    trial.scale_changes.append((drafts, change))
    outcome = (
        f"Scale {other} is used and kept on the record, as you chose."
        if trial.choices.scales
        else f"Scale {patient.spo2_scale} is used, unless you change it."
    )
    trial.note_patient(
        said[other], "different SpO2 scale",
        f"The sheet says scale {other}, the record scale {patient.spo2_scale}. {outcome}", given=f"{other}",
    )  # fmt: skip
    return other if trial.choices.scales else patient.spo2_scale


def _said(trial: Trial, drafts: list[int]) -> dict[int, list[int]]:
    """The drafts that say each scale."""
    said: dict[int, list[int]] = {}
    for at in drafts:
        if scale := trial.drafts[at].scale:
            said.setdefault(scale, []).append(at)
    return said


def tell_of_scale_2(trial: Trial, patients: int) -> None:
    """That a sheet without scales leaves those on record as they are; `patients` are on scale 2."""
    if patients and not any(draft.scale for draft in trial.drafts):
        trial.note_sheet(
            "SpO2 scale on record", "The sheet does not say by which scale oxygen saturation is scored. "
            f"{words.plural(patients, 'patient')} {'is' if patients == 1 else 'are'} on scale 2, as their record says.",
        )  # fmt: skip
