"""A worker: makes the reports that people asked for. `python worker.py`"""

import os

from webapp import create_app, storage, temporary
from webapp.extensions import db
from webapp.queues import run_worker

if __name__ == "__main__":
    with create_app().app_context():
        # Each job runs in a fork, which must not share this process's database connections.
        os.register_at_fork(after_in_child=lambda: db.engine.dispose(close=False))
        # What a job leaves behind goes when its process is gone, also where that was killed.
        os.register_at_fork(after_in_child=temporary.renew)
        storage.warn_of_a_lack()
        run_worker()
