"""The pages of the main job: ask, watch, read, find again."""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from webapp import clock, content, generate, report_requests, words
from webapp.accounts import access, people
from webapp.accounts.access import current_person, polled
from webapp.content import CATALOGUE, TEMPLATES, Template
from webapp.content.periods import OWN_DATES
from webapp.content.question import Question
from webapp.errors import ReportHeld
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.generate import removal
from webapp.models import Clinic, Download, Keeping, LegalHold, Report
from webapp.report_requests import TooMany, listing
from webapp.report_requests.forms import USUAL, AskForm, form_for
from webapp.report_requests.reading import read
from webapp.report_requests.sheets import sheet_of

blueprint = Blueprint("report_requests", __name__, url_prefix="/reports")


@blueprint.before_request
def for_those_who_ask() -> None:
    """An auditor asks for no reports, so these pages are not theirs."""
    person = current_person()
    if not access.asks_for_reports(person):
        abort(403, f"{people.several(person.role)} do not make or read reports here.")


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The catalogue, and the form of the chosen template, filled as the address says."""
    template, clinic = _chosen()
    form = form_for(template, clinic, db.session.connection(), MultiDict(_begun()))
    dropped = form.drop_what_is_not_offered()
    return _ask_page(form, _matches(form), dropped)


@blueprint.post("/new")
def ask() -> ResponseReturnValue:
    template, clinic = _chosen()
    form = form_for(template, clinic, db.session.connection(), request.form)
    if not form.validate():
        return _ask_page(form), 422
    try:
        report = report_requests.ask(current_person(), form.question(), form.format.data, limit=_limit())
    except TooMany as fault:
        form.form_errors.append(str(fault))
        return _ask_page(form), 422
    current_person().usual_choices = json.dumps(form.usual)
    db.session.commit()
    if report.format != form.format.data:
        flash("You are waiting for these figures already. When they are ready you can have them in every format.")
    return redirect(url_for(".show", report_id=report.id), 303)


@blueprint.get("/new/matching")
def matching() -> ResponseReturnValue:
    """How much the chosen period and filters match, for the line beside the button."""
    template, clinic = _chosen()
    form = form_for(template, clinic, db.session.connection(), request.args)
    response = make_response(render_template("report_requests/_matching.html", matches=_matches(form)))
    # The address follows the choices, so that they survive a reload, the way back, and signing in again.
    response.headers["HX-Replace-Url"] = url_for(".new", **form.chosen)
    return response


@blueprint.get("")
def index() -> ResponseReturnValue:
    """My reports."""
    asked = listing.Asked(
        search=request.args.get("q", "")[:100].strip(),
        status=_known(request.args.get("status", ""), listing.STATUS_WORDS),
        template=_known(request.args.get("template", ""), TEMPLATES),
    )
    page = listing.page_of(current_person(), asked, request.args.get("page", "1"))
    return render_template(
        "report_requests/_list.html" if request.headers.get("HX-Target") == "reports" else "report_requests/index.html",
        asked=asked,
        page=page,
        days=listing.by_day(page.items, current_person()),
        statuses={name: label for name, (label, _) in listing.STATUS_WORDS.items()},
        templates=_readable_templates(),
    )


@blueprint.get("/<report_id>")
def show(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "read")
    if report.status == "ready":
        return _ready_page(report)
    return render_template("report_requests/unfinished.html", expired_on=_expired_on(report), **_state(report))


@blueprint.get("/<report_id>/progress")
@polled
def progress(report_id: str) -> ResponseReturnValue:
    """The part of the page that is asked for each second; when the report has ended, the whole page is."""
    report = access.report_or_404(report_id, "read")
    response = make_response(render_template("report_requests/_progress.html", **_state(report)))
    if not report.in_flight:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.get("/<report_id>/row")
@polled
def row(report_id: str) -> ResponseReturnValue:
    """A report's line of My reports, which is asked for by itself while the report is being made."""
    report = access.report_or_404(report_id, "read")
    return render_template("report_requests/_row.html", row=listing.row_of(report, current_person()))


@blueprint.post("/<report_id>/cancel")
def cancel(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "cancel")
    if not report_requests.cancel(report, current_person()):
        flash("This report had ended already.", "warn")
    return redirect(url_for(".show", report_id=report.id), 303)


@blueprint.post("/<report_id>/retry")
def retry(report_id: str) -> ResponseReturnValue:
    """The same question once more, as a new report."""
    report = access.report_or_404(report_id, "retry")
    # Whoever may read an old report need not be somebody who may ask for such a one now.
    access.clinic_or_404(current_person(), report.clinic_id)
    if not access.template_allowed(current_person(), TEMPLATES[report.template].audience):
        abort(403)
    try:
        again = report_requests.ask_again(current_person(), report, limit=_limit())
    except TooMany as fault:
        flash(str(fault), "warn")
        return redirect(url_for(".show", report_id=report.id), 303)
    return redirect(url_for(".show", report_id=again.id), 303)


@blueprint.get("/<report_id>/delete")
def confirm_delete(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "delete")
    if report.hold:
        flash(ReportHeld.plain, "warn")
        return redirect(url_for(".show", report_id=report.id), 303)
    kept = _stays(report.keeping, report.clinic.timezone)
    return render_template("report_requests/delete.html", report=report, kept=kept)


@blueprint.post("/<report_id>/delete")
def delete(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "delete")
    if report.in_flight:
        flash("This report is still being made. Cancel it first, then delete it.", "warn")
        return redirect(url_for(".show", report_id=report.id), 303)
    title = report.title
    try:
        report_requests.delete(report, current_person())
    except ReportHeld as fault:
        flash(fault.plain, "warn")
        return redirect(url_for(".show", report_id=report_id), 303)
    flash(f"{title} was deleted.", "ok")
    return redirect(url_for(".index"), 303)


@dataclass(frozen=True, slots=True)
class Matches:
    """What stands beside the button: the resolved dates, and how much matches them."""

    clinic: str
    dates: str
    against: str
    zone: str
    count: str
    verb: str
    is_empty: bool


def _chosen() -> tuple[Template, Clinic]:
    """The template and the clinic that the address names, or the first of each that this person may have."""
    templates = [item for item in CATALOGUE.values() if access.template_allowed(current_person(), item.audience)]
    clinics = access.clinics_for(current_person())
    if not clinics:
        abort(404)
    name, clinic_id = request.values.get("template"), request.values.get("clinic")
    template = templates[0] if name is None else next((item for item in templates if item.name == name), None)
    # Who works for several clinics goes on with the one they chose last.
    last = next((item for item in clinics if item.id == session.get("clinic")), clinics[0])
    clinic = last if clinic_id is None else next((item for item in clinics if str(item.id) == clinic_id), None)
    if template is None or clinic is None:
        abort(404)
    if len(clinics) > 1 and clinic is not last:
        session["clinic"] = clinic.id
    return template, clinic


def _begun() -> dict[str, str]:
    """What a new form begins with: what the address says, else what this person asked for last."""
    return {**USUAL, **json.loads(current_person().usual_choices), **request.args.to_dict()}


def _ask_page(form: AskForm, matches: Matches | str = "", dropped: Sequence[str] = ()) -> str:
    return render_template(
        "report_requests/new.html",
        form=form,
        template=form.template,
        clinic=form.clinic,
        clinics=access.clinics_for(current_person()),
        catalogue=[item for item in CATALOGUE.values() if access.template_allowed(current_person(), item.audience)],
        last_asked=_last_asked(form.clinic.timezone),
        from_a_sheet=TEMPLATES["daily_patients"] if access.brings_sheets(current_person()) else None,
        matches=matches,
        dropped=words.listed(list(dropped)),
    )


def _last_asked(zone: str) -> dict[str, str]:
    """On which day this person last asked for a report of each template, in words."""
    mine = select(Report.template, func.max(Report.asked_at)).where(Report.requester_id == current_person().id)
    return {
        template: words.day(clock.local(at, zone).day)
        for template, at in db.session.execute(mine.group_by(Report.template))
    }


def _matches(form: AskForm) -> Matches | str:
    """What a form would find that is still being filled in, or what it lacks; it has no errors yet."""
    if not form.validate():
        lacking = [*form.start.errors, *form.end.errors]
        form.forget_errors()
        return lacking[0] if lacking else ""
    question = report_requests.entitled(current_person(), form.question())
    count, noun = content.matching(db.session.connection(), question)
    told = content.told(count, noun, question)
    return Matches(
        clinic=form.clinic.name,
        dates=words.dates(question.start, question.end),
        against=words.dates(*question.earlier),
        zone=words.city(question.timezone),
        count=told[:1].upper() + told[1:],
        verb="matches" if told.startswith("1 ") else "match",
        is_empty=count == 0,
    )


def _begun_at(report: Report) -> tuple[str, str]:
    """Where one goes to have such a report with other choices, and what the link there says; a report of a sheet has
    none. Empty where there is no such page."""
    if not report.tells_patients:
        return url_for(".new", **_choices_of(report)), "Change the choices"
    if "uploads.index" in current_app.view_functions:
        return url_for("uploads.index"), "Upload another sheet"
    return "", ""


def _choices_of(report: Report) -> dict[str, Any]:
    """The choices that led to a report, as new() takes them from an address."""
    question = Question.from_json(report.question)
    own_dates = {"start": question.start.isoformat(), "end": question.end.isoformat()}
    return {
        "template": question.template,
        "clinic": question.clinic_id,
        "period": question.period,
        "compare": question.compare,
        **(own_dates if question.period == OWN_DATES else {}),
        **question.chosen,
        "format": report.format,
    }


def _state(report: Report) -> dict[str, object]:
    """What every page of a report shows."""
    return {
        "report": report,
        "clinic": report.clinic.name,
        "period": report.dates,
        "format": FORMATS[report.format].label,
        "before": report_requests.position(report) if report.status == "queued" else 0,
        "asked_at": words.moment(report.asked_at, report.clinic.timezone),
        "begun_at": _begun_at(report),
        "sheet": sheet_of(report),
    }


def _ready_page(report: Report) -> str:
    zone = report.clinic.timezone
    downloads, last = db.session.execute(
        select(func.count(), func.max(Download.at)).where(Download.report_id == report.id)
    ).one()
    made = {file.format for file in report.files}
    return render_template(
        "report_requests/ready.html",
        **_state(report),
        document=read(generate.document_of(report), request.args.get("page", 1, type=int)),
        formats=[(name, item.label, name in made) for name, item in FORMATS.items()],
        made_at=words.moment(report.finished_at, zone) if report.finished_at else "",
        seconds=words.number(report.seconds_to_make or 0, 1),
        redrawn=[FORMATS[file.format].label for file in report.files if file.first_sha256],
        downloads=words.plural(downloads, "download"),
        last_download=words.moment(last, zone) if last else "",
        expiry=listing.expiry_of(report),
        kept=_stays(report.keeping, zone),
        held=_stays(report.hold, zone),
        may_keep=access.allowed(current_person(), "keep", report) and access.keeps_for_others(current_person(), report),
        may_hold=access.allowed(current_person(), "hold", report),
    )


def _stays(row: Keeping | LegalHold | None, zone: str) -> dict[str, str] | None:
    """How long somebody keeps or holds a report, who it is, since which day and why."""
    if row is None:
        return None
    told = row.told(zone) if isinstance(row, Keeping) else "On legal hold"
    return {
        "told": told,
        "who": row.person.name,
        "since": words.day(clock.local(row.at, zone).day),
        "reason": row.reason,
    }


def _readable_templates() -> dict[str, Template]:
    """The templates whose reports this person may read, by name."""
    person = current_person()
    return {name: item for name, item in TEMPLATES.items() if access.template_allowed(person, item.audience)}


def _expired_on(report: Report) -> str:
    at = removal.expired_at(report.id) if report.status == "expired" else None
    return words.day(clock.local(at, report.clinic.timezone).day) if at else ""


def _known(name: str, names: Container[str]) -> str:
    return name if name in names else ""


def _limit() -> int:
    limit: int = current_app.config["SETTINGS"].reports_in_flight
    return limit
