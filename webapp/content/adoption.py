"""Who of the clinic uses the system, and whose record is kept up to date.

Sign-ins are read from the audit log: the rows of sessions go soon after the sessions are over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, or_, select, union_all

from webapp import words
from webapp.content import filters, findings, periods
from webapp.content.counting import HAPPENED, how_many
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.figures import Cell, Column, Definition, Table
from webapp.models import AuditEntry, Diagnosis, Measurement, Patient, Person, Report, Treatment, Visit
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


def with_recent(
    connection: Connection, question: Question, people: FromClause
) -> tuple[FromClause, ColumnElement[bool]]:
    """`people` (patients, and what was joined to them), and whether each had a visit and an entry in kept_up_in().

    SQLite asks of each patient by index, for most have one of the first kind of entry that is looked for. PostgreSQL,
    which reads a table several times faster than that, is given the patients of all visits and of all entries.
    """
    visits, *entries = _recent(question)
    if connection.dialect.name == "sqlite":
        has_visit, *has_entry = (
            rows.where(rows.selected_columns[0] == Patient.id).exists() for rows in (visits, *entries)
        )
        return people, and_(has_visit, or_(*has_entry))
    all_of_them = []
    for rows in (visits.subquery(), union_all(*entries).subquery()):
        patient_id = rows.c[0].label("patient_id")
        found = select(patient_id).group_by(patient_id).subquery()
        people = people.outerjoin(found, found.c.patient_id == Patient.id)
        all_of_them.append(found.c.patient_id.is_not(None))
    return people, and_(*all_of_them)


def _recent(question: Question) -> list[Select[Any]]:
    """The patients of visits, and of each kind of entry, in kept_up_in()."""
    is_true = or_(Diagnosis.verification_status.is_(None), Diagnosis.verification_status != "entered-in-error")
    wanted: tuple[tuple[Any, Any, tuple[ColumnElement[bool], ...]], ...] = (
        (Visit, Visit.local_day, (HAPPENED,)),
        (Diagnosis, Diagnosis.recorded_on, (is_true,)),
        (Measurement, Measurement.local_day, ()),
        (Treatment, Treatment.performed_on, ()),
    )
    days = kept_up_in(question)
    return [
        select(model.patient_id).where(model.clinic_id == question.clinic_id, day.between(*days), *conditions)
        for model, day, conditions in wanted
    ]


def is_numbered() -> ColumnElement[bool]:
    return and_(Patient.mrn.is_not(None), func.trim(Patient.mrn) != "")


def is_dated(question: Question) -> ColumnElement[bool]:
    """Birth date known and not a mistake: see filters.OLDEST."""
    return filters.age_known(question.end)


def has_sex() -> ColumnElement[bool]:
    return Patient.sex != "unknown"
