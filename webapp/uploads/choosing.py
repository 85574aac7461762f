"""The choices of a dry run as a form: which patients who are not on record are added, by which names, and whether
scales of SpO2 change on record."""

import hashlib
from collections.abc import Mapping
from typing import cast

from webapp import words
from webapp.uploads.checking import Choices, Findings

MOST_NAMED = 200
"""Unknown patients who are listed with a place for their names."""

_PARTS = ("family", "given")


def unknown(findings: Findings) -> list[dict[str, str | bool]]:
    shown: list[dict[str, str | bool]] = []
    for one in findings.unknown[:MOST_NAMED]:
        family, given = findings.choices.names.get(one.mrn, ("", ""))
        shown.append(
            {
                "mrn": one.mrn,
                "name": one.name,
                "rows": words.number(one.rows),
                "told": " ".join(filter(None, (one.looks_like, one.twin))),
                "field": _field(one.mrn),
                "asks_name": one.asks_name or one.mrn in findings.choices.names,
                "lacks_name": one.asks_name and one.choice == "add",
                "family": family,
                "given": given,
                "is_added": one.choice == "add",
            }
        )
    return shown


def chosen(findings: Findings, form: Mapping[str, str]) -> Choices:
    """The choices of before, with those that the form holds."""
    before = findings.choices
    names, by_mrn = dict(before.names), dict(before.by_mrn)
    for one in findings.unknown:
        field = _field(one.mrn)
        if field not in form:
            continue
        by_mrn[one.mrn] = "add" if f"{field}-add" in form else "leave out"
        told = tuple(words.printable(form.get(f"{field}-{part}", "")).strip()[:200] for part in _PARTS)
        if any(told):
            names[one.mrn] = cast("tuple[str, str]", told)
        elif f"{field}-family" in form:
            names.pop(one.mrn, None)
    if "add-all" in form:
        # Whoever looks like somebody on record is added only by itself.
        by_mrn = {one.mrn: by_mrn[one.mrn] for one in findings.unknown if one.looks_like and one.mrn in by_mrn}
    unknown = "add" if "add-all" in form else before.unknown
    scales = "scales-change" in form if "scales" in form else before.scales
    return Choices(unknown, names, by_mrn, scales)


def says_otherwise(findings: Findings, form: Mapping[str, str]) -> bool:
    """Whether the form holds other choices than those of the dry run."""
    before, now = findings.choices, chosen(findings, form)
    shown = [one for one in findings.unknown if _field(one.mrn) in form]
    adds = any((one.choice == "add") is not (now.by_mrn[one.mrn] == "add") for one in shown)
    return adds or dict(now.names) != dict(before.names) or now.scales is not before.scales


def _field(mrn: str) -> str:
    """The name of the form's fields for a patient who is not on record: of this one whatever else has changed, and
    nobody's number in a page's addresses."""
    return f"of-{hashlib.sha256(mrn.encode()).hexdigest()[:16]}"
