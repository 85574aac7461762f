"""What patients said, read from the database: the counts behind the feedback analysis."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, false, func, select
from sqlalchemy.orm import aliased

from webapp import words
from webapp.content import coverage, filters, findings, periods, presence, sources
from webapp.content.answer import OfPeriod
from webapp.content.columns import DAY, Columns, Numbers, grouped, middle_two
from webapp.content.counting import Conditions, month_key, narrowed, of_asked_patients
from webapp.content.feedback_analysis import comments
from webapp.content.feedback_analysis.comments import Comment
from webapp.content.feedback_terms import (
    NO_CATEGORY,
    NO_CATEGORY_LABEL,
    NOT_ANSWERED,
    RATINGS,
    category_of,
    label_of,
)
from webapp.content.filters import Choices, Filter
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Rows
from webapp.models import Feedback, Patient, Visit

STEPS = 5

MOST_CATEGORIES = 100
LEAST_USED = 5
"""A category used less often is not offered as a filter: it may be what one patient typed."""

category_name = category_of(Feedback)


def _categories(connection: Connection, clinic_id: int) -> Choices:
    """Each under the id of its first response, for a patient may have typed the name, and values stand in addresses.
    By name, the most used MOST_CATEGORIES where there are more."""
    each = select(Feedback.id, category_name.label("name")).where(Feedback.clinic_id == clinic_id).subquery()
    used = select(each.c.name, func.min(each.c.id), func.count()).where(each.c.name != "").group_by(each.c.name)
    found = connection.execute(used.having(func.count() >= LEAST_USED))
    printable = (row for row in found if words.printable(row[0]) == row[0])
    most = sorted(printable, key=lambda row: (-row[2], row[0]))[:MOST_CATEGORIES]
    named = sorted(most, key=lambda row: (row[0].casefold(), row[0]))
    return [*((str(first), name) for name, first, _ in named), (NO_CATEGORY, NO_CATEGORY_LABEL)]


def _of_category(value: str, _on: date) -> ColumnElement[bool]:
    """The responses of the same category at the same clinic."""
    if value == NO_CATEGORY:
        return category_name == ""
    number, first = filters.id_of(value), aliased(Feedback)
    if number is None:
        return false()
    # The database looks for that one response once, and not again for each row.
    clinic, name = (
        select(column).where(first.id == number, category_of(first) != "").scalar_subquery()
        for column in (first.clinic_id, category_of(first))
    )
    return and_(Feedback.clinic_id == clinic, category_name == name)


def _words_of_category(connection: Connection, clinic_id: int, value: str) -> str:
    if value == NO_CATEGORY:
        return NO_CATEGORY_LABEL
    first = (Feedback.clinic_id == clinic_id, Feedback.id == (filters.id_of(value) or 0))
    name = connection.scalar(select(category_name).where(*first))
    return words.printable(name) if name else filters.NOT_OFFERED


CATEGORY = Filter(
    "category",
    "Category",
    "All categories",
    "feedback",
    _categories,
    _of_category,
    words_of=_words_of_category,
    phrases={NO_CATEGORY: "no category"},
)

FILTERS = (CATEGORY, filters.KIND, filters.AGE, filters.SEX)


@dataclass(frozen=True, slots=True)
class Tally:
    """Responses by rating: one of RATINGS, NO_RATING or OUT_OF_RANGE. Shares are percent of the ratings, the mean is
    1 to 5 and the net score -100 to 100, each with one decimal; None without any rating."""

    by: Mapping[int, int] = field(default_factory=dict)

    def _of(self, *ratings: int) -> int:
        return sum(self.by.get(rating, 0) for rating in ratings)

    @property
    def all(self) -> int:
        return sum(self.by.values())

    @property
    def rated(self) -> int:
        return self._of(*RATINGS)

    @property
    def positive(self) -> int:
        return self._of(5, 4)

    @property
    def neither(self) -> int:
        return self._of(3)

    @property
    def negative(self) -> int:
        return self._of(2, 1)

    @property
    def total(self) -> int:
        """The sum of the ratings."""
        return sum(rating * self._of(rating) for rating in RATINGS)

    @property
    def mean(self) -> float | None:
        return findings.ratio(self.total, self.rated)

    @property
    def squared_error(self) -> float:
        """The square of the standard error of the mean. There must be two ratings or more."""
        squares = sum(rating**2 * self._of(rating) for rating in RATINGS)
        return (squares - self.total**2 / self.rated) / (self.rated - 1) / self.rated

    @property
    def net(self) -> float | None:
        return findings.share(self.positive - self.negative, self.rated)

    @property
    def positive_share(self) -> float | None:
        return self.share(self.positive)

    @property
    def negative_share(self) -> float | None:
        return self.share(self.negative)

    def share(self, part: int) -> float | None:
        return findings.share(part, self.rated)


WAIT_LABELS = {
    "day": "Within 1 day", "days": "2 to 3 days", "week": "4 to 7 days", "longer": "Over a week",
    "open": "Not answered", "unclear": "Answered before sent",
}  # fmt: skip
"""How long until the clinic answered."""
UNCLEAR = "unclear"
SOON = ("day", "days")
"""The waits of up to SOON_DAYS days."""
SOON_DAYS = 3
_WAIT_ENDS = {UNCLEAR: 0, "day": 24, "days": 3 * 24, "week": 7 * 24, "longer": NOT_ANSWERED}
"""The waits that end before so many hours, in days of 24: the second and third day begin 24 and 48 hours after the
response. Less than none is an answer dated before its response."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Responses by the names of WAIT_LABELS."""

    by: Mapping[str, int] = field(default_factory=dict)

    @property
    def soon(self) -> float | None:
        """Percent of all responses that were answered within SOON_DAYS."""
        return findings.share(self.in_time, sum(self.by.values()))

    @property
    def in_time(self) -> int:
        """Responses that were."""
        return sum(self.by.get(name, 0) for name in SOON)


@dataclass(frozen=True, slots=True)
class Said:
    """What came in within one period. `negative` are the waits of negative ratings alone. `median_days` is None where
    nothing was answered. `visits` says of each kind how many took place, and how many of them a response names; it is
    empty where that is not asked: see _visits()."""

    tally: Tally
    waits: Waits
    negative: Waits
    median_days: float | None
    visits: Mapping[str, tuple[int, int]]

    @property
    def response_rate(self) -> float | None:
        """Percent of the visits."""
        return findings.share(self.visits_named, self.all_visits)

    @property
    def visits_named(self) -> int:
        """Visits that a response names."""
        return sum(named for _, named in self.visits.values())

    @property
    def all_visits(self) -> int:
        return sum(visits for visits, _ in self.visits.values())


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `categories` are those of the period as a reader sees them; the empty name
    is for none. `months` are in order, none of them before `records_begin`, the day of the clinic's first response.
    `comments` is empty without the right to read them."""

    question: Question
    now: Said
    before: Said
    categories: Mapping[str, Tally]
    months: dict[str, Tally]
    records_begin: date | None
    comments: tuple[Comment, ...]

    @property
    def rows(self) -> Rows:
        return Rows("responses", self.now.tally.all, self.now.tally.all)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.question.chosen)


def responses_of(question: Question, period: Period) -> Conditions:
    """The clinic's responses on the days of `period` that the question asks about. Who or what a filter speaks of must
    be named by the response."""
    return [Feedback.clinic_id == question.clinic_id, Feedback.local_day.between(*period), *_of_question(question)]


def _of_question(question: Question) -> Conditions:
    conditions = narrowed(question, FILTERS, "feedback")
    # By primary key from the responses, which are far fewer than the visits.
    about_visits, about_patients = narrowed(question, FILTERS, "visit"), narrowed(question, FILTERS, "patient")
    if about_visits:
        visit = select(Visit.id).where(Visit.id == Feedback.visit_id, Visit.clinic_id == question.clinic_id)
        conditions.append(visit.where(*about_visits).exists().correlate(Feedback))
    if about_patients:
        patient = select(Patient.id).where(Patient.id == Feedback.patient_id, Patient.clinic_id == question.clinic_id)
        conditions.append(patient.where(*about_patients).exists().correlate(Feedback))
    return conditions


def count(connection: Connection, question: Question) -> tuple[int, str]:
    query = select(func.count()).select_from(Feedback).where(*responses_of(question, question.days))
    return connection.scalar(query) or 0, "responses"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    first = connection.scalar(select(func.min(Feedback.local_day)).where(Feedback.clinic_id == question.clinic_id))
    responses = _responses(connection, question, _of_question(question))
    about_visits = [*narrowed(question, FILTERS, "visit"), *of_asked_patients(question, FILTERS, Visit.patient_id)]
    naming = _responses(connection, question, about_visits) if about_visits else responses
    step(1, STEPS)
    visits, visits_before = (
        _visits(connection, question, period, naming) if coverage.is_in_part(period, first) else {}
        for period in (question.days, question.earlier)
    )
    step(2, STEPS)
    now, before = responses.within(question.days), responses.within(question.earlier)
    months = coverage.months(_months(question, responses), first)
    step(3, STEPS)
    latest: tuple[Comment, ...] = ()
    if question.reads_comments:
        latest = comments.latest(connection, responses_of(question, question.days))
    step(4, STEPS)
    return Answer(question, _said(now, visits), _said(before, visits_before), _by_category(now), months, first, latest)


def _responses(connection: Connection, question: Question, narrowed_to: Conditions) -> Columns:
    """Those from the first day on that a count asks about: visits are named by later responses too."""
    first_month = periods.months_up_to(question.start, question.end)[0]
    days = (min(question.start, question.earlier[0], first_month), date.max)
    source = sources.FEEDBACK
    names = (*source.texts, *source.numbers)
    return source.read(connection, question.clinic_id, names, days, narrowed_to)


def _said(responses: Columns, visits: Mapping[str, tuple[int, int]]) -> Said:
    hours = responses["hours"]
    waits, negative = _waits(hours), _waits(hours[np.isin(responses["rating"], (1, 2))])
    return Said(Tally(responses.counts("rating")), waits, negative, _median_days(hours), visits)


def _by_category(responses: Columns) -> dict[str, Tally]:
    named: dict[str, Counter[int]] = {}
    for (category, rating), found in responses.counts("category", "rating").items():
        named.setdefault(label_of(category), Counter())[rating] += found
    return {name: Tally(ratings) for name, ratings in sorted(named.items())}


def _waits(hours: Numbers) -> Waits:
    (places,), found = grouped(np.searchsorted(list(_WAIT_ENDS.values()), hours, "right"))
    names = (*_WAIT_ENDS, "open")
    return Waits({names[place]: count for place, count in zip(places.tolist(), found.tolist(), strict=True)})


def _median_days(hours: Numbers) -> float | None:
    """That of the answered responses, or the mean of the middle two."""
    middle = middle_two(hours[(hours >= 0) & (hours != NOT_ANSWERED)])
    return findings.ratio(sum(middle), 2 * 24) if middle else None


def _visits(connection: Connection, question: Question, period: Period, naming: Columns) -> dict[str, tuple[int, int]]:
    """Visits of each kind that took place in the period, and those of them that a response since then names. A visit
    has no category, so that a question about one has no response rate."""
    if CATEGORY.name in question.chosen:
        return {}
    visits = sources.visits(connection, question, FILTERS, period, "kind", "status")
    found = presence.took_place(visits).counts("kind")
    since = naming.where(naming[DAY] >= period[0].toordinal())
    named = presence.took_place(since.within(period, "visited")).distinct("kind", "visit").counts("kind")
    return {kind: (found[kind], named.get(kind, 0)) for kind in filters.KIND_WORDS if kind in found}


def _months(question: Question, responses: Columns) -> dict[str, Tally]:
    """The months of periods.months_up_to(), those without responses too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end)
    of_months = responses.within((shown[0], question.end))
    found: dict[str, Counter[int]] = {month_key(month): Counter() for month in shown}
    for (day, rating), number in of_months.counts(DAY, "rating").items():
        found[month_key(date.fromordinal(day))][rating] += number
    return {month: Tally(ratings) for month, ratings in found.items()}


def top(categories: Mapping[str, Tally], most: int, others: str) -> list[tuple[str, Tally]]:
    """The `most` categories with most responses, those after them together as `others`, and last what has no
    category."""
    named = sorted((name for name in categories if name not in ("", others)), key=lambda n: (-categories[n].all, n))
    rest = [*named[most:], *(name for name in (others,) if name in categories)]
    found = [(name, categories[name]) for name in named[:most]]
    if rest:
        found.append((others, together(categories[name] for name in rest)))
    return [*found, (NO_CATEGORY_LABEL, categories[""])] if "" in categories else found


def together(tallies: Iterable[Tally]) -> Tally:
    total = Counter[int]()
    for tally in tallies:
        total.update(tally.by)
    return Tally(total)
