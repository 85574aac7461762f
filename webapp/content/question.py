"""What a report is asked: the part of a request that its figures depend on, as one value."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from webapp.content import periods
from webapp.content.periods import Period

Comparison = Literal["before", "year"]
COMPARISONS: dict[str, str] = {"before": "The period before", "year": "The same days a year earlier"}
"""What the period is set against: the one before of the same kind, or the same days of the year before."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which template, about which clinic, days and filters.

    `start` and `end` are days in the clinic's `timezone`, both included. `period` is the name in periods.PRESETS that
    gave them, or periods.OWN_DATES. `filters` may be given as a mapping; it is kept as sorted pairs of name and value,
    without those that are empty, so that the same question is always the same value.

    The rights of whoever asks are part of it, so that an answer is never shared with somebody who may see less: counts
    of people under `suppress_below` are withheld (0: none is), and `reads_comments` says whether what patients wrote
    may be shown.

    `upload` is the id of the sheet that a report of single patients is made from; empty for others. Such a report is
    compared with nothing.
    """

    template: str
    clinic_id: int
    timezone: str
    start: date
    end: date
    period: str = periods.OWN_DATES
    filters: Mapping[str, str] | Iterable[tuple[str, str]] = ()
    compare: Comparison = "before"
    suppress_below: int = 0
    reads_comments: bool = False
    upload: str = ""

    def __post_init__(self) -> None:
        kept = sorted((name, value) for name, value in dict(self.filters).items() if value)
        object.__setattr__(self, "filters", tuple(kept))

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that narrow it, by name."""
        return dict(self.filters)

    @property
    def days(self) -> Period:
        return self.start, self.end

    @property
    def earlier(self) -> Period:
        """The period to compare with."""
        return periods.year_before(*self.days) if self.compare == "year" else periods.before(*self.days)

    def to_json(self) -> str:
        """Canonical: equal questions give equal text."""
        plain = {
            "template": self.template,
            "clinic_id": self.clinic_id,
            "timezone": self.timezone,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "period": self.period,
            "filters": self.chosen,
            "compare": self.compare,
            "suppress_below": self.suppress_below,
            "reads_comments": self.reads_comments,
            **({"upload": self.upload} if self.upload else {}),
        }
        return json.dumps(plain, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Question":
        """Raises ValueError for anything that to_json() did not write."""
        try:
            plain = json.loads(text)
            start, end = date.fromisoformat(plain.pop("start")), date.fromisoformat(plain.pop("end"))
            return cls(start=start, end=end, **plain)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a question: {error}") from error

    @property
    def sha256(self) -> str:
        """Of the canonical JSON: two people who ask the same share it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()
