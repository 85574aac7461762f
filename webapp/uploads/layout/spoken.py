"""Words in cells: sex, oxygen given, consciousness, SpO2 scale."""

import re
from functools import lru_cache

from webapp.uploads.layout import text
from webapp.uploads.layout.layout import FRACTION, LITRES
from webapp.uploads.layout.numbers import Number, Unread
from webapp.uploads.layout.units import unit_of
from webapp.uploads.workbook import Cell


def _spelled(words: dict[str, str]) -> dict[str, str]:
    return {spelled: word for word, all_spelled in words.items() for spelled in all_spelled.split("|")}


_SEXES = _spelled(
    {
        "female": "f|female|woman|women|girl|fem|females|lady",
        "male": "m|male|man|men|boy|males",
        "other": "other|intersex|non binary|nonbinary|diverse",
        "unknown": "unknown|u|unk|not known|undisclosed|not stated|prefer not to say|not specified",
    }
)
_AIR = text.listed(
    "air|ra|room air|roomair|no|none|nil|n|false|on air|on room air|ra only|a|no oxygen|no o2|without oxygen|"
    "off oxygen|off o2|room|r a|not on oxygen|medical air|on ra|0 l|zero"
)
_OXYGEN = text.listed(
    "oxygen|o2|yes|y|true|on oxygen|on o2|supplemental oxygen|supplemental o2|supplemental|given|nc|nasal cannula|"
    "nasal cannulae|nasal prongs|mask|face mask|facemask|simple mask|venturi|venturi mask|nrb|nrbm|non rebreather|"
    "non rebreather mask|non rebreathing mask|hfnc|hfno|high flow|high flow nasal cannula|cpap|bipap|niv|"
    "ventilator|ventilated|nasal specs|nasal spectacles|fm|reservoir mask|trach mask|oxygen given|oxygen mask|np|"
    "vm|sfm"
)
_LEVELS = _spelled(
    {
        "alert": "a|alert|alert and oriented|awake|aox3|a o x3|aao x3|fully alert|awake and alert|"
        "alert and orientated|a alert|alert a|alert oriented|alert orientated|awake alert|oriented|"
        "orientated",
        "confused": "c|confused|new confusion|confusion|newly confused|new onset confusion|acute confusion|"
        "c confused|confused c|delirious|delirium|disoriented|disorientated|c new confusion|new confusion c|"
        "c confusion|confusion c",
        "voice": "v|voice|responds to voice|verbal|responds to verbal|responsive to voice|to voice|v voice|voice v|"
        "responds to verbal stimuli|v verbal|verbal v|responding to voice|response to voice|rousable to voice",
        "pain": "p|pain|responds to pain|responsive to pain|to pain|p pain|pain p|painful stimuli|"
        "responding to pain|responds to painful stimuli|response to pain",
        "unresponsive": "u|unresponsive|unconscious|no response|u unresponsive|unresponsive u|not responsive",
    }
)
_FLOW = re.compile(
    r"(?P<before>[a-z][a-z %]*?)?[ @:]*(?P<value>\d{1,2}(?:[.,]\d{1,2})?) ?"
    r"(?P<unit>l/min|lpm|litres?/min|liters?/min|l|litres?|liters?|l/m)(?:[ /@:]+(?P<after>[a-z][a-z0-9 ]*))?",
    re.I,
)
_INSPIRED = re.compile(r"(?:fi ?o2|f)[ :=@]*(?:of )?(?P<value>\d{1,3}(?:[.,]\d{1,3})?) ?(?P<sign>%?)", re.I)
_PERCENT = re.compile(r"(?P<value>\d{2,3}(?:[.,]\d)?) ?%(?: ?(?:o2|oxygen))?", re.I)

_UNREAD_OXYGEN = Unread("It is not clear whether this means air or oxygen.")
_UNREAD_LEVEL = Unread("This cannot be read as one of ACVPU: alert, confused, voice, pain, unresponsive.")


@lru_cache(maxsize=1024)
def sex_of(cell: Cell) -> str:
    """One of models.patient.SEXES, empty where the cell says none of them in words."""
    return _SEXES.get(text.key(cell), "") if isinstance(cell, str) and len(cell) < 40 else ""


def oxygen(cell: Cell, unit: str, only_yes_or_no: bool) -> tuple[str, float | None] | Unread:
    """ "air" or "oxygen", and the flow in L/min where the cell tells it. `unit` is what the header says of numbers;
    `only_yes_or_no` that the whole column holds nothing but 0 and 1, of which 1 is then no flow."""
    if isinstance(cell, bool):
        return ("oxygen", None) if cell else ("air", None)
    if isinstance(cell, int | float):
        return _amount(float(cell), unit, only_yes_or_no)
    if not isinstance(cell, str) or len(cell) > 60:
        return _UNREAD_OXYGEN
    plain = text.cleaned(cell)
    word = text.key(plain)
    if word in _AIR:
        return "air", None
    if word in _OXYGEN:
        return "oxygen", None
    return _in_figures(plain, unit, only_yes_or_no)


def _in_figures(plain: str, unit: str, only_yes_or_no: bool) -> tuple[str, float | None] | Unread:
    if inspired := _INSPIRED.fullmatch(plain):
        value = _float(inspired["value"])
        return _fraction(value / 100 if inspired["sign"] or value > 1 else value)
    if percent := _PERCENT.fullmatch(plain):
        return _fraction(_float(percent["value"]) / 100)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{1,3})?", plain):
        return _amount(_float(plain), unit, only_yes_or_no)
    flow = _FLOW.fullmatch(plain)
    if flow is None:
        return _UNREAD_OXYGEN
    beside = {text.key(flow[part] or "") for part in ("before", "after")} - {"", "via", "by", "at", "on"}
    known = all(word.removeprefix("via ").removeprefix("by ").removeprefix("on ") in _OXYGEN for word in beside)
    value = _float(flow["value"])
    if not known or (value == 0 and beside):
        return _UNREAD_OXYGEN
    return ("oxygen", value) if value else ("air", None)


def _float(digits: str) -> float:
    return float(digits.replace(",", "."))


def _fraction(value: float) -> tuple[str, float | None] | Unread:
    """Air has 0.21 of oxygen; a mask gives 0.22 to 1."""
    if 0.205 <= value <= 0.21:
        return "air", None
    return ("oxygen", None) if 0.21 < value <= 1 else Unread("This is no fraction of oxygen that can be breathed in.")


def _amount(value: float, unit: str, only_yes_or_no: bool) -> tuple[str, float | None] | Unread:
    """A bare number. Where the header does not say what it tells, 0 is air, 1 to 15 a flow, and above 21 it is oxygen
    whichever is meant, with no flow known."""
    if unit == FRACTION:
        return _fraction(value / 100 if value > 1 else value)
    if value == 0:
        return "air", None
    if unit == LITRES:
        return ("oxygen", value) if 0 < value <= 100 else Unread("This is no flow of oxygen in L/min.")
    if only_yes_or_no and value == 1:
        return "oxygen", None
    if 1 <= value <= 15:
        return "oxygen", value
    return ("oxygen", None) if 0.21 < value < 1 or 21 < value <= 100 else _UNREAD_OXYGEN


def level(cell: Cell) -> str | Unread:
    """One of ACVPU. Of Glasgow coma scores only 15 says which: below it NEWS2 has no rule."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _glasgow(float(cell))
    if not isinstance(cell, str) or len(cell) > 60:
        return _UNREAD_LEVEL
    word = text.key(cell)
    if word in _LEVELS:
        return _LEVELS[word]
    figures = re.fullmatch(r"(?:gcs )?(\d{1,2})(?: 15)?", word)
    return _glasgow(float(figures[1])) if figures else _UNREAD_LEVEL


def _glasgow(score: float) -> str | Unread:
    if score == 15:
        return "alert"
    return Unread("A Glasgow coma score below 15 cannot be read as one of ACVPU.") if 3 <= score < 15 else _UNREAD_LEVEL


def scale(cell: Cell) -> int | Unread:
    """The SpO2 scale, 1 or 2."""
    plain = text.key(text.shown(cell))
    found = re.fullmatch(r"(?:scale |s)?([12])", plain)
    return int(found[1]) if found else Unread("The SpO2 scale is 1 or 2.")


def with_supply(plain: str) -> tuple[Number, tuple[str, float | None]] | None:
    """A saturation with what was breathed: "96% RA", "94 % on 2 L". None where it is anything else."""
    found = re.fullmatch(r"(\d{2,3}(?:[.,]\d)?) ?%? ?(?:on |\()?([^()]+)\)?", plain)
    if found is None or not any(sign.isalpha() for sign in found[2]) or unit_of("oxygen", found[2]):
        return None
    supply = oxygen(found[2].strip(), "", False)
    return None if isinstance(supply, Unread) else (Number(_float(found[1]), "%"), supply)
