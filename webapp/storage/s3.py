"""Files in a bucket of a store that speaks S3: AWS, Cloudflare R2, MinIO. Credentials are found by AWS's usual ways."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)

from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing, StoreFault, causes_of
from webapp.settings import Settings
from webapp.storage import signed
from webapp.storage.measure import measure
from webapp.storage.signed import UrlExpired
from webapp.storage.store import Incoming, Stored

SERVICE = "S3"
DEFAULT_REGION = "us-east-1"
NO_CONDITIONS = ("NotImplemented", "InvalidArgument")
"""What stores answer that know no conditional writes."""


class S3Storage:
    """Objects in one bucket. A new object is made only where none is; one that is there is adopted or replaced.

    `endpoint` is the store's URL, nothing for AWS. `location` is its region, `kms_key` the customer-managed key that
    objects are encrypted with, `url_seconds` how long a signed URL works.
    """

    name = "s3"

    def __init__(
        self, bucket: str, *, endpoint: str = "", location: str = "", kms_key: str = "", url_seconds: int = 60
    ) -> None:
        self._bucket, self._endpoint, self._location = bucket, endpoint, location
        self._kms_key, self._url_seconds = kms_key, url_seconds
        self._own_session: Any = None
        self._client: Any = None

    @classmethod
    def configured(cls, settings: Settings) -> "S3Storage":
        return cls(
            settings.storage_bucket,
            endpoint=settings.storage_endpoint,
            location=settings.storage_location,
            kms_key=settings.storage_kms_key,
            url_seconds=settings.signed_url_seconds,
        )

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        measured = measure(source)
        if measured.size != size:
            raise StorageBroken("the source was shorter or longer than it said", why="altered")
        headers = {
            "ContentType": content_type,
            "ContentDisposition": f'attachment; filename="{download_name}"',
            "CacheControl": "private, no-store",
            "ContentLength": size,
            "ChecksumCRC32C": measured.crc32c,
            "Metadata": {"crc32c": measured.crc32c},
            **({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self._kms_key} if self._kms_key else {}),
        }
        upload = partial(self._upload, key, source, headers)
        with _faults():
            try:
                upload(IfNoneMatch="*")
            except ClientError as fault:
                if _code(fault) == "NoSuchBucket":
                    raise
                if _status(fault) not in (409, 412) and _code(fault) not in NO_CONDITIONS:
                    raise
                # Either our own upload, whose answer was lost, or bytes that went bad, or a store without conditions.
                there = self._head(key)
                if there is not None and there["ContentLength"] == size and _checksum(there) == measured.crc32c:
                    return
                unconditional = _code(fault) in NO_CONDITIONS or there is None
                upload(**({} if unconditional else {"IfMatch": there["ETag"]}))

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        url = f"{self._connected().meta.endpoint_url}/{self._bucket}/{quote(key)}"
        request = AWSRequest("GET", url, headers={"x-amz-checksum-mode": "ENABLED"})
        with _faults():
            S3SigV4Auth(self._credentials(), "s3", self._connected().meta.region_name).add_auth(request)
        with signed.fetch(url, deadline, service=SERVICE, headers=dict(request.headers)) as incoming:
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
        return self._signed(seconds, Key=key)

    def _signed(self, seconds: int, **named: str) -> str:
        try:
            named["Bucket"] = self._bucket
            url: str = self._connected().generate_presigned_url("get_object", Params=named, ExpiresIn=seconds)
        except BotoCoreError as fault:
            raise CannotSign(f"{SERVICE}: signing failed ({type(fault).__name__})") from fault
        return url

    def stat(self, key: str) -> Stored:
        with _faults():
            there = self._head(key)
        if there is None:
            raise StorageMissing(f"{SERVICE}: no such object")
        return Stored(key, there["ContentLength"], _checksum(there))

    def list(self) -> Iterator[Stored]:
        with _faults():
            pages = self._connected().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="reports/")
            for page in pages:
                for item in page.get("Contents", ()):
                    # A listing tells no checksum of bytes; who needs one asks for the object's own.
                    yield Stored(item["Key"], item["Size"], None)

    def delete(self, key: str) -> None:
        with _faults(), suppress(StorageMissing):
            self._connected().delete_object(Bucket=self._bucket, Key=key)

    def prepare(self) -> Iterator[str]:
        """Make the bucket where it is not there, closed to the public; in sentences, what was found and done. Raises
        StorageBroken, for a bucket that lies elsewhere than STORAGE_LOCATION says too."""
        with _faults():
            try:
                self._connected().head_bucket(Bucket=self._bucket)
            except ClientError as fault:
                if _status(fault) != 404:
                    raise
                yield from self._made()
                return
            region = self._connected().get_bucket_location(Bucket=self._bucket).get("LocationConstraint")
        region = region or DEFAULT_REGION
        if self._location not in ("", "auto", region):
            raise StorageBroken(f"the bucket {self._bucket} lies in {region}, not in {self._location}", why="refused")
        yield f"The bucket {self._bucket} is there, in {region}."

    def _made(self) -> Iterator[str]:
        placed = self._location not in ("", "auto", DEFAULT_REGION)
        where = {"CreateBucketConfiguration": {"LocationConstraint": self._location}} if placed else {}
        self._connected().create_bucket(Bucket=self._bucket, **where)
        yield f"The bucket {self._bucket} was made{f' in {self._location}' if self._location else ''}."
        closed = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        try:
            self._connected().put_public_access_block(Bucket=self._bucket, PublicAccessBlockConfiguration=closed)
        except ClientError:
            yield "This store cannot be told to block public access: see to it that the bucket is private."

    def _connected(self) -> Any:
        """Connected at first use, so that the app starts whatever state the store is in."""
        if self._client is None:
            on_loopback = urlsplit(self._endpoint).hostname in ("127.0.0.1", "::1", "localhost")
            self._client = self._session().client(
                "s3",
                endpoint_url=self._endpoint or None,
                region_name=self._location or DEFAULT_REGION,
                config=Config(
                    signature_version="s3v4",
                    connect_timeout=2,
                    read_timeout=10,
                    retries={"mode": "standard", "total_max_attempts": 2},
                    s3={"addressing_style": "path" if self._endpoint else "auto"},
                    proxies={} if on_loopback else None,
                ),
            )
        return self._client

    def _credentials(self) -> Any:
        credentials = self._session().get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return credentials.get_frozen_credentials()

    def _session(self) -> Any:
        if self._own_session is None:
            self._own_session = boto3.session.Session()
        return self._own_session

    def _upload(self, key: str, source: BinaryIO, headers: dict[str, Any], **condition: str) -> None:
        source.seek(0)
        self._connected().put_object(Bucket=self._bucket, Key=key, Body=source, **headers, **condition)

    def _head(self, key: str) -> Any:
        """What the store says of an object, or None where there is none."""
        try:
            return self._connected().head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as fault:
            if _status(fault) != 404:
                raise
            # A HEAD has no body that could say whether it is the bucket that is not there.
            self._connected().head_bucket(Bucket=self._bucket)
            return None

    def _by_url(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        # The header is signed along, so a browser, which does not send it, gets a URL without it.
        url = self._signed(self._url_seconds, Key=key, ChecksumMode="ENABLED")
        return signed.fetch(url, deadline, service=SERVICE, headers={"x-amz-checksum-mode": "ENABLED"})


def _status(fault: ClientError) -> int:
    return int(fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(fault: ClientError) -> str:
    return str(fault.response.get("Error", {}).get("Code", ""))


def _checksum(there: dict[str, Any]) -> str | None:
    """The store's own word, else the one that we wrote beside the object."""
    return there.get("ChecksumCRC32C") or there.get("Metadata", {}).get("crc32c")


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, OSError) as fault:
        told, why, retry_after = _judged(fault)
        raise StorageBroken(f"{SERVICE}: {told}", why=why, retry_after=retry_after) from fault


def _judged(fault: BaseException) -> tuple[str, StoreFault, float | None]:
    """What it is in short, why, and for how many seconds the store wants to be left alone."""
    if isinstance(fault, ClientError):
        headers = fault.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        after = headers.get("retry-after", "")
        told = f"{_status(fault)} {_code(fault)}"
        return told, signed.why_of(_status(fault)), float(after) if after.isdecimal() else None
    if isinstance(fault, NoCredentialsError):
        return "no credentials", "refused", None
    if any(isinstance(cause, ConnectTimeoutError | ReadTimeoutError | TimeoutError) for cause in causes_of(fault)):
        return "no answer in time", "slow", None
    if isinstance(fault, HTTPClientError | OSError):
        return f"no connection ({type(fault).__name__})", "unreachable", None
    return type(fault).__name__, "failing", None
