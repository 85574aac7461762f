"""The download link."""

import re
from typing import TYPE_CHECKING, cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from webapp import downloads
from webapp.accounts import access
from webapp.accounts.access import polled
from webapp.downloads import BeingMade, Fetched, NotMade
from webapp.errors import RenderFailed
from webapp.files import FORMATS
from webapp.generate import making
from webapp.models import FileMaking, Report
from webapp.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint = Blueprint("downloads", __name__)

LONGEST_NAME = 200
"""Bytes of a file's name without its extension; most disks take 255 for both."""

_ONE_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")
# What some operating system refuses in the name of a file, with the controls that could break a header.
_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|]+')


@blueprint.get("/reports/<report_id>/files/<format_name>")
def download(report_id: str, format_name: str) -> ResponseReturnValue:
    """One format of a report as a file: stored, or made from what was frozen."""
    report = _ready(report_id, format_name)
    if isinstance(report, Response):
        return report
    name = file_name(report, FORMATS[format_name].extension)
    known = downloads.row_of(report, format_name)
    if known is not None and request.if_none_match.contains_weak(known.sha256):
        # What the browser has is what it would get: the store need not be asked.
        return _described(Response(status=304), known.sha256)
    if request.method == "GET" and _settings().download_mode == "redirect":
        direct = downloads.direct_url(report, format_name)
        if direct is not None:
            return _sent_to_the_store(report, format_name, *direct)
    try:
        fetched = downloads.fetch(report, format_name)
    except NotMade:
        if not _is_a_browser():
            raise
        return redirect(url_for(".wait", report_id=report_id, format_name=format_name), 303)
    except RenderFailed as fault:
        if not _is_a_browser():
            raise
        flash(fault.plain, "error")
        return redirect(url_for("report_requests.show", report_id=report_id), 303)
    except BeingMade as fault:
        return _wait_for_it(report_id, format_name, fault)
    return _as_file(report, format_name, name, fetched)


@blueprint.get("/reports/<report_id>/files/<format_name>/waiting")
def wait(report_id: str, format_name: str) -> ResponseReturnValue:
    """The page of a file that is being made; when it is there, the page starts the download."""
    report = _ready(report_id, format_name)
    if isinstance(report, Response):
        return report
    return render_template("downloads/waiting.html", **_state(report, format_name))


@blueprint.get("/reports/<report_id>/files/<format_name>/waiting/progress")
@polled
def progress(report_id: str, format_name: str) -> ResponseReturnValue:
    """The part of that page that is asked for each second; when the file is there, the whole page is."""
    report = _ready(report_id, format_name)
    if isinstance(report, Response):
        return report
    state = _state(report, format_name)
    response = make_response(render_template("downloads/_progress.html", **state))
    if not state["in_flight"]:
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.post("/reports/<report_id>/files/<format_name>/waiting")
def make(report_id: str, format_name: str) -> ResponseReturnValue:
    """Try once more to make a file that failed."""
    report = _ready(report_id, format_name)
    if isinstance(report, Response):
        return report
    making.enqueue_file(report, format_name, "missing")
    return redirect(url_for(".wait", report_id=report_id, format_name=format_name), 303)


def _ready(report_id: str, format_name: str) -> Report | Response:
    """The report, where it has files; or the answer to who asks for one that has none (yet, or any more)."""
    if format_name not in FORMATS:
        abort(404)
    report = access.report_or_404(report_id, "download")
    if report.status == "expired":
        abort(410)
    if report.status != "ready":
        return cast(Response, redirect(url_for("report_requests.show", report_id=report.id), 303))
    return report


def _as_file(report: Report, format_name: str, name: str, fetched: Fetched) -> Response:
    """The bytes with their headers, or the part of them that was asked for."""
    response = send_file(
        fetched.stream,
        mimetype=FORMATS[format_name].content_type,
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=fetched.sha256,
    )
    response.content_length = fetched.size
    _described(response, fetched.sha256)
    # Werkzeug would name the charset twice.
    response.headers["Content-Type"] = FORMATS[format_name].content_type
    if not fetched.is_same:
        response.headers["Clinic-Reports-File"] = "made again, same figures"
    try:
        if request.if_match and fetched.sha256 not in request.if_match:
            abort(412)
        response.make_conditional(_as_far_as_it_holds(request.environ, fetched.sha256), True, fetched.size)
        if request.method == "GET" and response.status_code in (200, 206):
            is_from_start = response.status_code == 200 or response.content_range.start == 0
            who = access.current_person().id
            downloads.record(report, format_name, fetched.sha256, fetched.tier, who, counts=is_from_start)
    except BaseException:
        response.close()
        raise
    return response


def _described(response: Response, sha256: str) -> Response:
    """The browser may keep it, and must ask each time whether that is still allowed."""
    response.set_etag(sha256)
    response.cache_control.private = True
    response.cache_control.no_cache = True
    return response


def _sent_to_the_store(report: Report, format_name: str, url: str, sha256: str) -> Response:
    """DOWNLOAD_MODE=redirect: the browser fetches the file itself, from an address that works for a short while."""
    span = request.headers.get("Range", "")
    is_from_start = span.startswith("bytes=0-") or not _ONE_RANGE.fullmatch(span)
    who = access.current_person().id
    downloads.record(report, format_name, sha256, "signed URL", who, counts=is_from_start)
    response = cast(Response, redirect(url, 302))
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _wait_for_it(report_id: str, format_name: str, fault: BeingMade) -> ResponseReturnValue:
    """A person gets a page that shows how far it is; a program is told to come back."""
    if _is_a_browser():
        return redirect(url_for(".wait", report_id=report_id, format_name=format_name), 303)
    response = jsonify({"type": "progress", "data": {"status": 202, "message": fault.plain}})
    response.status_code = 202
    response.headers["Retry-After"] = "2"
    return response


def _is_a_browser() -> bool:
    """A browser asks for HTML by name; a program that takes anything would take a page for the file."""
    return any(kind == "text/html" and quality > 0 for kind, quality in request.accept_mimetypes)


def _state(report: Report, format_name: str) -> dict[str, object]:
    """What the page of a file that is being made shows. One that a worker cannot store is made in the download."""
    waiting = FileMaking.of(report.id, format_name)
    return {
        "report": report,
        "format_name": format_name,
        "label": FORMATS[format_name].label,
        "in_flight": waiting is not None and not waiting.failure and not waiting.was_in_vain,
        "is_running": waiting is not None and waiting.status == "running",
        "failure": waiting.failure if waiting is not None else None,
    }


def _as_far_as_it_holds(environ: "WSGIEnvironment", etag: str) -> "WSGIEnvironment":
    """The request without If-Match, which has been judged, and without a Range that is to be ignored.

    That is: of another method than GET, other than one range of bytes, of a version named by a weak tag, or of what
    the browser has already (RFC 9110, sections 13.1.5, 13.2.2 and 14.2).
    """
    is_odd = request.method != "GET" or not _ONE_RANGE.fullmatch(environ.get("HTTP_RANGE", ""))
    is_weak = environ.get("HTTP_IF_RANGE", "").lstrip().startswith(("W/", "w/"))
    is_there = request.if_none_match.contains_weak(etag)
    ignored = {"HTTP_IF_MATCH", *(["HTTP_RANGE"] if is_odd or is_weak or is_there else [])}
    return {name: value for name, value in environ.items() if name not in ignored}


def file_name(report: Report, extension: str) -> str:
    """Such as "Visit trends, October 2026, Dental, Riverside Clinic.pdf"."""
    told = ", ".join(filter(None, (report.title, report.narrowed.replace(" · ", ", "), report.clinic.name)))
    name = " ".join(_NOT_IN_FILE_NAMES.sub(" ", told).split())
    short = name.encode()[:LONGEST_NAME].decode(errors="ignore")
    return f"{short.rstrip(' .')}.{extension}"


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
