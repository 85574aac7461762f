"""A FHIR resource as the row it will become: only the parts we keep, with its references still as they were written.

docs/importing.md tells people the same rules.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from webapp.clinic_data.fhir import dental
from webapp.clinic_data.fhir.elements import (
    Concept,
    Json,
    Refused,
    code,
    concept,
    concepts,
    element,
    elements,
    has_extension,
    reference,
    start_of,
    text,
    texts,
    when,
)
from webapp.clinic_data.fhir.values import value_of
from webapp.models.code_systems import LOINC, SNOMED_CT
from webapp.models.diagnosis import CLINICAL_STATUSES, VERIFICATION_STATUSES
from webapp.models.patient import SEXES
from webapp.models.visit import STATUSES

ANIMAL = "http://hl7.org/fhir/StructureDefinition/patient-animal"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
NO_NAME = "Not stated"

OUTCOMES = {
    "385669000": "successful",
    "385670004": "improved",
    "385671000": "unchanged",
}
"""SNOMED CT codes of the FHIR value set procedure-outcome: successful, partially successful, unsuccessful."""

NOT_DONE = frozenset({"not-done", "preparation"})
WRONG = "entered-in-error"

PROVIDERS = ("Practitioner", "PractitionerRole")


@dataclass(frozen=True, slots=True)
class Draft:
    """`values` are columns, dates as ISO 8601. `references` lists, for each column of a foreign key, what may stand
    there, the best first. `parts` are the rows of an observation, each with its columns. `links` are the conditions
    that an encounter names. `removed` is true for a record that its system withdraws: entered in error, or a treatment
    that was not done."""

    values: dict[str, Any] = field(default_factory=dict)
    references: dict[str, list[str]] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    removed: bool = False

    @property
    def body(self) -> str:
        plain = [self.values, self.references, self.parts, self.links, self.removed]
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_body(cls, body: str) -> "Draft":
        return cls(*json.loads(body))


def digest(body: str) -> str:
    """What tells a changed resource from a known one: noise that we do not read does not change it."""
    return hashlib.sha256(body.encode()).hexdigest()


def read(resource: Json, zone: str) -> Draft:
    """The resource as a draft, days being those of the clinic's time zone. Raises Refused."""
    return READERS[resource["resourceType"]](resource, zone)


def _practitioner(resource: Json, zone: str) -> Draft:
    return Draft({"name": _whole_name(resource) or NO_NAME})


def _practitioner_role(resource: Json, zone: str) -> Draft:
    return Draft(references={"provider_id": _references([element(resource, "practitioner")], resource, PROVIDERS[:1])})


def _patient(resource: Json, zone: str) -> Draft:
    if has_extension(resource, ANIMAL):
        raise Refused("the patient is an animal")
    name = _best_name(resource)
    given = " ".join(texts(name, "given"))[:200].strip()
    family = text(name, "family", 200) or ("" if given else text(name, "text", 200))
    sex = text(resource, "gender") or "unknown"
    born = when(resource, "birthDate", zone)
    died = when(resource, "deceasedDateTime", zone)
    return Draft(
        {
            "mrn": _mrn(resource),
            "family_name": family or "",
            "given_name": given,
            "sex": sex if sex in SEXES else "unknown",
            "birth_date": born.first_day.isoformat() if born else None,
            "birth_precision": _precision(born.precision) if born else "day",
            "deceased_on": _iso(died.day(zone)) if died else None,
        }
    )


def _encounter(resource: Json, zone: str) -> Draft:
    status = text(resource, "status") or "unknown"
    period = element(resource, "period")
    start = when(period, "start", zone)
    if start is None:
        raise Refused("period.start is missing, so the visit has no day")
    if start.day(zone) is None:
        raise Refused("period.start names no day, so the visit cannot be put on one")
    started = start.moment or start_of(start.first_day, zone)
    end = when(period, "end", zone)
    ended = end.moment if end and end.moment and end.moment >= started else None
    coded = [*concepts(resource, "type"), concept(resource, "serviceType")]
    return Draft(
        {
            "kind": dental.kind_of(coding for one in coded for coding in one.codings),
            "status": status if status in STATUSES else "unknown",
            "started_at": started.isoformat(),
            "ended_at": _iso(ended),
            "day_alone": None if start.moment else start.first_day.isoformat(),
        },
        {"patient_id": _subject(resource), "provider_id": _participants(resource)},
        links=_references(_conditions_of(resource), resource, ("Condition",)),
    )


def _condition(resource: Json, zone: str) -> Draft:
    verification = concept(resource, "verificationStatus").main.code
    if verification == WRONG:
        return Draft(removed=True)
    named = concept(resource, "code")
    return Draft(
        {
            **_coded(named),
            "recorded_on": _first_day(resource, zone, "recordedDate", "onsetDateTime", "onsetPeriod"),
            "clinical_status": _known(concept(resource, "clinicalStatus").main.code, CLINICAL_STATUSES),
            "verification_status": _known(verification, VERIFICATION_STATUSES),
        },
        {"patient_id": _subject(resource), "visit_id": _visit(resource)},
    )


def _procedure(resource: Json, zone: str) -> Draft:
    status = text(resource, "status")
    if status == WRONG or status in NOT_DONE:
        return Draft(removed=True)
    named = concept(resource, "code")
    outcome = concept(resource, "outcome").of(SNOMED_CT)
    return Draft(
        {
            **_coded(named),
            "kind": dental.kind_of(named.codings),
            "performed_on": _first_day(resource, zone, "performedDateTime", "performedPeriod"),
            "outcome": OUTCOMES.get(outcome or "", "unknown"),
        },
        {
            "patient_id": _subject(resource),
            "visit_id": _visit(resource),
            "diagnosis_id": _references(elements(resource, "reasonReference"), resource, ("Condition",)),
        },
    )


def _observation(resource: Json, zone: str) -> Draft:
    if text(resource, "status") in (WRONG, "cancelled"):
        return Draft(removed=True)
    measured = when(resource, "effectiveDateTime", zone) or when(resource, "effectiveInstant", zone)
    measured = measured or when(element(resource, "effectivePeriod"), "start", zone)
    shared = {
        "measured_at": _iso(measured.moment) if measured else None,
        "local_day": _iso(measured.day(zone)) if measured else None,
    }
    components = elements(resource, "component")
    parts = [_part(component, number) for number, component in enumerate(components, start=1)]
    whole = _part(resource, 0)
    if not parts or whole["value"] is not None or whole["text"] is not None:
        parts.insert(0, whole)
    return Draft(shared, {"patient_id": _subject(resource), "visit_id": _visit(resource)}, parts)


def _part(item: Json, number: int) -> dict[str, Any]:
    named = concept(item, "code")
    loinc = named.of(LOINC)
    return {
        "component": number,
        "loinc": loinc if loinc and len(loinc) <= 20 else None,
        "name": named.name or NO_NAME,
        **value_of(item),
    }


READERS: dict[str, Callable[[Json, str], Draft]] = {
    "Practitioner": _practitioner,
    "PractitionerRole": _practitioner_role,
    "Patient": _patient,
    "Encounter": _encounter,
    "Condition": _condition,
    "Procedure": _procedure,
    "Observation": _observation,
}
"""By resource type, in the order in which rows must be written: each refers only to those before it."""


# -- what the readers share --------------------------------------------------------------------------------------------


def _subject(resource: Json) -> list[str]:
    found = _references([element(resource, "subject")], resource, ("Patient",))
    if not found:
        raise Refused("it names no patient")
    return found


def _visit(resource: Json) -> list[str]:
    return _references([element(resource, "encounter")], resource, ("Encounter",))


def _conditions_of(encounter: Json) -> list[Json]:
    """The references of an encounter that may be to its diagnoses."""
    diagnoses = [element(item, "condition") for item in elements(encounter, "diagnosis")]
    return diagnoses + elements(encounter, "reasonReference")


def _participants(resource: Json) -> list[str]:
    """Who saw the patient, the primary performer first."""

    def rank(participant: Json) -> bool:
        return not any(kind.of(PARTICIPATION) == "PPRF" for kind in concepts(participant, "type"))

    participants = sorted(elements(resource, "participant"), key=rank)
    return _references([element(item, "individual") for item in participants], resource, PROVIDERS)


def _references(items: list[Json], resource: Json, kinds: tuple[str, ...]) -> list[str]:
    contained = elements(resource, "contained")
    return [found for item in items if (found := reference(item, kinds, contained))]


def _coded(named: Concept) -> dict[str, Any]:
    main = named.main
    return {"code_system": main.system if main.code else None, "code": main.code, "name": named.name or NO_NAME}


def _first_day(resource: Json, zone: str, *names: str) -> str | None:
    """The first of these elements that names a day; of a period its start."""
    for name in names:
        found = when(element(resource, name), "start", zone) if name.endswith("Period") else when(resource, name, zone)
        if found and (day := found.day(zone)):
            return day.isoformat()
    return None


def _best_name(resource: Json) -> Json:
    """The official name, else the usual one, else the first that is not marked as old."""
    order = {"official": 0, "usual": 1, "old": 9, "maiden": 8}
    names = sorted(elements(resource, "name"), key=lambda item: order.get(str(item.get("use")), 2))
    return names[0] if names else {}


def _whole_name(resource: Json) -> str | None:
    name = _best_name(resource)
    pieces = [*texts(name, "prefix"), *texts(name, "given"), text(name, "family"), *texts(name, "suffix")]
    return text(name, "text", 200) or " ".join(piece for piece in pieces if piece)[:200].strip() or None


def _mrn(resource: Json) -> str | None:
    """The identifier of type MR, medical record number (HL7 v2 table 0203), that is not an old one."""
    found = [item for item in elements(resource, "identifier") if concept(item, "type").of(IDENTIFIER_TYPE) == "MR"]
    found.sort(key=lambda item: item.get("use") == "old")
    return next((value for item in found if (value := code(item, "value"))), None)


def _precision(precision: str) -> str:
    return "day" if precision == "moment" else precision


def _known(status: str | None, statuses: tuple[str, ...]) -> str | None:
    return status if status in statuses else None


def _iso(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
