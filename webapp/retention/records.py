"""What the retention page shows, as plain data: rules, storage use, what is kept or held, and what went."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import joinedload

from webapp import clock, words
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.generate.expiry import title_of
from webapp.generate.removal import RECORDS
from webapp.models import AuditEntry, Clinic, File, Keeping, LegalHold, Person, Report, RetentionRule

PER_PAGE = 10

Shown = TypeVar("Shown")
Lines = Select[*tuple[Any, ...]]
Line = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Page(Generic[Shown]):
    """Some lines of a list, and which page of how many they are."""

    items: list[Shown]
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Use:
    """How much the ready reports of a clinic, or of a person there, take up in the store."""

    name: str
    clinic: str
    reports: str
    size: str


@dataclass(frozen=True, slots=True)
class Staying:
    """A report that somebody keeps or holds; `how` is who does, how long, since when and why."""

    report_id: str
    title: str
    about: str
    number: str
    tells_patients: bool
    how: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Removal:
    """A record of a report that expired or was deleted."""

    at: str
    number: str
    template: str
    clinic: str
    rule: str
    files: str
    sha256: str


def rules(clinic_id: int | None, number: int) -> Page[RetentionRule]:
    """The rules that concern a clinic, or (None) all of them; those of every clinic first."""
    wanted = select(RetentionRule).outerjoin(RetentionRule.clinic).options(joinedload(RetentionRule.clinic))
    if clinic_id is not None:
        wanted = wanted.where(or_(RetentionRule.clinic_id == clinic_id, RetentionRule.clinic_id.is_(None)))
    wanted = wanted.order_by(
        Clinic.name.is_not(None), Clinic.name, RetentionRule.template.is_not(None), RetentionRule.id
    )
    return _page(wanted, number, lambda row: row[0])


def use_by_clinic(clinic_id: int | None, number: int) -> Page[Use]:
    """The most first."""
    used = select(Clinic.name, Clinic.name, *_USED).join_from(Report, Report.clinic).group_by(Clinic.id, Clinic.name)
    return _page(_most_first(used, clinic_id), number, _use)


def use_by_person(clinic_id: int | None, number: int) -> Page[Use]:
    """By who asked for the reports, in each clinic; the most first."""
    used = (
        select(Person.name, Clinic.name, *_USED)
        .join_from(Report, Report.clinic)
        .join(Report.requester)
        .group_by(Person.id, Person.name, Clinic.id, Clinic.name)
    )
    return _page(_most_first(used, clinic_id), number, _use)


def staying(clinic_id: int | None, number: int) -> Page[Staying]:
    """Reports that are kept or held; those that were asked for last first."""
    wanted = (
        select(Report)
        .outerjoin(Keeping, Keeping.report_id == Report.id)
        .outerjoin(LegalHold, LegalHold.report_id == Report.id)
        .where(or_(Keeping.report_id.is_not(None), LegalHold.report_id.is_not(None)))
        .options(joinedload(Report.keeping).joinedload(Keeping.person))
        .options(joinedload(Report.hold).joinedload(LegalHold.person), joinedload(Report.clinic))
        .order_by(Report.asked_at.desc(), Report.id)
    )
    if clinic_id is not None:
        wanted = wanted.where(Report.clinic_id == clinic_id)
    return _page(wanted, number, lambda row: _staying(row[0]))


def how_it_stays(report: Report) -> list[tuple[str, str, str]]:
    """Whether a report is held and kept and how long, by whom since when, and why."""
    zone = report.clinic.timezone
    how = []
    if report.hold:
        how.append(("On legal hold", _by(report.hold, zone), report.hold.reason))
    if report.keeping:
        how.append((report.keeping.told(zone), _by(report.keeping, zone), report.keeping.reason))
    return how


def removals(clinic_id: int | None, zone: str, number: int) -> Page[Removal]:
    """The last first, with times on the clock of `zone`."""
    wanted = (
        select(AuditEntry, Person.name)
        .outerjoin(Person, Person.id == AuditEntry.person_id)
        .where(AuditEntry.action.in_(RECORDS))
        .order_by(AuditEntry.number.desc())
    )
    if clinic_id is not None:
        # Details are JSON in the order of their names, of which the clinic's is the first (generate/removal.py).
        wanted = wanted.where(AuditEntry.details.startswith(f'{{"clinic":{clinic_id},', autoescape=True))
    clinics = {row.id: row.name for row in db.session.execute(select(Clinic.id, Clinic.name))}
    return _page(wanted, number, lambda row: _removal(row[0], row[1], clinics, zone))


_USED = (func.count(Report.id.distinct()), func.coalesce(func.sum(File.size), 0).label("used"))


def _most_first(used: Lines, clinic_id: int | None) -> Lines:
    used = used.outerjoin(Report.files).where(Report.status == "ready")
    if clinic_id is not None:
        used = used.where(Report.clinic_id == clinic_id)
    return used.order_by(_USED[1].desc(), Clinic.name)


def _use(row: Line) -> Use:
    name, clinic, reports, size = row
    return Use(name, clinic, words.number(reports), words.size(int(size)))


def _staying(report: Report) -> Staying:
    about = [report.clinic.name, *([] if report.dates in report.title else [report.dates]), report.narrowed]
    return Staying(
        report_id=report.id,
        title=report.title,
        about=" · ".join(filter(None, about)),
        number=report.number,
        tells_patients=report.tells_patients,
        how=how_it_stays(report),
    )


def _by(row: Keeping | LegalHold, zone: str) -> str:
    return f"{row.person.name}, {words.day(clock.local(row.at, zone).day)}"


_GONE = {"report.expired": "Expired after", "report.cleared": "Cleared after"}
"""Before the rule of a removal; of a deletion, which has none, it says who did it."""


def _removal(entry: AuditEntry, who: str | None, clinics: dict[int, str], zone: str) -> Removal:
    told = json.loads(entry.details)
    return Removal(
        at=words.moment(entry.at, zone),
        # Of one that was deleted before there were such records, only the figures are known.
        number=told.get("number", words.DASH),
        template=title_of(told.get("template", words.DASH)),
        clinic=clinics.get(told.get("clinic"), ""),
        rule=f"{_GONE[entry.action]} {told['rule']}" if entry.action in _GONE else f"Deleted by {who or 'somebody'}",
        files=words.listed([FORMATS[file["format"]].label for file in told.get("files", [])]),
        sha256=(told.get("figures_sha256") or words.DASH)[:12],
    )


def _page(wanted: Lines, number: int, shown: Callable[[Line], Shown]) -> Page[Shown]:
    """One page of a list. A number beyond the last page is the last."""
    total = db.session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    pages = max(1, ceil(total / PER_PAGE))
    number = min(number, pages)
    rows: Sequence[Line] = db.session.execute(wanted.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    return Page([shown(row) for row in rows], number, pages)
