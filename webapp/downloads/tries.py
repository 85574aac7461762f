"""What was tried for one download: each tier with its outcome and time, written down when all is over."""

import time
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from webapp.extensions import db
from webapp.models import DownloadTry


@dataclass(slots=True)
class Tries:
    report_id: str
    format_name: str
    _tried: list[DownloadTry] = field(default_factory=list)

    def add(self, tier: str, outcome: str, began: float) -> None:
        """`began` is what time.perf_counter() said then."""
        if any((one.tier, one.outcome) == (tier, outcome) for one in self._tried):
            # A download that waits for somebody else's drawing looks again.
            return
        milliseconds = round((time.perf_counter() - began) * 1000)
        told = {"tier": tier, "outcome": outcome, "milliseconds": milliseconds}
        self._tried.append(DownloadTry(report_id=self.report_id, format=self.format_name, **told))

    def write_down(self) -> None:
        """Store and commit them; those of a report that was deleted meanwhile are nothing to anybody."""
        try:
            db.session.add_all(self._tried)
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
