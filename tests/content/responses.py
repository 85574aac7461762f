"""Responses of patients, as tests of the feedback analysis have them."""

from typing import Any

from sqlalchemy import func, insert, select

from tests.factories import add_feedback
from webapp.extensions import db
from webapp.models import Clinic, Feedback


def say(clinic: Clinic, ratings: list[int | None], at: str = "2026-10-05 10:00", **values: Any) -> None:
    """A response for each rating, all else alike."""
    one = add_feedback(clinic, at, ratings[0], **values)
    alike = {column.name: getattr(one, column.name) for column in Feedback.__table__.columns if column.name != "id"}
    if ratings[1:]:
        db.session.execute(insert(Feedback), [{**alike, "rating": rating} for rating in ratings[1:]])
        db.session.commit()


def number_of(clinic: Clinic, name: str) -> str:
    """What the filter calls a category: the id of its first response."""
    first = select(func.min(Feedback.id)).where(Feedback.clinic_id == clinic.id, func.trim(Feedback.category) == name)
    return str(db.session.scalar(first))
