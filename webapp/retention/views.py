"""Keep, legal hold, and the retention page."""

from dataclasses import dataclass

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from webapp import clock, words
from webapp.accounts import access
from webapp.accounts.access import current_person
from webapp.extensions import db
from webapp.frame.paging import page_number
from webapp.generate.expiry import title_of
from webapp.models import Report, RetentionRule
from webapp.retention import keeping, records, rules
from webapp.retention.forms import KeepForm, ReasonForm, RuleForm
from webapp.retention.keeping import NotReady
from webapp.retention.records import Page
from webapp.retention.rules import ChangedMeanwhile

blueprint = Blueprint("retention", __name__)

NOT_HELD = "This report is not on legal hold."

LISTS = ("rules", "clinics", "people", "staying", "removals")
"""The lists of the retention page, each of which has its own pages."""


@blueprint.route("/reports/<report_id>/keep", methods=["GET", "POST"])
def keep(report_id: str) -> ResponseReturnValue:
    report = _to_be_kept(report_id)
    form = KeepForm(request.form, may_keep_for_good=access.sees_to_retention(current_person()))
    if request.method == "POST" and form.validate():
        try:
            keeping.keep(report, current_person(), form.reason.data, form.months)
            flash("This report is kept.", "ok")
        except NotReady as fault:
            flash(fault.plain, "warn")
        return _back_to(report_id)
    return _asked("retention/keep.html", report, form)


def _to_be_kept(report_id: str) -> Report:
    """The report, unless somebody else keeps it: 403."""
    report = access.report_or_404(report_id, "keep")
    if not access.keeps_for_others(current_person(), report):
        abort(403, "Somebody else keeps this report. They can change that, and so can your manager.")
    return report


@blueprint.post("/reports/<report_id>/keep/end")
def stop_keeping(report_id: str) -> ResponseReturnValue:
    report = _to_be_kept(report_id)
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


@blueprint.get("/retention/hold")
def find_to_hold() -> ResponseReturnValue:
    """To the hold of the report of that number: the only way to one that is not for administrators to read."""
    if not access.runs_operations(current_person()):
        abort(403, "Reports are put on legal hold by administrators.")
    number = request.args.get("number", "").strip().upper()[:20]
    report = db.session.scalar(access.reports_to_hold(current_person()).where(Report.number == number))
    if report is None:
        flash("There is no report of that number. It stands at the foot of each of its pages.", "warn")
        return redirect(url_for(".index"), 303)
    return redirect(url_for(".confirm_release" if report.hold else ".hold", report_id=report.id), 303)


@blueprint.get("/reports/<report_id>/hold/end")
def confirm_release(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "hold")
    if report.status != "ready" or not report.hold:
        flash(NOT_HELD, "warn")
        return _back_to(report_id)
    end, rule = keeping.end_by_rule(report)
    return render_template(
        "retention/release.html",
        report=report,
        ends_on=words.day(clock.local(end, report.clinic.timezone).day),
        rule=rule,
        is_kept=report.keeping is not None,
        how=records.how_it_stays(report),
    )


@blueprint.post("/reports/<report_id>/hold/end")
def release(report_id: str) -> ResponseReturnValue:
    report = access.report_or_404(report_id, "hold")
    if keeping.release(report, current_person()):
        flash("The hold is removed. This report stays for at least three more days, unless somebody deletes it.", "ok")
    else:
        flash(NOT_HELD, "warn")
    return _back_to(report_id)


@blueprint.get("/retention")
def index() -> ResponseReturnValue:
    return _page(_rule_form())


@blueprint.post("/retention/rules")
def set_rule() -> ResponseReturnValue:
    """Add a rule, or change the one there is for the same reports."""
    form = _rule_form()
    if not form.validate():
        return _page(form), 422
    clinic_id = int(form.clinic.data) if form.clinic.data else None
    try:
        moved = rules.set_rule(clinic_id, form.template.data or None, form.days.data or 0, current_person().id)
        flash(f"The rule is set. {_told(moved)}", "ok")
    except ChangedMeanwhile as fault:
        flash(fault.plain, "warn")
    return redirect(url_for(".index"), 303)


@blueprint.get("/retention/rules/<int:rule_id>/remove")
def confirm_removal(rule_id: int) -> ResponseReturnValue:
    rule = _rule_to_remove(rule_id)
    if rule is None:
        return redirect(url_for(".index"), 303)
    found = rules.successors(rule)
    return render_template(
        "retention/remove.html",
        rule=_rule_row(rule, _clinic_of_page()),
        days=words.plural(rule.days, "day"),
        concerned=words.plural(sum(one.reports for one in found), "ready report"),
        successors=[
            (words.plural(one.reports, "report goes", "reports go"), one.rule.told, _sooner(one)) for one in found
        ],
    )


@blueprint.post("/retention/rules/<int:rule_id>/remove")
def remove_rule(rule_id: int) -> ResponseReturnValue:
    rule = _rule_to_remove(rule_id)
    if rule is not None:
        flash(f"The rule is removed. {_told(rules.remove_rule(rule, current_person().id))}", "ok")
    return redirect(url_for(".index"), 303)


def _rule_to_remove(rule_id: int) -> RetentionRule | None:
    """The rule, or None, with a word about it, where there is none any more. Another clinic's is 404."""
    clinic_id = _clinic_of_page()
    rule = db.session.get(RetentionRule, rule_id)
    if rule is None:
        flash("That rule was removed already.", "warn")
    elif clinic_id not in (None, rule.clinic_id):
        abort(404)
    return rule


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A line of the table of rules; empty is every clinic, or every report."""

    id: int
    clinic_id: int | str
    clinic: str
    template_name: str
    template: str
    days: int
    is_theirs: bool

    @property
    def told(self) -> str:
        return f"{self.template or 'every report'} of {self.clinic or 'every clinic'}"


def _clinic_of_page() -> int | None:
    """The clinic whose retention a manager sees to; None for an administrator, who sees to all."""
    person = current_person()
    if not access.sees_to_retention(person):
        abort(403, "The retention page is for managers and administrators.")
    return person.clinic_id


def _rule_form() -> RuleForm:
    every_clinic = _clinic_of_page() is None
    return RuleForm(request.form, clinics=access.clinics_for(current_person()), every_clinic=every_clinic)


def _page(form: RuleForm) -> str:
    clinic_id, person = _clinic_of_page(), current_person()
    zone = person.clinic.timezone if person.clinic else "UTC"
    numbers = {name: page_number(request.args.get(name, "")) for name in LISTS}
    shown = records.rules(clinic_id, numbers["rules"])
    return render_template(
        "retention/index.html",
        form=form,
        place=person.clinic.name if person.clinic else "All clinics",
        several_clinics=clinic_id is None,
        usual=words.plural(current_app.config["SETTINGS"].retention_days, "day"),
        clock_of=f"{words.city(zone)} time" if person.clinic else zone,
        numbers={name: number for name, number in numbers.items() if number > 1},
        rules=Page([_rule_row(rule, clinic_id) for rule in shown.items], shown.number, shown.pages),
        clinics=records.use_by_clinic(clinic_id, numbers["clinics"]),
        people=records.use_by_person(clinic_id, numbers["people"]),
        staying=records.staying(clinic_id, numbers["staying"]),
        removals=records.removals(clinic_id, zone, numbers["removals"]),
        holds=access.runs_operations(current_person()),
    )


def _rule_row(rule: RetentionRule, clinic_id: int | None) -> RuleRow:
    return RuleRow(
        id=rule.id,
        clinic_id=rule.clinic_id or "",
        clinic=rule.clinic.name if rule.clinic else "",
        template_name=rule.template or "",
        template=title_of(rule.template) if rule.template else "",
        days=rule.days,
        is_theirs=clinic_id in (None, rule.clinic_id),
    )


def _sooner(successor: rules.Successor) -> str:
    """How many of the reports that get another rule expire sooner by it, inside a sentence."""
    reports, sooner = successor.reports, successor.sooner
    if reports == 1:
        return "it expires sooner than now" if sooner else "it expires no sooner than now"
    if sooner in (0, reports):
        return f"{'all of them expire' if sooner else 'none of them expires'} sooner than now"
    return f"{words.number(sooner)} of them {'expires' if sooner == 1 else 'expire'} sooner than now"


def _told(moved: int) -> str:
    if not moved:
        return "No report that is there already is concerned."
    reports = words.plural(moved, "report that is", "reports that are")
    return f"{reports} there already {'goes' if moved == 1 else 'go'} by it too, in three days at the earliest."


def _asked(template: str, report: Report, form: ReasonForm) -> ResponseReturnValue:
    if report.status != "ready":
        flash(NotReady.plain, "warn")
        return _back_to(report.id)
    return render_template(template, report=report, form=form), 422 if form.errors else 200


def _back_to(report_id: str) -> Response:
    """To the report's page; or, where it is not for them to read, to the page of all reports that stay."""
    readable = db.session.scalar(access.visible_reports(current_person()).where(Report.id == report_id))
    there = url_for("report_requests.show", report_id=report_id) if readable else url_for(".index")
    return redirect(there, 303)
