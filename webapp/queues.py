"""The queue, and the only module that imports RQ. The queue runs reports; the database knows them.

A job is the name of a function of jobs.py and at most one id, as JSON: nothing here is ever unpickled, and a worker
refuses any other name, so whoever can write to Redis can start our jobs early but cannot run code.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker, worker_registration
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException as JobTimedOut
from rq_scheduler import Scheduler

from webapp import clock, temporary
from webapp.errors import QueueDown
from webapp.settings import Settings

__all__ = [
    "Entry",
    "JobTimedOut",
    "enqueue_file",
    "enqueue_report",
    "init_app",
    "ping",
    "run_scheduler",
    "run_worker",
    "waiting",
    "workers_alive",
]

log = logging.getLogger(__name__)

CLICKS = "clicks"
SCHEDULED = "scheduled"
MAKE_REPORT = "webapp.jobs.make_report"
MAKE_FILE = "webapp.jobs.make_file"
TICK = "webapp.jobs.tick"
ALLOWED = frozenset({MAKE_REPORT, MAKE_FILE, TICK})

TRACES_KEPT_FOR = timedelta(hours=1)
"""How long Redis may remember a job that has ended; the row remembers it for ever."""


SECONDS_BETWEEN_BEATS = 30
"""How often a worker that waits tells Redis that it lives; while it makes a report RQ does it as often. What it told is
forgotten 105 seconds after the latest such word (RQ's own margins), so a killed worker is missed within two minutes."""


class JobFailed(Exception):
    """All that the queue is told of a failed job: the kind of its fault. Redis would keep more, and in its own words a
    fault may repeat what stands in a row."""


class OurJob(Job):
    """A job that is JSON and names one of our functions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "serializer": JSONSerializer})

    def perform(self) -> Any:
        if self.func_name not in ALLOWED:
            raise PermissionError("this worker runs only the functions it was made for")
        try:
            return super().perform()
        except Exception as fault:
            log.error("a job failed", exc_info=fault)
            raise JobFailed(type(fault).__name__) from None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timetable: run `function` every `every`, however many schedulers there are."""

    name: str
    function: str
    every: timedelta


def init_app(app: Flask) -> None:
    """Give the app its Redis. Nothing is connected yet: the app starts without Redis and works on."""
    settings: Settings = app.config["SETTINGS"]
    # A person is waiting behind these calls, and the sweep comes back for what they could not do: so no second try.
    app.extensions["redis"] = Redis.from_url(
        settings.redis_url, socket_timeout=1, socket_connect_timeout=1, retry=None, health_check_interval=0
    )


def enqueue_report(report_id: str) -> None:
    """Put a report in line. Twice does no harm: the row can be claimed once. Raises QueueDown."""
    _enqueue(MAKE_REPORT, report_id, "make a report")


def enqueue_file(making_id: str) -> None:
    """Put in line a file that somebody waits for, or that must go back into the store. As enqueue_report()."""
    _enqueue(MAKE_FILE, making_id, "make a file")


def _enqueue(function: str, row_id: str, description: str) -> None:
    settings: Settings = current_app.config["SETTINGS"]
    with _redis_faults():
        _queue(CLICKS, current_app.extensions["redis"]).enqueue_call(
            function,
            args=(row_id,),
            job_id=row_id,
            description=description,
            timeout=settings.job_seconds,
            result_ttl=0,
            failure_ttl=int(TRACES_KEPT_FOR.total_seconds()),
        )


def waiting() -> set[str]:
    """The ids of reports and files that stand in the queue and that no worker has taken yet. Raises QueueDown."""
    connection = current_app.extensions["redis"]
    with _redis_faults():
        # Read as it lies there: RQ would raise an error for what is no text, and that is no report of ours.
        return {raw.decode(errors="replace") for raw in connection.lrange(_queue(CLICKS, connection).key, 0, -1)}


def ping() -> None:
    """Whether Redis answers at all. Raises QueueDown where it does not."""
    with _redis_faults():
        current_app.extensions["redis"].ping()


def workers_alive() -> int:
    """How many workers that take reports have told Redis lately that they live. Raises QueueDown."""
    connection = current_app.extensions["redis"]
    with _redis_faults():
        # The list keeps those that were killed until RQ tidies it, so only who has a word of their own there counts.
        known = worker_registration.get_keys(queue=_queue(CLICKS, connection))
        return int(connection.exists(*known)) if known else 0


def run_worker(*, burst: bool = False) -> None:
    """Work in this process, a fork for each job: clicks first, then what was scheduled.

    Ends at SIGTERM, when the job in hand is done, or with `burst` when the queues are empty. Raises SystemExit(1),
    with one log line, when Redis fails it.
    """
    connection = Redis.from_url(current_app.config["SETTINGS"].redis_url)
    queues = [_queue(name, connection) for name in (CLICKS, SCHEDULED)]
    with _ending_plainly():
        worker = _Worker(
            queues,
            connection=connection,
            job_class=OurJob,
            serializer=JSONSerializer,
            log_job_description=False,
            worker_ttl=SECONDS_BETWEEN_BEATS + 15,
            work_horse_killed_handler=_tell_of_a_killed_job,
        )
        worker.work(burst=burst, logging_level="WARNING")


def run_scheduler(timetable: tuple[Entry, ...], *, burst: bool = False) -> None:
    """Put the timetable's jobs into the queue when they are due, until SIGTERM. Any number may run at once.

    Raises SystemExit(1), with one log line, when Redis fails it.
    """
    connection = Redis.from_url(current_app.config["SETTINGS"].redis_url)
    with _ending_plainly():
        _Scheduler(timetable, connection).run(burst=burst)


class _RedisFailed(SystemExit):
    """RQ tells of every other exception with a traceback, and then ends as if all were well."""


class _Worker(Worker):
    """RQ's worker, which waits out an absent Redis, and ends when Redis answers that it cannot, or with what is no
    job's name. Whatever the process of a job has left in the temporary folder goes when the job has ended."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        # RQ would do this once only, and a Redis that was flushed since has forgotten who works here.
        worker_registration.register(self, pipeline)

    def dequeue_job_and_maintain_ttl(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dequeue_job_and_maintain_ttl(*args, **kwargs)
        except (RedisError, UnicodeDecodeError) as fault:
            raise _RedisFailed from fault

    def execute_job(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().execute_job(*args, **kwargs)
        finally:
            temporary.sweep()


class _Scheduler(Scheduler):
    """rq-scheduler as a tick only, which looks at the timetable in every round: a flushed Redis has forgotten it."""

    def __init__(self, timetable: tuple[Entry, ...], connection: Redis) -> None:
        super().__init__(queue=_queue(SCHEDULED, connection), connection=connection, interval=5, job_class=OurJob)
        self._timetable = timetable

    def enqueue_jobs(self) -> Any:
        self._keep_to_the_timetable()
        return super().enqueue_jobs()

    def _keep_to_the_timetable(self) -> None:
        """Add what is missing, replace what has changed, drop what is no longer on it."""
        wanted = {f"timetable-{entry.name}": entry for entry in self._timetable}
        for job in self.get_jobs():
            entry = wanted.get(job.id)
            if entry and (job.func_name, job.meta.get("interval")) == (entry.function, entry.every.total_seconds()):
                del wanted[job.id]
            else:
                self.cancel(job)
        for job_id, entry in wanted.items():
            self.schedule(
                clock.now().replace(tzinfo=None),
                entry.function,
                interval=int(entry.every.total_seconds()),
                id=job_id,
                description=entry.name,
                timeout=300,
            )


def _queue(name: str, connection: Redis) -> Queue:
    return Queue(name, connection=connection, job_class=OurJob, serializer=JSONSerializer)


@contextmanager
def _redis_faults() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as fault:
        raise QueueDown(_told(fault)) from fault


@contextmanager
def _ending_plainly() -> Iterator[None]:
    """A process whose Redis fails is started again by its supervisor, maybe many times: a line each, no traceback."""
    try:
        yield
    except (RedisError, _RedisFailed) as fault:
        log.error("%s; this process ends, to be started again", _told(fault.__cause__ or fault))
        raise SystemExit(1) from None


def _told(fault: BaseException) -> str:
    """The fault in words of ours, for Redis may put into its own what somebody stored."""
    if isinstance(fault, UnicodeDecodeError) or "WRONGTYPE" in str(fault):
        return "Redis: something else lies under a name of the queue (docs/operations.md says how to remove it)"
    return f"Redis: {type(fault).__name__}"


def _tell_of_a_killed_job(job: Job, _pid: int, status: int, _usage: Any) -> None:
    """The lease of its report runs out soon, and the sweep puts it back in line."""
    log.error("a job's process was killed", extra={"job": job.id, "wait_status": status})
