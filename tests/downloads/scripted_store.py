"""A bucket in memory whose every fault a test can choose, for what the emulators cannot do on request."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing, StoreFault
from webapp.storage import Incoming, Stored
from webapp.storage.measure import Measuring


def crc32c(data: bytes) -> str:
    measuring = Measuring()
    list(measuring.passing([data]))
    return measuring.so_far.crc32c


class ScriptedStore:
    """`faults` names, for "signed", "client", "write" and "delete", why it is broken; `on_the_way` changes what is
    read; `calls` counts."""

    name = "google"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.faults: dict[str, StoreFault] = {}
        self.can_sign = True
        self.has_checksums = True
        self.on_the_way = bytes
        self.calls: Counter[str] = Counter()

    def _called(self, what: str, fault: str) -> None:
        self.calls[what] += 1
        if why := self.faults.get(fault):
            raise StorageBroken(f"scripted: {why}", why=why)

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        self._called("put", "write")
        source.seek(0)
        self.objects[key] = source.read()

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        self._called("read", "client")
        yield self._incoming(key)

    @contextmanager
    def read_signed(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        if not self.can_sign:
            raise CannotSign("no key")
        self._called("read_signed", "signed")
        yield self._incoming(key)

    def signed_url(self, key: str, *, seconds: int) -> str:
        if not self.can_sign:
            raise CannotSign("no key")
        return f"https://store.example/{key}?signature=s&expires={seconds}"

    def stat(self, key: str) -> Stored:
        self._called("stat", "client")
        data = self._there(key)
        return Stored(key, len(data), crc32c(data))

    def list(self, folder: str = "reports") -> Iterator[Stored]:
        return iter([Stored(key, len(data), crc32c(data)) for key, data in sorted(self.objects.items())])

    def delete(self, key: str) -> None:
        self._called("delete", "delete")
        self.objects.pop(key, None)

    def _there(self, key: str) -> bytes:
        if key not in self.objects:
            raise StorageMissing("scripted")
        return self.objects[key]

    def _incoming(self, key: str) -> Incoming:
        data = self._there(key)
        sent = self.on_the_way(data)
        told = crc32c(data) if self.has_checksums else None
        return Incoming(iter([sent[:100], sent[100:]]), len(data) if self.has_checksums else None, told)
