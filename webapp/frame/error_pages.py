"""What a person sees when a request cannot be answered: what happened, what to do, and a number to quote.

A page for a browser; one sentence for an HTMX fragment; the project's error message for JSON. None of them asks the
database, so they can be drawn when it is down.
"""

import logging
from dataclasses import dataclass

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from webapp.errors import (
    Crowded,
    NoRoom,
    QueueDown,
    ReportExpired,
    ReportFault,
    ReportGone,
    StorageBroken,
    StorageNotConfigured,
)
from webapp.frame.request_log import short_number

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, what happened, and what to do."""

    title: str
    happened: str
    to_do: str


WORDS = {
    400: Words(
        "We could not read that request",
        "Something in it was missing or not as expected. Nothing was changed.",
        "Go back, reload the page and try again.",
    ),
    401: Words(
        "Sign in first",
        "This is only for people who have signed in, and you have not, or no longer.",
        "Sign in and try again.",
    ),
    403: Words(
        "You may not do that",
        "Your role does not include it. Nothing was changed.",
        "If you need it for your work, ask your manager or administrator.",
    ),
    404: Words(
        "We could not find that page",
        "It may have been deleted, or it belongs to somebody else or to a clinic that you do not work for.",
        "Check the address, or go on from the start page.",
    ),
    405: Words(
        "That page cannot be used this way",
        "The address works only from its own button or form. Nothing was changed.",
        "Go back and use the button on the page.",
    ),
    410: Words(
        "This is no longer here",
        "It has expired, and what it was made from has been removed.",
        "Ask for it again with the same choices.",
    ),
    413: Words(
        "That is too large",
        "What you sent is larger than this page takes. Nothing was stored.",
        "Send a smaller file, or split it into parts.",
    ),
    429: Words(
        "That was too often",
        "There is a limit on how often this may be done.",
        "Wait a few minutes and try again.",
    ),
    500: Words(
        "Something went wrong on our side",
        "The page could not be made. Reports that you have asked for are safe.",
        "Try again. If it happens again, tell your administrator the number below.",
    ),
    503: Words(
        "We cannot answer just now",
        "A part of the system is not reachable. Reports that you have asked for are safe.",
        "Try again in a few minutes. If it lasts, tell your administrator the number below.",
    ),
}
NO_TEXT = Words(
    "We could not read that request",
    "The address or the form holds characters that are no text. Nothing was changed.",
    "If you followed a link, it is damaged. Type it again, or start from the start page.",
)
FORM_TOO_OLD = Words(
    "This page was open for too long",
    "For your safety a form can be sent only for a while after it was opened. Nothing was changed.",
    "Go back, reload the page and send it again.",
)
FORM_FROM_ELSEWHERE = Words(
    "That did not come from one of our pages",
    "For your safety a form is taken only from the page that it stands on. Nothing was changed.",
    "Open the page here and send it from there.",
)
# Only our own code gives a description with these, so it is fit to be read.
OWN_DESCRIPTIONS = (403, 404, 409, 410, 429, 503)


def answer(status: int, words: Words) -> Response:
    """The response that fits who asked."""
    if request.headers.get("HX-Request"):
        body = render_template("errors/fragment.html", words=words)
        response = Response(body, content_type="text/html; charset=utf-8")
    elif wants_json():
        data = {
            "status": status,
            "title": words.title,
            "message": f"{words.happened} {words.to_do}",
            "request": short_number(),
        }
        response = jsonify({"type": "error", "data": data})
    else:
        body = render_template("errors/page.html", words=words, status=status, number=short_number())
        response = Response(body, content_type="text/html; charset=utf-8")
    response.status_code = status
    return response


def wants_json() -> bool:
    """Whether the caller is a program: the API, or one that says so."""
    accepts = request.accept_mimetypes
    prefers = accepts.best_match(["text/html", "application/json"]) == "application/json"
    return request.path.startswith("/api/") or (prefers and accepts["application/json"] > accepts["text/html"])


def _refused(fault: HTTPException) -> Response | HTTPException:
    status = fault.code or 500
    if status < 400 or fault.response is not None:
        return fault
    words = WORDS.get(status) or WORDS[400 if status < 500 else 500]
    if status in OWN_DESCRIPTIONS and fault.description and fault.description != type(fault).description:
        words = Words(words.title, fault.description, words.to_do)
    response = answer(status, words)
    for name, value in fault.get_headers():
        # Such as Allow and Retry-After, but not those of the body that we replaced.
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _form_refused(fault: CSRFError) -> Response:
    """A token that has run out is told from none at all, and from one that another site sent."""
    log.warning("form refused: %s", fault.description)
    from_our_page = _token_was_sent() and "referrer" not in str(fault.description)
    response = answer(400, FORM_TOO_OLD if from_our_page else FORM_FROM_ELSEWHERE)
    if request.headers.get("HX-Request"):
        response.headers["HX-Refresh"] = "true"
    return response


def _token_was_sent() -> bool:
    config = current_app.config
    in_header = any(request.headers.get(name) for name in config["WTF_CSRF_HEADERS"])
    return in_header or bool(request.form.get(config["WTF_CSRF_FIELD_NAME"]))


def _database_down(_fault: Exception) -> Response:
    log.exception("the database did not answer")
    response = answer(503, WORDS[503])
    response.headers["Retry-After"] = "30"
    return response


def _report_fault(fault: ReportFault) -> Response:
    log.exception("a fault of a report reached the page")
    status = 503 if isinstance(fault, Crowded | NoRoom | QueueDown | StorageBroken | StorageNotConfigured) else 500
    return answer(status, Words(WORDS[status].title, fault.plain, ""))


def _report_gone(fault: ReportGone) -> Response:
    status = 410 if isinstance(fault, ReportExpired) else 404
    return answer(status, WORDS[status])


def _unforeseen(_fault: Exception) -> Response:
    log.exception("unforeseen fault")
    return answer(500, WORDS[500])


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(CSRFError, _form_refused)
    for kind in (exc.OperationalError, exc.InterfaceError, exc.TimeoutError):
        app.register_error_handler(kind, _database_down)
    app.register_error_handler(ReportFault, _report_fault)
    app.register_error_handler(ReportGone, _report_gone)
    app.register_error_handler(Exception, _unforeseen)
