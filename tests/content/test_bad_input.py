"""Whatever a clinic's records hold, every template answers, every figure of it is sound, and every format shows it."""

import io
import math
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.content import hostile
from tests.content.hostile import NAMED, OCTOBER, SECRET, Asked, Rows
from webapp import content
from webapp.content import CATALOGUE, Question
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
from webapp.files import FORMATS
from webapp.report_requests import reading

# PDF takes ten times as long as the others together, so it is drawn more seldom.
formats = st.sampled_from(["csv", "json", "excel", "csv", "json", "excel", "csv", "pdf"])


def named(function: Any) -> Any:
    """The clinics that are odd in one way each, beside those that hypothesis draws."""
    for number, rows in enumerate(NAMED.values()):
        function = example((rows, OCTOBER), list(FORMATS)[number % len(FORMATS)])(function)
    return function


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("template", list(CATALOGUE))
@named
@given(hostile.cases(), formats)
@settings(max_examples=15)
def test_no_records_break_a_report(database: str, template: str, case: tuple[Rows, Asked], name: str) -> None:
    document = sound_document(template, *case)
    FORMATS[name].render(document, io.BytesIO())
    assert_page_can_be_drawn(document)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("template", list(CATALOGUE))
@given(hostile.cases())
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
            filters=filters_for(connection, template, clinic.id, asked.picks),
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
    assert (SECRET in str(as_plain(figures))) <= question.reads_comments
    assert_is_sound(figures)
    return document(figures, choices, asked)


def filters_for(connection: Connection, template: str, clinic_id: int, picks: tuple[int, ...]) -> dict[str, str]:
    chosen = {}
    for number, narrowing in enumerate(CATALOGUE[template].filters):
        offered = ["", *(value for value, _ in narrowing.choices(connection, clinic_id))]
        chosen[narrowing.name] = offered[picks[number % len(picks)] % len(offered)]
    return chosen


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
            assert total == sum(cell for cell in cells if isinstance(cell, int)), (table.key, column.key)


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


def assert_page_can_be_drawn(shown: Document) -> None:
    """The page is given plain text, and pictures that a browser can read."""
    frozen = Document(thaw(Content, freeze(shown.content)), shown.provenance, shown.presentation, shown.figures_sha256)
    for section in reading.read(frozen).sections:
        for chart in section.charts:
            ElementTree.fromstring(f"<figure>{chart.picture}</figure>")
