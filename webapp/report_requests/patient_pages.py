"""The page of each patient of a report, and that patient's PDF alone.

A patient is called by the place in the overview: no name and no record number stands in an address, a title or the
name of a file, for browsers keep them.
"""

from flask import Blueprint, abort, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from webapp import audit, generate
from webapp.accounts import access
from webapp.accounts.access import Action, current_person
from webapp.extensions import db
from webapp.files import FORMATS
from webapp.models import Report
from webapp.report_requests.reading import PATIENTS_A_PAGE, read_patient
from webapp.report_requests.sheets import sheet_of

blueprint = Blueprint("patient_pages", __name__, url_prefix="/reports/<report_id>/patients")


@blueprint.get("/<int:number>")
def show(report_id: str, number: int) -> ResponseReturnValue:
    report = _of_patients(report_id, "read")
    if report.status != "ready":
        return redirect(url_for("report_requests.show", report_id=report.id), 303)
    try:
        shown = read_patient(generate.document_of(report), number)
    except LookupError:
        abort(404)
    return render_template(
        "report_requests/patient.html",
        report=report,
        sheet=sheet_of(report),
        shown=shown,
        number=number,
        overview_page=(number - 1) // PATIENTS_A_PAGE + 1,
        may_download=access.allowed(current_person(), "download", report),
    )


@blueprint.get("/<int:number>/pdf")
def pdf(report_id: str, number: int) -> ResponseReturnValue:
    """This patient's pages, drawn from what was frozen and read back like any other file; they are not kept."""
    report = _of_patients(report_id, "download")
    if report.status != "ready":
        return redirect(url_for("report_requests.show", report_id=report.id), 303)
    title, person_id = report.title, current_person().id
    try:
        drawn = generate.draw_patient(report, number)
    except LookupError:
        abort(404)
    audit.record(
        "report.patient_pages", f"report:{report_id}", person_id=person_id, patient=number, sha256=drawn.sha256
    )
    db.session.commit()
    response = send_file(
        drawn.stream,
        mimetype=FORMATS["pdf"].content_type,
        as_attachment=True,
        download_name=f"{title}, patient {number}.pdf",
    )
    response.content_length = drawn.size
    response.headers["Cache-Control"] = "no-store"
    return response


def _of_patients(report_id: str, action: Action) -> Report:
    """The report, where it tells of single patients and this person may do that to it."""
    report = access.report_or_404(report_id, action)
    if not report.tells_patients:
        abort(404)
    if report.status == "expired":
        abort(410)
    return report
