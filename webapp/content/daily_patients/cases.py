"""Each patient's readings scored: which set is the latest, what was before it, and how old the patient was."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from webapp import words
from webapp.content.daily_patients.readings import Known, Readings
from webapp.content.filters import OLDEST
from webapp.content.vitals.bands import NEWS2, NEWS2_AGE
from webapp.content.vitals.news2 import LEVELS, LOW, Score, Signs, score

FEWEST_SHOWN = 12
"""Where the sheet has fewer sets of a patient, those on record fill them up to so many."""

STILL = timedelta(hours=24)
"""So long a score counts on while later sets lack signs and have fewer points. Ours: with a total of 0 the chart of
responses (news2.py) wants readings every 12 hours at least, so that by then a whole set is overdue."""

NOBODY_SOON = LEVELS.index(LOW), 20
"""The rank up to which nobody is called for soon."""

NAMELESS = "Name not given"
ON_RECORD = "on record"


@dataclass(frozen=True, slots=True)
class Rated:
    """A set with what it scores. `scale` is that of its oxygen saturation, None without one."""

    readings: Readings
    score: Score
    scale: int | None

    @property
    def at(self) -> str:
        return self.readings.at


@dataclass(frozen=True)
class Case:
    """A patient of the report. `own` are the sets of the sheet, `beside` those on record of the same days, `before`
    those of the days before."""

    known: Known
    own: list[Rated]
    beside: list[Rated]
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
    def of_days(self) -> list[Rated]:
        """All sets of the sheet's days; of two at one time that on record first."""
        return sorted([*self.beside, *self.own], key=lambda one: one.readings.order)

    @cached_property
    def shown(self) -> list[Rated]:
        """What tables and charts show: the sets of the sheet's days, filled up from before."""
        missing = max(FEWEST_SHOWN - len(self.of_days), 0)
        return [*self.before[len(self.before) - min(missing, len(self.before)) :], *self.of_days]

    @property
    def has_signs(self) -> bool:
        """Whether any sign of NEWS2 was looked at in what is shown."""
        return any(_is_of_news2(one.readings) for one in self.shown)

    @cached_property
    def scale(self) -> int:
        """Of oxygen saturation: that of the latest reading shown, else the patient's."""
        return next((one.scale for one in reversed(self.shown) if one.scale), self.known.scale)

    @cached_property
    def scored_before(self) -> Rated | None:
        """The last set before the latest one that has a score."""
        earlier = [*self.before, *self.of_days[: self.of_days.index(self.latest)]]
        return next((one for one in reversed(earlier) if one.score.total is not None), None)

    @cached_property
    def still(self) -> Rated | None:
        """Where the latest set lacks signs: the gravest of those since the last score, that one too, which comes to
        more than the latest does and is no more than STILL before it. A set with little in it must not make a patient
        look better."""
        now = self.latest.score
        if now.total is not None:
            return None
        graver = [
            one
            for one in self._since_the_last_score
            if (one.score.least or 0) > now.known and _since(one, self.latest) <= STILL
        ]
        return max(graver, key=lambda one: one.score.least or 0, default=None)

    @property
    def _since_the_last_score(self) -> list[Rated]:
        """The sets before the latest one, the last first, as far as the last that has a score."""
        earlier = [*self.before, *self.of_days[: self.of_days.index(self.latest)]]
        found = []
        for one in reversed(earlier):
            found.append(one)
            if one.score.total is not None:
                break
        return found

    @cached_property
    def judged(self) -> Rated:
        """The set by whose score the patient is judged: the latest, or the earlier one that still is graver and calls
        for somebody soon."""
        if self.still and self.still.score.rank > max(self.latest.score.rank, NOBODY_SOON):
            return self.still
        return self.latest

    @cached_property
    def highest(self) -> Rated | None:
        """The gravest set of the sheet's days, the last of such, where it is of a higher level than the judged one and
        calls for somebody soon."""
        gravest = max(reversed(self.of_days), key=lambda one: one.score.rank)
        return gravest if gravest.score.rank[0] > max(self.judged.score.rank, NOBODY_SOON)[0] else None

    @property
    def order(self) -> tuple[object, ...]:
        """By what the score is at least, the most first, then those of whom nothing can be said; by name."""
        points = [one.score.least for one in (self.latest, self.still) if one and one.score.least is not None]
        by_name = self.known.family.casefold(), self.known.given.casefold(), self.known.mrn.casefold(), self.known.id
        return (not points, -max(points, default=0), *by_name)

    def when(self, one: Rated, last_day: date) -> str:
        """ "at 14:05" on the last day of the sheet, else "on 20 Nov, 14:05", without a time "on 20 Nov"."""
        if one.readings.moment is not None and one.readings.day == last_day:
            return f"at {one.at[11:16]}"
        return f"on {words.short_moment(one.at)}"


def case(known: Known) -> Case:
    own, beside, before = ([_rated(known, one) for one in sets] for sets in (known.own, known.beside, known.before))
    return Case(known, own, beside, before)


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
    scale = one.scale or known.scale
    return Rated(one, score(signs, _years(known, one.day), scale), scale if "oxygen" in one.values else None)


def _since(one: Rated, later: Rated) -> timedelta:
    return later.readings.order - one.readings.order


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
