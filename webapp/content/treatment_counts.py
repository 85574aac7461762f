"""What was found and done, and how it went, read from the database: the counts behind the treatment outcomes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, false, func, or_, select

from webapp.content import coverage, filters, follow_ups, intervals, named, periods, revisits
from webapp.content.answer import OfPeriod
from webapp.content.counting import month_key, of_asked_patients, treatments_of
from webapp.content.follow_ups import FollowUps
from webapp.content.named import TopList
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.revisits import Revisits
from webapp.content.template import Step
from webapp.figures import Excluded, Rows
from webapp.models import Diagnosis, Treatment, Visit

KIND = replace(
    filters.KIND,
    label="Care",
    of="treatment",
    condition=lambda value, _on: Treatment.kind == value if value in filters.KIND_WORDS else false(),
)
FILTERS = (KIND, filters.AGE, filters.SEX)
MOST_MONTHS = 60
STEPS = 6

NOT_HELD = {"refuted": "refuted", "entered-in-error": "entered in error"}
"""The verification statuses of diagnoses that the patient does not have, and how a reader is told of them."""


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
        return Outcomes(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


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
    diagnoses = _diagnoses(question, question.days, func.count()).where(_is_held())
    treatments = select(func.count()).select_from(Treatment).where(*_performed(question, question.days))
    return (connection.scalar(diagnoses) or 0) + (connection.scalar(treatments) or 0), "records"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    now, then = question.days, question.earlier
    by_status = _spellings(connection, question)
    held = _diagnoses(question, now).where(_is_held())
    diagnoses = named.top_list(connection, Diagnosis, held, _held(by_status))
    before = connection.scalar(_diagnoses(question, then, func.count()).where(_is_held())) or 0
    step(1, STEPS)
    performed = select(Treatment.id).where(*_performed(question, now))
    treatments = named.top_list(connection, Treatment, performed, named.counted(connection, Treatment, performed))
    rows = _rows({status: sum(counts.values()) for status, counts in by_status.items()}, treatments.records)
    by_diagnosis, by_kind = _outcomes(connection, question)
    step(2, STEPS)
    begin = _records_begin(connection, question.clinic_id)
    months, outcomes_before = _by_day(connection, question)
    months = coverage.months(months, begin)
    step(3, STEPS)
    asked = treatments_of(question, FILTERS)
    due, due_before = follow_ups.ask(connection, question.clinic_id, asked, now, then)
    step(4, STEPS)
    again, again_before = (revisits.ask(connection, question, FILTERS, period) for period in (now, then))
    step(5, STEPS)
    return Answer(
        question, rows, diagnoses, before, treatments, by_diagnosis, by_kind, outcomes_before, months,
        due, due_before, again, again_before, begin,
    )  # fmt: skip


def _performed(question: Question, period: Period) -> list[Any]:
    return [*treatments_of(question, FILTERS), Treatment.performed_on.between(*period)]


def _diagnoses(question: Question, period: Period, *columns: Any) -> Select[Any]:
    """Diagnoses recorded in the period; where one kind is asked for, those of its visits."""
    query = select(*(columns or (Diagnosis.id,))).select_from(Diagnosis)
    kind = question.chosen.get("kind")
    if kind:
        query = query.join(Visit, and_(Visit.id == Diagnosis.visit_id, filters.KIND.condition(kind, question.end)))
    return query.where(
        Diagnosis.clinic_id == question.clinic_id,
        Diagnosis.recorded_on.between(*period),
        *of_asked_patients(question, FILTERS, Diagnosis.patient_id),
    )


def _is_held() -> Any:
    return or_(Diagnosis.verification_status.is_(None), Diagnosis.verification_status.not_in(list(NOT_HELD)))


def _spellings(connection: Connection, question: Question) -> dict[str | None, dict[named.Spelling, int]]:
    """Diagnoses of the period, by verification status."""
    keys = (Diagnosis.verification_status, *named.spelling_columns(Diagnosis))
    found: defaultdict[str | None, dict[named.Spelling, int]] = defaultdict(dict)
    query = _diagnoses(question, question.days, *keys, func.count()).group_by(*keys)
    for status, system, code, name, count in connection.execute(query):
        found[status][system, code, name] = count
    return found


def _held(by_status: Mapping[str | None, Mapping[named.Spelling, int]]) -> dict[named.Spelling, int]:
    together: Counter[named.Spelling] = Counter()
    for status, counts in by_status.items():
        if status not in NOT_HELD:
            together.update(counts)
    return dict(together)


def _rows(diagnoses: Mapping[str | None, int], treatments: int) -> Rows:
    """Diagnoses by verification status, and treatments."""
    read = sum(diagnoses.values()) + treatments
    excluded = tuple(
        Excluded(f"diagnoses {told}", diagnoses[status]) for status, told in NOT_HELD.items() if status in diagnoses
    )
    return Rows("records", read, read - sum(item.count for item in excluded), excluded)


def _outcomes(connection: Connection, question: Question) -> tuple[dict[str, Outcomes], dict[str, Outcomes]]:
    """How treatments went, by diagnosis and by kind."""
    its_own = and_(Diagnosis.id == Treatment.diagnosis_id, Diagnosis.clinic_id == question.clinic_id, _is_held())
    keys = (*named.spelling_columns(Diagnosis), Treatment.kind, Treatment.outcome)
    query = (
        select(*keys, func.count())
        .select_from(Treatment)
        .outerjoin(Diagnosis, its_own)
        .where(*_performed(question, question.days))
        .group_by(*keys)
    )
    by_spelling: defaultdict[named.Spelling, Outcomes] = defaultdict(Outcomes)
    by_kind = {kind: Outcomes() for kind in filters.KIND_WORDS if question.chosen.get("kind", kind) == kind}
    without = Outcomes()
    for system, code, name, kind, outcome, count in connection.execute(query):
        found = Outcomes(**{outcome: count})
        by_kind[kind] += found
        if name is None:
            without += found
        else:
            by_spelling[system, code, name] += found
    ranked = named.ranked({spelling: found.all for spelling, found in by_spelling.items()})
    rows = {item.label: _together(by_spelling[way] for way in item.spellings) for item in ranked[: named.MOST]}
    others = _together(by_spelling[way] for item in ranked[named.MOST :] for way in item.spellings)
    rows |= {named.ALL_OTHERS: others} if others.all else {}
    return rows | ({named.NO_DIAGNOSIS: without} if without.all else {}), by_kind


def _together(found: Iterable[Outcomes]) -> Outcomes:
    return sum(found, Outcomes())


def _by_day(connection: Connection, question: Question) -> tuple[dict[str, Outcomes], Outcomes]:
    """The months of periods.months_up_to(), those without treatments too, the last one up to the question's end; and
    the earlier period."""
    shown, then = periods.months_up_to(question.start, question.end, MOST_MONTHS), question.earlier
    day: Any = Treatment.performed_on
    looked_at = _performed(question, (min(shown[0], then[0]), max(question.end, then[1])))
    query = select(day, Treatment.outcome, func.count()).where(*looked_at).group_by(day, Treatment.outcome)
    months = {month_key(first): Counter[str]() for first in shown}
    before = Counter[str]()
    for on, outcome, count in connection.execute(query):
        if month_key(on) in months and on <= question.end:
            months[month_key(on)][outcome] += count
        if then[0] <= on <= then[1]:
            before[outcome] += count
    return {key: Outcomes(**found) for key, found in months.items()}, Outcomes(**before)


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    def first(day: Any, of: Any) -> date | None:
        found: date | None = connection.scalar(select(func.min(day)).where(of == clinic_id))
        return found

    visit = first(Visit.local_day, Visit.clinic_id)
    others = (first(Treatment.performed_on, Treatment.clinic_id), first(Diagnosis.recorded_on, Diagnosis.clinic_id))
    return visit or min(filter(None, others), default=None)
