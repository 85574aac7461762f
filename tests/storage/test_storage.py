"""One set of tests for every store."""

import fcntl
import io
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.objects import KEY, bytes_of, put
from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing
from webapp.storage import Storage, key_for
from webapp.storage.google import GoogleStorage
from webapp.storage.local import LocalStorage
from webapp.storage.measure import measure
from webapp.storage.s3 import S3Storage

OTHER = key_for("fedcba9876543210", "cd" * 32, "csv")
DATA = bytes(range(256)) * 40_000


@pytest.fixture(params=["local", "emulator", "fake_google", "s3"])
def store(request: pytest.FixtureRequest) -> Storage:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("data", [b"", b"the report", DATA], ids=["nothing", "little", "much"])
def test_it_gives_back_the_bytes_it_was_given(store: Storage, data: bytes) -> None:
    put(store, data)
    assert bytes_of(store) == data


def test_it_gives_the_same_bytes_by_a_signed_url_unless_it_is_a_folder(store: Storage) -> None:
    put(store, DATA)
    if store.name == "local":
        with pytest.raises(CannotSign), store.read_signed(KEY, Deadline(20)):
            pass
    else:
        with store.read_signed(KEY, Deadline(20)) as incoming:
            assert b"".join(incoming.chunks) == DATA


def test_it_announces_the_size_and_the_checksum_where_it_knows_them(store: Storage) -> None:
    put(store, DATA)
    with store.read(KEY, Deadline(20)) as incoming:
        assert incoming.size == len(DATA)
        assert incoming.crc32c in (measure(io.BytesIO(DATA)).crc32c, None)
        assert incoming.crc32c or store.name == "local"
        assert sum(len(piece) for piece in incoming.chunks) == len(DATA)


def test_its_pieces_are_no_larger_than_a_megabyte(store: Storage) -> None:
    put(store, DATA)
    with store.read(KEY, Deadline(20)) as incoming:
        assert max(len(piece) for piece in incoming.chunks) <= 1024 * 1024


def test_putting_the_same_again_is_harmless(store: Storage) -> None:
    put(store, b"the report")
    put(store, b"the report")
    assert bytes_of(store) == b"the report"


def test_it_replaces_bytes_that_went_bad(store: Storage) -> None:
    put(store, b"not the report")
    put(store, b"the report")
    assert bytes_of(store) == b"the report"


def test_it_reads_the_source_from_its_start(store: Storage) -> None:
    source = io.BytesIO(b"the report")
    source.read(4)
    store.put(KEY, source, size=10, content_type="application/pdf", download_name="R1.pdf")
    assert bytes_of(store) == b"the report"


@pytest.mark.parametrize("size", [9, 11])
def test_a_source_of_another_size_is_not_taken(store: Storage, size: int) -> None:
    with pytest.raises(StorageBroken) as raised:
        store.put(KEY, io.BytesIO(b"the report"), size=size, content_type="application/pdf", download_name="R1.pdf")
    assert raised.value.why == "altered"
    with pytest.raises(StorageMissing):
        store.stat(KEY)


@pytest.mark.parametrize("ask", [bytes_of, lambda store: store.stat(KEY)], ids=["read", "stat"])
def test_a_missing_object_is_missing_and_not_broken(store: Storage, ask: Callable[[Storage], object]) -> None:
    with pytest.raises(StorageMissing):
        ask(store)


def test_deleting_takes_it_away_and_deleting_nothing_is_no_fault(store: Storage) -> None:
    put(store, b"the report")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(StorageMissing):
        bytes_of(store)


def test_it_tells_of_one_object_what_it_knows(store: Storage) -> None:
    put(store, b"the report")
    told = store.stat(KEY)
    assert (told.key, told.size) == (KEY, 10)
    assert told.crc32c in (measure(io.BytesIO(b"the report")).crc32c, None)
    assert told.crc32c or store.name == "local"


def test_it_lists_its_objects_in_the_order_of_their_keys(store: Storage) -> None:
    put(store, b"another report", OTHER)
    put(store, b"the report")
    assert [(told.key, told.size) for told in store.list()] == [(KEY, 10), (OTHER, 14)]


def test_a_deadline_that_has_passed_ends_a_read(store: Storage) -> None:
    put(store, DATA)
    with pytest.raises(StorageBroken) as caught, store.read(KEY, Deadline(0)) as incoming:
        b"".join(incoming.chunks)
    assert caught.value.why == "slow"


def test_a_bucket_that_does_not_answer_is_broken_and_not_missing(
    monkeypatch: pytest.MonkeyPatch, s3_endpoint: str
) -> None:
    monkeypatch.setattr("webapp.storage.google._RETRY", None)
    # Bound, so that it is nobody else's, and without anybody listening.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", nowhere)
        for store in (GoogleStorage("reports"), S3Storage("reports", endpoint=nowhere)):
            for ask in (bytes_of, lambda store: store.stat(KEY), lambda store: put(store, b"the report")):
                with pytest.raises(StorageBroken) as caught:
                    ask(store)
                assert caught.value.why == "unreachable"


def test_a_key_holds_no_names() -> None:
    assert f"reports/0123456789abcdef/{'ab' * 32}.pdf" == KEY


class TestLocal:
    def test_a_folder_that_cannot_be_written_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "files").write_text("a file where the folder should be")
        with pytest.raises(StorageBroken):
            put(LocalStorage(tmp_path / "files"), b"the report")

    def test_a_source_of_another_size_leaves_nothing_behind(self, tmp_path: Path) -> None:
        store = LocalStorage(tmp_path)
        with pytest.raises(StorageBroken):
            store.put(KEY, io.BytesIO(b"short"), size=10, content_type="application/pdf", download_name="R1.pdf")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_a_full_disk_leaves_the_old_bytes(self, tmp_path: Path) -> None:
        class Failing(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                if self.tell() > 0:
                    raise OSError(28, "No space left on device")
                return super().read(3)

        store = LocalStorage(tmp_path)
        put(store, b"the report")
        with pytest.raises(StorageBroken, match="No space left"):
            store.put(KEY, Failing(b"another report"), size=14, content_type="application/pdf", download_name="R1.pdf")
        assert bytes_of(store) == b"the report"
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1

    def test_what_a_killed_writer_left_goes_with_the_next_write_but_not_what_another_writes_now(
        self, tmp_path: Path
    ) -> None:
        store, left = LocalStorage(tmp_path), (tmp_path / KEY).with_name(".left.part")
        left.parent.mkdir(parents=True)
        left.touch()
        handle = os.open(left.parent, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_SH)
        put(store, b"the report")
        assert left.exists()
        os.close(handle)
        put(store, b"the report")
        assert [path.name for path in left.parent.iterdir()] == [(tmp_path / KEY).name]

    def test_a_key_cannot_leave_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        with pytest.raises(StorageMissing):
            LocalStorage(tmp_path / "files").open("../secret")

    def test_a_file_removed_while_the_folder_is_listed_was_not_there(self, tmp_path: Path) -> None:
        for name in "abc":
            (tmp_path / "reports" / name).mkdir(parents=True)
            (tmp_path / "reports" / name / "1.pdf").touch()
        store = LocalStorage(tmp_path)
        listed = store.list()
        assert next(listed).key == "reports/a/1.pdf"
        store.delete("reports/b/1.pdf")
        assert [stored.key for stored in listed] == ["reports/c/1.pdf"]

    def test_a_folder_that_is_not_there_lists_nothing(self, tmp_path: Path) -> None:
        assert list(LocalStorage(tmp_path / "nowhere").list()) == []
