"""What daily patient reports read of a patient: the measures of NEWS2, and a few that are no part of it.

Each is a Measure (bands.py) with the LOINC code and the unit it is kept under. Oxygen given and consciousness are
words: see AIR_OR_OXYGEN and ACVPU.

Limits are those of bands.py, and besides
    weight    up to 500 kg as the adult algorithm of growthcleanr has it (its step 1, biologically implausible values,
              "loosest"); its lower end of 20 kg would leave out children, so it is 0.2 kg here, which is ours
    glucose   ours: MIMIC's vitalsign.sql knows the lower end alone. Meters at the bedside read 0.6 to 33.3 mmol/L, and
              laboratories more in a hyperosmolar state; 0.5 and 100 mmol/L are 9 and 1,802 mg/dL, so that most readings
              in one unit which are told to be in the other lie beyond
    oxygen    a flow of up to 80 L/min, ours: high-flow devices for adults give 60 to 70 L/min
"""

from webapp.content.vitals.bands import (
    DIASTOLIC,
    DIASTOLIC_LIMITS,
    MMHG,
    OXYGEN,
    PULSE,
    RESPIRATION,
    SYSTOLIC_ALONE,
    TEMPERATURE,
    Limits,
    Measure,
    Scale,
)

DIASTOLIC_ALONE = Measure(
    "diastolic", "Diastolic pressure", (DIASTOLIC,), "mm Hg", MMHG, DIASTOLIC_LIMITS, 0, (), "", ""
)
GLUCOSE = Measure(
    "glucose", "Glucose", ("15074-8",), "mmol/L", ("mmol/L",), Limits(0.5, 100), 0, (), "", "",
    {"mg/dL": Scale(0, 1, 18.0156)},
)  # fmt: skip
WEIGHT = Measure(
    "weight", "Weight", ("29463-7",), "kg", ("kg",), Limits(0.2, 500, low_is_in=True, high_is_in=True), 0, (), "", "",
    {"lb": Scale(0, 0.45359237, 1)},
)  # fmt: skip

NUMBERS = {
    measure.name: measure
    for measure in (
        RESPIRATION, OXYGEN, SYSTOLIC_ALONE, DIASTOLIC_ALONE, PULSE, TEMPERATURE, GLUCOSE, WEIGHT,
    )
}  # fmt: skip
"""Measures whose readings are numbers, by name, in the order in which a report tells of them."""

DECIMALS = {"temperature": 1, "glucose": 1, "weight": 1}
"""Digits after the point that are written; of all others none."""

OXYGEN_GIVEN, CONSCIOUSNESS = "oxygen_given", "consciousness"
WORDS = {OXYGEN_GIVEN: "3151-8", CONSCIOUSNESS: "67775-7"}
"""Measures whose readings are words, with their LOINC codes: inhaled oxygen flow rate, and level of responsiveness. The
flow is kept as value in L/min where it is known."""

FLOW_LIMITS = Limits(0, 80, low_is_in=True, high_is_in=True)
"""Of oxygen given, in L/min."""

AIR_OR_OXYGEN = ("air", "oxygen")
ACVPU = ("alert", "confused", "voice", "pain", "unresponsive")
"""NEWS2's levels of consciousness; confused is new confusion."""
