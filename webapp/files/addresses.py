"""Where a figure of a report stands, in the keys of its metric, section, table and column: never what it says, so that
an address may be logged."""

from webapp.figures import Column, Metric, Section, Table


class Differs(Exception):
    """A file does not say what was frozen at `address`."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def of_metric(metric: Metric) -> str:
    return f"headline figure {metric.key}"


def of_table(section: Section, table: Table) -> str:
    return f"table {section.key}/{table.key}"


def of_row(section: Section, table: Table, row: int | None) -> str:
    """Rows are counted from one; None is the total."""
    return f"{of_table(section, table)}, {'total' if row is None else f'row {row + 1}'}"


def of_cell(section: Section, table: Table, row: int | None, column: Column) -> str:
    return f"{of_row(section, table, row)}, column {column.key}"


def of_number(section: Section, table: Table) -> str:
    return f"{of_table(section, table)}, number of rows"


def of_rows(name: str) -> str:
    """`name` is "read" or "used"."""
    return f"rows {name}"
