"""The page that asks before the readings of a sheet are taken back."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp import words
from webapp.accounts import access
from webapp.accounts.access import current_person
from webapp.uploads import taking_back
from webapp.uploads.views import for_those_who_treat

blueprint = Blueprint("taking_back", __name__, url_prefix="/uploads/<upload_id>/take-back")
blueprint.before_request(for_those_who_treat)


@blueprint.get("")
def confirm(upload_id: str) -> ResponseReturnValue:
    upload = access.upload_or_404(upload_id)
    if upload.status != "accepted":
        return redirect(url_for("uploads.show", upload_id=upload.id), 303)
    effects = taking_back.effects(upload)
    return render_template(
        "uploads/take_back.html",
        upload=upload,
        readings=words.plural(effects.readings, "reading"),
        patients=words.plural(len(effects.patients), "patient") if effects.patients else "",
        staying=words.plural(effects.staying, "reading") if effects.stay else "",
    )


@blueprint.post("")
def take_back(upload_id: str) -> ResponseReturnValue:
    upload = access.upload_or_404(upload_id)
    if not taking_back.take_back(upload, current_person()):
        flash("This sheet had been dealt with already.", "warn")
    return redirect(url_for("uploads.show", upload_id=upload_id), 303)
