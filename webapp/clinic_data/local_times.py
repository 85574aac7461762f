"""What follows from a clinic's time zone and is stored beside it: local days and hours, and first visits."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, update

from webapp.clock import LocalTime
from webapp.extensions import db
from webapp.models import Patient, Visit
from webapp.models.visit import NOT_COUNTED


def visit_columns(there: LocalTime, hour: int | None) -> dict[str, Any]:
    """The local_ columns of a visit."""
    return {"local_day": there.day, "local_month": there.month, "local_weekday": there.weekday, "local_hour": hour}


def register_by_first_visit(clinic_id: int, patient_ids: Iterable[int] | None = None) -> None:
    """Set registered_on to the local day of the first visit that took place, where that changes it.

    Only for patients of another system that gives no day of registration, which is so for FHIR; of all of them unless
    some are named.
    """
    took_place = Visit.status.not_in(list(NOT_COUNTED))
    first = (
        select(func.min(Visit.local_day))
        .where(Visit.patient_id == Patient.id, took_place)
        .correlate(Patient)
        .scalar_subquery()
    )
    of = [Patient.clinic_id == clinic_id, Patient.source_id.is_not(None)]
    if patient_ids is not None:
        of.append(Patient.id.in_(sorted(patient_ids)))
    change = update(Patient).where(*of, Patient.registered_on.is_distinct_from(first)).values(registered_on=first)
    db.session.execute(change, execution_options={"synchronize_session": False})
