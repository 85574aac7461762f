"""The pages of sheets: bring one, answer what it does not say, look at the dry run, accept it."""

from datetime import timedelta
from typing import BinaryIO, cast

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from webapp import clock, words
from webapp.accounts import access, people
from webapp.accounts.access import current_person
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.frame.paging import page_number
from webapp.models import Clinic, Report, Upload
from webapp.models.report import NEVER_READY
from webapp.report_requests import TooMany
from webapp.uploads import choosing, listing, receiving, showing, steps, understanding
from webapp.uploads.accepting import Changed, NotWaiting, shown_of
from webapp.uploads.checking import Findings, OlderForm, marked
from webapp.uploads.ending import discard as discard_sheet
from webapp.uploads.example import example
from webapp.uploads.receiving import TooLarge, same_before
from webapp.uploads.steps import ChangedMeanwhile
from webapp.uploads.understanding import Understanding, workbook_of

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")


FORM_ALLOWANCE = 1024 * 1024
"""What a form may take besides its file: bytes."""


@blueprint.url_value_preprocessor
def allow_sheets(endpoint: str | None, values: dict[str, object] | None) -> None:
    """A sheet may be larger than what other pages take. Said before anything reads the request."""
    if endpoint == "uploads.bring":
        request.max_content_length = receiving.MOST_BYTES + FORM_ALLOWANCE


@blueprint.before_request
def for_those_who_treat() -> None:
    person = current_person()
    if not access.brings_sheets(person):
        abort(403, f"{people.several(person.role)} do not bring measurements of patients here.")


@blueprint.get("")
def index() -> ResponseReturnValue:
    return _index()


@blueprint.post("")
def bring() -> ResponseReturnValue:
    sheet = request.files.get("sheet")
    if sheet is None or not sheet.filename:
        return _index("Choose a file first."), 422
    try:
        upload = steps.bring(current_person(), _clinic(), cast(BinaryIO, sheet.stream), sheet.filename)
    except TooLarge as fault:
        return _index(str(fault)), 422
    return redirect(url_for(".show", upload_id=upload.id), 303)


@blueprint.errorhandler(413)
def too_large(fault: HTTPException) -> ResponseReturnValue:
    """One that is not even read to its end, for it is far too large."""
    return _index(receiving.TOO_LARGE), 413


@blueprint.get("/example")
def example_sheet() -> ResponseReturnValue:
    clinic = _clinic()
    made = example(clinic, clock.today(clinic.timezone) - timedelta(days=1))
    return _as_sheet(made, "Measurements.xlsx")


@blueprint.get("/<upload_id>")
def show(upload_id: str) -> ResponseReturnValue:
    """What is to be done with it now."""
    upload = access.upload_or_404(upload_id)
    if upload.status == "asking":
        return _asking_page(upload)
    if upload.status == "checked":
        return _checked_page(upload)
    return _ended_page(upload)


@blueprint.get("/<upload_id>/columns")
def columns(upload_id: str) -> ResponseReturnValue:
    """The answers, to be changed."""
    upload = _open_or_over(upload_id)
    return _asking_page(upload) if isinstance(upload, Upload) else upload


@blueprint.post("/<upload_id>/columns")
def answer(upload_id: str) -> ResponseReturnValue:
    upload = _open_or_over(upload_id)
    if not isinstance(upload, Upload):
        return upload
    try:
        wrong = steps.answer(upload, request.form.to_dict())
    except ChangedMeanwhile as fault:
        wrong = {}
        flash(str(fault), "warn")
    if wrong:
        return _asking_page(upload, wrong), 422
    return redirect(url_for(".show", upload_id=upload.id), 303)


@blueprint.post("/<upload_id>/choices")
def choose(upload_id: str) -> ResponseReturnValue:
    """Which patients who are not on record are added, with the names that the sheet lacks; and whether scales of SpO2
    change on record."""
    upload = _open_or_over(upload_id)
    if not isinstance(upload, Upload):
        return upload
    if upload.status == "checked":
        try:
            steps.choose(upload, choosing.chosen(_findings(upload), request.form))
        except ChangedMeanwhile as fault:
            flash(str(fault), "warn")
    return redirect(url_for(".show", upload_id=upload.id), 303)


@blueprint.post("/<upload_id>/accept")
def accept(upload_id: str) -> ResponseReturnValue:
    upload = access.upload_or_404(upload_id)
    if upload.status not in ("checked", "accepted") or not request.form.get("shown"):
        return redirect(url_for(".show", upload_id=upload.id), 303)
    if upload.status == "checked" and choosing.says_otherwise(_findings(upload), request.form):
        flash("Your choices were taken in first. Look at what becomes of the sheet now, then accept it.", "warn")
        return choose(upload_id)
    try:
        report = steps.accept(upload, current_person(), limit=_limit(), shown=request.form["shown"])
    except Changed:
        upload = access.upload_or_404(upload_id)
        if upload.status == "checked":
            return _checked_page(upload, changed=True), 409
        return redirect(url_for(".show", upload_id=upload.id), 303)
    except (TooMany, NotWaiting) as fault:
        flash(str(fault), "warn")
        return redirect(url_for(".show", upload_id=upload.id), 303)
    return redirect(url_for("report_requests.show", report_id=report.id), 303)


@blueprint.post("/<upload_id>/discard")
def discard(upload_id: str) -> ResponseReturnValue:
    upload = access.upload_or_404(upload_id)
    if discard_sheet(upload, current_person()):
        flash("The sheet was discarded. Nothing of it was kept.", "ok")
    else:
        flash("This sheet had been dealt with already.", "warn")
    return redirect(url_for(".index"), 303)


@blueprint.get("/<upload_id>/marked")
def marked_sheet(upload_id: str) -> ResponseReturnValue:
    """The dry run as a spreadsheet."""
    upload = access.upload_or_404(upload_id)
    if upload.status != "checked":
        return redirect(url_for(".show", upload_id=upload.id), 303)
    workbook, understood = workbook_of(upload), Understanding.of(upload)
    made = marked.annotate(understood.sheet(workbook), _findings(upload))
    return _as_sheet(made, "Measurements with faults marked.xlsx")


def _clinic() -> Clinic:
    """Where this person works, which is where the sheets go."""
    clinic = current_person().clinic
    return clinic or abort(404)


def _open_or_over(upload_id: str) -> Upload | ResponseReturnValue:
    """The sheet while it waits for somebody; else the way to its page, which tells how it ended."""
    upload = access.upload_or_404(upload_id)
    return upload if upload.is_open else redirect(url_for(".show", upload_id=upload.id), 303)


def _findings(upload: Upload) -> Findings:
    """What the dry run found; where another version of us has written it down, it is done again."""
    assert upload.findings is not None
    try:
        return Findings.unpack(upload.findings)
    except OlderForm:
        steps.choose(upload, Understanding.of(upload).choices)
        db.session.refresh(upload)
        return Findings.unpack(upload.findings)


def _index(fault: str = "") -> str:
    clinic = _clinic()
    page = listing.page_of(clinic, page_number(request.args.get("page", "")))
    return render_template("uploads/index.html", clinic=clinic, fault=fault, page=page)


def _asking_page(upload: Upload, wrong: dict[str, str] | None = None) -> str:
    workbook, understood = workbook_of(upload), Understanding.of(upload)
    sheet, layout = understood.sheet(workbook), understood.settled(workbook)
    asks = {ask.key: ask for ask in understanding.questions(upload, workbook, understood)}
    given = {**understanding.given(understood), **(request.form.to_dict() if wrong else {})}
    return render_template(
        "uploads/asking.html",
        upload=upload,
        size=words.size(upload.size),
        sheet_name=sheet.name if len(workbook.sheets) > 1 else "",
        notes=workbook.notes,
        asks=[ask for ask in asks.values() if not showing.is_about_a_column(ask)],
        wrong=wrong or {},
        given=given,
        columns=showing.columns(sheet, layout, asks, given),
        today=clock.today(upload.clinic.timezone).isoformat(),
    )


def _checked_page(upload: Upload, *, changed: bool = False) -> str:
    workbook, understood, findings = workbook_of(upload), Understanding.of(upload), _findings(upload)
    sheet, layout = understood.sheet(workbook), understood.settled(workbook)
    has_faults = any(fault.row is not None for fault in findings.faults)
    asked = request.args.get("rows", "faults")
    show: showing.Show = "faults" if asked == "faults" and has_faults else "all"
    counts = findings.counts
    return render_template(
        "uploads/checked.html",
        upload=upload,
        size=words.size(upload.size),
        days=words.dates(findings.first, findings.last) if findings.first and findings.last else "",
        findings=findings,
        shown=shown_of(upload.findings or b""),
        changed=changed,
        before=_before(upload),
        notes=workbook.notes,
        of_the_sheet=showing.of_the_sheet(findings),
        counts={
            "patients": words.number(counts.patients),
            "new_patients": counts.new_patients,
            "rows_used": words.number(counts.rows_used),
            "rows_read": words.number(counts.rows_read),
            "rows_left_out": words.number(counts.rows_left_out),
            "values_left_out": words.number(counts.values_left_out),
        },
        new_told=words.plural(counts.new_patients, "patient"),
        unknown=choosing.unknown(findings),
        unknown_told=words.plural(len(findings.unknown), "patient"),
        more_unknown=max(0, len(findings.unknown) - choosing.MOST_NAMED),
        scales=findings.scales,
        taken_for=showing.taken_for(findings),
        conversions=[one.sentence for one in findings.conversions],
        changes_scales=findings.choices.scales,
        kinds=showing.kinds(findings),
        show=show,
        has_faults=has_faults,
        headings=showing.headings(sheet, layout),
        page=showing.page_of(
            sheet,
            layout,
            findings,
            show,
            page_number(request.args.get("page", "")),
        ),
    )


def _before(upload: Upload) -> dict[str, str] | None:
    """Who brought the same file before, and when; the way to the report, where there still is one."""
    found = same_before(upload.clinic, upload.sha256)
    if found is None or found[0].id == upload.id:
        return None
    earlier, report = found
    return {
        "who": earlier.person.name,
        "at": words.moment(earlier.received_at, upload.clinic.timezone),
        "href": url_for("report_requests.show", report_id=report.id) if report else "",
    }


def _ended_page(upload: Upload) -> str:
    headings = {
        "refused": "This file could not be used",
        "discarded": "This sheet was discarded",
        "accepted": "This sheet was accepted",
        "taken back": "The readings of this sheet were taken back",
    }
    told = {
        "refused": upload.refusal,
        "discarded": "Nothing of it was kept. Upload it again if that was a mistake.",
        "accepted": "Its readings are in the clinic’s records. Reports that were made of it stand below.",
        "taken back": _taken_back(upload),
    }
    made = Report.status.not_in(NEVER_READY)
    reports = db.session.scalars(
        select(Report).where(Report.upload_id == upload.id, made).order_by(Report.asked_at.desc())
    )
    return render_template(
        "uploads/ended.html",
        upload=upload,
        heading=headings[upload.status],
        told=told[upload.status],
        reports=reports.all(),
    )


def _taken_back(upload: Upload) -> str:
    if upload.taken_back_at is None or upload.taken_back_by is None:
        return ""
    at = words.moment(upload.taken_back_at, upload.clinic.timezone)
    return (
        f"On {at}, by {upload.taken_back_by.name}. They are not in the clinic’s records any more, but for those that "
        "another sheet or another system says too. Reports made of them before stay as they were; their pages say so."
    )


def _as_sheet(made: bytes, name: str) -> Response:
    response = current_app.response_class(made, content_type=FORMATS["excel"].content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.cache_control.no_store = True
    return response


def _limit() -> int:
    limit: int = current_app.config["SETTINGS"].reports_in_flight
    return limit
