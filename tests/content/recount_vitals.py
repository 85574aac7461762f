"""Vital signs classed one by one in plain Python, with nothing taken from the code under test."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from tests.content.recount import Row, age

MINUTE = {"/min", "{beats}/min", "{breaths}/min", "beats/min", "breaths/min", "beats/minute", "breaths/minute"}
MERCURY = {"mm[Hg]", "mmHg"}
NAMES = {
    "8867-4": "Pulse",
    "9279-1": "Respiration rate",
    "2708-6": "Oxygen saturation",
    "59408-5": "Oxygen saturation",
    "8480-6": "Systolic pressure",
    "8310-5": "Temperature",
    "8331-1": "Temperature",
    "39156-5": "Body mass index",
}
ORDER = (
    "Blood pressure", "Respiration rate", "Oxygen saturation", "Systolic pressure", "Pulse", "Temperature",
    "Body mass index",
)  # fmt: skip
"""As the report tells them."""
TROUBLES = ("no number", "other unit", "unpaired", "age unknown", "too young", "implausible")
NEWS2: dict[str, list[tuple[float, str, int]]] = {
    "Respiration rate": [
        (8, "8 or less", 3), (11, "9 to 11", 1), (20, "12 to 20", 0), (24, "21 to 24", 2), (999, "25 or more", 3),
    ],
    "Oxygen saturation": [(91, "91 or less", 3), (93, "92 to 93", 2), (95, "94 to 95", 1), (999, "96 or more", 0)],
    "Systolic pressure": [
        (90, "90 or less", 3), (100, "91 to 100", 2), (110, "101 to 110", 1), (219, "111 to 219", 0),
        (999, "220 or more", 3),
    ],
    "Pulse": [
        (40, "40 or less", 3), (50, "41 to 50", 1), (90, "51 to 90", 0), (110, "91 to 110", 1), (130, "111 to 130", 2),
        (999, "131 or more", 3),
    ],
    "Temperature": [
        (35.0, "35.0 or less", 3), (36.0, "35.1 to 36.0", 1), (38.0, "36.1 to 38.0", 0), (39.0, "38.1 to 39.0", 1),
        (999, "39.1 or more", 2),
    ],
}  # fmt: skip
"""The last value of each band, its name and its score."""
UNITS = {
    "Respiration rate": "per minute", "Oxygen saturation": "%", "Systolic pressure": "mm Hg", "Pulse": "per minute",
    "Temperature": "°C",
}  # fmt: skip
BMI = (
    (18.5, "Underweight, under 18.5"), (25, "Normal range, 18.5 to 24.9"), (30, "Pre-obesity, 25.0 to 29.9"),
    (35, "Obesity class I, 30.0 to 34.9"), (40, "Obesity class II, 35.0 to 39.9"),
    (999, "Obesity class III, 40.0 or more"),
)  # fmt: skip
AGES = {"Under 45": range(18, 45), "45 to 64": range(45, 65), "65 or over": range(65, 130)}

Verdict = tuple[str, date, int, str]
"""The measure, the day, the patient's years of age, and the band or the trouble."""


def single(readings: Iterable[Row], people: dict[int, Row]) -> Iterable[Verdict]:
    for reading in readings:
        name, day = NAMES.get(reading["loinc"]), reading["local_day"]
        if name is None or day is None:
            continue
        person = people[reading["patient_id"]]
        if reading["value"] is None:
            told = "no number"
        elif (value := in_our_unit(reading, name)) is None:
            told = "other unit"
        elif trouble := unfit(person, day, 20 if name == "Body mass index" else 16):
            told = trouble
        else:
            told = band(value, name) if can_be(value, name) else "implausible"
        yield name, day, age(person, day) or 0, told


def pressures(readings: Iterable[Row], people: dict[int, Row]) -> Iterable[Verdict]:
    together = defaultdict(list)
    for reading in readings:
        if reading["loinc"] in ("8480-6", "8462-4") and reading["local_day"]:
            panel = reading["source_id"] if reading["component"] else None
            together[reading["patient_id"], reading["local_day"], reading["measured_at"], panel].append(reading)
    for (who, day, _, _), those in together.items():
        yield "Blood pressure", day, age(people[who], day) or 0, pair(people[who], day, those)


def in_our_unit(reading: Row, name: str) -> float | None:
    value, unit = reading["value"], reading["unit"]
    if name == "Temperature":
        if unit in ("[degF]", "degF", "°F"):
            return (value - 32) * 5 / 9
        return value if unit in ("Cel", "°C", "degC") else None
    known = {
        "Oxygen saturation": {"%"}, "Systolic pressure": MERCURY, "Body mass index": {"kg/m2", "kg/m²"},
    }.get(name, MINUTE)  # fmt: skip
    return value if unit in known else None


def can_be(value: float, name: str) -> bool:
    if name == "Oxygen saturation":
        return 0 < value <= 100
    if name == "Body mass index":
        return 12 <= value <= 65
    low, high = {
        "Respiration rate": (0, 70), "Systolic pressure": (0, 400), "Diastolic pressure": (0, 300), "Pulse": (0, 300),
        "Temperature": (10, 50),
    }[name]  # fmt: skip
    return low < value < high


def band(value: float, name: str) -> str:
    if name == "Body mass index":
        return next(label for under, label in BMI if value < under)
    # To tenths of a degree or to whole numbers, a half upwards.
    step = 10 if name == "Temperature" else 1
    rounded = int(value * step + 0.5 + 1e-9) / step
    return next(label for last, label, _ in NEWS2[name] if rounded <= last)


def unfit(person: Row, day: date, first_age: int) -> str:
    years = age(person, day)
    return "age unknown" if years is None else "too young" if years < first_age else ""


def pair(person: Row, day: date, readings: list[Row]) -> str:
    gravity = ("", "no number", "other unit", "implausible")
    values: dict[str, list[float]] = {"8480-6": [], "8462-4": []}
    worst = ""
    for reading in readings:
        trouble = trouble_with(reading)
        if not trouble:
            values[reading["loinc"]].append(reading["value"])
        worst = max(worst, trouble, key=gravity.index)
    is_whole = all(values.values())
    if not is_whole and worst != "implausible":
        return worst or "unpaired"
    if trouble := unfit(person, day, 18):
        return trouble
    if not is_whole or max(values["8462-4"]) >= max(values["8480-6"]):
        return "implausible"
    return pressure_class(max(values["8480-6"]), max(values["8462-4"]))


def trouble_with(pressure: Row) -> str:
    if pressure["value"] is None:
        return "no number"
    if pressure["unit"] not in MERCURY:
        return "other unit"
    name = "Systolic pressure" if pressure["loinc"] == "8480-6" else "Diastolic pressure"
    return "" if can_be(pressure["value"], name) else "implausible"


def pressure_class(systolic: float, diastolic: float) -> str:
    if systolic >= 140 or diastolic >= 90:
        return "Stage 2"
    if systolic >= 130 or diastolic >= 80:
        return "Stage 1"
    return "Elevated" if systolic >= 120 else "Normal"
