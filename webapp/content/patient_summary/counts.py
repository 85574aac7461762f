"""Who the clinic's patients are, read from the database: the counts behind the patient summary."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from sqlalchemy import Connection, func, select, true

from webapp.content import ages, coverage, filters, findings, periods, presence, sources
from webapp.content.answer import OfPeriod
from webapp.content.columns import NO_DAY, Columns, middle_two
from webapp.content.counting import month_key, patients_of
from webapp.content.filters import Filter
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.errors import FiguresFailed
from webapp.figures import Excluded, Rows
from webapp.models import Patient

STEPS = 4
MOST_VISITS = 5
"""From this many visits on, patients are counted together."""

USUAL_MONTHS = 12
ACTIVE_WORDS = {str(months): f"a visit in the last {months} months" for months in (3, 6, 24)}

ACTIVE = Filter(
    "active",
    "Counted as active",
    f"a visit in the last {USUAL_MONTHS} months",
    "report",
    choices=lambda _connection, _clinic_id: list(ACTIVE_WORDS.items()),
    condition=lambda _value, _on: true(),
    words_of=lambda _connection, _clinic_id, value: ACTIVE_WORDS.get(value, filters.NOT_OFFERED),
    phrases={value: f"active within {value} months" for value in ACTIVE_WORDS},
)
FILTERS = (filters.AGE, filters.SEX, ACTIVE)


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of one age band and sex, and how many of them were active."""

    band: str
    sex: str
    patients: int
    active: int


@dataclass(frozen=True, slots=True)
class Times:
    """How often patients came: `patients` has how many came so many times, in order, the rarest comers first."""

    patients: dict[int, int]

    @property
    def came(self) -> int:
        return sum(self.patients.values())

    @property
    def visits(self) -> int:
        return sum(times * patients for times, patients in self.patients.items())

    @property
    def mean(self) -> float | None:
        """Visits a patient who came."""
        return findings.ratio(self.visits, self.came)

    @property
    def median(self) -> float | None:
        """That of the middle patient by visits, or the mean of the middle two."""
        times, patients = (np.array(list(some), np.int32) for some in (self.patients, self.patients.values()))
        middle = middle_two(np.repeat(times, patients))
        return sum(middle) / 2 if middle else None

    def grouped(self) -> dict[int, tuple[int, int]]:
        """Patients who came so many times, with all their visits; the last stands for MOST_VISITS and more."""
        groups = {}
        for least in range(1, MOST_VISITS + 1):
            those = {t: n for t, n in self.patients.items() if t == least or t > least == MOST_VISITS}
            groups[least] = (sum(those.values()), sum(times * patients for times, patients in those.items()))
        return groups


@dataclass(frozen=True, slots=True)
class Before:
    """The same of the earlier period, as it stood on its last day. Of those whom an age was asked of, there is no
    median age: they are the same people, so many days younger."""

    patients: int
    active: int
    new: int
    median_age: float | None
    times: Times


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `months` are new registrations, in order, none of them before the records
    begin; `times` says how often patients came in the period. `records_begin` is the day of the clinic's first
    registration or visit, `visits_begin` that of its first visit of any status."""

    question: Question
    rows: Rows
    groups: tuple[Group, ...]
    new: int
    undated: int
    median_age: float | None
    months: dict[str, int]
    times: Times
    before: Before
    records_begin: date | None
    visits_begin: date | None

    @property
    def patients(self) -> int:
        return self.rows.used

    @property
    def active(self) -> int:
        return sum(group.active for group in self.groups)

    @property
    def span(self) -> str:
        """How long ago the last visit of an active patient may lie: "12 months"."""
        return f"{_active_months(self.question)} months"

    @property
    def active_in(self) -> Period:
        """The days on which active patients came."""
        return _active_up_to(self.period[1], self.question)

    @property
    def is_active_compared(self) -> bool:
        """Whether who was active on the earlier period's last day is known: visits are on record for long enough."""
        earlier = _active_up_to(self.earlier[1], self.question)
        return self.is_compared and coverage.is_whole(earlier, self.visits_begin)

    @property
    def are_visits_compared(self) -> bool:
        """Whether all visits of the earlier period are on record."""
        return self.is_compared and coverage.is_whole(self.earlier, self.visits_begin)

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves patients out."""
        return bool(self.question.chosen.keys() - {ACTIVE.name})

    @property
    def by(self) -> Literal["age", "sex", ""]:
        """What patients are told apart by: by nothing where both filters leave one choice."""
        chosen = self.question.chosen
        return "age" if "age" not in chosen else "sex" if "sex" not in chosen else ""

    def parts(self) -> dict[str, str]:
        """The age bands or sexes to show, name and label; those that hold nobody as a rule only where there are any."""
        known, labels = (
            ({band.name for band in filters.BANDS}, filters.AGE_WORDS)
            if self.by == "age"
            else ({"female", "male"}, filters.SEX_WORDS)
        )
        found = {group.band if self.by == "age" else group.sex for group in self.groups}
        return {name: label for name, label in labels.items() if name in known or name in found}

    def part(self, name: str) -> Group:
        """The patients of one of parts()."""
        return self.total(name) if self.by == "age" else self.total(sex=name)

    def total(self, band: str = "", sex: str = "") -> Group:
        """The groups of that band and sex together; an empty name stands for all."""
        those = [
            group for group in self.groups if group.band == (band or group.band) and group.sex == (sex or group.sex)
        ]
        return Group(band, sex, sum(group.patients for group in those), sum(group.active for group in those))


def _active_months(question: Question) -> int:
    """Raises FiguresFailed for a number that is not offered."""
    chosen = question.chosen.get(ACTIVE.name, "")
    if chosen and chosen not in ACTIVE_WORDS:
        raise FiguresFailed(
            f"no active patients of {chosen!r} months",
            "This report cannot tell active patients in that way. Choose it again from the list.",
        )
    return int(chosen or USUAL_MONTHS)


def _active_up_to(day: date, question: Question) -> Period:
    return periods.ending(day, _active_months(question))


def count(connection: Connection, question: Question) -> tuple[int, str]:
    _active_months(question)
    conditions = [*patients_of(question, FILTERS), *presence.on_the_books(question.days)]
    return connection.scalar(select(func.count()).select_from(Patient).where(*conditions)) or 0, "patients"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    now, earlier = question.days, question.earlier
    everybody = sources.patients(connection, question, FILTERS, "sex", "patient", "born", "registered", "died")
    rows, new, undated, patients_before, new_before = _headline(question, everybody)
    step(1, STEPS)
    alike = _alike(question, everybody, _happened(connection, question))
    step(2, STEPS)
    median = _median_age(everybody, now)
    median_before = None if filters.AGE.name in question.chosen else _median_age(everybody, earlier)
    first, first_visit = presence.records_begin(connection, question.clinic_id)
    months = coverage.months(_registrations(question, everybody), first)
    step(3, STEPS)
    active_before = sum(some.before.patients for some in alike if some.before.is_active)
    times, times_before = _times(some.now for some in alike), _times(some.before for some in alike)
    before = Before(patients_before, active_before, new_before, median_before, times_before)
    groups = _groups(alike)
    return Answer(question, rows, groups, new, undated, median, months, times, before, first, first_visit)


def _headline(question: Question, everybody: Columns) -> tuple[Rows, int, int, int, int]:
    """Rows, new registrations in the period, patients without a date of registration, and of the earlier period the
    patients and the new registrations."""
    now, earlier = question.days, question.earlier
    later, gone = presence.came_later(everybody, now), presence.has_gone(everybody, now)
    left_out = {"registered later": later, "died earlier": gone & ~later}
    excluded = tuple(Excluded(reason, int(who.sum())) for reason, who in left_out.items() if who.any())
    rows = Rows("patients", len(everybody), int(presence.is_on_the_books(everybody, now).sum()), excluded)
    undated = (everybody["registered"] == NO_DAY) & ~gone
    others = (
        presence.is_new(everybody, now),
        undated,
        presence.is_on_the_books(everybody, earlier),
        presence.is_new(everybody, earlier),
    )
    new, undated_patients, patients_before, new_before = (int(who.sum()) for who in others)
    return rows, new, undated_patients, patients_before, new_before


@dataclass(frozen=True, slots=True)
class _Then:
    """So many patients alike, as they stood in a period: 0 of them where they were not on the books then."""

    patients: int
    visits: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class _Alike:
    """Patients of one age band and sex who came as often in the period and in the earlier one."""

    band: str
    sex: str
    now: _Then
    before: _Then


def _happened(connection: Connection, question: Question) -> Columns:
    """The visits that took place on any day that a count asks about, of all patients."""
    ends = (question.end, question.earlier[1])
    since = min(question.start, question.earlier[0], *(_active_up_to(end, question)[0] for end in ends))
    visits = sources.visits(connection, question, (), (since, question.end), "day", "status", "patient")
    return presence.took_place(visits)


def _alike(question: Question, everybody: Columns, happened: Columns) -> list[_Alike]:
    """All patients of the question in groups of those who are alike."""
    spans = (question.days, question.earlier)
    born = ages.bands(everybody["born"], question.end)
    there = [presence.is_on_the_books(everybody, span) for span in spans]
    times = [presence.times_came(everybody, happened, span) for span in spans]
    active = [presence.has_come(everybody, happened, _active_up_to(end, question)) for _, end in spans]
    columns = {f"{at}": column for at, column in enumerate((born, *there, *times, *active))}
    found = []
    for (sex, band, *then), patients in everybody.having(**columns).counts("sex", *columns).items():
        here, were, visits, visits_then, is_active, was_active = then
        now, before = _Then(patients * here, visits, is_active), _Then(patients * were, visits_then, was_active)
        found.append(_Alike(ages.band(band), sex, now, before))
    return found


def _groups(alike: Iterable[_Alike]) -> tuple[Group, ...]:
    found: dict[tuple[str, str], list[int]] = {}
    for some in alike:
        if some.now.patients:
            counts = found.setdefault((some.band, some.sex), [0, 0])
            counts[0] += some.now.patients
            counts[1] += some.now.patients * some.now.is_active
    return tuple(Group(*key, *counts) for key, counts in sorted(found.items()))


def _times(alike: Iterable[_Then]) -> Times:
    found: dict[int, int] = defaultdict(int)
    for some in alike:
        if some.visits and some.patients:
            found[some.visits] += some.patients
    return Times(dict(sorted(found.items())))


def _median_age(everybody: Columns, period: Period) -> float | None:
    """Of those on the books in the period, in completed years on its last day: that of the middle patient by birth
    date, or the mean of the middle two."""
    on, born = period[1], everybody["born"]
    credible = ages.births_of_known_age(on)
    is_known = (born >= credible.start) & (born < credible.stop)
    middle = middle_two(born[presence.is_on_the_books(everybody, period) & is_known])
    return sum(filters.age(date.fromordinal(day), on) for day in middle) / 2 if middle else None


def _registrations(question: Question, everybody: Columns) -> dict[str, int]:
    """New registrations by month, those without any too; the last month up to the question's end."""
    shown = periods.months_up_to(question.start, question.end)
    new = everybody.where(presence.is_new(everybody, (shown[0], question.end)))
    months = dict.fromkeys(map(month_key, shown), 0)
    for day, patients in new.counts("registered").items():
        months[month_key(date.fromordinal(day))] += patients
    return months
