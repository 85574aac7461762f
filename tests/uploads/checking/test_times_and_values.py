"""When it was measured, what can be believed, and what is on record already."""

from dataclasses import replace
from datetime import date, datetime

import factories
import pytest

from tests.uploads.conftest import patient
from tests.uploads.sheets import ZONE, draft, kinds, moment, reasons, tried, used, without_usual
from webapp.models import Clinic
from webapp.uploads.checking import Findings, check_again
from webapp.uploads.drafts import Fault

PULSE = "8867-4"


def test_what_is_still_to_come_is_left_out(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0417", at="15:01", pulse=80),
        draft(3, "0417", at="15:00", pulse=80),
        draft(4, "0418", at="2026-11-22", pulse=80),
        draft(5, "0418", at="2026-11-21", pulse=80),
    )
    assert kinds(found) == [(2, "future time", "rows left out"), (4, "future time", "rows left out")]
    assert reasons(found, "future time")[0] == "21 November 2026, 15:01 is still to come."


@pytest.mark.parametrize(
    "at", [date.min, date.max, datetime.min.replace(tzinfo=ZONE), datetime.max.replace(tzinfo=ZONE)]
)
def test_a_time_at_the_ends_of_the_calendar_is_none(clinic: Clinic, at: date) -> None:
    found = tried(clinic, replace(draft(2, "0417", pulse=80), at=at), draft(3, "0417", pulse=80))
    assert kinds(found) == [(2, "impossible time", "rows left out")]
    assert used(found) == {3: ["pulse"]}


def test_what_is_long_ago_is_noted(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0417", at="2025-11-20 09:00", pulse=80),
        draft(3, "0417", at="2026-10-20 09:00", pulse=80),
        draft(4, "0417", at="2026-10-21 09:00", pulse=80),
        draft(5, "0417", at="09:00", pulse=80),
    )
    assert kinds(found) == [(2, "old reading", "noted"), (3, "old reading", "noted")]
    very_old, old = reasons(found, "old reading")
    assert "more than a year ago" in very_old
    assert "is 32 days before the newest reading" in old


def test_lives_begin_and_end(clinic: Clinic) -> None:
    factories.add_patient(clinic, mrn="0600", birth_date=date(2026, 11, 20), deceased_on=None)
    factories.add_patient(clinic, mrn="0601", deceased_on=date(2026, 11, 20))
    found = tried(
        clinic,
        draft(2, "0600", at="2026-11-19 09:00", pulse=80),
        draft(3, "0600", at="2026-11-20", pulse=80),
        draft(4, "0601", at="2026-11-20 09:00", pulse=80),
        draft(5, "0601", pulse=80),
    )
    assert kinds(found) == [(2, "impossible time", "rows left out"), (5, "patient who has died", "noted")]
    assert used(found) == {3: ["pulse"], 4: ["pulse"], 5: ["pulse"]}


def test_what_the_layout_could_not_read_is_left_out_once(clinic: Clinic) -> None:
    unread = Fault(1, 2, "unreadable time", "yesterday", "This is no time.", "rows left out")
    found = tried(clinic, draft(2, "0417", at=None, pulse=80), draft(3, "0417", pulse=80), faults=[unread])
    assert without_usual(found) == [unread]
    assert (found.rows[1], found.told["left_out"]) == ("left out", {"unreadable time": 1})
    assert kinds(tried(clinic, draft(2, "0417", at=None, pulse=80))) == [(2, "unreadable time", "rows left out")]


@pytest.mark.parametrize(
    ("measure", "least", "most", "under", "over"),
    [
        ("respiration", 1, 69, 0, 70),
        ("oxygen", 1, 100, 0, 101),
        ("systolic", 1, 399, 0, 400),
        ("pulse", 1, 299, 0, 300),
        ("temperature", 10.1, 49.9, 10, 50),
        ("glucose", 0.6, 99.9, 0.5, 100),
        ("weight", 0.2, 500, 0.1, 500.1),
        ("oxygen_given", 0, 80, -1, 81),
    ],
)
def test_what_cannot_be_true_of_anybody_is_left_out(
    clinic: Clinic, measure: str, least: float, most: float, under: float, over: float
) -> None:
    values = enumerate((least, most, under, over), 2)
    found = tried(
        clinic,
        *(
            draft(row, f"041{7 + row % 2}", at=f"1{row - 2}:00", **{measure: value, "consciousness": "alert"})
            for row, value in values
        ),
    )
    assert [kind for kind in kinds(found) if kind[1] == "implausible value"] == [
        (4, "implausible value", "value left out"), (5, "implausible value", "value left out"),
    ]  # fmt: skip
    assert found.rows == ("no data", "used", "used", "used in part", "used in part")
    assert found.counts.values_left_out == 2


def test_the_reason_tells_the_value_as_given_and_in_our_unit(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "0417", temperature=(0.6, "33 °F"), pulse=80))
    assert reasons(found, "implausible value") == [
        "Temperature of 33 °F (0.6 °C) cannot be right: it must be more than 10 °C and less than 50 °C."
    ]
    assert without_usual(found)[0].given == "33 °F"


def test_pressures_go_together(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0417", systolic=80, diastolic=120, pulse=70),
        draft(3, "0417", at="10:00", systolic=120, diastolic=120),
        draft(4, "0417", at="11:00", systolic=120),
        draft(5, "0417", at="12:00", systolic=120, diastolic=80),
    )
    assert kinds(found) == [
        (2, "implausible pressure", "value left out"),
        (2, "implausible pressure", "value left out"),
        (3, "implausible pressure", "value left out"),
        (3, "implausible pressure", "value left out"),
        (4, "lone pressure", "noted"),
    ]
    assert used(found) == {2: ["pulse"], 4: ["systolic"], 5: ["systolic", "diastolic"]}
    assert found.told["left_out"] == {"implausible pressure": 1}


def test_a_row_said_twice_is_used_once(clinic: Clinic) -> None:
    found = tried(
        clinic, *(draft(row, "0417", pulse=80, oxygen=97) for row in (2, 3)), draft(4, "0417", pulse=80, weight=60)
    )
    assert kinds(found) == [(3, "repeated row", "rows left out"), (4, "repeated value", "noted")]
    assert reasons(found, "repeated row") == ["It says the same as row 2, and is not counted twice."]
    assert used(found) == {2: ["pulse", "oxygen"], 4: ["weight"]}


def test_of_two_values_at_one_moment_neither_is_used(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "0417", pulse=80, oxygen=97), draft(3, "0417", pulse=90, oxygen=97))
    assert [kind for kind in kinds(found) if kind[1] == "contradicting value"] == [
        (2, "contradicting value", "value left out"), (3, "contradicting value", "value left out"),
    ]  # fmt: skip
    assert "80 a minute in row 2; 90 a minute in row 3" in reasons(found, "contradicting value")[0]
    assert used(found) == {2: ["oxygen"]}


def test_a_row_that_agrees_with_one_that_contradicts_another_is_not_told_to_be_used_there(clinic: Clinic) -> None:
    values = enumerate((80, 90, 80), 2)
    found = tried(clinic, *(draft(row, "0417", pulse=pulse, oxygen=97) for row, pulse in values))
    assert kinds(found) == [
        (2, "contradicting value", "value left out"),
        (3, "repeated value", "noted"),
        (3, "contradicting value", "value left out"),
        (4, "repeated value", "noted"),
        (4, "contradicting value", "value left out"),
    ]
    assert used(found) == {2: ["oxygen"]}
    assert set(reasons(found, "repeated value")) == {"It is said in row 2 already, and is not counted twice."}


def test_groups_of_columns_are_named_where_they_say_two_things_of_one_day(clinic: Clinic) -> None:
    groups = [("PRE", 5.5, 80), ("POST", 9.1, 80)]
    found = tried(
        clinic,
        *(draft(2, "0417", at="2026-11-20", group=group, glucose=sugar, pulse=pulse) for group, sugar, pulse in groups),
    )
    assert "5.5 mmol/L in row 2 (PRE); 9.1 mmol/L in row 2 (POST)" in reasons(found, "contradicting value")[0]
    assert reasons(found, "repeated value") == ["It is said in row 2 (PRE) already, and is not counted twice."]
    assert used(found) == {2: ["pulse"]}
    same = tried(clinic, *(draft(2, "0417", at="2026-11-20", group=group, pulse=80) for group, *_ in groups))
    # The row is used: only the second reading of it is not.
    assert kinds(same) == [(2, "repeated value", "noted")]


@pytest.mark.parametrize(
    ("measure", "low", "high", "under", "over"),
    [
        ("respiration", 5, 50, 4, 51),
        ("oxygen", 70, 100, 69, None),
        ("systolic", 60, 250, 59, 251),
        ("diastolic", 30, 140, 29, 141),
        ("pulse", 30, 200, 29, 201),
        ("temperature", 33, 42, 32.9, 42.1),
        ("glucose", 2.2, 27.8, 2.1, 27.9),
        ("weight", 1, 250, None, 250.1),
    ],
)
def test_what_is_possible_and_unusual_is_used_and_told(
    clinic: Clinic, measure: str, low: float, high: float, under: float | None, over: float | None
) -> None:
    values = [(row, value) for row, value in enumerate((low, high, under, over), 2) if value is not None]
    mrns = ("0417", "0418", "A-7", "0500")
    factories.add_patient(clinic, mrn="0500")
    found = tried(clinic, *(draft(row, mrns[row - 2], **{measure: value}) for row, value in values))
    assert [kind for kind in kinds(found) if kind[1] == "unusual value"] == [
        (row, "unusual value", "noted") for row, value in values if value in (under, over)
    ]
    assert len(used(found)) == len(values)


def test_an_unusual_value_is_told_as_given_and_not_once_more_when_it_is_on_record(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "0417", temperature=(32, "89.6 °F")))
    assert reasons(found, "unusual value") == [
        "Temperature of 89.6 °F (32 °C) is unusual: less than 33 °C. Used; check it."
    ]
    when = {"measured_at": moment("09:00"), "local_day": date(2026, 11, 21)}
    factories.add_measurement(patient("0417"), "8310-5", 32, "Cel", **when)
    assert kinds(tried(clinic, draft(2, "0417", temperature=32))) == [(None, "value on record", "noted")]


def test_a_day_alone_is_no_moment_of_it(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "0417", pulse=80), draft(3, "0417", at="2026-11-21", pulse=90))
    assert without_usual(found) == []


def test_what_is_on_record_is_not_stored_again_and_another_value_is_left_out(clinic: Clinic) -> None:
    at = {"measured_at": moment("09:00"), "local_day": date(2026, 11, 21)}
    kept = factories.add_measurement(patient("0417"), PULSE, 80, "/min", **at)
    factories.add_measurement(patient("0417"), "8310-5", 98.6, "[degF]", **at)
    factories.add_measurement(patient("0417"), "2708-6", 91, "%", **at)
    found = tried(clinic, draft(2, "0417", pulse=80, temperature=37, oxygen=97, weight=60))
    assert kinds(found) == [(None, "value on record", "noted"), (2, "different value", "value left out")]
    assert reasons(found, "value on record") == [
        "2 of 3 values are on record already with the same value, and not stored again."
    ]
    assert reasons(found, "different value") == [
        "Oxygen saturation is 97 % here, but 91 % on record for this patient and moment. The record stays."
    ]
    assert kept.id in found.known
    assert (len(found.known), used(found), found.counts.values_used) == (2, {2: ["weight"]}, 3)


@pytest.mark.parametrize(
    ("measure", "loinc", "unit", "before", "usual", "sudden"),
    [
        ("respiration", "9279-1", "/min", 14, 29, 30),
        ("oxygen", "2708-6", "%", 98, 88, 87),
        ("systolic", "8480-6", "mm[Hg]", 120, 160, 161),
        ("pulse", PULSE, "/min", 70, 120, 121),
        ("temperature", "8310-5", "Cel", 37, 40, 40.1),
        ("glucose", "15074-8", "mmol/L", 5, 20, 20.1),
        ("weight", "29463-7", "kg", 60, 66, 66.1),
    ],
)
def test_sudden_changes_are_noted(
    clinic: Clinic, measure: str, loinc: str, unit: str, before: float, usual: float, sudden: float
) -> None:
    when = {"measured_at": moment("2026-11-20 10:00"), "local_day": date(2026, 11, 20)}
    for mrn in ("0417", "0418"):
        factories.add_measurement(patient(mrn), loinc, before, unit, **when)
    found = tried(clinic, draft(2, "0417", **{measure: usual}), draft(3, "0418", **{measure: sudden}))
    assert [kind for kind in kinds(found) if kind[1] == "sudden change"] == [(3, "sudden change", "noted")]
    assert " on 20 November 2026, 10:00, and is " in reasons(found, "sudden change")[0]


def test_what_was_long_before_or_comes_later_is_no_sudden_change(clinic: Clinic) -> None:
    ana = patient("0417")
    factories.add_measurement(
        ana, PULSE, 70, "/min", measured_at=moment("2026-11-14 08:00"), local_day=date(2026, 11, 14)
    )
    factories.add_measurement(ana, PULSE, 70, "/min", measured_at=moment("14:00"), local_day=date(2026, 11, 21))
    assert kinds(tried(clinic, draft(2, "0417", pulse=140))) == []
    # Within the sheet a reading has one before it, too.
    found = tried(clinic, draft(2, "0417", pulse=140), draft(3, "0417", at="11:00", pulse=60))
    assert kinds(found) == [(3, "sudden change", "noted")]


def test_what_the_reports_say_of_the_sheet(clinic: Clinic) -> None:
    row = draft(2, "0417", temperature=(37.0, "98.6 °F"), weight=(60, "132.3 lb"), pulse=80, oxygen_given="air")
    assumed = replace(row.readings[-1], column=None)
    row = replace(row, readings=(*row.readings[:-1], assumed))
    found = tried(clinic, row, draft(3, "0900", pulse=80), draft(4, "0901", pulse=80), draft(5, "0418"))
    assert found.told == {
        "read": 4, "used": 1, "readings": 4, "left_out": {"empty row": 1, "unknown patient": 2},
        "converted": {"temperature": "°F", "weight": "lb"}, "assumed": {"oxygen_given": "air"},
    }  # fmt: skip


def test_findings_are_kept_and_found_again(clinic: Clinic) -> None:
    factories.add_measurement(
        patient("0418"),
        PULSE,
        80,
        "/min",
        measured_at=datetime(2026, 11, 21, 9, tzinfo=ZONE),
        local_day=date(2026, 11, 21),
    )
    found = tried(
        clinic,
        draft(2, "0417", "Reyes, Ána", born=date(1990, 5, 20), pulse=80, temperature=(37.0, "98.6 °F")),
        draft(3, "0418", pulse=80),
        draft(4, "0900", "Lim, Rosa", at="2026-11-20", pulse=380),
    )
    again = Findings.unpack(found.pack())
    assert again == found
    assert check_again(again, clinic).to_json() == found.to_json()
