"""When people come to the demo clinics: growth, seasons, opening hours, holidays."""

from collections import Counter
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from tests.clinic_data.demo.loading import END, clinic, count
from webapp.clinic_data.demo.places import easter
from webapp.extensions import db
from webapp.models import Clinic, Patient, Provider, Visit


def test_it_is_two_clinics_in_different_zones_with_about_two_thousand_patients(demo: None) -> None:
    clinics = db.session.scalars(select(Clinic).order_by(Clinic.name)).all()
    assert [(item.name, item.timezone, item.paper, item.is_demo) for item in clinics] == [
        ("Harbour Clinic", "America/Halifax", "Letter", True),
        ("Riverside Clinic", "Asia/Manila", "A4", True),
    ]
    assert 1900 <= count(Patient) <= 2150
    for item in clinics:
        assert 6 <= count(Provider, Provider.clinic_id == item.id) <= 8


def test_every_month_of_three_years_has_medical_and_dental_visits(demo: None) -> None:
    months = select(Visit.clinic_id, Visit.kind, Visit.local_month).where(Visit.status == "finished").distinct()
    # June 2023 to June 2026: the three years begin and end within a month.
    assert Counter((id_, kind) for id_, kind, _ in db.session.execute(months)) == {
        (item.id, kind): 37 for item in db.session.scalars(select(Clinic)) for kind in ("medical", "dental")
    }


def test_no_month_is_a_cliff(demo: None) -> None:
    for item in db.session.scalars(select(Clinic)):
        months = (
            select(func.count())
            .where(Visit.clinic_id == item.id, Visit.local_day.between(date(2023, 7, 1), date(2026, 5, 31)))
            .group_by(Visit.local_month)
            .order_by(Visit.local_month)
        )
        counts = db.session.scalars(months).all()
        assert len(counts) == 35
        assert all(0.6 < later / earlier < 1.65 for earlier, later in pairwise(counts))


def test_the_clinics_grow(demo: None) -> None:
    first = count(Visit, Visit.local_day < date(2024, 6, 18))
    last = count(Visit, Visit.local_day > date(2025, 6, 17), Visit.local_day <= END)
    assert 1.1 < last / first < 1.5


def test_only_planned_visits_lie_after_the_end(demo: None) -> None:
    later = Counter(db.session.scalars(select(Visit.status).where(Visit.local_day > END)))
    assert set(later) == {"planned"}
    assert later["planned"] > 50


def test_every_kind_of_end_that_a_visit_can_have_occurs_and_most_are_finished(demo: None) -> None:
    statuses = Counter(db.session.scalars(select(Visit.status).where(Visit.local_day <= END)))
    total = sum(statuses.values())
    assert statuses["finished"] / total > 0.85
    assert 0.04 < statuses["cancelled"] / total < 0.10
    assert set(statuses) == {"finished", "cancelled", "planned", "entered-in-error", "unknown"}


def test_the_local_columns_are_the_moment_on_the_clinics_wall(demo: None) -> None:
    for visit, zone in db.session.execute(select(Visit, Clinic.timezone).join(Clinic, Clinic.id == Visit.clinic_id)):
        there = visit.started_at.astimezone(ZoneInfo(zone))
        assert (visit.local_day, visit.local_month) == (there.date(), there.date().replace(day=1))
        assert (visit.local_weekday, visit.local_hour) == (there.isoweekday(), there.hour)


def test_people_come_in_opening_hours_only(demo: None) -> None:
    assert db.session.scalar(select(func.min(Visit.local_hour))) == 8
    assert db.session.scalar(select(func.max(Visit.local_hour))) <= 17
    assert count(Visit, Visit.local_weekday >= 6, Visit.local_hour > 12) == 0


def seen(*where: object) -> Counter[int]:
    """How many visits that were meant to happen, by ISO weekday."""
    return Counter(db.session.scalars(select(Visit.local_weekday).where(Visit.local_day <= END, *where)))


def test_sunday_is_a_rare_exception_and_saturday_a_half_day(demo: None) -> None:
    week = seen()
    assert 0 < week[7] < 0.02 * week[5]
    assert 0.3 < week[6] / week[5] < 0.8


def test_monday_morning_is_the_rush_and_noon_the_lull(demo: None) -> None:
    week = seen(Visit.kind == "medical", Visit.local_hour < 11)
    assert all(week[1] > 1.2 * week[day] for day in range(2, 8))
    hours = Counter(db.session.scalars(select(Visit.local_hour).where(Visit.local_weekday < 6)))
    assert hours[12] < 0.5 * min(hours[11], hours[13])


def test_holidays_are_closed(demo: None) -> None:
    closed = {
        "Riverside Clinic": [date(2025, 12, 25), date(2025, 4, 17), date(2025, 4, 18), date(2025, 8, 25)],
        "Harbour Clinic": [date(2025, 12, 25), date(2025, 4, 18), date(2025, 9, 1), date(2025, 10, 13)],
    }
    for name, days in closed.items():
        for day in days:
            assert count(Visit, Visit.clinic_id == clinic(name).id, Visit.local_day == day) == 0
    # Thursday before Easter is a working day in Halifax.
    assert count(Visit, Visit.clinic_id == clinic("Harbour Clinic").id, Visit.local_day == date(2025, 4, 17)) > 0


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25)])
def test_easter_is_where_the_church_puts_it(day: date) -> None:
    assert easter(day.year) == day
