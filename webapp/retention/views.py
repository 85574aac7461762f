"""Keep, legal hold, and the retention page."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from webapp.accounts import access
from webapp.accounts.access import current_person
from webapp.models import Report
from webapp.retention import keeping
from webapp.retention.forms import KeepForm, ReasonForm
from webapp.retention.keeping import NotReady

blueprint = Blueprint("retention", __name__)


@blueprint.route("/reports/<report_id>/keep", methods=["GET", "POST"])
def keep(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "keep")
    form = KeepForm(request.form, may_keep_for_good=access.sees_to_retention(current_person()))
    if request.method == "POST" and form.validate():
        try:
            keeping.keep(report, current_person(), form.reason.data, form.months)
            flash("This report is kept.", "ok")
        except NotReady as fault:
            flash(fault.plain, "warn")
        return _back_to(report_id)
    return _asked("retention/keep.html", report, form)


@blueprint.post("/reports/<report_id>/keep/end")
def stop_keeping(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "keep")
    if keeping.stop_keeping(report, current_person()):
        flash("This report is kept no longer. It stays for at least three more days.", "ok")
    else:
        flash("This report was not kept.", "warn")
    return _back_to(report_id)


@blueprint.route("/reports/<report_id>/hold", methods=["GET", "POST"])
def hold(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "hold")
    form = ReasonForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            keeping.hold(report, current_person(), form.reason.data or "")
            flash("This report is on legal hold.", "ok")
        except NotReady as fault:
            flash(fault.plain, "warn")
        return _back_to(report_id)
    return _asked("retention/hold.html", report, form)


@blueprint.post("/reports/<report_id>/hold/end")
def release(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "hold")
    if keeping.release(report, current_person()):
        flash("This report is released. It stays for at least three more days, unless somebody deletes it.", "ok")
    else:
        flash("This report was not on hold.", "warn")
    return _back_to(report_id)


def _asked(template: str, report: Report, form: ReasonForm) -> ResponseReturnValue:
    if report.status != "ready":
        flash(NotReady.plain, "warn")
        return _back_to(report.id)
    return render_template(template, report=report, form=form), 422 if form.errors else 200


def _back_to(report_id: str) -> Response:
    return redirect(url_for("report_requests.show", report_id=report_id), 303)
