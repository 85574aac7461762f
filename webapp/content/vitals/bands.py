"""Reference bands of vital signs, as data: what is read, in which units, what is believed, and where each band ends.

    blood pressure   2017 ACC/AHA/AAPA/ABC/ACPM/AGS/APhA/ASH/ASPC/NMA/PCNA guideline, Table 6 (Whelton and others,
                     Hypertension 2018; 71: 1269-1324): adults of 18 and over; of two categories the higher counts
    early warning    Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, chart 1: from 16
                     years on and not in pregnancy; oxygen saturation by scale 1. One sign alone is scored here, never
                     the sum of a set
    body mass index  WHO, Obesity: preventing and managing the global epidemic, Technical Report Series 894, 2000, Table
                     2.1: adults, whom the WHO growth reference of 5 to 19 years leaves to begin at 20

Values outside of Limits are taken for mistakes: those of vital signs as in the derived tables of MIMIC (Johnson and
others, The MIMIC Code Repository, JAMIA 2018; 25: 32-39; vitalsign.sql), those of the body mass index as in the adult
algorithm of growthcleanr (Daymont and others, JAMIA 2017; 24: 1080-1087, and the package's documentation: "looser", its
default). A diastolic pressure that is not below the systolic one is a mistake too.

Units are UCUM's of the FHIR value set ucum-vitals-common, with what else systems write for the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Band:
    """Values under `under` that are in no band before; None in the last one. `grade` is the score or class it gives."""

    label: str
    under: float | None
    grade: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be true of somebody alive. The ends are out, unless they are said to be in."""

    low: float
    high: float
    low_is_in: bool = False
    high_is_in: bool = False

    def hold(self, value: float) -> bool:
        """Whether `value` is within."""
        return (self.low <= value if self.low_is_in else self.low < value) and (
            value <= self.high if self.high_is_in else value < self.high
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """Another unit in terms of our own: (value - zero) * times / by."""

    zero: float
    times: float
    by: float


@dataclass(frozen=True, slots=True)
class Measure:
    """`units` are those that mean the same as ours, `scales` those that can be turned into it. Bands are for people of
    `first_age` completed years and more on the day of the reading. `usual` is the grade of the reference band, and
    `unusual` what all others are called."""

    name: str
    label: str
    loincs: tuple[str, ...]
    unit: str
    units: tuple[str, ...]
    limits: Limits
    first_age: int
    bands: tuple[Band, ...]
    usual: str
    unusual: str
    scales: Mapping[str, Scale] = field(default_factory=dict, hash=False)

    def in_own_unit(self, value: float, unit: str | None) -> float | None:
        """`value`, which is in `unit`, in the measure's own; None where that unit is none that we know."""
        if unit in (self.unit, *self.units):
            return value
        scale = self.scales.get(unit or "")
        return None if scale is None else (value - scale.zero) * scale.times / scale.by


SCORES = ("0", "1", "2", "3")
"""What one sign can score in NEWS2; 0 is the reference band."""

SCORES_1_TO_3 = "score 1 to 3"
NEWS2_AGE, PRESSURE_AGE, BMI_AGE = 16, 18, 20
MMHG = ("mm[Hg]", "mmHg")
PER_MINUTE = ("/min", "{beats}/min", "{breaths}/min", "beats/min", "breaths/min", "beats/minute", "breaths/minute")
SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
SYSTOLIC_LIMITS, DIASTOLIC_LIMITS = Limits(0, 400), Limits(0, 300)
FAHRENHEIT = Scale(32, 5, 9)

# NEWS2 is written for whole numbers, and for tenths of a degree; a finer reading is rounded to them, a half upwards.
# So each band ends half a step above its last value.
RESPIRATION = Measure(
    "respiration", "Respiration rate", ("9279-1",), "per minute", PER_MINUTE, Limits(0, 70), NEWS2_AGE,
    (
        Band("8 or less", 8.5, "3"),
        Band("9 to 11", 11.5, "1"),
        Band("12 to 20", 20.5, "0"),
        Band("21 to 24", 24.5, "2"),
        Band("25 or more", None, "3"),
    ),
    "0", SCORES_1_TO_3,
)  # fmt: skip
OXYGEN = Measure(
    "oxygen", "Oxygen saturation", ("2708-6", "59408-5"), "%", ("%",), Limits(0, 100, high_is_in=True), NEWS2_AGE,
    (
        Band("91 or less", 91.5, "3"),
        Band("92 to 93", 93.5, "2"),
        Band("94 to 95", 95.5, "1"),
        Band("96 or more", None, "0"),
    ),
    "0", SCORES_1_TO_3,
)  # fmt: skip
SYSTOLIC_ALONE = Measure(
    "systolic", "Systolic pressure", (SYSTOLIC,), "mm Hg", MMHG, SYSTOLIC_LIMITS, NEWS2_AGE,
    (
        Band("90 or less", 90.5, "3"),
        Band("91 to 100", 100.5, "2"),
        Band("101 to 110", 110.5, "1"),
        Band("111 to 219", 219.5, "0"),
        Band("220 or more", None, "3"),
    ),
    "0", SCORES_1_TO_3,
)  # fmt: skip
PULSE = Measure(
    "pulse", "Pulse", ("8867-4",), "per minute", PER_MINUTE, Limits(0, 300), NEWS2_AGE,
    (
        Band("40 or less", 40.5, "3"),
        Band("41 to 50", 50.5, "1"),
        Band("51 to 90", 90.5, "0"),
        Band("91 to 110", 110.5, "1"),
        Band("111 to 130", 130.5, "2"),
        Band("131 or more", None, "3"),
    ),
    "0", SCORES_1_TO_3,
)  # fmt: skip
TEMPERATURE = Measure(
    "temperature", "Temperature", ("8310-5", "8331-1"), "°C", ("Cel", "°C", "degC"), Limits(10, 50), NEWS2_AGE,
    (
        Band("35.0 or less", 35.05, "3"),
        Band("35.1 to 36.0", 36.05, "1"),
        Band("36.1 to 38.0", 38.05, "0"),
        Band("38.1 to 39.0", 39.05, "1"),
        Band("39.1 or more", None, "2"),
    ),
    "0", SCORES_1_TO_3, {"[degF]": FAHRENHEIT, "°F": FAHRENHEIT, "degF": FAHRENHEIT},
)  # fmt: skip
BMI = Measure(
    "bmi", "Body mass index", ("39156-5",), "kg/m²", ("kg/m2", "kg/m²"),
    Limits(12, 65, low_is_in=True, high_is_in=True), BMI_AGE,
    (
        Band("Underweight, under 18.5", 18.5, "underweight"),
        Band("Normal range, 18.5 to 24.9", 25, "normal"),
        Band("Pre-obesity, 25.0 to 29.9", 30, "overweight"),
        Band("Obesity class I, 30.0 to 34.9", 35, "obese"),
        Band("Obesity class II, 35.0 to 39.9", 40, "obese"),
        Band("Obesity class III, 40.0 or more", None, "obese"),
    ),
    "normal", "outside 18.5 to 24.9",
)  # fmt: skip

NEWS2 = (RESPIRATION, OXYGEN, SYSTOLIC_ALONE, PULSE, TEMPERATURE)
SINGLE = (*NEWS2, BMI)
"""Measures of which one reading is one value."""

BMI_CLASSES = {
    "underweight": "Underweight",
    "normal": "Normal range",
    "overweight": "Pre-obesity",
    "obese": "Obesity",
}
PRESSURE_CLASSES = {"normal": "Normal", "elevated": "Elevated", "stage_1": "Stage 1", "stage_2": "Stage 2"}
HIGH_PRESSURES = ("stage_1", "stage_2")
"""The guideline's hypertension: 130/80 mm Hg or higher."""
HIGH = "130/80 or higher"
"""How a reader is told of it."""

PRESSURES = ((140, 90, "stage_2"), (130, 80, "stage_1"), (120, None, "elevated"))
"""From the highest class down: the systolic and the diastolic pressure at which it begins, either of them enough.
What reaches none is normal."""

VITALS = tuple(sorted({loinc for measure in SINGLE for loinc in measure.loincs} | {DIASTOLIC}))
"""The LOINC codes read as vital signs, those of the FHIR R4 vital signs profiles and oral temperature."""
