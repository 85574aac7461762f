"""Sign-in, sign-out and the start page."""

import re
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user

from webapp.accounts import access, attempts, sessions
from webapp.accounts import sign_in as signing
from webapp.accounts.forms import SignInForm
from webapp.words import plural

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """To the page where the work is; those who ask for no reports get a page that says what they have."""
    if access.asks_for_reports(access.current_person()) and "report_requests.new" in current_app.view_functions:
        return redirect(url_for("report_requests.new"), 303)
    return render_template("accounts/home.html", person=access.current_person())


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("accounts.home"), 303)
    form = SignInForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
        return render_template("accounts/sign_in.html", form=form)
    status, refusal = 422, ""
    if form.validate():
        try:
            signed_in = signing.sign_in(form.email.data or "", form.password.data or "", request.remote_addr or "")
        except signing.Refused:
            refusal = "The e-mail address or the password is not right. Check both and try again."
        except attempts.TooMany as limit:
            status = 429
            refusal = f"That was tried too often. Wait {plural(limit.minutes, 'minute')}, then try again."
        else:
            _begin_session(signed_in)
            return redirect(local_path(form.next.data or "") or url_for("accounts.home"), 303)
    return render_template("accounts/sign_in.html", form=form, refusal=refusal), status


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    signing.sign_out(current_user._get_current_object())
    session.clear()
    flash("You are signed out.")
    return redirect(url_for("accounts.sign_in"), 303)


def local_path(target: str) -> str:
    """`target` where it is a path of this site, else nothing, so that sign-in never leads elsewhere. Browsers take a
    backslash for a slash and drop control characters, so a path with either is refused."""
    try:
        parts = urlsplit(target)
    except ValueError:
        # Such as //[x, where a host would have to be an IPv6 address.
        return ""
    if parts.scheme or parts.netloc or not re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", target):
        return ""
    return target


def _begin_session(signed_in: sessions.SignedIn) -> None:
    """Nothing of the session before sign-in is kept, so that one planted by somebody else is worth nothing."""
    session.clear()
    session.permanent = True
    login_user(signed_in)
