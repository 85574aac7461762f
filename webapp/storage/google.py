"""Files in a bucket of Google Cloud Storage. Credentials are found by Google's usual ways."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import BinaryIO, Literal
from urllib.parse import quote

from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed, RetryError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing
from webapp.settings import Settings
from webapp.storage import faults, signed
from webapp.storage.google_access import Access
from webapp.storage.measure import measure
from webapp.storage.store import Incoming, Stored

SERVICE = "Google Cloud Storage"

# The client would go on for a minute and a half by itself, and a person may be waiting.
_RETRY = DEFAULT_RETRY.with_timeout(10)
_TIMEOUT = (3, 10)
# Larger files are sent in such pieces, so that the client does not hold them in memory.
_PIECE = 8 * 1024 * 1024


class GoogleStorage:
    """Objects in one bucket. A new object is made only where none is; one that is there is adopted or replaced."""

    name = "google"

    def __init__(
        self, bucket: str, *, location: str = "", kms_key: str = "", signer: str = "", signed_url_seconds: int = 60
    ) -> None:
        self._bucket_name, self._location, self._kms_key = bucket, location, kms_key
        self._signer, self._signed_url_seconds = signer, signed_url_seconds
        self._process = 0

    @classmethod
    def configured(cls, settings: Settings) -> "GoogleStorage":
        return cls(
            settings.storage_bucket,
            location=settings.storage_location,
            kms_key=settings.storage_kms_key,
            signer=settings.storage_signer,
            signed_url_seconds=settings.signed_url_seconds,
        )

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        if source.seek(0, os.SEEK_END) != size:
            raise StorageBroken("the source was shorter or longer than it said", why="altered")
        with _faults(missing="the bucket"):
            blob = self._bucket.blob(key, chunk_size=_PIECE, kms_key_name=self._kms_key or None)
            blob.content_disposition = f'attachment; filename="{download_name}"'
            blob.cache_control = "private, no-store"
            try:
                _upload(blob, source, size, content_type, generation=0)
            except PreconditionFailed:
                # Either our own upload, whose answer was lost, or bytes that went bad.
                there = self._bucket.get_blob(key, timeout=_TIMEOUT, retry=_RETRY)
                if there is None or (there.size, there.crc32c) != (size, measure(source).crc32c):
                    _upload(blob, source, size, content_type, generation=there.generation if there else 0)

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with _faults():
            path = f"/download/storage/v1/b/{self._bucket_name}/o/{quote(key, safe='')}?alt=media"
            session, url = self._access.session, self._client.api_endpoint + path
        with signed.fetch(session, url, deadline, service=SERVICE) as incoming:
            yield incoming

    def read_signed(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        def sign() -> str:
            return self.signed_url(key, seconds=self._signed_url_seconds)

        with _faults():
            session = self._access.anonymous_session
        return signed.fetch_signed(session, sign, deadline, service=SERVICE)

    def signed_url(self, key: str, *, seconds: int) -> str:
        with _faults():
            blob, signer = self._bucket.blob(key), self._access.signer
            url: str = blob.generate_signed_url(
                version="v4", method="GET", expiration=timedelta(seconds=seconds), credentials=signer
            )
        return url

    def stat(self, key: str) -> Stored:
        with _faults():
            blob = self._bucket.blob(key)
            blob.reload(timeout=_TIMEOUT, retry=_RETRY)
        return Stored(key, blob.size, blob.crc32c)

    def list(self, folder: str = "reports") -> Iterator[Stored]:
        with _faults(missing="the bucket"):
            fields = "items(name,size,crc32c),nextPageToken"
            listing = self._bucket.list_blobs(prefix=f"{folder}/", fields=fields, timeout=_TIMEOUT, retry=_RETRY)
            for blob in listing:
                yield Stored(blob.name, blob.size, blob.crc32c)

    def delete(self, key: str) -> None:
        try:
            with _faults():
                self._bucket.blob(key).delete(timeout=_TIMEOUT, retry=_RETRY)
        except StorageMissing:
            pass

    def prepare(self) -> Iterator[str]:
        """Make the bucket where it is not there, private throughout, and say what was found and done, sentence by
        sentence. Raises StorageBroken, of a bucket in another place than STORAGE_LOCATION says too."""
        with _faults(missing="the bucket"):
            bucket = self._client.lookup_bucket(self._bucket_name, timeout=_TIMEOUT, retry=_RETRY)
            if bucket is None:
                bucket = self._make_bucket()
                yield f"The bucket {bucket.name} was made in {bucket.location}."
            else:
                yield f"The bucket {bucket.name} is there, in {bucket.location}."
        if self._location and bucket.location and bucket.location.upper() != self._location.upper():
            told = f"{SERVICE}: the bucket lies in {bucket.location}, and STORAGE_LOCATION is {self._location}"
            raise StorageBroken(told, why="no bucket")
        yield from _sentences_on(bucket, self._kms_key)

    def _make_bucket(self) -> storage.Bucket:
        if not self._client.project:
            raise StorageBroken(f"{SERVICE}: no bucket, and no project to make it in", why="no bucket")
        bucket = self._bucket
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.iam_configuration.public_access_prevention = "enforced"
        if self._kms_key:
            bucket.default_kms_key_name = self._kms_key
        location = self._location or None
        return self._client.create_bucket(bucket, location=location, timeout=_TIMEOUT, retry=_RETRY)

    @property
    def _access(self) -> Access:
        """Found at first use, and in a child process anew, since connections cannot be shared with one."""
        if self._process != os.getpid():
            self._found, self._process = Access(self._signer), os.getpid()
        return self._found

    @property
    def _client(self) -> storage.Client:
        return self._access.client

    @property
    def _bucket(self) -> storage.Bucket:
        return self._client.bucket(self._bucket_name)


def _upload(blob: storage.Blob, source: BinaryIO, size: int, content_type: str, generation: int) -> None:
    source.seek(0)
    blob.upload_from_file(
        source,
        size=size,
        content_type=content_type,
        if_generation_match=generation,
        checksum="crc32c",
        timeout=_TIMEOUT,
        retry=_RETRY,
    )


def _sentences_on(bucket: storage.Bucket, kms_key: str) -> Iterator[str]:
    access = bucket.iam_configuration
    if access.uniform_bucket_level_access_enabled and access.public_access_prevention == "enforced":
        yield "Nobody outside can be given access to its objects."
    else:
        yield (
            "Its objects could be opened to the public: turn on uniform access and public access prevention in the "
            "console of Google Cloud."
        )
    if kms_key and bucket.default_kms_key_name == kms_key:
        yield "What is put there is encrypted with your own key."
    elif kms_key:
        yield "It has another default key than STORAGE_KMS_KEY; files of reports are encrypted with yours all the same."


@contextmanager
def _faults(missing: Literal["an object", "the bucket"] = "an object") -> Iterator[None]:
    """The client's exceptions as ours, without their cause: some of them name URLs that hold rights. `missing` is what
    it is that a 404 does not find."""
    try:
        yield
    except NotFound as fault:
        meant = _meant(fault)
        raise (meant if missing == "an object" else StorageBroken(str(meant), why="no bucket")) from None
    except (GoogleAPICallError, RetryError, InvalidResponse, DataCorruption, *faults.HTTP_FAULTS) as fault:
        raise _meant(fault) from None


def _meant(fault: BaseException) -> StorageBroken | StorageMissing:
    if isinstance(fault, RetryError) and fault.cause:
        return _meant(fault.cause)
    if isinstance(fault, DataCorruption):
        return StorageBroken(f"{SERVICE}: the bytes changed on the way", why="altered")
    if isinstance(fault, GoogleAPICallError | InvalidResponse) and fault.response is not None:
        answer = fault.response
        return faults.of_answer(SERVICE, answer.status_code, answer.text, answer.headers)
    return faults.of_exception(SERVICE, fault)
