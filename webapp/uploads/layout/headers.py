"""What headers are called in clinics, as data, and what one of them means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from webapp.content.vitals.daily import CONSCIOUSNESS, OXYGEN_GIVEN
from webapp.uploads.layout import text
from webapp.uploads.layout.layout import FRACTION, LEFT_OUT, LITRES, MEASURES, PRESSURE
from webapp.uploads.layout.units import unit_of

_NAMES: dict[str, str] = {
    "mrn": "mrn|medical record number|medical record no|medical record|hosp no|hospital no|hospital number|"
    "hosp number|hosp id|hospital id|hospital #|chart #|chart no|chart number|chart id|patient id|pat id|patid|"
    "patientid|pt id|ptid|patient no|patient number|patient #|pat no|pat nr|pt no|pt #|client id|client no|"
    "client number|record number|record no|record id|file no|file number|file #|folder no|folder number|case no|"
    "case number|unit no|unit number|uhid|opd no|ipd no|nhs no|nhs number|patient identifier|identifier|"
    "patient mrn|mrn no|mrn number|mrn #|subject id|card no|card number|reg no|registration no|registration number|"
    "mr no|mr number|mr #|patient code|subject",
    "name": "name|patient name|name of patient|patients name|patient s name|full name|fullname|pt name|"
    "patient full name|client name|names|name of client|patientname|last name first name|surname and name|"
    "name and surname",
    "family": "family name|surname|last name|lastname|familyname|family|last|patient last name|patient surname|"
    "lname|second name|patient family name",
    "given": "given name|first name|firstname|forename|forenames|forename s|"
    "first name s|given name s|given names|first names|given|first|fname|"
    "givenname|patient first name|christian name|other names|patient given name",
    "born": "dob|date of birth|birth date|birthdate|dofb|d of b|birthday|born|dateofbirth|date birth|patient dob|"
    "bdate|patient date of birth|born on|birth dt|dt of birth|d birth",
    "born_day": "day of birth|day birth|birth day|dob day|date of birth day|day born|birth date day",
    "born_month": "month of birth|month birth|birth month|dob month|date of birth month|month born|mob",
    "born_year": "year of birth|year birth|birth year|dob year|date of birth year|year born|yob|birth date year",
    "sex": "sex|gender|sex mf|gender mf|patient sex|patient gender|mf|sex m f|gender m f|sex m f o",
    "moment": "date time|datetime|date and time|taken at|obs time|observation time|observed at|recorded at|"
    "measured at|timestamp|time stamp|date taken time|obs date time|time date|recorded|measured|taken|when|"
    "charted at|collected at|reading time|measurement time|vitals time|recorded time|obs datetime|effective date|"
    "charttime|date time taken|date time of measurement|time of observation|charted|observation datetime|"
    "date of reading and time",
    "day": "date|obs date|observation date|date taken|date measured|date of measurement|measurement date|"
    "reading date|date of reading|visit date|date of visit|exam date|date of exam|examination date|date recorded|"
    "recorded date|date of obs|date of observation|assessment date|date of assessment|encounter date|date seen|"
    "vitals date|day date|screening date|date of screening|collection date|test date|date of test",
    "time": "time|time taken|time measured|time of measurement|time recorded|hour|time of day|clock time",
    PRESSURE: "bp|blood pressure|nibp|blood press|bp sys dia|bp s d|bp systolic diastolic|sys dia|"
    "systolic diastolic|bp reading|sbp dbp|arterial pressure|abp|bloodpressure|b pressure|bps|"
    "blood pressure reading|bp value|bp syst diast",
    "systolic": "systolic|syst|sys|sbp|systolic bp|bp systolic|systolic blood pressure|blood pressure systolic|"
    "sys bp|bp sys|syst bp|bp syst|systolic pressure|nibp sys|nibp systolic|upper bp|bp upper|blood pressure sys|"
    "8480 6|systolicbp|bp s|blood pressure syst|systolicbloodpressure|bp high|sysbp|bpsys|s bp",
    "diastolic": "diastolic|dia|diast|dbp|diastolic bp|bp diastolic|diastolic blood pressure|"
    "blood pressure diastolic|dia bp|bp dia|diast bp|bp diast|diastolic pressure|nibp dia|nibp diastolic|lower bp|"
    "bp lower|blood pressure dia|8462 4|diastolicbp|bp d|blood pressure diast|diastolicbloodpressure|bp low|diabp|"
    "bpdia|d bp",
    "pulse": "hr|pulse|heart rate|pulse rate|heartrate|pr|bpm|pulse bpm|beats per minute|heart rate bpm|pulserate|"
    "puls|8867 4|heart beat|heartbeat|h rate|hr bpm|pulse hr|hr pulse|heart rate pulse",
    "respiration": "rr|resp|respiration|respirations|resp rate|respiratory rate|respiration rate|breathing rate|"
    "resps|breaths|breaths per minute|resprate|respiratoryrate|9279 1|breath rate|respirations per minute|"
    "respiratory",
    "oxygen": "spo2|sp o2|o2 sat|o2sat|sats|sat|o2 sats|oxygen saturation|oxygen sat|oxygen sats|o2 saturation|"
    "sao2|saturation|spo2 %|o2 sat %|sats %|pulse ox|pulse oximetry|pulseox|oximetry|sat o2|sats o2|59408 5|2708 6|"
    "saturations|oxygensaturation|peripheral oxygen saturation|satn|po2 sat|spo 2|oxy sat|spo2 sats|o2 saturations",
    OXYGEN_GIVEN: "air o2|air oxygen|air or oxygen|supplemental oxygen|supplemental o2|oxygen given|o2 given|"
    "on oxygen|on o2|oxygen therapy|o2 therapy|oxygen flow|o2 flow|o2 supply|oxygen supply|suppl o2|supp o2|"
    "o2 device|oxygen flow rate|o2 flow rate|inspired oxygen|inspired o2|o2 delivery|oxygen delivery|"
    "oxygen support|o2 support|room air or oxygen|air or o2|ra or o2|ra o2|oxygen use|o2 use|suppl oxygen|"
    "supp oxygen|3151 8|oxygen or air|flow rate of oxygen|o2 air|oxygen air|any supplemental oxygen|"
    "supplementary oxygen|additional oxygen",
    "temperature": "temp|temperature|body temp|body temperature|tmp|temprature|oral temp|temp oral|tympanic temp|"
    "8310 5|axillary temp|temp axillary|temperatur|bodytemp|8331 1|temps|skin temp|ear temp|oral temperature",
    CONSCIOUSNESS: "avpu|acvpu|loc|consciousness|level of consciousness|conscious level|consciousness level|"
    "avpu score|alertness|mental status|gcs|conscious|67775 7|acvpu score|level of responsiveness|responsiveness|"
    "neuro|cns|glasgow coma scale|gcs total|consciousness avpu|consciousness acvpu",
    "scale": "spo2 scale|o2 scale|oxygen scale|sats scale|oxygen saturation scale|news2 scale|spo2 scale 1 2|"
    "news scale|news2 spo2 scale|saturation scale|scale 1 or 2|spo2 scale 1 or 2|spo2 scale used|"
    "scale for spo2|scale of spo2",
    "glucose": "glucose|bsl|rbs|fbs|bgl|blood sugar|blood glucose|cbg|bm|sugar|gluc|blood sugar level|"
    "random blood sugar|fasting blood sugar|fasting glucose|random glucose|capillary glucose|"
    "capillary blood glucose|rbg|fbg|glu|bg|blood glucose level|random blood glucose|fasting blood glucose|"
    "plasma glucose|serum glucose|hgt|grbs|15074 8|finger stick|fingerstick glucose|poc glucose|bs",
    "weight": "wt|weight|body weight|bodyweight|body wt|mass|29463 7|body mass|patient weight",
    "measure": "measure|measurement|parameter|vital|vital sign|vitals|observation|test|item|variable|analyte|"
    "metric|observation type|measurement type|test name|vital type|vital name|observation name|parameter name|sign|"
    "measure name|measurement name|obs type|what|what was measured|component|loinc|loinc code|vital sign name",
    "value": "value|result|reading|results|observation value|measured value|value numeric|numeric value|values|"
    "test result|result value|readings|valuenum|obs value|measurement value|value text",
    "unit": "unit|units|uom|unit of measure|units of measure|unit of measurement|measurement unit|value unit|"
    "valueuom|result unit|value units",
    LEFT_OUT: "race|ethnicity|ethnic group|hispanic|ward|bed|bed no|bed number|room|room no|doctor|nurse|comment|"
    "comments|note|notes|remark|remarks|signature|sign off|initials|address|phone|telephone|mobile|email|age|"
    "age years|age yrs|diagnosis|dx|allergies|department|dept|clinic|facility|site|insurance|marital status|"
    "occupation|religion|language|nationality|row|row no|sn|s no|sno|sl no|slno|serial|serial no|serial number|"
    "index|unnamed 0|physician|consultant|provider|staff|recorded by|taken by|entered by|done by|observer|"
    "admission date|date of admission|discharge date|date of discharge|date printed|printed|registration date|"
    "date of registration|consent|title|middle name|middle initial|city|town|village|district|country|cuff|"
    "cuff size|arm|position|seq|sequence|location|shift|unit name|ward name|hospital|payer|postcode|zip|contact|"
    "next of kin|visit type|patient type|date entered",
}  # fmt: skip
_UNITED = {
    "o2 l min": (OXYGEN_GIVEN, LITRES), "oxygen l min": (OXYGEN_GIVEN, LITRES), "o2 lpm": (OXYGEN_GIVEN, LITRES),
    "oxygen lpm": (OXYGEN_GIVEN, LITRES), "o2 flow l min": (OXYGEN_GIVEN, LITRES), "o2 litres": (OXYGEN_GIVEN, LITRES),
    "oxygen litres": (OXYGEN_GIVEN, LITRES), "litres of oxygen": (OXYGEN_GIVEN, LITRES), "o2 l": (OXYGEN_GIVEN, LITRES),
    "fio2": (OXYGEN_GIVEN, FRACTION), "fio2 %": (OXYGEN_GIVEN, FRACTION), "fi o2": (OXYGEN_GIVEN, FRACTION),
    "tempc": ("temperature", "°C"), "tempf": ("temperature", "°F"),
}  # fmt: skip
_DOUBTFUL = {
    **dict.fromkeys(("o2", "oxygen", "o2 %", "oxygen %"), ("oxygen", OXYGEN_GIVEN)),
    **dict.fromkeys(("patient", "pt", "client"), ("name", "mrn")),
    **dict.fromkeys(("id", "no", "#", "number", "nr"), ("mrn", LEFT_OUT)),
    **dict.fromkeys(("scale", "scale used", "scale no", "scale number"), ("scale", LEFT_OUT)),
    "p": ("pulse", LEFT_OUT),
    "t": ("temperature", "time", LEFT_OUT),
    "r": ("respiration", LEFT_OUT),
    "s": ("systolic", LEFT_OUT),
    "d": ("diastolic", LEFT_OUT),
    "rate": ("pulse", "respiration", LEFT_OUT),
}
_IGNORABLE = text.listed(
    "sitting|standing|supine|lying|resting|rest|seated|oral|axillary|tympanic|ear|radial|apical|monitor|manual|"
    "auto|m f|mf|avpu|acvpu|a c v p u|24h|24 h|hh mm|hhmm|24 hour|local|local time|room air|by cuff|sys dia|s d|"
    "systolic diastolic|last first|first last|if any|required|scale 1|1 2|1 or 2|air o2|y n|yes no|number|numeric"
)
_ORDINAL = r"(?:first|second|third|fourth|1st|2nd|3rd|\dth|last)"
_TURN = r"(?:visit|v|day|week|month|round|reading|obs|set|time|exam|test|no)"
_EVENT = r"(?:meal|meals|breakfast|lunch|dinner|supper|bedtime|dose|exercise|op|drink)"
_GROUP = re.compile(
    rf"(?:(?:pre|post|before|after) {_EVENT}|{_TURN} ?\d{{1,2}}|{_ORDINAL}(?: {_TURN})?"
    r"|\d{1,2} ?(?:hrs?|hours?|h|mins?)"
    r"|pre|post|before|after|baseline|fasting|random|am|pm|morning|noon|midday|afternoon|evening|night|admission|discharge"
    r"|initial|final|repeat|follow up|\d{1,2}(?: ?[ap]m)?|\d{4})(?: (?P<more>.+))?"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a header means: of several columns that mean the same person's number the one of lower `rank` is it.
    `suffix` is what is left of "glucose PRE"."""

    field: str | None
    unit: str = ""
    suffix: str = ""
    rank: int = 0
    may_be: tuple[str, ...] = ()


_NOTHING = Meaning(None)
_GROUPED = MEASURES | {"moment", "day", "time"}


def _tables() -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for field, names in _NAMES.items():
        for rank, name in enumerate(names.split("|")):
            if found.setdefault(name, Meaning(field, rank=rank)).field != field:
                raise ValueError(f"two meanings of {name}")
    for name, (field, unit) in _UNITED.items():
        found[name] = Meaning(field, unit)
    for name, fields in _DOUBTFUL.items():
        found[name] = Meaning(None, may_be=fields)
    return found


_MEANINGS = _tables()


def meaning(header: str) -> Meaning:
    """What a header means by itself, in any case and with punctuation, line breaks and units in it."""
    if len(header) > 120:
        return _NOTHING
    plain = text.cleaned(header.replace("_", " "))
    for name, rest, is_apart in _split(plain):
        found = _MEANINGS.get(text.key(name))
        if found is not None and not rest:
            return found
        if found is not None and (whole := _with(found, rest, is_apart)):
            return whole
    for name, rest, _ in _split(plain):
        found = _grouped(text.key(name))
        if found.field and (unit := unit_of(found.field, rest)):
            return replace(found, unit=unit)
    return _grouped(text.key(plain))


def _split(plain: str) -> Iterator[tuple[str, str, bool]]:
    """A header as name and the rest, which may be a unit: the whole, without what stands in brackets, before a comma,
    without its last words. The third tells whether the rest stands apart by a sign."""
    yield plain, "", True
    if bracket := re.search(r"[(\[{]([^()\[\]{}]*)[)\]}]", plain):
        yield f"{plain[: bracket.start()]} {plain[bracket.end() :]}", bracket[1], True
    for sign in (",", ";", ":", " in ", " - ", "/"):
        if sign in plain:
            name, _, rest = plain.rpartition(sign)
            yield name, ("/" if sign == "/" else "") + rest, True
    words = plain.split(" ")
    for count in (1, 2, 3):
        if len(words) > count:
            yield " ".join(words[:-count]), " ".join(words[-count:]), False


def _with(found: Meaning, rest: str, is_apart: bool) -> Meaning | None:
    """A meaning with what is left of its header: a unit, the order of a date's parts, another name for the same, or
    words that change nothing. None where the rest may change all: "Weight (change)"."""
    for field in (found.field,) if found.field else found.may_be:
        for part in (rest, *re.split(r"[,;]", rest)):
            if unit := unit_of(field, part):
                return found if found.field is None and field == "oxygen" else Meaning(field, unit, rank=found.rank)
    other = text.key(rest)
    is_same = other in _MEANINGS and found.field in (_MEANINGS[other].field, *_MEANINGS[other].may_be)
    return found if not other or (is_apart and (is_same or other in _IGNORABLE)) else None


def _grouped(plain: str) -> Meaning:
    """ "glucose pre", "bp visit 1" and "hr2" as a measure and the moment it belongs to."""
    for words in (plain.split(), re.sub(r"\b([^\W\d]{2,})(\d{1,2})\b", r"\1 \2", plain).split()):
        for at in range(len(words) - 1, 0, -1):
            for name, rest in ((words[:at], words[at:]), (words[-at:], words[:-at])):
                found = _MEANINGS.get(" ".join(name), _NOTHING)
                if found.field in _GROUPED and is_moment_like(" ".join(rest)):
                    return Meaning(found.field, found.unit, " ".join(rest), found.rank)
    return _NOTHING


def measure_of(word: str) -> Meaning:
    """What a cell in the column of measures of a long sheet means: a measure, else nothing."""
    found = meaning(word)
    if found.field in MEASURES and not found.suffix:
        return found
    short = {"p": "pulse", "t": "temperature", "r": "respiration"}.get(text.key(word))
    return Meaning(short) if short else found if OXYGEN_GIVEN in found.may_be else _NOTHING


def is_moment_like(heading: str) -> bool:
    """Whether a heading, or what is left of a header, sounds like a moment: "Visit 1", "PRE", "1 h post"."""
    left: str | None = text.key(heading)
    while left and (found := _GROUP.fullmatch(left)):
        left = found["more"]
        if not left:
            return True
    return False
