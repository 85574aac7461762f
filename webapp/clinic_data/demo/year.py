"""When a clinic is open, how busy a day is, and at what minute people come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from math import exp
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from webapp.clinic_data.demo.places import Curve, Place, is_holiday

T = TypeVar("T")

_WEEKDAYS = {1: 1.32, 2: 1.06, 3: 0.96, 4: 0.93, 5: 1.0, 6: 0.48}
"""How busy a weekday is; Saturday is a half day."""

_GROWTH = 0.36
"""How much more than at their start a clinic sees at the end of the three years."""

OUTREACH_HOURS = {8: 1.0, 9: 1.3, 10: 1.2, 11: 0.8}
"""On the rare Sunday that the clinic opens for a campaign."""


@dataclass(frozen=True)
class Year:
    """The open days of one clinic. `start` and `end` are the first and last day of what the demo tells."""

    place: Place
    start: date
    end: date
    seed: int
    _open: dict[date, bool] = field(default_factory=dict)

    def is_open(self, day: date) -> bool:
        if day not in self._open:
            self._open[day] = not is_holiday(self.place, day) and self._opens_its_door(day)
        return self._open[day]

    def _opens_its_door(self, day: date) -> bool:
        # A storm or a power cut closes the clinic once or twice a year; a Sunday of outreach opens it as often.
        odd = Random(f"{self.seed} {self.place.code} {day}").random()  # noqa: S311 - invented data, not a secret
        return odd < 0.05 if day.isoweekday() == 7 else odd < 0.995

    def next_open(self, day: date) -> date:
        """`day`, or the first open weekday or Saturday after it."""
        while day.isoweekday() == 7 or not self.is_open(day):
            day += timedelta(days=1)
        return day

    def busyness(self, day: date, kind: str) -> float:
        """How busy an open day is; 1 is an ordinary weekday in the middle of the three years."""
        weekday = day.isoweekday()
        share = (day - self.start).days / max(1, (self.end - self.start).days)
        growth = 1 + _GROWTH * (share - 0.5)
        after_closing = 1.12 if weekday < 6 and not self.is_open(day - timedelta(days=1)) and weekday != 1 else 1.0
        ordinary = 0.4 if weekday == 7 else _WEEKDAYS[weekday]
        return ordinary * growth * after_closing * level(self.place.traffic[kind], day)

    def hours(self, day: date, kind: str) -> dict[int, float]:
        weekday = day.isoweekday()
        if weekday == 7:
            return OUTREACH_HOURS
        if weekday == 6:
            return self.place.saturday_hours[kind]
        hours = self.place.hours[kind]
        if weekday == 1 and kind == "medical":
            # Those who fell ill over the weekend stand at the door on Monday.
            return {hour: weight * (1.35 if hour < 11 else 0.9) for hour, weight in hours.items()}
        return hours

    def moment(self, day: date, hour: int, minute: int) -> datetime:
        """A time on the clinic's wall, as an aware moment in UTC."""
        return datetime.combine(day, time(hour, minute), ZoneInfo(self.place.timezone)).astimezone(UTC)

    def start_of_visit(self, rng: Random, day: date, kind: str) -> datetime:
        hours = self.hours(day, kind)
        hour = pick(rng, tuple(hours), tuple(hours.values()))
        # Dentists work by appointments of a quarter of an hour; at the doctor's people come as they come.
        return self.moment(day, hour, rng.randrange(0, 60, 15 if kind == "dental" else 5))


def level(curve: Curve, day: date) -> float:
    """A curve of the year on a day: smooth, so that no month begins with a step."""
    value = curve.base
    for bump in curve.bumps:
        away = abs((day - date(day.year, bump.month, bump.day)).days)
        away = min(away, 365 - away)
        value += bump.height * exp(-((away / bump.width) ** 2) / 2)
    return max(value, 0.0)


def seasons(place: Place, day: date) -> dict[str, float]:
    """How much of each season of the place it is; "" is for what knows no season."""
    return {"": 1.0} | {name: level(curve, day) for name, curve in place.seasons.items()}


def pick(rng: Random, options: Sequence[T], weights: tuple[float, ...]) -> T:
    """One of the options, as likely as its weight."""
    return rng.choices(options, cum_weights=_running_total(weights))[0]


@lru_cache(maxsize=4096)
def _running_total(weights: tuple[float, ...]) -> list[float]:
    return list(accumulate(weights))


def poisson(rng: Random, mean: float) -> int:
    """How many come when `mean` are expected (Knuth, The Art of Computer Programming, volume 2, 3.4.1)."""
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
