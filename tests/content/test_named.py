"""Diagnoses and treatments as other systems name them: long, empty, in any script, equal but for case."""

import pytest

from webapp.content import named
from webapp.content.findings import ALL_OTHERS
from webapp.content.named import LONGEST, MOST, Listed, Spelling, TopList, ranked

SNOMED, ICD_10 = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10"


def told(counts: dict[Spelling, int]) -> list[tuple[str, str | None, int]]:
    return [(item.label, item.code, item.count) for item in ranked(counts)]


def test_a_code_makes_records_one_and_the_most_common_name_names_them() -> None:
    assert told(
        {
            (ICD_10, "I10", "High blood pressure"): 2,
            (ICD_10, "I10", "Hypertension"): 3,
            (SNOMED, "38341003", "Hypertensive disorder"): 4,
            ("urn:oid:2.16.840.1.113883.6.13", "D0120", "Examination"): 2,
            (None, "X1", "From a system of our own"): 1,
        }
    ) == [
        ("Hypertension", "ICD-10 I10", 5),
        ("Hypertensive disorder", "SNOMED CT 38341003", 4),
        ("Examination", "CDT D0120", 2),
        ("From a system of our own", "X1", 1),
    ]


def test_without_a_code_case_spaces_and_composition_make_no_difference() -> None:
    counts: dict[Spelling, int] = {
        (None, None, "Dental  Caries"): 1,
        (None, "", "dental caries"): 2,
        (ICD_10, None, "DENTAL CARIES "): 1,
        (None, None, "Zahnf\u00e4ule"): 2,
        (None, None, "Zahnfa\u0308ule"): 1,
    }
    assert told(counts) == [("dental caries", None, 4), ("Zahnf\u00e4ule", None, 3)]


def test_equally_common_ones_stand_in_the_order_of_their_names() -> None:
    assert [label for label, *_ in told({(None, None, name): 1 for name in ("b", "C", "a", "Ä", "ب")})] == [
        "a", "b", "C", "Ä", "ب",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "labels"),
    [
        (
            {(ICD_10, "K29", "Gastritis"): 3, (SNOMED, "4556007", "gastritis"): 2, (None, None, "Gastritis"): 1},
            ["Gastritis (K29)", "gastritis (4556007)", "Gastritis"],
        ),
        (
            {(ICD_10, "K29", "Gastritis"): 2, (SNOMED, "K29", "Gastritis"): 1, (None, "K29", "Gastritis"): 1},
            [f"Gastritis (K29, {ICD_10})", "Gastritis (K29, no system)", f"Gastritis (K29, {SNOMED})"],
        ),
        ({(ICD_10, "K29", ""): 3, (None, None, " "): 2}, ["No name recorded (K29)", "No name recorded"]),
        ({(None, None, "All others"): 2, (ICD_10, "X", "all"): 1}, ["All others (number 2)", "all (X)"]),
        ({(None, None, "A\x00"): 2, (None, None, "A\x01"): 1}, ["A�", "A� (number 2)"]),
    ],
)
def test_no_two_labels_are_the_same(counts: dict[Spelling, int], labels: list[str]) -> None:
    assert [label for label, *_ in told(counts)] == labels


def test_a_long_name_is_cut_and_stays_apart_from_its_like() -> None:
    long = "Fracture of the distal end of the left radius with dorsal displacement, "
    first, second = ranked({(None, None, f"{long}open"): 2, (None, None, f"{long}closed"): 1})
    assert first.label == "Fracture of the distal end of the left radius with dorsal…"
    assert second.label == f"{first.label} (number 2)"
    assert ranked({(None, None, "x" * 400): 1})[0].label == f"{'x' * (LONGEST - 1)}…"
    marked = ranked({(None, None, "x" * (LONGEST - 2) + "e\u0301" + "x" * 300): 1})[0].label
    assert marked == f"{'x' * (LONGEST - 2)}…"


@pytest.fixture
def listed() -> named.TopList:
    ana, ben = 1, 2
    return named.top_list(
        {
            **{(None, None, f"Condition {number:02}"): [ana] for number in range(MOST + 2)},
            (None, None, "condition  11"): [ben],
            (ICD_10, "R52", "Pain"): [ana],
            (ICD_10, "R52", "Ache"): [ana],
            (None, "R52", "Pain"): [ben],
        }
    )


def test_a_top_list_names_ten_and_counts_the_others_and_patients_once(listed: named.TopList) -> None:
    rows = [(row.label, row.records, row.patients) for row in listed.rows]
    assert rows[:3] == [("Ache", 2, 1), ("Condition 11", 2, 2), ("Condition 00", 1, 1)]
    assert rows[-2:] == [("Condition 07", 1, 1), (ALL_OTHERS, 4, 2)]
    assert len(rows) == MOST + 1
    assert (listed.records, listed.patients) == (16, 2)


def test_the_table_has_one_title_whatever_is_the_most_common() -> None:
    """A worksheet has its name: whoever loads it looks for it again next month, and no record's words belong there."""
    rows = [Listed(label, None, ("", "", label), 2, 1) for label in ("Ache", "Condition 11")]
    listed = TopList((*rows, Listed(ALL_OTHERS, None, None, 4, 2)), 8, 2)
    assert named.table("diagnoses", "Diagnosis", listed).title == "Most common diagnoses"
    assert named.finding("Diagnosis", "diagnoses", listed) == "Ache and Condition 11 were the most common diagnoses"
