"""The value of an observation or of one of its components: a number with its unit, else words."""

from typing import Any

from webapp.clinic_data.fhir.elements import Json, Refused, code, concept, element, number, text
from webapp.words import printable

UCUM = "http://unitsofmeasure.org"
LONGEST_UNIT = 40
LONGEST_TEXT = 400


def value_of(item: Json) -> dict[str, Any]:
    """value[x] as the columns value, unit and text. A number with a comparator ("<5") is words: it is a bound.

    Sampled data and absent values leave all three empty.
    """
    if "valueQuantity" in item:
        return _quantity(element(item, "valueQuantity"))
    if "valueInteger" in item:
        return _columns(value=number(item, "valueInteger"))
    return _columns(words=_words(item))


def _words(item: Json) -> str | None:
    if "valueCodeableConcept" in item:
        named = concept(item, "valueCodeableConcept")
        return named.name
    if "valueBoolean" in item:
        value = item["valueBoolean"]
        if not isinstance(value, bool):
            raise Refused("valueBoolean is not true or false")
        return "yes" if value else "no"
    if "valueRange" in item:
        ends = element(item, "valueRange")
        return _joined(_amount(element(ends, "low")), " to ", _amount(element(ends, "high")))
    if "valueRatio" in item:
        ends = element(item, "valueRatio")
        return _joined(_amount(element(ends, "numerator")), " : ", _amount(element(ends, "denominator")))
    if "valuePeriod" in item:
        ends = element(item, "valuePeriod")
        return _joined(text(ends, "start"), " to ", text(ends, "end"))
    for name in ("valueString", "valueDateTime", "valueTime"):
        if name in item:
            return text(item, name, LONGEST_TEXT)
    return None


def _quantity(quantity: Json) -> dict[str, Any]:
    if text(quantity, "comparator"):
        return _columns(words=_amount(quantity))
    return _columns(value=number(quantity, "value"), unit=_unit(quantity))


def _unit(quantity: Json) -> str | None:
    """The UCUM code, else the unit as it is written."""
    ucum = code(quantity, "code", LONGEST_UNIT) if quantity.get("system") == UCUM else None
    return ucum or code(quantity, "unit", LONGEST_UNIT)


def _amount(quantity: Json) -> str | None:
    value = number(quantity, "value")
    if value is None:
        return None
    pieces = [text(quantity, "comparator"), f"{value:.15g}", text(quantity, "unit") or _unit(quantity)]
    return " ".join(piece for piece in pieces if piece)


def _joined(left: str | None, between: str, right: str | None) -> str | None:
    return f"{left or '?'}{between}{right or '?'}" if left or right else None


def _columns(value: float | None = None, unit: str | None = None, words: str | None = None) -> dict[str, Any]:
    return {"value": value, "unit": unit, "text": printable(words)[:LONGEST_TEXT] if words else None}
