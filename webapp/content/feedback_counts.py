"""What patients said, read from the database: the counts behind the feedback analysis."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, extract, false, func, select
from sqlalchemy.orm import aliased

from webapp import words
from webapp.content import coverage, feedback_comments, filters, findings, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import (
    HAPPENED,
    Conditions,
    SecondsBetween,
    month_key,
    narrowed,
    visits_of,
)
from webapp.content.feedback_comments import Comment
from webapp.content.filters import Choices, Filter
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.figures import Rows
from webapp.models import Feedback, Patient, Visit

STEPS = 5

RATINGS = (5, 4, 3, 2, 1)
NO_RATING, OUT_OF_RANGE = 0, -1
"""What stands for a rating that is not one of RATINGS."""

MOST_CATEGORIES = 100
LEAST_USED = 5
"""A category used less often is not offered as a filter: it may be what one patient typed."""
NO_CATEGORY, NO_CATEGORY_LABEL = "none", "No category"


def _named(feedback: Any) -> ColumnElement[str]:
    """The category as it was written, without spaces around it; empty where there is none. Letters of another case make
    another category, for databases do not agree on what the other case of a letter is."""
    written = func.trim(feedback.category)
    return case((written.in_((NO_CATEGORY, NO_CATEGORY_LABEL)), ""), else_=written)


category_name = _named(Feedback)


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
        select(column).where(first.id == number, _named(first) != "").scalar_subquery()
        for column in (first.clinic_id, _named(first))
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
"""How long until the clinic answered: see _band()."""
UNCLEAR = "unclear"
SOON = ("day", "days")
"""The waits of up to SOON_DAYS days."""
SOON_DAYS = 3


def _band(hours: int | None) -> str:
    """The wait of so many completed hours, in days of 24: the second and third day begin 24 and 48 hours after the
    response. None is without an answer; a negative one is that of an answer dated before its response."""
    if hours is None:
        return "open"
    if hours < 0:
        return UNCLEAR
    return next((name for name, days in (("day", 1), ("days", 3), ("week", 7)) if hours < 24 * days), "longer")


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
    conditions = [
        Feedback.clinic_id == question.clinic_id,
        Feedback.local_day.between(*period),
        *narrowed(question, FILTERS, "feedback"),
    ]
    # By primary key from the responses, which are far fewer than the visits.
    about_visits, about_patients = narrowed(question, FILTERS, "visit"), narrowed(question, FILTERS, "patient")
    if about_visits:
        visit = select(Visit.id).where(Visit.id == Feedback.visit_id, Visit.clinic_id == question.clinic_id)
        conditions.append(visit.where(*about_visits).exists())
    if about_patients:
        patient = select(Patient.id).where(Patient.id == Feedback.patient_id, Patient.clinic_id == question.clinic_id)
        conditions.append(patient.where(*about_patients).exists())
    return conditions


def count(connection: Connection, question: Question) -> tuple[int, str]:
    query = select(func.count()).select_from(Feedback).where(*responses_of(question, question.days))
    return connection.scalar(query) or 0, "responses"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    first = connection.scalar(select(func.min(Feedback.local_day)).where(Feedback.clinic_id == question.clinic_id))
    now, categories = _said(connection, question, question.days, first)
    step(1, STEPS)
    before, _ = _said(connection, question, question.earlier, first)
    step(2, STEPS)
    months = coverage.months(_months(connection, question), first)
    step(3, STEPS)
    comments: tuple[Comment, ...] = ()
    if question.reads_comments:
        comments = feedback_comments.latest(connection, responses_of(question, question.days))
    step(4, STEPS)
    return Answer(question, now, before, categories, months, first, comments)


_rated = case(
    (Feedback.rating.is_(None), NO_RATING),
    (Feedback.rating.between(min(RATINGS), max(RATINGS)), Feedback.rating),
    else_=OUT_OF_RANGE,
)
_HOUR = 3600
_LONGEST = 24 * 366 * 10_000
"""Hours in all the years of the calendar."""
# All is counted from before the longest negative wait, for databases round a negative quotient towards zero.
_hours = (SecondsBetween(Feedback.submitted_at, Feedback.responded_at) + _LONGEST * _HOUR) // _HOUR - _LONGEST
"""Completed hours until the answer."""


def _said(
    connection: Connection, question: Question, period: Period, records_begin: date | None
) -> tuple[Said, dict[str, Tally]]:
    """What came in within the period, and its ratings by category."""
    columns = (category_name.label("category"), _rated.label("rated"), _hours.label("hours"))
    each = select(*columns).where(*responses_of(question, period)).subquery()
    keys = (each.c.category, each.c.rated, each.c.hours)
    waited, negative = Counter[int | None](), Counter[str]()
    categories: dict[str, Counter[int]] = {}
    for category, rated, hours, found in connection.execute(select(*keys, func.count()).group_by(*keys)):
        waited[hours] += found
        negative[_band(hours)] += found if rated in (1, 2) else 0
        categories.setdefault(category, Counter())[rated] += found
    named: dict[str, Counter[int]] = {}
    for category, ratings in categories.items():
        named.setdefault(label_of(category), Counter()).update(ratings)
    waits = Counter[str]()
    for hours, found in waited.items():
        waits[_band(hours)] += found
    visits = _visits(connection, question, period) if coverage.is_in_part(period, records_begin) else {}
    tallies = {name: Tally(ratings) for name, ratings in sorted(named.items())}
    return Said(together(tallies.values()), Waits(waits), Waits(negative), _median_days(waited), visits), tallies


def _median_days(waited: Mapping[int | None, int]) -> float | None:
    """That of the answered responses, or the mean of the middle two, from how many waited how many hours."""
    answered = sorted((hours, found) for hours, found in waited.items() if hours is not None and hours >= 0)
    ends = list(accumulate(found for _, found in answered))
    if not ends:
        return None
    middle = [answered[bisect(ends, place)][0] for place in ((ends[-1] - 1) // 2, ends[-1] // 2)]
    return findings.ratio(sum(middle), 2 * 24)


def label_of(category: str) -> str:
    """A category as a reader sees it; those that look the same there are counted as one."""
    label = feedback_comments.tidied(category)
    return "" if label in (NO_CATEGORY, NO_CATEGORY_LABEL) else label


def _visits(connection: Connection, question: Question, period: Period) -> dict[str, tuple[int, int]]:
    """Visits of each kind that took place in the period, and those of them that a response since then names. A visit
    has no category, so that a question about one has no response rate."""
    if CATEGORY.name in question.chosen:
        return {}
    asked = [HAPPENED, *visits_of(question, FILTERS, period)]
    responses = select(Feedback.visit_id).where(
        Feedback.clinic_id == question.clinic_id, Feedback.local_day >= period[0], Feedback.visit_id.is_not(None)
    )
    # Apart, for either is answered from indexes alone or from the few rows that responses name.
    found, named = (
        {kind: visits for kind, visits in connection.execute(query.group_by(Visit.kind))}  # noqa: C416
        for query in (
            select(Visit.kind, func.count()).where(*asked),
            select(Visit.kind, func.count()).where(*asked, Visit.id.in_(responses)),
        )
    )
    return {kind: (found[kind], named.get(kind, 0)) for kind in filters.KIND_WORDS if kind in found}


def _months(connection: Connection, question: Question) -> dict[str, Tally]:
    """The months of periods.months_up_to(), those without responses too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end)
    month = (extract("year", Feedback.local_day).label("year"), extract("month", Feedback.local_day).label("month"))
    each = select(*month, _rated.label("rated")).where(*responses_of(question, (shown[0], question.end))).subquery()
    keys = (each.c.year, each.c.month, each.c.rated)
    months: dict[str, Counter[int]] = {month_key(first): Counter() for first in shown}
    for year, number, rated, found in connection.execute(select(*keys, func.count()).group_by(*keys)):
        months[month_key(date(int(year), int(number), 1))][rated] += found
    return {key: Tally(found) for key, found in months.items()}


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
