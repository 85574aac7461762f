"""An object over HTTP: streamed, with one deadline for all of it, and every way to fail told apart.

Used for signed URLs, and with a session that adds credentials. A URL holds a signature, so no fault repeats it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing, StoreFault
from webapp.storage.store import Incoming

CONNECT_SECONDS, READ_SECONDS = 2.0, 5.0
PIECE = 256 * 1024
ATTEMPTS = 2
"""One more try may do where the store failed before the first byte."""

EXPIRED_CODES = ("ExpiredToken", "RequestTimeTooSkewed", "RequestExpired")
BUCKET_CODES = ("NoSuchBucket", "The specified bucket does not exist")

_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_DETAILS = re.compile(rb"Request has expired|ExpiredToken")
_TIMED_OUT = (ReadTimeout, ConnectTimeout, ReadTimeoutError, TimeoutError)


class UrlExpired(StorageBroken):
    """The store found the URL too old, or its clock and ours far apart: one signed anew may do."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a store answered instead of the object: the HTTP status, and its code for the fault, if it gave one."""

    service: str
    status: int
    code: str
    retry_after: float | None

    @property
    def told(self) -> str:
        return f"{self.service}: {self.status} {self.code}".rstrip()

    def fault(self) -> StorageBroken | StorageMissing:
        if self.status == 404 and self.code not in BUCKET_CODES:
            return StorageMissing(f"{self.service}: no such object")
        if self.code in EXPIRED_CODES:
            return UrlExpired(self.told, why="refused")
        return StorageBroken(self.told, why=why_of(self.status), retry_after=self.retry_after)


def why_of(status: int) -> StoreFault:
    """What an HTTP status from 400 on says of a store. 404 is here one of the bucket's, for an object's is none."""
    by_status: dict[int, StoreFault] = {
        400: "refused",
        401: "refused",
        403: "refused",
        404: "no bucket",
        408: "busy",
        429: "busy",
    }
    return by_status.get(status, "failing")


@contextmanager
def fetch(
    url: str,
    deadline: Deadline,
    *,
    service: str,
    session: requests.Session | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Incoming]:
    """The object at the URL. `service` is how faults name the store; `headers` are sent along. Raises StorageMissing
    and StorageBroken, UrlExpired among them."""
    own = requests.Session() if session is None else session
    if session is None and urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost"):
        # No proxy stands before loopback.
        own.trust_env = False
    try:
        asked = {"Accept-Encoding": "identity", **(headers or {})}
        with _answered(url, asked, deadline, service, own) as response:
            length = response.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else None
            yield Incoming(_pieces(response, deadline, service, size), size, _crc32c(response))
    finally:
        if session is None:
            own.close()


def _answered(
    url: str, headers: Mapping[str, str], deadline: Deadline, service: str, session: requests.Session
) -> requests.Response:
    for attempt in range(1, ATTEMPTS + 1):
        if deadline.has_passed:
            break
        try:
            response = session.get(
                url,
                stream=True,
                timeout=(min(CONNECT_SECONDS, deadline.left), min(READ_SECONDS, deadline.left)),
                headers=dict(headers),
                allow_redirects=False,
            )
        except (RequestException, OSError) as fault:
            broken = _unanswered(fault, service)
            if attempt == ATTEMPTS or broken.why == "slow":
                raise broken from fault
            continue
        if response.status_code == 200:
            return response
        with response:
            refusal = _refusal(response, service)
        if attempt == ATTEMPTS or refusal.status < 500:
            raise refusal.fault()
        # On a new connection: the store may close this one just when it is used again.
        session.close()
    raise StorageBroken(f"{service}: no answer in time", why="slow")


def _pieces(response: requests.Response, deadline: Deadline, service: str, size: int | None) -> Iterator[bytes]:
    """What has come so far, again and again: a slow drip must not hold us up beyond the deadline."""
    taken = 0
    try:
        while piece := response.raw.read1(PIECE, decode_content=False):
            taken += len(piece)
            yield piece
            if deadline.has_passed:
                raise StorageBroken(f"{service}: not all of it came in time", why="slow")
    except _TIMED_OUT as fault:
        raise StorageBroken(f"{service}: nothing more came", why="slow") from fault
    except (HTTPError, RequestException, OSError) as fault:
        raise StorageBroken(f"{service}: broken off ({type(fault).__name__})", why="altered") from fault
    if size is not None and taken < size:
        raise StorageBroken(f"{service}: fewer bytes came than were announced", why="altered")


def _unanswered(fault: BaseException, service: str) -> StorageBroken:
    """The kind of it alone: the words of the library repeat the URL."""
    if isinstance(fault, _TIMED_OUT):
        return StorageBroken(f"{service}: no answer in time", why="slow")
    reason = getattr(fault.args[0] if fault.args else None, "reason", None)
    if isinstance(reason, NameResolutionError):
        return StorageBroken(f"{service}: its name is not known (DNS)", why="unreachable")
    return StorageBroken(f"{service}: no connection ({type(fault).__name__})", why="unreachable")


def _refusal(response: requests.Response, service: str) -> Refusal:
    body = b""
    with suppress(RequestException, HTTPError, OSError):
        body = response.raw.read1(8192, decode_content=False) or b""
    found = _CODE.search(body)
    code = found[1].decode() if found else ""
    if _DETAILS.search(body):
        code = "RequestExpired" if code != "ExpiredToken" else code
    elif not code and BUCKET_CODES[1].encode() in body:
        code = BUCKET_CODES[0]
    after = response.headers.get("Retry-After", "")
    return Refusal(service, response.status_code, code, float(after) if after.isdecimal() else None)


def _crc32c(response: requests.Response) -> str | None:
    """Google sends several hashes in one header or in several: "crc32c=AAAAAA==,md5=..."."""
    for part in response.headers.get("x-goog-hash", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "crc32c" and value:
            return value
    return response.headers.get("x-amz-checksum-crc32c")
