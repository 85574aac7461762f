"""Every file of a report, and every sheet that is kept, has its object, and every object its file.

The stores are listed once and merged with the rows by key, so that any number of either fits into the memory. The app
goes on meanwhile, so whatever seems wrong is looked at again by itself before it is told.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, cast, get_args

from webapp import alerts, audit
from webapp.errors import ReportFault, ReportGone, StorageBroken
from webapp.extensions import db
from webapp.models import FileMaking
from webapp.stocktaking import rows, sheets
from webapp.stocktaking.faults import GivenUp, Patience, told
from webapp.stocktaking.objects import Look, Why, look, make_again, remove_unless_named
from webapp.stocktaking.rows import FileRow
from webapp.stocktaking.sheets import SheetRow
from webapp.storage import Storage, Stored
from webapp.words import plural

Fault = Literal["missing", "corrupt", "misplaced", "orphaned", "unreadable"]
"""A file whose object is not there, is not what was written, or lies in another store than its row says; an object that
no file names; a file of which the store cannot say."""
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(slots=True)
class Tally:
    """How many files and objects were seen; how many of them are at fault, and of these repaired; how many objects are
    copies of files that lie in another store; how many files a worker is about to put back; why it ended early, or
    nothing."""

    files: int = 0
    objects: int = 0
    found: Counter[Fault] = field(default_factory=Counter)
    repaired: Counter[Fault] = field(default_factory=Counter)
    copies: int = 0
    waiting: int = 0
    stopped: str = ""

    def left(self, *faults: Fault) -> int:
        """How many of these are as they were found; of all, where none is named."""
        return sum(self.found[fault] - self.repaired[fault] for fault in faults or FAULTS)


class Check:
    """One check of all `stores`. With `home`, what is at fault is repaired, and what is made again is put there. `tell`
    is called with a sentence for each fault."""

    def __init__(
        self,
        stores: list[Storage],
        *,
        home: Storage | None = None,
        read: bool = False,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._stores = {store.name: store for store in stores}
        self._home, self._read, self._tell, self._patience = home, read, tell, Patience()
        self.tally = Tally()

    def run(self, progress: Callable[[], object] = lambda: None) -> None:
        """Look at everything, and raise or resolve the alert."""
        try:
            for key, row, listed in self._merged():
                self.tally.objects += len(listed)
                if row is None:
                    self._orphan(key, listed)
                else:
                    self.tally.files += 1
                    self._file(row, listed)
                    progress()
            for key, sheet, listed in sheets.merged(self._stores.values()):
                self.tally.objects += len(listed)
                if sheet is None:
                    self._orphan(key, listed)
                else:
                    self.tally.files += 1
                    self._sheet(sheet, listed)
                    progress()
        except GivenUp as reason:
            self.tally.stopped = str(reason)
        except StorageBroken as fault:
            # The stores' lists; what befalls a single file is counted.
            self.tally.stopped = told(fault)
        if self._home and self.tally.repaired.total():
            repaired: dict[str, Any] = {fault: self.tally.repaired[fault] for fault in FAULTS}
            audit.record("storage.repaired", f"store:{self._home.name}", **repaired)
            db.session.commit()
        self._alert()

    def _merged(self) -> Iterator[tuple[str, FileRow | None, dict[str, Stored]]]:
        """By key: the row that names it, if one does, and what is listed under it by the name of the store."""
        of_rows = ((row.storage_key, "", row) for row in rows.by_key())
        sources = [of_rows, *map(_listed, self._stores.values())]
        for key, found in groupby(heapq.merge(*sources, key=itemgetter(0)), key=itemgetter(0)):
            named: dict[str, Any] = {name: item for _, name, item in found}
            yield key, named.pop("", None), named

    def _file(self, row: FileRow, listed: dict[str, Stored]) -> None:
        try:
            if self._is_well(row, listed):
                self.tally.copies += len(listed) - 1
            elif now := rows.again(row):
                self._examine(now)
            self._patience.well()
        except ReportFault as fault:
            if not isinstance(fault, ReportGone) and rows.is_as_it_was(row):
                self._found("unreadable", f"{_name(row)} cannot be looked at. {told(fault)}")
                self._patience.lost_by(fault)

    def _is_well(self, row: FileRow, listed: dict[str, Stored]) -> bool:
        if row.store is None or row.store not in listed:
            return False
        return look(self._stores[row.store], row, read=self._read, stored=listed[row.store]).is_well

    def _sheet(self, row: SheetRow, listed: dict[str, Stored]) -> None:
        try:
            if sheets.is_well(row, self._stores, listed, read=self._read):
                self.tally.copies += len(listed) - 1
            else:
                fault, sentence = sheets.examine(row, self._stores, repair=self._home is not None)
                if fault:
                    self._found(cast(Fault, fault), sentence, self._home is not None and fault != "unreadable")
            self._patience.well()
        except ReportFault as fault:
            self._found("unreadable", f"{row.storage_key} cannot be looked at. {told(fault)}")
            self._patience.lost_by(fault)

    def _examine(self, row: FileRow) -> None:
        """Look again at a file that seemed not to be well, in its own store and then in the others."""
        store = self._stores.get(row.store or "")
        found = look(store, row, read=self._read) if store else Look("missing")
        if found.is_well:
            return
        for other in self._stores.values():
            if other is not store and (elsewhere := look(other, row, read=True)).is_well:
                self._misplaced(row, other, elsewhere)
                return
        if row.store and store is None:
            self._found("unreadable", f"{_name(row)} lies in the {row.store} store, which the settings do not name.")
        elif found.state == "missing" and FileMaking.of(row.report_id, row.format):
            # A worker has it in hand, and knows better than we do when the store is well again.
            self.tally.waiting += 1
        else:
            self._lost(row, "missing" if found.state == "missing" else "corrupt")

    def _misplaced(self, row: FileRow, store: Storage, found: Look) -> None:
        is_put_right = self._home is not None and rows.rewrite(row, store=store.name, crc32c=found.crc32c)
        db.session.commit()
        sentence = f"{_name(row)} lies in the {store.name} store, where its row does not look for it."
        self._found("misplaced", f"{sentence} Its row is put right." if is_put_right else sentence, is_put_right)

    def _lost(self, row: FileRow, why: Why) -> None:
        sentence = (
            f"{_name(row)} is missing." if why == "missing" else f"{_name(row)} has other bytes than were stored."
        )
        if self._home is None:
            self._found(why, sentence)
            return
        try:
            sha256 = make_again(row, why, self._home, self._stores.values())
        except ReportGone:
            return
        except ReportFault as fault:
            self._found(why, f"{sentence} It could not be made again. {told(fault)}")
            self._patience.lost_by(fault)
            return
        if sha256 is None:
            return
        same = sha256 == row.sha256
        how = "byte for byte" if same else f"with the same figures but other bytes, of the SHA-256 {sha256}"
        self._found(why, f"{sentence} It is made again, {how}.", is_repaired=True)

    def _orphan(self, key: str, listed: dict[str, Stored]) -> None:
        if rows.is_named(key):
            return
        for name in listed:
            is_gone = self._home is not None and remove_unless_named(key, self._stores[name])
            sentence = f"{key} in the {name} store belongs to no file."
            self._found("orphaned", f"{sentence} It is removed." if is_gone else sentence, is_gone)

    def _found(self, fault: Fault, sentence: str, is_repaired: bool = False) -> None:
        self.tally.found[fault] += 1
        self.tally.repaired[fault] += is_repaired
        self._tell(sentence)

    def _alert(self) -> None:
        """Open while files are known to be lost; closed by a whole check that finds none."""
        if lost := self.tally.left("missing", "corrupt"):
            alerts.raise_alert(
                "warning",
                "stock-check",
                message=f"{plural(lost, 'file')} of reports {'is' if lost == 1 else 'are'} missing from the store, or "
                "not what was stored.",
                what_to_do="Make them again from their figures: flask --app webapp storage check --repair. If it "
                "happens often, look for what removes or changes them.",
            )
        elif not self.tally.stopped and not self.tally.left("unreadable"):
            alerts.resolve_alert("stock-check")


def _listed(store: Storage) -> Iterator[tuple[str, str, Stored]]:
    return ((stored.key, store.name, stored) for stored in store.list())


def _name(row: FileRow) -> str:
    return f"{row.number} ({row.format})"
