"""The rows of a clinic as they lie in the database, for counting them a second time."""

from typing import Any

from sqlalchemy import select

from tests.content.recount import Row
from webapp.extensions import db
from webapp.models import (
    AuditEntry,
    Campaign,
    CampaignContact,
    Clinic,
    Diagnosis,
    Download,
    Feedback,
    Measurement,
    Patient,
    Person,
    Provider,
    Report,
    Treatment,
    Visit,
)

OF_CLINICS = (Provider, Patient, Visit, Diagnosis, Measurement, Treatment, Feedback, Campaign, Person, Report)
BY_THEM = ((CampaignContact, Campaign), (Download, Report))
"""Tables without the clinic, each with the one that has it."""


def raw(model: Any, clinic: Clinic) -> list[Row]:
    columns = model.__table__
    return [dict(row) for row in db.session.execute(select(columns).where(columns.c.clinic_id == clinic.id)).mappings()]


def rows_of(clinic: Clinic) -> dict[str, list[Row]]:
    """All of them, by the name of their table; of the audit log, what its people did."""
    found = {model.__tablename__: raw(model, clinic) for model in OF_CLINICS}
    for of, owner in BY_THEM:
        table, has_clinic = of.__table__, owner.__table__
        query = select(table).join(has_clinic).where(has_clinic.c.clinic_id == clinic.id)
        found[of.__tablename__] = [dict(row) for row in db.session.execute(query).mappings()]
    log, people = AuditEntry.__table__, [person["id"] for person in found["people"]]
    query = select(log).where(log.c.person_id.in_(people))
    found[log.name] = [dict(row) for row in db.session.execute(query).mappings()]
    return found
