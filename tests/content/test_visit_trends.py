"""Hand-countable visits, on both databases. October 2026 begins on a Thursday."""

from datetime import UTC, date, datetime

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_clinic, add_patient, add_provider, add_visit
from webapp import content, words
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


def test_the_hour_is_the_clinics_on_both_sides_of_a_change_of_clocks(database: str) -> None:
    """New York goes back to winter time on 1 November 2026: 9:30 is 13:30 UTC before and 14:30 UTC after."""
    clinic = add_clinic(timezone="America/New_York")
    ana = add_patient(clinic)
    before, after = add_visit(ana, "2026-10-26 09:30"), add_visit(ana, "2026-11-02 09:30")
    assert (before.started_at.hour, after.started_at.hour) == (13, 14)
    question = Question("visit_trends", clinic.id, clinic.timezone, date(2026, 10, 26), date(2026, 11, 2))
    with snapshot() as connection:
        assert rows(content.build(connection, question), "hours") == {"Monday": {"weekday": "Monday", "h09": 2}}


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


def test_a_year_earlier_that_records_cover_in_part_says_so(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2025-10-15 10:00", "2026-10-15 10:00"):
        add_visit(ana, at)
    figures = ask("visit_trends")
    told = "A year earlier, in October 2025, there was 1, in records that begin on 15 October 2025."
    assert told in figures.summary
    assert table(figures, "compared_year_before").note == "Records begin on 15 October 2025."
    assert table(figures, "compared_before").note == ""


def test_a_report_of_a_year_is_compared_with_one_year_before_alone(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-10-15 10:00")
    add_visit(ana, "2025-10-15 10:00")
    figures = ask("visit_trends", start=date(2025, 11, 1))
    assert [item.key for item in figures.sections[-1].tables] == ["compared_before"]
    assert metric(figures, "visits").change == Change(0, None, "12 months to October 2025")


def test_the_heat_map_shows_open_weekdays_from_the_first_hour_to_the_last(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-10-05 08:00", "2026-10-12 08:59", "2026-10-09 11:00"):
        add_visit(ana, at)

    figures = ask("visit_trends")

    assert chart(figures, "hours").series == ("h08", "h09", "h10", "h11")
    assert table(figures, "hours").rows == (("Monday", 2, 0, 0, 0), ("Friday", 0, 0, 0, 1))
    assert table(figures, "hours").total == ("All days", 2, 0, 0, 1)


def test_peaks_are_named_with_their_size_against_the_average(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-10-05 09:00", "2026-10-05 09:30", "2026-10-12 09:00", "2026-10-06 10:00"):
        add_visit(ana, at)

    figures = ask("visit_trends")

    busiest = metric(figures, "busiest_hour")
    assert (busiest.value, busiest.note) == ("Mon 9:00", "3 visits, 1.5 times the average hour")
    assert table(figures, "peaks").rows == (
        ("Hour of the week", "Monday 9:00", 3, 1.5),
        ("Weekday", "Monday", 3, 1.5),
        ("Day", "5 October 2026", 2, 1.5),
    )
    assert rows(figures, "weekdays")["Monday"] == {
        "weekday": "Monday", "medical": 3, "dental": 0, "all": 3, "days": 2, "a_day": 1.5, "share": 75.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("times", "short", "long"),
    [
        (("06 09", "06 14"), "Tue 9:00 and 14:00", "Tuesday 9:00 and 14:00"),
        (("05 09", "06 09"), "Mon and Tue 9:00", "Monday and Tuesday 9:00"),
        (("05 09", "06 14"), "Mon 9:00 and Tue 14:00", "Monday 9:00 and Tuesday 14:00"),
    ],
)
def test_two_tied_hours_are_both_named(ask: Ask, clinic: Clinic, times: tuple[str, ...], short: str, long: str) -> None:
    ana = add_patient(clinic)
    for at in (*times, *times, "07 11"):
        add_visit(ana, f"2026-10-{at}:00")
    figures = ask("visit_trends")
    busiest = metric(figures, "busiest_hour")
    assert (busiest.value, busiest.note) == (short, "2 visits each, 1.2 times the average hour")
    assert table(figures, "peaks").rows[0] == ("Hour of the week", long, 2, 1.2)
    assert f"The busiest hours were {long} with 2 visits each, 1.2 times the average hour." in figures.summary


@pytest.mark.parametrize(("visits", "told"), [(1, False), (2, True)])
def test_of_three_tied_hours_none_stands_out(ask: Ask, clinic: Clinic, visits: int, told: bool) -> None:
    ana = add_patient(clinic)
    for at in ("2026-10-05 09:00", "2026-10-06 10:00", "2026-10-07 11:00") * visits:
        add_visit(ana, at)

    figures = ask("visit_trends")

    assert (metric(figures, "busiest_hour").value, metric(figures, "busiest_hour").note) == (None, "no hour stood out")
    assert "peaks" not in [item.key for item in figures.sections[1].tables]
    assert ("No hour stood out." in figures.summary) == told
    assert not [sentence for sentence in figures.summary if "busiest" in sentence]
    assert chart(figures, "hours").title == "No single time stood out"


def test_an_hour_with_one_visit_does_not_stand_out(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-10-05 09:00", "2026-10-06 10:00"):
        add_visit(ana, at)
    assert metric(ask("visit_trends"), "busiest_hour").value is None


def test_peaks_leave_out_what_is_so_of_necessity(ask: Ask, clinic: Clinic) -> None:
    """On one day the busiest weekday and day are that day; two hours that share all visits are no peak."""
    ana = add_patient(clinic)
    for at in ("09:00", "09:10", "10:00"):
        add_visit(ana, f"2026-10-06 {at}")
    assert table(ask("visit_trends"), "peaks").rows == (("Hour of the week", "Tuesday 9:00", 2, 1.3),)
    add_visit(ana, "2026-10-06 10:30")
    figures = ask("visit_trends")
    assert metric(figures, "busiest_hour").value == "Tue 9:00 and 10:00"
    assert [item.key for item in figures.sections[1].tables] == ["hours", "weekdays"]


PAIR = ("05 09", "05 10")


@pytest.mark.parametrize(
    ("times", "end", "title"),
    [
        (("05 09", "12 10", "06 14"), 31, "Monday mornings were the busiest"),
        (("05 09", "05 10", "06 14"), 7, "Monday morning was the busiest"),
        (("05 09", "06 14"), 31, "All visits came on Monday mornings and Tuesday afternoons"),
        (("05 09", "06 09"), 31, "All visits came on Monday and Tuesday mornings"),
        (("05 09", "05 14"), 5, "All visits came on Monday morning and afternoon"),
        (("05 09", "05 10", "06 14"), 31, "Monday mornings were the busiest"),
        ((*PAIR, "06 14", "06 15", "07 09"), 31, "Monday mornings and Tuesday afternoons were the busiest"),
        ((*PAIR, "06 09", "06 10", "07 09"), 31, "Monday and Tuesday mornings were the busiest"),
        ((*PAIR, "06 09", "06 10", "07 09"), 7, "Monday and Tuesday mornings were the busiest"),
        ((*PAIR, "05 14", "05 15", "07 09"), 31, "Monday mornings and afternoons were the busiest"),
        ((*PAIR, "05 14", "05 15", "07 09"), 7, "Monday morning and afternoon were the busiest"),
        (("05 08", "05 09", "05 10", "06 14", "06 14"), 31, "Tuesday 14:00 was the busiest hour"),
        (("05 09", "12 10"), 31, "All visits came on Monday mornings"),
        (("05 21",), 31, "The only visit came on a Monday evening"),
        (("05 05",), 5, "The only visit came on a Monday night"),
        (("05 06", "12 11"), 31, "All visits came on Monday mornings"),
        (("05 12", "12 17"), 31, "All visits came on Monday afternoons"),
        (("05 18", "12 23"), 31, "All visits came on Monday evenings"),
    ],
)
def test_the_heat_maps_title_is_true(ask: Ask, clinic: Clinic, times: tuple[str, ...], end: int, title: str) -> None:
    ana = add_patient(clinic)
    for at in times:
        add_visit(ana, f"2026-10-{at}:00")
    assert chart(ask("visit_trends", end=date(2026, 10, end)), "hours").title == title


@pytest.mark.parametrize(
    ("monday", "tuesday", "title"),
    [
        (20, 19, "Monday and Tuesday mornings were the busiest"),
        (20, 18, "Monday mornings were the busiest"),
        (19, 20, "Monday and Tuesday mornings were the busiest"),
        (18, 20, "Tuesday mornings were the busiest"),
    ],
)
def test_parts_of_the_week_within_five_percent_are_named_together(
    ask: Ask, clinic: Clinic, monday: int, tuesday: int, title: str
) -> None:
    ana = add_patient(clinic)
    for day, visits in ((5, monday), (6, tuesday), (7, 1)):
        for _ in range(visits):
            add_visit(ana, f"2026-10-{day:02} 09:00")
    assert chart(ask("visit_trends"), "hours").title == title


def test_a_visit_without_an_hour_counts_by_day_but_not_by_hour(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-10-05 00:00", local_hour=None)
    figures = ask("visit_trends")
    assert (metric(figures, "visits").value, metric(figures, "busiest_hour").value) == (1, None)
    assert [item.key for item in figures.sections[1].tables] == ["weekdays"]

    add_visit(ana, "2026-10-12 09:00")
    figures = ask("visit_trends")
    assert table(figures, "hours").rows == (("Monday", 1),)
    assert table(figures, "hours").note == "1 visit of which only the day is recorded is not in this table."
    assert chart(figures, "hours").title == "The only visit of known hour came on a Monday morning"
    add_visit(ana, "2026-10-12 10:00")
    assert chart(ask("visit_trends"), "hours").title == "All visits of known hour came on Monday mornings"
    assert rows(figures, "weekdays")["Monday"]["all"] == 2


def test_two_days_with_as_many_visits_are_both_named(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-10-08 09:00", "2026-10-08 10:00", "2026-10-06 09:00", "2026-10-06 10:00", "2026-10-01 09:00"):
        add_visit(ana, at)
    assert ("Day", "6 October 2026 and 8 October 2026", 2, 1.2) in table(ask("visit_trends"), "peaks").rows


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
