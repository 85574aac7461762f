"""A clinic whose records begin in or after the days that a report would compare with, on both databases."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_patient, add_visit
from webapp import words
from webapp.figures import Change
from webapp.models import Clinic


def test_a_year_earlier_that_records_cover_in_part_says_so(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2025-10-15 10:00", "2026-10-15 10:00"):
        add_visit(ana, at)
    figures = ask("visit_trends")
    told = "A year earlier, in October 2025, there was 1, in records that begin on 15 October 2025."
    assert told in figures.summary
    assert table(figures, "compared_year_before").note == "Records begin on 15 October 2025."
    assert table(figures, "compared_before").note == ""


def test_it_warns_where_records_begin_after_the_days_compared_with(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-09-02 09:00")
    add_visit(ana, "2026-10-05 09:00")
    warning = (
        "The clinic's records of visits begin on 2 September 2026, so the earlier period is covered only from that day."
    )
    figures = ask("visit_trends")
    assert figures.summary[-1] == warning
    assert metric(figures, "visits").change == Change(0, None, "September 2026")
    assert table(figures, "compared_before").note == "Records begin on 2 September 2026."
    assert chart(figures, "months").title == "Visits from September to October 2026"
    add_visit(ana, "2026-09-01 09:00", status="cancelled")
    assert warning not in ask("visit_trends").summary
    assert table(ask("visit_trends"), "compared_before").note == ""


@pytest.mark.parametrize("first", ["2026-10-01", "2026-10-05"])
def test_nothing_is_compared_with_days_before_the_records(ask: Ask, clinic: Clinic, first: str) -> None:
    ana = add_patient(clinic)
    for at in (first, "2026-10-06", "2026-10-07"):
        add_visit(ana, f"{at} 09:00")
    add_visit(ana, "2026-10-07 09:00", kind="dental")

    figures = ask("visit_trends")

    assert [item.change for item in figures.metrics] == [None] * 4
    assert "compared" not in [section.key for section in figures.sections]
    day = words.day(date.fromisoformat(first))
    assert figures.summary[:2] == (
        "There were 4 visits in October 2026.",
        "Medical visits: 3; dental visits: 1.",
    )
    assert figures.summary[-1] == f"There is nothing to compare with: the clinic's records of visits begin on {day}."


def test_a_period_before_the_records_says_when_they_begin(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-11-02 09:00")
    figures = ask("visit_trends")
    assert figures.summary == (
        "There were no visits in October 2026.",
        "The clinic's records of visits begin on 2 November 2026.",
    )
    assert figures.sections == ()


def test_months_begin_with_that_of_the_first_record(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-07-15 09:00", status="cancelled")
    for at in ("2026-09-01 09:00", "2026-10-05 09:00", "2026-10-06 09:00"):
        add_visit(ana, at)

    figures = ask("visit_trends", start=date(2021, 11, 1))

    counts = {month: row["all"] for month, row in rows(figures, "months").items()}
    assert counts == {"2026-07": 0, "2026-08": 0, "2026-09": 1, "2026-10": 2}
    assert table(figures, "months").note == (
        "Months shown: July 2026 to October 2026. The report's own period is November 2021 to October 2026. "
        "Records begin on 15 July 2026."
    )
    assert chart(figures, "months").subtitle == "Visits a month, July 2026 to October 2026"
    assert table(figures, "peaks").rows[-1] == ("Month", "October 2026", 2, 2.7)


def test_one_month_is_no_chart(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 09:00")
    by_month = ask("visit_trends").sections[0]
    assert (by_month.key, by_month.charts, len(by_month.tables[0].rows)) == ("by_month", (), 1)


def test_a_month_covered_in_part_is_no_step_of_a_rise(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-08-31 09", "2026-09-01 09", "2026-09-02 09", "2026-10-01 09", "2026-10-02 09", "2026-10-03 09"):
        add_visit(ana, f"{at}:00")
    assert chart(ask("visit_trends"), "months").title == "Visits rose from 2 to 3"
