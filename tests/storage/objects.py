"""One object, put and read as the app does."""

import io

from webapp.clock import Deadline
from webapp.storage import Storage, key_for

KEY = key_for("0123456789abcdef", "ab" * 32, "pdf")


def put(store: Storage, data: bytes, key: str = KEY) -> None:
    store.put(key, io.BytesIO(data), size=len(data), content_type="application/pdf", download_name="R1.pdf")


def bytes_of(store: Storage, key: str = KEY) -> bytes:
    with store.read(key, Deadline(20)) as incoming:
        return b"".join(incoming.chunks)
