"""Fetches an object over HTTP, by a signed URL or with credentials, and never for longer than it may take."""

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPException
from itertools import chain
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse

from webapp.clock import Deadline
from webapp.errors import StorageBroken
from webapp.storage import faults
from webapp.storage.measure import CHUNK
from webapp.storage.store import Incoming

CONNECT_SECONDS, READ_SECONDS = 2.0, 5.0
LONGEST_EXPLANATION = 64 * 1024
"""Bytes of an answer that is no success; no store says more."""

_PASSING = ("failing", "unreachable", "altered")
CONNECTIONS = 32
LOOPBACK = ("localhost", "127.0.0.1", "::1")

# It would warn of headers that it cannot read, with the URL.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


def prepare(session: requests.Session, url: str) -> None:
    """Make a session fit to be used for the host of `url` by many threads."""
    adapter = _Adapter(pool_connections=4, pool_maxsize=CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # What plays a store on this machine is no business of a proxy.
    session.trust_env = urlsplit(url).hostname not in LOOPBACK


def anonymous_session(url: str) -> requests.Session:
    """A session for signed URLs of that host, which must carry no other credentials: not those of a .netrc either."""
    session = requests.Session()
    prepare(session, url)
    session.auth = lambda request: request
    return session


@contextmanager
def fetch(
    session: requests.Session, url: str, deadline: Deadline, *, service: str, headers: Mapping[str, str] | None = None
) -> Iterator[Incoming]:
    """The object at `url`, once its first piece is there; a fault before that which may pass is given a second try.
    `service` is what faults call the store. Raises StorageMissing, StorageBroken, and of that faults.Expired."""
    with ExitStack() as stack:
        try:
            incoming = stack.enter_context(_answer(session, url, deadline, service, headers or {}))
        except StorageBroken as fault:
            if fault.why not in _PASSING or deadline.has_passed:
                raise
            # On a new connection: the store may have closed those that wait for use.
            session.close()
            incoming = stack.enter_context(_answer(session, url, deadline, service, headers or {}))
        yield incoming


@contextmanager
def fetch_signed(
    session: requests.Session,
    sign: Callable[[], str],
    deadline: Deadline,
    *,
    service: str,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Incoming]:
    """The object at the URL that sign() makes or, where the store finds that one out of date, at the next."""
    with ExitStack() as stack:
        try:
            incoming = stack.enter_context(fetch(session, sign(), deadline, service=service, headers=headers))
        except faults.Expired:
            incoming = stack.enter_context(fetch(session, sign(), deadline, service=service, headers=headers))
        yield incoming


@contextmanager
def _answer(
    session: requests.Session, url: str, deadline: Deadline, service: str, headers: Mapping[str, str]
) -> Iterator[Incoming]:
    with _told(service, deadline):
        if deadline.has_passed:
            raise TimeoutError
        response = session.get(
            url,
            headers={"Accept-Encoding": "identity", **headers},
            stream=True,
            allow_redirects=False,
            timeout=(_at_most(CONNECT_SECONDS, deadline), _at_most(READ_SECONDS, deadline)),
        )
    with closing(response), closing(_pieces(response.raw, deadline, service)) as pieces:
        if response.status_code != 200:
            raise faults.of_answer(service, response.status_code, _explanation(pieces), response.headers)
        first = next(pieces, b"")
        yield Incoming(chain([first] if first else [], pieces), _size(response), _crc32c(response))


def _pieces(raw: BaseHTTPResponse, deadline: Deadline, service: str) -> Generator[bytes, None, None]:
    """The body as it comes; one that is shorter than announced is a fault to the library. A time-out of a read begins
    anew with each byte, so the whole has one of its own."""
    with _after(deadline.left, raw.shutdown):
        while True:
            with _told(service, deadline):
                piece = raw.read1(CHUNK, decode_content=False)
                if deadline.has_passed:
                    raise TimeoutError
            if not piece:
                return
            yield piece


@contextmanager
def _told(service: str, deadline: Deadline) -> Iterator[None]:
    """Whatever goes wrong in the block, without its cause: that names the URL."""
    try:
        yield
    except faults.HTTP_FAULTS as fault:
        late = TimeoutError() if deadline.has_passed else None
        raise faults.of_exception(service, late or fault) from None


@contextmanager
def _after(seconds: float, stop: Callable[[], None]) -> Iterator[None]:
    """Calls stop() in another thread after so long, unless the block has ended; whatever it finds then is right."""

    def stop_quietly() -> None:
        with suppress(OSError, AttributeError, ValueError, RuntimeError):
            stop()

    timer = threading.Timer(seconds, stop_quietly)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _explanation(pieces: Iterator[bytes]) -> str:
    """What an answer that is no success says; as much of it as comes."""
    text = bytearray()
    with suppress(StorageBroken):
        while len(text) < LONGEST_EXPLANATION and (piece := next(pieces, b"")):
            text += piece
    return text.decode(errors="replace")


def _size(response: requests.Response) -> int | None:
    told = response.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() else None


def _crc32c(response: requests.Response) -> str | None:
    """As Google tells it, among others in one header, or as S3 does: of a whole object, not of its parts."""
    for one in response.headers.get("x-goog-hash", "").split(","):
        name, _, value = one.strip().partition("=")
        if name == "crc32c":
            return value
    told = response.headers.get("x-amz-checksum-crc32c")
    return told if told and "-" not in told else None


def _at_most(seconds: float, deadline: Deadline) -> float:
    # The library takes no time-out of 0.
    return max(min(seconds, deadline.left), 0.001)


class _Timed:
    """The time-out of a socket begins anew with each byte; that of the headers as a whole does not."""

    sock: Any
    timeout: Any

    def getresponse(self) -> Any:
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            self.sock.shutdown(SHUT_RDWR)

        with _after(self.timeout or READ_SECONDS, stop):
            try:
                response = super().getresponse()  # type: ignore[misc]
            except (OSError, HTTPException):
                if not is_late.is_set():
                    raise
                raise TimeoutError("the headers took too long") from None
        if is_late.is_set():
            # Headers that break off look like an end of them.
            response.close()
            raise TimeoutError("the headers took too long")
        return response


class _Connection(_Timed, HTTPConnection):
    pass


class _SecureConnection(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
