"""What was found and done, and how it went, read from the database: the counts behind the treatment outcomes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, false, func, select

from webapp.content import coverage, filters, findings, follow_ups, intervals, named, periods, presence, sources
from webapp.content.answer import OfPeriod
from webapp.content.columns import DAY, UNKNOWN, Columns, looked_up
from webapp.content.counting import Unindexed, month_key, of_asked_patients, treatments_of
from webapp.content.follow_ups import FollowUps
from webapp.content.named import TopList
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.content.treatment_outcomes import revisits
from webapp.content.treatment_outcomes.revisits import Revisits
from webapp.figures import Excluded, Rows
from webapp.models import Diagnosis, Treatment, Visit
from webapp.models.diagnosis import NOT_HELD
from webapp.models.treatment import OUTCOMES

KIND = replace(
    filters.KIND,
    label="Care",
    of="treatment",
    condition=lambda value, _on: Treatment.kind == value if value in filters.KIND_WORDS else false(),
)
FILTERS = (KIND, filters.AGE, filters.SEX)
STEPS = 6


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Treatments by how they went, as models.treatment.OUTCOMES names it."""

    successful: int = 0
    improved: int = 0
    unchanged: int = 0
    worse: int = 0
    unknown: int = 0

    @property
    def all(self) -> int:
        return self.known + self.unknown

    @property
    def known(self) -> int:
        return self.succeeded + self.unchanged + self.worse

    @property
    def succeeded(self) -> int:
        return self.successful + self.improved

    @property
    def rate(self) -> intervals.Interval | None:
        """The success rate."""
        return intervals.wilson(self.succeeded, self.known)

    @property
    def percent(self) -> float | None:
        return self.rate.value if self.rate else None

    def __add__(self, other: "Outcomes") -> "Outcomes":
        return Outcomes(*(getattr(self, outcome) + getattr(other, outcome) for outcome in OUTCOMES))


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database.

    `by_diagnosis` has the diagnoses treated most often, then all others, then the treatments without one; `by_kind`
    the kinds asked for; `months` are in order, none of them before the records begin. What ends in `_before` is of
    the earlier period. `records_begin` is the day of the clinic's first visit of any status or, where it has none, of
    its first treatment or diagnosis.
    """

    question: Question
    rows: Rows
    diagnoses: TopList
    diagnoses_before: int
    treatments: TopList
    by_diagnosis: dict[str, Outcomes]
    by_kind: dict[str, Outcomes]
    before: Outcomes
    months: dict[str, Outcomes]
    follow_ups: FollowUps
    follow_ups_before: FollowUps
    revisits: dict[str, Revisits]
    revisits_before: dict[str, Revisits]
    records_begin: date | None

    @property
    def total(self) -> Outcomes:
        return sum(self.by_kind.values(), Outcomes())


def count(connection: Connection, question: Question) -> tuple[int, str]:
    status = Diagnosis.verification_status
    asked = [
        Diagnosis.clinic_id == question.clinic_id,
        Unindexed(Diagnosis.recorded_on).between(*question.days),
        *of_asked_patients(question, FILTERS, Diagnosis.patient_id),
    ]
    by_status = select(status, func.count()).select_from(Diagnosis).where(*asked).group_by(status)
    kind = question.chosen.get("kind")
    if kind:
        of_kind = filters.KIND.condition(kind, question.end)
        by_status = by_status.join(Visit, Visit.id == Diagnosis.visit_id).where(of_kind)
    performed = [*treatments_of(question, FILTERS), Treatment.performed_on.between(*question.days)]
    treatments = connection.scalar(select(func.count()).select_from(Treatment).where(*performed)) or 0
    statuses = {status: found for status, found in connection.execute(by_status)}  # noqa: C416
    rows = _rows(statuses, treatments)
    return rows.used, rows.noun


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    now, then = question.days, question.earlier
    diagnosed = _diagnosed(connection, question)
    diagnoses = named.top_list(named.by_spelling(diagnosed.of_period, "patient"))
    step(1, STEPS)
    shown = periods.months_up_to(question.start, question.end)
    treated = _treated(connection, question, (min(shown[0], then[0]), question.end))
    in_period = treated.within(now)
    by_kind = {
        kind: _outcomes(in_period.where(in_period.is_one_of("kind", [kind])))
        for kind in filters.KIND_WORDS
        if question.chosen.get("kind", kind) == kind
    }
    by_diagnosis = _by_diagnosis(diagnosed.held, in_period)
    step(2, STEPS)
    given = sources.treatments(connection, question, FILTERS, now, *named.SPELLING, "patient")
    treatments = named.top_list(named.by_spelling(given, "patient"))
    begin = _records_begin(connection, question.clinic_id)
    of_months = {key: _outcomes(treated.within(periods.month_named(key))) for key in map(month_key, shown)}
    months = coverage.months(of_months, begin)
    step(3, STEPS)
    due, due_before = follow_ups.ask(connection, question, FILTERS, (now, then))
    step(4, STEPS)
    again, again_before = revisits.ask(connection, question, FILTERS, (now, then))
    step(5, STEPS)
    return Answer(
        question, _rows(diagnosed.statuses, len(in_period)), diagnoses, diagnosed.before, treatments, by_diagnosis,
        by_kind, _outcomes(treated.within(then)), months, due, due_before, again, again_before, begin,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Diagnosed:
    """Diagnoses of the period by verification status, those of them that are held, and how many of the earlier period
    are. `held` are all that the clinic ever held, whomever the question asks about."""

    statuses: dict[str | None, int]
    of_period: Columns
    before: int
    held: Columns


def _diagnosed(connection: Connection, question: Question) -> _Diagnosed:
    names = (*named.SPELLING, "status", "diagnosis", "patient", DAY, *(("visit",) if "kind" in question.chosen else ()))
    every = sources.DIAGNOSES.read(connection, question.clinic_id, names)
    asked = sources.asked_about(connection, question, FILTERS, _of_asked_visits(connection, question, every))
    now, before = asked.within(question.days), _held(asked.within(question.earlier))
    return _Diagnosed(now.counts("status"), _held(now), len(before), _held(every))


def _held(diagnoses: Columns) -> Columns:
    return diagnoses.where(~diagnoses.is_one_of("status", NOT_HELD))


def _of_asked_visits(connection: Connection, question: Question, diagnoses: Columns) -> Columns:
    """Where one kind is asked for, those of its visits."""
    if "kind" not in question.chosen:
        return diagnoses
    visits = sources.VISITS.read(connection, question.clinic_id, ("visit", "kind"))
    of_kind = visits.where(visits.is_one_of("kind", [question.chosen["kind"]]))
    return diagnoses.where(np.isin(diagnoses["visit"], of_kind["visit"]))


def _rows(statuses: Mapping[str | None, int], treatments: int) -> Rows:
    """Diagnoses and treatments of the period."""
    read_in_all = sum(statuses.values()) + treatments
    excluded = tuple(
        Excluded(f"diagnoses {told}", statuses[status]) for status, told in NOT_HELD.items() if status in statuses
    )
    return Rows("records", read_in_all, read_in_all - sum(item.count for item in excluded), excluded)


def _treated(connection: Connection, question: Question, period: Period) -> Columns:
    names = (DAY, "kind", "outcome", "diagnosis")
    return sources.treatments(connection, question, FILTERS, period, *names, source=sources.OUTCOMES)


def _outcomes(treated: Columns) -> Outcomes:
    return Outcomes(**treated.counts("outcome"))


def _by_diagnosis(held: Columns, treated: Columns) -> dict[str, Outcomes]:
    """How treatments went, by diagnosis."""
    place = looked_up(treated["diagnosis"], held["diagnosis"], np.arange(len(held)), UNKNOWN)
    is_held = place != UNKNOWN
    diagnoses = held.where(place[is_held]).having(outcome=treated["outcome"][is_held])
    found: defaultdict[named.Spelling, Outcomes] = defaultdict(Outcomes)
    for (system, code, name, outcome), number in diagnoses.counts(*named.SPELLING, "outcome").items():
        found[system, code, name] += Outcomes(**{treated.texts["outcome"][outcome]: number})
    ranked = named.ranked({spelling: outcomes.all for spelling, outcomes in found.items()})
    rows = {item.label: _together(found[way] for way in item.spellings) for item in ranked[: named.MOST]}
    others = _together(found[way] for item in ranked[named.MOST :] for way in item.spellings)
    without = _outcomes(treated.where(~is_held))
    rows |= {findings.ALL_OTHERS: others} if others.all else {}
    return rows | ({named.NO_DIAGNOSIS: without} if without.all else {})


def _together(found: Iterable[Outcomes]) -> Outcomes:
    return sum(found, Outcomes())


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    def first(day: Any, of: Any) -> date | None:
        found: date | None = connection.scalar(select(func.min(day)).where(of == clinic_id))
        return found

    visit = presence.first_visit(connection, clinic_id)
    others = (first(Treatment.performed_on, Treatment.clinic_id), first(Diagnosis.recorded_on, Diagnosis.clinic_id))
    return visit or min(filter(None, others), default=None)
