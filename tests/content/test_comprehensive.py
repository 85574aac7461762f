"""The clinic on one page, with hand-countable rows on both databases."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.content.reading import Ask, chart, metric, rows, table
from tests.factories import add_clinic, add_measurement, add_patient, add_person, add_provider, add_report, add_visit
from webapp import content
from webapp.content import Question
from webapp.content.comprehensive import counts
from webapp.extensions import db, snapshot
from webapp.figures import Change, Content, Excluded
from webapp.models import Clinic, Diagnosis, Download, Feedback, Patient, Treatment

OCTOBER_5 = datetime(2026, 10, 5, tzinfo=UTC)
# The first and the last moment of October in Manila, and those beside them.
FIRST, LAST = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 15, 59, tzinfo=UTC)
BEFORE, AFTER = datetime(2026, 9, 30, 15, 59, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)


def keep(*found: Any) -> None:
    db.session.add_all(found)
    db.session.commit()


def rate(clinic: Clinic, day: str, *ratings: int | None) -> None:
    on = date.fromisoformat(day)
    keep(*(Feedback(clinic_id=clinic.id, rating=each, submitted_at=OCTOBER_5, local_day=on) for each in ratings))


def treat(who: Patient, day: str, **values: Any) -> None:
    of = {"clinic_id": who.clinic_id, "patient_id": who.id, "name": "Filling", "performed_on": date.fromisoformat(day)}
    keep(Treatment(**of, **values))


def diagnose(who: Patient, *names: str, day: str = "2026-10-05", **values: Any) -> None:
    of = {"clinic_id": who.clinic_id, "patient_id": who.id, "recorded_on": date.fromisoformat(day)}
    keep(*(Diagnosis(**of, name=name, **values) for name in names))


def values(figures: Content) -> dict[str, Any]:
    return {item.key: item.value for item in figures.metrics}


def test_a_clinic_without_anything_is_told_in_words(ask: Ask) -> None:
    figures = ask("comprehensive")
    assert figures.summary == (
        "There were no visits in October 2026.",
        "The clinic had no patients.",
        "The clinic has no patients or visits on record yet.",
    )
    assert figures.sections == ()
    assert values(figures) == {
        "visits": 0,
        "patients": 0,
        "active": 0,
        "new": 0,
        "mean_rating": None,
        "success_rate": None,
        "overdue": 0,
        "reports": 0,
    }
    assert {(item.change, item.trend) for item in figures.metrics} == {(None, ())}


def test_visits_are_those_that_took_place_on_the_clinics_days(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    for at in ("2026-09-30 23:59", "2026-10-01 00:00", "2026-10-31 23:59", "2026-11-01 00:00"):
        add_visit(ana, at)
    add_visit(ana, "2026-10-05 10:00", kind="dental")
    add_visit(ana, "2026-10-05 10:00", status="cancelled")
    add_visit(add_patient(add_clinic()), "2026-10-05 10:00")

    figures = ask("comprehensive")

    assert metric(figures, "visits").value == 3
    assert metric(figures, "visits").change == Change(2, None, "September 2026")
    assert (figures.rows.read, figures.rows.used) == (4, 3)
    assert figures.rows.excluded == (Excluded("cancelled", 1),)
    months = rows(figures, "months")
    assert {month: (row["medical"], row["dental"], row["all"]) for month, row in list(months.items())[-2:]} == {
        "2026-09": (1, 0, 1),
        "2026-10": (2, 1, 3),
    }
    assert figures.summary[0] == "There were 3 visits in October 2026, against 1 in September 2026."


def test_active_patients_are_followed_month_by_month(ask: Ask, clinic: Clinic) -> None:
    early = add_patient(clinic, registered_on=date(2024, 1, 1))
    add_visit(early, "2025-03-31 23:59")
    add_visit(early, "2025-12-01 00:00")
    late = add_patient(clinic, registered_on=date(2026, 9, 1))
    add_visit(late, "2026-09-01 00:00")
    died = add_patient(clinic, registered_on=date(2024, 1, 1), deceased_on=date(2026, 8, 31))
    add_visit(died, "2026-08-01 10:00")
    lapsed = add_patient(clinic, registered_on=date(2024, 1, 1))
    add_visit(lapsed, "2025-05-15 10:00")

    figures = ask("comprehensive")

    assert (metric(figures, "patients").value, metric(figures, "active").value) == (3, 2)
    assert metric(figures, "patients").trend == (3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3)
    # From November to October: who lapsed counts up to April, who died in August, who came late from September on.
    assert metric(figures, "active").trend == (2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2)
    assert metric(figures, "active").change == Change(0, None, "September 2026")
    assert figures.summary[1:3] == ("Of the clinic's 3 patients, 2 were active.", "Nobody registered in October 2026.")
    september = ask("comprehensive", date(2026, 9, 1), date(2026, 9, 30))
    assert september.summary[2] == "1 patient registered in September 2026."


def test_a_month_of_a_small_line_ends_on_the_last_day_of_the_period(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic, registered_on=date(2024, 1, 1))
    for day in ("2026-10-11", "2026-11-10", "2026-10-10", "2026-09-11", "2026-09-10"):
        add_visit(ana, f"{day} 10:00")
    figures = ask("comprehensive", date(2026, 11, 1), date(2026, 11, 10))
    assert metric(figures, "visits").value == 1
    assert metric(figures, "visits").trend == (0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2)
    assert list(rows(figures, "months"))[-1] == "2026-11-01/10"


def test_a_small_line_begins_with_the_records(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic, registered_on=date(2026, 7, 2))
    for day in ("2026-07-05", "2026-08-05", "2026-08-06", "2026-09-05", "2026-10-05"):
        add_visit(ana, f"{day} 10:00")
    assert metric(ask("comprehensive"), "visits").trend == (2, 1, 1)
    assert metric(ask("comprehensive", date(2026, 9, 1), date(2026, 9, 30)), "visits").trend == ()


def test_the_mean_rating_is_of_ratings_from_1_to_5(ask: Ask, clinic: Clinic) -> None:
    add_patient(clinic)
    rate(clinic, "2026-10-01", 5, 4, None, 0, 6, -3)
    rate(clinic, "2026-10-31", 4)
    rate(clinic, "2026-09-30", 1)
    rate(clinic, "2026-11-01", 1)
    figures = ask("comprehensive")
    assert (metric(figures, "mean_rating").value, metric(figures, "mean_rating").note) == (4.3, "of 3 ratings")
    assert metric(figures, "mean_rating").change == Change(3.3, None, "September 2026")
    assert "The mean rating was 4.3." in figures.summary


def test_success_is_of_treatments_with_a_known_outcome(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    add_visit(ana, "2026-08-05 10:00")
    for outcome in ("successful", "improved", "unchanged", "worse", "unknown"):
        treat(ana, "2026-10-05", outcome=outcome)
    treat(ana, "2026-09-05", outcome="worse")

    figures = ask("comprehensive")

    assert (metric(figures, "success_rate").value, metric(figures, "success_rate").note) == (50.0, "2 of 4 treatments")
    assert metric(figures, "success_rate").change == Change(50.0, None, "September 2026")
    assert rows(figures, "outcomes")["2026-10"] == {
        "month": "2026-10",
        "treatments": 5,
        "known": 4,
        "succeeded": 2,
        "rate": 50.0,
    }
    assert chart(figures, "outcomes").title == "The success rate lay between 0.0 and 50.0 %"
    assert "2 of 4 treatments with a known outcome succeeded." in figures.summary


def test_follow_ups_are_overdue_as_it_stood_on_the_last_day(ask: Ask, clinic: Clinic) -> None:
    ana, died = add_patient(clinic), add_patient(clinic, deceased_on=date(2026, 10, 31))
    for who, due, done in (
        (ana, "2026-09-29", None),
        (ana, "2026-10-30", "2026-11-01"),
        (ana, "2026-10-30", "2026-10-31"),
        (ana, "2026-10-31", None),
        (died, "2026-09-15", None),
    ):
        treat(
            who,
            "2026-08-05",
            follow_up_due_on=date.fromisoformat(due),
            follow_up_done_on=done and date.fromisoformat(done),
        )

    figures = ask("comprehensive")

    assert metric(figures, "overdue").value == 2
    assert metric(figures, "overdue").change == Change(0, None, "September 2026")
    assert metric(figures, "overdue").trend[-2:] == (2, 2)
    assert "2 follow-ups were overdue on 31 October 2026." in figures.summary


def test_ten_diagnoses_are_named_and_the_rest_told_together(ask: Ask, clinic: Clinic) -> None:
    ana = add_patient(clinic)
    diagnose(ana, "Caries", "Caries", "caries ", "  ", "Mumps")
    diagnose(ana, *(f"D{number:02}" for number in range(9)))
    diagnose(ana, "Caries", verification_status="refuted")
    diagnose(ana, "Caries", verification_status="entered-in-error")
    diagnose(ana, "Caries", "Gout", day="2026-09-05", verification_status="confirmed")
    add_visit(ana, "2026-09-05 10:00")

    found = table(ask("comprehensive"), "diagnoses")

    assert found.rows[0] == ("Caries", 1, 3, 21.4)
    assert [row[0] for row in found.rows] == ["Caries", *(f"D{number:02}" for number in range(9)), "All others"]
    assert found.rows[-1] == ("All others", 1, 2, 14.3)
    assert found.total == ("All", 2, 14, 100.0)
    assert rows(ask("comprehensive", date(2026, 9, 1), date(2026, 9, 30)), "diagnoses").keys() == {"Caries", "Gout"}


def test_blood_pressures_of_adults_are_followed_by_month(ask: Ask, clinic: Clinic) -> None:
    ana, child = add_patient(clinic), add_patient(clinic, birth_date=date(2015, 1, 1))
    for who, systolic, day in (
        (ana, 129, "2026-09-05"),
        (ana, 130, "2026-10-01"),
        (ana, 119, "2026-10-31"),
        (child, 150, "2026-10-05"),
        (ana, 150, "2026-11-01"),
    ):
        for loinc, value in (("8480-6", systolic), ("8462-4", 70)):
            add_measurement(who, loinc, value, "mm[Hg]", local_day=date.fromisoformat(day))

    figures = ask("comprehensive")

    assert table(figures, "pressures").rows[-3:] == (
        ("2026-08", 0, 0, None),
        ("2026-09", 1, 0, 0.0),
        ("2026-10", 2, 1, 50.0),
    )
    assert chart(figures, "pressures").title == "The share of high blood pressures lay between 0.0 and 50.0 %"


def test_visits_a_day_and_a_provider_and_the_middle_length(ask: Ask, clinic: Clinic) -> None:
    ana, reyes, cruz = add_patient(clinic), add_provider(clinic), add_provider(clinic, "José Cruz")
    for at, provider, minutes in (
        ("2026-10-05 09:00", reyes, 10),
        ("2026-10-05 10:00", reyes, 20),
        ("2026-10-05 11:00", cruz, 31),
        ("2026-10-06 09:00", None, 60),
        ("2026-10-06 10:00", reyes, 0),
        ("2026-10-06 11:00", reyes, 24 * 60 + 1),
        ("2026-10-06 12:00", reyes, None),
    ):
        visit = add_visit(ana, at, provider_id=provider and provider.id)
        visit.ended_at = None if minutes is None else visit.started_at + timedelta(minutes=minutes)
    add_visit(ana, "2026-10-06 00:00", local_hour=None).ended_at = datetime(2026, 10, 6, tzinfo=UTC)
    db.session.commit()

    found = rows(ask("comprehensive"), "efficiency")["October 2026"]

    # 8 visits on 2 days; 6 with a provider, who had 3 days between them; in the middle of 10, 20, 31 and 60 minutes.
    assert found == {
        "period": "October 2026",
        "days": 2,
        "a_day": 4.0,
        "a_provider": 2.0,
        "minutes": 25.5,
        "timed": 4,
    }


def test_reports_are_counted_by_kind_and_format_with_their_downloads(ask: Ask, clinic: Clinic) -> None:
    staff, stranger = add_person("staff", clinic), add_person("staff")
    done = {"status": "expired", "finished_at": FIRST + timedelta(seconds=7)}
    first = add_report(staff, asked_at=FIRST, **done)
    add_report(
        stranger, clinic, asked_at=FIRST, format="excel", **{**done, "finished_at": FIRST + timedelta(seconds=2)}
    )
    failed = {"status": "failed", "failure": "It could not be made.", "finished_at": LAST}
    add_report(staff, asked_at=LAST, template="patient_summary", **failed)
    add_report(staff, asked_at=LAST)
    add_report(staff, asked_at=BEFORE, **done)
    add_report(staff, asked_at=AFTER, **{**done, "finished_at": AFTER})
    add_report(stranger, asked_at=FIRST, **done)
    for at in (BEFORE, FIRST, LAST, AFTER):
        keep(Download(report_id=first.id, person_id=staff.id, format="csv", tier="spool", at=at))

    figures = ask("comprehensive")

    assert metric(figures, "reports").value == 2
    assert metric(figures, "reports").change == Change(1, None, "September 2026")
    assert table(figures, "reports").rows == (
        ("September 2026", 1, 1, 0, 67.0, 1),
        ("October 2026", 4, 2, 1, 4.5, 2),
    )
    assert table(figures, "templates").rows == (("Visit trends", 3, 2, 0), ("Patient summary", 1, 0, 1))
    assert table(figures, "templates").total == ("All", 4, 2, 1)
    assert table(figures, "formats").rows == (("PDF", 3, 0), ("Excel", 1, 0), ("CSV", 0, 2), ("JSON", 0, 0))
    assert table(figures, "formats").total == ("All", 4, 2)
    assert "4 reports were asked for; 2 of them were made, and 1 failed." in figures.summary


def test_it_compares_what_can_be_compared(clinic: Clinic) -> None:
    ana = add_patient(clinic, registered_on=date(2025, 10, 2))
    add_visit(ana, "2025-10-05 10:00")
    add_visit(ana, "2026-10-05 10:00")
    days = (date(2026, 10, 1), date(2026, 10, 31))
    with snapshot() as connection:
        figures = content.build(
            connection, Question("comprehensive", clinic.id, clinic.timezone, *days, compare="year")
        )
    assert table(figures, "compared").title == "Compared with a year earlier"
    assert table(figures, "compared").rows[:4] == (
        ("Visits", 1, 1, 0, None),
        ("Patients", 1, 1, 0, None),
        ("Active patients", 1, 1, 0, None),
        ("New registrations", 1, 0, -1, None),
    )


@pytest.mark.parametrize("end", [date(2026, 10, 31), date(2028, 2, 29), date(2026, 1, 30), date(2200, 12, 31)])
def test_the_steps_are_12_months_on_end(end: date) -> None:
    found = counts.steps(end)
    assert len(found) == 12
    assert found[-1][1] == end
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in pairwise(found))
