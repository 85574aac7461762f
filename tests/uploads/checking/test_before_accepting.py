"""What is told of a sheet as a whole before it is accepted: names to compare, sets without a score, units, counts."""

from datetime import date

import factories
import pytest

from tests.uploads.checking.test_people import statements
from tests.uploads.conftest import patient
from tests.uploads.sheets import draft, drafted, moment, reasons, sheet, tried
from webapp.models import Clinic
from webapp.uploads import checking
from webapp.uploads.checking import Choices, Findings, OlderForm, check, findings
from webapp.uploads.checking.findings import TakenFor
from webapp.uploads.drafts import Fault

COMPLETE = {
    "respiration": 16, "oxygen": 97, "oxygen_given": "air", "systolic": 120, "pulse": 80, "consciousness": "alert",
    "temperature": 37,
}  # fmt: skip

UNDATED = "1 of 1 set of vital signs will have no NEWS2 score: the birth date is missing in 1."


def without(*measures: str) -> dict[str, object]:
    return {measure: value for measure, value in COMPLETE.items() if measure not in measures}


def test_whoever_is_named_by_mrn_alone_is_shown_with_the_name_on_record(clinic: Clinic) -> None:
    rows = (
        draft(2, "0417", pulse=80),
        draft(3, "0418", "Santos, Maria", pulse=80),
        draft(4, "0417", at="10:00", pulse=80),
        draft(5, "A-7", born=date(1948, 12, 31), pulse=80),
        draft(6, "0900", pulse=80),
        draft(7, "A-7", pulse=400),
    )
    found = tried(clinic, *rows, choices=Choices("add", {"0900": ("Lim", "Rosa")}))
    assert found.taken_for == (TakenFor("0417", "Reyes, Ana, born 20 May 1990", (1, 3)),)
    assert found.taken_by_row == {1: "Reyes, Ana, born 20 May 1990", 3: "Reyes, Ana, born 20 May 1990"}
    told = " Compare the names of these patients before you accept."
    assert reasons(found, "MRN without a name") == [f"2 of 5 rows give a number alone.{told}"]
    bare = tried(clinic, rows[0], draft(3, "A-7", pulse=80))
    assert reasons(bare, "MRN without a name") == [f"The sheet gives numbers alone.{told}"]
    assert [one.mrn for one in bare.taken_for] == ["0417", "A-7"]
    named = tried(clinic, rows[1])
    assert (named.taken_for, reasons(named, "MRN without a name")) == ((), [])


def test_sets_that_will_have_no_score_are_counted_with_what_they_lack(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0417", **COMPLETE),
        draft(3, "0417", at="10:00", **without("oxygen_given")),
        draft(4, "0418", **without("oxygen_given", "consciousness")),
        draft(5, "A-7", at="11:00", weight=60),
        draft(6, "A-7", **without("temperature")),
        draft(7, "A-7", temperature=36.6),
        draft(8, "0418", at="12:00", **{**COMPLETE, "pulse": 400}),
    )
    assert reasons(found, "no NEWS2 score") == [
        "3 of 5 sets of vital signs will have no NEWS2 score: air or oxygen is missing in 2, pulse and "
        "consciousness in 1 each."
    ]
    assert reasons(tried(clinic, draft(2, "0417", **COMPLETE)), "no NEWS2 score") == []


@pytest.mark.parametrize(
    ("born", "precision", "told"),
    [
        (date(2010, 11, 21), "day", ""),
        (date(2010, 11, 22), "day", "1 set is of children under 16, for whom NEWS2 is not made."),
        (
            date(2010, 1, 1),
            "year",
            UNDATED,
        ),
        (date(2009, 1, 1), "year", ""),
        (
            date(1890, 1, 1),
            "day",
            UNDATED,
        ),
        (None, "day", UNDATED),
    ],
)
def test_children_are_counted_apart(clinic: Clinic, born: date | None, precision: str, told: str) -> None:
    factories.add_patient(clinic, mrn="0500", birth_date=born, birth_precision=precision)
    found = tried(clinic, draft(2, "0500", **COMPLETE))
    assert reasons(found, "no NEWS2 score") == ([told] if told else [])


def test_a_birth_date_that_the_sheet_fills_in_counts(clinic: Clinic) -> None:
    factories.add_patient(clinic, mrn="0500", birth_date=None)
    found = tried(clinic, draft(2, "0500", born=date(1980, 1, 1), **COMPLETE))
    assert reasons(found, "no NEWS2 score") == []


def test_units_that_are_turned_into_ours_are_told_once_each(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0417", temperature=(37, "98.6 °F"), weight=(60.4, "133 lb")),
        draft(3, "0418", temperature=(38, "100.4 °F"), glucose=5),
        draft(4, "A-7", temperature=(0.6, "33 °F"), pulse=80),
    )
    assert [one.sentence for one in found.conversions] == [
        "Temperature: 2 readings in °F are turned into °C. 98.6 °F is 37.0 °C.",
        "Weight: 1 reading in lb is turned into kg. 133 lb is 60.4 kg.",
    ]


def test_the_counts_of_a_mixed_sheet_add_up(clinic: Clinic) -> None:
    when = {"measured_at": moment("2026-11-20 09:00"), "local_day": date(2026, 11, 20)}
    factories.add_measurement(patient("0417"), "8867-4", 70, "/min", **when)
    unread = [
        Fault(3, 7, "unreadable number", "eighty", "This is no number.", "value left out"),
        Fault(4, 7, "unreadable number", "x", "This is no number.", "value left out"),
        Fault(10, None, "unreadable row", "", "Nothing is in its place.", "rows left out"),
    ]
    rows = (
        draft(2, "0417", pulse=80, oxygen=97),
        draft(3, "0417", at="10:00", pulse=400, oxygen=97),
        draft(4, "0418", oxygen=97),
        draft(5, "0900", oxygen=97, systolic=500),
        draft(6, "0417", pulse=80, oxygen=97),
        draft(7, "A-7", "", "09:00", group="Visit 1", pulse=80, oxygen=97),
        draft(7, "A-7", "", "16:00", group="Visit 2", pulse=80, oxygen=97),
        draft(8, "0417", at="2026-11-20 09:00", pulse=71),
        draft(9, "0418"),
        draft(10, "0417", pulse=80, weight=60),
    )
    found = tried(clinic, *rows, faults=unread)
    counts = found.counts
    states = ["used", "used in part", "used in part", "left out", "left out", "used in part", "left out", "left out"]
    assert found.rows == ("no data", *states, "used in part", "left out")
    assert (counts.rows_used, counts.rows_left_out, counts.rows_read) == (5, 5, found.drafted.read)
    assert sum(found.told["left_out"].values()) == counts.rows_left_out
    assert (found.told["used"], found.told["read"]) == (5, 10)
    # Left out in rows that are used: the pulses of rows 3 and 4, and both values of the later visit in row 7.
    assert (counts.values_used, counts.values_left_out) == (7, 4)
    assert sum(map(len, found.used)) == 7


def test_findings_of_an_older_program_are_told_apart(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(clinic, draft(2, "0417", temperature=(37, "98.6 °F"), scale=2, oxygen=97))
    packed = found.pack()
    assert Findings.unpack(packed) == found
    assert (len(found.conversions), len(found.scales), len(found.taken_for)) == (1, 1, 1)
    monkeypatch.setattr(findings, "FORM", 3)
    with pytest.raises(OlderForm):
        Findings.unpack(packed)


def test_of_a_sheet_that_is_too_large_nothing_is_looked_at(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_READINGS", 2)
    told = drafted(*(draft(row, "0417", pulse=80) for row in range(2, 6)))
    assert clinic.timezone
    assert statements(lambda: check(told, sheet(told), clinic, Choices())) == []
