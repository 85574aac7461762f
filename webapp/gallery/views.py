"""The gallery of charts, for those who write templates of reports."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from webapp.accounts import access
from webapp.files import charts, facts
from webapp.gallery.case import Case
from webapp.gallery.cases import SHAPES, TITLES, cases, strips
from webapp.report_requests.reading import read_metric

blueprint = Blueprint("gallery", __name__, url_prefix="/developers")


@blueprint.before_request
def for_those_who_run_it() -> None:
    if not access.runs_operations(access.current_person()):
        abort(403, "The gallery of charts is for administrators.")


@blueprint.get("/charts")
def index() -> ResponseReturnValue:
    """Each shape with ordinary figures, and strips of headline figures."""
    return render_template(
        "gallery/index.html",
        shapes=TITLES,
        drawn=[(TITLES[shape], *_drawn(cases(shape)[0])) for shape in SHAPES],
        strips=[(facts.across(len(metrics)), [read_metric(metric) for metric in metrics]) for metrics in strips()],
    )


@blueprint.get("/charts/<shape>")
def one(shape: str) -> ResponseReturnValue:
    """One shape with figures that are odd as well."""
    found = next((known for known in SHAPES if known == shape), None) or abort(404)
    drawn = [(case.name, *_drawn(case)) for case in cases(found)]
    return render_template("gallery/one.html", shapes=TITLES, title=TITLES[found], drawn=drawn)


def _drawn(case: Case) -> tuple[Markup, Markup]:
    """The case as on a desk and as on a phone."""
    return charts.wide_and_narrow(case.chart, case.table)
