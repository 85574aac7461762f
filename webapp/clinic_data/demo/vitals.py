"""What is measured at a visit, from the person's age, build and illness."""

from bisect import bisect_right
from datetime import date
from random import Random

from webapp.clinic_data.demo.medicine import (
    BMI,
    DIASTOLIC,
    GLUCOSE,
    HEART_RATE,
    HEIGHT,
    OXYGEN,
    RESPIRATORY_RATE,
    SYSTOLIC,
    TEMPERATURE,
    WEIGHT,
    Condition,
    Vital,
)
from webapp.clinic_data.demo.people import Someone

Reading = tuple[Vital, float]

_AGES = (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 9.0, 12.0, 14.0, 16.0, 18.0)
_HEIGHTS = {
    "female": (50.0, 65.5, 74.0, 86.0, 102.0, 115.0, 132.5, 151.0, 159.0, 162.0, 163.0),
    "male": (50.5, 67.5, 76.0, 88.0, 103.0, 116.0, 133.5, 149.0, 163.0, 173.0, 176.0),
}
_BMIS = (13.4, 17.0, 16.8, 16.0, 15.4, 15.4, 16.2, 18.0, 19.4, 20.8, 22.0)
_FEVERISH = {"Influenza", "Dengue", "Pneumonia", "Acute pharyngitis", "Otitis media", "Varicella"}


def taken(rng: Random, person: Someone, day: date, condition: Condition) -> list[Reading]:
    """The readings of one visit: all of them, the short round, or none, as the desk has time."""
    thoroughness = rng.random()
    readings: list[Reading] = []
    if thoroughness < 0.52:
        readings += _pressures(rng, person, day) + _pulse(rng, person, day, condition)
    if thoroughness < 0.26:
        readings += _breath(rng, person, day, condition) + _body(rng, person, day)
    diabetic = any(known.icd_10 == "E11.9" for known in person.conditions)
    if rng.random() < (0.7 if condition.icd_10 == "E11.9" else 0.05):
        readings.append((GLUCOSE, round(max(62, rng.gauss(158 if diabetic else 97, 38 if diabetic else 11)))))
    return readings


def _pressures(rng: Random, person: Someone, day: date) -> list[Reading]:
    """By component: the two pressures come first."""
    years = person.age(day)
    if years < 3:
        return []
    hypertensive = any(known.icd_10 == "I10" for known in person.conditions)
    usual = 92 + years * 1.3 if years < 18 else 107 + years * 0.36
    systolic = usual + person.pressure + (13 if hypertensive else 0) + rng.gauss(0, 6)
    diastolic = 0.42 * systolic + 25 + rng.gauss(0, 4.5) - max(0, years - 60) * 0.2
    return [(SYSTOLIC, round(systolic)), (DIASTOLIC, round(min(diastolic, systolic - 20)))]


def _pulse(rng: Random, person: Someone, day: date, condition: Condition) -> list[Reading]:
    years = person.age(day)
    fever = condition.name in _FEVERISH
    pulse = max(50, max(73.0, 128 - years * 4.0) + (10 if fever else 0) + rng.gauss(0, 8))
    temperature = rng.gauss(38.1, 0.6) if fever else rng.gauss(36.6, 0.3)
    return [(HEART_RATE, round(pulse)), (TEMPERATURE, round(temperature, 1))]


def _breath(rng: Random, person: Someone, day: date, condition: Condition) -> list[Reading]:
    ill = condition.name in ("Pneumonia", "Acute bronchitis", "Asthma", "Chronic obstructive lung disease")
    rate = max(15.0, 36 - person.age(day) * 1.4) + (4 if ill else 0) + rng.gauss(0, 1.6)
    oxygen = min(100.0, rng.gauss(94.5 if ill else 97.8, 1.1))
    return [(RESPIRATORY_RATE, round(rate)), (OXYGEN, round(oxygen))]


def _body(rng: Random, person: Someone, day: date) -> list[Reading]:
    years = (day - person.born).days / 365.25
    heights = _HEIGHTS["male" if person.sex == "male" else "female"]
    height = _between(years, heights) * person.stature
    middle_age = 1 + 0.19 * min(1.0, max(0.0, years - 18) / 32)
    bmi = _between(years, _BMIS) * person.build * middle_age
    weight = bmi * (height / 100) ** 2 * rng.gauss(1, 0.012)
    height, weight = round(height, 1), round(weight, 1)
    return [(HEIGHT, height), (WEIGHT, weight), (BMI, round(weight / (height / 100) ** 2, 1))]


def _between(years: float, curve: tuple[float, ...]) -> float:
    """The curve at an age, straight between its points (near the medians of the WHO growth standards)."""
    if years >= _AGES[-1]:
        return curve[-1]
    at = bisect_right(_AGES, years) - 1
    share = (years - _AGES[at]) / (_AGES[at + 1] - _AGES[at])
    return curve[at] + share * (curve[at + 1] - curve[at])
