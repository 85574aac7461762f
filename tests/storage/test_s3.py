"""What is S3's alone: conditions and stores without them, where a bucket lies, and who we are."""

import io
import os
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.storage.objects import KEY, bytes_of, put
from tests.storage.scripted_server import Answer, ScriptedServer, scripted_server
from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken
from webapp.storage.measure import measure
from webapp.storage.s3 import S3Storage

EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
CHECKSUM = measure(io.BytesIO(b"the report")).crc32c


def read_signed(store: S3Storage) -> bytes:
    with store.read_signed(KEY, Deadline(20)) as incoming:
        return b"".join(incoming.chunks)


@pytest.fixture
def server(s3_endpoint: str) -> Iterator[ScriptedServer]:
    """For what moto does not do. The fixture gives us credentials too."""
    with scripted_server() as server:
        yield server


@pytest.fixture
def scripted(server: ScriptedServer) -> S3Storage:
    return S3Storage("reports", endpoint=server.url)


class TestPutting:
    def written_at(self, s3: S3Storage) -> Any:
        return s3._client.head_object(Bucket="reports", Key=KEY)

    def test_an_object_knows_its_type_its_name_its_hashes_and_that_nobody_may_keep_a_copy(self, s3: S3Storage) -> None:
        put(s3, b"the report")
        told = self.written_at(s3)
        assert told["ContentType"] == "application/pdf"
        assert told["ContentDisposition"] == 'attachment; filename="R1.pdf"'
        assert told["CacheControl"] == "private, no-store"
        measured = measure(io.BytesIO(b"the report"))
        assert told["Metadata"] == {"sha256": measured.sha256, "crc32c": measured.crc32c}

    def test_the_key_of_the_settings_encrypts(self, s3: S3Storage, s3_endpoint: str) -> None:
        put(S3Storage("reports", endpoint=s3_endpoint, kms_key="arn:aws:kms:one"), b"the report")
        told = self.written_at(s3)
        assert (told["ServerSideEncryption"], told["SSEKMSKeyId"]) == ("aws:kms", "arn:aws:kms:one")

    def test_a_new_object_is_made_only_where_none_is(self, scripted: S3Storage, server: ScriptedServer) -> None:
        put(scripted, b"the report")
        assert server.headers[0]["if-none-match"] == "*"
        assert server.headers[0]["x-amz-checksum-crc32c"] == CHECKSUM

    def test_our_own_bytes_are_adopted_and_not_written_again(self, scripted: S3Storage, server: ScriptedServer) -> None:
        there = Answer(headers={"x-amz-checksum-crc32c": CHECKSUM, "ETag": '"one"'}, announced=10)
        server.answers = [Answer(412), there, Answer(body=b"the report")]
        put(scripted, b"the report")
        assert [asked.split()[0] for asked in server.asked] == ["PUT", "HEAD", "GET"]

    def test_bytes_that_went_bad_are_replaced_by_their_tag(self, scripted: S3Storage, server: ScriptedServer) -> None:
        there = Answer(headers={"x-amz-checksum-crc32c": "AAAAAA==", "ETag": '"one"'}, announced=10)
        server.answers = [Answer(412), there, Answer()]
        put(scripted, b"the report")
        assert [asked.split()[0] for asked in server.asked] == ["PUT", "HEAD", "PUT"]
        assert server.headers[2]["if-match"] == '"one"'

    @pytest.mark.parametrize("name", ["x-amz-checksum-crc32c", "x-amz-meta-crc32c"])
    def test_bytes_that_are_not_what_the_object_says_of_itself_are_replaced(
        self, scripted: S3Storage, server: ScriptedServer, name: str
    ) -> None:
        """As a store has them that kept our word and did not compare it with what arrived."""
        there = Answer(headers={name: CHECKSUM, "ETag": '"one"'}, announced=10)
        server.answers = [Answer(412), there, Answer(body=b"the rep?rt"), Answer()]
        put(scripted, b"the report")
        assert [asked.split()[0] for asked in server.asked] == ["PUT", "HEAD", "GET", "PUT"]
        assert server.headers[3]["if-match"] == '"one"'

    def test_bytes_that_change_between_look_and_write_are_told_as_broken(
        self, scripted: S3Storage, server: ScriptedServer
    ) -> None:
        there = Answer(headers={"x-amz-checksum-crc32c": "AAAAAA==", "ETag": '"one"'}, announced=10)
        server.answers = [Answer(412), there, Answer(412)]
        with pytest.raises(StorageBroken, match="S3: 412"):
            put(scripted, b"the report")

    @pytest.mark.parametrize(
        ("there", "methods"),
        [
            (Answer(404), ["PUT", "HEAD", "PUT"]),
            (Answer(headers={"x-amz-meta-crc32c": CHECKSUM}, announced=10), ["PUT", "HEAD", "GET"]),
            (Answer(headers={"ETag": '"one"'}, announced=10), ["PUT", "HEAD", "PUT"]),
        ],
        ids=["nothing there", "ours there", "something else there"],
    )
    def test_a_store_that_knows_no_conditions_is_looked_at_first(
        self, scripted: S3Storage, server: ScriptedServer, there: Answer, methods: list[str]
    ) -> None:
        not_known = Answer(501, b"<Error><Code>NotImplemented</Code></Error>")
        server.answers = [not_known, there, Answer(body=b"the report" if methods[-1] == "GET" else b"")]
        put(scripted, b"the report")
        assert [asked.split()[0] for asked in server.asked] == methods
        assert not {"if-match", "if-none-match"} & set(server.headers[-1])

    def test_a_source_of_another_size_is_not_sent(self, scripted: S3Storage, server: ScriptedServer) -> None:
        with pytest.raises(StorageBroken) as caught:
            scripted.put(KEY, io.BytesIO(b"short"), size=10, content_type="text/csv", download_name="R1.csv")
        assert (caught.value.why, server.asked) == ("altered", [])


@pytest.mark.parametrize(
    "ask",
    [
        bytes_of,
        read_signed,
        lambda store: put(store, b"the report"),
        lambda store: store.stat(KEY),
        lambda store: list(store.list()),
        lambda store: store.delete(KEY),
    ],
    ids=["read", "read signed", "put", "stat", "list", "delete"],
)
def test_a_bucket_that_is_gone_is_a_broken_store_and_no_missing_file(
    s3_endpoint: str, ask: Callable[[S3Storage], object]
) -> None:
    with pytest.raises(StorageBroken) as caught:
        ask(S3Storage("gone", endpoint=s3_endpoint))
    assert caught.value.why == "no bucket"


@pytest.mark.parametrize(
    ("answer", "why", "retry_after"),
    [
        (Answer(403, b"<Error><Code>AccessDenied</Code></Error>"), "refused", None),
        (Answer(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>"), "refused", None),
        (Answer(400, b"<Error><Code>InvalidArgument</Code></Error>"), "failing", None),
        (Answer(400, b"<Error><Code>BadDigest</Code></Error>"), "altered", None),
        (Answer(400, b"<Error><Code>XAmzContentChecksumMismatch</Code></Error>"), "altered", None),
        (Answer(507, b"<Error><Code>XMinioStorageFull</Code></Error>", {"Retry-After": "30"}), "full", None),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_an_answer_to_the_client_says_why(
    scripted: S3Storage, server: ScriptedServer, answer: Answer, why: str, retry_after: float | None
) -> None:
    server.answers = [answer]
    with pytest.raises(StorageBroken) as caught:
        put(scripted, b"the report")
    assert (caught.value.why, caught.value.retry_after) == (why, retry_after)


class TestSigning:
    def test_a_url_past_its_time_is_signed_once_more(self, scripted: S3Storage, server: ScriptedServer) -> None:
        server.answers = [Answer(403, EXPIRED), Answer(body=b"the report")]
        assert read_signed(scripted) == b"the report"

    def test_a_url_for_a_browser_needs_no_header_and_holds_for_as_long_as_it_says(self, s3: S3Storage) -> None:
        url = s3.signed_url(KEY, seconds=77)
        assert "X-Amz-SignedHeaders=host&" in url
        assert "X-Amz-Expires=77&" in url

    @pytest.mark.parametrize(
        ("region", "host"),
        [("eu-central-1", "reports.s3.eu-central-1.amazonaws.com"), ("us-east-1", "reports.s3.amazonaws.com")],
    )
    def test_a_url_of_amazons_names_the_region_so_that_it_is_not_sent_elsewhere(
        self, s3_endpoint: str, region: str, host: str
    ) -> None:
        assert S3Storage("reports", location=region).signed_url(KEY, seconds=60).startswith(f"https://{host}/{KEY}?")

    def test_the_environment_names_the_region_where_the_settings_do_not(
        self, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
        assert "ap-southeast-1" in S3Storage("reports").signed_url(KEY, seconds=60)

    def test_the_own_credentials_go_in_a_header_and_not_in_the_url(
        self, scripted: S3Storage, server: ScriptedServer
    ) -> None:
        server.answers = [Answer(body=b"the report")]
        assert bytes_of(scripted) == b"the report"
        assert server.asked == [f"GET /reports/{KEY}"]
        assert server.headers[0]["authorization"].startswith("AWS4-HMAC-SHA256 Credential=an id/")

    def test_without_credentials_nothing_is_signed_and_all_is_refused(
        self, scripted: S3Storage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        with pytest.raises(CannotSign):
            read_signed(scripted)
        for ask in (bytes_of, lambda store: put(store, b"the report")):
            with pytest.raises(StorageBroken, match="no credentials") as caught:
                ask(scripted)
            assert caught.value.why == "refused"


def test_another_process_has_connections_of_its_own(s3: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    of_parent = s3._access
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert s3._access is not of_parent
    assert s3._access is s3._access


class TestPreparing:
    def test_a_new_bucket_is_private_and_in_its_place(self, s3_endpoint: str) -> None:
        store = S3Storage("reports", endpoint=s3_endpoint, location="eu-central-1", kms_key="arn:aws:kms:one")
        assert list(store.prepare()) == [
            "The bucket reports was made in eu-central-1.",
            "Nobody outside can be given access to its objects.",
            "Files of reports are encrypted with your own key.",
        ]
        assert next(store.prepare()) == "The bucket reports is there, in eu-central-1."
        told = store._client.get_public_access_block(Bucket="reports")["PublicAccessBlockConfiguration"]
        assert set(told.values()) == {True}

    def test_one_in_another_place_is_a_fault(self, s3: S3Storage, s3_endpoint: str) -> None:
        with pytest.raises(StorageBroken, match="lies in us-east-1, and STORAGE_LOCATION is eu-central-1"):
            list(S3Storage("reports", endpoint=s3_endpoint, location="eu-central-1").prepare())

    def test_a_store_without_a_switch_against_the_public_says_so(
        self, scripted: S3Storage, server: ScriptedServer
    ) -> None:
        server.answers = [Answer(404), Answer(), Answer(501, b"<Error><Code>NotImplemented</Code></Error>")]
        assert "no switch" in list(scripted.prepare())[1]


def test_a_large_file_is_sent_without_being_held_in_memory(scripted: S3Storage, server: ScriptedServer) -> None:
    class Zeros(io.RawIOBase):
        """64 MB that take no room."""

        size, at = 64 * 1024 * 1024, 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
            self.at = offset + (0, self.at, self.size)[whence]
            return self.at

        def tell(self) -> int:
            return self.at

        def read(self, size: int = -1) -> bytes:
            data = bytes(min(size if size >= 0 else self.size, self.size - self.at))
            self.at += len(data)
            return data

    source: Any = Zeros()
    tracemalloc.start()
    scripted.put(KEY, source, size=Zeros.size, content_type="text/csv", download_name="R1.csv")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * 1024 * 1024
