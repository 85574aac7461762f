"""What patients said, read from the database: the counts behind the feedback analysis."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, extract, false, func, select

from webapp import words
from webapp.content import coverage, feedback_comments, filters, findings, periods
from webapp.content.answer import OfPeriod
from webapp.content.counting import (
    HAPPENED,
    Conditions,
    SecondsBetween,
    how_many,
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

MOST_MONTHS = 60
STEPS = 5

RATINGS = (5, 4, 3, 2, 1)
NO_RATING, OUT_OF_RANGE = 0, -1
"""What stands for a rating that is not one of RATINGS."""

MOST_CATEGORIES = 100
LEAST_USED = 5
"""A category used less often is not offered as a filter: it may be what one patient typed."""
NO_CATEGORY, NO_CATEGORY_LABEL = "none", "No category"

category_name = case(
    (func.trim(Feedback.category).in_((NO_CATEGORY, NO_CATEGORY_LABEL)), ""), else_=func.trim(Feedback.category)
)
"""The category as it was written, without spaces around it; empty where there is none. Letters of another case make
another category, for databases do not agree on what the other case of a letter is."""


def _is_offered(value: str) -> bool:
    return words.printable(value) == value


def _categories(connection: Connection, clinic_id: int) -> Choices:
    """By name, the most used MOST_CATEGORIES where there are more."""
    named = select(category_name.label("name")).where(Feedback.clinic_id == clinic_id).subquery()
    used = select(named.c.name, func.count()).where(named.c.name != "").group_by(named.c.name)
    found = connection.execute(used.having(func.count() >= LEAST_USED))
    most = sorted((row for row in found if _is_offered(row[0])), key=lambda row: (-row[1], row[0]))[:MOST_CATEGORIES]
    names = sorted((name for name, _ in most), key=lambda name: (name.casefold(), name))
    return [*((name, name) for name in names), (NO_CATEGORY, NO_CATEGORY_LABEL)]


def _of_category(value: str, _on: date) -> ColumnElement[bool]:
    if value == NO_CATEGORY:
        return category_name == ""
    return category_name == value if _is_offered(value) else false()


def _words_of_category(connection: Connection, clinic_id: int, value: str) -> str:
    if value == NO_CATEGORY:
        return NO_CATEGORY_LABEL
    used = select(Feedback.id).where(Feedback.clinic_id == clinic_id, _of_category(value, date.min)).limit(1)
    return filters.NOT_OFFERED if connection.scalar(used) is None else value


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


@dataclass(frozen=True, slots=True)
class Wait:
    """How long until the clinic answered: over the days of the wait before, up to so many of 24 hours each."""

    name: str
    label: str
    days: int


WAITS = (Wait("day", "Within 1 day", 1), Wait("days", "2 to 3 days", 3), Wait("week", "4 to 7 days", 7))
LONGER, OPEN, UNCLEAR = "longer", "open", "unclear"
WAIT_LABELS = {wait.name: wait.label for wait in WAITS} | {
    LONGER: "Over a week", OPEN: "Not answered", UNCLEAR: "Answered before sent",
}  # fmt: skip
SOON = ("day", "days")
"""The waits of up to SOON_DAYS days."""
SOON_DAYS = 3


@dataclass(frozen=True, slots=True)
class Waits:
    """Responses by the names of WAIT_LABELS."""

    by: Mapping[str, int] = field(default_factory=dict)

    @property
    def soon(self) -> float | None:
        """Percent of all responses that were answered within SOON_DAYS."""
        return findings.share(sum(self.by.get(name, 0) for name in SOON), sum(self.by.values()))


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
        return findings.share(sum(named for _, named in self.visits.values()), self.all_visits)

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
_waited = SecondsBetween(Feedback.submitted_at, Feedback.responded_at)
_DAY = 24 * 60 * 60


def _wait() -> ColumnElement[str]:
    bands = [(_waited <= wait.days * _DAY, wait.name) for wait in WAITS]
    return case((Feedback.responded_at.is_(None), OPEN), (_waited < 0, UNCLEAR), *bands, else_=LONGER)


def _said(
    connection: Connection, question: Question, period: Period, records_begin: date | None
) -> tuple[Said, dict[str, Tally]]:
    """What came in within the period, and its ratings by category."""
    each = _each(question, period)
    keys = (each.c.category, each.c.rated, each.c.wait)
    ratings, waits, negative = Counter[int](), Counter[str](), Counter[str]()
    categories: dict[str, Counter[int]] = {}
    for category, rated, wait, found in connection.execute(select(*keys, func.count()).group_by(*keys)):
        ratings[rated] += found
        waits[wait] += found
        negative[wait] += found if rated in (1, 2) else 0
        categories.setdefault(label_of(category), Counter())[rated] += found
    answered = sum(found for wait, found in waits.items() if wait not in (OPEN, UNCLEAR))
    median = _median_days(connection, question, period, answered)
    visits = _visits(connection, question, period) if coverage.is_in_part(period, records_begin) else {}
    said = Said(Tally(ratings), Waits(waits), Waits(negative), median, visits)
    return said, {name: Tally(found) for name, found in sorted(categories.items())}


def label_of(category: str) -> str:
    """A category as a reader sees it; those that look the same there are counted as one."""
    label = feedback_comments.tidied(category)
    return "" if label in (NO_CATEGORY, NO_CATEGORY_LABEL) else label


def _each(question: Question, period: Period) -> Subquery:
    """A row for each response."""
    columns = (category_name.label("category"), _rated.label("rated"), _wait().label("wait"))
    return select(*columns).where(*responses_of(question, period)).subquery()


def _median_days(connection: Connection, question: Question, period: Period, answered: int) -> float | None:
    """The wait of the middle response by it, or the mean of the middle two."""
    if not answered:
        return None
    middle = (
        select(_waited)
        .where(*responses_of(question, period), Feedback.responded_at.is_not(None), _waited >= 0)
        .order_by(_waited)
        .offset((answered - 1) // 2)
        .limit(2 - answered % 2)
    )
    waits = connection.scalars(middle).all()
    return findings.ratio(sum(waits), len(waits) * _DAY)


def _visits(connection: Connection, question: Question, period: Period) -> dict[str, tuple[int, int]]:
    """Visits of each kind that took place in the period, and those of them that a response names. A visit has no
    category, so that a question about one has no response rate."""
    if CATEGORY.name in question.chosen:
        return {}
    names_visit = and_(Feedback.clinic_id == question.clinic_id, Feedback.visit_id.is_not(None))
    named = select(Feedback.visit_id).where(names_visit).distinct().subquery()
    query = (
        select(Visit.kind, func.count(), how_many(named.c.visit_id.is_not(None)))
        .select_from(Visit)
        .outerjoin(named, named.c.visit_id == Visit.id)
        .where(HAPPENED, *visits_of(question, FILTERS, period))
        .group_by(Visit.kind)
    )
    found = {kind: (visits, int(those)) for kind, visits, those in connection.execute(query)}
    return {kind: found[kind] for kind in filters.KIND_WORDS if kind in found}


def _months(connection: Connection, question: Question) -> dict[str, Tally]:
    """The months of periods.months_up_to(), those without responses too; the last one up to the question's end."""
    shown = periods.months_up_to(question.start, question.end, MOST_MONTHS)
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
        found.append((others, _together(categories[name] for name in rest)))
    return [*found, (NO_CATEGORY_LABEL, categories[""])] if "" in categories else found


def _together(tallies: Iterable[Tally]) -> Tally:
    total = Counter[int]()
    for tally in tallies:
        total.update(tally.by)
    return Tally(total)
