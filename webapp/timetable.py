"""What the scheduler runs and when."""

from datetime import timedelta

from webapp.queues import TICK, Entry

TIMETABLE = (Entry("tick", TICK, every=timedelta(minutes=1)),)
