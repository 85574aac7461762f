"""Who of the clinic's patients was there in a period: on the books, new, with a visit that took place."""

from datetime import date

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, func, not_, select

from webapp.content.columns import NO_DAY, Columns, Mask, Numbers, grouped, looked_up
from webapp.content.counting import Conditions
from webapp.content.periods import Period
from webapp.models import Patient, Visit
from webapp.models.visit import NOT_COUNTED


def on_the_books(period: Period) -> Conditions:
    """Known to the clinic by the last day, and alive on the first."""
    return [not_(_registered_later(period)), not_(_died_earlier(period))]


def _registered_later(period: Period) -> ColumnElement[bool]:
    return and_(Patient.registered_on.is_not(None), Patient.registered_on > period[1])


def _died_earlier(period: Period) -> ColumnElement[bool]:
    return and_(Patient.deceased_on.is_not(None), Patient.deceased_on < period[0])


def is_on_the_books(everybody: Columns, period: Period) -> Mask:
    """As on_the_books() says of a row."""
    return ~came_later(everybody, period) & ~has_gone(everybody, period)


def came_later(everybody: Columns, period: Period) -> Mask:
    return everybody["registered"] > period[1].toordinal()


def has_gone(everybody: Columns, period: Period) -> Mask:
    died = everybody["died"]
    return (died != NO_DAY) & (died < period[0].toordinal())


def is_new(everybody: Columns, period: Period) -> Mask:
    return everybody.is_within(period, "registered")


def took_place(visits: Columns) -> Columns:
    return visits.where(~visits.is_one_of("status", NOT_COUNTED))


def has_come(everybody: Columns, happened: Columns, period: Period) -> Mask:
    """Whether each patient has one of those visits in the period."""
    return np.isin(everybody["patient"], happened["patient"][happened.is_within(period)])


def times_came(everybody: Columns, happened: Columns, period: Period) -> Numbers:
    """How many of those visits each patient has in the period."""
    (who,), times = grouped(happened["patient"][happened.is_within(period)])
    return looked_up(everybody["patient"], who, times, 0)


def records_begin(connection: Connection, clinic_id: int) -> tuple[date | None, date | None]:
    """The day of the clinic's first registration or visit, and that of its first visit of any status."""
    registered = connection.scalar(select(func.min(Patient.registered_on)).where(Patient.clinic_id == clinic_id))
    visited = first_visit(connection, clinic_id)
    return min(filter(None, (registered, visited)), default=None), visited


def first_visit(connection: Connection, clinic_id: int) -> date | None:
    """The day of the clinic's first visit of any status."""
    return connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == clinic_id))
