"""The page on which managers say how their clinic's reports look and what they withhold."""

import base64

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import access
from webapp.accounts.access import current_person
from webapp.clinic_data import clinics, logos
from webapp.clinic_data.forms import ClinicForm
from webapp.extensions import db
from webapp.models import Clinic
from webapp.models.clinic import MORE_CHARTS

blueprint = Blueprint("clinic_data", __name__)


@blueprint.get("/clinic")
def settings() -> ResponseReturnValue:
    clinic = _clinic_of_page()
    asked = {
        "paper": clinic.paper,
        "suppress_below": str(clinic.suppress_below),
        "date_order": clinic.date_order,
        "more_charts": clinic.more_charts.split(),
    }
    return _page(clinic, ClinicForm(has_logo=clinic.logo is not None, data=asked))


@blueprint.post("/clinic")
def change() -> ResponseReturnValue:
    clinic = _clinic_of_page()
    form = ClinicForm(request.form, has_logo=clinic.logo is not None)
    if not form.validate():
        return _page(clinic, form), 422
    picture = request.files.get("logo")
    try:
        logo = logos.from_upload(picture.read()) if picture and picture.filename else clinic.logo
    except logos.LogoRefused as refusal:
        form.logo.errors = [str(refusal)]
        return _page(clinic, form), 422
    if form.without_logo and form.without_logo.data and logo == clinic.logo:
        logo = None
    wanted = clinics.Wishes(
        paper=form.paper.data,
        suppress_below=int(form.suppress_below.data),
        logo=logo,
        date_order=form.date_order.data,
        more_charts=" ".join(name for name in MORE_CHARTS if name in (form.more_charts.data or ())),
    )
    clinics.change_reports(clinic, wanted, person_id=current_person().id)
    db.session.commit()
    flash("Saved. New reports follow it; those that are made already stay as they are.", "ok")
    return redirect(url_for(".settings", clinic=clinic.id), 303)


def _clinic_of_page() -> Clinic:
    """The clinic that the address names, or the first that this person sees to."""
    person = current_person()
    if not access.sees_to_clinics(person):
        abort(403, "The clinic’s page is for managers and administrators.")
    theirs = access.clinics_for(person)
    asked = request.values.get("clinic")
    clinic = next((item for item in theirs if asked in (None, str(item.id))), None)
    return clinic or abort(404)


def _page(clinic: Clinic, form: ClinicForm) -> str:
    return render_template(
        "clinic_data/settings.html",
        clinic=clinic,
        clinics=access.clinics_for(current_person()),
        form=form,
        logo=base64.b64encode(clinic.logo).decode() if clinic.logo else "",
    )
