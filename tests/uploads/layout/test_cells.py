"""Single cells of measures, as people write them."""

import math
from datetime import date, time

import pytest

from webapp.uploads.layout.readers import Manner, Reader, manner_of
from webapp.uploads.workbook import Cell

WRITTEN = [
    ("pulse", 72, 72), ("pulse", "72", 72), ("pulse", " 72 ", 72), ("pulse", "72 bpm", 72), ("pulse", "72/min", 72),
    ("pulse", "HR 72", 72), ("pulse", "Pulse: 72", 72), ("pulse", "٧٢", 72), ("pulse", "７２", 72), ("pulse", "७२", 72),
    ("respiration", "16 /min", 16), ("respiration", "16 breaths/min", 16), ("pulse", "72.0", 72),
    ("oxygen", "96%", 96), ("oxygen", "96 %", 96), ("oxygen", 96.5, 96.5), ("oxygen", "SpO2 96 %", 96),
    ("temperature", "37,2°C", 37.2), ("temperature", "37.2 C", 37.2), ("temperature", "98.6 F", 37),
    ("temperature", "98.6°F", 37), ("temperature", "98.6 ℉", 37), ("temperature", "37 (°C)", 37),
    ("glucose", "5.5 mmol/L", 5.5), ("glucose", "99 mg/dl", 5.495), ("glucose", "1.204,5 mg/dL", 66.859),
    ("weight", "72,5 kg", 72.5), ("weight", "160 lbs", 72.575), ("weight", "72,500 kg", 72.5),
    ("weight", "72’5 kg", 725), ("systolic", "120 mmHg", 120), ("diastolic", "80", 80), ("pulse", "-5", -5),
]  # fmt: skip
UNREAD = [
    ("pulse", "<40"),
    ("pulse", "over 200"), ("pulse", ">200"), ("pulse", "~72"), ("pulse", "about 72"), ("pulse", "c. 72"),
    ("pulse", "72-80"), ("pulse", "72/80"), ("pulse", "72 to 80"), ("pulse", "72 irregular"), ("pulse", "1e309"),
    ("pulse", math.inf), ("pulse", -math.inf), ("pulse", "1.2.3"), ("pulse", "7 2"), ("pulse", True), ("pulse", "10²"),
    ("pulse", "fast"), ("pulse", "#DIV/0!"), ("pulse", "+++"), ("pulse", date(2026, 1, 1)), ("pulse", time(7, 2)),
    ("pulse", "7" * 200), ("pulse", "72 mmHg"), ("pulse", 10**400), ("temperature", "37½"), ("glucose", "HI"),
    ("weight", "1,050 lb"), ("weight", "11 st"), ("weight", "70 - 75 kg"), ("oxygen", 0.96), ("oxygen", "0.96"),
    ("oxygen", 1), ("systolic", "16 kPa"), ("temperature", "↑"), ("temperature", "***"), ("glucose", "++"),
]  # fmt: skip
ABSENT = (
    None, "", " ", "-", "–", "--", "~", "?", "n/a", "N/A", "NaN", math.nan, "nil", "none", "not done", "Not taken.",
    "REFUSED", "refused by patient", "missing", "nd", "unable", "...", "not recorded",
)  # fmt: skip
PRESSURES = {
    "120/80": (120, 80), "120 / 80": (120, 80), "120-80": (120, 80), "120 over 80": (120, 80), "120\\80": (120, 80),
    "BP 120/80 mmHg": (120, 80), "120/80mmHg": (120, 80), "120–80": (120, 80), "１２０／８０": (120, 80),
    "120.5/80": (120.5, 80),
    "BP: 90/60": (90, 60), "120/80 (sitting)": (120, 80), "90/P": (90, None), "90/-": (90, None), "90/palp": (90, None),
}  # fmt: skip
SUPPLIES = {
    "air": ("air", None), "Air": ("air", None), "RA": ("air", None), "room air": ("air", None), "R/A": ("air", None),
    "no": ("air", None), "0": ("air", None), 0: ("air", None), "None": ("air", None),
    "0 L": ("air", None), "FiO2 0.21": ("air", None), "21%": ("air", None), "FiO2 21 %": ("air", None),
    "oxygen": ("oxygen", None), "O2": ("oxygen", None), "yes": ("oxygen", None), "Y": ("oxygen", None),
    "NC 2 L": ("oxygen", 2), "2 L/min": ("oxygen", 2), "2l": ("oxygen", 2), "2 litres/min": ("oxygen", 2),
    "2 L/min via nasal cannula": ("oxygen", 2), "2L NC": ("oxygen", 2),
    "2,5 l/min": ("oxygen", 2.5), "15 lpm": ("oxygen", 15),
    "FiO2 0.28": ("oxygen", None), "FiO2 28 %": ("oxygen", None), "28%": ("oxygen", None),
    "nasal cannula": ("oxygen", None),
    "3": ("oxygen", 3), 2.0: ("oxygen", 2), 28: ("oxygen", None), 0.28: ("oxygen", None),
    "maybe": None,
    "2 kg": None, "FiO2 3": None, "0 L via mask": None, 21: None, 0.21: None,
    400: None, -1: None, "2 L or 4 L": None,
}  # fmt: skip
LEVELS = {
    "A": "alert", "alert": "alert", "Awake": "alert", 15: "alert", "GCS 15": "alert", "15/15": "alert", "C": "confused",
    "new confusion": "confused", "Confused": "confused", "V": "voice", "responds to voice": "voice", "P": "pain",
    "Pain": "pain", "U": "unresponsive", "Unresponsive": "unresponsive", 14: None, "GCS 13": None, "drowsy": None,
    "AVPU": None, 2: None, "A/V": None,
}  # fmt: skip


def said(field: str, cell: Cell, **manner: object) -> list[tuple[str, float | None, str]]:
    return [item[:3] for item in Reader(field, Manner(**manner)).read(cell).items]  # type: ignore[arg-type]


@pytest.mark.parametrize(("field", "cell", "value"), WRITTEN)
def test_numbers_are_read_as_they_are_written(field: str, cell: Cell, value: float) -> None:
    ((measure, found, word),) = said(field, cell)
    assert (measure, word) == (field, "")
    assert found == pytest.approx(value, abs=0.001)


@pytest.mark.parametrize(("field", "cell"), UNREAD)
def test_what_is_no_number_is_a_fault_with_a_sentence(field: str, cell: Cell) -> None:
    found = Reader(field, Manner()).read(cell)
    assert not found.items
    assert found.trouble is not None
    assert found.trouble.outcome == "value left out"
    assert found.trouble.reason[0].isupper()
    assert found.trouble.reason.endswith(".")


@pytest.mark.parametrize("cell", ABSENT)
def test_what_was_not_taken_is_absent_without_a_fault(cell: Cell) -> None:
    for field in ("pulse", "temperature", "pressure", "consciousness"):
        found = Reader(field, Manner()).read(cell)
        assert not found.items
        assert found.trouble is None


@pytest.mark.parametrize(("cell", "pair"), PRESSURES.items())
def test_blood_pressures_stand_in_one_cell(cell: str, pair: tuple[float, float | None]) -> None:
    wanted = [("systolic", pair[0], "")] + ([] if pair[1] is None else [("diastolic", pair[1], "")])
    assert said("pressure", cell) == wanted


@pytest.mark.parametrize(
    "cell", [120, "120", "120/80/70", "high", date(2026, 12, 8), "1200/80", "120/80 kPa", "<120/80"]
)
def test_what_is_no_blood_pressure_is_a_fault(cell: Cell) -> None:
    found = Reader("pressure", Manner()).read(cell)
    assert not found.items
    assert found.trouble is not None


@pytest.mark.parametrize(("cell", "supply"), SUPPLIES.items())
def test_oxygen_given_is_air_or_oxygen_and_the_flow_where_it_is_known(
    cell: Cell, supply: tuple[str, float | None] | None
) -> None:
    found = Reader("oxygen_given", Manner()).read(cell)
    assert [item[:3] for item in found.items] == ([] if supply is None else [("oxygen_given", supply[1], supply[0])])
    assert (found.trouble is None) == (supply is not None)


def test_numbers_of_oxygen_are_what_their_header_says() -> None:
    assert (
        said("oxygen_given", 0.28, unit="FiO2")
        == said("oxygen_given", 28, unit="FiO2")
        == [("oxygen_given", None, "oxygen")]
    )
    assert (
        said("oxygen_given", 21, unit="FiO2")
        == said("oxygen_given", 0.21, unit="FiO2")
        == [("oxygen_given", None, "air")]
    )
    assert said("oxygen_given", 0.5, unit="L/min") == [("oxygen_given", 0.5, "oxygen")]
    assert said("oxygen_given", 40, unit="L/min") == [("oxygen_given", 40, "oxygen")]
    assert said("oxygen_given", 1, yes_or_no=True) == [("oxygen_given", None, "oxygen")]


@pytest.mark.parametrize(("cell", "level"), LEVELS.items())
def test_consciousness_is_one_of_acvpu(cell: Cell, level: str | None) -> None:
    found = Reader("consciousness", Manner()).read(cell)
    assert [item[2] for item in found.items] == ([] if level is None else [level])
    if level is None:
        assert found.trouble is not None
        assert found.trouble.kind == "cannot be read as ACVPU"


def test_a_saturation_may_say_what_was_breathed() -> None:
    assert said("oxygen", "96% RA") == [("oxygen", 96, ""), ("oxygen_given", None, "air")]
    assert said("oxygen", "94% on 2 L") == [("oxygen", 94, ""), ("oxygen_given", 2, "oxygen")]


def test_a_remark_is_noted_and_the_number_used() -> None:
    found = Reader("pulse", Manner()).read("72 (irregular)")
    assert [item[1] for item in found.items] == [72]
    assert found.trouble is not None
    assert (found.trouble.outcome, "irregular" in found.trouble.reason) == ("noted", True)


def test_given_is_the_cell_with_the_unit_it_was_read_in() -> None:
    assert Reader("temperature", Manner("°F")).read(98.6).items == (("temperature", 37.0, "", "98.6 °F", True),)
    assert Reader("temperature", Manner("°F")).read("37 °C").items == (("temperature", 37.0, "", "37 °C", False),)
    assert Reader("glucose", Manner("mg/dL")).read(90).items == (("glucose", 4.99567, "", "90 mg/dL", True),)
    assert Reader("pulse", Manner()).read("HR 72").items == (("pulse", 72.0, "", "HR 72", False),)


def test_true_is_no_one_though_they_are_equal() -> None:
    reader = Reader("pulse", Manner())
    assert reader.read(1).items
    assert not reader.read(True).items


def test_temperatures_without_a_unit_are_what_they_can_only_be() -> None:
    for cells, values in (
        ((36.5, 38), [36.5, 38]),
        ((98.6, 104), [37, 40]),
        ((36.5, "98.6"), [36.5, 37]),
        ((36.5, 12), [36.5, 12]),
    ):
        manner, noted = manner_of("temperature", cells, "", "")
        assert noted
        found = [item[1] for cell in cells for item in Reader("temperature", manner).read(cell).items]
        assert found == pytest.approx(values)
    mixed, _ = manner_of("temperature", (36.5, 98.6, 60), "", "")
    assert not Reader("temperature", mixed).read(60).items


def test_saturations_that_are_all_fractions_are_percents() -> None:
    manner, noted = manner_of("oxygen", (0.96, "0.88", 1.0), "", "")
    assert noted
    assert [Reader("oxygen", manner).read(cell).items[0][1] for cell in (0.96, "0.88", 1.0)] == [96, 88, 100]
    mixed, noted = manner_of("oxygen", (0.96, 97), "%", "")
    assert not noted
    assert not Reader("oxygen", mixed).read(0.96).items
