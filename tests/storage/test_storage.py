"""One set of tests for every store."""

import fcntl
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from gcp_storage_emulator.server import create_server
from moto.server import ThreadedMotoServer

from tools.processes import free_port
from webapp.clock import Deadline
from webapp.errors import StorageBroken, StorageMissing
from webapp.storage import Storage, key_for
from webapp.storage.google import GoogleStorage
from webapp.storage.local import LocalStorage
from webapp.storage.s3 import S3Storage

KEY = key_for("0123456789abcdef", "ab" * 32, "pdf")


@pytest.fixture(scope="module")
def bucket_host() -> Iterator[str]:
    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket="reports")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["local", "google", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "files")
    if request.param == "google":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", request.getfixturevalue("bucket_host"))
        return GoogleStorage("reports")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    store = S3Storage("reports", endpoint=request.getfixturevalue("s3_url"))
    list(store.prepare())
    return store


def put(store: Storage, data: bytes, key: str = KEY) -> None:
    named = {"content_type": "application/pdf", "download_name": "VT-1234-5678.pdf"}
    store.put(key, io.BytesIO(data), size=len(data), **named)


def bytes_of(store: Storage, key: str = KEY) -> bytes:
    with store.read(key, Deadline(30)) as incoming:
        return b"".join(incoming.chunks)


def test_it_gives_back_the_bytes_it_was_given(store: Storage) -> None:
    data = bytes(range(256)) * 40_000
    put(store, data)
    assert bytes_of(store) == data


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
    store.put(KEY, source, size=10, content_type="application/pdf", download_name="VT.pdf")
    assert bytes_of(store) == b"the report"


def test_a_missing_object_is_missing_and_not_broken(store: Storage) -> None:
    with pytest.raises(StorageMissing):
        bytes_of(store, key_for("f" * 16, "cd" * 32, "pdf"))


def test_deleting_takes_it_away_and_deleting_nothing_is_no_fault(store: Storage) -> None:
    put(store, b"the report")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(StorageMissing):
        bytes_of(store)


def test_a_key_holds_no_names() -> None:
    assert f"reports/0123456789abcdef/{'ab' * 32}.pdf" == KEY


def test_a_bucket_that_does_not_answer_is_broken_and_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.storage.google._RETRY", None)
    # Bound, so that it is nobody else's, and without anybody listening.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(StorageBroken):
            bytes_of(GoogleStorage("reports"))


class TestLocal:
    def test_a_folder_that_cannot_be_written_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "files").write_text("a file where the folder should be")
        with pytest.raises(StorageBroken):
            put(LocalStorage(tmp_path / "files"), b"the report")

    def test_a_source_of_another_size_leaves_nothing_behind(self, tmp_path: Path) -> None:
        store = LocalStorage(tmp_path)
        with pytest.raises(StorageBroken):
            store.put(KEY, io.BytesIO(b"short"), size=10, content_type="application/pdf", download_name="VT.pdf")
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
            store.put(KEY, Failing(b"another report"), size=14, content_type="application/pdf", download_name="VT.pdf")
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
