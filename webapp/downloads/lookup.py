"""Where a stored file is looked for, in which order, and what is made of what is found."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from webapp import alerts, storage
from webapp.clock import Deadline
from webapp.downloads.spool import Spool
from webapp.downloads.tries import Tries
from webapp.errors import CannotSign, StorageBroken, StorageMissing
from webapp.generate import keeping
from webapp.models import File
from webapp.storage.local import LocalStorage
from webapp.storage.measure import measure

log = logging.getLogger(__name__)

OF_THE_STORE = ("signed URL", "client", "folder")
"""The tiers that prove the store of the settings to be well."""

Reader = Callable[[str, Deadline], AbstractContextManager[storage.Incoming]]


class Corrupt(Exception):
    """The store holds other bytes under this key than were written."""


@dataclass(frozen=True, slots=True)
class Found:
    """A right file, from its start, and the tier that had it."""

    stream: BinaryIO
    tier: str


class Lookup:
    """One search for one file. Afterwards `broken` is the fault of a store that could not be asked, or None, and
    `is_corrupt` whether a store held wrong bytes."""

    def __init__(self, file: File, spool: Spool, tries: Tries, deadline: Deadline) -> None:
        self._file, self._spool, self._tries, self._deadline = file, spool, tries, deadline
        self._last = ""
        self.broken: StorageBroken | None = None
        self.is_corrupt = False

    @property
    def why(self) -> str:
        """Why the file must be made again, as FileMaking.why."""
        if self.broken:
            return "store broken"
        return "corrupt" if self.is_corrupt else "missing"

    def find(self) -> Found | None:
        """The file from the first place that has it right. What went wrong is told to administrators."""
        found = next(filter(None, (look() for look in self._places())), None)
        if self.broken:
            keeping.tell_of_a_broken_store("read", self.broken)
        elif found and found.tier in OF_THE_STORE:
            more = ("signed-urls-refused",) if found.tier == "signed URL" else ()
            alerts.resolve_alert("store-not-read", "store-not-set-up", *more)
        if self.is_corrupt:
            alerts.raise_alert(
                "warning",
                "file-corrupt",
                message="A stored file did not have the bytes that were written to it, and was made again from its "
                f"figures. The latest such file is of report {self._file.report_id}.",
                what_to_do="One such file is no harm. If there are more, check the disk or the bucket.",
            )
        return found

    def _places(self) -> list[Callable[[], Found | None]]:
        """Where the row says first, then wherever else it may lie during a move."""
        store, old_folder = storage.current(), storage.old_folder()
        if isinstance(store, LocalStorage):
            return [partial(self._in_folder, store, "folder")]
        places = [partial(self._in_bucket, store)]
        if old_folder:
            places.append(partial(self._in_folder, old_folder, "old folder"))
        if self._file.store == "local":
            places.reverse()
        return [self.find_copy, *places]

    def find_copy(self) -> Found | None:
        """The file as it was fetched or made a moment ago, where this machine has kept a copy."""
        began = time.perf_counter()
        copy = self._spool.find(self._file.sha256, self._file.size)
        if copy is None:
            return None
        self._tries.add("spool", "served", began)
        return Found(copy, "spool")

    def _in_bucket(self, store: storage.Storage) -> Found | None:
        before, self.broken = self.broken, None
        found = self._by_url_or_client(store)
        self.broken = self.broken or before
        return found

    def _by_url_or_client(self, store: storage.Storage) -> Found | None:
        found = self._tried("signed URL", partial(self._spooled, store.read_signed))
        if found or self._last not in ("cannot sign", "refused"):
            return found
        # A URL that is refused may only be badly signed: our own rights may do.
        refusal, self.broken = self.broken, None
        found = self._tried("client", partial(self._spooled, store.read))
        if refusal and found:
            alerts.raise_alert(
                "warning",
                "signed-urls-refused",
                message=f"The file store refuses the URLs that we sign ({refusal}), though it knows our credentials.",
                what_to_do="Check this machine's clock and the key that signs (STORAGE_SIGNER). Files are fetched "
                "with the credentials meanwhile.",
            )
        elif found is None and self._last == "missing":
            # Refused by the one way and not there by the other: some stores refuse instead of saying that.
            self.broken = None
        elif found is None:
            # What it said of the URL tells more: that a clock is wrong, for one.
            self.broken = refusal or self.broken
        return found

    def _in_folder(self, store: LocalStorage, tier: str) -> Found | None:
        return self._tried(tier, partial(self._opened, store))

    def _tried(self, tier: str, fetch: Callable[[], BinaryIO]) -> Found | None:
        began = time.perf_counter()
        stream: BinaryIO | None = None
        try:
            stream = fetch()
            self._last = "served"
        except CannotSign:
            self._last = "cannot sign"
            return None
        except StorageMissing:
            self._last = "missing"
        except Corrupt:
            self._last, self.is_corrupt = "corrupt", True
        except StorageBroken as fault:
            self._last, self.broken = fault.why, self.broken or fault
        self._tries.add(tier, self._last, began)
        return Found(stream, tier) if stream else None

    def _spooled(self, read: Reader) -> BinaryIO:
        """Fetched whole and checked before anybody reads. Raises Corrupt where it is the store that holds other bytes,
        StorageBroken where they were lost or changed on the way."""
        file = self._file
        with read(file.storage_key, self._deadline) as incoming:
            got, stream = self._spool.fill(incoming.chunks, size=file.size, sha256=file.sha256)
        if (got.size, got.sha256) == (file.size, file.sha256):
            return stream
        stream.close()
        if incoming.crc32c == got.crc32c or incoming.size not in (None, file.size):
            raise Corrupt
        raise StorageBroken("other bytes came than were sent", why="altered")

    def _opened(self, store: LocalStorage) -> BinaryIO:
        stream = store.open(self._file.storage_key)
        try:
            there = measure(stream)
        except OSError as fault:
            stream.close()
            raise StorageBroken(f"reading a file failed: {type(fault).__name__}") from fault
        if (there.size, there.sha256) == (self._file.size, self._file.sha256):
            return stream
        stream.close()
        raise Corrupt
