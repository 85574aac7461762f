"""Hand-countable visits, on both databases. October 2026 begins on a Thursday."""

from datetime import UTC, date, datetime

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_clinic, add_patient, add_provider, add_visit
from webapp import content
from webapp.content import Question
from webapp.extensions import snapshot
from webapp.figures import Change, Excluded
from webapp.models import Clinic, Patient


def begin_records(patient: Patient) -> None:
    """A visit long ago that did not take place: since then the clinic has records, also of months without visits."""
    add_visit(patient, "2020-01-01 10:00", status="cancelled")


def test_it_counts_visits_by_kind_and_against_the_month_before(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day, kind in (("2026-10-01", "medical"), ("2026-10-15", "medical"), ("2026-10-31", "dental")):
        add_visit(ana, f"{day} 09:30", kind=kind)
    add_visit(ana, "2026-09-30 09:30")
    add_visit(ana, "2026-11-01 09:30")

    figures = ask("visit_trends")

    assert metric(figures, "visits").value == 3
    assert metric(figures, "visits").change == Change(2, None, "September 2026")
    assert metric(figures, "medical_visits").value == 2
    assert metric(figures, "dental_visits").change == Change(1, None, "September 2026")
    assert rows(figures, "compared_before")["All visits"] == {
        "what": "All visits", "then": 1, "now": 3, "change": 2, "percent": None,
    }  # fmt: skip
    assert figures.title == "Visit trends, October 2026"


def test_visits_that_did_not_take_place_are_read_and_left_out_with_their_reason(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for status in ("finished", "in-progress", "unknown", "planned", "cancelled", "cancelled", "entered-in-error"):
        add_visit(ana, "2026-10-05 09:30", status=status)

    figures = ask("visit_trends")

    assert (figures.rows.read, figures.rows.used) == (7, 3)
    assert figures.rows.excluded == (Excluded("planned", 1), Excluded("cancelled", 2), Excluded("entered in error", 1))
    assert metric(figures, "visits").value == 3


def test_it_never_counts_another_clinics_visits(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 09:30")
    other = add_clinic(timezone="UTC")
    theirs = add_patient(other, sex="female")
    for hour in range(8, 18):
        add_visit(theirs, f"2026-10-05 {hour:02}:00", provider_id=add_provider(other).id)

    assert metric(ask("visit_trends"), "visits").value == 1
    assert metric(ask("visit_trends", sex="female", age="25-44"), "visits").value == 1
    assert ask("visit_trends").rows.read == 1


def test_a_month_ends_at_midnight_on_the_clinics_clock(ask: Ask, clinic: Clinic) -> None:
    """In Manila (UTC+8), 0:30 on 1 October is still September in UTC, and 23:30 on 31 October is 15:30 there."""
    ana = add_patient(clinic)
    first = add_visit(ana, "2026-10-01 00:30")
    add_visit(ana, "2026-10-31 23:30")
    add_visit(ana, "2026-09-30 23:59")
    add_visit(ana, "2026-11-01 00:00")
    assert first.started_at == datetime(2026, 9, 30, 16, 30, tzinfo=UTC)

    figures = ask("visit_trends")

    assert metric(figures, "visits").value == 2
    assert rows(figures, "hours")["Thursday"]["h00"] == 1
    assert rows(figures, "hours")["Saturday"]["h23"] == 1


def test_a_month_ends_at_midnight_west_of_greenwich_too(database: str) -> None:
    clinic = add_clinic(timezone="America/New_York")
    late = add_visit(add_patient(clinic), "2026-10-31 23:30")
    assert late.started_at.date() == date(2026, 11, 1)
    question = Question("visit_trends", clinic.id, clinic.timezone, date(2026, 10, 1), date(2026, 10, 31))
    with snapshot() as connection:
        assert content.matching(connection, question) == (1, "visits")


def test_a_month_without_visits_says_so_in_words_and_draws_nothing(ask: Ask) -> None:
    figures = ask("visit_trends")
    assert figures.summary == (
        "There were no visits in October 2026.",
        "The clinic has no visits on record yet.",
    )
    assert figures.sections == ()
    assert (metric(figures, "visits").value, metric(figures, "busiest_hour").value) == (0, None)
    assert metric(figures, "visits").change is None


def test_an_empty_month_after_a_full_one_still_shows_the_year(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in (1, 2, 3):
        add_visit(ana, f"2026-09-{day:02} 10:00")
    add_visit(ana, "2026-10-05 10:00", status="cancelled")

    figures = ask("visit_trends")

    assert figures.summary == (
        "There were no visits in October 2026.",
        "1 visit on record was cancelled.",
        "There were 3 in September 2026.",
    )
    assert [section.key for section in figures.sections] == ["by_month", "compared"]
    assert chart(figures, "months").title == "Visits fell from 3 to none"


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("planned",), "1 visit is planned."),
        (("planned", "planned"), "2 visits are planned."),
        (("cancelled", "cancelled"), "2 visits on record were cancelled."),
        (("entered-in-error",), "1 visit on record was entered in error."),
        (("planned", "planned", "cancelled"), "3 visits on record did not take place: 2 planned and 1 cancelled."),
    ],
)
def test_it_says_why_no_visit_counts_and_no_count_twice(
    ask: Ask, clinic: Clinic, statuses: tuple[str, ...], told: str
) -> None:
    for status in statuses:
        add_visit(add_patient(clinic), "2026-10-05 10:00", status=status)
    assert ask("visit_trends").summary[1] == told


def test_a_summary_says_that_filters_leave_visits_out(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    begin_records(ana)
    add_visit(ana, "2026-10-05 10:00", kind="dental")

    def first(**filters: str) -> str:
        return ask("visit_trends", **filters).summary[0]

    assert first(sex="female") == "1 visit in October 2026 matched the filters, against none in September 2026."
    assert first(sex="male") == "No visits in October 2026 matched the filters."
    assert first(sex="male", kind="dental") == "No dental visits in October 2026 matched the filters."
    assert first(kind="medical") == "There were no medical visits in October 2026."


def test_visits_a_day_have_no_note_without_days(ask: Ask, clinic: Clinic) -> None:
    assert metric(ask("visit_trends", kind="dental"), "visits_a_day").note == ""
    add_visit(add_patient(clinic), "2026-10-05 10:00", kind="dental")
    assert metric(ask("visit_trends", kind="dental"), "visits_a_day").note == "on days with visits"


def test_months_run_for_a_year_up_to_the_period_with_the_empty_ones(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2025-10-31 10:00")
    add_visit(ana, "2025-11-01 10:00")
    for hour in (9, 10, 11):
        add_visit(ana, f"2026-10-05 {hour:02}:00", kind="dental")
    add_visit(ana, "2026-10-06 09:00")

    months = rows(ask("visit_trends"), "months")

    assert next(iter(months)) == "2025-11"
    assert len(months) == 12
    assert months["2025-11"] == {"month": "2025-11", "medical": 1, "dental": 0, "all": 1, "days": 1, "a_day": 1.0}
    assert months["2026-03"] == {"month": "2026-03", "medical": 0, "dental": 0, "all": 0, "days": 0, "a_day": None}
    assert months["2026-10"] == {"month": "2026-10", "medical": 1, "dental": 3, "all": 4, "days": 2, "a_day": 2.0}


def test_a_month_cut_short_is_counted_to_the_last_day_and_says_so(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    begin_records(ana)
    add_visit(ana, "2026-10-15 10:00")
    add_visit(ana, "2026-10-16 10:00")

    figures = ask("visit_trends", end=date(2026, 10, 15))

    assert list(rows(figures, "months"))[-2:] == ["2026-09", "2026-10-01/15"]
    assert rows(figures, "months")["2026-10-01/15"]["all"] == 1
    assert table(figures, "months").note == (
        "Months shown: November 2025 to October 2026. The report's own period is 1 to 15 October 2026."
    )
    assert chart(figures, "months").title == "Visits in the 12 months to October 2026"
    assert chart(figures, "months").subtitle == "Visits a month, November 2025 to October 2026 (up to 15 October)"


def test_a_month_that_is_not_over_is_not_told_as_a_fall(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for day in ("09-01", "09-02", "09-03", "10-01"):
        add_visit(ana, f"2026-{day} 10:00")
    assert chart(ask("visit_trends", end=date(2026, 10, 15)), "months").title == "Visits from September to October 2026"
    assert chart(ask("visit_trends"), "months").title == "Visits fell from 3 to 1"


def test_months_that_are_those_of_the_period_need_no_note(ask: Ask, clinic: Clinic) -> None:
    begin_records(add_patient(clinic))
    add_visit(add_patient(clinic), "2026-10-15 10:00")
    assert table(ask("visit_trends", start=date(2025, 11, 1)), "months").note == ""
    assert table(ask("visit_trends", start=date(2025, 11, 2)), "months").note.startswith("Months shown: November 2025")


def test_the_same_days_a_year_earlier_are_told_where_there_were_visits(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    begin_records(ana)
    add_visit(ana, "2026-10-15 10:00")
    assert [item.key for item in ask("visit_trends").sections[-1].tables] == ["compared_before"]
    add_visit(ana, "2025-10-15 10:00")
    add_visit(ana, "2025-10-31 10:00")
    figures = ask("visit_trends")
    assert rows(figures, "compared_year_before")["All visits"]["then"] == 2
    assert table(figures, "compared_year_before").note == ""
    assert "A year earlier, in October 2025, there were 2." in figures.summary


def test_a_report_of_a_year_is_compared_with_one_year_before_alone(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-10-15 10:00")
    add_visit(ana, "2025-10-15 10:00")
    figures = ask("visit_trends", start=date(2025, 11, 1))
    assert [item.key for item in figures.sections[-1].tables] == ["compared_before"]
    assert metric(figures, "visits").change == Change(0, None, "12 months to October 2025")


def test_both_comparisons_are_there_whichever_was_asked_for(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    begin_records(ana)
    for at in ("2025-10-15", "2025-10-16", "2026-09-15", "2026-10-15", "2026-10-16", "2026-10-17"):
        add_visit(ana, f"{at} 10:00")

    before, year = (ask("visit_trends", compare=name) for name in ("before", "year"))

    assert metric(before, "visits").change == Change(2, None, "September 2026")
    assert metric(year, "visits").change == Change(1, None, "October 2025")
    assert [item.title for item in before.sections[-1].tables] == [
        "Compared with the period before",
        "Compared with a year earlier",
    ]
    assert before.sections[-1].tables == year.sections[-1].tables[::-1]
    assert before.summary[0] == "There were 3 visits in October 2026, against 1 in September 2026."
    assert before.summary[-1] == "A year earlier, in October 2025, there were 2."
    assert year.summary[0] == "There were 3 visits in October 2026, against 2 in October 2025."
    assert year.summary[-1] == "In September 2026, the period before, there was 1."


def test_no_comparison_is_there_twice(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-10-15 10:00")
    add_visit(ana, "2025-10-15 10:00")
    figures = ask("visit_trends", start=date(2025, 11, 1), compare="year")
    assert [(item.key, item.title) for item in figures.sections[-1].tables] == [
        ("compared_year_before", "Compared with a year earlier")
    ]
    assert not [sentence for sentence in figures.summary if "period before" in sentence]


def test_nothing_is_said_of_a_year_earlier_that_has_no_records(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-09-15 10:00")
    add_visit(ana, "2026-10-15 10:00")
    figures = ask("visit_trends", compare="year")
    assert metric(figures, "visits").change is None
    assert [item.key for item in figures.sections[-1].tables] == ["compared_before"]
    assert figures.summary[-2:] == (
        "In September 2026, the period before, there was 1, in records that begin on 15 September 2026.",
        "There is nothing from a year earlier: the clinic's records of visits begin on 15 September 2026.",
    )


def test_visits_a_day_are_compared_as_a_number(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-09-01 09", "2026-10-05 09", "2026-10-05 10", "2026-10-06 09"):
        add_visit(ana, f"{at}:00", kind="dental")
    assert metric(ask("visit_trends", kind="dental"), "visits_a_day").change == Change(0.5, None, "September 2026")
    assert metric(ask("visit_trends", kind="medical"), "visits_a_day").change is None


def test_days_are_no_count_of_people(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    for key in ("months", "weekdays"):
        kinds = {column.key: column.kind for column in table(ask("visit_trends"), key).columns}
        assert (kinds["days"], kinds["all"]) == ("number", "count")


def test_each_filter_narrows_the_visits(ask: Ask, clinic: Clinic) -> None:
    doctor = add_provider(clinic, "Ana Reyes")
    girl = add_patient(clinic, sex="female", birth_date=date(2020, 1, 1))
    man = add_patient(clinic, sex="male", birth_date=date(1980, 1, 1))
    add_visit(girl, "2026-10-05 09:00", kind="dental")
    add_visit(girl, "2026-10-05 10:00", provider_id=doctor.id)
    add_visit(man, "2026-10-06 09:00", provider_id=doctor.id)
    add_visit(man, "2026-10-06 10:00", provider_id=doctor.id, status="cancelled")

    def visits(**filters: str) -> object:
        return metric(ask("visit_trends", **filters), "visits").value

    assert visits() == 3
    assert (visits(kind="dental"), visits(kind="medical")) == (1, 2)
    assert (visits(sex="female"), visits(sex="male"), visits(sex="other")) == (2, 1, 0)
    assert (visits(age="5-14"), visits(age="45-64"), visits(age="0-4")) == (2, 1, 0)
    assert (visits(provider=f"{doctor.id}"), visits(provider="none")) == (2, 1)
    assert visits(provider=f"{doctor.id}", sex="female", kind="medical", age="5-14") == 1
    assert ask("visit_trends", provider=f"{doctor.id}").rows.read == 3


def test_a_report_of_one_kind_speaks_of_that_kind(ask: Ask, clinic: Clinic) -> None:
    begin_records(add_patient(clinic))
    add_visit(add_patient(clinic), "2026-10-05 09:00", kind="dental")
    figures = ask("visit_trends", kind="dental")
    assert [item.key for item in figures.metrics] == ["visits", "visits_a_day", "busiest_hour"]
    assert metric(figures, "visits").label == "Dental visits"
    assert [column.key for column in table(figures, "months").columns] == ["month", "all", "days", "a_day"]
    assert figures.summary[0] == "There was 1 dental visit in October 2026, against none in September 2026."


def test_it_reads_the_stored_local_time_alone(ask: Ask, clinic: Clinic) -> None:
    """The day a visit falls on is a stored column, so no database has to know time zones."""
    for _ in range(2):
        add_visit(add_patient(clinic), "2026-10-05 09:00", started_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert metric(ask("visit_trends"), "busiest_hour").value == "Mon 9:00"


def test_each_step_is_told_and_may_stop_the_making(clinic: Clinic) -> None:
    question = Question("visit_trends", clinic.id, clinic.timezone, date(2026, 10, 1), date(2026, 10, 31))
    steps: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        steps.append((done, total))

    def refuse(done: int, total: int) -> None:
        raise InterruptedError

    with snapshot() as connection:
        content.build(connection, question, note)
        with pytest.raises(InterruptedError):
            content.build(connection, question, refuse)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(("compare", "told"), [("before", "the month before"), ("year", "the same days of the year")])
def test_the_rule_of_comparison_is_the_one_that_applied(ask: Ask, clinic: Clinic, compare: str, told: str) -> None:
    meanings = [item.meaning for item in ask("visit_trends", compare=compare).definitions if item.term == "Change"]
    assert [meaning.startswith(f"Against {told}") for meaning in meanings] == [True]
