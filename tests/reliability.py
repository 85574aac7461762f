"""docs/reliability.md: what people get under each fault, as the tests saw it. `make reliability` writes it anew."""

import os
from dataclasses import dataclass, field

from webapp.settings import PROJECT

PAGE = PROJECT / "docs" / "reliability.md"
WRITE = "WRITE_RELIABILITY"
COLUMNS = (
    "fault",
    "the person gets",
    "by what means",
    "open alerts",
    "tried",
    "right",
    "told",
    "wrong",
    "lost",
    "twice",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One fault and what came of it. Counts are of downloads or of reports, but for `lost` (reports that are not ready,
    or whose object is not right after the fault is over) and `twice` (objects that no file names)."""

    fault: str
    gets: str
    means: str
    alerts: str
    tried: int
    right: int
    told: int
    wrong: int
    lost: int
    twice: int

    def __str__(self) -> str:
        counts = map(str, (self.tried, self.right, self.told, self.wrong, self.lost, self.twice))
        return f"| {' | '.join((self.fault, self.gets, self.means, self.alerts, *counts))} |"


@dataclass(slots=True)
class Table:
    """One table of the page, named by the comment above it; its rows are compared, or collected to be written."""

    name: str
    faults: list[str]
    _rows: dict[str, Row] = field(default_factory=dict)

    def check(self, row: Row) -> None:
        if os.environ.get(WRITE):
            self._rows[row.fault] = row
        else:
            told = next((line for line in self._written() if line.startswith(f"| {row.fault} |")), "")
            assert str(row) == told, "docs/reliability.md says otherwise; if this is right, run make reliability"

    def check_faults(self) -> None:
        """After all rows: the page has these and no others. Where it is to be written anew, that is done here."""
        if os.environ.get(WRITE):
            self._write()
        else:
            assert [line.split(" | ")[0].removeprefix("| ") for line in self._written()] == self.faults

    def _written(self) -> list[str]:
        """The lines of the page's table below its head."""
        _, _, rest = PAGE.read_text().partition(self._begin)
        return [line for line in rest.partition(self._end)[0].splitlines() if line.startswith("| ")][2:]

    def _write(self) -> None:
        """Put what was collected in the place of what stood there."""
        before, begin, rest = PAGE.read_text().partition(self._begin)
        _, end, after = rest.partition(self._end)
        head = [f"| {' | '.join(COLUMNS)} |", f"| {' | '.join(['---'] * len(COLUMNS))} |"]
        lines = "\n".join([*head, *(str(self._rows[fault]) for fault in self.faults)])
        PAGE.write_text(f"{before}{begin}\n{lines}\n{end}{after}")

    @property
    def _begin(self) -> str:
        return f"<!-- {self.name} -->"

    @property
    def _end(self) -> str:
        return f"<!-- end of {self.name} -->"
