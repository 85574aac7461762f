"""Whom campaigns reached and what came of it, read from the database: the counts behind the campaign performance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, case, false, func, not_, or_, outerjoin, select, true

from webapp.content import adoption, filters
from webapp.content.adoption import Team
from webapp.content.answer import OfPeriod
from webapp.content.campaign_filters import CAMPAIGN, TOPIC, campaign_names, topic_name
from webapp.content.counting import HAPPENED, DaysBetween, how_many, narrowed, patients_of
from webapp.content.periods import Period
from webapp.content.presence import on_the_books
from webapp.content.question import Question
from webapp.content.template import Step
from webapp.models import Campaign, CampaignContact, Patient, Visit

FILTERS = (TOPIC, CAMPAIGN, filters.AGE, filters.SEX)
FOLLOWED_DAYS = 60
STEPS = 5

Sums = TypeVar("Sums", "Reach", "Followed", "Group")


@dataclass(frozen=True, slots=True)
class Reach:
    """Contacts made, and those of them that reached each step or a later one."""

    contacts: int = 0
    opened: int = 0
    responded: int = 0
    attended: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """Contacts with FOLLOWED_DAYS of records on both sides; those of them with a visit before and after; the visits."""

    contacts: int = 0
    came_before: int = 0
    came_after: int = 0
    medical_before: int = 0
    medical_after: int = 0
    dental_before: int = 0
    dental_after: int = 0

    @property
    def before(self) -> int:
        return self.medical_before + self.dental_before

    @property
    def after(self) -> int:
        return self.medical_after + self.dental_after


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Contacts that are not Followed, by the side on which records of visits are too short; both: too late."""

    too_early: int = 0
    too_late: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One campaign with contacts in the period: its name and topic as they are shown, and the days it runs."""

    name: str
    topic: str
    started_on: date
    ended_on: date | None
    reach: Reach
    followed: Followed


@dataclass(frozen=True, slots=True)
class Group:
    """Patients, those of them who were contacted, and what their records have: see adoption."""

    patients: int = 0
    contacted: int = 0
    numbered: int = 0
    dated: int = 0
    sexed: int = 0
    recent: int = 0
    kept_up: int = 0
    contacted_kept_up: int = 0


@dataclass(frozen=True, slots=True)
class Answer(OfPeriod):
    """All that is read from the database. `runs` are the campaigns with the most contacts first. `groups` are the
    clinic's patients by age band and sex. `records_begin` is the day of the clinic's first contact."""

    question: Question
    runs: tuple[Run, ...]
    before: Reach
    contacted: int
    contacted_before: int
    groups: dict[tuple[str, str], Group]
    teams: tuple[Team, ...]
    left_out: LeftOut
    records_begin: date | None

    @property
    def reach(self) -> Reach:
        return added_up(Reach, (run.reach for run in self.runs))

    @property
    def followed(self) -> Followed:
        return added_up(Followed, (run.followed for run in self.runs))

    @property
    def everyone(self) -> Group:
        return added_up(Group, self.groups.values())

    @property
    def team(self) -> Team:
        return adoption.together(self.teams)

    @property
    def is_narrowed_to_patients(self) -> bool:
        """Whether the report is of some of the clinic's patients only."""
        return bool({"age", "sex"} & self.question.chosen.keys())

    def topics(self) -> dict[str, list[Run]]:
        """The campaigns of each topic, that with the most contacts first."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            found.setdefault(run.topic, []).append(run)
        return dict(sorted(found.items(), key=lambda item: (-_contacts(item[1]), item[0])))


def added_up(kind: type[Sums], parts: Iterable[Sums]) -> Sums:
    """The sums of each count."""
    parts = tuple(parts)
    return kind(*(sum(getattr(part, name) for part in parts) for name in _names(kind)))


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _contacts(runs: Iterable[Run]) -> int:
    return sum(run.reach.contacts for run in runs)


def count(connection: Connection, question: Question) -> tuple[int, str]:
    return connection.scalar(_of_contacts(question, question.days, func.count())) or 0, "contacts"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    visits = _visits_on_record(connection, question.clinic_id)
    followable = _followable(visits) if visits else None
    runs, left_out = _reach(connection, question, followable)
    patients = func.count(CampaignContact.patient_id.distinct())
    contacted_before, *before = connection.execute(_of_contacts(question, question.earlier, patients, *_REACHED)).one()
    step(1, STEPS)
    followed = _followed(connection, question, followable) if followable else {}
    step(2, STEPS)
    groups = _groups(connection, question)
    step(3, STEPS)
    teams = adoption.teams(connection, question, question.days)
    step(4, STEPS)
    return Answer(
        question,
        _runs(runs, followed),
        Reach(*before),
        sum(group.contacted for group in groups.values()),
        contacted_before,
        groups,
        teams,
        left_out,
        _records_begin(connection, question.clinic_id),
    )


def _runs(reached: Iterable[tuple[Any, Reach]], followed: Mapping[int, Followed]) -> tuple[Run, ...]:
    """Those with the most contacts first."""
    reached = tuple(reached)
    names = campaign_names({row.id: row.name for row, _ in reached})
    found = (
        Run(names[row.id], topic_name(row.topic), row.started_on, row.ended_on, reach, followed.get(row.id, Followed()))
        for row, reach in reached
    )
    return tuple(sorted(found, key=lambda run: (-run.reach.contacts, run.name)))


def _recorded(*steps: Any) -> ColumnElement[bool]:
    return or_(*(step.is_not(None) for step in steps))


_REACHED = (
    func.count(),
    how_many(_recorded(CampaignContact.opened_at, CampaignContact.responded_at, CampaignContact.attended_at)),
    how_many(_recorded(CampaignContact.responded_at, CampaignContact.attended_at)),
    how_many(_recorded(CampaignContact.attended_at)),
)
"""The columns of Reach. A later step stands for the ones before it, which may not have been recorded."""


def _of_contacts(question: Question, period: Period, *columns: Any) -> Select[Any]:
    """The contacts of the clinic's campaigns with its patients on the days of `period` that the question asks about."""
    return (
        select(*columns)
        .select_from(CampaignContact)
        .join(Campaign, Campaign.id == CampaignContact.campaign_id)
        .join(Patient, Patient.id == CampaignContact.patient_id)
        .where(
            Campaign.clinic_id == question.clinic_id,
            CampaignContact.local_day.between(*period),
            *patients_of(question, FILTERS),
            *narrowed(question, FILTERS, "contact"),
        )
    )


def _reach(
    connection: Connection, question: Question, followable: Period | None
) -> tuple[list[tuple[Any, Reach]], LeftOut]:
    """Each campaign with contacts: its row, and what came of them. And the contacts of all that cannot be Followed."""
    about = (Campaign.id, Campaign.name, Campaign.topic, Campaign.started_on, Campaign.ended_on)
    day = CampaignContact.local_day
    is_late = day > followable[1] if followable else true()
    is_early = and_(day < followable[0], not_(is_late)) if followable else false()
    left_out = (how_many(is_early), how_many(is_late))
    found = connection.execute(
        _of_contacts(question, question.days, *about, *_REACHED, *left_out).group_by(*about)
    ).all()
    early, late = (sum(row[-back] for row in found) for back in (2, 1))
    return [(row, Reach(*row[len(about) : -len(left_out)])) for row in found], LeftOut(early, late)


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    first = (
        select(func.min(CampaignContact.local_day))
        .join(Campaign, Campaign.id == CampaignContact.campaign_id)
        .where(Campaign.clinic_id == clinic_id)
    )
    return connection.scalar(first)


def _visits_on_record(connection: Connection, clinic_id: int) -> Period | None:
    first = connection.scalar(select(func.min(Visit.local_day)).where(Visit.clinic_id == clinic_id))
    took_place = select(Visit.local_day).where(Visit.clinic_id == clinic_id, HAPPENED)
    last = connection.scalar(took_place.order_by(Visit.local_day.desc()).limit(1))
    return (first, last) if first and last else None


def _followable(visits: Period) -> Period:
    """The days of contacts with FOLLOWED_DAYS of records on both sides; they may end before they begin."""
    return visits[0] + timedelta(days=FOLLOWED_DAYS), visits[1] - timedelta(days=FOLLOWED_DAYS)


def _followed(connection: Connection, question: Question, followable: Period) -> dict[int, Followed]:
    """By the campaign's number. The day of the contact itself belongs to neither side: of a visit on that day nobody
    knows whether it came first."""
    margin = timedelta(days=FOLLOWED_DAYS)
    contacts = (
        _of_contacts(
            question,
            question.days,
            CampaignContact.id,
            CampaignContact.campaign_id,
            CampaignContact.patient_id,
            CampaignContact.local_day,
        )
        .where(CampaignContact.local_day.between(*followable))
        .subquery()
    )
    days = DaysBetween(contacts.c.local_day, Visit.local_day)
    sides = (days.between(-FOLLOWED_DAYS, -1), days.between(1, FOLLOWED_DAYS))
    came = and_(
        Visit.patient_id == contacts.c.patient_id,
        Visit.clinic_id == question.clinic_id,
        Visit.local_day.between(question.start - margin, question.end + margin),
        HAPPENED,
    )
    seen = [how_many(and_(Visit.kind == kind, side)) for kind in filters.KIND_WORDS for side in sides]
    each = (
        select(contacts.c.campaign_id, *(column.label(f"n{index}") for index, column in enumerate(seen)))
        .select_from(contacts)
        .outerjoin(Visit, came)
        .group_by(contacts.c.id, contacts.c.campaign_id)
        .subquery()
    )
    counts = [each.c[f"n{index}"] for index in range(len(seen))]
    came_on = [how_many(counts[side] + counts[side + 2] > 0) for side in (0, 1)]
    query = select(each.c.campaign_id, func.count(), *came_on, *map(func.sum, counts)).group_by(each.c.campaign_id)
    return {number: Followed(*map(int, found)) for number, *found in connection.execute(query)}


def _groups(connection: Connection, question: Question) -> dict[tuple[str, str], Group]:
    """Everybody on the books, and whoever was contacted, by age band and sex."""
    contacted = (
        _of_contacts(question, question.days, CampaignContact.patient_id)
        .group_by(CampaignContact.patient_id)
        .subquery()
    )
    was_contacted = contacted.c.patient_id.is_not(None)
    people_contacted = outerjoin(Patient, contacted, contacted.c.patient_id == Patient.id)
    everybody, is_recent = adoption.with_recent(connection, question, people_contacted)
    flags = (
        was_contacted,
        adoption.is_numbered(),
        adoption.is_dated(question),
        adoption.has_sex(),
        is_recent,
    )
    patients = (
        select(
            filters.band_column(question.end).label("band"),
            Patient.sex,
            *(case((flag, 1), else_=0).label(f"flag{at}") for at, flag in enumerate(flags)),
        )
        .select_from(everybody)
        .where(*patients_of(question, FILTERS), or_(was_contacted, and_(*on_the_books(question.days))))
        .subquery()
    )
    found: dict[tuple[str, str], list[Group]] = {}
    for band, sex, *told, number in connection.execute(select(*patients.c, func.count()).group_by(*patients.c)):
        found.setdefault((band, sex), []).append(_alike(number, *map(bool, told)))
    return {key: added_up(Group, found[key]) for key in sorted(found)}


def _alike(number: int, contacted: bool, numbered: bool, dated: bool, sexed: bool, recent: bool) -> Group:
    """So many patients of whom the same is true."""
    kept_up = numbered and dated and sexed and recent
    which = (True, contacted, numbered, dated, sexed, recent, kept_up, contacted and kept_up)
    return Group(*(number if true else 0 for true in which))
