"""Whatever a server does, a fetch ends in time and says what was wrong."""

import logging
import socket
from collections.abc import Iterator

import pytest
import requests
from google.auth.exceptions import RefreshError

from tests.storage.scripted_server import Answer, ScriptedServer, scripted_server
from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing
from webapp.logs import traced
from webapp.storage import faults, signed

WELL = Answer(body=b"the report", headers={"x-goog-hash": "crc32c=AAAAAA==,md5=BBBB"})
SIGNATURE = "X-Goog-Signature=5ec2e7"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


def fetched(server: ScriptedServer, *answers: Answer, seconds: float = 20) -> bytes:
    server.answers = list(answers)
    url = f"{server.url}/reports/key?{SIGNATURE}"
    session = signed.anonymous_session(url)
    with session, signed.fetch(session, url, Deadline(seconds), service="The store") as incoming:
        return b"".join(incoming.chunks)


def why(server: ScriptedServer, *answers: Answer, seconds: float = 20) -> StorageBroken:
    with pytest.raises(StorageBroken) as caught:
        fetched(server, *answers, seconds=seconds)
    return caught.value


def refusal(status: int, code: str = "", message: str = "", **headers: str) -> Answer:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>" if code else ""
    return Answer(status, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


class TestWell:
    def test_it_gives_the_bytes_and_what_was_announced(self, server: ScriptedServer) -> None:
        server.answers = [WELL]
        with (
            requests.Session() as session,
            signed.fetch(session, server.url, Deadline(20), service="The store") as incoming,
        ):
            assert (incoming.size, incoming.crc32c) == (10, "AAAAAA==")
            assert b"".join(incoming.chunks) == b"the report"

    @pytest.mark.parametrize(
        ("told", "crc32c"), [("AAAAAA==", "AAAAAA=="), ("AAAAAA==-2", None)], ids=["whole", "of the parts"]
    )
    def test_it_knows_the_checksum_as_s3_tells_it(self, server: ScriptedServer, told: str, crc32c: str | None) -> None:
        server.answers = [Answer(body=b"the report", headers={"x-amz-checksum-crc32c": told})]
        with (
            requests.Session() as session,
            signed.fetch(session, server.url, Deadline(20), service="The store") as incoming,
        ):
            assert incoming.crc32c == crc32c

    def test_a_body_without_a_length_is_as_long_as_it_comes(self, server: ScriptedServer) -> None:
        assert fetched(server, Answer(body=b"the report", announced=-1)) == b"the report"

    def test_nothing_is_decoded_on_the_way(self, server: ScriptedServer) -> None:
        told = Answer(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})
        assert fetched(server, told) == b"not gzip at all"
        assert server.headers[0]["accept-encoding"] == "identity"

    def test_a_server_on_this_machine_is_asked_without_a_proxy(
        self, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert fetched(server, WELL) == b"the report"

    def test_a_signed_url_carries_no_other_credentials(
        self, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("requests.sessions.get_netrc_auth", lambda url: ("somebody", "a password"))
        monkeypatch.setattr(signed, "LOOPBACK", ())
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        fetched(server, WELL)
        assert "authorization" not in server.headers[0]


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            refusal(404, "NoSuchKey"),
            Answer(404, b'{"error": {"code": 404, "message": "No such object: reports/key"}}'),
            Answer(404, b"No such object: reports/key"),
            Answer(404),
        ],
        ids=["XML", "JSON", "text", "bare"],
    )
    def test_an_object_that_is_not_there_is_missing(self, server: ScriptedServer, answer: Answer) -> None:
        with pytest.raises(StorageMissing):
            fetched(server, answer)

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (refusal(404, "NoSuchBucket"), "no bucket"),
            (Answer(404, b'{"error": {"message": "The specified bucket does not exist."}}'), "no bucket"),
            (refusal(401), "refused"),
            (refusal(403, "AccessDenied"), "refused"),
            (refusal(403, "SignatureDoesNotMatch"), "refused"),
            (refusal(400, "InvalidToken"), "refused"),
            (refusal(400, "ExpiredToken"), "refused"),
            (refusal(403, "RequestTimeTooSkewed"), "refused"),
            (refusal(403, "AccessDenied", "Request has expired"), "refused"),
            (refusal(408), "busy"),
            (refusal(429), "busy"),
            (refusal(503, "SlowDown"), "busy"),
            (refusal(400, "InvalidArgument"), "failing"),
            (refusal(400, "BadDigest"), "altered"),
            (
                Answer(400, b'{"error": {"message": "Provided CRC32C \\"AA==\\" doesn\'t match calculated CRC32C"}}'),
                "altered",
            ),
            (refusal(307, "TemporaryRedirect"), "failing"),
            (refusal(500, "InternalError"), "failing"),
            (refusal(502), "failing"),
            (refusal(503), "failing"),
            (refusal(507, "XMinioStorageFull"), "full"),
        ],
        ids=lambda value: f"{value.status} {value.body[:40]!r}" if isinstance(value, Answer) else value,
    )
    def test_an_answer_says_why(self, server: ScriptedServer, answer: Answer, expected: str) -> None:
        assert why(server, answer).why == expected

    def test_the_text_names_service_status_and_code(self, server: ScriptedServer) -> None:
        assert str(why(server, refusal(403, "AccessDenied"))) == "The store: 403 AccessDenied"
        assert str(why(server, refusal(502))) == "The store: 502"

    @pytest.mark.parametrize(("told", "seconds"), [("30", 30), ("Wed, 21 Oct 2026 07:28:00 GMT", None)])
    def test_it_knows_for_how_long_to_leave_the_store_alone(
        self, server: ScriptedServer, told: str, seconds: float | None
    ) -> None:
        assert why(server, refusal(429, Retry_After=told)).retry_after == seconds

    @pytest.mark.parametrize(
        "answer", [refusal(400, "ExpiredToken"), refusal(403, "RequestTimeTooSkewed")], ids=lambda one: str(one.status)
    )
    def test_a_url_past_its_time_is_made_once_more(self, server: ScriptedServer, answer: Answer) -> None:
        server.answers = [answer, WELL]
        urls = iter([f"{server.url}/one", f"{server.url}/two"])
        with (
            requests.Session() as session,
            signed.fetch_signed(session, lambda: next(urls), Deadline(20), service="The store") as incoming,
        ):
            assert b"".join(incoming.chunks) == b"the report"
        assert server.asked == ["GET /one", "GET /two"]

    def test_and_only_once(self, server: ScriptedServer) -> None:
        server.answers = [refusal(400, "ExpiredToken")]
        with (
            requests.Session() as session,
            pytest.raises(faults.Expired),
            signed.fetch_signed(session, lambda: server.url, Deadline(20), service="The store"),
        ):
            pass
        assert len(server.asked) == 2


class TestOnTheWay:
    def test_a_short_body_is_altered(self, server: ScriptedServer) -> None:
        assert why(server, Answer(body=b"the rep", announced=10)).why == "altered"

    def test_a_chunked_body_that_breaks_off_is_altered(self, server: ScriptedServer) -> None:
        broken_off = Answer(
            body=b"7\r\nthe rep\r\n", headers={"Transfer-Encoding": "chunked"}, announced=-1, hangs_up="after the body"
        )
        assert why(server, broken_off).why == "altered"

    def test_a_connection_that_is_cut_before_the_answer_is_unreachable(self, server: ScriptedServer) -> None:
        assert why(server, Answer(hangs_up="before the headers")).why == "unreachable"
        assert len(server.asked) == 2

    def test_nobody_listening_is_unreachable(self) -> None:
        # Bound, so that it is nobody else's, and without anybody listening.
        with socket.socket() as deaf, requests.Session() as session:
            deaf.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}/?{SIGNATURE}"
            with pytest.raises(StorageBroken) as caught, signed.fetch(session, url, Deadline(20), service="The store"):
                pass
        assert caught.value.why == "unreachable"
        assert SIGNATURE not in traced(caught.value)

    def test_no_such_host_is_unreachable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        session = requests.Session()
        with (
            session,
            pytest.raises(StorageBroken) as caught,
            signed.fetch(session, "http://127.0.0.1.example/", Deadline(20), service="The store"),
        ):
            pass
        assert (caught.value.why, str(caught.value)) == ("unreachable", "The store: its name is not known (DNS)")

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(stalls="before the headers"),
            Answer(body=b"the rep", announced=10, stalls="after the body"),
            Answer(drips="headers"),
            Answer(drips="body", announced=1_000_000),
            Answer(drips="body", announced=-1),
            Answer(403, stalls="after the body", announced=100),
        ],
        ids=[
            "no answer",
            "a stall in the middle",
            "headers that drip",
            "a body that drips",
            "a body without length that drips",
            "a refusal that does not end",
        ],
    )
    def test_it_ends_at_its_deadline(self, server: ScriptedServer, answer: Answer) -> None:
        assert why(server, answer, seconds=0.2).why == ("refused" if answer.status == 403 else "slow")

    @pytest.mark.parametrize("answer", [refusal(403), refusal(429), refusal(404, "NoSuchBucket")])
    def test_what_will_not_pass_is_asked_for_once(self, server: ScriptedServer, answer: Answer) -> None:
        why(server, answer, WELL)
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            refusal(500),
            Answer(hangs_up="before the headers"),
            Answer(hangs_up="after the headers", announced=10),
        ],
        ids=["500", "cut before the headers", "cut before the body"],
    )
    def test_what_may_pass_is_asked_for_a_second_time(self, server: ScriptedServer, answer: Answer) -> None:
        assert fetched(server, answer, WELL) == b"the report"

    def test_a_body_that_has_begun_is_not_begun_again(self, server: ScriptedServer) -> None:
        why(server, Answer(body=b"the rep", announced=10), WELL)
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        "answer",
        [refusal(403), Answer(hangs_up="before the headers"), Answer(body=b"the rep", announced=10)],
        ids=["refused", "unreachable", "altered"],
    )
    def test_no_log_of_it_names_the_url(
        self, server: ScriptedServer, answer: Answer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        fault = why(server, answer)
        assert SIGNATURE not in traced(fault) + caplog.text


@pytest.mark.parametrize(("retryable", "why"), [(True, "unreachable"), (False, "refused")])
def test_who_gives_out_tokens_may_fail_without_a_word_on_our_rights(retryable: bool, why: str) -> None:
    assert faults.of_exception("The store", RefreshError("no token", retryable=retryable)).why == why
