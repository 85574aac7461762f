"""How a patient stands, in words: the verdict, since when, and what scores."""

from datetime import date

from webapp import words
from webapp.content.daily_patients.cases import ON_RECORD, Case, Rated
from webapp.content.vitals.bands import OXYGEN, SYSTOLIC_ALONE
from webapp.content.vitals.daily import OXYGEN_GIVEN
from webapp.content.vitals.news2 import AGE_UNKNOWN, SIGNS, TOO_YOUNG, Score

NOT_SCORED = "not scored"

_IN_SHORT = {OXYGEN.name: "SpO2", OXYGEN_GIVEN: "oxygen", SYSTOLIC_ALONE.name: "systolic"}
"""Signs as a ward writes them, where there is little room."""


def verdict(case: Case) -> str:
    """ "NEWS2 8", "NEWS2 at least 15", of an earlier set "NEWS2 was 16", or that it is not scored."""
    score = case.judged.score
    if score.least is None:
        return NOT_SCORED
    return f"NEWS2 {'was ' if case.judged is not case.latest else ''}{_figure(score)}"


def since(case: Case, last_day: date) -> str:
    """When that was, what was higher, and what was before; where the latest set is not scored, at last why."""
    latest, before = case.latest, case.scored_before
    higher = highest(case, last_day)
    if latest.score.total is not None:
        is_told = before is None or before is case.highest
        was = "" if is_told or before is None else f"was {before.score.total} {case.when(before, last_day)}"
        return ", ".join(filter(None, [case.when(latest, last_day), was, higher]))
    last = ""
    if case.judged is not case.latest:
        last = figure_at(case, case.judged, last_day)
    elif before and before is not case.highest:
        last = f"last scored {figure_at(case, before, last_day)}"
    return "; ".join(filter(None, [higher, last, _of_latest(case, last_day)]))


def why(case: Case, last_day: date) -> str:
    """What scores, and why there is no score, the most important first: a cell may be cut short."""
    score = case.judged.score
    higher = highest(case, last_day)
    if case.judged is not case.latest:
        still = f"{figure_at(case, case.judged, last_day)}: {what_scores(score)}"
        return "; ".join(filter(None, [higher, still, _of_latest(case, last_day)]))
    if score.total is not None:
        return "; ".join(filter(None, [higher, what_scores(score)]))
    scores = [what_scores(score)] if score.known else []
    least = f"at least {score.least}: " if score.least else ""
    return "; ".join(filter(None, [higher, f"{least}{_in_brief(score)}", *scores]))


_FEW = 2
"""So many missing signs are named in the list of all patients; the patient's page names each."""


def _in_brief(found: Score) -> str:
    """why_not() where there is little room."""
    called = {**SIGNS, **_IN_SHORT, OXYGEN_GIVEN: "air or oxygen"}
    missing = [called[name] for name, points in found.points.items() if points is None]
    is_of_age = not {TOO_YOUNG, AGE_UNKNOWN}.intersection(found.reasons)
    if not is_of_age or not missing:
        return why_not(found)
    if len(missing) <= _FEW:
        return f"{words.listed(missing)} missing"
    return f"{len(missing)} of {len(SIGNS)} signs missing"


def highest(case: Case, last_day: date) -> str:
    """ "highest 11 at 23:30", where that was graver than what the patient is judged by."""
    one = case.highest
    if one is None:
        return ""
    return f"highest {figure_at(case, one, last_day)}{'' if one.readings.is_of_sheet else f', {ON_RECORD}'}"


def figure_at(case: Case, one: Rated, last_day: date) -> str:
    """ "at least 11 at 23:30" """
    return f"{_figure(one.score)} {case.when(one, last_day)}"


def _figure(score: Score) -> str:
    return f"{'at least ' if score.total is None else ''}{score.least}"


def _of_latest(case: Case, last_day: date) -> str:
    """Why the latest set is not scored. What it comes to at least is told where the verdict does not say it."""
    score = case.latest.score
    least = f" at least {score.least}" if case.judged is not case.latest and score.least else ""
    return f"{case.when(case.latest, last_day)}{least}: {why_not(score)}"


def what_scores(found: Score) -> str:
    """ "respiration 3, oxygen 2", the most first."""
    scoring = sorted(
        ((_IN_SHORT.get(name, SIGNS[name]), points) for name, points in found.points.items() if points),
        key=lambda one: -one[1],
    )
    return ", ".join(f"{name} {points}" for name, points in scoring) or "no points"


def why_not(found: Score) -> str:
    """Why a set is not scored; where nothing can be said of it, what is known all the same."""
    known = [f"the known points come to {found.known}"] if found.known and found.least is None else []
    return "; ".join([*found.reasons, *known])
