"""What headers mean by themselves, as clinics write them."""

import pytest

from webapp.uploads.layout.headers import meaning, measure_of

MEANT = {
    "mrn": "MRN|Hosp. No.|pat_id|Patient ID|Chart #|PATIENT NO|Hospital number|Record no.|Medical Record Number (MRN)",
    "name": "Name|Patient name|Full Name|Name (Last, First)",
    "family": "Family name|SURNAME|Last Name|last_name",
    "given": "Given name|First name|Forename(s)|firstname",
    "born": "DOB|D.O.B.|DofB|Date of birth|Birthdate|Birth-date|date_of_birth",
    "born_day": "Day birth|Day of birth|DOB day",
    "born_month": "Month of birth|Birth month",
    "born_year": "Year birth|YOB",
    "sex": "Sex|Gender|Sex (M/F)|M/F",
    "moment": "Taken at|Obs time|Date/Time|Date & time|DateTime|Timestamp",
    "day": "Date|Visit date|Date of measurement|Obs. date",
    "time": "Time|Time taken|Time (24h)",
    "pressure": "BP|B/P|Blood pressure|Blood\npressure|NIBP|BP (sitting)|BP sys/dia",
    "systolic": "Systolic|Syst|SBP|BP systolic|Systolic BP|Sys. BP|Systolic blood pressure",
    "diastolic": "Diastolic|Dia|DBP|diast.|BP (diastolic)",
    "pulse": "HR|H.R.|Pulse|Heart rate|heart_rate|Pulse rate|PULSE (radial)",
    "respiration": "RR|Resp|Resp. rate|Respiratory Rate|Respirations",
    "oxygen": "SpO2|SpO₂|O2 sat|O2 Sat.|Sats|SaO2|Oxygen saturation|Sats %|Pulse ox",
    "oxygen_given": "Air/O2|Air or oxygen|Supplemental oxygen|Oxygen given|On O2|FiO2|O2 therapy",
    "temperature": "Temp|Temp.|Temperature|BODY TEMP|Temp (oral)",
    "consciousness": "AVPU|ACVPU|Consciousness|LOC|Level of consciousness|GCS",
    "scale": "SpO2 scale|SpO2 Scale (1 or 2)",
    "glucose": "Glucose|BSL|RBS|Blood sugar|Blood glucose|CBG",
    "weight": "Wt|Weight|Body weight|WT.",
    "measure": "Measure|Parameter|Vital sign|Test",
    "value": "Value|Result|Reading",
    "unit": "Unit|Units|UOM",
    "left out": "Race|Ethnicity|Ward|Comments|Age|Nurse|Bed no.",
}
UNITS = {
    "Temp (°F)": ("temperature", "°F"),
    "Temp F": ("temperature", "°F"),
    "temp_c": ("temperature", "°C"),
    "T (°C)": ("temperature", "°C"),
    "Temperature [degF]": ("temperature", "°F"),
    "Temperature in °C": ("temperature", "°C"),
    "SpO2 %": ("oxygen", ""),
    "Wt, kg": ("weight", "kg"),
    "Weight (lbs)": ("weight", "lb"),
    "Weight in pounds": ("weight", "lb"),
    "BP\n(mmHg)": ("pressure", "mm Hg"),
    "BP (mmHg, sitting)": ("pressure", "mm Hg"),
    "Pulse/min": ("pulse", "per minute"),
    "P (bpm)": ("pulse", "per minute"),
    "RR /min": ("respiration", "per minute"),
    "O2 L/min": ("oxygen_given", "L/min"),
    "O2 (L/min)": ("oxygen_given", "L/min"),
    "FiO2 (%)": ("oxygen_given", "FiO2"),
    "Glucose mg/dL": ("glucose", "mg/dL"),
    "BSL (mmol/l)": ("glucose", "mmol/L"),
    "DOB (dd/mm/yyyy)": ("born", "dmy"),
    "Date (MM-DD-YY)": ("day", "mdy"),
    "Date/time (yyyy-mm-dd hh:mm)": ("moment", "ymd"),
}
GROUPED = {
    "glucose PRE": ("glucose", "pre"),
    "Pre glucose": ("glucose", "pre"),
    "Glucose 1h post": ("glucose", "1h post"),
    "BP visit 1": ("pressure", "visit 1"),
    "BP (Visit 2)": ("pressure", "visit 2"),
    "HR2": ("pulse", "2"),
    "bp_1": ("pressure", "1"),
    "Temp am": ("temperature", "am"),
    "SpO2 2": ("oxygen", "2"),
}


@pytest.mark.parametrize(("field", "headers"), MEANT.items())
def test_headers_are_known_by_all_their_names(field: str, headers: str) -> None:
    for header in headers.split("|"):
        for written in (header, header.upper(), f"  {header}: "):
            assert meaning(written).field == field, written


@pytest.mark.parametrize(("header", "meant"), UNITS.items())
def test_headers_tell_units_and_the_order_of_dates(header: str, meant: tuple[str, str]) -> None:
    assert (meaning(header).field, meaning(header).unit) == meant


@pytest.mark.parametrize(("header", "meant"), GROUPED.items())
def test_headers_tell_which_of_several_readings(header: str, meant: tuple[str, str]) -> None:
    assert (meaning(header).field, meaning(header).suffix) == meant


@pytest.mark.parametrize(
    "header",
    [
        "Weight loss", "Pulse pressure", "BP cuff broken", "Height (cm)", "BMI", "NEWS2 score", "Temp of room", "Waist",
        "Weight (change)", "x", "!!!", "Resp effort", "Glucose monitor", "Pulse regular?", "Sex partner", "Target BP",
        "Temp min", "HR max", "Name of mother", "Blood group", "Date of admission 2", "",
    ],
)  # fmt: skip
def test_false_friends_mean_nothing(header: str) -> None:
    assert meaning(header).field is None
    assert not meaning(header).may_be


@pytest.mark.parametrize("header", ["O2", "Oxygen", "O2 %", "P", "T", "No", "#", "ID", "Patient", "Rate"])
def test_what_may_mean_several_things_says_so(header: str) -> None:
    assert meaning(header).field is None
    assert len(meaning(header).may_be) > 1


def test_measures_of_a_long_sheet_may_be_short_or_codes() -> None:
    words = ("P", "Temp", "BP", "8867-4", "Glucose", "O2", "Height", "MRN", "")
    assert [measure_of(word).field for word in words] == [
        "pulse", "temperature", "pressure", "pulse", "glucose", None, None, None, None,
    ]  # fmt: skip
