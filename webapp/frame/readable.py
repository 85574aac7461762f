"""Requests whose address or form is no text are refused before anybody looks at them.

PostgreSQL keeps no NUL in a text and no half of a surrogate pair, so a search for one would fail there and not on
SQLite. What a person types or clicks holds neither.
"""

from urllib.parse import unquote_to_bytes

from flask import Flask, Response, request

from webapp.frame.error_pages import NO_TEXT, answer

NUL = "\x00"


def _refuse_what_is_no_text() -> Response | None:
    return None if _is_text() else answer(400, NO_TEXT)


def _is_text() -> bool:
    """Whether path, query and form are UTF-8 without NUL. Werkzeug replaces bytes that are not, so those are asked."""
    parts = [request.environ.get("PATH_INFO", "").encode("latin-1"), _unquoted(request.query_string)]
    if request.mimetype == "application/x-www-form-urlencoded":
        parts.append(_unquoted(request.get_data(cache=True)))
    if not all(map(_is_utf8, parts)):
        return False
    return not any(NUL in name or any(NUL in value for value in values) for name, values in request.form.lists())


def _unquoted(sent: bytes) -> bytes:
    return unquote_to_bytes(sent.replace(b"+", b" "))


def _is_utf8(sent: bytes) -> bool:
    try:
        return NUL not in sent.decode()
    except UnicodeDecodeError:
        return False


def register(app: Flask) -> None:
    app.before_request(_refuse_what_is_no_text)
