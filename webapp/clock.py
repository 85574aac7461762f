"""The one clock. Nothing else reads the time, so a test or a demo can set it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: datetime | None = None


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _frozen or datetime.now(UTC)


def today(zone: str) -> date:
    """The day it is in an IANA time zone."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """For tests and demos: the clock stands at `moment`, which must be aware."""
    global _frozen
    if moment.tzinfo is None:
        raise ValueError("the clock keeps aware moments only")
    before, _frozen = _frozen, moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


class Deadline:
    """So many seconds from now, measured by a clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, 0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    @property
    def has_passed(self) -> bool:
        return self.left == 0


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment on a clinic's wall: what is stored beside it so that figures are plain SQL on every database.

    `weekday` is ISO: 1 Monday to 7 Sunday. `month` is the first day of the month.
    """

    day: date
    month: date
    weekday: int
    hour: int


def local(moment: datetime, zone: str) -> LocalTime:
    """An aware moment on the wall of a clinic in `zone`."""
    there = moment.astimezone(ZoneInfo(zone))
    return LocalTime(there.date(), there.date().replace(day=1), there.isoweekday(), there.hour)
