"""What every store can do, and what it hands out."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from webapp.clock import Deadline


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store says of an object: its key, its size in bytes, and its CRC32C (base64 of four bytes, big-endian) or
    None where the store does not know it."""

    key: str
    size: int
    crc32c: str | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """An object on its way: its bytes, unchecked, in pieces of at most a megabyte, and the size and CRC32C that the
    store announced, or None. Taking a piece raises StorageBroken, of a deadline that has passed too."""

    chunks: Iterator[bytes]
    size: int | None
    crc32c: str | None


class Storage(Protocol):
    """A place for objects. Keys name their content by hash, so writing one twice writes the same bytes.

    Each method raises StorageBroken; those that say so raise StorageMissing too.
    """

    @property
    def name(self) -> str:
        """One of models.file.STORES."""

    def put(self, key: str, source: BinaryIO, *, size: int, content_type: str, download_name: str) -> None:
        """Keep the `size` bytes of `source`, from its start. An object that is there already is left as it is where it
        holds these bytes, and else replaced as a whole, or not at all."""

    def read(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        """Fetch with our own credentials. Raises StorageMissing."""

    def read_signed(self, key: str, deadline: Deadline) -> AbstractContextManager[Incoming]:
        """Fetch through a signed URL made for this one time. Raises StorageMissing, and CannotSign."""

    def signed_url(self, key: str, *, seconds: int) -> str:
        """A URL by which whoever has it may fetch the object for so long. Raises CannotSign."""

    def stat(self, key: str) -> Stored:
        """What the store says of one object. Raises StorageMissing."""

    def list(self, folder: str = "reports") -> Iterator[Stored]:
        """What the store says of all objects below reports/, or uploads/, in the order of their keys."""

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no fault."""
