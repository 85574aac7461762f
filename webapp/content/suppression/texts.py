"""Sentences, titles and notes that would give a withheld figure away, each replaced by one that says less."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from webapp import words
from webapp.content.suppression import counts as places
from webapp.content.suppression import numerals
from webapp.content.suppression.rates import Withheld
from webapp.figures import SUPPRESSED, Cell, Chart, Content, Definition, Metric, Section, Table

_TELLING = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|all|each|every|everyone|everybody|both|half|most|only|alone"
    r"|once|twice|few|fewer|single|another|as many|level|almost|rest)\b",
    re.IGNORECASE,
)
"""Words that tell a number, or that two are the same. Those for none are not here: zero is published."""

NOT_DRAWN = f"Figures marked {SUPPRESSED} are withheld"


@dataclass(frozen=True, slots=True)
class Speech:
    """What texts may say: `hidden` are the withheld figures as they are written, `public` those that stand in the
    report."""

    hidden: frozenset[str]
    public: frozenset[str]
    threshold: int

    def betrays(self, text: str) -> bool:
        """Whether a withheld figure or a number under the threshold stands in `text`."""
        return any(number in self.hidden or self._is_small(number) for number in numerals.written(text))

    def is_plain(self, text: str) -> bool:
        """Whether each number of `text` stands in the report, and no word of it tells another."""
        return not self.betrays(text) and not _TELLING.search(text) and self.public.issuperset(numerals.written(text))

    def _is_small(self, number: str) -> bool:
        return number.isdigit() and 0 < int(number) < self.threshold


def apply(before: Content, after: Content, withheld: Withheld) -> Content:
    """`after`, of which the figures are protected, with texts that go with them. `before` is the same with all its
    figures."""
    lost = [*_lost(before, after), *((number, 0) for number in withheld.numbers)]
    speech = Speech(frozenset(_written(lost)), frozenset(_written(_figures(after))), withheld.threshold)
    is_whole = before == after
    said = replace(
        after,
        metrics=tuple(_metric(item, speech, is_whole) for item in after.metrics),
        sections=tuple(_section(item, speech) for item in after.sections),
        summary=_summary(before, after, speech, is_whole),
    )
    return said if said == before else _told(said, withheld.threshold, is_whole)


def _told(content: Content, threshold: int, is_whole: bool) -> Content:
    """With a definition that says what is missing and why, and a sentence unless the figures are whole and texts alone
    were replaced."""
    sentence = f"Figures marked {SUPPRESSED} are withheld, so that no count under {threshold} can be read from them."
    definition = Definition(
        "Withheld figures",
        f"{SUPPRESSED} stands where a figure counts from 1 to {threshold - 1} people, visits or other records, and "
        "where one would let such a count be worked out: another count, a total, a difference, a mean or a rate. "
        "Sentences and titles that would tell it are replaced. Zero is shown, for it counts nobody. Method: "
        "complementary cell suppression (Cox 1980; Hundepool et al., Statistical Disclosure Control, 2012, chapter 4). "
        "Symbol: United Kingdom Government Analysis Function, 2023.",
    )
    summary = content.summary if is_whole else (*content.summary, sentence)
    return replace(content, summary=summary, definitions=(definition, *content.definitions))


# -- Texts -------------------------------------------------------------------------------------------------------------


def _summary(before: Content, after: Content, speech: Speech, is_whole: bool) -> tuple[str, ...]:
    """The sentences that lean on published figures alone. Where a headline figure or a total is withheld, none can be
    trusted to: the headline figures that are left then speak for themselves."""
    if is_whole:
        return tuple(text for text in before.summary if not speech.betrays(text))
    if _headline(before) == _headline(after):
        return tuple(text for text in before.summary if speech.is_plain(text))
    told = [
        f"{metric.label}: {words.cell(metric.value, metric.kind, metric.decimals)}{_unit(metric)}"
        for metric in after.metrics
        if metric.value not in (None, SUPPRESSED)
    ]
    return (f"{'; '.join(told)}.",) if told else ()


def _unit(metric: Metric) -> str:
    return f" {metric.unit}" if metric.unit else ""


def _headline(content: Content) -> tuple[object, ...]:
    """Headline figures, rows, totals, and tables that compare: what sentences are made of."""
    tables = [table for _, table, _ in places.tables(content)]
    compared = [table.rows for table in tables if {column.key for column in table.columns} & set(places.DIFFERENCES)]
    figures = [(metric.value, metric.change) for metric in content.metrics]
    return (figures, content.rows, [table.total for table in tables], compared)


def _metric(metric: Metric, speech: Speech, is_whole: bool) -> Metric:
    is_safe = not speech.betrays(metric.note) if is_whole else speech.is_plain(metric.note)
    return metric if is_safe and metric.value != SUPPRESSED else replace(metric, note="")


def _section(section: Section, speech: Speech) -> Section:
    charts = (_chart(chart, section.table(chart.table), speech) for chart in section.charts)
    return replace(
        section,
        charts=tuple(chart for chart in charts if chart),
        tables=tuple(_table(table, speech) for table in section.tables),
        text="" if speech.betrays(section.text) else section.text,
    )


def _table(table: Table, speech: Speech) -> Table:
    def told(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        if SUPPRESSED not in row:
            return row
        # A figure may be written as a text, such as an interval. The first cell names the row.
        return (
            row[0],
            *(SUPPRESSED if isinstance(cell, str) and speech.betrays(cell) else cell for cell in row[1:]),
        )

    note = "" if speech.betrays(table.note) else table.note
    return replace(
        table, rows=tuple(map(told, table.rows)), total=told(table.total) if table.total else None, note=note
    )


def _chart(chart: Chart, table: Table, speech: Speech) -> Chart | None:
    """A chart of withheld figures says what it plots and no more; None where there is nothing left to see."""
    columns = [at for at, column in enumerate(table.columns) if column.key in chart.series]
    drawn = [row[at] for row in table.rows for at in columns]
    subtitle = table.title if speech.betrays(chart.subtitle) else chart.subtitle
    if SUPPRESSED in drawn or (table.total and SUPPRESSED in table.total):
        is_seen = any(isinstance(cell, int | float) and cell for cell in drawn)
        return replace(chart, title=subtitle, subtitle=NOT_DRAWN) if is_seen else None
    if speech.betrays(chart.title):
        return replace(chart, title=table.title, subtitle=subtitle)
    return replace(chart, subtitle=subtitle)


# -- Figures as they are written ---------------------------------------------------------------------------------------

Written = tuple[int | float, int]
"""A figure and its decimals."""


def _figures(content: Content) -> Iterator[Written]:
    for _, figure in _addressed(content):
        if isinstance(figure[0], int | float):
            yield figure  # type: ignore[misc]


def _lost(before: Content, after: Content) -> Iterator[Written]:
    """The figures of `before` that `after` withholds."""
    is_now = dict(_addressed(after))
    for address, (cell, decimals) in _addressed(before):
        told = is_now.get(address)
        if isinstance(cell, int | float) and (told is None or told[0] == SUPPRESSED):
            yield cell, decimals


def _addressed(content: Content) -> Iterator[tuple[tuple[object, ...], tuple[Cell, int]]]:
    for at, metric in enumerate(content.metrics):
        yield ("metric", at), (metric.value, metric.decimals)
        if metric.change:
            yield ("difference", at), (metric.change.difference, metric.decimals)
            yield ("percent", at), (metric.change.percent, 1)
            if isinstance(metric.change.difference, int | float) and isinstance(metric.value, int | float):
                yield ("before", at), (metric.value - metric.change.difference, metric.decimals)
    rows = content.rows
    for name, count in (
        ("read", rows.read),
        ("used", rows.used),
        *((item.reason, item.count) for item in rows.excluded),
    ):
        yield ("rows", name), (count, 0)
    for name, table, _ in places.tables(content):
        for at, row in enumerate((*table.rows, table.total or ())):
            for column, cell in zip(table.columns, row, strict=False):
                if column.kind in ("count", "number", "percent"):
                    yield (name, at, column.key), (cell, column.decimals)


def _written(figures: Iterable[Written]) -> Iterator[str]:
    for value, decimals in figures:
        for places_ in {0, 1, decimals} if float(value).is_integer() else {1, decimals}:
            yield words.number(abs(value), places_)
