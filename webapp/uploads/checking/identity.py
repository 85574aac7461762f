"""Who a row and a record say somebody is, whether both can be one person, and how that is written."""

from datetime import date

from webapp import words
from webapp.uploads.checking import names
from webapp.uploads.checking.names import Name
from webapp.uploads.checking.records import Known
from webapp.uploads.drafts import Draft

Born = tuple[date | None, str]
"""A birth date and its precision."""

LONGEST_NAME = 200
"""Characters of a family or given name that a patient's row has room for."""


def name_in(draft: Draft) -> Name:
    return draft.family, draft.given


def name_of(patient: Known) -> Name:
    return patient.family_name, patient.given_name


def born_in(draft: Draft) -> Born:
    return draft.born, draft.born_precision


def born_of(patient: Known) -> Born:
    return patient.birth_date, patient.birth_precision


def says(draft: Draft) -> bool:
    """Whether there is anything but an MRN to compare."""
    return names.is_stated(name_in(draft)) or draft.born is not None


def differ(draft: Draft, patient: Known) -> str:
    """By what a draft cannot be of that patient: "name", "birth date", or nothing."""
    if not names.agree(name_in(draft), name_of(patient)):
        return "name"
    return "" if births_agree(born_in(draft), born_of(patient)) else "birth date"


def births_agree(one: Born, other: Born) -> bool:
    """As far as the coarser of the two goes."""
    if one[0] is None or other[0] is None:
        return True
    parts = 3 - max(coarseness(one), coarseness(other))
    return one[0].timetuple()[:parts] == other[0].timetuple()[:parts]


def coarseness(born: Born) -> int:
    return ("day", "month", "year").index(born[1])


def length(name: Name) -> int:
    """How much a name says, in words."""
    return len(names.words_of(" ".join(name)))


def kept(name: Name) -> Name:
    """As the patient's row has it."""
    family, given = (words.printable(part).strip()[:LONGEST_NAME] for part in name)
    return family, given


def written(born: Born) -> str:
    day, precision = born
    if day is None:
        return "on an unknown day"
    return {"day": words.day(day), "month": words.month(f"{day:%Y-%m}", short=False), "year": f"{day.year}"}[precision]


def who(name: Name, born: Born) -> str:
    """ "Reyes, Ana, born 20 May 1990"."""
    told = names.written(name) or "somebody without a name"
    return f"{told}, born {written(born)}" if born[0] else told
