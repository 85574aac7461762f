"""Visits by day, kind and hour, from which counts of visits are added up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from webapp.content import sources
from webapp.content.counting import rows_by_status
from webapp.content.filters import Filter
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Rows
from webapp.models.visit import NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Tally:
    """So many visits of one kind that took place began on that day, in that hour on the clinic's wall: None where the
    hour is not recorded."""

    day: date
    kind: str
    hour: int | None
    visits: int


def read(
    connection: Connection, question: Question, filters: Iterable[Filter], period: Period
) -> tuple[Rows, list[Tally]]:
    """The visits of the question's own days, of any status; and the tallies of those of the period that took place."""
    by_status: Counter[str] = Counter()
    by_hour: Counter[tuple[date, str, int | None]] = Counter()
    counts = sources.visits_by_day(connection, question, filters, period, "status", "kind", "hour")
    for (day, status, kind, hour), visits in counts.items():
        if question.start <= day <= question.end:
            by_status[status] += visits
        if status not in NOT_COUNTED:
            by_hour[day, kind, hour] += visits
    return rows_by_status(by_status), [Tally(*place, visits) for place, visits in by_hour.items()]
