"""The observations and treatments that medical statistics name, counted by hand."""

from tests.content.reading import Ask, table
from tests.factories import (
    add_measurement,
    add_patient,
    add_treatment,
)  # fmt: skip
from webapp.models import Clinic

NAME = "medical_statistics"
DAY = "2026-10-05"


def test_the_most_common_are_told_by_code_and_by_name(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    # One code under two names, of which the more common counts; and one name under two codes.
    for name in ("Heart rate", "Pulse", "Pulse"):
        add_measurement(ana, "8867-4", 60, "/min", name=name)
    add_measurement(ben, "8867-4", 60, "/min", name="Pulse")
    add_measurement(ana, "1111-1", 1, None, name="Pulse")
    # Without a code, names are the same but for case and spaces.
    for patient, name in ((ana, "Grip  strength"), (ben, "grip strength"), (ben, "Grip strength")):
        add_measurement(patient, "", 1, None, name=name)
    add_measurement(ana, "", 1, None, name="")
    # Names of which only the beginning is shown.
    for last in "ab":
        add_measurement(ana, "", 1, None, name=f"{'Ж' * 250}{last}")

    figures = ask(NAME)

    shown = "Ж" * 59 + "…"
    assert table(figures, "observations").rows == (
        ("Pulse (8867-4)", "LOINC 8867-4", 4, 36.4, 2),
        ("Grip strength", "", 3, 27.3, 2),
        ("No name recorded", "", 1, 9.1, 1),
        ("Pulse (1111-1)", "LOINC 1111-1", 1, 9.1, 1),
        (shown, "", 1, 9.1, 1),
        (f"{shown} (number 2)", "", 1, 9.1, 1),
    )
    assert table(figures, "observations").total == ("All", "", 11, 100.0, 2)
    section = next(section for section in figures.sections if section.key == "observations")
    assert section.text == "Pulse (8867-4) was the most common observation"


def test_more_than_ten_are_told_together(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for letter in "LKJIHGFEDCBA":
        add_treatment(ana, DAY, name=letter)
    add_treatment(ana, DAY, name="All others", code="1", code_system="x")
    figures = ask(NAME)
    assert [row[0] for row in table(figures, "treatments").rows] == [
        "A", "All others (1)", "B", "C", "D", "E", "F", "G", "H", "I", "All others",
    ]  # fmt: skip
    assert table(figures, "treatments").rows[-1] == ("All others", "", 3, 23.1, 1)
    assert table(figures, "treatments").total == ("All", "", 13, 100.0, 1)
    section = next(section for section in figures.sections if section.key == "treatments")
    assert section.text == "No treatment stood out as the most common"
