"""What daily patient reports say: titles and shading of charts, the first page, rows and definitions."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.content.reading import metric, table
from tests.content.sheets import ILL, WELL, add_named, add_set, add_sheet, asked, cells, only, report
from webapp import content
from webapp.extensions import db, snapshot
from webapp.figures import Choice, Excluded, Zone
from webapp.files import facts
from webapp.models import Clinic, Patient


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return add_named(clinic, "Reyes")


def test_by_scale_2_points_and_shading_are_those_of_air_or_oxygen(clinic: Clinic) -> None:
    one = add_named(clinic, "Reyes", spo2_scale=2)
    sheet = add_sheet(clinic)
    add_set(one, "2026-11-21 08:00", sheet, **{**WELL, "oxygen": 96, "oxygen_given": ("oxygen", 2.0)})
    add_set(one, "2026-11-21 09:00", sheet, **{**WELL, "oxygen": 96})
    section = only(report(sheet))
    assert [row["oxygen_points"] for row in cells(section)] == [2, 0]
    chart = section.charts[1]
    assert chart.subtitle == (
        "percent, scale 2: target 88 to 92; number and area: NEWS2 points; "
        "shaded: 0 points on air, as at the latest reading"
    )
    assert chart.zones == (Zone(None, 83.5, 3), Zone(83.5, 85.5, 2), Zone(85.5, 87.5, 1), Zone(87.5, None, 0))
    add_set(one, "2026-11-21 10:00", sheet, **{**WELL, "oxygen": 90, "oxygen_given": "oxygen"})
    chart = only(report(sheet)).charts[1]
    assert chart.subtitle.endswith("on oxygen, as at the latest reading")
    assert chart.zones[3:] == (Zone(87.5, 92.5, 0), Zone(92.5, 94.5, 1), Zone(94.5, 96.5, 2), Zone(96.5, None, 3))
    add_set(one, "2026-11-21 11:00", sheet, **{**WELL, "oxygen": 95, "oxygen_given": None})
    section = only(report(sheet))
    assert section.charts[1].zones[3:] == (Zone(87.5, 92.5, 0),)
    assert cells(section)[3]["oxygen_points"] is None
    assert any("used here for 1 patient" in one.meaning for one in report(sheet).definitions)


def test_each_saturation_is_scored_by_the_scale_that_it_was_brought_with(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    for hour, scale in ((8, None), (9, 2), (10, 1)):
        readings = {**WELL, "oxygen": 90, "oxygen_given": "oxygen"}
        add_set(patient, f"2026-11-21 {hour:02}:00", sheet, spo2_scale=scale, **readings)
    figures = report(sheet)
    section = only(figures)
    assert [(row["oxygen_points"], row["remark"]) for row in cells(section)] == [
        (3, None), (0, "SpO2 by scale 2"), (3, None),
    ]  # fmt: skip
    assert section.charts[1].subtitle.startswith("percent, scale 1; readings by scale 2 too; ")
    assert section.charts[1].zones[-1] == Zone(95.5, None, 0)
    patient.spo2_scale = 2
    add_set(patient, "2026-11-21 11:00", sheet, spo2_scale=2, **readings)
    section = only(report(sheet))
    assert [(row["oxygen_points"], row["remark"]) for row in cells(section)] == [
        (0, None), (0, None), (3, "SpO2 by scale 1"), (0, None),
    ]  # fmt: skip
    assert section.charts[1].subtitle.startswith("percent, scale 2: target 88 to 92; readings by scale 1 too; ")
    assert section.charts[1].zones[3] == Zone(87.5, 92.5, 0)


def test_a_change_of_saturation_is_told_in_percentage_points(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-20 08:00", **WELL)
    add_set(patient, "2026-11-21 08:00", sheet, **{**WELL, "oxygen": 80, "pulse": 80})
    told = {one.key: facts.change(one) for one in only(report(sheet)).metrics}
    assert told["oxygen"] == "▼ down 17 percentage points against 20 November 2026"
    assert told["pulse"] == "▲ up 8 a minute against 20 November 2026"


@pytest.mark.parametrize(
    ("pulses", "title"),
    [
        ([88], "One reading of pulse: 88"),
        ([70, 70], "Pulse steady at 70"),
        ([70, 78, 74], "Pulse steady at 70 to 78"),
        ([88, 92], "Pulse rose from 88 to 92"),
        ([52, 61], "Pulse rose from 52 to 61"),
        ([100, 80], "Pulse fell from 100 to 80"),
        ([70, 140, 80], "Pulse rose from 70 to 80, highest 140"),
        ([80, 140, 45, 70], "Pulse fell from 80 to 70, lowest 45, highest 140"),
        ([80, 140, 80], "Pulse 80 at first and at last, highest 140"),
    ],
)
def test_a_title_says_what_is_seen(clinic: Clinic, patient: Patient, pulses: list[int], title: str) -> None:
    sheet = add_sheet(clinic)
    for hour, pulse in enumerate(pulses):
        add_set(patient, f"2026-11-21 {hour:02}:00", sheet, pulse=pulse)
    section = only(report(sheet))
    assert [chart.title for chart in section.charts] == [title]
    assert section.text == "There is no reading of respiration, oxygen saturation and systolic pressure."


def test_a_clinic_has_the_charts_that_it_chose(clinic: Clinic, patient: Patient) -> None:
    clinic.more_charts = "temperature oxygen_given consciousness"
    db.session.commit()
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 08:00", sheet, **{**WELL, "consciousness": "pain"})
    add_set(patient, "2026-11-21 09:00", sheet, **{**WELL, "temperature": 38.4, "oxygen_given": ("oxygen", 2.0)})
    section = only(report(sheet))
    charts = {chart.key: chart for chart in section.charts}
    assert list(charts) == [
        "respiration", "oxygen", "systolic", "pulse", "temperature", "oxygen_flow", "consciousness_level",
    ]  # fmt: skip
    assert charts["temperature"].title == "Temperature rose from 36.8 to 38.4 °C"
    assert charts["oxygen_flow"].series == ("oxygen_flow", "oxygen_given_points")
    assert charts["oxygen_flow"].title == "Oxygen flow rose from 0 to 2 L/min"
    assert charts["consciousness_level"].title == "Consciousness: pain to alert"
    assert charts["consciousness_level"].subtitle.startswith("0 alert, 1 confused, 2 voice, 3 pain, 4 unresponsive;")
    assert [(row["oxygen_flow"], row["consciousness_level"]) for row in cells(section)] == [(0, 3), (2, 0)]


def test_rows_and_definitions_tell_what_was_kept_of_the_sheet(clinic: Clinic, patient: Patient) -> None:
    told = {
        "read": 10, "used": 5, "left_out": {"unknown patient": 1, "no time": 3, "odd": "x"},
        "converted": {"temperature": "°F"}, "assumed": {"oxygen_given": "air", "day": "21 November 2026"},
    }  # fmt: skip
    sheet = add_sheet(clinic, told)
    add_set(patient, "2026-11-21 08:00", sheet, **WELL)
    figures = report(sheet)
    rows = figures.rows
    assert (rows.noun, rows.read, rows.used) == ("rows", 10, 5)
    assert rows.excluded == (Excluded("no time", 3), Excluded("for other reasons", 1), Excluded("unknown patient", 1))
    meanings = {one.term: one.meaning for one in figures.definitions}
    assert meanings["Converted units"] == "Turned from the sheet’s units: temperature from °F to °C."
    assert meanings["Assumed"].endswith("day: 21 November 2026; air or oxygen: air.")
    assert "pregnancy" in meanings["Not scored"]


@pytest.mark.parametrize("told", ["{}", "[]", "nonsense", '{"used": "3", "left_out": 7, "converted": []}'])
def test_where_nothing_was_kept_of_the_sheet_its_sets_are_counted(clinic: Clinic, patient: Patient, told: str) -> None:
    sheet = add_sheet(clinic, told)
    add_set(patient, "2026-11-21 08:00", sheet, **WELL)
    figures = report(sheet)
    assert (figures.rows.noun, figures.rows.read, figures.rows.used, figures.rows.excluded) == ("readings", 1, 1, ())
    assert figures.summary == ("Of 1 patient nobody who was scored needs an urgent or emergency response.",)


def test_the_first_page_counts_what_calls_for_somebody_and_who_was_not_scored(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    for number, readings in enumerate(
        [ILL, ILL, {**WELL, "consciousness": "pain", "pulse": 120}, {**WELL, "respiration": 30}, WELL,
         {**WELL, "pulse": None}, {**ILL, "temperature": None}]
    ):  # fmt: skip
        add_set(add_named(clinic, f"F{number}"), "2026-11-21 08:00", sheet, **readings)
    add_set(add_named(clinic, "Young", birth_date=date(2020, 1, 1)), "2026-11-21 08:00", sheet, **ILL)
    add_set(add_named(clinic, "Unborn", birth_date=None), "2026-11-21 08:00", sheet, **WELL)
    figures = report(sheet)
    assert figures.summary == (
        "3 of 9 patients need an emergency response (NEWS2 of 7 or more), 1 of them with readings missing.",
        "1 needs an urgent review (NEWS2 of 5 or 6).",
        "1 needs an urgent ward review (3 points in one sign).",
        "3 could not be scored: 1 aged under 16, 1 of unknown age and 1 with readings missing.",
    )
    assert [one.value for one in figures.metrics] == [9, 3, 1, 3]


def test_names_are_shown_whatever_they_are(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    for family, given in (("  ", ""), ("", "Ana"), ("محمود", "علی"), ("x" * 200, "")):
        add_set(add_named(clinic, family, given, mrn=None, sex="unknown"), "2026-11-21 08:00", sheet, **WELL)
    figures = report(sheet)
    assert [row[0] for row in table(figures, "patients").rows] == ["Name not given", "Ana", "x" * 200, "محمود, علی"]
    assert {row[2] for row in table(figures, "patients").rows} == {"no MRN"}
    assert {(section.subject.mrn, section.subject.sex) for section in figures.sections if section.subject} == {("", "")}


def test_it_says_whose_sheet_it_is_and_how_far_it_has_come(clinic: Clinic) -> None:
    sheet = add_sheet(clinic, file_name="ward-a.xlsx", received_at=moment("2026-11-21 23:05", clinic))
    for number in range(45):
        add_set(add_named(clinic, f"F{number:02}"), "2026-11-21 08:00", sheet, pulse=70)
    steps: list[tuple[int, int]] = []
    with snapshot() as connection:
        assert content.choices(connection, asked(sheet)) == (
            Choice("Sheet", "ward-a.xlsx"), Choice("Brought by", "Nurse Lim, 21 November 2026, 23:05"),
        )  # fmt: skip
        content.build(connection, asked(sheet), lambda done, total: steps.append((done, total)))
    assert steps == [*((done, 45) for done in range(3, 45, 3)), (45, 45)]
    assert metric(report(sheet), "patients").value == 45


def moment(at: str, clinic: Clinic) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(clinic.timezone))
