"""Dental statistics over rows that can be counted by hand. The month asked for is October 2026."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, section, table
from tests.factories import add_clinic, add_patient, add_provider, add_treatment, add_visit
from webapp.content.dental_statistics.counts import category_of
from webapp.figures import Change, Content, Excluded, Rows
from webapp.models import Clinic, Patient, Visit

CDT = "http://www.ada.org/cdt"


def add_dental_visit(patient: Patient, on: str, **values: object) -> Visit:
    return add_visit(patient, f"{on} 10:00", **{"kind": "dental", **values})


def keys(figures: Content) -> list[str]:
    return [section.key for section in figures.sections]


def test_only_dental_visits_that_took_place_in_the_period_count(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"):
        add_dental_visit(ana, day)
    add_dental_visit(ana, "2026-10-05", kind="medical")
    for status in ("planned", "cancelled", "cancelled", "entered-in-error"):
        add_dental_visit(ana, "2026-10-05", status=status)

    figures = ask("dental_statistics")

    assert (metric(figures, "visits").value, metric(figures, "patients").value) == (2, 1)
    excluded = (Excluded("planned", 1), Excluded("cancelled", 2), Excluded("entered in error", 1))
    assert figures.rows == Rows("dental visits", 6, 2, excluded)
    assert figures.summary[:3] == (
        "There were 2 dental visits in October 2026, against 1 in September 2026.",
        "One patient came, who had come before.",
        "The one patient came more than once.",
    )


def test_new_are_those_whose_first_dental_visit_lies_in_the_period(ask: Ask, clinic: Clinic) -> None:
    new, back, earlier = add_patient(clinic), add_patient(clinic), add_patient(clinic, sex="male")
    add_dental_visit(new, "2025-01-15", kind="medical")  # known to the clinic, new to the dentist
    add_dental_visit(new, "2026-09-01", status="cancelled")
    for day in ("2026-10-02", "2026-10-20"):
        add_dental_visit(new, day)
    for day in ("2026-09-30", "2026-10-31"):
        add_dental_visit(back, day)
    for day in ("2020-01-01", "2026-10-05", "2026-10-06", "2026-10-07"):
        add_dental_visit(earlier, day)

    figures = ask("dental_statistics")

    assert (metric(figures, "new").value, metric(figures, "new").note) == (1, "of 3 patients")
    assert metric(figures, "new").change == Change(0, None, "September 2026")
    assert rows(figures, "ages")["25 to 44"]["patients"] == 3
    assert table(figures, "sexes").rows == (("Female", 2, 66.7), ("Male", 1, 33.3))
    assert table(figures, "sexes").total == ("All", 3, 100.0)
    assert chart(figures, "who").title == "3 patients came to the dentist"
    assert (chart(figures, "new").shape, chart(figures, "new").title) == (
        "stack", "1 of 3 patients was new",
    )  # fmt: skip
    assert table(figures, "new").rows == (("September 2026", 1, 1, 0, 100.0), ("October 2026", 3, 1, 2, 33.3))
    months = {month: tuple(row.values())[1:] for month, row in rows(figures, "months").items()}
    assert months["2026-09"] == (1, 1, 1, 0)
    assert months["2026-10"] == (6, 3, 1, 2)
    assert "3 patients came: 1 new and 2 returning." in figures.summary


def test_patients_are_grouped_by_how_often_they_came(ask: Ask, clinic: Clinic) -> None:
    for visits in (1, 1, 1, 2, 5, 8):
        ana = add_patient(clinic)
        for _ in range(visits):
            add_dental_visit(ana, "2026-10-05")
    figures = ask("dental_statistics")
    assert table(figures, "frequency").rows == (
        ("1", 3, 50.0), ("2", 1, 16.7), ("3", 0, 0.0), ("4", 0, 0.0), ("5 or more", 2, 33.3),
    )  # fmt: skip
    assert table(figures, "frequency").total == ("All", 6, 100.0)
    assert chart(figures, "frequency").title == "3 of 6 patients came once"
    assert table(figures, "a_patient").rows == (("October 2026", 6, 18, 3.0, 0, 0.0),)


@pytest.mark.parametrize(
    ("visits", "frequency", "new"),
    [
        ((1,), "The one patient came once", "The one patient was new"),
        ((2,), "The one patient came more than once", "The one patient was new"),
        ((1, 1), "Everyone came once", "All patients were new"),
        ((2, 3), "Everyone came more than once", "All patients were new"),
    ],
)
def test_titles_are_true_for_one_and_all(
    ask: Ask, clinic: Clinic, visits: tuple[int, ...], frequency: str, new: str
) -> None:
    for times in visits:
        ana = add_patient(clinic)
        for _ in range(times):
            add_dental_visit(ana, "2026-10-05")
    figures = ask("dental_statistics")
    assert (chart(figures, "frequency").title, chart(figures, "new").title) == (frequency, new)


def test_a_period_of_returning_patients_alone_says_so(ask: Ask, clinic: Clinic) -> None:
    for _ in range(2):
        ana = add_patient(clinic)
        for day in ("2026-09-05", "2026-10-05"):
            add_dental_visit(ana, day)
    figures = ask("dental_statistics")
    assert chart(figures, "new").title == "No patient was new"
    assert "2 patients came, none of them for the first time." in figures.summary


def test_procedures_are_the_dental_treatments_of_the_period(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    for who, day, name in (
        (ana, "2026-10-01", "Dental filling"),
        (ben, "2026-10-31", "dental filling"),
        (ben, "2026-10-31", "Root canal treatment"),
        (ben, "2026-09-30", "Dental filling"),
        (ben, "2026-11-01", "Dental filling"),
        (ben, None, "Dental filling"),
    ):
        add_treatment(who, day, kind="dental", name=name)
    add_treatment(ana, "2026-10-05", kind="medical")

    figures = ask("dental_statistics")

    assert table(figures, "procedures").rows == (
        ("Dental filling", "", 2, 66.7, 2),
        ("Root canal treatment", "", 1, 33.3, 1),
    )
    assert table(figures, "procedures").total == ("All", "", 3, 100.0, 2)
    assert section(figures, "procedures").text == "Dental filling was the most common procedure"
    assert keys(figures) == ["procedures"]
    assert figures.summary == (
        "There were no dental visits in October 2026.",
        "3 dental procedures were recorded; the most common was Dental filling, 2 times.",
    )


def test_procedures_with_cdt_codes_stand_by_category(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for system, code in (
        (CDT, "D2391"), (CDT, "d2140"), ("urn:oid:2.16.840.1.113883.6.13", "D0120"), (CDT, "D99"), (CDT, None),
        ("http://snomed.info/sct", "3802001"),
    ):  # fmt: skip
        add_treatment(ana, "2026-10-05", kind="dental", code_system=system, code=code, name=f"Procedure {code}")
    figures = ask("dental_statistics")
    assert table(figures, "categories").rows == (
        ("Diagnostic", 1, 16.7), ("Restorative", 2, 33.3), ("No CDT code", 3, 50.0),
    )  # fmt: skip
    assert table(figures, "categories").total == ("All", 6, 100.0)
    assert chart(figures, "categories").title == "Restorative was the most common category"


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("D0100", "Diagnostic"), ("D0999", "Diagnostic"), ("D1000", "Preventive"),
        ("D5899", "Prosthodontics, removable"),
        ("D5900", "Maxillofacial prosthetics"), ("D6199", "Implant services"), ("D6200", "Prosthodontics, fixed"),
        ("D9999", "Adjunctive general services"), ("2391", "Restorative"), ("D0099", None), ("D123", None),
        ("D12345", None), ("D²391", None), ("", None),
    ],
)  # fmt: skip
def test_a_category_is_that_of_the_codes_range(code: str, category: str | None) -> None:
    assert category_of(code) == category


def test_each_filter_narrows_visits_patients_and_procedures(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic, sex="female"), add_patient(clinic, sex="male", birth_date=date(1950, 1, 1))
    dr_cruz, dr_reyes = add_provider(clinic, "Dr Cruz"), add_provider(clinic)
    add_dental_visit(ana, "2026-09-01", provider_id=dr_reyes.id)
    for who, provider in ((ana, dr_cruz.id), (ana, dr_reyes.id), (ben, None)):
        visit = add_dental_visit(who, "2026-10-05", provider_id=provider)
        add_treatment(who, "2026-10-05", kind="dental", visit_id=visit.id)

    def told(**filters: str) -> tuple[object, ...]:
        figures = ask("dental_statistics", **filters)
        return tuple(metric(figures, key).value for key in ("visits", "patients", "new", "procedures"))

    assert told() == (3, 2, 1, 3)
    # Ana had come to the dentist before, though to another.
    assert told(provider=str(dr_cruz.id)) == (1, 1, 0, 1)
    assert told(provider="none") == (1, 1, 1, 1)
    assert told(sex="male") == told(age="65+") == (1, 1, 1, 1)
    assert told(sex="no such") == told(provider="no such") == (0, 0, 0, 0)
    figures = ask("dental_statistics", age="65+")
    assert [item.key for item in figures.sections[2].tables] == ["sexes"]
    assert chart(figures, "who").subtitle == "Patients by sex, October 2026"
    assert "who" not in keys(ask("dental_statistics", age="65+", sex="male"))
    assert figures.summary[0] == "1 dental visit in October 2026 matched the filters, against none in September 2026."


def test_patients_may_look_new_where_records_begin_late(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_dental_visit(ana, "2026-10-05")
    told = "Who came before the clinic's records begin, on 5 October 2026, and not since, is told as new."
    assert told in ask("dental_statistics").summary
    add_dental_visit(ana, "2025-10-02", status="cancelled")
    assert "on 2 October 2025" in ask("dental_statistics").summary[-1]
    add_dental_visit(ana, "2025-10-01", status="cancelled")
    assert "is told as new" not in " ".join(ask("dental_statistics").summary)


def test_the_period_is_set_against_the_month_before(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    add_visit(ana, "2026-01-05 10:00")
    for who, day in ((ana, "2026-09-05"), (ana, "2026-10-05"), (ben, "2026-10-06"), (ben, "2026-10-07")):
        add_dental_visit(who, day)
    add_treatment(ana, "2026-09-05", kind="dental")

    figures = ask("dental_statistics")

    assert table(figures, "compared").rows == (
        ("Dental visits", 1, 3, 2, None),
        ("Patients", 1, 2, 1, None),
        ("New patients", 1, 1, 0, None),
        ("Returning patients", 0, 1, 1, None),
        ("Procedures", 1, 0, -1, None),
    )
    assert table(figures, "a_patient").rows == (
        ("September 2026", 1, 1, 1.0, 1, 1.0),
        ("October 2026", 2, 3, 1.5, 0, 0.0),
    )
    assert chart(figures, "months").title == "Dental visits rose for the second month running"
    assert table(figures, "months").rows[0] == ("2026-01", 0, 0, 0, 0)


def test_it_never_counts_another_clinics_rows(ask: Ask, clinic: Clinic) -> None:
    theirs = add_patient(add_clinic())
    add_dental_visit(theirs, "2026-10-05")
    add_treatment(theirs, "2026-10-05", kind="dental")
    figures = ask("dental_statistics")
    assert (figures.rows, figures.sections) == (Rows("dental visits", 0, 0), ())
    assert figures.summary == ("There were no dental visits in October 2026.",)
    assert [item.value for item in figures.metrics] == [0, 0, 0, 0]
    assert metric(figures, "new").note == ""


def test_ages_that_cannot_be_are_unknown(ask: Ask, clinic: Clinic) -> None:
    for born in (None, date(2027, 1, 1), date(1800, 1, 1), date(1906, 1, 1)):
        add_dental_visit(add_patient(clinic, birth_date=born), "2026-10-05")
    ages = rows(ask("dental_statistics"), "ages")
    assert (ages["Unknown"]["patients"], ages["65 or over"]["patients"]) == (3, 1)
