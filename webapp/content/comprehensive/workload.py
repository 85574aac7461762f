"""How much work was done and how long it took: visits a day, minutes of a visit, and the reports of the clinic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, func, select

from webapp import clock
from webapp.content import findings, periods
from webapp.content.columns import DAY, UNKNOWN, Columns, middle_two
from webapp.content.counting import SecondsBetween, how_many
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.sources import LENGTHS
from webapp.models import Download, Report

MADE = ("ready", "expired")
FORMATS = {"pdf": "PDF", "excel": "Excel", "csv": "CSV", "json": "JSON"}
SHORTEST, LONGEST = 60, 24 * 60 * 60
"""Seconds of a visit: one outside these was not timed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Reports of one template and format asked for in the period: their number, and how many were made or failed."""

    template: str
    format: str
    asked: int
    made: int
    failed: int


@dataclass(frozen=True, slots=True)
class Work:
    """Visits, the days with any, visits with a provider and the days on which each of these had visits, added up; the
    middle length of a visit and how many have one; reports, downloads, and the middle of the seconds from asking to
    having a report. Middles are None where there is nothing in the middle of."""

    visits: int
    days: int
    provided: int
    provider_days: int
    timed: int
    minutes: float | None
    asked: int
    made: int
    failed: int
    seconds: float | None
    downloads: dict[str, int]

    @property
    def a_day(self) -> float | None:
        return findings.ratio(self.visits, self.days)

    @property
    def a_provider(self) -> float | None:
        """Visits of one provider on one day."""
        return findings.ratio(self.provided, self.provider_days)


def of(connection: Connection, question: Question, asked: Sequence[Period], happened: Columns) -> list[Work]:
    """Of each of those periods. `happened` are the visits of their days at least, those that took place."""
    timed = LENGTHS.read(connection, question.clinic_id, ("seconds", DAY), periods.around(*asked))
    timed = timed.where((timed["seconds"] >= SHORTEST) & (timed["seconds"] <= LONGEST))
    return [_of(connection, question, period, happened.within(period), timed.within(period)) for period in asked]


def _of(connection: Connection, question: Question, period: Period, happened: Columns, timed: Columns) -> Work:
    provided = happened.where(happened["provider"] != UNKNOWN)
    length = middle_two(timed["seconds"])
    asked_for, is_made = _asked_in(question, period), Report.status.in_(MADE)
    counts = select(func.count(), how_many(is_made), how_many(Report.status == "failed"))
    asked, made, failed = connection.execute(counts.where(*asked_for)).one()
    wait = SecondsBetween(Report.asked_at, Report.finished_at)
    waits = middle_two(np.array(connection.scalars(select(wait).where(*asked_for, is_made)).all(), np.int64))
    return Work(
        visits=len(happened),
        days=len(happened.distinct(DAY)),
        provided=len(provided),
        provider_days=len(provided.distinct(DAY, "provider")),
        timed=len(timed),
        minutes=findings.ratio(sum(length), 120) if length else None,
        asked=asked,
        made=made,
        failed=failed,
        seconds=sum(waits) / 2 if waits else None,
        downloads=_downloads(connection, question, period),
    )


def _asked_in(question: Question, period: Period) -> tuple[Any, ...]:
    first, after = periods.moments(period, question.timezone)
    return Report.clinic_id == question.clinic_id, Report.asked_at >= first, Report.asked_at < after


def _downloads(connection: Connection, question: Question, period: Period) -> dict[str, int]:
    """By format; of reports that are still there, for downloads go with them."""
    first, after = periods.moments(period, question.timezone)
    query = (
        select(Download.format, func.count())
        .join(Report, Report.id == Download.report_id)
        .where(Report.clinic_id == question.clinic_id, Download.at >= first, Download.at < after)
        .group_by(Download.format)
    )
    found = {name: number for name, number in connection.execute(query)}  # noqa: C416
    return {name: found.get(name, 0) for name in FORMATS}


def asked(connection: Connection, question: Question) -> tuple[Asked, ...]:
    keys = (Report.template, Report.format)
    counts = (func.count(), how_many(Report.status.in_(MADE)), how_many(Report.status == "failed"))
    query = select(*keys, *counts).where(*_asked_in(question, question.days)).group_by(*keys)
    return tuple(sorted((Asked(*row) for row in connection.execute(query)), key=lambda one: (one.template, one.format)))


def made(connection: Connection, question: Question, steps: list[Period]) -> tuple[int, ...]:
    """Reports asked for in each step and made."""
    columns = [how_many(and_(*_asked_in(question, period), Report.status.in_(MADE))) for period in steps]
    of_all = (steps[0][0], steps[-1][1])
    return tuple(map(int, connection.execute(select(*columns).where(*_asked_in(question, of_all))).one()))


def reports_begin(connection: Connection, question: Question) -> date | None:
    """The day on which the first report was asked for."""
    first = connection.scalar(select(func.min(Report.asked_at)).where(Report.clinic_id == question.clinic_id))
    return None if first is None else clock.local(first, question.timezone).day
