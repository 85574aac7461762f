"""Files in a bucket of Google Cloud Storage. Credentials are found by Google's usual ways."""

import base64
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import BinaryIO

import google_crc32c
from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from webapp.clock import Deadline
from webapp.errors import CannotSign, ReportFault, StorageBroken, StorageMissing
from webapp.settings import Settings
from webapp.storage.store import Incoming, Stored

# The client would go on for a minute and a half by itself, and a person is waiting.
_RETRY = DEFAULT_RETRY.with_timeout(15)
_TIMEOUT = (3, 10)
_IO_FAULTS = (GoogleAPIError, GoogleAuthError, RequestException, DataCorruption, OSError)


class GoogleStorage:
    """Objects in one bucket. A new object is made only where none is; one that is there is adopted or replaced."""

    name = "google"

    def __init__(self, bucket: str) -> None:
        self._bucket_name = bucket
        self._client: storage.Client | None = None

    @property
    def _bucket(self) -> storage.Bucket:
        """Connected at first use, so that the app starts whatever state the store is in."""
        if self._client is None:
            self._client = storage.Client()
        return self._client.bucket(self._bucket_name)

    @classmethod
    def configured(cls, settings: Settings) -> "GoogleStorage":
        return cls(settings.storage_bucket)

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        with _faults(missing=StorageBroken):
            try:
                self._upload(key, source, size, content_type, generation=0)
            except PreconditionFailed:
                # Either our own upload, whose answer was lost, or bytes that went bad.
                there = self._bucket.get_blob(key, timeout=_TIMEOUT, retry=_RETRY)
                if there is None or there.crc32c != _crc32c(source):
                    self._upload(key, source, size, content_type, generation=there.generation if there else 0)

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with _faults():
            blob = self._bucket.get_blob(key, timeout=_TIMEOUT, retry=_RETRY)
            if blob is None:
                raise StorageMissing("no such object")
            data = blob.download_as_bytes(checksum="crc32c", timeout=_TIMEOUT, retry=_RETRY)
        yield Incoming(iter([data]), len(data), blob.crc32c)

    def read_signed(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        raise CannotSign("not yet")

    def signed_url(self, key: str, *, seconds: int) -> str:
        raise CannotSign("not yet")

    def stat(self, key: str) -> Stored:
        with _faults():
            blob = self._bucket.get_blob(key, timeout=_TIMEOUT, retry=_RETRY)
        if blob is None:
            raise StorageMissing("no such object")
        return Stored(key, blob.size, blob.crc32c)

    def list(self) -> Iterator[Stored]:
        with _faults():
            blobs = list(self._bucket.list_blobs(prefix="reports/", timeout=_TIMEOUT, retry=_RETRY))
        return (Stored(blob.name, blob.size, blob.crc32c) for blob in blobs)

    def delete(self, key: str) -> None:
        with _faults(), suppress(NotFound):
            self._bucket.blob(key).delete(timeout=_TIMEOUT, retry=_RETRY)

    def _upload(self, key: str, source: BinaryIO, size: int, content_type: str, generation: int) -> None:
        source.seek(0)
        self._bucket.blob(key).upload_from_file(
            source,
            size=size,
            content_type=content_type,
            if_generation_match=generation,
            checksum="crc32c",
            timeout=_TIMEOUT,
            retry=_RETRY,
        )


@contextmanager
def _faults(missing: type[ReportFault] = StorageMissing) -> Iterator[None]:
    """`missing` is what it means that something is not there: where an object is written, that the bucket is not."""
    try:
        yield
    except NotFound as fault:
        raise missing("Google Cloud Storage: no such object or bucket") from fault
    except _IO_FAULTS as fault:
        raise StorageBroken(f"Google Cloud Storage: {type(fault).__name__}") from fault


def _crc32c(source: BinaryIO) -> str:
    """As Google writes it: base64 of the four bytes, big-endian."""
    source.seek(0)
    checksum = google_crc32c.Checksum()
    for chunk in iter(lambda: source.read(1024 * 1024), b""):
        checksum.update(chunk)
    return base64.b64encode(checksum.digest()).decode()
