"""Units as sheets write them, and values in our own."""

from webapp.content.vitals.bands import SYSTOLIC_ALONE
from webapp.content.vitals.daily import NUMBERS, OXYGEN_GIVEN
from webapp.uploads.layout.layout import FRACTION, LITRES, ORDERS, PRESSURE

_PER_MINUTE = (
    "/min", "perminute", "permin", "min", "bpm", "beats/min", "b/min", "breaths/min", "brpm", "cpm", "rpm",
    "beats/minute", "breaths/minute", "/minute", "beatsperminute", "breathsperminute", "{beats}/min", "/m",
    "{breaths}/min", "breathspermin", "beatspermin", "b/m", "br/min", "resp/min", "min-1",
)  # fmt: skip
_MMHG = ("mmhg", "mm[hg]", "mm", "mm-hg", "mmofhg", "torr")
_SPELLED: dict[str, dict[str, tuple[str, ...]]] = {
    "temperature": {
        "°C": ("c", "°c", "degc", "°celsius", "celsius", "cel", "degreesc", "degreescelsius", "centigrade"),
        "": ("°", "deg", "degrees"),
        "°F": ("f", "°f", "degf", "°fahrenheit", "fahrenheit", "[degf]", "degreesf", "degreesfahrenheit"),
    },
    "glucose": {
        "mmol/L": ("mmol/l", "mmol", "mmoll", "mmol/litre", "mmols/l", "mmols", "mmolperl", "mmol/ltr"),
        "mg/dL": ("mg/dl", "mg", "mgdl", "mg%", "mg/100ml", "mgs/dl", "mgperdl"),
    },
    "weight": {
        "kg": ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"),
        "lb": ("lb", "lbs", "pound", "pounds", "[lb_av]"),
    },
    "oxygen": {"%": ("%", "percent", "pct", "%sat", "%satn")},
    OXYGEN_GIVEN: {
        LITRES: (
            "l/min", "lpm", "l", "lmin", "litres/min", "liters/min", "litre/min", "l/m", "litres", "liters", "lt/min",
            "ltr/min", "litresperminute", "litersperminute", "lperminute", "lpermin",
        ),
        FRACTION: ("fio2", "fraction", "fio2%"),
    },
    **{field: {"per minute": _PER_MINUTE} for field in ("pulse", "respiration")},
    **{field: {"mm Hg": _MMHG} for field in (PRESSURE, "systolic", "diastolic")},
}  # fmt: skip
_KNOWN = {
    field: {spelled: unit for unit, others in units.items() for spelled in others} for field, units in _SPELLED.items()
}


def unit_of(field: str, text: str) -> str | None:
    """What `text` means as the unit of a field, None where it is not known as one. Of a date it is the order of its
    parts: "dd/mm/yyyy" is "dmy"."""
    plain = "".join(text.casefold().split()).rstrip(".")
    if field in _KNOWN:
        return _KNOWN[field].get(plain)
    if field in ("born", "day", "moment"):
        return order if (order := _date_part(plain)) in ORDERS else None
    return None


def _date_part(plain: str) -> str:
    """The letters of a pattern such as "dd-mm-yyyy hh:mm", without the time, each once."""
    found: list[str] = []
    for sign in plain.split("h")[0]:
        if sign.isalpha() and sign not in found:
            found.append(sign)
    return "".join(found)


def own(field: str) -> str | None:
    """The unit in which a measure is kept where sheets know no other; None where there are several."""
    if field == PRESSURE:
        return SYSTOLIC_ALONE.unit
    measure = NUMBERS.get(field)
    return None if measure is None or measure.scales else measure.unit


def in_ours(field: str, value: float, unit: str) -> tuple[float, bool]:
    """`value` in the measure's own unit, and whether it came in another. Rounded to what doubles can tell of it: 98.6
    °F is 37 °C."""
    measure = NUMBERS[field]
    if unit == measure.unit:
        return value, False
    scale = measure.scales[unit]
    return round((value - scale.zero) * scale.times / scale.by, 6), True
