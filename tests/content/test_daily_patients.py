"""Daily patients of hand-countable sheets."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event

from tests.content.reading import table
from tests.content.sheets import ILL, WELL, add_named, add_set, add_sheet, asked, cells, only, patients, report, set_at
from tests.factories import add_clinic
from tests.files import daily_samples
from webapp import content
from webapp.errors import FiguresFailed
from webapp.extensions import db, snapshot
from webapp.figures import Change
from webapp.models import Clinic, Patient


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return add_named(clinic, "Reyes")


def test_a_patient_has_readings_points_and_the_score_of_the_latest_set(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 02:00", sheet, **WELL)
    add_set(patient, "2026-11-21 22:00", sheet, **ILL)
    section = only(report(sheet))
    first, last = cells(section)
    assert first == {
        "at": "2026-11-21T02:00+08:00", "respiration": 16, "respiration_points": 0, "oxygen": 97, "oxygen_points": 0,
        "oxygen_given": "air", "oxygen_given_points": 0, "systolic": 124, "diastolic": 78, "systolic_points": 0,
        "pulse": 72, "pulse_points": 0, "temperature": 36.8, "temperature_points": 0, "consciousness": "alert",
        "consciousness_points": 0, "score": 0, "remark": None,
    }  # fmt: skip
    assert (last["respiration_points"], last["oxygen_points"], last["oxygen_given_points"]) == (3, 2, 2)
    assert (last["pulse_points"], last["score"]) == (1, 8)
    subject = section.subject
    assert subject is not None
    assert (subject.name, subject.born, subject.mrn) == ("Reyes, Ana", "1990-05-20", "MRN-Reyes")
    assert (subject.age, subject.sex) == ("36", "female")
    assert (subject.verdict, subject.level, subject.advice) == ("NEWS2 8", "high", "emergency response")
    assert subject.since == "at 22:00, was 0 at 02:00"
    assert [table.key for table in section.tables] == ["readings"]
    assert section.tables[0].note == "21 November 2026, Manila time"


def test_the_figures_have_the_shape_that_renderers_are_tried_with(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-20 08:00", **WELL)
    add_set(patient, "2026-11-21 08:00", sheet, **WELL)
    made, sample = report(sheet), daily_samples.content_of(1, 1)
    assert made.title == sample.title
    for ours, theirs in zip(made.sections, sample.sections, strict=True):
        assert ours.key == theirs.key
        assert [table.key for table in ours.tables] == [table.key for table in theirs.tables]
        for mine, other in zip(ours.tables, theirs.tables, strict=True):
            assert mine.columns == other.columns
        assert [(one.key, one.label, one.kind, one.unit) for one in ours.metrics] == [
            (one.key, one.label, one.kind, one.unit) for one in theirs.metrics
        ]
        assert [(one.key, one.shape, one.table, one.category, one.series, one.zones, one.subtitle)
                for one in ours.charts] == [
            (one.key, one.shape, one.table, one.category, one.series, one.zones, one.subtitle) for one in theirs.charts
        ]  # fmt: skip
    assert [one.key for one in made.metrics] == [one.key for one in sample.metrics]


def test_patients_stand_in_the_order_of_their_score_then_of_their_name(clinic: Clinic) -> None:
    sheet = add_sheet(clinic)
    for family, given, readings in (
        ("zamora", "Ana", WELL), ("Cruz", "Ana", {"pulse": 88}), ("Álvarez", "Ana", WELL), ("Bautista", "Ana", WELL),
        ("Bautista", "Amor", WELL), ("Torres", "Ana", ILL),
    ):  # fmt: skip
        add_set(add_named(clinic, family, given), "2026-11-21 08:00", sheet, **readings)
    figures = report(sheet)
    names = ["Torres, Ana", "Bautista, Amor", "Bautista, Ana", "zamora, Ana", "Álvarez, Ana", "Cruz, Ana"]
    assert [section.title for section in figures.sections[1:]] == names
    assert [section.key for section in figures.sections] == ["overview", *(f"patient-{at}" for at in range(1, 7))]
    rows = table(figures, "patients").rows
    assert [row[0] for row in rows] == names
    assert rows[0][3:] == (
        8, "emergency response", "2026-11-21T08:00+08:00",
        "respiration 3, SpO2 2, oxygen 2, pulse 1",
    )  # fmt: skip
    assert rows[1][3:] == (0, "routine monitoring", "2026-11-21T08:00+08:00", "no points")
    assert rows[5][3:5] == (None, "not scored")
    assert rows[5][6] == "6 of 7 signs missing"
    assert figures.summary == (
        "1 of 6 patients needs an emergency response (NEWS2 of 7 or more).",
        "1 could not be scored: 1 with readings missing.",
    )
    assert [one.value for one in figures.metrics] == [6, 1, 0, 1]


def test_a_page_of_glucose_alone_has_no_empty_signs(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 08:00", sheet, glucose=5.5)
    assert [one.key for one in only(report(sheet)).metrics] == ["glucose"]
    add_set(patient, "2026-11-21 07:00", **{"pulse": 70})
    assert len(only(report(sheet)).metrics) == 8


def test_the_flow_of_oxygen_is_told_where_it_is_known(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    for hour, given in enumerate([("oxygen", 2.0), ("oxygen", 0.5), "oxygen", "air", ("oxygen", 15.0)]):
        add_set(patient, f"2026-11-21 {hour:02}:00", sheet, oxygen_given=given)
    section = only(report(sheet))
    assert [row["oxygen_given"] for row in cells(section)] == [
        "oxygen, 2 L/min", "oxygen, 0.5 L/min", "oxygen", "air", "oxygen, 15 L/min",
    ]  # fmt: skip
    assert section.metrics[2].value == "oxygen, 15 L/min"


def test_a_weight_taken_later_does_not_make_the_score_vanish(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 08:00", sheet, **WELL)
    add_set(patient, "2026-11-21 09:30", sheet, weight=(150.0, "lb"), glucose=(99.0, "mg/dL"))
    section = only(report(sheet))
    assert section.subject is not None
    assert (section.subject.verdict, section.subject.since) == ("NEWS2 0", "at 08:00")
    assert [(one.key, one.value, one.unit, one.note) for one in section.metrics[7:]] == [
        ("glucose", 5.5, "mmol/L", "at 09:30"), ("weight", 68.0, "kg", "at 09:30"),
    ]  # fmt: skip
    keys = [column.key for column in section.tables[0].columns]
    assert keys[-4:] == ["glucose", "weight", "score", "remark"]
    plain = section.charts[-1]
    assert (plain.key, plain.series, plain.zones, plain.title) == (
        "weight",
        ("weight",),
        (),
        "One reading of weight: 68.0 kg",
    )


def test_children_have_no_points_no_score_and_no_shading(clinic: Clinic) -> None:
    child = add_named(clinic, "Cruz", birth_date=date(2010, 11, 22))
    grown = add_named(clinic, "Diaz", birth_date=date(2010, 11, 21))
    sheet = add_sheet(clinic)
    for one in (child, grown):
        add_set(one, "2026-11-21 08:00", sheet, **ILL)
    figures = report(sheet)
    young, old = patients(figures)["Cruz, Ana"], patients(figures)["Diaz, Ana"]
    assert old.subject is not None
    assert young.subject is not None
    assert (old.subject.age, old.subject.verdict) == ("16", "NEWS2 8")
    assert (young.subject.age, young.subject.verdict, young.subject.since) == (
        "15", "not scored", "at 08:00: aged under 16",
    )  # fmt: skip
    row = cells(young)[0]
    assert row["respiration"] == 26
    assert {value for key, value in row.items() if key.endswith("_points") or key == "score"} == {None}
    assert {(chart.series, chart.zones) for chart in young.charts} == {
        ((key,), ()) for key in ("respiration", "oxygen", "systolic", "pulse")
    }
    assert young.charts[0].subtitle == "breaths a minute"
    assert "16 and over" in young.text
    assert figures.summary[1] == "1 could not be scored: 1 aged under 16."


@pytest.mark.parametrize(
    ("born", "precision", "age", "verdict"),
    [
        (date(2010, 11, 1), "month", "15 or 16", "not scored"),
        (date(2010, 10, 1), "month", "16", "NEWS2 8"),
        (date(2010, 1, 1), "year", "15 or 16", "not scored"),
        (date(2009, 1, 1), "year", "16 or 17", "NEWS2 8"),
        (date(2011, 1, 1), "year", "14 or 15", "not scored"),
        (date(2026, 1, 1), "year", "under 1", "not scored"),
        (date(1950, 1, 1), "year", "75 or 76", "NEWS2 8"),
        (None, "day", "", "not scored"),
        (date(2027, 1, 1), "day", "", "not scored"),
        (date(1890, 1, 1), "day", "", "not scored"),
    ],
)
def test_an_age_is_as_sure_as_the_birth_date(
    clinic: Clinic, born: date | None, precision: str, age: str, verdict: str
) -> None:
    sheet = add_sheet(clinic)
    one = add_named(clinic, "Reyes", birth_date=born, birth_precision=precision)
    add_set(one, "2026-11-21 08:00", sheet, **ILL)
    section = only(report(sheet))
    assert section.subject is not None
    assert (section.subject.age, section.subject.verdict) == (age, verdict)
    assert section.subject.born == (born.isoformat()[: {"month": 7, "year": 4}.get(precision)] if born else "")
    is_child = precision == "year" and born is not None and born.year > 2010
    assert cells(section)[0]["respiration_points"] == (None if is_child else 3)
    if verdict == "not scored" and not is_child:
        assert section.subject.since == "at 08:00: age unknown; the known points come to 8"


def test_days_on_record_fill_up_the_readings_and_have_a_table(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-13 08:00", **ILL)
    add_set(patient, "2026-11-14 08:00", **ILL)
    add_set(patient, "2026-11-20", **{**WELL, "temperature": (101.3, "[degF]")})
    add_set(patient, "2026-11-20 08:00", **{**WELL, "pulse": 80})
    add_set(patient, "2026-11-20 20:00", **{**WELL, "pulse": 95})
    add_set(patient, "2026-11-21 06:00", **{"pulse": 90})
    add_set(patient, "2026-11-21 08:00", **{"pulse": 170})
    add_set(patient, "2026-11-21 09:00", **{"pulse": 180})
    for hour in range(9):
        add_set(patient, f"2026-11-21 {8 + hour:02}:00", sheet, **{**WELL, "pulse": 72 + hour})
    section = only(report(sheet))
    rows = cells(section)
    assert [row["pulse"] for row in rows] == [90, 170, 72, 180, *range(73, 81)]
    assert [row["remark"] for row in rows] == [*["on record"] * 2, None, "on record", *[None] * 8]
    assert section.tables[0].note == "21 November 2026, Manila time"
    assert section.table("days").rows == (
        ("2026-11-14", 1, 8, "26", "93", "124", "104", "36.8"),
        ("2026-11-20", 3, 1, "16", "97", "124", "72–95", "36.8–38.5"),
    )
    pulse = next(one for one in section.metrics if one.key == "pulse")
    assert pulse.change == Change(80 - 95, None, "20 November 2026")
    assert pulse.trend == (90, 170, 72, 180, *range(73, 81))
    pressure = next(one for one in section.metrics if one.key == "pressure")
    assert (pressure.value, pressure.note) == ("124/78", "0 points; systolic compared")
    assert pressure.change == Change(0, None, "20 November 2026")
    assert section.charts[3].title == "Pulse fell from 90 to 80, lowest 72, highest 180"


def test_days_on_record_fill_up_few_readings(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-20", **{**WELL, "pulse": 84})
    for hour in range(20):
        add_set(patient, f"2026-11-20 {hour:02}:00", **{"pulse": 60 + hour})
    for hour in range(9):
        add_set(patient, f"2026-11-21 {8 + hour:02}:00", sheet, **{**WELL, "pulse": 72 + hour})
    section = only(report(sheet))
    assert [row["pulse"] for row in cells(section)] == [77, 78, 79, *range(72, 81)]
    assert [row["remark"] for row in cells(section)] == [*["on record"] * 3, *[None] * 9]
    assert section.tables[0].note == "20 to 21 November 2026, Manila time"


def test_a_sheet_with_enough_readings_is_not_filled_up(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-20 08:00", **WELL)
    for hour in range(12):
        add_set(patient, f"2026-11-21 {hour:02}:00", sheet, pulse=70 + hour)
    section = only(report(sheet))
    assert [row["pulse"] for row in cells(section)] == list(range(70, 82))
    assert len(section.table("days").rows) == 1


def test_readings_are_rounded_a_half_upwards_and_others_left_out(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 08:00", sheet, respiration=20.5, temperature=(96.71, "[degF]"), pulse=(70, "furlong"))
    add_set(patient, "2026-11-21 08:00", sheet, respiration=21.4, systolic=401, oxygen=(97, None))
    add_set(patient, "2026-11-21 08:00", sheet, respiration=24, consciousness="asleep", oxygen_given="helium")
    row = cells(only(report(sheet)))[0]
    assert (row["respiration"], row["respiration_points"]) == (24, 2)
    assert (row["temperature"], row["temperature_points"]) == (36.0, 1)
    assert (row["pulse"], row["systolic"], row["consciousness"], row["oxygen_given"]) == (None, None, None, None)
    assert row["remark"] == (
        "pulse left out: not plausible, or in an unknown unit; "
        "systolic pressure left out: not plausible, or in an unknown unit; "
        "two values of respiration rate, the last one counts; consciousness left out: an unknown word; "
        "air or oxygen left out: neither is said"
    )


def test_another_clinics_readings_and_sheets_are_nobodys_here(clinic: Clinic, patient: Patient) -> None:
    sheet, other = add_sheet(clinic), add_clinic(timezone="Asia/Manila")
    stranger = add_named(other, "Reyes", mrn=patient.mrn)
    add_set(patient, "2026-11-21 08:00", sheet, **WELL)
    add_set(stranger, "2026-11-21 09:00", sheet, **ILL)
    add_set(stranger, "2026-11-20 09:00", **ILL)
    figures = report(sheet)
    assert [row["score"] for row in cells(only(figures))] == [0]
    with snapshot() as connection:
        assert content.matching(connection, asked(sheet)) == (1, "readings")
    theirs = add_sheet(other)
    add_set(stranger, "2026-11-21 09:00", theirs, **ILL)
    question = asked(sheet)
    for upload in (theirs.id, "", "no such"):
        mine = replace(question, upload=upload)
        with snapshot() as connection:
            for call in (content.build, content.choices):
                with pytest.raises(FiguresFailed) as refused:
                    call(connection, mine)
                assert refused.value.plain.endswith("Bring it again.")


def test_a_sheet_without_readings_is_refused_in_words(clinic: Clinic) -> None:
    with pytest.raises(FiguresFailed) as refused:
        report(add_sheet(clinic))
    assert "no readings" in refused.value.plain


def test_the_repeated_hour_of_a_clock_has_two_readings(database: str) -> None:
    clinic = add_clinic(timezone="Europe/London")
    one, sheet = add_named(clinic, "Reyes"), add_sheet(clinic)
    for hour, pulse in ((0, 70), (1, 80)):
        moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        set_at(one, moment, date(2026, 10, 25), sheet, {"pulse": pulse})
    rows = cells(only(report(sheet, "2026-10-25")))
    assert [(row["at"], row["pulse"]) for row in rows] == [
        ("2026-10-25T01:30+01:00", 70), ("2026-10-25T01:30+00:00", 80),
    ]  # fmt: skip


def test_a_day_without_a_time_is_a_set_at_noon_of_it_among_those_on_record(clinic: Clinic, patient: Patient) -> None:
    sheet = add_sheet(clinic)
    add_set(patient, "2026-11-21 11:50", sheet, pulse=80)
    add_set(patient, "2026-11-21", sheet, pulse=70)
    add_set(patient, "2026-11-21", **{"pulse": 60})
    add_set(patient, "2026-11-21 07:00", **{"pulse": 75})
    add_set(patient, "2026-11-21 12:10", **{"pulse": 65})
    section = only(report(sheet))
    assert [(row["at"], row["pulse"], row["remark"]) for row in cells(section)] == [
        ("2026-11-21T07:00+08:00", 75, "on record"), ("2026-11-21T11:50+08:00", 80, None),
        ("2026-11-21", 60, "on record; time not known"), ("2026-11-21", 70, "time not known"),
        ("2026-11-21T12:10+08:00", 65, "on record"),
    ]  # fmt: skip
    pulse = next(one for one in section.metrics if one.key == "pulse")
    assert (pulse.value, pulse.trend) == (70, (75, 80, 60, 70))
    lone = add_named(clinic, "Solo")
    add_set(lone, "2026-11-20", sheet, **WELL)
    subject = patients(report(sheet, "2026-11-20", "2026-11-21"))["Solo, Ana"].subject
    assert subject is not None
    assert subject.since == "on 20 Nov"


def test_more_patients_take_no_more_queries(clinic: Clinic) -> None:
    asked_of_the_database: list[str] = []

    def heard(*call: object) -> None:
        asked_of_the_database.append(str(call[2]))

    for patients_of_sheet in (1, 30):
        sheet = add_sheet(clinic)
        for number in range(patients_of_sheet):
            add_set(add_named(clinic, f"F{number}"), "2026-11-21 08:00", sheet, **WELL)
        question = asked(sheet)
        asked_of_the_database.clear()
        event.listen(db.engine, "before_cursor_execute", heard)
        with snapshot() as connection:
            content.build(connection, question)
        event.remove(db.engine, "before_cursor_execute", heard)
        assert sum(one.startswith("SELECT") for one in asked_of_the_database) == 4
