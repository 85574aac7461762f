"""Hand-countable medical records, on both databases."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import (
    add_clinic,
    add_diagnosis,
    add_measurement,
    add_patient,
    add_provider,
    add_treatment,
    add_visit,
)  # fmt: skip
from webapp import content
from webapp.content import Question
from webapp.extensions import snapshot
from webapp.figures import Change, Content, Excluded
from webapp.models import Clinic, Patient

NAME = "medical_statistics"
DAY = "2026-10-05"


def add_pressure(patient: Patient, systolic: float | None, diastolic: float | None, **values: Any) -> None:
    for loinc, value in (("8480-6", systolic), ("8462-4", diastolic)):
        if value is not None:
            add_measurement(patient, loinc, value, "mm[Hg]", **values)


def add_pulses(patient: Patient, values: Iterable[float], **more: Any) -> None:
    for value in values:
        add_measurement(patient, "8867-4", value, "/min", **more)


def keys(figures: Content) -> list[str]:
    return [item.key for section in figures.sections for item in section.tables]


def test_a_clinic_without_records_is_told_so_in_words(ask: Ask, clinic: Clinic) -> None:
    figures = ask(NAME)
    assert figures.sections == ()
    assert figures.summary == ("There are no medical records in October 2026.",)
    assert [item.value for item in figures.metrics] == [0, 0, None, None]
    assert [item.change for item in figures.metrics] == [None] * 4
    assert (figures.rows.noun, figures.rows.read, figures.rows.used) == ("records", 0, 0)


def test_records_are_those_of_medicine_in_the_period(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    dental = add_visit(ana, "2026-10-05 09:00", kind="dental")
    for at in ("2026-09-30 23:59", "2026-10-01 00:00", "2026-10-31 23:59", "2026-11-01 00:00"):
        add_visit(ana, at)
    for status in ("planned", "cancelled", "entered-in-error"):
        add_visit(ana, "2026-10-05 10:00", status=status)
    for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1), None):
        add_diagnosis(ana, day and day.isoformat())
        add_treatment(ana, day and day.isoformat())
        add_measurement(ana, "2339-0", 90, "mg/dL", local_day=day)
    add_diagnosis(ben, DAY, verification_status="confirmed")
    add_diagnosis(ben, DAY, verification_status="refuted")
    add_diagnosis(ben, DAY, verification_status="entered-in-error")
    add_diagnosis(ben, DAY, visit_id=dental.id)
    add_treatment(ben, DAY, kind="dental")
    elsewhere = add_patient(add_clinic())
    add_visit(elsewhere, "2026-10-05 10:00")
    add_measurement(elsewhere, "8867-4", 70, "/min")

    figures = ask(NAME)

    assert table(figures, "records").rows == (
        ("Medical visits", 2, 1), ("Diagnoses", 3, 2), ("Measurements", 2, 1), ("Medical treatments", 2, 1),
    )  # fmt: skip
    assert table(figures, "records").total == ("All records", 9, None)
    assert table(figures, "records_compared").rows == (
        ("Medical visits", 1, 2, 1, None), ("Diagnoses", 1, 3, 2, None), ("Measurements", 1, 2, 1, None),
        ("Medical treatments", 1, 2, 1, None),
    )  # fmt: skip
    assert (figures.rows.read, figures.rows.used) == (14, 9)
    assert figures.rows.excluded == (
        Excluded("cancelled", 1), Excluded("entered in error", 2), Excluded("planned", 1), Excluded("refuted", 1),
    )  # fmt: skip
    assert metric(figures, "visits").change == Change(1, None, "September 2026")
    assert figures.summary == (
        "There were 2 medical visits in October 2026, against 1 in September 2026; none has vital signs on record.",
        "The clinic's records begin on 30 September 2026, so the earlier period is covered only from that day.",
        "Of 1 patient seen at medical visits, 1 has no medical record number.",
    )


def test_days_are_those_of_the_clinic_across_a_change_of_its_clocks(clinic: Clinic) -> None:
    there = add_clinic(timezone="America/New_York")
    for at in ("2026-10-31 23:59", "2026-11-01 00:30", "2026-11-01 01:30", "2026-11-01 23:59", "2026-11-02 00:00"):
        add_visit(add_patient(there), at)
    day = date(2026, 11, 1)
    with snapshot() as connection:
        figures = content.build(connection, Question(NAME, there.id, there.timezone, day, day))
    assert metric(figures, "visits").value == 3


def test_completeness_is_of_patients_and_of_visits(ask: Ask, clinic: Clinic) -> None:
    whole = add_patient(clinic, mrn="M1", birth_date=date(1980, 1, 1))
    child = add_patient(clinic, mrn=" ", birth_date=date(2015, 1, 1))
    youth = add_patient(clinic, mrn="M2", birth_date=date(2007, 11, 1), sex="unknown")
    add_patient(clinic, birth_date=None)
    bare = add_patient(clinic, birth_date=None)
    ended = datetime(2026, 10, 9, tzinfo=UTC)
    seen = add_visit(whole, "2026-10-05 10:00", provider_id=add_provider(clinic).id, ended_at=ended)
    for patient in (whole, child, youth, bare):
        add_visit(patient, "2026-10-06 10:00")
    add_visit(child, "2026-10-06 11:00", kind="dental")
    add_pressure(whole, 120, 70, visit_id=seen.id)
    add_measurement(whole, "39156-5", 22, "kg/m2", visit_id=seen.id)
    add_pressure(child, 100, 60)
    add_measurement(youth, "8480-6", None, "mm[Hg]")
    add_measurement(youth, "8480-6", 120, "mm[Hg]", local_day=date(2026, 11, 1))
    add_diagnosis(whole, None, visit_id=seen.id)
    add_diagnosis(child, "2020-01-01")
    add_diagnosis(youth, "2026-11-01")
    add_diagnosis(bare, DAY, verification_status="refuted")

    figures = ask(NAME)

    assert table(figures, "complete_patients").rows == (
        ("Birth date", 4, 3, 1, 75.0),
        ("Sex", 4, 3, 1, 75.0),
        ("Medical record number", 4, 2, 2, 50.0),
        ("A diagnosis", 4, 2, 2, 50.0),
        ("Blood pressure, from age 18", 2, 1, 1, 50.0),
        ("Body mass index, from age 20", 1, 1, 0, 100.0),
    )
    assert table(figures, "complete_visits").rows == (
        ("Provider", 5, 1, 4, 20.0),
        ("End of the visit", 5, 1, 4, 20.0),
        ("A diagnosis", 5, 1, 4, 20.0),
        ("A vital sign", 5, 1, 4, 20.0),
        ("Blood pressure", 5, 1, 4, 20.0),
    )
    headline = metric(figures, "with_vitals")
    assert (headline.value, headline.note) == (20.0, "1 of 5 medical visits")
    assert chart(figures, "complete_patients").title == "What is on record of the patients seen"
    told = "1 has no birth date, 1 is of unknown sex and 2 have no medical record number"
    assert f"Of 4 patients seen at medical visits, {told}." in figures.summary


def test_blood_pressures_of_adults_are_counted_by_category_and_age(ask: Ask, clinic: Clinic) -> None:
    young, middle, old = (add_patient(clinic, birth_date=date(year, 10, 5)) for year in (1990, 1981, 1961))
    add_pressure(young, 119, 79)
    add_pressure(young, 120, 79, local_day=date(2026, 10, 6))
    # 45 years old on the day, and a day short of it.
    add_pressure(middle, 130, 79)
    add_pressure(middle, 118, 90, local_day=date(2026, 10, 4))
    add_pressure(old, 140, 80)
    add_pressure(add_patient(clinic, birth_date=date(2008, 10, 6)), 190, 120)

    figures = ask(NAME)

    assert table(figures, "pressures").rows == (
        ("Under 45", 1, 1, 0, 1, 3, 33.3), ("45 to 64", 0, 0, 1, 0, 1, 100.0), ("65 or over", 0, 0, 0, 1, 1, 100.0),
    )  # fmt: skip
    assert table(figures, "pressures").total == ("All ages", 1, 1, 1, 2, 5, 60.0)
    assert chart(figures, "pressures").shape == "stack"
    assert chart(figures, "pressures").title == "3 of 5 blood pressures were 130/80 or higher"
    assert metric(figures, "high_pressure").value == 60.0
    assert metric(figures, "high_pressure").note == "3 of 5 readings of adults 130/80 or higher"
    assert rows(figures, "unclassed")["Blood pressure"] == {
        "measure": "Blood pressure", "readings": 6, "classed": 5, "too_young": 1,
    }  # fmt: skip
    assert "Of 5 blood pressures of adults, 3 were 130/80 or higher." in figures.summary


@pytest.mark.parametrize("same", [True, False])
def test_two_pressures_of_one_observation_belong_together(ask: Ask, clinic: Clinic, same: bool) -> None:
    """With the same moment, or where two observations of one day have none."""
    ana = add_patient(clinic)
    at = datetime(2026, 10, 5, 1, tzinfo=UTC) if same else None
    for source, systolic, diastolic in (("o1", 150, 70), ("o2", 115, 75)):
        add_measurement(ana, "8480-6", systolic, "mm[Hg]", component=1, source_id=source, measured_at=at)
        add_measurement(ana, "8462-4", diastolic, "mm[Hg]", component=2, source_id=source, measured_at=at)
    assert table(ask(NAME), "pressures").total == ("All ages", 1, 0, 0, 1, 2, 50.0)


def test_pressures_that_stand_alone_belong_together_by_patient_and_moment(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    morning, noon = (datetime(2026, 10, 5, hour, tzinfo=UTC) for hour in (1, 4))
    add_measurement(ana, "8480-6", 118, "mm[Hg]", source_id="a", measured_at=morning)
    add_measurement(ana, "8462-4", 78, "mm[Hg]", source_id="b", measured_at=morning)
    add_measurement(ana, "8480-6", 150, "mm[Hg]", source_id="c", measured_at=noon)
    add_measurement(ben, "8462-4", 95, "mm[Hg]", source_id="d", measured_at=noon)

    figures = ask(NAME)

    assert table(figures, "pressures").total == ("All ages", 1, 0, 0, 0, 1, 0.0)
    assert rows(figures, "unclassed")["Blood pressure"]["unpaired"] == 2
    assert chart(figures, "pressures").title == "No blood pressure was 130/80 or higher"
    assert "Of 1 blood pressure of adults, none was 130/80 or higher." in figures.summary
    assert "Some readings have no class: one pressure alone." in figures.summary


def test_of_several_pressures_at_one_moment_the_highest_counts(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_pressure(ana, 118, 78)
    add_pressure(ana, 134, 70)
    # One of them a slip of the pen: it is not counted, and does no harm.
    add_pressure(ana, 1340, 70)
    assert table(ask(NAME), "pressures").total == ("All ages", 0, 0, 1, 0, 1, 100.0)


def test_a_sign_is_counted_by_score_and_by_band(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_pulses(ana, [40, 45, 60, 60, 95, 120, 131])
    add_measurement(ana, "8310-5", 98.6, "[degF]")
    add_measurement(ana, "8310-5", 39.1, "Cel")

    figures = ask(NAME)

    assert table(figures, "scores").rows == (("Pulse", 2, 2, 1, 2, 7, 71.4), ("Temperature", 1, 0, 1, 0, 2, 50.0))
    bands = {band: tuple(row.values())[1:] for band, row in rows(figures, "bands").items()}
    assert bands == {
        "Pulse 40 or less": ("per minute", "3", 1, 14.3),
        "Pulse 41 to 50": ("per minute", "1", 1, 14.3),
        "Pulse 51 to 90": ("per minute", "0", 2, 28.6),
        "Pulse 91 to 110": ("per minute", "1", 1, 14.3),
        "Pulse 111 to 130": ("per minute", "2", 1, 14.3),
        "Pulse 131 or more": ("per minute", "3", 1, 14.3),
        "Temperature 35.0 or less": ("°C", "3", 0, 0.0),
        "Temperature 35.1 to 36.0": ("°C", "1", 0, 0.0),
        "Temperature 36.1 to 38.0": ("°C", "0", 1, 50.0),
        "Temperature 38.1 to 39.0": ("°C", "1", 0, 0.0),
        "Temperature 39.1 or more": ("°C", "2", 1, 50.0),
    }
    assert chart(figures, "scores").title == "Readings by score"
    assert table(figures, "outside").rows == (
        ("Pulse, score 1 to 3", 7, 5, 71.4), ("Temperature, score 1 to 3", 2, 1, 50.0),
    )  # fmt: skip


def test_a_sign_that_stands_out_among_enough_readings_is_named(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_pulses(ana, [60] * 8 + [100] * 12)
    for value in [98] * 18 + [93] * 2:
        add_measurement(ana, "59408-5", value, "%")
    add_measurement(ana, "9279-1", 30, "/min")
    figures = ask(NAME)
    assert chart(figures, "scores").title == "Pulse scored 1 to 3 most often"
    assert chart(figures, "outside").title == "Pulse was outside its band most often"
    assert "Of the signs of NEWS2, pulse scored 1 to 3 most often: in 60.0 % of readings." in figures.summary


def test_a_sign_hardly_ahead_of_another_is_not_named(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_pulses(ana, [60] * 8 + [100] * 12)
    for measure, value, unit, count in (("59408-5", 93, "%", 11), ("9279-1", 15, "/min", 40)):
        for _ in range(count):
            add_measurement(ana, measure, value, unit)
    for _ in range(9):
        add_measurement(ana, "59408-5", 98, "%")
    figures = ask(NAME)
    assert chart(figures, "scores").title == "Readings by score"
    assert chart(figures, "outside").title == "Readings outside the reference bands"
    assert not [sentence for sentence in figures.summary if "most often" in sentence]


def test_a_month_is_named_where_its_share_stands_out(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in range(1, 21):
        add_pressure(ana, 150 if day <= 2 else 110, 70, local_day=date(2026, 9, day))
        add_pressure(ana, 150 if day <= 15 else 110, 70, local_day=date(2026, 10, day))
    assert chart(ask(NAME), "pressure_months").title == "The share 130/80 or higher was largest in October 2026"


def test_nothing_outside_the_bands_is_told_as_nothing(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_pulses(ana, [60] * 20)
    add_measurement(ana, "9279-1", 15, "/min")
    figures = ask(NAME)
    assert chart(figures, "scores").title == "No reading scored more than 0"
    assert chart(figures, "outside").title == "No reading was outside its reference band"
    assert not [sentence for sentence in figures.summary if "NEWS2" in sentence]
    assert "unclassed" not in keys(figures)


def test_a_body_mass_index_is_counted_by_class_and_age(ask: Ask, clinic: Clinic) -> None:
    young, old = add_patient(clinic, birth_date=date(2006, 10, 5)), add_patient(clinic, birth_date=date(1950, 1, 1))
    for value in (17, 22, 22, 41):
        add_measurement(young, "39156-5", value, "kg/m2")
    # The day before the 20th birthday.
    add_measurement(young, "39156-5", 22, "kg/m2", local_day=date(2026, 10, 4))
    add_measurement(old, "39156-5", 27, "kg/m2")
    figures = ask(NAME)
    assert table(figures, "bmi").rows == (("Under 45", 1, 2, 0, 1, 4, 25.0), ("65 or over", 0, 0, 1, 0, 1, 100.0))
    assert table(figures, "bmi").total == ("All ages", 1, 2, 1, 1, 5, 40.0)
    assert [row[1] for row in table(figures, "bmi_classes").rows] == [1, 2, 1, 0, 0, 1]
    assert chart(figures, "bmi").title == "2 of 5 readings were 25.0 or more"
    assert rows(figures, "unclassed")["Body mass index"]["too_young"] == 1


def test_each_reading_without_a_class_is_told_with_its_reason(ask: Ask, clinic: Clinic) -> None:
    ana, nobody = add_patient(clinic), add_patient(clinic, birth_date=None)
    unborn, ancient = add_patient(clinic, birth_date=date(2027, 1, 1)), add_patient(clinic, birth_date=date(1890, 1, 1))
    add_pulses(ana, [60, 300])
    add_measurement(ana, "8867-4", None, "/min", text="irregular")
    add_measurement(ana, "8867-4", 60, None)
    for patient in (nobody, unborn, ancient):
        add_pulses(patient, [60])
    add_pulses(add_patient(clinic, birth_date=date(2020, 1, 1)), [110])
    figures = ask(NAME)
    assert rows(figures, "unclassed") == {
        "Pulse": {
            "measure": "Pulse", "readings": 8, "classed": 1, "no_number": 1, "other_unit": 1, "age_unknown": 3,
            "too_young": 1, "implausible": 1,
        }
    }  # fmt: skip
    assert figures.summary[-1] == (
        "Some readings have no class: no number, another unit or none, age unknown and implausible."
    )


def test_vital_signs_are_compared_where_both_periods_have_enough(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in range(1, 21):
        add_pressure(ana, 150 if day <= 5 else 110, 70, local_day=date(2026, 9, day))
        add_pressure(ana, 150 if day <= 8 else 110, 70, local_day=date(2026, 10, day))
    add_pulses(ana, [100], local_day=date(2026, 9, 5))
    add_pulses(ana, [60] * 20)

    figures = ask(NAME)

    outside = {name: tuple(row.values())[1:] for name, row in rows(figures, "outside").items()}
    assert outside["Blood pressure, 130/80 or higher"] == (20, 8, 40.0, 20, 5, 25.0, 15.0)
    assert outside["Pulse, score 1 to 3"] == (20, 0, 0.0, 1, 1, 100.0, None)
    assert metric(figures, "high_pressure").change == Change(15.0, None, "September 2026")
    assert metric(figures, "high_pressure").trend == (25.0, 40.0)
    assert chart(figures, "pressure_months").title == "The share 130/80 or higher by month"
    assert table(figures, "pressure_months").rows == (
        ("2026-09", 15, 0, 0, 5, 20, 25.0), ("2026-10", 12, 0, 0, 8, 20, 40.0),
    )  # fmt: skip
    assert (
        "Of 20 blood pressures of adults, 8 (40.0 %) were 130/80 or higher, 15.0 percentage points more than in "
        "September 2026." in figures.summary
    )


def test_nothing_is_compared_with_days_before_the_first_reading(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-08-05 10:00")
    add_pressure(ana, 110, 70)
    figures = ask(NAME)
    assert table(figures, "outside").rows[0] == ("Blood pressure, 130/80 or higher", 1, 0, 0.0)
    assert "records_compared" in keys(figures)
    assert "pressure_months" not in keys(figures)
    assert metric(figures, "high_pressure").trend == ()


def test_filters_narrow_everything(ask: Ask, clinic: Clinic) -> None:
    for sex, born in (("female", date(1990, 1, 1)), ("male", date(1950, 1, 1))):
        patient = add_patient(clinic, sex=sex, birth_date=born)
        add_visit(patient, "2026-10-05 10:00")
        add_diagnosis(patient, DAY)
        add_treatment(patient, DAY)
        add_pressure(patient, 120, 70)
    for chosen in ({"sex": "female"}, {"age": "65+"}):
        figures = ask(NAME, **chosen)
        assert [row[1:] for row in table(figures, "records").rows] == [(1, 1), (1, 1), (2, 1), (1, 1)]
        assert table(figures, "complete_patients").rows[0][1] == 1
        assert table(figures, "pressures").total[5] == 1
        assert rows(figures, "observations")["Observation 8480-6"]["records"] == 1
    figures = ask(NAME, age="0-4")
    assert figures.summary[0] == "No medical records matched the filters in October 2026."
