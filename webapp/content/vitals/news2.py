"""The National Early Warning Score 2, as points of single signs, their sum, and what the sum calls for.

    source     Royal College of Physicians, National Early Warning Score (NEWS) 2: Standardising the assessment of
               acute-illness severity in the NHS, updated report of a working party, London 2017
    points     chart 1, the scoring system: bands.py has its bands but those of oxygen saturation by scale 2, of oxygen
               given and of consciousness, which are here
    level      chart 2, thresholds and triggers: 0 to 4 low; 3 in one sign low-medium; 5 or 6 medium; 7 or more high.
               With a sum of 5 or more a single 3 changes nothing
    advice     chart 4, clinical response to the thresholds, in a few words
    for whom   from 16 years on, and not in pregnancy, of which nothing is known here
    least      ours: points never are less than 0, so that a set which lacks a sign cannot come to less than the points
               that it has; what these alone call for, the whole would too, or something more urgent

Readings are in the units of bands.py and within its limits. One finer than the chart is rounded to whole numbers,
temperature to tenths, a half upwards: bands end half a step above their last value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp import words
from webapp.content.vitals.bands import (
    NEWS2_AGE,
    OXYGEN,
    PULSE,
    RESPIRATION,
    SYSTOLIC_ALONE,
    TEMPERATURE,
    Band,
)
from webapp.content.vitals.daily import ACVPU, AIR_OR_OXYGEN, CONSCIOUSNESS, OXYGEN_GIVEN
from webapp.figures import Level

AIR, ON_OXYGEN = AIR_OR_OXYGEN
ALERT = ACVPU[0]

_TARGET = (Band("83 or less", 83.5, "3"), Band("84 to 85", 85.5, "2"), Band("86 to 87", 87.5, "1"))
SCALE_2 = {
    AIR: (*_TARGET, Band("88 or more", None, "0")),
    ON_OXYGEN: (
        *_TARGET,
        Band("88 to 92", 92.5, "0"),
        Band("93 to 94", 94.5, "1"),
        Band("95 to 96", 96.5, "2"),
        Band("97 or more", None, "3"),
    ),
    None: (*_TARGET, Band("88 to 92", 92.5, "0")),
}
"""Oxygen saturation by scale 2, on air and on oxygen; of None, where nobody said which, what holds for both."""

BANDS = {measure.name: measure.bands for measure in (RESPIRATION, SYSTOLIC_ALONE, PULSE, TEMPERATURE)}
WORDS = {
    OXYGEN_GIVEN: {AIR: 0, ON_OXYGEN: 2},
    CONSCIOUSNESS: {word: 0 if word == ALERT else 3 for word in ACVPU},
}
"""Points of what is a word."""

SIGNS = {
    RESPIRATION.name: "respiration",
    OXYGEN.name: "oxygen saturation",
    OXYGEN_GIVEN: "oxygen given",
    SYSTOLIC_ALONE.name: "systolic pressure",
    PULSE.name: "pulse",
    CONSCIOUSNESS: "consciousness",
    TEMPERATURE.name: "temperature",
}
"""What is scored, in the order of chart 1, each with its words inside a sentence."""

ROUTINE, ASSESS, WARD_REVIEW, REVIEW, EMERGENCY = (
    "routine monitoring", "nurse to assess", "urgent ward review", "urgent review", "emergency response",
)  # fmt: skip
"""What chart 4 calls for at 0, from 1 to 4, at 3 in one sign, from 5 and from 7 on."""

URGENT, EMERGENT = 5, 7
"""From these totals on chart 2 calls for an urgent and an emergency response."""

LEVELS: tuple[Level, ...] = ("", "low", "low-medium", "medium", "high")
LOW = LEVELS[1]

TOO_YOUNG, AGE_UNKNOWN = f"aged under {NEWS2_AGE}", "age unknown"


@dataclass(frozen=True, slots=True)
class Signs:
    """One set of readings; None is what was not measured or said. `oxygen_given` is one of AIR_OR_OXYGEN,
    `consciousness` of ACVPU."""

    respiration: float | None = None
    oxygen: float | None = None
    oxygen_given: str | None = None
    systolic: float | None = None
    pulse: float | None = None
    consciousness: str | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """`points` has one entry a sign, in the order of SIGNS, None where there is none. `total` is None where the set is
    not scored; `reasons` then say why, in words. `level` and `advice` are those of what it comes to at least, and empty
    where that calls for nobody soon, for more may be amiss than is known."""

    points: Mapping[str, int | None] = field(hash=False)
    total: int | None
    level: Level = ""
    advice: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """The sum of the points that there are: no total can be less."""
        return sum(filter(None, self.points.values()))

    @property
    def least(self) -> int | None:
        """The total, or what it cannot be less than; None where nothing can be said: no points, or no age for them."""
        if self.total is not None:
            return self.total
        return None if {TOO_YOUNG, AGE_UNKNOWN}.intersection(self.reasons) else self.known or None

    @property
    def rank(self) -> tuple[int, int]:
        """The graver, the higher: by level, then by points."""
        return LEVELS.index(self.level), self.least or 0


def score(signs: Signs, age: int | None, scale: int = 1) -> Score:
    """A set of readings of somebody of so many completed years, None where nobody knows; `scale` is that of oxygen
    saturation, 1 or 2. Without a total, signs that are there have their points all the same, but not those of children.
    """
    if age is not None and age < NEWS2_AGE:
        return Score(dict.fromkeys(SIGNS), None, reasons=(TOO_YOUNG,))
    points = {
        RESPIRATION.name: _banded(BANDS[RESPIRATION.name], signs.respiration),
        OXYGEN.name: _banded(oxygen_bands(scale, signs.oxygen_given), signs.oxygen),
        OXYGEN_GIVEN: WORDS[OXYGEN_GIVEN].get(signs.oxygen_given or ""),
        SYSTOLIC_ALONE.name: _banded(BANDS[SYSTOLIC_ALONE.name], signs.systolic),
        PULSE.name: _banded(BANDS[PULSE.name], signs.pulse),
        CONSCIOUSNESS: WORDS[CONSCIOUSNESS].get(signs.consciousness or ""),
        TEMPERATURE.name: _banded(BANDS[TEMPERATURE.name], signs.temperature),
    }
    reasons = _missing(signs, points) if None in points.values() else ()
    if age is None:
        return Score(points, None, reasons=(AGE_UNKNOWN, *reasons))
    given = [one for one in points.values() if one is not None]
    level, advice = response(sum(given), max(given, default=0))
    if not reasons:
        return Score(points, sum(given), level, advice)
    return Score(points, None, reasons=reasons) if level == LOW else Score(points, None, level, advice, reasons)


def oxygen_bands(scale: int, oxygen_given: str | None) -> tuple[Band, ...]:
    """Those of oxygen saturation by that scale."""
    return SCALE_2[oxygen_given] if scale == 2 else OXYGEN.bands


def response(total: int, highest: int) -> tuple[Level, str]:
    """The level of a total of which one sign has at most so many points, and what it calls for."""
    if total >= EMERGENT:
        return "high", EMERGENCY
    if total >= URGENT:
        return "medium", REVIEW
    if highest == 3:
        return "low-medium", WARD_REVIEW
    return "low", ASSESS if total else ROUTINE


def _banded(bands: tuple[Band, ...], value: float | None) -> int | None:
    """The points of a value; None without one, and above bands that have an end."""
    if value is not None:
        for band in bands:
            if band.under is None or value < band.under:
                return int(band.grade)
    return None


def _missing(signs: Signs, points: Mapping[str, int | None]) -> tuple[str, ...]:
    """What is not there, in words."""
    wanted = [
        "level of consciousness" if name == CONSCIOUSNESS else words_of
        for name, words_of in SIGNS.items()
        if name != OXYGEN_GIVEN and points[name] is None and not (name == OXYGEN.name and signs.oxygen is not None)
    ]
    reasons = [f"no {words.listed(wanted)}"] if wanted else []
    if points[OXYGEN_GIVEN] is None:
        reasons.append("nobody said whether oxygen was given")
    return tuple(reasons)
