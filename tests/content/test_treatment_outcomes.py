"""Treatment outcomes over rows that can be counted by hand. The month asked for is October 2026."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, section, table
from tests.factories import add_clinic, add_diagnosis, add_patient, add_treatment, add_visit
from webapp.figures import Change, Content, Excluded, Rows
from webapp.models import Clinic

ICD_10 = "http://hl7.org/fhir/sid/icd-10"


def keys(figures: Content) -> list[str]:
    return [section.key for section in figures.sections]


def test_diagnoses_of_the_period_are_counted_with_their_patients(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic, sex="male")
    add_diagnosis(ana, "2026-10-01", "Hypertension", code="I10", code_system=ICD_10)
    add_diagnosis(ana, "2026-10-31", "Essential hypertension", code="I10", code_system=ICD_10)
    add_diagnosis(ben, "2026-10-31", "Essential hypertension", code="I10", code_system=ICD_10)
    add_diagnosis(ben, "2026-10-15", "Migraine", verification_status=None)
    for outside in ("2026-09-30", "2026-11-01", None):
        add_diagnosis(ben, outside, "Migraine")

    figures = ask("treatment_outcomes")

    assert table(figures, "diagnoses").rows == (
        ("Essential hypertension", "ICD-10 I10", 3, 75.0, 2),
        ("Migraine", "", 1, 25.0, 1),
    )
    assert table(figures, "diagnoses").total == ("All", "", 4, 100.0, 2)
    assert section(figures, "diagnoses").text == "Essential hypertension was the most common diagnosis"
    assert "The most common diagnosis was Essential hypertension, 3 of 4 diagnoses." in figures.summary
    assert figures.rows == Rows("records", 4, 4)


def test_what_was_refuted_or_entered_in_error_is_read_and_left_out(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    wrong = [
        add_diagnosis(ana, "2026-10-05", "Gout", verification_status=status)
        for status in ("refuted", "refuted", "entered-in-error", "provisional")
    ]
    add_treatment(ana, "2026-10-05", diagnosis_id=wrong[0].id)
    add_treatment(ana, "2026-10-05", "worse", diagnosis_id=wrong[3].id)

    figures = ask("treatment_outcomes")

    assert table(figures, "diagnoses").rows == (("Gout", "", 1, 100.0, 1),)
    assert figures.rows == Rows(
        "records", 6, 3, (Excluded("diagnoses refuted", 2), Excluded("diagnoses entered in error", 1))
    )
    assert [row[0] for row in table(figures, "outcomes").rows] == ["Gout", "No diagnosis recorded"]


def test_outcomes_stand_by_the_diagnosis_that_the_treatment_names(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    # Diagnosed long before the period: the treatment counts by its own day.
    caries, gum = add_diagnosis(ana, "2024-03-01", "Caries"), add_diagnosis(ana, "2026-10-01", "Gingivitis")
    for outcome in ("successful", "successful", "improved", "unknown"):
        add_treatment(ana, "2026-10-01", outcome, diagnosis_id=caries.id, kind="dental")
    for outcome in ("worse", "unchanged"):
        add_treatment(ana, "2026-10-31", outcome, diagnosis_id=gum.id)
    add_treatment(ana, "2026-10-15", "improved")
    for outside in ("2026-09-30", "2026-11-01", None):
        add_treatment(ana, outside, "worse", diagnosis_id=caries.id)

    figures = ask("treatment_outcomes")

    assert table(figures, "outcomes").rows == (
        ("Caries", 2, 1, 0, 0, 1, 4),
        ("Gingivitis", 0, 0, 1, 1, 0, 2),
        ("No diagnosis recorded", 0, 1, 0, 0, 0, 1),
    )
    assert table(figures, "outcomes").total == ("All", 2, 2, 1, 1, 1, 7)
    assert (chart(figures, "outcomes").shape, chart(figures, "outcomes").title) == (
        "stack",
        "4 of 6 treatments of known outcome succeeded",
    )
    assert table(figures, "success").rows == (
        ("Caries", 3, 3, 100.0, 43.9, 100.0),
        ("Gingivitis", 2, 0, 0.0, 0.0, 65.8),
        ("No diagnosis recorded", 1, 1, 100.0, 20.7, 100.0),
    )
    assert table(figures, "success").total == ("All", 6, 4, 66.7, 30.0, 90.3)
    assert table(figures, "success_by_care").rows == (
        ("Medical", 3, 1, 33.3, 6.1, 79.2),
        ("Dental", 3, 3, 100.0, 43.9, 100.0),
    )
    assert metric(figures, "success_rate").value == 66.7
    assert metric(figures, "success_rate").note == "4 of 6 treatments"
    assert figures.summary[1] == "Of 6 treatments of known outcome, 4 succeeded."


def test_no_interval_is_drawn_where_all_are_of_fewer_than_five(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for _ in range(4):
        add_treatment(ana, "2026-10-05", "successful")
    (success,) = [section for section in ask("treatment_outcomes").sections if section.key == "success"]
    assert (success.charts, success.tables[0].rows[0][1:4]) == ((), (4, 4, 100.0))
    add_treatment(ana, "2026-10-05", "worse")
    drawn = chart(ask("treatment_outcomes"), "success")
    assert (drawn.title, drawn.whole) == ("Success rate by diagnosis", "known")


def test_the_ten_most_treated_diagnoses_are_named_and_the_others_add_up(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for number in range(12):
        found = add_diagnosis(ana, "2026-10-01", f"Condition {number:02}")
        for _ in range(2 if number == 11 else 1):
            add_treatment(ana, "2026-10-01", diagnosis_id=found.id, name=f"Treatment {number:02}")

    figures = ask("treatment_outcomes")

    for key in ("outcomes", "treatments"):
        names = [str(row[0]) for row in table(figures, key).rows]
        assert (names[0][-2:], names[-2][-2:], names[-1], len(names)) == ("11", "08", "All others", 11)
    assert rows(figures, "outcomes")["All others"]["all"] == 2
    assert rows(figures, "treatments")["All others"]["records"] == 2
    assert rows(figures, "treatments")["All others"]["patients"] == 1


def test_a_diagnosis_is_named_where_its_whole_interval_lies_apart(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    good, bad = add_diagnosis(ana, "2026-10-01", "Wound"), add_diagnosis(ana, "2026-10-01", "Migraine")
    for _ in range(30):
        add_treatment(ana, "2026-10-01", "successful", diagnosis_id=good.id)
    for _ in range(9):
        add_treatment(ana, "2026-10-01", "worse", diagnosis_id=bad.id)
    assert chart(ask("treatment_outcomes"), "success").title == "Success was higher for Wound than overall"
    add_treatment(ana, "2026-10-01", "worse", diagnosis_id=bad.id)
    assert chart(ask("treatment_outcomes"), "success").title == "Success was lower for Migraine than overall"


@pytest.mark.parametrize(
    ("outcomes", "title"),
    [
        (("successful",), "The one treatment of known outcome succeeded"),
        (("worse",), "The one known outcome is no success"),
        (("improved", "successful"), "All 2 treatments of known outcome succeeded"),
        (("worse", "unchanged", "unknown"), "None of 2 treatments of known outcome succeeded"),
    ],
)
def test_titles_of_outcomes_are_true_at_their_ends(
    ask: Ask, clinic: Clinic, outcomes: tuple[str, ...], title: str
) -> None:
    ana = add_patient(clinic)
    for outcome in outcomes:
        add_treatment(ana, "2026-10-01", outcome)
    figures = ask("treatment_outcomes")
    assert chart(figures, "outcomes").title == title


def test_unknown_outcomes_have_no_success_rate(ask: Ask, clinic: Clinic) -> None:
    add_treatment(add_patient(clinic), "2026-10-01", "unknown")
    figures = ask("treatment_outcomes")
    assert (metric(figures, "treatments").value, metric(figures, "success_rate").value) == (1, None)
    assert figures.sections[0].charts == ()
    assert keys(figures) == ["outcomes", "treatments", "by_month"]
    assert figures.summary[:2] == ("There was 1 treatment in October 2026.", "How it went is not known.")


def test_the_period_is_set_against_the_month_before(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-01-05 10:00", status="cancelled")
    for day, outcome in (("2026-09-01", "successful"), ("2026-09-30", "worse"), ("2026-08-31", "worse")):
        add_treatment(ana, day, outcome, due="2026-09-15")
    add_diagnosis(ana, "2026-09-30")
    for outcome in ("successful", "improved", "worse", "unknown"):
        add_treatment(ana, "2026-10-01", outcome)

    figures = ask("treatment_outcomes")

    assert metric(figures, "treatments").change == Change(2, None, "September 2026")
    assert metric(figures, "success_rate").change == Change(16.7, None, "September 2026")
    assert table(figures, "compared").rows == (
        ("Diagnoses", 1, 0, -1, None),
        ("Treatments", 2, 4, 2, None),
        ("Treatments of known outcome", 2, 3, 1, None),
        ("Treatments that succeeded", 1, 2, 1, None),
        ("Follow-ups due", 3, 0, -3, None),
        ("Follow-ups done on time", 0, 0, 0, None),
        ("Follow-ups overdue in all, on the last day", 3, 3, 0, None),
    )
    assert table(figures, "rates_compared").rows == (("Success rate", 50.0, 66.7, 16.7),)
    assert figures.summary[0] == "There were 4 treatments in October 2026, against 2 in September 2026."
    assert figures.summary[1] == "Of 3 treatments of known outcome, 2 succeeded."
    months = rows(figures, "months")
    assert months["2026-09"] == {"month": "2026-09", "all": 2, "known": 2, "succeeded": 1, "rate": 50.0}
    assert (months["2026-02"]["all"], months["2026-02"]["rate"]) == (0, None)
    assert chart(figures, "rates").title == "The success rate by month"


@pytest.mark.parametrize(("september", "told"), [(20, "; in September 2026 it was 50.0 %"), (18, "")])
def test_a_rate_is_told_in_percent_where_it_is_of_enough(ask: Ask, clinic: Clinic, september: int, told: str) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-09-01 10:00")
    for number in range(september):
        add_treatment(ana, "2026-09-15", "worse" if number % 2 else "successful")
    for number in range(20):
        add_treatment(ana, "2026-10-15", "worse" if number % 4 else "successful")
    figures = ask("treatment_outcomes")
    assert figures.summary[1:3] == (
        f"Of 20 treatments of known outcome, 5 succeeded: a success rate of 25.0 %{told}.",
        "The 95 % confidence interval is 11.2 to 46.9 %.",
    )
    assert metric(figures, "success_rate").note == "95 % interval 11.2 to 46.9"
    lay = "The success rate lay between 25.0 and 50.0 %"
    assert chart(figures, "rates").title == (lay if told else "The success rate by month")


def test_nothing_is_compared_with_days_before_the_first_visit(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-10-01 10:00")
    add_treatment(ana, "2026-10-01")
    figures = ask("treatment_outcomes")
    assert (metric(figures, "treatments").change, metric(figures, "success_rate").change) == (None, None)
    assert "compared" not in keys(figures)
    assert figures.summary[-1] == ("There is nothing to compare with: the clinic's records begin on 1 October 2026.")


def test_each_filter_narrows_diagnoses_treatments_and_visits(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic, sex="female"), add_patient(clinic, sex="male", birth_date=date(1950, 1, 1))
    for who, kind in ((ana, "dental"), (ana, "medical"), (ben, "medical")):
        visit = add_visit(who, "2026-10-05 10:00", kind=kind)
        add_visit(who, "2026-11-20 10:00", kind=kind)
        add_diagnosis(who, "2026-10-05", visit_id=visit.id)
        add_treatment(who, "2026-10-05", kind=kind, due="2026-10-20")
    add_diagnosis(ben, "2026-10-05")

    def told(**filters: str) -> tuple[object, ...]:
        figures = ask("treatment_outcomes", **filters)
        again = table(figures, "revisits")
        visits = (again.total or again.rows[0])[1]
        diagnoses = table(figures, "diagnoses").total
        assert diagnoses
        return (diagnoses[2], metric(figures, "treatments").value, metric(figures, "overdue").value, visits)

    assert told() == (4, 3, 3, 3)
    assert told(kind="dental") == (1, 1, 1, 1)
    assert told(kind="medical") == (2, 2, 2, 2)
    assert told(sex="male") == (2, 1, 1, 1)
    assert told(age="65+") == (2, 1, 1, 1)
    assert told(sex="female", kind="medical") == (1, 1, 1, 1)
    figures = ask("treatment_outcomes", kind="dental")
    assert "success_by_care" not in [item.key for section in figures.sections for item in section.tables]
    assert figures.summary[0].startswith("1 treatment in October 2026 matched the filters")
    assert ask("treatment_outcomes", kind="no such").rows == Rows("records", 0, 0)
    assert ask("treatment_outcomes", sex="no such").rows == Rows("records", 0, 0)


def test_it_never_counts_another_clinics_rows(ask: Ask, clinic: Clinic) -> None:
    theirs = add_patient(add_clinic())
    add_visit(theirs, "2026-10-01 10:00")
    found = add_diagnosis(theirs, "2026-10-05")
    add_treatment(theirs, "2026-10-05", due="2026-10-06", diagnosis_id=found.id)
    figures = ask("treatment_outcomes")
    assert (figures.rows, figures.sections) == (Rows("records", 0, 0), ())
    # A treatment that names a diagnosis of another clinic says nothing of it.
    add_treatment(add_patient(clinic), "2026-10-05", diagnosis_id=found.id)
    assert [row[0] for row in table(ask("treatment_outcomes"), "outcomes").rows] == ["No diagnosis recorded"]


def test_a_clinic_without_records_says_so_and_draws_nothing(ask: Ask) -> None:
    figures = ask("treatment_outcomes")
    assert figures.summary == ("There were no treatments in October 2026.",)
    assert figures.sections == ()
    assert [item.value for item in figures.metrics] == [0, None, None, None]
    assert metric(figures, "overdue").note == "no follow-ups are on record"
    assert ask("treatment_outcomes", sex="male").summary == ("No treatments in October 2026 matched the filters.",)


def test_diagnoses_alone_make_a_report(ask: Ask, clinic: Clinic) -> None:
    for name in ("Gout", "Asthma"):
        add_diagnosis(add_patient(clinic), "2026-10-05", name)
    figures = ask("treatment_outcomes")
    assert keys(figures) == ["diagnoses"]
    assert section(figures, "diagnoses").text == "Asthma and Gout were the most common diagnoses"
