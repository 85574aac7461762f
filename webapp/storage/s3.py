"""Files in a bucket of an S3-compatible store: Amazon's, Cloudflare R2, MinIO. Credentials by Amazon's usual ways."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

import boto3
from botocore import exceptions
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing, StoreFault
from webapp.settings import Settings
from webapp.storage import faults, signed
from webapp.storage.measure import Measured, Measuring, measure
from webapp.storage.store import Incoming, Stored

SERVICE = "S3"

_NO_REGION = "us-east-1"
_READ_SECONDS = 60
_TELL_CHECKSUM = {"x-amz-checksum-mode": "ENABLED"}
_WHY: tuple[tuple[StoreFault, tuple[type[BotoCoreError], ...]], ...] = (
    ("slow", (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError)),
    ("unreachable", (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.MetadataRetrievalError)),
    ("no bucket", (exceptions.ParamValidationError,)),
    (
        "refused",
        (
            NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.TokenRetrievalError,
            exceptions.ProfileNotFound,
        ),
    ),
)


class S3Storage:
    """Objects in one bucket. A new object is made only where none is; one that is there is adopted or replaced."""

    name = "s3"

    def __init__(
        self, bucket: str, *, endpoint: str = "", location: str = "", kms_key: str = "", signed_url_seconds: int = 60
    ) -> None:
        self._bucket, self._endpoint, self._location, self._kms_key = bucket, endpoint, location, kms_key
        self._signed_url_seconds = signed_url_seconds
        self._process = 0

    @classmethod
    def configured(cls, settings: Settings) -> "S3Storage":
        return cls(
            settings.storage_bucket,
            endpoint=settings.storage_endpoint,
            location=settings.storage_location,
            kms_key=settings.storage_kms_key,
            signed_url_seconds=settings.signed_url_seconds,
        )

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        measured = measure(source)
        if measured.size != size:
            raise StorageBroken("the source was shorter or longer than it said", why="altered")
        properties = {
            "ContentType": content_type,
            "ContentDisposition": f'attachment; filename="{download_name}"',
            "CacheControl": "private, no-store",
            **({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self._kms_key} if self._kms_key else {}),
        }
        with _faults(missing="the bucket"):
            try:
                self._upload(key, source, measured, properties, IfNoneMatch="*")
            except ClientError as fault:
                if _status(fault) not in (409, 412, 501):
                    raise
                self._replace(key, source, measured, properties, knows_conditions=_status(fault) != 501)

    @contextmanager
    def read(self, key: str, deadline: Deadline) -> Iterator[Incoming]:
        with _faults():
            if self._access.credentials is None:
                raise NoCredentialsError
            url = urlsplit(self._presigned(key, 60))._replace(query="").geturl()
            request = AWSRequest("GET", url, headers=_TELL_CHECKSUM)
            credentials = self._access.credentials.get_frozen_credentials()
            S3SigV4Auth(credentials, "s3", self._access.region).add_auth(request)
            headers = dict(request.headers.items())
        with signed.fetch(self._access.session, url, deadline, service=SERVICE, headers=headers) as incoming:
            yield incoming

    def read_signed(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        def sign() -> str:
            return self._presigned(key, self._signed_url_seconds, ChecksumMode="ENABLED")

        with _faults():
            session = self._access.session
        return signed.fetch_signed(session, sign, deadline, service=SERVICE, headers=_TELL_CHECKSUM)

    def signed_url(self, key: str, *, seconds: int) -> str:
        return self._presigned(key, seconds)

    def stat(self, key: str) -> Stored:
        with _faults():
            there = self._head(key)
            if there is None and self._is_there():
                raise StorageMissing(f"{SERVICE}: 404 NoSuchKey")
            if there is None:
                raise StorageBroken(f"{SERVICE}: 404 NoSuchBucket", why="no bucket")
        return Stored(key, there["ContentLength"], _crc32c(there))

    def list(self, folder: str = "reports") -> Iterator[Stored]:
        with _faults(missing="the bucket"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{folder}/")
            for page in pages:
                for told in page.get("Contents", ()):
                    yield Stored(told["Key"], told["Size"], None)

    def delete(self, key: str) -> None:
        with _faults(missing="the bucket"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def prepare(self) -> Iterator[str]:
        """Make the bucket where it is not there, private, and say what was found and done, sentence by sentence. Raises
        StorageBroken, of a bucket in another place than STORAGE_LOCATION says too."""
        with _faults(missing="the bucket"):
            if self._is_there():
                there = self._client.get_bucket_location(Bucket=self._bucket).get("LocationConstraint") or _NO_REGION
                yield f"The bucket {self._bucket} is there, in {there}."
                if self._location not in ("", "auto", there):
                    told = f"{SERVICE}: the bucket lies in {there}, and STORAGE_LOCATION is {self._location}"
                    raise StorageBroken(told, why="no bucket")
            else:
                self._make_bucket()
                yield f"The bucket {self._bucket} was made in {self._access.region}."
                yield self._keep_private()
        if self._kms_key:
            yield "Files of reports are encrypted with your own key."

    def _is_there(self) -> bool:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as fault:
            if _status(fault) != 404:
                raise
            return False
        return True

    def _make_bucket(self) -> None:
        region = self._access.region
        # The first region must not be named, and a store without regions knows no name.
        place = {} if region in (_NO_REGION, "auto") else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._client.create_bucket(Bucket=self._bucket, **place)

    def _keep_private(self) -> str:
        """Amazon's buckets are private from the start, and this keeps them so; others do not know it."""
        rules = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        try:
            self._client.put_public_access_block(
                Bucket=self._bucket, PublicAccessBlockConfiguration=dict.fromkeys(rules, True)
            )
        except ClientError as fault:
            if _status(fault) not in (400, 404, 405, 501):
                raise
            return "This store has no switch against public access: see that nobody gives the bucket a public policy."
        return "Nobody outside can be given access to its objects."

    def _upload(
        self, key: str, source: BinaryIO, measured: Measured, properties: dict[str, Any], **condition: str
    ) -> None:
        source.seek(0)
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=source,
            ContentLength=measured.size,
            ChecksumAlgorithm="CRC32C",
            ChecksumCRC32C=measured.crc32c,
            Metadata={"crc32c": measured.crc32c, "sha256": measured.sha256},
            **properties,
            **condition,
        )

    def _replace(
        self, key: str, source: BinaryIO, measured: Measured, properties: dict[str, Any], *, knows_conditions: bool
    ) -> None:
        """Where something is there: either our own upload, whose answer was lost, or bytes that went bad."""
        there = self._head(key)
        if there is not None and _says_it_is(there, measured) and self._holds(key, measured):
            return
        condition = {"IfMatch": there["ETag"]} if there else {"IfNoneMatch": "*"}
        self._upload(key, source, measured, properties, **(condition if knows_conditions else {}))

    def _holds(self, key: str, measured: Measured) -> bool:
        """Whether these bytes are there. What an object says of itself it was told when it was sent, and not every
        store compares."""
        measuring = Measuring()
        with suppress(StorageMissing), self.read(key, Deadline(_READ_SECONDS)) as incoming:
            for _ in measuring.passing(incoming.chunks):
                pass
        return measuring.so_far == measured

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as fault:
            if _status(fault) != 404:
                raise
            return None

    def _presigned(self, key: str, seconds: int, **extra: str) -> str:
        with _faults():
            if self._access.credentials is None:
                raise CannotSign(f"{SERVICE}: there are no credentials")
            named = {"Bucket": self._bucket, "Key": key, **extra}
            return self._client.generate_presigned_url("get_object", Params=named, ExpiresIn=seconds)

    @property
    def _access(self) -> "_Access":
        """Found at first use, and in a child process anew, since connections cannot be shared with one."""
        if self._process != os.getpid():
            self._found, self._process = _Access(self._endpoint, self._location), os.getpid()
        return self._found

    @property
    def _client(self) -> Any:
        return self._access.client


class _Access:
    """The client, its region and credentials (None where there are none), and a session for what it signs."""

    def __init__(self, endpoint: str, location: str) -> None:
        session = boto3.session.Session()
        self.region = location or session.region_name or _NO_REGION
        self.credentials = session.get_credentials()
        self.client = session.client(
            "s3",
            region_name=self.region,
            endpoint_url=endpoint or None,
            config=Config(
                signature_version="s3v4",
                connect_timeout=3,
                read_timeout=10,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=signed.CONNECTIONS,
                # A name before the endpoint's own would have to be known to the DNS; Amazon wants it so.
                s3={"addressing_style": "path" if endpoint else "virtual"},
                # Not all stores know the checksums that it would add by itself.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                # What plays a store on this machine is no business of a proxy.
                proxies={} if urlsplit(endpoint).hostname in signed.LOOPBACK else None,
            ),
        )
        self.session = signed.anonymous_session(endpoint)


def _says_it_is(there: dict[str, Any], measured: Measured) -> bool:
    """By the checksum of the store or, where it knows none, by the one that we left with the object."""
    told = _crc32c(there) or there["Metadata"].get("crc32c")
    return there["ContentLength"] == measured.size and told == measured.crc32c


def _crc32c(there: dict[str, Any]) -> str | None:
    """Of the object as a whole: that of its parts, as a copy in pieces has it, ends on their number."""
    told = there.get("ChecksumCRC32C")
    return told if told and "-" not in told else None


def _status(fault: ClientError) -> int:
    return fault.response["ResponseMetadata"]["HTTPStatusCode"]


@contextmanager
def _faults(missing: Literal["an object", "the bucket"] = "an object") -> Iterator[None]:
    """The client's exceptions as ours, without their cause: some of them name URLs that hold rights. `missing` is what
    it is that a 404 does not find."""
    try:
        yield
    except ClientError as fault:
        meant = _meant(fault)
        if isinstance(meant, StorageMissing) and missing == "the bucket":
            meant = StorageBroken(str(meant), why="no bucket")
        raise meant from None
    except BotoCoreError as fault:
        raise faults.without_answer(SERVICE, _why(fault), fault) from None


def _why(fault: BotoCoreError) -> StoreFault:
    for why, kinds in _WHY:
        if isinstance(fault, kinds):
            return why
    return "failing"


def _meant(fault: ClientError) -> StorageBroken | StorageMissing:
    told, answer = fault.response["Error"], fault.response["ResponseMetadata"]
    # The answer to a HEAD has no body, so the client tells the status for a code.
    code = "" if told["Code"].isdecimal() else told["Code"]
    headers = {name.title(): value for name, value in answer["HTTPHeaders"].items()}
    text = f"<Code>{code}</Code>{told.get('Message', '')}"
    return faults.of_answer(SERVICE, answer["HTTPStatusCode"], text, headers)
