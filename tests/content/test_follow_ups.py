"""Follow-ups as they stood on 31 October 2026."""

from datetime import date

import pytest

from tests.content.reading import Ask, chart, metric, table
from tests.factories import add_patient, add_treatment
from webapp.models import Clinic


def test_follow_ups_due_in_the_period_are_told_as_they_stood_on_its_last_day(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for due, done in (
        ("2026-10-01", "2026-09-20"),  # early
        ("2026-10-10", "2026-10-10"),  # on the day
        ("2026-10-10", "2026-10-31"),  # late
        ("2026-10-10", "2026-11-01"),  # after the last day: not done yet
        ("2026-10-30", ""),
        ("2026-10-31", ""),  # due on the last day: not overdue yet
        ("2026-10-31", "2026-11-05"),
        ("2026-10-31", "2026-10-31"),
        ("2026-09-30", "2026-10-02"),  # due before the period, done in it
        ("2026-09-30", ""),
        ("2026-11-01", ""),
        ("", ""),
    ):
        add_treatment(ana, "2026-06-01", due=due, done=done)

    figures = ask("treatment_outcomes")

    assert table(figures, "follow_ups").rows == (
        ("Done on time", 3, 37.5),
        ("Done late", 1, 12.5),
        ("Not yet overdue", 2, 25.0),
        ("Overdue", 2, 25.0),
    )
    assert table(figures, "follow_ups").total == ("All due", 8, 100.0)
    assert chart(figures, "follow_ups").title == "2 of 8 follow-ups due are overdue"
    assert table(figures, "delays").total == ("All overdue", 3, 100.0)
    assert (metric(figures, "overdue").value, metric(figures, "overdue").note) == (3, "on 31 October 2026")
    assert figures.summary[1:3] == (
        "8 follow-ups were due in October 2026: 3 done on time, 1 done late, 2 still open on the day due and 2 "
        "overdue.",
        "With those due before, 3 were overdue on 31 October 2026.",
    )


def test_overdue_ones_are_grouped_by_how_long(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for days in (1, 7, 8, 30, 31, 90, 91, 365, 366, 9000):
        due = date.fromordinal(date(2026, 10, 31).toordinal() - days)
        add_treatment(ana, "2001-01-01", due=due.isoformat())
    figures = ask("treatment_outcomes")
    assert [row[1] for row in table(figures, "delays").rows] == [2, 2, 2, 2, 2]
    assert chart(figures, "delays").title == "10 follow-ups are overdue"
    add_treatment(ana, "2026-01-01", due="2026-10-01")
    title = chart(ask("treatment_outcomes"), "delays").title
    assert title == "11 follow-ups are overdue, most often for 8 to 30 days"


def test_nobody_waits_for_a_patient_who_has_died(ask: Ask, clinic: Clinic) -> None:
    for died in ("2026-10-05", "2026-10-31"):
        gone = add_patient(clinic, deceased_on=date.fromisoformat(died))
        add_treatment(gone, "2026-09-01", due="2026-10-20")
        add_treatment(gone, "2026-09-01", due="2026-10-02", done="2026-10-02")
    add_treatment(add_patient(clinic, deceased_on=date(2026, 11, 1)), "2026-09-01", due="2026-10-20")

    figures = ask("treatment_outcomes")

    assert table(figures, "follow_ups").total == ("All due", 3, 100.0)
    assert metric(figures, "overdue").value == 1
    assert chart(figures, "delays").title == "1 follow-up is overdue, for 8 to 30 days"


@pytest.mark.parametrize(
    ("done", "title"),
    [
        (("2026-10-05",), "The one follow-up due was done"),
        (("2026-10-05", "2026-10-20"), "Every follow-up due was done"),
        (("",), "The one follow-up due was not done"),
        (("", "2026-11-01"), "No follow-up due was done"),
        (("", "2026-10-05"), "1 of 2 follow-ups due is overdue"),
    ],
)
def test_titles_are_true_for_none_one_and_all(ask: Ask, clinic: Clinic, done: tuple[str, ...], title: str) -> None:
    for day in done:
        add_treatment(add_patient(clinic), "2026-09-01", due="2026-10-10", done=day)
    assert chart(ask("treatment_outcomes"), "follow_ups").title == title


def test_without_any_overdue_there_is_nothing_to_draw_of_delays(ask: Ask, clinic: Clinic) -> None:
    add_treatment(add_patient(clinic), "2026-09-01", due="2026-10-10", done="2026-10-10")
    figures = ask("treatment_outcomes")
    assert [item.key for section in figures.sections for item in section.tables if section.key == "follow_ups"] == [
        "follow_ups"
    ]
    assert metric(figures, "overdue").value == 0
