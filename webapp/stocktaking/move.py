"""Files move from one store to another while the app goes on serving them from both.

A row is rewritten only when its bytes are seen in the new store, and an original goes only when that is committed. So
it may be stopped at any moment, or run twice at once, and goes on from where it was.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, get_args

from webapp import audit
from webapp.errors import ReportFault, ReportGone, StorageBroken, StorageMissing
from webapp.extensions import db
from webapp.stocktaking import rows, sheets
from webapp.stocktaking.faults import GivenUp, Patience, told
from webapp.stocktaking.objects import Why, fetched, look, make_again, put, remove_unless_named
from webapp.stocktaking.pace import no_limit
from webapp.stocktaking.rows import FileRow
from webapp.stocktaking.sheets import SheetRow
from webapp.storage import Storage

Outcome = Literal["moved", "already there", "made again", "skipped", "failed"]
"""A file is skipped that was deleted or changed by somebody else meanwhile."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(slots=True)
class Tally:
    """What became of how many files; of how many the bytes made again are not those that were lost; how many originals
    were removed; how many bytes were written; why it ended early, or nothing."""

    files: Counter[Outcome] = field(default_factory=Counter)
    other_bytes: int = 0
    removed: int = 0
    bytes: int = 0
    stopped: str = ""


class Move:
    """One move. `pace` is called with the number of bytes that come next, and may wait; `tell` with a sentence for each
    fault and each file that came back with other bytes."""

    def __init__(
        self,
        source: Storage,
        target: Storage,
        *,
        remove_originals: bool = False,
        dry_run: bool = False,
        pace: Callable[[int], None] = no_limit,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._source, self._target = source, target
        self._remove_originals, self._dry_run = remove_originals, dry_run
        self._pace, self._tell, self._patience = pace, tell, Patience()
        self.tally = Tally()

    def run(self, limit: int | None = None, progress: Callable[[], object] = lambda: None) -> None:
        """All files of the source, or the `limit` oldest; ended() comes next, however it ends."""
        self._audit("storage.move_started", remove_originals=self._remove_originals, limit=limit)
        try:
            for row in islice(rows.oldest_first(self._source.name), limit):
                self._one(row)
                progress()
            left = None if limit is None else limit - self.tally.files.total()
            for sheet in islice(sheets.lying_in(self._source.name), left):
                self._sheet(sheet)
                progress()
            if self._remove_originals and limit is None and not self._dry_run:
                self._remove_those_left()
        except GivenUp as reason:
            self.tally.stopped = str(reason)

    def ended(self) -> None:
        """Audit what was done."""
        tally = self.tally
        done = {outcome.replace(" ", "_"): tally.files[outcome] for outcome in OUTCOMES}
        self._audit("storage.moved", bytes=tally.bytes, removed=tally.removed, stopped=bool(tally.stopped), **done)

    def _one(self, row: FileRow) -> None:
        try:
            outcome = self._seen(row) if self._dry_run else self._carried(row)
        except ReportFault as fault:
            if isinstance(fault, ReportGone) or not rows.is_as_it_was(row):
                self._skip(row)
            else:
                self._fail(row, fault)
            return
        self._patience.well()
        if outcome == "skipped":
            self._skip(row)
            return
        self.tally.files[outcome] += 1
        if self._remove_originals and not self._dry_run:
            self._remove_original(row, was_there=outcome != "made again")

    def _sheet(self, row: SheetRow) -> None:
        try:
            if self._dry_run:
                self.tally.files["moved"] += 1
                self.tally.bytes += row.size
                return
            self._pace(row.size)
            outcome = sheets.move(row, self._source, self._target)
        except ReportFault as fault:
            self.tally.files["failed"] += 1
            self._tell(f"{row.storage_key}, a sheet that somebody brought, was not moved. {told(fault)}")
            self._patience.lost_by(fault)
            return
        self._patience.well()
        self.tally.files[outcome] += 1
        self.tally.bytes += row.size if outcome == "moved" else 0
        if self._remove_originals and outcome != "skipped":
            self._remove(row.storage_key, row.storage_key)

    def _carried(self, row: FileRow) -> Outcome:
        found = look(self._target, row)
        if found.is_well:
            return "already there" if self._adopted(row, found.crc32c) else "skipped"
        self._pace(row.size)
        why: Why = "corrupt"
        try:
            with fetched(self._source, row.storage_key) as (spool, what):
                if (what.size, what.sha256) == (row.size, row.sha256):
                    if not put(row, self._target, spool, what):
                        return "skipped"
                    self.tally.bytes += what.size
                    return "moved"
        except StorageMissing:
            why = "missing"
        # Somebody else may have moved, drawn or deleted it since its row was read.
        return self._made_again(row, why) if rows.is_as_it_was(row) else "skipped"

    def _adopted(self, row: FileRow, crc32c: str | None) -> bool:
        is_ours = rows.rewrite(row, store=self._target.name, crc32c=crc32c)
        db.session.commit()
        return is_ours

    def _made_again(self, row: FileRow, why: Why) -> Outcome:
        sha256 = make_again(row, why, self._target, [self._source])
        if sha256 is None:
            return "skipped"
        self.tally.bytes += row.size
        if sha256 != row.sha256:
            self.tally.other_bytes += 1
            self._tell(
                f"{row.number} ({row.format}) was {why}, and made again with the same figures but other bytes: it had "
                f"the SHA-256 {row.sha256} and has {sha256}."
            )
        return "made again"

    def _seen(self, row: FileRow) -> Outcome:
        """What would become of it, by the stores' word alone."""
        if look(self._target, row).is_well:
            return "already there"
        try:
            is_whole = self._source.stat(row.storage_key).size == row.size
        except StorageMissing:
            is_whole = False
        self.tally.bytes += row.size
        return "moved" if is_whole else "made again"

    def _skip(self, row: FileRow) -> None:
        """Deleted, or changed by somebody else. What was deleted leaves nothing behind."""
        self.tally.files["skipped"] += 1
        if not self._dry_run:
            remove_unless_named(row.storage_key, self._source, self._target)

    def _fail(self, row: FileRow, fault: ReportFault) -> None:
        self.tally.files["failed"] += 1
        self._tell(f"{row.number} ({row.format}) was not moved. {told(fault)}")
        self._patience.lost_by(fault)

    def _remove_original(self, row: FileRow, *, was_there: bool = True) -> None:
        self._remove(row.storage_key, f"{row.number} ({row.format})", was_there=was_there)

    def _remove(self, key: str, name: str, *, was_there: bool = True) -> None:
        try:
            self._source.delete(key)
            self.tally.removed += was_there
        except StorageBroken as fault:
            self.tally.files["failed"] += 1
            self._tell(f"{name} was moved, but its original is still there. {told(fault)}")
            self._patience.lost_by(fault)

    def _remove_those_left(self) -> None:
        """Originals of files that were moved before, by a run that kept them or was stopped before it removed them."""
        try:
            for stored in self._source.list():
                row = rows.naming(stored.key)
                if row and row.store == self._target.name and look(self._target, row).is_well:
                    self._remove_original(row)
            for key in sheets.left_behind(self._source, self._target):
                self._remove(key, key)
        except StorageBroken as fault:
            self.tally.files["failed"] += 1
            self._tell(f"Originals of files that were moved before may be left. {told(fault)}")

    def _audit(self, action: str, **details: Any) -> None:
        if not self._dry_run:
            audit.record(action, f"store:{self._target.name}", source=self._source.name, **details)
            db.session.commit()
