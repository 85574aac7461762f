"""How old patients were on any day, told in Python from one look at their birth dates.

The age on the day of each of a few hundred thousand rows is dear in SQL: a patient to look up for each, and arithmetic
on dates. Here a birth date is a number at the place of the patient's id, and an age a place between bounds.
"""

from array import array
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from webapp.content import filters
from webapp.content.counting import ordinal, patients_of
from webapp.content.filters import Filter
from webapp.content.id_lists import ids, places, read
from webapp.content.periods import shifted
from webapp.content.question import Question
from webapp.models import Patient

NOT_ASKED = -1
"""In the place of the birth date of a patient whom the question is not about."""

_NOT_KNOWN = 0

_COMPLETED = (filters.OLDEST, 65, 45, 20, 18, 16, 0)
_BOUNDS = {years: place for place, years in enumerate(_COMPLETED, 1)}

NOBODY = 0
"""The place of a patient whom the question is not about."""


def births(connection: Connection, question: Question, about: Iterable[Filter]) -> array[int]:
    """The birth date of each patient asked about, as date.toordinal() counts days, at the place of the patient's id."""
    born = places(connection, Patient, NOT_ASKED)
    days = func.coalesce(ordinal(Patient.birth_date), _NOT_KNOWN)
    query = select(ids(Patient.id), ids(days)).where(*patients_of(question, about))
    for patients, dates in connection.execute(query):
        for patient, day in zip(read(patients), read(dates), strict=True):
            born[patient] = day
    return born


def bounds(day: date) -> list[int]:
    """With bisect_left() these give a birth date of births() its place on that day: NOBODY, or one that the functions
    below tell of. Who was born on 29 February completes a year on 1 March of a year without that day."""
    return [NOT_ASKED, *(shifted(day, -12 * years).toordinal() for years in _COMPLETED)]


def is_known(place: int) -> bool:
    """As filters.age_known() says of a row."""
    return _BOUNDS[filters.OLDEST] < place <= _BOUNDS[0]


def has_completed(place: int, years: int) -> bool:
    """Whether so many years are completed, where the age is known. `years` is one of those asked of vital signs."""
    return place <= _BOUNDS[years]


_BAND_STARTS = (filters.OLDEST, *(band.first for band in reversed(filters.BANDS)))
_BAND_NAMES = (filters.UNKNOWN_AGE, *(band.name for band in reversed(filters.BANDS)), filters.UNKNOWN_AGE)


def band_bounds(day: date) -> list[int]:
    """With bisect_left() these give the number of a birth date, as date.toordinal() counts, the place of its band on
    that day: see band()."""
    return [shifted(day, -12 * years).toordinal() for years in _BAND_STARTS]


def band(place: int) -> str:
    """The name of that band, as filters.band_column() says of a row."""
    return _BAND_NAMES[place]


def births_of_known_age(day: date) -> range:
    """The numbers of the birth dates of which filters.age_known() says so."""
    return range(shifted(day, -12 * filters.OLDEST).toordinal() + 1, day.toordinal() + 1)
