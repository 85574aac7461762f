"""Style sheets and scripts, ours and those of packages, served by the app itself under a URL that holds their hash.

A changed file has another URL, so browsers may keep each for a year and never ask again.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, Response, abort, request, url_for

from webapp.settings import PROJECT

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def _of_package(package: str, path: str) -> Path:
    """A file of an installed package, found without importing it (htmx's imports Django)."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {package} is not installed; run make set-up again")
    return Path(spec.submodule_search_locations[0]) / path


FROM_PACKAGES = {
    "bootstrap.min.css": _of_package("flask_bootstrap", "static/bootstrap5/css/bootstrap.min.css"),
    "htmx.min.js": _of_package("js_lib_htmx", "static/htmx/htmx.min.js"),
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """`sha256` is of `body`; `packed` is the same bytes in gzip."""

    body: bytes
    packed: bytes
    sha256: str
    content_type: str


def find(name: str) -> StaticFile | None:
    """The file of that name, or None where no page may load it."""
    path = FROM_PACKAGES.get(name, PROJECT / "static" / name)
    if path.suffix not in CONTENT_TYPES or not path.is_file():
        return None
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> StaticFile:
    """Kept in memory until the file changes: all of them together weigh less than a photograph."""
    body = path.read_bytes()
    # Without a date inside, the same bytes pack to the same bytes in each process.
    packed = gzip.compress(body, mtime=0)
    return StaticFile(body, packed, hashlib.sha256(body).hexdigest(), CONTENT_TYPES[path.suffix])


def static_url(name: str) -> str:
    """The URL of a static file, for templates. Raises FileNotFoundError."""
    file = find(name)
    if file is None:
        raise FileNotFoundError(f"there is no static file {name}")
    return url_for("static", digest=file.sha256[:12], name=name)


def serve(digest: str, name: str) -> Response:
    file = find(name)
    if file is None:
        abort(404)
    packed = "gzip" in request.accept_encodings and file.content_type.startswith("text/")
    response = Response(file.packed if packed else file.body, content_type=file.content_type)
    if packed:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    # A page from before an upgrade may ask by the old hash: it gets today's file, but must not keep it under that name.
    current = digest == file.sha256[:12]
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    return response


def register(app: Flask) -> None:
    app.add_url_rule("/static/<digest>/<name>", endpoint="static", view_func=serve)
    app.jinja_env.globals["static_url"] = static_url
