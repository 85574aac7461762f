"""Weekdays, hours and peaks of hand-countable visits, on both databases. October 2026 begins on a Thursday."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_clinic, add_patient, add_visit
from webapp import content
from webapp.content import Question
from webapp.extensions import snapshot
from webapp.models import Clinic


def test_the_hour_is_the_clinics_on_both_sides_of_a_change_of_clocks(database: str) -> None:
    """New York goes back to winter time on 1 November 2026: 9:30 is 13:30 UTC before and 14:30 UTC after."""
    clinic = add_clinic(timezone="America/New_York")
    ana = add_patient(clinic)
    before, after = add_visit(ana, "2026-10-26 09:30"), add_visit(ana, "2026-11-02 09:30")
    assert (before.started_at.hour, after.started_at.hour) == (13, 14)
    question = Question("visit_trends", clinic.id, clinic.timezone, date(2026, 10, 26), date(2026, 11, 2))
    with snapshot() as connection:
        assert rows(content.build(connection, question), "hours") == {"Monday": {"weekday": "Monday", "h09": 2}}


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
