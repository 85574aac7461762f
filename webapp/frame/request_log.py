"""A number for each request and one log line about it: the route's pattern, never the path or query as they came."""

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request

from webapp import logs

log = logging.getLogger(__name__)

_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def short_number() -> str:
    """What a person quotes from an error page: the first 8 characters of the request's id, which find its log lines."""
    return logs.request_id.get()[:8]


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    logs.request_id.set(given if _SANE.fullmatch(given) else secrets.token_hex(8))
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = logs.request_id.get()
    quiet = request.endpoint in ("static", "healthz") and response.status_code < 400
    log.log(
        logging.DEBUG if quiet else logging.INFO,
        "request",
        extra={
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else "none",
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.began) * 1000, 1),
        },
    )
    return response


def _forget(_fault: BaseException | None) -> None:
    """The thread serves others after this request; its number and report must not stick to their lines."""
    logs.request_id.set("")
    logs.report_id.set("")


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)
