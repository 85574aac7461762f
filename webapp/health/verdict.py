"""All that is seen, in one sentence: the first line of the operations page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from webapp.health.looks import Part
from webapp.models import Alert
from webapp.words import listed, plural

BAD = ("Down", "Not set up")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A heading and what stands below it; `kind` is ok, warn or bad."""

    kind: Literal["ok", "warn", "bad"]
    title: str
    told: str


def verdict(parts: Sequence[Part], alerts: Sequence[Alert]) -> Verdict:
    """Of the worst parts; of the open alerts, where every part works. One that is for information needs nobody."""
    down = [part for part in parts if part.state in BAD]
    waiting = [part for part in parts if part.state == "Waiting"]
    urgent = [alert for alert in alerts if alert.severity == "critical"]
    urgent += [alert for alert in alerts if alert.severity == "warning"]
    if down or waiting:
        return _of_parts(down or waiting, "bad" if down else "warn", urgent)
    if urgent:
        one = len(urgent) == 1
        title = "One thing needs you" if one else f"{len(urgent)} things need you"
        others = "" if one else " See to the other alerts below too."
        return Verdict(
            "bad" if urgent[0].severity == "critical" else "warn",
            title,
            f"{urgent[0].message} {urgent[0].what_to_do}{others}",
        )
    return Verdict("ok", "Everything is working", "Every part answers, and nothing needs you.")


def _of_parts(worst: Sequence[Part], kind: Literal["warn", "bad"], urgent: Sequence[Alert]) -> Verdict:
    first, *others = worst
    if others:
        title = f"{len(worst)} things need you: {listed([_named(part) for part in worst])}"
        told = f"{first.verdict}. {first.to_do} Then see to the others below."
    else:
        title, told = first.verdict, first.to_do
    if urgent:
        told = f"{told} {plural(len(urgent), 'alert')} {'is' if len(urgent) == 1 else 'are'} open below."
    return Verdict(kind, title, told)


def _named(part: Part) -> str:
    """Inside a sentence."""
    return part.name if part.name == "Redis" else f"the {part.name.lower()}"
