"""The download link."""

import re
from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from webapp import downloads
from webapp.accounts import access
from webapp.errors import RenderFailed
from webapp.files import FORMATS
from webapp.models import Report

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
    if format_name not in FORMATS:
        abort(404)
    report = access.report_or_404(report_id, "download")
    if report.status == "expired":
        abort(410)
    if report.status != "ready":
        return redirect(url_for("report_requests.show", report_id=report.id), 303)
    name = file_name(report, FORMATS[format_name].extension)
    try:
        fetched = downloads.fetch(report, format_name)
    except RenderFailed as fault:
        flash(fault.plain, "error")
        return redirect(url_for("report_requests.show", report_id=report_id), 303)
    response = send_file(
        fetched.stream,
        mimetype=FORMATS[format_name].content_type,
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=fetched.sha256,
    )
    response.content_length = fetched.size
    response.cache_control.private = True
    response.cache_control.no_cache = True
    # Werkzeug would name the charset twice.
    response.headers["Content-Type"] = FORMATS[format_name].content_type
    try:
        if request.if_match and fetched.sha256 not in request.if_match:
            abort(412)
        response.make_conditional(_as_far_as_it_holds(request.environ, fetched.sha256), True, fetched.size)
        if request.method == "GET" and response.status_code in (200, 206):
            is_from_start = response.status_code == 200 or response.content_range.start == 0
            downloads.record(report, format_name, fetched, access.current_person().id, counts=is_from_start)
    except BaseException:
        response.close()
        raise
    return response


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
