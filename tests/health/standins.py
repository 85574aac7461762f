"""Parts that are as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from webapp import queues
from webapp.clock import Deadline
from webapp.errors import StorageBroken, StoreFault
from webapp.storage import Incoming
from webapp.storage.local import LocalStorage


def say_that_a_worker_lives() -> None:
    """As a worker does at its start. Needs an app context."""
    redis = current_app.extensions["redis"]
    queues._Worker([queues._queue(queues.CLICKS, redis)], connection=redis, job_class=queues.OurJob).register_birth()


class Failing(LocalStorage):
    """What calls itself Google's bucket, and fails in one step: "write", "read" or "remove"."""

    name = "google"

    def __init__(self, folder: Path, step: str, why: StoreFault) -> None:
        super().__init__(folder)
        self._step, self._why = step, why

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        self._reach("write")
        super().put(key, source, size=size, content_type=content_type, download_name=download_name)

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        self._reach("read")
        with super().read(key, deadline) as incoming:
            yield incoming

    def delete(self, key: str) -> None:
        self._reach("remove")
        super().delete(key)

    def _reach(self, step: str) -> None:
        if step == self._step:
            raise StorageBroken("a fault for the test", why=self._why)
