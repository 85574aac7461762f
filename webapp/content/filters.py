"""What a report can be narrowed by, as data: each filter knows its choices and its condition in SQL.

Age is that on the last day of the period, found by comparing birth dates with cut-off days, so that a database with
no date arithmetic of its own gives the same answer. The bands are those in which the United States' National
Ambulatory Medical Care Survey tabulates visits (National Center for Health Statistics), with children under five apart
and those of 65 and over together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, not_, or_, select

from webapp.content.periods import shifted
from webapp.figures import Definition
from webapp.models import Patient, Provider, Visit

Choices = list[tuple[str, str]]
"""Values and the words for them, in the order they are offered."""

Subject = Literal["visit", "patient", "diagnosis", "treatment", "measurement", "feedback", "contact", "report"]

NOT_OFFERED = "Not recognised"
MOST_PROVIDERS = 200
NO_PROVIDER = "none"
_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """`of` names the rows that `condition(value, last day of the period)` speaks of; a value that is not offered
    matches nothing. One of "report" is an option of the whole report: it narrows no rows, so nobody asks for its
    condition, and the template refuses a value that is not offered. `all_words` is what stands for no narrowing.
    `phrases` has those values whose words need the label beside them, said so that they do not."""

    name: str
    label: str
    all_words: str
    of: Subject
    choices: Callable[[Connection, int], Choices]
    condition: Callable[[str, date], ColumnElement[bool]]
    words_of: Callable[[Connection, int, str], str]
    phrases: Mapping[str, str] = field(default_factory=dict, hash=False)

    def words(self, connection: Connection, clinic_id: int, value: str) -> str:
        """The chosen value as a reader sees it; an empty one is all of them."""
        return self.words_of(connection, clinic_id, value) if value else self.all_words

    def phrase(self, connection: Connection, clinic_id: int, value: str) -> str:
        """The chosen value where no label stands beside it: "aged 5 to 14", "sex other", "Dental"."""
        told = self.words(connection, clinic_id, value)
        return f"{self.label} not recognised" if told == NOT_OFFERED else self.phrases.get(value, told)


@dataclass(frozen=True, slots=True)
class Band:
    """Completed years of age, both included; `last` is None where the band is open."""

    name: str
    label: str
    first: int
    last: int | None


UNKNOWN_AGE = "unknown"
UNKNOWN_AGE_LABEL = "Unknown"
OLDEST = 130
"""Years of age from which a birth date is taken for a mistake, and the age for unknown."""

BANDS = (
    Band("0-4", "0 to 4", 0, 4),
    Band("5-14", "5 to 14", 5, 14),
    Band("15-24", "15 to 24", 15, 24),
    Band("25-44", "25 to 44", 25, 44),
    Band("45-64", "45 to 64", 45, 64),
    Band("65+", "65 or over", 65, None),
)

KIND_WORDS = {"medical": "Medical", "dental": "Dental"}
SEX_WORDS = {"female": "Female", "male": "Male", "other": "Other", "unknown": "Unknown"}


AGE_DEFINITION = Definition(
    "Age",
    "Completed years on the last day of the period, for earlier days too: a comparison of one age is of the same "
    "people. Where a birth date is known only to the month or year, its first day is taken. No birth date, one after "
    f"the period, or one {OLDEST} years or more before its end: unknown.",
)


def _aged(years: int, on: date) -> ColumnElement[bool]:
    """Who has completed that many years on that day. Who was born on 29 February completes one on 1 March of a year
    without that day. The birth date must not be NULL."""
    return Patient.birth_date <= shifted(on, -12 * years)


def band_column(on: date) -> ColumnElement[str]:
    """The name of the patient's age band on that day, or UNKNOWN_AGE: no birth date, one after that day, or one
    OLDEST years before."""
    oldest_first = [(_aged(band.first, on), band.name) for band in reversed(BANDS)]
    return case(
        (or_(Patient.birth_date.is_(None), Patient.birth_date > on, _aged(OLDEST, on)), UNKNOWN_AGE),
        *oldest_first,
        else_=UNKNOWN_AGE,
    )


def age_known(on: date) -> ColumnElement[bool]:
    return and_(Patient.birth_date.is_not(None), Patient.birth_date <= on, not_(_aged(OLDEST, on)))


def _age_condition(value: str, on: date) -> ColumnElement[bool]:
    if value == UNKNOWN_AGE:
        return or_(Patient.birth_date.is_(None), not_(age_known(on)))
    for band in BANDS:
        if band.name == value:
            upper = OLDEST if band.last is None else band.last + 1
            return and_(_aged(band.first, on), not_(_aged(upper, on)))
    return false()


def _provider_condition(value: str, _on: date) -> ColumnElement[bool]:
    if value == NO_PROVIDER:
        return Visit.provider_id.is_(None)
    number = id_of(value)
    return false() if number is None else Visit.provider_id == number


def id_of(value: str) -> int | None:
    """The id that a filter's value is; None for what cannot be one, so that the database is not asked."""
    if value.isascii() and value.isdecimal() and len(value) < 11 and 0 < int(value) <= _LARGEST_ID:
        return int(value)
    return None


def _providers(connection: Connection, clinic_id: int) -> Choices:
    """By name, the busiest MOST_PROVIDERS where there are more. Namesakes are told apart by their number."""
    visits = func.count(Visit.id)
    busiest = (
        select(Provider.id, Provider.name)
        .outerjoin(Visit, and_(Visit.provider_id == Provider.id, Visit.clinic_id == clinic_id))
        .where(Provider.clinic_id == clinic_id)
        .group_by(Provider.id, Provider.name)
        .order_by(visits.desc(), Provider.id)
        .limit(MOST_PROVIDERS)
    )
    found = sorted(connection.execute(busiest), key=lambda row: (row.name.casefold(), row.id))
    names = [row.name for row in found]
    named = [(str(row.id), _provider_words(row.id, row.name, names.count(row.name) > 1)) for row in found]
    return [*named, (NO_PROVIDER, "Nobody recorded")]


def _provider_words(number: int, name: str, has_namesake: bool) -> str:
    if not name.strip():
        return f"No name (number {number})"
    return f"{name} (number {number})" if has_namesake else name


def _words_of_provider(connection: Connection, clinic_id: int, value: str) -> str:
    if value == NO_PROVIDER:
        return "Nobody recorded"
    of_clinic = Provider.clinic_id == clinic_id
    name = connection.scalar(select(Provider.name).where(of_clinic, Provider.id == (id_of(value) or 0)))
    if name is None:
        return NOT_OFFERED
    namesakes = connection.scalar(select(func.count()).select_from(Provider).where(of_clinic, Provider.name == name))
    return _provider_words(int(value), name, (namesakes or 0) > 1)


def _from_list(name: str, label: str, all_words: str, column: Any, offered: dict[str, str], of: Subject) -> Filter:
    """A filter whose choices are the same at every clinic."""
    return Filter(
        name,
        label,
        all_words,
        of,
        choices=lambda _connection, _clinic_id: list(offered.items()),
        condition=lambda value, _on: column == value if value in offered else false(),
        words_of=lambda _connection, _clinic_id, value: offered.get(value, NOT_OFFERED),
    )


AGE_WORDS = {band.name: band.label for band in BANDS} | {UNKNOWN_AGE: UNKNOWN_AGE_LABEL}

AGE_PHRASES = {band.name: f"aged {band.label}" for band in BANDS} | {UNKNOWN_AGE: "age unknown"}
SEX_PHRASES = {"other": "sex other", "unknown": "sex unknown"}

KIND = _from_list("kind", "Visits", "Medical and dental", Visit.kind, KIND_WORDS, "visit")
SEX = replace(_from_list("sex", "Sex", "All", Patient.sex, SEX_WORDS, "patient"), phrases=SEX_PHRASES)
AGE = replace(
    _from_list("age", "Age", "All ages", None, AGE_WORDS, "patient"), condition=_age_condition, phrases=AGE_PHRASES
)
PROVIDER = Filter(
    "provider",
    "Provider",
    "All providers",
    "visit",
    _providers,
    _provider_condition,
    words_of=_words_of_provider,
    phrases={NO_PROVIDER: "no provider recorded"},
)


def age(birth_date: date, on: date) -> int:
    """Completed years, as _aged() counts them."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
