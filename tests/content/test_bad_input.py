"""Whatever a clinic's records hold, every template answers, every figure of it is sound, and every format shows it."""

import io
import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.content import hostile
from tests.content.hostile import CHANGES, KINDS_OF_ROWS, NEVER_TOLD, SAID, Dice, Rows
from webapp import content
from webapp.content import CATALOGUE, Question, periods
from webapp.content.periods import Period
from webapp.extensions import snapshot
from webapp.figures import (
    SUPPRESSED,
    Choice,
    Content,
    Document,
    Presentation,
    Provenance,
    Section,
    Table,
    as_plain,
    freeze,
    thaw,
)
from webapp.files import FORMATS, reconcile
from webapp.report_requests import reading

some = st.sampled_from

LENGTHS = (1, 2, 6, 7, 13, 14, 28, 29, 31, 92, 365, 366, 1000, 3652)
SIZES = (0, 1, 3, 12, 30, 30)


@dataclass(frozen=True)
class Asked:
    """`pick` chooses one filter by its place and one of its choices by theirs, each counted round: of a few rows one
    filter leaves out enough."""

    period: Period
    compare: Any = "before"
    suppress_below: int = 0
    reads_comments: bool = False
    pick: tuple[int, int] | None = None


@st.composite
def stretches(draw: st.DrawFn) -> Period:
    """One day to ten years, whole months or not, around the days that are odd."""
    start = draw(some([date(2024, 2, 29), date(2024, 2, 1), date(2024, 1, 1), date(2011, 12, 30), date(2024, 10, 27)]))
    start += timedelta(days=draw(some([0, 0, -1, 1, -30, 17])))
    if draw(st.booleans()):
        first = start.replace(day=1)
        return first, periods.month_of(periods.shifted(first, draw(some([0, 0, 2, 11, 35, 119]))))[1]
    return start, start + timedelta(days=draw(some(LENGTHS)) - 1)


def questions() -> st.SearchStrategy[Asked]:
    pick = st.none() | st.tuples(st.integers(0, 5), st.integers(0, 6))
    return st.builds(Asked, stretches(), some(["before", "year"]), some([0, 0, 0, 5, 10]), st.booleans(), pick)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rows, Asked]:
    """Hypothesis chooses how much there is of what and how much of it is unknown; what the rows hold is left to dice,
    for to have it choose each cell takes longer than all the reports together."""
    asked = draw(questions())
    zone, holes = draw(some(list(CHANGES))), draw(some([0.1, 0.0, 0.4, 1.0]))
    dice = Dice(random.Random(draw(st.integers(0, 2**32))), zone, asked.period, holes)
    return hostile.rows(dice, [draw(some(SIZES)) for _ in KINDS_OF_ROWS]), asked


OCTOBER = Asked((date(2026, 10, 1), date(2026, 10, 31)))
_AT = datetime(2026, 10, 5, 2, tzinfo=UTC)
_PATIENT = {"sex": "unknown"}
_VISIT = {"patient": 0, "kind": "medical", "status": "finished", "started_at": _AT}
_BLANK = {
    "diagnoses": ({"patient": 0, "name": ""},),
    "treatments": ({"patient": 0, "name": "", "kind": "medical"},),
    "measurements": ({"patient": 0, "name": ""},),
    "feedback": ({"submitted_at": _AT},),
    "campaigns": ({"name": "", "topic": "", "started_on": date(2026, 10, 1)},),
    "contacts": ({"campaign": 0, "patient": 0, "contacted_at": _AT},),
}
NAMED = {
    "empty": Rows(),
    "one patient": Rows(patients=(_PATIENT,)),
    "one visit": Rows(patients=(_PATIENT,), visits=(_VISIT,)),
    "nothing known": Rows(patients=(_PATIENT,), visits=({**_VISIT, "has_hour": False},), **_BLANK),
    "nobody came": Rows(patients=(_PATIENT,), visits=({**_VISIT, "status": "cancelled"},), **_BLANK),
}

# PDF takes ten times as long as the others together, so it is drawn more seldom.
formats = some(["csv", "json", "excel", "csv", "json", "excel", "csv", "pdf"])


def named(function: Any) -> Any:
    """The clinics that are odd in one way each, beside those that hypothesis draws."""
    for number, rows in enumerate(NAMED.values()):
        function = example((rows, OCTOBER), list(FORMATS)[number % len(FORMATS)])(function)
    return function


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("template", list(CATALOGUE))
@named
@given(cases(), formats)
@settings(max_examples=15)
def test_no_records_break_a_report(database: str, template: str, case: tuple[Rows, Asked], name: str) -> None:
    document = as_frozen(sound_document(template, *case))
    drawn = io.BytesIO()
    FORMATS[name].render(document, drawn)
    reconcile.check(document, name, drawn, whole=True)
    assert_page_can_be_drawn(document)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("template", list(CATALOGUE))
@given(cases())
@settings(max_examples=5)
def test_no_records_break_the_figures_on_postgresql(database: str, template: str, case: tuple[Rows, Asked]) -> None:
    sound_document(template, *case)


# -- What is asked -----------------------------------------------------------------------------------------------------


def sound_document(template: str, rows: Rows, asked: Asked) -> Document:
    """What the template says of a new clinic with these rows, once every figure has been looked at."""
    clinic = hostile.add(rows)
    with snapshot() as connection:
        question = Question(
            template,
            clinic.id,
            clinic.timezone,
            *asked.period,
            filters=filter_for(connection, template, clinic.id, asked.pick),
            compare=asked.compare,
            suppress_below=asked.suppress_below,
            reads_comments=asked.reads_comments and CATALOGUE[template].has_comments,
        )
        figures = content.build(connection, question)
        matching = content.matching(connection, question)
        choices = content.choices(connection, question)
    assert (figures.template, figures.title) == (template, content.title(question))
    if not asked.suppress_below:
        assert matching == (figures.rows.used, figures.rows.noun)
    told = str(as_plain(figures))
    assert NEVER_TOLD not in told
    assert (SAID not in told) or question.reads_comments
    assert_is_sound(figures)
    return document(figures, choices, asked)


def filter_for(connection: Connection, template: str, clinic_id: int, pick: tuple[int, int] | None) -> dict[str, str]:
    narrowing = CATALOGUE[template].filters
    if pick is None or not narrowing:
        return {}
    chosen = narrowing[pick[0] % len(narrowing)]
    offered = ["", *(value for value, _ in chosen.choices(connection, clinic_id))]
    return {chosen.name: offered[pick[1] % len(offered)]}


def document(figures: Content, choices: tuple[Choice, ...], asked: Asked) -> Document:
    start, end = (day.isoformat() for day in asked.period)
    at, title = "2026-11-22T06:03:00+00:00", CATALOGUE[figures.template].title
    asker = Provenance("XX-0000-0000", "=1+1", at, at, start, end, choices, figures.template, title, 1)
    return Document(figures, asker, Presentation("<b>ضغط</b>", "Asia/Manila"), freeze(figures).sha256)


# -- What must be true of every answer ---------------------------------------------------------------------------------


def assert_is_sound(figures: Content) -> None:
    frozen = freeze(figures)
    thawed = thaw(Content, frozen)
    assert freeze(thawed) == frozen
    assert as_plain(thawed) == as_plain(figures)
    rows = thawed.rows
    counts = [rows.read, rows.used, *(item.count for item in rows.excluded)]
    if SUPPRESSED not in counts:
        assert rows.read == rows.used + sum(item.count for item in rows.excluded)
        assert min(counts) >= 0
    assert thawed.summary
    assert all(sentence.strip() for sentence in thawed.summary)
    assert all(item.term and item.meaning for item in thawed.definitions)
    assert len({item.key for item in thawed.metrics}) == len(thawed.metrics)
    for item in thawed.metrics:
        for value in (item.value, *item.trend):
            assert_cell(value, item.kind, item.decimals, item.label)
    assert len({section.key for section in thawed.sections}) == len(thawed.sections)
    for section in thawed.sections:
        assert_section(section)


def assert_section(section: Section) -> None:
    assert section.charts or section.tables or section.text
    for table in section.tables:
        assert_table(table)
    for chart in section.charts:
        table = section.table(chart.table)
        places = {column.key: number for number, column in enumerate(table.columns)}
        assert {chart.category, *chart.series} <= places.keys()
        drawn = [row[places[key]] for row in table.rows for key in chart.series]
        assert any(isinstance(cell, int | float) for cell in drawn) or SUPPRESSED in drawn, chart.key
        assert chart.title.strip()
        assert chart.subtitle.strip()


def assert_table(table: Table) -> None:
    assert table.rows, table.key
    assert len({column.key for column in table.columns}) == len(table.columns), table.key
    assert len({column.label for column in table.columns}) == len(table.columns), table.key
    assert {len(row) for row in (*table.rows, table.total or table.rows[0])} == {len(table.columns)}, table.key
    first = [row[0] for row in table.rows] + ([table.total[0]] if table.total else [])
    assert len(set(first)) == len(first), (table.key, first)
    for number, column in enumerate(table.columns):
        cells = [row[number] for row in table.rows]
        total = table.total[number] if table.total else None
        for cell in (*cells, total):
            # Of all counts only a step from one to another may be under zero.
            kind = "number" if column.key == "change" else column.kind
            assert_cell(cell, kind, column.decimals, (table.key, column.key))
        if column.kind == "count" and isinstance(total, int) and SUPPRESSED not in cells:
            counts = [cell for cell in cells if isinstance(cell, int)]
            # People who are in several rows are one in the total, and the reader is told.
            is_told = "once in the total" in table.note and max(counts) <= total <= sum(counts)
            assert is_told or total == sum(counts), (table.key, column.key)


def assert_cell(cell: Any, kind: str, decimals: int, where: Any) -> None:
    """A figure that is what its kind says, and is rounded to what is shown."""
    if cell is None or cell == SUPPRESSED:
        return
    if kind == "count":
        assert isinstance(cell, int), where
        assert cell >= 0, where
    elif kind in ("number", "percent"):
        assert math.isfinite(cell), where
        assert round(cell, decimals) == cell, where
    else:
        assert isinstance(cell, str), where


def as_frozen(document: Document) -> Document:
    return replace(document, content=thaw(Content, freeze(document.content)))


def assert_page_can_be_drawn(frozen: Document) -> None:
    """The page is given plain text, and pictures that a browser can read."""
    for section in reading.read(frozen).sections:
        for chart in section.charts:
            ElementTree.fromstring(f"<figure>{chart.picture}</figure>")
