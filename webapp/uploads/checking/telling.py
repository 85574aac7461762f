"""What is shown of a sheet before it is accepted, besides its faults: whom bare numbers are taken for, and which
readings are turned into another unit."""

from collections import defaultdict

from webapp import words
from webapp.content.vitals.daily import DECIMALS, NUMBERS
from webapp.uploads.checking.findings import Conversion, TakenFor, unit_in
from webapp.uploads.checking.identity import says, who
from webapp.uploads.checking.trial import LABELS, Trial
from webapp.uploads.drafts import Reading


def taken_for(trial: Trial) -> tuple[TakenFor, ...]:
    """The patients on record whose rows name them by MRN alone, where a wrong digit is another patient. One note tells
    that there are any."""
    found: dict[int, set[int]] = defaultdict(set)
    rows: set[int] = set()
    for at, draft in enumerate(trial.drafts):
        whose, kept = trial.whose[at], trial.kept[at]
        if whose is None or not kept:
            continue
        used = {draft.readings[place].row for place in kept}
        rows |= used
        if trial.subjects[whose].patient_id is not None and not says(draft):
            found[whose] |= used
    bare = set[int]().union(*found.values())
    if bare:
        told = "The sheet gives numbers alone."
        if len(bare) < len(rows):
            verb = "gives" if len(bare) == 1 else "give"
            told = f"{words.number(len(bare))} of {words.plural(len(rows), 'row')} {verb} a number alone."
        trial.note_sheet("MRN without a name", f"{told} Compare the names of these patients before you accept.")
    people = [(trial.subjects[whose], tuple(sorted(some))) for whose, some in found.items()]
    return tuple(
        TakenFor(one.mrn, who((one.family, one.given), (one.born, one.born_precision)), some) for one, some in people
    )


def conversions(trial: Trial) -> tuple[Conversion, ...]:
    """Of the readings that are used, by measure and by unit as the sheet has it."""
    found: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for draft, kept in zip(trial.drafts, trial.kept, strict=True):
        for place in kept:
            one = draft.readings[place]
            if one.converted and one.value is not None:
                found[one.measure, unit_in(one.given)].append(one)
    order = list(NUMBERS)
    return tuple(
        Conversion(LABELS[measure], unit, NUMBERS[measure].unit, len(those), those[0].given, _ours(those[0]))
        for (measure, unit), those in sorted(found.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
    )


def _ours(reading: Reading) -> str:
    """As the report will have it."""
    return f"{words.number(reading.value or 0, DECIMALS.get(reading.measure, 0))} {NUMBERS[reading.measure].unit}"
