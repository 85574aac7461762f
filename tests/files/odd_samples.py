"""Documents to draw that are odd on purpose: empty, long, wide, with hours round the clock or any text anywhere."""

from dataclasses import replace
from typing import Any

from tests.files.samples import DENTAL, MEDICAL, MONTHS, document, visit_trends
from webapp.figures import (
    SUPPRESSED,
    Cell,
    Change,
    Chart,
    Choice,
    Column,
    Content,
    Definition,
    Document,
    Excluded,
    Metric,
    Rows,
    Section,
    Table,
)


def round_the_clock(most: int) -> Content:
    """Visits of 7 weekdays by 24 hours, each up to `most`, with a total, in a heat map."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    rows = [[(17 + 29 * day + 41 * hour) * 37 % (most + 1) for hour in range(24)] for day in range(7)]
    table = Table(
        "hours",
        "Visits by weekday and hour",
        (Column("weekday", "Weekday"), *(Column(f"h{hour}", f"{hour}:00", "count") for hour in range(24))),
        tuple((day, *row) for day, row in zip(days, rows, strict=True)),
        ("All days", *(sum(column) for column in zip(*rows, strict=True))),
    )
    chart = Chart("heat", "heat", "What is seen", "Visits", "hours", "weekday", tuple(f"h{n}" for n in range(24)))
    return replace(visit_trends(), sections=(Section("hours", "By weekday and hour", (chart,), (table,)),))


def cut_short(shape: Any = "line") -> Content:
    """A year of visits and November up to the 22nd, in one chart."""
    return one_chart(shape, (*MONTHS, "2026-11-01/22"), (*MEDICAL, 500), (*DENTAL, 150), kind="month")


def one_chart(shape: str, labels: tuple[Cell, ...], *series: tuple[Cell, ...], kind: Any = "text") -> Content:
    """A content of one chart over its table: `labels` down the side, each of `series` a column of counts."""
    names = [f"Series {number}" for number in range(1, len(series) + 1)]
    table = Table(
        "t",
        "The table",
        (Column("label", "Label", kind), *(Column(name, name, "count") for name in names)),
        tuple((label, *values) for label, *values in zip(labels, *series, strict=True)),
    )
    chart: Any = Chart("c", shape, "What is seen", "What is plotted", "t", "label", tuple(names))  # type: ignore[arg-type]
    return replace(
        visit_trends(),
        sections=(Section("s", "The section", (chart,), (table,)),),
        metrics=(),
        summary=(),
        definitions=(),
    )


def in_shreds(shape: str = "line", known: int = 5) -> Content:
    """A chart of a year of which all but the first `known` months are withheld."""
    return one_chart(shape, MONTHS, (*MEDICAL[:known], *(SUPPRESSED,) * (12 - known)), kind="month")


def long_table(rows: int) -> Content:
    """A content whose one table has `rows` rows."""
    table = Table(
        "long",
        "A long table",
        (Column("day", "Day", "day"), Column("name", "Name"), Column("count", "Visits", "count")),
        tuple((f"2026-{1 + row % 12:02}-{1 + row % 28:02}", f"Row {row}", row) for row in range(rows)),
        total=("All", None, sum(range(rows))),
    )
    return replace(visit_trends(), sections=(Section("long", "Long", (), (table,)),))


def wide_table(columns: int, rows: int) -> Content:
    """A content whose one table has so many columns and rows, with a total."""
    cells = [tuple((row * 37 + at * 11) % 1900 for at in range(columns - 1)) for row in range(rows)]
    table = Table(
        "t",
        "The table",
        (Column("name", "Diagnosis"), *(Column(f"c{at}", f"Seen in {at}", "count") for at in range(columns - 1))),
        tuple((f"Name of row {at}", *row) for at, row in enumerate(cells)),
        ("All", *(sum(column) for column in zip(*cells, strict=True))),
    )
    return replace(visit_trends(), sections=(Section("s", "The section", (), (table,)),))


def empty() -> Content:
    columns = (Column("month", "Month", "month"), Column("a", "Medical", "count"), Column("b", "Dental", "count"))
    return replace(
        visit_trends(),
        summary=("There were no visits in this period.",),
        metrics=(Metric("visits", "Visits", 0),),
        sections=(
            Section(
                "months",
                "By month",
                tuple(
                    Chart(shape, shape, f"Nothing as {shape}", "Visits", "months", "month", ("a", "b"))  # type: ignore[arg-type]
                    for shape in ("line", "bar", "heat", "pyramid", "stack", "interval")
                ),
                (Table("months", "Visits by month", columns, ()),),
            ),
        ),
        rows=Rows("visits", 0, 0),
    )  # fmt: skip


def named(text: str) -> Content:
    """A content that has `text` wherever text from the clinic's records can stand."""
    table = Table(
        "named",
        text,
        (Column("name", text), Column("count", "Visits", "count")),
        ((text, 3), ("Plain", 4)),
        total=(text, 7),
        note=text,
    )
    return replace(
        visit_trends(),
        summary=(text,),
        metrics=(
            Metric("most", text, text, "text", text, note=text),
            Metric("n", "Visits", 7, change=Change(1, 2.0, text)),
        ),
        sections=(
            Section("named", text, (Chart("bar", "bar", text, text, "named", "name", ("count",)),), (table,), text),
        ),
        rows=Rows("visits", 8, 7, (Excluded(text, 1),)),
        definitions=(Definition(text, text),),
    )


def named_each(texts: list[str]) -> Document:
    """A document with each of `texts` in every place where text can stand, a section each."""
    contents = [named(text) for text in texts]
    sections = tuple(
        replace(
            section,
            key=f"{at}",
            tables=tuple(replace(table, key=f"{at}") for table in section.tables),
            charts=tuple(replace(chart, table=f"{at}") for chart in section.charts),
        )
        for at, content in enumerate(contents)
        for section in content.sections
    )
    whole = replace(
        contents[0],
        summary=tuple(texts),
        metrics=tuple(metric for content in contents for metric in content.metrics),
        sections=sections,
        definitions=tuple(one for content in contents for one in content.definitions),
    )
    return document(whole, clinic_name=texts[0], filters=tuple(Choice(text, text) for text in texts[:5]))


def named_document(text: str) -> Document:
    return document(named(text), clinic_name=text, requested_by=text, filters=(Choice("Provider", text),))
