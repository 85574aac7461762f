"""A store that does not answer is left alone for a while, so that nobody waits for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing, StoreFault
from webapp.storage.store import Incoming, Storage, Stored

FIRST_REST, LONGEST_REST = 15.0, 240.0
"""Seconds for which a store rests after a fault; each further one in a row doubles them."""

OF_ONE_OBJECT = ("altered", "full")
"""Faults that say nothing of the store as a whole, for which it does not rest."""


class Breaker:
    """Closed while all is well. A fault opens it for a while; then one call at a time is let through, whose end closes
    it or opens it for twice as long. One for each process; it forgets everything when that ends."""

    def __init__(self, rest: Callable[[float], Deadline] = Deadline) -> None:
        self._new_rest = rest
        self._lock = threading.Lock()
        self._faults = 0
        self._rest = rest(0)
        self._trying = False
        self._why = ""

    @contextmanager
    def call(self, *forgiven: StoreFault) -> Iterator[None]:
        """Raises StorageBroken ("resting") at once while the store is left alone; for a fault that is forgiven it is
        not."""
        was_closed = self._enter()
        try:
            yield
        except StorageBroken as fault:
            if fault.is_ours or fault.why in (*OF_ONE_OBJECT, *forgiven):
                self._leave_as_it_is()
            else:
                self._open(fault, was_closed)
            raise
        except StorageMissing:
            # An answer, as good as any other.
            self._close()
            raise
        except BaseException:
            # Nobody knows what the store would have done.
            self._leave_as_it_is()
            raise
        self._close()

    def _enter(self) -> bool:
        """Whether all is well; if not, whoever gets in tries alone."""
        with self._lock:
            if self._faults == 0:
                return True
            if self._trying or not self._rest.has_passed:
                raise StorageBroken(f"left alone after a fault ({self._why})", why="resting")
            self._trying = True
            return False

    def _leave_as_it_is(self) -> None:
        with self._lock:
            self._trying = False

    def _close(self) -> None:
        with self._lock:
            self._trying, self._faults = False, 0

    def _open(self, fault: StorageBroken, was_closed: bool) -> None:
        with self._lock:
            self._trying = False
            if was_closed and self._faults:
                # Many were under way when the first one failed: that is one fault.
                return
            seconds = min(FIRST_REST * 2**self._faults, LONGEST_REST)
            self._faults, self._why = min(self._faults + 1, 10), fault.why
            self._rest = self._new_rest(min(max(seconds, fault.retry_after or 0), LONGEST_REST))


class Guarded:
    """A store behind a breaker."""

    def __init__(self, store: Storage, breaker: Breaker | None = None) -> None:
        self._store, self._breaker = store, breaker or Breaker()

    @property
    def name(self) -> str:
        return self._store.name

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        with self._breaker.call():
            self._store.put(key, source, size=size, content_type=content_type, download_name=download_name)

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with self._breaker.call(), self._store.read(key, deadline) as incoming:
            yield incoming

    @contextmanager
    def read_signed(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        # A URL that is refused may only be badly signed, and our own rights may do.
        with self._breaker.call("refused"), self._store.read_signed(key, deadline) as incoming:
            yield incoming

    def signed_url(self, key: str, *, seconds: int) -> str:
        with self._breaker.call():
            return self._store.signed_url(key, seconds=seconds)

    def stat(self, key: str) -> Stored:
        with self._breaker.call():
            return self._store.stat(key)

    def list(self, folder: str = "reports") -> Iterator[Stored]:
        with self._breaker.call():
            yield from self._store.list(folder)

    def delete(self, key: str) -> None:
        with self._breaker.call():
            self._store.delete(key)
