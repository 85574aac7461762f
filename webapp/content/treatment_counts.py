"""What was found and done, and how it went, read from the database: the counts behind the treatment outcomes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, select

from webapp.content import coverage, filters, findings, follow_ups, intervals, named, periods, revisits
from webapp.content.answer import OfPeriod
from webapp.content.counting import Unindexed, how_many, month_key, of_asked_patients, treatments_of
from webapp.content.follow_ups import FollowUps
from webapp.content.id_lists import ids, places, read
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

    def __sub__(self, other: "Outcomes") -> "Outcomes":
        return Outcomes(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


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
    by_status = _diagnoses(question, status, func.count()).where(_asked(question, question.days)).group_by(status)
    statuses = {status: found for status, found in connection.execute(by_status)}  # noqa: C416
    performed = select(func.count()).select_from(Treatment).where(*_performed(question, question.days))
    rows = _rows(statuses, connection.scalar(performed) or 0)
    return rows.used, rows.noun


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    now, then = question.days, question.earlier
    diagnosed = _diagnosed(connection, question)
    diagnoses = named.top_list(diagnosed.patients)
    step(1, STEPS)
    treated = _treated(connection, question)
    in_period = [some for some in treated if now[0] <= some.day <= now[1]]
    total = _outcomes(in_period)
    by_kind = {
        kind: _outcomes(some for some in in_period if some.kind == kind)
        for kind in filters.KIND_WORDS
        if question.chosen.get("kind", kind) == kind
    }
    by_diagnosis = _by_diagnosis(connection, diagnosed.held, in_period, total)
    step(2, STEPS)
    treatments = named.top_list(_treatments(connection, question))
    begin = _records_begin(connection, question.clinic_id)
    months = coverage.months(_months(question, treated), begin)
    outcomes_before = _outcomes(some for some in treated if then[0] <= some.day <= then[1])
    step(3, STEPS)
    asked = treatments_of(question, FILTERS)
    due, due_before = follow_ups.ask(connection, question.clinic_id, asked, (now, then))
    step(4, STEPS)
    again, again_before = revisits.ask(connection, question, FILTERS, (now, then))
    step(5, STEPS)
    return Answer(
        question, _rows(diagnosed.statuses, total.all), diagnoses, diagnosed.before, treatments, by_diagnosis, by_kind,
        outcomes_before, months, due, due_before, again, again_before, begin,
    )  # fmt: skip


def _performed(question: Question, period: Period) -> list[Any]:
    return [*treatments_of(question, FILTERS), Treatment.performed_on.between(*period)]


def _asked(question: Question, period: Period) -> ColumnElement[bool]:
    """Diagnoses recorded in the period; where one kind is asked for, those of its visits: see _diagnoses()."""
    kind = question.chosen.get("kind")
    return and_(
        Unindexed(Diagnosis.recorded_on).between(*period),
        *([filters.KIND.condition(kind, question.end)] if kind else []),
        *of_asked_patients(question, FILTERS, Diagnosis.patient_id),
    )


def _diagnoses(question: Question, *columns: Any) -> Select[Any]:
    """Of all of the clinic's, with their visits where one kind is asked for."""
    query = select(*columns).select_from(Diagnosis).where(Diagnosis.clinic_id == question.clinic_id)
    return query.outerjoin(Visit, Visit.id == Diagnosis.visit_id) if "kind" in question.chosen else query


@dataclass(frozen=True, slots=True)
class _Diagnosed:
    """Diagnoses of the period by verification status, the patients of those that are held, once for each, and how many
    of the earlier period are held. `held` are all that the clinic ever held, by their ids."""

    statuses: dict[str | None, int]
    patients: dict[named.Spelling, list[int]]
    before: int
    held: list[tuple[named.Spelling, str]]


def _diagnosed(connection: Connection, question: Question) -> _Diagnosed:
    """All that any count needs of diagnoses: to gather them by name is what takes the time, so it is done once."""
    now, then = (_asked(question, period) for period in (question.days, question.earlier))
    group = (*named.spelling_columns(Diagnosis), Diagnosis.verification_status)
    found = (ids(Diagnosis.id), ids(Diagnosis.patient_id, now), how_many(then))
    statuses: defaultdict[str | None, int] = defaultdict(int)
    patients: defaultdict[named.Spelling, list[int]] = defaultdict(list)
    before, held = 0, []
    for *spelling, status, every, of_period, count in connection.execute(
        _diagnoses(question, *group, *found).group_by(*group)
    ):
        system, code, name = spelling
        came = read(of_period)
        if came:
            statuses[status] += len(came)
            if status not in NOT_HELD:
                patients[system, code, name] += came
        if status not in NOT_HELD:
            before += count
            held.append(((system, code, name), every))
    return _Diagnosed(statuses, patients, before, held)


def _rows(statuses: Mapping[str | None, int], treatments: int) -> Rows:
    """Diagnoses and treatments of the period."""
    read_in_all = sum(statuses.values()) + treatments
    excluded = tuple(
        Excluded(f"diagnoses {told}", statuses[status]) for status, told in NOT_HELD.items() if status in statuses
    )
    return Rows("records", read_in_all, read_in_all - sum(item.count for item in excluded), excluded)


@dataclass(frozen=True, slots=True)
class _Treated:
    """Treatments of one day, kind and outcome; in the question's own days with the diagnoses they were for, by id."""

    day: date
    kind: str
    outcome: str
    count: int
    diagnoses: str | None


def _outcomes(treated: Iterable[_Treated]) -> Outcomes:
    found: Counter[str] = Counter()
    for some in treated:
        found[some.outcome] += some.count
    return Outcomes(**found)


def _treated(connection: Connection, question: Question) -> list[_Treated]:
    """All that any count by day, kind or outcome needs: each treatment is looked at once, in an index alone."""
    first_month, *_ = periods.months_up_to(question.start, question.end)
    days = min(first_month, question.earlier[0]), question.end
    group = (Treatment.performed_on, Treatment.kind, Treatment.outcome)
    of_period = ids(Treatment.diagnosis_id, Treatment.performed_on >= question.start)
    query = select(*group, func.count(), of_period).where(*_performed(question, days)).group_by(*group)
    return [
        _Treated(day, kind, outcome, count, diagnoses)
        for day, kind, outcome, count, diagnoses in connection.execute(query)
        if day
    ]


def _by_diagnosis(
    connection: Connection, held: Sequence[tuple[named.Spelling, str]], treated: Iterable[_Treated], total: Outcomes
) -> dict[str, Outcomes]:
    """How treatments went, by diagnosis.

    The place in `held` of each diagnosis is kept by its id: that is several times faster than to have the database look
    up the diagnosis of each treatment.
    """
    at = places(connection, Diagnosis, -1)
    for place, (_, text) in enumerate(held):
        for diagnosis in read(text):
            at[diagnosis] = place
    by_outcome: defaultdict[str, list[int]] = defaultdict(list)
    for some in treated:
        by_outcome[some.outcome] += read(some.diagnoses)
    found: defaultdict[named.Spelling, Outcomes] = defaultdict(Outcomes)
    for outcome, diagnoses in by_outcome.items():
        for place, number in Counter([at[diagnosis] for diagnosis in diagnoses]).items():
            if place >= 0:
                found[held[place][0]] += Outcomes(**{outcome: number})
    ranked = named.ranked({spelling: outcomes.all for spelling, outcomes in found.items()})
    rows = {item.label: _together(found[way] for way in item.spellings) for item in ranked[: named.MOST]}
    others = _together(found[way] for item in ranked[named.MOST :] for way in item.spellings)
    without = total - _together(found.values())
    rows |= {findings.ALL_OTHERS: others} if others.all else {}
    return rows | ({named.NO_DIAGNOSIS: without} if without.all else {})


def _together(found: Iterable[Outcomes]) -> Outcomes:
    return sum(found, Outcomes())


def _treatments(connection: Connection, question: Question) -> dict[named.Spelling, list[int]]:
    """The patients treated in the period."""
    group = (Treatment.kind, *named.spelling_columns(Treatment))
    query = select(*group, ids(Treatment.patient_id))
    performed = [*treatments_of(question, FILTERS), Unindexed(Treatment.performed_on).between(*question.days)]
    found: defaultdict[named.Spelling, list[int]] = defaultdict(list)
    for _, *spelling, text in connection.execute(query.where(*performed).group_by(*group)):
        system, code, name = spelling
        found[system, code, name] += read(text)
    return found


def _months(question: Question, treated: Iterable[_Treated]) -> dict[str, Outcomes]:
    """The months of periods.months_up_to(), those without treatments too; the last one up to the question's end."""
    found: defaultdict[str, list[_Treated]] = defaultdict(list)
    for some in treated:
        found[month_key(some.day)].append(some)
    shown = periods.months_up_to(question.start, question.end)
    return {key: _outcomes(found[key]) for key in map(month_key, shown)}


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    def first(day: Any, of: Any) -> date | None:
        found: date | None = connection.scalar(select(func.min(day)).where(of == clinic_id))
        return found

    visit = first(Visit.local_day, Visit.clinic_id)
    others = (first(Treatment.performed_on, Treatment.clinic_id), first(Diagnosis.recorded_on, Diagnosis.clinic_id))
    return visit or min(filter(None, others), default=None)
