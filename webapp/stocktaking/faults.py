"""Faults of single files end nothing; a store that is broken altogether does."""

from webapp.errors import ReportFault, StorageBroken
from webapp.storage.told import TOLD

IN_A_ROW = 5
"""After so many files in a row whose store did not do its work, the store is taken to be broken altogether."""


class GivenUp(Exception):
    """A store is broken altogether; the text says how."""


class Patience:
    """Told of each file how it went."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def well(self) -> None:
        self._in_a_row = 0

    def lost_by(self, fault: ReportFault) -> None:
        """Raises GivenUp. Bytes that were changed on the way say nothing of a store as a whole."""
        if not isinstance(fault, StorageBroken) or fault.why == "altered":
            self._in_a_row = 0
            return
        self._in_a_row += 1
        if self._in_a_row == IN_A_ROW:
            raise GivenUp(told(fault)) from fault


def told(fault: ReportFault) -> str:
    """A sentence for an administrator."""
    return f"{TOLD[fault.why].happened} It says: {fault}." if isinstance(fault, StorageBroken) else fault.plain
