"""Whether patients came again soon: visits after which the same patient came within 30 days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import Connection, func, select

from webapp.content import filters, findings
from webapp.content.counting import HAPPENED, visits_of
from webapp.content.id_lists import ids, places, read
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Column, Definition, Section, Table
from webapp.models import Patient, Visit
from webapp.models.visit import NOT_COUNTED

DAYS = 30
NEVER = date.max.toordinal() + DAYS + 1
"""The day, counted as date.toordinal() does, on which a patient came next who did not come again."""

DEFINITION = Definition(
    f"Came again within {DAYS} days",
    f"Visits that took place in the period, after which the same patient came again 1 to {DAYS} days later, for "
    "whatever reason and to medical or dental care: planned returns are among them, so it is no measure of quality by "
    "itself. A second visit on the same day is no return. Only visits that could be followed are in the share: those "
    f"at least {DAYS} days before the clinic's latest visit on record, which may lie after the period.",
)


@dataclass(frozen=True, slots=True)
class Revisits:
    """Visits of the period, those that could be followed for DAYS, and those of them after which the patient came
    again."""

    visits: int = 0
    followed: int = 0
    again: int = 0

    @property
    def share(self) -> float | None:
        return findings.share(self.again, self.followed)

    def __add__(self, other: "Revisits") -> "Revisits":
        return Revisits(self.visits + other.visits, self.followed + other.followed, self.again + other.again)


def ask(
    connection: Connection, question: Question, about: tuple[filters.Filter, ...], asked: Sequence[Period]
) -> list[dict[str, Revisits]]:
    """Of each of those periods, by kind of the first visit: the kinds asked for."""
    kinds = [kind for kind in filters.KIND_WORDS if question.chosen.get("kind", kind) == kind]
    last = connection.scalar(select(func.max(Visit.local_day)).where(Visit.clinic_id == question.clinic_id, HAPPENED))
    if last is None or not kinds:
        return [{} for _ in asked]
    found: dict[tuple[date, str], Revisits] = {}
    for stretch in _stretches(asked):
        found |= _by_day(connection, question, about, stretch, last)
    return [{kind: _of(found, kind, period) for kind in kinds} for period in asked]


def _of(found: Mapping[tuple[date, str], Revisits], kind: str, period: Period) -> Revisits:
    those = (of for (day, its_kind), of in found.items() if its_kind == kind and period[0] <= day <= period[1])
    return sum(those, Revisits())


def _stretches(asked: Iterable[Period]) -> list[Period]:
    """The days to be read, each once: those of the periods, and those on which their patients may have come again."""
    stretches: list[Period] = []
    for start, end in sorted(asked):
        until = end + timedelta(days=DAYS)
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(stretches[-1][1], until)
        else:
            stretches.append((start, until))
    return stretches


def _by_day(
    connection: Connection, question: Question, about: tuple[filters.Filter, ...], stretch: Period, last: date
) -> dict[tuple[date, str], Revisits]:
    """By day and kind; of the last DAYS of the stretch not all who came again are known.

    Goes back from the last day, and so has at hand on which later day a patient came first. The groups are those of
    ix_visits_figures, which the database reads as they stand: a window over each patient's days takes three times as
    long.
    """
    group = (Visit.local_day, Visit.status, Visit.kind)
    query = select(*group, ids(Visit.patient_id)).where(*visits_of(question, about, stretch)).group_by(*group)
    groups = [(day, kind, text) for day, status, kind, text in connection.execute(query) if status not in NOT_COUNTED]
    groups.sort(key=lambda group: group[0], reverse=True)
    following = places(connection, Patient, NEVER)
    found: dict[tuple[date, str], Revisits] = defaultdict(Revisits)
    for day, of_day in groupby(groups, key=lambda group: group[0]):
        came = [(kind, read(text)) for _, kind, text in of_day]
        is_followed, today = day <= last - timedelta(days=DAYS), day.toordinal()
        soon = today + DAYS
        for kind, patients in came:
            again = len([1 for patient in patients if following[patient] <= soon]) if is_followed else 0
            found[day, kind] += Revisits(len(patients), len(patients) if is_followed else 0, again)
        for _, patients in came:
            for patient in patients:
                following[patient] = today
    return found


def total(by_kind: Mapping[str, Revisits]) -> Revisits:
    return sum(by_kind.values(), Revisits())


def section(by_kind: Mapping[str, Revisits]) -> Section | None:
    everything = total(by_kind)
    if not everything.followed:
        return None
    columns = (
        Column("kind", "Visits"),
        Column("visits", "Took place", "count"),
        Column("followed", f"Followed for {DAYS} days", "count"),
        Column("again", "Came again", "count"),
        Column("share", "Share of those followed", "percent", decimals=1),
    )
    rows = tuple((filters.KIND_WORDS[kind], *_cells(found)) for kind, found in by_kind.items())
    whole = (findings.ALL, *_cells(everything)) if len(rows) > 1 else None
    table = Table("revisits", f"Visits after which the patient came again within {DAYS} days", columns, rows, whole)
    return Section("revisits", f"Came again within {DAYS} days", tables=(table,))


def _cells(found: Revisits) -> tuple[int | float | None, ...]:
    return found.visits, found.followed, found.again, found.share
