"""The figures that the gallery draws, invented: for each shape what is ordinary, and what is odd on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

from webapp.figures import SUPPRESSED, Cell, Change, Chart, Column, Kind, Metric, Shape, Table
from webapp.gallery import bubbles
from webapp.gallery.case import Case
from webapp.words import WEEKDAYS

SHAPES: tuple[Shape, ...] = get_args(Shape)

TITLES: dict[Shape, str] = {
    "line": "Lines",
    "bar": "Bars",
    "heat": "Heat maps",
    "pyramid": "Pyramids",
    "stack": "Stacks",
    "interval": "Intervals",
    "bubble": "Bubbles",
}
MONTHS = ("2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 11)), "2026-11-01/22")
DIAGNOSES = (
    "Essential hypertension",
    "Type 2 diabetes mellitus without complications",
    "Dental caries",
    "Acute upper respiratory infection",
    "Gingivitis",
    "Asthma",
)
OUTCOMES = ("Improved", "Unchanged", "Worse", "Not recorded")
AGES = ("0 to 9", "10 to 19", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 to 69", "70 to 79", "80 and over")
STEPS = ("Reached", "Opened the message", "Answered it", "Attended within 30 days")
SCRIPTS = (
    "Malignant neoplasm of overlapping sites of bronchus and lung, with secondary deposits in bone and bone marrow, "
    "treated with palliative intent, first seen at another clinic and referred here for follow-up",
    "ความดันโลหิตสูงชนิดไม่ทราบสาเหตุที่ต้องได้รับการติดตามอย่างต่อเนื่อง",
    "ارتفاع ضغط الدم الأساسي مع مضاعفات قلبية",
    "יתר לחץ דם ראשוני עם סיבוכים",
    "原发性高血压伴有心力衰竭和慢性肾脏病",
    "उच्च रक्तचाप, हृदय रोग के साथ",
    "Первичная гипертензия с поражением сердца",
    "Tăng huyết áp nguyên phát",
)
HUGE = 1_000_000_000_000


def cases(shape: Shape) -> list[Case]:
    """The shape with every kind of figures, the ordinary first."""
    if shape == "bubble":
        return bubbles.cases()
    ordinary = _ordinary(shape)
    labels, first = _labels(ordinary.table), ordinary.table.columns[0]
    count = len(ordinary.chart.series)
    found = [
        ordinary,
        _case("Nothing", shape, (), _columns(count, [])),
        _case("One row", shape, labels[:1], _of(shape, count, 1), first.kind),
        _case("One series", shape, labels, _columns(1, _spread(len(labels), 0)), first.kind),
        _case("Many series", shape, labels, _columns(9, *(_spread(len(labels), at) for at in range(9))), first.kind),
        _case("Many rows", shape, [f"Row number {at}" for at in range(1, 41)], _of(shape, count, 40)),
        _case("All zero", shape, labels, _columns(count, *[[0] * len(labels)] * count), first.kind),
        _case("Negative", shape, labels, _changed(ordinary.table, _with_negatives), first.kind),
        _case("Huge", shape, labels, _changed(ordinary.table, _made_huge), first.kind),
        _case("Withheld and not known", shape, labels, _changed(ordinary.table, _with_gaps), first.kind),
        _case("Long names in many scripts", shape, SCRIPTS, _of(shape, count, len(SCRIPTS))),
    ]  # fmt: skip
    return found + ([_funnel()] if shape == "bar" else [])


def strips() -> list[tuple[Metric, ...]]:
    """Headline figures in rows of three to eight."""
    up, down = Change(73, 6.5, "September 2026"), Change(-21, -6.7, "September 2026")
    level = Change(0, 0.0, "September 2026")
    way = (712, 641, 759, 742, 803, 769, 790, 731, 705, 822, 861, 913)
    metrics = (
        Metric("visits", "Visits", 12040, change=up, trend=way),
        Metric("patients", "Patients seen", 7431, change=down, trend=tuple(reversed(way))),
        Metric("success", "Success rate", 60.1, "percent", decimals=1, trend=(58.0, None, 59.5, 60.1)),
        Metric("wait", "Median wait", 18, "number", "min", note="from arrival to consultation", trend=(20, 22, 17, 18)),
        Metric("due", "Follow-ups overdue", SUPPRESSED, trend=(12, SUPPRESSED, 14, 15, SUPPRESSED)),
        Metric("busiest", "Busiest hour", "Mon 9:00", "text", note="48 visits, 2.4 times average"),
        Metric("users", "People who use the system", 7, change=level, trend=(7,) * 12),
        Metric("far", "Steps counted", HUGE, trend=(1, HUGE, HUGE)),
    )
    return [metrics[:count] for count in range(3, 9)]


Columns = list[tuple[Column, Sequence[Cell]]]


def _case(name: str, shape: Shape, labels: Sequence[Cell], columns: Columns, kind: Kind = "text") -> Case:
    rows = tuple(zip(labels, *(cells for _, cells in columns), strict=True))
    table = Table("table", name, (Column("label", "Label", kind), *(column for column, _ in columns)), rows)
    keys = tuple(column.key for column, _ in columns)
    return Case(name, Chart("chart", shape, name, "Invented figures", "table", "label", keys), table)


def _labels(table: Table) -> list[Cell]:
    return [row[0] for row in table.rows]


def _columns(count: int, *cells: Sequence[Cell]) -> Columns:
    """`count` columns of counts; the last of `cells` serves for all that are missing."""
    given = [*cells, *[cells[-1]] * (count - len(cells))]
    return [(Column(f"s{at}", f"Series {at + 1}", "count"), given[at]) for at in range(count)]


def _spread(rows: int, seed: int) -> list[int]:
    """Figures that look like counts, the same each time."""
    return [20 + (37 * at + 61 * seed + 13 * at * at) % 180 for at in range(rows)]


def _of(shape: Shape, count: int, rows: int) -> Columns:
    """`count` series as the shape wants them: an interval's ends lie around its value."""
    if shape != "interval":
        return _columns(count, *(_spread(rows, at) for at in range(count)))
    value = [round(30 + one / 4, 1) for one in _spread(rows, 0)]
    cells = (value, [round(one - 4 - at % 9, 1) for at, one in enumerate(value)], [round(one + 5, 1) for one in value])
    names = ("Success rate", "Lower end", "Upper end")
    return [(Column(f"s{at}", name, "percent", decimals=1), cells[at]) for at, name in enumerate(names)]


def _changed(table: Table, change: Callable[[int, Any], Cell]) -> Columns:
    """The columns of `table` with each figure as `change(row, figure)` gives it."""
    return [
        (column, [change(row, cells[at]) for row, cells in enumerate(table.rows)])
        for at, column in enumerate(table.columns)
        if at
    ]


def _with_negatives(row: int, figure: Any) -> Cell:
    return -figure if row % 2 else figure


def _made_huge(row: int, figure: Any) -> Cell:
    return HUGE * (row + 1) + int(figure)


def _with_gaps(row: int, cell: Cell) -> Cell:
    return SUPPRESSED if row % 3 == 1 else None if row % 4 == 2 else cell


def _ordinary(shape: Shape) -> Case:
    if shape == "line":
        return _named(_case("Ordinary", shape, MONTHS, _of(shape, 2, len(MONTHS)), "month"), ("Medical", "Dental"))
    if shape == "heat":
        return _named(_case("Ordinary", shape, WEEKDAYS, _of(shape, 9, 7)), [f"{hour}:00" for hour in range(8, 17)])
    if shape == "pyramid":
        return _named(_case("Ordinary", shape, AGES, _of(shape, 2, len(AGES))), ("Female", "Male"))
    if shape == "stack":
        return _named(_case("Ordinary", shape, DIAGNOSES, _of(shape, 4, len(DIAGNOSES))), OUTCOMES)
    if shape == "interval":
        return _case("Ordinary", shape, DIAGNOSES, _of(shape, 3, len(DIAGNOSES)))
    return _named(_case("Ordinary", shape, DIAGNOSES, _of(shape, 1, len(DIAGNOSES))), ("Patients",))


def _funnel() -> Case:
    return _named(_case("A way in steps", "bar", STEPS, _columns(1, (1204, 840, 310, 122))), ("People",))


def _named(case: Case, names: Sequence[str]) -> Case:
    first, *others = case.table.columns
    columns = (first, *(replace(column, label=name) for column, name in zip(others, names, strict=True)))
    return replace(case, table=replace(case.table, columns=columns))
