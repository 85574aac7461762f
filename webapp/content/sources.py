"""The records that reports read by column: see columns/. A column that is added here is copied at the next tick."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from webapp.content import counting, feedback_terms, named
from webapp.content.columns import DAY, NO_DAY, UNKNOWN, Columns, copies
from webapp.content.columns.source import Source
from webapp.content.counting import HAPPENED, Conditions, SecondsBetween, Unindexed, narrowed, ordinal
from webapp.content.filters import Filter, Subject
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.vitals import told as vital_told
from webapp.models import (
    Campaign,
    CampaignContact,
    Diagnosis,
    Feedback,
    Measurement,
    Patient,
    Treatment,
    Visit,
)

STEPS_OF_A_CONTACT = ("contacted", "opened", "responded", "attended")
"""The last one on record is that of the contact. It stands for the ones before it, which may not have been recorded."""
_LONGEST = 2**31 - 1


def _id(column: Any) -> ColumnElement[int]:
    return func.coalesce(column, UNKNOWN)


def _number_of(day: Any) -> ColumnElement[int]:
    return func.coalesce(ordinal(day), NO_DAY)


def _patients(conditions: Conditions) -> Select[Any]:
    return select(
        Patient.sex.label("sex"),
        Patient.id.label("patient"),
        _number_of(Patient.birth_date).label("born"),
        _number_of(Patient.registered_on).label("registered"),
        _number_of(Patient.deceased_on).label("died"),
        case((func.trim(func.coalesce(Patient.mrn, "")) != "", 1), else_=0).label("has_mrn"),
    ).where(*conditions)


def _visits(conditions: Conditions) -> Select[Any]:
    each: tuple[Any, ...] = (
        Visit.local_day.label(DAY),
        Visit.status.label("status"),
        Visit.kind.label("kind"),
        Visit.local_hour.label("hour"),
        Visit.id.label("visit"),
        Visit.patient_id.label("patient"),
        _id(Visit.provider_id).label("provider"),
    )
    return select(*each).where(*conditions)


def _ended_visits(conditions: Conditions) -> Select[Any]:
    """Apart, for no index has the ends: one by one, each would be looked up in its place."""
    each: tuple[Any, ...] = (Visit.id.label("visit"), _number_of(Visit.local_day).label(DAY))
    return select(*each).where(Visit.ended_at.is_not(None), *conditions)


def _lengths(conditions: Conditions) -> Select[Any]:
    """Of visits that took place, without those of which the end, or the hour of the beginning, is not on record."""
    seconds = SecondsBetween(Visit.started_at, Visit.ended_at)
    is_timed = and_(Visit.local_hour.is_not(None), Visit.ended_at.is_not(None), seconds.between(0, _LONGEST))
    each: tuple[Any, ...] = (seconds.label("seconds"), _number_of(Visit.local_day).label(DAY))
    return select(*each).where(HAPPENED, is_timed, *conditions)


def _diagnoses(conditions: Conditions) -> Select[Any]:
    return select(
        *_spelling(Diagnosis),
        Diagnosis.verification_status.label("status"),
        Diagnosis.id.label("diagnosis"),
        Diagnosis.patient_id.label("patient"),
        _id(Diagnosis.visit_id).label("visit"),
        _number_of(Diagnosis.recorded_on).label(DAY),
    ).where(*conditions)


def _treatments(conditions: Conditions) -> Select[Any]:
    return select(
        Treatment.kind.label("kind"),
        *_spelling(Treatment),
        Treatment.patient_id.label("patient"),
        _number_of(Treatment.performed_on).label(DAY),
    ).where(*conditions)


def _outcomes(conditions: Conditions) -> Select[Any]:
    asked: list[Any] = [
        Treatment.performed_on.label(DAY),
        Treatment.kind.label("kind"),
        Treatment.outcome.label("outcome"),
        Treatment.patient_id.label("patient"),
        _id(Treatment.diagnosis_id).label("diagnosis"),
    ]
    return select(*asked).where(Treatment.performed_on.is_not(None), *conditions)


def _follow_ups(conditions: Conditions) -> Select[Any]:
    asked: list[Any] = [
        Treatment.follow_up_due_on.label(DAY),
        _number_of(Treatment.follow_up_done_on).label("done"),
        Treatment.patient_id.label("patient"),
    ]
    return select(*asked).where(Treatment.follow_up_due_on.is_not(None), *conditions)


def _measurements(conditions: Conditions) -> Select[Any]:
    each: tuple[Any, ...] = (
        Measurement.loinc.label("loinc"),
        Measurement.name.label("name"),
        Measurement.patient_id.label("patient"),
        _id(Measurement.visit_id).label("visit"),
        vital_told.single().label("told"),
        _number_of(Measurement.local_day).label(DAY),
    )
    return select(*each).where(*conditions)


def _pressures(conditions: Conditions) -> Select[Any]:
    pressure = vital_told.pressures(conditions).subquery()
    return select(pressure.c.patient_id.label("patient"), pressure.c.told, _number_of(pressure.c.local_day).label(DAY))


def _feedback(conditions: Conditions) -> Select[Any]:
    """With the visit that each names, if it is one of the same clinic."""
    named_visit = and_(Visit.id == Feedback.visit_id, Visit.clinic_id == Feedback.clinic_id)
    columns_of_it: tuple[Any, ...] = (
        feedback_terms.category_of(Feedback).label("category"),
        Visit.kind.label("kind"),
        Visit.status.label("status"),
        _id(Visit.id).label("visit"),
        _number_of(Visit.local_day).label("visited"),
        feedback_terms.rating().label("rating"),
        feedback_terms.hours().label("hours"),
        _number_of(Feedback.local_day).label(DAY),
    )
    return select(*columns_of_it).select_from(Feedback).outerjoin(Visit, named_visit).where(*conditions)


def _contacts(conditions: Conditions) -> Select[Any]:
    """Of the clinic's campaigns with its own patients."""
    contacted, *later = STEPS_OF_A_CONTACT
    reached = (CampaignContact.opened_at, CampaignContact.responded_at, CampaignContact.attended_at)
    last_first = [(at.is_not(None), step) for at, step in zip(reversed(reached), reversed(later), strict=True)]
    step = case(*last_first, else_=contacted)
    its_patient = and_(Patient.id == CampaignContact.patient_id, Patient.clinic_id == Campaign.clinic_id)
    return (
        select(
            step.label("step"),
            CampaignContact.campaign_id.label("campaign"),
            CampaignContact.patient_id.label("patient"),
            _number_of(CampaignContact.local_day).label(DAY),
        )
        .join(Campaign, Campaign.id == CampaignContact.campaign_id)
        .join(Patient, its_patient)
        .where(*conditions)
    )


def _spelling(model: Any) -> list[Any]:
    return [column.label(name) for name, column in zip(named.SPELLING, named.spelling_columns(model), strict=True)]


PATIENTS = Source(
    "patients", Patient.clinic_id, None, ("sex",),
    ("patient", "born", "registered", "died", "has_mrn"), _patients,
)  # fmt: skip
VISITS = Source(
    "visits", Visit.clinic_id, Visit.local_day, ("status", "kind", "hour"),
    ("patient", "visit", "provider"), _visits, is_by_day=True,
)  # fmt: skip
ENDED_VISITS = Source(
    "ended_visits", Unindexed(Visit.clinic_id), Unindexed(Visit.local_day), (), ("visit", DAY), _ended_visits
)
# No index has the ends of visits, and to look up each visit in the order of one takes longer than to read all of them.
LENGTHS = Source("lengths", Unindexed(Visit.clinic_id), Unindexed(Visit.local_day), (), ("seconds", DAY), _lengths)
DIAGNOSES = Source(
    "diagnoses", Diagnosis.clinic_id, Unindexed(Diagnosis.recorded_on), (*named.SPELLING, "status"),
    ("diagnosis", "patient", "visit", DAY), _diagnoses,
)  # fmt: skip
TREATMENTS = Source(
    "treatments", Treatment.clinic_id, Unindexed(Treatment.performed_on), ("kind", *named.SPELLING), ("patient", DAY),
    _treatments,
)  # fmt: skip
# No index has together all that is asked of a treatment, and to look up each in its place takes several times as long.
OUTCOMES = Source(
    "outcomes", Treatment.clinic_id, Treatment.performed_on, ("kind", "outcome"), ("patient", "diagnosis"), _outcomes,
    is_by_day=True,
)  # fmt: skip
FOLLOW_UPS = Source(
    "follow_ups", Treatment.clinic_id, Treatment.follow_up_due_on, (), ("done", "patient"), _follow_ups, is_by_day=True
)
FEEDBACK = Source(
    "feedback", Feedback.clinic_id, Feedback.local_day, ("category", "kind", "status"),
    ("visit", "visited", "rating", "hours", DAY), _feedback,
)  # fmt: skip
CONTACTS = Source(
    "contacts", Campaign.clinic_id, CampaignContact.local_day, ("step",), ("campaign", "patient", DAY), _contacts
)

MEASUREMENTS = Source(
    "measurements", Unindexed(Measurement.clinic_id), Unindexed(Measurement.local_day), ("loinc", "name"),
    ("patient", "visit", "told", DAY), _measurements,
)  # fmt: skip
PRESSURES = Source(
    "pressures", Unindexed(Measurement.clinic_id), Unindexed(Measurement.local_day), (),
    ("patient", "told", DAY), _pressures,
)  # fmt: skip

SOURCES = (
    PATIENTS, VISITS, ENDED_VISITS, LENGTHS, DIAGNOSES, TREATMENTS, OUTCOMES, FOLLOW_UPS, MEASUREMENTS, PRESSURES,
    FEEDBACK, CONTACTS,
)  # fmt: skip


def patients(connection: Connection, question: Question, filters: Iterable[Filter], *names: str) -> Columns:
    """Those columns of the patients whom the question asks about."""
    asked = narrowed(question, filters, "patient")
    return PATIENTS.read(connection, question.clinic_id, names, narrowed=asked)


def asked_about(connection: Connection, question: Question, filters: Iterable[Filter], records: Columns) -> Columns:
    """Those that are of the patients whom the question asks about. They must have the column "patient".

    That is faster than to have the database look up the patient of each record, and a copy can be used.
    """
    filters = tuple(filters)
    if not narrowed(question, filters, "patient"):
        return records
    asked = patients(connection, question, filters, "patient")
    return about(asked, records)


def about(patients: Columns, records: Columns) -> Columns:
    """The records that are of those patients."""
    return records.where(np.isin(records["patient"], patients["patient"]))


def visits(
    connection: Connection,
    question: Question,
    filters: Iterable[Filter],
    period: Period,
    *names: str,
    wanted: Conditions | None = None,
) -> Columns:
    """Those columns of the visits that the question asks about, of any status, on the days of the period."""
    return _asked(connection, question, filters, VISITS, "visit", period, names, wanted)


def visits_by_day(
    connection: Connection, question: Question, filters: Iterable[Filter], period: Period, *names: str
) -> dict[tuple[Any, ...], int]:
    """How many of these visits have the same day and the same in those columns: see Source.by_day()."""
    filters = tuple(filters)
    of_patients = counting.of_asked_patients(question, filters, Visit.patient_id)
    asked = [*narrowed(question, filters, "visit"), *of_patients]
    return VISITS.by_day(connection, question.clinic_id, names, period, asked)


def treatments(
    connection: Connection,
    question: Question,
    filters: Iterable[Filter],
    period: Period,
    *names: str,
    source: Source = TREATMENTS,
) -> Columns:
    """Those columns of the treatments that the question asks about, on the days of the period; of OUTCOMES that one, of
    FOLLOW_UPS those due in it."""
    return _asked(connection, question, filters, source, "treatment", period, names)


def _asked(
    connection: Connection,
    question: Question,
    filters: Iterable[Filter],
    source: Source,
    of: Subject,
    period: Period,
    names: tuple[str, ...],
    wanted: Conditions | None = None,
) -> Columns:
    filters = tuple(filters)
    if narrowed(question, filters, "patient"):
        names = (*names, "patient")  # by which asked_about() chooses
    found = source.read(connection, question.clinic_id, names, period, narrowed(question, filters, of), wanted)
    return asked_about(connection, question, filters, found)


def keep_up() -> None:
    """Have the copies of all clinics say what their records say now. Commits after each; needs an app context."""
    copies.keep_up(SOURCES)
