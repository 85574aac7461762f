"""How old patients were on any day, told from one look at their birth dates.

The age on the day of each of a few hundred thousand rows is dear in SQL: a patient to look up for each, and arithmetic
on dates. Here a birth date is a number, and an age a place between bounds.
"""

from datetime import date

import numpy as np

from webapp.content import filters
from webapp.content.columns import Numbers, first_days, months_of
from webapp.content.periods import shifted

_COMPLETED = (filters.OLDEST, 65, 45, 20, 18, 16, 0)
_PLACES = {years: place for place, years in enumerate(_COMPLETED)}


KNOWN = range(_PLACES[filters.OLDEST] + 1, _PLACES[0] + 1)
"""The places of those of whom filters.age_known() says so."""


def completed(years: int) -> range:
    """The places of those of a known age who have completed so many years, one of those asked of vital signs."""
    return range(KNOWN.start, _PLACES[years] + 1)


def places(days: Numbers, born: Numbers) -> Numbers:
    """The places of people born on those days, or on NO_DAY, on each of `days`. Who was born on 29 February completes a
    year on 1 March of a year without that day."""
    if not len(days):
        return np.zeros(0, np.int32)
    first = days.min()
    every = np.arange(first, days.max() + 1)
    found = np.zeros(len(days), np.int32)
    for years in _COMPLETED:
        found += _years_before(every, years)[days - first] < born
    return found


def _years_before(days: Numbers, years: int) -> Numbers:
    """As periods.shifted() gives it; at least the first day that there is."""
    months = months_of(days)
    then = months - 12 * years
    begins, ends = first_days(then), first_days(then + 1)
    return np.maximum(np.minimum(begins + days - first_days(months), ends - 1), date.min.toordinal())


_BAND_STARTS = (filters.OLDEST, *(band.first for band in reversed(filters.BANDS)))
_BAND_NAMES = (filters.UNKNOWN_AGE, *(band.name for band in reversed(filters.BANDS)), filters.UNKNOWN_AGE)


def bands(born: Numbers, day: date) -> Numbers:
    """The places of the bands, on that day, of people born on those days: see band()."""
    return np.searchsorted([shifted(day, -12 * years).toordinal() for years in _BAND_STARTS], born)


def band(place: int) -> str:
    """The name of that band, as filters.band_column() says of a row."""
    return _BAND_NAMES[place]


def births_of_known_age(day: date) -> range:
    """The numbers of the birth dates of which filters.age_known() says so."""
    return range(shifted(day, -12 * filters.OLDEST).toordinal() + 1, day.toordinal() + 1)
