"""An HTTP proxy on loopback between the app and a store, which causes the faults that a test asks for.

    with fault_proxy(store_url) as proxy:
        proxy.when(answering(503), method="GET", path="/o/", times=2)

It passes everything on as it came, but for what a rule says. Nothing in it waits by the clock: a request that is held
stands until release(), or until the proxy is closed.
"""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.stack import PATIENCE
from tools.processes import wait_until

Headers = list[tuple[str, str]]
Fault = Callable[["Exchange"], None]

# Of one connection only, and so not passed on (RFC 9110, section 7.6.1); http.client has undone the chunks.
_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "expect", "te", "trailer", "upgrade")
_CHECKSUMS = ("x-goog-hash", "etag", "content-md5", "x-amz-checksum-")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a store says: its status, headers and body. The body's length is told where none of the headers does."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""


@dataclass(slots=True)
class Rule:
    """A fault, for requests of that method and with a path that the pattern is found in, for the next `left` of them
    or, where that is None, for all. `done` counts."""

    fault: Fault
    method: str
    path: re.Pattern[str]
    left: int | None
    done: int = 0

    def takes(self, method: str, path: str) -> bool:
        return self.left != 0 and re.fullmatch(self.method, method) is not None and bool(self.path.search(path))


class Exchange:
    """One request and whatever a fault makes of its answer."""

    def __init__(self, proxy: "FaultProxy", handler: BaseHTTPRequestHandler) -> None:
        self._proxy, self._handler = proxy, handler
        self.method, self.path = handler.command, handler.path
        self._unread = int(handler.headers.get("Content-Length") or 0)
        self._body = b""

    def read(self, share: float = 1.0) -> bytes:
        """The body, or so much more of it; what was read stays."""
        length = round(self._unread * share)
        self._body += self._handler.rfile.read(length)
        self._unread -= length
        return self._body

    def alter(self) -> None:
        """Change one bit in the middle of the body, before it is passed on."""
        self._body = _with_another_bit(self.read())

    def forwarded(self) -> Answer:
        """What the store says to the request as it came."""
        headers = [item for item in self._handler.headers.items() if item[0].lower() not in _HOP_BY_HOP]
        return self._proxy.ask_store(self.method, self.path, headers, self.read())

    def send(self, answer: Answer, *, length: int | None = None, announced: bool = True) -> None:
        """Answer, with only the first `length` bytes of the body where that is given, of a length that is announced
        or not."""
        self._handler.send_response_only(answer.status)
        told = [item for item in answer.headers if announced or item[0].lower() != "content-length"]
        if announced and not any(name.lower() == "content-length" for name, _ in told):
            told.append(("Content-Length", str(len(answer.body))))
        for name, value in [*told, ("Connection", "close")]:
            self._handler.send_header(name, value)
        self._handler.end_headers()
        if self.method != "HEAD":
            self._handler.wfile.write(answer.body[:length])

    def hold(self) -> None:
        """Stand still until the test releases what is held."""
        self._proxy.hold()

    def drop(self) -> None:
        """End the connection with a reset and no orderly end, as a machine does that has lost its power."""
        connection = self._handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


class FaultProxy:
    """`url` is what the app is told to be the store; `store_url` is the store. `seen` is every request, as "GET /b"."""

    def __init__(self, store_url: str) -> None:
        self._store = urlsplit(store_url)
        self._rules: list[Rule] = []
        self._lock, self._store_lock = threading.Lock(), threading.Lock()
        self._may_go_on = threading.Event()
        self._held = 0
        self.seen: list[str] = []
        self._open(0)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    # -- What a test says ----------------------------------------------------------------------------------------------

    def when(self, fault: Fault, *, method: str = ".*", path: str = "", times: int | None = None) -> Rule:
        """Cause the fault for the next `times` requests of that kind, or for all. The rule made last goes first."""
        rule = Rule(fault, method, re.compile(path), times)
        with self._lock:
            self._rules.insert(0, rule)
        return rule

    def mend(self) -> None:
        """No fault any more; whoever is held goes on."""
        with self._lock:
            self._rules.clear()
        self.release()

    def release(self) -> None:
        self._may_go_on.set()

    def wait_for_held(self, number: int = 1) -> None:
        wait_until(lambda: self._held >= number, PATIENCE, f"{number} held requests")

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Nobody listens: connections are refused."""
        self._close()
        try:
            yield
        finally:
            self._open(self.port)

    def close(self) -> None:
        self.mend()
        self._close()

    # -- What an exchange asks -----------------------------------------------------------------------------------------

    def ask_store(self, method: str, path: str, headers: Headers, body: bytes) -> Answer:
        """One request at a time: the emulator of Cloud Storage serves one client and lets the others wait."""
        with self._store_lock:
            connection = HTTPConnection(self._store.hostname or "", self._store.port, timeout=PATIENCE)
            try:
                connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
                for name, value in headers:
                    connection.putheader(name, value)
                connection.putheader("Connection", "close")
                connection.endheaders(body)
                answer = connection.getresponse()
                kept = [item for item in answer.getheaders() if item[0].lower() not in _HOP_BY_HOP]
                return Answer(answer.status, kept, answer.read())
            finally:
                connection.close()

    def hold(self) -> None:
        with self._lock:
            self._held += 1
        self._may_go_on.wait(PATIENCE)

    def handle(self, exchange: Exchange) -> None:
        with self._lock:
            self.seen.append(f"{exchange.method} {exchange.path}")
            rule = next((rule for rule in self._rules if rule.takes(exchange.method, exchange.path)), None)
            if rule:
                rule.done += 1
                rule.left = None if rule.left is None else rule.left - 1
                self._may_go_on.clear()
        (rule.fault if rule else passing)(exchange)

    def _open(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Those that wait while all handlers are being started; the usual five are few for a crowd.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up does not want to know; the test sees what came of it."""


def _handler_of(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            self.close_connection = True
            with suppress(OSError, HTTPException):
                proxy.handle(Exchange(proxy, self))

        def finish(self) -> None:
            # A dropped connection has nothing left to flush.
            with suppress(OSError, ValueError):
                super().finish()

        def log_message(self, *_: Any) -> None:
            """Nothing: the proxy keeps what it saw in `seen`."""

    for method in ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    return Handler


@contextmanager
def fault_proxy(store_url: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(store_url)
    try:
        yield proxy
    finally:
        proxy.close()


# -- Faults ------------------------------------------------------------------------------------------------------------


def passing(exchange: Exchange) -> None:
    """No fault."""
    exchange.send(exchange.forwarded())


def answering(status: int, code: str = "", **headers: str) -> Fault:
    """The store's own words for that status, without the store's having heard of the request. `headers` are written
    with _ for -."""

    def fault(exchange: Exchange) -> None:
        exchange.read()
        told = [(name.replace("_", "-"), value) for name, value in headers.items()]
        kind, body = _error(exchange, status, code)
        exchange.send(Answer(status, [*told, ("Content-Type", kind)], body))

    return fault


def silent(exchange: Exchange) -> None:
    """No word, until the test releases it; and then the end of the connection."""
    exchange.read()
    exchange.hold()
    exchange.drop()


def stalling(exchange: Exchange) -> None:
    """Half of the body, and then nothing until the test releases it."""
    answer = exchange.forwarded()
    exchange.send(answer, length=len(answer.body) // 2)
    exchange.hold()
    exchange.drop()


def cut_short(exchange: Exchange) -> None:
    """Half of the body that was announced, and then an orderly end."""
    answer = exchange.forwarded()
    exchange.send(answer, length=len(answer.body) // 2)


def cut_short_unannounced(exchange: Exchange) -> None:
    """Half of the body, without a word of how long it is: it ends where the connection does."""
    answer = exchange.forwarded()
    exchange.send(answer, length=len(answer.body) // 2, announced=False)


def altered(exchange: Exchange) -> None:
    """One bit in the middle of the body is another; all checksums are of the right body."""
    exchange.send(_altered(exchange.forwarded()))


def without_checksums(exchange: Exchange) -> None:
    """The right body, without any word of its checksum."""
    exchange.send(_without_checksums(exchange.forwarded()))


def altered_without_checksums(exchange: Exchange) -> None:
    """As altered(), and nothing to find it out by but our own hash."""
    exchange.send(_altered(_without_checksums(exchange.forwarded())))


def upload_cut(exchange: Exchange) -> None:
    """Half of what is sent arrives, the connection ends, and the store hears of nothing."""
    exchange.read(0.5)
    exchange.drop()


def upload_held(exchange: Exchange) -> None:
    """Half of what is sent arrives, then nothing moves until the test releases it; the store hears of nothing."""
    exchange.read(0.5)
    exchange.hold()
    exchange.drop()


def upload_altered(exchange: Exchange) -> None:
    """One bit in the middle of what is sent is another when the store gets it; the announced checksum is of what was
    sent. Whether the store compares the two is up to it."""
    exchange.alter()
    passing(exchange)


def answer_lost(exchange: Exchange) -> None:
    """The store does what it is asked, and its answer never arrives."""
    exchange.forwarded()
    exchange.drop()


def doing_first(action: Callable[[], object]) -> Fault:
    """What the test does in the middle of somebody else's request, just before the store hears of it."""

    def fault(exchange: Exchange) -> None:
        exchange.read()
        action()
        passing(exchange)

    return fault


def _altered(answer: Answer) -> Answer:
    return replace(answer, body=_with_another_bit(answer.body))


def _with_another_bit(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes(byte ^ 1 for byte in body[middle : middle + 1]) + body[middle + 1 :]


def _without_checksums(answer: Answer) -> Answer:
    return replace(answer, headers=[item for item in answer.headers if not item[0].lower().startswith(_CHECKSUMS)])


# -- The words of stores -----------------------------------------------------------------------------------------------

_WORDS = {
    400: ("invalid", "InvalidArgument", "Invalid argument."),
    401: ("authError", "AuthenticationRequired", "Authentication required."),
    403: ("forbidden", "AccessDenied", "Access denied."),
    404: ("notFound", "NoSuchKey", "The specified key does not exist."),
    408: ("requestTimeout", "RequestTimeout", "The request timed out."),
    429: ("rateLimitExceeded", "TooManyRequests", "The request rate is too high."),
    500: ("internalError", "InternalError", "We encountered an internal error. Please try again."),
    502: ("backendError", "BadGateway", "Bad gateway."),
    503: ("backendError", "ServiceUnavailable", "The service is unavailable. Please retry."),
}
"""By status: the reason in Google's JSON interface, the code in its XML interface and in S3's, and the sentence."""

_SENTENCES = {
    "NoSuchBucket": "The specified bucket does not exist.",
    "ExpiredToken": "The provided token has expired.",
    "RequestTimeTooSkewed": "The difference between the request time and the server's time is too large.",
}


def _error(exchange: Exchange, status: int, code: str) -> tuple[str, bytes]:
    """Content type and body as the store would write them on that path."""
    reason, usual_code, usual_sentence = _WORDS[status]
    sentence = _SENTENCES.get(code, usual_sentence)
    if re.match(r"/(storage|upload|download|b)/", exchange.path):
        told = {"message": sentence, "errors": [{"message": sentence, "domain": "global", "reason": reason}]}
        return "application/json; charset=UTF-8", json.dumps({"error": {"code": status, **told}}).encode()
    body = f"<Error><Code>{code or usual_code}</Code><Message>{sentence}</Message></Error>"
    return "application/xml; charset=UTF-8", f"<?xml version='1.0' encoding='UTF-8'?>{body}".encode()
