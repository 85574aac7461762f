"""Structured logs: each line carries the request and the report it belongs to.

Messages and fields are our own words, ids and counts; never patient data, so never the values of a request or a row.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import StatementError

from webapp.errors import causes_of

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
# Where the words of a database begin, which may repeat what stands in a row, over as many lines as that has.
_OF_THE_DATABASE = re.compile(
    r"(\((?:psycopg|sqlite3)[\w.]*\)|\[parameters:|\b(?:DETAIL|CONTEXT|LINE \d+):|invalid input).*", re.DOTALL
)


def scrubbed(text: str) -> str:
    """A text without what a database may have said in it: rows hold patients, and a log must not."""
    return _OF_THE_DATABASE.sub(r"\1 [values left out]", text)


def in_short(fault: BaseException) -> str:
    """The fault in a line or two for a log. Where a database is behind it, only the kind: its type, and as far as they
    are known the database's code and the constraint."""
    name = type(fault).__name__
    if not _is_of_the_database(fault):
        return f"{name}: {scrubbed(str(fault))}".removesuffix(": ")
    told = [known for one in causes_of(fault) for known in (_code(one), _constraint(one)) if known]
    return f"{name} ({', '.join(dict.fromkeys(told))})" if told else name


def traced(fault: BaseException) -> str:
    """The traceback of the fault and of what lies behind it, each told as in_short() does."""
    if not _is_of_the_database(fault):
        return scrubbed("".join(traceback.format_exception(fault)).rstrip())
    told = [f"{''.join(traceback.format_tb(one.__traceback__))}{in_short(one)}" for one in causes_of(fault)]
    return "Traceback (most recent call last, what lies behind it first):\n" + "\n\n".join(reversed(told))


def _is_of_the_database(fault: BaseException) -> bool:
    """Whether SQLAlchemy or a driver speaks in it. A statement that could not even be sent quotes values as well."""
    drivers = ("psycopg", "sqlite3")
    return any(
        isinstance(one, StatementError) or type(one).__module__.partition(".")[0] in drivers for one in causes_of(fault)
    )


def _code(fault: BaseException) -> str:
    """Such as "23514" of PostgreSQL, or "SQLITE_BUSY"."""
    return getattr(fault, "sqlstate", None) or getattr(fault, "sqlite_errorname", None) or ""


def _constraint(fault: BaseException) -> str:
    return getattr(getattr(fault, "diag", None), "constraint_name", None) or ""


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
        if record.exc_info and record.exc_info[1]:
            text += "\n" + traced(record.exc_info[1])
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
        if record.exc_info and record.exc_info[1]:
            line["exception"] = traced(record.exc_info[1])
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
    for noisy in ("rq", "rq_scheduler", "alembic", "xhtml2pdf", "fontTools", "urllib3", "google", "boto3", "botocore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
