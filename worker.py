"""A worker: makes the reports that people asked for. `python worker.py`"""

import os

from webapp import create_app, storage
from webapp.extensions import db
from webapp.queues import run_worker

if __name__ == "__main__":
    with create_app().app_context():
        # Each job runs in a fork, which must not share this process's database connections.
        os.register_at_fork(after_in_child=lambda: db.engine.dispose(close=False))
        storage.warn_of_a_lack()
        run_worker()
