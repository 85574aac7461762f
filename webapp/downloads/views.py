"""The download link."""

import re
from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp import downloads
from webapp.accounts import access
from webapp.errors import RenderFailed
from webapp.files import FORMATS
from webapp.models import Report

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint = Blueprint("downloads", __name__)

_ONE_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")
# What some operating system refuses in the name of a file, with the controls that could break a header.
_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|]+')


@blueprint.get("/reports/<report_id>/files/<format_name>")
def download(report_id: str, format_name: str) -> ResponseReturnValue:
    """One format of a report as a file: stored, or made from what was frozen."""
    if format_name not in FORMATS:
        abort(404)
    report = access.report_or_404(report_id, "download")
    if report.status == "expired":
        abort(410)
    if report.status != "ready":
        return redirect(url_for("report_requests.show", report_id=report.id), 303)
    try:
        fetched = downloads.fetch(report, format_name)
    except RenderFailed as fault:
        flash(fault.plain, "error")
        return redirect(url_for("report_requests.show", report_id=report.id), 303)
    response = send_file(
        fetched.stream,
        mimetype=FORMATS[format_name].content_type,
        as_attachment=True,
        download_name=file_name(report, FORMATS[format_name].extension),
        conditional=False,
        etag=fetched.sha256,
    )
    response.content_length = fetched.size
    response.cache_control.private = True
    response.cache_control.no_cache = True
    # Werkzeug would name the charset twice.
    response.headers["Content-Type"] = FORMATS[format_name].content_type
    try:
        response.make_conditional(_without_odd_ranges(request.environ), True, fetched.size)
        if response.status_code == 412:
            abort(412)
    except HTTPException:
        response.close()
        raise
    if request.method == "GET" and response.status_code in (200, 206):
        is_from_start = response.status_code == 200 or response.content_range.start == 0
        downloads.record(report, format_name, fetched, access.current_person().id, counts=is_from_start)
    return response


def _without_odd_ranges(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """The request without a Range that is not one range of bytes: such a one is ignored (RFC 9110, section 14.2)."""
    if _ONE_RANGE.fullmatch(environ.get("HTTP_RANGE", "")):
        return environ
    return {name: value for name, value in environ.items() if name != "HTTP_RANGE"}


def file_name(report: Report, extension: str) -> str:
    """Such as "Visit trends, October 2026, Dental, Riverside Clinic.pdf"."""
    told = ", ".join(filter(None, (report.title, report.narrowed.replace(" · ", ", "), report.clinic.name)))
    name = _NOT_IN_FILE_NAMES.sub(" ", told)
    return f"{' '.join(name.split())[:150].rstrip(' .')}.{extension}"
