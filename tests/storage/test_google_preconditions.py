"""What the emulator ignores: preconditions. A bucket in memory that keeps to them stands in for Google's."""

import base64
import io
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import google_crc32c
import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed

from webapp.errors import StorageBroken
from webapp.storage.google import GoogleStorage


@dataclass
class Stored:
    data: bytes
    generation: int

    @property
    def crc32c(self) -> str:
        return base64.b64encode(google_crc32c.Checksum(self.data).digest()).decode()


@dataclass
class MemoryBucket:
    """As much of a bucket as put() uses."""

    objects: dict[str, Stored] = field(default_factory=dict)
    uploads: int = 0

    def blob(self, key: str) -> "MemoryBlob":
        return MemoryBlob(self, key)

    def get_blob(self, key: str, **_: Any) -> Stored | None:
        return self.objects.get(key)


@dataclass
class MemoryBlob:
    bucket: MemoryBucket
    key: str

    def upload_from_file(self, source: BinaryIO, *, if_generation_match: int, **_: Any) -> None:
        there = self.bucket.objects.get(self.key)
        if (there.generation if there else 0) != if_generation_match:
            raise PreconditionFailed("conditionNotMet")
        self.bucket.uploads += 1
        self.bucket.objects[self.key] = Stored(source.read(), self.bucket.uploads)


class MemoryStorage(GoogleStorage):
    def __init__(self) -> None:
        super().__init__("reports")
        self.bucket = MemoryBucket()

    @property
    def _bucket(self) -> Any:
        return self.bucket


def put(store: GoogleStorage, data: bytes) -> None:
    store.put("key", io.BytesIO(data), size=len(data), content_type="text/csv")


def test_our_own_bytes_are_adopted_and_not_written_again() -> None:
    store = MemoryStorage()
    put(store, b"the report")
    put(store, b"the report")
    assert store.bucket.uploads == 1


def test_bytes_that_went_bad_are_replaced_by_their_generation() -> None:
    store = MemoryStorage()
    put(store, b"went bad")
    put(store, b"the report")
    assert store.bucket.objects["key"].data == b"the report"
    assert store.bucket.uploads == 2


def test_a_generation_that_changes_meanwhile_is_told_as_broken() -> None:
    store = MemoryStorage()
    put(store, b"went bad")
    stale = Stored(b"went bad", 99)
    store.bucket.get_blob = lambda key, **_: stale  # type: ignore[method-assign]
    with pytest.raises(StorageBroken):
        put(store, b"the report")


def test_a_bucket_that_is_not_there_is_a_broken_store_and_no_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_bucket(*_: Any, **__: Any) -> None:
        raise NotFound("The specified bucket does not exist.")

    monkeypatch.setattr(MemoryBlob, "upload_from_file", no_bucket)
    with pytest.raises(StorageBroken, match="no such object or bucket"):
        put(MemoryStorage(), b"the report")
