"""A frozen document as plain text and pictures for the page: no query runs while it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from markupsafe import Markup

from webapp import words
from webapp.content import TEMPLATES
from webapp.figures import Cell, Chart, Column, Definition, Document, Metric, Section, Subject, Table
from webapp.files import charts, facts, patients, sparks

LONG = 24
"""Characters beyond which a cell of a table is broken into lines."""

MOST_BESIDE = 5
"""A table of more columns has a row of the page to itself."""


PATIENTS_A_PAGE = 100

TAGS = {"": "", "low": "", "low-medium": "warn", "medium": "warn", "high": "bad"}
"""The kind of the tag of a figures.Level. None is a tick: a low score is no all-clear."""

_POINTS = "_points"
"""The end of the key of a column that tells the points of another."""

_OWN_PLACE = ("patient", "born", "mrn", "score", "advice")
"""Columns of the overview that a patient's line tells by the patient's own name, identifiers and verdict."""


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
    """`points` is what a value counts, empty where that is nothing or not known, None where there is no counting."""

    text: str
    is_number: bool = False
    points: str | None = None

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
class ReadPatient:
    """A patient of the overview: `number` is the place in it, from 1, by which the patient's page is called. `tag` is
    one of TAGS, `advice` what the score calls for, or its level where it calls for nothing. `cells` are the others of
    the row, each with the head of its column."""

    number: int
    name: str
    identifiers: str
    about: str
    verdict: str
    tag: str
    advice: str
    since: str
    cells: tuple[tuple[str, ReadCell], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadPatients:
    """The overview: its title, the heads of its columns, and one page of its rows of all so many."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[ReadPatient, ...]
    page: int
    pages: int
    count: int


@dataclass(frozen=True, slots=True)
class ReadPatientPage:
    """All that the page of one patient of so many shows."""

    patient: ReadPatient
    count: int
    metrics: tuple[ReadMetric, ...]
    section: ReadSection


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """`narrowed` are the filters that leave something out; the others go without saying. `across` headline figures
    stand in a row of a desk's screen. `logo` is a PNG in Base64, or empty. `patients` is the overview of single
    patients where it tells of them; each has a page."""

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
    patients: ReadPatients | None = None


def read(document: Document, page: int = 1) -> ReadDocument:
    """All that the page shows of a report, as text; where it tells of single patients, so many of them a page."""
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
        sections=tuple(_section(item) for item in _about_all(document)),
        definitions=content.definitions,
        provenance=tuple(facts.provenance(document)),
        patients=_patients(document, page),
    )


def read_patient(document: Document, number: int) -> ReadPatientPage:
    """All that the page of one patient shows. Raises LookupError where there is none of that number."""
    found = patients.each(document)
    if not 1 <= number <= len(found):
        raise LookupError("no such patient")
    section, subject = found[number - 1]
    metrics = tuple(read_metric(item) for item in section.metrics)
    return ReadPatientPage(_patient(number, subject), len(found), metrics, _section(section, _with_points))


def _about_all(document: Document) -> list[Section]:
    """The sections that are about no single patient, without the overview; one with nothing else is left out."""
    overview = patients.overview(document)
    sections = [section for section in document.content.sections if section.subject is None]
    if overview is None:
        return sections
    kept = [replace(section, tables=tuple(item for item in section.tables if item is not overview))
            for section in sections]  # fmt: skip
    return [section for section in kept if section.tables or section.text]


def _patients(document: Document, page: int) -> ReadPatients | None:
    found = patients.each(document)
    if not found:
        return None
    table = patients.overview(document)
    shown = [(at, column) for at, column in enumerate(table.columns if table else ()) if column.key not in _OWN_PLACE]
    pages = -(-len(found) // PATIENTS_A_PAGE)
    page = min(max(page, 1), pages)
    first = (page - 1) * PATIENTS_A_PAGE
    rows = []
    for number, (_, subject) in enumerate(found[first : first + PATIENTS_A_PAGE], first + 1):
        row = table.rows[number - 1] if table else ()
        cells = tuple((_headed(column), _cell(row[at], column)) for at, column in shown)
        rows.append(replace(_patient(number, subject), cells=cells))
    return ReadPatients(
        title=table.title if table else "Patients",
        note=table.note if table else "",
        head=tuple(_headed(column) for _, column in shown),
        rows=tuple(rows),
        page=page,
        pages=pages,
        count=len(found),
    )


def _patient(number: int, subject: Subject) -> ReadPatient:
    return ReadPatient(
        number=number,
        name=subject.name,
        identifiers=patients.identifiers(subject),
        about=patients.about(subject),
        verdict=subject.verdict,
        tag=TAGS[subject.level],
        advice=subject.advice or (f"{subject.level} risk" if subject.level else ""),
        since=subject.since,
    )


def read_metric(metric: Metric) -> ReadMetric:
    """A headline figure as text, with its sparkline."""
    return ReadMetric(
        metric.label, facts.value(metric), metric.unit, facts.change(metric), metric.note, sparks.svg(metric)
    )


def _section(section: Section, table_of: Callable[[Table], ReadTable] | None = None) -> ReadSection:
    drawn = charts.drawn(section)
    shown_whole = {chart.table for chart in drawn if chart.shape == "heat"}
    tables = [(table_of or _table)(item) for item in section.tables if item.key not in shown_whole]
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


def _with_points(table: Table) -> ReadTable:
    """The table with the points beside what they are counted for, in the place of columns of their own."""
    keys = {column.key: at for at, column in enumerate(table.columns)}
    points = {keys[key.removesuffix(_POINTS)]: at for key, at in keys.items()
              if key.endswith(_POINTS) and key.removesuffix(_POINTS) in keys}  # fmt: skip
    if not points:
        return _table(table)
    shown = [at for at in range(len(table.columns)) if at not in points.values()]
    read = _table(table)
    rows = tuple(
        tuple(replace(told[at], points=_counted(row, points.get(at))) for at in shown)
        for told, row in zip(read.rows, table.rows, strict=True)
    )
    note = " · ".join(
        filter(None, (table.note, "The small number beside a value is its points; without one it has none."))
    )
    return replace(read, head=tuple(read.head[at] for at in shown), rows=rows, note=note)


def _counted(row: tuple[Cell, ...], at: int | None) -> str | None:
    return None if at is None else str(row[at] or "")


def _row(columns: tuple[Column, ...], row: tuple, said: Callable[..., str] = words.cell) -> tuple[ReadCell, ...]:
    return tuple(_cell(cell, column, said) for cell, column in zip(row, columns, strict=True))


def _cell(cell: Cell, column: Column, said: Callable[..., str] = words.cell) -> ReadCell:
    return ReadCell(said(cell, column.kind, column.decimals), _is_number(column))


def _headed(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit else column.label


def _is_number(column: Column) -> bool:
    return column.kind in ("count", "number", "percent")
