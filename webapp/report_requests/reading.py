"""A frozen document as plain text and pictures for the page: no query runs while it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from webapp import words
from webapp.content import TEMPLATES
from webapp.figures import Chart, Column, Definition, Document, Metric, Section, Table
from webapp.files import charts, facts, sparks

LONG = 24
"""Characters beyond which a cell of a table is broken into lines."""

MOST_BESIDE = 5
"""A table of more columns has a row of the page to itself."""


@dataclass(frozen=True, slots=True)
class ReadMetric:
    """`trend` is a sparkline, empty where there is none."""

    label: str
    value: str
    unit: str
    change: str
    note: str
    trend: Markup


@dataclass(frozen=True, slots=True)
class ReadCell:
    text: str
    is_number: bool = False

    @property
    def kind(self) -> str:
        """The class of the cell: a number stands to the right, a long text may be broken."""
        if self.is_number:
            return "number"
        return "long" if len(self.text) > LONG else ""


@dataclass(frozen=True, slots=True)
class ReadTable:
    title: str
    head: tuple[ReadCell, ...]
    rows: tuple[tuple[ReadCell, ...], ...]
    total: tuple[ReadCell, ...]
    note: str

    @property
    def has_row(self) -> bool:
        """Whether it is too wide for anything to stand beside it."""
        return len(self.head) > MOST_BESIDE


@dataclass(frozen=True, slots=True)
class ReadChart:
    """`figures` holds the chart's table where the picture shows every figure of it: then the page folds it away.
    `has_row` when nothing stands beside it."""

    title: str
    subtitle: str
    picture: Markup
    figures: tuple[ReadTable, ...]
    has_row: bool


@dataclass(frozen=True, slots=True)
class ReadSection:
    title: str
    text: str
    charts: tuple[ReadChart, ...]
    tables: tuple[ReadTable, ...]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """`narrowed` are the filters that leave something out; the others go without saying. `across` headline figures
    stand in a row of a desk's screen. `logo` is a PNG in Base64, or empty."""

    logo: str
    period: str
    data_as_of: str
    narrowed: tuple[str, ...]
    summary: str
    metrics: tuple[ReadMetric, ...]
    across: int
    sections: tuple[ReadSection, ...]
    definitions: tuple[Definition, ...]
    provenance: tuple[tuple[str, str], ...]


def read(document: Document) -> ReadDocument:
    """All that the page shows of a report, as text."""
    content = document.content
    everything = {(item.label, item.all_words) for item in TEMPLATES[content.template].filters}
    zone = document.presentation.timezone
    return ReadDocument(
        logo=document.presentation.logo,
        period=f"{facts.period(document)} ({words.city(zone)} time)",
        data_as_of=facts.moment(document.provenance.data_as_of, zone),
        narrowed=tuple(
            f"{choice.label}: {choice.value}"
            for choice in document.provenance.filters
            if (choice.label, choice.value) not in everything
        ),
        summary=facts.summary(document),
        metrics=tuple(read_metric(item) for item in content.metrics),
        across=facts.across(len(content.metrics)),
        sections=tuple(_section(item) for item in content.sections),
        definitions=content.definitions,
        provenance=tuple(facts.provenance(document)),
    )


def read_metric(metric: Metric) -> ReadMetric:
    """A headline figure as text, with its sparkline."""
    return ReadMetric(
        metric.label, facts.value(metric), metric.unit, facts.change(metric), metric.note, sparks.svg(metric)
    )


def _section(section: Section) -> ReadSection:
    drawn = charts.drawn(section)
    shown_whole = {chart.table for chart in drawn if chart.shape == "heat"}
    tables = [_table(item) for item in section.tables if item.key not in shown_whole]
    is_alone = len(drawn) == 1 and bool(tables) and all(item.has_row for item in tables)
    return ReadSection(
        title=section.title,
        text=section.text,
        charts=tuple(
            _chart(chart, section.table(chart.table), chart.table in shown_whole, is_alone) for chart in drawn
        ),
        # What may stand beside a chart comes next to it.
        tables=tuple(sorted(tables, key=lambda item: item.has_row)),
    )


def _chart(chart: Chart, table: Table, shows_every_figure: bool, has_row: bool) -> ReadChart:
    figures = (_table(table),) if shows_every_figure else ()
    picture = charts.svg(chart, table, has_row)
    return ReadChart(facts.unbroken(chart.title), facts.unbroken(chart.subtitle), picture, figures, has_row)


def _table(table: Table) -> ReadTable:
    return ReadTable(
        title=table.title,
        head=tuple(ReadCell(_headed(column), _is_number(column)) for column in table.columns),
        rows=tuple(_row(table.columns, row) for row in table.rows),
        total=_row(table.columns, table.total, words.total) if table.total else (),
        note=table.note,
    )


def _row(columns: tuple[Column, ...], row: tuple, said: Callable[..., str] = words.cell) -> tuple[ReadCell, ...]:
    return tuple(
        ReadCell(said(cell, column.kind, column.decimals), _is_number(column))
        for cell, column in zip(row, columns, strict=True)
    )


def _headed(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit else column.label


def _is_number(column: Column) -> bool:
    return column.kind in ("count", "number", "percent")
