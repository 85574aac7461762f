"""What a file is known by: its size and two hashes, taken in one pass."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import google_crc32c

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """`size` in bytes, `sha256` in hexadecimal, `crc32c` as stores write it: base64 of four bytes, big-endian."""

    size: int
    sha256: str
    crc32c: str


class Measuring:
    """Takes bytes as they pass and knows at any time what they are so far."""

    def __init__(self) -> None:
        self._size, self._sha256, self._crc32c = 0, hashlib.sha256(), google_crc32c.Checksum()

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._size += len(chunk)
            self._sha256.update(chunk)
            self._crc32c.update(chunk)
            yield chunk

    @property
    def so_far(self) -> Measured:
        crc32c = base64.b64encode(self._crc32c.digest()).decode()
        return Measured(self._size, self._sha256.hexdigest(), crc32c)


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """All of a stream, from where it stands, in pieces."""
    return iter(lambda: stream.read(CHUNK), b"")


def measure(stream: BinaryIO) -> Measured:
    """What a stream holds from its start; it is at its start again afterwards."""
    stream.seek(0)
    measuring = Measuring()
    for _ in measuring.passing(chunks_of(stream)):
        pass
    stream.seek(0)
    return measuring.so_far
