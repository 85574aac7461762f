"""What became of each resource: the counts that are shown, and the file that names each one that was refused."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from webapp.clinic_data.fhir.sources import Fault

COLUMNS = ("read", "added", "updated", "removed", "skipped", "refused")


@dataclass(slots=True)
class Counts:
    """Resources of one type: read = added + updated + removed + skipped + refused."""

    read: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    skipped: int = 0
    refused: int = 0


@dataclass(slots=True)
class Summary:
    """What an import did. `others` counts the types that have no place here; `left_out` the records kept without the
    provider, visit or diagnosis that they name, since it was not found. `faults` are the first few places that could
    not be read, `unreadable` how many there are. `errors` is the error file, None when there was nothing to write."""

    by_type: dict[str, Counts] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    ignored_files: int = 0
    unreadable: int = 0
    faults: list[Fault] = field(default_factory=list)
    errors: Path | None = None

    def of(self, kind: str) -> Counts:
        return self.by_type.setdefault(kind, Counts())

    @property
    def total(self) -> Counts:
        return Counts(*(sum(getattr(counts, name) for counts in self.by_type.values()) for name in COLUMNS))

    @property
    def complete(self) -> bool:
        """Whether all that was there has been read and kept."""
        return not self.unreadable and not self.total.refused

    @property
    def nothing_read(self) -> bool:
        return not self.total.read and not self.others


class Tally:
    """Keeps the summary and writes the error file: JSON lines with file, place, type, id and reason, no patient data.

    The file comes into being with the first line.
    """

    FAULTS_SHOWN = 5

    def __init__(self, errors: Path) -> None:
        self.summary = Summary()
        self._path = errors
        self._file: IO[str] | None = None

    def count(self, kind: str, what: str, number: int = 1) -> None:
        counts = self.summary.of(kind)
        setattr(counts, what, getattr(counts, what) + number)

    def refuse(self, kind: str, file: str, place: str, written_id: str | None, reason: str) -> None:
        self.count(kind, "refused")
        self._write(file=file, place=place, type=kind, id=written_id, reason=reason)

    def fault(self, fault: Fault) -> None:
        self.summary.unreadable += 1
        if len(self.summary.faults) < self.FAULTS_SHOWN:
            self.summary.faults.append(fault)
        self._write(file=fault.file, place=fault.place, type=None, id=None, reason=fault.reason)

    def _write(self, **line: str | None) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
            self._path.chmod(0o600)
            self.summary.errors = self._path
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
