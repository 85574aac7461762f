"""Files in a bucket of Google Cloud Storage. Credentials are found by Google's usual ways."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import BinaryIO, Literal
from urllib.parse import quote

import requests
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError, NotFound, PreconditionFailed
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import NameResolutionError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing, StoreFault, causes_of
from webapp.settings import Settings
from webapp.storage import signed
from webapp.storage.google_signing import emulator, signing_credentials
from webapp.storage.measure import measure
from webapp.storage.signed import BUCKET_CODES, UrlExpired
from webapp.storage.store import Incoming, Stored

SERVICE = "Google Cloud Storage"

# The client would go on for a minute and a half by itself, and a person is waiting.
_RETRY = DEFAULT_RETRY.with_timeout(10)
_TIMEOUT = (2, 5)
_UPLOAD_TIMEOUT = (2, 30)
_IO_FAULTS = (GoogleAPIError, GoogleAuthError, RequestException, DataCorruption, OSError)


class GoogleStorage:
    """Objects in one bucket. A new object is made only where none is; one that is there is adopted or replaced.

    `location` is where prepare() makes the bucket, `kms_key` the customer-managed key that objects are encrypted with,
    `signer` the service account that signs URLs where the credentials hold no key, `url_seconds` how long such a URL
    works.
    """

    name = "google"

    def __init__(
        self, bucket: str, *, location: str = "", kms_key: str = "", signer: str = "", url_seconds: int = 60
    ) -> None:
        self._bucket_name, self._location, self._kms_key = bucket, location, kms_key
        self._signer, self._url_seconds = signer, url_seconds
        self._client: storage.Client | None = None
        self._signs: Signing | None = None

    @classmethod
    def configured(cls, settings: Settings) -> "GoogleStorage":
        return cls(
            settings.storage_bucket,
            location=settings.storage_location,
            kms_key=settings.storage_kms_key,
            signer=settings.storage_signer,
            url_seconds=settings.signed_url_seconds,
        )

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        upload = partial(self._upload, key, source, size, content_type, download_name)
        with _faults(missing="no bucket"):
            try:
                upload(generation=0)
            except PreconditionFailed:
                # Either our own upload, whose answer was lost, or bytes that went bad.
                there = self._bucket.get_blob(key, timeout=_TIMEOUT, retry=_RETRY)
                if there is None or there.crc32c != measure(source).crc32c:
                    upload(generation=there.generation if there else 0)

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with _faults():
            url, session = self._media_url(key), self._session()
        with session, signed.fetch(url, deadline, service=SERVICE, session=session) as incoming:
            yield incoming

    @contextmanager
    def read_signed(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with ExitStack() as held:
            try:
                incoming = held.enter_context(self._by_url(key, deadline))
            except UrlExpired:
                incoming = held.enter_context(self._by_url(key, deadline))
            yield incoming

    def signed_url(self, key: str, *, seconds: int) -> str:
        with _faults():
            blob, credentials = self._bucket.blob(key), self._signing()
        try:
            url: str = blob.generate_signed_url(
                version="v4",
                method="GET",
                expiration=timedelta(seconds=seconds),
                credentials=credentials,
                api_access_endpoint=emulator() or self._connected().api_endpoint,
            )
        except (GoogleAuthError, RequestException, OSError) as fault:
            raise CannotSign(f"{SERVICE}: signing failed ({type(fault).__name__})") from fault
        return url

    def stat(self, key: str) -> Stored:
        with _faults():
            blob = self._bucket.get_blob(key, timeout=_TIMEOUT, retry=_RETRY)
        if blob is None:
            raise StorageMissing(f"{SERVICE}: no such object")
        return Stored(key, blob.size, blob.crc32c)

    def list(self) -> Iterator[Stored]:
        with _faults(missing="no bucket"):
            pages = self._connected().list_blobs(self._bucket_name, prefix="reports/", timeout=_TIMEOUT, retry=_RETRY)
            for blob in pages:
                yield Stored(blob.name, blob.size, blob.crc32c)

    def delete(self, key: str) -> None:
        with _faults(), suppress(NotFound):
            self._bucket.blob(key).delete(timeout=_TIMEOUT, retry=_RETRY)

    def prepare(self) -> Iterator[str]:
        """Make the bucket where it is not there, private and in the right place; in sentences, what was found and done.

        Raises StorageBroken, for a bucket that lies elsewhere than STORAGE_LOCATION says too.
        """
        with _faults(missing="no bucket"):
            bucket = self._connected().lookup_bucket(self._bucket_name, timeout=_TIMEOUT, retry=_RETRY)
            if bucket is None:
                bucket = self._bucket
                bucket.iam_configuration.uniform_bucket_level_access_enabled = True
                bucket.iam_configuration.public_access_prevention = "enforced"
                bucket.default_kms_key_name = self._kms_key or None
                bucket.create(location=self._location or None, timeout=_UPLOAD_TIMEOUT)
                yield f"The bucket {self._bucket_name} was made{f' in {self._location}' if self._location else ''}."
                return
        if self._location and (bucket.location or "").lower() != self._location.lower():
            raise StorageBroken(
                f"the bucket {self._bucket_name} lies in {bucket.location}, not in {self._location}", why="refused"
            )
        yield f"The bucket {self._bucket_name} is there{f', in {bucket.location}' if bucket.location else ''}."
        if bucket.iam_configuration.public_access_prevention != "enforced":
            yield "Public access is not prevented: set it to enforced, for files of reports are nobody else's."

    @property
    def _bucket(self) -> storage.Bucket:
        return self._connected().bucket(self._bucket_name)

    def _connected(self) -> storage.Client:
        """Connected at first use, so that the app starts whatever state the store is in."""
        if self._client is None:
            self._client = storage.Client()
        return self._client

    def _upload(
        self, key: str, source: BinaryIO, size: int, content_type: str, download_name: str, *, generation: int
    ) -> None:
        source.seek(0)
        blob = self._bucket.blob(key, kms_key_name=self._kms_key or None)
        blob.content_disposition = f'attachment; filename="{download_name}"'
        blob.cache_control = "private, no-store"
        blob.upload_from_file(
            source,
            size=size,
            content_type=content_type,
            if_generation_match=generation,
            checksum="crc32c",
            timeout=_UPLOAD_TIMEOUT,
            retry=_RETRY,
        )

    def _by_url(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        return signed.fetch(self.signed_url(key, seconds=self._url_seconds), deadline, service=SERVICE)

    def _media_url(self, key: str) -> str:
        endpoint = self._connected().api_endpoint
        return f"{endpoint}/download/storage/v1/b/{self._bucket_name}/o/{quote(key, safe='')}?alt=media"

    def _session(self) -> requests.Session:
        if emulator():
            session = requests.Session()
            session.trust_env = False
            return session
        return AuthorizedSession(self._connected()._credentials)

    def _signing(self) -> Signing:
        """Credentials that can sign: with a key of their own, or through IAM. Raises CannotSign."""
        if self._signs is None:
            self._signs = signing_credentials(self._signer)
        return self._signs


@contextmanager
def _faults(missing: Literal["object", "no bucket"] = "object") -> Iterator[None]:
    """`missing` is what it means that something is not there: where an object is written, that the bucket is not."""
    try:
        yield
    except _IO_FAULTS as fault:
        told, why, retry_after = _judged(fault)
        if why == "no bucket" and missing == "object" and BUCKET_CODES[1] not in str(fault):
            raise StorageMissing(f"{SERVICE}: no such object") from fault
        raise StorageBroken(f"{SERVICE}: {told}", why=why, retry_after=retry_after) from fault


def _judged(fault: BaseException) -> tuple[str, StoreFault, float | None]:
    """What it is in short, why, and for how many seconds the store wants to be left alone. The library wraps faults in
    faults of its own."""
    for cause in causes_of(fault):
        if isinstance(cause, GoogleAPICallError) and cause.code:
            after = getattr(getattr(cause, "response", None), "headers", {}).get("Retry-After", "")
            told = f"{int(cause.code)} {type(cause).__name__}"
            return told, signed.why_of(int(cause.code)), float(after) if str(after).isdecimal() else None
        if isinstance(cause, DataCorruption):
            return "checksums differ", "altered", None
        if isinstance(cause, NameResolutionError):
            return "its name is not known (DNS)", "unreachable", None
        if isinstance(cause, Timeout | TimeoutError):
            return "no answer in time", "slow", None
        if isinstance(cause, RequestsConnectionError | ConnectionError | TransportError):
            return f"no connection ({type(cause).__name__})", _unreachable(cause), None
        if isinstance(cause, GoogleAuthError):
            return f"no credentials ({type(cause).__name__})", "refused", None
    return type(fault).__name__, "failing", None


def _unreachable(fault: BaseException) -> StoreFault:
    """Time-outs hide in connection faults too."""
    return (
        "slow" if any(isinstance(cause, TimeoutError | Urllib3Timeout) for cause in causes_of(fault)) else "unreachable"
    )
