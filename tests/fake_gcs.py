"""As much of Google Cloud Storage as we use, over HTTP, with what the emulator leaves out.

Preconditions, V4 signatures and their expiry, the store's own words for faults, and any number of clients at a time.
Objects are sent from the one copy in memory. `with fake_gcs() as server:` gives it, already listening on loopback.
"""

import base64
import hashlib
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import google_crc32c
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from webapp import clock

PAGE = 1000
SKEW_ALLOWED = timedelta(minutes=15)


@dataclass
class Held:
    """An object: its bytes, which generation it is, and its properties as the JSON API names them."""

    data: bytes
    generation: int
    properties: dict[str, Any]

    def described(self) -> dict[str, Any]:
        size, generation = str(len(self.data)), str(self.generation)
        return {"kind": "storage#object", **self.properties, "size": size, "generation": generation}


@dataclass
class Bucket:
    properties: dict[str, Any]
    objects: dict[str, Held] = field(default_factory=dict)


class Refusal(Exception):
    """An answer other than success: its status, the code of the XML API, and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


NO_KEY = (404, "NoSuchKey", "The specified key does not exist.")
NO_BUCKET = (404, "NoSuchBucket", "The specified bucket does not exist.")
CHANGED = (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")


class FakeGcs(ThreadingHTTPServer):
    """`requests` counts by method and kind of path, such as "GET signed"; `skew` is how far its clock is from ours;
    with `public_key` signatures are checked, without it only when they expire."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, bucket: str, public_key: RSAPublicKey | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.buckets = {bucket: Bucket({"name": bucket, "location": "EU"})} if bucket else {}
        self.public_key = public_key
        self.skew = timedelta()
        self.requests: Counter[str] = Counter()
        self.uploads: dict[str, tuple[str, str, dict[str, Any], bytearray]] = {}
        self.lock = threading.Lock()
        self._default, self._generations, self._open = bucket, 1_700_000_000_000_000, set[socket.socket]()

    @property
    def objects(self) -> dict[str, Held]:
        """Of the bucket that was there from the start, by key."""
        return self.buckets[self._default].objects

    def hold(self, bucket: str, key: str, data: bytes, properties: dict[str, Any], generation: str | None) -> Held:
        """Put an object there where the one that is there has that generation ("0": none is), as one step."""
        crc32c = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
        if properties.get("crc32c", crc32c) != crc32c:
            raise Refusal(400, "BadDigest", "The CRC32C you specified did not match what we received.")
        with self.lock:
            objects = self.bucket(bucket).objects
            there = str(objects[key].generation) if key in objects else "0"
            if generation not in (None, there):
                raise Refusal(*CHANGED)
            self._generations += 1
            properties = {**properties, "name": key, "bucket": bucket, "crc32c": crc32c}
            objects[key] = Held(data, self._generations, properties)
            return objects[key]

    def bucket(self, name: str) -> Bucket:
        if name not in self.buckets:
            raise Refusal(*NO_BUCKET)
        return self.buckets[name]

    def object(self, bucket: str, key: str) -> Held:
        objects = self.bucket(bucket).objects
        if key not in objects:
            raise Refusal(*NO_KEY)
        return objects[key]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    server: FakeGcs
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = [unquote(piece) for piece in parts.path.strip("/").split("/")]
        kind = {"storage": "json", "upload": "upload", "download": "media"}.get(path[0], "signed")
        self.server.requests[f"{self.command} {kind}"] += 1
        try:
            match kind, path:
                case "json", ["storage", "v1", "b", *rest]:
                    self._of_json(rest)
                case "upload", [_, "storage", "v1", "b", bucket, "o"]:
                    self._of_upload(bucket)
                case "media", [_, "storage", "v1", "b", bucket, "o", key]:
                    self._send(self.server.object(bucket, key))
                case "signed", [bucket, *pieces]:
                    self._check_signature(parts.path, parts.query)
                    self._send(self.server.object(bucket, "/".join(pieces)))
                case _:
                    raise Refusal(400, "InvalidURI", "no such path")
        except Refusal as refusal:
            self._refuse(refusal, as_xml=kind == "signed")
        except OSError:
            # The client went away.
            self.close_connection = True

    # -- The JSON API --------------------------------------------------------------------------------------------------

    def _of_json(self, path: list[str]) -> None:
        server, query = self.server, self.query
        match self.command, path:
            case "POST", []:
                wanted = json.loads(self.body)
                if wanted["name"] in server.buckets:
                    raise Refusal(409, "BucketAlreadyExists", "The requested bucket name is not available.")
                properties = {**wanted, "location": wanted.get("location", "US").upper()}
                server.buckets[wanted["name"]] = Bucket(properties)
                self._json(properties)
            case "GET", [bucket]:
                self._json(server.bucket(bucket).properties)
            case "DELETE", [bucket]:
                server.bucket(bucket)
                del server.buckets[bucket]
                self._json(None)
            case "GET", [bucket, "o"]:
                self._list(bucket)
            case "GET", [bucket, "o", key] if query.get("alt") == "media":
                self._send(server.object(bucket, key))
            case "GET", [bucket, "o", key]:
                self._json(server.object(bucket, key).described())
            case "DELETE", [bucket, "o", key]:
                with server.lock:
                    there = server.object(bucket, key)
                    if query.get("ifGenerationMatch", str(there.generation)) != str(there.generation):
                        raise Refusal(*CHANGED)
                    del server.buckets[bucket].objects[key]
                self._json(None)
            case _:
                raise Refusal(405, "MethodNotAllowed", "not here")

    def _list(self, bucket: str) -> None:
        objects = self.server.bucket(bucket).objects
        prefix, after = self.query.get("prefix", ""), self.query.get("pageToken", "")
        keys = sorted(key for key in list(objects) if key.startswith(prefix) and key > after)
        most = min(int(self.query.get("maxResults", PAGE)), PAGE)
        answer: dict[str, Any] = {"items": [objects[key].described() for key in keys[:most]]}
        if len(keys) > most:
            answer["nextPageToken"] = keys[most - 1]
        self._json(answer)

    # -- Uploads -------------------------------------------------------------------------------------------------------

    def _of_upload(self, bucket: str) -> None:
        self.server.bucket(bucket)
        generation = self.query.get("ifGenerationMatch")
        if self.command == "PUT":
            self._take_piece()
        elif self.query["uploadType"] == "multipart":
            properties, data = self._parts()
            properties |= self._key()
            self._json(self.server.hold(bucket, properties["name"], data, properties, generation).described())
        else:
            content_type = self.headers.get("X-Upload-Content-Type")
            properties = {"contentType": content_type, **json.loads(self.body), **self._key()}
            upload = f"upload-{len(self.server.uploads)}"
            self.server.uploads[upload] = (bucket, generation or "", properties, bytearray())
            self._begin(200, {"Location": f"{self.server.url}{self.path}&upload_id={upload}", "Content-Length": "0"})

    def _key(self) -> dict[str, str]:
        return {"kmsKeyName": self.query["kmsKeyName"]} if "kmsKeyName" in self.query else {}

    def _parts(self) -> tuple[dict[str, Any], bytes]:
        boundary = b"--" + self.headers.get_param("boundary").encode()  # type: ignore[union-attr]
        _, properties, rest = self.body.split(boundary, 2)
        heads, _, data = rest.partition(b"\r\n\r\n")
        told = json.loads(properties.partition(b"\r\n\r\n")[2])
        content_type = heads.decode().partition(":")[2].strip()
        return {"contentType": content_type, **told}, data[: data.rindex(b"\r\n" + boundary)]

    def _take_piece(self) -> None:
        bucket, generation, properties, taken = self.server.uploads[self.query["upload_id"]]
        span, _, total = self.headers["Content-Range"].removeprefix("bytes ").partition("/")
        if span != "*" and int(span.partition("-")[0]) == len(taken):
            taken += self.body
        if total == str(len(taken)):
            held = self.server.hold(bucket, properties["name"], bytes(taken), properties, generation or None)
            self._json(held.described())
        else:
            known = {"Range": f"bytes=0-{len(taken) - 1}"} if taken else {}
            self._begin(308, {**known, "Content-Length": "0"})

    # -- Signed URLs ---------------------------------------------------------------------------------------------------

    def _check_signature(self, path: str, query: str) -> None:
        told = self.query
        if "X-Goog-Signature" not in told:
            raise Refusal(403, "AccessDenied", "Access denied.")
        signed_at = datetime.strptime(told["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        here = clock.now() + self.server.skew
        if signed_at > here + SKEW_ALLOWED:
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between the times is too large.")
        if here > signed_at + timedelta(seconds=int(told["X-Goog-Expires"])):
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        if self.server.public_key:
            try:
                text = self._signed_text(path, query)
                signature = bytes.fromhex(told["X-Goog-Signature"])
                self.server.public_key.verify(signature, text.encode(), PKCS1v15(), SHA256())
            except (InvalidSignature, ValueError):
                raise Refusal(403, "SignatureDoesNotMatch", "Access denied.") from None

    def _signed_text(self, path: str, query: str) -> str:
        """As https://cloud.google.com/storage/docs/authentication/canonical-requests has it."""
        names = self.query["X-Goog-SignedHeaders"]
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names.split(";"))
        pairs = [(name, values[0]) for name, values in parse_qs(query, keep_blank_values=True).items()]
        rest = sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in pairs if n != "X-Goog-Signature")
        query = "&".join(f"{name}={value}" for name, value in rest)
        request = "\n".join([self.command, path, query, headers, names, "UNSIGNED-PAYLOAD"])
        scope = self.query["X-Goog-Credential"].partition("/")[2]
        digest = hashlib.sha256(request.encode()).hexdigest()
        return "\n".join(["GOOG4-RSA-SHA256", self.query["X-Goog-Date"], scope, digest])

    # -- Answers -------------------------------------------------------------------------------------------------------

    def _send(self, held: Held) -> None:
        """The bytes, or the range of them that is asked for, straight from memory."""
        size, start, end, status, extra = len(held.data), 0, len(held.data), 200, {}
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else max(size - int(last), 0)
            end = min(int(last) + 1, size) if first and last else size
            if start >= size:
                raise Refusal(416, "InvalidRange", "The requested range cannot be satisfied.")
            status, extra = 206, {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
        told = {
            "Content-Type": held.properties.get("contentType") or "application/octet-stream",
            "Content-Disposition": held.properties.get("contentDisposition"),
            "Cache-Control": held.properties.get("cacheControl"),
            "ETag": f'"{held.generation}"',
            "x-goog-generation": str(held.generation),
            "x-goog-hash": f"crc32c={held.properties['crc32c']}",
            "Content-Length": str(end - start),
            **extra,
        }
        self._begin(status, {name: value for name, value in told.items() if value is not None})
        self.wfile.write(memoryview(held.data)[start:end])

    def _json(self, answer: dict[str, Any] | None) -> None:
        text = b"" if answer is None else json.dumps(answer).encode()
        self._begin(204 if answer is None else 200, {"Content-Type": "application/json", "Content-Length": len(text)})
        self.wfile.write(text)

    def _refuse(self, refusal: Refusal, as_xml: bool) -> None:
        told = {"code": refusal.status, "message": refusal.message, "errors": [{"reason": refusal.code}]}
        text = json.dumps({"error": told})
        if as_xml:
            text = (
                f"<?xml version='1.0'?><Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            )
        self._begin(refusal.status, {"Content-Length": len(text)})
        self.wfile.write(text.encode())

    def _begin(self, status: int, headers: dict[str, Any]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()


@contextmanager
def fake_gcs(bucket: str = "reports", public_key: RSAPublicKey | None = None) -> Iterator[FakeGcs]:
    """A server with that bucket, or with an empty name none, in a thread of its own."""
    with FakeGcs(bucket, public_key) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()
