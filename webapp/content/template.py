"""What one report template is: a row of the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection

from webapp.content.filters import Filter
from webapp.content.question import Question
from webapp.figures import Choice, Definition, Metric, Rows, Section

Step = Callable[[int, int], None]
"""Called with (done, total) as parts get done. It may raise, to stop the making."""

Audience = Literal["aggregate", "patients"]
"""Whose eyes a template is for. aggregate: everybody of the clinic, for it shows no single patient. patients: those who
treat them; nothing is withheld from them."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a template says, of which content.build() makes Content. A section with nothing to show is None."""

    summary: tuple[str, ...]
    metrics: tuple[Metric, ...]
    sections: tuple[Section | None, ...]
    rows: Rows
    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """`number_prefix` begins the numbers of its reports. `version` goes up with every change of what the same rows
    would say, so that two reports of one version can be compared. `build` has so many `steps`, and tells of each but
    the last, which is done when it returns; of 0 it has as many as there are of what `steps_noun` says, and tells of
    all. `count` tells how many rows a question would use, and their plural noun.
    Figures are `fresh_for` so long: until then a report may say what another of the same question says. `has_comments`
    tells that what patients wrote stands in it, for those who may read that. `ties` say which of its counts are the
    same or add up to which, as content/suppression/ties.py reads them. `origin` tells where its figures come from, in
    the place of filters, where it has none."""

    name: str
    title: str
    number_prefix: str
    sentence: str
    pages: str
    audience: Audience
    version: int
    filters: tuple[Filter, ...]
    steps: int
    build: Callable[[Connection, Question, Step], Body]
    count: Callable[[Connection, Question], tuple[int, str]]
    fresh_for: timedelta
    has_comments: bool = False
    ties: tuple[str, ...] = ()
    origin: Callable[[Connection, Question], tuple[Choice, ...]] | None = None
    steps_noun: str = ""
