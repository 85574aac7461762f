"""How gunicorn serves the app, in development and production alike. GUNICORN_CMD_ARGS overrides any of it."""

import os
from pathlib import Path
from typing import Any

from webapp import storage, temporary

# Only a production server listens to the world.
_host = "0.0.0.0" if os.environ.get("APP_ENV") == "production" else "127.0.0.1"  # noqa: S104
bind = f"{_host}:{os.environ.get('PORT') or 8000}"

# Pages wait for the database and the file store, not for the processor: threads serve them well. WEB_CONCURRENCY sets
# the number of processes.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 8
# Imported once, then forked: less memory, a quicker start. create_app() opens no connection that forks would share.
preload_app = True

# A request may fetch a lost file's figures and draw it again; anything longer belongs to a worker.
timeout = 60
graceful_timeout = 25
keepalive = 5

# A heartbeat file on a disk that stalls would look like a dead process.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# It would be made in the home folder, which need not exist or be writable, and nobody here uses it.
control_socket_disable = True

# The app writes one line for each request itself, with its number.
accesslog = None
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Once, before the first request: what an administrator should not find out from a person at the desk."""
    app = server.app.wsgi()
    with app.app_context():
        storage.warn_of_a_lack()


def post_fork(server: Any, worker: Any) -> None:
    """Each process has a temporary folder of its own, which goes when it is gone, and sees to it that no copies lie in
    the common one for long: those of processes that ended before could do so do not wait for a download."""
    temporary.renew()
    server.app.wsgi().extensions["spool"].look_after()
