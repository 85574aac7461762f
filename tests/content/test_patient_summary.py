"""Hand-countable patients, on both databases."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_clinic, add_patient, add_visit
from webapp.figures import Change, Excluded
from webapp.models import Clinic

OCTOBER_31 = date(2026, 10, 31)


def test_it_counts_patients_known_by_the_last_day_and_alive_on_the_first(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, registered_on=OCTOBER_31)
    add_patient(clinic, registered_on=None)
    add_patient(clinic, deceased_on=date(2026, 10, 1))
    add_patient(clinic, deceased_on=date(2026, 9, 30))
    add_patient(clinic, registered_on=date(2026, 11, 1))
    add_patient(clinic, registered_on=date(2026, 11, 1), deceased_on=date(2026, 9, 30))

    figures = ask("patient_summary")

    assert metric(figures, "patients").value == 3
    assert (figures.rows.noun, figures.rows.read, figures.rows.used) == ("patients", 6, 3)
    assert figures.rows.excluded == (Excluded("registered later", 2), Excluded("died earlier", 1))


def test_active_is_a_visit_that_took_place_in_the_12_months_to_the_last_day(ask: Ask, clinic: Clinic) -> None:
    for at, status in (
        ("2025-10-31 10:00", "finished"),
        ("2025-11-01 00:00", "finished"),
        ("2026-10-31 23:30", "finished"),
        ("2026-11-01 00:00", "finished"),
        ("2026-10-05 10:00", "cancelled"),
        ("2026-10-05 10:00", "planned"),
    ):
        add_visit(add_patient(clinic), at, status=status)

    figures = ask("patient_summary")

    assert metric(figures, "active").value == 2
    assert metric(figures, "active").note == "of 6 patients"
    assert table(figures, "active").total == ("All", 6, 2, 33.3)


@pytest.mark.parametrize(
    ("first_visit", "told"),
    [
        (None, "The clinic has no visits on record yet."),
        ("2025-11-02", "The clinic's records of visits begin only on 2 November 2025."),
        ("2026-11-02", "The clinic's records of visits begin only on 2 November 2026."),
        ("2025-11-01", None),
    ],
)
def test_it_says_where_visits_are_on_record_for_less_than_the_12_months(
    ask: Ask, clinic: Clinic, first_visit: str | None, told: str | None
) -> None:
    ana = add_patient(clinic)
    if first_visit:
        add_visit(ana, f"{first_visit} 10:00", status="cancelled")
    about_visits = [
        sentence for sentence in ask("patient_summary").summary if "on record" in sentence or "records" in sentence
    ]
    assert about_visits == ([told] if told else [])


def test_one_patient_who_came_twice_is_one(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic, birth_date=date(2025, 1, 1))
    for hour in (10, 11):
        add_visit(ana, f"2026-10-05 {hour}:00")
    figures = ask("patient_summary")
    assert chart(figures, "visits").title == "One patient came, more than once"
    assert "1 patient came in October 2026, 2 times." in figures.summary


def test_a_share_of_a_handful_is_told_in_counts(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    for _ in range(18):
        add_patient(clinic)
    figures = ask("patient_summary")
    assert metric(figures, "active").note == "of 19 patients"
    assert "the clinic had 19 patients; 1 of them was active" in figures.summary[0]
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    figures = ask("patient_summary")
    assert metric(figures, "active").note == "10.0 % of patients"
    assert "the clinic had 20 patients; 2 of them (10.0 %) were active" in figures.summary[0]


def test_a_patient_who_came_often_is_active_once(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in range(1, 8):
        add_visit(ana, f"2026-10-{day:02} 10:00", kind="dental")
    figures = ask("patient_summary")
    assert (metric(figures, "patients").value, metric(figures, "active").value) == (1, 1)
    assert figures.summary[0].startswith("In October 2026 the clinic had 1 patient; this one was active, with a")


def test_new_registrations_are_set_against_the_month_before(ask: Ask, clinic: Clinic) -> None:
    for day in ("2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01", "2026-10-15", "2026-10-31"):
        add_patient(clinic, registered_on=date.fromisoformat(day))
    add_patient(clinic, registered_on=None)

    figures = ask("patient_summary")

    assert metric(figures, "new").value == 3
    assert metric(figures, "new").change == Change(1, None, "September 2026")
    months = rows(figures, "registrations")
    assert {month: row["new"] for month, row in months.items()} == {"2026-08": 1, "2026-09": 2, "2026-10": 3}
    assert chart(figures, "registrations").title == "New registrations rose from 2 to 3"
    assert table(figures, "registrations").note == (
        "Months shown: August 2026 to October 2026. The report's own period is October 2026. "
        "Records begin on 31 August 2026. 1 patient has no date of registration and stands in no month."
    )


def test_new_registrations_are_not_compared_with_days_before_the_records(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic, registered_on=date(2026, 10, 6)), "2026-10-05 10:00")

    figures = ask("patient_summary")

    assert metric(figures, "new").change is None
    assert [item.key for item in figures.sections[1].tables] == ["registrations"]
    assert figures.sections[1].charts == ()
    assert figures.summary[1:3] == (
        "1 registered in October 2026.",
        "There is nothing to compare with: the clinic's records begin on 5 October 2026.",
    )


def test_an_earlier_period_that_records_cover_in_part_is_told(ask: Ask, clinic: Clinic) -> None:
    for day in ("2026-09-29", "2026-10-01"):
        add_patient(clinic, registered_on=date.fromisoformat(day))
    figures = ask("patient_summary")
    assert metric(figures, "new").change
    assert (
        "The clinic's records begin on 29 September 2026, so the earlier period is covered only from that day."
        in figures.summary
    )
    assert table(figures, "compared").note == "Records begin on 29 September 2026."


def test_ages_and_sexes_are_crossed_with_the_unknown_of_both(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, birth_date=date(2024, 1, 1), sex="female")
    add_patient(clinic, birth_date=date(1990, 1, 1), sex="male")
    add_patient(clinic, birth_date=date(1990, 1, 1), sex="other")
    add_patient(clinic, birth_date=None, sex="unknown")

    figures = ask("patient_summary")

    ages = {age: tuple(row.values())[1:-1] for age, row in rows(figures, "ages").items()}
    assert ages == {
        "0 to 4": (1, 0, 0, 0, 1),
        "5 to 14": (0, 0, 0, 0, 0),
        "15 to 24": (0, 0, 0, 0, 0),
        "25 to 44": (0, 1, 1, 0, 2),
        "45 to 64": (0, 0, 0, 0, 0),
        "65 or over": (0, 0, 0, 0, 0),
        "Unknown": (0, 0, 0, 1, 1),
    }
    assert table(figures, "ages").total == ("All", 1, 1, 1, 1, 4, 100.0)
    assert chart(figures, "ages").shape == "pyramid"
    assert chart(figures, "ages").title == "The median age is 36"
    assert chart(figures, "ages").subtitle == (
        "Patients by age and sex, 31 October 2026; 2 of other or unknown sex are not drawn"
    )


@pytest.mark.parametrize(
    ("births", "title"),
    [
        (("1990-01-01",) * 3 + ("1920-01-01",), "The median age is 36"),
        (("2001-01-01", "1950-01-01"), "The median age is 50.5"),
        (("1990-01-01", "1989-01-01"), "All patients are aged 25 to 44"),
        (("2001-01-01", "2002-01-01", "2003-01-01", "2004-01-01", "1950-01-01"), "The median age is 24"),
        (("1990-01-01", None), "The age of 1 patient is unknown"),
        (("1990-01-01", "1990-01-01", None), "The median age is 36"),
    ],
)
def test_a_wide_age_group_is_never_told_as_the_largest(
    ask: Ask, clinic: Clinic, births: tuple[str | None, ...], title: str
) -> None:
    for born in births:
        add_patient(clinic, birth_date=date.fromisoformat(born) if born else None)
    figures = ask("patient_summary")
    assert chart(figures, "ages").title == title
    assert any(sentence.startswith(title) for sentence in figures.summary)


def test_a_pyramid_of_women_and_men_alone_leaves_nobody_out(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, sex="female")
    assert chart(ask("patient_summary"), "ages").subtitle == "Patients by age and sex, 31 October 2026"
    add_patient(clinic, sex="unknown")
    assert chart(ask("patient_summary"), "ages").subtitle.endswith("; 1 of other or unknown sex is not drawn")


def test_without_women_and_men_there_is_no_pyramid(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, sex="unknown")
    figures = ask("patient_summary")
    assert (chart(figures, "ages").shape, chart(figures, "ages").series) == ("bar", ("all",))


def test_a_report_of_one_sex_has_no_columns_for_the_others(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, sex="female")
    add_patient(clinic, sex="male")
    figures = ask("patient_summary", sex="female")
    assert figures.sections[0].title == "Age"
    assert [column.key for column in table(figures, "ages").columns] == ["age", "all", "share"]
    assert metric(figures, "patients").value == 1


def test_a_report_of_one_age_tells_the_sexes_apart_instead(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic, birth_date=date(2024, 1, 1), sex="male"), "2026-10-05 10:00")
    add_patient(clinic, birth_date=date(2024, 1, 1), sex="unknown")
    add_patient(clinic, birth_date=date(1990, 1, 1))

    figures = ask("patient_summary", age="0-4")

    assert figures.sections[0].title == "Sex"
    assert table(figures, "sexes").rows == (("Female", 0, 0.0), ("Male", 1, 50.0), ("Unknown", 1, 50.0))
    assert table(figures, "sexes").total == ("All", 2, 100.0)
    assert (chart(figures, "sexes").shape, chart(figures, "sexes").title) == ("bar", "0 female and 1 male patient")
    assert table(figures, "active").title == "Active patients by sex"
    assert table(figures, "active").rows == (("Female", 0, 0, None), ("Male", 1, 1, 100.0), ("Unknown", 1, 0, 0.0))
    assert table(figures, "active").total == ("All", 2, 1, 50.0)
    assert chart(figures, "active").subtitle.endswith("percent of each sex")


def test_a_report_of_one_age_and_sex_tells_nobody_apart(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic, birth_date=date(2024, 1, 1), sex="male"), "2026-10-05 10:00")
    figures = ask("patient_summary", age="0-4", sex="male")
    assert metric(figures, "patients").value == 1
    assert [section.key for section in figures.sections] == ["visits", "compared"]


def test_the_sex_that_is_most_likely_to_come_is_named(ask: Ask, clinic: Clinic) -> None:
    for hour in range(10):
        add_visit(add_patient(clinic, sex="female"), f"2026-10-05 {hour + 8:02}:00")
        add_patient(clinic, sex="male")
    assert chart(ask("patient_summary", age="25-44"), "active").title == "Female patients had the largest share active"


@pytest.mark.parametrize(
    ("births", "median"),
    [
        (("2000-01-01",), 26),
        (("2000-01-01", "1999-01-01"), 26.5),
        (("2000-01-01", "1950-01-01", "2020-01-01"), 26),
        ((None, "2000-01-01", "2030-01-01", "1850-01-01"), 26),
        ((None,), None),
        ((), None),
    ],
)
def test_the_median_age_is_that_of_the_patients_whose_age_is_known(
    ask: Ask, clinic: Clinic, births: tuple[str | None, ...], median: float | None
) -> None:
    for born in births:
        add_patient(clinic, birth_date=date.fromisoformat(born) if born else None)
    assert metric(ask("patient_summary"), "median_age").value == median


def test_patients_are_grouped_by_how_often_they_came_in_the_period(ask: Ask, clinic: Clinic) -> None:
    for visits in (1, 1, 2, 5, 7):
        ana = add_patient(clinic)
        for hour in range(visits):
            add_visit(ana, f"2026-10-05 {hour + 8:02}:00")
        add_visit(ana, "2026-09-05 10:00")
        add_visit(ana, "2026-10-06 10:00", status="cancelled")

    figures = ask("patient_summary")

    assert table(figures, "visits").rows == (
        ("1", 2, 40.0, 2),
        ("2", 1, 20.0, 2),
        ("3", 0, 0.0, 0),
        ("4", 0, 0.0, 0),
        ("5 or more", 2, 40.0, 12),
    )
    assert table(figures, "visits").total == ("All who came", 5, 100.0, 16)
    assert chart(figures, "visits").title == "Most of those who came, came more than once"
    assert "5 patients came in October 2026, 2 of them once; they came 3.2 times on average." in figures.summary


def test_it_never_counts_another_clinics_patients_or_visits(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic)
    theirs = add_patient(add_clinic(), registered_on=date(2026, 10, 5))
    add_visit(theirs, "2026-10-05 10:00")

    figures = ask("patient_summary")

    assert (figures.rows.read, metric(figures, "active").value, metric(figures, "new").value) == (1, 0, 0)
    assert "visits" not in [section.key for section in figures.sections]


def test_a_clinic_without_patients_says_so_and_draws_nothing(ask: Ask) -> None:
    figures = ask("patient_summary")
    assert figures.summary == ("In October 2026 the clinic had no patients.",)
    assert figures.sections == ()
    assert [item.value for item in figures.metrics] == [0, 0, 0, None]


def test_a_clinic_whose_patients_all_came_later_says_why_there_are_none(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, registered_on=date(2026, 11, 1))
    assert ask("patient_summary").summary == (
        "In October 2026 the clinic had no patients.",
        "1 patient on record is left out: they registered later.",
    )
    add_patient(clinic, registered_on=date(2026, 11, 1))
    assert ask("patient_summary").summary[1] == "2 patients on record are left out: they registered later."
    add_patient(clinic, deceased_on=date(2026, 9, 1))
    assert ask("patient_summary").summary[1] == (
        "3 patients on record are left out: 2 registered later and 1 died earlier."
    )


def test_a_summary_says_that_filters_leave_patients_out(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, sex="female", birth_date=date(1950, 1, 1))
    assert ask("patient_summary", sex="female").summary[0] == (
        "In October 2026, 1 patient matched the filters, without a visit in the 12 months to 31 October 2026."
    )
    assert ask("patient_summary", sex="male").summary == ("In October 2026, no patients matched the filters.",)
    add_patient(clinic, sex="female")
    assert ask("patient_summary").summary[0] == (
        "In October 2026 the clinic had 2 patients, none of them with a visit in the 12 months to 31 October 2026."
    )


def test_what_the_age_filter_says_is_not_told_again(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, birth_date=date(1950, 1, 1))
    assert "All patients are aged 65 or over; the median age is 76." in ask("patient_summary").summary
    assert "The median age is 76." in ask("patient_summary", age="65+").summary


def test_a_median_age_that_is_not_known_is_not_compared(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic, birth_date=None)
    unknown = metric(ask("patient_summary"), "median_age")
    assert (unknown.value, unknown.change, unknown.decimals) == (None, None, 0)


def test_a_small_group_is_not_named_as_the_most_likely_to_come(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic, birth_date=date(2024, 1, 1)), "2026-10-05 10:00")
    for _ in range(10):
        add_patient(clinic, birth_date=date(1990, 1, 1))
    assert chart(ask("patient_summary"), "active").title == "1 of 11 patients was active"


def test_a_group_of_some_size_is_named_as_the_most_likely_to_come(ask: Ask, clinic: Clinic) -> None:
    for hour in range(10):
        add_visit(add_patient(clinic, birth_date=date(1950, 1, 1)), f"2026-10-05 {hour + 8:02}:00")
    add_patient(clinic, birth_date=date(1990, 1, 1))
    assert chart(ask("patient_summary"), "active").title == "Patients aged 65 or over had the largest share active"


def test_no_group_is_named_where_all_come_about_as_often(ask: Ask, clinic: Clinic) -> None:
    for born in (1950, 1990):
        for number in range(20):
            person = add_patient(clinic, birth_date=date(born, 1, 1))
            if number or born == 1950:
                add_visit(person, "2026-10-05 09:00")
    assert chart(ask("patient_summary"), "active").title == "39 of 40 patients were active"
