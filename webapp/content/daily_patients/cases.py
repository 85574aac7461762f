"""Each patient's readings scored: which set is the latest, what was before it, and how old the patient was."""

import calendar
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from webapp import words
from webapp.content.daily_patients.readings import Known, Readings
from webapp.content.filters import OLDEST
from webapp.content.vitals.bands import NEWS2, NEWS2_AGE, OXYGEN, SYSTOLIC_ALONE
from webapp.content.vitals.daily import OXYGEN_GIVEN
from webapp.content.vitals.news2 import SIGNS, Score, Signs, score

FEWEST_SHOWN = 12
"""Where the sheet has fewer sets of a patient, those on record fill them up to so many."""

NAMELESS = "Name not given"
ON_RECORD = "on record"


@dataclass(frozen=True, slots=True)
class Rated:
    """A set with what it scores."""

    readings: Readings
    score: Score

    @property
    def at(self) -> str:
        return self.readings.at


@dataclass(frozen=True)
class Case:
    """A patient of the report. `own` are the sets of the sheet, `before` those on record."""

    known: Known
    own: list[Rated]
    before: list[Rated]

    @property
    def name(self) -> str:
        """ "Family, Given", or what there is of it."""
        return ", ".join(filter(None, (self.known.family, self.known.given))) or NAMELESS

    @property
    def born(self) -> str:
        """As far as it is known: a day, a month, a year or nothing."""
        if self.known.born is None:
            return ""
        return self.known.born.isoformat()[: {"year": 4, "month": 7}.get(self.known.precision)]

    @property
    def age(self) -> str:
        """On the day of the latest set, in words."""
        span = ages(self.known, self.latest.readings.day)
        if span is None:
            return ""
        youngest, oldest = span
        if youngest != oldest:
            return f"{youngest} or {oldest}"
        return str(youngest) if youngest else "under 1"

    @property
    def is_child(self) -> bool:
        span = ages(self.known, self.latest.readings.day)
        return span is not None and span[1] < NEWS2_AGE

    @cached_property
    def latest(self) -> Rated:
        """The last set of the sheet in which any sign of NEWS2 was looked at: a weight taken later says nothing about
        the score."""
        return next((one for one in reversed(self.own) if _is_of_news2(one.readings)), self.own[-1])

    @cached_property
    def shown(self) -> list[Rated]:
        """What tables and charts show: the sheet's sets, filled up from before."""
        missing = max(FEWEST_SHOWN - len(self.own), 0)
        return [*self.before[len(self.before) - min(missing, len(self.before)) :], *self.own]

    @property
    def scored_before(self) -> Rated | None:
        """The last set before the latest one that has a score."""
        earlier = [*self.before, *self.own[: self.own.index(self.latest)]]
        return next((one for one in reversed(earlier) if one.score.total is not None), None)

    @property
    def order(self) -> tuple[object, ...]:
        """The highest score first, then those not scored; by name."""
        total = self.latest.score.total
        by_name = self.known.family.casefold(), self.known.given.casefold(), self.known.mrn.casefold(), self.known.id
        return (total is None, -(total or 0), *by_name)

    def when(self, one: Rated, last_day: date) -> str:
        """ "at 14:05" on the last day of the sheet, else "on 20 Nov, 14:05", without a time "on 20 Nov"."""
        if one.readings.moment is not None and one.readings.day == last_day:
            return f"at {one.at[11:16]}"
        return f"on {words.short_moment(one.at)}"


def case(known: Known) -> Case:
    return Case(known, [_rated(known, one) for one in known.own], [_rated(known, one) for one in known.before])


def _rated(known: Known, one: Readings) -> Rated:
    get = one.values.get
    signs = Signs(
        respiration=get("respiration"),
        oxygen=get("oxygen"),
        oxygen_given=one.oxygen_given,
        systolic=get("systolic"),
        pulse=get("pulse"),
        consciousness=one.consciousness,
        temperature=get("temperature"),
    )
    return Rated(one, score(signs, _years(known, one.day), known.scale))


def _is_of_news2(one: Readings) -> bool:
    return (one.oxygen_given or one.consciousness) is not None or any(sign.name in one.values for sign in NEWS2)


def _years(known: Known, day: date) -> int | None:
    """The age as far as it matters to NEWS2; None where it is not known to be under or over its first age."""
    span = ages(known, day)
    if span is None:
        return None
    youngest, oldest = span
    return youngest if youngest >= NEWS2_AGE or oldest < NEWS2_AGE else None


def ages(known: Known, day: date) -> tuple[int, int] | None:
    """The fewest and the most completed years on that day, by how precisely the birth date is known. None where it is
    not known at all, lies ahead, or so far back that it is taken for a mistake."""
    born = known.born
    if born is None or born > day:
        return None
    end = born
    if known.precision != "day":
        month = 12 if known.precision == "year" else born.month
        end = date(born.year, month, calendar.monthrange(born.year, month)[1])
    oldest = _completed(born, day)
    return None if oldest >= OLDEST else (_completed(min(end, day), day), oldest)


def _completed(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


_IN_SHORT = {OXYGEN.name: "SpO2", OXYGEN_GIVEN: "oxygen", SYSTOLIC_ALONE.name: "systolic"}
"""Signs as a ward writes them, where there is little room."""


def what_scores(found: Score) -> str:
    """ "respiration 3, oxygen 2", the most first."""
    scoring = sorted(
        ((_IN_SHORT.get(name, SIGNS[name]), points) for name, points in found.points.items() if points),
        key=lambda one: -one[1],
    )
    return ", ".join(f"{name} {points}" for name, points in scoring) or "no points"


def why_not(found: Score) -> str:
    """Why a set is not scored, and what is known of it all the same."""
    known = [f"the known points come to {found.known}"] if found.known else []
    return "; ".join([*found.reasons, *known])
