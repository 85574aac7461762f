"""What a report is asked: the part of a request that its figures depend on, as one value."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from webapp.content import periods


@dataclass(frozen=True, slots=True)
class Question:
    """Which template, about which clinic, days and filters.

    `start` and `end` are days in the clinic's `timezone`, both included. `period` is the name in periods.PRESETS that
    gave them, or periods.OWN_DATES. `filters` may be given as a mapping; it is kept as sorted pairs of name and value,
    without those that are empty, so that the same question is always the same value.
    """

    template: str
    clinic_id: int
    timezone: str
    start: date
    end: date
    period: str = periods.OWN_DATES
    filters: Mapping[str, str] | Iterable[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        kept = sorted((name, value) for name, value in dict(self.filters).items() if value)
        object.__setattr__(self, "filters", tuple(kept))

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that narrow it, by name."""
        return dict(self.filters)

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
