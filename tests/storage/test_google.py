"""What is Google's alone: preconditions, signatures, who signs, and how a bucket is made."""

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import Credentials

from tests.fake_gcs import FakeGcs
from tests.storage.objects import KEY, bytes_of, put
from tests.storage.scripted_server import Answer, ScriptedServer, scripted_server
from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken
from webapp.storage import google_access
from webapp.storage.google import GoogleStorage
from webapp.storage.measure import measure

SIGNER = "signer@clinic.iam.gserviceaccount.com"


def read_signed(store: GoogleStorage) -> bytes:
    with store.read_signed(KEY, Deadline(20)) as incoming:
        return b"".join(incoming.chunks)


class TestPutting:
    def test_our_own_bytes_are_adopted_and_not_written_again(self, fake_google: GoogleStorage, google: FakeGcs) -> None:
        put(fake_google, b"the report")
        generation = google.objects[KEY].generation
        put(fake_google, b"the report")
        assert google.objects[KEY].generation == generation

    def test_bytes_that_went_bad_are_replaced_by_their_generation(
        self, fake_google: GoogleStorage, google: FakeGcs
    ) -> None:
        put(fake_google, b"went bad")
        put(fake_google, b"the report")
        assert google.objects[KEY].data == b"the report"

    def test_other_bytes_with_our_checksum_are_not_taken_for_ours(
        self, fake_google: GoogleStorage, google: FakeGcs
    ) -> None:
        put(fake_google, b"longer than the report")
        google.objects[KEY].properties["crc32c"] = measure(io.BytesIO(b"the report")).crc32c
        put(fake_google, b"the report")
        assert google.objects[KEY].data == b"the report"

    def test_bytes_that_change_between_look_and_write_are_told_as_broken(
        self, fake_google: GoogleStorage, google: FakeGcs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(fake_google, b"went bad")
        described = google.objects[KEY].described()
        monkeypatch.setattr("tests.fake_gcs.Held.described", lambda held: {**described, "generation": "99"})
        with pytest.raises(StorageBroken, match="412 PreconditionFailed"):
            put(fake_google, b"the report")

    def test_a_large_file_goes_in_pieces_and_is_checked_as_a_whole(
        self, fake_google: GoogleStorage, google: FakeGcs
    ) -> None:
        data = os.urandom(9 * 1024 * 1024)
        put(fake_google, data)
        assert google.objects[KEY].data == data
        assert google.requests["PUT upload"] == 2

    @pytest.mark.parametrize("size", [10, 9 * 1024 * 1024], ids=["small", "large"])
    def test_bytes_that_changed_on_their_way_there_are_told(
        self, fake_google: GoogleStorage, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        hold = FakeGcs.hold

        def altered(server: FakeGcs, bucket: str, key: str, data: bytes, *rest: Any) -> object:
            return hold(server, bucket, key, b"?" + data[1:], *rest)

        monkeypatch.setattr(FakeGcs, "hold", altered)
        with pytest.raises(StorageBroken) as raised:
            put(fake_google, bytes(size))
        assert raised.value.why == "altered"

    @pytest.mark.parametrize("size", [10, 9 * 1024 * 1024], ids=["small", "large"])
    def test_an_object_knows_its_type_its_name_its_key_and_that_nobody_may_keep_a_copy(
        self, google: FakeGcs, key_file: Path, size: int
    ) -> None:
        put(GoogleStorage("reports", kms_key="projects/p/cryptoKeys/k"), bytes(size))
        properties = google.objects[KEY].properties
        assert properties["contentType"] == "application/pdf"
        assert properties["contentDisposition"] == 'attachment; filename="R1.pdf"'
        assert properties["cacheControl"] == "private, no-store"
        assert properties["kmsKeyName"] == "projects/p/cryptoKeys/k"


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
    fake_google: GoogleStorage, google: FakeGcs, ask: Callable[[GoogleStorage], object]
) -> None:
    google.buckets.clear()
    with pytest.raises(StorageBroken) as caught:
        ask(fake_google)
    assert caught.value.why == "no bucket"


class TestSignedUrls:
    def test_a_url_past_its_time_is_signed_once_more(self, fake_google: GoogleStorage, google: FakeGcs) -> None:
        put(fake_google, b"the report")
        google.skew = timedelta(minutes=20)
        with pytest.raises(StorageBroken, match="400 ExpiredToken") as caught:
            read_signed(fake_google)
        assert caught.value.why == "refused"
        assert google.requests["GET signed"] == 2

    def test_a_clock_of_ours_that_is_fast_is_told_as_refused(self, fake_google: GoogleStorage, google: FakeGcs) -> None:
        put(fake_google, b"the report")
        google.skew = -timedelta(minutes=20)
        with pytest.raises(StorageBroken, match="403 RequestTimeTooSkewed") as caught:
            read_signed(fake_google)
        assert caught.value.why == "refused"

    def test_a_signature_by_another_key_is_refused(
        self, fake_google: GoogleStorage, google: FakeGcs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(fake_google, b"the report")
        url = fake_google.signed_url(KEY, seconds=60)
        forged = url[:-4] + ("0000" if url[-4:] != "0000" else "1111")
        monkeypatch.setattr(fake_google, "signed_url", lambda key, *, seconds: forged)
        with pytest.raises(StorageBroken, match="403 SignatureDoesNotMatch") as caught:
            read_signed(fake_google)
        assert caught.value.why == "refused"

    def test_it_holds_for_as_long_as_the_settings_say(self, google: FakeGcs, key_file: Path) -> None:
        assert "X-Goog-Expires=77&" in GoogleStorage("reports").signed_url(KEY, seconds=77)

    def test_nobody_signs_for_an_emulator_without_a_key(self, google: FakeGcs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        with pytest.raises(CannotSign):
            read_signed(GoogleStorage("reports"))


class Metadata(Credentials):
    """As those of a metadata server or of workload identity: a token, and no key."""

    def __init__(self, email: str | None) -> None:
        super().__init__()
        self.token, self.service_account_email = "a token", email

    def refresh(self, request: Any) -> None:
        self.token, self.service_account_email = "a token", SIGNER


class TestSigningByIam:
    @pytest.fixture
    def iam(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
        monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
        with scripted_server() as server:
            monkeypatch.setattr(google_access, "IAM", server.url)
            yield server

    def store(self, monkeypatch: pytest.MonkeyPatch, email: str | None, signer: str = "") -> GoogleStorage:
        monkeypatch.setattr("google.auth.default", lambda scopes: (Metadata(email), "clinic"))
        return GoogleStorage("reports", signer=signer)

    def signed(self, text: bytes) -> Answer:
        return Answer(200, json.dumps({"signedBlob": base64.b64encode(text).decode()}).encode())

    @pytest.mark.parametrize(("email", "signer"), [(SIGNER, ""), ("default", ""), (None, SIGNER)])
    def test_the_account_is_asked_to_sign(
        self, iam: ScriptedServer, monkeypatch: pytest.MonkeyPatch, email: str | None, signer: str
    ) -> None:
        iam.answers = [self.signed(b"\xab\xcd")]
        url = self.store(monkeypatch, email, signer).signed_url(KEY, seconds=60)
        assert url.startswith(f"https://storage.googleapis.com/reports/{KEY}?")
        assert url.endswith("&X-Goog-Signature=abcd")
        assert iam.asked == [f"POST /v1/projects/-/serviceAccounts/{SIGNER}:signBlob"]
        assert SIGNER.replace("@", "%40") in url

    def test_without_an_account_nothing_can_be_signed(
        self, iam: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(CannotSign, match="no key"):
            self.store(monkeypatch, None).signed_url(KEY, seconds=60)

    def test_a_lack_of_rights_is_told_as_refused(self, iam: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
        iam.answers = [Answer(403)]
        with pytest.raises(StorageBroken, match="Google IAM: 403") as caught:
            self.store(monkeypatch, SIGNER).signed_url(KEY, seconds=60)
        assert caught.value.why == "refused"

    @pytest.mark.parametrize("answer", [Answer(503), Answer(hangs_up="before the headers")], ids=["503", "no answer"])
    def test_any_other_fault_leaves_it_to_the_client(
        self, iam: ScriptedServer, monkeypatch: pytest.MonkeyPatch, answer: Answer
    ) -> None:
        iam.answers = [answer]
        with pytest.raises(CannotSign):
            self.store(monkeypatch, SIGNER).signed_url(KEY, seconds=60)


class TestPreparing:
    def test_a_new_bucket_is_private_in_its_place_and_has_its_key(self, google: FakeGcs, key_file: Path) -> None:
        google.buckets.clear()
        store = GoogleStorage("reports", location="europe-west3", kms_key="projects/p/cryptoKeys/k")
        assert list(store.prepare()) == [
            "The bucket reports was made in EUROPE-WEST3.",
            "Nobody outside can be given access to its objects.",
            "What is put there is encrypted with your own key.",
        ]
        made = google.buckets["reports"].properties
        assert made["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"] is True
        assert made["iamConfiguration"]["publicAccessPrevention"] == "enforced"
        assert made["encryption"] == {"defaultKmsKeyName": "projects/p/cryptoKeys/k"}

    def test_one_that_is_there_is_left_as_it_is_and_told_of(self, google: FakeGcs, key_file: Path) -> None:
        told = list(GoogleStorage("reports", location="eu", kms_key="projects/p/cryptoKeys/k").prepare())
        assert told[0] == "The bucket reports is there, in EU."
        assert "could be opened to the public" in told[1]
        assert "another default key" in told[2]

    def test_one_in_another_place_is_a_fault(self, google: FakeGcs, key_file: Path) -> None:
        with pytest.raises(StorageBroken, match="lies in EU, and STORAGE_LOCATION is us-east1"):
            list(GoogleStorage("reports", location="us-east1").prepare())


class TestCredentials:
    def test_they_are_not_looked_for_before_they_are_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("google.auth.default", lambda scopes: pytest.fail("looked for"))
        monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
        GoogleStorage("reports")

    def test_a_key_that_is_not_there_is_told_as_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
        with pytest.raises(StorageBroken, match="DefaultCredentialsError") as caught:
            GoogleStorage("reports").stat(KEY)
        assert caught.value.why == "refused"

    def test_another_process_has_connections_of_its_own(
        self, fake_google: GoogleStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(fake_google, b"the report")
        of_parent = fake_google._access
        monkeypatch.setattr("os.getpid", lambda: -1)
        assert fake_google._access is not of_parent
        assert fake_google._access is fake_google._access
