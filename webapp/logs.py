"""Structured logs: each line carries the request and the report it belongs to.

Messages and fields are our own words, ids and counts; never patient data, so never the values of a request or a row.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
report_id: ContextVar[str] = ContextVar("report_id", default="")


@contextmanager
def about_report(identifier: str) -> Iterator[None]:
    """Every line written in the block names this report."""
    token = report_id.set(identifier)
    try:
        yield
    finally:
        report_id.reset(token)


_OWN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request_id", "report_id", "taskName"}
# SQLAlchemy appends the statement's parameters to its errors; rows hold patients, so the parameters never reach a log.
_PARAMETERS = re.compile(r"\[parameters: .*?\](?=\n|$)|DETAIL:.*?(?=\n|$)", re.DOTALL)


def scrubbed(text: str) -> str:
    """The text of an error without the values of a database row."""
    return _PARAMETERS.sub("[values left out]", text)


class _Context(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        record.report_id = report_id.get()
        return True


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = f"{record.levelname.lower():8}{record.name}: {scrubbed(record.getMessage())}"
        for name, value in _fields(record).items():
            text += f" {name}={value}"
        if record.exc_info:
            text += "\n" + scrubbed(self.formatException(record.exc_info))
        return text


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = scrubbed(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in record.__dict__.items() if name not in _OWN}
    for name in ("request_id", "report_id"):
        if value := getattr(record, name, ""):
            fields[name] = value
    return fields


def configure(level: str, form: str) -> None:
    """Send all logs to standard error, as "text" or "json" lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    handler.addFilter(_Context())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These tell of each call and file at INFO, which drowns our own lines.
    for noisy in ("rq", "rq_scheduler", "alembic", "xhtml2pdf", "fontTools", "urllib3", "google"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
