"""A store of each kind, empty, on servers of our own."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gcp_storage_emulator.server import create_server
from moto.server import ThreadedMotoServer

from tests.fake_gcs import FakeGcs, fake_gcs
from tools.processes import free_port
from webapp.storage.google import GoogleStorage
from webapp.storage.local import LocalStorage
from webapp.storage.s3 import S3Storage


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def key_file(tmp_path: Path, private_key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a service account that may sign, named in the environment."""
    account = {
        "type": "service_account",
        "project_id": "clinic",
        "private_key_id": "one",
        "private_key": private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "client_email": "reports@clinic.iam.gserviceaccount.com",
        "token_uri": "http://127.0.0.1:1/token",
    }
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return path


@pytest.fixture
def google(private_key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGcs]:
    """A server that plays Google's, named in the environment."""
    with fake_gcs(public_key=private_key.public_key()) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield server


@pytest.fixture(scope="module")
def emulator_host() -> Iterator[str]:
    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket="reports")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def moto_host() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def emulator(emulator_host: str, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> GoogleStorage:
    with urlopen(f"{emulator_host}/wipe?keep-buckets=true"):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator_host)
    return GoogleStorage("reports")


@pytest.fixture
def fake_google(google: FakeGcs, key_file: Path) -> GoogleStorage:
    return GoogleStorage("reports")


@pytest.fixture
def s3_endpoint(moto_host: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server that plays S3, emptied, and credentials in the environment."""
    with urlopen(Request(f"{moto_host}/moto-api/reset", method="POST")):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an id")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return moto_host


@pytest.fixture
def s3(s3_endpoint: str) -> S3Storage:
    store = S3Storage("reports", endpoint=s3_endpoint)
    list(store.prepare())
    return store
