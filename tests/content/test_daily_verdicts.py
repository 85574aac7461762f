"""How a patient stands: scored, at least so much, or judged by what was before."""

import pytest

from tests.content.reading import table
from tests.content.sheets import ILL, WELL, add_named, add_set, add_sheet, cells, only, patients, report
from webapp.models import Clinic, Patient


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return add_named(clinic, "Reyes")


def test_an_incomplete_latest_set_is_not_scored_and_tells_of_the_last_complete_one(
    clinic: Clinic, patient: Patient
) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 14:00", sheet, **{**WELL, "pulse": 115, "respiration": 22, "systolic": 108})
    add_set(patient, "2026-11-21 18:00", sheet, **{**WELL, "temperature": None, "respiration": 30})
    section = only(report(sheet))
    subject = section.subject
    assert subject is not None
    assert (subject.verdict, subject.level, subject.advice) == ("NEWS2 was 5", "medium", "urgent review")
    assert subject.since == "5 at 14:00; at 18:00 at least 3: no temperature"
    temperature = next(one for one in section.metrics if one.key == "temperature")
    assert (temperature.value, temperature.note, temperature.trend) == (None, "last 36.8 at 14:00", ())
    assert cells(section)[1]["respiration_points"] == 3


GRAVE = {**WELL, "respiration": 40, "oxygen": 80, "systolic": 70, "diastolic": 40, "pulse": 140,
         "consciousness": "unresponsive"}  # fmt: skip
"""3 in each of five signs: 15."""


def test_the_sickest_stand_first_whatever_is_missing(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    for family, readings in (
        ("Full", {**GRAVE, "temperature": 35.0, "consciousness": "alert"}),
        ("Grave", {**GRAVE, "oxygen_given": None}), ("Ill", ILL), ("Five", {**ILL, "respiration": None}),
        ("Two", {**WELL, "oxygen": 93, "pulse": None}), ("Three", {**WELL, "respiration": 25, "pulse": None}),
        ("Well", WELL), ("Empty", {**WELL, "pulse": None}),
    ):  # fmt: skip
        add_set(add_named(clinic, family), "2026-11-21 08:00", sheet, **readings)
    add_set(add_named(clinic, "Ageless", birth_date=None), "2026-11-21 08:00", sheet, **GRAVE)
    figures = report(sheet)
    subjects = [section.subject for section in figures.sections if section.subject]
    assert [(one.name.partition(",")[0], one.verdict, one.level, one.advice) for one in subjects] == [
        ("Full", "NEWS2 15", "high", "emergency response"),
        ("Grave", "NEWS2 at least 15", "high", "emergency response"),
        ("Ill", "NEWS2 8", "high", "emergency response"),
        ("Five", "NEWS2 at least 5", "medium", "urgent review"),
        ("Three", "NEWS2 at least 3", "low-medium", "urgent ward review"),
        ("Two", "NEWS2 at least 2", "", ""),
        ("Well", "NEWS2 0", "low", "routine monitoring"),
        ("Ageless", "not scored", "", ""),
        ("Empty", "not scored", "", ""),
    ]
    assert subjects[1].since == "at 08:00: nobody said whether oxygen was given"
    grave = table(figures, "patients").rows[1]
    assert grave[3:] == (
        None, "emergency response", "2026-11-21T08:00+08:00",
        "at least 15: air or oxygen missing; "
        "respiration 3, SpO2 3, systolic 3, pulse 3, consciousness 3",
    )  # fmt: skip
    assert figures.summary == (
        "3 of 9 patients need an emergency response (NEWS2 of 7 or more), 1 of them with readings missing.",
        "1 needs an urgent review (NEWS2 of 5 or 6), with readings missing.",
        "1 needs an urgent ward review (3 points in one sign), with readings missing.",
        "3 could not be scored: 1 of unknown age and 2 with readings missing.",
        "Of those not scored the known points of 1 come to 5 or more.",
    )
    assert [one.value for one in figures.metrics] == [9, 3, 1, 3]


def test_a_nearly_empty_set_hides_no_score_of_the_24_hours_before(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    for family, first in (("Sick", "2026-11-20 10:00"), ("Past", "2026-11-20 09:59")):
        one = add_named(clinic, family)
        add_set(one, first, sheet, **{**GRAVE, "temperature": 36.0})
        add_set(one, "2026-11-21 10:00", sheet, pulse=95)
    mild = add_named(clinic, "Mild")
    add_set(mild, "2026-11-21 08:00", sheet, **{**WELL, "pulse": 115})
    add_set(mild, "2026-11-21 10:00", sheet, pulse=95)
    figures = report(sheet, "2026-11-20", "2026-11-21")
    found = [section.subject for section in figures.sections if section.subject]
    missing = (
        "no respiration, oxygen saturation, systolic pressure, level of consciousness and temperature; "
        "nobody said whether oxygen was given"
    )
    assert [(one.name, one.verdict, one.level, one.since) for one in found] == [
        ("Sick, Ana", "NEWS2 was 16", "high", f"16 on 20 Nov, 10:00; at 10:00 at least 1: {missing}"),
        ("Mild, Ana", "NEWS2 at least 1", "", f"last scored 2 at 08:00; at 10:00: {missing}"),
        ("Past, Ana", "NEWS2 at least 1", "", f"highest 16 on 20 Nov, 09:59; at 10:00: {missing}"),
    ]
    assert [row[6].partition(";")[0] for row in table(figures, "patients").rows] == [
        "16 on 20 Nov, 10:00: respiration 3, SpO2 3, systolic 3, pulse 3, consciousness 3, temperature 1",
        "at least 1: 6 of 7 signs missing",
        "highest 16 on 20 Nov, 09:59",
    ]
    assert figures.summary == (
        "1 of 3 patients needs an emergency response (NEWS2 of 7 or more), with readings missing.",
        "1 more had a NEWS2 of 7 or more at another time: Past, Ana (16 on 20 Nov, 09:59).",
        "2 could not be scored: 2 with readings missing.",
    )


def test_a_higher_level_of_the_same_days_is_told_of_who_is_better_now(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    better = add_named(clinic, "Better")
    add_set(better, "2026-11-21 23:30", sheet, **{**ILL, "consciousness": "voice"})
    add_set(better, "2026-11-21 23:45", sheet, **{**WELL, "pulse": 115})
    late = add_named(clinic, "Late")
    add_set(late, "2026-11-21 07:00", sheet, **WELL)
    add_set(late, "2026-11-21 10:00", **{**WELL, "consciousness": "voice", "pulse": 120})
    steady = add_named(clinic, "Steady")
    add_set(steady, "2026-11-21 07:00", sheet, **ILL)
    add_set(steady, "2026-11-21 08:00", sheet, **{**ILL, "pulse": 72})
    figures = report(sheet)
    since = {name: section.subject.since for name, section in patients(figures).items() if section.subject}
    assert since == {
        "Steady, Ana": "at 08:00, was 8 at 07:00",
        "Better, Ana": "at 23:45, highest 11 at 23:30",
        "Late, Ana": "at 07:00, highest 5 at 10:00, on record",
    }
    assert [row[6] for row in table(figures, "patients").rows][1:] == [
        "highest 11 at 23:30; pulse 2", "highest 5 at 10:00, on record; no points",
    ]  # fmt: skip
    assert figures.summary == (
        "1 of 3 patients needs an emergency response (NEWS2 of 7 or more).",
        "1 more had a NEWS2 of 7 or more at another time: Better, Ana (11 at 23:30).",
        "1 had a NEWS2 of 5 or 6 at another time: Late, Ana (5 at 10:00).",
    )


def test_a_grave_set_without_the_oxygen_goes_on_counting_after_a_pulse_alone(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    told, untold = add_named(clinic, "Told"), add_named(clinic, "Untold")
    grave = {**GRAVE, "oxygen_given": None}
    add_set(told, "2026-11-21 08:00", sheet, **GRAVE)
    add_set(untold, "2026-11-21 08:00", sheet, **{name: value for name, value in grave.items() if value is not None})
    for one in (told, untold):
        add_set(one, "2026-11-21 09:00", sheet, pulse=80)
    figures = report(sheet, "2026-11-21", "2026-11-21")
    found = [section.subject for section in figures.sections if section.subject]
    assert [(one.name, one.verdict, one.level) for one in found] == [
        ("Told, Ana", "NEWS2 was 15", "high"),
        ("Untold, Ana", "NEWS2 was at least 15", "high"),
    ]
    assert table(figures, "patients").rows[1][6].startswith("at least 15 at 08:00: ")
