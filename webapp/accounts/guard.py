"""What stands before every route: who are you, and have you signed in?"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.accounts import access
from webapp.accounts.views import local_path
from webapp.frame.error_pages import wants_json
from webapp.models import Person
from webapp.models.person import ROLES
from webapp.settings import Settings
from webapp.words import plural

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the top bar, and whom it is for."""

    endpoint: str
    label: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page, as plain data: the top bar can be drawn when the database is down."""

    name: str
    place: str
    navigation: tuple[Link, ...]


# Whom the pages of report_requests/ are for: access.asks_for_reports, by role.
ASKING = tuple(role for role in ROLES if access.AUDIENCES[role])
# Whom the pages of uploads/ are for: access.brings_sheets, by role.
TREATING = tuple(role for role in ROLES if "patients" in access.AUDIENCES[role])
NAVIGATION = (
    Link("report_requests.new", "New report", ASKING),
    Link("uploads.index", "Daily patients", TREATING),
    Link("report_requests.index", "My reports", ASKING),
    Link("retention.index", "Retention", access.KEEPERS),
    Link("clinic_data.settings", "Clinic", access.KEEPERS),
    Link("health.index", "Operations", access.OPERATORS),
)


def viewer_of(person: Person) -> Viewer:
    """The person as the top bar shows them, with the pages that exist and are theirs."""
    place = person.clinic.name if person.clinic else {"administrator": "All clinics"}.get(person.role, "Auditor")
    links = (link for link in NAVIGATION if person.role in link.roles and link.endpoint in current_app.view_functions)
    return Viewer(person.name, place, tuple(links))


def require_sign_in() -> AnyResponse | None:
    """Before every request. A route without sign-in is one that access.OPEN_ENDPOINTS names."""
    if request.endpoint in ("static", "healthz"):
        # These do not even ask who it is: style sheets load, and health is told, when the database is down.
        return None
    if current_user.is_authenticated:
        g.viewer = viewer_of(current_user.person)
        return None
    if request.endpoint is None or request.endpoint in access.OPEN_ENDPOINTS:
        return None
    return to_sign_in()


def to_sign_in() -> AnyResponse:
    """Pages lead to sign-in and back; a fragment makes the whole page go there; JSON is told 401."""
    if wants_json():
        abort(401)
    if session.pop("_user_id", None):
        minutes = plural(current_app.config["SETTINGS"].session_idle_minutes, "minute")
        flash(f"You were signed out, because nothing was done here for {minutes} or because you signed out elsewhere.")
    if request.headers.get("HX-Request"):
        response: AnyResponse = Response(status=401)
        response.headers["HX-Redirect"] = _sign_in_url(request.headers.get("HX-Current-URL", ""))
        return response
    if request.method == "GET":
        return redirect(_sign_in_url(request.full_path.rstrip("?")), 303)
    return redirect(_sign_in_url(request.referrer or ""), 303)


def _sign_in_url(came_from: str) -> str:
    """Sign-in, which leads back to the path and query of `came_from`, whatever host it names."""
    try:
        parts = urlsplit(came_from)
    except ValueError:
        # It comes from the browser, in a header or an address: it may be anything.
        return url_for("accounts.sign_in")
    target = local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
    return url_for("accounts.sign_in", next=target if target not in ("", "/") else None)


def _warn_of_an_unnamed_proxy() -> Callable[[], None]:
    """Before every request: says once if a proxy seems to stand before us that TRUSTED_PROXIES does not count."""
    # The next of a count is taken by one thread alone.
    warnings = count()

    def warn() -> None:
        if "X-Forwarded-For" in request.headers and next(warnings) == 0:
            log.warning(
                "a request came with X-Forwarded-For, but TRUSTED_PROXIES is 0: behind a proxy everybody seems to come "
                "from its address, and a few wrong passwords lock out all; set it to the number of proxies"
            )

    return warn


def register(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    if settings.production and not settings.trusted_proxies:
        app.before_request(_warn_of_an_unnamed_proxy())
    app.before_request(require_sign_in)
    app.context_processor(lambda: {"viewer": g.get("viewer")})
