"""Who of the clinic uses the system, and whose record is kept up to date.

Sign-ins are read from the audit log: the rows of sessions go soon after the sessions are over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from sqlalchemy import Connection, func, or_, select

from webapp import words
from webapp.content import findings, periods, sources
from webapp.content.columns import Columns, Mask, Numbers
from webapp.content.columns.source import Source
from webapp.content.counting import how_many
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Cell, Column, Definition, Table
from webapp.models import AuditEntry, Person, Report
from webapp.models.person import ROLES_OF_A_CLINIC

KEPT_UP_MONTHS = 24

ROLE_WORDS = {"staff": "Staff", "clinician": "Clinicians", "manager": "Managers"}

PEOPLE_DEFINITION = Definition(
    "People who use the system",
    "People of the clinic who signed in, or asked for a report, on a day of the period. The share is of all people of "
    "the clinic whose account was added by the last day of the period and is open now. Administrators and auditors, "
    "who belong to no clinic, are not counted.",
)

KEPT_UP_DEFINITION = Definition(
    "Record kept up to date",
    "A rule of this system, for which there is no standard: a record with a medical record number, a birth date that "
    f"can be true, a known sex, and in the {KEPT_UP_MONTHS} months up to the last day of the period both a visit that "
    "took place and an entry: a diagnosis, measurement or treatment. What was entered in error does not count.",
)


@dataclass(frozen=True, slots=True)
class Team:
    """People of one role with an account; of those, who signed in, who asked for a report, and who did one of both."""

    role: str
    people: int = 0
    signed_in: int = 0
    asked: int = 0
    used: int = 0


def teams(connection: Connection, question: Question, period: Period) -> tuple[Team, ...]:
    """The roles of a clinic in their order, those without people too."""
    first, after = periods.moments(period, question.timezone)
    signed_in = (
        select(AuditEntry.person_id)
        .where(AuditEntry.action == "person.signed_in", AuditEntry.at >= first, AuditEntry.at < after)
        .group_by(AuditEntry.person_id)
        .subquery()
    )
    asked = (
        select(Report.requester_id)
        .where(Report.asked_at >= first, Report.asked_at < after)
        .group_by(Report.requester_id)
        .subquery()
    )
    did_sign_in, did_ask = signed_in.c.person_id.is_not(None), asked.c.requester_id.is_not(None)
    query = (
        select(Person.role, func.count(), how_many(did_sign_in), how_many(did_ask), how_many(or_(did_sign_in, did_ask)))
        .select_from(Person)
        .outerjoin(signed_in, signed_in.c.person_id == Person.id)
        .outerjoin(asked, asked.c.requester_id == Person.id)
        .where(Person.clinic_id == question.clinic_id, Person.is_active, Person.added_at < after)
        .group_by(Person.role)
    )
    found = {row[0]: Team(*row) for row in connection.execute(query)}
    return tuple(found.get(role, Team(role)) for role in ROLES_OF_A_CLINIC)


def together(some: Iterable[Team]) -> Team:
    """All people of the clinic."""
    some = tuple(some)
    names = ("people", "signed_in", "asked", "used")
    return Team("", *(sum(getattr(team, name) for team in some) for name in names))


def people_table(some: Iterable[Team]) -> Table:
    """Who used the system, by role."""
    some = tuple(some)
    columns = (
        Column("role", "Role"),
        Column("people", "People", "count"),
        Column("signed_in", "Signed in", "count"),
        Column("asked", "Asked for a report", "count"),
        Column("used", "Used the system", "count"),
        Column("share", "Share that used it", "percent", decimals=1),
    )

    def cells(label: str, of: Team) -> tuple[Cell, ...]:
        return label, of.people, of.signed_in, of.asked, of.used, findings.share(of.used, of.people)

    rows = tuple(cells(ROLE_WORDS[one.role], one) for one in some)
    total = cells(findings.ALL, together(some))
    return Table("users", "People of the clinic who used the system", columns, rows, total)


def used_sentence(everyone: Team) -> str:
    """Empty where nobody has an account."""
    if not everyone.people:
        return ""
    used = words.number(everyone.used) if everyone.used else "None"
    of = "the 1 person" if everyone.people == 1 else f"{words.number(everyone.people)} people"
    return f"{used} of {of} with an account used the system."


def kept_up_in(question: Question) -> Period:
    """The days on which a record that is kept up to date was last added to."""
    return periods.shifted(question.end + timedelta(days=1), -KEPT_UP_MONTHS), question.end


def is_recent(connection: Connection, question: Question, visits: Columns, patients: Numbers) -> Mask:
    """Whether each of the patients had a visit and an entry in kept_up_in(). `visits` are those that took place then,
    and on other days."""
    days = kept_up_in(question)

    def entries(source: Source, *names: str) -> Columns:
        return source.read(connection, question.clinic_id, names, days)

    diagnoses = entries(sources.DIAGNOSES, "patient", "status")
    is_true = ~diagnoses.is_one_of("status", ["entered-in-error"])
    others = [entries(source, "patient")["patient"] for source in (sources.MEASUREMENTS, sources.TREATMENTS)]
    entered = np.concatenate((diagnoses["patient"][is_true], *others))
    came = visits["patient"][visits.is_within(days)]
    return np.isin(patients, came) & np.isin(patients, entered)
