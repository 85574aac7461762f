"""Buckets of stores that run here: Google's emulator and moto's S3, each with a way round the app to look into them.

`environ` is what tells an app, or a process of one, to use the bucket at some address: the store's own, or a proxy's.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import boto3
import requests
from botocore.config import Config
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from gcp_storage_emulator.server import create_server
from moto.server import ThreadedMotoServer

from tools.processes import free_port

NAME = "reports"
_KEYS = {"AWS_ACCESS_KEY_ID": "a-key-for-tests", "AWS_SECRET_ACCESS_KEY": "its-secret"}


class Bucket(Protocol):
    """An empty bucket of that name, as whoever runs the store sees it."""

    service: str
    url: str

    def environ(self, url: str = "") -> dict[str, str]:
        """The settings of an app that keeps its files here, reached at `url`."""

    def objects(self) -> dict[str, bytes]:
        """All that is in it, by key."""

    def write(self, key: str, data: bytes) -> None:
        """Put something there, over what there is."""

    def remove(self, key: str) -> None:
        """Take an object away."""

    def clear(self) -> None:
        """Take everything away."""


class LocalBucket:
    """A folder, which has no address."""

    service, url = "local", ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def environ(self, url: str = "") -> dict[str, str]:
        return {"STORAGE_FOLDER": str(self.folder)}

    def objects(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}

    def write(self, key: str, data: bytes) -> None:
        (self.folder / key).write_bytes(data)

    def remove(self, key: str) -> None:
        (self.folder / key).unlink()

    def clear(self) -> None:
        for key in self.objects():
            self.remove(key)


class GoogleBucket:
    """In the emulator of Cloud Storage, with a service account of its own, which can sign."""

    service = "google"

    def __init__(self, url: str, key_file: Path) -> None:
        self.url, self._key_file = url, key_file
        self._session = requests.Session()
        self._session.trust_env = False

    def environ(self, url: str = "") -> dict[str, str]:
        return {
            "STORAGE_BUCKET": NAME,
            "STORAGE_EMULATOR_HOST": url or self.url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self._key_file),
        }

    def objects(self) -> dict[str, bytes]:
        listed = self._ask("GET", f"/storage/v1/b/{NAME}/o").json()["items"]
        return {item["name"]: self._ask("GET", f"/{NAME}/{quote(item['name'])}").content for item in listed}

    def write(self, key: str, data: bytes) -> None:
        self._ask("POST", f"/upload/storage/v1/b/{NAME}/o?uploadType=media&name={quote(key)}", data)

    def remove(self, key: str) -> None:
        self._ask("DELETE", f"/storage/v1/b/{NAME}/o/{quote(key, safe='')}")

    def clear(self) -> None:
        self._ask("GET", "/wipe?keep-buckets=true")

    def _ask(self, method: str, path: str, data: bytes | None = None) -> requests.Response:
        answer = self._session.request(
            method, self.url + path, data=data, headers={"Content-Type": "text/csv"} if data else None, timeout=60
        )
        answer.raise_for_status()
        return answer


class S3Bucket:
    """In moto's server."""

    service = "s3"

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )
        self._client.create_bucket(Bucket=NAME)

    def environ(self, url: str = "") -> dict[str, str]:
        return {"STORAGE_BUCKET": NAME, "STORAGE_SERVICE": "s3", "STORAGE_ENDPOINT": url or self.url, **_KEYS}

    def objects(self) -> dict[str, bytes]:
        listed = self._client.list_objects_v2(Bucket=NAME).get("Contents", [])
        return {item["Key"]: self._client.get_object(Bucket=NAME, Key=item["Key"])["Body"].read() for item in listed}

    def write(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=NAME, Key=key, Body=data)

    def remove(self, key: str) -> None:
        self._client.delete_object(Bucket=NAME, Key=key)

    def clear(self) -> None:
        for key in self.objects():
            self.remove(key)


@contextmanager
def google_bucket(folder: Path) -> Iterator[GoogleBucket]:
    """The emulator, with nothing on disk but a new key, in `folder`."""
    key_file = folder / "service-account.json"
    port = free_port()
    with create_server("127.0.0.1", port, in_memory=True, default_bucket=NAME):
        url = f"http://127.0.0.1:{port}"
        key_file.write_text(json.dumps(_service_account(url)))
        yield GoogleBucket(url, key_file)


@contextmanager
def s3_bucket() -> Iterator[S3Bucket]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        # What moto holds belongs to the process, so that another server left it there.
        requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
        yield S3Bucket(url)
    finally:
        server.stop()


def _service_account(url: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "type": "service_account",
        "project_id": "clinic-reports",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": "reports@clinic-reports.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{url}/token",
    }
