"""Rows of one MRN that tell of two people."""

from collections.abc import Iterable

from webapp.uploads.checking import names
from webapp.uploads.checking.identity import births_agree, born_in, coarseness, length, name_in, says, written
from webapp.uploads.checking.trial import Trial, row
from webapp.uploads.drafts import Draft

Pair = tuple[int, int, str]
"""Two drafts that cannot be of one patient, and by what: "name" or "birth date"."""


def contradiction(trial: Trial, drafts: Iterable[int]) -> Pair | None:
    """The first two that contradict each other, if any do; each is set against the one that says most."""
    said = [at for at in drafts if says(trial.drafts[at])]
    most = max(said, key=lambda at: (length(name_in(trial.drafts[at])), -at), default=None)
    dated = [at for at in said if trial.drafts[at].born]
    born = min(dated, key=lambda at: coarseness(born_in(trial.drafts[at])), default=None)
    for at in said:
        draft = trial.drafts[at]
        if most is not None and not names.agree(name_in(draft), name_in(trial.drafts[most])):
            return min(most, at), max(most, at), "name"
        if born is not None and not births_agree(born_in(draft), born_in(trial.drafts[born])):
            return min(born, at), max(born, at), "birth date"
    return None


def tell_apart(trial: Trial, drafts: Iterable[int], pair: Pair) -> None:
    """Leave out drafts of one MRN."""
    one, other, what = pair
    told = " and ".join(f"{_stated(trial.drafts[at], what)} in {row(trial.drafts[at].rows[0])}" for at in (one, other))
    for at in drafts:
        draft = trial.drafts[at]
        trial.leave_out(
            at, f"different {what}", f"MRN {draft.mrn} is {told}. Which of them is right is not known, so none of "
            "these rows is used.", given=_stated(draft, what), column="name" if what == "name" else "mrn",
        )  # fmt: skip


def states(draft: Draft, what: str) -> bool:
    return names.is_stated(name_in(draft)) if what == "name" else draft.born is not None


def _stated(draft: Draft, what: str) -> str:
    return names.written(name_in(draft)) if what == "name" else f"born {written(born_in(draft))}"
