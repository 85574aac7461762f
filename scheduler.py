"""The scheduler: a tick a minute. Any number may run. `python scheduler.py`"""

from webapp import create_app
from webapp.queues import run_scheduler
from webapp.timetable import TIMETABLE

if __name__ == "__main__":
    with create_app().app_context():
        run_scheduler(TIMETABLE)
