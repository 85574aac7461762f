"""Apps for tests, each on a folder and a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from webapp import create_app
from webapp.extensions import db


def build_app(folder: Path, database_url: str, **overrides: object) -> Flask:
    """An app whose files lie in `folder`. Nothing answers at its Redis unless the test gives one."""
    return create_app(
        **{
            "data_dir": folder,
            "temp_folder": folder / "temp",
            "database_url": database_url,
            "secret_key": "a key for tests, long enough for production too",
            "redis_url": "unix:///nowhere/redis.sock",
            "log_level": "warning",
            **overrides,
        }
    )


def close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on loopback, for a browser; the URL of its root."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
