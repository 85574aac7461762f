"""The only doors to a row: may this person do this to that? For pages, API and files alike.

    who            | asks for   | asks for    | reads and   | cancels, retries, | holds   | pages of
                   | aggregates | of patients | downloads   | keeps, deletes    | reports | their own
    ---------------+------------+-------------+-------------+-------------------+---------+----------------------
    staff          | the clinic | -           | their own   | their own         | -       | -
    clinician      | the clinic | the clinic  | their own   | their own         | -       | -
    manager        | the clinic | the clinic  | the clinic  | the clinic        | -       | retention, clinic
    administrator  | every one  | -           | every one   | every one         | all     | these, and operations
    auditor        | -          | -           | -           | -                 | -       | audit

"Their own" is what they asked for themselves about the clinic they work for now: who moves to another clinic leaves the
reports behind. A report that tells of single patients is for clinicians and managers of the clinic: every clinician may
read and download it, whoever asked for it, for the next shift needs it; all else goes by the table. Administrators can
put it on legal hold, and not read it. The sheets behind such reports are seen to by the same people.

What patients wrote is for clinicians, managers and administrators; a report that tells it is not for others, even where
they asked for it in another role. On the retention page a manager changes the rules of their clinic, an administrator
all of them; both may keep a report without end. Who has the operations page has the gallery of charts
(/developers/charts) too. A row that you may not see is 404, as if it were not there; a page that your role does not
have is 403. No view queries a report by id itself.
"""

from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar

from flask import abort
from flask_login import current_user
from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select, true
from sqlalchemy.orm import undefer_group

from webapp import logs
from webapp.extensions import db
from webapp.models import Clinic, Person, Report, Upload
from webapp.models.upload import CELLS

Action = Literal["read", "download", "cancel", "retry", "keep", "delete", "hold"]
Audience = Literal["aggregate", "patients"]
Reach = Literal["own", "clinic", "every", "none"]

ACTIONS: tuple[Action, ...] = ("read", "download", "cancel", "retry", "keep", "delete")
"""What goes by the reach of a role. Only administrators hold reports."""

REPORTS: dict[str, dict[Action, Reach]] = {
    "staff": {**dict.fromkeys(ACTIONS, "own"), "hold": "none"},
    "clinician": {**dict.fromkeys(ACTIONS, "own"), "hold": "none"},
    "manager": {**dict.fromkeys(ACTIONS, "clinic"), "hold": "none"},
    "administrator": {**dict.fromkeys(ACTIONS, "every"), "hold": "every"},
    "auditor": {**dict.fromkeys(ACTIONS, "none"), "hold": "none"},
}
PATIENT_REPORTS: dict[str, dict[Action, Reach]] = {
    "staff": dict.fromkeys((*ACTIONS, "hold"), "none"),
    "clinician": {**REPORTS["clinician"], "read": "clinic", "download": "clinic"},
    "manager": REPORTS["manager"],
    "administrator": {**dict.fromkeys(ACTIONS, "none"), "hold": "every"},
    "auditor": REPORTS["auditor"],
}
"""The same for reports that tell of single patients."""

AUDIENCES: dict[str, tuple[Audience, ...]] = {
    "staff": ("aggregate",),
    "clinician": ("aggregate", "patients"),
    "manager": ("aggregate", "patients"),
    "administrator": ("aggregate",),
    "auditor": (),
}
COMMENT_READERS = ("clinician", "manager", "administrator")

OPERATORS = ("administrator",)
KEEPERS = ("manager", "administrator")

# What answers without sign-in; every other route asks for it (accounts/__init__.py).
OPEN_ENDPOINTS = frozenset({"accounts.sign_in", "static", "healthz"})

P = ParamSpec("P")
R = TypeVar("R")


def current_person() -> Person:
    """Who is signed in. Only for views, which sign-in guards."""
    return current_user.person


def clinics_for(person: Person) -> list[Clinic]:
    """The clinics whose reports this person may ask for, by name."""
    reach: ColumnElement[bool] = false()
    if person.role == "administrator":
        reach = true()
    elif AUDIENCES[person.role]:
        reach = Clinic.id == person.clinic_id
    return list(db.session.scalars(select(Clinic).where(reach).order_by(Clinic.name)))


def clinic_or_404(person: Person, clinic_id: int) -> Clinic:
    """The clinic, when this person may ask for its reports."""
    clinic = next((clinic for clinic in clinics_for(person) if clinic.id == clinic_id), None)
    return clinic or abort(404)


def asks_for_reports(person: Person) -> bool:
    """Whether the pages of asking and reading are this person's at all."""
    return bool(AUDIENCES[person.role])


def runs_operations(person: Person) -> bool:
    """Whether the operations page and the gallery of charts are this person's."""
    return person.role in OPERATORS


def sees_to_retention(person: Person) -> bool:
    """Whether the retention page is this person's, who may also keep reports without end."""
    return person.role in KEEPERS


def sees_to_clinics(person: Person) -> bool:
    """Whether this person says how the reports of their clinics look and what they withhold."""
    return person.role in KEEPERS


def keeps_for_others(person: Person, report: Report) -> bool:
    """Whether this person may put their own Keep in the place of the one there is, or end it: who kept the report, and
    those who see to retention."""
    return report.keeping is None or report.keeping.person_id == person.id or sees_to_retention(person)


def template_allowed(person: Person, audience: str) -> bool:
    """Whether this person may ask for templates of that audience: "aggregate" or "patients"."""
    return audience in AUDIENCES[person.role]


def reads_comments(person: Person) -> bool:
    """Whether what patients wrote about the clinic is for this person: words can tell who wrote them."""
    return person.role in COMMENT_READERS


def brings_sheets(person: Person) -> bool:
    """Whether this person may upload measurements of patients, and have reports of them."""
    return template_allowed(person, "patients")


def visible_reports(person: Person) -> Select[Report]:
    """The reports that this person may read, unordered."""
    return select(Report).where(_within(person, "read"))


def reports_to_hold(person: Person) -> Select[Report]:
    """The reports that this person may put on legal hold, unordered."""
    return select(Report).where(_within(person, "hold"))


def upload_or_404(upload_id: str) -> Upload:
    """The sheet, when the signed-in person may see to it: one of their clinic, by whomever it was brought."""
    person = current_person()
    upload = db.session.get(Upload, upload_id, options=[undefer_group(CELLS)])
    if upload is None or upload.clinic_id != person.clinic_id or not brings_sheets(person):
        abort(404)
    return upload


def report_or_404(report_id: str, action: Action) -> Report:
    """The report, when the signed-in person may do that to it: 404 when they may not see it, 403 when they only may."""
    person = current_person()
    concerned = or_(_within(person, "read"), _within(person, action))
    report = db.session.scalars(select(Report).where(concerned, Report.id == report_id)).one_or_none()
    if report is None:
        abort(404)
    logs.report_id.set(report.id)
    if not allowed(person, action, report):
        abort(403)
    return report


def allowed(person: Person, action: Action, report: Report) -> bool:
    """Whether this person may do that to this report; pages show no button that would be refused."""
    if report.tells_comments and not reads_comments(person):
        return False
    of_clinic = report.clinic_id == person.clinic_id
    return {
        "own": of_clinic and report.requester_id == person.id,
        "clinic": of_clinic,
        "every": True,
        "none": False,
    }[(PATIENT_REPORTS if report.tells_patients else REPORTS)[person.role][action]]


def _within(person: Person, action: Action) -> ColumnElement[bool]:
    """What allowed() says of one report, as SQL about all of them."""
    of_clinic = Report.clinic_id == person.clinic_id
    reaches: dict[Reach, ColumnElement[bool]] = {
        "own": and_(of_clinic, Report.requester_id == person.id),
        "clinic": of_clinic,
        "every": true(),
        "none": false(),
    }
    within = or_(
        and_(not_(Report.tells_patients), reaches[REPORTS[person.role][action]]),
        and_(Report.tells_patients, reaches[PATIENT_REPORTS[person.role][action]]),
    )
    return within if reads_comments(person) else and_(within, not_(Report.tells_comments))


def polled(view: Callable[P, R]) -> Callable[P, R]:
    """A view that its page fetches by itself: below the route. A page that polls is not a person at work, so such a
    request does not put off the idle sign-out; else a browser left open on a waiting report would never sign out."""
    view.is_polled = True  # type: ignore[attr-defined]
    return view
