"""Whom campaigns reached and what came of it, read from the database: the counts behind the campaign performance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, func, select

from webapp.content import adoption, ages, filters, periods, presence, sources
from webapp.content.adoption import Team
from webapp.content.answer import OfPeriod
from webapp.content.campaign_performance.own_filters import CAMPAIGN, TOPIC, campaign_names, topic_name
from webapp.content.columns import DAY, Columns, Numbers
from webapp.content.counting import HAPPENED, narrowed
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.content.sources import STEPS_OF_A_CONTACT
from webapp.content.template import Step
from webapp.models import Campaign, CampaignContact, Visit

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
    return len(_contacts_of(connection, question, question.days)), "contacts"


def ask(connection: Connection, question: Question, step: Step) -> Answer:
    on_record = _visits_on_record(connection, question.clinic_id)
    followable = _followable(on_record) if on_record else None
    names = ("step", "campaign", "patient", DAY)
    contacts, before = (_contacts_of(connection, question, days, *names) for days in (question.days, question.earlier))
    step(1, STEPS)
    visits = _visits(connection, question, followable)
    followed = _followed(contacts.within(followable), visits) if followable else {}
    step(2, STEPS)
    groups = _groups(connection, question, contacts["patient"], visits)
    step(3, STEPS)
    teams = adoption.teams(connection, question, question.days)
    step(4, STEPS)
    return Answer(
        question,
        _runs(connection, question, contacts, followed),
        _reach(before.counts("step")),
        sum(group.contacted for group in groups.values()),
        len(before.distinct("patient")),
        groups,
        teams,
        _left_out(contacts[DAY], followable),
        _records_begin(connection, question.clinic_id),
    )


def _contacts_of(connection: Connection, question: Question, period: Period, *names: str) -> Columns:
    """The contacts of the clinic's campaigns with its patients on the days of `period` that the question asks about."""
    asked = [*narrowed(question, FILTERS, "contact"), *narrowed(question, FILTERS, "patient")]
    return sources.CONTACTS.read(connection, question.clinic_id, names, period, asked)


def _runs(
    connection: Connection, question: Question, contacts: Columns, followed: Mapping[int, Followed]
) -> tuple[Run, ...]:
    """Those with the most contacts first."""
    steps: dict[int, dict[str, int]] = {}
    for (number, step), found in contacts.counts("campaign", "step").items():
        steps.setdefault(number, {})[step] = found
    about = (Campaign.id, Campaign.name, Campaign.topic, Campaign.started_on, Campaign.ended_on)
    of_clinic = connection.execute(select(*about).where(Campaign.clinic_id == question.clinic_id))
    campaigns = [row for row in of_clinic if row.id in steps]
    names = campaign_names({row.id: row.name for row in campaigns})
    runs = (
        Run(
            names[row.id],
            topic_name(row.topic),
            row.started_on,
            row.ended_on,
            _reach(steps[row.id]),
            followed.get(row.id, Followed()),
        )
        for row in campaigns
    )
    return tuple(sorted(runs, key=lambda run: (-run.reach.contacts, run.name)))


def _reach(steps: Mapping[str, int]) -> Reach:
    """From the contacts by the last step that they came to."""
    attended, responded, opened, contacted = accumulate(steps.get(step, 0) for step in reversed(STEPS_OF_A_CONTACT))
    return Reach(contacted, opened, responded, attended)


def _left_out(days: Numbers, followable: Period | None) -> LeftOut:
    if not followable:
        return LeftOut(too_late=len(days))
    first, last = (day.toordinal() for day in followable)
    is_late = days > last
    return LeftOut(int(((days < first) & ~is_late).sum()), int(is_late.sum()))


def _records_begin(connection: Connection, clinic_id: int) -> date | None:
    first = (
        select(func.min(CampaignContact.local_day))
        .join(Campaign, Campaign.id == CampaignContact.campaign_id)
        .where(Campaign.clinic_id == clinic_id)
    )
    return connection.scalar(first)


def _visits_on_record(connection: Connection, clinic_id: int) -> Period | None:
    first = presence.first_visit(connection, clinic_id)
    took_place = select(Visit.local_day).where(Visit.clinic_id == clinic_id, HAPPENED)
    last = connection.scalar(took_place.order_by(Visit.local_day.desc()).limit(1))
    return (first, last) if first and last else None


def _followable(visits: Period) -> Period:
    """The days of contacts with FOLLOWED_DAYS of records on both sides; they may end before they begin."""
    return visits[0] + timedelta(days=FOLLOWED_DAYS), visits[1] - timedelta(days=FOLLOWED_DAYS)


def _visits(connection: Connection, question: Question, followable: Period | None) -> Columns:
    """Those that took place, of all patients, on the days on which contacts are followed or records kept up."""
    days = [adoption.kept_up_in(question)]
    if followable:
        margin = timedelta(days=FOLLOWED_DAYS)
        days.append((question.start - margin, question.end + margin))
    visits = sources.visits(connection, question, (), periods.around(*days), DAY, "status", "kind", "patient")
    return presence.took_place(visits)


def _followed(contacts: Columns, visits: Columns) -> dict[int, Followed]:
    """By the campaign's number. The day of the contact itself belongs to neither side: of a visit on that day nobody
    knows whether it came first."""
    patients, days = contacts["patient"], contacts[DAY]
    visits = sources.about(contacts, visits)
    sides = ((days - FOLLOWED_DAYS, days - 1), (days + 1, days + FOLLOWED_DAYS))
    counts = []
    for kind in filters.KIND_WORDS:
        of_kind = visits.where(visits.is_one_of("kind", [kind]))
        came = np.sort(_patient_days(of_kind["patient"], of_kind[DAY]))
        for first, last in sides:
            until, before = _patient_days(patients, last), _patient_days(patients, first)
            counts.append(np.searchsorted(came, until, "right") - np.searchsorted(came, before, "left"))
    medical_before, medical_after, dental_before, dental_after = counts
    came_on = (medical_before + dental_before > 0, medical_after + dental_after > 0)
    campaigns, places = np.unique(contacts["campaign"], return_inverse=True)
    each = (np.ones(len(contacts)), *came_on, *counts)
    sums = [np.bincount(places, of_each).astype(np.int64).tolist() for of_each in each]
    return {number: Followed(*found) for number, *found in zip(campaigns.tolist(), *sums, strict=True)}


def _patient_days(patients: Numbers, days: Numbers) -> Numbers:
    """One number for a patient and a day, in order of the patients and then of the days."""
    return patients.astype(np.int64) * (date.max.toordinal() + 1) + days


def _groups(
    connection: Connection, question: Question, contacted: Numbers, visits: Columns
) -> dict[tuple[str, str], Group]:
    """Everybody on the books, and whoever was contacted, by age band and sex."""
    names = ("sex", "patient", "born", "registered", "died", "has_mrn")
    everybody = sources.patients(connection, question, FILTERS, *names)
    everybody = everybody.having(contacted=np.isin(everybody["patient"], contacted))
    everybody = everybody.where(everybody["contacted"] | presence.is_on_the_books(everybody, question.days))
    band = ages.bands(everybody["born"], question.end)
    recent = adoption.is_recent(connection, question, visits, everybody["patient"])
    found: dict[tuple[str, str], list[Group]] = {}
    told = everybody.having(band=band, recent=recent)
    for (place, *what), number in told.counts("band", "sex", "contacted", "has_mrn", "recent").items():
        sex, *flags = what
        key = (ages.band(place), sex)
        found.setdefault(key, []).append(_alike(number, *key, *map(bool, flags)))
    return {key: added_up(Group, found[key]) for key in sorted(found)}


def _alike(number: int, band: str, sex: str, contacted: bool, numbered: bool, recent: bool) -> Group:
    """So many patients of whom the same is true."""
    dated, sexed = band != filters.UNKNOWN_AGE, sex != "unknown"
    kept_up = numbered and dated and sexed and recent
    which = (True, contacted, numbered, dated, sexed, recent, kept_up, contacted and kept_up)
    return Group(*(number if true else 0 for true in which))
