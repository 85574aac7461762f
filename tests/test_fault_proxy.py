"""The proxy that causes faults causes those that it says, and no others."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests

from tests import fault_proxy as faults
from tests.fault_proxy import Fault, FaultProxy, fault_proxy

BODY = b"the report, " * 1000
CHECKSUMS = ("crc32c=yZRlqg==", "md5=rL0Y20zC+Fzt72VPzMSk2A==")


class Store(ThreadingHTTPServer):
    """Answers every GET with BODY, and keeps what is PUT."""

    daemon_threads = True

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Answering)


class Answering(BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        self.send_response(200)
        for checksum in CHECKSUMS:
            self.send_header("X-Goog-Hash", checksum)
        self.send_header("Host-Was", self.headers["Host"])
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(BODY)

    do_HEAD = do_GET  # noqa: N815 the name that http.server looks for

    def do_PUT(self) -> None:
        self.server.kept.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        thread = Thread(target=store.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield store
        store.shutdown()
        thread.join()


@pytest.fixture
def proxy(store: Store) -> Iterator[FaultProxy]:
    with fault_proxy(f"http://127.0.0.1:{store.server_address[1]}") as proxy:
        yield proxy


def ask(proxy: FaultProxy, method: str = "GET", path: str = "/bucket/key", **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, proxy.url + path, timeout=options.pop("timeout", 60), **options)


def test_without_a_rule_all_passes_as_it_came(proxy: FaultProxy, store: Store) -> None:
    answer = ask(proxy)
    assert answer.content == BODY
    assert answer.headers["X-Goog-Hash"] == ", ".join(CHECKSUMS)
    assert answer.headers["Host-Was"] == f"127.0.0.1:{proxy.port}"
    assert ask(proxy, "PUT", data=BODY).status_code == 201
    assert store.kept == [BODY]
    head = ask(proxy, "HEAD")
    assert (head.headers["Content-Length"], head.content) == (str(len(BODY)), b"")
    assert proxy.seen == ["GET /bucket/key", "PUT /bucket/key", "HEAD /bucket/key"]


def test_a_rule_is_of_a_method_a_path_and_a_number(proxy: FaultProxy) -> None:
    rule = proxy.when(faults.answering(503), method="GET", path="/key$", times=2)
    statuses = [ask(proxy, path=path).status_code for path in ("/bucket/other", *["/bucket/key"] * 3)]
    assert statuses == [200, 503, 503, 200]
    assert ask(proxy, "PUT", data=b"").status_code == 201
    assert rule.done == 2


def test_a_rule_without_a_number_holds_until_all_is_mended(proxy: FaultProxy) -> None:
    proxy.when(faults.answering(500))
    assert [ask(proxy).status_code for _ in range(3)] == [500] * 3
    proxy.mend()
    assert ask(proxy).status_code == 200


def test_errors_are_told_in_the_words_of_the_interface_that_was_asked(proxy: FaultProxy) -> None:
    proxy.when(faults.answering(429, Retry_After="7"))
    as_json = ask(proxy, path="/storage/v1/b/bucket/o/key")
    assert as_json.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    assert as_json.headers["Retry-After"] == "7"
    assert "<Code>TooManyRequests</Code>" in ask(proxy).text
    proxy.when(faults.answering(403, "RequestTimeTooSkewed"))
    assert "<Code>RequestTimeTooSkewed</Code>" in ask(proxy).text


def test_a_body_cut_short_is_half_of_what_was_announced(proxy: FaultProxy) -> None:
    proxy.when(faults.cut_short)
    with requests.Session() as session, session.get(proxy.url, stream=True, timeout=60) as answer:
        assert answer.headers["Content-Length"] == str(len(BODY))
        assert answer.raw.read(decode_content=False, amt=len(BODY) // 2) == BODY[: len(BODY) // 2]
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(answer.iter_content(1024))


def test_a_body_cut_short_without_a_length_looks_whole(proxy: FaultProxy) -> None:
    proxy.when(faults.cut_short_unannounced)
    answer = ask(proxy)
    assert answer.content == BODY[: len(BODY) // 2]
    assert "Content-Length" not in answer.headers


@pytest.mark.parametrize("fault", [faults.altered, faults.altered_without_checksums])
def test_an_altered_body_differs_in_one_byte(proxy: FaultProxy, fault: Fault) -> None:
    proxy.when(fault)
    answer = ask(proxy)
    assert len([1 for ours, theirs in zip(BODY, answer.content, strict=True) if ours != theirs]) == 1
    assert ("X-Goog-Hash" in answer.headers) == (fault is faults.altered)


def test_checksums_can_be_taken_away_from_a_right_body(proxy: FaultProxy) -> None:
    proxy.when(faults.without_checksums)
    answer = ask(proxy)
    assert answer.content == BODY
    assert "X-Goog-Hash" not in answer.headers


@pytest.mark.parametrize("fault", [faults.silent, faults.stalling])
def test_what_is_held_goes_on_when_it_is_released(proxy: FaultProxy, fault: Fault) -> None:
    proxy.when(fault)
    outcome: list[str] = []

    def asking() -> None:
        try:
            outcome.append(str(ask(proxy).status_code))
        except requests.RequestException as gone:
            outcome.append(type(gone).__name__)

    thread = Thread(target=asking)
    thread.start()
    proxy.wait_for_held()
    assert outcome == []
    proxy.release()
    thread.join()
    assert len(outcome) == 1
    assert outcome[0] in ("ConnectionError", "ChunkedEncodingError")


@pytest.mark.parametrize("fault", [faults.silent, faults.stalling])
def test_whoever_waits_too_long_for_what_is_held_gives_up(proxy: FaultProxy, fault: Fault) -> None:
    proxy.when(fault)
    with pytest.raises((requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError)):
        ask(proxy, timeout=0.1)


def test_an_upload_cut_half_way_never_reaches_the_store(proxy: FaultProxy, store: Store) -> None:
    proxy.when(faults.upload_cut, times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        ask(proxy, "PUT", data=BODY)
    assert store.kept == []


def test_an_upload_that_is_altered_differs_in_one_bit(proxy: FaultProxy, store: Store) -> None:
    proxy.when(faults.upload_altered, times=1)
    assert ask(proxy, "PUT", data=BODY).status_code == 201
    assert [sent ^ kept for sent, kept in zip(BODY, store.kept[0], strict=True) if sent != kept] == [1]


def test_an_upload_whose_answer_is_lost_reaches_the_store(proxy: FaultProxy, store: Store) -> None:
    proxy.when(faults.answer_lost, times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        ask(proxy, "PUT", data=BODY)
    assert store.kept == [BODY]


def test_nobody_listens_while_it_refuses_and_then_it_does_again(proxy: FaultProxy) -> None:
    with proxy.refusing(), pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        ask(proxy)
    assert ask(proxy).status_code == 200


def test_something_can_happen_just_before_the_store_is_asked(proxy: FaultProxy, store: Store) -> None:
    proxy.when(faults.doing_first(lambda: store.kept.append(b"first")), method="PUT")
    ask(proxy, "PUT", data=b"then")
    assert store.kept == [b"first", b"then"]
