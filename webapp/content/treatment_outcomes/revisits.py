"""Whether patients came again soon: visits after which the same patient came within 30 days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection, func, select

from webapp.content import filters, findings, presence, sources
from webapp.content.columns import DAY, Columns
from webapp.content.counting import HAPPENED
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Column, Definition, Section, Table
from webapp.models import Visit

DAYS = 30

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
    found = [dict.fromkeys(kinds, Revisits()) for _ in asked]
    for stretch in _stretches(asked):
        came = _followed(_came(connection, question, about, stretch), last)
        for period, by_kind in zip(asked, found, strict=True):
            for (kind, is_followed, is_again), visits in (
                came.within(period).counts("kind", "followed", "again").items()
            ):
                if kind in by_kind:
                    by_kind[kind] += Revisits(visits, visits * is_followed, visits * is_again)
    return found


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


def _came(connection: Connection, question: Question, about: tuple[filters.Filter, ...], stretch: Period) -> Columns:
    """The visits of that stretch that took place."""
    visits = sources.visits(connection, question, about, stretch, DAY, "status", "kind", "patient", wanted=[HAPPENED])
    return presence.took_place(visits)


def _followed(came: Columns, last: date) -> Columns:
    """The same visits by day and kind, and whether each could be `followed` until that last day, and the patient came
    `again`; of the last DAYS of a stretch not all who did are known.

    Each visit is one number, so that one sort has them by patient, day and kind. After the days of a patient follow
    DAYS on which nobody came, so that the first of the next is no return.
    """
    if not len(came):
        return came.having(followed=came["patient"], again=came["patient"])
    first, kinds = int(came[DAY].min()), len(came.texts["kind"])
    days = int(came[DAY].max()) - first + 1 + DAYS
    # In place, for there may be a million of them.
    visits = came["patient"].astype(np.int64)
    for numbers, span in ((came[DAY] - first, days), (came["kind"], kinds)):
        visits *= span
        visits += numbers
    visits.sort()
    kind = (visits % kinds).astype(np.int32)
    visits //= kinds
    begins = np.flatnonzero(np.diff(visits, prepend=-1))
    each_once = visits[begins]
    comes_again = np.diff(each_once, append=each_once[-1] + DAYS + 1) <= DAYS
    again = np.repeat(comes_again, np.diff(begins, append=len(visits)))
    visits %= days
    day = visits.astype(np.int32) + first
    followed = day <= last.toordinal() - DAYS
    return Columns({DAY: day, "kind": kind, "followed": followed, "again": again & followed}, came.texts)


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
