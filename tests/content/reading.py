"""How tests read figures: by the keys of metrics, tables and charts."""

from collections.abc import Callable

from webapp.figures import Cell, Chart, Content, Metric, Section, Table

Ask = Callable[..., Content]
"""What the fixture `ask` is."""


def metric(figures: Content, key: str) -> Metric:
    return next(item for item in figures.metrics if item.key == key)


def section(figures: Content, key: str) -> Section:
    return next(item for item in figures.sections if item.key == key)


def table(figures: Content, key: str) -> Table:
    return next(item for section in figures.sections for item in section.tables if item.key == key)


def chart(figures: Content, key: str) -> Chart:
    return next(item for section in figures.sections for item in section.charts if item.key == key)


def rows(figures: Content, key: str) -> dict[Cell, dict[str, Cell]]:
    """A table's rows by their first cell, each a mapping of column key to cell."""
    found = table(figures, key)
    keys = [column.key for column in found.columns]
    return {row[0]: dict(zip(keys, row, strict=True)) for row in found.rows}
