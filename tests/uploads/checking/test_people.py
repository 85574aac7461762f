"""Whose each row is, by hand-countable sheets."""

from collections.abc import Callable
from datetime import date

import factories
import pytest
from sqlalchemy import event

from tests.uploads.conftest import patient
from tests.uploads.sheets import draft, kinds, reasons, tried, used
from webapp.extensions import db
from webapp.models import Clinic
from webapp.uploads.checking import Choices
from webapp.uploads.checking.findings import Findings, ScaleChange

ADD = Choices("add")


def test_patients_are_found_by_mrn_whatever_its_case_and_the_spaces_around_it(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "0417", "Reyes, Ana", pulse=80), draft(3, " a-7 ", pulse=90))
    assert [one.patient_id for one in found.subjects] == [patient("0417").id, patient("A-7").id]
    assert (kinds(found), found.stops, found.rows) == ([], (), ("no data", "used", "used"))
    assert found.told == {"read": 2, "used": 2, "readings": 2, "left_out": {}, "converted": {}, "assumed": {}}
    assert (found.first, found.last, found.counts.patients) == (date(2026, 11, 21), date(2026, 11, 21), 2)


def test_an_mrn_that_is_not_on_record_is_left_out_or_added_by_choice(clinic: Clinic) -> None:
    rows = (
        draft(2, "0900", "Lim, Rosa", born=date(1980, 1, 1), sex="female", pulse=80),
        draft(3, "0900", pulse=82, at="10:00"),
    )
    left_out = tried(clinic, *rows)
    assert kinds(left_out) == [(2, "unknown patient", "rows left out"), (3, "unknown patient", "rows left out")]
    assert reasons(left_out, "unknown patient")[0] == "No patient on record has the MRN 0900."
    assert left_out.faults[0].column == 0
    assert left_out.told["left_out"] == {"unknown patient": 2}
    assert left_out.stops == ("Nothing in the sheet can be used. The list of faults says why.",)
    added = tried(clinic, *rows, choices=ADD)
    assert kinds(added) == [(2, "new patient", "noted")]
    (new,) = added.subjects
    assert (new.patient_id, new.mrn, new.family, new.given, new.sex) == (None, "0900", "Lim", "Rosa", "female")
    assert (new.born, added.counts.new_patients, added.belongs) == (date(1980, 1, 1), 1, (0, 0))


def test_a_new_patient_without_a_name_is_asked_about_and_left_out_until_then(clinic: Clinic) -> None:
    row = draft(2, "0900", pulse=80)
    found = tried(clinic, row, choices=ADD)
    assert (found.unknown[0].mrn, found.unknown[0].asks_name) == ("0900", True)
    assert kinds(found) == [(2, "unnamed patient", "rows left out")]
    named = tried(clinic, row, choices=Choices("add", {"0900": ("Lim", "Rosa")}))
    assert (named.subjects[0].family, named.unknown[0].asks_name) == ("Lim", False)


def test_zeros_that_a_spreadsheet_dropped_are_told_and_not_forgiven(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "417", pulse=80))
    assert found.unknown[0].looks_like == "It looks like MRN 0417, Reyes, Ana, born 20 May 1990."
    assert reasons(found, "unknown patient") == [
        "No patient on record has the MRN 417. It looks like MRN 0417, Reyes, Ana, born 20 May 1990."
    ]


def test_somebody_of_the_same_name_and_birth_date_is_told_of(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "1417", "Reyes, Ana", born=date(1990, 5, 20), pulse=80), choices=ADD)
    assert found.unknown[0].looks_like == "A patient of the same name and birth date has the MRN 0417."


def test_who_looks_like_somebody_on_record_is_added_only_by_itself(clinic: Clinic) -> None:
    rows = draft(2, "417", "Lim, Rosa", pulse=80), draft(3, "0900", "Tan, Li", pulse=80)
    found = tried(clinic, *rows, choices=ADD)
    assert [(one.mrn, one.choice) for one in found.unknown] == [("417", "leave out"), ("0900", "add")]
    assert kinds(found) == [(2, "unknown patient", "rows left out"), (3, "new patient", "noted")]
    assert reasons(found, "unknown patient")[0].endswith("Left out, unless you choose this patient by itself.")
    chosen = tried(clinic, *rows, choices=Choices("add", by_mrn={" 417": "add", "0900": "leave out"}))
    assert [one.choice for one in chosen.unknown] == ["add", "leave out"]
    assert [one.mrn for one in chosen.subjects] == ["417"]
    assert Findings.unpack(chosen.pack()) == chosen


def test_one_name_and_birth_date_under_two_new_mrns_is_told_at_both(clinic: Clinic) -> None:
    born = date(1980, 1, 1)
    rows = (
        draft(2, "0900", "Lim, Rosa", born=born, pulse=80),
        draft(3, "0901", "rosa LIM", born=born, pulse=80),
        draft(4, "0902", "Lim, Rosa", born=date(1980, 1, 2), pulse=80),
    )
    found = tried(clinic, *rows, choices=ADD)
    assert [kind for kind in kinds(found) if kind[1] != "new patient"] == [
        (2, "same name and birth date", "noted"), (3, "same name and birth date", "noted"),
    ]  # fmt: skip
    twin = "Another row of the sheet has the same name and birth date under MRN 0901 (row 3)."
    assert [one.twin for one in found.unknown] == [twin, twin.replace("0901 (row 3)", "0900 (row 2)"), ""]
    assert twin in reasons(tried(clinic, *rows), "unknown patient")[0]


def test_nobody_is_told_to_be_added_of_whom_nothing_is_used(clinic: Clinic) -> None:
    bare = factories.add_patient(clinic, mrn="0500", family_name="", given_name="")
    found = tried(
        clinic,
        draft(2, "0900", "Lim, Rosa", pulse=400),
        draft(3, "0901", "Tan, Li", pulse=400),
        draft(4, "0901", "Tan, Li", at="10:00", pulse=80),
        draft(5, bare.mrn or "", "Go, Li", pulse=400),
        choices=ADD,
    )
    assert [kind for kind in kinds(found) if kind[1] != "implausible value"] == [(4, "new patient", "noted")]
    assert (found.counts.new_patients, [one.mrn for one in found.subjects]) == (1, ["0901"])


def test_without_an_mrn_name_and_birth_date_tell_one_patient(clinic: Clinic) -> None:
    ana = {"born": date(1990, 5, 20), "pulse": 80}
    found = tried(clinic, draft(2, "", "reyes, ANA", **ana), draft(3, "0417", at="10:00", pulse=70))
    assert [one.patient_id for one in found.subjects] == [patient("0417").id]
    assert found.belongs == (0, 0)
    factories.add_patient(clinic, mrn="0999", family_name="Reyes", given_name="Ana", birth_date=date(1990, 5, 20))
    several = tried(clinic, draft(2, "", "Reyes, Ana", **ana))
    assert reasons(several, "shared name") == [
        "The row has no MRN, and 2 patients on record are Reyes, Ana, born 20 May 1990."
    ]


@pytest.mark.parametrize(
    ("name", "born", "kind"),
    [
        ("Lim, Rosa", date(1990, 5, 20), "unknown patient"),
        ("Reyes, Ana M.", date(1990, 5, 20), "unknown patient"),
        ("Reyes, Ana", None, "unidentified row"),
        ("", date(1990, 5, 20), "unidentified row"),
    ],
)
def test_without_an_mrn_anything_less_is_left_out(clinic: Clinic, name: str, born: date | None, kind: str) -> None:
    assert kinds(tried(clinic, draft(2, "", name, born=born, pulse=80), choices=ADD)) == [(2, kind, "rows left out")]


def test_a_name_that_is_not_the_records_is_left_out_and_both_are_told(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0417", "Reyes, Ana M.", pulse=80),
        draft(3, "0417", "Santos, Maria", at="10:00", pulse=90),
    )
    assert kinds(found) == [(3, "different name", "rows left out")]
    assert reasons(found, "different name") == [
        "The row says Santos, Maria, but the patient with MRN 0417 on record is Reyes, Ana, as in row 2. "
        "It may be another patient’s."
    ]
    assert used(found) == {2: ["pulse"]}


def test_a_row_with_an_mrn_alone_is_left_out_where_another_gives_it_to_somebody_else(clinic: Clinic) -> None:
    alone = draft(4, "0417", at="11:00", pulse=90)
    found = tried(clinic, draft(2, "0417", "Reyes, Ana", pulse=80), draft(3, "0417", "Santos, Maria", pulse=90), alone)
    assert (used(found), reasons(found, "MRN in doubt")) == (
        {2: ["pulse"]},
        [
            "The row has neither a name nor a birth date, and row 3 has the same MRN for somebody else. It may be "
            "another patient’s."
        ],
    )
    factories.add_patient(clinic, mrn="0500", family_name="", given_name="", birth_date=None)
    rows = [draft(row, "0500", name, at=f"1{row}:00", pulse=80) for row, name in ((2, "Lim, Rosa"), (3, "Go, Li"))]
    nobody = tried(clinic, *rows, draft(4, "0500", at="14:30", pulse=80))
    assert [kind for _, kind, _ in kinds(nobody)] == ["different name", "different name", "MRN in doubt"]
    assert used(tried(clinic, draft(2, "0417", "Reyes, Ana", pulse=80), alone)) == {2: ["pulse"], 4: ["pulse"]}


def test_a_birth_date_that_is_not_the_records_is_left_out(clinic: Clinic) -> None:
    found = tried(clinic, draft(2, "0417", "Reyes, Ana", born=date(1990, 5, 21), pulse=80))
    assert reasons(found, "different birth date") == [
        "The row says born 21 May 1990, but the patient with MRN 0417 on record is Reyes, Ana, born 20 May 1990. "
        "It may be another patient’s."
    ]


@pytest.mark.parametrize(
    ("born", "precision", "agrees"),
    [
        (date(1990, 5, 1), "month", True),
        (date(1990, 6, 1), "month", False),
        (date(1990, 1, 1), "year", True),
        (date(1991, 1, 1), "year", False),
    ],
)
def test_birth_dates_are_compared_as_far_as_they_go(clinic: Clinic, born: date, precision: str, agrees: bool) -> None:
    found = tried(clinic, draft(2, "0417", born=born, born_precision=precision, pulse=80))
    assert (found.rows[1] == "used") is agrees


def test_two_names_of_one_unknown_mrn_leave_out_all_of_its_rows(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "0900", "Lim, Rosa", pulse=80),
        draft(3, "0900", "Tan, Rosa", at="10:00", pulse=90),
        draft(4, "0900", at="11:00", pulse=90),
        choices=ADD,
    )
    assert [row for row, *_ in kinds(found)] == [2, 3, 4]
    assert reasons(found, "different name")[0] == (
        "MRN 0900 is Lim, Rosa in row 2 and Tan, Rosa in row 3. Which of them is right is not known, so none of these "
        "rows is used."
    )


def test_where_the_record_has_no_birth_date_two_in_the_sheet_are_left_out(clinic: Clinic) -> None:
    factories.add_patient(clinic, mrn="0500", family_name="Go", given_name="Li", birth_date=None)
    rows = [draft(row, "0500", at=f"1{row}:00", born=date(1980, 1, row), pulse=80) for row in (2, 3)]
    found = tried(clinic, *rows, draft(4, "0500", "Go, Li", at="09:00", pulse=70))
    assert kinds(found) == [(2, "different birth date", "rows left out"), (3, "different birth date", "rows left out")]
    assert used(found) == {4: ["pulse"]}


def test_what_the_record_lacks_is_filled_in_and_what_differs_in_sex_is_noted(clinic: Clinic) -> None:
    bare = factories.add_patient(clinic, mrn="0500", family_name="", given_name="", birth_date=None, sex="unknown")
    found = tried(
        clinic,
        draft(2, "0500", "Go, Li", born=date(1980, 1, 1), born_precision="year", sex="male", pulse=80),
        draft(3, "0417", sex="male", pulse=80),
    )
    assert kinds(found) == [(2, "filled-in detail", "noted"), (3, "different sex", "noted")]
    assert reasons(found, "filled-in detail") == [
        "On record the patient has no sex, name and birth date; the sheet’s will be kept."
    ]
    assert found.subjects[0].patient_id == bare.id
    assert dict(found.subjects[0].fills) == {
        "birth_date": "1980-01-01", "birth_precision": "year", "family_name": "Go", "given_name": "Li", "sex": "male",
    }  # fmt: skip
    assert found.subjects[1].fills == ()


def test_an_mrn_that_two_have_on_record_needs_a_name(clinic: Clinic) -> None:
    twin = factories.add_patient(clinic, mrn="0417", family_name="Lim", given_name="Rosa", birth_date=None)
    bare = tried(clinic, draft(2, "0417", pulse=80))
    assert kinds(bare) == [(2, "shared MRN", "rows left out")]
    assert tried(clinic, draft(2, "0417", "Lim, Rosa", pulse=80)).subjects[0].patient_id == twin.id


def test_the_scale_of_the_record_holds_until_somebody_chooses_that_of_the_sheet(clinic: Clinic) -> None:
    factories.add_patient(clinic, mrn="0500", family_name="Go", given_name="Li", spo2_scale=2)
    rows = draft(2, "0417", "Reyes, Ana", oxygen=97), draft(3, "0500", "Go, Li", scale=1, oxygen=90)
    said = tried(clinic, *rows)
    assert kinds(said) == [(3, "different SpO2 scale", "noted")]
    assert reasons(said, "different SpO2 scale") == [
        "The sheet says scale 1, the record scale 2. Scale 2 is used, unless you change it."
    ]
    assert [(one.scale, one.scored_by) for one in said.subjects] == [(None, 1), (None, 2)]
    assert said.scales == (ScaleChange("0500", "Go, Li", 2, 1),)
    chosen = tried(clinic, *rows, choices=Choices(scales=True))
    assert reasons(chosen, "different SpO2 scale") == [
        "The sheet says scale 1, the record scale 2. Scale 1 is used and kept on the record, as you chose."
    ]
    assert [(one.scale, one.scored_by) for one in chosen.subjects] == [(None, 1), (1, 1)]
    assert chosen.scales == said.scales
    assert tried(clinic, draft(3, "0500", scale=1, oxygen=400), rows[0]).scales == ()


def test_a_new_patient_has_the_scale_of_the_sheet(clinic: Clinic) -> None:
    (new,) = tried(clinic, draft(2, "0900", "Lim, Rosa", scale=2, oxygen=90), choices=ADD).subjects
    assert (new.scale, new.scored_by) == (2, 2)
    rows = [draft(row, "0900", "Lim, Rosa", f"1{row}:00", scale=row - 1, oxygen=90) for row in (2, 3)]
    both = tried(clinic, *rows, choices=ADD)
    assert (both.subjects[0].scored_by, both.scales) == (1, ())
    assert kinds(both) == [(2, "different SpO2 scale", "noted"), (2, "new patient", "noted")]


def test_two_scales_of_a_patient_and_none_are_told_once(clinic: Clinic) -> None:
    factories.add_patient(clinic, mrn="0500", family_name="Go", given_name="Li", spo2_scale=2)
    unsaid = tried(clinic, draft(2, "0417", oxygen=90), draft(3, "0500", oxygen=90))
    assert kinds(unsaid) == [(None, "SpO2 scale on record", "noted")]
    both = tried(clinic, draft(2, "0417", scale=2, oxygen=90), draft(3, "0417", scale=1, at="10:00", oxygen=90))
    assert kinds(both) == [(2, "different SpO2 scale", "noted")]
    assert (both.subjects[0].scale, both.subjects[0].scored_by, both.scales) == (None, 1, ())


@pytest.mark.parametrize(("limit", "what"), [("MOST_PATIENTS", "patients"), ("MOST_READINGS", "readings")])
def test_more_than_a_report_can_hold_stops_it(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, limit: str, what: str
) -> None:
    rows = [draft(row, f"P{row}", pulse=80) for row in (2, 3, 4)]
    assert not tried(clinic, *rows, choices=Choices("add")).drafted.faults
    monkeypatch.setattr(f"webapp.uploads.checking.{limit}", 2)
    found = tried(clinic, *rows)
    assert found.stops == (
        f"The sheet holds 3 {what}, and 2 is the most at once. Split it, and upload the parts one by one.",
    )
    assert (found.drafted.drafts, found.subjects, found.counts.rows_used) == ((), (), 0)


def test_of_two_sexes_of_a_new_patient_none_is_kept(clinic: Clinic) -> None:
    rows = [
        draft(row, "0905", "Lim, Rosa", f"1{row}:00", sex=sex, pulse=80) for row, sex in ((2, "male"), (3, "female"))
    ]
    found = tried(clinic, *rows, choices=ADD)
    assert kinds(found) == [(2, "different sex", "noted"), (2, "new patient", "noted")]
    assert found.subjects[0].sex == "unknown"


def test_what_a_patients_row_has_no_room_for_is_left_out_or_cut(clinic: Clinic) -> None:
    found = tried(
        clinic,
        draft(2, "9" * 65, pulse=80),
        draft(3, "9" * 64, f"{'L' * 300}, Ro\x00sa", at="10:00", pulse=80),
        choices=ADD,
    )
    assert kinds(found) == [(2, "unreadable MRN", "rows left out"), (3, "new patient", "noted")]
    assert (found.subjects[0].family, found.subjects[0].given) == ("L" * 200, "Ro�sa")


def test_it_asks_the_database_as_often_for_many_as_for_few(clinic: Clinic) -> None:
    def asked(patients: int) -> int:
        rows = [draft(row, f"N{row}", born=date(1980, 1, row % 28 + 1), pulse=80) for row in range(2, patients + 2)]
        return len(statements(lambda: tried(clinic, draft(patients + 2, "0417", pulse=80), *rows)))

    assert clinic.timezone  # read back, so that this is no part of it
    assert asked(300) == asked(3) <= 5


def statements(work: Callable[[], object]) -> list[str]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", see)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", see)
    return seen
