"""My reports: what a person may see, by day, searched and filtered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload, load_only, selectinload

from webapp import clock, words
from webapp.accounts import access
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.frame.paging import page_number
from webapp.generate.expiry import WARNED
from webapp.models import Clinic, Person, Report, Upload
from webapp.report_requests.sheets import Sheet, sheet_of

PER_PAGE = 25

STATUS_WORDS = {
    "queued": ("Waiting", "run"),
    "running": ("Being made", "run"),
    "ready": ("Ready", "ok"),
    "failed": ("Failed", "bad"),
    "cancelled": ("Cancelled", ""),
    "expired": ("Expired", ""),
}
"""How a status is told, and the kind of its tag."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to; empty means everything."""

    search: str = ""
    status: str = ""
    template: str = ""

    @property
    def narrowed(self) -> bool:
        return bool(self.search or self.status or self.template)


@dataclass(frozen=True, slots=True)
class Row:
    report: Report
    about: str
    time: str
    status: str
    kind: str
    formats: tuple[tuple[str, str, bool], ...]
    """name, label and whether it was made already, of each format"""
    expiry: "Expiry"
    sheet: Sheet | None


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a report goes, in words; empty where it never does. It is warned of when that is near."""

    told: str
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    heading: str
    rows: list[Row]


def page_of(person: Person, asked: Asked, number: str) -> Pagination:
    """One page of reports, newest first. A number that is none is the first page, one beyond the last is the last."""
    wanted = (
        _narrowed(access.visible_reports(person), asked)
        .order_by(Report.asked_at.desc(), Report.id)
        .options(joinedload(Report.clinic), joinedload(Report.requester), selectinload(Report.files))
        .options(joinedload(Report.keeping), joinedload(Report.hold))
        .options(joinedload(Report.upload).options(load_only(Upload.taken_back_at), joinedload(Upload.taken_back_by)))
    )
    page = db.paginate(wanted, page=page_number(number), per_page=PER_PAGE, error_out=False)
    if page.page > page.pages > 0:
        return db.paginate(wanted, page=page.pages, per_page=PER_PAGE, error_out=False)
    return page


def by_day(reports: list[Report], person: Person) -> list[Day]:
    """The reports under the day they were asked for, on the clinic's calendar; who sees several clinics gets UTC, so
    that newest first is also latest first."""
    zone = _zone_of(person)
    days: dict[date, Day] = {}
    for report in reports:
        asked_on = clock.local(report.asked_at, zone).day
        day = days.setdefault(asked_on, Day(_heading(asked_on, clock.today(zone)), []))
        day.rows.append(row_of(report, person))
    return list(days.values())


def _zone_of(person: Person) -> str:
    return person.clinic.timezone if person.clinic else "UTC"


def row_of(report: Report, person: Person) -> Row:
    """One report as this person sees it in the list."""
    zone = _zone_of(person)
    made = {file.format for file in report.files}
    status, kind = STATUS_WORDS[report.status]
    return Row(
        report=report,
        about=" · ".join(filter(None, _about(report, person))),
        time=words.time(report.asked_at, zone) + ("" if person.clinic else " UTC"),
        status=status,
        kind=kind,
        formats=tuple((name, item.label, name in made) for name, item in FORMATS.items()),
        expiry=expiry_of(report),
        sheet=sheet_of(report),
    )


def expiry_of(report: Report) -> Expiry:
    """When a ready report goes, by the days of the clinic's calendar, or why it does not."""
    zone = report.clinic.timezone
    if report.status != "ready":
        return Expiry("")
    if report.hold:
        return Expiry("On legal hold")
    if report.keeping:
        return Expiry(report.keeping.told(zone))
    if report.expires_at is None:
        return Expiry("")
    ends_on, today = clock.local(report.expires_at, zone).day, clock.today(zone)
    if ends_on <= today + WARNED:
        return Expiry(f"Expires {words.until(ends_on, today)}", is_near=True)
    return Expiry(f"Expires {words.day(ends_on)}")


def _about(report: Report, person: Person) -> Iterator[str]:
    """What tells a report from others of its title; the title may have told the days already."""
    yield "" if report.dates in report.title else report.dates
    yield report.narrowed
    yield report.clinic.name
    yield "" if report.requester_id == person.id else f"asked for by {report.requester.name}"


def _heading(day: date, today: date) -> str:
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{words.WEEKDAYS[day.weekday()]} {words.day(day)}"


def _narrowed(wanted: Select[Report], asked: Asked) -> Select[Report]:
    if asked.status:
        wanted = wanted.where(Report.status == asked.status)
    if asked.template:
        wanted = wanted.where(Report.template == asked.template)
    for word in asked.search.split()[:8]:
        clinics = select(Clinic.id).where(Clinic.name.icontains(word, autoescape=True))
        people = select(Person.id).where(Person.name.icontains(word, autoescape=True))
        wanted = wanted.where(
            or_(
                Report.title.icontains(word, autoescape=True),
                Report.number.icontains(word, autoescape=True),
                Report.narrowed.icontains(word, autoescape=True),
                Report.dates.icontains(word, autoescape=True),
                Report.clinic_id.in_(clinics),
                Report.requester_id.in_(people),
            )
        )
    return wanted
