"""Visits of October 2026 after which the patient came again within 30 days."""

import pytest

from tests.content.reading import Ask, metric, table
from tests.factories import add_patient, add_visit
from webapp.models import Clinic

LATEST = "2026-12-31 10:00"


@pytest.mark.parametrize(
    ("others", "again"),
    [
        ((), 0),
        (("2026-11-04 23:50",), 1),  # 30 days later
        (("2026-11-05 00:10",), 0),  # 31 days later
        (("2026-10-05 16:00",), 0),  # the same day: two visits, neither followed by another
        (("2026-10-06 00:10",), 1),
        (("2026-09-20 10:00",), 0),  # before the period
    ],
)
def test_a_return_lies_1_to_30_days_later(ask: Ask, clinic: Clinic, others: tuple[str, ...], again: int) -> None:
    ana = add_patient(clinic)
    add_visit(add_patient(clinic), LATEST)
    for at in ("2026-10-05 10:00", *others):
        add_visit(ana, at)
    assert table(ask("treatment_outcomes"), "revisits").rows[0][3] == again


def test_visits_are_told_by_kind_and_returns_are_of_any_kind(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    add_visit(ben, LATEST)
    add_visit(ana, "2026-10-05 10:00", kind="dental")
    add_visit(ana, "2026-10-05 11:00", kind="dental")
    add_visit(ana, "2026-10-20 10:00", kind="medical")
    add_visit(ben, "2026-10-20 10:00", kind="medical")
    for status in ("planned", "cancelled", "entered-in-error"):
        add_visit(ben, "2026-10-21 10:00", status=status)

    figures = ask("treatment_outcomes")

    assert table(figures, "revisits").rows == (("Medical", 2, 2, 0, 0.0), ("Dental", 2, 2, 2, 100.0))
    assert table(figures, "revisits").total == ("All", 4, 4, 2, 50.0)
    assert metric(figures, "came_again").value == 50.0
    assert "After 2 of 4 visits that could be followed, the patient came again within 30 days." in figures.summary
    assert table(ask("treatment_outcomes", kind="dental"), "revisits").rows == (("Dental", 2, 2, 2, 100.0),)


def test_only_visits_that_could_be_followed_are_in_the_share(ask: Ask, clinic: Clinic) -> None:
    ana, ben = add_patient(clinic), add_patient(clinic)
    add_visit(ana, "2026-10-01 10:00")
    add_visit(ana, "2026-10-02 10:00")
    add_visit(ben, "2026-10-31 10:00")
    add_visit(ben, "2026-12-01 10:00", status="planned")
    assert table(ask("treatment_outcomes"), "revisits").total == ("All", 3, 1, 1, 100.0)


def test_where_no_visit_could_be_followed_there_is_no_share(ask: Ask, clinic: Clinic) -> None:
    add_visit(add_patient(clinic), "2026-10-05 10:00")
    figures = ask("treatment_outcomes")
    assert "revisits" not in [section.key for section in figures.sections]
    assert (metric(figures, "came_again").value, metric(figures, "came_again").note) == (
        None,
        "visits are followed for 30 days",
    )


def test_days_are_those_of_the_clinics_clock_when_clocks_change(ask: Ask, clinic: Clinic) -> None:
    clinic.timezone = "America/New_York"
    ana = add_patient(clinic)
    add_visit(ana, "2026-10-05 23:30")
    add_visit(ana, "2026-11-04 00:15")
    add_visit(add_patient(clinic), LATEST)
    assert table(ask("treatment_outcomes"), "revisits").rows[0][1:] == (1, 1, 1, 100.0)
