"""Each way in which a store can fail while an object is read, told apart by its kind, and never by a URL."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import google_crc32c
import pytest

from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing
from webapp.storage import signed
from webapp.storage.signed import UrlExpired

DATA = bytes(range(256)) * 100
CRC32C = base64.b64encode(google_crc32c.Checksum(DATA).digest()).decode()
OK = f"HTTP/1.1 200 OK\r\nContent-Length: {len(DATA)}\r\nx-goog-hash: crc32c={CRC32C},md5=x==\r\n\r\n".encode()
SECRET = "X-Goog-Signature=0123456789"


@dataclass
class Store:
    """A server that plays one answer after another, the last one again and again; `sent` counts requests."""

    answers: list[Callable[[socket.socket], object]]
    url: str = ""
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(*answers: Callable[[socket.socket], object] | bytes) -> Iterator[Store]:
    plays = [answer if callable(answer) else saying(answer) for answer in answers]
    store = Store(plays)
    with socket.create_server(("127.0.0.1", 0)) as server:
        store.url = f"http://127.0.0.1:{server.getsockname()[1]}/reports/key?{SECRET}"
        thread = threading.Thread(target=_serve, args=(server, store))
        thread.start()
        try:
            yield store
        finally:
            store.over.set()
            # One last connection, which ends the waiting for one.
            socket.create_connection(server.getsockname()).close()
            thread.join()


def _serve(server: socket.socket, store: Store) -> None:
    threads = []
    while not store.over.is_set():
        connection, _ = server.accept()
        if store.over.is_set():
            connection.close()
            break
        thread = threading.Thread(target=_answer, args=(connection, store))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()


def _answer(connection: socket.socket, store: Store) -> None:
    with connection:
        while b"\r\n\r\n" not in connection.recv(65536):
            pass
        play = store.answers[min(store.sent, len(store.answers) - 1)]
        store.sent += 1
        try:
            play(connection)
        except OSError:
            # The reader has had enough.
            return


def saying(answer: bytes) -> Callable[[socket.socket], object]:
    return lambda connection: connection.sendall(answer)


def refusing(status: int, code: str = "", headers: str = "") -> bytes:
    body = f"<Error><Code>{code}</Code></Error>" if code else ""
    return f"HTTP/1.1 {status} Refused\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}".encode()


def silent(connection: socket.socket) -> None:
    connection.recv(1)


def stalling(connection: socket.socket) -> None:
    connection.sendall(OK + DATA[:1000])
    connection.recv(1)


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b"x")


def fetch(store: Store, seconds: float = 30) -> bytes:
    with signed.fetch(store.url, Deadline(seconds), service="The store") as incoming:
        assert incoming.size in (None, len(DATA))
        assert incoming.crc32c in (None, CRC32C)
        return b"".join(incoming.chunks)


def broken(store: Store, seconds: float = 30) -> StorageBroken:
    with pytest.raises(StorageBroken) as raised:
        fetch(store, seconds)
    cause: BaseException | None = raised.value
    assert SECRET not in str(cause)
    return raised.value


def test_an_object_comes_with_what_the_store_says_of_it() -> None:
    with answering(OK + DATA) as store:
        assert fetch(store) == DATA


def test_a_body_without_length_or_checksum_comes_too() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + DATA) as store:
        assert fetch(store) == DATA


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (401, "AuthenticationRequired", "refused"),
        (403, "AccessDenied", "refused"),
        (403, "SignatureDoesNotMatch", "refused"),
        (404, "NoSuchBucket", "no bucket"),
        (408, "RequestTimeout", "busy"),
        (429, "TooManyRequests", "busy"),
        (500, "InternalError", "failing"),
        (502, "", "failing"),
        (503, "ServiceUnavailable", "failing"),
    ],
)
def test_a_refusal_is_told_by_status_and_code(status: int, code: str, why: str) -> None:
    with answering(refusing(status, code)) as store:
        fault = broken(store)
    assert fault.why == why
    assert str(fault) == f"The store: {status} {code}".rstrip()


@pytest.mark.parametrize("answer", [refusing(404, "NoSuchKey"), refusing(404)])
def test_an_object_that_is_not_there_is_missing_and_not_broken(answer: bytes) -> None:
    with answering(answer) as store, pytest.raises(StorageMissing):
        fetch(store)


@pytest.mark.parametrize(
    "answer",
    [
        refusing(400, "ExpiredToken"),
        refusing(403, "RequestTimeTooSkewed"),
        b"HTTP/1.1 403 No\r\nContent-Length: 69\r\n\r\n"
        b"<Error><Code>AccessDenied</Code><M>Request has expired</M></Error>   ",
    ],
)
def test_a_url_that_is_too_old_may_be_signed_anew(answer: bytes) -> None:
    with answering(answer) as store:
        fault = broken(store)
    assert isinstance(fault, UrlExpired)
    assert fault.why == "refused"


def test_how_long_the_store_wants_to_be_left_alone_is_told() -> None:
    with answering(refusing(429, "SlowDown", "Retry-After: 17\r\n")) as store:
        assert broken(store).retry_after == 17


@pytest.mark.parametrize("first", [refusing(503), b""], ids=["503", "hung up"])
def test_a_store_that_fails_once_is_asked_once_more(first: bytes) -> None:
    with answering(first, OK + DATA) as store:
        assert fetch(store) == DATA


def test_one_that_hangs_up_each_time_is_unreachable() -> None:
    with answering(b"") as store:
        assert broken(store).why == "unreachable"
        assert store.sent == signed.ATTEMPTS


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/{SECRET}"
        assert broken(Store([], url)).why == "unreachable"


def test_a_host_without_a_name_is_unreachable_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    fault = broken(Store([], f"http://nowhere.invalid/{SECRET}"))
    assert (fault.why, "DNS" in str(fault)) == ("unreachable", True)


@pytest.mark.parametrize("play", [silent, stalling, dripping])
def test_what_takes_too_long_is_left_at_the_deadline(play: Callable[[socket.socket], None]) -> None:
    with answering(play) as store:
        assert broken(store, seconds=0.3).why == "slow"


@pytest.mark.parametrize("sent", [OK + DATA[:-1], OK + DATA[:10], OK])
def test_a_body_that_is_short_of_its_length_is_told_as_changed_on_the_way(sent: bytes) -> None:
    with answering(sent) as store:
        assert broken(store).why == "altered"


def test_no_fault_repeats_the_url_in_all_that_lies_behind_it_as_text() -> None:
    """The log tells the chain of faults by logs.traced()."""
    with answering(refusing(403, "AccessDenied")) as store:
        assert SECRET not in repr(broken(store))
