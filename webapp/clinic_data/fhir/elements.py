"""FHIR R4's data types, read as http://hl7.org/fhir/R4/datatypes.html defines them. What breaks them is refused.

Text is made printable (words.printable) and trimmed; text longer than its column is cut, a code longer than its column
is left out, because a cut code would be another code.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from webapp import clock
from webapp.words import printable

Json = dict[str, Any]

LONGEST_NAME = 400
LONGEST_CODE = 64
LONGEST_SYSTEM = 255
LONGEST_KEY = 255


class Refused(Exception):
    """A resource that cannot be kept. Its text is the reason and holds no value of the resource."""


def element(parent: Json, name: str) -> Json:
    """The object `name`, or an empty one."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"{name} is not an object")
    return value


def elements(parent: Json, name: str) -> list[Json]:
    """The list of objects `name`, or an empty one."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Refused(f"{name} is not a list of objects")
    return value


def text(parent: Json, name: str, longest: int = LONGEST_NAME) -> str | None:
    """The string `name`, printable and cut at `longest` characters; None when it is missing or blank."""
    value = parent.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(f"{name} is not text")
    return printable(value).strip()[:longest].strip() or None


def texts(parent: Json, name: str) -> list[str]:
    """The strings in the list `name`. FHIR pads such a list with null where only an extension stands."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(f"{name} is not a list")
    return [found for item in value if (found := text({name: item}, name))]


def code(parent: Json, name: str, longest: int = LONGEST_CODE) -> str | None:
    """As text(), but left out when it is too long."""
    value = text(parent, name, longest + 1)
    return value if value and len(value) <= longest else None


def number(parent: Json, name: str) -> float | None:
    """A decimal or integer, as a float. FHIR has no infinity and no NaN (parsing.NUMBERS tells where one is from)."""
    value = parent.get(name)
    if value is None:
        return None
    if isinstance(value, (bool, str, dict, list)):
        raise Refused(f"{name} is not a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise Refused(f"{name} is a number beyond all range")
    return found


# -- CodeableConcept ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coding:
    system: str | None
    code: str | None
    display: str | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Concept:
    """A CodeableConcept: what a thing is called, in codes and in words."""

    codings: tuple[Coding, ...] = ()
    text: str | None = None

    def of(self, system: str) -> str | None:
        """The first code of that system."""
        return next((coding.code for coding in self.codings if coding.system == system and coding.code), None)

    @property
    def main(self) -> Coding:
        """The coding that the user chose, else the first that has both system and code, else the first."""
        ranked = sorted(self.codings, key=lambda item: (not item.chosen, not (item.system and item.code)))
        return ranked[0] if ranked else Coding(None, None, None)

    @property
    def name(self) -> str | None:
        """The display of the main coding, else the text, else any display, else a bare code."""
        displays = [item.display for item in self.codings if item.display]
        codes = [item.code for item in self.codings if item.code]
        return next((found for found in (self.main.display, self.text, *displays, *codes) if found), None)


def coding(item: Json) -> Coding:
    system = code(item, "system", LONGEST_SYSTEM)
    return Coding(system, code(item, "code"), text(item, "display"), item.get("userSelected") is True)


def concept(parent: Json, name: str) -> Concept:
    return _concept(element(parent, name))


def concepts(parent: Json, name: str) -> list[Concept]:
    return [_concept(item) for item in elements(parent, name)]


def _concept(item: Json) -> Concept:
    return Concept(tuple(coding(one) for one in elements(item, "coding")), text(item, "text"))


def has_extension(resource: Json, url: str) -> bool:
    return any(item.get("url") == url for item in elements(resource, "extension"))


# -- date, dateTime, instant -------------------------------------------------------------------------------------------

_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d+))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class When:
    """A date or dateTime. `first_day` is the day as it is written, or the first of the month or year that is written;
    `moment` is aware, and None unless a time is given."""

    precision: str
    first_day: date
    moment: datetime | None = None

    def day(self, zone: str) -> date | None:
        """The day on the clinic's wall: of a moment its local day, of a date the date itself (a date has no zone)."""
        if self.moment is not None:
            return clock.local(self.moment, zone).day
        return self.first_day if self.precision == "day" else None


def when(parent: Json, name: str, zone: str) -> When | None:
    """A date or dateTime. FHIR wants a zone with each time; where a system left it out, the clinic's own is meant."""
    value = parent.get(name)
    if value is None:
        return None
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused(f"{name} is not a date of FHIR")
    try:
        first_day = date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
        if match["hour"] is None:
            precision = "day" if match["day"] else "month" if match["month"] else "year"
            return When(precision, first_day)
        found = When("moment", first_day, _moment(match, first_day, zone))
        found.day(zone)  # raises for a moment at the very edge of the calendar
    except (ValueError, OverflowError):
        raise Refused(f"{name} is a date that does not exist") from None
    return found


def _moment(match: re.Match[str], day: date, zone: str) -> datetime:
    # FHIR allows a leap second, Python's clock does not.
    second = 59 if match["second"] == "60" else int(match["second"] or 0)
    micro = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    there = datetime(day.year, day.month, day.day, int(match["hour"]), int(match["minute"]), second, micro, tzinfo=UTC)
    if match["zone"] == "Z":
        return there
    if match["zone"]:
        hours, minutes = int(match["zone"][1:3]), int(match["zone"][4:6])
        if hours > 14 or minutes > 59:
            raise ValueError("zone")
        offset = timedelta(hours=hours, minutes=minutes)
        return there - offset if match["zone"][0] == "+" else there + offset
    return there.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def start_of(day: date, zone: str) -> datetime:
    """The first moment of a day on the clinic's wall."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


# -- Reference and identity --------------------------------------------------------------------------------------------

_TYPED = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/?#\s]+)(?:/_history/[^/?#]*)?", re.DOTALL)
_CONDITIONAL = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)\?(?P<query>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reference points. `name` is looked up among the known names first; `key` is what the row is kept under
    when it has no other name. `type` is the resource type that the reference states, or empty."""

    name: str
    type: str
    key: str | None


def target(reference: str) -> Target:
    """A reference as it is written: relative, absolute, urn:uuid, urn:oid, or conditional (Patient?identifier=a|b)."""
    if match := _CONDITIONAL.fullmatch(reference):
        name, key = condition(match["type"], match["query"])
        return Target(name, match["type"], key)
    if reference.startswith(("urn:uuid:", "urn:oid:")):
        return Target(reference, "", usable(reference.split(":", 2)[2]))
    if match := _TYPED.fullmatch(reference):
        return Target(reference.split("/_history/")[0], match["type"], usable(match["id"]))
    return Target(reference, "", None)


def condition(kind: str, query: str) -> tuple[str, str | None]:
    """The name and the key that a search such as "identifier=system|value" stands for: what is created on that
    condition is kept under it."""
    parameter, _, value = query.partition("=")
    value = unquote(value.partition("&")[0]) if "&" not in query else ""
    if parameter == "_id":
        return f"{kind}/{value}", usable(value)
    if parameter == "identifier" and value:
        name = f"{kind}?identifier={value}"
        return name, usable(name)
    return "", None


def usable(key: str) -> str | None:
    """The key if a row can be kept under it."""
    return key if 0 < len(key) <= LONGEST_KEY and printable(key) == key else None


def identifier_names(resource: Json, kind: str) -> Iterator[str]:
    """The names that a search by identifier finds this resource under.

    An identifier with characters that no text may hold is none: with a stand-in for them, it would be somebody else's.
    """
    for item in elements(resource, "identifier"):
        value, system = item.get("value"), item.get("system")
        if not isinstance(value, str) or not value:
            continue
        value, system = printable(value), printable(system) if isinstance(system, str) else ""
        if "\N{REPLACEMENT CHARACTER}" not in system + value:
            yield f"{kind}?identifier={value}"
            yield f"{kind}?identifier={system}|{value}"


def reference(item: Json, kinds: Iterable[str], contained: Iterable[Json] = ()) -> str | None:
    """A Reference to one of `kinds` as one string: literal, else by its identifier (a logical reference).

    A reference into the resource itself ("#p1") counts as one by the identifier of what is contained there.
    """
    written = text(item, "reference", 2000)
    kinds = tuple(kinds)
    if written and not written.startswith("#"):
        return written
    if written:
        inner = next((one for one in contained if one.get("id") == written[1:]), {})
        if inner.get("resourceType") not in kinds:
            return None
        return next((name for name in identifier_names(inner, inner["resourceType"]) if "|" in name), None)
    stated = next((kind for kind in kinds if kind == item.get("type")), kinds[0])
    given = element(item, "identifier")
    names = list(identifier_names({"identifier": [given]}, stated)) if given else []
    return (names[1] if given.get("system") else names[0]) if names else None
