"""Visits by day, kind and hour, from which counts of visits are added up.

The database looks at each visit once, in the index ix_visits_figures alone, and hands over some thousand tallies: that
is several times faster than to have it count months, weekdays, hours and days each by itself.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from webapp.content.counting import rows_by_status, visits_of
from webapp.content.filters import Filter
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Rows
from webapp.models import Visit
from webapp.models.visit import NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Tally:
    """So many visits of one kind that took place began on that day, in that hour on the clinic's wall: None where the
    hour is not recorded, or was not asked for."""

    day: date
    kind: str
    hour: int | None
    visits: int


def of_period(connection: Connection, question: Question, filters: Iterable[Filter]) -> tuple[Rows, list[Tally]]:
    """The visits of the question's own days: those read, of any status, and the tallies of those that took place."""
    group = (Visit.local_day, Visit.status, Visit.kind, Visit.local_hour)
    query = select(*group, func.count()).where(*visits_of(question, filters, question.days)).group_by(*group)
    found: dict[str, int] = defaultdict(int)
    by_hour: dict[tuple[date, str, int | None], int] = defaultdict(int)
    for day, status, kind, hour, visits in connection.execute(query):
        found[status] += visits
        if status not in NOT_COUNTED:
            by_hour[day, kind, hour] += visits
    return rows_by_status(found), [Tally(*place, visits) for place, visits in by_hour.items()]


def by_day(connection: Connection, question: Question, filters: Iterable[Filter], period: Period) -> list[Tally]:
    """The visits of any days that took place, without their hours."""
    # In the order of the index, so that no database sorts the visits; a condition on the status would cost that order.
    group = (Visit.local_day, Visit.status, Visit.kind)
    found: dict[tuple[date, str], int] = defaultdict(int)
    counted = connection.execute(
        select(*group, func.count()).where(*visits_of(question, filters, period)).group_by(*group)
    )
    for day, status, kind, visits in counted:
        if status not in NOT_COUNTED:
            found[day, kind] += visits
    return [Tally(*place, None, visits) for place, visits in found.items()]
