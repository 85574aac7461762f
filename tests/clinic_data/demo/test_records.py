"""Who the people of the demo are, and what became of their visits."""

from collections import Counter
from itertools import pairwise

from sqlalchemy import func, select

from tests.clinic_data.demo.loading import END, NOW, clinic, count
from webapp.clinic_data.demo.places import ICD_10, SNOMED_CT
from webapp.extensions import db
from webapp.models import Campaign, CampaignContact, Diagnosis, Feedback, Measurement, Patient, Treatment, Visit


def test_flu_comes_in_winter_and_dengue_with_the_rains_of_manila(demo: None) -> None:
    def months(name: str, where: str) -> Counter[int]:
        days = select(Diagnosis.recorded_on).where(Diagnosis.name == name, Diagnosis.clinic_id == clinic(where).id)
        return Counter(day.month for day in db.session.scalars(days))

    flu, dengue = months("Influenza", "Harbour Clinic"), months("Dengue", "Riverside Clinic")
    assert sum(flu[month] for month in (12, 1, 2)) > 0.6 * flu.total() > 0
    assert sum(dengue[month] for month in (7, 8, 9, 10)) > 0.6 * dengue.total() > 0
    assert not months("Dengue", "Harbour Clinic")


def test_codes_are_of_the_system_that_the_clinic_uses(demo: None) -> None:
    for name, system in (("Riverside Clinic", ICD_10), ("Harbour Clinic", SNOMED_CT)):
        rows = db.session.execute(
            select(Diagnosis.code_system, Diagnosis.code).where(Diagnosis.clinic_id == clinic(name).id).distinct()
        ).all()
        assert {row.code_system for row in rows if row.code} == {system}
        assert all((row.code_system is None) == (row.code is None) for row in rows)


def test_everybody_is_somebody(demo: None) -> None:
    sexes = Counter(db.session.scalars(select(Patient.sex)))
    assert set(sexes) == {"female", "male", "other", "unknown"}
    assert sexes["other"] + sexes["unknown"] < 0.03 * sexes.total()
    assert count(Patient, (Patient.family_name == "") | (Patient.given_name == "")) == 0
    assert set(db.session.scalars(select(Patient.birth_precision))) == {"day", "month", "year"}
    letters = "".join(db.session.scalars(select(Patient.family_name)))
    # Some are at home in other scripts: Cyrillic, Greek, Arabic, Thai, Chinese.
    assert any(ord(letter) > 0x0370 for letter in letters)


def test_children_adults_and_elders_come(demo: None) -> None:
    ages = [(END - born).days // 365 for born in db.session.scalars(select(Patient.birth_date)) if born]
    assert min(ages) >= 0
    assert max(ages) <= 101
    for low, high, least in ((0, 14, 0.10), (15, 39, 0.25), (40, 64, 0.2), (65, 120, 0.07)):
        assert sum(low <= age <= high for age in ages) / len(ages) > least


def test_nobody_comes_before_registering_or_after_dying(demo: None) -> None:
    visits = select(func.count()).select_from(Visit).join(Patient, Patient.id == Visit.patient_id)
    assert db.session.scalar(visits.where(Visit.local_day < Patient.registered_on)) == 0
    assert db.session.scalar(visits.where(Visit.local_day >= Patient.deceased_on)) == 0
    assert count(Patient, Patient.registered_on < Patient.birth_date) == 0
    assert count(Patient, Patient.deceased_on.is_not(None)) > 5


def test_some_patients_come_far_more_often_than_others(demo: None) -> None:
    numbers = sorted(Counter(db.session.scalars(select(Visit.patient_id))).values())
    assert numbers[len(numbers) // 2] < sum(numbers) / len(numbers)
    assert sum(numbers[-len(numbers) // 5 :]) > 0.4 * sum(numbers)


def test_follow_ups_are_done_due_and_overdue(demo: None) -> None:
    due = Treatment.follow_up_due_on
    done = count(Treatment, Treatment.follow_up_done_on.is_not(None))
    overdue = count(Treatment, due <= END, Treatment.follow_up_done_on.is_(None))
    assert done > overdue > 100
    assert count(Treatment, due > END, Treatment.follow_up_done_on.is_(None)) > 50
    assert count(Treatment, Treatment.follow_up_done_on <= Treatment.performed_on) == 0
    assert count(Treatment, Treatment.follow_up_done_on > END) == 0
    assert set(db.session.scalars(select(Treatment.outcome))) == {
        "successful", "improved", "unchanged", "worse", "unknown",
    }  # fmt: skip


def test_a_follow_up_that_was_done_is_a_visit_of_that_day(demo: None) -> None:
    came = {
        (visit.patient_id, visit.kind, visit.local_day)
        for visit in db.session.scalars(select(Visit).where(Visit.status == "finished"))
    }
    for treatment in db.session.scalars(select(Treatment).where(Treatment.follow_up_done_on.is_not(None))):
        assert (treatment.patient_id, treatment.kind, treatment.follow_up_done_on) in came


def test_vital_signs_are_those_of_living_people(demo: None) -> None:
    believable = {
        "8480-6": (60, 210), "8462-4": (35, 125), "8867-4": (45, 190), "9279-1": (8, 50), "2708-6": (85, 100),
        "8310-5": (34.5, 41.5), "29463-7": (2, 180), "8302-2": (40, 215), "39156-5": (9, 55), "2339-0": (55, 400),
    }  # fmt: skip
    rows = db.session.execute(
        select(Measurement.loinc, func.min(Measurement.value), func.max(Measurement.value)).group_by(Measurement.loinc)
    ).all()
    assert {row[0] for row in rows} == set(believable)
    for loinc, least, most in rows:
        low, high = believable[loinc]
        assert low <= least, loinc
        assert most <= high, loinc


def test_the_two_pressures_belong_together(demo: None) -> None:
    pairs: dict[int, dict[str, float]] = {}
    chosen = select(Measurement).where(Measurement.loinc.in_(("8480-6", "8462-4")))
    for reading in db.session.scalars(chosen):
        assert reading.component == (1 if reading.loinc == "8480-6" else 2)
        pairs.setdefault(reading.visit_id, {})[reading.loinc] = reading.value
    assert len(pairs) > 1000
    assert all(pair["8462-4"] < pair["8480-6"] for pair in pairs.values())


def test_feedback_is_mostly_good_and_complaints_are_answered_more_often(demo: None) -> None:
    ratings = Counter(db.session.scalars(select(Feedback.rating)))
    assert set(ratings) == {None, 1, 2, 3, 4, 5}
    assert ratings[5] > ratings[1] > 0

    def answered(*where: object) -> float:
        return count(Feedback, Feedback.responded_at.is_not(None), *where) / count(Feedback, *where)

    assert answered(Feedback.rating <= 2) > 1.5 * answered(Feedback.rating >= 4)
    assert count(Feedback, Feedback.responded_at <= Feedback.submitted_at) == 0
    assert count(Feedback, Feedback.comment != "") > 200
    visits = select(func.count()).select_from(Feedback).join(Visit, Visit.id == Feedback.visit_id)
    assert db.session.scalar(visits.where(Feedback.submitted_at < Visit.ended_at)) == 0


def test_campaigns_reach_fewer_people_at_each_step(demo: None) -> None:
    assert count(Campaign) > 20
    steps = [CampaignContact.opened_at, CampaignContact.responded_at, CampaignContact.attended_at]
    counts = [count(CampaignContact), *(count(CampaignContact, step.is_not(None)) for step in steps)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 100
    for earlier, later in pairwise([CampaignContact.contacted_at, *steps]):
        assert count(CampaignContact, later.is_not(None), earlier.is_(None)) == 0
        assert count(CampaignContact, later < earlier) == 0


def test_who_attended_a_campaign_has_a_visit_at_that_moment(demo: None) -> None:
    came = set(db.session.execute(select(Visit.patient_id, Visit.started_at).where(Visit.status == "finished")).all())
    attended = select(CampaignContact.patient_id, CampaignContact.attended_at).where(
        CampaignContact.attended_at.is_not(None)
    )
    assert set(db.session.execute(attended).all()) <= came


def test_nothing_but_appointments_lies_in_the_future(demo: None) -> None:
    moments = [
        Feedback.submitted_at, Feedback.responded_at, Measurement.measured_at, CampaignContact.contacted_at,
        CampaignContact.opened_at, CampaignContact.responded_at, CampaignContact.attended_at, Visit.ended_at,
    ]  # fmt: skip
    for column in moments:
        assert db.session.scalar(select(func.max(column))) < NOW, column
